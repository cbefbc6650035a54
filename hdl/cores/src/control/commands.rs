//! The commands of `CONTROL`, taken from bit 0 up, and the way from running to idle.

use crate::csr::Fixed;
use photonbox_regmap::global;
use rust_hdl::prelude::*;

/// Where a STOP stands.
#[derive(Copy, Clone, Debug, PartialEq, LogicState)]
enum Drain {
    /// No STOP is under way.
    No,
    /// What the lanes decided goes through the data path or is discarded.
    Route,
    /// What the rings hold goes to the host.
    Rings,
}

/// Takes commands and keeps what state the card is in.
#[derive(LogicBlock, Default)]
pub struct Commands {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Power-on reset: forgets commands, too.
    pub reset: Signal<In, Bit>,
    /// Reset of the core: commands after a SOFT_RESET wait until it is over.
    pub core_reset: Signal<In, Bit>,
    /// A write to `CONTROL`.
    pub strobe: Signal<In, Bit>,
    /// What was written.
    pub value: Signal<In, Bits<4>>,
    /// The reasons against a START.
    pub problems: Signal<In, Bits<9>>,
    /// A reset with its self-test, or a self-test, is under way.
    pub occupied: Signal<In, Bit>,
    /// The data path holds nothing.
    pub route_idle: Signal<In, Bit>,
    /// No ring holds an open slot or waits for the bus.
    pub rings_idle: Signal<In, Bit>,
    /// The AXI master has nothing outstanding.
    pub axi_idle: Signal<In, Bit>,
    /// SOFT_RESET; one cycle.
    pub soft_reset: Signal<Out, Bit>,
    /// STOP; one cycle.
    pub stop: Signal<Out, Bit>,
    /// SELFTEST; one cycle.
    pub selftest_start: Signal<Out, Bit>,
    /// START; one cycle.
    pub start: Signal<Out, Bit>,
    /// The rings complete what they hold; one cycle.
    pub flush: Signal<Out, Bit>,
    /// A command was refused and counts as a refused write; one cycle.
    pub refused: Signal<Out, Bit>,
    /// Started and not stopped.
    pub running: Signal<Out, Bit>,
    /// Stopped, and not yet idle.
    pub drain: Signal<Out, Bit>,
    /// Idle after a STOP; one cycle.
    pub became_idle: Signal<Out, Bit>,
    /// `STATUS.IDLE`.
    pub idle: Signal<Out, Bit>,
    /// `START_ERROR`.
    pub start_error: Signal<Out, Bits<9>>,
    /// `STATUS.START_REFUSED`.
    pub start_refused: Signal<Out, Bit>,
    pending: DFF<Bits<4>>,
    /// A command of the same write came before: the next waits until it is done.
    follows: DFF<Bit>,
    /// Cycles until what the last command did shows in `occupied` or `problems`.
    guard: DFF<Bits<4>>,
    soft_reset_r: DFF<Bit>,
    stop_r: DFF<Bit>,
    selftest_r: DFF<Bit>,
    start_r: DFF<Bit>,
    flush_r: DFF<Bit>,
    refused_r: DFF<Bit>,
    running_r: DFF<Bit>,
    idle_event: DFF<Bit>,
    error: DFF<Bits<9>>,
    stage: DFF<Drain>,
    count: DFF<Bits<4>>,
    /// The levels of the cycle before: `count` gives them the time.
    route_was_idle: DFF<Bit>,
    all_were_idle: DFF<Bit>,
    not_idle: Fixed<9, { global::START_ERROR_NOT_IDLE.mask64() }>,
    calm: Signal<Local, Bit>,
    may: Signal<Local, Bit>,
    next_up: Signal<Local, Bits<4>>,
}

impl Logic for Commands {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            pending,
            follows,
            guard,
            soft_reset_r,
            stop_r,
            selftest_r,
            start_r
        );
        dff_setup!(
            self,
            clock,
            flush_r,
            refused_r,
            running_r,
            idle_event,
            error,
            stage,
            count,
            route_was_idle,
            all_were_idle
        );
        self.soft_reset.next = self.soft_reset_r.q.val();
        self.stop.next = self.stop_r.q.val();
        self.selftest_start.next = self.selftest_r.q.val();
        self.start.next = self.start_r.q.val();
        self.flush.next = self.flush_r.q.val();
        self.refused.next = self.refused_r.q.val();
        self.running.next = self.running_r.q.val();
        self.drain.next = self.stage.q.val() != Drain::No;
        self.became_idle.next = self.idle_event.q.val();
        self.start_error.next = self.error.q.val();
        self.start_refused.next = self.error.q.val() != 0;
        self.soft_reset_r.d.next = false;
        self.stop_r.d.next = false;
        self.selftest_r.d.next = false;
        self.start_r.d.next = false;
        self.flush_r.d.next = false;
        self.refused_r.d.next = false;
        self.idle_event.d.next = false;

        self.calm.next = !self.running_r.q.val()
            & (self.stage.q.val() == Drain::No)
            & !self.occupied.val()
            & (self.guard.q.val() == 0);
        self.idle.next = self.calm.val();
        if self.guard.q.val() != 0 {
            self.guard.d.next = self.guard.q.val() - 1;
        }
        if self.occupied.val() {
            // `problems` must have followed the self-test's result.
            self.guard.d.next = 8.into();
        }
        self.may.next = !self.follows.q.val() | self.calm.val();
        self.next_up.next = self.pending.q.val();
        if self.pending.q.val().get_bit(0) {
            self.soft_reset_r.d.next = true;
            // After it nothing runs, and the self-test is its own.
            self.next_up.next = self.pending.q.val() & 8;
            self.follows.d.next = true;
            self.guard.d.next = 15.into();
        } else if self.pending.q.val().get_bit(1) {
            self.next_up.next = self.pending.q.val() & 12;
            if self.running_r.q.val() {
                self.stop_r.d.next = true;
                self.follows.d.next = true;
                self.guard.d.next = 15.into();
            }
        } else if self.pending.q.val().get_bit(2) {
            if self.may.val() {
                self.next_up.next = self.pending.q.val() & 8;
                if self.calm.val() {
                    self.selftest_r.d.next = true;
                    self.follows.d.next = true;
                    self.guard.d.next = 15.into();
                } else {
                    self.refused_r.d.next = true;
                }
            }
        } else if self.pending.q.val().get_bit(3) & self.may.val() {
            self.next_up.next = 0.into();
            if self.calm.val() {
                self.error.d.next = self.problems.val();
                self.start_r.d.next = self.problems.val() == 0;
            } else {
                self.error.d.next = self.not_idle.val();
            }
        }
        self.pending.d.next = self.next_up.val();
        if self.strobe.val() {
            self.pending.d.next = self.value.val();
            self.follows.d.next = false;
        }

        if self.start_r.q.val() {
            self.running_r.d.next = true;
        }
        // Long enough for the last bits of the lanes, and the last block, to show in the idle levels.
        self.count.d.next = self.count.q.val() + 1;
        if self.count.q.val() == 15 {
            self.count.d.next = 15.into();
        }
        self.route_was_idle.d.next = self.route_idle.val();
        self.all_were_idle.d.next =
            self.route_idle.val() & self.rings_idle.val() & self.axi_idle.val();
        match self.stage.q.val() {
            Drain::No => {}
            Drain::Route => {
                if (self.count.q.val() == 15) & self.route_was_idle.q.val() {
                    self.stage.d.next = Drain::Rings;
                    self.flush_r.d.next = true;
                    self.count.d.next = 0.into();
                }
            }
            Drain::Rings => {
                if (self.count.q.val() == 15) & self.all_were_idle.q.val() {
                    self.stage.d.next = Drain::No;
                    self.idle_event.d.next = true;
                }
            }
            _ => {
                self.stage.d.next = Drain::No;
            }
        }
        if self.stop_r.q.val() {
            self.running_r.d.next = false;
            self.stage.d.next = Drain::Route;
            self.count.d.next = 0.into();
        }

        if self.core_reset.val() | self.soft_reset_r.q.val() {
            self.stop_r.d.next = false;
            self.selftest_r.d.next = false;
            self.start_r.d.next = false;
            self.flush_r.d.next = false;
            self.refused_r.d.next = false;
            self.running_r.d.next = false;
            self.idle_event.d.next = false;
            self.error.d.next = 0.into();
            self.stage.d.next = Drain::No;
            self.count.d.next = 0.into();
        }
        if self.reset.val() {
            self.pending.d.next = 0.into();
            self.follows.d.next = false;
            self.guard.d.next = 0.into();
            self.soft_reset_r.d.next = false;
        }
    }
}
