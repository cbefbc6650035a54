//! The pattern generator at the pins, before the synchroniser (spec 6-card §6.1, *Self-test*). See `README.md`.

mod readout;

use crate::csr::{At, Fixed};
use photonbox_regmap::global;
use readout::Readout;
use rust_hdl::prelude::*;

/// Taps of a maximal 32-bit Galois shift register: x^32 + x^22 + x^2 + x + 1.
const TAPS: u64 = 0x8020_0003;

/// `PATTERN*` registers and the generator, for a card of `LANES` lanes.
#[derive(LogicBlock, Default)]
pub struct Pattern<const LANES: usize> {
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
    /// The write of this cycle is refused: the card runs.
    pub csr_refused: Signal<Out, Bit>,
    /// The card starts; one cycle.
    pub start: Signal<In, Bit>,
    /// The card stops; one cycle.
    pub stop: Signal<In, Bit>,
    /// The card runs or drains: settings are refused.
    pub running: Signal<In, Bit>,
    /// Level for the pins A: high for one cycle a pulse, first in the cycle after `start`.
    pub pin_a: Signal<Out, Bit>,
    /// Level for the pins B.
    pub pin_b: Signal<Out, Bit>,
    /// Lanes whose pins the pattern drives; 0 when it is off.
    pub lanes: Signal<Out, Bits<LANES>>,
    /// The pattern drives at least one lane.
    pub active: Signal<Out, Bit>,
    readout: Readout,
    kind: DFF<Bits<4>>,
    period: DFF<Bits<20>>,
    lanes_lo: DFF<Bits<32>>,
    lanes_hi: DFF<Bits<32>>,
    /// `period` - 1, at least 1.
    reload: DFF<Bits<20>>,
    going: DFF<Bit>,
    driven: DFF<Bits<LANES>>,
    /// Cycles before the one that makes the next pulse.
    left: DFF<Bits<20>>,
    /// Pulses so far; eleven bits are all that a pattern looks at.
    pulses: DFF<Bits<11>>,
    shift: DFF<Bits<32>>,
    a: DFF<Bit>,
    b: DFF<Bit>,
    global_block: Fixed<3, 0>,
    at_kind: At<{ global::PATTERN }>,
    at_period: At<{ global::PATTERN_PERIOD }>,
    at_lo: At<{ global::PATTERN_LANES_LO }>,
    at_hi: At<{ global::PATTERN_LANES_HI }>,
    alternate: Fixed<4, { global::PATTERN_ALTERNATE as u64 }>,
    counter: Fixed<4, { global::PATTERN_COUNTER as u64 }>,
    stuck_a: Fixed<4, { global::PATTERN_STUCK_A as u64 }>,
    stuck_b: Fixed<4, { global::PATTERN_STUCK_B as u64 }>,
    biased: Fixed<4, { global::PATTERN_BIASED as u64 }>,
    taps: Fixed<32, TAPS>,
    mine: Signal<Local, Bit>,
    write: Signal<Local, Bit>,
    known: Signal<Local, Bit>,
    both: Signal<Local, Bits<64>>,
    pulse: Signal<Local, Bit>,
    value: Signal<Local, Bits<8>>,
    chosen: Signal<Local, Bit>,
    one: Signal<Local, Bits<32>>,
    two: Signal<Local, Bits<32>>,
    three: Signal<Local, Bits<32>>,
    less: Signal<Local, Bits<20>>,
}

impl<const LANES: usize> Logic for Pattern<LANES> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self, clock, kind, period, lanes_lo, lanes_hi, reload, going, driven, left
        );
        dff_setup!(self, clock, pulses, shift, a, b);
        self.readout.clock.next = self.clock.val();
        self.readout.csr_block.next = self.csr_block.val();
        self.readout.csr_register.next = self.csr_register.val();
        self.readout.kind.next = self.kind.q.val();
        self.readout.period.next = self.period.q.val();
        self.readout.lanes_lo.next = self.lanes_lo.q.val();
        self.readout.lanes_hi.next = self.lanes_hi.q.val();
        self.csr_read.next = self.readout.csr_read.val();
        self.pin_a.next = self.a.q.val();
        self.pin_b.next = self.b.q.val();
        self.lanes.next = self.driven.q.val();
        self.active.next = self.driven.q.val() != 0;

        self.mine.next = self.csr_write.val()
            & (self.csr_block.val() == self.global_block.val())
            & ((self.csr_register.val() == self.at_kind.val())
                | (self.csr_register.val() == self.at_period.val())
                | (self.csr_register.val() == self.at_lo.val())
                | (self.csr_register.val() == self.at_hi.val()));
        self.csr_refused.next = self.mine.val() & self.running.val();
        self.write.next = self.mine.val() & !self.running.val();
        if self.write.val() {
            if self.csr_register.val() == self.at_kind.val() {
                self.kind.d.next = self.csr_data.val().get_bits::<4>(0);
            }
            if self.csr_register.val() == self.at_period.val() {
                self.period.d.next = self.csr_data.val().get_bits::<20>(0);
            }
            if self.csr_register.val() == self.at_lo.val() {
                self.lanes_lo.d.next = self.csr_data.val();
            }
            if self.csr_register.val() == self.at_hi.val() {
                self.lanes_hi.d.next = self.csr_data.val();
            }
        }
        self.less.next = self.period.q.val() - 1;
        self.reload.d.next = self.less.val();
        if self.period.q.val() < 2 {
            self.reload.d.next = 1.into();
        }

        // Three steps of the shift register a pulse.
        self.one.next = self.shift.q.val() >> 1;
        if self.shift.q.val().get_bit(0) {
            self.one.next = (self.shift.q.val() >> 1) ^ self.taps.val();
        }
        self.two.next = self.one.val() >> 1;
        if self.one.val().get_bit(0) {
            self.two.next = (self.one.val() >> 1) ^ self.taps.val();
        }
        self.three.next = self.two.val() >> 1;
        if self.two.val().get_bit(0) {
            self.three.next = (self.two.val() >> 1) ^ self.taps.val();
        }
        // The counter's bit, most significant first.
        self.value.next =
            self.pulses.q.val().get_bits::<8>(3) << self.pulses.q.val().get_bits::<3>(0);
        self.known.next = true;
        self.chosen.next = false;
        if self.kind.q.val() == self.alternate.val() {
            self.chosen.next = !self.pulses.q.val().get_bit(0);
        } else if self.kind.q.val() == self.counter.val() {
            self.chosen.next = self.value.val().get_bit(7);
        } else if self.kind.q.val() == self.stuck_a.val() {
            self.chosen.next = true;
        } else if self.kind.q.val() == self.stuck_b.val() {
            self.chosen.next = false;
        } else if self.kind.q.val() == self.biased.val() {
            self.chosen.next = self.three.val().get_bits::<3>(0) != 0;
        } else {
            self.known.next = false;
        }

        self.pulse.next =
            (self.start.val() & self.known.val()) | (self.going.q.val() & (self.left.q.val() == 0));
        self.both.next = (bit_cast::<64, 32>(self.lanes_hi.q.val()) << 32)
            | bit_cast::<64, 32>(self.lanes_lo.q.val());
        self.a.d.next = self.pulse.val() & self.chosen.val();
        self.b.d.next = self.pulse.val() & !self.chosen.val();
        if self.pulse.val() {
            self.left.d.next = self.reload.q.val();
            self.pulses.d.next = self.pulses.q.val() + 1;
            self.shift.d.next = self.three.val();
        } else {
            self.left.d.next = self.left.q.val() - 1;
        }
        if self.start.val() & self.known.val() {
            self.going.d.next = true;
            self.driven.d.next = self.both.val().get_bits::<LANES>(0);
        }
        if !self.going.q.val() & !self.start.val() {
            self.left.d.next = 0.into();
            self.pulses.d.next = 0.into();
            self.shift.d.next = 1.into();
        }
        if self.stop.val() {
            self.going.d.next = false;
            self.driven.d.next = 0.into();
            self.a.d.next = false;
            self.b.d.next = false;
        }

        if self.reset.val() {
            self.kind.d.next = 0.into();
            self.period.d.next = 64.into();
            self.reload.d.next = 63.into();
            self.lanes_lo.d.next = 0xFFFF_FFFF_u64.into();
            self.lanes_hi.d.next = 0xFFFF_FFFF_u64.into();
            self.going.d.next = false;
            self.driven.d.next = 0.into();
            self.left.d.next = 0.into();
            self.pulses.d.next = 0.into();
            self.shift.d.next = 1.into();
            self.a.d.next = false;
            self.b.d.next = false;
        }
    }
}
