//! The leftover hash lemma as a comparison: (m + 128) 2^16 <= n H, H in units of 2^-16 bit.

use photonbox_model::credit::LEFTOVER_MARGIN;
use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// A registered multiplier for one DSP slice.
#[derive(LogicBlock, Default)]
pub(super) struct Multiplier {
    pub clock: Signal<In, Clock>,
    pub a: Signal<In, Bits<16>>,
    pub b: Signal<In, Bits<17>>,
    pub product: Signal<Out, Bits<33>>,
}

impl Logic for Multiplier {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.product.connect();
    }

    fn hdl(&self) -> Verilog {
        Verilog::Custom(
            "initial begin\n   product = 33'h0;\nend\n\n\
             always @(posedge clock) begin\n   product <= a * b;\nend\n"
                .into(),
        )
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "multiplier".into(),
            clock: "clock".into(),
            inputs: vec!["a".into(), "b".into()],
            outputs: vec!["product".into()],
        }]
    }
}

/// Whether a block of `m` bits may be made of `n`; kept up to date, three cycles behind.
#[derive(LogicBlock, Default)]
pub(super) struct Leftover {
    pub clock: Signal<In, Clock>,
    pub n: Signal<In, Bits<16>>,
    pub m: Signal<In, Bits<16>>,
    pub claimed_h: Signal<In, Bits<17>>,
    pub fits: Signal<Out, Bit>,
    multiplier: Multiplier,
    h: DFF<Bits<17>>,
    wanted: DFF<Bits<17>>,
    fits_r: DFF<Bit>,
    margin: crate::csr::Fixed<17, { LEFTOVER_MARGIN as u64 }>,
    left: Signal<Local, Bits<33>>,
}

impl Logic for Leftover {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, h, wanted, fits_r);
        self.multiplier.clock.next = self.clock.val();
        self.h.d.next = self.claimed_h.val();
        // More than one bit of entropy a bit is one.
        if self.claimed_h.val().get_bit(16) {
            self.h.d.next = 65536.into();
        }
        self.multiplier.a.next = self.n.val();
        self.multiplier.b.next = self.h.q.val();
        self.wanted.d.next = bit_cast::<17, 16>(self.m.val()) + self.margin.val();
        self.left.next = bit_cast::<33, 17>(self.wanted.q.val()) << 16;
        self.fits_r.d.next = self.left.val() <= self.multiplier.product.val();
        self.fits.next = self.fits_r.q.val();
    }
}
