//! From waiting bursts to the bus: requests, responses, completions in the order of the slots.

use super::WaitingMemory;
use crate::axi_write::OrderMemory;
use rust_hdl::prelude::*;

/// What the sending side does.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum BoxSendState {
    /// Nothing to send.
    Idle,
    /// Adds up the burst's address.
    Sum,
    /// Asks for the bus.
    Request,
}

/// The sending side of a box ring.
#[derive(LogicBlock, Default)]
pub struct BoxSend {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// All is forgotten.
    pub forget: Signal<In, Bit>,
    /// Place to clear.
    pub clear_place: Signal<In, Bits<10>>,
    /// Nothing more is sent: an error, or a sweep.
    pub discards: Signal<In, Bit>,
    /// The bus does not answer.
    pub bus_failed: Signal<In, Bit>,
    /// A geometry is in force: TAIL counts.
    pub committed: Signal<In, Bit>,
    /// A geometry is taken. One cycle.
    pub commit: Signal<In, Bit>,
    /// Bus address of slot 0's completion.
    pub completion_base: Signal<In, Bits<64>>,
    /// Slots.
    pub slot_count: Signal<In, Bits<16>>,
    /// TAIL: number of the slot to complete next.
    pub tail_count: Signal<In, Bits<32>>,
    /// A burst waits, or the mark of a slot without further data. One cycle.
    pub burst: Signal<In, Bit>,
    /// It, as the taking side gives it.
    pub burst_word: Signal<In, Bits<36>>,
    /// Slot whose address is wanted.
    pub window_entry: Signal<Out, Bits<7>>,
    /// Bits 63 to 8 of the address.
    pub slot_window: Signal<In, Bits<56>>,

    /// There is a place for another burst before the bus.
    pub pump_room: Signal<In, Bit>,
    /// A burst is going to be asked for. One cycle.
    pub pump_push: Signal<Out, Bit>,
    /// It, as the pump takes it.
    pub pump_word: Signal<Out, Bits<16>>,

    /// A completion is in host memory. One cycle.
    pub completed: Signal<Out, Bit>,
    /// A burst failed, or the bus.
    pub failed: Signal<Out, Bit>,
    /// No burst is with the write master.
    pub settled: Signal<Out, Bit>,
    /// Nothing waits, either.
    pub quiet: Signal<Out, Bit>,

    /// A burst waits for the bus.
    pub request_valid: Signal<Out, Bit>,
    /// It is taken.
    pub request_ready: Signal<In, Bit>,
    /// Its address, a multiple of 32.
    pub request_address: Signal<Out, Bits<64>>,
    /// Its words of 8 bytes, a multiple of 4.
    pub request_words: Signal<Out, Bits<6>>,
    /// A burst is answered. One cycle, in the order in which they were taken.
    pub b_valid: Signal<In, Bit>,
    /// With an error.
    pub b_error: Signal<In, Bit>,

    state: DFF<BoxSendState>,
    waiting: WaitingMemory,
    written: DFF<Bits<9>>,
    begun: DFF<Bits<9>>,
    fetched: DFF<Bit>,
    held: DFF<Bits<36>>,
    address: DFF<Bits<64>>,
    words: DFF<Bits<6>>,
    is_completion: DFF<Bit>,
    /// Bursts with the write master, and marks between them: entry, last, completion, mark.
    track: OrderMemory<10, 6>,
    tracked: DFF<Bits<7>>,
    answered: DFF<Bits<7>>,
    in_flight: DFF<Bits<7>>,
    /// Responses that say OKAY and were not looked at yet.
    credit: DFF<Bits<7>>,
    poisoned: DFF<Bit>,
    /// For each entry whether its data is in host memory; what says yes alternates from pass to pass.
    done: OrderMemory<1, 7>,
    due: DFF<Bit>,
    completion_out: DFF<Bit>,
    completion_address: DFF<Bits<64>>,
    mask: DFF<Bits<16>>,

    begun_next: Signal<Local, Bits<9>>,
    popped: Signal<Local, Bit>,
    head: Signal<Local, Bits<36>>,
    is_mark: Signal<Local, Bit>,
    track_used: Signal<Local, Bits<7>>,
    track_room: Signal<Local, Bit>,
    tracks: Signal<Local, Bit>,
    started: Signal<Local, Bit>,
    marks: Signal<Local, Bit>,
    oldest: Signal<Local, Bits<10>>,
    oldest_entry: Signal<Local, Bits<7>>,
    tail_entry: Signal<Local, Bits<7>>,
    okay: Signal<Local, Bit>,
    settles: Signal<Local, Bit>,
    passes: Signal<Local, Bit>,
    lap: Signal<Local, Bit>,
    data_done: Signal<Local, Bit>,
    completes: Signal<Local, Bit>,
    picks: Signal<Local, Bit>,
    window: Signal<Local, Bits<56>>,
    place: Signal<Local, Bits<64>>,
    first_wide: Signal<Local, Bits<64>>,
    window_wide: Signal<Local, Bits<64>>,
    last_slot: Signal<Local, Bit>,
    held_place: Signal<Local, Bits<16>>,
    held_context: Signal<Local, Bits<16>>,
}

impl Logic for BoxSend {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            written,
            begun,
            fetched,
            held,
            address,
            words,
            is_completion,
            tracked,
            answered,
            in_flight,
            credit,
            poisoned,
            due,
            completion_out,
            completion_address,
            mask
        );
        clock!(self, clock, waiting, track, done);

        // What waits.
        self.waiting.write_address.next = bit_cast::<8, 9>(self.written.q.val());
        self.waiting.write_data.next = self.burst_word.val();
        self.waiting.write_enable.next = self.burst.val();
        if self.burst.val() {
            self.written.d.next = self.written.q.val() + 1;
        }
        self.begun_next.next = self.begun.q.val();
        if self.popped.val() {
            self.begun_next.next = self.begun.q.val() + 1;
        }
        self.begun.d.next = self.begun_next.val();
        self.waiting.read_address.next = bit_cast::<8, 9>(self.begun_next.val());
        self.fetched.d.next = self.begun_next.val() != self.written.q.val();
        self.head.next = self.waiting.read_data.val();
        self.is_mark.next = self.head.val().get_bits::<4>(10) == 0;

        // What is asked for: completions before data.
        self.track_used.next = self.tracked.q.val() - self.answered.q.val();
        self.track_room.next = self.track_used.val() < 62;
        self.popped.next = false;
        self.marks.next = false;
        self.picks.next = false;
        self.started.next = false;
        self.pump_push.next = false;
        self.window_entry.next = self.held.q.val().get_bits::<7>(14);
        self.window.next =
            self.slot_window.val() + bit_cast::<56, 13>(self.held.q.val().get_bits::<13>(22));
        self.window_wide.next = bit_cast::<64, 56>(self.window.val());
        self.first_wide.next = bit_cast::<64, 3>(self.held.q.val().get_bits::<3>(7));
        self.place.next = (self.window_wide.val() << 8) | (self.first_wide.val() << 5);
        match self.state.q.val() {
            BoxSendState::Idle => {
                if !self.discards.val() & self.track_room.val() & self.pump_room.val() {
                    if self.due.q.val() {
                        self.picks.next = true;
                        self.pump_push.next = true;
                        self.address.d.next = self.completion_address.q.val();
                        self.words.d.next = 4.into();
                        self.is_completion.d.next = true;
                        self.state.d.next = BoxSendState::Request;
                    } else {
                        if self.fetched.q.val() {
                            self.popped.next = true;
                            self.held.d.next = self.head.val();
                            self.is_completion.d.next = false;
                            if self.is_mark.val() {
                                self.marks.next = true;
                            } else {
                                self.state.d.next = BoxSendState::Sum;
                            }
                        }
                    }
                }
            }
            BoxSendState::Sum => {
                self.pump_push.next = true;
                self.address.d.next = self.place.val();
                self.words.d.next = bit_cast::<6, 4>(self.held.q.val().get_bits::<4>(10)) << 2;
                self.state.d.next = BoxSendState::Request;
            }
            BoxSendState::Request => {
                if self.request_ready.val() {
                    self.started.next = true;
                    self.state.d.next = BoxSendState::Idle;
                } else {
                    // Not yet taken: nothing of an error's ring goes out any more.
                    if self.discards.val() {
                        self.state.d.next = BoxSendState::Idle;
                    }
                }
            }
            _ => {
                self.state.d.next = BoxSendState::Idle;
            }
        }
        self.held_context.next = bit_cast::<16, 6>(self.held.q.val().get_bits::<6>(0));
        self.held_place.next = (self.held_context.val() << 4)
            | (bit_cast::<16, 1>(self.held.q.val().get_bits::<1>(6)) << 3)
            | bit_cast::<16, 3>(self.held.q.val().get_bits::<3>(7));
        self.pump_word.next = self.held_place.val()
            | (bit_cast::<16, 4>(self.held.q.val().get_bits::<4>(10)) << 10)
            | (bit_cast::<16, 1>(self.held.q.val().get_bits::<1>(35)) << 14);
        if self.picks.val() {
            // One beat, from no place.
            self.pump_word.next = 0x8400.into();
        }

        // What is under way, in order: the responses are too.
        self.tracks.next = self.started.val() | self.marks.val();
        self.track.write_address.next = bit_cast::<6, 7>(self.tracked.q.val());
        self.track.write_data.next = bit_cast::<10, 7>(self.held.q.val().get_bits::<7>(14))
            | (bit_cast::<10, 1>(self.held.q.val().get_bits::<1>(21)) << 7)
            | (bit_cast::<10, 1>(self.is_completion.q.val().into()) << 8);
        if self.marks.val() {
            self.track.write_data.next = bit_cast::<10, 7>(self.head.val().get_bits::<7>(14))
                | (bit_cast::<10, 1>(self.head.val().get_bits::<1>(21)) << 7)
                | 0x200;
        }
        self.track.write_enable.next = self.tracks.val();
        if self.tracks.val() {
            self.tracked.d.next = self.tracked.q.val() + 1;
        }
        self.track.first_address.next = bit_cast::<6, 7>(self.answered.q.val());
        self.track.second_address.next = 0.into();
        self.oldest.next = self.track.first.val();
        self.okay.next = self.b_valid.val() & !self.b_error.val() & !self.poisoned.q.val();
        self.settles.next = (self.track_used.val() != 0)
            & !self.oldest.val().get_bit(9)
            & (self.okay.val() | (self.credit.q.val() != 0));
        self.passes.next = (self.track_used.val() != 0) & self.oldest.val().get_bit(9);
        if self.settles.val() | self.passes.val() {
            self.answered.d.next = self.answered.q.val() + 1;
        }
        if self.okay.val() & !self.settles.val() {
            self.credit.d.next = self.credit.q.val() + 1;
        }
        if self.settles.val() & !self.okay.val() {
            self.credit.d.next = self.credit.q.val() - 1;
        }
        if self.started.val() & !self.b_valid.val() {
            self.in_flight.d.next = self.in_flight.q.val() + 1;
        }
        if self.b_valid.val() & !self.started.val() {
            self.in_flight.d.next = self.in_flight.q.val() - 1;
        }
        self.failed.next = (self.b_valid.val() & self.b_error.val()) | self.bus_failed.val();
        if (self.b_valid.val() & self.b_error.val()) | self.bus_failed.val() {
            self.poisoned.d.next = true;
        }

        // A slot's data is in host memory when its last burst is, or its mark is the oldest: all others were before.
        self.tail_entry.next = bit_cast::<7, 32>(self.tail_count.val());
        self.oldest_entry.next = self.oldest.val().get_bits::<7>(0);
        self.lap.next =
            !(self.tail_count.val().get_bit(7) ^ (self.oldest_entry.val() < self.tail_entry.val()));
        self.data_done.next = ((self.settles.val() & !self.oldest.val().get_bit(8))
            | self.passes.val())
            & self.oldest.val().get_bit(7);
        self.done.write_address.next = self.oldest_entry.val();
        self.done.write_data.next = 0.into();
        if self.lap.val() {
            self.done.write_data.next = 1.into();
        }
        self.done.write_enable.next = self.data_done.val();
        self.done.first_address.next = self.tail_entry.val();
        self.done.second_address.next = 0.into();
        self.completes.next = self.settles.val() & self.oldest.val().get_bit(8);
        self.due.d.next = ((self.done.first.val() == 1) ^ self.tail_count.val().get_bit(7))
            & self.committed.val()
            & !self.completion_out.q.val()
            & !self.picks.val();
        self.mask.d.next = self.slot_count.val() - 1;
        self.last_slot.next =
            (bit_cast::<16, 32>(self.tail_count.val()) & self.mask.q.val()) == self.mask.q.val();
        if self.picks.val() {
            self.completion_out.d.next = true;
        }
        if self.completes.val() {
            self.completion_out.d.next = false;
            self.completion_address.d.next = self.completion_address.q.val() + 32;
            if self.last_slot.val() {
                self.completion_address.d.next = self.completion_base.val();
            }
        }
        self.completed.next = self.completes.val();

        self.settled.next = (self.state.q.val() == BoxSendState::Idle)
            & (self.in_flight.q.val() == 0)
            & (self.credit.q.val() == 0);
        self.quiet.next = (self.state.q.val() == BoxSendState::Idle)
            & (self.in_flight.q.val() == 0)
            & (self.track_used.val() == 0)
            & (self.begun.q.val() == self.written.q.val());
        self.request_valid.next =
            (self.state.q.val() == BoxSendState::Request) & !self.discards.val();
        self.request_address.next = self.address.q.val();
        self.request_words.next = self.words.q.val();

        if self.commit.val() {
            self.completion_address.d.next = self.completion_base.val();
            self.poisoned.d.next = false;
        }
        if self.forget.val() {
            self.done.write_address.next = self.clear_place.val().get_bits::<7>(0);
            self.done.write_data.next = 0.into();
            self.done.write_enable.next = true;
        }
        if self.forget.val() | self.reset.val() {
            self.state.d.next = BoxSendState::Idle;
            self.written.d.next = 0.into();
            self.begun.d.next = 0.into();
            self.fetched.d.next = false;
            self.tracked.d.next = 0.into();
            self.answered.d.next = 0.into();
            self.in_flight.d.next = 0.into();
            self.credit.d.next = 0.into();
            self.poisoned.d.next = false;
            self.due.d.next = false;
            self.completion_out.d.next = false;
        }
        if self.reset.val() {
            self.completion_address.d.next = 0.into();
        }
    }
}
