//! Keys into slots: which key is taken, where it lies, when a burst is whole, when a slot is closed.

use crate::axi_write::OrderMemory;
use rust_hdl::prelude::*;

/// The taking side of a box ring: 64 contexts, each with the slot that it fills.
#[derive(LogicBlock, Default)]
pub struct Take {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Keys are taken at all.
    pub usable: Signal<In, Bit>,
    /// No sweep.
    pub normal: Signal<In, Bit>,
    /// All is forgotten: clears the contexts, place by place.
    pub forget: Signal<In, Bit>,
    /// Place to clear.
    pub clear_place: Signal<In, Bits<10>>,
    /// A geometry is taken. One cycle.
    pub commit: Signal<In, Bit>,
    /// Bus address of slot 0's data.
    pub data_base: Signal<In, Bits<64>>,
    /// Bytes from slot to slot.
    pub slot_bytes: Signal<In, Bits<21>>,
    /// Slots.
    pub slot_count: Signal<In, Bits<16>>,
    /// Sequence number of the next slot.
    pub slot_number: Signal<In, Bits<32>>,
    /// HEAD.
    pub head_count: Signal<In, Bits<32>>,
    /// A slot is completed. One cycle.
    pub completed: Signal<In, Bit>,
    /// A buffer has been sent. One cycle.
    pub sent: Signal<In, Bit>,
    /// The buffer: context, and side in bit 0.
    pub sent_buffer: Signal<In, Bits<7>>,
    /// The turn that was sent.
    pub sent_turn: Signal<In, Bits<1>>,

    /// Context of the next cycle's key.
    pub next_context: Signal<In, Bits<6>>,
    /// A key is there.
    pub key_valid: Signal<In, Bit>,
    /// Its context.
    pub key_context: Signal<In, Bits<6>>,
    /// It is the first of its box.
    pub key_first: Signal<In, Bit>,
    /// It is the last of its box.
    pub key_last: Signal<In, Bit>,
    /// It is taken.
    pub key_taken: Signal<Out, Bit>,
    /// A context's box ends before its last key. One cycle.
    pub cut_valid: Signal<In, Bit>,
    /// The context.
    pub cut_context: Signal<In, Bits<6>>,

    /// The key is written. One cycle each.
    pub write: Signal<Out, Bit>,
    /// Where: context, side, place in the window of 256 bytes.
    pub write_address: Signal<Out, Bits<10>>,
    /// A burst waits, or the mark of a slot without further data. One cycle.
    pub burst: Signal<Out, Bit>,
    /// It: turn, window of the slot (13), last of its slot, entry (7), beats (4), first place (3), side, context (6).
    pub burst_word: Signal<Out, Bits<36>>,
    /// Entry of the slot of this cycle's key or cut: low bits of its number.
    pub entry: Signal<Out, Bits<7>>,
    /// A slot is given to a box: it takes the sequence number. One cycle.
    pub opened: Signal<Out, Bit>,
    /// Bits 63 to 8 of its address.
    pub slot_window: Signal<Out, Bits<56>>,
    /// A slot is closed. One cycle.
    pub closed: Signal<Out, Bit>,
    /// Its keys, and ERROR in bit 16.
    pub extent: Signal<Out, Bits<17>>,
    /// A first key was offered, two cycles ago, when `no_slot` of the registers began to be found.
    pub offered: Signal<Out, Bit>,
    /// It was taken.
    pub accepted: Signal<Out, Bit>,
    /// No slot is open.
    pub none_open: Signal<Out, Bit>,
    /// All slots in flight are open ones, and no box waits to be cut.
    pub resting: Signal<Out, Bit>,

    contexts: OrderMemory<30, 6>,
    sent0: OrderMemory<1, 6>,
    sent1: OrderMemory<1, 6>,
    is_open: DFF<Bit>,
    number: DFF<Bits<7>>,
    base: DFF<Bits<2>>,
    side: DFF<Bit>,
    error: DFF<Bit>,
    turns: DFF<Bits<2>>,
    count: DFF<Bits<16>>,
    index: DFF<Bits<17>>,
    free: DFF<Bit>,
    fits: DFF<Bit>,
    cut: DFF<Bit>,
    cuts: DFF<Bits<64>>,
    was_usable: DFF<Bit>,
    slot_address: DFF<Bits<64>>,
    mask: DFF<Bits<16>>,
    room: DFF<Bits<17>>,
    credit: DFF<Bits<17>>,
    head_seen: DFF<Bits<17>>,
    some_room: DFF<Bit>,
    flight: DFF<Bits<8>>,
    open_count: DFF<Bits<8>>,
    burst_now: DFF<Bit>,
    burst_held: DFF<Bits<36>>,
    offer1: DFF<Bit>,
    offer2: DFF<Bit>,
    accept1: DFF<Bit>,
    accept2: DFF<Bit>,

    slot_state: Signal<Local, Bits<30>>,
    base_wide: Signal<Local, Bits<17>>,
    count_read: Signal<Local, Bits<16>>,
    index_read: Signal<Local, Bits<17>>,
    slot_keys: Signal<Local, Bits<16>>,
    odd: Signal<Local, Bit>,
    busy0: Signal<Local, Bit>,
    busy1: Signal<Local, Bit>,
    cuts_moved: Signal<Local, Bits<64>>,
    fresh: Signal<Local, Bit>,
    taken: Signal<Local, Bit>,
    begins: Signal<Local, Bit>,
    cuts_now: Signal<Local, Bit>,
    stored: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    place: Signal<Local, Bits<3>>,
    first: Signal<Local, Bits<3>>,
    window: Signal<Local, Bits<13>>,
    now_side: Signal<Local, Bit>,
    now_entry: Signal<Local, Bits<7>>,
    beats: Signal<Local, Bits<4>>,
    pushed: Signal<Local, Bit>,
    holds: Signal<Local, Bit>,
    turn: Signal<Local, Bit>,
    turns_next: Signal<Local, Bits<2>>,
    count_next: Signal<Local, Bits<16>>,
    error_next: Signal<Local, Bit>,
    step: Signal<Local, Bits<64>>,
    last_slot: Signal<Local, Bit>,
    room_wide: Signal<Local, Bits<17>>,
    one: Signal<Local, Bits<64>>,
    marked: Signal<Local, Bits<30>>,
    place_wide: Signal<Local, Bits<10>>,
    side_wide: Signal<Local, Bits<10>>,
    context_wide: Signal<Local, Bits<10>>,
}

impl Logic for Take {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            is_open,
            number,
            base,
            side,
            error,
            turns,
            count,
            index,
            free,
            fits,
            cut,
            cuts,
            was_usable,
            slot_address,
            mask,
            room,
            credit,
            head_seen,
            some_room,
            flight,
            open_count,
            burst_now,
            burst_held,
            offer1,
            offer2,
            accept1,
            accept2
        );
        clock!(self, clock, contexts, sent0, sent1);

        // A cycle ahead: what the coming key's context has, where its key would lie, and whether it may.
        self.contexts.first_address.next = self.next_context.val();
        self.contexts.second_address.next = 0.into();
        self.sent0.first_address.next = self.next_context.val();
        self.sent0.second_address.next = 0.into();
        self.sent1.first_address.next = self.next_context.val();
        self.sent1.second_address.next = 0.into();
        self.slot_state.next = self.contexts.first.val();
        self.is_open.d.next = self.slot_state.val().get_bit(0);
        self.number.d.next = self.slot_state.val().get_bits::<7>(1);
        self.base.d.next = self.slot_state.val().get_bits::<2>(8);
        self.side.d.next = self.slot_state.val().get_bit(10);
        self.error.d.next = self.slot_state.val().get_bit(11);
        self.turns.d.next = self.slot_state.val().get_bits::<2>(12);
        self.count_read.next = self.slot_state.val().get_bits::<16>(14);
        self.count.d.next = self.count_read.val();
        self.base_wide.next = bit_cast::<17, 2>(self.slot_state.val().get_bits::<2>(8));
        self.index_read.next =
            (self.base_wide.val() << 1) + bit_cast::<17, 16>(self.count_read.val());
        self.index.d.next = self.index_read.val();
        self.odd.next = self.slot_state.val().get_bit(10) ^ self.index_read.val().get_bit(3);
        self.busy0.next = self.slot_state.val().get_bit(12) ^ (self.sent0.first.val() == 1);
        self.busy1.next = self.slot_state.val().get_bit(13) ^ (self.sent1.first.val() == 1);
        self.free.d.next = !self.busy0.val();
        if self.odd.val() {
            self.free.d.next = !self.busy1.val();
        }
        self.slot_keys.next = self.slot_bytes.val().get_bits::<16>(5);
        self.fits.d.next = self.count_read.val() < self.slot_keys.val();

        // Boxes to cut, each in its context's turn. A ring that is switched off cuts all.
        self.one.next = 1.into();
        self.cuts_moved.next = self.cuts.q.val() >> self.next_context.val();
        self.cut.d.next = self.cuts_moved.val().get_bit(0)
            | (self.cut_valid.val() & (self.cut_context.val() == self.next_context.val()));
        self.cuts_now.next = self.cut.q.val() & self.normal.val();
        if self.cuts_now.val() {
            self.cuts.d.next = self.cuts.q.val() & !(self.one.val() << self.key_context.val());
        }
        if self.cut_valid.val() {
            self.cuts.d.next = self.cuts.d.val() | (self.one.val() << self.cut_context.val());
        }
        self.was_usable.d.next = self.usable.val();
        if self.was_usable.q.val() & !self.usable.val() {
            self.cuts.d.next = 0xffff_ffff_ffff_ffff_u64.into();
        }

        // The key, or the cut.
        self.taken.next = self.key_valid.val()
            & self.usable.val()
            & self.normal.val()
            & !self.cut.q.val()
            & self.free.q.val()
            & ((!self.key_first.val() & self.is_open.q.val())
                | (self.key_first.val()
                    & !self.is_open.q.val()
                    & self.some_room.q.val()
                    & !self.flight.q.val().get_bit(7)));
        self.begins.next = self.taken.val() & self.key_first.val();
        self.stored.next = self.taken.val() & (self.key_first.val() | self.fits.q.val());
        self.ends.next =
            (self.taken.val() & self.key_last.val()) | (self.cuts_now.val() & self.is_open.q.val());
        self.fresh.next = self.key_first.val() & !self.cut.q.val();
        self.place.next = self.index.q.val().get_bits::<3>(0);
        self.window.next = self.index.q.val().get_bits::<13>(3);
        self.first.next = 0.into();
        if self.window.val() == 0 {
            self.first.next = bit_cast::<3, 2>(self.base.q.val()) << 1;
        }
        self.now_entry.next = self.number.q.val();
        if self.fresh.val() {
            self.place.next = self.slot_address.q.val().get_bits::<3>(5);
            self.first.next = self.slot_address.q.val().get_bits::<3>(5);
            self.now_entry.next = self.slot_number.val().get_bits::<7>(0);
        }
        self.now_side.next = self.side.q.val() ^ self.window.val().get_bit(0);
        self.beats.next = bit_cast::<4, 3>(self.place.val()) - bit_cast::<4, 3>(self.first.val());
        if self.stored.val() {
            self.beats.next =
                (bit_cast::<4, 3>(self.place.val()) - bit_cast::<4, 3>(self.first.val())) + 1;
        }
        self.holds.next = self.stored.val() | (self.place.val() != self.first.val());
        self.pushed.next = (self.stored.val() & (self.place.val() == 7)) | self.ends.val();

        // The context as it is after this.
        self.marked.next = 1.into();
        self.turns_next.next = self.turns.q.val();
        self.turn.next = !self.turns.q.val().get_bit(0);
        if self.now_side.val() {
            self.turn.next = !self.turns.q.val().get_bit(1);
        }
        if self.pushed.val() & self.holds.val() {
            self.turns_next.next = self.turns.q.val() ^ 1;
            if self.now_side.val() {
                self.turns_next.next = self.turns.q.val() ^ 2;
            }
        }
        self.count_next.next = self.count.q.val();
        if self.stored.val() {
            self.count_next.next = self.count.q.val() + 1;
        }
        // Whatever an engine does, nothing is written beyond the slot; it is marked as not to be used.
        self.error_next.next =
            self.error.q.val() | (self.taken.val() & !self.stored.val()) | self.cuts_now.val();
        self.contexts.write_address.next = self.key_context.val();
        self.contexts.write_enable.next = self.taken.val() | self.ends.val();
        self.contexts.write_data.next = self.marked.val()
            | (bit_cast::<30, 7>(self.now_entry.val()) << 1)
            | (bit_cast::<30, 2>(self.base.q.val()) << 8)
            | (bit_cast::<30, 1>(self.side.q.val().into()) << 10)
            | (bit_cast::<30, 1>(self.error_next.val().into()) << 11)
            | (bit_cast::<30, 2>(self.turns_next.val()) << 12)
            | (bit_cast::<30, 16>(self.count_next.val()) << 14);
        if self.fresh.val() {
            self.contexts.write_data.next = self.marked.val()
                | (bit_cast::<30, 7>(self.now_entry.val()) << 1)
                | (bit_cast::<30, 2>(self.slot_address.q.val().get_bits::<2>(6)) << 8)
                | (bit_cast::<30, 1>(self.side.q.val().into()) << 10)
                | (bit_cast::<30, 2>(self.turns_next.val()) << 12)
                | (bit_cast::<30, 16>(self.count_next.val()) << 14);
        }
        if self.ends.val() {
            // The next box begins on the side that was not used last.
            self.contexts.write_data.next =
                (bit_cast::<30, 1>((self.now_side.val() ^ self.holds.val()).into()) << 10)
                    | (bit_cast::<30, 2>(self.turns_next.val()) << 12);
        }
        self.sent0.write_address.next = self.sent_buffer.val().get_bits::<6>(1);
        self.sent0.write_data.next = self.sent_turn.val();
        self.sent0.write_enable.next = self.sent.val() & !self.sent_buffer.val().get_bit(0);
        self.sent1.write_address.next = self.sent_buffer.val().get_bits::<6>(1);
        self.sent1.write_data.next = self.sent_turn.val();
        self.sent1.write_enable.next = self.sent.val() & self.sent_buffer.val().get_bit(0);

        self.context_wide.next = bit_cast::<10, 6>(self.key_context.val());
        self.side_wide.next = bit_cast::<10, 1>(self.now_side.val().into());
        self.place_wide.next = bit_cast::<10, 3>(self.place.val());
        self.write.next = self.stored.val();
        self.write_address.next =
            (self.context_wide.val() << 4) | (self.side_wide.val() << 3) | self.place_wide.val();
        self.burst_now.d.next = self.pushed.val();
        self.burst_held.d.next = bit_cast::<36, 6>(self.key_context.val())
            | (bit_cast::<36, 1>(self.now_side.val().into()) << 6)
            | (bit_cast::<36, 3>(self.first.val()) << 7)
            | (bit_cast::<36, 4>(self.beats.val()) << 10)
            | (bit_cast::<36, 7>(self.now_entry.val()) << 14)
            | (bit_cast::<36, 1>(self.ends.val().into()) << 21)
            | (bit_cast::<36, 13>(self.window.val()) << 22)
            | (bit_cast::<36, 1>(self.turn.val().into()) << 35);

        // The next slot's address. Slots are a power of two: the last one's number is all ones.
        self.mask.d.next = self.slot_count.val() - 1;
        self.last_slot.next =
            (bit_cast::<16, 32>(self.slot_number.val()) & self.mask.q.val()) == self.mask.q.val();
        self.step.next = bit_cast::<64, 21>(self.slot_bytes.val());
        if self.begins.val() {
            self.slot_address.d.next = self.slot_address.q.val() + self.step.val();
            if self.last_slot.val() {
                self.slot_address.d.next = self.data_base.val();
            }
        }

        // Free slots: given back by the head, taken by boxes.
        self.head_seen.d.next = bit_cast::<17, 32>(self.head_count.val());
        self.credit.d.next = bit_cast::<17, 32>(self.head_count.val()) - self.head_seen.q.val();
        self.room_wide.next = self.room.q.val() + self.credit.q.val();
        self.room.d.next = self.room_wide.val();
        self.some_room.d.next = self.room_wide.val() != 0;
        if self.begins.val() {
            self.room.d.next = self.room_wide.val() - 1;
            self.some_room.d.next = self.room_wide.val() > 1;
        }
        if self.begins.val() & !self.completed.val() {
            self.flight.d.next = self.flight.q.val() + 1;
        }
        if self.completed.val() & !self.begins.val() {
            self.flight.d.next = self.flight.q.val() - 1;
        }
        if self.begins.val() & !self.ends.val() {
            self.open_count.d.next = self.open_count.q.val() + 1;
        }
        if self.ends.val() & !self.begins.val() {
            self.open_count.d.next = self.open_count.q.val() - 1;
        }

        // The registers know two cycles later whether there was a slot.
        self.offer1.d.next = self.key_valid.val() & self.key_first.val() & self.normal.val();
        self.accept1.d.next = self.begins.val();
        self.offer2.d.next = self.offer1.q.val();
        self.accept2.d.next = self.accept1.q.val();

        self.key_taken.next = self.taken.val();
        self.burst.next = self.burst_now.q.val();
        self.burst_word.next = self.burst_held.q.val();
        self.entry.next = self.now_entry.val();
        self.opened.next = self.begins.val();
        self.slot_window.next = self.slot_address.q.val().get_bits::<56>(8);
        self.closed.next = self.ends.val();
        self.extent.next = bit_cast::<17, 16>(self.count_next.val())
            | (bit_cast::<17, 1>((self.error_next.val() & !self.begins.val()).into()) << 16);
        self.offered.next = self.offer2.q.val();
        self.accepted.next = self.accept2.q.val();
        self.none_open.next = self.open_count.q.val() == 0;
        self.resting.next = (self.flight.q.val() == self.open_count.q.val())
            & !self.burst_now.q.val()
            & !self.cuts.q.val().any();

        if self.commit.val() {
            self.slot_address.d.next = self.data_base.val();
            self.head_seen.d.next = 0.into();
            self.credit.d.next = 0.into();
            self.room.d.next = bit_cast::<17, 16>(self.slot_count.val());
            self.some_room.d.next = true;
            self.offer1.d.next = false;
            self.offer2.d.next = false;
            self.accept1.d.next = false;
            self.accept2.d.next = false;
        }
        if self.forget.val() {
            self.contexts.write_address.next = self.clear_place.val().get_bits::<6>(0);
            self.contexts.write_data.next = 0.into();
            self.contexts.write_enable.next = true;
            self.sent0.write_address.next = self.clear_place.val().get_bits::<6>(0);
            self.sent0.write_data.next = 0.into();
            self.sent0.write_enable.next = true;
            self.sent1.write_address.next = self.clear_place.val().get_bits::<6>(0);
            self.sent1.write_data.next = 0.into();
            self.sent1.write_enable.next = true;
            self.cuts.d.next = 0.into();
            self.flight.d.next = 0.into();
            self.open_count.d.next = 0.into();
            self.burst_now.d.next = false;
        }
        if self.reset.val() {
            self.slot_address.d.next = 0.into();
            self.head_seen.d.next = 0.into();
            self.credit.d.next = 0.into();
            self.room.d.next = 0.into();
            self.some_room.d.next = false;
            self.cuts.d.next = 0.into();
            self.was_usable.d.next = false;
            self.flight.d.next = 0.into();
            self.open_count.d.next = 0.into();
            self.burst_now.d.next = false;
            self.offer1.d.next = false;
            self.offer2.d.next = false;
            self.accept1.d.next = false;
            self.accept2.d.next = false;
        }
    }
}
