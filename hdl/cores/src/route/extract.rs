//! The EXTRACT path: cycles become chunks for the extractor, in lane order, cut at a block's end; and every bit
//! that does not end in a block is counted.

use super::queue::Queue;
use rust_hdl::prelude::*;

/// Packer of the lanes that are routed to EXTRACT, with the block's sidebands and counts.
#[derive(LogicBlock)]
pub struct Extract<const LANES: usize, const W: usize> {
    /// The one clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Lanes with a bit.
    pub mask: Signal<In, Bits<LANES>>,
    /// Their bits.
    pub bits: Signal<In, Bits<LANES>>,
    /// Lanes whose bits are TEST.
    pub test: Signal<In, Bits<LANES>>,
    /// SIMULATED (bit 0), REPLAYED (bit 1).
    pub flags: Signal<In, Bits<2>>,
    /// A lane went into alarm: what came before is discarded.
    pub alarm: Signal<In, Bit>,
    /// A seed was committed.
    pub mark: Signal<In, Bit>,
    /// All bits before the mark are packed.
    pub marked: Signal<Out, Bit>,
    /// Bits of the block in progress are here.
    pub pending: Signal<Out, Bit>,
    /// Nothing is here and nothing arrives.
    pub quiet: Signal<Out, Bit>,
    /// The card stops: what waits goes on its way, then the block in progress is discarded.
    pub drain: Signal<In, Bit>,
    /// Throw away what waits.
    pub abandon: Signal<In, Bit>,
    /// Something moves.
    pub moves: Signal<Out, Bit>,
    /// All is done.
    pub idle: Signal<Out, Bit>,
    /// Input bits of a block.
    pub n: Signal<In, Bits<16>>,
    /// The extractor takes chunks.
    pub in_ready: Signal<In, Bit>,
    /// The extractor refuses bits.
    pub in_refuse: Signal<In, Bit>,
    /// A chunk is offered.
    pub chunk_valid: Signal<Out, Bit>,
    /// Its bits, the first lowest; the others are 0.
    pub chunk_bits: Signal<Out, Bits<W>>,
    /// How many.
    pub chunk_count: Signal<Out, Bits<8>>,
    /// Discard the block in progress.
    pub discard: Signal<Out, Bit>,
    /// It is discarded.
    pub discarded: Signal<In, Bit>,
    /// The last beat of a block is taken.
    pub made: Signal<In, Bit>,
    /// Lanes of the block in progress.
    pub block_lanes: Signal<Out, Bits<64>>,
    /// Flags of the block in progress.
    pub block_flags: Signal<Out, Bits<6>>,
    /// Lanes whose bit was lost on arrival.
    pub lost: Signal<Out, Bits<LANES>>,
    /// Lane whose bit was thrown away.
    pub thrown: Signal<Out, Bits<LANES>>,
    /// A lane's bits of a discarded block.
    pub bulk_valid: Signal<Out, Bit>,
    /// Which lane.
    pub bulk_lane: Signal<Out, Bits<6>>,
    /// How many bits.
    pub bulk_count: Signal<Out, Bits<14>>,

    queue: Queue<LANES>,
    counts: [DFF<Bits<14>>; LANES],
    // A lost cycle, mark or alarm that found the queue full.
    gap: DFF<Bit>,
    late_mark: DFF<Bit>,
    late_alarm: DFF<Bit>,
    done: DFF<Bits<LANES>>,
    cleared: DFF<Bit>,
    marking: DFF<Bit>,
    chunk: DFF<Bits<W>>,
    fill: DFF<Bits<8>>,
    offered: DFF<Bit>,
    filled: DFF<Bits<17>>,
    full: DFF<Bit>,
    lanes: DFF<Bits<LANES>>,
    tags: DFF<Bits<6>>,
    holed: DFF<Bit>,
    bulk: DFF<Bit>,
    bulk_at: DFF<Bits<6>>,
    drained: DFF<Bit>,

    arrives: Signal<Local, Bit>,
    left: Signal<Local, Bits<LANES>>,
    minus: Signal<Local, Bits<LANES>>,
    lowest: Signal<Local, Bits<LANES>>,
    after: Signal<Local, Bits<LANES>>,
    value: Signal<Local, Bit>,
    go: Signal<Local, Bit>,
    asks: Signal<Local, Bit>,
    throw: Signal<Local, Bit>,
    pack: Signal<Local, Bit>,
    step: Signal<Local, Bit>,
    sent: Signal<Local, Bit>,
    base: Signal<Local, Bits<W>>,
    place: Signal<Local, Bits<8>>,
    next_fill: Signal<Local, Bits<8>>,
    next_packed: Signal<Local, Bits<17>>,
    ends: Signal<Local, Bit>,
    still: Signal<Local, Bit>,
    completes: Signal<Local, Bit>,
    wanted: Signal<Local, Bit>,
    names: [Constant<Bits<6>>; LANES],
    one: Constant<Bits<W>>,
    chunk_size: Constant<Bits<8>>,
    last_lane: Constant<Bits<6>>,
}

impl<const LANES: usize, const W: usize> Default for Extract<LANES, W> {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            queue: Queue::new(false),
            counts: core::array::from_fn(|_| DFF::default()),
            reset: Default::default(),
            mask: Default::default(),
            bits: Default::default(),
            test: Default::default(),
            flags: Default::default(),
            alarm: Default::default(),
            mark: Default::default(),
            marked: Default::default(),
            pending: Default::default(),
            quiet: Default::default(),
            drain: Default::default(),
            abandon: Default::default(),
            moves: Default::default(),
            idle: Default::default(),
            n: Default::default(),
            in_ready: Default::default(),
            in_refuse: Default::default(),
            chunk_valid: Default::default(),
            chunk_bits: Default::default(),
            chunk_count: Default::default(),
            discard: Default::default(),
            discarded: Default::default(),
            made: Default::default(),
            block_lanes: Default::default(),
            block_flags: Default::default(),
            lost: Default::default(),
            thrown: Default::default(),
            bulk_valid: Default::default(),
            bulk_lane: Default::default(),
            bulk_count: Default::default(),
            gap: Default::default(),
            late_mark: Default::default(),
            late_alarm: Default::default(),
            done: Default::default(),
            cleared: Default::default(),
            marking: Default::default(),
            chunk: Default::default(),
            fill: Default::default(),
            offered: Default::default(),
            filled: Default::default(),
            full: Default::default(),
            lanes: Default::default(),
            tags: Default::default(),
            holed: Default::default(),
            bulk: Default::default(),
            bulk_at: Default::default(),
            drained: Default::default(),
            arrives: Default::default(),
            left: Default::default(),
            minus: Default::default(),
            lowest: Default::default(),
            after: Default::default(),
            value: Default::default(),
            go: Default::default(),
            asks: Default::default(),
            throw: Default::default(),
            pack: Default::default(),
            step: Default::default(),
            sent: Default::default(),
            base: Default::default(),
            place: Default::default(),
            next_fill: Default::default(),
            next_packed: Default::default(),
            ends: Default::default(),
            still: Default::default(),
            completes: Default::default(),
            wanted: Default::default(),
            names: core::array::from_fn(|lane| Constant::new(bits(lane as u64))),
            one: Constant::new(bits(1)),
            chunk_size: Constant::new(bits(W as u64)),
            last_lane: Constant::new(bits(LANES as u64 - 1)),
        }
    }
}

impl<const LANES: usize, const W: usize> Logic for Extract<LANES, W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, gap, late_mark, late_alarm, done, cleared, marking, chunk, fill, offered,
            filled, full, lanes, tags, holed, bulk, bulk_at, drained
        );
        clock!(self, clock, queue);
        self.queue.reset.next = self.reset.val();

        // Arrival. A discard comes before its cycle's bits, a mark after them.
        self.arrives.next = self.mask.val().any() | self.alarm.val();
        self.queue.push.next = self.arrives.val() | self.mark.val() | self.late_mark.q.val();
        self.queue.in_prior.next = self.alarm.val();
        self.queue.in_mark.next = self.mark.val() | self.late_mark.q.val();
        self.queue.in_mask.next = self.mask.val();
        self.queue.in_bits.next = self.bits.val();
        self.queue.in_test.next = self.test.val();
        self.queue.in_flags.next = bit_cast::<3, 2>(self.flags.val());
        if self.gap.q.val() {
            self.queue.in_flags.next = bit_cast::<3, 2>(self.flags.val()) | 4;
        }
        self.queue.in_time.next = 0.into();
        self.lost.next = 0.into();
        if self.queue.full.val() {
            self.lost.next = self.mask.val();
            self.gap.d.next = self.gap.q.val() | self.mask.val().any();
            self.late_mark.d.next = self.mark.val() | self.late_mark.q.val();
            // The mark of an alarm is lost: then nothing that waits is of use.
            self.late_alarm.d.next = self.late_alarm.q.val() | self.alarm.val();
        } else {
            self.late_mark.d.next = false;
            if self.mask.val().any() {
                self.gap.d.next = false;
            }
        }

        // Head: first its discard, then one lane a cycle, then its mark.
        self.left.next = self.queue.mask.val() & !self.done.q.val();
        self.minus.next = self.left.val() - 1;
        self.lowest.next = self.left.val() & !self.minus.val();
        self.after.next = self.left.val() & self.minus.val();
        self.value.next = (self.queue.bits.val() & self.lowest.val()).any();
        self.go.next = self.queue.valid.val() & !self.marking.q.val() & !self.bulk.q.val();
        self.asks.next = self.go.val() & self.queue.prior.val() & !self.cleared.q.val();
        self.still.next = self.queue.empty.val() & !self.marking.q.val() & !self.bulk.q.val();
        // A chunk that completes a block goes first: then the block was made before what discards.
        self.completes.next = self.offered.q.val() & self.full.q.val() & self.in_ready.val();
        self.wanted.next = (self.asks.val() & !self.late_alarm.q.val())
            | (self.still.val() & self.late_alarm.q.val())
            | (self.still.val() & self.drain.val() & !self.drained.q.val() & !self.arrives.val());
        self.discard.next = self.wanted.val() & !self.completes.val();
        self.throw.next = self.go.val()
            & self.left.val().any()
            & (!self.asks.val() | self.late_alarm.q.val())
            & (self.in_refuse.val() | self.abandon.val() | self.late_alarm.q.val());
        self.pack.next = self.go.val()
            & self.left.val().any()
            & !self.asks.val()
            & !self.throw.val()
            & self.in_ready.val()
            & !self.full.q.val();
        self.step.next = self.throw.val() | self.pack.val();
        self.thrown.next = 0.into();
        if self.throw.val() {
            self.thrown.next = self.lowest.val();
            self.holed.d.next = true;
        }
        if self.step.val() {
            self.done.d.next = self.done.q.val() | self.lowest.val();
        }
        self.marking.d.next = false;
        self.queue.pop.next = self.go.val()
            & (!self.asks.val() | self.late_alarm.q.val())
            & ((self.step.val() & !self.after.val().any()) | !self.left.val().any());
        if self.queue.pop.val() {
            self.done.d.next = 0.into();
            self.cleared.d.next = false;
            self.marking.d.next = self.queue.mark.val();
        }

        // Packer.
        self.sent.next = self.offered.q.val()
            & self.in_ready.val()
            & (!self.wanted.val() | self.completes.val());
        self.base.next = self.chunk.q.val();
        self.place.next = self.fill.q.val();
        if self.sent.val() {
            self.base.next = 0.into();
            self.place.next = 0.into();
            self.offered.d.next = false;
        }
        self.chunk.d.next = self.base.val();
        self.fill.d.next = self.place.val();
        self.next_fill.next = self.place.val() + 1;
        self.next_packed.next = self.filled.q.val() + 1;
        self.ends.next = self.next_packed.val() == bit_cast::<17, 16>(self.n.val());
        if self.pack.val() {
            if self.value.val() {
                self.chunk.d.next = self.base.val() | (self.one.val() << self.place.val());
            }
            self.fill.d.next = self.next_fill.val();
            self.offered.d.next = (self.next_fill.val() == self.chunk_size.val()) | self.ends.val();
            self.filled.d.next = self.next_packed.val();
            self.full.d.next = self.ends.val();
            self.lanes.d.next = self.lanes.q.val() | self.lowest.val();
            self.tags.d.next =
                self.tags.q.val() | (bit_cast::<6, 3>(self.queue.flags.val() & 3) << 2);
            if (self.queue.test.val() & self.lowest.val()).any() {
                self.tags.d.next =
                    self.tags.q.val() | (bit_cast::<6, 3>(self.queue.flags.val() & 3) << 2) | 2;
            }
            // A hole before the block's next bit is the block's.
            if self.holed.q.val() | self.queue.flags.val().get_bit(2) {
                self.tags.d.next = self.tags.d.val() | 0x20;
            }
            self.holed.d.next = false;
        }
        for i in 0..LANES {
            self.counts[i].clock.next = self.clock.val();
            self.counts[i].d.next = self.counts[i].q.val();
            if self.pack.val() & self.lowest.val().get_bit(i) {
                self.counts[i].d.next = self.counts[i].q.val() + 1;
            }
        }

        // A block's end: made, or discarded and its bits counted lane by lane.
        if self.made.val() {
            self.filled.d.next = 0.into();
            self.full.d.next = false;
            self.lanes.d.next = 0.into();
            self.tags.d.next = 0.into();
            for i in 0..LANES {
                self.counts[i].d.next = 0.into();
            }
        }
        self.bulk_valid.next = self.bulk.q.val();
        self.bulk_lane.next = self.bulk_at.q.val();
        self.bulk_count.next = 0.into();
        if self.bulk.q.val() {
            self.bulk_at.d.next = self.bulk_at.q.val() + 1;
            if self.bulk_at.q.val() == self.last_lane.val() {
                self.bulk.d.next = false;
            }
        }
        for i in 0..LANES {
            if self.bulk.q.val() & (self.bulk_at.q.val() == self.names[i].val()) {
                self.bulk_count.next = self.counts[i].q.val();
                self.counts[i].d.next = 0.into();
            }
        }
        if self.discarded.val() {
            self.cleared.d.next = self.queue.valid.val() & !self.late_alarm.q.val();
            self.late_alarm.d.next = self.queue.full.val() & self.alarm.val();
            self.drained.d.next = self.drain.val() & self.still.val();
            self.chunk.d.next = 0.into();
            self.fill.d.next = 0.into();
            self.offered.d.next = false;
            self.filled.d.next = 0.into();
            self.full.d.next = false;
            self.lanes.d.next = 0.into();
            self.tags.d.next = 0.into();
            self.holed.d.next = self.holed.q.val() | (self.filled.q.val() != 0);
            self.bulk.d.next = true;
            self.bulk_at.d.next = 0.into();
        }
        if !self.drain.val() {
            self.drained.d.next = false;
        }

        self.marked.next = self.marking.q.val();
        self.pending.next = self.fill.q.val() != 0;
        self.quiet.next = self.still.val()
            & !self.arrives.val()
            & !self.late_mark.q.val()
            & !self.late_alarm.q.val()
            & (self.fill.q.val() == 0);
        self.moves.next =
            self.step.val() | self.sent.val() | self.discarded.val() | self.made.val();
        self.idle.next = self.quiet.val()
            & (self.filled.q.val() == 0)
            & (self.drained.q.val() | !self.drain.val());
        self.chunk_valid.next = self.offered.q.val() & (!self.wanted.val() | self.completes.val());
        self.chunk_bits.next = self.chunk.q.val();
        self.chunk_count.next = self.fill.q.val();
        self.block_lanes.next = bit_cast::<64, LANES>(self.lanes.q.val());
        self.block_flags.next = self.tags.q.val();

        if self.reset.val() {
            self.gap.d.next = false;
            self.late_mark.d.next = false;
            self.late_alarm.d.next = false;
            self.done.d.next = 0.into();
            self.cleared.d.next = false;
            self.marking.d.next = false;
            self.chunk.d.next = 0.into();
            self.fill.d.next = 0.into();
            self.offered.d.next = false;
            self.filled.d.next = 0.into();
            self.full.d.next = false;
            self.lanes.d.next = 0.into();
            self.tags.d.next = 0.into();
            self.holed.d.next = false;
            self.bulk.d.next = false;
            self.drained.d.next = false;
            for i in 0..LANES {
                self.counts[i].d.next = 0.into();
            }
        }
    }
}
