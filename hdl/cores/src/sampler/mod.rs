//! The coincidence sampler of one lane (spec 1-entropy §1.1, 6-card §6.1); mirrors `photonbox_model::Sampler`.

use rust_hdl::prelude::*;

/// Makes bits of detections: an edge at A alone is 1, at B alone 0, both within the window nothing.
///
/// The decision of a cycle is combinational, in that cycle. Settings must be stable from two cycles before `clear`
/// on, for as long as the sampler steps.
#[derive(Clone, Debug, Default, LogicBlock)]
pub struct Sampler {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the state after power-on.
    pub reset: Signal<In, Bit>,
    /// Starts anew after this cycle; an open window's edge counts as ignored in it. Not together with `step`.
    pub clear: Signal<In, Bit>,
    /// Looks at this cycle's edges.
    pub step: Signal<In, Bit>,
    /// A rising edge of A.
    pub edge_a: Signal<In, Bit>,
    /// A rising edge of B.
    pub edge_b: Signal<In, Bit>,
    /// W in cycles.
    pub window: Signal<In, Bits<16>>,
    /// Blind cycles.
    pub holdoff: Signal<In, Bits<20>>,
    /// An edge while blind restarts the hold-off.
    pub retrigger: Signal<In, Bit>,
    /// A bit is decided in this cycle.
    pub valid: Signal<Out, Bit>,
    /// The bit.
    pub value: Signal<Out, Bit>,
    /// A coincidence is seen in this cycle.
    pub coincidence: Signal<Out, Bit>,
    /// Edges ignored in this cycle, 0 to 2.
    pub ignored: Signal<Out, Bits<2>>,
    /// A window is open after this step.
    pub stays_open: Signal<Out, Bit>,
    // Neither open nor blind: ready.
    open: DFF<Bit>,
    blind: DFF<Bit>,
    opened_by_a: DFF<Bit>,
    // Cycles left of the window or of the blind time; `last`: it is 1.
    left: DFF<Bits<20>>,
    last: DFF<Bit>,
    window_0: DFF<Bit>,
    window_1: DFF<Bit>,
    holdoff_0: DFF<Bit>,
    holdoff_1: DFF<Bit>,
    ready: Signal<Local, Bit>,
    same: Signal<Local, Bit>,
    other: Signal<Local, Bit>,
    decided: Signal<Local, Bit>,
    coincides: Signal<Local, Bit>,
    retriggered: Signal<Local, Bit>,
    ends: Signal<Local, Bit>,
    opens: Signal<Local, Bit>,
    swept: Signal<Local, Bit>,
}

impl Logic for Sampler {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            open,
            blind,
            opened_by_a,
            left,
            last,
            window_0,
            window_1,
            holdoff_0,
            holdoff_1
        );
        self.window_0.d.next = self.window.val() == 0;
        self.window_1.d.next = self.window.val() == 1;
        self.holdoff_0.d.next = self.holdoff.val() == 0;
        self.holdoff_1.d.next = self.holdoff.val() == 1;

        self.ready.next = !self.open.q.val() & !self.blind.q.val();
        self.same.next = (self.opened_by_a.q.val() & self.edge_a.val())
            | (!self.opened_by_a.q.val() & self.edge_b.val());
        self.other.next = (self.opened_by_a.q.val() & self.edge_b.val())
            | (!self.opened_by_a.q.val() & self.edge_a.val());
        self.coincides.next = self.step.val()
            & ((self.ready.val() & self.edge_a.val() & self.edge_b.val())
                | (self.open.q.val() & self.other.val()));
        self.decided.next = self.step.val()
            & ((self.ready.val()
                & (self.edge_a.val() ^ self.edge_b.val())
                & self.window_0.q.val())
                | (self.open.q.val() & !self.other.val() & self.last.q.val()));
        self.opens.next = self.step.val()
            & self.ready.val()
            & (self.edge_a.val() ^ self.edge_b.val())
            & !self.window_0.q.val();
        self.retriggered.next = self.step.val()
            & self.blind.q.val()
            & self.retrigger.val()
            & (self.edge_a.val() | self.edge_b.val());
        // The blind time begins (again) with the next cycle.
        self.ends.next = self.decided.val() | self.coincides.val() | self.retriggered.val();

        self.valid.next = self.decided.val();
        self.value.next = (self.open.q.val() & self.opened_by_a.q.val())
            | (!self.open.q.val() & self.edge_a.val());
        self.coincidence.next = self.coincides.val();
        self.stays_open.next = self.opens.val()
            | (self.step.val() & self.open.q.val() & !self.other.val() & !self.last.q.val());

        // Ignored: further edges of the detector that opened the window, any edge while blind, and an edge whose
        // window never ends.
        self.ignored.next = 0.into();
        if (self.clear.val() & self.open.q.val())
            | (self.step.val() & self.open.q.val() & self.same.val())
            | (self.step.val() & self.blind.q.val() & (self.edge_a.val() ^ self.edge_b.val()))
        {
            self.ignored.next = 1.into();
        }
        if self.step.val() & self.blind.q.val() & self.edge_a.val() & self.edge_b.val() {
            self.ignored.next = 2.into();
        }

        if self.step.val() {
            self.left.d.next = self.left.q.val() - 1;
            self.last.d.next = self.left.q.val() == 2;
            if self.last.q.val() {
                self.blind.d.next = false;
            }
        }
        if self.opens.val() {
            self.open.d.next = true;
            self.opened_by_a.d.next = self.edge_a.val();
            self.left.d.next = bit_cast::<20, 16>(self.window.val());
            self.last.d.next = self.window_1.q.val();
        }
        if self.ends.val() {
            self.open.d.next = false;
            self.blind.d.next = !self.holdoff_0.q.val();
            self.left.d.next = self.holdoff.val();
            self.last.d.next = self.holdoff_1.q.val();
        }
        self.swept.next = self.reset.val() | self.clear.val();
        if self.swept.val() {
            self.open.d.next = false;
            self.blind.d.next = false;
            self.opened_by_a.d.next = false;
            self.left.d.next = 0.into();
            self.last.d.next = false;
        }
    }
}
