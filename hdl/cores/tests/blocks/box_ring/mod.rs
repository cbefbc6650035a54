//! The box ring against the model: the same keys, the same slots and completions in host memory.

mod access;
mod board;
mod engine;
mod host;
mod observe;
mod pair;
mod rate;
mod secrets;

use board::Board;
use host::Burst;
use photonbox_cores::box_ring::BoxRing;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use rust_hdl::prelude::{Block, generate_verilog_unchecked};
use std::collections::VecDeque;

/// Bursts that the bench's write master takes before the oldest is answered.
const IN_FLIGHT: usize = 32;

/// Bins of both benches.
const BINS: &[&str] = &[
    "commit",
    "geometry refused",
    "geometry in use",
    "release",
    "release of open boxes",
    "release refused",
    "head",
    "head bad",
    "wrap",
    "ends at 4 KiB",
    "other slots' data does not wait",
    "64 open",
    "more than 100 in flight",
    "refused for a slot",
    "refused a first key",
    "refused for a buffer",
    "cut",
    "cut of no box",
    "cut by ENABLE",
    "cut at a burst's end",
    "box with an error",
    "beyond the slot",
    "interrupt",
    "stall",
    "data error",
    "completion error",
    "bus failed",
    "reset while idle",
    "reset with boxes open",
    "reset within a burst",
    "reset before a response",
];

/// The box ring's bench, at its port to the write master.
pub(crate) struct BoxRingBench {
    board: Board,
    ports: [PortId; 10],
    /// Bursts that were taken and whose data is not complete.
    pulling: VecDeque<Burst>,
    /// Bursts to be answered.
    flying: VecDeque<Burst>,
    failing: bool,
    /// Until then no reset and no error: thousands of slots are completed.
    spared_until: u64,
    resets: u64,
}

const PORTS: [&str; 10] = [
    "request_valid",
    "request_ready",
    "request_address",
    "request_words",
    "data",
    "take",
    "b_valid",
    "b_error",
    "bus_failed",
    "key_taken",
];

impl Bench for BoxRingBench {
    const NAME: &'static str = "box_ring";
    const CYCLES: u64 = 800_000;
    const BINS: &'static [&'static str] = BINS;

    fn design() -> Result<Design> {
        let mut block = BoxRing::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog_unchecked(&block), "top")
    }

    fn new(rtl: &Simulation, random: &mut Random) -> Self {
        Self {
            board: Board::new(rtl, random),
            ports: PORTS.map(|name| rtl.port(name)),
            pulling: VecDeque::new(),
            flying: VecDeque::new(),
            failing: false,
            spared_until: 0,
            resets: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        // The ring seldom rests: of those cycles, more see a reset.
        let rests = rtl.is(self.board.port("idle"));
        let spared = self.board.now < self.spared_until;
        let reset = random.one_in(if rests { 1_000 } else { 20_000 }) && !spared;
        if !self.failing && random.one_in(30_000) && !spared {
            self.failing = true;
        }
        self.board.drive(rtl, reset, random);
        let now = self.board.now;
        let (fast, slow) = (self.board.phase == 1, self.board.phase == 2);
        let [
            request_valid,
            request_ready,
            address,
            words,
            data,
            take,
            b_valid,
            b_error,
            bus_failed,
            key_taken,
        ] = self.ports;

        // The bus: takes bursts, pulls their beats in order, answers in order.
        let under_way = self.pulling.len() + self.flying.len();
        let grants = !self.failing
            && under_way < IN_FLIGHT
            && (fast || random.one_in(if slow { 40 } else { 3 }));
        let ready = grants && rtl.is(request_valid);
        let takes = !self.failing
            && self.pulling.front().is_some_and(|burst| now > burst.at + 1)
            && (fast || !random.one_in(3));
        let answers = !self.board.doorbell()
            && self.flying.front().is_some_and(|burst| burst.due <= now)
            && (fast || !random.one_in(3));
        let error = answers && (self.failing || (random.one_in(4000) && !spared));
        rtl.set(request_ready, u64::from(ready));
        rtl.set(take, u64::from(takes));
        rtl.set(b_valid, u64::from(answers));
        rtl.set(b_error, u64::from(error));
        rtl.set(bus_failed, u64::from(self.failing));
        rtl.settle();

        self.board.observe(rtl, self.failing, hit)?;
        let taken = rtl.is(key_taken);
        let refused = rtl.is(self.board.port("csr_refused"));
        let idle = rtl.is(self.board.port("idle"));
        let beat: Vec<u8> = rtl
            .get_wide(data)
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let request = (ready && rtl.is(request_valid)).then(|| Burst {
            address: rtl.get(address),
            bytes: 8 * rtl.get(words) as usize,
            completion: false,
            data: Vec::new(),
            at: now,
            due: 0,
        });
        rtl.clock();

        if reset {
            hit(if !self.pulling.is_empty() {
                "reset within a burst"
            } else if !self.flying.is_empty() {
                "reset before a response"
            } else if idle {
                "reset while idle"
            } else {
                "reset with boxes open"
            });
            self.board.reset(rtl, random);
            self.pulling.clear();
            self.flying.clear();
            self.failing = false;
            self.resets += 1;
            // Twice in a run: many boxes, and large ones.
            if [3, 6].contains(&self.resets) {
                self.spared_until = self.board.now + 70_000;
            }
            if self.spared_until > self.board.now {
                self.board.begin_spared(self.resets == 6, random);
            }
            return Ok(());
        }
        // What is taken in the cycle of an error's response was asked for before it.
        let error_before = self.board.error_seen;
        if answers && let Some(burst) = self.flying.pop_front() {
            self.board.answered(&burst.data, error, hit)?;
        }
        if self.failing {
            self.board.held_up = now;
            if self.board.model.committed() {
                hit("bus failed");
                self.board.failed();
            }
            // What was being pulled fails with the rest.
            self.flying.append(&mut self.pulling);
            self.failing = !self.flying.is_empty() || !random.one_in(10);
        }
        if under_way == IN_FLIGHT || slow {
            self.board.held_up = now;
        }
        if takes && let Some(mut burst) = self.pulling.pop_front() {
            burst.data.extend(beat);
            if burst.data.len() == burst.bytes {
                let far = self.flying.back().map_or(0, |before: &Burst| before.due);
                let after = if random.one_in(8) && !fast {
                    random.below(200)
                } else {
                    1
                };
                burst.due = far.max(now + after);
                self.flying.push_back(burst);
            } else {
                self.pulling.push_front(burst);
            }
        }
        if let Some(burst) = request {
            if error_before {
                return Err("a burst is asked for after an error".into());
            }
            self.board.asked(burst.clone(), hit)?;
            self.pulling.push_back(burst);
        }
        let at_rest = self.pulling.is_empty() && self.flying.is_empty();
        self.board.settle(rtl, taken, refused, at_rest, random, hit)
    }
}
