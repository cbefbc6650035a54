//! Routing: the lanes' bits to the extractor or to the raw ring (spec 6-card §6.1, *Routing*). See the README
//! beside this file.

mod extract;
mod head;
mod ones;
mod pack;
mod queue;
mod tally;
mod tap;

pub use extract::Extract;
pub use head::Head;
pub use ones::Ones;
pub use pack::Pack;
pub use queue::{DEPTH, Queue};
pub use tally::Tally;
pub use tap::Tap;

use rust_hdl::prelude::*;

/// Routing of `LANES` lanes to an extractor that takes `W` bits a cycle, and to the raw ring.
#[derive(LogicBlock)]
pub struct Route<const LANES: usize, const W: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset; sweeps all bits.
    pub reset: Signal<In, Bit>,
    /// Lanes that made a bit.
    pub valid: Signal<In, Bits<LANES>>,
    /// The bits.
    pub bits: Signal<In, Bits<LANES>>,
    /// Lanes that are routed to TAP.
    pub tap: Signal<In, Bits<LANES>>,
    /// Lanes that went into alarm in the same cycle; they make no bit in it.
    pub alarm: Signal<In, Bits<LANES>>,
    /// Lanes whose bits are TEST.
    pub test: Signal<In, Bits<LANES>>,
    /// Bits are SIMULATED.
    pub simulated: Signal<In, Bit>,
    /// Bits are REPLAYED.
    pub replayed: Signal<In, Bit>,
    /// Cycle of these bits.
    pub timestamp: Signal<In, Bits<56>>,
    /// STOP: what waits goes on its way, or is thrown away when it cannot; then the block in progress is discarded.
    pub drain: Signal<In, Bit>,
    /// Nothing is left; during `drain`, all is done.
    pub idle: Signal<Out, Bit>,
    /// Input bits of a block.
    pub n: Signal<In, Bits<16>>,
    /// From the extractor: a seed was committed.
    pub mark: Signal<In, Bit>,
    /// To it: all bits before the mark are packed.
    pub marked: Signal<Out, Bit>,
    /// Bits of the block in progress are here.
    pub pending: Signal<Out, Bit>,
    /// No bit is here and none arrives.
    pub quiet: Signal<Out, Bit>,
    /// The extractor takes chunks.
    pub chunk_ready: Signal<In, Bit>,
    /// The extractor refuses bits.
    pub chunk_refuse: Signal<In, Bit>,
    /// A chunk is offered.
    pub chunk_valid: Signal<Out, Bit>,
    /// Its bits, the first lowest; the others are 0.
    pub chunk_bits: Signal<Out, Bits<W>>,
    /// How many.
    pub chunk_count: Signal<Out, Bits<8>>,
    /// Discard the block in progress, until `discarded`.
    pub discard: Signal<Out, Bit>,
    /// It is discarded.
    pub discarded: Signal<In, Bit>,
    /// The last beat of a block is taken.
    pub made: Signal<In, Bit>,
    /// Lanes of the block in progress, stable while its beats are given.
    pub block_lanes: Signal<Out, Bits<64>>,
    /// Its flags, in the completion's order from NOT_CREDITABLE.
    pub block_flags: Signal<Out, Bits<6>>,
    /// A raw record is given.
    pub raw_valid: Signal<Out, Bit>,
    /// It is taken.
    pub raw_ready: Signal<In, Bit>,
    /// The record.
    pub raw_data: Signal<Out, Bits<64>>,
    /// Its flags.
    pub raw_flags: Signal<Out, Bits<6>>,
    /// Its lane.
    pub raw_lanes: Signal<Out, Bits<64>>,
    /// Lanes whose bit was lost on arrival: no room. Registered.
    pub lost: Signal<Out, Bits<LANES>>,
    /// Lanes of which a bit that waited was thrown away. Registered.
    pub thrown: Signal<Out, Bits<LANES>>,
    /// A lane's bits of a discarded block.
    pub bulk_valid: Signal<Out, Bit>,
    /// Which lane.
    pub bulk_lane: Signal<Out, Bits<6>>,
    /// How many bits.
    pub bulk_count: Signal<Out, Bits<14>>,
    /// Bits dropped, for ERR_DROPPED_BITS: all of the above. Registered.
    pub dropped: Signal<Out, Bits<14>>,

    to_extract: Extract<LANES, W>,
    to_tap: Tap<LANES>,
    patience: DFF<Bits<8>>,
    lost_lanes: DFF<Bits<LANES>>,
    thrown_lanes: DFF<Bits<LANES>>,
    bulk: DFF<Bit>,
    bulk_at: DFF<Bits<6>>,
    bulk_bits: DFF<Bits<14>>,
    total: DFF<Bits<14>>,
    many: DFF<Bits<14>>,
    lost_count: Ones<LANES>,
    thrown_count: Ones<LANES>,
    marks: Signal<Local, Bits<2>>,
    abandon: Signal<Local, Bit>,
    waits: Signal<Local, Bit>,
    collide: DFF<Bit>,
}

impl<const LANES: usize, const W: usize> Default for Route<LANES, W> {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            to_extract: Extract::default(),
            to_tap: Tap::default(),
            reset: Default::default(),
            valid: Default::default(),
            bits: Default::default(),
            tap: Default::default(),
            alarm: Default::default(),
            test: Default::default(),
            simulated: Default::default(),
            replayed: Default::default(),
            timestamp: Default::default(),
            drain: Default::default(),
            idle: Default::default(),
            n: Default::default(),
            mark: Default::default(),
            marked: Default::default(),
            pending: Default::default(),
            quiet: Default::default(),
            chunk_ready: Default::default(),
            chunk_refuse: Default::default(),
            chunk_valid: Default::default(),
            chunk_bits: Default::default(),
            chunk_count: Default::default(),
            discard: Default::default(),
            discarded: Default::default(),
            made: Default::default(),
            block_lanes: Default::default(),
            block_flags: Default::default(),
            raw_valid: Default::default(),
            raw_ready: Default::default(),
            raw_data: Default::default(),
            raw_flags: Default::default(),
            raw_lanes: Default::default(),
            lost: Default::default(),
            thrown: Default::default(),
            bulk_valid: Default::default(),
            bulk_lane: Default::default(),
            bulk_count: Default::default(),
            dropped: Default::default(),
            patience: Default::default(),
            lost_lanes: Default::default(),
            thrown_lanes: Default::default(),
            bulk: Default::default(),
            bulk_at: Default::default(),
            bulk_bits: Default::default(),
            total: Default::default(),
            many: Default::default(),
            lost_count: Ones::default(),
            thrown_count: Ones::default(),
            marks: Default::default(),
            abandon: Default::default(),
            waits: Default::default(),
            collide: Default::default(),
        }
    }
}

impl<const LANES: usize, const W: usize> Logic for Route<LANES, W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            patience,
            lost_lanes,
            thrown_lanes,
            bulk,
            bulk_at,
            bulk_bits,
            many,
            total,
            collide
        );
        clock!(self, clock, to_extract, to_tap, lost_count, thrown_count);
        self.marks.next = 0.into();
        if self.simulated.val() {
            self.marks.next = self.marks.val() | 1;
        }
        if self.replayed.val() {
            self.marks.next = self.marks.val() | 2;
        }

        self.to_extract.reset.next = self.reset.val();
        self.to_extract.mask.next = self.valid.val() & !self.tap.val();
        self.to_extract.bits.next = self.bits.val() & self.valid.val() & !self.tap.val();
        self.to_extract.test.next = self.test.val() & self.valid.val() & !self.tap.val();
        self.to_extract.flags.next = self.marks.val();
        self.to_extract.alarm.next = (self.alarm.val() & !self.tap.val()).any();
        self.to_extract.mark.next = self.mark.val();
        self.to_extract.drain.next = self.drain.val();
        self.to_extract.n.next = self.n.val();
        self.to_extract.in_ready.next = self.chunk_ready.val();
        self.to_extract.in_refuse.next = self.chunk_refuse.val();
        self.to_extract.discarded.next = self.discarded.val();
        self.to_extract.made.next = self.made.val();

        self.to_tap.reset.next = self.reset.val();
        self.to_tap.mask.next = self.valid.val() & self.tap.val();
        self.to_tap.bits.next = self.bits.val() & self.valid.val() & self.tap.val();
        self.to_tap.test.next = self.test.val() & self.valid.val() & self.tap.val();
        self.to_tap.flags.next = bit_cast::<3, 2>(self.marks.val());
        self.to_tap.timestamp.next = self.timestamp.val();
        self.to_tap.raw_ready.next = self.raw_ready.val();

        // While the card stops, what has not moved for 255 cycles never will.
        self.waits.next = !(self.to_extract.quiet.val() & self.to_tap.empty.val());
        self.patience.d.next = self.patience.q.val() + 1;
        self.abandon.next = self.patience.q.val().all();
        if self.abandon.val() {
            self.patience.d.next = self.patience.q.val();
        }
        if !self.abandon.val()
            & (self.to_extract.moves.val() | (self.to_tap.raw_valid.val() & self.raw_ready.val()))
        {
            self.patience.d.next = 0.into();
        }
        if !self.drain.val() | !self.waits.val() {
            self.patience.d.next = 0.into();
        }
        self.to_extract.abandon.next = self.abandon.val();
        // Both paths count through the same lanes' wires: one after the other. What arrives at EXTRACT takes three cycles
        // to where it is thrown away, so that this may be known a cycle late.
        self.collide.d.next = self.abandon.val() & self.to_extract.quiet.val();
        self.to_tap.abandon.next = self.collide.q.val();

        // Counting.
        self.lost_lanes.d.next = self.to_extract.lost.val() | self.to_tap.lost.val();
        self.thrown_lanes.d.next = self.to_extract.thrown.val() | self.to_tap.thrown.val();
        self.bulk.d.next = self.to_extract.bulk_valid.val();
        self.bulk_at.d.next = self.to_extract.bulk_lane.val();
        self.bulk_bits.d.next = self.to_extract.bulk_count.val();
        // Two steps: a chain of adders over all lanes and counts would be the slowest path of the card.
        self.lost_count.word.next = self.lost_lanes.q.val();
        self.thrown_count.word.next = self.thrown_lanes.q.val();
        self.many.d.next = 0.into();
        if self.bulk.q.val() {
            self.many.d.next = self.bulk_bits.q.val();
        }
        self.total.d.next = self.many.q.val()
            + bit_cast::<14, 7>(self.lost_count.count.val())
            + bit_cast::<14, 7>(self.thrown_count.count.val());

        self.idle.next = self.to_extract.idle.val() & self.to_tap.empty.val();
        self.marked.next = self.to_extract.marked.val();
        self.pending.next = self.to_extract.pending.val();
        self.quiet.next = self.to_extract.quiet.val();
        self.chunk_valid.next = self.to_extract.chunk_valid.val();
        self.chunk_bits.next = self.to_extract.chunk_bits.val();
        self.chunk_count.next = self.to_extract.chunk_count.val();
        self.discard.next = self.to_extract.discard.val();
        self.block_lanes.next = self.to_extract.block_lanes.val();
        self.block_flags.next = self.to_extract.block_flags.val();
        self.raw_valid.next = self.to_tap.raw_valid.val();
        self.raw_data.next = self.to_tap.raw_data.val();
        self.raw_flags.next = self.to_tap.raw_flags.val();
        self.raw_lanes.next = self.to_tap.raw_lanes.val();
        self.lost.next = self.lost_lanes.q.val();
        self.thrown.next = self.thrown_lanes.q.val();
        self.bulk_valid.next = self.bulk.q.val();
        self.bulk_lane.next = self.bulk_at.q.val();
        self.bulk_count.next = self.bulk_bits.q.val();
        self.dropped.next = self.total.q.val();
        if self.reset.val() {
            self.patience.d.next = 0.into();
            self.lost_lanes.d.next = 0.into();
            self.thrown_lanes.d.next = 0.into();
            self.bulk.d.next = false;
            self.many.d.next = 0.into();
            self.total.d.next = 0.into();
            self.collide.d.next = false;
        }
    }
}
