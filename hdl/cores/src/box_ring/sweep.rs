//! When all is forgotten: after a reset, an error or a release.

use rust_hdl::prelude::*;

/// Steps of a sweep.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
pub enum SweepState {
    /// No sweep.
    Normal,
    /// Until nothing is under way.
    Settle,
    /// Clears the memories.
    Clear,
}

/// The sweep of a box ring: 1,026 cycles.
#[derive(LogicBlock, Default)]
pub struct Sweep {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Synchronous reset: sweeps.
    pub reset: Signal<In, Bit>,
    /// Stopped on a bus error: sweeps once.
    pub in_error: Signal<In, Bit>,
    /// The ring is given up: sweeps. One cycle.
    pub given_up: Signal<In, Bit>,
    /// Nothing is under way on the bus.
    pub settled: Signal<In, Bit>,
    /// No sweep.
    pub normal: Signal<Out, Bit>,
    /// No sweep is due either.
    pub quiet: Signal<Out, Bit>,
    /// Everything is at its start, and the memories are cleared.
    pub forget: Signal<Out, Bit>,
    /// Place to clear.
    pub clear_place: Signal<Out, Bits<10>>,

    state: DFF<SweepState>,
    count: DFF<Bits<11>>,
    error_swept: DFF<Bit>,
}

impl Logic for Sweep {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, state, count, error_swept);
        match self.state.q.val() {
            SweepState::Normal => {
                if (self.in_error.val() & !self.error_swept.q.val()) | self.given_up.val() {
                    self.state.d.next = SweepState::Settle;
                }
            }
            SweepState::Settle => {
                self.count.d.next = 0.into();
                if self.settled.val() {
                    self.state.d.next = SweepState::Clear;
                }
            }
            SweepState::Clear => {
                self.count.d.next = self.count.q.val() + 1;
                // The first place once more: what was read last does not stay at the memory's output.
                if self.count.q.val() == 1024 {
                    self.error_swept.d.next = self.in_error.val();
                    self.state.d.next = SweepState::Normal;
                }
            }
            _ => {
                self.state.d.next = SweepState::Clear;
            }
        }
        if !self.in_error.val() {
            self.error_swept.d.next = false;
        }
        self.normal.next = self.state.q.val() == SweepState::Normal;
        self.quiet.next = (self.state.q.val() == SweepState::Normal)
            & (!self.in_error.val() | self.error_swept.q.val());
        self.forget.next = self.state.q.val() == SweepState::Clear;
        self.clear_place.next = self.count.q.val().get_bits::<10>(0);
        if self.reset.val() {
            self.state.d.next = SweepState::Clear;
            self.count.d.next = 0.into();
            self.error_swept.d.next = false;
        }
    }
}
