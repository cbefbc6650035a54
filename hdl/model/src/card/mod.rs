//! The whole card behind its register file: lanes, routing, extractor, rings, interrupts.
//!
//! Event-driven: the caller says in which cycles edges come and up to which cycle time has passed; everything in
//! between that happens by itself (a window ends, a rate watch closes) happens in its own cycle.

mod control;
mod csr;
mod datapath;
mod keybox;

use crate::extractor::Extractor;
use crate::lane::Lane;
use crate::pattern::PatternGenerator;
use crate::ring::Ring;
use keybox::{HostRing, Keys};
use photonbox_regmap::{BLOCKS, Flags, global};

/// Which build of the design.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Build {
    /// 4 lanes, w = 8, 64-bit AXI.
    Small,
    /// 64 lanes, w = 64, 256-bit AXI.
    Wide,
}

impl Build {
    /// Number of lanes.
    pub const fn lanes(self) -> u32 {
        match self {
            Self::Small => 4,
            Self::Wide => 64,
        }
    }

    /// Input bits that the extractor takes a cycle.
    pub const fn toeplitz_w(self) -> u32 {
        match self {
            Self::Small => 8,
            Self::Wide => 64,
        }
    }

    /// Largest m of a block that the extractor has room for.
    pub const fn max_m(self) -> u32 {
        match self {
            Self::Small => 512,
            Self::Wide => 1024,
        }
    }

    /// Bytes of the DMA data path.
    pub const fn axi_bytes(self) -> u32 {
        match self {
            Self::Small => 8,
            Self::Wide => 32,
        }
    }

    /// Name of the build.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Small => "small",
            Self::Wide => "wide",
        }
    }

    const fn code(self) -> u32 {
        match self {
            Self::Small => global::BUILD_SMALL,
            Self::Wide => global::BUILD_WIDE,
        }
    }
}

/// Largest n of a block that the extractor's seed banks have room for.
pub const MAX_N: u32 = 4096;

/// Where the card's photons come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FrontEnd {
    /// Detectors at pins.
    Real,
    /// A test bench drives the pins: all data is marked TEST.
    Test,
    /// A recording or a stochastic model: all data is marked SIMULATED.
    Simulated,
}

impl FrontEnd {
    const fn code(self) -> u32 {
        match self {
            Self::Real => global::FRONT_END_REAL,
            Self::Test => global::FRONT_END_TEST,
            Self::Simulated => global::FRONT_END_SIMULATED,
        }
    }
}

/// Where a batch of edges comes from. What the front end implies is added to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Provenance {
    /// Not from a detector at this moment: a recording or a stochastic model.
    pub simulated: bool,
    /// A recording's second or later pass.
    pub replayed: bool,
}

/// The card as a master on the bus. The order of calls is the order of the bus: a slot's data, then its
/// completion, then its interrupt.
pub trait BusMaster {
    /// Writes to host memory; an error is SLVERR, DECERR or no answer.
    ///
    /// # Errors
    /// [`BusError`] when the write did not end with OKAY.
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), BusError>;
    /// Sends an MSI-X message.
    fn interrupt(&mut self, vector: u16);
}

/// A write that did not end with OKAY.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the bus refused a write of the card: check the ring's address and the IOMMU mapping")]
pub struct BusError;

/// Edges that the card cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EdgeError {
    /// Time has passed that cycle.
    #[error("edges for cycle {cycle} come late, the card is at {now}: give edges in order of time")]
    Late {
        /// Cycle of the edges.
        cycle: u64,
        /// First cycle that has not been executed.
        now: u64,
    },
    /// There is no such lane.
    #[error("there is no lane {lane}, this build has {lanes}: use lanes 0 to {}", lanes - 1)]
    NoLane {
        /// The lane asked for.
        lane: u32,
        /// Lanes of the build.
        lanes: u32,
    },
}

/// What a lane's slot in the card holds besides the lane.
#[derive(Clone, Copy, Debug, Default)]
struct LaneSlot {
    /// First cycle that the lane has not executed.
    at: u64,
    /// Cycle in which the lane does something without an edge; `u64::MAX` when it does not run.
    due: u64,
    /// Provenance of the edges that the lane's next bit is made of.
    provenance: Provenance,
    /// Its bits in the extractor's block in progress.
    block_bits: u32,
    /// Routed to TAP.
    tap: bool,
}

/// A card.
#[derive(Debug)]
pub struct Card {
    build: Build,
    build_hash: [u8; 32],
    front_end: FrontEnd,
    /// One word for each register of the map; those that are read live stay at their reset value.
    words: Vec<u32>,
    /// First cycle that has not been executed.
    now: u64,
    generation: u32,
    running: bool,
    lanes: Vec<Lane>,
    slots: Vec<LaneSlot>,
    /// Lanes with an edge of A, and of B, in cycle `now`.
    edges_a: u64,
    edges_b: u64,
    provenance: Provenance,
    extractor: Extractor,
    /// Flags of the extractor's block in progress.
    block_flags: Flags,
    /// Bits were dropped since the last bit that went into a block.
    block_gap: bool,
    /// Entropy and raw.
    rings: [Ring; 2],
    keys: Keys,
    /// The earliest `due` of all lanes: looked at with each edge, so it is kept rather than sought.
    lanes_due: u64,
    /// The earliest cycle in which a ring that is in use wants time, kept for the same reason.
    rings_due: u64,
    /// As `rings_due`, with rings that were switched off while a slot was open.
    serve_due: u64,
    /// Something was put into a ring, or the host wrote a register, since the rings were served.
    rings_touched: bool,
    pattern: Option<PatternGenerator>,
    /// First cycle that the pattern generator has not executed.
    pattern_at: u64,
    /// Lanes that the pattern drives.
    pattern_lanes: u64,
    /// Latched events of INT_STATUS.
    events: u32,
    /// Rings whose error was reported.
    errors_seen: u32,
    seed_due_seen: bool,
    err_unknown: u32,
    err_refused: u32,
    dropped_bits: u64,
    start_error: u32,
    start_refused: bool,
    selftest_passed: u32,
    selftest_fault: u32,
    snapshots: u32,
}

impl Card {
    /// A card after power-on; its self-test has run. `build_hash` is
    /// [`MODEL_BUILD_HASH`](photonbox_regmap::MODEL_BUILD_HASH) unless the model stands in for a given bitstream.
    pub fn new(build: Build, build_hash: [u8; 32], front_end: FrontEnd) -> Self {
        let words = BLOCKS
            .last()
            .map_or(0, |block| block.base + block.stride * block.count)
            / 4;
        let mut card = Self {
            build,
            build_hash,
            front_end,
            words: vec![0; words as usize],
            now: 0,
            generation: 0,
            running: false,
            lanes: Vec::new(),
            slots: Vec::new(),
            edges_a: 0,
            edges_b: 0,
            provenance: Provenance::default(),
            extractor: Extractor::new(0, 0, 0),
            block_flags: Flags::default(),
            block_gap: false,
            rings: [0, 1].map(Ring::new),
            keys: Keys::new(build),
            lanes_due: u64::MAX,
            rings_due: u64::MAX,
            serve_due: u64::MAX,
            rings_touched: false,
            pattern: None,
            pattern_at: 0,
            pattern_lanes: 0,
            events: 0,
            errors_seen: 0,
            seed_due_seen: false,
            err_unknown: 0,
            err_refused: 0,
            dropped_bits: 0,
            start_error: 0,
            start_refused: false,
            selftest_passed: 0,
            selftest_fault: 0,
            snapshots: 0,
        };
        card.reset();
        card
    }

    /// First cycle that has not been executed.
    #[inline]
    pub fn now(&self) -> u64 {
        self.now
    }

    /// The build.
    pub fn build(&self) -> Build {
        self.build
    }

    /// Where photons come from.
    pub fn front_end(&self) -> FrontEnd {
        self.front_end
    }

    /// Whether the card was started and not stopped.
    #[inline]
    pub fn running(&self) -> bool {
        self.running
    }

    /// The lanes.
    pub fn lanes(&self) -> &[Lane] {
        &self.lanes
    }

    /// The extractor.
    pub fn extractor(&self) -> &Extractor {
        &self.extractor
    }

    /// The rings: entropy, raw, key box.
    pub fn rings(&self) -> [&Ring; 3] {
        [&self.rings[0], &self.rings[1], self.keys.ring()]
    }

    /// A ring as the host changes it.
    fn host_ring(&mut self, index: usize) -> &mut dyn HostRing {
        match self.rings.get_mut(index) {
            Some(ring) => ring,
            None => self.keys.host_ring(),
        }
    }

    /// Says where the edges given from now on come from.
    pub fn set_provenance(&mut self, provenance: Provenance) {
        self.provenance = provenance;
    }

    /// Makes the known-answer tests in `mask` (bits of `SELFTEST_RAN`) fail from the next self-test on, to see
    /// what the card does then.
    pub fn inject_selftest_fault(&mut self, mask: u32) {
        self.selftest_fault = mask;
    }
}
