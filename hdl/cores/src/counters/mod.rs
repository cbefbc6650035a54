//! The lanes' 64-bit counters behind one snapshot (spec 6-card §6.1, *CSR*). See `README.md`.

mod counts;

pub use counts::Counts;

use crate::csr::{At, Fixed};
use photonbox_regmap::lane as registers;
use rust_hdl::prelude::*;

/// Index of the block of the lanes in the map.
const LANE_BLOCK: u64 = 2;

// The counters' registers are one run of LO and HI words, in the order of the sweep.
const _: () = assert!(
    registers::BITS_LO == 0x40
        && registers::ONES_LO == 0x48
        && registers::COINCIDENCES_LO == 0x50
        && registers::IGNORED_LO == 0x58
        && registers::EDGES_A_LO == 0x60
        && registers::EDGES_B_LO == 0x68
        && registers::DISCARDED_LO == 0x70
        && registers::DISCARDED_HI == 0x74
);

/// Seven counters for each of `LANES` lanes, in RAMs of 2^`ADDRESS` = 8 `LANES` words.
#[derive(LogicBlock)]
pub struct Counters<const LANES: usize, const ADDRESS: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: all counters are cleared, which takes a sweep.
    pub reset: Signal<In, Bit>,
    /// Block addressed on the register bus.
    pub csr_block: Signal<In, Bits<3>>,
    /// Lane addressed.
    pub csr_instance: Signal<In, Bits<6>>,
    /// Word addressed within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// The register addressed, two cycles later; 0 when it is not this block's.
    pub csr_read: Signal<Out, Bits<32>>,
    /// Bits made, by lane.
    pub inc_bits: Signal<In, Bits<LANES>>,
    /// Ones among them.
    pub inc_ones: Signal<In, Bits<LANES>>,
    /// Coincidences.
    pub inc_coincidences: Signal<In, Bits<LANES>>,
    /// Edges ignored, low bit of their number.
    pub inc_ignored_low: Signal<In, Bits<LANES>>,
    /// Edges ignored, high bit of their number.
    pub inc_ignored_high: Signal<In, Bits<LANES>>,
    /// Edges of A.
    pub inc_edges_a: Signal<In, Bits<LANES>>,
    /// Edges of B.
    pub inc_edges_b: Signal<In, Bits<LANES>>,
    /// Bits that went nowhere, low bit of their number.
    pub inc_discarded_low: Signal<In, Bits<LANES>>,
    /// Bits that went nowhere, high bit of their number.
    pub inc_discarded_high: Signal<In, Bits<LANES>>,
    /// Lane of `bulk_count`.
    pub bulk_lane: Signal<In, Bits<6>>,
    /// Bits of a block that was thrown away.
    pub bulk_count: Signal<In, Bits<14>>,
    /// `bulk_count` counts.
    pub bulk_valid: Signal<In, Bit>,
    /// Keep all counters as they are with this cycle's increments; one cycle.
    pub snapshot: Signal<In, Bit>,
    /// A sweep that clears, or completes a snapshot, is under way: the registers cannot be read yet.
    pub busy: Signal<Out, Bit>,
    /// For tests (0 on a card): set the counter at `preload_address`. The sweep must not be at it.
    pub preload_valid: Signal<In, Bit>,
    /// Eight times the lane, plus the counter.
    pub preload_address: Signal<In, Bits<ADDRESS>>,
    /// The counter's value.
    pub preload_data: Signal<In, Bits<64>>,
    counts: Counts<LANES>,
    totals: RAM<Bits<64>, ADDRESS>,
    kept: RAM<Bits<64>, ADDRESS>,
    /// Lane of the sweep, one-hot, and its counter.
    lane: DFF<Bits<LANES>>,
    index: DFF<Bits<3>>,
    place: DFF<Bits<ADDRESS>>,
    place1: DFF<Bits<ADDRESS>>,
    place2: DFF<Bits<ADDRESS>>,
    place3: DFF<Bits<ADDRESS>>,
    /// Cycles of the sweep under way, by their number; 0 when it is over.
    left: DFF<Bits<ADDRESS>>,
    tail: DFF<Bits<4>>,
    clearing: DFF<Bit>,
    busy_r: DFF<Bit>,
    count2: DFF<Bits<16>>,
    kept2: DFF<Bits<16>>,
    fresh2: DFF<Bit>,
    total2: DFF<Bits<64>>,
    sum3: DFF<Bits<64>>,
    kept3: DFF<Bits<64>>,
    fresh3: DFF<Bit>,
    mine: DFF<Bit>,
    high: DFF<Bit>,
    read: DFF<Bits<32>>,
    lane_block: Fixed<3, LANE_BLOCK>,
    first: At<{ registers::BITS_LO }>,
    last: At<{ registers::DISCARDED_HI }>,
    all: Signal<Local, Bits<ADDRESS>>,
    wanted: Signal<Local, Bits<16>>,
    word: Signal<Local, Bits<64>>,
}

impl<const LANES: usize, const ADDRESS: usize> Default for Counters<LANES, ADDRESS> {
    fn default() -> Self {
        assert!(
            1 << ADDRESS == 8 * LANES && LANES <= 64,
            "a sweep is eight places a lane"
        );
        Self {
            clock: Signal::default(),
            reset: Signal::default(),
            csr_block: Signal::default(),
            csr_instance: Signal::default(),
            csr_register: Signal::default(),
            csr_read: Signal::default(),
            inc_bits: Signal::default(),
            inc_ones: Signal::default(),
            inc_coincidences: Signal::default(),
            inc_ignored_low: Signal::default(),
            inc_ignored_high: Signal::default(),
            inc_edges_a: Signal::default(),
            inc_edges_b: Signal::default(),
            inc_discarded_low: Signal::default(),
            inc_discarded_high: Signal::default(),
            bulk_lane: Signal::default(),
            bulk_count: Signal::default(),
            bulk_valid: Signal::default(),
            snapshot: Signal::default(),
            busy: Signal::default(),
            preload_valid: Signal::default(),
            preload_address: Signal::default(),
            preload_data: Signal::default(),
            counts: Counts::default(),
            totals: RAM::default(),
            kept: RAM::default(),
            lane: DFF::default(),
            index: DFF::default(),
            place: DFF::default(),
            place1: DFF::default(),
            place2: DFF::default(),
            place3: DFF::default(),
            left: DFF::default(),
            tail: DFF::default(),
            clearing: DFF::default(),
            busy_r: DFF::default(),
            count2: DFF::default(),
            kept2: DFF::default(),
            fresh2: DFF::default(),
            total2: DFF::default(),
            sum3: DFF::default(),
            kept3: DFF::default(),
            fresh3: DFF::default(),
            mine: DFF::default(),
            high: DFF::default(),
            read: DFF::default(),
            lane_block: Fixed::default(),
            first: At::default(),
            last: At::default(),
            all: Signal::default(),
            wanted: Signal::default(),
            word: Signal::default(),
        }
    }
}

impl<const LANES: usize, const ADDRESS: usize> Logic for Counters<LANES, ADDRESS> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, lane, index, place, place1, place2, place3, left, tail, clearing, busy_r
        );
        dff_setup!(
            self, clock, count2, kept2, fresh2, total2, sum3, kept3, fresh3, mine, high, read
        );
        self.totals.read_clock.next = self.clock.val();
        self.totals.write_clock.next = self.clock.val();
        self.kept.read_clock.next = self.clock.val();
        self.kept.write_clock.next = self.clock.val();
        self.busy.next = self.busy_r.q.val();
        self.csr_read.next = self.read.q.val();

        // The sweep never rests: place 8 lane + counter, the eighth of each lane empty.
        self.place.d.next = self.place.q.val() + 1;
        self.index.d.next = self.index.q.val() + 1;
        if self.index.q.val() == 7 {
            self.lane.d.next = self.lane.q.val() << 1;
        }
        self.all.next = 0.into();
        self.all.next = !self.all.val();
        if self.place.q.val() == self.all.val() {
            self.lane.d.next = 1.into();
        }
        self.place1.d.next = self.place.q.val();
        self.place2.d.next = self.place1.q.val();
        self.place3.d.next = self.place2.q.val();

        // Stage 0: the lane takes its count, the RAM its address.
        clock!(self, clock, counts);
        self.counts.reset.next = self.reset.val();
        self.counts.bits.next = self.inc_bits.val();
        self.counts.ones.next = self.inc_ones.val();
        self.counts.coincidences.next = self.inc_coincidences.val();
        self.counts.ignored_low.next = self.inc_ignored_low.val();
        self.counts.ignored_high.next = self.inc_ignored_high.val();
        self.counts.edges_a.next = self.inc_edges_a.val();
        self.counts.edges_b.next = self.inc_edges_b.val();
        self.counts.discarded_low.next = self.inc_discarded_low.val();
        self.counts.discarded_high.next = self.inc_discarded_high.val();
        self.counts.bulk_count.next = self.bulk_count.val();
        self.counts.bulk_lane.next = self.bulk_lane.val();
        self.counts.bulk_valid.next = self.bulk_valid.val();
        self.counts.snapshot.next = self.snapshot.val();
        self.counts.lane.next = self.lane.q.val();
        self.counts.index.next = self.index.q.val();
        self.totals.read_address.next = self.place.q.val();
        self.count2.d.next = self.counts.count.val() + self.counts.count_bulk.val();
        self.kept2.d.next = self.counts.kept.val() + self.counts.kept_bulk.val();
        self.fresh2.d.next = self.counts.fresh.val();
        self.total2.d.next = self.totals.read_data.val();
        // Stage 2: sums.
        self.sum3.d.next = self.total2.q.val() + bit_cast::<64, 16>(self.count2.q.val());
        self.kept3.d.next = self.total2.q.val() + bit_cast::<64, 16>(self.kept2.q.val());
        self.fresh3.d.next = self.fresh2.q.val();
        // Stage 3: back into the RAM.
        self.totals.write_address.next = self.place3.q.val();
        self.totals.write_enable.next = true;
        self.totals.write_data.next = self.sum3.q.val();
        self.kept.write_address.next = self.place3.q.val();
        self.kept.write_enable.next = self.fresh3.q.val() | self.clearing.q.val();
        self.kept.write_data.next = self.kept3.q.val();
        if self.clearing.q.val() {
            self.totals.write_data.next = 0.into();
            self.kept.write_data.next = 0.into();
        }
        if self.preload_valid.val() {
            self.totals.write_address.next = self.preload_address.val();
            self.totals.write_data.next = self.preload_data.val();
        }

        // A whole sweep, and its way through the stages.
        if self.left.q.val() != 0 {
            self.left.d.next = self.left.q.val() - 1;
        } else if self.tail.q.val() != 0 {
            self.tail.d.next = self.tail.q.val() - 1;
        } else {
            self.busy_r.d.next = false;
            self.clearing.d.next = false;
        }
        if self.snapshot.val() {
            self.left.d.next = self.all.val();
            self.tail.d.next = 7.into();
            self.busy_r.d.next = true;
        }

        // Reading: the RAM takes a cycle, the choice of the word another.
        self.wanted.next = (bit_cast::<16, 6>(self.csr_instance.val()) << 3)
            | bit_cast::<16, 3>(self.csr_register.val().get_bits::<3>(1));
        self.kept.read_address.next = self.wanted.val().get_bits::<ADDRESS>(0);
        self.mine.d.next = (self.csr_block.val() == self.lane_block.val())
            & (self.csr_register.val() >= self.first.val())
            & (self.csr_register.val() <= self.last.val());
        self.high.d.next = self.csr_register.val().get_bit(0);
        self.word.next = self.kept.read_data.val();
        self.read.d.next = 0.into();
        if self.mine.q.val() {
            self.read.d.next = self.word.val().get_bits::<32>(0);
            if self.high.q.val() {
                self.read.d.next = self.word.val().get_bits::<32>(32);
            }
        }

        if self.reset.val() {
            self.lane.d.next = 1.into();
            self.index.d.next = 0.into();
            self.place.d.next = 0.into();
            self.left.d.next = self.all.val();
            self.tail.d.next = 7.into();
            self.clearing.d.next = true;
            self.busy_r.d.next = true;
            self.count2.d.next = 0.into();
            self.kept2.d.next = 0.into();
            self.fresh2.d.next = false;
            self.fresh3.d.next = false;
            self.mine.d.next = false;
            self.high.d.next = false;
            self.read.d.next = 0.into();
        }
    }
}
