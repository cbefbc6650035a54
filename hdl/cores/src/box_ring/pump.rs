//! Keys from their memory to the write master, a beat a cycle, in the order in which bursts are asked for.

use crate::axi_write::OrderMemory;
use rust_hdl::prelude::*;

/// Reads the beats of up to seven bursts ahead of the bus, one beat at a time.
#[derive(LogicBlock, Default)]
pub struct Pump {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// All is forgotten: reads, and so clears, the keys place by place.
    pub forget: Signal<In, Bit>,
    /// Place to clear.
    pub clear_place: Signal<In, Bits<10>>,
    /// There is a place for another burst.
    pub room: Signal<Out, Bit>,
    /// A burst is going to be asked for. One cycle, at the latest in the one before.
    pub push: Signal<In, Bit>,
    /// Bit 15: a completion. Else its first place (10), beats (4), turn.
    pub word: Signal<In, Bits<16>>,
    /// Place to read of the keys.
    pub read_address: Signal<Out, Bits<10>>,
    /// Read, and clear, a key.
    pub read: Signal<Out, Bit>,
    /// The beat that waits is a completion, else the key that was read last.
    pub completion: Signal<Out, Bit>,
    /// The beat that waits is taken.
    pub take: Signal<In, Bit>,
    /// A buffer has been sent. One cycle.
    pub sent: Signal<Out, Bit>,
    /// The buffer: context, and side in bit 0.
    pub sent_buffer: Signal<Out, Bits<7>>,
    /// Its turn.
    pub sent_turn: Signal<Out, Bits<1>>,

    bursts: OrderMemory<16, 3>,
    written: DFF<Bits<4>>,
    begun: DFF<Bits<4>>,
    place: DFF<Bits<10>>,
    left: DFF<Bits<4>>,
    turn: DFF<Bits<1>>,
    is_completion: DFF<Bit>,
    valid: DFF<Bit>,
    waits_completion: DFF<Bit>,
    waits_last: DFF<Bit>,
    waits_place: DFF<Bits<10>>,
    waits_turn: DFF<Bits<1>>,
    sent_now: DFF<Bit>,
    sent_place: DFF<Bits<7>>,
    sent_held: DFF<Bits<1>>,

    used: Signal<Local, Bits<4>>,
    burst: Signal<Local, Bits<16>>,
    steps: Signal<Local, Bit>,
    reads: Signal<Local, Bit>,
    reads_key: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    loads: Signal<Local, Bit>,
    wipes: Signal<Local, Bit>,
}

impl Logic for Pump {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            written,
            begun,
            place,
            left,
            turn,
            is_completion,
            valid,
            waits_completion,
            waits_last,
            waits_place,
            waits_turn,
            sent_now,
            sent_place,
            sent_held
        );
        clock!(self, clock, bursts);
        self.bursts.write_address.next = bit_cast::<3, 4>(self.written.q.val());
        self.bursts.write_data.next = self.word.val();
        self.bursts.write_enable.next = self.push.val();
        self.bursts.first_address.next = bit_cast::<3, 4>(self.begun.q.val());
        self.bursts.second_address.next = 0.into();
        self.burst.next = self.bursts.first.val();
        if self.push.val() {
            self.written.d.next = self.written.q.val() + 1;
        }
        self.used.next = self.written.q.val() - self.begun.q.val();
        self.room.next = self.used.val() < 7;

        // The next beat is read when the one that waits is taken, or none waits.
        self.steps.next = !self.valid.q.val() | self.take.val();
        self.reads.next = self.steps.val() & (self.left.q.val() != 0);
        self.reads_key.next = self.reads.val() & !self.is_completion.q.val();
        self.ends.next = self.reads.val() & (self.left.q.val() == 1);
        if self.steps.val() {
            self.valid.d.next = self.left.q.val() != 0;
            self.waits_completion.d.next = self.is_completion.q.val();
            self.waits_last.d.next = self.left.q.val() == 1;
            self.waits_turn.d.next = self.turn.q.val();
        }
        if self.reads.val() {
            self.left.d.next = self.left.q.val() - 1;
            self.place.d.next = self.place.q.val() + 1;
        }
        if self.reads_key.val() {
            self.waits_place.d.next = self.place.q.val();
        }
        self.loads.next = ((self.left.q.val() == 0) | self.ends.val()) & (self.used.val() != 0);
        if self.loads.val() {
            self.begun.d.next = self.begun.q.val() + 1;
            self.place.d.next = self.burst.val().get_bits::<10>(0);
            self.left.d.next = self.burst.val().get_bits::<4>(10);
            self.turn.d.next = self.burst.val().get_bits::<1>(14);
            self.is_completion.d.next = self.burst.val().get_bit(15);
        }

        // A key does not stay behind at the memory's output: its place, which is clear by now, is read once more.
        self.wipes.next = self.take.val()
            & self.valid.q.val()
            & !self.waits_completion.q.val()
            & !self.reads_key.val();
        self.read.next = self.reads_key.val() | self.wipes.val() | self.forget.val();
        self.read_address.next = self.waits_place.q.val();
        if self.reads_key.val() {
            self.read_address.next = self.place.q.val();
        }
        if self.forget.val() {
            self.read_address.next = self.clear_place.val();
        }
        self.completion.next = self.waits_completion.q.val();

        // The buffer is free when its last key has been taken.
        self.sent_now.d.next = self.take.val()
            & self.valid.q.val()
            & self.waits_last.q.val()
            & !self.waits_completion.q.val();
        self.sent_place.d.next = self.waits_place.q.val().get_bits::<7>(3);
        self.sent_held.d.next = self.waits_turn.q.val();
        self.sent.next = self.sent_now.q.val();
        self.sent_buffer.next = self.sent_place.q.val();
        self.sent_turn.next = self.sent_held.q.val();

        if self.forget.val() | self.reset.val() {
            self.written.d.next = 0.into();
            self.begun.d.next = 0.into();
            self.left.d.next = 0.into();
            self.valid.d.next = false;
            self.waits_completion.d.next = false;
            self.sent_now.d.next = false;
        }
    }
}
