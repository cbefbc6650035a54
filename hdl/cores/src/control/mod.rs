//! Identity, commands, status and error counters: the global block without interrupts and pattern (spec 6-card
//! §6.1, *CSR* and *Stopping*). See `README.md`.

mod commands;
mod errors;
mod leftover;
mod readout;
mod reset;
mod start;

pub use commands::Commands;
pub use errors::ErrorCounts;
pub use reset::ResetSequencer;
pub use start::StartCheck;

use crate::csr::{At, Fixed, Given};
use photonbox_regmap::{DEFAULT_CLOCK_HZ, global};
use readout::Readout;
use rust_hdl::prelude::*;

/// Cycles from the write strobe of `CONTROL` to the one whose end a command takes effect at (`start`, `stop` or the
/// soft reset is high in it).
pub const COMMAND_LATENCY: u64 = 2;

/// What was built: the values of `CAPS`, `CAPS_EXTRACTOR` and `CLOCK_HZ`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parameters {
    /// `BUILD_SMALL` or `BUILD_WIDE`.
    pub build: u32,
    /// Number of lanes.
    pub lanes: u32,
    /// Input bits that the extractor takes a cycle.
    pub toeplitz_w: u32,
    /// Bytes of the DMA data path.
    pub axi_bytes: u32,
    /// Largest number of input bits of a block.
    pub max_n: u32,
    /// Largest number of output bits of a block.
    pub max_m: u32,
    /// There is a key-box engine.
    pub keybox: bool,
    /// Core clock in Hz.
    pub clock_hz: u32,
}

impl Default for Parameters {
    /// Build *small* without a key-box engine.
    fn default() -> Self {
        Self {
            build: global::BUILD_SMALL,
            lanes: 4,
            toeplitz_w: 8,
            axi_bytes: 8,
            max_n: 4096,
            max_m: 512,
            keybox: false,
            clock_hz: DEFAULT_CLOCK_HZ,
        }
    }
}

impl Parameters {
    /// The bits of `SELFTEST_RAN`.
    pub fn tests(&self) -> u32 {
        let always = [
            global::SELFTEST_SAMPLER,
            global::SELFTEST_RCT,
            global::SELFTEST_APT,
            global::SELFTEST_RATE,
            global::SELFTEST_BALANCE,
            global::SELFTEST_TOEPLITZ,
        ];
        always.iter().fold(
            global::SELFTEST_KEYBOX.put(u32::from(self.keybox)),
            |mask, test| mask | test.mask(),
        )
    }
}

/// The heart of the global block.
#[derive(LogicBlock, Default)]
pub struct Control {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Power-on reset.
    pub reset: Signal<In, Bit>,
    /// Write strobe of the register bus.
    pub csr_write: Signal<In, Bit>,
    /// Block addressed.
    pub csr_block: Signal<In, Bits<3>>,
    /// Word addressed within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Data of a write.
    pub csr_data: Signal<In, Bits<32>>,
    /// The register addressed, two cycles later; 0 when it is not this block's.
    pub csr_read: Signal<Out, Bits<32>>,
    /// Where photons come from: the code of `CAPS.FRONT_END`, a strap.
    pub front_end: Signal<In, Bits<2>>,
    /// Build hash, byte k in bits 8k to 8k + 7.
    pub build_hash: Signal<In, Bits<256>>,
    /// Pulse of `csr`.
    pub unknown: Signal<In, Bit>,
    /// Pulse of `csr`.
    pub refused: Signal<In, Bit>,
    /// For each ring: a bus error; one cycle.
    pub bus_error: Signal<In, Bits<3>>,
    /// For each ring: a stall; one cycle.
    pub ring_stall: Signal<In, Bits<3>>,
    /// Bits dropped before the rings in this cycle.
    pub dropped: Signal<In, Bits<16>>,
    /// Raw bits lost with slots of the entropy ring in this cycle.
    pub lost_entropy: Signal<In, Bits<32>>,
    /// Raw bits lost with slots of the raw ring in this cycle.
    pub lost_raw: Signal<In, Bits<32>>,
    /// An enabled lane is routed to EXTRACT.
    pub any_extract: Signal<In, Bit>,
    /// An enabled lane is routed to TAP.
    pub any_tap: Signal<In, Bit>,
    /// Every enabled lane has a window that its front end allows.
    pub window_ok: Signal<In, Bit>,
    /// An enabled lane is in alarm.
    pub any_alarm: Signal<In, Bit>,
    /// There are enabled lanes and all are in alarm.
    pub all_alarmed: Signal<In, Bit>,
    /// The pattern drives at least one lane.
    pub test_pattern: Signal<In, Bit>,
    /// The entropy ring is committed, enabled and without error.
    pub entropy_usable: Signal<In, Bit>,
    /// The entropy ring is committed.
    pub entropy_committed: Signal<In, Bit>,
    /// Bytes of a slot of the entropy ring.
    pub entropy_slot_bytes: Signal<In, Bits<21>>,
    /// The raw ring is committed, enabled and without error.
    pub raw_usable: Signal<In, Bit>,
    /// A ring has stopped on a bus error.
    pub ring_error: Signal<In, Bit>,
    /// Input bits of a block.
    pub n: Signal<In, Bits<16>>,
    /// Output bits of a block.
    pub m: Signal<In, Bits<16>>,
    /// Claimed min-entropy of a raw bit, times 65536.
    pub claimed_h: Signal<In, Bits<17>>,
    /// A seed is in force.
    pub seeded: Signal<In, Bit>,
    /// The data path holds nothing.
    pub route_idle: Signal<In, Bit>,
    /// No ring holds an open slot or waits for the bus.
    pub rings_idle: Signal<In, Bit>,
    /// The AXI master has nothing outstanding.
    pub axi_idle: Signal<In, Bit>,
    /// The AXI master has finished what it had begun when `dma_abort` came.
    pub dma_quiet: Signal<In, Bit>,
    /// No block sweeps.
    pub swept: Signal<In, Bit>,
    /// The self-test runs; must rise within 8 cycles of `selftest_start`.
    pub selftest_busy: Signal<In, Bit>,
    /// The tests that passed, valid when `selftest_busy` falls.
    pub selftest_passed: Signal<In, Bits<7>>,
    /// Start the self-test; one cycle.
    pub selftest_start: Signal<Out, Bit>,
    /// START; one cycle.
    pub start: Signal<Out, Bit>,
    /// STOP; one cycle.
    pub stop: Signal<Out, Bit>,
    /// Started and not stopped.
    pub running: Signal<Out, Bit>,
    /// Stopped and not yet idle.
    pub drain: Signal<Out, Bit>,
    /// The rings complete what they hold; one cycle.
    pub flush: Signal<Out, Bit>,
    /// Idle after a STOP; one cycle.
    pub became_idle: Signal<Out, Bit>,
    /// Neither running, draining, resetting nor testing.
    pub idle: Signal<Out, Bit>,
    /// All counters are kept; one cycle, the one after the strobe.
    pub snapshot: Signal<Out, Bit>,
    /// The number of this cycle since power-on.
    pub cycle: Signal<Out, Bits<64>>,
    /// `GENERATION`.
    pub generation: Signal<Out, Bits<32>>,
    /// Reset of all blocks but the AXI ports.
    pub core_reset: Signal<Out, Bit>,
    /// The AXI master finishes with WSTRB = 0.
    pub dma_abort: Signal<Out, Bit>,
    /// Reset of the AXI master.
    pub dma_reset: Signal<Out, Bit>,
    /// No register access may begin.
    pub hold: Signal<Out, Bit>,
    sequencer: ResetSequencer,
    commands: Commands,
    checks: StartCheck,
    errors: ErrorCounts,
    readout: Readout,
    generation_r: DFF<Bits<32>>,
    scratch: DFF<Bits<32>>,
    snapshots: DFF<Bits<32>>,
    snapshot_r: DFF<Bit>,
    cycle_r: DFF<Bits<64>>,
    kept: DFF<Bits<64>>,
    tested: DFF<Bit>,
    global_block: Fixed<3, 0>,
    at_control: At<{ global::CONTROL }>,
    at_scratch: At<{ global::SCRATCH }>,
    at_snapshot: At<{ global::SNAPSHOT }>,
    tests: Given<7>,
    write: Signal<Local, Bit>,
    flags: Signal<Local, Bits<9>>,
}

impl Control {
    /// For a build.
    pub fn new(parameters: Parameters) -> Self {
        Self {
            checks: StartCheck::new(parameters.max_n, parameters.max_m),
            readout: Readout::new(parameters),
            tests: Given::new(parameters.tests().into()),
            ..Self::default()
        }
    }
}

impl Logic for Control {
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(
            self,
            clock,
            generation_r,
            scratch,
            snapshots,
            snapshot_r,
            cycle_r,
            kept,
            tested
        );
        clock!(self, clock, sequencer, commands, checks, errors, readout);
        self.write.next = self.csr_write.val() & (self.csr_block.val() == self.global_block.val());

        self.sequencer.reset.next = self.reset.val();
        self.sequencer.request.next = self.commands.soft_reset.val();
        self.sequencer.dma_quiet.next = self.dma_quiet.val();
        self.sequencer.swept.next = self.swept.val();
        self.sequencer.selftest_busy.next = self.selftest_busy.val();
        self.core_reset.next = self.sequencer.core_reset.val();
        self.dma_abort.next = self.sequencer.dma_abort.val();
        self.dma_reset.next = self.sequencer.dma_reset.val();
        self.hold.next = self.sequencer.hold.val();
        self.selftest_start.next =
            self.sequencer.selftest_start.val() | self.commands.selftest_start.val();

        self.commands.reset.next = self.reset.val();
        self.commands.core_reset.next = self.sequencer.core_reset.val();
        self.commands.strobe.next =
            self.write.val() & (self.csr_register.val() == self.at_control.val());
        self.commands.value.next = self.csr_data.val().get_bits::<4>(0);
        self.commands.problems.next = self.checks.problems.val();
        self.commands.occupied.next = self.sequencer.busy.val() | self.selftest_busy.val();
        self.commands.route_idle.next = self.route_idle.val();
        self.commands.rings_idle.next = self.rings_idle.val();
        self.commands.axi_idle.next = self.axi_idle.val();
        self.start.next = self.commands.start.val();
        self.stop.next = self.commands.stop.val();
        self.running.next = self.commands.running.val();
        self.drain.next = self.commands.drain.val();
        self.flush.next = self.commands.flush.val();
        self.became_idle.next = self.commands.became_idle.val();
        self.idle.next = self.commands.idle.val();

        self.tested.d.next = self.selftest_passed.val() == self.tests.val();
        self.checks.any_extract.next = self.any_extract.val();
        self.checks.any_tap.next = self.any_tap.val();
        self.checks.window_ok.next = self.window_ok.val();
        self.checks.entropy_usable.next = self.entropy_usable.val();
        self.checks.entropy_committed.next = self.entropy_committed.val();
        self.checks.entropy_slot_bytes.next = self.entropy_slot_bytes.val();
        self.checks.raw_usable.next = self.raw_usable.val();
        self.checks.n.next = self.n.val();
        self.checks.m.next = self.m.val();
        self.checks.claimed_h.next = self.claimed_h.val();
        self.checks.seeded.next = self.seeded.val();
        self.checks.selftest_ok.next = self.tested.q.val();

        self.errors.reset.next = self.sequencer.core_reset.val();
        self.errors.unknown.next = self.unknown.val();
        self.errors.refused.next = self.refused.val();
        self.errors.command_refused.next = self.commands.refused.val();
        self.errors.bus_error.next = self.bus_error.val();
        self.errors.ring_stall.next = self.ring_stall.val();
        self.errors.dropped.next = self.dropped.val();
        self.errors.lost_entropy.next = self.lost_entropy.val();
        self.errors.lost_raw.next = self.lost_raw.val();

        // STATUS, bit by bit.
        self.flags.next = 0.into();
        if self.commands.idle.val() {
            self.flags.next = self.flags.val() | 1;
        }
        if self.commands.running.val() {
            self.flags.next = self.flags.val() | 2;
        }
        if self.commands.drain.val() {
            self.flags.next = self.flags.val() | 4;
        }
        if self.any_alarm.val() {
            self.flags.next = self.flags.val() | 8;
        }
        if self.all_alarmed.val() {
            self.flags.next = self.flags.val() | 16;
        }
        if self.commands.start_refused.val() {
            self.flags.next = self.flags.val() | 32;
        }
        if self.tested.q.val() {
            self.flags.next = self.flags.val() | 64;
        }
        if self.ring_error.val() {
            self.flags.next = self.flags.val() | 128;
        }
        if self.test_pattern.val() {
            self.flags.next = self.flags.val() | 256;
        }

        self.cycle.next = self.cycle_r.q.val();
        self.cycle_r.d.next = self.cycle_r.q.val() + 1;
        self.generation.next = self.generation_r.q.val();
        self.snapshot.next = self.snapshot_r.q.val();
        self.snapshot_r.d.next =
            self.write.val() & (self.csr_register.val() == self.at_snapshot.val());
        if self.snapshot_r.q.val() {
            self.snapshots.d.next = self.snapshots.q.val() + 1;
            // The number of the cycle after the strobe: as many cycles are executed.
            self.kept.d.next = self.cycle_r.q.val();
        }
        if self.write.val() & (self.csr_register.val() == self.at_scratch.val()) {
            self.scratch.d.next = self.csr_data.val();
        }

        self.readout.csr_block.next = self.csr_block.val();
        self.readout.csr_register.next = self.csr_register.val();
        self.readout.front_end.next = self.front_end.val();
        self.readout.build_hash.next = self.build_hash.val();
        self.readout.generation.next = self.generation_r.q.val();
        self.readout.status.next = self.flags.val();
        self.readout.scratch.next = self.scratch.q.val();
        self.readout.snapshots.next = self.snapshots.q.val();
        self.readout.cycles.next = self.kept.q.val();
        self.readout.start_error.next = self.commands.start_error.val();
        self.readout.unknown.next = self.errors.unknown_count.val();
        self.readout.refused.next = self.errors.refused_count.val();
        self.readout.bus.next = self.errors.bus_count.val();
        self.readout.stalls.next = self.errors.stall_count.val();
        self.readout.dropped.next = self.errors.dropped_count.val();
        self.readout.passed.next = self.selftest_passed.val();
        self.csr_read.next = self.readout.csr_read.val();

        if self.sequencer.core_reset.val() {
            self.scratch.d.next = 0.into();
            self.snapshots.d.next = 0.into();
            self.snapshot_r.d.next = false;
            self.kept.d.next = 0.into();
        }
        if self.commands.soft_reset.val() {
            self.generation_r.d.next = self.generation_r.q.val() + 1;
        }
        if self.reset.val() {
            self.generation_r.d.next = 1.into();
            self.cycle_r.d.next = 0.into();
        }
    }
}
