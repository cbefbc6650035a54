//! The rate watch against its model.

use photonbox_cores::rate::RateWatch as Rtl;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation, build};
use photonbox_model::rate::{Edges, RateWatch};
use rust_hdl::prelude::*;
use std::collections::VecDeque;

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

/// Cycles with settings and edges by chance, before the whole windows.
const BY_CHANCE: u64 = 400_000;
/// The card's window.
pub(crate) const WINDOW: u32 = 1 << 20;

/// A window of the card's length with just so many edges.
#[derive(Clone, Copy)]
pub(crate) struct Whole {
    pub(crate) fewest: u32,
    pub(crate) most: u32,
    pub(crate) edges: Edges,
}

/// Windows that meet both limits to the edge, each detector each of them, and then miss them by one. The limits have
/// each digit both ways: what is compared is `fewest` - 2 and `most` - 1.
pub(crate) fn whole_windows() -> impl Iterator<Item = Whole> {
    let limits = [(0x5_5555 + 2, 0xA_AAAA + 1), (0x2_AAAA + 2, 0x5_5555 + 1)];
    limits.into_iter().flat_map(|(fewest, most)| {
        let of = move |a, b| Whole {
            fewest,
            most,
            edges: Edges { a, b },
        };
        [
            of(fewest, most),
            of(fewest - 1, most + 1),
            of(most, fewest),
            of(most + 1, fewest - 1),
        ]
    })
}

/// Whether there is an edge in a cycle, so that there are `wanted` of them in the `left` cycles from it on.
pub(crate) fn draw(random: &mut Random, wanted: &mut u32, left: u32) -> bool {
    let edge = random.below(u64::from(left)) < u64::from(*wanted);
    *wanted -= u32::from(edge);
    edge
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
    /// Cycles so far.
    cycles: u64,
    /// Whole windows to come.
    whole: VecDeque<Whole>,
    /// Cycles of the present one to come, and edges.
    left: u32,
    wanted: Edges,
}

impl RateBench {
    /// The next whole window, in the last cycle of the one before or when none has begun.
    fn next_whole(&mut self) {
        let Some(whole) = self.whole.pop_front() else {
            return;
        };
        (self.left, self.wanted) = (WINDOW, whole.edges);
        let limits = (whole.fewest, whole.most);
        if limits != (self.fewest, self.most) || self.window != u64::from(WINDOW) {
            (self.fewest, self.most) = limits;
            self.window = u64::from(WINDOW);
            self.keep = false;
            self.settling = Some(2);
        }
    }
}

impl Bench for RateBench {
    const NAME: &'static str = "rate";
    // The whole windows, with the cycles between their steps.
    const CYCLES: u64 = BY_CHANCE + 10 * WINDOW as u64;
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
            fewest: 1,
            most: 1,
            window: 2,
            keep: false,
            settling: Some(2),
            shares: (1, 1),
            cycles: 0,
            // The last has an edge in each cycle: just enough for one limit, one too many for the other.
            whole: whole_windows()
                .chain([Whole {
                    fewest: WINDOW,
                    most: WINDOW - 1,
                    edges: Edges {
                        a: WINDOW,
                        b: WINDOW,
                    },
                }])
                .collect(),
            left: 0,
            wanted: Edges::default(),
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        self.cycles += 1;
        let long = self.cycles > BY_CHANCE;
        if long && self.left == 0 {
            self.next_whole();
        }
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
        let [a, b] = if self.left == 0 {
            [random.one_in(self.shares.0), random.one_in(self.shares.1)]
        } else if step {
            let edges = [&mut self.wanted.a, &mut self.wanted.b];
            let edges = edges.map(|wanted| draw(random, wanted, self.left));
            self.left -= 1;
            edges
        } else {
            // Not looked at.
            [random.one_in(2), random.one_in(2)]
        };
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
