//! Bring-up, in the order of the data sheet. Each step is one function, named as the step.
//!
//! Countermeasure T15 (`docs/threat-model.md`).

use crate::{
    card::{Build, FrontEnd, Identity, OpenOptions},
    error::Error,
    regs::{ALL_ONES, Registers},
    ring::{Arming, RingCore},
    settings::{CardSettings, PatternSettings, Route, h_register},
};
use photonbox_regmap::{
    ABI_VERSION, MAGIC, MAX_LANES, Register, extractor,
    global::{self, ABI_MAJOR},
    lane,
};
use std::{fmt::Write, time::Duration};

/// Step 1: someone answers, and it is a Photonbox.
pub(crate) fn magic(registers: &Registers) -> Result<(), Error> {
    match registers.transport().read32(global::MAGIC)? {
        MAGIC => Ok(()),
        ALL_ONES => Err(Error::DeadCard),
        found => Err(Error::NotAPhotonbox {
            found,
            expected: MAGIC,
        }),
    }
}

/// Step 2: we mean the same registers.
pub(crate) fn abi(registers: &Registers) -> Result<(u32, u32), Error> {
    let (found, expected) = (registers.read(global::ABI)?, ABI_VERSION);
    if ABI_MAJOR.get(found) != ABI_MAJOR.get(expected) {
        return Err(Error::AbiMismatch {
            found: ABI_MAJOR.get(found),
            expected: ABI_MAJOR.get(expected),
        });
    }
    Ok((ABI_MAJOR.get(found), global::ABI_MINOR.get(found)))
}

/// Step 3: it was built from the source that we know.
pub(crate) fn build_hash(registers: &Registers, options: &OpenOptions) -> Result<[u8; 32], Error> {
    let mut found = [0; 32];
    for (word, bytes) in (0..8).zip(found.chunks_exact_mut(4)) {
        bytes.copy_from_slice(&registers.read(global::build_hash(word))?.to_le_bytes());
    }
    if found != options.expected_build {
        if !options.accept_any_build {
            return Err(Error::BuildHashMismatch {
                found: hex(&found),
                expected: hex(&options.expected_build),
            });
        }
        tracing::warn!(
            found = hex(&found),
            "the card's build hash is unknown; accepted as told"
        );
    }
    Ok(found)
}

/// Step 4: what it can do.
pub(crate) fn capabilities(
    registers: &Registers,
    abi: (u32, u32),
    build_hash: [u8; 32],
) -> Result<Identity, Error> {
    let bad = |what: String| Err(Error::BadCapabilities { what });
    let caps = registers.read(global::CAPS)?;
    let limits = registers.read(global::CAPS_EXTRACTOR)?;
    let build = match global::CAPS_BUILD.get(caps) {
        global::BUILD_SMALL => Build::Small,
        global::BUILD_WIDE => Build::Wide,
        other => return bad(format!("build {other}")),
    };
    let front_end = match global::CAPS_FRONT_END.get(caps) {
        global::FRONT_END_REAL => FrontEnd::Real,
        global::FRONT_END_TEST => FrontEnd::Test,
        global::FRONT_END_SIMULATED => FrontEnd::Simulated,
        other => return bad(format!("front end {other}")),
    };
    let lanes = global::CAPS_LANES.get(caps);
    if !(1..=MAX_LANES).contains(&lanes) {
        return bad(format!("{lanes} lanes"));
    }
    let clock_hz = registers.read(global::CLOCK_HZ)?;
    if clock_hz == 0 {
        return bad("a clock of 0 Hz".into());
    }
    Ok(Identity {
        build,
        front_end,
        lanes,
        max_n: global::CAPS_MAX_N.get(limits),
        max_m: global::CAPS_MAX_M.get(limits),
        abi,
        build_hash,
        clock_hz,
        toeplitz_width: global::CAPS_TOEPLITZ_W.get(caps),
        axi_bytes: global::CAPS_AXI_BYTES.get(caps),
        keybox: global::CAPS_KEYBOX.is_set(caps),
        describe: registers.transport().describe(),
    })
}

/// Step 5: lanes that stopped on an alarm, before the reset forgets them. One word of alarms for each lane.
pub(crate) fn latched_alarms(registers: &Registers, lanes: u32) -> Result<Vec<u32>, Error> {
    (0..lanes)
        .map(|number| registers.read(lane::base(number) + lane::ALARMS))
        .collect()
}

/// Step 6: soft reset, until the card is idle in a new generation. One that doesn't answer to it gets the bus's. A
/// transport opens with bus mastering off, so what an earlier owner left running can't write meanwhile; in a recovery
/// the rings are still mapped. Gives the generation.
pub(crate) fn reset(registers: &Registers, patience: Duration) -> Result<u32, Error> {
    let before = registers.read(global::GENERATION)?;
    let renewed = |registers: &Registers| {
        let idle = registers.is_set(global::STATUS, global::STATUS_IDLE)?;
        Ok(idle && registers.read(global::GENERATION)? != before)
    };
    registers.write(global::CONTROL, global::CONTROL_SOFT_RESET.mask())?;
    match registers.wait("the end of the soft reset", patience, renewed) {
        Ok(()) => {}
        Err(Error::Hung { .. }) => {
            tracing::warn!("the card didn't take a soft reset; resetting the function");
            registers.transport().reset()?;
            registers.wait("the end of the function-level reset", patience, renewed)?;
        }
        Err(error) => return Err(error),
    }
    registers.read(global::GENERATION)
}

/// Step 7: every lane's settings, each read back.
pub(crate) fn lanes(
    registers: &Registers,
    card: &Identity,
    settings: &CardSettings,
    held: &[u32],
) -> Result<(), Error> {
    for number in 0..card.lanes {
        let at = |register| lane::base(number) + register;
        registers.set(at(lane::ENABLE), 0)?;
        let Some(lane_settings) = settings.lanes.get(number as usize) else {
            continue;
        };
        let config = lane::CONFIG_RETRIGGER.put(u32::from(lane_settings.retrigger))
            | lane::CONFIG_TAP.put(u32::from(lane_settings.route == Route::Tap));
        registers.set(at(lane::CONFIG), config)?;
        registers.set(at(lane::WINDOW), lane_settings.window)?;
        registers.set(at(lane::HOLDOFF), lane_settings.holdoff)?;
        registers.set(at(lane::RCT_CUTOFF), settings.cutoffs.rct)?;
        registers.set(at(lane::APT_CUTOFF), settings.cutoffs.apt)?;
        registers.set(at(lane::RATE_MIN), lane_settings.rate_min)?;
        registers.set(at(lane::RATE_MAX), lane_settings.rate_max)?;
        registers.set(at(lane::BALANCE_MAX), settings.cutoffs.balance)?;
        // A lane that a reset freed of its alarm stays off: only an operator re-arms it.
        let is_held = held.get(number as usize).is_some_and(|&alarms| alarms != 0);
        registers.set(
            at(lane::ENABLE),
            lane::ENABLE_ON.put(u32::from(lane_settings.enabled && !is_held)),
        )?;
    }
    Ok(())
}

/// Step 8: the extractor; its bound m <= nH - 128 was checked before, and the card checks it again at start.
pub(crate) fn extractor(registers: &Registers, settings: &CardSettings) -> Result<(), Error> {
    let at = |register| extractor::BASE + register;
    registers.set(at(extractor::N), settings.extractor.n)?;
    registers.set(at(extractor::M), settings.extractor.m)?;
    registers.set(
        at(extractor::CLAIMED_H),
        h_register(settings.cutoffs.claimed_h),
    )?;
    registers.set(
        at(extractor::BLOCKS_PER_SEED),
        settings.extractor.blocks_per_seed,
    )
}

/// Step 9: the pattern generator, when a test wants it.
pub(crate) fn pattern(registers: &Registers, pattern: &PatternSettings) -> Result<(), Error> {
    registers.set(global::PATTERN_PERIOD, pattern.period)?;
    registers.set(global::PATTERN_LANES_LO, pattern.lanes as u32)?;
    registers.set(global::PATTERN_LANES_HI, (pattern.lanes >> 32) as u32)?;
    registers.set(
        global::PATTERN,
        global::PATTERN_KIND.put(pattern.kind.register()),
    )
}

/// Step 10: the card may write; then the rings are committed, one write each; then interrupts.
pub(crate) fn rings(
    registers: &Registers,
    settings: &CardSettings,
    generation: u32,
    entropy: &RingCore,
    raw: &RingCore,
) -> Result<(), Error> {
    registers.transport().bus_master(true)?;
    let arming = Arming {
        geometry: settings.entropy_ring,
        generation,
        extractor: (settings.extractor.n, settings.extractor.m),
        flush_cycles: settings.flush_cycles,
    };
    let mut enable = global::INT_ALARM.mask() | global::INT_ERROR.mask() | global::INT_SEED.mask();
    if settings.uses(Route::Extract) {
        entropy.arm(arming)?;
        enable |= global::INT_ENTROPY.mask();
    }
    if settings.uses(Route::Tap) {
        raw.arm(Arming {
            geometry: settings.raw_ring,
            ..arming
        })?;
        enable |= global::INT_RAW.mask();
    }
    registers.set(global::INT_ENABLE, enable)
}

/// Step 11: the extractor's seed, first bit in bit 0 of the first byte. It takes over at a block boundary.
pub(crate) fn seed(registers: &Registers, seed: &[u8], expected: usize) -> Result<(), Error> {
    if seed.len() != expected {
        return Err(Error::SeedLength {
            found: seed.len(),
            expected,
        });
    }
    let at = |register| extractor::BASE + register;
    let status = registers.read(at(extractor::SEED_STATUS))?;
    if extractor::SEED_STATUS_WAITING.is_set(status) {
        return Err(Error::SeedRefused { status });
    }
    registers.write(
        at(extractor::SEED_COMMIT),
        extractor::SEED_COMMIT_ABANDON.mask(),
    )?;
    for chunk in seed.chunks(4) {
        let word = chunk
            .iter()
            .rev()
            .fold(0, |word, &byte| word << 8 | u32::from(byte));
        registers.write(at(extractor::SEED_DATA), word)?;
    }
    registers.write(
        at(extractor::SEED_COMMIT),
        extractor::SEED_COMMIT_COMMIT.mask(),
    )?;
    let status = registers.read(at(extractor::SEED_STATUS))?;
    let taken = extractor::SEED_STATUS_ACTIVE.is_set(status)
        || extractor::SEED_STATUS_WAITING.is_set(status);
    if extractor::SEED_STATUS_ERROR.is_set(status) || !taken {
        return Err(Error::SeedRefused { status });
    }
    Ok(())
}

/// Step 12: go. The card says why it won't.
pub(crate) fn start(registers: &Registers, patience: Duration) -> Result<(), Error> {
    registers.write(global::CONTROL, global::CONTROL_START.mask())?;
    registers.wait("the start", patience, |registers| {
        let status = registers.read(global::STATUS)?;
        if global::STATUS_START_REFUSED.is_set(status) {
            return Err(Error::StartRefused {
                reasons: start_errors(registers.read(global::START_ERROR)?),
            });
        }
        Ok(global::STATUS_RUNNING.is_set(status))
    })
}

/// The end: STOP, then IDLE (all writes acknowledged), then a read, which pushes what the bridge still holds. Only
/// then may memory go.
pub(crate) fn stop(registers: &Registers, patience: Duration) -> Result<(), Error> {
    registers.write(global::CONTROL, global::CONTROL_STOP.mask())?;
    registers.wait("idle after STOP", patience, |registers| {
        registers.is_set(global::STATUS, global::STATUS_IDLE)
    })?;
    registers.read(global::GENERATION)?;
    Ok(())
}

fn start_errors(word: u32) -> String {
    let register = global::REGISTERS
        .iter()
        .find(|register: &&Register| register.offset == global::START_ERROR);
    let fields = register.map_or(&[][..], |register| register.fields);
    let reasons: Vec<_> = fields
        .iter()
        .filter(|field| field.is_set(word))
        .map(|field| field.doc.trim_end_matches('.'))
        .collect();
    if reasons.is_empty() {
        format!("reason {word:#x}")
    } else {
        reasons.join("; ")
    }
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            let _ = write!(text, "{byte:02x}"); // writing to a String can't fail
            text
        })
}
