//! The rate watch against its model.

use photonbox_cores::rate::RateWatch as Rtl;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation, build};
use photonbox_model::rate::{Edges, RateWatch};
use rust_hdl::prelude::*;

struct Ports {
    reset: PortId,
    clear: PortId,
    step: PortId,
    edge_a: PortId,
    edge_b: PortId,
    fewest: PortId,
    most: PortId,
    window: PortId,
    keep: PortId,
    low: PortId,
    high: PortId,
    rate_a: PortId,
    rate_b: PortId,
}

impl Ports {
    fn new(rtl: &Simulation) -> Self {
        Self {
            reset: rtl.port("reset"),
            clear: rtl.port("clear"),
            step: rtl.port("step"),
            edge_a: rtl.port("edge_a"),
            edge_b: rtl.port("edge_b"),
            fewest: rtl.port("fewest"),
            most: rtl.port("most"),
            window: rtl.port("window_less_1"),
            keep: rtl.port("keep_rates"),
            low: rtl.port("low"),
            high: rtl.port("high"),
            rate_a: rtl.port("rate_a"),
            rate_b: rtl.port("rate_b"),
        }
    }
}

pub(crate) struct RateBench {
    ports: Ports,
    model: RateWatch,
    /// What `rate_a` and `rate_b` show.
    rates: Edges,
    fewest: u32,
    most: u32,
    window: u64,
    keep: bool,
    /// Cycles until `clear`.
    settling: Option<u32>,
    shares: (u64, u64),
}

impl Bench for RateBench {
    const NAME: &'static str = "rate";
    const CYCLES: u64 = 1_600_000;
    const BINS: &'static [&'static str] = &[
        "within limits",
        "low",
        "high",
        "low and high",
        "edge in the last cycle",
        "limit met by the last cycle's edge",
        "rates kept",
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
            ports: Ports::new(rtl),
            model: RateWatch::new(0, 0),
            rates: Edges::default(),
            // First a window of the card's length with an edge in each cycle: just enough for one limit, one too
            // many for the other.
            fewest: 1 << 20,
            most: (1 << 20) - 1,
            window: 1 << 20,
            keep: false,
            settling: Some(2),
            shares: (1, 1),
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let long = rtl.cycles() < 1_200_000;
        if !long && self.settling.is_none() && random.one_in(1000) {
            let window = *random.pick(&[2, 4, 16, 64, 256, 1024]);
            self.window = window;
            self.fewest = match random.below(8) {
                0 => 0,
                1 | 2 => 1 << random.below(21),
                _ => random.below(window) as u32,
            };
            self.most = match random.below(8) {
                0 => 0,
                1 | 2 => 1 << random.below(21),
                _ => random.below(window + 1) as u32,
            };
            self.shares = (*random.pick(&[1, 2, 4, 60]), *random.pick(&[1, 2, 4, 60]));
            self.keep = random.one_in(4);
            self.settling = Some(2);
        }
        let ports = &self.ports;
        let reset = !long && random.one_in(10_000);
        let clear = self.settling == Some(0);
        let step = self.settling.is_none() && !random.one_in(30);
        let a = random.one_in(self.shares.0);
        let b = random.one_in(self.shares.1);
        for (port, value) in [
            (ports.reset, u64::from(reset)),
            (ports.clear, u64::from(clear)),
            (ports.step, u64::from(step)),
            (ports.edge_a, u64::from(a)),
            (ports.edge_b, u64::from(b)),
            (ports.fewest, u64::from(self.fewest)),
            (ports.most, u64::from(self.most)),
            (ports.window, self.window - 1),
            (ports.keep, u64::from(self.keep)),
        ] {
            rtl.set(port, value);
        }
        rtl.settle();
        let verdict = step.then(|| self.model.step(a, b)).flatten();
        let said = verdict.unwrap_or_default();
        for (name, port, expected) in [
            ("low", ports.low, u64::from(said.low)),
            ("high", ports.high, u64::from(said.high)),
            ("rate_a", ports.rate_a, u64::from(self.rates.a)),
            ("rate_b", ports.rate_b, u64::from(self.rates.b)),
        ] {
            let seen = rtl.get(port);
            if seen != expected {
                return Err(format!("{name}: {seen}, model {expected}"));
            }
        }
        if verdict.is_some() {
            match (said.low, said.high) {
                (false, false) => hit("within limits"),
                (true, false) => hit("low"),
                (false, true) => hit("high"),
                (true, true) => hit("low and high"),
            }
            if a || b {
                hit("edge in the last cycle");
                let last = self.model.last();
                if last.a == self.fewest || last.b == self.fewest {
                    hit("limit met by the last cycle's edge");
                }
            }
            if self.keep {
                hit("rates kept");
            } else {
                self.rates = self.model.last();
            }
        }
        if clear {
            self.model = RateWatch::with_window(self.fewest, self.most, self.window);
            if !self.keep {
                self.rates = Edges::default();
            }
            hit("cleared");
        }
        // After a reset the watch wants a `clear`.
        self.settling = if reset {
            self.rates = Edges::default();
            hit("reset");
            Some(2)
        } else {
            self.settling.and_then(|left| left.checked_sub(1))
        };
        rtl.clock();
        Ok(())
    }
}

#[test]
fn a_window_of_the_cards_length() {
    // 2^20 cycles: one edge of A fewer than the limit, counted to the last cycle; then exactly the limits.
    let library = build::<RateBench>().unwrap();
    let mut rtl = library.simulation();
    let ports = Ports::new(&rtl);
    rtl.set(ports.fewest, 16);
    rtl.set(ports.most, 17);
    rtl.set(ports.window, (1 << 20) - 1);
    rtl.clock();
    rtl.clock();
    rtl.set(ports.clear, 1);
    rtl.clock();
    rtl.set(ports.clear, 0);
    rtl.set(ports.step, 1);
    for (edges_a, edges_b, low, high) in [(15, 17, true, false), (16, 17, false, false)] {
        for n in 0..edges_b {
            rtl.set(ports.edge_a, u64::from(n < edges_a));
            rtl.set(ports.edge_b, 1);
            rtl.clock();
        }
        rtl.set(ports.edge_a, 0);
        rtl.set(ports.edge_b, 0);
        let rest = (1 << 20) - 1 - u64::from(edges_b as u32);
        assert_eq!(rtl.run(rest, &[ports.low, ports.high]), rest);
        assert_eq!((rtl.is(ports.low), rtl.is(ports.high)), (low, high));
        rtl.clock();
        assert_eq!(
            (rtl.get(ports.rate_a), rtl.get(ports.rate_b)),
            (edges_a as u64, edges_b as u64)
        );
    }
}
