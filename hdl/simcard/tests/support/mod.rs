//! A host for the simulated card: memory, interrupts, and a bring-up by hand with the register map alone,
//! so that what these tests see owes nothing to the driver.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
#![allow(
    dead_code,
    reason = "each test binary uses another part of this module"
)]

use photonbox_driver::device::{Device, DmaFault, HostBus};
use photonbox_regmap::{Completion, Phase, RawRecord, extractor, global, lane, ring};
use photonbox_simcard::ptu::{Detector, Event, RecordType, Writer};
use photonbox_simcard::{Pace, SimCard, SimCardOptions, Source, StochasticParams};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

/// Where each ring's memory begins on the bus: completions, then data.
const BASE: u64 = 0x10_0000;
const RING_STEP: u64 = 0x10_0000;
const DATA: u64 = 0x1_0000;

/// Host memory of both rings.
#[derive(Default)]
pub(crate) struct Host {
    memory: Mutex<Vec<u8>>,
    pub(crate) irqs: Mutex<BTreeMap<u16, u64>>,
    /// Refuse everything, as an IOMMU without mappings does.
    pub(crate) unmapped: std::sync::atomic::AtomicBool,
}

impl HostBus for Host {
    fn dma_write(&self, iova: u64, data: &[u8]) -> Result<(), DmaFault> {
        let fault = DmaFault {
            iova,
            length: data.len(),
        };
        if self.unmapped.load(std::sync::atomic::Ordering::SeqCst) {
            return Err(fault);
        }
        let mut memory = self.memory.lock().unwrap_or_else(PoisonError::into_inner);
        memory.resize(2 * RING_STEP as usize, 0);
        let at = iova.checked_sub(BASE).ok_or(fault)? as usize;
        memory
            .get_mut(at..at + data.len())
            .ok_or(fault)?
            .copy_from_slice(data);
        Ok(())
    }

    fn raise_irq(&self, vector: u16) {
        *self.irqs.lock().unwrap().entry(vector).or_default() += 1;
    }
}

/// One slot as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) completion: Completion,
    pub(crate) data: Vec<u8>,
}

/// A card with its host.
pub(crate) struct Rig {
    pub(crate) card: Arc<SimCard>,
    pub(crate) host: Arc<Host>,
    heads: [u32; 2],
    slots: [u32; 2],
    slot_bytes: [u32; 2],
}

pub(crate) fn options(source: Source) -> SimCardOptions {
    SimCardOptions {
        source,
        seed: Some(1),
        pace: Pace::Manual,
        ..SimCardOptions::default()
    }
}

/// Light of 0.6 M detections per second and lane.
pub(crate) fn stochastic() -> SimCardOptions {
    options(Source::Stochastic(StochasticParams {
        rate: 1e6,
        efficiency: 0.6,
        ..StochasticParams::default()
    }))
}

impl Rig {
    pub(crate) fn new(options: SimCardOptions) -> Self {
        let card = SimCard::new(options).unwrap();
        let host = Arc::new(Host::default());
        card.attach(Arc::clone(&host) as _);
        card.bus_master_enable(true);
        Self {
            card,
            host,
            heads: [0; 2],
            slots: [16; 2],
            slot_bytes: [64, 4096],
        }
    }

    pub(crate) fn read(&self, offset: u32) -> u32 {
        self.card.read32(offset)
    }

    pub(crate) fn write(&self, offset: u32, value: u32) {
        self.card.write32(offset, value);
    }

    /// [`Rig::prepare`], then START, which must succeed.
    pub(crate) fn start(&mut self, lanes: &[u32], taps: &[u32]) {
        self.prepare(lanes, taps);
        self.write(global::CONTROL, global::CONTROL_START.put(1));
        assert_eq!(self.read(global::START_ERROR), 0, "START");
        assert!(global::STATUS_RUNNING.is_set(self.read(global::STATUS)));
    }

    /// Rings, a seed, the lanes in `lanes` (those in `taps` to the raw ring): all but START.
    pub(crate) fn prepare(&mut self, lanes: &[u32], taps: &[u32]) {
        // Completions of an earlier life must not look like new ones.
        self.host.memory.lock().unwrap().fill(0);
        for number in [ring::ENTROPY, ring::RAW] {
            let index = number as usize;
            let base = ring::base(number);
            let completions = BASE + RING_STEP * u64::from(number);
            self.write(base + ring::DATA_BASE_LO, (completions + DATA) as u32);
            self.write(base + ring::CPL_BASE_LO, completions as u32);
            self.write(base + ring::SLOT_BYTES, self.slot_bytes[index]);
            self.write(base + ring::SLOT_COUNT, self.slots[index]);
            self.write(base + ring::COMMIT, ring::COMMIT_COMMIT.put(1));
            self.write(base + ring::CONTROL, ring::CONTROL_ENABLE.put(1));
            self.heads[index] = 0;
        }
        self.write(global::INT_ENABLE, global::INT_ENABLE_ALL.put(0x7F));
        for word in 0..extractor::seed_words(1024, 384) {
            let seed = word.wrapping_mul(0x9E37_79B9) ^ 0x5EED;
            self.write(extractor::BASE + extractor::SEED_DATA, seed);
        }
        let commit = extractor::SEED_COMMIT_COMMIT.put(1);
        self.write(extractor::BASE + extractor::SEED_COMMIT, commit);
        for &n in lanes {
            let tap = lane::CONFIG_TAP.put(u32::from(taps.contains(&n)));
            self.write(lane::base(n) + lane::CONFIG, tap);
            self.write(lane::base(n) + lane::ENABLE, lane::ENABLE_ON.put(1));
        }
    }

    /// All lanes to the extractor.
    pub(crate) fn start_all(&mut self) {
        self.start(&[0, 1, 2, 3], &[]);
    }

    /// Takes what is complete, checking phases and sequence, and rings the doorbell.
    pub(crate) fn drain(&mut self, number: u32) -> Vec<Slot> {
        let index = number as usize;
        let mut taken = Vec::new();
        loop {
            let head = self.heads[index];
            let place = u64::from(head % self.slots[index]);
            let at = RING_STEP * u64::from(number);
            let memory = self.host.memory.lock().unwrap();
            let completion = (at + 32 * place) as usize;
            let Some(bytes) = memory.get(completion..completion + 32) else {
                break;
            };
            let completion = Completion::from_bytes(bytes.try_into().unwrap());
            if completion.phase != Phase::of(head, self.slots[index])
                || bytes.iter().all(|b| *b == 0)
            {
                break;
            }
            assert_eq!(completion.sequence, head, "no slot is lost");
            assert_eq!(completion.ring, number);
            let data = (at + DATA + place * u64::from(self.slot_bytes[index])) as usize;
            let data = memory[data..data + completion.bytes as usize].to_vec();
            drop(memory);
            taken.push(Slot { completion, data });
            self.heads[index] = head + 1;
        }
        if !taken.is_empty() {
            self.write(ring::base(number) + ring::HEAD, self.heads[index]);
        }
        taken
    }

    /// Plays `cycles` in small steps, emptying the ring between them.
    pub(crate) fn play(&mut self, number: u32, cycles: u64) -> Vec<Slot> {
        let end = self.card.cycle() + cycles;
        let mut all = Vec::new();
        while self.card.cycle() < end {
            self.card
                .advance_until_full((end - self.card.cycle()).min(100_000));
            all.extend(self.drain(number));
        }
        all
    }

    pub(crate) fn alarms(&self, n: u32) -> u32 {
        self.read(lane::base(n) + lane::ALARMS)
    }

    pub(crate) fn state(&self, n: u32) -> u32 {
        lane::STATE_STATE.get(self.read(lane::base(n) + lane::STATE))
    }

    /// Raw bits that lane `n` has made.
    pub(crate) fn bits(&self, n: u32) -> u64 {
        self.write(global::SNAPSHOT, 1);
        u64::from(self.read(lane::base(n) + lane::BITS_LO))
            | u64::from(self.read(lane::base(n) + lane::BITS_HI)) << 32
    }

    /// The operator's command: a restart request, then the alarms written back.
    pub(crate) fn rearm(&self, n: u32) {
        self.write(lane::base(n) + lane::RESTART, lane::RESTART_REQUEST.put(1));
        self.write(lane::base(n) + lane::ALARMS, self.alarms(n));
    }
}

/// The bits in raw slots.
pub(crate) fn raw_bits(slots: &[Slot]) -> Vec<u8> {
    slots
        .iter()
        .flat_map(|s| s.data.chunks_exact(8))
        .map(|c| u8::from(RawRecord::from_bytes(c.try_into().unwrap()).bit))
        .collect()
}

/// A recording of `photons` photons at about 4 µs from each other, seen by what `detector` says.
pub(crate) fn recording(photons: u32, detector: impl Fn(u32) -> Detector) -> Vec<u8> {
    let mut w = Writer::new(RecordType::HydraHarpV2, 1e-12);
    let (mut time, mut x) = (0, 1u32);
    for _ in 0..photons {
        x = x.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        time += 100_000 + u64::from(x >> 9);
        w.photon(detector(x.wrapping_mul(0x9E37_79B9) >> 16), time);
    }
    w.to_bytes()
}

/// The same photons, all of them at A: a beam splitter whose other detector is dark.
pub(crate) fn all_on_a(events: impl Iterator<Item = Event>) -> Vec<u8> {
    let mut w = Writer::new(RecordType::HydraHarpV2, 1e-12);
    for event in events {
        w.photon(Detector::A, event.time_ps);
    }
    w.to_bytes()
}

/// A file that is gone with the value.
pub(crate) fn file(bytes: &[u8]) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::with_suffix(".ptu").unwrap();
    std::fs::write(file.path(), bytes).unwrap();
    file
}

pub(crate) fn capture(file: &tempfile::NamedTempFile) -> SimCardOptions {
    options(Source::Capture {
        path: file.path().to_owned(),
    })
}
