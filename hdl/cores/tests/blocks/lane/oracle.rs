//! The model's lane with its registers, as the card model runs it.

use photonbox_model::{Lane, LaneSettings, SamplerSettings};
use photonbox_regmap::lane;

pub(crate) fn register(offset: u32) -> &'static photonbox_regmap::Register {
    let found = lane::REGISTERS
        .iter()
        .find(|register| register.offset == offset);
    found.unwrap()
}

/// The model's lane with its registers, as the card model runs it.
pub(crate) struct Oracle {
    pub(crate) lane: Lane,
    /// The registers that hold what was written, by offset / 4.
    words: [u32; 9],
    pub(crate) running: bool,
    pub(crate) real: bool,
}

impl Oracle {
    pub(crate) fn new(real: bool) -> Self {
        let words = core::array::from_fn(|word| register(4 * word as u32).reset);
        let mut oracle = Self {
            lane: Lane::new(LaneSettings {
                sampler: SamplerSettings::default(),
                rct_cutoff: 0,
                apt_cutoff: 0,
                rate_min: 0,
                rate_max: 0,
                balance_max: 0,
            }),
            words,
            running: false,
            real,
        };
        oracle.lane.configure(oracle.settings());
        oracle
    }

    pub(crate) fn word(&self, offset: u32) -> u32 {
        self.words[offset as usize / 4]
    }

    pub(crate) fn settings(&self) -> LaneSettings {
        LaneSettings {
            sampler: SamplerSettings {
                window: self.word(lane::WINDOW),
                holdoff: self.word(lane::HOLDOFF),
                retrigger: lane::CONFIG_RETRIGGER.is_set(self.word(lane::CONFIG)),
            },
            rct_cutoff: self.word(lane::RCT_CUTOFF),
            apt_cutoff: self.word(lane::APT_CUTOFF),
            rate_min: self.word(lane::RATE_MIN),
            rate_max: self.word(lane::RATE_MAX),
            balance_max: self.word(lane::BALANCE_MAX),
        }
    }

    pub(crate) fn enabled(&self) -> bool {
        self.word(lane::ENABLE) == 1
    }

    pub(crate) fn window_ok(&self) -> bool {
        !self.real || self.word(lane::WINDOW) >= 1
    }

    fn begin(&mut self) {
        self.lane.configure(self.settings());
        self.lane.start();
    }

    pub(crate) fn start(&mut self) {
        self.running = true;
        if self.enabled() {
            self.begin();
        }
    }

    pub(crate) fn stop(&mut self) {
        self.running = false;
        self.lane.stop();
    }

    pub(crate) fn read(&self, offset: u32) -> u32 {
        match offset {
            lane::STATE => {
                lane::STATE_STATE.put(self.lane.state().code())
                    | lane::STATE_RESTART.put(u32::from(self.lane.restart_requested()))
                    | lane::STATE_STARTUP_BITS.put(self.lane.startup_left())
            }
            lane::ALARMS => self.lane.alarms().0,
            lane::RATE_A => self.lane.rates().a,
            lane::RATE_B => self.lane.rates().b,
            lane::ENABLE..=lane::BALANCE_MAX => self.word(offset),
            _ => 0,
        }
    }

    /// After the strobe's cycle has been executed; false when refused.
    pub(crate) fn write(&mut self, offset: u32, value: u32) -> bool {
        let free = match offset {
            lane::ENABLE => !self.running || self.window_ok(),
            lane::CONFIG..=lane::BALANCE_MAX => !self.running || self.lane.stopped(),
            _ => true,
        };
        if !free {
            return false;
        }
        if offset <= lane::BALANCE_MAX {
            self.words[offset as usize / 4] = value;
        }
        match offset {
            lane::ENABLE if self.running => match (value == 1, self.lane.active()) {
                (true, false) => self.begin(),
                (false, true) => self.lane.stop(),
                _ => {}
            },
            lane::RESTART if value & 1 == 1 => self.lane.request_restart(),
            lane::ALARMS => {
                let cleared = self.lane.clear_alarms(value);
                if cleared && self.running && self.enabled() {
                    self.begin();
                }
            }
            _ => {}
        }
        true
    }
}
