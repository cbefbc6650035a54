//! Pieces into slots: what is taken, where its words lie, when a slot is closed, and what its completion says.

use rust_hdl::prelude::*;

/// What the filling side does.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum FillState {
    /// Waits until what it held is swept.
    Halt,
    /// Begins a slot at the address that is due.
    Prepare,
    /// Between pieces.
    Gate,
    /// Within a piece.
    Piece,
    /// After a piece: is there room for another?
    Judge,
    /// Closes the slot.
    Close,
    /// Writes the completion's four words.
    Words,
    /// Takes the rest of a piece that is lost.
    Drain,
}

/// The filling side of a ring.
#[derive(LogicBlock, Default)]
pub struct Fill {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Number of the ring, as completions carry it.
    pub index: Signal<In, Bits<6>>,
    /// Pieces are taken at all.
    pub usable: Signal<In, Bit>,
    /// No slot is free.
    pub no_slot: Signal<In, Bit>,
    /// Entries for another slot in flight.
    pub entry_free: Signal<In, Bit>,
    /// A geometry is taken. One cycle.
    pub commit: Signal<In, Bit>,
    /// Stop taking pieces, and wait for `swept`.
    pub stop: Signal<In, Bit>,
    /// What was held is swept. One cycle.
    pub swept: Signal<In, Bit>,
    /// A burst buffer is not free.
    pub busy: Signal<In, Bits<2>>,
    /// Bus address of slot 0's data.
    pub data_base: Signal<In, Bits<64>>,
    /// Bytes from slot to slot.
    pub slot_bytes: Signal<In, Bits<21>>,
    /// Slots.
    pub slot_count: Signal<In, Bits<16>>,
    /// FLUSH_CYCLES.
    pub flush_cycles: Signal<In, Bits<32>>,
    /// Sequence number of the slot.
    pub slot_number: Signal<In, Bits<32>>,
    /// GENERATION.
    pub generation: Signal<In, Bits<32>>,
    /// Complete the open slot. One cycle.
    pub flush: Signal<In, Bit>,
    /// Bytes of the coming pieces, a multiple of 8.
    pub piece_bytes: Signal<In, Bits<16>>,
    /// A word is offered.
    pub in_valid: Signal<In, Bit>,
    /// The word is taken if it is offered.
    pub in_ready: Signal<Out, Bit>,
    /// The piece's last word: what follows is valid.
    pub in_last: Signal<In, Bit>,
    /// Flags, in the map's order.
    pub in_flags: Signal<In, Bits<6>>,
    /// Lanes.
    pub in_lanes: Signal<In, Bits<64>>,
    /// Raw bits of the piece.
    pub in_raw_bits: Signal<In, Bits<16>>,
    /// Seed epoch.
    pub in_seed_epoch: Signal<In, Bits<16>>,
    /// The slot is complete after this piece.
    pub in_close: Signal<In, Bit>,

    /// A word is taken: write it at `position` of `buffer`. One cycle each.
    pub write: Signal<Out, Bit>,
    /// Buffer being filled.
    pub buffer: Signal<Out, Bits<1>>,
    /// Place of the word in its window of 256 bytes.
    pub position: Signal<Out, Bits<5>>,
    /// A buffer holds a whole burst, since its last word was taken in the cycle before. One cycle.
    pub burst: Signal<Out, Bit>,
    /// Which buffer.
    pub burst_buffer: Signal<Out, Bits<1>>,
    /// Bits 63 to 8 of the burst's address.
    pub burst_window: Signal<Out, Bits<56>>,
    /// Place of its first word.
    pub burst_first: Signal<Out, Bits<5>>,
    /// Words of it.
    pub burst_words: Signal<Out, Bits<6>>,
    /// Entry of its slot.
    pub entry: Signal<Out, Bits<2>>,
    /// Write a completion's word. One cycle each.
    pub word_write: Signal<Out, Bit>,
    /// Number of the word in the completion.
    pub word_index: Signal<Out, Bits<2>>,
    /// The word.
    pub word: Signal<Out, Bits<64>>,
    /// The slot takes the sequence number. One cycle.
    pub numbered: Signal<Out, Bit>,
    /// The slot is closed: its completion is due once its data is in. One cycle.
    pub closed: Signal<Out, Bit>,
    /// A slot is open.
    pub open: Signal<Out, Bit>,
    /// Raw bits of the open slot.
    pub open_bits: Signal<Out, Bits<32>>,
    /// Holds still until `swept`.
    pub halted: Signal<Out, Bit>,
    /// Between pieces, and not closing.
    pub resting: Signal<Out, Bit>,
    /// A piece waits for a slot to be opened.
    pub offered: Signal<Out, Bit>,
    /// A piece's first word is taken. One cycle.
    pub accepted: Signal<Out, Bit>,

    state: DFF<FillState>,
    is_open: DFF<Bit>,
    gate: DFF<Bit>,
    judged: DFF<Bit>,
    room: DFF<Bit>,
    fits: DFF<Bit>,
    expired: DFF<Bit>,
    close_wanted: DFF<Bit>,
    flush_wanted: DFF<Bit>,
    left: DFF<Bits<21>>,
    /// `left` is not 0.
    more: DFF<Bit>,
    bytes: DFF<Bits<21>>,
    flags: DFF<Bits<6>>,
    lanes: DFF<Bits<64>>,
    raw_bits: DFF<Bits<32>>,
    pieces: DFF<Bits<16>>,
    epoch: DFF<Bits<16>>,
    age: DFF<Bits<32>>,
    slot: DFF<Bits<16>>,
    last_slot: DFF<Bit>,
    /// The pass is an even one: its phase bit is 0.
    odd_pass: DFF<Bit>,
    slot_address: DFF<Bits<64>>,
    window: DFF<Bits<56>>,
    place: DFF<Bits<5>>,
    first: DFF<Bits<5>>,
    words: DFF<Bits<6>>,
    side: DFF<Bits<1>>,
    /// The buffer of `side` is free: known a cycle later than it is, so not in the cycle after a change of sides.
    free: DFF<Bit>,
    /// A burst became whole.
    whole: DFF<Bit>,
    whole_words: DFF<Bits<6>>,
    number: DFF<Bits<2>>,
    step: DFF<Bits<2>>,

    ready: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    stored: Signal<Local, Bit>,
    side_busy: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    must_close: Signal<Local, Bit>,
    piece_wide: Signal<Local, Bits<21>>,
    slot_next: Signal<Local, Bits<16>>,
    words_next: Signal<Local, Bits<6>>,
    bits_wide: Signal<Local, Bits<33>>,
    bits_sum: Signal<Local, Bits<33>>,
    bytes_wide: Signal<Local, Bits<64>>,
    pieces_wide: Signal<Local, Bits<64>>,
    slot_wide: Signal<Local, Bits<64>>,
    flags_wide: Signal<Local, Bits<64>>,
    epoch_wide: Signal<Local, Bits<64>>,
    index_wide: Signal<Local, Bits<64>>,
    lanes_low: Signal<Local, Bits<64>>,
    lanes_high: Signal<Local, Bits<64>>,
    bits_word: Signal<Local, Bits<64>>,
    sequence_wide: Signal<Local, Bits<64>>,
    generation_wide: Signal<Local, Bits<64>>,
    phase_wide: Signal<Local, Bits<64>>,
    step_wide: Signal<Local, Bits<64>>,
}

impl Logic for Fill {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            is_open,
            gate,
            judged,
            room,
            fits,
            expired,
            close_wanted,
            flush_wanted,
            left,
            more,
            bytes,
            flags,
            lanes,
            raw_bits,
            pieces,
            epoch,
            age,
            slot,
            last_slot,
            odd_pass,
            slot_address,
            window,
            place,
            first,
            words,
            side,
            free,
            whole,
            whole_words,
            number,
            step
        );
        self.side_busy.next = self.busy.val().get_bit(0);
        if self.side.q.val() == 1 {
            self.side_busy.next = self.busy.val().get_bit(1);
        }
        self.piece_wide.next = bit_cast::<21, 16>(self.piece_bytes.val());
        self.room.d.next = self.left.q.val() >= self.piece_wide.val();
        self.fits.d.next = self.slot_bytes.val() >= self.piece_wide.val();
        self.slot_next.next = self.slot.q.val() + 1;
        self.last_slot.d.next = self.slot_next.val() == self.slot_count.val();
        self.step_wide.next = bit_cast::<64, 21>(self.slot_bytes.val());
        self.words_next.next = self.words.q.val() + 1;
        self.bits_wide.next = bit_cast::<33, 16>(self.in_raw_bits.val());
        self.bits_sum.next = bit_cast::<33, 32>(self.raw_bits.q.val()) + self.bits_wide.val();

        self.must_close.next = self.is_open.q.val()
            & (self.flush_wanted.q.val()
                | self.expired.q.val()
                | self.close_wanted.q.val()
                | (!self.room.q.val()
                    & (self.judged.q.val() | (self.in_valid.val() & self.fits.q.val()))));
        self.ready.next = false;
        self.stored.next = false;
        self.taken.next = false;
        self.numbered.next = false;
        self.closed.next = false;
        self.ends.next = false;
        self.accepted.next = false;
        self.word_write.next = false;
        self.gate.d.next = false;
        self.judged.d.next = false;

        // Age of the open slot, and STOP's or the timer's wish to close it.
        self.expired.d.next =
            (self.flush_cycles.val() != 0) & (self.age.q.val() >= self.flush_cycles.val());
        if self.is_open.q.val() & (self.age.q.val() != 0xffff_ffff_u64) {
            self.age.d.next = self.age.q.val() + 1;
        }
        if self.flush.val() {
            self.flush_wanted.d.next = true;
        }

        match self.state.q.val() {
            FillState::Halt => {
                if self.swept.val() {
                    self.is_open.d.next = false;
                    self.side.d.next = 0.into();
                    self.state.d.next = FillState::Prepare;
                }
            }
            FillState::Prepare => {
                self.left.d.next = self.slot_bytes.val();
                self.more.d.next = self.slot_bytes.val() != 0;
                self.bytes.d.next = 0.into();
                self.flags.d.next = 0.into();
                self.lanes.d.next = 0.into();
                self.raw_bits.d.next = 0.into();
                self.pieces.d.next = 0.into();
                self.age.d.next = 0.into();
                self.expired.d.next = false;
                self.close_wanted.d.next = false;
                self.window.d.next = self.slot_address.q.val().get_bits::<56>(8);
                self.place.d.next = self.slot_address.q.val().get_bits::<5>(3);
                self.first.d.next = self.slot_address.q.val().get_bits::<5>(3);
                self.words.d.next = 0.into();
                self.state.d.next = FillState::Gate;
                if self.commit.val() {
                    self.state.d.next = FillState::Prepare;
                }
            }
            FillState::Gate => {
                self.ready.next = self.gate.q.val() & self.free.q.val();
                if self.in_valid.val() & self.ready.val() {
                    self.accepted.next = true;
                    self.taken.next = true;
                    self.stored.next = self.more.q.val();
                    self.is_open.d.next = true;
                    self.state.d.next = FillState::Piece;
                } else {
                    if !self.is_open.q.val() {
                        self.flush_wanted.d.next = false;
                    }
                    self.gate.d.next = self.usable.val()
                        & !self.must_close.val()
                        & ((self.is_open.q.val() & self.room.q.val())
                            | (!self.is_open.q.val()
                                & self.fits.q.val()
                                & self.entry_free.val()
                                & !self.no_slot.val()));
                    if self.must_close.val() {
                        self.state.d.next = FillState::Close;
                    }
                    if self.commit.val() {
                        self.gate.d.next = false;
                        self.state.d.next = FillState::Prepare;
                        // Together with RELEASE: what is open is swept and counted first.
                        if self.is_open.q.val() {
                            self.state.d.next = FillState::Halt;
                        }
                    }
                    if self.stop.val() {
                        self.gate.d.next = false;
                        self.state.d.next = FillState::Halt;
                    }
                }
            }
            FillState::Piece => {
                self.ready.next = self.free.q.val();
                if self.in_valid.val() & self.ready.val() {
                    self.taken.next = true;
                    self.stored.next = self.more.q.val();
                }
                if self.stop.val() {
                    self.state.d.next = FillState::Drain;
                }
            }
            FillState::Judge => {
                self.judged.d.next = true;
                self.state.d.next = FillState::Gate;
                if self.stop.val() {
                    self.state.d.next = FillState::Halt;
                }
            }
            FillState::Close => {
                self.step.d.next = 3.into();
                self.flush_wanted.d.next = false;
                if self.stop.val() | !self.usable.val() {
                    self.state.d.next = FillState::Halt;
                } else {
                    self.ends.next = self.words.q.val() != 0;
                    self.state.d.next = FillState::Words;
                }
            }
            FillState::Words => {
                // The sequence number is in the word that is written first: the count moves on early, so that it is
                // known whether another slot is free when that is asked.
                self.word_write.next = true;
                self.numbered.next = self.step.q.val() == 3;
                self.step.d.next = self.step.q.val() - 1;
                if self.step.q.val() == 0 {
                    self.closed.next = !self.stop.val();
                    self.number.d.next = self.number.q.val() + 1;
                    self.is_open.d.next = false;
                    self.slot.d.next = self.slot_next.val();
                    self.slot_address.d.next = self.slot_address.q.val() + self.step_wide.val();
                    if self.last_slot.q.val() {
                        self.slot.d.next = 0.into();
                        self.slot_address.d.next = self.data_base.val();
                        self.odd_pass.d.next = !self.odd_pass.q.val();
                    }
                    self.state.d.next = FillState::Prepare;
                }
                if self.stop.val() {
                    self.number.d.next = self.number.q.val();
                    self.is_open.d.next = true;
                    self.state.d.next = FillState::Halt;
                }
            }
            FillState::Drain => {
                self.ready.next = true;
                self.taken.next = self.in_valid.val();
            }
        }

        // Whatever a producer does, nothing is written beyond the slot; it is marked as not to be used.
        if self.taken.val() & !self.more.q.val() {
            self.flags.d.next = self.flags.q.val() | 0x10;
        }

        // A word: its place, and the end of the burst that it may be.
        if self.stored.val() {
            self.left.d.next = self.left.q.val() - 8;
            self.more.d.next = self.left.q.val() != 8;
            self.bytes.d.next = self.bytes.q.val() + 8;
            self.place.d.next = self.place.q.val() + 1;
            self.words.d.next = self.words_next.val();
            self.ends.next = self.place.q.val() == 31;
        }
        // Sides change at once; the sender is told a cycle later, for which the burst's place is kept.
        self.whole.d.next = self.ends.val();
        self.whole_words.d.next = self.words.q.val();
        if self.stored.val() {
            self.whole_words.d.next = self.words_next.val();
        }
        if self.ends.val() {
            self.side.d.next = !self.side.q.val();
            self.words.d.next = 0.into();
        }
        if self.whole.q.val() {
            self.window.d.next = self.window.q.val() + 1;
            self.first.d.next = 0.into();
        }
        self.free.d.next = !self.side_busy.val() & !self.ends.val();

        // The end of a piece: what it was joins the slot's completion.
        if self.taken.val() & self.in_last.val() {
            self.flags.d.next = self.flags.d.val() | self.in_flags.val();
            self.lanes.d.next = self.lanes.q.val() | self.in_lanes.val();
            self.epoch.d.next = self.in_seed_epoch.val();
            self.raw_bits.d.next = bit_cast::<32, 33>(self.bits_sum.val());
            if self.bits_sum.val().get_bit(32) {
                self.raw_bits.d.next = 0xffff_ffff_u64.into();
            }
            if self.pieces.q.val() != 0xffff {
                self.pieces.d.next = self.pieces.q.val() + 1;
            }
            self.close_wanted.d.next = self.close_wanted.q.val() | self.in_close.val();
            self.state.d.next = FillState::Judge;
            if (self.state.q.val() == FillState::Drain) | self.stop.val() {
                self.state.d.next = FillState::Halt;
            }
        }

        if self.commit.val() {
            self.slot.d.next = 0.into();
            self.slot_address.d.next = self.data_base.val();
            self.odd_pass.d.next = false;
        }

        // The completion (regmap `layout`), a word a cycle.
        self.slot_wide.next = bit_cast::<64, 16>(self.slot.q.val());
        self.pieces_wide.next = bit_cast::<64, 16>(self.pieces.q.val());
        self.bytes_wide.next = bit_cast::<64, 21>(self.bytes.q.val());
        self.index_wide.next = bit_cast::<64, 6>(self.index.val());
        self.flags_wide.next = bit_cast::<64, 6>(self.flags.q.val());
        self.epoch_wide.next = bit_cast::<64, 16>(self.epoch.q.val());
        self.lanes_low.next = self.lanes.q.val() << 32;
        self.lanes_high.next = self.lanes.q.val() >> 32;
        self.bits_word.next = bit_cast::<64, 32>(self.raw_bits.q.val());
        self.sequence_wide.next = bit_cast::<64, 32>(self.slot_number.val());
        self.generation_wide.next = bit_cast::<64, 32>(self.generation.val() & 0x7fff_ffff);
        self.phase_wide.next = 1.into();
        if self.odd_pass.q.val() {
            self.phase_wide.next = 0.into();
        }
        self.word.next =
            self.slot_wide.val() | (self.pieces_wide.val() << 16) | (self.bytes_wide.val() << 32);
        if self.step.q.val() == 1 {
            self.word.next = self.index_wide.val()
                | (self.flags_wide.val() << 2)
                | (self.epoch_wide.val() << 16)
                | self.lanes_low.val();
        }
        if self.step.q.val() == 2 {
            self.word.next = self.lanes_high.val() | (self.bits_word.val() << 32);
        }
        if self.step.q.val() == 3 {
            self.word.next = self.sequence_wide.val()
                | (self.generation_wide.val() << 32)
                | (self.phase_wide.val() << 63);
        }

        self.in_ready.next = self.ready.val();
        self.write.next = self.stored.val();
        self.buffer.next = self.side.q.val();
        self.position.next = self.place.q.val();
        self.burst.next = self.whole.q.val();
        self.burst_buffer.next = !self.side.q.val();
        self.burst_words.next = self.whole_words.q.val();
        self.burst_window.next = self.window.q.val();
        self.burst_first.next = self.first.q.val();
        self.entry.next = self.number.q.val();
        self.word_index.next = self.step.q.val();
        self.open.next = self.is_open.q.val();
        self.open_bits.next = self.raw_bits.q.val();
        self.halted.next = (self.state.q.val() == FillState::Halt) & !self.whole.q.val();
        self.resting.next = self.state.q.val() == FillState::Gate;
        self.offered.next = (self.state.q.val() == FillState::Gate)
            & self.in_valid.val()
            & !self.is_open.q.val()
            & self.fits.q.val();

        if self.reset.val() {
            self.state.d.next = FillState::Halt;
            self.is_open.d.next = false;
            self.gate.d.next = false;
            self.close_wanted.d.next = false;
            self.flush_wanted.d.next = false;
            self.flags.d.next = 0.into();
            self.lanes.d.next = 0.into();
            self.raw_bits.d.next = 0.into();
            self.pieces.d.next = 0.into();
            self.epoch.d.next = 0.into();
            self.bytes.d.next = 0.into();
            self.words.d.next = 0.into();
            self.slot.d.next = 0.into();
            self.slot_address.d.next = 0.into();
            self.odd_pass.d.next = false;
            self.side.d.next = 0.into();
            self.whole.d.next = false;
            self.number.d.next = 0.into();
            self.step.d.next = 0.into();
        }
    }
}
