//! The verilated card as a core. Every cycle is executed, a register access takes its cycles on the card's own
//! AXI4-Lite port, and what leaves the AXI4 port reaches the host before the call returns.

use super::Core;
use super::ffi::{self, VerilatedCard};
use crate::bus::Bridge;
use photonbox_model::{Build, BusMaster, EdgeError, FrontEnd};
use photonbox_regmap::{global, ring};

include!(concat!(env!("OUT_DIR"), "/build_hash.rs"));

/// Cycles between two chances for others to have their turn: about a millisecond.
const STRIDE: u64 = 2_048;
/// A register access takes fewer cycles, but for those that wait for a sweep of RAM, which no running card does.
const ACCESS_CYCLES: u64 = 64;
/// The longest that a command takes until the card is idle: reset, sweeps of all RAM, self-test.
const COMMAND_CYCLES: u64 = 1 << 20;
/// Cycles between two looks at a command's end.
const LOOK: u64 = 64;
/// A stopped card without a burst and without an access for so long has nothing to do.
const QUIET_AFTER: u64 = 1 << 14;

/// The build hash in the Verilog that a build's core was made from; zeros if there is none.
pub(super) const fn build_hash(build: Build) -> [u8; 32] {
    match build {
        Build::Small => SMALL_HASH,
        Build::Wide => WIDE_HASH,
    }
}

/// The card.
pub(crate) struct Rtl {
    card: VerilatedCard,
    lanes: u32,
    /// As the card itself says: kept, since it is asked for with each batch.
    now: u64,
    running: bool,
    /// Edges of the cycles to come, not yet handed over.
    edges: Vec<ffi::Edge>,
    replayed: bool,
    /// Last cycle with a burst, an interrupt or an access.
    stirred: u64,
}

impl Rtl {
    /// A card after power-on; its self-test has run. None if this program does not have the build.
    pub(super) fn new(build: Build, front_end: FrontEnd) -> Option<Self> {
        let strap = match front_end {
            FrontEnd::Real => global::FRONT_END_REAL,
            FrontEnd::Test => global::FRONT_END_TEST,
            FrontEnd::Simulated => global::FRONT_END_SIMULATED,
        };
        let mut rtl = Self {
            card: VerilatedCard::new(build, strap)?,
            lanes: build.lanes(),
            now: 0,
            running: false,
            edges: Vec::new(),
            replayed: false,
            stirred: 0,
        };
        rtl.finish_command(&mut Bridge::default());
        Some(rtl)
    }

    /// Hands edges over, and tells the memory how to answer.
    fn prepare(&mut self, bus: &Bridge) {
        self.card.edges(&self.edges);
        self.edges.clear();
        self.card.refuse(!bus.open());
    }

    /// Hands on what left the card.
    fn deliver(&mut self, bus: &mut Bridge) {
        self.now = self.card.now();
        let mut stirred = false;
        self.card.deliver(|event| {
            stirred = true;
            match event.data.get(..event.length as usize) {
                // The card was answered when the burst ended; the bridge counts what became of it.
                Some(data) if !data.is_empty() => drop(bus.write(event.address, data)),
                _ => bus.interrupt(event.vector as u16),
            }
        });
        if stirred {
            self.stirred = self.now;
        }
    }

    fn access<T>(&mut self, bus: &mut Bridge, access: impl FnOnce(&mut VerilatedCard) -> T) -> T {
        self.prepare(bus);
        let answer = access(&mut self.card);
        self.deliver(bus);
        self.stirred = self.now;
        answer
    }

    fn read(&mut self, offset: u32, bus: &mut Bridge) -> u32 {
        // A card that does not answer shows as all-ones, as a bridge makes of a time-out.
        self.access(bus, |card| card.read(offset))
            .unwrap_or(u32::MAX)
    }

    fn run(&mut self, until: u64, bus: &mut Bridge) {
        self.prepare(bus);
        self.card.run(until);
        self.deliver(bus);
    }

    /// Lets time pass until a command has ended: the card runs, or is idle.
    fn finish_command(&mut self, bus: &mut Bridge) {
        let end = self.now + COMMAND_CYCLES;
        while self.now < end && self.card.violation().is_none() {
            let status = self.read(global::STATUS, bus);
            self.running = global::STATUS_RUNNING.is_set(status);
            if self.running || global::STATUS_IDLE.is_set(status) {
                return;
            }
            self.run(self.now + LOOK, bus);
        }
        tracing::error!("the verilated card did not become idle");
    }
}

impl Core for Rtl {
    fn now(&self) -> u64 {
        self.now
    }

    fn running(&self) -> bool {
        self.running
    }

    fn quiet(&self) -> bool {
        !self.running && self.now - self.stirred > QUIET_AFTER
    }

    fn edges(
        &mut self,
        cycle: u64,
        lane: u32,
        a: bool,
        b: bool,
        _: &mut Bridge,
    ) -> Result<(), EdgeError> {
        let (now, lanes) = (self.now, self.lanes);
        if cycle < now {
            return Err(EdgeError::Late { cycle, now });
        }
        if lane >= lanes {
            return Err(EdgeError::NoLane { lane, lanes });
        }
        self.edges.push(ffi::Edge {
            cycle,
            lane: lane as u8,
            a: u8::from(a),
            b: u8::from(b),
            replayed: u8::from(self.replayed),
            unused: 0,
        });
        Ok(())
    }

    fn advance_to(&mut self, cycle: u64, bus: &mut Bridge) {
        if cycle > self.now {
            self.run(cycle, bus);
        }
    }

    fn read32(&mut self, offset: u32, bus: &mut Bridge) -> u32 {
        // The port has 16 address bits: what lies beyond is not the card's.
        if offset >= photonbox_regmap::BAR_BYTES {
            return 0;
        }
        self.read(offset, bus)
    }

    fn write32(&mut self, offset: u32, value: u32, bus: &mut Bridge) {
        if offset >= photonbox_regmap::BAR_BYTES {
            return;
        }
        self.access(bus, |card| card.write(offset, value));
        if offset == global::CONTROL {
            let was = self.running;
            self.finish_command(bus);
            if was && !self.running {
                // A stopped card has no edges.
                self.card.forget_edges();
            }
        }
    }

    fn ring_full(&mut self, bus: &mut Bridge) -> bool {
        (0..3).any(|number| {
            let base = ring::base(number);
            let status = self.read(base + ring::STATUS, bus);
            ring::STATUS_FULL.is_set(status)
                && !ring::STATUS_ERROR.is_set(status)
                && ring::CONTROL_ENABLE.is_set(self.read(base + ring::CONTROL, bus))
        })
    }

    fn label(&mut self, replayed: bool, _: u64, _: &mut Bridge) {
        self.replayed = replayed;
    }

    fn inject_selftest_fault(&mut self, mask: u32) {
        self.card.selftest_fault(mask);
    }

    fn violation(&self) -> Option<String> {
        self.card.violation()
    }

    fn access_cycles(&self) -> u64 {
        ACCESS_CYCLES
    }

    fn stride(&self) -> u64 {
        STRIDE
    }
}
