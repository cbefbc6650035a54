//! A ring in host memory that the card writes and never reads (spec 6-card §6.1, *Write-only DMA*). See `README.md`.

mod decode;
mod fill;
mod memory;
mod registers;
mod send;

pub use decode::{DECODED, Decode};
pub use fill::{Fill, FillState};
pub use memory::WordMemory;
pub use registers::Registers;
pub use send::{Send, SendState, SweepState};

use rust_hdl::prelude::*;

/// A ring: registers, pieces into slots, bursts to the write master, completions in order.
#[derive(LogicBlock, Default)]
pub struct Ring {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: everything to its power-on state, buffers swept. Together with the write master's `abort_writes`.
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
    /// Complete the open slot (STOP). One cycle.
    pub flush: Signal<In, Bit>,
    /// The ring's interrupt is enabled.
    pub irq_enable: Signal<In, Bit>,
    /// `INT_COALESCE_SLOTS`.
    pub coalesce_slots: Signal<In, Bits<16>>,
    /// `INT_COALESCE_CYCLES`.
    pub coalesce_cycles: Signal<In, Bits<32>>,

    /// Bytes of the coming pieces, a multiple of 8; changes at the earliest four cycles after a piece.
    pub piece_bytes: Signal<In, Bits<16>>,
    /// A word of a piece is offered.
    pub in_valid: Signal<In, Bit>,
    /// It is taken if it is offered. Once a piece's first word is taken the whole piece is, now or later.
    pub in_ready: Signal<Out, Bit>,
    /// The word.
    pub in_data: Signal<In, Bits<64>>,
    /// The piece's last word: what follows is valid.
    pub in_last: Signal<In, Bit>,
    /// Flags, in the map's order: not creditable, test, simulated, replayed, error, gap.
    pub in_flags: Signal<In, Bits<6>>,
    /// Lanes that the piece came from.
    pub in_lanes: Signal<In, Bits<64>>,
    /// Raw bits that it was made of.
    pub in_raw_bits: Signal<In, Bits<16>>,
    /// Low bits of the seed epoch.
    pub in_seed_epoch: Signal<In, Bits<16>>,
    /// The slot is complete after this piece.
    pub in_close: Signal<In, Bit>,

    /// A geometry is in force.
    pub committed: Signal<Out, Bit>,
    /// Pieces are taken at all.
    pub usable: Signal<Out, Bit>,
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
    /// Raw bits of a slot that an error or a release lost.
    pub lost_bits: Signal<Out, Bits<32>>,
    /// They are to be counted. One cycle.
    pub lost_valid: Signal<Out, Bit>,

    /// A burst waits for the bus.
    pub request_valid: Signal<Out, Bit>,
    /// It is taken.
    pub request_ready: Signal<In, Bit>,
    /// Its bus address, a multiple of 8; it ends before the next multiple of 256.
    pub request_address: Signal<Out, Bits<64>>,
    /// Its words of 8 bytes, 1 to 32.
    pub request_words: Signal<Out, Bits<6>>,
    /// Comes back with its response.
    pub request_tag: Signal<Out, Bits<3>>,
    /// The next word of the burst that was taken.
    pub data: Signal<Out, Bits<64>>,
    /// It is taken.
    pub take: Signal<In, Bit>,
    /// A burst is answered. One cycle.
    pub b_valid: Signal<In, Bit>,
    /// With an error.
    pub b_error: Signal<In, Bit>,
    /// Its tag.
    pub b_tag: Signal<In, Bits<3>>,
    /// The bus does not answer: every burst under way is reported as failed, and none is taken.
    pub bus_failed: Signal<In, Bit>,

    registers: Registers,
    fill: Fill,
    send: Send,
    buffer0: WordMemory<5>,
    buffer1: WordMemory<5>,
    completions: WordMemory<4>,
    fill_entry: Signal<Local, Bits<4>>,
    fill_step: Signal<Local, Bits<4>>,
}

impl Logic for Ring {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(
            self,
            clock,
            registers,
            fill,
            send,
            buffer0,
            buffer1,
            completions
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
        self.registers.quiet.next = self.send.quiet.val() & self.fill.resting.val();
        self.registers.closed.next = self.fill.numbered.val();
        self.registers.completed.next = self.send.completed.val();
        self.registers.failed.next = self.send.failed.val();
        self.registers.offered.next = self.fill.offered.val();
        self.registers.accepted.next = self.fill.accepted.val();
        self.registers.irq_enable.next = self.irq_enable.val();
        self.registers.coalesce_slots.next = self.coalesce_slots.val();
        self.registers.coalesce_cycles.next = self.coalesce_cycles.val();
        self.committed.next = self.registers.committed.val();
        self.usable.next = self.registers.usable.val();
        self.slot_bytes.next = self.registers.slot_bytes.val();
        self.full.next = self.registers.full.val();
        self.waiting.next = self.registers.waiting.val();
        self.in_error.next = self.registers.in_error.val();
        self.irq.next = self.registers.irq.val();
        self.error_event.next = self.registers.error_event.val();
        self.stall_event.next = self.registers.stall_event.val();

        self.fill.reset.next = self.reset.val();
        self.fill.index.next = self.index.val();
        self.fill.usable.next = self.registers.usable.val();
        self.fill.no_slot.next = self.registers.no_slot.val();
        self.fill.entry_free.next = self.send.entry_free.val();
        self.fill.commit.next = self.registers.commit.val();
        self.fill.stop.next = self.send.stop.val();
        self.fill.swept.next = self.send.swept.val();
        self.fill.busy.next = self.send.busy.val();
        self.fill.data_base.next = self.registers.data_base.val();
        self.fill.slot_bytes.next = self.registers.slot_bytes.val();
        self.fill.slot_count.next = self.registers.slot_count.val();
        self.fill.flush_cycles.next = self.registers.flush_cycles.val();
        self.fill.slot_number.next = self.registers.slot_number.val();
        self.fill.generation.next = self.generation.val();
        self.fill.flush.next = self.flush.val();
        self.fill.piece_bytes.next = self.piece_bytes.val();
        self.fill.in_valid.next = self.in_valid.val();
        self.in_ready.next = self.fill.in_ready.val();
        self.fill.in_last.next = self.in_last.val();
        self.fill.in_flags.next = self.in_flags.val();
        self.fill.in_lanes.next = self.in_lanes.val();
        self.fill.in_raw_bits.next = self.in_raw_bits.val();
        self.fill.in_seed_epoch.next = self.in_seed_epoch.val();
        self.fill.in_close.next = self.in_close.val();

        self.send.reset.next = self.reset.val();
        self.send.in_error.next = self.registers.in_error.val();
        self.send.bus_failed.next = self.bus_failed.val();
        self.send.commit.next = self.registers.commit.val();
        self.send.given_up.next = self.registers.given_up.val();
        self.send.completion_base.next = self.registers.completion_base.val();
        self.send.slot_count.next = self.registers.slot_count.val();
        self.send.burst.next = self.fill.burst.val();
        self.send.burst_buffer.next = self.fill.burst_buffer.val();
        self.send.burst_window.next = self.fill.burst_window.val();
        self.send.burst_first.next = self.fill.burst_first.val();
        self.send.burst_words.next = self.fill.burst_words.val();
        self.send.burst_entry.next = self.fill.entry.val();
        self.send.closed.next = self.fill.closed.val();
        self.send.halted.next = self.fill.halted.val();
        self.send.open.next = self.fill.open.val();
        self.send.open_bits.next = self.fill.open_bits.val();
        self.send.completion_word.next = self.completions.read_data.val();
        self.send.request_ready.next = self.request_ready.val();
        self.send.take.next = self.take.val();
        self.send.b_valid.next = self.b_valid.val();
        self.send.b_error.next = self.b_error.val();
        self.send.b_tag.next = self.b_tag.val();
        self.lost_bits.next = self.send.lost_bits.val();
        self.lost_valid.next = self.send.lost_valid.val();
        self.request_valid.next = self.send.request_valid.val();
        self.request_address.next = self.send.request_address.val();
        self.request_words.next = self.send.request_words.val();
        self.request_tag.next = self.send.request_tag.val();
        self.idle.next = self.send.quiet.val() & self.fill.resting.val() & !self.fill.open.val();

        // A buffer is written by the filling side, or cleared: never both in one cycle.
        self.buffer0.read_address.next = self.send.read_place.val();
        self.buffer1.read_address.next = self.send.read_place.val();
        self.buffer0.read_enable.next = self.send.read_enable.val();
        self.buffer1.read_enable.next = self.send.read_enable.val();
        self.completions.read_enable.next = self.send.read_enable.val();
        // What goes where is chosen by who has the buffer, which is known early; whether, by who writes.
        self.buffer0.write_address.next = self.fill.position.val();
        self.buffer0.write_data.next = self.in_data.val();
        if self.send.owned.val().get_bit(0) {
            self.buffer0.write_address.next = self.send.clear_place.val();
            self.buffer0.write_data.next = 0.into();
        }
        self.buffer0.write_enable.next = self.send.clear.val().get_bit(0)
            | (self.fill.write.val() & (self.fill.buffer.val() == 0));
        self.buffer1.write_address.next = self.fill.position.val();
        self.buffer1.write_data.next = self.in_data.val();
        if self.send.owned.val().get_bit(1) {
            self.buffer1.write_address.next = self.send.clear_place.val();
            self.buffer1.write_data.next = 0.into();
        }
        self.buffer1.write_enable.next = self.send.clear.val().get_bit(1)
            | (self.fill.write.val() & (self.fill.buffer.val() == 1));
        self.fill_entry.next = bit_cast::<4, 2>(self.fill.entry.val());
        self.fill_step.next = bit_cast::<4, 2>(self.fill.word_index.val());
        self.completions.read_address.next = self.send.read_completion.val();
        self.completions.write_address.next = (self.fill_entry.val() << 2) | self.fill_step.val();
        self.completions.write_data.next = self.fill.word.val();
        self.completions.write_enable.next = self.fill.word_write.val();
        self.data.next = self.buffer0.read_data.val();
        if self.send.side.val() == 1 {
            self.data.next = self.buffer1.read_data.val();
        }
        if self.send.sends_completion.val() {
            self.data.next = self.completions.read_data.val();
        }
    }
}
