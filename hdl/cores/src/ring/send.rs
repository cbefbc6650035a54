//! From buffers to bursts: requests, responses, completions in order, and the sweep after an error.

use rust_hdl::prelude::*;

/// What the sending side does.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum SendState {
    /// Nothing to send.
    Idle,
    /// Fetches the burst's first word.
    Load,
    /// Asks for the bus.
    Request,
    /// The write master takes the words.
    Pull,
}

/// Steps of a sweep.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum SweepState {
    /// No sweep.
    Normal,
    /// Until nothing is under way.
    Settle,
    /// Clears the buffers.
    Sweep,
    /// Fetches the raw bits of a closed slot that is lost.
    Fetch,
    /// Counts them.
    Count,
    /// Counts those of the open slot.
    Open,
}

/// The sending side of a ring.
#[derive(LogicBlock, Default)]
pub struct Send {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Stopped on a bus error.
    pub in_error: Signal<In, Bit>,
    /// The bus does not answer: nothing more is taken.
    pub bus_failed: Signal<In, Bit>,
    /// A geometry is taken. One cycle.
    pub commit: Signal<In, Bit>,
    /// The ring is given up. One cycle.
    pub given_up: Signal<In, Bit>,
    /// Bus address of slot 0's completion.
    pub completion_base: Signal<In, Bits<64>>,
    /// Slots.
    pub slot_count: Signal<In, Bits<16>>,
    /// A buffer holds a burst. One cycle.
    pub burst: Signal<In, Bit>,
    /// The buffer.
    pub burst_buffer: Signal<In, Bits<1>>,
    /// Bits 63 to 8 of its address.
    pub burst_window: Signal<In, Bits<56>>,
    /// Place of its first word.
    pub burst_first: Signal<In, Bits<5>>,
    /// Words of it.
    pub burst_words: Signal<In, Bits<6>>,
    /// Entry of its slot.
    pub burst_entry: Signal<In, Bits<2>>,
    /// A slot is closed. One cycle.
    pub closed: Signal<In, Bit>,
    /// The filling side holds still.
    pub halted: Signal<In, Bit>,
    /// A slot is open.
    pub open: Signal<In, Bit>,
    /// Raw bits of the open slot.
    pub open_bits: Signal<In, Bits<32>>,
    /// The completion's word that `read_completion` chose, a cycle later.
    pub completion_word: Signal<In, Bits<64>>,

    /// A burst buffer is not free.
    pub busy: Signal<Out, Bits<2>>,
    /// Another slot may be opened besides those in flight.
    pub entry_free: Signal<Out, Bit>,
    /// The filling side has to hold still.
    pub stop: Signal<Out, Bit>,
    /// What was held is swept. One cycle.
    pub swept: Signal<Out, Bit>,
    /// Nothing is closed or under way.
    pub quiet: Signal<Out, Bit>,
    /// A completion is in host memory. One cycle.
    pub completed: Signal<Out, Bit>,
    /// A burst failed, or the bus.
    pub failed: Signal<Out, Bit>,
    /// Word to read of the buffers.
    pub read_place: Signal<Out, Bits<5>>,
    /// Read it, and the completion's: not while the word before is still to be taken.
    pub read_enable: Signal<Out, Bit>,
    /// Word to read of the completions.
    pub read_completion: Signal<Out, Bits<4>>,
    /// What is sent is a completion.
    pub sends_completion: Signal<Out, Bit>,
    /// Buffer that is sent.
    pub side: Signal<Out, Bits<1>>,
    /// Buffers whose word at `clear_place` is cleared.
    pub clear: Signal<Out, Bits<2>>,
    /// Buffers that the filling side does not write.
    pub owned: Signal<Out, Bits<2>>,
    /// Word to clear.
    pub clear_place: Signal<Out, Bits<5>>,
    /// Raw bits of a slot that is lost.
    pub lost_bits: Signal<Out, Bits<32>>,
    /// They are to be counted. One cycle.
    pub lost_valid: Signal<Out, Bit>,

    /// A burst waits for the bus.
    pub request_valid: Signal<Out, Bit>,
    /// It is taken.
    pub request_ready: Signal<In, Bit>,
    /// Its address.
    pub request_address: Signal<Out, Bits<64>>,
    /// Its words of 8 bytes, 1 to 32.
    pub request_words: Signal<Out, Bits<6>>,
    /// Comes back with its response: entry, and bit 2 for a completion.
    pub request_tag: Signal<Out, Bits<3>>,
    /// The word at `data` is taken.
    pub take: Signal<In, Bit>,
    /// A burst is answered. One cycle.
    pub b_valid: Signal<In, Bit>,
    /// With an error.
    pub b_error: Signal<In, Bit>,
    /// Its tag.
    pub b_tag: Signal<In, Bits<3>>,

    state: DFF<SendState>,
    sweep: DFF<SweepState>,
    held: DFF<Bits<2>>,
    window0: DFF<Bits<56>>,
    window1: DFF<Bits<56>>,
    first0: DFF<Bits<5>>,
    first1: DFF<Bits<5>>,
    words0: DFF<Bits<6>>,
    words1: DFF<Bits<6>>,
    entry0: DFF<Bits<2>>,
    entry1: DFF<Bits<2>>,
    next_side: DFF<Bits<1>>,
    address: DFF<Bits<64>>,
    words: DFF<Bits<6>>,
    tag: DFF<Bits<3>>,
    completion: DFF<Bit>,
    place: DFF<Bits<5>>,
    /// The place to read: that of what is offered, or the next.
    ahead: DFF<Bits<5>>,
    left: DFF<Bits<6>>,
    /// Data bursts of each entry that are not answered.
    pending: [DFF<Bits<5>>; 4],
    /// Bursts that the write master took and has not answered.
    in_flight: DFF<Bits<5>>,
    closed_count: DFF<Bits<3>>,
    /// Oldest entry that is not completed.
    oldest: DFF<Bits<2>>,
    completion_out: DFF<Bit>,
    completion_address: DFF<Bits<64>>,
    completion_slot: DFF<Bits<16>>,
    completion_last: DFF<Bit>,
    /// The error that shows has been swept after.
    error_swept: DFF<Bit>,
    clear_count: DFF<Bits<5>>,
    /// The ring was given up: what is held is not sent any more.
    discarding: DFF<Bit>,
    /// The sender was idle in the cycle before too: what it chooses from has been looked at since its last burst.
    settled: DFF<Bit>,
    /// A completion is due.
    completion_due: DFF<Bit>,
    /// A buffer is due.
    data_due: DFF<Bit>,
    /// Entry of the burst that was handed over in the cycle before.
    up: DFF<Bits<4>>,

    down: Signal<Local, Bits<4>>,
    answered: Signal<Local, Bits<2>>,
    clear_entry: Signal<Local, Bit>,
    sent: Signal<Local, Bit>,
    started: Signal<Local, Bit>,
    oldest_done: Signal<Local, Bit>,
    freed: Signal<Local, Bit>,
    side_held: Signal<Local, Bit>,
    slot_next: Signal<Local, Bits<16>>,
    fetched: Signal<Local, Bits<4>>,
    oldest_wide: Signal<Local, Bits<4>>,
    window_wide: Signal<Local, Bits<64>>,
    first_wide: Signal<Local, Bits<64>>,
    place_low: Signal<Local, Bits<2>>,
    is_quiet: Signal<Local, Bit>,
    discards: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
}

impl Logic for Send {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            sweep,
            held,
            window0,
            window1,
            first0,
            first1,
            words0,
            words1,
            entry0,
            entry1,
            next_side,
            address,
            words,
            tag,
            completion,
            place,
            ahead,
            left,
            in_flight,
            closed_count,
            oldest,
            completion_out,
            completion_address,
            completion_slot,
            completion_last,
            error_swept,
            clear_count,
            discarding,
            settled,
            completion_due,
            data_due,
            up
        );
        for i in 0..4 {
            self.pending[i].clock.next = self.clock.val();
            self.pending[i].d.next = self.pending[i].q.val();
        }

        // A buffer is handed over. Where its burst goes follows the filling side until it is: the registers wait for
        // nothing that is known late.
        if self.burst.val() & (self.burst_buffer.val() == 0) {
            self.held.d.next = self.held.d.val() | 1;
        }
        if self.burst.val() & (self.burst_buffer.val() == 1) {
            self.held.d.next = self.held.d.val() | 2;
        }
        if !self.held.q.val().get_bit(0) {
            self.window0.d.next = self.burst_window.val();
            self.first0.d.next = self.burst_first.val();
            self.words0.d.next = self.burst_words.val();
            self.entry0.d.next = self.burst_entry.val();
        }
        if !self.held.q.val().get_bit(1) {
            self.window1.d.next = self.burst_window.val();
            self.first1.d.next = self.burst_first.val();
            self.words1.d.next = self.burst_words.val();
            self.entry1.d.next = self.burst_entry.val();
        }

        // Which data is due, whether a completion is.
        self.side_held.next = self.held.q.val().get_bit(0);
        if self.next_side.q.val() == 1 {
            self.side_held.next = self.held.q.val().get_bit(1);
        }
        self.oldest_done.next = self.pending[0].q.val() == 0;
        if self.oldest.q.val() == 1 {
            self.oldest_done.next = self.pending[1].q.val() == 0;
        }
        if self.oldest.q.val() == 2 {
            self.oldest_done.next = self.pending[2].q.val() == 0;
        }
        if self.oldest.q.val() == 3 {
            self.oldest_done.next = self.pending[3].q.val() == 0;
        }
        // Chosen a cycle before it is acted upon, which keeps the choice out of the path to what is sent.
        self.settled.d.next = self.state.q.val() == SendState::Idle;
        self.completion_due.d.next = (self.closed_count.q.val() != 0)
            & self.oldest_done.val()
            & !self.completion_out.q.val();
        self.data_due.d.next = self.side_held.val();
        self.window_wide.next = bit_cast::<64, 56>(self.window0.q.val());
        self.first_wide.next = bit_cast::<64, 5>(self.first0.q.val());
        if self.next_side.q.val() == 1 {
            self.window_wide.next = bit_cast::<64, 56>(self.window1.q.val());
            self.first_wide.next = bit_cast::<64, 5>(self.first1.q.val());
        }

        // The sender.
        self.discards.next = self.in_error.val() | self.bus_failed.val() | self.discarding.q.val();
        self.sent.next = false;
        self.started.next = false;
        self.freed.next = false;
        self.taken.next = false;
        match self.state.q.val() {
            SendState::Idle => {
                if self.settled.q.val() & !self.discards.val() {
                    if self.completion_due.q.val() {
                        self.state.d.next = SendState::Load;
                        self.completion.d.next = true;
                        self.address.d.next = self.completion_address.q.val();
                        self.words.d.next = 4.into();
                        self.left.d.next = 4.into();
                        self.tag.d.next = bit_cast::<3, 2>(self.oldest.q.val()) | 4;
                        self.place.d.next = 0.into();
                    } else {
                        if self.data_due.q.val() {
                            self.state.d.next = SendState::Load;
                            self.completion.d.next = false;
                            self.address.d.next =
                                (self.window_wide.val() << 8) | (self.first_wide.val() << 3);
                            self.words.d.next = self.words0.q.val();
                            self.left.d.next = self.words0.q.val();
                            self.tag.d.next = bit_cast::<3, 2>(self.entry0.q.val());
                            self.place.d.next = self.first0.q.val();
                            if self.next_side.q.val() == 1 {
                                self.words.d.next = self.words1.q.val();
                                self.left.d.next = self.words1.q.val();
                                self.tag.d.next = bit_cast::<3, 2>(self.entry1.q.val());
                                self.place.d.next = self.first1.q.val();
                            }
                        }
                    }
                }
            }
            SendState::Load => {
                self.state.d.next = SendState::Request;
            }
            SendState::Request => {
                if self.request_ready.val() {
                    self.started.next = true;
                    self.state.d.next = SendState::Pull;
                } else {
                    // Not yet taken: nothing of an error's ring goes out any more.
                    if self.discards.val() {
                        self.state.d.next = SendState::Idle;
                    }
                }
            }
            SendState::Pull => {
                if self.take.val() {
                    self.taken.next = true;
                    self.left.d.next = self.left.q.val() - 1;
                    if self.left.q.val() == 1 {
                        self.sent.next = true;
                    }
                }
                if self.sent.val() | self.bus_failed.val() {
                    self.state.d.next = SendState::Idle;
                    self.freed.next = !self.completion.q.val();
                }
            }
        }
        if self.started.val() & self.completion.q.val() {
            self.completion_out.d.next = true;
        }
        if self.freed.val() {
            self.next_side.d.next = !self.next_side.q.val();
            if self.next_side.q.val() == 0 {
                self.held.d.next = self.held.d.val() & 2;
            } else {
                self.held.d.next = self.held.d.val() & 1;
            }
        }
        // The place behind what is offered is a register: what the bus takes decides only whether it is read.
        if self.state.q.val() == SendState::Idle {
            self.ahead.d.next = self.place.d.val();
        }
        if (self.state.q.val() == SendState::Load) | self.taken.val() {
            self.ahead.d.next = self.ahead.q.val() + 1;
        }
        self.read_enable.next = self.taken.val()
            | (self.state.q.val() == SendState::Idle)
            | (self.state.q.val() == SendState::Load);
        if self.taken.val() {
            self.place.d.next = self.ahead.q.val();
        }
        self.read_place.next = self.ahead.q.val();

        // Responses.
        self.up.d.next = 0.into();
        self.down.next = 0.into();
        if self.burst.val() {
            self.up.d.next = 1.into();
            if self.burst_entry.val() == 1 {
                self.up.d.next = 2.into();
            }
            if self.burst_entry.val() == 2 {
                self.up.d.next = 4.into();
            }
            if self.burst_entry.val() == 3 {
                self.up.d.next = 8.into();
            }
        }
        self.answered.next = bit_cast::<2, 3>(self.b_tag.val() & 3);
        if self.b_valid.val() & !self.b_tag.val().get_bit(2) {
            self.down.next = 1.into();
            if self.answered.val() == 1 {
                self.down.next = 2.into();
            }
            if self.answered.val() == 2 {
                self.down.next = 4.into();
            }
            if self.answered.val() == 3 {
                self.down.next = 8.into();
            }
        }
        for i in 0..4 {
            if self.up.q.val().get_bit(i) & !self.down.val().get_bit(i) {
                self.pending[i].d.next = self.pending[i].q.val() + 1;
            }
            if self.down.val().get_bit(i) & !self.up.q.val().get_bit(i) {
                self.pending[i].d.next = self.pending[i].q.val() - 1;
            }
        }
        if self.started.val() & !self.b_valid.val() {
            self.in_flight.d.next = self.in_flight.q.val() + 1;
        }
        if self.b_valid.val() & !self.started.val() {
            self.in_flight.d.next = self.in_flight.q.val() - 1;
        }
        self.failed.next = (self.b_valid.val() & self.b_error.val()) | self.bus_failed.val();
        self.completed.next = false;
        self.clear_entry.next = false;
        self.slot_next.next = self.completion_slot.q.val() + 1;
        self.completion_last.d.next = self.slot_next.val() == self.slot_count.val();
        if self.b_valid.val() & self.b_tag.val().get_bit(2) {
            self.completion_out.d.next = false;
            if !self.b_error.val() {
                self.completed.next = true;
                self.clear_entry.next = true;
                self.completion_slot.d.next = self.slot_next.val();
                self.completion_address.d.next = self.completion_address.q.val() + 32;
                if self.completion_last.q.val() {
                    self.completion_slot.d.next = 0.into();
                    self.completion_address.d.next = self.completion_base.val();
                }
            }
        }

        // After an error, a release, or a slot that is dropped: everything is swept, and what is lost is counted.
        self.swept.next = false;
        self.lost_valid.next = false;
        self.lost_bits.next = self.open_bits.val();
        self.oldest_wide.next = bit_cast::<4, 2>(self.oldest.q.val());
        self.fetched.next = (self.oldest_wide.val() << 2) | 2;
        self.clear.next = 0.into();
        self.clear_place.next = self.place.q.val();
        if self.taken.val() & !self.completion.q.val() {
            self.clear.next = 1.into();
            if self.next_side.q.val() == 1 {
                self.clear.next = 2.into();
            }
        }
        if !self.in_error.val() {
            self.error_swept.d.next = false;
        }
        match self.sweep.q.val() {
            SweepState::Normal => {
                self.clear_count.d.next = 0.into();
                if (self.in_error.val() & !self.error_swept.q.val())
                    | self.halted.val()
                    | self.given_up.val()
                {
                    self.sweep.d.next = SweepState::Settle;
                }
            }
            SweepState::Settle => {
                // A slot that is merely dropped must not take the slots before it along: they are sent first.
                if self.halted.val()
                    & (self.state.q.val() == SendState::Idle)
                    & (self.in_flight.q.val() == 0)
                    & (self.in_error.val()
                        | self.discarding.q.val()
                        | ((self.held.q.val() == 0) & (self.closed_count.q.val() == 0)))
                {
                    self.sweep.d.next = SweepState::Sweep;
                }
            }
            SweepState::Sweep => {
                self.clear.next = 3.into();
                self.clear_place.next = self.clear_count.q.val();
                self.clear_count.d.next = self.clear_count.q.val() + 1;
                if self.clear_count.q.val() == 31 {
                    self.sweep.d.next = SweepState::Open;
                    if self.closed_count.q.val() != 0 {
                        self.sweep.d.next = SweepState::Fetch;
                    }
                }
            }
            SweepState::Fetch => {
                self.sweep.d.next = SweepState::Count;
            }
            SweepState::Count => {
                self.lost_valid.next = true;
                self.lost_bits.next = bit_cast::<32, 64>(self.completion_word.val() >> 32);
                self.clear_entry.next = true;
                self.sweep.d.next = SweepState::Open;
                if self.closed_count.q.val() != 1 {
                    self.sweep.d.next = SweepState::Fetch;
                }
            }
            SweepState::Open => {
                self.lost_valid.next = self.open.val();
                self.swept.next = true;
                self.error_swept.d.next = self.in_error.val();
                self.discarding.d.next = false;
                self.held.d.next = 0.into();
                self.settled.d.next = false;
                self.next_side.d.next = 0.into();
                for i in 0..4 {
                    self.pending[i].d.next = 0.into();
                }
                self.sweep.d.next = SweepState::Normal;
            }
            _ => {
                self.sweep.d.next = SweepState::Normal;
            }
        }
        if self.given_up.val() {
            self.discarding.d.next = true;
        }
        if self.clear_entry.val() {
            self.oldest.d.next = self.oldest.q.val() + 1;
        }
        if self.closed.val() & !self.clear_entry.val() {
            self.closed_count.d.next = self.closed_count.q.val() + 1;
        }
        if self.clear_entry.val() & !self.closed.val() {
            self.closed_count.d.next = self.closed_count.q.val() - 1;
        }
        if self.commit.val() {
            self.completion_slot.d.next = 0.into();
            self.completion_address.d.next = self.completion_base.val();
        }

        self.place_low.next = bit_cast::<2, 5>(self.read_place.val() & 3);
        self.read_completion.next =
            (self.oldest_wide.val() << 2) | bit_cast::<4, 2>(self.place_low.val());
        if (self.sweep.q.val() != SweepState::Normal) & (self.state.q.val() == SendState::Idle) {
            self.read_completion.next = self.fetched.val();
        }
        self.is_quiet.next = (self.state.q.val() == SendState::Idle)
            & (self.sweep.q.val() == SweepState::Normal)
            & (self.in_flight.q.val() == 0)
            & (self.closed_count.q.val() == 0)
            & (self.held.q.val() == 0)
            & (!self.in_error.val() | self.error_swept.q.val());
        self.quiet.next = self.is_quiet.val();
        self.busy.next = self.held.q.val();
        self.owned.next = self.held.q.val();
        if self.sweep.q.val() == SweepState::Sweep {
            self.owned.next = 3.into();
        }
        self.entry_free.next = self.closed_count.q.val() < 3;
        self.stop.next = (self.sweep.q.val() != SweepState::Normal)
            | (self.in_error.val() & !self.error_swept.q.val());
        self.sends_completion.next = self.completion.q.val();
        self.side.next = self.next_side.q.val();
        self.request_valid.next = (self.state.q.val() == SendState::Request) & !self.discards.val();
        self.request_address.next = self.address.q.val();
        self.request_words.next = self.words.q.val();
        self.request_tag.next = self.tag.q.val();

        if self.reset.val() {
            self.state.d.next = SendState::Idle;
            self.sweep.d.next = SweepState::Normal;
            self.held.d.next = 0.into();
            self.next_side.d.next = 0.into();
            self.in_flight.d.next = 0.into();
            self.closed_count.d.next = 0.into();
            self.oldest.d.next = 0.into();
            self.completion_out.d.next = false;
            self.completion_slot.d.next = 0.into();
            self.completion_address.d.next = 0.into();
            self.error_swept.d.next = false;
            self.discarding.d.next = false;
            self.settled.d.next = false;
            self.up.d.next = 0.into();
            for i in 0..4 {
                self.pending[i].d.next = 0.into();
            }
        }
    }
}
