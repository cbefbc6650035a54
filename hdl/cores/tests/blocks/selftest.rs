//! `selftest`: a model of the lanes answers, rightly or wrongly; the verdict is that of the fault. Shows T1.

use crate::csr::same;
use photonbox_cores::lane::{TEST_DELAY, TestModel, TestOutcome};
use photonbox_cores::selftest::{CYCLES, Selftest, stimulus};
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_regmap::lane;
use rust_hdl::prelude::{Block as _, generate_verilog};

const LANES: usize = 4;
const ANSWERS: [&str; 7] = [
    "test_valid",
    "value",
    "test_fail_rct",
    "test_fail_apt",
    "test_fail_rate_low",
    "test_fail_rate_high",
    "test_fail_balance",
];
/// The bit of `SELFTEST_RAN` that each of them belongs to.
const TEST: [u32; 7] = [0, 0, 1, 2, 3, 3, 4];

/// What is wrong in a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    None,
    /// Asked for at the port: bits of `SELFTEST_RAN`.
    Asked(u32),
    /// One lane, or all of them, say the opposite on one line in one cycle of the stimulus.
    Wrong {
        line: usize,
        lanes: u64,
        at: u64,
    },
    /// An engine fails its own test.
    Engine(u32),
}

pub(crate) struct SelftestBench {
    inputs: [PortId; 3],
    answers: [PortId; 7],
    outputs: [PortId; 5],
    engines: [[PortId; 4]; 2],
    /// Since how many cycles `selftest` is high.
    since: u64,
    model: TestModel,
    said: TestOutcome,
    fault: Fault,
    /// Tests begun.
    begun: u64,
    running: bool,
    forgotten: bool,
    cycles: u64,
    /// Which engine works, and for how long yet.
    engine: Option<(usize, u64)>,
    engines_run: u32,
}

impl Bench for SelftestBench {
    const NAME: &'static str = "selftest";
    const CYCLES: u64 = 400_000;
    const BINS: &'static [&'static str] = &[
        "passed",
        "asked",
        "one_lane",
        "all_lanes",
        "toeplitz",
        "keybox",
        "reset",
    ];

    fn design() -> Result<Design> {
        let mut block = Selftest::<LANES>::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        let engine = |name: &str| {
            ["start", "fault", "done", "ok"].map(|port| rtl.port(&format!("{name}_{port}")))
        };
        Self {
            inputs: ["reset", "start", "fault"].map(|name| rtl.port(name)),
            answers: ANSWERS.map(|name| rtl.port(name)),
            outputs: ["busy", "passed", "selftest", "test_a", "test_b"].map(|name| rtl.port(name)),
            engines: [engine("toeplitz"), engine("keybox")],
            since: 0,
            model: TestModel::new(),
            said: TestOutcome::default(),
            fault: Fault::None,
            begun: 0,
            running: false,
            forgotten: true,
            cycles: 0,
            engine: None,
            engines_run: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let reset = rtl.cycles() == 0 || random.one_in(100_000);
        let begin = !self.running && !reset && random.one_in(20);
        if begin {
            self.fault = choose(random, self.begun);
            self.begun += 1;
        }
        let asked = match self.fault {
            Fault::Asked(mask) => mask,
            _ => 0,
        };
        for (port, value) in
            self.inputs
                .into_iter()
                .zip([u64::from(reset), u64::from(begin), asked.into()])
        {
            rtl.set(port, value);
        }
        // The lanes' registered answers to the cycle before.
        let at = self.since.wrapping_sub(TEST_DELAY + 1);
        let failed = |alarm: photonbox_regmap::Field| alarm.is_set(self.said.fail);
        let lines = [
            self.said.valid,
            self.said.value,
            failed(lane::ALARM_RCT),
            failed(lane::ALARM_APT),
            failed(lane::ALARM_RATE_LOW),
            failed(lane::ALARM_RATE_HIGH),
            failed(lane::ALARM_BALANCE),
        ];
        for (index, (port, line)) in self.answers.into_iter().zip(lines).enumerate() {
            let flip = match self.fault {
                Fault::Wrong {
                    line,
                    lanes,
                    at: when,
                } if line == index && when == at => lanes,
                _ => 0,
            };
            let all = if line { (1 << LANES) - 1 } else { 0 };
            rtl.set(port, all ^ flip);
        }
        let mut done = None;
        if let Some((engine, left)) = &mut self.engine {
            *left -= 1;
            if *left == 0 {
                done = Some(*engine);
                self.engine = None;
            }
        }
        for (index, ports) in self.engines.iter().enumerate() {
            let bad = 1 << (5 + index);
            let fails = self.fault == Fault::Engine(bad) || asked & bad != 0;
            rtl.set(ports[2], u64::from(done == Some(index)));
            rtl.set(ports[3], u64::from(done == Some(index) && !fails));
        }
        rtl.settle();

        let [busy, passed, selftest, test_a, test_b] = self.outputs;
        same("busy", rtl.get(busy), u64::from(self.running))?;
        self.since = if rtl.is(selftest) {
            self.since + 1
        } else {
            self.since + u64::from(self.since > 0)
        };
        if rtl.is(selftest) && self.since > TEST_DELAY {
            let (a, b) = stimulus(self.since - TEST_DELAY - 1);
            same("test_a", rtl.get(test_a), u64::from(a))?;
            same("test_b", rtl.get(test_b), u64::from(b))?;
            self.said = self.model.step(a, b);
        } else {
            self.said = TestOutcome::default();
        }
        same(
            "selftest",
            rtl.get(selftest),
            u64::from((1..=CYCLES + TEST_DELAY).contains(&self.cycles)),
        )?;
        for (index, ports) in self.engines.iter().enumerate() {
            if rtl.is(ports[0]) {
                same("engines one by one", u64::from(self.engine.is_some()), 0)?;
                same(
                    "engines in order",
                    u64::from(self.engines_run),
                    index as u64,
                )?;
                same(
                    "fault",
                    rtl.get(ports[1]),
                    u64::from(asked >> (5 + index) & 1),
                )?;
                self.engine = Some((index, 1 + random.below(30)));
                self.engines_run += 1;
            }
        }
        if !self.running && rtl.cycles() > 1 {
            let right = match (self.forgotten, self.fault) {
                (true, _) => 0,
                (_, Fault::None) => 0x7f,
                (_, Fault::Asked(mask)) => 0x7f & !mask,
                (_, Fault::Wrong { line, .. }) => 0x7f & !(1 << TEST[line]),
                (_, Fault::Engine(bad)) => 0x7f & !bad,
            };
            if !begin {
                same("passed", rtl.get(passed), right.into())?;
            }
        }
        rtl.clock();

        self.cycles += u64::from(self.running);
        if self.running && done == Some(1) {
            self.running = false;
            self.cycles = 0;
            self.since = 0;
            hit(match self.fault {
                Fault::None => "passed",
                Fault::Asked(_) => "asked",
                Fault::Wrong { lanes: 15, .. } => "all_lanes",
                Fault::Wrong { .. } => "one_lane",
                Fault::Engine(32) => "toeplitz",
                Fault::Engine(_) => "keybox",
            });
        }
        if begin {
            self.running = true;
            self.forgotten = false;
            self.cycles = 1;
            self.since = 0;
            self.engines_run = 0;
            self.model = TestModel::new();
        }
        if self.cycles > CYCLES + 500 {
            return Err("busy: RTL 1, model 0: the test does not end".into());
        }
        if reset {
            self.running = false;
            self.forgotten = true;
            self.cycles = 0;
            self.since = 0;
            self.engine = None;
            hit("reset");
        }
        Ok(())
    }
}

/// Each kind of fault in its turn: a run of all the tests is long.
fn choose(random: &mut Random, turn: u64) -> Fault {
    let line = random.below(7) as usize;
    match turn % 6 {
        0 => Fault::None,
        1 => Fault::Asked(1 << random.below(7)),
        2 => Fault::Wrong {
            line,
            lanes: 1 << random.below(4),
            at: random.below(CYCLES),
        },
        3 => Fault::Wrong {
            line,
            lanes: 15,
            at: random.below(CYCLES),
        },
        4 => Fault::Engine(32),
        _ => Fault::Engine(64),
    }
}
