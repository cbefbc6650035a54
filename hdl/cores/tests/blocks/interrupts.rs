//! `interrupts`: events, masks and messages.

use crate::csr::{Bus, Op, same};
use photonbox_cores::interrupts::Interrupts;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation};
use photonbox_regmap::global;
use rust_hdl::prelude::{Block as _, generate_verilog};

pub(crate) struct InterruptsBench {
    bus: Bus,
    reset: PortId,
    alarm: PortId,
    error: PortId,
    seed: PortId,
    idle: PortId,
    waiting: PortId,
    irq: PortId,
    enable: PortId,
    slots: PortId,
    cycles: PortId,
    valid: PortId,
    vector: PortId,
    ready: PortId,
    model: Model,
    expected_read: u32,
    /// What the address stood at in the cycle before.
    looked_up: Option<Op>,
}

/// The registers as `photonbox_model::card::Card` has them, and the messages that are owed.
#[derive(Default)]
struct Model {
    events: u32,
    enable: u32,
    slots: u32,
    least_slots: u32,
    cycles: u32,
    pending: u32,
    last: u32,
    shown: Option<u32>,
}

impl Model {
    fn reset() -> Self {
        Self {
            slots: 1,
            least_slots: 1,
            last: 3,
            ..Self::default()
        }
    }

    fn read(&self, op: Op, waiting: u32) -> u32 {
        match (op.block, op.offset) {
            (0, global::INT_STATUS) => self.events | waiting,
            (0, global::INT_ENABLE) => self.enable,
            (0, global::INT_COALESCE_SLOTS) => self.slots,
            (0, global::INT_COALESCE_CYCLES) => self.cycles,
            _ => 0,
        }
    }

    fn step(&mut self, raised: u32, irq: u32, strobe: Option<Op>, ready: bool) {
        self.least_slots = self.slots.max(1);
        let mut asked = irq;
        let before = self.pending;
        if raised & self.enable != 0 {
            asked |= 8;
        }
        if let Some(op) = strobe.filter(|op| op.block == 0) {
            match op.offset {
                global::INT_STATUS => self.events &= !op.data,
                global::INT_ENABLE => {
                    self.enable = op.data;
                    asked &= 7;
                    if (self.events | raised) & op.data != 0 {
                        asked |= 8;
                    }
                }
                global::INT_COALESCE_SLOTS => self.slots = op.data,
                global::INT_COALESCE_CYCLES => self.cycles = op.data,
                _ => {}
            }
        }
        self.events |= raised;
        match self.shown {
            Some(_) if ready => self.shown = None,
            None if before != 0 => {
                let vector = (1..=4).map(|step| (self.last + step) % 4);
                let vector = vector.into_iter().find(|vector| before >> vector & 1 == 1);
                if let Some(vector) = vector {
                    self.shown = Some(vector);
                    self.last = vector;
                    self.pending &= !(1 << vector);
                }
            }
            _ => {}
        }
        self.pending |= asked;
    }
}

impl Bench for InterruptsBench {
    const NAME: &'static str = "interrupts";
    const CYCLES: u64 = 40_000;
    const BINS: &'static [&'static str] = &[
        "message0",
        "message1",
        "message2",
        "message3",
        "held",
        "cleared",
        "kept",
        "enabled_late",
        "reset",
        "slots_zero",
        "status_read",
    ];

    fn design() -> Result<Design> {
        let mut block = Interrupts::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog(&block), "top")
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        Self {
            bus: Bus::new(rtl),
            reset: rtl.port("reset"),
            alarm: rtl.port("alarm_event"),
            error: rtl.port("error_event"),
            seed: rtl.port("seed_event"),
            idle: rtl.port("idle_event"),
            waiting: rtl.port("waiting"),
            irq: rtl.port("irq"),
            enable: rtl.port("enable"),
            slots: rtl.port("coalesce_slots"),
            cycles: rtl.port("coalesce_cycles"),
            valid: rtl.port("irq_valid"),
            vector: rtl.port("irq_vector"),
            ready: rtl.port("irq_ready"),
            model: Model::default(),
            expected_read: 0,
            looked_up: None,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let reset = rtl.cycles() == 0 || random.one_in(2000);
        rtl.set(self.reset, u64::from(reset));
        let mut raised = 0;
        for (port, bit) in [
            (self.alarm, 3),
            (self.error, 4),
            (self.seed, 5),
            (self.idle, 6),
        ] {
            let on = random.one_in(40);
            rtl.set(port, u64::from(on));
            raised |= u32::from(on) << bit;
        }
        let waiting = random.below(8) as u32;
        let irq = if random.one_in(6) {
            random.below(8) as u32
        } else {
            0
        };
        let ready = random.one_in(3);
        rtl.set(self.waiting, u64::from(waiting));
        rtl.set(self.irq, u64::from(irq));
        rtl.set(self.ready, u64::from(ready));
        let bus = self.bus.drive(rtl, || {
            let offset = *random.pick(&[
                global::INT_STATUS,
                global::INT_STATUS,
                global::INT_ENABLE,
                global::INT_COALESCE_SLOTS,
                global::INT_COALESCE_CYCLES,
                global::SCRATCH,
            ]);
            let mut op = Op::write(random.below(2) as u32, offset, random.bits() as u32);
            if offset == global::INT_COALESCE_SLOTS && random.one_in(2) {
                op.data &= 1;
            }
            op.write = random.one_in(2);
            (!random.one_in(3)).then_some(op)
        });
        rtl.settle();

        same(
            "irq_valid",
            rtl.get(self.valid),
            u64::from(self.model.shown.is_some()),
        )?;
        if let Some(vector) = self.model.shown {
            same("irq_vector", rtl.get(self.vector), u64::from(vector))?;
            hit(match (ready, vector) {
                (false, _) => "held",
                (_, 0) => "message0",
                (_, 1) => "message1",
                (_, 2) => "message2",
                _ => "message3",
            });
        }
        if rtl.cycles() > 0 {
            same(
                "enable",
                rtl.get(self.enable),
                u64::from(self.model.enable & 7),
            )?;
            same(
                "coalesce_slots",
                rtl.get(self.slots),
                u64::from(self.model.least_slots),
            )?;
            same(
                "coalesce_cycles",
                rtl.get(self.cycles),
                u64::from(self.model.cycles),
            )?;
            same(
                "csr_read",
                u64::from(self.bus.value(rtl)),
                u64::from(self.expected_read),
            )?;
        }
        self.expected_read = self.looked_up.map_or(0, |op| self.model.read(op, waiting));
        // The address of the last access is still there when there is none.
        self.looked_up = self.last_address(rtl);
        if let Some(op) = bus.strobe.filter(|op| op.block == 0) {
            match op.offset {
                global::INT_STATUS if raised & op.data & 0x78 != 0 => hit("kept"),
                global::INT_STATUS if self.model.events & op.data != 0 => hit("cleared"),
                global::INT_ENABLE if self.model.events & op.data != 0 => hit("enabled_late"),
                global::INT_COALESCE_SLOTS if op.data == 0 => hit("slots_zero"),
                _ => {}
            }
        }
        if self.expected_read != 0 {
            hit("status_read");
        }
        rtl.clock();
        self.model.step(raised, irq, bus.strobe, ready);
        if reset {
            self.model = Model::reset();
            hit("reset");
        }
        Ok(())
    }
}

impl InterruptsBench {
    fn last_address(&self, rtl: &Simulation) -> Option<Op> {
        let block = rtl.get(rtl.port("csr_block")) as u32;
        let offset = 4 * rtl.get(rtl.port("csr_register")) as u32;
        Some(Op::read(block, offset))
    }
}
