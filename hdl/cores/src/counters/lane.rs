//! The small counts of one lane, which the sweep empties into the RAM.

use rust_hdl::prelude::*;

/// Seven counts of at most 16 bits, each with what it was at the last snapshot until the sweep has come by.
///
/// Between two visits of the sweep (eight cycles a lane of the card) a count grows by at most two a cycle, and the
/// discarded bits besides by the bits of one extractor block: 11 bits are enough for 64 lanes, 16 for the latter.
#[derive(LogicBlock, Default)]
pub struct LaneCounts {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Bits made in this cycle.
    pub bits: Signal<In, Bit>,
    /// Ones among them.
    pub ones: Signal<In, Bit>,
    /// Coincidences.
    pub coincidences: Signal<In, Bit>,
    /// Edges ignored, low bit of their number.
    pub ignored_low: Signal<In, Bit>,
    /// Edges ignored, high bit of their number.
    pub ignored_high: Signal<In, Bit>,
    /// Edges of A.
    pub edges_a: Signal<In, Bit>,
    /// Edges of B.
    pub edges_b: Signal<In, Bit>,
    /// Bits that went nowhere, low bit of their number.
    pub discarded_low: Signal<In, Bit>,
    /// Bits that went nowhere, high bit of their number.
    pub discarded_high: Signal<In, Bit>,
    /// Bits of a block that was thrown away, valid with `bulk_valid`.
    pub bulk_count: Signal<In, Bits<14>>,
    /// `bulk_count` is this lane's.
    pub bulk_valid: Signal<In, Bit>,
    /// Keep all counts, this cycle's included.
    pub snapshot: Signal<In, Bit>,
    /// The sweep visits this lane.
    pub selected: Signal<In, Bit>,
    /// Which count it takes.
    pub index: Signal<In, Bits<3>>,
    /// The count that was taken, one cycle later; 0 when none was.
    pub count: Signal<Out, Bits<16>>,
    /// What the count was at the snapshot.
    pub kept: Signal<Out, Bits<16>>,
    /// The count is visited for the first time since the snapshot.
    pub fresh: Signal<Out, Bit>,
    count_r: DFF<Bits<16>>,
    kept_r: DFF<Bits<16>>,
    fresh_r: DFF<Bit>,
    /// Counts that the sweep has not visited since the snapshot.
    waiting: DFF<Bits<7>>,
    bits_n: DFF<Bits<11>>,
    ones_n: DFF<Bits<11>>,
    coincidences_n: DFF<Bits<11>>,
    ignored_n: DFF<Bits<11>>,
    edges_a_n: DFF<Bits<11>>,
    edges_b_n: DFF<Bits<11>>,
    discarded_n: DFF<Bits<16>>,
    bits_k: DFF<Bits<11>>,
    ones_k: DFF<Bits<11>>,
    coincidences_k: DFF<Bits<11>>,
    ignored_k: DFF<Bits<11>>,
    edges_a_k: DFF<Bits<11>>,
    edges_b_k: DFF<Bits<11>>,
    discarded_k: DFF<Bits<16>>,
    ignored: Signal<Local, Bits<2>>,
    discarded: Signal<Local, Bits<2>>,
    /// One-hot: the count that is taken.
    take: Signal<Local, Bits<8>>,
    one: Signal<Local, Bits<8>>,
    bits_new: Signal<Local, Bits<11>>,
    ones_new: Signal<Local, Bits<11>>,
    coincidences_new: Signal<Local, Bits<11>>,
    ignored_new: Signal<Local, Bits<11>>,
    edges_a_new: Signal<Local, Bits<11>>,
    edges_b_new: Signal<Local, Bits<11>>,
    more: Signal<Local, Bits<16>>,
    discarded_new: Signal<Local, Bits<16>>,
}

impl Logic for LaneCounts {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, count_r, kept_r, fresh_r, waiting);
        dff_setup!(
            self,
            clock,
            bits_n,
            ones_n,
            coincidences_n,
            ignored_n,
            edges_a_n,
            edges_b_n,
            discarded_n
        );
        dff_setup!(
            self,
            clock,
            bits_k,
            ones_k,
            coincidences_k,
            ignored_k,
            edges_a_k,
            edges_b_k,
            discarded_k
        );
        self.count.next = self.count_r.q.val();
        self.kept.next = self.kept_r.q.val();
        self.fresh.next = self.fresh_r.q.val();

        self.ignored.next = 0.into();
        if self.ignored_low.val() {
            self.ignored.next = 1.into();
        }
        if self.ignored_high.val() {
            self.ignored.next = self.ignored.val() | 2;
        }
        self.discarded.next = 0.into();
        if self.discarded_low.val() {
            self.discarded.next = 1.into();
        }
        if self.discarded_high.val() {
            self.discarded.next = self.discarded.val() | 2;
        }
        self.one.next = 1.into();
        self.take.next = 0.into();
        if self.selected.val() {
            self.take.next = self.one.val() << self.index.val();
        }
        self.count_r.d.next = 0.into();
        self.kept_r.d.next = 0.into();
        self.fresh_r.d.next = (self.take.val().get_bits::<7>(0) & self.waiting.q.val()) != 0;
        self.waiting.d.next = self.waiting.q.val() & !self.take.val().get_bits::<7>(0);

        // What a count is taken with is what it was before this cycle; it then begins with this cycle's.
        self.bits_new.next = self.bits_n.q.val();
        if self.take.val().get_bit(0) {
            self.bits_new.next = 0.into();
            self.count_r.d.next = bit_cast::<16, 11>(self.bits_n.q.val());
            self.kept_r.d.next = bit_cast::<16, 11>(self.bits_k.q.val());
        }
        self.ones_new.next = self.ones_n.q.val();
        if self.take.val().get_bit(1) {
            self.ones_new.next = 0.into();
            self.count_r.d.next = bit_cast::<16, 11>(self.ones_n.q.val());
            self.kept_r.d.next = bit_cast::<16, 11>(self.ones_k.q.val());
        }
        self.coincidences_new.next = self.coincidences_n.q.val();
        if self.take.val().get_bit(2) {
            self.coincidences_new.next = 0.into();
            self.count_r.d.next = bit_cast::<16, 11>(self.coincidences_n.q.val());
            self.kept_r.d.next = bit_cast::<16, 11>(self.coincidences_k.q.val());
        }
        self.ignored_new.next = self.ignored_n.q.val();
        if self.take.val().get_bit(3) {
            self.ignored_new.next = 0.into();
            self.count_r.d.next = bit_cast::<16, 11>(self.ignored_n.q.val());
            self.kept_r.d.next = bit_cast::<16, 11>(self.ignored_k.q.val());
        }
        self.edges_a_new.next = self.edges_a_n.q.val();
        if self.take.val().get_bit(4) {
            self.edges_a_new.next = 0.into();
            self.count_r.d.next = bit_cast::<16, 11>(self.edges_a_n.q.val());
            self.kept_r.d.next = bit_cast::<16, 11>(self.edges_a_k.q.val());
        }
        self.edges_b_new.next = self.edges_b_n.q.val();
        if self.take.val().get_bit(5) {
            self.edges_b_new.next = 0.into();
            self.count_r.d.next = bit_cast::<16, 11>(self.edges_b_n.q.val());
            self.kept_r.d.next = bit_cast::<16, 11>(self.edges_b_k.q.val());
        }
        self.discarded_new.next = self.discarded_n.q.val();
        if self.take.val().get_bit(6) {
            self.discarded_new.next = 0.into();
            self.count_r.d.next = self.discarded_n.q.val();
            self.kept_r.d.next = self.discarded_k.q.val();
        }

        self.bits_n.d.next = self.bits_new.val();
        if self.bits.val() {
            self.bits_n.d.next = self.bits_new.val() + 1;
        }
        self.ones_n.d.next = self.ones_new.val();
        if self.ones.val() {
            self.ones_n.d.next = self.ones_new.val() + 1;
        }
        self.coincidences_n.d.next = self.coincidences_new.val();
        if self.coincidences.val() {
            self.coincidences_n.d.next = self.coincidences_new.val() + 1;
        }
        self.ignored_n.d.next = self.ignored_new.val() + bit_cast::<11, 2>(self.ignored.val());
        self.edges_a_n.d.next = self.edges_a_new.val();
        if self.edges_a.val() {
            self.edges_a_n.d.next = self.edges_a_new.val() + 1;
        }
        self.edges_b_n.d.next = self.edges_b_new.val();
        if self.edges_b.val() {
            self.edges_b_n.d.next = self.edges_b_new.val() + 1;
        }
        self.more.next = bit_cast::<16, 2>(self.discarded.val());
        if self.bulk_valid.val() {
            self.more.next =
                bit_cast::<16, 2>(self.discarded.val()) + bit_cast::<16, 14>(self.bulk_count.val());
        }
        self.discarded_n.d.next = self.discarded_new.val() + self.more.val();

        // With `kept` goes what is not yet in the RAM, and not what the sweep takes in this very cycle.
        if self.snapshot.val() {
            self.waiting.d.next = 127.into();
            self.bits_k.d.next = self.bits_n.d.val();
            self.ones_k.d.next = self.ones_n.d.val();
            self.coincidences_k.d.next = self.coincidences_n.d.val();
            self.ignored_k.d.next = self.ignored_n.d.val();
            self.edges_a_k.d.next = self.edges_a_n.d.val();
            self.edges_b_k.d.next = self.edges_b_n.d.val();
            self.discarded_k.d.next = self.discarded_n.d.val();
        }

        if self.reset.val() {
            self.count_r.d.next = 0.into();
            self.kept_r.d.next = 0.into();
            self.fresh_r.d.next = false;
            self.waiting.d.next = 0.into();
            self.bits_n.d.next = 0.into();
            self.ones_n.d.next = 0.into();
            self.coincidences_n.d.next = 0.into();
            self.ignored_n.d.next = 0.into();
            self.edges_a_n.d.next = 0.into();
            self.edges_b_n.d.next = 0.into();
            self.discarded_n.d.next = 0.into();
            self.bits_k.d.next = 0.into();
            self.ones_k.d.next = 0.into();
            self.coincidences_k.d.next = 0.into();
            self.ignored_k.d.next = 0.into();
            self.edges_a_k.d.next = 0.into();
            self.edges_b_k.d.next = 0.into();
            self.discarded_k.d.next = 0.into();
        }
    }
}
