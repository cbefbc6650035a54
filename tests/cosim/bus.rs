//! The host's side of the card's buses: memory behind the AXI4 port, interrupts, an AXI4-Lite master.

use crate::stalls::{Data, Hold, Stalls};
use photonbox_cosim::{PortId, Random, Simulation};
use std::collections::VecDeque;

/// How the host treats the card's writes.
#[derive(Clone, Copy, Debug)]
pub struct Manners {
    /// One in this many cycles the address channel is not ready; 0: always ready.
    pub aw_pause: u64,
    /// The same for the data channel.
    pub w_pause: u64,
    /// Most cycles until a response.
    pub b_delay: u64,
    /// One in this many bursts is answered with SLVERR or DECERR; 0: none.
    pub error: u64,
    /// One in this many cycles an interrupt is not taken; 0: taken at once.
    pub irq_pause: u64,
}

impl Manners {
    /// Ready at once, answers in the next cycle.
    pub const PROMPT: Self = Self {
        aw_pause: 0,
        w_pause: 0,
        b_delay: 1,
        error: 0,
        irq_pause: 0,
    };
    /// Random pauses everywhere.
    pub const SLOW: Self = Self {
        aw_pause: 3,
        w_pause: 3,
        b_delay: 40,
        error: 0,
        irq_pause: 4,
    };
}

/// A burst whose address was accepted.
#[derive(Clone, Debug)]
struct Burst {
    address: u64,
    beats: u64,
    data: Vec<u8>,
    /// Bytes that are written.
    enabled: Vec<bool>,
    /// No beat was without any.
    strobed: bool,
}

/// What a burst that ended is answered.
#[derive(Debug)]
struct Answer {
    /// The cycle in which it is due.
    due: u64,
    okay: bool,
    /// What the host sees from then on: a bridge of posted writes answers before they are in memory, so that no
    /// doorbell for a completion is earlier than the completion's answer.
    shown: Option<Burst>,
}

/// A burst that ended, as the host saw it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub address: u64,
    pub bytes: usize,
    /// Each beat wrote bytes; else a reset cut it short.
    pub strobed: bool,
    pub okay: bool,
}

struct Ports {
    awaddr: PortId,
    awlen: PortId,
    awsize: PortId,
    awburst: PortId,
    awcache: PortId,
    awvalid: PortId,
    awready: PortId,
    wdata: PortId,
    wstrb: PortId,
    wlast: PortId,
    wvalid: PortId,
    wready: PortId,
    bresp: PortId,
    bvalid: PortId,
    bready: PortId,
    irq_valid: PortId,
    irq_vector: PortId,
    irq_ready: PortId,
}

/// Memory behind the card's write port, which checks the rules of the bus in every cycle.
pub struct Host {
    ports: Ports,
    bytes: usize,
    pub manners: Manners,
    pub memory: Vec<u8>,
    pub interrupts: [u64; 4],
    /// Bursts since the last reset of this list, for tests that look at them one by one.
    pub log: Vec<Written>,
    pub keep_log: bool,
    addressed: VecDeque<Burst>,
    answers: VecDeque<Answer>,
    now: u64,
    /// What was presented and not yet accepted: it must not change.
    waiting_aw: Option<(u64, u64)>,
    waiting_w: Option<(Vec<u32>, u64, u64)>,
    aw_ready: bool,
    w_ready: bool,
    b_valid: bool,
    irq_ready: bool,
    /// Everything is refused from this address on.
    pub fail_from: Option<u64>,
    pub most_outstanding: usize,
    pub crossings_at_edge: u64,
    pub stalls: Stalls,
    /// The card was reset and is not idle yet.
    pub aborted: bool,
    /// The write port is kept in this state, until this many cycles have passed since power-on.
    pub hold: Option<(Hold, u64)>,
}

impl Host {
    pub fn new(rtl: &Simulation, bytes: usize, memory: usize, manners: Manners) -> Self {
        let port = |name: &str| rtl.port(name);
        Self {
            ports: Ports {
                awaddr: port("m_axi_awaddr"),
                awlen: port("m_axi_awlen"),
                awsize: port("m_axi_awsize"),
                awburst: port("m_axi_awburst"),
                awcache: port("m_axi_awcache"),
                awvalid: port("m_axi_awvalid"),
                awready: port("m_axi_awready"),
                wdata: port("m_axi_wdata"),
                wstrb: port("m_axi_wstrb"),
                wlast: port("m_axi_wlast"),
                wvalid: port("m_axi_wvalid"),
                wready: port("m_axi_wready"),
                bresp: port("m_axi_bresp"),
                bvalid: port("m_axi_bvalid"),
                bready: port("m_axi_bready"),
                irq_valid: port("irq_valid"),
                irq_vector: port("irq_vector"),
                irq_ready: port("irq_ready"),
            },
            bytes,
            manners,
            memory: vec![0; memory],
            interrupts: [0; 4],
            log: Vec::new(),
            keep_log: false,
            addressed: VecDeque::new(),
            answers: VecDeque::new(),
            now: 0,
            waiting_aw: None,
            waiting_w: None,
            aw_ready: false,
            w_ready: false,
            b_valid: false,
            irq_ready: false,
            fail_from: None,
            most_outstanding: 0,
            crossings_at_edge: 0,
            stalls: Stalls::default(),
            aborted: false,
            hold: None,
        }
    }

    /// Before the rising edge: says what is ready.
    pub fn drive(&mut self, rtl: &mut Simulation, random: &mut Random) {
        let mut ready = |pause: u64| pause == 0 || !random.one_in(pause);
        self.aw_ready = ready(self.manners.aw_pause) && self.addressed.len() < 32;
        // A slave may wait for the address; the master may not wait for it to be taken.
        self.w_ready = ready(self.manners.w_pause) && !self.addressed.is_empty();
        self.irq_ready = ready(self.manners.irq_pause);
        let hold = self.hold.filter(|(_, until)| self.now < *until);
        let hold = hold.map(|(hold, _)| hold);
        self.aw_ready &= hold != Some(Hold::Address);
        if let (Some(hold), Some(burst)) = (hold, self.addressed.front()) {
            let beat = (burst.data.len() / self.bytes) as u64;
            self.w_ready &= !hold.keeps(beat, burst.beats);
        }
        let answer = self
            .answers
            .front()
            .filter(|answer| answer.due <= self.now && hold != Some(Hold::Answer));
        self.b_valid = answer.is_some();
        let response = match answer {
            Some(answer) if !answer.okay => 2 + (self.now & 1),
            _ => 0,
        };
        rtl.set(self.ports.awready, u64::from(self.aw_ready));
        rtl.set(self.ports.wready, u64::from(self.w_ready));
        rtl.set(self.ports.bvalid, u64::from(self.b_valid));
        rtl.set(self.ports.bresp, response);
        rtl.set(self.ports.irq_ready, u64::from(self.irq_ready));
    }

    /// Still before the rising edge, the outputs settled: takes what is transferred in this cycle.
    pub fn take(&mut self, rtl: &Simulation, random: &mut Random) {
        self.count_stalls(rtl);
        self.take_address(rtl);
        self.take_data(rtl, random);
        if self.b_valid
            && rtl.is(self.ports.bready)
            && let Some(burst) = self.answers.pop_front().and_then(|answer| answer.shown)
        {
            let memory = &mut self.memory[burst.address as usize..];
            let bytes = memory.iter_mut().zip(&burst.data).zip(&burst.enabled);
            for ((byte, written), _) in bytes.filter(|(_, enabled)| **enabled) {
                *byte = *written;
            }
        }
        if self.irq_ready && rtl.is(self.ports.irq_valid) {
            self.interrupts[rtl.get(self.ports.irq_vector) as usize] += 1;
        }
        self.now += 1;
    }

    fn count_stalls(&mut self, rtl: &Simulation) {
        let address = rtl.is(self.ports.awvalid) && !self.aw_ready;
        let data = (rtl.is(self.ports.wvalid) && !self.w_ready).then(|| Data {
            first: self
                .addressed
                .front()
                .is_none_or(|burst| burst.data.is_empty()),
            last: rtl.is(self.ports.wlast),
            strobed: rtl.get(self.ports.wstrb) != 0,
        });
        let unanswered = self.addressed.len() + self.answers.len();
        let answer = !self.answers.is_empty() && !self.b_valid;
        let interrupt = rtl.is(self.ports.irq_valid) && !self.irq_ready;
        self.stalls
            .count(self.aborted, address, data, unanswered, answer, interrupt);
    }

    fn take_address(&mut self, rtl: &Simulation) {
        if !rtl.is(self.ports.awvalid) {
            assert_eq!(self.waiting_aw, None, "AWVALID fell before AWREADY");
            return;
        }
        let (address, beats) = (rtl.get(self.ports.awaddr), rtl.get(self.ports.awlen) + 1);
        if let Some(waiting) = self.waiting_aw {
            assert_eq!(waiting, (address, beats), "AW changed while it waited");
        }
        self.waiting_aw = (!self.aw_ready).then_some((address, beats));
        if !self.aw_ready {
            return;
        }
        let width = self.bytes as u64;
        let bytes = beats * width;
        assert_eq!(1 << rtl.get(self.ports.awsize), width, "AWSIZE");
        assert_eq!(rtl.get(self.ports.awburst), 1, "AWBURST is INCR");
        assert_eq!(rtl.get(self.ports.awcache) & 1, 0, "AWCACHE[0]");
        assert!(address.is_multiple_of(width), "{address:#x} is not aligned");
        assert!(bytes <= 256, "a burst of {bytes} bytes");
        assert_eq!(
            address / 4096,
            (address + bytes - 1) / 4096,
            "{address:#x} crosses 4 KiB"
        );
        self.crossings_at_edge += u64::from((address + bytes).is_multiple_of(4096));
        self.addressed.push_back(Burst {
            address,
            beats,
            data: Vec::new(),
            enabled: Vec::new(),
            strobed: true,
        });
        self.most_outstanding = self
            .most_outstanding
            .max(self.addressed.len() + self.answers.len());
    }

    fn take_data(&mut self, rtl: &Simulation, random: &mut Random) {
        if !rtl.is(self.ports.wvalid) {
            assert_eq!(self.waiting_w, None, "WVALID fell before WREADY");
            return;
        }
        let data = rtl.get_wide(self.ports.wdata);
        let (strobe, last) = (rtl.get(self.ports.wstrb), rtl.get(self.ports.wlast));
        // Words of eight bytes are written whole, or not at all.
        let enabled: Vec<bool> = (0..self.bytes)
            .map(|byte| strobe >> byte & 1 == 1)
            .collect();
        let whole = |word: &[bool]| word.iter().all(|byte| *byte == word[0]);
        assert!(enabled.chunks(8).all(whole), "WSTRB {strobe:#x}");
        if let Some(waiting) = &self.waiting_w {
            assert_eq!(
                waiting,
                &(data.clone(), strobe, last),
                "W changed while it waited"
            );
        }
        if !self.w_ready {
            self.waiting_w = Some((data, strobe, last));
            return;
        }
        self.waiting_w = None;
        let Some(burst) = self.addressed.front_mut() else {
            panic!("data before its address: this host accepts none");
        };
        burst.strobed &= strobe != 0;
        burst.enabled.extend(enabled);
        burst
            .data
            .extend(data.iter().flat_map(|word| word.to_le_bytes()));
        let done = burst.data.len() as u64 == burst.beats * self.bytes as u64;
        assert_eq!(last == 1, done, "WLAST");
        if !done {
            return;
        }
        let Some(burst) = self.addressed.pop_front() else {
            return;
        };
        let refused = self.fail_from.is_some_and(|from| burst.address >= from)
            || self.manners.error != 0 && random.one_in(self.manners.error);
        let end = burst.address as usize + burst.data.len();
        assert!(
            end <= self.memory.len(),
            "{:#x} is outside of the host's memory",
            burst.address
        );
        let shown = burst.strobed && !refused;
        if shown {
            let runs = burst.enabled.chunk_by(|a, b| a == b).filter(|run| run[0]);
            assert_eq!(runs.count(), 1, "a burst with a hole");
        }
        if self.keep_log {
            self.log.push(Written {
                address: burst.address,
                bytes: burst.data.len(),
                strobed: burst.strobed,
                okay: !refused,
            });
        }
        // Answers keep the order of the bursts: there is one ID.
        let after = self.answers.back().map_or(0, |answer| answer.due);
        let delay = 1 + random.below(self.manners.b_delay.max(1));
        self.answers.push_back(Answer {
            due: (self.now + delay).max(after),
            okay: !refused,
            shown: shown.then_some(burst),
        });
    }

    /// Cycles since power-on.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Whether every burst that was begun has ended and was answered.
    pub fn quiet(&self) -> bool {
        self.addressed.is_empty() && self.answers.is_empty()
    }
}
