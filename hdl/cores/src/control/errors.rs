//! The error counters: 32 bits each, modulo 2^32.

use rust_hdl::prelude::*;

/// Counts errors. Nothing is lost when several come in one cycle; a count is at most four cycles behind.
#[derive(LogicBlock, Default)]
pub struct ErrorCounts {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset.
    pub reset: Signal<In, Bit>,
    /// An access to a register that does not exist.
    pub unknown: Signal<In, Bit>,
    /// A write that was refused.
    pub refused: Signal<In, Bit>,
    /// A command that was refused.
    pub command_refused: Signal<In, Bit>,
    /// For each ring: a bus error.
    pub bus_error: Signal<In, Bits<3>>,
    /// For each ring: a stall.
    pub ring_stall: Signal<In, Bits<3>>,
    /// Bits dropped before the rings.
    pub dropped: Signal<In, Bits<16>>,
    /// Raw bits lost with slots of the entropy ring.
    pub lost_entropy: Signal<In, Bits<32>>,
    /// Raw bits lost with slots of the raw ring.
    pub lost_raw: Signal<In, Bits<32>>,
    /// `ERR_UNKNOWN_REGISTER`.
    pub unknown_count: Signal<Out, Bits<32>>,
    /// `ERR_REFUSED_WRITE`.
    pub refused_count: Signal<Out, Bits<32>>,
    /// `ERR_BUS`.
    pub bus_count: Signal<Out, Bits<32>>,
    /// `ERR_RING_STALLS`.
    pub stall_count: Signal<Out, Bits<32>>,
    /// `ERR_DROPPED_BITS`.
    pub dropped_count: Signal<Out, Bits<32>>,
    unknown_n: DFF<Bits<32>>,
    refused_n: DFF<Bits<32>>,
    bus_n: DFF<Bits<32>>,
    stall_n: DFF<Bits<32>>,
    dropped_n: DFF<Bits<32>>,
    refused_more: DFF<Bits<2>>,
    bus_more: DFF<Bits<2>>,
    stall_more: DFF<Bits<2>>,
    dropped1: DFF<Bits<32>>,
    dropped2: DFF<Bits<32>>,
    dropped_more: DFF<Bits<32>>,
}

impl Logic for ErrorCounts {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, unknown_n, refused_n, bus_n, stall_n, dropped_n);
        dff_setup!(
            self,
            clock,
            refused_more,
            bus_more,
            stall_more,
            dropped1,
            dropped2,
            dropped_more
        );
        self.unknown_count.next = self.unknown_n.q.val();
        self.refused_count.next = self.refused_n.q.val();
        self.bus_count.next = self.bus_n.q.val();
        self.stall_count.next = self.stall_n.q.val();
        self.dropped_count.next = self.dropped_n.q.val();
        if self.unknown.val() {
            self.unknown_n.d.next = self.unknown_n.q.val() + 1;
        }
        self.refused_more.d.next = 0.into();
        if self.refused.val() | self.command_refused.val() {
            self.refused_more.d.next = 1.into();
        }
        if self.refused.val() & self.command_refused.val() {
            self.refused_more.d.next = 2.into();
        }
        self.refused_n.d.next =
            self.refused_n.q.val() + bit_cast::<32, 2>(self.refused_more.q.val());
        self.bus_more.d.next = bit_cast::<2, 1>(self.bus_error.val().get_bits::<1>(0))
            + bit_cast::<2, 1>(self.bus_error.val().get_bits::<1>(1))
            + bit_cast::<2, 1>(self.bus_error.val().get_bits::<1>(2));
        self.bus_n.d.next = self.bus_n.q.val() + bit_cast::<32, 2>(self.bus_more.q.val());
        self.stall_more.d.next = bit_cast::<2, 1>(self.ring_stall.val().get_bits::<1>(0))
            + bit_cast::<2, 1>(self.ring_stall.val().get_bits::<1>(1))
            + bit_cast::<2, 1>(self.ring_stall.val().get_bits::<1>(2));
        self.stall_n.d.next = self.stall_n.q.val() + bit_cast::<32, 2>(self.stall_more.q.val());
        // One adder a stage.
        self.dropped1.d.next = self.lost_entropy.val() + bit_cast::<32, 16>(self.dropped.val());
        self.dropped2.d.next = self.lost_raw.val();
        self.dropped_more.d.next = self.dropped1.q.val() + self.dropped2.q.val();
        self.dropped_n.d.next = self.dropped_n.q.val() + self.dropped_more.q.val();
        if self.reset.val() {
            self.unknown_n.d.next = 0.into();
            self.refused_n.d.next = 0.into();
            self.bus_n.d.next = 0.into();
            self.stall_n.d.next = 0.into();
            self.dropped_n.d.next = 0.into();
            self.refused_more.d.next = 0.into();
            self.bus_more.d.next = 0.into();
            self.stall_more.d.next = 0.into();
            self.dropped1.d.next = 0.into();
            self.dropped2.d.next = 0.into();
            self.dropped_more.d.next = 0.into();
        }
    }
}
