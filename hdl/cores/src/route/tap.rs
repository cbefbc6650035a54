//! The TAP path: cycles become raw records, one a cycle, in lane order.

use super::queue::Queue;
use rust_hdl::prelude::*;

/// Raw records of the lanes that are routed to TAP.
#[derive(LogicBlock)]
pub struct Tap<const LANES: usize> {
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
    pub flags: Signal<In, Bits<3>>,
    /// Cycle of the bits.
    pub timestamp: Signal<In, Bits<56>>,
    /// Throw away what waits.
    pub abandon: Signal<In, Bit>,
    /// A record is given.
    pub raw_valid: Signal<Out, Bit>,
    /// It is taken.
    pub raw_ready: Signal<In, Bit>,
    /// The record.
    pub raw_data: Signal<Out, Bits<64>>,
    /// Its flags, in the completion's order from NOT_CREDITABLE.
    pub raw_flags: Signal<Out, Bits<6>>,
    /// Its lane.
    pub raw_lanes: Signal<Out, Bits<64>>,
    /// Lanes whose bit was lost on arrival.
    pub lost: Signal<Out, Bits<LANES>>,
    /// Lane whose record was thrown away.
    pub thrown: Signal<Out, Bits<LANES>>,
    /// Nothing waits.
    pub empty: Signal<Out, Bit>,

    queue: Queue<LANES>,
    gap: DFF<Bit>,
    done: DFF<Bits<LANES>>,
    valid: DFF<Bit>,
    data: DFF<Bits<64>>,
    marks: DFF<Bits<6>>,
    lanes: DFF<Bits<64>>,
    arrives: Signal<Local, Bit>,
    left: Signal<Local, Bits<LANES>>,
    minus: Signal<Local, Bits<LANES>>,
    lowest: Signal<Local, Bits<LANES>>,
    after: Signal<Local, Bits<LANES>>,
    number: Signal<Local, Bits<6>>,
    free: Signal<Local, Bit>,
    take: Signal<Local, Bit>,
    holed: Signal<Local, Bit>,
    record: Signal<Local, Bits<64>>,
    tags: Signal<Local, Bits<6>>,
    /// Lanes in whose number this bit is 1.
    digits: [Constant<Bits<LANES>>; 6],
    lane_at: Constant<Bits<8>>,
    gap_bit: Constant<Bits<64>>,
    one_bit: Constant<Bits<64>>,
}

/// The lanes in whose number bit `digit` is 1.
fn lanes_with(digit: usize, lanes: usize) -> u64 {
    (0..lanes).fold(0, |word, lane| word | (lane as u64 >> digit & 1) << lane)
}

impl<const LANES: usize> Default for Tap<LANES> {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            queue: Queue::new(true),
            reset: Default::default(),
            mask: Default::default(),
            bits: Default::default(),
            test: Default::default(),
            flags: Default::default(),
            timestamp: Default::default(),
            abandon: Default::default(),
            raw_valid: Default::default(),
            raw_ready: Default::default(),
            raw_data: Default::default(),
            raw_flags: Default::default(),
            raw_lanes: Default::default(),
            lost: Default::default(),
            thrown: Default::default(),
            empty: Default::default(),
            gap: Default::default(),
            done: Default::default(),
            valid: Default::default(),
            data: Default::default(),
            marks: Default::default(),
            lanes: Default::default(),
            arrives: Default::default(),
            left: Default::default(),
            minus: Default::default(),
            lowest: Default::default(),
            after: Default::default(),
            number: Default::default(),
            free: Default::default(),
            take: Default::default(),
            holed: Default::default(),
            record: Default::default(),
            tags: Default::default(),
            digits: core::array::from_fn(|digit| Constant::new(bits(lanes_with(digit, LANES)))),
            lane_at: Constant::new(bits(56)),
            gap_bit: Constant::new(bits(1 << 62)),
            one_bit: Constant::new(bits(1 << 63)),
        }
    }
}

impl<const LANES: usize> Logic for Tap<LANES> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, gap, done, valid, data, marks, lanes);
        clock!(self, clock, queue);
        self.queue.reset.next = self.reset.val();

        // Arrival: a cycle that finds no room is lost, and the next one knows.
        self.arrives.next = self.mask.val().any();
        self.queue.push.next = self.arrives.val();
        self.queue.in_prior.next = self.gap.q.val();
        self.queue.in_mark.next = false;
        self.queue.in_mask.next = self.mask.val();
        self.queue.in_bits.next = self.bits.val();
        self.queue.in_test.next = self.test.val();
        self.queue.in_flags.next = self.flags.val();
        self.queue.in_time.next = self.timestamp.val();
        self.lost.next = 0.into();
        if self.arrives.val() {
            if self.queue.full.val() {
                self.lost.next = self.mask.val();
                self.gap.d.next = true;
            } else {
                self.gap.d.next = false;
            }
        }

        // Head: one lane a cycle into the record.
        self.left.next = self.queue.mask.val() & !self.done.q.val();
        self.minus.next = self.left.val() - 1;
        self.lowest.next = self.left.val() & !self.minus.val();
        self.after.next = self.left.val() & self.minus.val();
        self.number.next = 0.into();
        for i in 0..6 {
            self.number.next = self
                .number
                .val()
                .replace_bit(i, (self.lowest.val() & self.digits[i].val()).any());
        }
        self.free.next = !self.valid.q.val() | self.raw_ready.val();
        self.take.next = self.queue.valid.val() & (self.free.val() | self.abandon.val());
        self.queue.pop.next = self.take.val() & !self.after.val().any();
        self.holed.next = self.queue.prior.val() & !self.done.q.val().any();
        self.record.next = bit_cast::<64, 56>(self.queue.time_out.val())
            | (bit_cast::<64, 6>(self.number.val()) << self.lane_at.val());
        self.thrown.next = 0.into();
        if self.take.val() {
            self.done.d.next = self.done.q.val() | self.lowest.val();
            if !self.after.val().any() {
                self.done.d.next = 0.into();
            }
        }
        if (self.queue.bits.val() & self.lowest.val()).any() {
            self.record.next = self.record.val() | self.one_bit.val();
        }
        self.tags.next = (bit_cast::<6, 3>(self.queue.flags.val() & 3) << 2) | 1;
        if (self.queue.test.val() & self.lowest.val()).any() {
            self.tags.next = self.tags.val() | 2;
        }
        if self.holed.val() {
            self.record.next = self.record.val() | self.gap_bit.val();
            self.tags.next = self.tags.val() | 0x20;
        }
        if self.free.val() {
            self.valid.d.next = false;
            self.data.d.next = 0.into();
            self.lanes.d.next = 0.into();
            if self.queue.valid.val() & !self.abandon.val() {
                self.valid.d.next = true;
                self.data.d.next = self.record.val();
                self.lanes.d.next = bit_cast::<64, LANES>(self.lowest.val());
                self.marks.d.next = self.tags.val();
            }
        }
        // The records of an abandoned queue go nowhere; so does the one that waits for the ring.
        if self.abandon.val() {
            if self.take.val() {
                self.thrown.next = self.lowest.val();
                self.gap.d.next = true;
            } else if self.valid.q.val() & !self.raw_ready.val() {
                self.thrown.next = bit_cast::<LANES, 64>(self.lanes.q.val());
                self.gap.d.next = true;
                self.valid.d.next = false;
                self.data.d.next = 0.into();
            }
        }

        self.raw_valid.next = self.valid.q.val();
        self.raw_data.next = self.data.q.val();
        self.raw_flags.next = self.marks.q.val();
        self.raw_lanes.next = self.lanes.q.val();
        self.empty.next = self.queue.empty.val() & !self.valid.q.val() & !self.arrives.val();
        if self.reset.val() {
            self.gap.d.next = false;
            self.done.d.next = 0.into();
            self.valid.d.next = false;
            self.data.d.next = 0.into();
        }
    }
}
