//! The balance watch against its model.

use crate::rate::draw;
use photonbox_cores::balance::BalanceWatch as Rtl;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_model::balance::BalanceWatch;
use rust_hdl::prelude::*;

pub(crate) struct BalanceBench {
    reset: PortId,
    clear: PortId,
    step: PortId,
    value: PortId,
    most: PortId,
    window: PortId,
    fail: PortId,
    model: BalanceWatch,
    /// Most bits of one value, and the window's bits.
    setting: (u32, u32),
    /// Cycles until `clear`.
    settling: Option<u32>,
    /// One in so many bits is `rare`.
    share: u64,
    rare: bool,
    /// Bits since the start.
    bits: u32,
    /// Ones, or zeros, still to come in a window of the card's length.
    wanted: u32,
}

impl Bench for BalanceBench {
    const NAME: &'static str = "balance";
    const CYCLES: u64 = 800_000;
    const BINS: &'static [&'static str] = &[
        "too many ones",
        "too many zeros",
        "failure in a window's last bit",
        "none allowed",
        "whole window of 65,536 bits",
        "whole window of 64 bits",
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
            most: rtl.port("most"),
            window: rtl.port("window_less_1"),
            fail: rtl.port("fail"),
            model: BalanceWatch::new(47_039),
            // The first run sees two whole windows of the card's length, the second of which may fail.
            setting: (47_039, 65_536),
            settling: Some(2),
            share: 3,
            rare: false,
            bits: 0,
            wanted: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let long = self.setting.1 > 1 << 14;
        if self.settling.is_none() && random.one_in(if long { 100_000 } else { 800 }) {
            self.setting = if random.one_in(20) {
                *random.pick(&[(32_768 + 400, 65_536), (47_039, 65_536), (12_000, 20_001)])
            } else {
                *random.pick(&[
                    (40, 64),
                    (32, 64),
                    (63, 64),
                    (64, 64),
                    (0, 64),
                    (1, 64),
                    (2, 2),
                    (300, 512),
                    (0x1_FFFF, 1024),
                ])
            };
            self.share = *random.pick(&[2, 2, 3, 8, 100]);
            self.rare = random.one_in(2);
            self.settling = Some(2);
        }
        let (most, window) = self.setting;
        let reset = random.one_in(100_000);
        let clear = self.settling == Some(0);
        let step = self.settling.is_none() && !random.one_in(16);
        // A long window has as many ones, or zeros, as are allowed, or one more: where it ends is seen to the bit.
        let value = if long && step {
            let done = self.bits % window;
            if done == 0 {
                self.wanted = most + u32::from(random.one_in(3));
                self.rare = random.one_in(2);
            }
            draw(random, &mut self.wanted, window - done) == self.rare
        } else {
            random.one_in(self.share) == self.rare
        };
        rtl.set(self.most, u64::from(most));
        rtl.set(self.window, u64::from(window - 1));
        rtl.set(self.reset, u64::from(reset));
        rtl.set(self.clear, u64::from(clear));
        rtl.set(self.step, u64::from(step));
        rtl.set(self.value, u64::from(value));
        rtl.settle();
        let expected = step && self.model.step(value);
        let seen = rtl.is(self.fail);
        if seen != expected {
            return Err(format!(
                "fail: {seen}, model {expected} ({most} of {window})"
            ));
        }
        if step {
            self.bits += 1;
            let whole = self.bits.is_multiple_of(window);
            if expected {
                hit(if value {
                    "too many ones"
                } else {
                    "too many zeros"
                });
                if whole {
                    hit("failure in a window's last bit");
                }
                if most == 0 {
                    hit("none allowed");
                }
            }
            match (whole, window) {
                (true, 64) => hit("whole window of 64 bits"),
                (true, 65_536) => hit("whole window of 65,536 bits"),
                _ => {}
            }
        }
        if clear || reset {
            self.model = BalanceWatch::with_window(most, window);
            self.bits = 0;
            hit(if reset { "reset" } else { "cleared" });
        }
        // After a reset the watch wants a `clear`.
        self.settling = if reset {
            Some(2)
        } else {
            self.settling.and_then(|left| left.checked_sub(1))
        };
        rtl.clock();
        Ok(())
    }
}
