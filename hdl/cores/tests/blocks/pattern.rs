//! `pattern`: the generator of the model, cycle for cycle.

use crate::csr::{Bus, Op, same};
use photonbox_cores::pattern::Pattern;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_model::pattern::{Pattern as Kind, PatternGenerator};
use photonbox_regmap::global;
use rust_hdl::prelude::{Block as _, generate_verilog};

const LANES: usize = 4;
const REGISTERS: [u32; 4] = [
    global::PATTERN,
    global::PATTERN_PERIOD,
    global::PATTERN_LANES_LO,
    global::PATTERN_LANES_HI,
];

/// Cycles of an epoch.
const EPOCH: u64 = 60_000;

/// Mostly short, sometimes as long as the register allows: those are only read back. In long epochs about as long as
/// there is time to see.
fn period(random: &mut Random, long: bool) -> u64 {
    match (random.below(10), long) {
        (0, _) => random.bits(),
        (1..5, false) => 1 << random.below(11) | random.below(20),
        (_, false) => random.below(20),
        (_, true) => EPOCH / 8 + random.below(EPOCH / 2),
    }
}

pub(crate) struct PatternBench {
    bus: Bus,
    ports: [PortId; 4],
    refused: PortId,
    outputs: [PortId; 4],
    words: [u32; 4],
    generator: Option<PatternGenerator>,
    lanes: u64,
    running: bool,
    expected_read: u32,
    address: Option<Op>,
    /// Cycles that a stopped card has had: the reload value takes one to follow its register.
    settled: u32,
}

impl PatternBench {
    fn read(&self) -> u32 {
        let Some(op) = self.address.filter(|op| op.block == 0) else {
            return 0;
        };
        REGISTERS
            .iter()
            .position(|offset| *offset == op.offset)
            .map_or(0, |index| self.words[index])
    }
}

impl Bench for PatternBench {
    const NAME: &'static str = "pattern";
    const CYCLES: u64 = 1_200_000;
    const BINS: &'static [&'static str] = &[
        "off",
        "alternate",
        "counter",
        "stuck-a",
        "stuck-b",
        "biased",
        "unknown_kind",
        "period_short",
        "refused",
        "written",
        "stopped",
        "reset",
        "pulse_a",
        "pulse_b",
    ];

    fn design() -> Result<Design> {
        let mut block = Pattern::<LANES>::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        Self {
            bus: Bus::new(rtl),
            ports: ["reset", "start", "stop", "running"].map(|name| rtl.port(name)),
            refused: rtl.port("csr_refused"),
            outputs: ["pin_a", "pin_b", "lanes", "active"].map(|name| rtl.port(name)),
            words: [0; 4],
            generator: None,
            lanes: 0,
            running: false,
            expected_read: 0,
            address: None,
            settled: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        // Short and long epochs: in a long one nothing ends what runs, so that slow patterns have their pulses too.
        let long = (rtl.cycles() / EPOCH) % 2 == 1;
        let bus = self.bus.drive(rtl, || {
            let offset = *random.pick(&[
                REGISTERS[0],
                REGISTERS[1],
                REGISTERS[2],
                REGISTERS[3],
                global::SCRATCH,
            ]);
            let data = match offset {
                global::PATTERN => random.below(8),
                global::PATTERN_PERIOD => period(random, long),
                _ => random.bits(),
            };
            let mut op = Op::write(u32::from(random.one_in(8)), offset, data as u32);
            op.write = random.one_in(2);
            random.one_in(10).then_some(op)
        });
        let reset = rtl.cycles().is_multiple_of(EPOCH) || !long && random.one_in(4000);
        let slow = u64::from(self.words[1]) >= EPOCH / 8;
        let start = !self.running
            && slow == long
            && self.settled > 1
            && bus.strobe.is_none()
            && random.one_in(100);
        let stop = self.running && !long && random.one_in(400);
        let levels = [reset, start, stop, self.running];
        for (port, level) in self.ports.into_iter().zip(levels) {
            rtl.set(port, u64::from(level));
        }
        rtl.settle();

        let (a, b) = self
            .generator
            .as_mut()
            .map_or((false, false), PatternGenerator::step);
        let [pin_a, pin_b, lanes, active] = self.outputs;
        if rtl.cycles() > 0 {
            same("pin_a", rtl.get(pin_a), u64::from(a))?;
            same("pin_b", rtl.get(pin_b), u64::from(b))?;
            same("lanes", rtl.get(lanes), self.lanes)?;
            same("active", rtl.get(active), u64::from(self.lanes != 0))?;
            same(
                "csr_read",
                u64::from(self.bus.value(rtl)),
                u64::from(self.expected_read),
            )?;
        }
        if a {
            hit("pulse_a");
        }
        if b {
            hit("pulse_b");
        }
        // The look-up is a cycle late.
        self.expected_read = self.read();
        if let Some((op, _)) = bus.addressed {
            self.address = Some(op);
        }
        let mine = bus
            .strobe
            .filter(|op| op.block == 0 && REGISTERS.contains(&op.offset));
        let refused = mine.is_some() && self.running;
        same("csr_refused", rtl.get(self.refused), u64::from(refused))?;
        rtl.clock();

        self.settled += 1;
        if start {
            let kind = Kind::from_kind(self.words[0]);
            hit(match (kind, self.words[0]) {
                (Some(kind), _) => kind.name(),
                (None, 0) => "off",
                (None, _) => "unknown_kind",
            });
            if self.words[1] < 2 {
                hit("period_short");
            }
            self.generator = kind.map(|kind| PatternGenerator::new(kind, self.words[1]));
            self.lanes = match self.generator {
                Some(_) => u64::from(self.words[2]) & ((1 << LANES) - 1),
                None => 0,
            };
            self.running = true;
        }
        if stop {
            self.generator = None;
            self.lanes = 0;
            self.running = false;
            self.settled = 0;
            hit("stopped");
        }
        if let Some(op) = mine {
            if refused {
                hit("refused");
            } else {
                let index = REGISTERS.iter().position(|offset| *offset == op.offset);
                self.words[index.ok_or("no register")?] = op.data;
                self.settled = 0;
                hit("written");
            }
        }
        if reset {
            self.words = [0, 64, u32::MAX, u32::MAX];
            self.generator = None;
            self.lanes = 0;
            self.running = false;
            self.settled = 0;
            hit("reset");
        }
        Ok(())
    }
}
