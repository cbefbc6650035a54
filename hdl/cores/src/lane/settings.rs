//! The registers with a lane's settings, which change only while the lane is stopped.

use super::setting::Setting;
use photonbox_regmap::lane;
use rust_hdl::prelude::*;

/// CONFIG to BALANCE_MAX.
#[derive(Clone, Debug, LogicBlock)]
pub struct Settings {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Back to the values after reset.
    pub reset: Signal<In, Bit>,
    /// A write in this cycle: one bit for each register, CONFIG first, in the order of their offsets.
    pub write: Signal<In, Bits<8>>,
    /// What is written.
    pub data: Signal<In, Bits<32>>,
    /// The lane runs, also after this cycle: writes are refused.
    pub locked: Signal<In, Bit>,
    /// This cycle's write is refused.
    pub refused: Signal<Out, Bit>,
    /// CONFIG.
    pub options: Signal<Out, Bits<2>>,
    /// WINDOW.
    pub window: Signal<Out, Bits<16>>,
    /// HOLDOFF.
    pub holdoff: Signal<Out, Bits<20>>,
    /// RCT_CUTOFF.
    pub rct_cutoff: Signal<Out, Bits<16>>,
    /// APT_CUTOFF.
    pub apt_cutoff: Signal<Out, Bits<11>>,
    /// RATE_MIN.
    pub rate_min: Signal<Out, Bits<21>>,
    /// RATE_MAX.
    pub rate_max: Signal<Out, Bits<21>>,
    /// BALANCE_MAX.
    pub balance_max: Signal<Out, Bits<17>>,
    config_register: Setting<2>,
    window_register: Setting<16>,
    holdoff_register: Setting<20>,
    rct_register: Setting<16>,
    apt_register: Setting<11>,
    rate_min_register: Setting<21>,
    rate_max_register: Setting<21>,
    balance_register: Setting<17>,
}

/// Value after reset of the lane register at `offset`.
fn after_reset(offset: u32) -> u32 {
    let register = lane::REGISTERS
        .iter()
        .find(|register| register.offset == offset);
    register.map_or(0, |register| register.reset)
}

impl Settings {
    /// The registers with their values after reset.
    pub fn new() -> Self {
        Self {
            clock: Default::default(),
            reset: Default::default(),
            write: Default::default(),
            data: Default::default(),
            locked: Default::default(),
            refused: Default::default(),
            options: Default::default(),
            window: Default::default(),
            holdoff: Default::default(),
            rct_cutoff: Default::default(),
            apt_cutoff: Default::default(),
            rate_min: Default::default(),
            rate_max: Default::default(),
            balance_max: Default::default(),
            config_register: Setting::new(after_reset(lane::CONFIG)),
            window_register: Setting::new(after_reset(lane::WINDOW)),
            holdoff_register: Setting::new(after_reset(lane::HOLDOFF)),
            rct_register: Setting::new(after_reset(lane::RCT_CUTOFF)),
            apt_register: Setting::new(after_reset(lane::APT_CUTOFF)),
            rate_min_register: Setting::new(after_reset(lane::RATE_MIN)),
            rate_max_register: Setting::new(after_reset(lane::RATE_MAX)),
            balance_register: Setting::new(after_reset(lane::BALANCE_MAX)),
        }
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self::new()
    }
}

impl Logic for Settings {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(
            self,
            clock,
            config_register,
            window_register,
            holdoff_register,
            rct_register,
            apt_register,
            rate_min_register,
            rate_max_register,
            balance_register
        );
        self.config_register.reset.next = self.reset.val();
        self.window_register.reset.next = self.reset.val();
        self.holdoff_register.reset.next = self.reset.val();
        self.rct_register.reset.next = self.reset.val();
        self.apt_register.reset.next = self.reset.val();
        self.rate_min_register.reset.next = self.reset.val();
        self.rate_max_register.reset.next = self.reset.val();
        self.balance_register.reset.next = self.reset.val();

        self.refused.next = self.locked.val() & self.write.val().any();
        self.config_register.write.next = self.write.val().get_bit(0) & !self.locked.val();
        self.window_register.write.next = self.write.val().get_bit(1) & !self.locked.val();
        self.holdoff_register.write.next = self.write.val().get_bit(2) & !self.locked.val();
        self.rct_register.write.next = self.write.val().get_bit(3) & !self.locked.val();
        self.apt_register.write.next = self.write.val().get_bit(4) & !self.locked.val();
        self.rate_min_register.write.next = self.write.val().get_bit(5) & !self.locked.val();
        self.rate_max_register.write.next = self.write.val().get_bit(6) & !self.locked.val();
        self.balance_register.write.next = self.write.val().get_bit(7) & !self.locked.val();

        self.config_register.data.next = self.data.val().get_bits::<2>(0);
        self.window_register.data.next = self.data.val().get_bits::<16>(0);
        self.holdoff_register.data.next = self.data.val().get_bits::<20>(0);
        self.rct_register.data.next = self.data.val().get_bits::<16>(0);
        self.apt_register.data.next = self.data.val().get_bits::<11>(0);
        self.rate_min_register.data.next = self.data.val().get_bits::<21>(0);
        self.rate_max_register.data.next = self.data.val().get_bits::<21>(0);
        self.balance_register.data.next = self.data.val().get_bits::<17>(0);

        self.options.next = self.config_register.value.val();
        self.window.next = self.window_register.value.val();
        self.holdoff.next = self.holdoff_register.value.val();
        self.rct_cutoff.next = self.rct_register.value.val();
        self.apt_cutoff.next = self.apt_register.value.val();
        self.rate_min.next = self.rate_min_register.value.val();
        self.rate_max.next = self.rate_max_register.value.val();
        self.balance_max.next = self.balance_register.value.val();
    }
}
