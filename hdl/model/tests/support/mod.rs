//! Host memory for a card, and its bring-up.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test file uses its part; a failed unwrap is a failed test"
)]

use photonbox_model::{Build, BusError, BusMaster, Card, FrontEnd, Toeplitz};
use photonbox_regmap::{
    Completion, MODEL_BUILD_HASH, Phase, RawRecord, extractor, global, lane, ring,
};

pub const DATA: [u64; 3] = [0x10_0000, 0x40_0000, 0x70_0000];
pub const COMPLETIONS: [u64; 3] = [0x1000, 0x2000, 0x3000];

/// What the card did on the bus, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    Write(u64, usize),
    Interrupt(u16),
}

#[derive(Debug)]
pub struct Host {
    pub memory: Vec<u8>,
    pub events: Vec<Event>,
    pub fail_at: Option<u64>,
}

impl Host {
    pub fn new() -> Self {
        Self {
            memory: vec![0; 0xa0_0000],
            events: Vec::new(),
            fail_at: None,
        }
    }

    pub fn interrupts(&self, vector: u16) -> usize {
        self.events
            .iter()
            .filter(|event| **event == Event::Interrupt(vector))
            .count()
    }

    pub fn completion(&self, number: u32, slot: u32) -> Completion {
        let at = COMPLETIONS[number as usize] as usize + 32 * slot as usize;
        Completion::from_bytes(self.memory[at..at + 32].try_into().unwrap())
    }

    pub fn data(&self, number: u32, slot: u32, slot_bytes: u32, bytes: u32) -> &[u8] {
        let at = DATA[number as usize] as usize + (slot * slot_bytes) as usize;
        &self.memory[at..at + bytes as usize]
    }
}

impl BusMaster for Host {
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), BusError> {
        assert!(data.len() <= 256 && !data.is_empty());
        assert_eq!(
            address / 4096,
            (address + data.len() as u64 - 1) / 4096,
            "crosses 4 KiB"
        );
        if self.fail_at.is_some_and(|from| address >= from) {
            return Err(BusError);
        }
        let at = address as usize;
        self.memory[at..at + data.len()].copy_from_slice(data);
        self.events.push(Event::Write(address, data.len()));
        Ok(())
    }

    fn interrupt(&mut self, vector: u16) {
        self.events.push(Event::Interrupt(vector));
    }
}

/// A card with its host memory.
pub struct Bench {
    pub card: Card,
    pub host: Host,
    pub slots: u32,
    pub slot_bytes: u32,
}

impl Bench {
    pub fn new(front_end: FrontEnd) -> Self {
        Self::of(Build::Small, front_end)
    }

    pub fn of(build: Build, front_end: FrontEnd) -> Self {
        let card = Card::new(build, MODEL_BUILD_HASH, front_end);
        Self {
            card,
            host: Host::new(),
            slots: 8,
            slot_bytes: 4096,
        }
    }

    pub fn read(&mut self, offset: u32) -> u32 {
        self.card.read32(offset)
    }

    pub fn write(&mut self, offset: u32, value: u32) {
        self.card.write32(offset, value, &mut self.host);
    }

    pub fn lane(&mut self, index: u32, offset: u32) -> u32 {
        self.read(lane::base(index) + offset)
    }

    pub fn set_lane(&mut self, index: u32, offset: u32, value: u32) {
        self.write(lane::base(index) + offset, value);
    }

    pub fn ring(&mut self, number: u32, offset: u32) -> u32 {
        self.read(ring::base(number) + offset)
    }

    pub fn set_ring(&mut self, number: u32, offset: u32, value: u32) {
        self.write(ring::base(number) + offset, value);
    }

    pub fn counter(&mut self, index: u32, low: u32) -> u64 {
        self.write(global::SNAPSHOT, 1);
        u64::from(self.lane(index, low)) | u64::from(self.lane(index, low + 4)) << 32
    }

    pub fn commit(&mut self, number: u32) {
        self.set_ring(number, ring::DATA_BASE_LO, DATA[number as usize] as u32);
        self.set_ring(
            number,
            ring::CPL_BASE_LO,
            COMPLETIONS[number as usize] as u32,
        );
        self.set_ring(number, ring::SLOT_BYTES, self.slot_bytes);
        self.set_ring(number, ring::SLOT_COUNT, self.slots);
        self.set_ring(number, ring::COMMIT, 1);
        assert!(ring::STATUS_COMMITTED.is_set(self.ring(number, ring::STATUS)));
        self.set_ring(number, ring::CONTROL, 1);
    }

    /// Seed with bit i set where `bit(i)` says so.
    pub fn load_seed(&mut self, bit: impl Fn(u32) -> bool) {
        let n = self.read(extractor::BASE + extractor::N);
        let m = self.read(extractor::BASE + extractor::M);
        for word in 0..extractor::seed_words(n, m) {
            let value = (0..32).fold(0, |value, index| {
                value | u32::from(bit(32 * word + index)) << index
            });
            self.write(extractor::BASE + extractor::SEED_DATA, value);
        }
        self.write(extractor::BASE + extractor::SEED_COMMIT, 1);
    }

    /// Commits the rings, seeds the extractor and enables `lanes` (bits), routed to TAP where `tap` says so.
    pub fn bring_up(&mut self, lanes: u32, tap: u32) {
        for number in [ring::ENTROPY, ring::RAW] {
            self.commit(number);
        }
        self.load_seed(seed_bit);
        self.write(global::INT_ENABLE, 0x7f);
        for index in (0..4).filter(|index| lanes >> index & 1 == 1) {
            self.set_lane(index, lane::ENABLE, 1);
            self.set_lane(index, lane::CONFIG, lane::CONFIG_TAP.put(tap >> index & 1));
        }
    }

    pub fn start(&mut self) {
        self.write(global::CONTROL, global::CONTROL_START.mask());
        assert_eq!(self.read(global::START_ERROR), 0);
        assert!(global::STATUS_RUNNING.is_set(self.read(global::STATUS)));
    }

    pub fn stop(&mut self) {
        self.write(global::CONTROL, global::CONTROL_STOP.mask());
    }

    pub fn edge(&mut self, cycle: u64, lane: u32, a: bool) {
        self.card.edges(cycle, lane, a, !a, &mut self.host).unwrap();
    }

    /// Gives `bits` to a lane, one each 40 cycles from now on.
    pub fn bits(&mut self, lane: u32, bits: impl IntoIterator<Item = bool>) {
        for bit in bits {
            let cycle = self.card.now() + 40;
            self.edge(cycle, lane, bit);
        }
        let end = self.card.now() + 40;
        self.card.advance_to(end, &mut self.host);
    }

    pub fn state(&mut self, lane: u32) -> u32 {
        lane::STATE_STATE.get(self.lane(lane, lane::STATE))
    }

    /// Takes slots off a ring as a driver does: by the phase bit, from `head` on.
    pub fn slot(&self, number: u32, count: u32) -> Option<(Completion, Vec<u8>)> {
        let completion = self.host.completion(number, count % self.slots);
        (completion.phase == Phase::of(count, self.slots) && completion.generation != 0).then(
            || {
                let slot = count % self.slots;
                (
                    completion,
                    self.host
                        .data(number, slot, self.slot_bytes, completion.bytes)
                        .to_vec(),
                )
            },
        )
    }

    pub fn records(&self, count: u32) -> Vec<RawRecord> {
        let (_, data) = self.slot(ring::RAW, count).unwrap();
        data.chunks_exact(8)
            .map(|chunk| RawRecord::from_bytes(chunk.try_into().unwrap()))
            .collect()
    }
}

pub fn seed_bit(index: u32) -> bool {
    noise(u64::from(index) + 77)
}

/// Deterministic, balanced, without structure that a test here could see.
pub fn noise(index: u64) -> bool {
    let mut x = index.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ x >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ x >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    (x ^ x >> 31) & 1 == 1
}

/// Blocks of `bits` as the extractor makes them with the seed of the test bench.
pub fn blocks(bits: &[bool]) -> Vec<u8> {
    let seed: Vec<u32> = (0..44)
        .map(|word| {
            (0..32).fold(0, |value, k| {
                value | u32::from(seed_bit(32 * word + k)) << k
            })
        })
        .collect();
    let mut toeplitz = Toeplitz::new(1024, 384, &seed).unwrap();
    let mut out = Vec::new();
    for block in bits.chunks_exact(1024) {
        block.iter().for_each(|&bit| {
            toeplitz.absorb(bit);
        });
        out.extend(toeplitz.output());
        toeplitz.clear();
    }
    out
}

/// Passes the start-up test of each of `lanes` (in turn, so that the bits are in step).
pub fn start_up(bench: &mut Bench, lanes: &[u32]) {
    for index in 0..1024 {
        let cycle = bench.card.now() + 40;
        for &lane in lanes {
            bench.edge(cycle, lane, noise(index * 64 + u64::from(lane)));
        }
    }
    let end = bench.card.now() + 40;
    bench.card.advance_to(end, &mut bench.host);
    for &lane in lanes {
        assert_eq!(bench.state(lane), lane::RUNNING, "lane {lane}");
    }
}
