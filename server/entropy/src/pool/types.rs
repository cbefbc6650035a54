//! What goes into the pool, what comes out, and why it may not.

use photonbox_secret::SecretBytes;
use serde::{Deserialize, Serialize};

use super::MAX_FULL_BYTES;
use crate::credit::{self, CreditError};
use crate::drbg::{DrbgError, ReseedPolicy};
use crate::health::{Health, HealthError};
use crate::ledger::{LedgerError, SourceId};
use crate::provenance::{Origin, Provenance};

/// Settings of a pool.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PoolConfig {
    /// Full-entropy blocks of 48 bytes that are kept ready at most; above it the pool asks for no
    /// more input.
    pub capacity_blocks: usize,
    /// Claimed min-entropy of a raw bit, in (0, 1]: no block is credited more for its raw bits.
    pub claimed_h: f64,
    /// Whether simulated, replayed and test sources are taken at all.
    pub allow_simulated: bool,
    /// When the DRBG is reseeded.
    pub reseed: ReseedPolicy,
}

impl Default for PoolConfig {
    /// 4,096 blocks (192 KiB), H = 0.5, real sources only, reseeds by default policy.
    fn default() -> Self {
        Self {
            capacity_blocks: 4096,
            claimed_h: credit::DEFAULT_CLAIMED_H,
            allow_simulated: false,
            reseed: ReseedPolicy::default(),
        }
    }
}

/// One block of an entropy ring, as the pool takes it.
#[derive(Debug, Clone, Copy)]
pub struct SourceBlock<'a> {
    /// Name of the source: one a card.
    pub source: &'a str,
    /// The extractor's output.
    pub data: &'a [u8],
    /// Credited min-entropy of this block, thousandths of a bit
    /// ([`credit::toeplitz_block_millibits`]).
    pub credited_millibits: u64,
    /// Raw bits that went into the block; none of them may be credited anywhere else.
    pub raw_bits: u64,
    /// Bit i: lane i took part.
    pub lanes: u64,
    /// Labels of the block.
    pub provenance: Provenance,
}

/// What became of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absorbed {
    /// Credited; this many full-entropy blocks were made of it and what was there before.
    Taken {
        /// Full-entropy blocks made.
        blocks: usize,
    },
    /// A lane of it does not run: credited and discarded in one, never used.
    Discarded,
}

/// Full entropy with its origin.
#[derive(Debug)]
pub struct FullOutput {
    /// The bytes, the operating system's already mixed in.
    pub bytes: SecretBytes,
    /// Sources, lanes and labels.
    pub origin: Origin,
    /// What [`crate::pool::Pool::discard_output`] wants when the bytes reach nobody.
    pub shares: Shares,
}

/// How much of an output each source gave.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Shares(pub(super) Vec<(SourceId, u64)>);

/// Why the pool gave or took nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PoolError {
    /// No lane runs. Both classes of output stop.
    #[error(
        "the entropy source is {0}, nothing is given out: look at the lanes' alarms and re-arm one"
    )]
    Unhealthy(Health),
    /// The DRBG has no first seed yet.
    #[error(
        "the pool is not ready: {missing_bits} more full-entropy bits are needed for the first seed; wait"
    )]
    NotSeeded {
        /// Bits missing, 0 if only [`super::Pool::maintain`] has to be called.
        missing_bits: u64,
    },
    /// Too little full entropy for this request.
    #[error(
        "{missing_bits} more full-entropy bits are needed: wait for the source or ask for class drbg"
    )]
    Wait {
        /// Bits missing.
        missing_bits: u64,
    },
    /// The DRBG must be reseeded and there is no full entropy for it.
    #[error(
        "the DRBG waits for {missing_bits} more full-entropy bits to be reseeded: wait for the source"
    )]
    ReseedWaits {
        /// Bits missing.
        missing_bits: u64,
    },
    /// A request is empty or over [`MAX_FULL_BYTES`].
    #[error(
        "a request for {0} bytes can't be served: ask for 1 to {MAX_FULL_BYTES} bytes at a time"
    )]
    BadRequest(usize),
    /// The operating system's share has another length than the request.
    #[error(
        "{found} bytes of the operating system were given to mix with {expected}: give as many"
    )]
    WrongOsLength {
        /// Bytes required.
        expected: usize,
        /// Bytes given.
        found: usize,
    },
    /// A simulated, replayed or test block, and the pool takes none.
    #[error(
        "the source is {0} and is refused: start with --allow-simulated to serve it all the same, labelled"
    )]
    SimulatedRefused(Provenance),
    /// A block whose fields can't be true.
    #[error(
        "a block of source {source_name} is refused: {reason}; check the card's settings against the claimed entropy"
    )]
    BadBlock {
        /// Name of the source.
        source_name: String,
        /// What is wrong.
        reason: &'static str,
    },
    /// The buffer is full. The block was not credited and may be offered again.
    #[error("the pool is full: leave the block in its ring until output has been taken")]
    Full,
    /// A setting is impossible.
    #[error(transparent)]
    Config(#[from] CreditError),
    /// The ledger refused.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// The lanes' table refused.
    #[error(transparent)]
    Health(#[from] HealthError),
    /// The DRBG refused.
    #[error(transparent)]
    Drbg(#[from] DrbgError),
}

/// What [`super::Pool::maintain`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Maintained {
    /// Nothing was due.
    Idle,
    /// First seed: from here on the pool gives output.
    Seeded,
    /// The DRBG was reseeded.
    Reseeded,
    /// A (re)seed is due and waits for this many full-entropy bits.
    Waits {
        /// Bits missing.
        missing_bits: u64,
    },
}

/// Figures of the pool for `status`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PoolStatus {
    /// Full-entropy bits that may be asked for now.
    pub full_bits: u64,
    /// Credited bits over all sources since the ledger began.
    pub credited_bits: u64,
    /// Full-entropy bits recorded as delivered since the ledger began.
    pub delivered_bits: u64,
    /// State of all lanes together.
    pub health: Health,
    /// Whether the DRBG has its first seed.
    pub seeded: bool,
    /// Reseeds after the first seed.
    pub reseeds: u64,
    /// Whether the pool wants no more input for now.
    pub input_full: bool,
    /// Labels of all that went into the DRBG or waits as full entropy.
    pub provenance: Provenance,
}
