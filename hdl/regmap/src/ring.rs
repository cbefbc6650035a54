//! The rings in host memory that the card writes and never reads. Offsets are within the block at [`base`].
//!
//! `HEAD` and `TAIL` count slots, modulo 2^32, and never wrap at the size: a slot's place is its count modulo
//! `SLOT_COUNT`. The ring is full when `TAIL - HEAD = SLOT_COUNT`; the producer then waits.

use crate::table::registers;

/// Offset of ring 0 in BAR 0.
pub const BASE: u32 = 0x4000;
/// Bytes from one ring to the next.
pub const STRIDE: u32 = 0x80;

/// Number of the entropy ring, and of its MSI-X vector.
pub const ENTROPY: u32 = 0;
/// Number of the raw ring (TAP, never creditable), and of its MSI-X vector.
pub const RAW: u32 = 1;
/// Number of the key-box ring, and of its MSI-X vector.
pub const KEYBOX: u32 = 2;

/// Offset of ring `ring` in BAR 0.
pub const fn base(ring: u32) -> u32 {
    BASE + STRIDE * ring
}

registers! {
    /// Bus address of slot 0's data, low word; a multiple of 64. Only while not committed.
    DATA_BASE_LO @ 0x00 Rw = 0;
    /// Bus address of slot 0's data, high word.
    DATA_BASE_HI @ 0x04 Rw = 0;
    /// Bus address of slot 0's completion, low word; a multiple of 32. Only while not committed.
    CPL_BASE_LO @ 0x08 Rw = 0;
    /// Bus address of slot 0's completion, high word.
    CPL_BASE_HI @ 0x0c Rw = 0;
    /// Bytes from one slot's data to the next, a multiple of 64. A slot holds as many whole blocks or records as fit. Only while not committed.
    SLOT_BYTES @ 0x10 Rw = 4096;
        SLOT_BYTES_N "BYTES" 0 21 "Bytes.";
    /// Slots, a power of two from 2 to 32,768. Only while not committed.
    SLOT_COUNT @ 0x14 Rw = 0;
        SLOT_COUNT_N "SLOTS" 0 16 "Slots.";
    /// Takes base, size and count together, with head, tail and phase at their start. The host has zeroed the completions before, so that none shows phase 1.
    COMMIT @ 0x18 Wo = 0;
        COMMIT_COMMIT "COMMIT" 0 1 "Commit; refused with STATUS.BAD_GEOMETRY when the values do not fit.";
        COMMIT_RELEASE "RELEASE" 1 1 "Give the ring up; only while the card is idle.";
    /// Doorbell: number of slots that the host has taken, modulo 2^32. Re-arms the interrupt and re-evaluates it.
    HEAD @ 0x1c Rw = 0;
    /// Number of slots that the card has completed, modulo 2^32. A hint: the phase bit is what counts.
    TAIL @ 0x20 Ro = 0;
    /// Switches.
    CONTROL @ 0x24 Rw = 0;
        CONTROL_ENABLE "ENABLE" 0 1 "The ring may be filled.";
    /// Where the ring stands.
    STATUS @ 0x28 Ro = 0;
        STATUS_COMMITTED "COMMITTED" 0 1 "The geometry is taken.";
        STATUS_FULL "FULL" 1 1 "No free slot: the producer waits.";
        STATUS_ERROR "ERROR" 2 1 "Stopped on a bus error; COMMIT.RELEASE clears.";
        STATUS_BAD_GEOMETRY "BAD_GEOMETRY" 3 1 "The last COMMIT was refused.";
        STATUS_BAD_HEAD "BAD_HEAD" 4 1 "The last HEAD was neither behind nor at TAIL and was ignored.";
        STATUS_ARMED "ARMED" 5 1 "The interrupt is armed.";
    /// Bus errors of this ring since reset.
    ERRORS @ 0x2c Ro = 0;
    /// A slot that holds something is completed at the latest this many cycles after its first byte; 0 waits until it is full.
    FLUSH_CYCLES @ 0x30 Rw = 0;
    /// Times that this ring was full when a slot was wanted.
    STALLS @ 0x34 Ro = 0;
}

/// Most slots of a ring.
pub const MAX_SLOTS: u32 = 32_768;
/// Largest slot in bytes.
pub const MAX_SLOT_BYTES: u32 = 1 << 20;
/// Slots' data and their sizes are multiples of this.
pub const SLOT_ALIGN: u32 = 64;
