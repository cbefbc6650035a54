//! The repetition count test against its model.

use photonbox_cores::rct::RepetitionCount as Rtl;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_model::rct::RepetitionCount;
use rust_hdl::prelude::*;

pub(crate) struct RctBench {
    reset: PortId,
    clear: PortId,
    step: PortId,
    value: PortId,
    cutoff: PortId,
    fail: PortId,
    model: RepetitionCount,
    setting: u32,
    /// Cycles until `clear`.
    settling: Option<u32>,
    /// One in so many samples differs from the one before.
    share: u64,
    last: bool,
    failed_before: bool,
}

impl Bench for RctBench {
    const NAME: &'static str = "rct";
    const CYCLES: u64 = 1_000_000;
    const BINS: &'static [&'static str] = &[
        "failure",
        "failure after a failure",
        "cut-off below 2",
        "cut-off 2",
        "cut-off above 255",
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
            model: RepetitionCount::new(81),
            setting: 81,
            settling: Some(2),
            share: 2,
            last: false,
            failed_before: false,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        // Large cut-offs are given the chance to be reached, but for the largest.
        let life = 1000 + 4 * u64::from(self.setting % 0xFFFF);
        if self.settling.is_none() && random.one_in(life) {
            self.setting = if random.one_in(10) {
                *random.pick(&[300, 1025, 0x2A00, 0x5500])
            } else {
                *random.pick(&[0, 1, 2, 3, 4, 12, 31, 81, 0xFFFF])
            };
            self.share = if (300..0xFFFF).contains(&self.setting) {
                // The counts of large cut-offs need long runs of one value.
                1_000_000
            } else {
                *random.pick(&[2, 2, 8, 64, 500])
            };
            self.settling = Some(2);
        }
        let reset = random.one_in(30_000);
        let clear = self.settling == Some(0);
        let step = self.settling.is_none() && random.one_in(2);
        let value = self.last ^ random.one_in(self.share);
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
            self.last = value;
            if expected {
                hit("failure");
                match self.setting {
                    0 | 1 => hit("cut-off below 2"),
                    2 => hit("cut-off 2"),
                    256.. => hit("cut-off above 255"),
                    _ => {}
                }
                if self.failed_before {
                    hit("failure after a failure");
                }
            }
            self.failed_before = expected;
        }
        if clear || reset {
            self.model = RepetitionCount::new(self.setting);
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
