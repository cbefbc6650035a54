//! The start-up test's count against its model.

use photonbox_cores::startup::Startup as Rtl;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_model::startup::Startup;
use rust_hdl::prelude::*;

pub(crate) struct StartupBench {
    reset: PortId,
    clear: PortId,
    step: PortId,
    done: PortId,
    left: PortId,
    model: Startup,
}

impl Bench for StartupBench {
    const NAME: &'static str = "startup";
    const CYCLES: u64 = 100_000;
    const BINS: &'static [&'static str] = &["last bit", "bit after the last", "cleared", "reset"];

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
            done: rtl.port("done"),
            left: rtl.port("left"),
            model: Startup::new(),
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let reset = random.one_in(5000);
        let clear = random.one_in(5000);
        let step = !clear && !random.one_in(3);
        rtl.set(self.reset, u64::from(reset));
        rtl.set(self.clear, u64::from(clear));
        rtl.set(self.step, u64::from(step));
        rtl.settle();
        let wanted = self.model.left();
        let done = step && self.model.step();
        for (name, port, expected) in [
            ("left", self.left, u64::from(wanted)),
            ("done", self.done, u64::from(done)),
        ] {
            let seen = rtl.get(port);
            if seen != expected {
                return Err(format!("{name}: {seen}, model {expected}"));
            }
        }
        if done {
            hit(if wanted == 1 {
                "last bit"
            } else {
                "bit after the last"
            });
        }
        if clear || reset {
            self.model = Startup::new();
            hit(if reset { "reset" } else { "cleared" });
        }
        rtl.clock();
        Ok(())
    }
}
