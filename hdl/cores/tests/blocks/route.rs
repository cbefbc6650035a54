//! Routing against the model's order of bits: exactly while nothing is dropped, and bit for bit accounted otherwise.

use photonbox_cores::dedupe::dedupe;
use photonbox_cores::route::Route;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_regmap::RawRecord;
use rust_hdl::prelude::*;

const GAP: u64 = 0x20;
/// Build small's.
pub(crate) type RouteBench = Routed<4, 8>;
/// Build wide's.
pub(crate) type RouteWideBench = Routed<64, 64>;

macro_rules! ports {
    ($($name:ident)*) => {
        #[derive(Clone, Copy)]
        struct Ports { $($name: PortId),* }
        impl Ports {
            fn new(rtl: &Simulation) -> Self {
                Self { $($name: rtl.port(stringify!($name))),* }
            }
        }
    };
}

ports! {
    reset valid bits tap alarm test simulated replayed timestamp drain idle n mark marked chunk_ready
    chunk_refuse chunk_valid chunk_bits chunk_count discard discarded made block_lanes block_flags raw_valid raw_ready
    raw_data raw_flags raw_lanes lost thrown bulk_valid bulk_lane bulk_count dropped
}

/// What the stand-in for the extractor does.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Extractor {
    Take,
    Give(u64),
    Load(u64),
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Finished {
    bits: Vec<bool>,
    lanes: u64,
    flags: u64,
}

/// Lanes with stand-ins for extractor and raw ring, in epochs: some where nothing may be dropped, and some
/// where queues overflow, rings stop, and seeds are missing.
pub(crate) struct Routed<const LANES: usize, const W: usize> {
    ports: Ports,
    exact: bool,
    left: u64,
    draining: bool,
    grace: u64,
    now: u64,
    n: u64,
    tap: u64,
    speaking: u64,
    density: u64,
    /// Cycles for which one in so many lanes has a bit.
    burst: (u64, u64),
    /// Cycles since the last alarm.
    calm: u64,
    /// Cycles that the packer needs for what has come, about.
    pressure: u64,
    stuck: bool,
    refuse: bool,
    extractor: Extractor,
    taking: Vec<bool>,
    blocks: Vec<Finished>,
    wanted: Vec<Finished>,
    progress: Finished,
    progress_lanes: [u64; LANES],
    gap: bool,
    records: Vec<(u64, u64, u64)>,
    given: [u64; LANES],
    used: [u64; LANES],
    counted: [u64; LANES],
    expected_bulk: [u64; LANES],
    dropped: u64,
    since_mark: u64,
    mark_due: bool,
}

impl<const LANES: usize, const W: usize> Routed<LANES, W> {
    const ALL: u64 = u64::MAX >> (64 - LANES);

    fn epoch(&mut self, random: &mut Random) {
        self.exact = !random.one_in(3);
        self.left = 200 + random.below(1500);
        self.draining = false;
        self.grace = 0;
        self.n = 10 + random.below(60);
        self.tap = match random.below(4) {
            0 => 0,
            1 => Self::ALL,
            _ => random.bits() & Self::ALL,
        };
        self.density = if self.exact { 16 } else { 1 + random.below(8) };
        self.speaking = Self::ALL;
        if LANES == 4 && random.one_in(6) {
            // One lane has bits: its part of a block has up to 13 digits.
            self.n = 512 + random.below(3585);
            self.left = 6000;
            self.tap = 0;
            self.density = 2;
            self.speaking = 1 << random.below(4);
        }
        if LANES == 64 {
            // What the packer keeps up with, by the length of a block: each costs it some forty cycles.
            let long = random.one_in(2);
            if random.one_in(3) {
                self.tap = 0;
            }
            if long {
                self.n = if self.exact { 512 } else { 100 } + random.below(1024);
                self.left += 2000;
            }
            self.density = match (self.exact, long) {
                (false, true) => self.density,
                (false, false) => 64 + 16 * self.density,
                (true, false) => 600,
                (true, true) if self.tap == 0 => 50 << random.below(3),
                (true, true) => 200,
            };
        }
        self.burst = (0, 1);
        self.pressure = 0;
        self.stuck = false;
        self.refuse = false;
        self.extractor = Extractor::Take;
        self.taking.clear();
        self.blocks.clear();
        self.wanted.clear();
        self.progress = Finished::default();
        self.progress_lanes = [0; LANES];
        self.gap = false;
        self.records.clear();
        self.given = [0; LANES];
        self.used = [0; LANES];
        self.counted = [0; LANES];
        self.expected_bulk = [0; LANES];
        self.dropped = 0;
        self.since_mark = 0;
        self.mark_due = false;
    }

    /// The model's discard: the bits of the block in progress are counted, and the next block has a gap.
    fn discard(&mut self) {
        for (expected, lane) in self.expected_bulk.iter_mut().zip(&mut self.progress_lanes) {
            *expected += std::mem::take(lane);
        }
        self.gap |= !self.progress.bits.is_empty();
        self.progress = Finished::default();
    }

    fn finish(&self) -> Result<(), String> {
        if self.exact {
            if self.blocks != self.wanted {
                return Err(format!(
                    "blocks: RTL {:?}, model {:?}",
                    self.blocks, self.wanted
                ));
            }
            if !self.records.is_empty() {
                return Err(format!(
                    "raw_valid: RTL 0, model {} more",
                    self.records.len()
                ));
            }
            if self.counted != self.expected_bulk {
                return Err(format!(
                    "counted: RTL {:?}, model {:?}",
                    self.counted, self.expected_bulk
                ));
            }
        }
        let total: u64 = self.counted.iter().sum();
        if self.dropped != total {
            return Err(format!("dropped: RTL {}, by lane {total}", self.dropped));
        }
        let in_blocks: u64 = self
            .blocks
            .iter()
            .map(|block| block.bits.len() as u64)
            .sum();
        let in_records: u64 = self.used.iter().sum();
        let given: u64 = self.given.iter().sum();
        if given != in_blocks + in_records + total {
            return Err(format!(
                "bits: {given} given, {in_blocks} in blocks, {in_records} in records, {total} counted"
            ));
        }
        Ok(())
    }
}

impl<const LANES: usize, const W: usize> Bench for Routed<LANES, W> {
    const NAME: &'static str = if LANES == 4 { "route" } else { "route_wide" };
    const CYCLES: u64 = if LANES == 4 { 400_000 } else { 1_000_000 };
    const BINS: &'static [&'static str] = &[
        "block",
        "block with a gap",
        "record",
        "record with a gap",
        "discard of bits",
        "discard while the block is made",
        "discard of a block",
        "lost on arrival",
        "thrown away",
        "mark",
        "many bits at once",
        "drained exactly",
        "drained with drops",
        "alarm with bits",
    ];

    fn design() -> Result<Design> {
        let mut block = Route::<LANES, W>::default();
        block.connect_all();
        Design::new(Self::NAME, dedupe(&generate_verilog(&block)), "top")
    }

    fn new(rtl: &Simulation, random: &mut Random) -> Self {
        let mut bench = Self {
            ports: Ports::new(rtl),
            exact: true,
            left: 0,
            draining: false,
            grace: 0,
            now: random.bits() >> 9,
            n: 0,
            tap: 0,
            speaking: 0,
            density: 1,
            burst: (0, 1),
            calm: 0,
            pressure: 0,
            stuck: false,
            refuse: false,
            extractor: Extractor::Take,
            taking: Vec::new(),
            blocks: Vec::new(),
            wanted: Vec::new(),
            progress: Finished::default(),
            progress_lanes: [0; LANES],
            gap: false,
            records: Vec::new(),
            given: [0; LANES],
            used: [0; LANES],
            counted: [0; LANES],
            expected_bulk: [0; LANES],
            dropped: 0,
            since_mark: 0,
            mark_due: false,
        };
        bench.epoch(random);
        bench
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let ports = self.ports;
        if self.grace > 4 {
            self.finish()?;
            hit(if self.exact {
                "drained exactly"
            } else {
                "drained with drops"
            });
            // What a discard at the end left (a gap to report) goes with a reset.
            rtl.set(ports.drain, 0);
            rtl.set(ports.reset, 1);
            rtl.clock();
            rtl.set(ports.reset, 0);
            self.epoch(random);
        }
        self.now += 1;
        let mask = Self::ALL;
        // The lanes; now and then many of them at once.
        if LANES == 64
            && self.n >= 512
            && self.tap == 0
            && self.density >= 100
            && self.pressure == 0
            && random.one_in(400)
        {
            self.burst = (1 + random.below(12), 1 + random.below(3));
        }
        let density = if self.burst.0 > 0 {
            self.burst.0 -= 1;
            self.burst.1
        } else if LANES == 4 && random.one_in(40) {
            1
        } else if LANES == 64 && self.exact && self.pressure > 24 {
            // No more than the queue has room for.
            1 << 32
        } else {
            self.density
        };
        let (mut valid, mut alarm) = (0, 0);
        if !self.draining {
            for lane in 0..LANES {
                valid |= u64::from(random.one_in(density)) << lane;
            }
            valid &= self.speaking;
            // Counting a discarded block takes a cycle a lane; alarms faster than that may drop bits.
            let giving = matches!(self.extractor, Extractor::Give(_));
            let often = match (LANES, self.exact) {
                (64, false) if giving => 8,
                (64, _) => 800,
                _ if self.speaking != Self::ALL => 4000,
                _ => 120,
            };
            // Else no alarm reaches the head while a block is given.
            if LANES == 64 && !self.exact && giving && density >= 64 {
                valid = 0;
            }
            self.calm += 1;
            if random.one_in(often) && (!self.exact || self.calm > 2 * LANES as u64) {
                self.calm = 0;
                alarm = 1 << random.below(LANES as u64);
                valid &= !alarm;
                if valid != 0 {
                    hit("alarm with bits");
                }
            }
        }
        let many = u64::from((valid & !self.tap).count_ones());
        self.pressure += u64::from(many != 0) + many / 4;
        if self.extractor == Extractor::Take {
            self.pressure = self.pressure.saturating_sub(1);
        }
        if many as usize > LANES / 2 {
            hit("many bits at once");
        }
        let bits = random.bits() & mask;
        let test = if random.one_in(3) {
            random.bits() & mask
        } else {
            0
        };
        let simulated = random.one_in(40);
        let replayed = random.one_in(60);
        for lane in 0..LANES {
            self.given[lane] += valid >> lane & 1;
        }
        // What the model makes of them.
        if self.exact {
            if alarm & !self.tap != 0 {
                self.discard();
            }
            for lane in (0..LANES).filter(|lane| valid >> lane & 1 == 1) {
                let bit = bits >> lane & 1 == 1;
                let flags =
                    (test >> lane & 1) << 1 | u64::from(simulated) << 2 | u64::from(replayed) << 3;
                if self.tap >> lane & 1 == 1 {
                    let record = RawRecord {
                        timestamp: self.now & ((1 << 56) - 1),
                        lane: lane as u8,
                        gap: false,
                        bit,
                    };
                    self.records.push((
                        u64::from_le_bytes(record.to_bytes()),
                        flags | 1,
                        1 << lane,
                    ));
                    continue;
                }
                self.progress.bits.push(bit);
                self.progress.lanes |= 1 << lane;
                let gap = if std::mem::take(&mut self.gap) {
                    GAP
                } else {
                    0
                };
                self.progress.flags |= flags | gap;
                self.progress_lanes[lane] += 1;
                if self.progress.bits.len() as u64 == self.n {
                    self.wanted.push(std::mem::take(&mut self.progress));
                    self.progress_lanes = [0; LANES];
                }
            }
        }
        if self.left == 0 && !self.draining {
            self.draining = true;
            if self.exact {
                self.discard();
            }
        }
        self.left = self.left.saturating_sub(1);
        if !self.exact {
            if random.one_in(300) {
                self.stuck = !self.stuck;
            }
            if random.one_in(500) {
                self.refuse = !self.refuse;
            }
        }
        self.since_mark += 1;
        let mark = !self.mark_due && self.since_mark > 6 && !self.draining && random.one_in(40);
        if mark {
            self.mark_due = true;
            self.since_mark = 0;
        }

        rtl.set(ports.valid, valid);
        rtl.set(ports.bits, bits);
        rtl.set(ports.tap, self.tap);
        rtl.set(ports.alarm, alarm);
        rtl.set(ports.test, test);
        rtl.set(ports.simulated, u64::from(simulated));
        rtl.set(ports.replayed, u64::from(replayed));
        rtl.set(ports.timestamp, self.now & ((1 << 56) - 1));
        rtl.set(ports.drain, u64::from(self.draining && self.left == 0));
        rtl.set(ports.n, self.n);
        rtl.set(ports.mark, u64::from(mark));
        let ready =
            self.extractor == Extractor::Take && !self.refuse && !(self.stuck && random.one_in(2));
        rtl.set(ports.chunk_ready, u64::from(ready));
        rtl.set(
            ports.chunk_refuse,
            u64::from(self.extractor == Extractor::Take && self.refuse),
        );
        let raw_ready = !self.stuck && !random.one_in(4);
        rtl.set(ports.raw_ready, u64::from(raw_ready));
        let made = self.extractor == Extractor::Give(0);
        rtl.set(ports.made, u64::from(made));
        rtl.set(ports.discarded, 0);
        rtl.settle();
        let asked = rtl.is(ports.discard);
        let mut discarded = false;
        if asked {
            match self.extractor {
                Extractor::Take | Extractor::Load(_) => discarded = true,
                Extractor::Give(wait) if !self.exact && wait > 0 && random.one_in(3) => {
                    hit("discard of a block");
                    discarded = true;
                }
                Extractor::Give(_) => {}
            }
        }
        rtl.set(ports.discarded, u64::from(discarded));
        rtl.settle();

        // What the RTL makes of them.
        if rtl.is(ports.marked) {
            if !self.mark_due {
                return Err("marked: RTL 1, model 0".to_owned());
            }
            hit("mark");
            self.mark_due = false;
        }
        if rtl.is(ports.chunk_valid) && ready {
            let (count, value) = (rtl.get(ports.chunk_count), rtl.get(ports.chunk_bits));
            let room = self.n - self.taking.len() as u64;
            let most = room.min(W as u64);
            if count != most || value & !(u64::MAX >> (64 - count)) != 0 {
                return Err(format!("chunk: RTL {count} bits {value:#x}, model {most}"));
            }
            self.taking.extend((0..count).map(|k| value >> k & 1 == 1));
            if self.taking.len() as u64 == self.n {
                let wait = if self.exact {
                    2 + random.below(18)
                } else if LANES == 4 || random.one_in(10) {
                    2 + random.below(400)
                } else {
                    2 + random.below(60)
                };
                self.extractor = Extractor::Give(wait);
            }
        }
        if made {
            hit("block");
            if asked {
                hit("discard while the block is made");
            }
            let flags = rtl.get(ports.block_flags);
            if flags & GAP != 0 {
                hit("block with a gap");
            }
            self.blocks.push(Finished {
                bits: std::mem::take(&mut self.taking),
                lanes: rtl.get(ports.block_lanes),
                flags,
            });
        }
        if discarded {
            if !self.taking.is_empty() {
                hit("discard of bits");
            }
            self.taking.clear();
            self.extractor = Extractor::Load(random.below(10));
        } else {
            self.extractor = match self.extractor {
                Extractor::Give(0) => Extractor::Load(random.below(10)),
                Extractor::Give(wait) => Extractor::Give(wait - 1),
                Extractor::Load(0) => Extractor::Take,
                Extractor::Load(wait) => Extractor::Load(wait - 1),
                Extractor::Take => Extractor::Take,
            };
        }
        if rtl.is(ports.raw_valid) && raw_ready {
            hit("record");
            let got = (
                rtl.get(ports.raw_data),
                rtl.get(ports.raw_flags),
                rtl.get(ports.raw_lanes),
            );
            if got.1 & GAP != 0 {
                hit("record with a gap");
            }
            let used = self.used.get_mut(got.2.trailing_zeros() as usize);
            *used.ok_or("a record of no lane")? += 1;
            if self.exact {
                let expected = if self.records.is_empty() {
                    (0, 0, 0)
                } else {
                    self.records.remove(0)
                };
                if got != expected {
                    return Err(format!("record: RTL {got:x?}, model {expected:x?}"));
                }
            }
        }
        let (lost, thrown) = (rtl.get(ports.lost), rtl.get(ports.thrown));
        for lane in 0..LANES {
            self.counted[lane] += (lost >> lane & 1) + (thrown >> lane & 1);
        }
        if lost != 0 {
            hit("lost on arrival");
        }
        if thrown != 0 {
            hit("thrown away");
        }
        if self.exact && lost | thrown != 0 {
            return Err(format!("lost: RTL {lost:#x}, thrown {thrown:#x}, model 0"));
        }
        if rtl.is(ports.bulk_valid) {
            self.counted[rtl.get(ports.bulk_lane) as usize] += rtl.get(ports.bulk_count);
        }
        self.dropped += rtl.get(ports.dropped);
        if self.draining && rtl.is(ports.idle) {
            self.grace += 1;
        } else {
            self.grace = 0;
        }
        // A queue of full entries is hundreds of short blocks.
        if self.draining && self.since_mark > 20 * (LANES * LANES) as u64 + 5000 {
            return Err("idle stays 0".to_owned());
        }
        rtl.clock();
        Ok(())
    }
}

#[test]
fn lockstep_of_build_wide() {
    photonbox_cosim::check::<RouteWideBench>().unwrap();
}

/// Cycles of a block whose lanes all have a bit in each cycle, with an extractor that is always ready.
#[test]
fn as_many_bits_a_cycle_as_there_are_lanes() {
    let library = photonbox_cosim::build::<RouteWideBench>().unwrap();
    let mut rtl = library.simulation();
    let ports = Ports::new(&rtl);
    let n = 1024;
    for (port, value) in [(ports.n, n), (ports.chunk_ready, 1), (ports.raw_ready, 1)] {
        rtl.set(port, value);
    }
    let (mut random, mut given, mut taken) = (Random::new(1), Vec::new(), Vec::new());
    let (mut first, mut last) = (0, 0);
    for cycle in 0..60 {
        let word = random.bits();
        let valid = if cycle < n / 64 { u64::MAX } else { 0 };
        rtl.set(ports.valid, valid);
        rtl.set(ports.bits, word);
        if valid != 0 {
            given.push(word);
        }
        rtl.settle();
        if rtl.is(ports.chunk_valid) {
            first = if taken.is_empty() { cycle } else { first };
            last = cycle;
            taken.push(rtl.get(ports.chunk_bits));
        }
        rtl.clock();
    }
    assert_eq!(given, taken);
    println!("first chunk after {first} cycles, last after {last}");
    assert_eq!(last - first + 1, n / 64, "a chunk each cycle");
    assert!(first <= 14, "the first chunk comes after {first} cycles");
}
