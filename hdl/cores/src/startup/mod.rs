//! Start-up test: the first 1,024 bits are tested like all others and thrown away (spec 1-entropy §1.2,
//! SP 800-90B §4.3 item 4); mirrors `photonbox_model::startup`.

use photonbox_regmap::lane::STARTUP_BITS;
use rust_hdl::prelude::*;

/// Counts the bits that the start-up test still wants.
#[derive(Clone, Debug, LogicBlock)]
pub struct Startup {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the state after power-on: all bits are wanted.
    pub reset: Signal<In, Bit>,
    /// Starts anew after this cycle. Not together with `step`.
    pub clear: Signal<In, Bit>,
    /// A bit that passed the continuous tests.
    pub step: Signal<In, Bit>,
    /// The bit of this cycle is the last one (or comes after it).
    pub done: Signal<Out, Bit>,
    /// Bits still wanted.
    pub left: Signal<Out, Bits<11>>,
    count: DFF<Bits<11>>,
    // The next bit is the last: `count` is 1 or 0.
    last: DFF<Bit>,
    all: Constant<Bits<11>>,
    taken: Signal<Local, Bits<11>>,
    swept: Signal<Local, Bit>,
}

impl Default for Startup {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            clear: Default::default(),
            step: Default::default(),
            done: Default::default(),
            left: Default::default(),
            count: Default::default(),
            last: Default::default(),
            all: Constant::new(u64::from(STARTUP_BITS).into()),
            taken: Default::default(),
            swept: Default::default(),
        }
    }
}

impl Logic for Startup {
    #[hdl_gen]
    fn update(&mut self) {
        // A flip-flop is 0 after power-on, so it counts the bits taken.
        dff_setup!(self, clock, count, last);
        self.taken.next = self.count.q.val() + 1;
        self.left.next = self.all.val() - self.count.q.val();
        self.done.next = self.step.val() & self.last.q.val();
        if self.step.val() & (self.count.q.val() != self.all.val()) {
            self.count.d.next = self.taken.val();
            self.last.d.next = (self.taken.val() + 1) >= self.all.val();
        }
        self.swept.next = self.reset.val() | self.clear.val();
        if self.swept.val() {
            self.count.d.next = 0.into();
            self.last.d.next = false;
        }
    }
}
