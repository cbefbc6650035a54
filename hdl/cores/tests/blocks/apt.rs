//! The adaptive proportion test against its model.

use photonbox_cores::apt::AdaptiveProportion as Rtl;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_model::apt::AdaptiveProportion;
use rust_hdl::prelude::*;

pub(crate) struct AptBench {
    reset: PortId,
    clear: PortId,
    step: PortId,
    value: PortId,
    cutoff: PortId,
    fail: PortId,
    model: AdaptiveProportion,
    setting: u32,
    /// Cycles until `clear`.
    settling: Option<u32>,
    /// One in so many samples is 1.
    share: u64,
    /// Samples since the start.
    samples: u64,
    failed_before: bool,
}

impl Bench for AptBench {
    const NAME: &'static str = "apt";
    const CYCLES: u64 = 400_000;
    const BINS: &'static [&'static str] = &[
        "failure",
        "failure in a window's first sample",
        "failure in a window's last sample only",
        "failure of a later window",
        "whole window without failure",
        "cleared",
        "reset",
    ];

    fn design() -> Result<Design> {
        let mut block = Rtl::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _random: &mut Random) -> Self {
        Self {
            reset: rtl.port("reset"),
            clear: rtl.port("clear"),
            step: rtl.port("step"),
            value: rtl.port("value"),
            cutoff: rtl.port("cutoff"),
            fail: rtl.port("fail"),
            model: AdaptiveProportion::new(824),
            setting: 824,
            settling: Some(2),
            share: 2,
            samples: 0,
            failed_before: false,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        if self.settling.is_none() && random.one_in(4000) {
            self.setting = *random.pick(&[0, 1, 2, 3, 100, 513, 540, 824, 1023, 1024, 1025, 2047]);
            self.share = *random.pick(&[1, 2, 2, 3, 8]);
            if random.one_in(6) {
                // Only a whole window of equal samples fails.
                (self.setting, self.share) = (1024, 1);
            }
            self.settling = Some(2);
        }
        let reset = random.one_in(20_000);
        let clear = self.settling == Some(0);
        let step = self.settling.is_none() && !random.one_in(8);
        let value = random.one_in(self.share);
        rtl.set(self.cutoff, u64::from(self.setting));
        rtl.set(self.reset, u64::from(reset));
        rtl.set(self.clear, u64::from(clear));
        rtl.set(self.step, u64::from(step));
        rtl.set(self.value, u64::from(value));
        rtl.settle();
        let expected = step && self.model.step(value);
        let seen = rtl.is(self.fail);
        if seen != expected {
            return Err(format!(
                "fail: {seen}, model {expected} (C = {})",
                self.setting
            ));
        }
        if step {
            let position = self.samples % 1024;
            self.samples += 1;
            if expected {
                hit("failure");
                if position == 0 {
                    hit("failure in a window's first sample");
                }
                if position == 1023 && !self.failed_before {
                    hit("failure in a window's last sample only");
                }
                if self.samples > 1024 {
                    hit("failure of a later window");
                }
            } else if position == 1023 {
                hit("whole window without failure");
            }
            self.failed_before = expected;
        }
        if clear || reset {
            self.model = AdaptiveProportion::new(self.setting);
            self.samples = 0;
            hit(if reset { "reset" } else { "cleared" });
        }
        // A reset also takes what is derived from the settings: they settle again.
        self.settling = if reset {
            Some(2)
        } else {
            self.settling.and_then(|left| left.checked_sub(1))
        };
        rtl.clock();
        Ok(())
    }
}
