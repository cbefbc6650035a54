//! The synchroniser: an edge of the pin is seen once, [`LATENCY`] cycles later, whatever the pin does meanwhile.

use photonbox_cores::synchroniser::{LATENCY, Synchroniser};
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use rust_hdl::prelude::*;
use std::collections::VecDeque;

pub(crate) struct SynchroniserBench {
    pin: PortId,
    rising: PortId,
    /// Levels of the pin, the latest last.
    levels: VecDeque<bool>,
    share: u64,
}

impl Bench for SynchroniserBench {
    const NAME: &'static str = "synchroniser";
    const CYCLES: u64 = 20_000;
    const BINS: &'static [&'static str] = &["edge", "pulse of one cycle", "stays high"];

    fn design() -> Result<Design> {
        let mut block = Synchroniser::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _random: &mut Random) -> Self {
        Self {
            pin: rtl.port("pin"),
            rising: rtl.port("rising"),
            levels: VecDeque::from(vec![false; LATENCY as usize + 1]),
            share: 2,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        if random.one_in(64) {
            self.share = *random.pick(&[1, 2, 9]);
        }
        let level = random.one_in(self.share);
        rtl.set(self.pin, u64::from(level));
        rtl.settle();
        let [before, then, after] = [self.levels[0], self.levels[1], self.levels[2]];
        let expected = then && !before;
        let seen = rtl.is(self.rising);
        if seen != expected {
            return Err(format!("rising: {seen}, model {expected}"));
        }
        if expected {
            hit("edge");
            hit(if after {
                "stays high"
            } else {
                "pulse of one cycle"
            });
        }
        rtl.clock();
        self.levels.pop_front();
        self.levels.push_back(level);
        Ok(())
    }
}

#[test]
fn both_flip_flops_keep_their_attributes() {
    let verilog = SynchroniserBench::design().unwrap().verilog;
    let attributes = "(* keep = \"true\", ASYNC_REG = \"TRUE\", SHREG_EXTRACT = \"NO\" *)";
    assert_eq!(verilog.matches(attributes).count(), 2);
}
