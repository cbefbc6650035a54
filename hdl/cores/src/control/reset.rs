//! Reset, of power-on and of software: blocks are reset, swept, tested.

use rust_hdl::prelude::*;

/// Where the sequence stands.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
enum State {
    /// Blocks are held in reset; after a soft reset, until the bus has finished.
    Assert,
    /// Released: blocks say that they sweep.
    Settle,
    /// Blocks sweep.
    Sweep,
    /// The self-test begins.
    Begin,
    /// The self-test runs.
    Test,
    /// Nothing to do.
    Run,
}

/// The reset sequencer. It begins by itself when the device is configured.
#[derive(LogicBlock, Default)]
pub struct ResetSequencer {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Power-on reset: aborts everything.
    pub reset: Signal<In, Bit>,
    /// Soft reset; one cycle.
    pub request: Signal<In, Bit>,
    /// The AXI master has finished what it had begun.
    pub dma_quiet: Signal<In, Bit>,
    /// No block sweeps.
    pub swept: Signal<In, Bit>,
    /// The self-test runs.
    pub selftest_busy: Signal<In, Bit>,
    /// Reset of all blocks but the AXI ports.
    pub core_reset: Signal<Out, Bit>,
    /// The AXI master takes nothing new and finishes what it has begun with WSTRB = 0.
    pub dma_abort: Signal<Out, Bit>,
    /// Reset of the AXI master, when nothing is outstanding (or at power-on).
    pub dma_reset: Signal<Out, Bit>,
    /// No register access may begin.
    pub hold: Signal<Out, Bit>,
    /// Start the self-test; one cycle.
    pub selftest_start: Signal<Out, Bit>,
    /// The sequence, its self-test included, is under way.
    pub busy: Signal<Out, Bit>,
    state: DFF<State>,
    /// Registers of the outputs, inverted where the sequence begins with them at 1.
    released: DFF<Bit>,
    dma_released: DFF<Bit>,
    abort: DFF<Bit>,
    open: DFF<Bit>,
    done: DFF<Bit>,
    test: DFF<Bit>,
    by_software: DFF<Bit>,
    count: DFF<Bits<4>>,
}

impl Logic for ResetSequencer {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            state,
            released,
            dma_released,
            abort,
            open,
            done,
            test,
            by_software,
            count
        );
        self.core_reset.next = !self.released.q.val();
        self.dma_reset.next = !self.dma_released.q.val();
        self.dma_abort.next = self.abort.q.val();
        self.hold.next = !self.open.q.val();
        self.selftest_start.next = self.test.q.val();
        self.busy.next = !self.done.q.val();
        self.test.d.next = false;
        self.count.d.next = self.count.q.val() + 1;
        match self.state.q.val() {
            State::Assert => {
                // The counter makes sure that `dma_quiet` is that of a master which has seen `dma_abort`.
                if (self.count.q.val() == 15) & (self.dma_quiet.val() | !self.by_software.q.val()) {
                    self.state.d.next = State::Settle;
                    self.released.d.next = true;
                    self.dma_released.d.next = !self.by_software.q.val();
                    self.abort.d.next = false;
                } else if self.count.q.val() == 15 {
                    self.count.d.next = 15.into();
                }
            }
            State::Settle => {
                self.dma_released.d.next = true;
                if self.count.q.val() == 15 {
                    self.state.d.next = State::Sweep;
                }
            }
            State::Sweep => {
                if self.swept.val() {
                    self.state.d.next = State::Begin;
                    self.test.d.next = true;
                    self.open.d.next = true;
                    self.count.d.next = 0.into();
                }
            }
            State::Begin => {
                if self.count.q.val() == 7 {
                    self.state.d.next = State::Test;
                }
            }
            State::Test => {
                if !self.selftest_busy.val() {
                    self.state.d.next = State::Run;
                    self.done.d.next = true;
                }
            }
            State::Run => {}
            _ => {
                self.state.d.next = State::Assert;
            }
        }
        if self.request.val() {
            self.state.d.next = State::Assert;
            self.count.d.next = 0.into();
            self.released.d.next = false;
            self.abort.d.next = true;
            self.open.d.next = false;
            self.done.d.next = false;
            self.test.d.next = false;
            self.by_software.d.next = true;
        }
        if self.reset.val() {
            self.state.d.next = State::Assert;
            self.count.d.next = 0.into();
            self.released.d.next = false;
            self.dma_released.d.next = false;
            self.abort.d.next = false;
            self.open.d.next = false;
            self.done.d.next = false;
            self.test.d.next = false;
            self.by_software.d.next = false;
        }
    }
}
