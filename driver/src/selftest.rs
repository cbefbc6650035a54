//! The card's self-test, from the host: are the registers there, are the blocks right, do bits arrive.

use crate::{
    bringup,
    card::{Card, CardState, Stage, order},
    error::Error,
    layout::RingKind,
    ring::Ring,
    settings::{CardSettings, Cutoffs, LaneSettings, PatternKind, PatternSettings},
};
use photonbox_regmap::{BAR_BYTES, Flags, find, global};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// One check.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Check {
    /// Its name, which stays.
    pub name: String,
    /// Whether it passed.
    pub ok: bool,
    /// What was seen, or what is wrong.
    pub detail: String,
}

/// The outcome. The JSON keys are relied on by scripts (specification 8).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SelfTest {
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// How many passed.
    pub passed: usize,
    /// How many didn't.
    pub failed: usize,
}

impl SelfTest {
    fn run(&mut self, name: &str, check: impl FnOnce() -> Result<String, Failure>) {
        let outcome = check();
        let ok = outcome.is_ok();
        let detail = outcome.unwrap_or_else(|failure| failure.0);
        if ok {
            self.passed += 1;
        } else {
            self.failed += 1;
        }
        self.checks.push(Check {
            name: name.into(),
            ok,
            detail,
        });
    }
}

/// Why a check failed, in words.
struct Failure(String);

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self(error.to_string())
    }
}

fn ensure(condition: bool, otherwise: impl FnOnce() -> String) -> Result<(), Failure> {
    if condition {
        Ok(())
    } else {
        Err(Failure(otherwise()))
    }
}

/// Cycles from pulse to pulse: longer than any default hold-off, well within the rate limits.
const PATTERN_PERIOD: u32 = 64;
/// Cycles after which a slot of the pattern leaves, so that hardware in a simulator is tested in seconds, too.
const PATTERN_FLUSH: u32 = 50_000;
/// How long a slot of the pattern may take. A real-time card needs a millisecond, verilated hardware a second.
const PATTERN_PATIENCE: Duration = Duration::from_secs(30);

impl Card {
    /// Tests the card; it must be stopped. Afterwards it is reset and without settings, and lanes that were in
    /// alarm are held as before. A failing check is part of the result, not an error.
    ///
    /// # Errors
    /// [`Error::Order`] while it runs.
    pub fn selftest(&self) -> Result<SelfTest, Error> {
        let mut state = self.lock();
        state.awake("be tested")?;
        if state.stage == Stage::Running {
            return Err(order(state.stage, "be tested", "stop it first"));
        }
        let mut test = SelfTest {
            checks: Vec::new(),
            passed: 0,
            failed: 0,
        };
        test.run("identity", || self.test_identity());
        test.run("scratch", || self.test_scratch());
        test.run("unknown-register", || self.test_unknown_register());
        if let Ok(alarms) = bringup::latched_alarms(&self.registers, self.identity.lanes) {
            state
                .held
                .iter_mut()
                .zip(alarms)
                .for_each(|(held, alarms)| *held |= alarms);
        }
        let none = vec![0; state.held.len()];
        let held = std::mem::replace(&mut state.held, none);
        test.run("generation", || self.test_generation(&mut state));
        test.run("known-answers", || self.test_known_answers());
        test.run("pattern-through-ring", || self.test_pattern(&mut state));
        test.run("reset-after-pattern", || {
            self.test_after_pattern(&mut state)
        });
        state.held = held;
        state.settings = None;
        Ok(test)
    }

    fn test_identity(&self) -> Result<String, Failure> {
        bringup::magic(&self.registers)?;
        let abi = bringup::abi(&self.registers)?;
        let options = crate::OpenOptions {
            expected_build: self.identity.build_hash,
            ..Default::default()
        };
        let hash = bringup::build_hash(&self.registers, &options)?;
        let now = bringup::capabilities(&self.registers, abi, hash)?;
        ensure(now == self.identity, || {
            "the card says another identity than when it was opened; open it anew".into()
        })?;
        Ok(format!(
            "ABI {}.{}, build {}",
            abi.0,
            abi.1,
            bringup::hex(&hash[..8])
        ))
    }

    fn test_scratch(&self) -> Result<String, Failure> {
        // Walking ones and zeros find stuck and shorted data lines.
        let mut words: Vec<u32> = (0..32).flat_map(|bit| [1 << bit, !(1 << bit)]).collect();
        words.extend([0xaaaa_aaaa, 0x5555_5555, 0]);
        for &word in &words {
            self.registers.set(global::SCRATCH, word)?;
        }
        Ok(format!("{} words written and read back", words.len()))
    }

    fn test_unknown_register(&self) -> Result<String, Failure> {
        let offset = BAR_BYTES - 4;
        ensure(find(offset).is_none(), || {
            format!("the map has a register at {offset:#x}; the test needs another")
        })?;
        let before = self.registers.read(global::ERR_UNKNOWN_REGISTER)?;
        let value = self.registers.read(offset)?;
        let after = self.registers.read(global::ERR_UNKNOWN_REGISTER)?;
        ensure(value == 0, || {
            format!("a register that doesn't exist reads {value:#x}, not 0")
        })?;
        ensure(after == before.wrapping_add(1), || {
            format!(
                "the access was counted {} times",
                after.wrapping_sub(before)
            )
        })?;
        Ok("reads 0 and is counted once".into())
    }

    fn test_generation(&self, state: &mut CardState) -> Result<String, Failure> {
        let before = state.generation;
        self.registers.set(global::SCRATCH, 0x5eed)?;
        self.reset_locked(state)?;
        ensure(state.generation != before, || {
            format!("generation {before} stayed over a reset")
        })?;
        let scratch = self.registers.read(global::SCRATCH)?;
        ensure(scratch == 0, || {
            format!("the scratch register kept {scratch:#x} over a reset")
        })?;
        Ok(format!("{before} became {} by a reset", state.generation))
    }

    fn test_known_answers(&self) -> Result<String, Failure> {
        self.registers
            .write(global::CONTROL, global::CONTROL_SELFTEST.mask())?;
        self.registers.wait(
            "the end of the known-answer tests",
            self.patience,
            |registers| {
                let ran = registers.read(global::SELFTEST_RAN)?;
                Ok(ran != 0 && registers.is_set(global::STATUS, global::STATUS_IDLE)?)
            },
        )?;
        let ran = self.registers.read(global::SELFTEST_RAN)?;
        let passed = self.registers.read(global::SELFTEST_PASSED)?;
        let tests = [
            global::SELFTEST_SAMPLER,
            global::SELFTEST_RCT,
            global::SELFTEST_APT,
            global::SELFTEST_RATE,
            global::SELFTEST_BALANCE,
            global::SELFTEST_TOEPLITZ,
            global::SELFTEST_KEYBOX,
        ];
        // Every block that the card has must have been tested, not only passed where it was.
        let wanted = tests
            .iter()
            .filter(|test| test.name != "KEYBOX" || self.identity.keybox);
        let missing: Vec<_> = wanted
            .filter(|test| !test.is_set(ran & passed))
            .map(|test| test.name)
            .collect();
        ensure(missing.is_empty(), || {
            format!("not passed: {}; replace the card", missing.join(", "))
        })?;
        ensure(
            self.registers
                .is_set(global::STATUS, global::STATUS_SELFTEST_OK)?,
            || "every test passed but the card doesn't say so; replace the card".into(),
        )?;
        let names: Vec<_> = tests
            .iter()
            .filter(|test| test.is_set(ran))
            .map(|test| test.name.to_ascii_lowercase())
            .collect();
        Ok(names.join(", "))
    }

    /// The alternating pattern at the pins, through lane, extractor and ring on lane 0, through lane and TAP on
    /// lane 1, compared bit by bit with what must come out.
    fn test_pattern(&self, state: &mut CardState) -> Result<String, Failure> {
        let mut settings = CardSettings::new(1, Cutoffs::after_reset());
        if self.identity.lanes > 1 {
            settings.lanes.push(LaneSettings::tap());
        }
        let tap = settings.lanes.len() > 1;
        if self.identity.is_real() {
            settings.lanes.iter_mut().for_each(|lane| lane.window = 1);
        }
        settings.pattern = Some(PatternSettings {
            kind: PatternKind::Alternate,
            period: PATTERN_PERIOD,
            lanes: u64::MAX,
        });
        settings.flush_cycles = PATTERN_FLUSH;
        settings.check(&self.identity)?;
        let seed = test_seed(settings.extractor.seed_bytes());
        let mut entropy = Ring::take(&self.entropy)?;
        let mut raw = Ring::take(&self.raw)?;
        self.configure_locked(state, &settings)?;
        bringup::seed(&self.registers, &seed, settings.extractor.seed_bytes())?;
        bringup::start(&self.registers, self.patience)?;
        let (n, m) = (settings.extractor.n, settings.extractor.m);
        let blocks = test_extracted(&mut entropy, &seed, n, m)?;
        let records = if tap { test_tapped(&mut raw)? } else { 0 };
        bringup::stop(&self.registers, self.patience)?;
        Ok(format!(
            "{blocks} extracted blocks and {records} raw bits, as they must be, marked test"
        ))
    }

    fn test_after_pattern(&self, state: &mut CardState) -> Result<String, Failure> {
        self.reset_locked(state)?;
        let pattern = self.registers.read(global::PATTERN)?;
        ensure(pattern == 0, || {
            format!("the pattern generator is still on ({pattern:#x}) after a reset")
        })?;
        Ok(format!(
            "the generator is off, generation {}",
            state.generation
        ))
    }
}

fn no_slot(kind: RingKind) -> Failure {
    Failure(format!(
        "nothing came on the {kind} ring in {PATTERN_PATIENCE:?}; see `photonbox card status`"
    ))
}

fn test_marks(kind: RingKind, flags: Flags) -> Result<(), Failure> {
    ensure(flags.test, || {
        format!("a slot of the {kind} ring isn't marked test")
    })?;
    ensure(flags.not_creditable == (kind == RingKind::Raw), || {
        format!("a slot of the {kind} ring is marked wrongly for credit")
    })
}

fn test_extracted(ring: &mut Ring, seed: &[u8], n: u32, m: u32) -> Result<usize, Failure> {
    let slot = ring
        .wait(PATTERN_PATIENCE)?
        .ok_or_else(|| no_slot(RingKind::Entropy))?;
    test_marks(RingKind::Entropy, slot.flags())?;
    ensure(slot.lanes() == 1, || {
        format!(
            "the slot's bits came from lanes {:#x}, not from lane 0",
            slot.lanes()
        )
    })?;
    let mut data = vec![0; slot.len()];
    slot.copy_to(&mut data)?;
    let block = m as usize / 8;
    ensure(!data.is_empty() && data.len().is_multiple_of(block), || {
        format!("{} bytes are no whole blocks", data.len())
    })?;
    let blocks = data.len() / block;
    ensure(
        u64::from(slot.raw_bits()) == blocks as u64 * u64::from(n),
        || format!("{} raw bits in {blocks} blocks", slot.raw_bits()),
    )?;
    // n is even or not: a block may begin with either value.
    let expected = [true, false].map(|first| extract(seed, n, m, |index| first ^ (index % 2 == 1)));
    for (number, found) in data.chunks(block).enumerate() {
        ensure(expected.iter().any(|bytes| bytes == found), || {
            format!("block {number} isn't what the seed makes of the pattern")
        })?;
    }
    slot.release()?;
    Ok(blocks)
}

fn test_tapped(ring: &mut Ring) -> Result<usize, Failure> {
    let slot = ring
        .wait(PATTERN_PATIENCE)?
        .ok_or_else(|| no_slot(RingKind::Raw))?;
    test_marks(RingKind::Raw, slot.flags())?;
    let records = slot.records()?;
    slot.release()?;
    ensure(!records.is_empty(), || {
        "a slot of the raw ring is empty".into()
    })?;
    for (index, record) in records.iter().enumerate() {
        ensure(record.lane == 1, || {
            format!("record {index} is of lane {}, not 1", record.lane)
        })?;
    }
    for (index, pair) in records.windows(2).enumerate() {
        let [before, after] = pair else { continue };
        ensure(before.bit != after.bit, || {
            format!("records {index} and the next don't alternate")
        })?;
        let distance = after.timestamp.wrapping_sub(before.timestamp);
        ensure(distance == u64::from(PATTERN_PERIOD), || {
            format!("records {index} and the next are {distance} cycles apart")
        })?;
    }
    Ok(records.len())
}

/// A fixed seed, for tests only: nothing that it makes is ever credited.
fn test_seed(bytes: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_u32;
    std::iter::repeat_with(|| {
        // Marsaglia's xorshift: any well mixed bits do.
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        state as u8
    })
    .take(bytes)
    .collect()
}

/// The extractor by its definition: output i is the XOR over j of seed[i − j + n − 1] and input[j].
fn extract(seed: &[u8], n: u32, m: u32, input: impl Fn(u32) -> bool) -> Vec<u8> {
    let seed_bit = |index: u32| seed[(index / 8) as usize] >> (index % 8) & 1 == 1;
    let mut output = vec![0; m.div_ceil(8) as usize];
    for i in 0..m {
        let bit = (0..n).fold(false, |bit, j| bit ^ (seed_bit(i + n - 1 - j) & input(j)));
        output[(i / 8) as usize] |= u8::from(bit) << (i % 8);
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_the_specification_s() {
        // First case of tests/vectors/toeplitz.json: n = 8, m = 4.
        let bits = |text: &str| -> Vec<bool> { text.bytes().map(|byte| byte == b'1').collect() };
        let mut seed = [0_u8; 2];
        for (index, bit) in bits("00010011101").into_iter().enumerate() {
            seed[index / 8] |= u8::from(bit) << (index % 8);
        }
        for (input, output) in [("10010000", 0b0111), ("11000000", 0b1100)] {
            let input = bits(input);
            assert_eq!(
                extract(&seed, 8, 4, |index| input[index as usize]),
                [output]
            );
        }
    }
}
