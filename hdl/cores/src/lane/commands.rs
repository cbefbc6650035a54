//! What a cycle's CSR write, START and STOP ask of the lane. Nothing here depends on the cycle's edges.

use photonbox_regmap::lane;
use rust_hdl::prelude::*;

/// Decodes the CSR bus and the card's pulses; holds ENABLE.
#[derive(Clone, Debug, LogicBlock)]
pub struct Commands {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the state after power-on.
    pub reset: Signal<In, Bit>,
    /// Number of this lane.
    pub index: Signal<In, Bits<6>>,
    /// CSR bus: a write in this cycle; the address has been there for a cycle or more.
    pub csr_write: Signal<In, Bit>,
    /// CSR bus: block of the map.
    pub csr_block: Signal<In, Bits<3>>,
    /// CSR bus: which lane.
    pub csr_instance: Signal<In, Bits<6>>,
    /// CSR bus: word within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// CSR bus: what is written.
    pub csr_data: Signal<In, Bits<32>>,
    /// The card starts.
    pub start: Signal<In, Bit>,
    /// The card stops.
    pub stop: Signal<In, Bit>,
    /// The card runs.
    pub running: Signal<In, Bit>,
    /// WINDOW suits the front end.
    pub window_ok: Signal<In, Bit>,
    /// The lane is in start-up or running.
    pub active: Signal<In, Bit>,
    /// The alarms latched.
    pub alarms: Signal<In, Bits<6>>,
    /// There is one.
    pub alarmed: Signal<In, Bit>,
    /// A restart was requested.
    pub restart: Signal<In, Bit>,
    /// ENABLE.ON.
    pub enabled: Signal<Out, Bit>,
    /// The lane begins its start-up test after this cycle.
    pub starts: Signal<Out, Bit>,
    /// The lane stops after this cycle.
    pub stops: Signal<Out, Bit>,
    /// RESTART.REQUEST is written.
    pub requests: Signal<Out, Bit>,
    /// Alarms that are cleared after this cycle.
    pub clears: Signal<Out, Bits<6>>,
    /// Settings that are written in this cycle.
    pub setting_writes: Signal<Out, Bits<8>>,
    /// The write of ENABLE in this cycle is refused.
    pub enable_refused: Signal<Out, Bit>,
    // Which register is addressed, decoded a cycle ahead of the write.
    to_enable: DFF<Bit>,
    // It switches on, or off: data stands as long as the address.
    to_on: DFF<Bit>,
    to_off: DFF<Bit>,
    // ALARMS, with all that are latched. They do not change once a restart is requested.
    to_rearm: DFF<Bit>,
    to_settings: DFF<Bits<8>>,
    to_alarms: DFF<Bit>,
    to_restart: DFF<Bit>,
    enable: DFF<Bit>,
    lane_block: Constant<Bits<3>>,
    enable_word: Constant<Bits<7>>,
    config_word: Constant<Bits<7>>,
    balance_word: Constant<Bits<7>>,
    alarms_word: Constant<Bits<7>>,
    restart_word: Constant<Bits<7>>,
    one: Constant<Bits<8>>,
    ours: Signal<Local, Bit>,
    which_setting: Signal<Local, Bits<7>>,
    writes_enable: Signal<Local, Bit>,
    clears_alarms: Signal<Local, Bit>,
    left_over: Signal<Local, Bits<6>>,
    running_write: Signal<Local, Bit>,
    switched_on: Signal<Local, Bit>,
}

/// Index of the lane block among the map's blocks.
pub(super) fn lane_block() -> Bits<3> {
    let index = photonbox_regmap::BLOCKS
        .iter()
        .position(|block| block.base == lane::BASE);
    (index.unwrap_or(0) as u64).into()
}

/// The word number of a register's offset.
pub(super) fn word(offset: u32) -> Constant<Bits<7>> {
    Constant::new(u64::from(offset / 4).into())
}

impl Default for Commands {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            index: Default::default(),
            csr_write: Default::default(),
            csr_block: Default::default(),
            csr_instance: Default::default(),
            csr_register: Default::default(),
            csr_data: Default::default(),
            start: Default::default(),
            stop: Default::default(),
            running: Default::default(),
            window_ok: Default::default(),
            active: Default::default(),
            alarms: Default::default(),
            alarmed: Default::default(),
            restart: Default::default(),
            enabled: Default::default(),
            starts: Default::default(),
            stops: Default::default(),
            requests: Default::default(),
            clears: Default::default(),
            setting_writes: Default::default(),
            enable_refused: Default::default(),
            to_enable: Default::default(),
            to_on: Default::default(),
            to_off: Default::default(),
            to_rearm: Default::default(),
            to_settings: Default::default(),
            to_alarms: Default::default(),
            to_restart: Default::default(),
            enable: Default::default(),
            lane_block: Constant::new(lane_block()),
            enable_word: word(lane::ENABLE),
            config_word: word(lane::CONFIG),
            balance_word: word(lane::BALANCE_MAX),
            alarms_word: word(lane::ALARMS),
            restart_word: word(lane::RESTART),
            one: Constant::new(1_u64.into()),
            ours: Default::default(),
            which_setting: Default::default(),
            writes_enable: Default::default(),
            clears_alarms: Default::default(),
            left_over: Default::default(),
            running_write: Default::default(),
            switched_on: Default::default(),
        }
    }
}

impl Logic for Commands {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            to_enable,
            to_on,
            to_off,
            to_rearm,
            to_settings,
            to_alarms,
            to_restart,
            enable
        );
        self.ours.next = (self.csr_block.val() == self.lane_block.val())
            & (self.csr_instance.val() == self.index.val());
        self.to_enable.d.next =
            self.ours.val() & (self.csr_register.val() == self.enable_word.val());
        self.to_on.d.next = self.ours.val()
            & (self.csr_register.val() == self.enable_word.val())
            & self.csr_data.val().get_bit(0);
        self.to_off.d.next = self.ours.val()
            & (self.csr_register.val() == self.enable_word.val())
            & !self.csr_data.val().get_bit(0);
        self.to_alarms.d.next =
            self.ours.val() & (self.csr_register.val() == self.alarms_word.val());
        self.left_over.next = self.alarms.val() & !self.csr_data.val().get_bits::<6>(0);
        self.to_rearm.d.next = self.ours.val()
            & (self.csr_register.val() == self.alarms_word.val())
            & !self.left_over.val().any();
        self.to_restart.d.next =
            self.ours.val() & (self.csr_register.val() == self.restart_word.val());
        self.which_setting.next = self.csr_register.val() - self.config_word.val();
        self.to_settings.d.next = 0.into();
        if self.ours.val()
            & (self.csr_register.val() >= self.config_word.val())
            & (self.csr_register.val() <= self.balance_word.val())
        {
            self.to_settings.d.next = self.one.val() << self.which_setting.val();
        }

        self.writes_enable.next = self.csr_write.val()
            & self.to_enable.q.val()
            & (self.window_ok.val() | !self.running.val());
        self.enable_refused.next = self.csr_write.val()
            & self.to_enable.q.val()
            & self.running.val()
            & !self.window_ok.val();
        if self.writes_enable.val() {
            self.enable.d.next = self.to_on.q.val();
        }
        self.enabled.next = self.enable.q.val();
        self.setting_writes.next = 0.into();
        if self.csr_write.val() {
            self.setting_writes.next = self.to_settings.q.val();
        }

        // Alarms clear after a restart request only; when none is left an enabled lane of a running card starts.
        self.clears_alarms.next =
            self.csr_write.val() & self.to_alarms.q.val() & self.restart.val();
        self.clears.next = 0.into();
        if self.clears_alarms.val() {
            self.clears.next = self.csr_data.val().get_bits::<6>(0);
        }
        self.requests.next =
            self.csr_write.val() & self.to_restart.q.val() & self.csr_data.val().get_bit(0);

        // Starting is not re-arming: a lane with a latched alarm stays where it is.
        self.running_write.next = self.csr_write.val() & self.running.val();
        self.switched_on.next = (self.start.val() & self.enable.q.val())
            | (self.running_write.val() & self.to_on.q.val() & self.window_ok.val());
        self.starts.next = (self.switched_on.val() & !self.active.val() & !self.alarmed.val())
            | (self.running_write.val()
                & self.to_rearm.q.val()
                & self.restart.val()
                & self.enable.q.val());
        self.stops.next = self.stop.val()
            | (self.running_write.val() & self.to_off.q.val() & self.window_ok.val());
        if self.reset.val() {
            self.to_enable.d.next = false;
            self.to_on.d.next = false;
            self.to_off.d.next = false;
            self.to_rearm.d.next = false;
            self.to_settings.d.next = 0.into();
            self.to_alarms.d.next = false;
            self.to_restart.d.next = false;
            self.enable.d.next = false;
        }
    }
}
