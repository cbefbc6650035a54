//! The whole card: lanes, registers, data path, rings and buses (spec 6-card §6.1). See the README beside this file.

mod build;

use crate::axi_lite::AxiLite;
use crate::axi_write::WriteMaster;
use crate::boxes::Boxes;
use crate::control::Control;
use crate::counters::Counters;
use crate::csr::Csr;
use crate::interrupts::Interrupts;
use crate::lanes::Lanes;
use crate::pattern::Pattern;
use crate::ring::Ring;
use crate::route::Route;
use crate::selftest::Selftest;
use crate::toeplitz::Toeplitz;
use rust_hdl::prelude::*;

/// A card of `L` lanes whose counters lie in a RAM of 2^`A` words, with an extractor that takes `W` bits a cycle and
/// makes at most `M`, on a bus of `D` bits in `S` bytes, of which the key boxes fill `P` bits a cycle; 2^`O` bursts in
/// flight, `Q` = `O` + 1; the key boxes of build *small* (`SMALL` = 1, `WIDE` = 0) or *wide* (0 and 1).
#[derive(LogicBlock)]
pub struct Card<
    const L: usize,
    const A: usize,
    const W: usize,
    const M: usize,
    const D: usize,
    const S: usize,
    const P: usize,
    const O: usize,
    const Q: usize,
    const SMALL: usize,
    const WIDE: usize,
> {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Power-on reset, synchronous.
    pub reset: Signal<In, Bit>,
    /// SHA-256 of the emitted Verilog; a parameter of the emitted top.
    pub build_hash: Signal<In, Bits<256>>,
    /// Detector pins A; belong to no clock.
    pub pins_a: Signal<In, Bits<L>>,
    /// Detector pins B.
    pub pins_b: Signal<In, Bits<L>>,
    /// Where photons come from: `CAPS.FRONT_END`.
    pub front_end: Signal<In, Bits<2>>,
    /// Marks bits as SIMULATED; 0 on a board.
    pub simulated: Signal<In, Bit>,
    /// Marks bits as REPLAYED; 0 on a board.
    pub replayed: Signal<In, Bit>,
    /// Makes known-answer tests fail, by their bit of `SELFTEST_RAN`; 0 on a board.
    pub selftest_fault: Signal<In, Bits<7>>,
    /// Sets the counter at `preload_address` of an idle card, so that a wrap can be seen; 0 on a board.
    pub preload_valid: Signal<In, Bit>,
    /// Eight times the lane, plus the counter, in the map's order.
    pub preload_address: Signal<In, Bits<A>>,
    /// The counter's value.
    pub preload_data: Signal<In, Bits<64>>,
    /// Register bus, AXI4-Lite: write address.
    pub s_axil_awaddr: Signal<In, Bits<16>>,
    /// Register bus, AXI4-Lite: protection, not looked at.
    pub s_axil_awprot: Signal<In, Bits<3>>,
    /// Register bus, AXI4-Lite: write address is valid.
    pub s_axil_awvalid: Signal<In, Bit>,
    /// Register bus, AXI4-Lite: write data.
    pub s_axil_wdata: Signal<In, Bits<32>>,
    /// Register bus, AXI4-Lite: bytes to write; anything but all four is refused.
    pub s_axil_wstrb: Signal<In, Bits<4>>,
    /// Register bus, AXI4-Lite: write data is valid.
    pub s_axil_wvalid: Signal<In, Bit>,
    /// Register bus, AXI4-Lite: response is taken.
    pub s_axil_bready: Signal<In, Bit>,
    /// Register bus, AXI4-Lite: read address.
    pub s_axil_araddr: Signal<In, Bits<16>>,
    /// Register bus, AXI4-Lite: protection, not looked at.
    pub s_axil_arprot: Signal<In, Bits<3>>,
    /// Register bus, AXI4-Lite: read address is valid.
    pub s_axil_arvalid: Signal<In, Bit>,
    /// Register bus, AXI4-Lite: read data is taken.
    pub s_axil_rready: Signal<In, Bit>,
    /// Register bus, AXI4-Lite: write address is taken.
    pub s_axil_awready: Signal<Out, Bit>,
    /// Register bus, AXI4-Lite: write data is taken.
    pub s_axil_wready: Signal<Out, Bit>,
    /// Register bus, AXI4-Lite: always OKAY.
    pub s_axil_bresp: Signal<Out, Bits<2>>,
    /// Register bus, AXI4-Lite: response is valid.
    pub s_axil_bvalid: Signal<Out, Bit>,
    /// Register bus, AXI4-Lite: read address is taken.
    pub s_axil_arready: Signal<Out, Bit>,
    /// Register bus, AXI4-Lite: read data.
    pub s_axil_rdata: Signal<Out, Bits<32>>,
    /// Register bus, AXI4-Lite: always OKAY.
    pub s_axil_rresp: Signal<Out, Bits<2>>,
    /// Register bus, AXI4-Lite: read data is valid.
    pub s_axil_rvalid: Signal<Out, Bit>,
    /// Host memory, AXI4: write identifier, always 0.
    pub m_axi_awid: Signal<Out, Bits<1>>,
    /// Host memory, AXI4: write address.
    pub m_axi_awaddr: Signal<Out, Bits<64>>,
    /// Host memory, AXI4: beats less one.
    pub m_axi_awlen: Signal<Out, Bits<8>>,
    /// Host memory, AXI4: logarithm of a beat's bytes.
    pub m_axi_awsize: Signal<Out, Bits<3>>,
    /// Host memory, AXI4: incrementing.
    pub m_axi_awburst: Signal<Out, Bits<2>>,
    /// Host memory, AXI4: not bufferable.
    pub m_axi_awcache: Signal<Out, Bits<4>>,
    /// Host memory, AXI4: unprivileged, secure, data.
    pub m_axi_awprot: Signal<Out, Bits<3>>,
    /// Host memory, AXI4: write address is valid.
    pub m_axi_awvalid: Signal<Out, Bit>,
    /// Host memory, AXI4: write data.
    pub m_axi_wdata: Signal<Out, Bits<D>>,
    /// Host memory, AXI4: bytes to write: all, or none after a reset.
    pub m_axi_wstrb: Signal<Out, Bits<S>>,
    /// Host memory, AXI4: last beat.
    pub m_axi_wlast: Signal<Out, Bit>,
    /// Host memory, AXI4: write data is valid.
    pub m_axi_wvalid: Signal<Out, Bit>,
    /// Host memory, AXI4: response is taken.
    pub m_axi_bready: Signal<Out, Bit>,
    /// Host memory, AXI4: write address is taken.
    pub m_axi_awready: Signal<In, Bit>,
    /// Host memory, AXI4: write data is taken.
    pub m_axi_wready: Signal<In, Bit>,
    /// Host memory, AXI4: response identifier.
    pub m_axi_bid: Signal<In, Bits<1>>,
    /// Host memory, AXI4: response.
    pub m_axi_bresp: Signal<In, Bits<2>>,
    /// Host memory, AXI4: response is valid.
    pub m_axi_bvalid: Signal<In, Bit>,
    /// An interrupt message waits.
    pub irq_valid: Signal<Out, Bit>,
    /// Its vector.
    pub irq_vector: Signal<Out, Bits<2>>,
    /// It is taken.
    pub irq_ready: Signal<In, Bit>,
    /// For a test bench: a register is written in this cycle.
    pub monitor_strobe: Signal<Out, Bit>,
    /// For a test bench: the lanes start at the end of this cycle.
    pub monitor_start: Signal<Out, Bit>,
    /// For a test bench: the lanes stop at the end of this cycle.
    pub monitor_stop: Signal<Out, Bit>,
    /// For a test bench: the 64-bit counters are copied.
    pub monitor_snapshot: Signal<Out, Bit>,
    /// For a test bench: a reset of the core.
    pub monitor_reset: Signal<Out, Bit>,
    /// For a test bench: a lane made a bit in the cycle before.
    pub monitor_bits: Signal<Out, Bits<L>>,
    /// For a test bench: and it was a 1.
    pub monitor_ones: Signal<Out, Bits<L>>,
    axi_lite: AxiLite,
    csr: Csr,
    control: Control,
    interrupts: Interrupts,
    selftest: Selftest<L>,
    pattern: Pattern<L>,
    lanes: Lanes<L>,
    counters: Counters<L, A>,
    route: Route<L, W>,
    toeplitz: Toeplitz<W, M>,
    entropy: Ring,
    raw: Ring,
    boxes: Boxes<P, SMALL, WIDE>,
    axi: WriteMaster<D, S, P, O, Q>,
    /// The cycle that the lanes' outputs belong to.
    stamp: DFF<Bits<56>>,
    clear: Signal<Local, Bit>,
    extract: Signal<Local, Bits<L>>,
    all: Constant<Bits<L>>,
    none: Constant<Bits<L>>,
    ring_numbers: [Constant<Bits<6>>; 2],
    raw_piece: Constant<Bits<16>>,
}

/// The card of build *small*: 4 lanes, 8 bits a cycle, 64-bit bus.
pub type Small = Card<4, 5, 8, 512, 64, 8, 64, 3, 4, 1, 0>;
/// The card of build *wide*: 64 lanes, 64 bits a cycle, 256-bit bus, 64 orbits at once.
pub type Wide = Card<64, 9, 64, 1024, 256, 32, 256, 5, 6, 0, 1>;

impl<
    const L: usize,
    const A: usize,
    const W: usize,
    const M: usize,
    const D: usize,
    const S: usize,
    const P: usize,
    const O: usize,
    const Q: usize,
    const SMALL: usize,
    const WIDE: usize,
> Logic for Card<L, A, W, M, D, S, P, O, Q, SMALL, WIDE>
{
    #[hdl_gen]
    fn update(&mut self) {
        dff_setup!(self, clock, stamp);
        clock!(
            self, clock, axi_lite, csr, control, interrupts, selftest, pattern, lanes, counters,
            route, toeplitz, entropy, raw, boxes, axi
        );
        self.clear.next = self.control.core_reset.val();

        // Resets: power-on for all; a soft reset spares the bus ports and what must outlive it. A power-on reset
        // of one cycle must have emptied the ports when it ends: they do not wait for the sequencer.
        self.axi_lite.reset.next = self.reset.val();
        self.control.reset.next = self.reset.val();
        self.csr.reset.next = self.clear.val();
        self.interrupts.reset.next = self.clear.val() | self.reset.val();
        self.selftest.reset.next = self.clear.val();
        self.pattern.reset.next = self.clear.val();
        self.lanes.reset.next = self.clear.val();
        self.counters.reset.next = self.clear.val();
        self.route.reset.next = self.clear.val();
        self.toeplitz.reset.next = self.clear.val();
        self.entropy.reset.next = self.clear.val();
        self.raw.reset.next = self.clear.val();
        self.boxes.reset.next = self.clear.val();
        self.axi.reset.next = self.control.dma_reset.val() | self.reset.val();
        self.axi.abort_writes.next = self.control.dma_abort.val();

        // Register bus.
        self.axi_lite.s_axil_awaddr.next = self.s_axil_awaddr.val();
        self.axi_lite.s_axil_awprot.next = self.s_axil_awprot.val();
        self.axi_lite.s_axil_awvalid.next = self.s_axil_awvalid.val();
        self.axi_lite.s_axil_wdata.next = self.s_axil_wdata.val();
        self.axi_lite.s_axil_wstrb.next = self.s_axil_wstrb.val();
        self.axi_lite.s_axil_wvalid.next = self.s_axil_wvalid.val();
        self.axi_lite.s_axil_bready.next = self.s_axil_bready.val();
        self.axi_lite.s_axil_araddr.next = self.s_axil_araddr.val();
        self.axi_lite.s_axil_arprot.next = self.s_axil_arprot.val();
        self.axi_lite.s_axil_arvalid.next = self.s_axil_arvalid.val();
        self.axi_lite.s_axil_rready.next = self.s_axil_rready.val();
        self.s_axil_awready.next = self.axi_lite.s_axil_awready.val();
        self.s_axil_wready.next = self.axi_lite.s_axil_wready.val();
        self.s_axil_bresp.next = self.axi_lite.s_axil_bresp.val();
        self.s_axil_bvalid.next = self.axi_lite.s_axil_bvalid.val();
        self.s_axil_arready.next = self.axi_lite.s_axil_arready.val();
        self.s_axil_rdata.next = self.axi_lite.s_axil_rdata.val();
        self.s_axil_rresp.next = self.axi_lite.s_axil_rresp.val();
        self.s_axil_rvalid.next = self.axi_lite.s_axil_rvalid.val();
        // A snapshot's sums are on their way to their registers while the counters are busy.
        self.axi_lite.hold.next =
            self.control.hold.val() | self.counters.busy.val() | self.boxes.hold.val();
        self.csr.req_valid.next = self.axi_lite.req_valid.val();
        self.csr.req_write.next = self.axi_lite.req_write.val();
        self.csr.req_addr.next = self.axi_lite.req_addr.val();
        self.csr.req_data.next = self.axi_lite.req_data.val();
        self.csr.req_strb.next = self.axi_lite.req_strb.val();
        self.axi_lite.req_ready.next = self.csr.req_ready.val();
        self.axi_lite.rsp_data.next = self.csr.rsp_data.val();
        self.control.csr_write.next = self.csr.csr_write.val();
        self.control.csr_block.next = self.csr.csr_block.val();
        self.control.csr_register.next = self.csr.csr_register.val();
        self.control.csr_data.next = self.csr.csr_data.val();
        self.interrupts.csr_write.next = self.csr.csr_write.val();
        self.interrupts.csr_block.next = self.csr.csr_block.val();
        self.interrupts.csr_register.next = self.csr.csr_register.val();
        self.interrupts.csr_data.next = self.csr.csr_data.val();
        self.pattern.csr_write.next = self.csr.csr_write.val();
        self.pattern.csr_block.next = self.csr.csr_block.val();
        self.pattern.csr_register.next = self.csr.csr_register.val();
        self.pattern.csr_data.next = self.csr.csr_data.val();
        self.lanes.csr_write.next = self.csr.lane_write.val();
        self.lanes.csr_block.next = self.csr.csr_block.val();
        self.lanes.csr_instance.next = self.csr.csr_instance.val();
        self.lanes.csr_register.next = self.csr.csr_register.val();
        self.lanes.csr_data.next = self.csr.csr_data.val();
        self.counters.csr_block.next = self.csr.csr_block.val();
        self.counters.csr_instance.next = self.csr.csr_instance.val();
        self.counters.csr_register.next = self.csr.csr_register.val();
        self.toeplitz.csr_write.next = self.csr.csr_write.val();
        self.toeplitz.csr_block.next = self.csr.csr_block.val();
        self.toeplitz.csr_register.next = self.csr.csr_register.val();
        self.toeplitz.csr_data.next = self.csr.csr_data.val();
        self.entropy.csr_write.next = self.csr.csr_write.val();
        self.entropy.csr_block.next = self.csr.csr_block.val();
        self.entropy.csr_instance.next = self.csr.csr_instance.val();
        self.entropy.csr_register.next = self.csr.csr_register.val();
        self.entropy.csr_data.next = self.csr.csr_data.val();
        self.raw.csr_write.next = self.csr.csr_write.val();
        self.raw.csr_block.next = self.csr.csr_block.val();
        self.raw.csr_instance.next = self.csr.csr_instance.val();
        self.raw.csr_register.next = self.csr.csr_register.val();
        self.raw.csr_data.next = self.csr.csr_data.val();
        self.boxes.csr_write.next = self.csr.csr_write.val();
        self.boxes.csr_block.next = self.csr.csr_block.val();
        self.boxes.csr_instance.next = self.csr.csr_instance.val();
        self.boxes.csr_register.next = self.csr.csr_register.val();
        self.boxes.csr_data.next = self.csr.csr_data.val();
        self.csr.csr_read.next = self.control.csr_read.val()
            | self.interrupts.csr_read.val()
            | self.pattern.csr_read.val()
            | self.lanes.csr_read.val()
            | self.counters.csr_read.val()
            | self.toeplitz.csr_read.val()
            | self.entropy.csr_read.val()
            | self.raw.csr_read.val()
            | self.boxes.csr_read.val();
        self.csr.csr_refused.next = self.pattern.csr_refused.val()
            | self.lanes.csr_refused.val()
            | self.toeplitz.csr_refused.val()
            | self.entropy.csr_refused.val()
            | self.raw.csr_refused.val()
            | self.boxes.csr_refused.val();
        self.control.unknown.next = self.csr.unknown.val();
        self.control.refused.next = self.csr.refused.val();

        // Control.
        self.control.build_hash.next = self.build_hash.val();
        self.control.front_end.next = self.front_end.val();
        self.extract.next = self.lanes.enabled.val() & (self.lanes.tap.val() ^ self.all.val());
        self.control.any_extract.next = self.extract.val().any();
        self.control.any_tap.next = (self.lanes.enabled.val() & self.lanes.tap.val()).any();
        self.control.window_ok.next =
            !(self.lanes.enabled.val() & (self.lanes.window_ok.val() ^ self.all.val())).any();
        self.control.any_alarm.next = (self.lanes.enabled.val() & self.lanes.alarmed.val()).any();
        self.control.all_alarmed.next = self.lanes.enabled.val().any()
            & !(self.lanes.enabled.val() & (self.lanes.alarmed.val() ^ self.all.val())).any();
        self.control.test_pattern.next = self.pattern.active.val();
        self.control.entropy_usable.next = self.entropy.usable.val();
        self.control.entropy_committed.next = self.entropy.committed.val();
        self.control.entropy_slot_bytes.next = self.entropy.slot_bytes.val();
        self.control.raw_usable.next = self.raw.usable.val();
        self.control.n.next = self.toeplitz.n.val();
        self.control.m.next = self.toeplitz.m.val();
        self.control.claimed_h.next = self.toeplitz.claimed_h.val();
        self.control.seeded.next = self.toeplitz.seeded.val();
        self.control.route_idle.next = self.route.idle.val();
        self.control.rings_idle.next =
            self.entropy.idle.val() & self.raw.idle.val() & self.boxes.stopped.val();
        self.control.axi_idle.next = self.axi.quiet.val() | self.boxes.goes_on.val();
        self.control.dma_quiet.next = self.axi.quiet.val();
        self.control.swept.next =
            !self.toeplitz.sweeping.val() & !self.boxes.busy.val() & !self.counters.busy.val();
        self.control.ring_error.next =
            self.entropy.in_error.val() | self.raw.in_error.val() | self.boxes.in_error.val();
        self.control.bus_error.next = bit_cast::<3, 1>(self.entropy.error_event.val().into())
            | (bit_cast::<3, 1>(self.raw.error_event.val().into()) << 1)
            | (bit_cast::<3, 1>(self.boxes.error_event.val().into()) << 2);
        self.control.ring_stall.next = bit_cast::<3, 1>(self.entropy.stall_event.val().into())
            | (bit_cast::<3, 1>(self.raw.stall_event.val().into()) << 1)
            | (bit_cast::<3, 1>(self.boxes.stall_event.val().into()) << 2);
        self.control.dropped.next = bit_cast::<16, 14>(self.route.dropped.val());
        self.control.lost_entropy.next = 0.into();
        if self.entropy.lost_valid.val() {
            self.control.lost_entropy.next = self.entropy.lost_bits.val();
        }
        self.control.lost_raw.next = 0.into();
        if self.raw.lost_valid.val() {
            self.control.lost_raw.next = self.raw.lost_bits.val();
        }
        self.control.selftest_busy.next = self.selftest.busy.val();
        self.control.selftest_passed.next = self.selftest.passed.val();

        // Interrupts.
        self.interrupts.alarm_event.next = self.lanes.alarm_event.val().any();
        self.interrupts.error_event.next = self.entropy.error_event.val()
            | self.raw.error_event.val()
            | self.boxes.error_event.val()
            | self.toeplitz.parity_error.val();
        self.interrupts.seed_event.next = self.toeplitz.seed_due_event.val();
        self.interrupts.idle_event.next = self.control.became_idle.val();
        self.interrupts.waiting.next = bit_cast::<3, 1>(self.entropy.waiting.val().into())
            | (bit_cast::<3, 1>(self.raw.waiting.val().into()) << 1)
            | (bit_cast::<3, 1>(self.boxes.waiting.val().into()) << 2);
        self.interrupts.irq.next = bit_cast::<3, 1>(self.entropy.irq.val().into())
            | (bit_cast::<3, 1>(self.raw.irq.val().into()) << 1)
            | (bit_cast::<3, 1>(self.boxes.irq.val().into()) << 2);
        self.interrupts.irq_ready.next = self.irq_ready.val();
        self.irq_valid.next = self.interrupts.irq_valid.val();
        self.irq_vector.next = self.interrupts.irq_vector.val();

        // Self-test.
        self.selftest.start.next = self.control.selftest_start.val();
        self.selftest.fault.next = self.selftest_fault.val();
        self.selftest.test_valid.next = self.lanes.test_valid.val();
        self.selftest.value.next = self.lanes.value.val();
        self.selftest.test_fail_rct.next = self.lanes.test_fail_rct.val();
        self.selftest.test_fail_apt.next = self.lanes.test_fail_apt.val();
        self.selftest.test_fail_rate_low.next = self.lanes.test_fail_rate_low.val();
        self.selftest.test_fail_rate_high.next = self.lanes.test_fail_rate_high.val();
        self.selftest.test_fail_balance.next = self.lanes.test_fail_balance.val();
        self.lanes.selftest.next = self.selftest.selftest.val();
        self.lanes.test_a.next = self.selftest.test_a.val();
        self.lanes.test_b.next = self.selftest.test_b.val();
        self.toeplitz.kat_start.next = self.selftest.toeplitz_start.val();
        self.toeplitz.kat_fault.next = self.selftest.toeplitz_fault.val();
        self.selftest.toeplitz_done.next = self.toeplitz.kat_done.val();
        self.selftest.toeplitz_ok.next = self.toeplitz.kat_ok.val();
        self.boxes.kat_start.next = self.selftest.keybox_start.val();
        self.boxes.kat_fault.next = self.selftest.keybox_fault.val();
        self.selftest.keybox_done.next = self.boxes.kat_done.val();
        self.selftest.keybox_ok.next = self.boxes.kat_ok.val();

        // Photons.
        self.pattern.start.next = self.control.start.val();
        self.pattern.stop.next = self.control.stop.val();
        self.pattern.running.next = self.control.running.val() | self.control.drain.val();
        self.lanes.pins_a.next = self.pins_a.val();
        self.lanes.pins_b.next = self.pins_b.val();
        self.lanes.pattern_a.next = self.pattern.pin_a.val();
        self.lanes.pattern_b.next = self.pattern.pin_b.val();
        self.lanes.pattern_lanes.next = self.pattern.lanes.val();
        self.lanes.start.next = self.control.start.val();
        self.lanes.stop.next = self.control.stop.val();
        self.lanes.running.next = self.control.running.val();
        self.lanes.real_pins.next = self.front_end.val() == 0;

        // Counters.
        self.counters.inc_bits.next = self.lanes.inc_bits.val();
        self.counters.inc_ones.next = self.lanes.inc_ones.val();
        self.counters.inc_coincidences.next = self.lanes.inc_coincidences.val();
        self.counters.inc_ignored_low.next = self.lanes.inc_ignored_low.val();
        self.counters.inc_ignored_high.next = self.lanes.inc_ignored_high.val();
        self.counters.inc_edges_a.next = self.lanes.inc_edges_a.val();
        self.counters.inc_edges_b.next = self.lanes.inc_edges_b.val();
        // A lane's own discarded bit, one lost on arrival and one thrown away add up, as a sum and a carry.
        self.counters.inc_discarded_low.next =
            self.lanes.inc_discarded_low.val() ^ self.route.lost.val() ^ self.route.thrown.val();
        self.counters.inc_discarded_high.next = (self.lanes.inc_discarded_low.val()
            & self.route.lost.val())
            | (self.lanes.inc_discarded_low.val() & self.route.thrown.val())
            | (self.route.lost.val() & self.route.thrown.val());
        self.counters.bulk_lane.next = self.route.bulk_lane.val();
        self.counters.bulk_count.next = self.route.bulk_count.val();
        self.counters.bulk_valid.next = self.route.bulk_valid.val();
        self.counters.snapshot.next = self.control.snapshot.val();
        self.counters.preload_valid.next = self.preload_valid.val();
        self.counters.preload_address.next = self.preload_address.val();
        self.counters.preload_data.next = self.preload_data.val();
        self.toeplitz.snapshot.next = self.control.snapshot.val();
        self.boxes.snapshot.next = self.control.snapshot.val();

        // Bits to the extractor, or to the raw ring.
        self.stamp.d.next = self.control.cycle.val().get_bits::<56>(0);
        self.route.valid.next = self.lanes.valid.val();
        self.route.bits.next = self.lanes.value.val();
        self.route.tap.next = self.lanes.tap.val();
        self.route.alarm.next = self.lanes.alarm_event.val();
        self.route.timestamp.next = self.stamp.q.val();
        self.route.test.next = self.pattern.lanes.val();
        if self.front_end.val() == 1 {
            self.route.test.next = self.all.val();
        }
        self.route.simulated.next = self.simulated.val() | (self.front_end.val() == 2);
        self.route.replayed.next = self.replayed.val();
        self.route.drain.next = self.control.drain.val();
        self.route.n.next = self.toeplitz.n.val();
        self.toeplitz.running.next = self.control.running.val() | self.control.drain.val();
        self.toeplitz.in_valid.next = self.route.chunk_valid.val();
        self.toeplitz.in_bits.next = self.route.chunk_bits.val();
        self.toeplitz.in_count.next = self.route.chunk_count.val();
        self.toeplitz.in_pending.next = self.route.pending.val();
        self.toeplitz.in_quiet.next = self.route.quiet.val();
        self.toeplitz.marked.next = self.route.marked.val();
        self.toeplitz.discard.next = self.route.discard.val();
        self.toeplitz.seed_fault.next = false;
        self.route.chunk_ready.next = self.toeplitz.in_ready.val();
        self.route.chunk_refuse.next = self.toeplitz.in_refuse.val();
        self.route.mark.next = self.toeplitz.mark.val();
        self.route.discarded.next = self.toeplitz.discarded.val();
        self.route.made.next = self.toeplitz.made.val();
        self.entropy.in_valid.next = self.toeplitz.out_valid.val();
        self.entropy.in_data.next = self.toeplitz.out_data.val();
        self.entropy.in_last.next = self.toeplitz.out_last.val();
        self.entropy.in_flags.next = self.route.block_flags.val()
            | (bit_cast::<6, 1>(self.toeplitz.out_error.val().into()) << 4);
        self.entropy.in_lanes.next = self.route.block_lanes.val();
        self.entropy.in_raw_bits.next = self.toeplitz.n.val();
        self.entropy.in_seed_epoch.next = self.toeplitz.out_seed_epoch.val();
        self.entropy.in_close.next = false;
        self.entropy.piece_bytes.next = self.toeplitz.m.val() >> 3;
        self.toeplitz.out_ready.next = self.entropy.in_ready.val();
        self.raw.in_valid.next = self.route.raw_valid.val();
        self.raw.in_data.next = self.route.raw_data.val();
        self.raw.in_last.next = true;
        self.raw.in_flags.next = self.route.raw_flags.val();
        self.raw.in_lanes.next = self.route.raw_lanes.val();
        self.raw.in_raw_bits.next = 1.into();
        self.raw.in_seed_epoch.next = 0.into();
        self.raw.in_close.next = false;
        self.raw.piece_bytes.next = self.raw_piece.val();
        self.route.raw_ready.next = self.raw.in_ready.val();

        // Rings and the bus to host memory.
        self.entropy.index.next = self.ring_numbers[0].val();
        self.entropy.running.next = self.control.running.val() | self.control.drain.val();
        self.entropy.generation.next = self.control.generation.val();
        self.entropy.flush.next = self.control.flush.val();
        self.entropy.irq_enable.next = self.interrupts.enable.val().get_bit(0);
        self.entropy.coalesce_slots.next = self.interrupts.coalesce_slots.val();
        self.entropy.coalesce_cycles.next = self.interrupts.coalesce_cycles.val();
        self.entropy.request_ready.next = self.axi.request_ready.val().get_bit(0);
        self.entropy.take.next = self.axi.take.val().get_bit(0);
        self.entropy.b_valid.next = self.axi.b_valid.val().get_bit(0);
        self.entropy.b_error.next = self.axi.b_error.val();
        self.entropy.b_tag.next = self.axi.b_tag.val();
        self.entropy.bus_failed.next = self.axi.timed_out.val();
        self.axi.request_address0.next = self.entropy.request_address.val();
        self.axi.request_words0.next = self.entropy.request_words.val();
        self.axi.request_tag0.next = self.entropy.request_tag.val();
        self.axi.data0.next = self.entropy.data.val();
        self.raw.index.next = self.ring_numbers[1].val();
        self.raw.running.next = self.control.running.val() | self.control.drain.val();
        self.raw.generation.next = self.control.generation.val();
        self.raw.flush.next = self.control.flush.val();
        self.raw.irq_enable.next = self.interrupts.enable.val().get_bit(1);
        self.raw.coalesce_slots.next = self.interrupts.coalesce_slots.val();
        self.raw.coalesce_cycles.next = self.interrupts.coalesce_cycles.val();
        self.raw.request_ready.next = self.axi.request_ready.val().get_bit(1);
        self.raw.take.next = self.axi.take.val().get_bit(1);
        self.raw.b_valid.next = self.axi.b_valid.val().get_bit(1);
        self.raw.b_error.next = self.axi.b_error.val();
        self.raw.b_tag.next = self.axi.b_tag.val();
        self.raw.bus_failed.next = self.axi.timed_out.val();
        self.axi.request_address1.next = self.raw.request_address.val();
        self.axi.request_words1.next = self.raw.request_words.val();
        self.axi.request_tag1.next = self.raw.request_tag.val();
        self.axi.data1.next = self.raw.data.val();
        self.boxes.running.next = self.control.running.val() | self.control.drain.val();
        self.boxes.generation.next = self.control.generation.val();
        self.boxes.flush.next = self.control.flush.val();
        self.boxes.irq_enable.next = self.interrupts.enable.val().get_bit(2);
        self.boxes.coalesce_slots.next = self.interrupts.coalesce_slots.val();
        self.boxes.coalesce_cycles.next = self.interrupts.coalesce_cycles.val();
        self.boxes.request_ready.next = self.axi.request_ready.val().get_bit(2);
        self.boxes.take.next = self.axi.take.val().get_bit(2);
        self.boxes.b_valid.next = self.axi.b_valid.val().get_bit(2);
        self.boxes.b_error.next = self.axi.b_error.val();
        self.boxes.b_tag.next = self.axi.b_tag.val();
        self.boxes.bus_failed.next = self.axi.timed_out.val();
        self.axi.request_address2.next = self.boxes.request_address.val();
        self.axi.request_words2.next = self.boxes.request_words.val();
        self.axi.request_tag2.next = self.boxes.request_tag.val();
        self.axi.data2.next = self.boxes.data.val();
        self.axi.request_valid.next = bit_cast::<3, 1>(self.entropy.request_valid.val().into())
            | (bit_cast::<3, 1>(self.raw.request_valid.val().into()) << 1)
            | (bit_cast::<3, 1>(self.boxes.request_valid.val().into()) << 2);
        self.m_axi_awid.next = self.axi.m_axi_awid.val();
        self.m_axi_awaddr.next = self.axi.m_axi_awaddr.val();
        self.m_axi_awlen.next = self.axi.m_axi_awlen.val();
        self.m_axi_awsize.next = self.axi.m_axi_awsize.val();
        self.m_axi_awburst.next = self.axi.m_axi_awburst.val();
        self.m_axi_awcache.next = self.axi.m_axi_awcache.val();
        self.m_axi_awprot.next = self.axi.m_axi_awprot.val();
        self.m_axi_awvalid.next = self.axi.m_axi_awvalid.val();
        self.m_axi_wdata.next = self.axi.m_axi_wdata.val();
        self.m_axi_wstrb.next = self.axi.m_axi_wstrb.val();
        self.m_axi_wlast.next = self.axi.m_axi_wlast.val();
        self.m_axi_wvalid.next = self.axi.m_axi_wvalid.val();
        self.m_axi_bready.next = self.axi.m_axi_bready.val();
        self.axi.m_axi_awready.next = self.m_axi_awready.val();
        self.axi.m_axi_wready.next = self.m_axi_wready.val();
        self.axi.m_axi_bid.next = self.m_axi_bid.val();
        self.axi.m_axi_bresp.next = self.m_axi_bresp.val();
        self.axi.m_axi_bvalid.next = self.m_axi_bvalid.val();

        // For a test bench.
        self.monitor_strobe.next = self.csr.csr_write.val();
        self.monitor_start.next = self.control.start.val();
        self.monitor_stop.next = self.control.stop.val();
        self.monitor_snapshot.next = self.control.snapshot.val();
        self.monitor_reset.next = self.control.core_reset.val();
        self.monitor_bits.next = self.lanes.inc_bits.val();
        self.monitor_ones.next = self.lanes.inc_ones.val();
    }
}
