//! `csr`: every access becomes what the map says, in its cycles. Also the bus driver of the other tests.

use photonbox_cores::csr::{Csr, READY_CYCLE, STROBE_CYCLE};
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_regmap::{BLOCKS, find, lane};
use rust_hdl::prelude::{Block as _, generate_verilog};

/// Lanes of the design under test.
const LANES: u32 = 4;

/// A write on the register bus: block, instance, offset in bytes, data.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Op {
    pub(crate) block: u32,
    pub(crate) instance: u32,
    pub(crate) offset: u32,
    pub(crate) data: u32,
    pub(crate) write: bool,
}

impl Op {
    pub(crate) fn write(block: u32, offset: u32, data: u32) -> Self {
        Self {
            block,
            instance: 0,
            offset,
            data: data & bits_of(block, offset),
            write: true,
        }
    }

    pub(crate) fn read(block: u32, offset: u32) -> Self {
        Self {
            write: false,
            ..Self::write(block, offset, 0)
        }
    }
}

fn bits_of(block: u32, offset: u32) -> u32 {
    BLOCKS[block as usize]
        .registers
        .iter()
        .find(|register| register.offset == offset)
        .map_or(u32::MAX, |register| register.bits())
}

/// Drives a consumer's side of the register bus: the address stands for four cycles, the strobe is in the third.
pub(crate) struct Bus {
    write: Option<PortId>,
    block: PortId,
    instance: Option<PortId>,
    register: PortId,
    data: Option<PortId>,
    read: PortId,
    op: Option<Op>,
    phase: u32,
}

/// What the bus does in a cycle.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct BusCycle {
    /// The strobe is high with this access.
    pub(crate) strobe: Option<Op>,
    /// The access whose address is there for the given number of cycles already.
    pub(crate) addressed: Option<(Op, u32)>,
}

impl Bus {
    pub(crate) fn new(rtl: &Simulation) -> Self {
        Self {
            write: Some(rtl.port("csr_write")),
            data: Some(rtl.port("csr_data")),
            ..Self::of(rtl)
        }
    }

    fn of(rtl: &Simulation) -> Self {
        Self {
            write: None,
            data: None,
            block: rtl.port("csr_block"),
            instance: None,
            register: rtl.port("csr_register"),
            read: rtl.port("csr_read"),
            op: None,
            phase: 0,
        }
    }

    /// As [`Self::new`], for a consumer that has instances and takes no writes.
    pub(crate) fn read_only(rtl: &Simulation) -> Self {
        Self {
            instance: Some(rtl.port("csr_instance")),
            ..Self::of(rtl)
        }
    }

    /// Drives one cycle; when the bus is free `next` may begin an access.
    pub(crate) fn drive(
        &mut self,
        rtl: &mut Simulation,
        next: impl FnOnce() -> Option<Op>,
    ) -> BusCycle {
        if self.phase == 4 {
            self.op = None;
        }
        if self.op.is_none() {
            self.op = next();
            self.phase = 0;
        }
        let Some(op) = self.op else {
            self.strobe(rtl, false);
            return BusCycle::default();
        };
        let strobe = op.write && self.phase == 2;
        self.strobe(rtl, strobe);
        rtl.set(self.block, u64::from(op.block));
        if let Some(instance) = self.instance {
            rtl.set(instance, u64::from(op.instance));
        }
        rtl.set(self.register, u64::from(op.offset / 4));
        if let Some(data) = self.data {
            rtl.set(data, u64::from(op.data));
        }
        let cycle = BusCycle {
            strobe: strobe.then_some(op),
            addressed: Some((op, self.phase)),
        };
        self.phase += 1;
        cycle
    }

    fn strobe(&self, rtl: &mut Simulation, on: bool) {
        if let Some(write) = self.write {
            rtl.set(write, u64::from(on));
        }
    }

    /// No access is under way: what an access depends on may change.
    pub(crate) fn rests(&self) -> bool {
        self.op.is_none()
    }

    /// `csr_read` as it stands.
    pub(crate) fn value(&self, rtl: &Simulation) -> u32 {
        rtl.get(self.read) as u32
    }
}

/// A cycle's comparison: what, RTL, model.
pub(crate) fn same(what: &str, rtl: u64, model: u64) -> Result<(), String> {
    if rtl == model {
        return Ok(());
    }
    Err(format!("{what}: RTL {rtl:#x}, model {model:#x}"))
}

pub(crate) struct CsrBench {
    valid: PortId,
    write: PortId,
    addr: PortId,
    data: PortId,
    strb: PortId,
    ready: PortId,
    response: PortId,
    strobe: PortId,
    lane_strobe: PortId,
    block: PortId,
    instance: PortId,
    register: PortId,
    bus_data: PortId,
    read: PortId,
    refused_in: PortId,
    unknown: PortId,
    refused: PortId,
    reset: PortId,
    access: Option<(Access, u64)>,
    /// What the consumers drive: a function of the address one cycle before.
    driven: u32,
}

#[derive(Clone, Copy, Debug)]
struct Access {
    write: bool,
    addr: u32,
    data: u32,
    strb: u32,
    refuse: bool,
}

fn content(block: u64, instance: u64, register: u64) -> u32 {
    ((block << 20 | instance << 10 | register) as u32).wrapping_mul(0x9e37_79b1) | 1
}

fn pick(random: &mut Random) -> Access {
    let addr = match random.below(8) {
        0 => random.below(0x1_0000) as u32,
        1 => (lane::base(random.below(8) as u32)) + 4 * random.below(32) as u32,
        _ => {
            let block = random.pick(&BLOCKS);
            let instance = random.below(u64::from(block.count)) as u32;
            let instance = if block.base == lane::BASE && !random.one_in(4) {
                instance % LANES
            } else {
                instance
            };
            let register = random.pick(block.registers);
            let misaligned = if random.one_in(16) {
                random.below(4) as u32
            } else {
                0
            };
            block.base + instance * block.stride + register.offset + misaligned
        }
    };
    let strb = if random.one_in(8) {
        random.below(16) as u32
    } else {
        15
    };
    Access {
        write: random.one_in(2),
        addr,
        data: random.bits() as u32,
        strb,
        refuse: random.one_in(4),
    }
}

impl Bench for CsrBench {
    const NAME: &'static str = "csr";
    const CYCLES: u64 = 20_000;
    const BINS: &'static [&'static str] = &[
        "read",
        "write",
        "read_write_only",
        "write_read_only",
        "unknown",
        "misaligned",
        "no_such_lane",
        "partial",
        "refused",
        "reset",
    ];

    fn design() -> Result<Design> {
        let mut block = Csr::new(LANES);
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        Self {
            valid: rtl.port("req_valid"),
            write: rtl.port("req_write"),
            addr: rtl.port("req_addr"),
            data: rtl.port("req_data"),
            strb: rtl.port("req_strb"),
            ready: rtl.port("req_ready"),
            response: rtl.port("rsp_data"),
            strobe: rtl.port("csr_write"),
            lane_strobe: rtl.port("lane_write"),
            block: rtl.port("csr_block"),
            instance: rtl.port("csr_instance"),
            register: rtl.port("csr_register"),
            bus_data: rtl.port("csr_data"),
            read: rtl.port("csr_read"),
            refused_in: rtl.port("csr_refused"),
            unknown: rtl.port("unknown"),
            refused: rtl.port("refused"),
            reset: rtl.port("reset"),
            access: None,
            driven: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        if self.access.is_none() && !random.one_in(4) {
            self.access = Some((pick(random), 0));
        }
        let reset = random.one_in(500);
        rtl.set(self.reset, u64::from(reset));
        rtl.set(self.valid, u64::from(self.access.is_some()));
        let (access, cycle) = self.access.unwrap_or((pick(random), u64::MAX));
        rtl.set(self.write, u64::from(access.write));
        rtl.set(self.addr, u64::from(access.addr));
        rtl.set(self.data, u64::from(access.data));
        rtl.set(self.strb, u64::from(access.strb));
        rtl.set(self.read, u64::from(self.driven));
        rtl.settle();
        let strobe = rtl.is(self.strobe);
        rtl.set(self.refused_in, u64::from(strobe && access.refuse));
        rtl.settle();

        let found = find(access.addr)
            .filter(|_| access.addr % 4 == 0)
            .filter(|found| found.block.base != lane::BASE || found.instance < LANES);
        let writable = found.is_some_and(|found| found.register.access.writable());
        let active = self.access.is_some();
        let at = |wanted: u64| active && cycle == wanted;
        let strobed = at(STROBE_CYCLE) && access.write && writable && access.strb == 15;
        same("csr_write", u64::from(strobe), u64::from(strobed))?;
        let to_lane = strobed
            && found
                .as_ref()
                .is_some_and(|found| found.block.base == lane::BASE);
        let lane_strobe = rtl.is(self.lane_strobe);
        same("lane_write", u64::from(lane_strobe), u64::from(to_lane))?;
        if active
            && cycle >= 3
            && let Some(found) = found
        {
            let block = BLOCKS
                .iter()
                .position(|block| block.base == found.block.base)
                .ok_or("no block")?;
            same("csr_block", rtl.get(self.block), block as u64)?;
            same(
                "csr_instance",
                rtl.get(self.instance),
                u64::from(found.instance),
            )?;
            let register = found.register.offset / 4;
            same("csr_register", rtl.get(self.register), u64::from(register))?;
            let data = access.data & found.register.bits();
            same("csr_data", rtl.get(self.bus_data), u64::from(data))?;
        }
        let unknown = at(STROBE_CYCLE) && found.is_none();
        same(
            "unknown",
            u64::from(rtl.is(self.unknown)),
            u64::from(unknown),
        )?;
        let partial = at(STROBE_CYCLE) && access.write && writable && access.strb != 15;
        let refused =
            at(READY_CYCLE) && access.write && writable && access.strb == 15 && access.refuse;
        same(
            "refused",
            u64::from(rtl.is(self.refused)),
            u64::from(partial || refused),
        )?;
        let ready = at(READY_CYCLE);
        same("req_ready", u64::from(rtl.is(self.ready)), u64::from(ready))?;
        if ready {
            let readable = found.is_some_and(|found| found.register.access.readable());
            let value = match readable && !access.write {
                true => self.driven,
                false => 0,
            };
            same("rsp_data", rtl.get(self.response), u64::from(value))?;
            hit(match (found, access.write) {
                (None, _) if access.addr % 4 != 0 => "misaligned",
                (None, _) if (lane::BASE..0x4000).contains(&access.addr) => "no_such_lane",
                (None, _) => "unknown",
                (_, true) if !writable => "write_read_only",
                (_, true) if access.strb != 15 => "partial",
                (_, true) if access.refuse => "refused",
                (_, true) => "write",
                (_, false) if readable => "read",
                (_, false) => "read_write_only",
            });
        }
        if active && cycle >= 3 {
            self.driven = content(
                rtl.get(self.block),
                rtl.get(self.instance),
                rtl.get(self.register),
            );
        }
        rtl.clock();
        self.access = match self.access {
            Some(_) if ready || reset => None,
            Some((access, cycle)) => Some((access, cycle + 1)),
            None => None,
        };
        if reset {
            hit("reset");
        }
        Ok(())
    }
}
