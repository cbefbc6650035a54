//! An AXI4-Lite master that makes one access at a time, a cycle a call.

use crate::stalls::Waits;
use photonbox_cosim::{PortId, Random, Simulation};

struct Ports {
    awaddr: PortId,
    awvalid: PortId,
    awready: PortId,
    wdata: PortId,
    wstrb: PortId,
    wvalid: PortId,
    wready: PortId,
    bresp: PortId,
    bvalid: PortId,
    bready: PortId,
    araddr: PortId,
    arvalid: PortId,
    arready: PortId,
    rdata: PortId,
    rresp: PortId,
    rvalid: PortId,
    rready: PortId,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Idle,
    /// Which of address and data were taken.
    Write {
        address: bool,
        data: bool,
    },
    Answer,
    Read,
    Data,
}

/// The master.
pub struct Lite {
    ports: Ports,
    state: State,
    /// Cycles that the present access has taken.
    waited: u64,
    valid: (bool, bool),
    pub waits: Waits,
}

/// Longest access: a card that resets and tests itself holds accesses for that long.
const PATIENCE: u64 = 1_000_000;

impl Lite {
    pub fn new(rtl: &Simulation) -> Self {
        let port = |name: &str| rtl.port(&format!("s_axil_{name}"));
        Self {
            ports: Ports {
                awaddr: port("awaddr"),
                awvalid: port("awvalid"),
                awready: port("awready"),
                wdata: port("wdata"),
                wstrb: port("wstrb"),
                wvalid: port("wvalid"),
                wready: port("wready"),
                bresp: port("bresp"),
                bvalid: port("bvalid"),
                bready: port("bready"),
                araddr: port("araddr"),
                arvalid: port("arvalid"),
                arready: port("arready"),
                rdata: port("rdata"),
                rresp: port("rresp"),
                rvalid: port("rvalid"),
                rready: port("rready"),
            },
            state: State::Idle,
            waited: 0,
            valid: (false, false),
            waits: Waits::default(),
        }
    }

    /// Begins a write.
    pub fn begin_write(&mut self, rtl: &mut Simulation, offset: u32, value: u32, strobe: u8) {
        assert_eq!(self.state, State::Idle);
        rtl.set(self.ports.awaddr, u64::from(offset));
        rtl.set(self.ports.wdata, u64::from(value));
        rtl.set(self.ports.wstrb, u64::from(strobe));
        self.valid = (false, false);
        self.state = State::Write {
            address: false,
            data: false,
        };
        self.waited = 0;
    }

    /// Begins a read.
    pub fn begin_read(&mut self, rtl: &mut Simulation, offset: u32) {
        assert_eq!(self.state, State::Idle);
        rtl.set(self.ports.araddr, u64::from(offset));
        self.state = State::Read;
        self.valid = (false, false);
        self.waited = 0;
    }

    /// Before the rising edge. `gaps`: one in this many cycles is idle; 0: none is.
    pub fn drive(&mut self, rtl: &mut Simulation, random: &mut Random, gaps: u64) {
        let mut go = || gaps == 0 || !random.one_in(gaps);
        let (mut aw, mut w, mut b, mut ar, mut r) = (false, false, false, false, false);
        match self.state {
            State::Idle => {}
            State::Write { address, data } => {
                aw = !address && (self.valid.0 || go());
                w = !data && (self.valid.1 || go());
            }
            State::Answer => b = go(),
            State::Read => ar = self.valid.0 || go(),
            State::Data => r = go(),
        }
        // What is presented stays so until it is taken.
        self.valid = (aw || ar, w);
        rtl.set(self.ports.awvalid, u64::from(aw));
        rtl.set(self.ports.wvalid, u64::from(w));
        rtl.set(self.ports.bready, u64::from(b));
        rtl.set(self.ports.arvalid, u64::from(ar));
        rtl.set(self.ports.rready, u64::from(r));
    }

    /// Still before the rising edge: what is transferred. Some when the access is over: the data of a read, 0 of a
    /// write.
    pub fn take(&mut self, rtl: &Simulation) -> Option<u32> {
        if self.state == State::Idle {
            return None;
        }
        self.waited += 1;
        assert!(
            self.waited < PATIENCE,
            "an access hangs in {:?}",
            self.state
        );
        self.count_waits(rtl);
        match self.state {
            State::Idle => None,
            State::Write { address, data } => {
                let took = |was: bool, valid: bool, ready: PortId| was || valid && rtl.is(ready);
                let address = took(address, self.valid.0, self.ports.awready);
                let data = took(data, self.valid.1, self.ports.wready);
                self.valid.0 &= !address;
                self.valid.1 &= !data;
                self.state = if address && data {
                    State::Answer
                } else {
                    State::Write { address, data }
                };
                None
            }
            State::Answer => self.answered(
                rtl,
                self.ports.bvalid,
                self.ports.bready,
                self.ports.bresp,
                None,
            ),
            State::Read => {
                if self.valid.0 && rtl.is(self.ports.arready) {
                    self.valid.0 = false;
                    self.state = State::Data;
                }
                None
            }
            State::Data => {
                let data = self.ports.rdata;
                self.answered(
                    rtl,
                    self.ports.rvalid,
                    self.ports.rready,
                    self.ports.rresp,
                    Some(data),
                )
            }
        }
    }

    fn count_waits(&mut self, rtl: &Simulation) {
        let waits = |valid: PortId, ready: PortId| rtl.is(valid) && !rtl.is(ready);
        let (bin, is) = match self.state {
            State::Idle | State::Read => return,
            State::Write { address, data } if address != data => {
                if address {
                    (&mut self.waits.address_alone, !self.valid.1)
                } else {
                    (&mut self.waits.data_alone, !self.valid.0)
                }
            }
            State::Write { .. } => return,
            State::Answer => (
                &mut self.waits.write_answer,
                waits(self.ports.bvalid, self.ports.bready),
            ),
            State::Data => (
                &mut self.waits.read_answer,
                waits(self.ports.rvalid, self.ports.rready),
            ),
        };
        *bin += u64::from(is);
    }

    fn answered(
        &mut self,
        rtl: &Simulation,
        valid: PortId,
        ready: PortId,
        response: PortId,
        data: Option<PortId>,
    ) -> Option<u32> {
        if !(rtl.is(valid) && rtl.is(ready)) {
            return None;
        }
        assert_eq!(rtl.get(response), 0, "the card always answers OKAY");
        self.state = State::Idle;
        Some(data.map_or(0, |port| rtl.get(port) as u32))
    }
}
