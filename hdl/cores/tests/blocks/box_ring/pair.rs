//! The box ring behind the write master's wide port, at the AXI bus: the card's part that makes key boxes.

use super::board::Board;
use super::host::Burst;
use photonbox_cores::axi_write::AxiWriteWide;
use photonbox_cores::box_ring::BoxRing;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use rust_hdl::prelude::*;
use std::collections::{HashMap, VecDeque};

/// Cycles without a response after which the bus counts as failed, here.
const TIMEOUT: u32 = 600;

/// The box ring at port 2, a producer of the bench at port 0.
#[derive(LogicBlock, Default)]
pub(super) struct Pair {
    pub clock: Signal<In, Clock>,
    pub reset: Signal<In, Bit>,
    pub index: Signal<In, Bits<6>>,
    pub csr_write: Signal<In, Bit>,
    pub csr_block: Signal<In, Bits<3>>,
    pub csr_instance: Signal<In, Bits<6>>,
    pub csr_register: Signal<In, Bits<7>>,
    pub csr_data: Signal<In, Bits<32>>,
    pub running: Signal<In, Bit>,
    pub generation: Signal<In, Bits<32>>,
    pub irq_enable: Signal<In, Bit>,
    pub coalesce_slots: Signal<In, Bits<16>>,
    pub coalesce_cycles: Signal<In, Bits<32>>,
    pub next_context: Signal<In, Bits<6>>,
    pub key_valid: Signal<In, Bit>,
    pub key_context: Signal<In, Bits<6>>,
    pub key: Signal<In, Bits<256>>,
    pub key_first: Signal<In, Bit>,
    pub key_last: Signal<In, Bit>,
    pub key_tag: Signal<In, Bits<32>>,
    pub key_box: Signal<In, Bits<32>>,
    pub cut_valid: Signal<In, Bit>,
    pub cut_context: Signal<In, Bits<6>>,
    pub csr_read: Signal<Out, Bits<32>>,
    pub csr_refused: Signal<Out, Bit>,
    pub key_taken: Signal<Out, Bit>,
    pub usable: Signal<Out, Bit>,
    pub in_error: Signal<Out, Bit>,
    pub idle: Signal<Out, Bit>,
    pub irq: Signal<Out, Bit>,
    pub stall_event: Signal<Out, Bit>,
    pub error_event: Signal<Out, Bit>,
    pub m_axi_awready: Signal<In, Bit>,
    pub m_axi_wready: Signal<In, Bit>,
    pub m_axi_bresp: Signal<In, Bits<2>>,
    pub m_axi_bvalid: Signal<In, Bit>,
    pub abort_writes: Signal<In, Bit>,
    pub other_valid: Signal<In, Bit>,
    pub other_address: Signal<In, Bits<64>>,
    pub other_words: Signal<In, Bits<6>>,
    pub other_data: Signal<In, Bits<64>>,
    pub m_axi_awaddr: Signal<Out, Bits<64>>,
    pub m_axi_awlen: Signal<Out, Bits<8>>,
    pub m_axi_awvalid: Signal<Out, Bit>,
    pub m_axi_wdata: Signal<Out, Bits<256>>,
    pub m_axi_wstrb: Signal<Out, Bits<32>>,
    pub m_axi_wlast: Signal<Out, Bit>,
    pub m_axi_wvalid: Signal<Out, Bit>,
    pub quiet: Signal<Out, Bit>,
    pub timed_out: Signal<Out, Bit>,
    pub other_ready: Signal<Out, Bit>,
    pub other_take: Signal<Out, Bit>,
    pub granted: Signal<Out, Bit>,
    pub granted_address: Signal<Out, Bits<64>>,
    pub granted_words: Signal<Out, Bits<6>>,
    pub b_valid: Signal<Out, Bit>,
    pub b_error: Signal<Out, Bit>,
    pub other_answered: Signal<Out, Bit>,
    ring: BoxRing,
    axi: AxiWriteWide,
}

impl Logic for Pair {
    #[hdl_gen]
    fn update(&mut self) {
        clock!(self, clock, ring, axi);
        self.ring.reset.next = self.reset.val();
        self.ring.index.next = self.index.val();
        self.ring.csr_write.next = self.csr_write.val();
        self.ring.csr_block.next = self.csr_block.val();
        self.ring.csr_instance.next = self.csr_instance.val();
        self.ring.csr_register.next = self.csr_register.val();
        self.ring.csr_data.next = self.csr_data.val();
        self.ring.running.next = self.running.val();
        self.ring.generation.next = self.generation.val();
        self.ring.irq_enable.next = self.irq_enable.val();
        self.ring.coalesce_slots.next = self.coalesce_slots.val();
        self.ring.coalesce_cycles.next = self.coalesce_cycles.val();
        self.ring.next_context.next = self.next_context.val();
        self.ring.key_valid.next = self.key_valid.val();
        self.ring.key_context.next = self.key_context.val();
        self.ring.key.next = self.key.val();
        self.ring.key_first.next = self.key_first.val();
        self.ring.key_last.next = self.key_last.val();
        self.ring.key_tag.next = self.key_tag.val();
        self.ring.key_box.next = self.key_box.val();
        self.ring.cut_valid.next = self.cut_valid.val();
        self.ring.cut_context.next = self.cut_context.val();
        self.csr_read.next = self.ring.csr_read.val();
        self.csr_refused.next = self.ring.csr_refused.val();
        self.key_taken.next = self.ring.key_taken.val();
        self.usable.next = self.ring.usable.val();
        self.in_error.next = self.ring.in_error.val();
        self.idle.next = self.ring.idle.val();
        self.irq.next = self.ring.irq.val();
        self.stall_event.next = self.ring.stall_event.val();
        self.error_event.next = self.ring.error_event.val();
        self.axi.m_axi_awready.next = self.m_axi_awready.val();
        self.axi.m_axi_wready.next = self.m_axi_wready.val();
        self.axi.m_axi_bresp.next = self.m_axi_bresp.val();
        self.axi.m_axi_bvalid.next = self.m_axi_bvalid.val();
        self.m_axi_awaddr.next = self.axi.m_axi_awaddr.val();
        self.m_axi_awlen.next = self.axi.m_axi_awlen.val();
        self.m_axi_awvalid.next = self.axi.m_axi_awvalid.val();
        self.m_axi_wdata.next = self.axi.m_axi_wdata.val();
        self.m_axi_wstrb.next = self.axi.m_axi_wstrb.val();
        self.m_axi_wlast.next = self.axi.m_axi_wlast.val();
        self.m_axi_wvalid.next = self.axi.m_axi_wvalid.val();
        self.axi.m_axi_bid.next = 0.into();
        self.axi.reset.next = false;
        self.axi.abort_writes.next = self.abort_writes.val();
        self.quiet.next = self.axi.quiet.val();
        self.timed_out.next = self.axi.timed_out.val();
        self.axi.request_valid.next = bit_cast::<3, 1>(self.other_valid.val().into())
            | (bit_cast::<3, 1>(self.ring.request_valid.val().into()) << 2);
        self.axi.request_address0.next = self.other_address.val();
        self.axi.request_words0.next = self.other_words.val();
        self.axi.request_tag0.next = 0.into();
        self.axi.data0.next = self.other_data.val();
        self.axi.request_address1.next = 0.into();
        self.axi.request_words1.next = 1.into();
        self.axi.request_tag1.next = 0.into();
        self.axi.data1.next = 0.into();
        self.axi.request_address2.next = self.ring.request_address.val();
        self.axi.request_words2.next = self.ring.request_words.val();
        self.axi.request_tag2.next = 0.into();
        self.axi.data2.next = self.ring.data.val();
        self.ring.request_ready.next = self.axi.request_ready.val().get_bit(2);
        self.ring.take.next = self.axi.take.val().get_bit(2);
        self.ring.b_valid.next = self.axi.b_valid.val().get_bit(2);
        self.ring.b_error.next = self.axi.b_error.val();
        self.ring.bus_failed.next = self.axi.timed_out.val();
        self.other_ready.next = self.axi.request_ready.val().get_bit(0);
        self.other_take.next = self.axi.take.val().get_bit(0);
        self.other_answered.next = self.axi.b_valid.val().get_bit(0);
        self.granted.next = self.axi.request_ready.val().get_bit(2);
        self.granted_address.next = self.ring.request_address.val();
        self.granted_words.next = self.ring.request_words.val();
        self.b_valid.next = self.axi.b_valid.val().get_bit(2);
        self.b_error.next = self.axi.b_error.val();
    }
}

const PORTS: [&str; 26] = [
    "abort_writes",
    "other_valid",
    "other_address",
    "other_words",
    "other_data",
    "other_ready",
    "other_take",
    "quiet",
    "timed_out",
    "granted",
    "granted_address",
    "granted_words",
    "b_valid",
    "b_error",
    "key_taken",
    "m_axi_awready",
    "m_axi_wready",
    "m_axi_bresp",
    "m_axi_bvalid",
    "m_axi_awaddr",
    "m_axi_awlen",
    "m_axi_awvalid",
    "m_axi_wdata",
    "m_axi_wstrb",
    "m_axi_wlast",
    "m_axi_wvalid",
];

/// A burst on the AXI bus.
#[derive(Debug)]
struct Wire {
    /// From the box ring, and from its present life.
    ours: bool,
    address: u64,
    bytes: usize,
    data: Vec<u8>,
    due: u64,
}

/// What of the AXI bus the bench knows.
pub(super) struct Bus {
    ports: HashMap<&'static str, PortId>,
    /// Bursts that were taken and whose address has not shown.
    addresses: VecDeque<(u64, usize)>,
    /// Bursts whose data is not complete.
    writing: VecDeque<Wire>,
    /// Bursts with all their data.
    written: VecDeque<Wire>,
    address_count: usize,
    /// What the ring's bursts wrote that were answered, until it hears of it.
    heard: VecDeque<Vec<u8>>,
    other: Option<(u64, usize)>,
    /// Cycles from a burst's end to its response, at most.
    pub(super) latency: u64,
    /// Always so many.
    pub(super) steady: bool,
    pub(super) other_rate: u64,
    pub(super) beats: u64,
    now: u64,
}

/// How willing the host is, in one cycle.
pub(super) struct Willing {
    pub(super) address: bool,
    pub(super) data: bool,
    pub(super) answer: bool,
    pub(super) error: bool,
    pub(super) abort: bool,
}

/// What the ring heard in a cycle.
#[derive(Default)]
pub(super) struct Heard {
    pub(super) granted: Option<Burst>,
    pub(super) answered: Option<(Vec<u8>, bool)>,
    pub(super) timed_out: bool,
    pub(super) taken: bool,
    pub(super) refused: bool,
}

impl Bus {
    pub(super) fn new(rtl: &Simulation) -> Self {
        Self {
            ports: PORTS.iter().map(|name| (*name, rtl.port(name))).collect(),
            addresses: VecDeque::new(),
            writing: VecDeque::new(),
            written: VecDeque::new(),
            address_count: 0,
            heard: VecDeque::new(),
            other: None,
            latency: 1,
            steady: false,
            other_rate: 0,
            beats: 0,
            now: 0,
        }
    }

    fn p(&self, name: &str) -> PortId {
        self.ports[name]
    }

    /// One cycle of the bus; the clock's edge is the caller's, and so is what it sees before it.
    pub(super) fn cycle(
        &mut self,
        rtl: &mut Simulation,
        willing: &Willing,
        random: &mut Random,
        before_edge: &mut dyn FnMut(&Simulation) -> std::result::Result<(), String>,
    ) -> std::result::Result<Heard, String> {
        self.now += 1;
        if self.other.is_none() && self.other_rate != 0 && random.one_in(self.other_rate) {
            let first = random.below(32);
            let address = 0x5555_0000_0000_0000 | random.below(1 << 20) << 8 | first << 3;
            self.other = Some((address, 1 + random.below(32 - first) as usize));
        }
        let (address, words) = self.other.unwrap_or((0, 1));
        rtl.set(self.p("other_valid"), u64::from(self.other.is_some()));
        rtl.set(self.p("other_address"), address);
        rtl.set(self.p("other_words"), words as u64);
        rtl.set(self.p("other_data"), random.bits());
        rtl.set(self.p("abort_writes"), u64::from(willing.abort));
        rtl.set(self.p("m_axi_awready"), u64::from(willing.address));
        rtl.set(self.p("m_axi_wready"), u64::from(willing.data));
        let answers = willing.answer
            && self.address_count > 0
            && self
                .written
                .front()
                .is_some_and(|wire| wire.due <= self.now);
        rtl.set(self.p("m_axi_bvalid"), u64::from(answers));
        rtl.set(
            self.p("m_axi_bresp"),
            2 * u64::from(answers && willing.error),
        );
        rtl.settle();
        before_edge(rtl)?;

        let mut heard = Heard {
            timed_out: rtl.is(self.p("timed_out")),
            taken: rtl.is(self.p("key_taken")),
            ..Heard::default()
        };
        if rtl.is(self.p("m_axi_awvalid")) && willing.address {
            let (address, len) = (
                rtl.get(self.p("m_axi_awaddr")),
                rtl.get(self.p("m_axi_awlen")),
            );
            let want = self.addresses.pop_front();
            let beats =
                |(from, bytes): (u64, usize)| ((from % 32 + bytes as u64).div_ceil(32), from);
            if want.map(beats) != Some((len + 1, want.map_or(0, |(from, _)| from)))
                || want.is_some_and(|(from, _)| from & !31 != address)
                || address % 4096 + 32 * (len + 1) > 4096
            {
                return Err(format!("address {address:x} len {len}, not {want:x?}"));
            }
            self.address_count += 1;
        }
        if rtl.is(self.p("m_axi_wvalid")) && willing.data {
            let Some(wire) = self.writing.front_mut() else {
                return Err("data without a burst".into());
            };
            let strobes = rtl.get(self.ports["m_axi_wstrb"]) as u32;
            let beat = rtl.get_wide(self.ports["m_axi_wdata"]);
            if wire.ours {
                if strobes != u32::MAX && !heard.timed_out {
                    return Err(format!("strobes {strobes:x} of a whole beat"));
                }
                self.beats += 1;
                wire.data
                    .extend(beat.iter().flat_map(|word| word.to_le_bytes()));
            } else {
                wire.data.extend([0; 32]);
            }
            let first = (wire.address % 32) as usize;
            let last = wire.data.len() >= first + wire.bytes;
            if last != rtl.is(self.ports["m_axi_wlast"]) {
                return Err(format!("last {last} of {:x}, {}", wire.address, wire.bytes));
            }
            if last && let Some(mut wire) = self.writing.pop_front() {
                let far = self.written.back().map_or(0, |before| before.due);
                let after = if self.steady {
                    self.latency
                } else if self.latency > 1 && random.one_in(3) {
                    random.below(self.latency)
                } else {
                    1
                };
                wire.due = far.max(self.now + after);
                self.written.push_back(wire);
            }
        }
        if answers && let Some(wire) = self.written.pop_front() {
            self.address_count -= 1;
            if wire.ours {
                self.heard.push_back(wire.data);
            }
        }
        // Grants come after the data of this cycle: a burst's data is never before the next.
        if rtl.is(self.p("granted")) {
            let burst = Burst {
                address: rtl.get(self.p("granted_address")),
                bytes: 8 * rtl.get(self.p("granted_words")) as usize,
                completion: false,
                data: Vec::new(),
                at: self.now,
                due: 0,
            };
            self.wire(burst.address, burst.bytes, true);
            heard.granted = Some(burst);
        } else if rtl.is(self.p("other_ready")) && self.other.take().is_some() {
            self.wire(address, 8 * words, false);
        }
        if rtl.is(self.p("b_valid")) {
            let error = rtl.is(self.p("b_error"));
            let data = self.heard.pop_front().unwrap_or_default();
            heard.answered = Some((data, error));
        }
        rtl.clock();
        Ok(heard)
    }

    fn wire(&mut self, address: u64, bytes: usize, ours: bool) {
        self.addresses.push_back((address, bytes));
        self.writing.push_back(Wire {
            ours,
            address,
            bytes,
            data: Vec::new(),
            due: 0,
        });
    }

    /// The ring was reset: what it asked for is nobody's any more.
    fn disown(&mut self) {
        self.heard.clear();
        for wire in self.writing.iter_mut().chain(&mut self.written) {
            wire.ours = false;
        }
    }
}

/// The bench of ring and write master.
pub(super) struct PairBench {
    board: Board,
    bus: Bus,
    silent_until: u64,
    /// A soft reset, until the write master is quiet.
    aborting: u64,
    lost: bool,
}

impl Bench for PairBench {
    const NAME: &'static str = "box_ring_axi";
    const CYCLES: u64 = 800_000;
    const BINS: &'static [&'static str] = super::BINS;

    fn design() -> Result<Design> {
        let mut block = Pair {
            axi: AxiWriteWide::new(TIMEOUT),
            ..Pair::default()
        };
        block.connect_all();
        Design::new(Self::NAME, generate_verilog_unchecked(&block), "top")
    }

    fn new(rtl: &Simulation, random: &mut Random) -> Self {
        Self {
            board: Board::new(rtl, random),
            bus: Bus::new(rtl),
            silent_until: 0,
            aborting: 0,
            lost: false,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        // A bus that does not answer needs a soft reset.
        if self.aborting == 0 && random.one_in(if self.lost { 3000 } else { 20_000 }) {
            self.aborting = 6;
        }
        let reset = self.aborting == 6;
        self.board.drive(rtl, reset, random);
        let now = self.board.now;
        if now > self.silent_until && random.one_in(25_000) {
            self.silent_until = now + u64::from(TIMEOUT) + 100;
        }
        let silent = now < self.silent_until;
        let (fast, slow) = (self.board.phase == 1, self.board.phase == 2);
        if random.one_in(900) {
            self.bus.latency = *random.pick(&[1, 10, 200]);
            self.bus.other_rate = *random.pick(&[0, 0, 10, 100]);
        }
        let willing = Willing {
            address: !silent && (fast || !random.one_in(3)),
            data: !silent && (fast || !random.one_in(if slow { 2 } else { 8 })),
            answer: !silent
                && !self.board.doorbell()
                && (fast || !random.one_in(if slow { 2 } else { 3 })),
            error: random.one_in(4000),
            abort: self.aborting != 0,
        };
        let (board, lost) = (&mut self.board, self.lost);
        let mut idle = false;
        let mut refused = false;
        let mut heard = self.bus.cycle(rtl, &willing, random, &mut |rtl| {
            board.observe(rtl, lost, hit)?;
            idle = rtl.is(board.port("idle"));
            refused = rtl.is(board.port("csr_refused"));
            Ok(())
        })?;
        heard.refused = refused;
        if self.aborting > 0 {
            self.aborting -= 1;
            // The ring is held until the master is quiet, as the card's sequencer does.
            if self.aborting == 0 && !rtl.is(self.bus.ports["quiet"]) {
                self.aborting = 1;
            }
        }
        if reset {
            hit(
                match (self.bus.writing.is_empty(), self.bus.written.is_empty()) {
                    (false, _) => "reset within a burst",
                    (true, false) => "reset before a response",
                    _ if idle => "reset while idle",
                    _ => "reset with boxes open",
                },
            );
            self.board.reset(rtl, random);
            self.bus.disown();
            self.lost = false;
            return Ok(());
        }
        if silent || slow || self.bus.latency > 10 {
            self.board.held_up = now;
        }
        let error_before = self.board.error_seen;
        if let Some((data, error)) = heard.answered {
            self.board.answered(&data, error, hit)?;
        }
        if heard.timed_out {
            self.board.held_up = now;
            self.lost = true;
            if self.board.model.committed() {
                hit("bus failed");
                self.board.failed();
            }
        }
        if let Some(burst) = heard.granted {
            if error_before {
                return Err("a burst is asked for after an error".into());
            }
            self.board.asked(burst, hit)?;
        }
        let at_rest = self.board.way.is_empty();
        self.board
            .settle(rtl, heard.taken, heard.refused, at_rest, random, hit)
    }
}

#[test]
fn box_ring_behind_the_write_master() {
    photonbox_cosim::check::<PairBench>().unwrap();
}
