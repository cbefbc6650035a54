//! `axi_lite`: every access arrives once and is answered once, whatever the order and the pace of the channels.

use crate::csr::same;
use photonbox_cores::axi_lite::AxiLite;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use rust_hdl::prelude::{Block as _, generate_verilog};
use std::collections::VecDeque;

/// One sending side of an AXI channel: VALID and payload stay until READY.
struct Sender {
    valid: PortId,
    ready: PortId,
    payload: Vec<PortId>,
    now: Option<Vec<u64>>,
}

impl Sender {
    fn drive(&mut self, rtl: &mut Simulation, next: impl FnOnce() -> Option<Vec<u64>>) {
        if self.now.is_none() {
            self.now = next();
        }
        rtl.set(self.valid, u64::from(self.now.is_some()));
        for (port, value) in self.payload.iter().zip(self.now.iter().flatten()) {
            rtl.set(*port, *value);
        }
    }

    fn taken(&mut self, rtl: &Simulation) -> Option<Vec<u64>> {
        rtl.is(self.ready).then(|| self.now.take()).flatten()
    }
}

pub(crate) struct AxiLiteBench {
    aw: Sender,
    w: Sender,
    ar: Sender,
    bvalid: PortId,
    bready: PortId,
    bresp: PortId,
    rvalid: PortId,
    rready: PortId,
    rdata: PortId,
    rresp: PortId,
    req: [PortId; 5],
    req_ready: PortId,
    rsp_data: PortId,
    hold: PortId,
    reset: PortId,
    /// Addresses and data taken whose access has not begun.
    addresses: VecDeque<u64>,
    data: VecDeque<(u64, u64)>,
    reads: VecDeque<u64>,
    /// The access in progress, as the request port showed it first.
    access: Option<[u64; 4]>,
    /// Cycles in which an access could have begun.
    idle_for: u32,
    last_write: Option<bool>,
    both: bool,
    held: bool,
    b_owed: u32,
    r_owed: VecDeque<u64>,
    b_shown: bool,
    r_shown: bool,
}

impl Bench for AxiLiteBench {
    const NAME: &'static str = "axi_lite";
    const CYCLES: u64 = 40_000;
    const BINS: &'static [&'static str] = &[
        "read",
        "write",
        "data_first",
        "address_first",
        "b_waits",
        "r_waits",
        "turn",
        "hold",
        "partial",
    ];

    fn design() -> Result<Design> {
        let mut block = AxiLite::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        let sender = |channel: &str, payload: &[&str]| Sender {
            valid: rtl.port(&format!("s_axil_{channel}valid")),
            ready: rtl.port(&format!("s_axil_{channel}ready")),
            payload: payload
                .iter()
                .map(|name| rtl.port(&format!("s_axil_{name}")))
                .collect(),
            now: None,
        };
        Self {
            aw: sender("aw", &["awaddr"]),
            w: sender("w", &["wdata", "wstrb"]),
            ar: sender("ar", &["araddr"]),
            bvalid: rtl.port("s_axil_bvalid"),
            bready: rtl.port("s_axil_bready"),
            bresp: rtl.port("s_axil_bresp"),
            rvalid: rtl.port("s_axil_rvalid"),
            rready: rtl.port("s_axil_rready"),
            rdata: rtl.port("s_axil_rdata"),
            rresp: rtl.port("s_axil_rresp"),
            req: ["req_valid", "req_write", "req_addr", "req_data", "req_strb"]
                .map(|name| rtl.port(name)),
            req_ready: rtl.port("req_ready"),
            rsp_data: rtl.port("rsp_data"),
            hold: rtl.port("hold"),
            reset: rtl.port("reset"),
            addresses: VecDeque::new(),
            data: VecDeque::new(),
            reads: VecDeque::new(),
            access: None,
            idle_for: 0,
            last_write: None,
            both: false,
            held: false,
            b_owed: 0,
            r_owed: VecDeque::new(),
            b_shown: false,
            r_shown: false,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let reset = rtl.cycles() == 0;
        rtl.set(self.reset, u64::from(reset));
        self.aw.drive(rtl, || {
            (!reset && random.one_in(6)).then(|| vec![random.below(1 << 16)])
        });
        let strb = if random.one_in(4) {
            random.below(16)
        } else {
            15
        };
        self.w.drive(rtl, || {
            (!reset && random.one_in(6)).then(|| vec![random.below(1 << 32), strb])
        });
        self.ar.drive(rtl, || {
            (!reset && random.one_in(6)).then(|| vec![random.below(1 << 16)])
        });
        let bready = random.one_in(3);
        let rready = random.one_in(3);
        rtl.set(self.bready, u64::from(bready));
        rtl.set(self.rready, u64::from(rready));
        let done = self.access.is_some() && random.one_in(5);
        let answer = random.below(1 << 32);
        rtl.set(self.req_ready, u64::from(done));
        rtl.set(self.rsp_data, answer);
        // In spells, so that both kinds of access wait at its end.
        self.held = if self.held {
            !random.one_in(20)
        } else {
            random.one_in(50)
        };
        rtl.set(self.hold, u64::from(self.held));
        rtl.settle();

        // The request port.
        let shown = rtl.is(self.req[0]);
        match (&self.access, shown) {
            (None, true) => {
                let fields: Vec<u64> = self.req[1..].iter().map(|port| rtl.get(*port)).collect();
                let write = fields[0] == 1;
                if self.both {
                    same(
                        "read and write take turns",
                        u64::from(write),
                        u64::from(self.last_write != Some(true)),
                    )?;
                    hit("turn");
                }
                let mut access = [fields[0], fields[1], 0, 0];
                if write {
                    let address = self
                        .addresses
                        .pop_front()
                        .ok_or("a write that nobody asked for")?;
                    let (data, strb) = self.data.pop_front().ok_or("a write without data")?;
                    same("req_addr", fields[1], address)?;
                    same("req_data", fields[2], data)?;
                    same("req_strb", fields[3], strb)?;
                    access = [1, address, data, strb];
                    hit(if strb == 15 { "write" } else { "partial" });
                } else {
                    let address = self
                        .reads
                        .pop_front()
                        .ok_or("a read that nobody asked for")?;
                    same("req_addr", fields[1], address)?;
                    hit("read");
                }
                self.last_write = Some(write);
                self.access = Some(access);
            }
            (Some(access), true) => {
                same("req_write stable", rtl.get(self.req[1]), access[0])?;
                same("req_addr stable", rtl.get(self.req[2]), access[1])?;
                if access[0] == 1 {
                    same("req_data stable", rtl.get(self.req[3]), access[2])?;
                    same("req_strb stable", rtl.get(self.req[4]), access[3])?;
                }
            }
            (Some(_), false) => {
                return Err("req_valid: RTL 0, model 1: an access was dropped".into());
            }
            (None, false) => {}
        }
        // The responses.
        for (valid, owed, shown, name) in [
            (
                rtl.is(self.bvalid),
                self.b_owed > 0,
                &mut self.b_shown,
                "bvalid",
            ),
            (
                rtl.is(self.rvalid),
                !self.r_owed.is_empty(),
                &mut self.r_shown,
                "rvalid",
            ),
        ] {
            same(name, u64::from(valid), u64::from(owed))?;
            *shown = valid;
        }
        same("bresp", rtl.get(self.bresp), 0)?;
        same("rresp", rtl.get(self.rresp), 0)?;
        same(
            "rdata",
            rtl.get(self.rdata),
            self.r_owed.front().copied().unwrap_or(0),
        )?;
        if self.b_shown && !bready {
            hit("b_waits");
        }
        if self.r_shown && !rready {
            hit("r_waits");
        }

        // What an access could begin with at the end of this cycle.
        let may_write = !self.addresses.is_empty() && !self.data.is_empty() && self.b_owed == 0;
        let may_read = !self.reads.is_empty() && self.r_owed.is_empty();
        let free = self.access.is_none() && !self.held && !reset;
        self.both = free && may_write && may_read;
        self.idle_for = if free && (may_write || may_read) {
            self.idle_for + 1
        } else {
            0
        };
        if self.idle_for > 1 {
            return Err("req_valid: RTL 0, model 1: an access does not begin".into());
        }
        if self.held && (may_write || may_read) && self.access.is_none() {
            hit("hold");
        }

        if !self.addresses.is_empty() && self.data.is_empty() {
            hit("address_first");
        }
        if self.addresses.is_empty() && !self.data.is_empty() {
            hit("data_first");
        }
        let aw = self.aw.taken(rtl);
        let w = self.w.taken(rtl);
        let ar = self.ar.taken(rtl);
        rtl.clock();
        self.addresses.extend(aw.map(|fields| fields[0]));
        self.data.extend(w.map(|fields| (fields[0], fields[1])));
        self.reads.extend(ar.map(|fields| fields[0]));
        if self.b_shown && bready {
            self.b_owed -= 1;
        }
        if self.r_shown && rready {
            self.r_owed.pop_front();
        }
        if done && let Some(access) = self.access.take() {
            match access[0] {
                1 => self.b_owed += 1,
                _ => self.r_owed.push_back(answer),
            }
        }
        Ok(())
    }
}
