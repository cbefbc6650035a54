//! What `photonbox card status` shows. The JSON keys are relied on by scripts (specification 8).

use crate::{
    card::{Build, Card, FrontEnd, Stage},
    error::Error,
    layout::{LaneState, RingKind, alarm_names},
    ring::{RingCore, RingCounts, RingMemory},
    settings::{Cutoffs, LaneSettings},
};
use photonbox_regmap::{extractor, global, lane, ring};
use serde::{Deserialize, Serialize};

/// One lane: its state, alarms by name, and counters since reset (all lanes' at one instant).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LaneStatus {
    /// Number.
    pub lane: u32,
    /// State; `alarmed` too for a lane that is held off because of an alarm before a reset.
    pub state: LaneState,
    /// Latched alarms, by the names of [`alarm_names`].
    pub alarms: Vec<String>,
    /// Raw bits.
    pub bits: u64,
    /// Of them 1.
    pub ones: u64,
    /// Coincidences.
    pub coincidences: u64,
    /// Edges ignored.
    pub ignored: u64,
    /// Edges of A.
    pub edges_a: u64,
    /// Edges of B.
    pub edges_b: u64,
    /// Raw bits that went nowhere.
    pub discarded: u64,
    /// Edges a second of A in the last watch window.
    pub rate_a: f64,
    /// The same of B.
    pub rate_b: f64,
    /// What it is set to; null while the card has no settings for it.
    pub settings: Option<LaneSettings>,
}

/// The extractor.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExtractorStatus {
    /// Input bits of a block.
    pub n: u32,
    /// Output bits of a block.
    pub m: u32,
    /// Blocks since reset.
    pub blocks: u64,
    /// Raw bits taken since reset.
    pub input_bits: u64,
    /// Seeds that came into force since reset.
    pub seed_epoch: u32,
    /// Blocks with the seed in force.
    pub seed_blocks: u32,
    /// A new seed is wanted soon.
    pub seed_due: bool,
    /// No blocks until a new seed comes.
    pub seed_exhausted: bool,
}

/// One ring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RingStatus {
    /// Which.
    pub ring: RingKind,
    /// Whether it is in use.
    pub armed: bool,
    /// Whether the card waits for the host.
    pub full: bool,
    /// How often it had to.
    pub stalls: u32,
    /// Bus errors.
    pub errors: u32,
    /// What the host took.
    #[serde(flatten)]
    pub counts: RingCounts,
}

/// Error counters of the card, since reset.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ErrorCounts {
    /// Accesses to registers that don't exist.
    pub unknown_register: u32,
    /// Writes refused because what they set was in use.
    pub refused_write: u32,
    /// Writes to memory that the bus refused.
    pub bus: u32,
    /// Times that a full ring made its producer wait.
    pub ring_stalls: u32,
    /// Bits thrown away (full ring, alarm, no seed).
    pub dropped_bits: u32,
}

/// The whole card.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CardStatus {
    /// What it is, for people.
    pub identity: String,
    /// Register ABI, `major.minor`.
    pub abi: String,
    /// Build hash in hexadecimal.
    pub build_hash: String,
    /// Changes at every reset.
    pub generation: u32,
    /// Whether its photons aren't real ones at real pins.
    pub simulated: bool,
    /// Whether a slot came with bits of a recording's second or later pass.
    pub replayed: bool,
    /// Whether its front end or the pattern generator makes test patterns, or a slot came with bits of one.
    pub test: bool,
    /// Which build.
    pub build: Build,
    /// Where its photons come from.
    pub front_end: FrontEnd,
    /// How far it is.
    pub stage: Stage,
    /// Whether lanes are used and every one is in alarm.
    pub all_alarmed: bool,
    /// Lanes from 0 on.
    pub lanes: Vec<LaneStatus>,
    /// The extractor.
    pub extractor: ExtractorStatus,
    /// Cut-offs in force and the claim behind them; null before the card has settings.
    pub claimed: Option<Cutoffs>,
    /// Seconds between false alarms that the settings lead one to expect, all running lanes together, at the rates
    /// last seen; null while nothing runs.
    pub expected_false_alarm_seconds: Option<f64>,
    /// Entropy ring and raw ring.
    pub rings: Vec<RingStatus>,
    /// Error counters.
    pub errors: ErrorCounts,
    /// Whether the last known-answer tests passed.
    pub selftest_ok: bool,
    /// Core cycles since power-on.
    pub cycles: u64,
    /// Core clock in Hz.
    pub clock_hz: u32,
    /// How often the driver had to recover the card.
    pub recoveries: u64,
}

impl Card {
    /// The memory of the rings that were armed.
    #[must_use]
    pub fn ring_memory(&self) -> Vec<RingMemory> {
        let rings = [&self.entropy, &self.raw, &self.keybox];
        rings.iter().filter_map(|ring| ring.memory()).collect()
    }

    /// Reads everything, counters at one instant.
    ///
    /// # Errors
    /// [`Error::DeadCard`], [`Error::Link`].
    pub fn status(&self) -> Result<CardStatus, Error> {
        let registers = &self.registers;
        // Held to the end: another snapshot would mix two instants.
        let mut state = self.lock();
        state.awake("tell its status")?;
        registers.write(global::SNAPSHOT, 1)?;
        let identity = &self.identity;
        let mut lanes = Vec::with_capacity(identity.lanes as usize);
        for number in 0..identity.lanes {
            let settings = state
                .settings
                .as_ref()
                .and_then(|settings| settings.lanes.get(number as usize))
                .copied();
            let alarms = self.alarms(&state, number)?;
            if let Some(seen) = state.seen.get_mut(number as usize) {
                *seen |= alarms;
            }
            lanes.push(self.lane_status(number, alarms, settings)?);
        }
        let word = registers.read(global::STATUS)?;
        let at = |register| extractor::BASE + register;
        let seed = registers.read(at(extractor::SEED_STATUS))?;
        let rings = vec![
            self.ring_status(&self.entropy)?,
            self.ring_status(&self.raw)?,
        ];
        let claimed = state.settings.as_ref().map(|settings| settings.cutoffs);
        let used: Vec<_> = lanes
            .iter()
            .filter(|lane| lane.settings.is_some_and(|settings| settings.enabled))
            .collect();
        Ok(CardStatus {
            identity: format!(
                "Photonbox {} with {} lanes, {} front end: {}",
                match identity.build {
                    Build::Small => "small",
                    Build::Wide => "wide",
                },
                identity.lanes,
                match identity.front_end {
                    FrontEnd::Real => "real",
                    FrontEnd::Test => "test",
                    FrontEnd::Simulated => "simulated",
                },
                identity.describe
            ),
            abi: format!("{}.{}", identity.abi.0, identity.abi.1),
            build_hash: identity.build_hash_hex(),
            generation: registers.read(global::GENERATION)?,
            simulated: !identity.is_real(),
            replayed: rings.iter().any(|ring| ring.counts.replayed_slots > 0),
            test: identity.front_end == FrontEnd::Test
                || global::STATUS_TEST_PATTERN.is_set(word)
                || rings.iter().any(|ring| ring.counts.test_slots > 0),
            build: identity.build,
            front_end: identity.front_end,
            stage: state.stage,
            all_alarmed: !used.is_empty()
                && used.iter().all(|lane| lane.state == LaneState::Alarmed),
            extractor: ExtractorStatus {
                n: registers.read(at(extractor::N))?,
                m: registers.read(at(extractor::M))?,
                blocks: registers.read64(at(extractor::BLOCKS_LO))?,
                input_bits: registers.read64(at(extractor::INPUT_BITS_LO))?,
                seed_epoch: registers.read(at(extractor::SEED_EPOCH))?,
                seed_blocks: registers.read(at(extractor::SEED_BLOCKS))?,
                seed_due: extractor::SEED_STATUS_DUE.is_set(seed),
                seed_exhausted: extractor::SEED_STATUS_EXHAUSTED.is_set(seed),
            },
            expected_false_alarm_seconds: claimed
                .and_then(|claimed| false_alarm_seconds(&lanes, &claimed)),
            claimed,
            lanes,
            rings,
            errors: ErrorCounts {
                unknown_register: registers.read(global::ERR_UNKNOWN_REGISTER)?,
                refused_write: registers.read(global::ERR_REFUSED_WRITE)?,
                bus: registers.read(global::ERR_BUS)?,
                ring_stalls: registers.read(global::ERR_RING_STALLS)?,
                dropped_bits: registers.read(global::ERR_DROPPED_BITS)?,
            },
            selftest_ok: global::STATUS_SELFTEST_OK.is_set(word),
            cycles: registers.read64(global::CYCLES_LO)?,
            clock_hz: identity.clock_hz,
            recoveries: state.recoveries,
        })
    }

    fn lane_status(
        &self,
        number: u32,
        alarms: u32,
        settings: Option<LaneSettings>,
    ) -> Result<LaneStatus, Error> {
        let at = |register| lane::base(number) + register;
        let read64 = |register| self.registers.read64(at(register));
        let windows = f64::from(self.identity.clock_hz) / lane::RATE_WINDOW_CYCLES as f64;
        let rate =
            |register| Ok::<_, Error>(f64::from(self.registers.read(at(register))?) * windows);
        Ok(LaneStatus {
            lane: number,
            // A held lane is off on the card, but it is the alarm that keeps it so.
            state: match LaneState::from_register(self.registers.read(at(lane::STATE))?) {
                LaneState::Off if alarms != 0 => LaneState::Alarmed,
                other => other,
            },
            alarms: alarm_names(alarms),
            bits: read64(lane::BITS_LO)?,
            ones: read64(lane::ONES_LO)?,
            coincidences: read64(lane::COINCIDENCES_LO)?,
            ignored: read64(lane::IGNORED_LO)?,
            edges_a: read64(lane::EDGES_A_LO)?,
            edges_b: read64(lane::EDGES_B_LO)?,
            discarded: read64(lane::DISCARDED_LO)?,
            rate_a: rate(lane::RATE_A)?,
            rate_b: rate(lane::RATE_B)?,
            settings,
        })
    }

    fn ring_status(&self, core: &RingCore) -> Result<RingStatus, Error> {
        let at = |register| ring::base(core.kind().number()) + register;
        Ok(RingStatus {
            ring: core.kind(),
            armed: core.is_armed(),
            full: self.registers.is_set(at(ring::STATUS), ring::STATUS_FULL)?,
            stalls: self.registers.read(at(ring::STALLS))?,
            errors: self.registers.read(at(ring::ERRORS))?,
            counts: core.counts(),
        })
    }
}

/// Mean time between false alarms: the repetition count test tries once a bit, the adaptive proportion test once in
/// 1,024, each false with probability 2^-e. Edges bound bits from above, so this errs to the short side.
fn false_alarm_seconds(lanes: &[LaneStatus], claimed: &Cutoffs) -> Option<f64> {
    let running = lanes
        .iter()
        .filter(|lane| matches!(lane.state, LaneState::Running | LaneState::Startup));
    let bits_a_second: f64 = running.map(|lane| lane.rate_a + lane.rate_b).sum();
    let trials = bits_a_second * (1.0 + 1.0 / f64::from(lane::APT_WINDOW));
    let alarms = trials * (-f64::from(claimed.false_positive_exponent)).exp2();
    (alarms > 0.0).then(|| 1.0 / alarms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(state: LaneState, rate: f64) -> LaneStatus {
        LaneStatus {
            lane: 0,
            state,
            alarms: Vec::new(),
            bits: 0,
            ones: 0,
            coincidences: 0,
            ignored: 0,
            edges_a: 0,
            edges_b: 0,
            discarded: 0,
            rate_a: rate,
            rate_b: rate,
            settings: None,
        }
    }

    #[test]
    fn false_alarms_are_rarer_with_fewer_bits_and_smaller_alpha() {
        let claimed = Cutoffs {
            false_positive_exponent: 30,
            ..Cutoffs::after_reset()
        };
        let one = [lane(LaneState::Running, 500_000.0)];
        let seconds = false_alarm_seconds(&one, &claimed).expect("running");
        // 10^6 bits a second, 1025/1024 trials a bit, 2^-30 each.
        assert!(
            (seconds - 1024.0 / 1025.0 * 1_073.741_824).abs() < 1e-6,
            "{seconds}"
        );
        let two = [
            one[0].clone(),
            lane(LaneState::Startup, 500_000.0),
            lane(LaneState::Alarmed, 1e9),
        ];
        let half = false_alarm_seconds(&two, &claimed).expect("running");
        assert!((half * 2.0 - seconds).abs() < 1e-6);
        assert_eq!(
            false_alarm_seconds(&[lane(LaneState::Alarmed, 1e6)], &claimed),
            None
        );
        assert_eq!(
            false_alarm_seconds(&[lane(LaneState::Running, 0.0)], &claimed),
            None
        );
    }
}
