//! The key-box engine: jobs that compute the orbit of an IP key (spec 2-keybox §2.1). Offsets are within the block
//! at [`BASE`].
//!
//! A job is written (`X0_*`, `S`, `BOXES`, `KEYS`, `TAG`), then submitted. Its session keys go to the key-box ring,
//! one box a slot, `KEYS` * 32 bytes, each key a 256-bit little-endian number.

use crate::table::registers;

/// Offset of the block in BAR 0.
pub const BASE: u32 = 0x5000;

registers! {
    /// X_0 = IP key * 10^S, bits 0 to 31. Secret: reads as 0. One register for all job contexts: the SUBMIT that takes it sweeps it. Refused while a job of the slot runs, as all of the job's registers are.
    X0_0 @ 0x00 Wo = 0;
    /// X_0, bits 32 to 63.
    X0_1 @ 0x04 Wo = 0;
    /// X_0, bits 64 to 95.
    X0_2 @ 0x08 Wo = 0;
    /// X_0, bits 96 to 127.
    X0_3 @ 0x0c Wo = 0;
    /// X_0, bits 128 to 159.
    X0_4 @ 0x10 Wo = 0;
    /// X_0, bits 160 to 191.
    X0_5 @ 0x14 Wo = 0;
    /// X_0, bits 192 to 223.
    X0_6 @ 0x18 Wo = 0;
    /// X_0, bits 224 to 239.
    X0_7 @ 0x1c Wo = 0;
        X0_7_TOP "TOP" 0 16 "Bits 224 to 239.";
    /// Leading digits that a session key drops: 1 to 8. The map has 64 + S digits.
    S @ 0x20 Rw = 4;
        S_DIGITS "DIGITS" 0 4 "Digits.";
    /// Boxes of the job: 1 to 65,535, BOXES * KEYS at most 2^20.
    BOXES @ 0x24 Rw = 200;
        BOXES_N "BOXES" 0 16 "Boxes.";
    /// Keys of a box: 1 to 65,535; a slot of the key-box ring must hold KEYS * 32 bytes.
    KEYS @ 0x28 Rw = 512;
        KEYS_N "KEYS" 0 16 "Keys.";
    /// For the driver's own use: comes back in LANES_LO of every completion of the job.
    TAG @ 0x2c Rw = 0;
    /// The job context that this block's other registers speak of. A number that CAPS does not have is refused.
    JOB_SLOT @ 0x30 Rw = 0;
        JOB_SLOT_N "SLOT" 0 6 "Job context.";
    /// Commands to the job context.
    SUBMIT @ 0x34 Wo = 0;
        SUBMIT_SUBMIT "SUBMIT" 0 1 "Begin the job; refused while one runs.";
        SUBMIT_ABORT "ABORT" 1 1 "End the job that runs: no further key leaves, everything is swept; a box cut short is completed with ERROR.";
    /// Where the job context stands. The flags other than BUSY tell how the last job ended and are cleared by the next SUBMIT.
    STATUS @ 0x38 Ro = 0;
        STATUS_BUSY "BUSY" 0 1 "A job runs, or what it left is being swept.";
        STATUS_DONE "DONE" 1 1 "The last job made all of its keys.";
        STATUS_WEAK "WEAK" 2 1 "The last job met a weak value: X_0 or an X_n is 0, or X_n equals the one before.";
        STATUS_BAD "BAD" 3 1 "The last job was refused: S, BOXES or KEYS out of range, X_0 not below 10^(64+S), slots too small, or the ring not committed and enabled.";
        STATUS_ABORTED "ABORTED" 4 1 "The last job was aborted, or the ring could not be used any longer.";
    /// What the engine can do. The reset value is the build's.
    CAPS @ 0x3c Ro = 0;
        CAPS_JOB_SLOTS "JOB_SLOTS" 0 8 "Job contexts.";
        CAPS_KEY_CYCLES "KEY_CYCLES" 8 16 "Cycles a key of one job, when the ring keeps up.";
    /// Jobs since reset that made all of their keys.
    JOBS_DONE @ 0x40 Ro = 0;
    /// Jobs since reset that ended otherwise, refused ones included.
    JOBS_FAILED @ 0x44 Ro = 0;
    /// Session keys that went to the ring since reset, low word of the snapshot.
    KEYS_MADE_LO @ 0x48 Ro = 0;
    /// Session keys that went to the ring since reset, high word of the snapshot.
    KEYS_MADE_HI @ 0x4c Ro = 0;
}

/// 32-bit words of X_0.
pub const X0_WORDS: u32 = 8;
/// Most keys of a job.
pub const MAX_JOB_KEYS: u32 = 1 << 20;
/// Most digits that a session key drops.
pub const MAX_S: u32 = 8;
/// Bytes of a session key.
pub const KEY_BYTES: u32 = 32;
