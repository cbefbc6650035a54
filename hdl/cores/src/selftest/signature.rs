//! What all lanes say, compared with each other in each cycle and with the model at the end.

use rust_hdl::prelude::*;

/// Taps of x^16 + x^15 + x^13 + x^4 + 1, shifting left.
pub(crate) const TAPS: u64 = 0xa011;

/// A multiple-input signature register over two lines a lane.
#[derive(LogicBlock)]
pub struct Signature<const L: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Start anew.
    pub start: Signal<In, Bit>,
    /// This cycle counts.
    pub step: Signal<In, Bit>,
    /// One line of each lane.
    pub first: Signal<In, Bits<L>>,
    /// The other.
    pub second: Signal<In, Bits<L>>,
    /// Spoil the signature at its start.
    pub fault: Signal<In, Bit>,
    /// All lanes agreed, with each other and with the model.
    pub ok: Signal<Out, Bit>,
    register: DFF<Bits<16>>,
    differs: DFF<Bit>,
    turned: Signal<Local, Bits<16>>,
    expected: Constant<Bits<16>>,
    taps: Constant<Bits<16>>,
    all: Constant<Bits<L>>,
}

impl<const L: usize> Signature<L> {
    /// A register that must end as `expected`.
    pub fn new(expected: u16) -> Self {
        Self {
            clock: Default::default(),
            start: Default::default(),
            step: Default::default(),
            first: Default::default(),
            second: Default::default(),
            fault: Default::default(),
            ok: Default::default(),
            register: Default::default(),
            differs: Default::default(),
            turned: Default::default(),
            expected: Constant::new(u64::from(expected).into()),
            taps: Constant::new(TAPS.into()),
            all: Constant::new((u64::MAX >> (64 - L)).into()),
        }
    }
}

/// The same in plain Rust, for one lane.
pub(crate) fn turn(register: u16, first: bool, second: bool) -> u16 {
    let back = if register >> 15 == 1 { TAPS as u16 } else { 0 };
    (register << 1) ^ back ^ u16::from(first) ^ (u16::from(second) << 1)
}

impl<const L: usize> Logic for Signature<L> {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, register, differs);
        self.turned.next = self.register.q.val() << 1;
        if self.step.val() {
            self.register.d.next = self.turned.val()
                ^ bit_cast::<16, 1>(self.first.val().get_bits::<1>(0))
                ^ (bit_cast::<16, 1>(self.second.val().get_bits::<1>(0)) << 1);
            if self.register.q.val().get_bit(15) {
                self.register.d.next = self.turned.val()
                    ^ self.taps.val()
                    ^ bit_cast::<16, 1>(self.first.val().get_bits::<1>(0))
                    ^ (bit_cast::<16, 1>(self.second.val().get_bits::<1>(0)) << 1);
            }
            self.differs.d.next = self.differs.q.val()
                | (self.first.val().any() & (self.first.val() != self.all.val()))
                | (self.second.val().any() & (self.second.val() != self.all.val()));
        }
        if self.start.val() {
            self.register.d.next = bit_cast::<16, 1>(self.fault.val().into());
            self.differs.d.next = false;
        }
        self.ok.next = (self.register.q.val() == self.expected.val()) & !self.differs.q.val();
    }
}
