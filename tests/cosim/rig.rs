//! The card's RTL and its model side by side, a cycle at a time.

use crate::bus::{Host, Manners};
use crate::lite::Lite;
use crate::scene::Setup;
use photonbox_cosim::{PortId, Random, Simulation};
use photonbox_model::{Build, BusError, BusMaster, Card, FrontEnd};
use photonbox_regmap::{BLOCKS, Completion, Phase, extractor, global, lane, ring};
use std::collections::VecDeque;

/// Rising edges from a pin's new level to the one in which the lane takes the edge.
const PIN_LATENCY: u64 = photonbox_cores::synchroniser::LATENCY;

/// Bytes of the hosts' memories.
pub const MEMORY: usize = 0x40_0000;
/// Bus address of each ring's data.
pub const DATA: [u64; 3] = [0x10_0000, 0x20_0000, 0x30_0000];
/// Bus address of each ring's completions.
pub const COMPLETIONS: [u64; 3] = [0x1000, 0x2_0000, 0x4_0000];

/// Levels of the pins of all lanes in a cycle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Pins {
    pub a: u64,
    pub b: u64,
}

/// Light on the detectors: which pins are high in the next cycle.
pub trait Light {
    fn next(&mut self, random: &mut Random) -> Pins;
}

/// No light.
pub struct Dark;

impl Light for Dark {
    fn next(&mut self, _: &mut Random) -> Pins {
        Pins::default()
    }
}

/// Photons of one lane: one in `every` cycles, the share `on_a` of 65,536 on A. Pulses are one cycle long, with a
/// low cycle after each.
#[derive(Clone, Copy, Debug)]
pub struct Beam {
    pub every: u64,
    pub on_a: u64,
}

/// A beam for each lane.
pub struct Beams {
    pub beams: Vec<Beam>,
    last: Pins,
}

impl Beams {
    pub fn new(beams: Vec<Beam>) -> Self {
        Self {
            beams,
            last: Pins::default(),
        }
    }
}

impl Light for Beams {
    fn next(&mut self, random: &mut Random) -> Pins {
        let mut pins = Pins::default();
        for (index, beam) in self.beams.iter().enumerate() {
            if beam.every != 0 && random.one_in(beam.every) {
                let on_a = random.below(1 << 16) < beam.on_a;
                let pin = if on_a { &mut pins.a } else { &mut pins.b };
                *pin |= 1 << index;
            }
        }
        pins.a &= !self.last.a;
        pins.b &= !self.last.b;
        self.last = pins;
        pins
    }
}

/// What the model wrote.
pub struct ModelHost {
    pub memory: Vec<u8>,
    pub interrupts: [u64; 4],
    pub refuse: bool,
}

impl BusMaster for ModelHost {
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), BusError> {
        if self.refuse {
            return Err(BusError);
        }
        let at = address as usize;
        self.memory[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn interrupt(&mut self, vector: u16) {
        self.interrupts[vector as usize] += 1;
    }
}

struct Ports {
    pins_a: PortId,
    pins_b: PortId,
    strobe: PortId,
    start: PortId,
    stop: PortId,
    snapshot: PortId,
    restarted: PortId,
    bits: PortId,
    ones: PortId,
}

/// A write whose effect on the RTL is still to come.
#[derive(Clone, Copy, Debug)]
struct Pending {
    offset: u32,
    value: u32,
}

/// Registers that tell time.
const OF_ITS_OWN: [u32; 2] = [global::CYCLES_LO, global::CYCLES_HI];

/// What the host saw in a life.
#[derive(Clone, Copy, Debug)]
pub struct Tally {
    pub slots: u64,
    pub most_outstanding: usize,
    pub edges_of_4_kib: u64,
}

pub struct Rig {
    pub rtl: Simulation,
    pub lite: Lite,
    pub host: Host,
    pub model: Card,
    pub model_host: ModelHost,
    pub random: Random,
    /// One in this many cycles of a register access is idle; 0: none is.
    pub gaps: u64,
    ports: Ports,
    lanes: u32,
    light: Box<dyn Light>,
    levels: VecDeque<Pins>,
    last: Pins,
    pending: Option<Pending>,
    /// Rising edges since reset was released: the number of the cycle, in the RTL as in the model.
    cycle: u64,
    bits: Vec<u64>,
    ones: Vec<u64>,
    /// The model follows. Off where the two may part: after dropped bits, or bus errors.
    pub follow: bool,
    /// Slots of each ring that were taken.
    pub heads: [u32; 3],
    slots: u64,
}

impl Rig {
    pub fn new(
        rtl: Simulation,
        build: Build,
        front_end: FrontEnd,
        hash: [u8; 32],
        seed: u64,
    ) -> Self {
        let mut rig = Self {
            lite: Lite::new(&rtl),
            host: Host::new(&rtl, build.axi_bytes() as usize, MEMORY, Manners::PROMPT),
            model: Card::new(build, hash, front_end),
            model_host: ModelHost {
                memory: vec![0; MEMORY],
                interrupts: [0; 4],
                refuse: false,
            },
            random: Random::new(seed),
            gaps: 0,
            ports: Ports {
                pins_a: rtl.port("pins_a"),
                pins_b: rtl.port("pins_b"),
                strobe: rtl.port("monitor_strobe"),
                start: rtl.port("monitor_start"),
                stop: rtl.port("monitor_stop"),
                snapshot: rtl.port("monitor_snapshot"),
                restarted: rtl.port("monitor_reset"),
                bits: rtl.port("monitor_bits"),
                ones: rtl.port("monitor_ones"),
            },
            lanes: build.lanes(),
            light: Box::new(Dark),
            levels: VecDeque::new(),
            last: Pins::default(),
            pending: None,
            cycle: 0,
            bits: vec![0; build.lanes() as usize],
            ones: vec![0; build.lanes() as usize],
            follow: true,
            heads: [0; 3],
            slots: 0,
            rtl,
        };
        rig.power_on(front_end);
        rig
    }

    fn power_on(&mut self, front_end: FrontEnd) {
        let code = match front_end {
            FrontEnd::Real => global::FRONT_END_REAL,
            FrontEnd::Test => global::FRONT_END_TEST,
            FrontEnd::Simulated => global::FRONT_END_SIMULATED,
        };
        let (reset, front_end) = (self.rtl.port("reset"), self.rtl.port("front_end"));
        self.rtl.set(front_end, u64::from(code));
        self.rtl.set(reset, 1);
        for _ in 0..4 {
            self.rtl.clock();
        }
        self.rtl.set(reset, 0);
        while !global::STATUS_IDLE.is_set(self.read(global::STATUS)) {}
    }

    /// Other light from now on.
    pub fn shine(&mut self, light: impl Light + 'static) {
        self.light = Box::new(light);
    }

    /// One cycle of both. Some when a register access ended in it.
    pub fn step(&mut self) -> Option<u32> {
        let pins = self.light.next(&mut self.random);
        self.rtl.set(self.ports.pins_a, pins.a);
        self.rtl.set(self.ports.pins_b, pins.b);
        self.levels.push_back(pins);
        self.lite.drive(&mut self.rtl, &mut self.random, self.gaps);
        self.host.drive(&mut self.rtl, &mut self.random);
        let ended = self.lite.take(&self.rtl);
        self.host.take(&self.rtl, &mut self.random);
        let (strobe, start, stop, snapshot, restarted) = (
            self.rtl.is(self.ports.strobe),
            self.rtl.is(self.ports.start),
            self.rtl.is(self.ports.stop),
            self.rtl.is(self.ports.snapshot),
            self.rtl.is(self.ports.restarted),
        );
        self.rtl.clock();
        self.follow_edges();
        self.cycle += 1;
        if self.follow {
            self.model.advance_to(self.cycle, &mut self.model_host);
        }
        if let Some(write) = self.pending {
            // A command acts when the card's control says so; everything else in its strobe.
            let command = global::CONTROL_START.mask()
                | global::CONTROL_STOP.mask()
                | global::CONTROL_SOFT_RESET.mask();
            let acts = match write.offset {
                global::CONTROL if write.value & command != 0 => start || stop || restarted,
                global::SNAPSHOT => snapshot,
                _ => strobe,
            };
            if acts {
                self.pending = None;
                if self.follow {
                    self.model
                        .write32(write.offset, write.value, &mut self.model_host);
                }
            }
        }
        self.compare_lanes();
        ended
    }

    fn follow_edges(&mut self) {
        if self.levels.len() as u64 <= PIN_LATENCY {
            return;
        }
        let Some(pins) = self.levels.pop_front() else {
            return;
        };
        let (a, b) = (pins.a & !self.last.a, pins.b & !self.last.b);
        self.last = pins;
        if !self.follow || a | b == 0 {
            return;
        }
        for index in 0..self.lanes {
            let (a, b) = (a >> index & 1 == 1, b >> index & 1 == 1);
            if a || b {
                let taken = self
                    .model
                    .edges(self.cycle, index, a, b, &mut self.model_host);
                assert_eq!(taken, Ok(()));
            }
        }
    }

    fn compare_lanes(&mut self) {
        let (bits, ones) = (self.rtl.get(self.ports.bits), self.rtl.get(self.ports.ones));
        if bits == 0 {
            return;
        }
        for (index, lane) in self.model.lanes().iter().enumerate() {
            self.bits[index] += bits >> index & 1;
            self.ones[index] += (bits & ones) >> index & 1;
            if self.follow && bits >> index & 1 == 1 {
                let counters = lane.counters();
                assert_eq!(
                    (self.bits[index], self.ones[index]),
                    (counters.bits, counters.ones),
                    "lane {index}, cycle {}: bits and ones, RTL and model",
                    self.cycle
                );
            }
        }
    }

    /// Cycles pass.
    pub fn run(&mut self, cycles: u64) {
        for _ in 0..cycles {
            self.step();
        }
    }

    /// Writes a register of both.
    pub fn write(&mut self, offset: u32, value: u32) {
        self.lite.begin_write(&mut self.rtl, offset, value, 15);
        self.pending = Some(Pending { offset, value });
        while self.step().is_none() {}
        for _ in 0..64 {
            if self.pending.is_none() {
                return;
            }
            self.step();
        }
        // A write that did nothing to the RTL must do nothing to the model either, but be counted.
        if let Some(write) = self.pending.take()
            && self.follow
        {
            self.model
                .write32(write.offset, write.value, &mut self.model_host);
        }
    }

    /// A write of the RTL alone that sets some of a register's bytes.
    pub fn partial(&mut self, offset: u32, value: u32, strobe: u8) {
        self.lite.begin_write(&mut self.rtl, offset, value, strobe);
        while self.step().is_none() {}
    }

    /// Reads a register of the RTL.
    pub fn read(&mut self, offset: u32) -> u32 {
        self.lite.begin_read(&mut self.rtl, offset);
        loop {
            if let Some(value) = self.step() {
                return value;
            }
        }
    }

    /// Reads a place of both once, and compares: for one where nothing is, since both count such a read.
    pub fn same_once(&mut self, offset: u32) -> u32 {
        let rtl = self.read(offset);
        let model = self.model.read32(offset);
        assert_eq!(rtl, model, "register {offset:#06x}, cycle {}", self.cycle);
        rtl
    }

    /// Reads a register of both, and compares. A read takes some cycles, at the first of which the RTL looks: one in
    /// which the model's register changed is repeated.
    pub fn same(&mut self, offset: u32) -> u32 {
        for _ in 0..8 {
            let before = self.model.read32(offset);
            let rtl = self.read(offset);
            let model = self.model.read32(offset);
            if before == model {
                assert_eq!(rtl, model, "register {offset:#06x}, cycle {}", self.cycle);
                return rtl;
            }
        }
        panic!(
            "register {offset:#06x} does not come to rest, cycle {}",
            self.cycle
        );
    }

    /// Lanes of the build.
    pub fn lanes(&self) -> u32 {
        self.lanes
    }

    /// The cycle to come.
    pub fn cycle(&self) -> u64 {
        self.cycle
    }

    /// What the host saw.
    pub fn tally(&self) -> Tally {
        Tally {
            slots: self.slots,
            most_outstanding: self.host.most_outstanding,
            edges_of_4_kib: self.host.crossings_at_edge,
        }
    }

    /// Compares every register of the map, but those that tell time.
    pub fn compare_registers(&mut self) {
        for block in &BLOCKS {
            let lanes = block.base == lane::BASE;
            let instances = if lanes { self.lanes } else { block.count };
            for instance in 0..instances {
                for register in block.registers {
                    let offset = block.base + instance * block.stride + register.offset;
                    if !OF_ITS_OWN.contains(&offset) {
                        self.same(offset);
                    }
                }
            }
        }
    }

    /// Resets both, and waits until the card has tested itself.
    pub fn soft_reset(&mut self) {
        // Whatever the two were doing ends here.
        self.follow = false;
        let reset = global::CONTROL_SOFT_RESET.mask();
        self.write(global::CONTROL, reset);
        self.host.aborted = true;
        self.wait_idle();
        self.host.aborted = false;
        self.model.advance_to(self.cycle, &mut self.model_host);
        self.model
            .write32(global::CONTROL, reset, &mut self.model_host);
        self.bits.fill(0);
        self.ones.fill(0);
        self.follow = true;
        assert!(self.host.quiet(), "a burst was left unfinished");
        // Slots of before the reset must not look like slots of after it.
        for memory in [&mut self.host.memory, &mut self.model_host.memory] {
            memory.fill(0);
        }
    }

    /// Waits until the card is idle.
    pub fn wait_idle(&mut self) {
        for _ in 0..1_000 {
            if global::STATUS_IDLE.is_set(self.read(global::STATUS)) {
                return;
            }
        }
        panic!("the card does not become idle");
    }

    pub fn lane(&mut self, index: u32, offset: u32, value: u32) {
        self.write(lane::base(index) + offset, value);
    }

    /// Commits and enables a ring.
    pub fn commit(&mut self, number: u32, slot_bytes: u32, slots: u32) {
        let from = COMPLETIONS[number as usize] as usize;
        for memory in [&mut self.host.memory, &mut self.model_host.memory] {
            memory[from..from + 32 * slots as usize].fill(0);
        }
        let base = ring::base(number);
        let (data, completions) = (DATA[number as usize], COMPLETIONS[number as usize]);
        for (offset, value) in [
            (ring::DATA_BASE_LO, data as u32),
            (ring::CPL_BASE_LO, completions as u32),
            (ring::SLOT_BYTES, slot_bytes),
            (ring::SLOT_COUNT, slots),
            (ring::COMMIT, 1),
            (ring::CONTROL, 1),
        ] {
            self.write(base + offset, value);
        }
        self.heads[number as usize] = 0;
        if self.follow {
            self.same(base + ring::STATUS);
        }
    }

    /// Loads and commits a random seed.
    pub fn seed(&mut self, n: u32, m: u32) {
        for _ in 0..extractor::seed_words(n, m) {
            let word = self.random.bits() as u32;
            self.write(extractor::BASE + extractor::SEED_DATA, word);
        }
        self.write(extractor::BASE + extractor::SEED_COMMIT, 1);
    }
}

/// What was taken off a ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slot {
    pub completion: Completion,
    pub data: Vec<u8>,
}

impl Rig {
    fn slot(memory: &[u8], number: u32, slot: u32, slot_bytes: u32) -> Slot {
        let at = (COMPLETIONS[number as usize] + 32 * u64::from(slot)) as usize;
        let mut bytes = [0; 32];
        bytes.copy_from_slice(&memory[at..at + 32]);
        let completion = Completion::from_bytes(&bytes);
        let from = (DATA[number as usize] + u64::from(slot) * u64::from(slot_bytes)) as usize;
        let length = completion.bytes.min(slot_bytes) as usize;
        Slot {
            data: memory[from..from + length].to_vec(),
            completion,
        }
    }

    /// Takes every slot that the RTL has completed, as a driver does, by the phase; each is the model's. Then
    /// rings the doorbell of both.
    pub fn take(&mut self, number: u32, setup: &Setup) -> Vec<Slot> {
        let mut taken = Vec::new();
        loop {
            let head = self.heads[number as usize];
            let place = head % setup.slots;
            let rtl = Self::slot(&self.host.memory, number, place, setup.slot_bytes);
            let valid = rtl.completion.generation != 0
                && rtl.completion.phase == Phase::of(head, setup.slots)
                && rtl.completion.sequence == head;
            if !valid || taken.len() as u32 == setup.slots {
                break;
            }
            if self.follow {
                let model = Self::slot(&self.model_host.memory, number, place, setup.slot_bytes);
                assert_eq!(
                    rtl, model,
                    "ring {number}, slot {head}, cycle {}",
                    self.cycle
                );
            }
            taken.push(rtl);
            self.slots += 1;
            self.heads[number as usize] += 1;
        }
        if !taken.is_empty() {
            let head = self.heads[number as usize];
            self.write(ring::base(number) + ring::HEAD, head);
        }
        taken
    }
    /// Takes what both cards have completed in the key-box ring, where boxes of several jobs come in an order of their
    /// own: the RTL's slots and the model's, or the RTL's alone where the model does not follow.
    pub fn take_boxes(&mut self, setup: &Setup) -> [Vec<Slot>; 2] {
        let number = ring::KEYBOX;
        let tail = self.read(ring::base(number) + ring::TAIL);
        let head = self.heads[number as usize];
        let mut count = tail.wrapping_sub(head);
        if self.follow {
            let of_model = self.model.rings()[number as usize].tail();
            count = count.min(of_model.wrapping_sub(head));
        }
        let slots = |memory: &[u8], count: u32| -> Vec<Slot> {
            let taken = (0..count).map(|index| {
                let sequence = head.wrapping_add(index);
                let slot = Self::slot(memory, number, sequence % setup.slots, setup.slot_bytes);
                assert_eq!(slot.completion.sequence, sequence);
                assert_eq!(slot.completion.phase, Phase::of(sequence, setup.slots));
                slot
            });
            taken.collect()
        };
        let taken = [
            slots(&self.host.memory, count),
            slots(&self.model_host.memory, if self.follow { count } else { 0 }),
        ];
        if count != 0 {
            self.slots += u64::from(count);
            self.heads[number as usize] = head.wrapping_add(count);
            let head = self.heads[number as usize];
            self.write(ring::base(number) + ring::HEAD, head);
        }
        taken
    }
}
