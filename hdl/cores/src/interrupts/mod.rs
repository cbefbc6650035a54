//! Interrupt registers and MSI-X messages (spec 6-card §6.1, *Write-only DMA*). See `README.md`.

mod readout;

use crate::csr::{At, Fixed};
use photonbox_regmap::global;
use readout::Readout;
use rust_hdl::prelude::*;

/// `INT_*` registers, events, and the port that sends messages.
#[derive(LogicBlock, Default)]
pub struct Interrupts {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// Write strobe of the register bus.
    pub csr_write: Signal<In, Bit>,
    /// Block addressed.
    pub csr_block: Signal<In, Bits<3>>,
    /// Word addressed within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Data of a write.
    pub csr_data: Signal<In, Bits<32>>,
    /// The register addressed, two cycles later; 0 when it is not this block's.
    pub csr_read: Signal<Out, Bits<32>>,
    /// A lane went into alarm; one cycle each.
    pub alarm_event: Signal<In, Bit>,
    /// A ring stopped on a bus error; one cycle each.
    pub error_event: Signal<In, Bit>,
    /// The seed is due; one cycle each.
    pub seed_event: Signal<In, Bit>,
    /// The card became idle after STOP; one cycle each.
    pub idle_event: Signal<In, Bit>,
    /// For each ring: tail differs from acknowledged head.
    pub waiting: Signal<In, Bits<3>>,
    /// For each ring: it interrupts; one cycle each.
    pub irq: Signal<In, Bits<3>>,
    /// For each ring: its interrupt is enabled.
    pub enable: Signal<Out, Bits<3>>,
    /// `INT_COALESCE_SLOTS`, at least 1.
    pub coalesce_slots: Signal<Out, Bits<16>>,
    /// `INT_COALESCE_CYCLES`.
    pub coalesce_cycles: Signal<Out, Bits<32>>,
    /// A message is to be sent; stable with its vector until `irq_ready`.
    pub irq_valid: Signal<Out, Bit>,
    /// Vector of the message.
    pub irq_vector: Signal<Out, Bits<2>>,
    /// The message is taken.
    pub irq_ready: Signal<In, Bit>,
    readout: Readout,
    events: DFF<Bits<4>>,
    allowed: DFF<Bits<7>>,
    slots: DFF<Bits<16>>,
    least_slots: DFF<Bits<16>>,
    cycles: DFF<Bits<32>>,
    /// Messages that wait, by vector.
    pending: DFF<Bits<4>>,
    valid: DFF<Bit>,
    vector: DFF<Bits<2>>,
    global_block: Fixed<3, 0>,
    at_status: At<{ global::INT_STATUS }>,
    at_enable: At<{ global::INT_ENABLE }>,
    at_slots: At<{ global::INT_COALESCE_SLOTS }>,
    at_cycles: At<{ global::INT_COALESCE_CYCLES }>,
    write: Signal<Local, Bit>,
    raised: Signal<Local, Bits<4>>,
    kept: Signal<Local, Bits<4>>,
    latched: Signal<Local, Bits<4>>,
    ask: Signal<Local, Bits<4>>,
    asked: Signal<Local, Bits<4>>,
    /// Bits of `pending` in the order in which they are looked at: the vector after the last one first.
    turned: Signal<Local, Bits<4>>,
    choice: Signal<Local, Bits<2>>,
    next_vector: Signal<Local, Bits<2>>,
    taken: Signal<Local, Bits<4>>,
    clear: Signal<Local, Bits<4>>,
}

impl Logic for Interrupts {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            events,
            allowed,
            slots,
            least_slots,
            cycles,
            pending,
            valid,
            vector
        );
        self.readout.clock.next = self.clock.val();
        self.readout.csr_block.next = self.csr_block.val();
        self.readout.csr_register.next = self.csr_register.val();
        self.readout.status.next =
            (bit_cast::<7, 4>(self.events.q.val()) << 3) | bit_cast::<7, 3>(self.waiting.val());
        self.readout.enable.next = self.allowed.q.val();
        self.readout.slots.next = self.slots.q.val();
        self.readout.cycles.next = self.cycles.q.val();
        self.csr_read.next = self.readout.csr_read.val();
        self.enable.next = self.allowed.q.val().get_bits::<3>(0);
        self.coalesce_slots.next = self.least_slots.q.val();
        self.coalesce_cycles.next = self.cycles.q.val();
        self.irq_valid.next = self.valid.q.val();
        self.irq_vector.next = self.vector.q.val();

        self.write.next = self.csr_write.val() & (self.csr_block.val() == self.global_block.val());
        self.raised.next = 0.into();
        if self.alarm_event.val() {
            self.raised.next = self.raised.val() | 1;
        }
        if self.error_event.val() {
            self.raised.next = self.raised.val() | 2;
        }
        if self.seed_event.val() {
            self.raised.next = self.raised.val() | 4;
        }
        if self.idle_event.val() {
            self.raised.next = self.raised.val() | 8;
        }
        // An event in the cycle of the write that clears it stays: nothing is lost.
        self.kept.next = self.events.q.val();
        if self.write.val() & (self.csr_register.val() == self.at_status.val()) {
            self.kept.next = self.events.q.val() & !self.csr_data.val().get_bits::<4>(3);
        }
        self.latched.next = self.kept.val() | self.raised.val();
        self.events.d.next = self.latched.val();

        // A message for each new event that is allowed, and for old ones that become so.
        self.ask.next = self.raised.val() & self.allowed.q.val().get_bits::<4>(3);
        if self.write.val() & (self.csr_register.val() == self.at_enable.val()) {
            self.allowed.d.next = self.csr_data.val().get_bits::<7>(0);
            self.ask.next = self.latched.val() & self.csr_data.val().get_bits::<4>(3);
        }
        if self.write.val() & (self.csr_register.val() == self.at_slots.val()) {
            self.slots.d.next = self.csr_data.val().get_bits::<16>(0);
        }
        if self.write.val() & (self.csr_register.val() == self.at_cycles.val()) {
            self.cycles.d.next = self.csr_data.val();
        }
        self.least_slots.d.next = self.slots.q.val();
        if self.slots.q.val() == 0 {
            self.least_slots.d.next = 1.into();
        }
        self.asked.next = bit_cast::<4, 3>(self.irq.val());
        if self.ask.val() != 0 {
            self.asked.next = bit_cast::<4, 3>(self.irq.val()) | 8;
        }

        // Round robin: the vector after the one sent last goes first.
        self.turned.next = self.pending.q.val();
        if self.vector.q.val() == 0 {
            self.turned.next = (self.pending.q.val() >> 1) | (self.pending.q.val() << 3);
        }
        if self.vector.q.val() == 1 {
            self.turned.next = (self.pending.q.val() >> 2) | (self.pending.q.val() << 2);
        }
        if self.vector.q.val() == 2 {
            self.turned.next = (self.pending.q.val() >> 3) | (self.pending.q.val() << 1);
        }
        self.choice.next = 3.into();
        if self.turned.val().get_bit(2) {
            self.choice.next = 2.into();
        }
        if self.turned.val().get_bit(1) {
            self.choice.next = 1.into();
        }
        if self.turned.val().get_bit(0) {
            self.choice.next = 0.into();
        }
        self.next_vector.next = self.vector.q.val() + self.choice.val() + 1;
        self.taken.next = 1.into();
        if self.next_vector.val() == 1 {
            self.taken.next = 2.into();
        }
        if self.next_vector.val() == 2 {
            self.taken.next = 4.into();
        }
        if self.next_vector.val() == 3 {
            self.taken.next = 8.into();
        }
        self.clear.next = 0.into();
        if self.valid.q.val() & self.irq_ready.val() {
            self.valid.d.next = false;
        }
        if !self.valid.q.val() & (self.pending.q.val() != 0) {
            self.valid.d.next = true;
            self.vector.d.next = self.next_vector.val();
            self.clear.next = self.taken.val();
        }
        self.pending.d.next = (self.pending.q.val() & !self.clear.val()) | self.asked.val();

        if self.reset.val() {
            self.events.d.next = 0.into();
            self.allowed.d.next = 0.into();
            self.slots.d.next = 1.into();
            self.least_slots.d.next = 1.into();
            self.cycles.d.next = 0.into();
            self.pending.d.next = 0.into();
            self.vector.d.next = 3.into();
            self.valid.d.next = false;
        }
    }
}
