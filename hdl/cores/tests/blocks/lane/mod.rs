//! The lane against the model's lane, with the card model's rules for its registers.

mod directed;
pub(crate) mod oracle;
mod recording;
mod whole;

use oracle::{Oracle, register};
use photonbox_cores::lane::{Lane as Rtl, TEST_DELAY, TestModel, TestOutcome};
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_model::LaneState;
use photonbox_regmap::{BLOCKS, lane};
use rust_hdl::prelude::*;

/// Number of the lane under test.
const INDEX: u32 = 5;
const SETTINGS: [u32; 8] = [
    lane::CONFIG,
    lane::WINDOW,
    lane::HOLDOFF,
    lane::RCT_CUTOFF,
    lane::APT_CUTOFF,
    lane::RATE_MIN,
    lane::RATE_MAX,
    lane::BALANCE_MAX,
];
/// Cycles with settings, accesses and edges by chance, before the whole windows.
const BY_CHANCE: u64 = 1_600_000;
const READABLE: [u32; 5] = [
    lane::ENABLE,
    lane::STATE,
    lane::ALARMS,
    lane::RATE_A,
    lane::RATE_B,
];

struct Ports {
    index: PortId,
    reset: PortId,
    edges: [PortId; 2],
    tests: [PortId; 2],
    start: PortId,
    stop: PortId,
    running: PortId,
    real: PortId,
    selftest: PortId,
    write: PortId,
    block: PortId,
    instance: PortId,
    register: PortId,
    data: PortId,
    refused: PortId,
    value: PortId,
    /// Compared each cycle, in the order of [`SEEN`].
    seen: [PortId; SEEN.len()],
}

const SEEN: [&str; 17] = [
    "valid",
    "tap",
    "enabled",
    "active",
    "alarmed",
    "window_ok",
    "alarm_event",
    "inc_bits",
    "inc_ones",
    "inc_coincidences",
    "inc_ignored",
    "inc_a",
    "inc_b",
    "inc_discarded",
    "test_valid",
    "test_fail",
    "csr_read",
];

impl Ports {
    fn new(rtl: &Simulation) -> Self {
        Self {
            index: rtl.port("index"),
            reset: rtl.port("reset"),
            edges: ["edge_a", "edge_b"].map(|name| rtl.port(name)),
            tests: ["test_a", "test_b"].map(|name| rtl.port(name)),
            start: rtl.port("start"),
            stop: rtl.port("stop"),
            running: rtl.port("running"),
            real: rtl.port("real_pins"),
            selftest: rtl.port("selftest"),
            write: rtl.port("csr_write"),
            block: rtl.port("csr_block"),
            instance: rtl.port("csr_instance"),
            register: rtl.port("csr_register"),
            data: rtl.port("csr_data"),
            refused: rtl.port("csr_refused"),
            value: rtl.port("value"),
            seen: SEEN.map(|name| rtl.port(name)),
        }
    }
}

/// One access on the CSR bus.
#[derive(Clone, Copy)]
struct Access {
    block: u32,
    instance: u32,
    offset: u32,
    /// What is written, and in which cycle of the access.
    write: Option<(u32, u32)>,
    /// Cycles so far, and in all.
    age: u32,
    length: u32,
}

/// The inputs of a cycle.
#[derive(Clone, Copy, Default)]
struct Inputs {
    reset: bool,
    a: bool,
    b: bool,
    start: bool,
    stop: bool,
    /// Self-test level and edges.
    test: Option<(bool, bool)>,
}

pub(crate) struct LaneBench {
    ports: Ports,
    oracle: Oracle,
    access: Access,
    /// Cycles before the next access.
    pause: u64,
    /// Self-test: cycles it has been on, and the model.
    test: Option<(u64, TestModel)>,
    /// Cycles until a start is allowed.
    rest: u32,
    shares: (u64, u64),
    /// The write waits for an alarm.
    ambush: bool,
    window_ok: bool,
    /// One in so many cycles ends a self-test.
    test_length: u64,
    /// Cycles so far.
    cycles: u64,
    script: whole::Script,
}

impl LaneBench {
    fn attach(rtl: &Simulation) -> Self {
        Self {
            ports: Ports::new(rtl),
            oracle: Oracle::new(false),
            access: Access {
                block: 0,
                instance: 0,
                offset: 0,
                write: None,
                age: 0,
                length: 4,
            },
            pause: 10,
            test: None,
            rest: 5,
            shares: (3, 3),
            ambush: false,
            window_ok: false,
            test_length: 1,
            cycles: 0,
            script: whole::Script::new(),
        }
    }

    /// Drives one cycle of RTL and model and compares them.
    fn step(
        &mut self,
        rtl: &mut Simulation,
        inputs: Inputs,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let ports = &self.ports;
        let access = self.access;
        let ours = BLOCKS[access.block as usize].base == lane::BASE && access.instance == INDEX;
        let strobe = access
            .write
            .filter(|(_, at)| *at == access.age)
            .map(|(value, _)| value);
        let test = self.test.is_some();
        let (test_a, test_b) = inputs.test.unwrap_or_default();
        for (port, value) in [
            (ports.index, INDEX),
            (ports.real, u32::from(self.oracle.real)),
            (ports.reset, u32::from(inputs.reset)),
            (ports.edges[0], u32::from(inputs.a)),
            (ports.edges[1], u32::from(inputs.b)),
            (ports.tests[0], u32::from(test_a)),
            (ports.tests[1], u32::from(test_b)),
            (ports.start, u32::from(inputs.start)),
            (ports.stop, u32::from(inputs.stop)),
            (ports.running, u32::from(self.oracle.running)),
            (ports.selftest, u32::from(test)),
            (ports.write, u32::from(strobe.is_some())),
            (ports.block, access.block),
            (ports.instance, access.instance),
            (ports.register, access.offset / 4),
            (ports.data, access.write.map_or(0, |(value, _)| value)),
        ] {
            rtl.set(port, u64::from(value));
        }
        rtl.settle();

        let lane = &mut self.oracle.lane;
        let before = *lane.counters();
        let discarded = lane.discarded();
        let active = lane.active();
        let was_startup = lane.state() == LaneState::Startup;
        let was_open = lane.window_open();
        let mut read = if ours {
            self.oracle.read(access.offset)
        } else {
            0
        };
        let window_ok = self.oracle.window_ok();
        let lane = &mut self.oracle.lane;
        let bit = lane.step(inputs.a, inputs.b);
        let alarm = active && !lane.active();
        let mut refused = false;
        if let Some(value) = strobe.filter(|_| ours) {
            refused = !self.oracle.write(access.offset, value);
            self.hit_write(refused, active, alarm, was_open, hit);
        }
        if rtl.is(ports.refused) != refused {
            return Err(format!("csr_refused: {}, model {refused}", !refused));
        }
        if inputs.start {
            self.oracle.start();
        }
        if inputs.stop {
            if self.oracle.lane.window_open() {
                hit("stopped with a window open");
            }
            self.oracle.stop();
        }
        let mut outcome = TestOutcome::default();
        if let Some((age, model)) = &mut self.test {
            if *age >= TEST_DELAY {
                outcome = model.step(test_a, test_b);
            }
            *age += 1;
        }
        let after = *self.oracle.lane.counters();
        let mut discarded = self.oracle.lane.discarded() - discarded;
        let mut counts = [
            after.bits - before.bits,
            after.ones - before.ones,
            after.coincidences - before.coincidences,
            after.ignored - before.ignored,
            after.edges_a - before.edges_a,
            after.edges_b - before.edges_b,
        ];
        let (mut valid, mut event, mut window_next) = (bit.is_some(), alarm, window_ok);
        if inputs.reset {
            self.oracle = Oracle::new(self.oracle.real);
            self.test = None;
            (read, discarded, valid, event) = (0, 0, false, false);
            counts = [0; 6];
            outcome = TestOutcome::default();
            window_next = window_ok;
            hit("reset");
        }
        rtl.clock();
        self.window_ok = window_next;

        let lane = &self.oracle.lane;
        let expected: [u64; SEEN.len()] = [
            u64::from(valid),
            u64::from(lane::CONFIG_TAP.get(self.oracle.word(lane::CONFIG))),
            u64::from(self.oracle.enabled()),
            u64::from(lane.active()),
            u64::from(lane.alarms().any()),
            u64::from(self.window_ok),
            u64::from(event),
            counts[0],
            counts[1],
            counts[2],
            counts[3],
            counts[4],
            counts[5],
            discarded,
            u64::from(outcome.valid),
            u64::from(outcome.fail),
            u64::from(read),
        ];
        for ((name, port), expected) in SEEN.iter().zip(&ports.seen).zip(expected) {
            let seen = rtl.get(*port);
            // The answer to a read in the cycle of a reset is nobody's.
            if seen != expected && !(inputs.reset && *name == "csr_read") {
                return Err(format!("{name}: {seen:#x}, model {expected:#x}"));
            }
        }
        let value = bit
            .filter(|_| valid)
            .or(outcome.valid.then_some(outcome.value));
        if value.is_some_and(|value| rtl.is(ports.value) != value) {
            return Err(format!("value: model {value:?}"));
        }
        let law = after.bits + 2 * after.coincidences + after.ignored;
        let open = u64::from(!inputs.reset && self.oracle.lane.window_open());
        if !inputs.reset && after.edges_a + after.edges_b != law + open {
            return Err("edges are lost".to_owned());
        }
        self.hit_bits(valid, alarm, was_startup, outcome, hit);
        self.access.age += 1;
        Ok(())
    }

    fn hit_write(
        &self,
        refused: bool,
        active: bool,
        alarm: bool,
        was_open: bool,
        hit: &mut dyn FnMut(&'static str),
    ) {
        match self.access.offset {
            lane::ENABLE if refused => hit("ENABLE refused"),
            lane::ENABLE if active && was_open && !self.oracle.lane.active() => {
                hit("disabled with a window open");
            }
            lane::CONFIG..=lane::BALANCE_MAX if refused => hit("setting refused"),
            lane::CONFIG..=lane::BALANCE_MAX if alarm => hit("setting taken in an alarm's cycle"),
            lane::RESTART if alarm => hit("restart requested in an alarm's cycle"),
            lane::ALARMS if self.oracle.lane.active() && !active => hit("re-armed"),
            _ => {}
        }
    }

    fn hit_bits(
        &self,
        valid: bool,
        alarm: bool,
        was_startup: bool,
        outcome: TestOutcome,
        hit: &mut dyn FnMut(&'static str),
    ) {
        if valid {
            hit("healthy bit");
        }
        if outcome.fail != 0 {
            hit("self-test failure");
        }
        if was_startup && self.oracle.lane.state() == LaneState::Running {
            hit("start-up passed");
        }
        if alarm {
            let alarms = self.oracle.lane.alarms();
            for (field, name) in [
                (lane::ALARM_RCT, "alarm RCT"),
                (lane::ALARM_APT, "alarm APT"),
                (lane::ALARM_BALANCE, "alarm BALANCE"),
                (lane::ALARM_STARTUP, "alarm STARTUP"),
            ] {
                if alarms.has(field) {
                    hit(name);
                }
            }
        }
    }

    fn next_access(&mut self, random: &mut Random) {
        let lane_block = BLOCKS.iter().position(|block| block.base == lane::BASE);
        let length = 4 + random.below(3) as u32;
        let alarmed = self.oracle.lane.alarms().any();
        let (offset, value) = match random.below(12) {
            0..=2 => (*random.pick(&READABLE), None),
            3 if !alarmed => (lane::ENABLE, Some(u32::from(!random.one_in(5)))),
            3 | 4 if alarmed => (lane::RESTART, Some(u32::from(!random.one_in(8)))),
            5 | 6 if alarmed => {
                let some = random.bits() as u32 & 0x3f;
                (lane::ALARMS, Some(*random.pick(&[0x3f, 0x3f, some])))
            }
            7 | 8 => (*random.pick(&[lane::RESTART, lane::ALARMS]), Some(0x3f)),
            _ => {
                let offset = *random.pick(&SETTINGS);
                let write = random.one_in(2);
                (offset, write.then(|| setting(offset, random)))
            }
        };
        let ours = !random.one_in(8);
        self.access = Access {
            block: match ours {
                true => lane_block.unwrap_or(0) as u32,
                false => random.below(BLOCKS.len() as u64) as u32,
            },
            instance: if ours { INDEX } else { random.below(64) as u32 },
            offset,
            write: value.map(|value| (value & register(offset).bits(), 1 + random.below(3) as u32)),
            age: 0,
            length,
        };
        self.pause = match random.below(5) {
            _ if !self.oracle.lane.active() => random.below(8),
            0 => random.below(5000),
            1 => random.below(300),
            _ => random.below(20),
        };
        // Some writes wait for an alarm, to come in its very cycle.
        self.ambush = self.oracle.lane.active() && ours && value.is_some() && random.one_in(4);
        if self.ambush {
            self.access.length = 6000;
        }
    }

    /// Moves the strobe of a write that waits into the cycle of an alarm, or to the end of its patience.
    fn spring(&mut self, inputs: Inputs) {
        let Some((value, _)) = self.access.write.filter(|_| self.ambush) else {
            return;
        };
        let mut lane = self.oracle.lane.clone();
        lane.step(inputs.a, inputs.b);
        let now =
            self.access.age > 0 && !lane.active() || self.access.age + 3 == self.access.length;
        self.access.write = Some((value, if now { self.access.age } else { u32::MAX }));
        if now {
            self.access.length = self.access.age + 3;
            self.ambush = false;
        }
    }
}

/// A value that lets lanes live, mostly.
fn setting(offset: u32, random: &mut Random) -> u32 {
    match offset {
        lane::CONFIG => random.bits() as u32 & 3,
        lane::WINDOW => *random.pick(&[0, 1, 1, 2, 3, 4, 5]),
        lane::HOLDOFF => match random.below(5) {
            0 => random.below(41) as u32,
            few => few as u32 - 1,
        },
        lane::RCT_CUTOFF => *random.pick(&[2, 12, 31, 1000, 1000, 1000, 1000, 1000]),
        lane::APT_CUTOFF => *random.pick(&[0, 620, 824, 1025, 1025, 1025, 1025, 1025]),
        lane::BALANCE_MAX => *random.pick(&[300, 900, 1200, 47_039, 47_039, 0x1_FFFF]),
        _ => random.bits() as u32 & register(offset).bits(),
    }
}

impl Bench for LaneBench {
    const NAME: &'static str = "lane";
    const CYCLES: u64 = BY_CHANCE + whole::CYCLES;
    const BINS: &'static [&'static str] = &[
        "healthy bit",
        "start-up passed",
        "alarm RCT",
        "alarm APT",
        "alarm BALANCE",
        "alarm STARTUP",
        "re-armed",
        "ENABLE refused",
        "setting refused",
        "setting taken in an alarm's cycle",
        "restart requested in an alarm's cycle",
        "disabled with a window open",
        "stopped with a window open",
        "self-test failure",
        "reset",
        "rates just within their limits",
        "rates just beyond their limits",
    ];

    fn design() -> Result<Design> {
        let mut block = Rtl::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _random: &mut Random) -> Self {
        Self::attach(rtl)
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        self.cycles += 1;
        if self.cycles > BY_CHANCE {
            return self.by_script(rtl, random, hit);
        }
        if self.access.age >= self.access.length {
            self.pause = self.pause.saturating_sub(1);
            if self.pause == 0 {
                self.next_access(random);
            }
        }
        if random.one_in(10_000) {
            self.shares = *random.pick(&[
                (1, 3),
                (2, 2),
                (2, 2),
                (3, 3),
                (2, 3),
                (3, 2),
                (5, 5),
                (60, 2),
            ]);
        }
        let mut inputs = Inputs {
            reset: random.one_in(70_000),
            a: random.one_in(self.shares.0),
            b: random.one_in(self.shares.1),
            ..Inputs::default()
        };
        self.spring(inputs);
        let strobe = self
            .access
            .write
            .is_some_and(|(_, at)| at == self.access.age);
        let idle = !self.oracle.running;
        if self.test.is_some() {
            inputs.test = Some((random.one_in(self.shares.0), random.one_in(self.shares.1)));
            self.rest = 4;
            if random.one_in(self.test_length) {
                self.test = None;
                inputs.test = None;
            }
        } else if idle && self.rest == 0 && random.one_in(400) {
            self.test = Some((0, TestModel::new()));
            // The proportion test takes hundreds of bits to fail, and then has to go on failing.
            self.test_length = *random.pick(&[1500, 1500, 1500, 8000]);
            inputs.test = Some((true, false));
        } else if idle && self.rest == 0 && !strobe && random.one_in(100) {
            inputs.start = true;
        } else if !idle && !strobe && random.one_in(40_000) {
            inputs.stop = true;
        }
        self.rest = self.rest.saturating_sub(1);
        self.step(rtl, inputs, hit)?;
        if inputs.reset {
            // The strap belongs to the board; here it changes with a reset.
            self.oracle.real = random.one_in(2);
            self.rest = 5;
            self.test = None;
            // No access goes on through a reset.
            self.access.write = None;
            self.ambush = false;
        }
        Ok(())
    }
}
