//! The EXTRACT path: cycles become chunks for the extractor, in lane order, cut at a block's end; and every bit
//! that does not end in a block is counted.

use super::head::Head;
use super::pack::Pack;
use super::queue::Queue;
use super::tally::Tally;
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
    /// Lanes of which a bit that waited was thrown away.
    pub thrown: Signal<Out, Bits<LANES>>,
    /// A lane's bits of a discarded block.
    pub bulk_valid: Signal<Out, Bit>,
    /// Which lane.
    pub bulk_lane: Signal<Out, Bits<6>>,
    /// How many bits.
    pub bulk_count: Signal<Out, Bits<14>>,

    queue: Queue<LANES>,
    head: Head<LANES>,
    packer: Pack<LANES, W>,
    counts: Tally<LANES>,
    // A lost cycle, mark or alarm that found the queue full.
    gap: DFF<Bit>,
    late_mark: DFF<Bit>,
    late_alarm: DFF<Bit>,
    cleared: DFF<Bit>,
    marking: DFF<Bit>,
    // Bits that the block in progress still lacks, and whether it has any.
    room: DFF<Bits<17>>,
    begun: DFF<Bit>,
    full: DFF<Bit>,
    // What was packed a cycle ago.
    taken: DFF<Bits<LANES>>,
    taken_test: DFF<Bits<LANES>>,
    taken_tags: DFF<Bits<6>>,
    lanes: DFF<Bits<LANES>>,
    tags: DFF<Bits<6>>,
    holed: DFF<Bit>,
    bulk: DFF<Bit>,
    bulk_at: DFF<Bits<6>>,
    drained: DFF<Bit>,

    arrives: Signal<Local, Bit>,
    minus: Signal<Local, Bits<LANES>>,
    lowest: Signal<Local, Bits<LANES>>,
    part: Signal<Local, Bits<LANES>>,
    part_count: Signal<Local, Bits<17>>,
    some: Signal<Local, Bit>,
    go: Signal<Local, Bit>,
    asks: Signal<Local, Bit>,
    throw: Signal<Local, Bit>,
    pack: Signal<Local, Bit>,
    fits: Signal<Local, Bit>,
    sent: Signal<Local, Bit>,
    next_room: Signal<Local, Bits<17>>,
    ends: Signal<Local, Bit>,
    still: Signal<Local, Bit>,
    completes: Signal<Local, Bit>,
    wanted: Signal<Local, Bit>,
    last_lane: Constant<Bits<6>>,
}

impl<const LANES: usize, const W: usize> Default for Extract<LANES, W> {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            queue: Queue::new(false),
            head: Default::default(),
            packer: Default::default(),
            counts: Default::default(),
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
            cleared: Default::default(),
            marking: Default::default(),
            room: Default::default(),
            begun: Default::default(),
            full: Default::default(),
            taken: Default::default(),
            taken_test: Default::default(),
            taken_tags: Default::default(),
            lanes: Default::default(),
            tags: Default::default(),
            holed: Default::default(),
            bulk: Default::default(),
            bulk_at: Default::default(),
            drained: Default::default(),
            arrives: Default::default(),
            minus: Default::default(),
            lowest: Default::default(),
            part: Default::default(),
            part_count: Default::default(),
            some: Default::default(),
            go: Default::default(),
            asks: Default::default(),
            throw: Default::default(),
            pack: Default::default(),
            fits: Default::default(),
            sent: Default::default(),
            next_room: Default::default(),
            ends: Default::default(),
            still: Default::default(),
            completes: Default::default(),
            wanted: Default::default(),
            last_lane: Constant::new(bits(LANES as u64 - 1)),
        }
    }
}

impl<const LANES: usize, const W: usize> Logic for Extract<LANES, W> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, gap, late_mark, late_alarm, cleared, marking, room, begun, full, taken,
            taken_test, taken_tags, lanes, tags, holed, bulk, bulk_at, drained
        );
        clock!(self, clock, queue, head, packer, counts);
        self.queue.reset.next = self.reset.val();
        self.head.reset.next = self.reset.val();
        self.head.in_valid.next = self.queue.valid.val();
        self.head.in_prior.next = self.queue.prior.val();
        self.head.in_mark.next = self.queue.mark.val();
        self.head.in_mask.next = self.queue.mask.val();
        self.head.in_bits.next = self.queue.bits.val();
        self.head.in_test.next = self.queue.test.val();
        self.head.in_flags.next = self.queue.flags.val();
        self.queue.pop.next = self.head.pop.val();

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

        // Head: first its discard, then its bits, then its mark. Bits that end a block go one lane a cycle.
        self.minus.next = self.head.mask.val() - 1;
        self.lowest.next = self.head.mask.val() & !self.minus.val();
        self.some.next = self.head.mask.val().any();
        self.go.next = self.head.valid.val() & !self.marking.q.val();
        self.asks.next = self.go.val() & self.head.prior.val() & !self.cleared.q.val();
        self.still.next = self.queue.empty.val()
            & self.head.empty.val()
            & !self.marking.q.val()
            & !self.bulk.q.val();
        // A block that is complete goes first: it was made before what discards.
        self.completes.next = self.full.q.val()
            & self.packer.busy.val()
            & !self.in_refuse.val()
            & !self.abandon.val();
        // The counts of the block before have to leave first.
        self.wanted.next = (self.asks.val() & !self.bulk.q.val() & !self.late_alarm.q.val())
            | (self.still.val() & self.late_alarm.q.val())
            | (self.still.val() & self.drain.val() & !self.drained.q.val() & !self.arrives.val());
        self.discard.next = self.wanted.val() & !self.completes.val();
        self.throw.next = self.go.val()
            & self.some.val()
            & (!self.asks.val() | self.late_alarm.q.val())
            & (self.in_refuse.val() | self.abandon.val() | self.late_alarm.q.val());
        self.pack.next = self.go.val()
            & self.some.val()
            & !self.asks.val()
            & !self.throw.val()
            & self.in_ready.val()
            & self.packer.ready.val()
            & !self.full.q.val();
        self.fits.next = bit_cast::<17, 7>(self.head.count.val()) <= self.room.q.val();
        // What both cases would leave is worked out beside the comparison that chooses, not after it.
        self.part.next = self.lowest.val();
        self.part_count.next = 1.into();
        self.next_room.next = self.room.q.val() - 1;
        self.ends.next = self.room.q.val() == 1;
        if self.fits.val() {
            self.part.next = self.head.mask.val();
            self.part_count.next = bit_cast::<17, 7>(self.head.count.val());
            self.next_room.next = self.room.q.val() - bit_cast::<17, 7>(self.head.count.val());
            self.ends.next = self.room.q.val() == bit_cast::<17, 7>(self.head.count.val());
        }
        self.head.one.next = self.lowest.val();
        self.head.take_one.next = self.pack.val() & !self.fits.val();
        self.head.advance.next = self.go.val()
            & (!self.asks.val() | self.late_alarm.q.val())
            & (self.throw.val() | (self.pack.val() & self.fits.val()) | !self.some.val());
        self.thrown.next = 0.into();
        if self.throw.val() {
            self.thrown.next = self.head.mask.val();
            self.holed.d.next = true;
        }
        self.marking.d.next = false;
        if self.head.advance.val() {
            self.cleared.d.next = false;
            self.marking.d.next = self.head.mark.val();
        }

        // Packer.
        self.sent.next = self.packer.offered.val() & self.in_ready.val() & !self.discard.val();
        self.packer.sent.next = self.sent.val();
        self.packer.clear.next = self.reset.val() | self.discarded.val();
        self.packer.push.next = self.pack.val();
        self.packer.mask.next = self.part.val();
        self.packer.bits.next = self.head.bits.val();
        self.packer.count.next = self.part_count.val().get_bits::<7>(0);
        self.packer.last.next = self.ends.val();
        self.taken.d.next = 0.into();
        self.taken_test.d.next = 0.into();
        self.taken_tags.d.next = 0.into();
        if !self.begun.q.val() {
            self.room.d.next = bit_cast::<17, 16>(self.n.val());
        }
        if self.pack.val() {
            self.begun.d.next = true;
            self.room.d.next = self.next_room.val();
            self.full.d.next = self.ends.val();
            self.taken.d.next = self.part.val();
            self.taken_test.d.next = self.part.val() & self.head.test.val();
            self.taken_tags.d.next = bit_cast::<6, 3>(self.head.flags.val() & 3) << 2;
            // A hole before the block's next bit is the block's.
            if self.holed.q.val() | self.head.flags.val().get_bit(2) {
                self.taken_tags.d.next = (bit_cast::<6, 3>(self.head.flags.val() & 3) << 2) | 0x20;
            }
            self.holed.d.next = false;
        }
        self.lanes.d.next = self.lanes.q.val() | self.taken.q.val();
        self.tags.d.next = self.tags.q.val() | self.taken_tags.q.val();
        if self.taken_test.q.val().any() {
            self.tags.d.next = self.tags.q.val() | self.taken_tags.q.val() | 2;
        }
        self.counts.add.next = self.taken.q.val();
        self.counts.clear.next = self.reset.val() | self.made.val();
        self.counts.keep.next = self.discarded.val();

        // A block's end: made, or discarded and its bits counted lane by lane.
        if self.made.val() {
            self.begun.d.next = false;
            self.room.d.next = bit_cast::<17, 16>(self.n.val());
            self.full.d.next = false;
            self.lanes.d.next = 0.into();
            self.tags.d.next = 0.into();
        }
        self.bulk_valid.next = self.bulk.q.val();
        self.bulk_lane.next = self.bulk_at.q.val();
        self.counts.lane.next = self.bulk_at.q.val();
        self.bulk_count.next = self.counts.count.val();
        if self.bulk.q.val() {
            self.bulk_at.d.next = self.bulk_at.q.val() + 1;
            if self.bulk_at.q.val() == self.last_lane.val() {
                self.bulk.d.next = false;
            }
        }
        if self.discarded.val() {
            self.cleared.d.next = self.head.valid.val() & !self.late_alarm.q.val();
            self.late_alarm.d.next = self.queue.full.val() & self.alarm.val();
            self.drained.d.next = self.drain.val() & self.still.val();
            self.begun.d.next = false;
            self.room.d.next = bit_cast::<17, 16>(self.n.val());
            self.full.d.next = false;
            self.lanes.d.next = 0.into();
            self.tags.d.next = 0.into();
            self.holed.d.next = self.holed.q.val() | self.begun.q.val();
            self.bulk.d.next = true;
            self.bulk_at.d.next = 0.into();
        }
        if !self.drain.val() {
            self.drained.d.next = false;
        }

        self.marked.next = self.marking.q.val();
        self.pending.next = self.packer.busy.val();
        self.quiet.next = self.still.val()
            & !self.arrives.val()
            & !self.late_mark.q.val()
            & !self.late_alarm.q.val()
            & !self.packer.busy.val();
        self.moves.next = self.throw.val()
            | self.pack.val()
            | self.sent.val()
            | self.discarded.val()
            | self.made.val();
        self.idle.next =
            self.quiet.val() & !self.begun.q.val() & (self.drained.q.val() | !self.drain.val());
        self.chunk_valid.next = self.packer.offered.val() & !self.discard.val();
        self.chunk_bits.next = self.packer.chunk.val();
        self.chunk_count.next = self.packer.chunk_count.val();
        self.block_lanes.next = bit_cast::<64, LANES>(self.lanes.q.val());
        self.block_flags.next = self.tags.q.val();

        if self.reset.val() {
            self.gap.d.next = false;
            self.late_mark.d.next = false;
            self.late_alarm.d.next = false;
            self.cleared.d.next = false;
            self.marking.d.next = false;
            self.begun.d.next = false;
            self.full.d.next = false;
            self.taken.d.next = 0.into();
            self.taken_test.d.next = 0.into();
            self.taken_tags.d.next = 0.into();
            self.lanes.d.next = 0.into();
            self.tags.d.next = 0.into();
            self.holed.d.next = false;
            self.bulk.d.next = false;
            self.drained.d.next = false;
        }
    }
}
