//! The write master against a scoreboard: three ports, a host that takes and answers when it likes.

use photonbox_cores::axi_write::WriteMaster;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation, build, lockstep, seed};
use rust_hdl::prelude::*;
use std::collections::VecDeque;

/// Cycles without a response after which the bus counts as failed, here.
const TIMEOUT: u32 = 300;

fn design<const D: usize, const S: usize, const P: usize, const A: usize, const B: usize>(
    name: &str,
) -> Result<Design> {
    let mut block = WriteMaster::<D, S, P, A, B>::new(TIMEOUT);
    block.connect_all();
    Design::new(name, generate_verilog_unchecked(&block), "top")
}

/// A burst that a port asked for.
#[derive(Clone, Debug)]
struct Burst {
    port: usize,
    address: u64,
    words: Vec<u64>,
    tag: u64,
    /// Words taken so far.
    taken: usize,
    /// Cycle in which the burst was taken.
    at: u64,
}

/// A beat on the data channel.
#[derive(Clone, Debug, PartialEq)]
struct Beat {
    data: Vec<u32>,
    strobes: u64,
    last: bool,
}

struct Ports {
    reset: PortId,
    abort: PortId,
    quiet: PortId,
    timed_out: PortId,
    request_valid: PortId,
    request_ready: PortId,
    address: [PortId; 3],
    words: [PortId; 3],
    tag: [PortId; 3],
    data: [PortId; 3],
    take: PortId,
    b_valid: PortId,
    b_error: PortId,
    b_tag: PortId,
    awaddr: PortId,
    awlen: PortId,
    awvalid: PortId,
    awready: PortId,
    wdata: PortId,
    wstrb: PortId,
    wlast: PortId,
    wvalid: PortId,
    wready: PortId,
    bresp: PortId,
    bvalid: PortId,
}

/// The scoreboard of a bus of `D` bits whose port 2 has `P`.
pub(crate) struct Master<const D: usize, const P: usize> {
    ports: Ports,
    /// What each port asks for now.
    asks: [Option<Burst>; 3],
    /// Bursts taken, oldest first, until they are reported.
    open: VecDeque<Burst>,
    /// Bursts taken whose address did not show yet.
    addresses: VecDeque<Burst>,
    /// Bursts whose data is not complete.
    writing: VecDeque<Burst>,
    beats_of_front: usize,
    /// Responses that the host owes: after which cycle, and which.
    owed: VecDeque<(u64, u64)>,
    /// Addresses and data ends that the host took and did not match yet.
    address_count: u64,
    end_count: u64,
    /// Reports due in this cycle or, after a time-out, at any time: port, error, tag.
    reports: VecDeque<(usize, bool, u64)>,
    shown_address: Option<(u64, u64)>,
    shown_beat: Option<Beat>,
    aborting: u64,
    /// The host takes nothing and does not answer until this cycle.
    silent_until: u64,
    now: u64,
    timed_out: bool,
    /// A soft reset is under way.
    dead: bool,
}

impl<const D: usize, const P: usize> Master<D, P> {
    /// Words that a port gives at once.
    const fn step_words(port: usize) -> usize {
        if port == 2 { P / 64 } else { 1 }
    }

    const LANES: u64 = (D / 64) as u64;

    fn start(rtl: &Simulation) -> Self {
        let port = |name: &str| rtl.port(name);
        let three = |name: &str| [0, 1, 2].map(|index| rtl.port(&format!("{name}{index}")));
        Self {
            ports: Ports {
                reset: port("reset"),
                abort: port("abort_writes"),
                quiet: port("quiet"),
                timed_out: port("timed_out"),
                request_valid: port("request_valid"),
                request_ready: port("request_ready"),
                address: three("request_address"),
                words: three("request_words"),
                tag: three("request_tag"),
                data: three("data"),
                take: port("take"),
                b_valid: port("b_valid"),
                b_error: port("b_error"),
                b_tag: port("b_tag"),
                awaddr: port("m_axi_awaddr"),
                awlen: port("m_axi_awlen"),
                awvalid: port("m_axi_awvalid"),
                awready: port("m_axi_awready"),
                wdata: port("m_axi_wdata"),
                wstrb: port("m_axi_wstrb"),
                wlast: port("m_axi_wlast"),
                wvalid: port("m_axi_wvalid"),
                wready: port("m_axi_wready"),
                bresp: port("m_axi_bresp"),
                bvalid: port("m_axi_bvalid"),
            },
            asks: [None, None, None],
            open: VecDeque::new(),
            addresses: VecDeque::new(),
            writing: VecDeque::new(),
            beats_of_front: 0,
            owed: VecDeque::new(),
            address_count: 0,
            end_count: 0,
            reports: VecDeque::new(),
            shown_address: None,
            shown_beat: None,
            aborting: 0,
            silent_until: 0,
            now: 0,
            timed_out: false,
            dead: false,
        }
    }

    fn ask(&mut self, random: &mut Random) {
        for (port, ask) in self.asks.iter_mut().enumerate() {
            if ask.is_none() && random.one_in(6) {
                let step = Self::step_words(port) as u64;
                let first = random.below(32 / step) * step;
                let most = 32 - first;
                let count = if random.one_in(4) {
                    most
                } else {
                    step * (1 + random.below(most / step))
                };
                *ask = Some(Burst {
                    port,
                    address: (random.bits() & 0xffff_ffff_ffff_ff00) | first << 3,
                    words: (0..count).map(|_| random.bits()).collect(),
                    tag: random.below(8),
                    taken: 0,
                    at: 0,
                });
            }
        }
    }

    /// The beat that the data channel has to show for a burst.
    fn beat(burst: &Burst, number: usize) -> Beat {
        let lane0 = (burst.address >> 3) & (Self::LANES - 1);
        let mut beat = Beat {
            data: vec![0; D / 32],
            strobes: 0,
            last: false,
        };
        for (index, word) in burst.words.iter().enumerate() {
            let place = lane0 as usize + index;
            if place / Self::LANES as usize == number {
                let lane = place % Self::LANES as usize;
                beat.data[2 * lane] = *word as u32;
                beat.data[2 * lane + 1] = (*word >> 32) as u32;
                beat.strobes |= 0xff << (8 * lane);
            }
        }
        beat.last = number == Self::beats(burst) - 1;
        beat
    }

    fn beats(burst: &Burst) -> usize {
        let lane0 = (burst.address >> 3) & (Self::LANES - 1);
        (lane0 as usize + burst.words.len()).div_ceil(Self::LANES as usize)
    }

    fn step(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        self.now += 1;
        self.ask(random);
        // Sometimes the card is reset by software, sometimes the host falls silent.
        if self.aborting == 0 && random.one_in(700) {
            self.aborting = 1 + random.below(30);
            for (state, bin) in [
                (!self.addresses.is_empty(), "abort before an address"),
                (!self.writing.is_empty(), "abort within data"),
                (
                    self.writing.is_empty() && !self.open.is_empty(),
                    "abort before a response",
                ),
                (self.open.is_empty(), "abort at rest"),
            ] {
                if state {
                    hit(bin);
                }
            }
        }
        if self.silent_until < self.now && random.one_in(3000) {
            self.silent_until = self.now + u64::from(TIMEOUT) + 200;
        }
        let silent = self.now < self.silent_until;
        let abort = self.aborting != 0;
        self.aborting = self.aborting.saturating_sub(1);
        let p = &self.ports;
        let mut valid = 0;
        for (port, ask) in self.asks.iter().enumerate() {
            let Some(ask) = ask else { continue };
            valid |= 1 << port;
            rtl.set(p.address[port], ask.address);
            rtl.set(p.words[port], ask.words.len() as u64);
            rtl.set(p.tag[port], ask.tag);
        }
        // The word that each port shows: from the second cycle after its burst was taken.
        for port in 0..3 {
            let next = self
                .open
                .iter()
                .find(|burst| burst.port == port && burst.taken < burst.words.len());
            let words: Vec<u32> = (0..Self::step_words(port))
                .map(|index| match next {
                    Some(burst) if self.now > burst.at + 1 => burst.words[burst.taken + index],
                    _ => random.bits(),
                })
                .flat_map(|word| [word as u32, (word >> 32) as u32])
                .collect();
            rtl.set_wide(p.data[port], &words);
        }
        let awready = !silent && random.one_in(2);
        let wready = !silent && !random.one_in(3);
        let answers = !silent
            && self.owed.front().is_some_and(|(due, _)| *due <= self.now)
            && random.one_in(2);
        let response = match (answers, self.owed.front()) {
            (true, Some((_, response))) => *response,
            _ => 0,
        };
        rtl.set(p.request_valid, valid);
        rtl.set(p.abort, u64::from(abort));
        rtl.set(p.reset, 0);
        rtl.set(p.awready, u64::from(awready));
        rtl.set(p.wready, u64::from(wready));
        rtl.set(p.bvalid, u64::from(answers));
        rtl.set(p.bresp, response);
        rtl.settle();

        // What shows stays.
        let address = rtl
            .is(p.awvalid)
            .then(|| (rtl.get(p.awaddr), rtl.get(p.awlen)));
        let beat = rtl.is(p.wvalid).then(|| Beat {
            data: rtl.get_wide(p.wdata),
            strobes: rtl.get(p.wstrb),
            last: rtl.is(p.wlast),
        });
        if self.shown_address.is_some() && address != self.shown_address {
            return Err(format!(
                "address {address:x?} after {:x?}",
                self.shown_address
            ));
        }
        if self.shown_beat.is_some() && beat != self.shown_beat {
            return Err(format!("beat {beat:x?} after {:x?}", self.shown_beat));
        }
        self.shown_address = address.filter(|_| !awready);
        self.shown_beat = beat.clone().filter(|_| !wready);

        let ready = rtl.get(p.request_ready);
        let take = rtl.get(p.take);
        if ready & !valid != 0 || ready.count_ones() > 1 {
            return Err(format!("ready {ready:b} for {valid:b}"));
        }
        if ready != 0 && (self.dead || abort) {
            return Err("a burst is taken in a soft reset".into());
        }
        if let (Some((address, len)), true) = (address, awready) {
            let Some(burst) = self.addresses.pop_front() else {
                return Err("an address without a burst".into());
            };
            let aligned = burst.address & !(Self::LANES * 8 - 1);
            if address != aligned || len as usize + 1 != Self::beats(&burst) {
                return Err(format!(
                    "address {address:x} len {len} for {:x}",
                    burst.address
                ));
            }
            if (address & 0xfff) + (len + 1) * Self::LANES * 8 > 0x1000 {
                return Err("a burst crosses 4 KiB".into());
            }
            self.address_count += 1;
        }
        if let (Some(beat), true) = (beat, wready) {
            let Some(burst) = self.writing.front() else {
                return Err("data without a burst".into());
            };
            let want = Self::beat(burst, self.beats_of_front);
            let stopped = Beat {
                data: vec![0; D / 32],
                strobes: 0,
                last: want.last,
            };
            // A beat that was on the bus before the reset is whole; after it nothing is written.
            if beat != want && !((self.dead || abort || self.timed_out) && beat == stopped) {
                return Err(format!("beat {beat:x?}, not {want:x?}"));
            }
            self.beats_of_front += 1;
            if want.last {
                self.writing.pop_front();
                self.beats_of_front = 0;
                self.end_count += 1;
            }
        }
        if answers {
            self.owed.pop_front();
        }
        let popped = answers && !self.open.is_empty() && !self.timed_out;
        rtl.clock();

        // Bursts whose address and data are both taken are owed a response.
        while self.address_count > 0 && self.end_count > 0 {
            self.address_count -= 1;
            self.end_count -= 1;
            let after = if random.one_in(4) {
                random.below(60)
            } else {
                random.below(6)
            };
            let response = if random.one_in(40) {
                2 + random.below(2)
            } else {
                0
            };
            self.owed.push_back((self.now + 1 + after, response));
        }
        for port in 0..3 {
            if take >> port & 1 == 1 {
                let burst = self
                    .open
                    .iter_mut()
                    .find(|burst| burst.port == port && burst.taken < burst.words.len());
                let Some(burst) = burst else {
                    return Err(format!("port {port}: a word too many"));
                };
                burst.taken += Self::step_words(port);
            }
            if ready >> port & 1 == 1
                && let Some(mut burst) = self.asks[port].take()
            {
                burst.at = self.now;
                self.open.push_back(burst.clone());
                self.addresses.push_back(burst.clone());
                self.writing.push_back(burst);
                if self.open.len() == 8 {
                    hit("eight in flight");
                }
                if valid.count_ones() > 1 {
                    hit("ports compete");
                }
            }
        }
        self.dead |= abort;
        if popped && let Some(burst) = self.open.pop_front() {
            if response != 0 {
                hit("error response");
            }
            if !self.dead {
                self.reports
                    .push_back((burst.port, response != 0, burst.tag));
            }
        }
        if rtl.is(self.ports.timed_out) && !self.timed_out {
            self.timed_out = true;
            hit("time-out");
            if !silent && self.owed.is_empty() && self.open.is_empty() {
                return Err("a time-out with nothing under way".into());
            }
            // In the cycles to come all that is under way is reported as failed.
            if !self.dead {
                self.reports
                    .extend(self.open.iter().map(|burst| (burst.port, true, burst.tag)));
            }
            self.open.clear();
        }
        let b_valid = rtl.get(self.ports.b_valid);
        let reported = (0..3).find(|port| b_valid >> port & 1 == 1);
        match (reported, self.reports.front()) {
            (None, None) => {}
            (None, Some(_)) if self.timed_out => {}
            (Some(port), Some(&(want, error, tag)))
                if b_valid.count_ones() == 1
                    && port == want
                    && error == rtl.is(self.ports.b_error)
                    && tag == rtl.get(self.ports.b_tag) =>
            {
                self.reports.pop_front();
            }
            (got, want) => return Err(format!("report {got:?}, not {want:?}")),
        }
        let quiet = rtl.is(self.ports.quiet);
        let idle = self.open.is_empty() && self.writing.is_empty() && self.addresses.is_empty();
        if quiet && !(idle && self.owed.is_empty()) {
            return Err("quiet with bursts under way".into());
        }
        if abort && !self.reports.is_empty() {
            // Reports that a reset overtook are not given.
            self.reports.clear();
        }
        if quiet && self.dead && self.aborting == 0 && !abort {
            hit("quiet after a soft reset");
            self.dead = false;
            self.timed_out = false;
            self.reports.clear();
        }
        if self.timed_out && !self.dead && self.aborting == 0 && random.one_in(40) {
            self.aborting = 5;
        }
        Ok(())
    }
}

impl Bench for Master<64, 64> {
    const NAME: &'static str = "axi_write";
    const CYCLES: u64 = 300_000;
    const BINS: &'static [&'static str] = BINS;

    fn design() -> Result<Design> {
        design::<64, 8, 64, 3, 4>(Self::NAME)
    }

    fn new(rtl: &Simulation, _random: &mut Random) -> Self {
        Self::start(rtl)
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        self.step(rtl, random, hit)
    }
}

impl Bench for Master<256, 64> {
    const NAME: &'static str = "axi_write_256";
    const CYCLES: u64 = 300_000;
    const BINS: &'static [&'static str] = BINS;

    fn design() -> Result<Design> {
        design::<256, 32, 64, 3, 4>(Self::NAME)
    }

    fn new(rtl: &Simulation, _random: &mut Random) -> Self {
        Self::start(rtl)
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        self.step(rtl, random, hit)
    }
}

impl Bench for Master<256, 256> {
    const NAME: &'static str = "axi_write_wide";
    const CYCLES: u64 = 300_000;
    const BINS: &'static [&'static str] = BINS;

    fn design() -> Result<Design> {
        design::<256, 32, 256, 5, 6>(Self::NAME)
    }

    fn new(rtl: &Simulation, _random: &mut Random) -> Self {
        Self::start(rtl)
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        self.step(rtl, random, hit)
    }
}

const BINS: &[&str] = &[
    "abort before an address",
    "abort within data",
    "abort before a response",
    "abort at rest",
    "eight in flight",
    "ports compete",
    "error response",
    "time-out",
    "quiet after a soft reset",
];

fn run<B: Bench>() {
    let library = build::<B>().unwrap();
    let bins = lockstep::<B>(&library, seed(B::NAME), B::CYCLES).unwrap();
    for (bin, count) in bins {
        assert!(count > 0, "{}: {bin} was not hit", B::NAME);
    }
}

#[test]
fn axi_write_lockstep() {
    run::<AxiWriteBench>();
}

#[test]
fn axi_write_lockstep_at_256_bits() {
    run::<Master<256, 64>>();
}

#[test]
fn axi_write_lockstep_with_a_wide_port() {
    run::<Master<256, 256>>();
}

/// The bench of the *small* build's width.
pub(crate) type AxiWriteBench = Master<64, 64>;
