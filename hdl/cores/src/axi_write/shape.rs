//! What follows from the widths of a write master.

use rust_hdl::prelude::*;

/// Constants of a write master whose port 2 has `P` bits and that has 2^`A` bursts in flight, `B` = `A` + 1.
#[derive(LogicBlock)]
pub struct Shape<const P: usize, const A: usize, const B: usize> {
    /// Port 2 is wider than 64 bits.
    pub wide: Signal<Out, Bit>,
    /// Words of 8 bytes that port 2 gives at once.
    pub words: Signal<Out, Bits<6>>,
    /// Most bursts in flight.
    pub most: Signal<Out, Bits<B>>,
    is_wide: Constant<Bit>,
    port_words: Constant<Bits<6>>,
    bursts: Constant<Bits<B>>,
}

impl<const P: usize, const A: usize, const B: usize> Default for Shape<P, A, B> {
    fn default() -> Self {
        Self {
            wide: Signal::default(),
            words: Signal::default(),
            most: Signal::default(),
            is_wide: Constant::new(P > 64),
            port_words: Constant::new((P as u64 / 64).into()),
            bursts: Constant::new((1_u64 << A).into()),
        }
    }
}

impl<const P: usize, const A: usize, const B: usize> Logic for Shape<P, A, B> {
    #[hdl_gen]
    fn update(&mut self) {
        self.wide.next = self.is_wide.val();
        self.words.next = self.port_words.val();
        self.most.next = self.bursts.val();
    }
}
