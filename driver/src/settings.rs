//! What a card is set to before it starts.

use crate::{error::Error, ring::Geometry};
use photonbox_regmap::{BLOCKS, Block, Field, Register, extractor, global, lane};
use serde::{Deserialize, Serialize};

/// Bits that the leftover hash costs at ε = 2^-64 (specification 6.1).
pub const LEFTOVER_BITS: f64 = 128.0;
/// Cycles after which a slot that isn't full leaves: 10 ms at 250 MHz.
const FLUSH_CYCLES: u32 = 2_500_000;
/// The ring that is taken when nothing is said: half a megabyte, within every usual memory-lock limit.
const RING: Geometry = Geometry {
    slots: 128,
    slot_bytes: 4096,
};

/// Cut-offs of the health tests. They follow from the claimed min-entropy H of a raw bit and the false-positive
/// rate; whoever knows the formulas computes them (`photonbox-entropy`), the driver only writes them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Cutoffs {
    /// Claimed min-entropy of a raw bit, 0 … 1.
    pub claimed_h: f64,
    /// e, for a false-positive rate of 2^-e per test.
    pub false_positive_exponent: u32,
    /// Repetition count test (SP 800-90B 4.4.1).
    pub rct: u32,
    /// Adaptive proportion test over 1,024 bits (SP 800-90B 4.4.2).
    pub apt: u32,
    /// Balance watch: most bits of one value in 65,536.
    pub balance: u32,
}

impl Cutoffs {
    /// The card's own after reset: H = 0.5 and 2^-40, for more than one lane.
    #[must_use]
    pub fn after_reset() -> Self {
        Self {
            claimed_h: f64::from(reset_value("extractor", extractor::CLAIMED_H)) / H_ONE,
            false_positive_exponent: 40,
            rct: reset_value("lane", lane::RCT_CUTOFF),
            apt: reset_value("lane", lane::APT_CUTOFF),
            balance: reset_value("lane", lane::BALANCE_MAX),
        }
    }
}

/// Where a lane's bits go: never to both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Route {
    /// To the extractor and the entropy ring.
    Extract,
    /// To the raw ring, with timestamps; never creditable.
    Tap,
}

/// One lane.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LaneSettings {
    /// Whether it is used.
    pub enabled: bool,
    /// Where its bits go.
    pub route: Route,
    /// Coincidence window W in cycles; at least 1 on real pins.
    pub window: u32,
    /// Blind time after a bit or a coincidence, in cycles.
    pub holdoff: u32,
    /// Whether an edge while blind restarts the hold-off.
    pub retrigger: bool,
    /// Fewest edges of each detector in 2^20 cycles.
    pub rate_min: u32,
    /// Most of them.
    pub rate_max: u32,
}

impl LaneSettings {
    /// The defaults of the specification: W = 0, hold-off 30, edges from 16 to 2^19.
    #[must_use]
    pub fn extract() -> Self {
        Self {
            enabled: true,
            route: Route::Extract,
            window: reset_value("lane", lane::WINDOW),
            holdoff: reset_value("lane", lane::HOLDOFF),
            retrigger: false,
            rate_min: reset_value("lane", lane::RATE_MIN),
            rate_max: reset_value("lane", lane::RATE_MAX),
        }
    }

    /// The same, switched off.
    #[must_use]
    pub fn off() -> Self {
        Self {
            enabled: false,
            ..Self::extract()
        }
    }

    /// The same, to the raw ring.
    #[must_use]
    pub fn tap() -> Self {
        Self {
            route: Route::Tap,
            ..Self::extract()
        }
    }
}

/// The extractor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtractorSettings {
    /// Input bits of a block.
    pub n: u32,
    /// Output bits of a block, a multiple of 64.
    pub m: u32,
    /// Blocks that one seed may serve; 0 for no limit.
    pub blocks_per_seed: u32,
}

impl ExtractorSettings {
    /// Bytes of a seed: n + m − 1 bits, rounded up; bit i of the seed is bit i mod 8 of byte i / 8.
    #[must_use]
    pub fn seed_bytes(&self) -> usize {
        (self.n + self.m).saturating_sub(1).div_ceil(8) as usize
    }
}

/// Kinds of the card's own pattern generator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum PatternKind {
    /// A, B, A, B, …
    Alternate,
    /// The bits of a counter.
    Counter,
    /// Every pulse on A.
    StuckA,
    /// Every pulse on B.
    StuckB,
    /// Seven of eight pulses on A.
    Biased,
}

impl PatternKind {
    pub(crate) fn register(self) -> u32 {
        match self {
            Self::Alternate => global::PATTERN_ALTERNATE,
            Self::Counter => global::PATTERN_COUNTER,
            Self::StuckA => global::PATTERN_STUCK_A,
            Self::StuckB => global::PATTERN_STUCK_B,
            Self::Biased => global::PATTERN_BIASED,
        }
    }
}

/// The pattern generator in the place of the pins. What it makes is marked *test* to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatternSettings {
    /// Which pattern.
    pub kind: PatternKind,
    /// Cycles from one pulse to the next, at least 2.
    pub period: u32,
    /// One bit for each lane that it drives.
    pub lanes: u64,
}

/// The whole card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardSettings {
    /// Lanes from 0 on; those beyond the list stay off.
    pub lanes: Vec<LaneSettings>,
    /// Cut-offs of every lane, and the claim that they follow from.
    pub cutoffs: Cutoffs,
    /// The extractor.
    pub extractor: ExtractorSettings,
    /// The entropy ring, used when a lane goes to the extractor.
    pub entropy_ring: Geometry,
    /// The raw ring, used when a lane goes to TAP.
    pub raw_ring: Geometry,
    /// Cycles after which a slot that isn't full leaves; 0 waits until it is full.
    pub flush_cycles: u32,
    /// The pattern generator, for tests.
    pub pattern: Option<PatternSettings>,
}

impl CardSettings {
    /// `lanes` lanes (from 0 on) to the extractor, everything else at its default.
    #[must_use]
    pub fn new(lanes: u32, cutoffs: Cutoffs) -> Self {
        Self {
            lanes: vec![LaneSettings::extract(); lanes as usize],
            cutoffs,
            extractor: ExtractorSettings {
                n: reset_value("extractor", extractor::N),
                m: reset_value("extractor", extractor::M),
                blocks_per_seed: reset_value("extractor", extractor::BLOCKS_PER_SEED),
            },
            entropy_ring: RING,
            raw_ring: RING,
            flush_cycles: FLUSH_CYCLES,
            pattern: None,
        }
    }

    /// Whether an enabled lane goes there.
    #[must_use]
    pub fn uses(&self, route: Route) -> bool {
        self.lanes
            .iter()
            .any(|lane| lane.enabled && lane.route == route)
    }

    /// Checks everything that can be checked without a card but with what it can do.
    pub(crate) fn check(&self, card: &crate::card::Identity) -> Result<(), Error> {
        let refuse = |what: String| Err(Error::Settings { what });
        if self.lanes.len() > card.lanes as usize {
            return Err(Error::NoLane {
                lane: self.lanes.len() as u32 - 1,
                last: card.lanes - 1,
            });
        }
        if !self.lanes.iter().any(|lane| lane.enabled) {
            return refuse("no lane is enabled; enable at least one".into());
        }
        let fits = |value: u32, field: Field| field.get(field.put(value)) == value;
        for (number, settings) in self.lanes.iter().enumerate() {
            if card.is_real() && settings.enabled && settings.window == 0 {
                return refuse(format!(
                    "lane {number} has window 0 on real pins, which resolve to one cycle; use at least 1"
                ));
            }
            if !fits(settings.window, lane::WINDOW_CYCLES)
                || !fits(settings.holdoff, lane::HOLDOFF_CYCLES)
            {
                return refuse(format!(
                    "lane {number} has a window or hold-off beyond its register; use fewer cycles"
                ));
            }
            let fit = fits(settings.rate_min, lane::RATE_MIN_EDGES)
                && fits(settings.rate_max, lane::RATE_MAX_EDGES);
            if !fit || settings.rate_min > settings.rate_max {
                return refuse(format!(
                    "lane {number} has no valid rate between its limits; use rate_min <= rate_max < 2^21"
                ));
            }
        }
        let Cutoffs {
            claimed_h,
            rct,
            apt,
            balance,
            ..
        } = self.cutoffs;
        if !(claimed_h > 0.0 && claimed_h <= 1.0) {
            return refuse(format!(
                "a claimed min-entropy of {claimed_h} bit a bit; use more than 0, at most 1"
            ));
        }
        let range = |value, field| value >= 2 && fits(value, field);
        if !range(rct, lane::RCT_CUTOFF_C)
            || !range(apt, lane::APT_CUTOFF_C)
            || !range(balance, lane::BALANCE_MAX_BITS)
        {
            return refuse(format!(
                "cut-offs {rct} (RCT), {apt} (APT), {balance} (balance) that no register holds; compute them anew"
            ));
        }
        let ExtractorSettings { n, m, .. } = self.extractor;
        if n == 0
            || m == 0
            || !m.is_multiple_of(extractor::M_STEP)
            || n > card.max_n
            || m > card.max_m
        {
            return refuse(format!(
                "an extractor from {n} to {m} bits; use at most {} to {}, the latter a multiple of 64",
                card.max_n, card.max_m
            ));
        }
        // The claim as the card will see it: cut to 1/65536, downwards.
        let h = f64::from(h_register(claimed_h)) / H_ONE;
        let most = (f64::from(n) * h - LEFTOVER_BITS).floor().max(0.0);
        if f64::from(m) > most {
            return Err(Error::Extractor {
                n,
                m,
                h: claimed_h,
                most: most as u32,
            });
        }
        if self.uses(Route::Extract) && self.entropy_ring.slot_bytes < m / 8 {
            return refuse(format!(
                "slots of {} bytes, too small for a block of {m} bits; enlarge them",
                self.entropy_ring.slot_bytes
            ));
        }
        if let Some(pattern) = self.pattern
            && (pattern.period < 2 || !fits(pattern.period, global::PATTERN_PERIOD_N))
        {
            return refuse(format!(
                "a pattern with a period of {} cycles; use 2 to 2^20 - 1",
                pattern.period
            ));
        }
        Ok(())
    }
}

/// `CLAIMED_H` counts 65,536ths.
const H_ONE: f64 = 65_536.0;

/// The claim as the register holds it, rounded down: never more than was claimed.
pub(crate) fn h_register(claimed_h: f64) -> u32 {
    (claimed_h * H_ONE).floor() as u32
}

/// Value after reset of a register of a block; 0 for one that the map doesn't have.
fn reset_value(block: &str, offset: u32) -> u32 {
    let find = |block: &'static Block| {
        block
            .registers
            .iter()
            .find(|register: &&Register| register.offset == offset)
    };
    BLOCKS
        .iter()
        .find(|candidate| candidate.name == block)
        .and_then(find)
        .map_or(0, |register| register.reset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::card::{Build, FrontEnd, Identity};

    fn small() -> Identity {
        Identity {
            build: Build::Small,
            front_end: FrontEnd::Simulated,
            lanes: 4,
            max_n: 4096,
            max_m: 1024,
            abi: (1, 0),
            build_hash: [0; 32],
            clock_hz: 250_000_000,
            toeplitz_width: 8,
            axi_bytes: 8,
            keybox: false,
            describe: "test".into(),
        }
    }

    #[test]
    fn defaults_are_the_specification_s() {
        let settings = CardSettings::new(4, Cutoffs::after_reset());
        let lane = settings.lanes[3];
        assert_eq!(
            (lane.window, lane.holdoff, lane.rate_min, lane.rate_max),
            (0, 30, 16, 1 << 19)
        );
        assert_eq!((settings.extractor.n, settings.extractor.m), (1024, 384));
        assert_eq!(settings.extractor.seed_bytes(), 176);
        assert!((settings.cutoffs.claimed_h - 0.5).abs() < f64::EPSILON);
        settings.check(&small()).expect("valid");
    }

    #[test]
    fn the_leftover_hash_bound_is_exact() {
        let mut settings = CardSettings::new(1, Cutoffs::after_reset());
        settings.extractor.m = 448;
        assert!(matches!(
            settings.check(&small()),
            Err(Error::Extractor {
                n: 1024,
                m: 448,
                most: 384,
                ..
            })
        ));
        settings.extractor.m = 384;
        settings.cutoffs.claimed_h = 0.499_99;
        assert!(matches!(
            settings.check(&small()),
            Err(Error::Extractor { most: 383, .. })
        ));
    }

    #[test]
    fn what_no_card_can_do_is_refused() {
        type Change = fn(&mut CardSettings);
        let changes: [(&str, Change); 12] = [
            ("fifth lane", |s| s.lanes.push(LaneSettings::off())),
            ("none enabled", |s| {
                s.lanes.iter_mut().for_each(|lane| lane.enabled = false)
            }),
            ("huge window", |s| s.lanes[0].window = 1 << 16),
            ("huge hold-off", |s| s.lanes[0].holdoff = 1 << 20),
            ("no rate", |s| s.lanes[0].rate_min = s.lanes[0].rate_max + 1),
            ("no entropy", |s| s.cutoffs.claimed_h = 0.0),
            ("not a number", |s| s.cutoffs.claimed_h = f64::NAN),
            ("no cut-off", |s| s.cutoffs.rct = 1),
            ("half bytes", |s| s.extractor.m = 383),
            ("huge block", |s| s.extractor.n = 8192),
            ("small slots", |s| s.entropy_ring.slot_bytes = 32),
            ("fast pattern", |s| {
                s.pattern = Some(PatternSettings {
                    kind: PatternKind::Alternate,
                    period: 1,
                    lanes: 1,
                })
            }),
        ];
        for (name, change) in changes {
            let mut settings = CardSettings::new(4, Cutoffs::after_reset());
            change(&mut settings);
            assert!(settings.check(&small()).is_err(), "{name}");
        }
    }

    #[test]
    fn window_zero_is_for_simulations_only() {
        let mut settings = CardSettings::new(1, Cutoffs::after_reset());
        let real = Identity {
            front_end: FrontEnd::Real,
            ..small()
        };
        assert!(matches!(settings.check(&real), Err(Error::Settings { .. })));
        settings.lanes[0].window = 1;
        settings.check(&real).expect("valid");
    }
}
