//! What the lane's registers read as.

use super::commands::{lane_block, word};
use photonbox_regmap::lane;
use rust_hdl::prelude::*;

/// Chooses the addressed register; the answer is registered, and 0 for other addresses.
#[derive(Clone, Debug, LogicBlock)]
pub struct Readout {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Number of this lane.
    pub index: Signal<In, Bits<6>>,
    /// CSR bus: block of the map.
    pub csr_block: Signal<In, Bits<3>>,
    /// CSR bus: which lane.
    pub csr_instance: Signal<In, Bits<6>>,
    /// CSR bus: word within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// ENABLE.
    pub enable: Signal<In, Bit>,
    /// CONFIG.
    pub options: Signal<In, Bits<2>>,
    /// WINDOW.
    pub window: Signal<In, Bits<16>>,
    /// HOLDOFF.
    pub holdoff: Signal<In, Bits<20>>,
    /// RCT_CUTOFF.
    pub rct_cutoff: Signal<In, Bits<16>>,
    /// APT_CUTOFF.
    pub apt_cutoff: Signal<In, Bits<11>>,
    /// RATE_MIN.
    pub rate_min: Signal<In, Bits<21>>,
    /// RATE_MAX.
    pub rate_max: Signal<In, Bits<21>>,
    /// BALANCE_MAX.
    pub balance_max: Signal<In, Bits<17>>,
    /// STATE.STATE.
    pub code: Signal<In, Bits<2>>,
    /// STATE.RESTART.
    pub restart: Signal<In, Bit>,
    /// In start-up: STATE.STARTUP_BITS shows `startup_left`.
    pub in_startup: Signal<In, Bit>,
    /// Bits that the start-up test still wants.
    pub startup_left: Signal<In, Bits<11>>,
    /// ALARMS.
    pub alarms: Signal<In, Bits<6>>,
    /// RATE_A.
    pub rate_a: Signal<In, Bits<21>>,
    /// RATE_B.
    pub rate_b: Signal<In, Bits<21>>,
    /// CSR bus: the answer, a cycle after the address.
    pub csr_read: Signal<Out, Bits<32>>,
    answer: DFF<Bits<32>>,
    lane_block: Constant<Bits<3>>,
    enable_word: Constant<Bits<7>>,
    config_word: Constant<Bits<7>>,
    window_word: Constant<Bits<7>>,
    holdoff_word: Constant<Bits<7>>,
    rct_word: Constant<Bits<7>>,
    apt_word: Constant<Bits<7>>,
    rate_min_word: Constant<Bits<7>>,
    rate_max_word: Constant<Bits<7>>,
    balance_word: Constant<Bits<7>>,
    state_word: Constant<Bits<7>>,
    alarms_word: Constant<Bits<7>>,
    rate_a_word: Constant<Bits<7>>,
    rate_b_word: Constant<Bits<7>>,
    restart_bit: Constant<Bits<32>>,
    startup_shift: Constant<Bits<6>>,
    state_low: Signal<Local, Bits<32>>,
    state_high: Signal<Local, Bits<32>>,
}

impl Default for Readout {
    fn default() -> Self {
        Self {
            clock: Default::default(),
            index: Default::default(),
            csr_block: Default::default(),
            csr_instance: Default::default(),
            csr_register: Default::default(),
            enable: Default::default(),
            options: Default::default(),
            window: Default::default(),
            holdoff: Default::default(),
            rct_cutoff: Default::default(),
            apt_cutoff: Default::default(),
            rate_min: Default::default(),
            rate_max: Default::default(),
            balance_max: Default::default(),
            code: Default::default(),
            restart: Default::default(),
            in_startup: Default::default(),
            startup_left: Default::default(),
            alarms: Default::default(),
            rate_a: Default::default(),
            rate_b: Default::default(),
            csr_read: Default::default(),
            answer: Default::default(),
            lane_block: Constant::new(lane_block()),
            enable_word: word(lane::ENABLE),
            config_word: word(lane::CONFIG),
            window_word: word(lane::WINDOW),
            holdoff_word: word(lane::HOLDOFF),
            rct_word: word(lane::RCT_CUTOFF),
            apt_word: word(lane::APT_CUTOFF),
            rate_min_word: word(lane::RATE_MIN),
            rate_max_word: word(lane::RATE_MAX),
            balance_word: word(lane::BALANCE_MAX),
            state_word: word(lane::STATE),
            alarms_word: word(lane::ALARMS),
            rate_a_word: word(lane::RATE_A),
            rate_b_word: word(lane::RATE_B),
            restart_bit: Constant::new(u64::from(lane::STATE_RESTART.mask()).into()),
            startup_shift: Constant::new(u64::from(lane::STATE_STARTUP_BITS.lsb).into()),
            state_low: Default::default(),
            state_high: Default::default(),
        }
    }
}

impl Logic for Readout {
    #[hdl_gen]
    fn update(&mut self) {
        self.answer.clock.next = self.clock.val();
        self.answer.d.next = 0.into();
        self.csr_read.next = self.answer.q.val();
        self.state_low.next = bit_cast::<32, 2>(self.code.val());
        if self.restart.val() {
            self.state_low.next = bit_cast::<32, 2>(self.code.val()) | self.restart_bit.val();
        }
        self.state_high.next = 0.into();
        if self.in_startup.val() {
            self.state_high.next = bit_cast::<32, 11>(self.startup_left.val());
        }
        if (self.csr_block.val() == self.lane_block.val())
            & (self.csr_instance.val() == self.index.val())
        {
            if self.csr_register.val() == self.enable_word.val() {
                self.answer.d.next = bit_cast::<32, 1>(self.enable.val().into());
            } else if self.csr_register.val() == self.config_word.val() {
                self.answer.d.next = bit_cast::<32, 2>(self.options.val());
            } else if self.csr_register.val() == self.window_word.val() {
                self.answer.d.next = bit_cast::<32, 16>(self.window.val());
            } else if self.csr_register.val() == self.holdoff_word.val() {
                self.answer.d.next = bit_cast::<32, 20>(self.holdoff.val());
            } else if self.csr_register.val() == self.rct_word.val() {
                self.answer.d.next = bit_cast::<32, 16>(self.rct_cutoff.val());
            } else if self.csr_register.val() == self.apt_word.val() {
                self.answer.d.next = bit_cast::<32, 11>(self.apt_cutoff.val());
            } else if self.csr_register.val() == self.rate_min_word.val() {
                self.answer.d.next = bit_cast::<32, 21>(self.rate_min.val());
            } else if self.csr_register.val() == self.rate_max_word.val() {
                self.answer.d.next = bit_cast::<32, 21>(self.rate_max.val());
            } else if self.csr_register.val() == self.balance_word.val() {
                self.answer.d.next = bit_cast::<32, 17>(self.balance_max.val());
            } else if self.csr_register.val() == self.state_word.val() {
                self.answer.d.next =
                    self.state_low.val() | (self.state_high.val() << self.startup_shift.val());
            } else if self.csr_register.val() == self.alarms_word.val() {
                self.answer.d.next = bit_cast::<32, 6>(self.alarms.val());
            } else if self.csr_register.val() == self.rate_a_word.val() {
                self.answer.d.next = bit_cast::<32, 21>(self.rate_a.val());
            } else if self.csr_register.val() == self.rate_b_word.val() {
                self.answer.d.next = bit_cast::<32, 21>(self.rate_b.val());
            }
        }
    }
}
