//! The Toeplitz extractor of the EXTRACT group (spec 1-entropy §1.3). Offsets are within the block at [`BASE`].

use crate::table::registers;

/// Offset of the block in BAR 0.
pub const BASE: u32 = 0x200;

registers! {
    /// Input bits of a block. Only while idle; a change drops the seeds.
    N @ 0x00 Rw = 1024;
        N_BITS "BITS" 0 16 "Bits.";
    /// Output bits of a block, a multiple of 64 (the data path's width). Only while idle; a change drops the seeds.
    M @ 0x04 Rw = 384;
        M_BITS "BITS" 0 16 "Bits.";
    /// Claimed min-entropy of a raw bit; START is refused unless M <= N*H - 128. Only while idle.
    CLAIMED_H @ 0x08 Rw = 0x8000;
        CLAIMED_H_Q16 "Q16" 0 17 "Bits of min-entropy per raw bit, times 65536.";
    /// Blocks that one seed may serve; then the extractor waits for the next seed and bits are dropped. 0: no limit.
    BLOCKS_PER_SEED @ 0x0c Rw = 0;
    /// Next 32 bits of the seed being loaded, first bit of the seed in bit 0. N+M-1 bits in all; excess bits of the last word are ignored.
    SEED_DATA @ 0x10 Wo = 0;
    /// Commit the loaded seed: it takes over at the next block boundary, at once if none is in force.
    SEED_COMMIT @ 0x14 Wo = 0;
        SEED_COMMIT_COMMIT "COMMIT" 0 1 "Commit; ignored and flagged unless ceil((N+M-1)/32) words are loaded.";
        SEED_COMMIT_ABANDON "ABANDON" 1 1 "Sweep the words loaded so far and begin again.";
    /// Where the seeds stand. The seeds themselves cannot be read.
    SEED_STATUS @ 0x18 Ro = 0;
        SEED_STATUS_WORDS "WORDS" 0 12 "Words loaded into the spare bank.";
        SEED_STATUS_ACTIVE "ACTIVE" 16 1 "A seed is in force.";
        SEED_STATUS_WAITING "WAITING" 17 1 "A committed seed waits for the block boundary; SEED_DATA is refused until it has switched.";
        SEED_STATUS_DUE "DUE" 18 1 "Three quarters of BLOCKS_PER_SEED are used and no seed waits.";
        SEED_STATUS_EXHAUSTED "EXHAUSTED" 19 1 "BLOCKS_PER_SEED are used: the extractor waits.";
        SEED_STATUS_ERROR "ERROR" 20 1 "The last commit was refused (wrong number of words).";
        SEED_STATUS_BANK "BANK" 21 1 "Which of the two banks is in force.";
    /// Number of seeds that came into force since reset.
    SEED_EPOCH @ 0x1c Ro = 0;
    /// Blocks made with the seed in force.
    SEED_BLOCKS @ 0x20 Ro = 0;
    /// Blocks made since reset, low word of the snapshot.
    BLOCKS_LO @ 0x28 Ro = 0;
    /// Blocks made since reset, high word of the snapshot.
    BLOCKS_HI @ 0x2c Ro = 0;
    /// Raw bits taken into blocks since reset, low word of the snapshot.
    INPUT_BITS_LO @ 0x30 Ro = 0;
    /// Raw bits taken into blocks since reset, high word of the snapshot.
    INPUT_BITS_HI @ 0x34 Ro = 0;
}

/// M is a multiple of this: blocks leave in whole words of the data path.
pub const M_STEP: u32 = 64;

/// Number of `SEED_DATA` words of a seed for a block of `n` bits to `m` bits.
pub const fn seed_words(n: u32, m: u32) -> u32 {
    (n + m - 1).div_ceil(32)
}
