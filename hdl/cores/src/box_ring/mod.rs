//! The key-box ring of a card whose engine fills 64 boxes at once, a key a cycle (spec 6-card §6.1, *Write-only DMA*).
//! See `README.md`.

mod memory;
mod pump;
mod send;
mod sweep;
mod take;

pub use memory::{KeyMemory, WaitingMemory};
pub use pump::Pump;
pub use send::{BoxSend, BoxSendState};
pub use sweep::{Sweep, SweepState};
pub use take::Take;

use crate::axi_write::OrderMemory;
use crate::ring::Registers;
use rust_hdl::prelude::*;

/// A key-box ring with a slot for each of 64 contexts: registers, keys into slots, bursts to the write master's wide
/// port, completions in order.
#[derive(LogicBlock, Default)]
pub struct BoxRing {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: everything to its power-on state, keys swept. Together with the write master's
    /// `abort_writes`.
    pub reset: Signal<In, Bit>,
    /// Number of the ring, a constant.
    pub index: Signal<In, Bits<6>>,
    /// Write strobe of the register bus.
    pub csr_write: Signal<In, Bit>,
    /// Block addressed.
    pub csr_block: Signal<In, Bits<3>>,
    /// Instance addressed.
    pub csr_instance: Signal<In, Bits<6>>,
    /// Word addressed within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Data of a write.
    pub csr_data: Signal<In, Bits<32>>,
    /// The register addressed, two cycles later; 0 when it is not this ring's.
    pub csr_read: Signal<Out, Bits<32>>,
    /// The write of this cycle is refused.
    pub csr_refused: Signal<Out, Bit>,
    /// The card is not idle: RELEASE is refused.
    pub running: Signal<In, Bit>,
    /// GENERATION, for completions.
    pub generation: Signal<In, Bits<32>>,
    /// The ring's interrupt is enabled.
    pub irq_enable: Signal<In, Bit>,
    /// `INT_COALESCE_SLOTS`.
    pub coalesce_slots: Signal<In, Bits<16>>,
    /// `INT_COALESCE_CYCLES`.
    pub coalesce_cycles: Signal<In, Bits<32>>,

    /// Context of the key of the next cycle, key or not: every context comes round for ever, a context again after
    /// four cycles at the earliest.
    pub next_context: Signal<In, Bits<6>>,
    /// A key is there.
    pub key_valid: Signal<In, Bit>,
    /// What `next_context` was in the cycle before.
    pub key_context: Signal<In, Bits<6>>,
    /// The key, little-endian, upper bits 0.
    pub key: Signal<In, Bits<256>>,
    /// It is the first of its box: wants a slot.
    pub key_first: Signal<In, Bit>,
    /// It is the last of its box: the slot is complete.
    pub key_last: Signal<In, Bit>,
    /// TAG of the job.
    pub key_tag: Signal<In, Bits<32>>,
    /// Number of the box.
    pub key_box: Signal<In, Bits<32>>,
    /// The key is taken, in the same cycle; otherwise it comes again.
    pub key_taken: Signal<Out, Bit>,
    /// The context's box ends before its last key. One cycle, not that of a key of this context.
    pub cut_valid: Signal<In, Bit>,
    /// The context.
    pub cut_context: Signal<In, Bits<6>>,

    /// A geometry is in force.
    pub committed: Signal<Out, Bit>,
    /// Keys are taken at all. Low for a while when boxes that are open are forgotten or cut.
    pub usable: Signal<Out, Bit>,
    /// Boxes are being forgotten: after a reset, COMMIT or RELEASE, and an error.
    pub sweeping: Signal<Out, Bit>,
    /// Bytes from slot to slot.
    pub slot_bytes: Signal<Out, Bits<21>>,
    /// STATUS.FULL.
    pub full: Signal<Out, Bit>,
    /// Tail differs from acknowledged head.
    pub waiting: Signal<Out, Bit>,
    /// Stopped on a bus error.
    pub in_error: Signal<Out, Bit>,
    /// No slot is open, and nothing is under way.
    pub idle: Signal<Out, Bit>,
    /// Interrupt. One cycle.
    pub irq: Signal<Out, Bit>,
    /// The ring stopped on a bus error. One cycle.
    pub error_event: Signal<Out, Bit>,
    /// The ring was full when a slot was wanted. One cycle.
    pub stall_event: Signal<Out, Bit>,

    /// A burst waits for the bus.
    pub request_valid: Signal<Out, Bit>,
    /// It is taken.
    pub request_ready: Signal<In, Bit>,
    /// Its bus address, a multiple of 32; it ends before the next multiple of 256.
    pub request_address: Signal<Out, Bits<64>>,
    /// Its words of 8 bytes: 4 to 32, a multiple of 4.
    pub request_words: Signal<Out, Bits<6>>,
    /// The next beat of the bursts that were taken.
    pub data: Signal<Out, Bits<256>>,
    /// It is taken.
    pub take: Signal<In, Bit>,
    /// A burst is answered. One cycle, in order.
    pub b_valid: Signal<In, Bit>,
    /// With an error.
    pub b_error: Signal<In, Bit>,
    /// The bus does not answer: every burst under way is reported as failed, and none is taken.
    pub bus_failed: Signal<In, Bit>,

    registers: Registers,
    taking: Take,
    send: BoxSend,
    pump: Pump,
    sweep: Sweep,
    keys: KeyMemory,
    windows: OrderMemory<56, 7>,
    names: OrderMemory<64, 7>,
    extents: OrderMemory<17, 7>,
    completion: DFF<Bits<256>>,
    is_quiet: DFF<Bit>,
    is_idle: DFF<Bit>,
    /// COMMIT and RELEASE, a cycle later than the registers have them: nothing is taken in that cycle.
    commit: DFF<Bit>,
    given_up: DFF<Bit>,
    open_for_keys: Signal<Local, Bit>,

    tail_entry: Signal<Local, Bits<7>>,
    tail_slot: Signal<Local, Bits<64>>,
    mask: DFF<Bits<16>>,
    tag_wide: Signal<Local, Bits<64>>,
    number_wide: Signal<Local, Bits<64>>,
    keys_wide: Signal<Local, Bits<64>>,
    flags: Signal<Local, Bits<64>>,
    phase: Signal<Local, Bits<64>>,
    generation_wide: Signal<Local, Bits<64>>,
    word0: Signal<Local, Bits<64>>,
    word1: Signal<Local, Bits<64>>,
    word2: Signal<Local, Bits<64>>,
    word3: Signal<Local, Bits<64>>,
    low: Signal<Local, Bits<256>>,
    high: Signal<Local, Bits<256>>,
}

impl Logic for BoxRing {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, completion, is_quiet, is_idle, commit, given_up, mask
        );
        self.commit.d.next = self.registers.commit.val();
        self.given_up.d.next = self.registers.given_up.val();
        self.open_for_keys.next =
            self.sweep.normal.val() & !self.commit.q.val() & !self.given_up.q.val();
        clock!(
            self, clock, registers, taking, send, pump, sweep, keys, windows, names, extents
        );
        self.registers.reset.next = self.reset.val();
        self.registers.index.next = self.index.val();
        self.registers.csr_write.next = self.csr_write.val();
        self.registers.csr_block.next = self.csr_block.val();
        self.registers.csr_instance.next = self.csr_instance.val();
        self.registers.csr_register.next = self.csr_register.val();
        self.registers.csr_data.next = self.csr_data.val();
        self.csr_read.next = self.registers.csr_read.val();
        self.csr_refused.next = self.registers.csr_refused.val();
        self.registers.running.next = self.running.val();
        self.registers.quiet.next = self.is_quiet.q.val();
        self.registers.closed.next = self.taking.opened.val();
        self.registers.completed.next = self.send.completed.val();
        self.registers.failed.next = self.send.failed.val();
        self.registers.offered.next = self.taking.offered.val();
        self.registers.accepted.next = self.taking.accepted.val();
        self.registers.irq_enable.next = self.irq_enable.val();
        self.registers.coalesce_slots.next = self.coalesce_slots.val();
        self.registers.coalesce_cycles.next = self.coalesce_cycles.val();
        self.committed.next = self.registers.committed.val();
        self.usable.next = self.registers.usable.val() & self.open_for_keys.val();
        self.sweeping.next = !self.open_for_keys.val();
        self.slot_bytes.next = self.registers.slot_bytes.val();
        self.full.next = self.registers.full.val();
        self.waiting.next = self.registers.waiting.val();
        self.in_error.next = self.registers.in_error.val();
        self.irq.next = self.registers.irq.val();
        self.error_event.next = self.registers.error_event.val();
        self.stall_event.next = self.registers.stall_event.val();

        self.taking.reset.next = self.reset.val();
        self.taking.usable.next = self.registers.usable.val();
        self.taking.normal.next = self.open_for_keys.val();
        self.taking.forget.next = self.sweep.forget.val();
        self.taking.clear_place.next = self.sweep.clear_place.val();
        self.taking.commit.next = self.commit.q.val();
        self.taking.data_base.next = self.registers.data_base.val();
        self.taking.slot_bytes.next = self.registers.slot_bytes.val();
        self.taking.slot_count.next = self.registers.slot_count.val();
        self.taking.slot_number.next = self.registers.slot_number.val();
        self.taking.head_count.next = self.registers.head_count.val();
        self.taking.completed.next = self.send.completed.val();
        self.taking.sent.next = self.pump.sent.val();
        self.taking.sent_buffer.next = self.pump.sent_buffer.val();
        self.taking.sent_turn.next = self.pump.sent_turn.val();
        self.taking.next_context.next = self.next_context.val();
        self.taking.key_valid.next = self.key_valid.val();
        self.taking.key_context.next = self.key_context.val();
        self.taking.key_first.next = self.key_first.val();
        self.taking.key_last.next = self.key_last.val();
        self.taking.cut_valid.next = self.cut_valid.val();
        self.taking.cut_context.next = self.cut_context.val();
        self.key_taken.next = self.taking.key_taken.val();

        self.sweep.reset.next = self.reset.val();
        self.sweep.in_error.next = self.registers.in_error.val();
        self.sweep.given_up.next = self.given_up.q.val();
        self.sweep.settled.next = self.send.settled.val();

        self.send.reset.next = self.reset.val();
        self.send.forget.next = self.sweep.forget.val();
        self.send.clear_place.next = self.sweep.clear_place.val();
        self.send.discards.next =
            self.registers.in_error.val() | self.bus_failed.val() | !self.open_for_keys.val();
        self.send.bus_failed.next = self.bus_failed.val();
        self.send.committed.next = self.registers.committed.val();
        self.send.commit.next = self.commit.q.val();
        self.send.completion_base.next = self.registers.completion_base.val();
        self.send.slot_count.next = self.registers.slot_count.val();
        self.send.tail_count.next = self.registers.tail_count.val();
        self.send.burst.next = self.taking.burst.val();
        self.send.burst_word.next = self.taking.burst_word.val();
        self.send.slot_window.next = self.windows.first.val();
        self.send.pump_room.next = self.pump.room.val();
        self.send.request_ready.next = self.request_ready.val();
        self.send.b_valid.next = self.b_valid.val();
        self.send.b_error.next = self.b_error.val();
        self.request_valid.next = self.send.request_valid.val();
        self.request_address.next = self.send.request_address.val();
        self.request_words.next = self.send.request_words.val();

        self.pump.reset.next = self.reset.val();
        self.pump.forget.next = self.sweep.forget.val();
        self.pump.clear_place.next = self.sweep.clear_place.val();
        self.pump.push.next = self.send.pump_push.val();
        self.pump.word.next = self.send.pump_word.val();
        self.pump.take.next = self.take.val();
        self.data.next = self.keys.read_data.val();
        if self.pump.completion.val() {
            self.data.next = self.completion.q.val();
        }

        // Memories: keys by context, side and place; what a slot's completion needs by the slot's entry.
        self.keys.write_address.next = self.taking.write_address.val();
        self.keys.write_data.next = self.key.val();
        self.keys.write_enable.next = self.taking.write.val();
        self.keys.read_address.next = self.pump.read_address.val();
        self.keys.read_enable.next = self.pump.read.val();
        self.tail_entry.next = bit_cast::<7, 32>(self.registers.tail_count.val());
        self.windows.write_address.next = self.taking.entry.val();
        self.windows.write_data.next = self.taking.slot_window.val();
        self.windows.write_enable.next = self.taking.opened.val();
        self.windows.first_address.next = self.send.window_entry.val();
        self.windows.second_address.next = 0.into();
        self.tag_wide.next = bit_cast::<64, 32>(self.key_tag.val());
        self.number_wide.next = bit_cast::<64, 32>(self.key_box.val());
        self.names.write_address.next = self.taking.entry.val();
        self.names.write_data.next = self.tag_wide.val() | (self.number_wide.val() << 32);
        self.names.write_enable.next = self.taking.opened.val();
        self.names.first_address.next = self.tail_entry.val();
        self.names.second_address.next = 0.into();
        self.extents.write_address.next = self.taking.entry.val();
        self.extents.write_data.next = self.taking.extent.val();
        self.extents.write_enable.next = self.taking.closed.val();
        self.extents.first_address.next = self.tail_entry.val();
        self.extents.second_address.next = 0.into();

        // The completion of the slot at the tail (regmap `layout`), a cycle before it is due.
        self.mask.d.next = self.registers.slot_count.val() - 1;
        self.tail_slot.next = bit_cast::<64, 16>(
            bit_cast::<16, 32>(self.registers.tail_count.val()) & self.mask.q.val(),
        );
        self.keys_wide.next = bit_cast::<64, 16>(self.extents.first.val().get_bits::<16>(0));
        self.flags.next = bit_cast::<64, 6>(self.index.val());
        if self.extents.first.val().get_bit(16) {
            self.flags.next = bit_cast::<64, 6>(self.index.val()) | 0x40;
        }
        self.phase.next = 1.into();
        if (bit_cast::<16, 32>(self.registers.tail_count.val()) & self.registers.slot_count.val())
            != 0
        {
            self.phase.next = 0.into();
        }
        self.generation_wide.next = bit_cast::<64, 32>(self.generation.val() & 0x7fff_ffff);
        self.word0.next =
            self.tail_slot.val() | (self.keys_wide.val() << 16) | (self.keys_wide.val() << 37);
        self.word1.next = self.flags.val() | (self.names.first.val() << 32);
        self.word2.next = self.names.first.val() >> 32;
        self.word3.next = bit_cast::<64, 32>(self.registers.tail_count.val())
            | (self.generation_wide.val() << 32)
            | (self.phase.val() << 63);
        self.low.next =
            bit_cast::<256, 64>(self.word0.val()) | (bit_cast::<256, 64>(self.word1.val()) << 64);
        self.high.next =
            bit_cast::<256, 64>(self.word2.val()) | (bit_cast::<256, 64>(self.word3.val()) << 64);
        self.completion.d.next = self.low.val() | (self.high.val() << 128);

        self.is_quiet.d.next =
            self.send.quiet.val() & self.taking.resting.val() & self.sweep.quiet.val();
        self.is_idle.d.next = self.send.quiet.val()
            & self.taking.resting.val()
            & self.sweep.quiet.val()
            & self.taking.none_open.val();
        self.idle.next = self.is_idle.q.val();
        if self.reset.val() {
            self.is_quiet.d.next = false;
            self.is_idle.d.next = false;
            self.commit.d.next = false;
            self.given_up.d.next = false;
        }
    }
}
