//! `control`: commands, reset, START's reasons, counters.

mod sequence;
mod stimulus;

use crate::csr::{Bus, Op, same};
use crate::late::started;
use photonbox_cores::control::{COMMAND_LATENCY, Control, Parameters};
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_model::credit::leftover_ok;
use photonbox_regmap::global::{self, *};
use photonbox_regmap::{ABI_VERSION, MAGIC};
use rust_hdl::prelude::{Block as _, generate_verilog};
use sequence::Sequence;
use stimulus::{LEVELS, legal};

const PULSES: usize = 16;
const OUTPUTS: [&str; 12] = [
    "selftest_start",
    "start",
    "stop",
    "running",
    "drain",
    "flush",
    "became_idle",
    "core_reset",
    "dma_abort",
    "dma_reset",
    "hold",
    "snapshot",
];

/// What the card around the block does in answer: idle levels, sweeps, self-test.
#[derive(Default)]
struct Card {
    test_left: u64,
    passed: u32,
    quiet: bool,
    idle: [bool; 3],
    sweep_left: u64,
}

/// The registers and the state as the model of the card has them, as far as no latency of the block is seen.
#[derive(Clone, Default)]
struct Model {
    generation: u32,
    scratch: u32,
    snapshots: u32,
    cycles: u64,
    cycle: u64,
    running: bool,
    start_error: u32,
    counts: [u32; 5],
}

pub(crate) struct ControlBench {
    bus: Bus,
    levels: Vec<PortId>,
    outputs: Vec<PortId>,
    lost_raw: PortId,
    hash: PortId,
    reset: PortId,
    card_ports: [PortId; 7],
    generation: PortId,
    cycle: PortId,
    values: Vec<u64>,
    hash_words: Vec<u32>,
    card: Card,
    model: Model,
    /// The command that was written, and cycles since.
    command: Option<(u32, u64)>,
    /// Cycles without a change of a level.
    settled: u64,
    /// Cycles since the last error pulse.
    quiet_for: u64,
    was: [bool; 12],
    seen: Vec<&'static str>,
    drained: u64,
    idle: PortId,
    /// Cycles in which nothing went on.
    still: u64,
    sequence: Sequence,
    /// Cycles since STOP, and whether the route was idle two cycles ago, and one.
    stopped_for: u64,
    route_idle: [bool; 2],
}

/// Power-on as the design has it from the start, without a reset: these are far on, so that the upper digits are seen.
const FIRST_CYCLE: u64 = 0x6fff_ffff_ffff_c000;
const FIRST_GENERATION: u32 = 0x00ff_fffc;
/// Cycles without a reset in which both of them carry.
const FIRST_LIFE: u64 = 40_000;

/// Fewest cycles from STOP to `flush`: the lanes' last bits must show in the route's level, which is seen late.
const FLUSH_AFTER: u64 = 17;

impl ControlBench {
    fn level(&self, name: &str) -> u64 {
        LEVELS
            .iter()
            .position(|(level, _)| *level == name)
            .map_or(0, |index| self.values[index])
    }

    fn problems(&self) -> u32 {
        let on = |name| self.level(name) != 0;
        let (n, m) = (self.level("n") as u32, self.level("m") as u32);
        let h = self.level("claimed_h").min(1 << 16) as u32;
        let extract = on("any_extract");
        let mut problems = 0;
        let mut problem =
            |field: photonbox_regmap::Field, yes: bool| problems |= field.put(u32::from(yes));
        problem(START_ERROR_NO_LANE, !extract && !on("any_tap"));
        problem(
            START_ERROR_SELFTEST,
            self.card.passed != Parameters::default().tests(),
        );
        problem(START_ERROR_WINDOW, !on("window_ok"));
        let no_ring = extract && !on("entropy_usable") || on("any_tap") && !on("raw_usable");
        problem(START_ERROR_NO_RING, no_ring);
        if extract {
            let fits = (1..=4096).contains(&n) && (64..=512).contains(&m) && m % 64 == 0;
            problem(START_ERROR_GEOMETRY, !fits);
            problem(START_ERROR_LEFTOVER, !leftover_ok(n, m, h));
            problem(START_ERROR_NO_SEED, !on("seeded"));
            let slot = self.level("entropy_slot_bytes") as u32;
            problem(START_ERROR_SLOT, on("entropy_committed") && slot < m / 8);
        }
        problems
    }

    fn status(&self) -> u32 {
        let on = |name| u32::from(self.level(name) != 0);
        STATUS_RUNNING.put(u32::from(self.model.running))
            | STATUS_IDLE.put(u32::from(!self.model.running))
            | STATUS_ALARM.put(on("any_alarm"))
            | STATUS_ALL_ALARMED.put(on("all_alarmed"))
            | STATUS_START_REFUSED.put(u32::from(self.model.start_error != 0))
            | STATUS_SELFTEST_OK.put(u32::from(self.card.passed == Parameters::default().tests()))
            | STATUS_RING_ERROR.put(on("ring_error"))
            | STATUS_TEST_PATTERN.put(on("test_pattern"))
    }

    fn read(&self, offset: u32) -> u32 {
        let model = &self.model;
        match offset {
            global::MAGIC => MAGIC,
            ABI => ABI_VERSION,
            CAPS => 0x0808_0400 | (self.level("front_end") as u32) << 4,
            CAPS_EXTRACTOR => 512 << 16 | 4096,
            GENERATION => model.generation,
            STATUS => self.status(),
            SCRATCH => model.scratch,
            BUILD_HASH0..=BUILD_HASH7 => self.hash_words[(offset - BUILD_HASH0) as usize / 4],
            CLOCK_HZ => 250_000_000,
            SNAPSHOT_COUNT => model.snapshots,
            CYCLES_LO => model.cycles as u32,
            CYCLES_HI => (model.cycles >> 32) as u32,
            START_ERROR => model.start_error,
            ERR_UNKNOWN_REGISTER..=ERR_DROPPED_BITS => {
                model.counts[(offset - ERR_UNKNOWN_REGISTER) as usize / 4]
            }
            SELFTEST_RAN => 0x3f,
            SELFTEST_PASSED => self.card.passed,
            _ => 0,
        }
    }

    /// The state after power-on or a soft reset.
    fn after_reset(&mut self, generation: u32) {
        self.model = Model {
            generation,
            cycle: self.model.cycle,
            ..Model::default()
        };
    }

    /// A command's effect as the model has it, bit 0 first.
    fn execute(&mut self, command: u32) {
        if CONTROL_SOFT_RESET.is_set(command) {
            let generation = self.model.generation.wrapping_add(1);
            self.after_reset(generation);
        }
        if CONTROL_STOP.is_set(command) && self.model.running {
            self.model.running = false;
            self.seen.push("stopped");
        }
        if CONTROL_SELFTEST.is_set(command) && self.model.running {
            self.model.counts[1] = self.model.counts[1].wrapping_add(1);
            self.seen.push("selftest_refused");
        }
        if CONTROL_START.is_set(command) {
            self.model.start_error = match self.model.running {
                true => START_ERROR_NOT_IDLE.mask(),
                false => self.problems(),
            };
            if self.model.start_error == 0 {
                self.model.running = true;
                self.seen.push("started");
            }
            for (index, bin) in REASONS.iter().enumerate() {
                if self.model.start_error >> index & 1 == 1 {
                    self.seen.push(bin);
                }
            }
        }
    }
}

const REASONS: [&str; 9] = [
    "no_lane", "geometry", "leftover", "no_seed", "no_ring", "slot", "selftest", "not_idle",
    "window",
];

impl Bench for ControlBench {
    const NAME: &'static str = "control";
    const CYCLES: u64 = 150_000;
    const BINS: &'static [&'static str] = &[
        "no_lane",
        "geometry",
        "leftover",
        "no_seed",
        "no_ring",
        "slot",
        "selftest",
        "not_idle",
        "window",
        "started",
        "stopped",
        "selftest_refused",
        "soft_reset",
        "power_on",
        "restart_in_one",
        "read",
        "flush",
        "became_idle",
        "errors",
    ];

    fn design() -> Result<Design> {
        let mut block = Control::new(Parameters::default());
        block.connect_all();
        let text = generate_verilog(&block);
        let text = started(&text, "top$cycle_r", "64'h0", FIRST_CYCLE);
        let first = u64::from(FIRST_GENERATION);
        let text = started(&text, "top$generation_r", "32'h0", first);
        Design::new(Self::NAME, text, "top")
    }

    fn new(rtl: &Simulation, random: &mut Random) -> Self {
        Self {
            bus: Bus::new(rtl),
            levels: LEVELS.iter().map(|(name, _)| rtl.port(name)).collect(),
            outputs: OUTPUTS.iter().map(|name| rtl.port(name)).collect(),
            lost_raw: rtl.port("lost_raw"),
            hash: rtl.port("build_hash"),
            reset: rtl.port("reset"),
            card_ports: [
                "route_idle",
                "rings_idle",
                "axi_idle",
                "dma_quiet",
                "swept",
                "selftest_busy",
                "selftest_passed",
            ]
            .map(|name| rtl.port(name)),
            generation: rtl.port("generation"),
            cycle: rtl.port("cycle"),
            values: legal(random),
            hash_words: (0..8).map(|_| random.bits() as u32).collect(),
            card: Card::default(),
            model: Model {
                generation: FIRST_GENERATION,
                cycle: FIRST_CYCLE,
                ..Model::default()
            },
            // The reset sequence begins by itself.
            command: Some((0, 0)),
            settled: 0,
            quiet_for: 0,
            was: [false; 12],
            seen: Vec::new(),
            drained: 0,
            idle: rtl.port("idle"),
            still: 0,
            sequence: Sequence::default(),
            stopped_for: 0,
            route_idle: [false; 2],
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let reset = rtl.cycles() > FIRST_LIFE && random.one_in(10_000);
        rtl.set(self.reset, u64::from(reset));
        rtl.set_wide(self.hash, &self.hash_words);
        // Levels change between accesses only, so that the reasons of a START are those of its cycle.
        if self.command.is_none() && self.bus.rests() && random.one_in(60) {
            let fresh = legal(random);
            self.values[..PULSES].copy_from_slice(&fresh[..PULSES]);
            self.settled = 0;
        }
        self.settled += 1;
        let [
            selftest_start,
            start,
            stop,
            running,
            drain,
            flush,
            _,
            core_reset,
            abort,
            _,
            hold,
            snapshot,
        ] = self.was;
        // Pulses of the rest of the card.
        self.values[PULSES..].fill(0);
        let mut lost_raw = 0;
        self.quiet_for += 1;
        if !core_reset
            && !reset
            && random.one_in(if self.quiet_for < 20 { 3 } else { 200 })
            && self.command.is_none()
        {
            for (value, most) in
                self.values[PULSES..]
                    .iter_mut()
                    .zip([2, 2, 8, 8, 1 << 16, 1 << 32])
            {
                *value = random.below(most);
            }
            lost_raw = random.below(1 << 32);
            self.quiet_for = 0;
        }
        for (port, value) in self.levels.iter().zip(&self.values) {
            rtl.set(*port, *value);
        }
        rtl.set(self.lost_raw, lost_raw);
        // The rest of the card: it becomes quiet, swept, tested, idle in its own time.
        self.card.quiet = abort && (self.card.quiet || random.one_in(30));
        self.card.sweep_left = if core_reset {
            random.below(40)
        } else {
            self.card.sweep_left.saturating_sub(1)
        };
        for idle in &mut self.card.idle {
            *idle = if running {
                random.one_in(2)
            } else {
                *idle || random.one_in(20)
            };
        }
        if selftest_start {
            self.card.test_left = 5 + random.below(60);
        } else if self.card.test_left > 0 {
            self.card.test_left -= 1;
            if self.card.test_left == 0 {
                self.card.passed = match random.one_in(4) {
                    true => 0x3f ^ 1 << random.below(6),
                    false => 0x3f,
                };
            }
        }
        if core_reset {
            self.card.test_left = 0;
        }
        let busy = self.card.test_left > 0;
        let answers = [
            u64::from(self.card.idle[0]),
            u64::from(self.card.idle[1]),
            u64::from(self.card.idle[2]),
            u64::from(self.card.quiet),
            u64::from(self.card.sweep_left == 0),
            u64::from(busy),
            u64::from(self.card.passed),
        ];
        for (port, value) in self.card_ports.into_iter().zip(answers) {
            rtl.set(port, value);
        }
        let calm = !hold
            && !reset
            && !core_reset
            && self.command.is_none()
            && self.settled > 8
            && self.quiet_for > 8;
        let running_now = self.model.running;
        let bus = self.bus.drive(rtl, || {
            let offset = match random.below(8) {
                0 => CONTROL,
                1 => SCRATCH,
                2 => SNAPSHOT,
                3 => START_ERROR,
                _ => 4 * random.below(41) as u32,
            };
            let command = *random.pick(&[8, 8, 8, 8, 2, 2, 10, 4, 12, 14, 1, 9, 0, 15]);
            let data = if offset == CONTROL {
                command
            } else {
                random.bits() as u32
            };
            let mut op = Op::write(u32::from(random.one_in(20)), offset, data);
            op.write = matches!(offset, CONTROL | SCRATCH | SNAPSHOT)
                && (offset != CONTROL || running_now || !random.one_in(3));
            calm.then_some(op)
        });
        rtl.settle();

        let now: [bool; 12] = core::array::from_fn(|index| rtl.is(self.outputs[index]));
        for (name, want) in self.sequence.shows() {
            let index = OUTPUTS.iter().position(|output| *output == name);
            same(
                name,
                index.map_or(2, |index| now[index].into()),
                want.into(),
            )?;
        }
        if rtl.cycles() > 3 {
            same(
                "generation",
                rtl.get(self.generation),
                u64::from(self.model.generation),
            )?;
            same("cycle", rtl.get(self.cycle), self.model.cycle)?;
        }
        if let Some((op, 2)) = bus.addressed
            && self.command.is_none()
        {
            let value = match op.block {
                0 => self.read(op.offset),
                _ => 0,
            };
            // `csr_read` shows the cycle before; levels may have changed since.
            if self.settled > 2 && self.quiet_for > 6 {
                same(
                    &format!("csr_read {:#x}", op.offset),
                    u64::from(self.bus.value(rtl)),
                    u64::from(value),
                )?;
                hit("read");
                if op.offset == ERR_DROPPED_BITS && value != 0 {
                    hit("errors");
                }
            }
        }
        // What the outputs owe each other.
        let [
            _,
            start_now,
            stop_now,
            running_now,
            drain_now,
            flush_now,
            idle_now,
            reset_now,
            abort_now,
            _,
            _,
            snapshot_now,
        ] = now;
        if start && !reset_now {
            same("running after start", u64::from(running_now), 1)?;
        }
        if stop {
            same("running after stop", u64::from(running_now), 0)?;
            same(
                "drain after stop",
                u64::from(drain_now),
                u64::from(!reset_now),
            )?;
        }
        if snapshot_now || snapshot {
            same(
                "snapshot is one cycle",
                u64::from(snapshot_now && snapshot),
                0,
            )?;
        }
        if drain && !drain_now && !reset_now {
            same("idle event at the end", u64::from(idle_now), 1)?;
            same("all were idle", u64::from(self.drained >= 1), 1)?;
        }
        if flush_now {
            let late = self.stopped_for >= FLUSH_AFTER && self.route_idle[0];
            same("flush after the last bits", u64::from(late), 1)?;
        }
        self.stopped_for = if stop_now { 1 } else { self.stopped_for + 1 };
        self.route_idle = [self.route_idle[1], self.card.idle[0]];
        if idle_now {
            hit("became_idle");
        }
        if flush {
            hit("flush");
        }
        same("abort within reset", u64::from(abort_now && !reset_now), 0)?;
        self.drained = u64::from(!flush && self.card.idle.iter().all(|idle| *idle));

        let soft = self.command.is_some_and(|(command, age)| {
            CONTROL_SOFT_RESET.is_set(command) && age + 1 == COMMAND_LATENCY
        });
        let swept = self.card.sweep_left == 0;
        self.sequence.step(reset, soft, self.card.quiet, swept);

        // The command takes effect at the end of cycle strobe + COMMAND_LATENCY, if what came before is over.
        if let Some((command, age)) = &mut self.command {
            let (command, age) = (*command, {
                *age += 1;
                *age
            });
            if age == COMMAND_LATENCY {
                let soft = CONTROL_SOFT_RESET.is_set(command);
                let stops = CONTROL_STOP.is_set(command) && self.model.running && !soft;
                same("stop", u64::from(stop_now), u64::from(stops))?;
                if command == 8 {
                    let starts = !self.model.running && self.problems() == 0;
                    same("start", u64::from(start_now), u64::from(starts))?;
                }
                // A soft reset is seen first by its generation.
                if soft {
                    self.after_reset(self.model.generation.wrapping_add(1));
                    hit("soft_reset");
                }
            }
            // What a command leaves behind is compared when the card is calm again.
            let quiet = !drain_now
                && !busy
                && !now[10]
                && !selftest_start
                && rtl.is(self.idle) != running_now;
            self.still = if quiet { self.still + 1 } else { 0 };
            // Long enough that a command which waited for the one before it has begun.
            if age > COMMAND_LATENCY && self.still > 40 {
                let rest = if CONTROL_SOFT_RESET.is_set(command) {
                    command & 12
                } else {
                    command
                };
                self.execute(rest);
                self.command = None;
                same(
                    "running",
                    u64::from(running_now),
                    u64::from(self.model.running),
                )?;
                if command == 10 && self.model.running {
                    hit("restart_in_one");
                }
                self.settled = 0;
                for bin in self.seen.drain(..) {
                    hit(bin);
                }
            }
            if age > 2000 {
                return Err(format!("command {command:#x}: RTL still busy, model done"));
            }
        }
        if let Some(op) = bus.strobe.filter(|op| op.block == 0) {
            match op.offset {
                CONTROL => {
                    self.command = Some((op.data, 0));
                    self.still = 0;
                }
                SCRATCH => self.model.scratch = op.data,
                SNAPSHOT => {
                    self.model.snapshots += 1;
                    self.model.cycles = self.model.cycle + 1;
                }
                _ => {}
            }
        }
        let pulses = &self.values[PULSES..];
        let counts = &mut self.model.counts;
        counts[0] = counts[0].wrapping_add(pulses[0] as u32);
        counts[1] = counts[1].wrapping_add(pulses[1] as u32);
        counts[2] = counts[2].wrapping_add((pulses[2] as u32).count_ones());
        counts[3] = counts[3].wrapping_add((pulses[3] as u32).count_ones());
        counts[4] = counts[4].wrapping_add((pulses[4] + pulses[5] + lost_raw) as u32);
        rtl.clock();
        self.was = now;
        self.model.cycle += 1;
        if reset {
            self.model.cycle = 0;
            self.after_reset(1);
            self.command = Some((0, 0));
            hit("power_on");
        }
        Ok(())
    }
}
