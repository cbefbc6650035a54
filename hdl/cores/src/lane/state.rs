//! The lane's state machine: off, start-up, running, alarm. Countermeasure T1 (`docs/threat-model.md`).

use photonbox_regmap::lane;
use rust_hdl::prelude::*;

/// Decides what becomes of the lane at the end of a cycle.
#[derive(Clone, Debug, LogicBlock)]
pub struct State {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Off, without alarms.
    pub reset: Signal<In, Bit>,
    /// A test failed in this cycle: the bits of `ALARMS` without STARTUP.
    pub fails: Signal<In, Bits<5>>,
    /// The start-up test saw its last bit.
    pub startup_done: Signal<In, Bit>,
    /// Begins the start-up test after this cycle; only with `active` low.
    pub starts: Signal<In, Bit>,
    /// Stops after this cycle.
    pub stops: Signal<In, Bit>,
    /// A restart request.
    pub requests: Signal<In, Bit>,
    /// Alarms to clear; only after a restart request.
    pub clears: Signal<In, Bits<6>>,
    /// An alarm begins in this cycle.
    pub failed: Signal<Out, Bit>,
    /// Start-up or running.
    pub active: Signal<Out, Bit>,
    /// Start-up.
    pub in_startup: Signal<Out, Bit>,
    /// An alarm is latched.
    pub alarmed: Signal<Out, Bit>,
    /// The alarms latched.
    pub alarms: Signal<Out, Bits<6>>,
    /// A restart was requested.
    pub restart: Signal<Out, Bit>,
    /// The value of `STATE.STATE`.
    pub code: Signal<Out, Bits<2>>,
    active_flag: DFF<Bit>,
    startup_flag: DFF<Bit>,
    alarmed_flag: DFF<Bit>,
    alarm_flags: DFF<Bits<6>>,
    restart_flag: DFF<Bit>,
    startup_alarm: Constant<Bits<6>>,
    code_startup: Constant<Bits<2>>,
    code_running: Constant<Bits<2>>,
    code_alarmed: Constant<Bits<2>>,
    fails_now: Signal<Local, Bit>,
    remaining: Signal<Local, Bits<6>>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            fails: Default::default(),
            startup_done: Default::default(),
            starts: Default::default(),
            stops: Default::default(),
            requests: Default::default(),
            clears: Default::default(),
            failed: Default::default(),
            active: Default::default(),
            in_startup: Default::default(),
            alarmed: Default::default(),
            alarms: Default::default(),
            restart: Default::default(),
            code: Default::default(),
            active_flag: Default::default(),
            startup_flag: Default::default(),
            alarmed_flag: Default::default(),
            alarm_flags: Default::default(),
            restart_flag: Default::default(),
            startup_alarm: Constant::new(u64::from(lane::ALARM_STARTUP.mask()).into()),
            code_startup: Constant::new(u64::from(lane::STARTUP).into()),
            code_running: Constant::new(u64::from(lane::RUNNING).into()),
            code_alarmed: Constant::new(u64::from(lane::ALARMED).into()),
            fails_now: Default::default(),
            remaining: Default::default(),
        }
    }
}

impl Logic for State {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            active_flag,
            startup_flag,
            alarmed_flag,
            alarm_flags,
            restart_flag
        );
        self.active.next = self.active_flag.q.val();
        self.in_startup.next = self.startup_flag.q.val();
        self.alarmed.next = self.alarmed_flag.q.val();
        self.alarms.next = self.alarm_flags.q.val();
        self.restart.next = self.restart_flag.q.val();
        self.code.next = 0.into();
        if self.active_flag.q.val() {
            self.code.next = self.code_running.val();
        }
        if self.startup_flag.q.val() {
            self.code.next = self.code_startup.val();
        }
        if self.alarmed_flag.q.val() {
            self.code.next = self.code_alarmed.val();
        }

        self.fails_now.next = self.active_flag.q.val() & self.fails.val().any();
        self.failed.next = self.fails_now.val();
        // Only a lane in alarm has alarms, and only such a one has a restart request: a lane is active or that.
        self.remaining.next = self.alarm_flags.q.val() & !self.clears.val();
        self.alarm_flags.d.next = self.remaining.val();
        self.alarmed_flag.d.next = self.remaining.val().any();
        self.restart_flag.d.next = self.restart_flag.q.val() & self.remaining.val().any();
        if self.startup_done.val() {
            self.startup_flag.d.next = false;
        }
        if self.starts.val() {
            self.active_flag.d.next = true;
            self.startup_flag.d.next = true;
        }
        if self.stops.val() | self.fails_now.val() {
            self.active_flag.d.next = false;
            self.startup_flag.d.next = false;
        }
        if self.fails_now.val() {
            self.alarmed_flag.d.next = true;
            self.alarm_flags.d.next = bit_cast::<6, 5>(self.fails.val());
            if self.startup_flag.q.val() {
                self.alarm_flags.d.next =
                    bit_cast::<6, 5>(self.fails.val()) | self.startup_alarm.val();
            }
        }
        if self.requests.val() {
            self.restart_flag.d.next = self.alarmed_flag.q.val() | self.fails_now.val();
        }
        if self.reset.val() {
            self.active_flag.d.next = false;
            self.startup_flag.d.next = false;
            self.alarmed_flag.d.next = false;
            self.alarm_flags.d.next = 0.into();
            self.restart_flag.d.next = false;
        }
    }
}
