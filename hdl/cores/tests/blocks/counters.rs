//! `counters`: exact at the snapshot's cycle, whatever comes between.

use crate::csr::{Bus, Op, same};
use photonbox_cores::counters::Counters;
use photonbox_cores::dedupe::dedupe;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_regmap::lane;
use rust_hdl::prelude::{Block as _, generate_verilog};

const INCREMENTS: [&str; 9] = [
    "inc_bits",
    "inc_ones",
    "inc_coincidences",
    "inc_ignored_low",
    "inc_ignored_high",
    "inc_edges_a",
    "inc_edges_b",
    "inc_discarded_low",
    "inc_discarded_high",
];
/// Which counter each of them adds to, and how much.
const EFFECT: [(usize, u64); 9] = [
    (0, 1),
    (1, 1),
    (2, 1),
    (3, 1),
    (3, 2),
    (4, 1),
    (5, 1),
    (6, 1),
    (6, 2),
];

/// Seven counts of each lane.
type Counts = Vec<[u64; 7]>;

/// Build small's.
pub(crate) type CountersBench = Counting<4, 5>;
/// Build wide's.
pub(crate) type CountersWideBench = Counting<64, 9>;

pub(crate) struct Counting<const LANES: usize, const ADDRESS: usize> {
    bus: Bus,
    increments: [PortId; 9],
    bulk: [PortId; 3],
    snapshot: PortId,
    busy: PortId,
    reset: PortId,
    preload: [PortId; 3],
    now: Counts,
    kept: Counts,
    busy_for: u32,
    /// Chance of an increment in a cycle, by spells.
    rate: u64,
    /// Two increments of one counter in a cycle: chance, of four, that it is the high one that is tried.
    high: u64,
    /// Chance of a discarded block, and its lane, by spells.
    bulk_rate: u64,
    target: u64,
    /// Bits that may still be discarded at once, by lane: what is between two visits of a sweep fits 16 bits.
    room: Vec<u64>,
    expected: Option<(u32, u32)>,
    /// A preload waits for the end of a sweep.
    due: bool,
    turn: u64,
}

fn value(op: Op, kept: &Counts) -> u32 {
    let in_run = (lane::BITS_LO..=lane::DISCARDED_HI).contains(&op.offset);
    if op.block != 2 || !in_run {
        return 0;
    }
    let place = (op.offset - lane::BITS_LO) / 4;
    (kept[op.instance as usize][place as usize / 2] >> (32 * (place % 2))) as u32
}

impl<const LANES: usize, const ADDRESS: usize> Bench for Counting<LANES, ADDRESS> {
    const NAME: &'static str = if LANES == 4 {
        "counters"
    } else {
        "counters_wide"
    };
    const CYCLES: u64 = 40_000;
    const BINS: &'static [&'static str] = &[
        "snapshot",
        "snapshot_again",
        "read",
        "read_other",
        "bulk",
        "bulk_full",
        "high_word",
        "carry",
        "reset",
    ];

    fn design() -> Result<Design> {
        let mut block = Counters::<LANES, ADDRESS>::default();
        block.connect_all();
        Design::new(Self::NAME, dedupe(&generate_verilog(&block)), "top")
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        Self {
            bus: Bus::read_only(rtl),
            increments: INCREMENTS.map(|name| rtl.port(name)),
            bulk: ["bulk_valid", "bulk_lane", "bulk_count"].map(|name| rtl.port(name)),
            snapshot: rtl.port("snapshot"),
            busy: rtl.port("busy"),
            reset: rtl.port("reset"),
            preload: ["preload_valid", "preload_address", "preload_data"]
                .map(|name| rtl.port(name)),
            now: Self::ZERO.to_vec(),
            kept: Self::ZERO.to_vec(),
            busy_for: 0,
            rate: 2,
            high: 2,
            bulk_rate: 60,
            target: 0,
            room: vec![0; LANES],
            expected: None,
            due: false,
            turn: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let cycle = rtl.cycles();
        let reset = cycle == 0 || random.one_in(9000);
        rtl.set(self.reset, u64::from(reset));
        rtl.settle();
        let busy = rtl.is(self.busy);
        self.busy_for = if busy { self.busy_for + 1 } else { 0 };
        if self.busy_for > 8 * LANES as u32 + 16 && !reset {
            return Err("busy: RTL 1, model 0: a sweep does not end".into());
        }
        // A sweep that clears goes over whatever is counted meanwhile: nothing runs then.
        let clearing = reset || busy && self.kept == Self::ZERO && self.now == Self::ZERO;
        // Preload what makes the low word, and the whole counter, wrap; the sweep is far away at these cycles.
        self.turn += 1;
        self.due |= self.turn % 4096 == 100;
        let preload = self.due && !clearing && !busy;
        rtl.set(self.preload[0], 0);
        if preload {
            self.due = false;
            return self.preload(rtl, random, hit);
        }
        if random.one_in(300) {
            self.rate = *random.pick(&[1, 2, 10, 1000]);
            // Always high and always counting is what fills the uppermost digit.
            self.high = *random.pick(&[0, 2, 4, 4]);
            self.bulk_rate = *random.pick(&[60, 60, 3]);
            self.target = random.below(LANES as u64);
        }
        let mut adds = Self::ZERO.to_vec();
        for (port, (counter, weight)) in self.increments.into_iter().zip(EFFECT) {
            let mut bits = 0;
            for (index, lane) in adds.iter_mut().enumerate() {
                // Ignored and discarded are at most 2 a cycle.
                let two = matches!(counter, 3 | 6);
                let too_many = two && lane[counter] + weight > 2;
                let left_to_high = two && weight == 1 && random.below(4) < self.high;
                if !clearing && !too_many && !left_to_high && random.one_in(self.rate) {
                    lane[counter] += weight;
                    bits |= 1 << index;
                }
            }
            rtl.set(port, bits);
        }
        let full = random.one_in(4);
        let count = if full {
            4096
        } else {
            let end = *random.pick(&[4097, 1 << 14]);
            random.below(end)
        };
        let target = if random.one_in(4) {
            random.below(LANES as u64)
        } else {
            self.target
        };
        // A lane throws away at most one block between two visits of the sweep; the adders bear more, up to 16 bits.
        let phase = self.turn % (32 * LANES as u64);
        if phase == 0 {
            self.room.fill(64_000);
        }
        let room = &mut self.room[target as usize];
        let bulk = !clearing
            && phase < 24 * LANES as u64
            && count <= *room
            && random.one_in(self.bulk_rate);
        rtl.set(self.bulk[0], u64::from(bulk));
        rtl.set(self.bulk[1], target);
        rtl.set(self.bulk[2], count);
        if bulk {
            *room -= count;
            adds[target as usize][6] += count;
            hit(if full { "bulk_full" } else { "bulk" });
        }
        let snapshot = !clearing && !self.due && random.one_in(if busy { 40 } else { 200 });
        rtl.set(self.snapshot, u64::from(snapshot));
        let cycle_op = self.bus.drive(rtl, || {
            let offset = match random.below(4) {
                0 => 4 * random.below(32) as u32,
                _ => lane::BITS_LO + 4 * random.below(14) as u32,
            };
            let block = if random.one_in(8) { 3 } else { 2 };
            let op = Op {
                instance: random.below(LANES as u64) as u32,
                ..Op::read(block, offset)
            };
            (!busy).then_some(op)
        });
        rtl.settle();
        if let Some((op, 3)) = cycle_op.addressed
            && !busy
            && let Some((expected, high)) = self.expected
        {
            same(
                "csr_read",
                u64::from(self.bus.value(rtl)),
                u64::from(expected),
            )?;
            hit(if op.block == 2 { "read" } else { "read_other" });
            if high != 0 {
                hit("high_word");
            }
        }
        if let Some((op, 1)) = cycle_op.addressed {
            let word = value(op, &self.kept);
            self.expected = (!busy && !snapshot && !reset)
                .then_some((word, u32::from(op.offset / 4 % 2 == 1 && word != 0)));
        } else if snapshot || reset || busy {
            self.expected = None;
        }
        rtl.clock();
        for (lane, adds) in self.now.iter_mut().zip(adds) {
            for (count, add) in lane.iter_mut().zip(adds) {
                let before = *count;
                *count = count.wrapping_add(add);
                if *count >> 32 != before >> 32 {
                    hit("carry");
                }
            }
        }
        if snapshot || reset {
            // The sweep begins anew.
            self.busy_for = 0;
        }
        if snapshot {
            self.kept.clone_from(&self.now);
            hit(if busy { "snapshot_again" } else { "snapshot" });
        }
        if reset {
            self.now = Self::ZERO.to_vec();
            self.kept = Self::ZERO.to_vec();
            hit("reset");
        }
        Ok(())
    }
}

impl<const LANES: usize, const ADDRESS: usize> Counting<LANES, ADDRESS> {
    const ZERO: [[u64; 7]; LANES] = [[0; 7]; LANES];

    /// Sets all counters near a wrap while nothing is counted. A place is set just after the sweep has left it: the
    /// place of the sweep is known from a reset, but it is easier to set each until it stays.
    fn preload(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        _: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        for port in self.increments {
            rtl.set(port, 0);
        }
        rtl.set(self.bulk[0], 0);
        rtl.set(self.snapshot, 0);
        // One sweep so that no small count holds anything.
        for _ in 0..8 * LANES + 8 {
            rtl.clock();
        }
        for (index, lane) in self.now.iter_mut().enumerate() {
            for (counter, count) in lane.iter_mut().enumerate() {
                *count =
                    *random.pick(&[0xffff_ff00, u64::MAX - 300, 1 << 63, 0x1234_5678_ffff_fff0]);
                rtl.set(self.preload[0], 1);
                rtl.set(self.preload[1], (8 * index + counter) as u64);
                rtl.set(self.preload[2], *count);
                // Held for more than the sweep's depth, it is also what the sweep reads.
                for _ in 0..8 {
                    rtl.clock();
                }
            }
        }
        rtl.set(self.preload[0], 0);
        rtl.clock();
        Ok(())
    }
}

#[test]
fn lockstep_of_build_wide() {
    photonbox_cosim::check::<CountersWideBench>().unwrap();
}
