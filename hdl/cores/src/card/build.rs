//! A card's parts, and what its registers say of it.

use super::Card;
use crate::axi_write::WriteMaster;
use crate::control::{Control, Parameters};
use crate::csr::Csr;
use photonbox_model::Build;
use photonbox_model::card::MAX_N;
use photonbox_regmap::{DEFAULT_CLOCK_HZ, global};
use rust_hdl::prelude::Constant;

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
> Card<L, A, W, M, D, S, P, O, Q, SMALL, WIDE>
{
    /// A card of a build: its registers say so.
    pub fn new(build: Build) -> Self {
        let all = u64::MAX >> (64 - L);
        Self {
            clock: Default::default(),
            reset: Default::default(),
            build_hash: Default::default(),
            pins_a: Default::default(),
            pins_b: Default::default(),
            front_end: Default::default(),
            simulated: Default::default(),
            replayed: Default::default(),
            selftest_fault: Default::default(),
            preload_valid: Default::default(),
            preload_address: Default::default(),
            preload_data: Default::default(),
            s_axil_awaddr: Default::default(),
            s_axil_awprot: Default::default(),
            s_axil_awvalid: Default::default(),
            s_axil_wdata: Default::default(),
            s_axil_wstrb: Default::default(),
            s_axil_wvalid: Default::default(),
            s_axil_bready: Default::default(),
            s_axil_araddr: Default::default(),
            s_axil_arprot: Default::default(),
            s_axil_arvalid: Default::default(),
            s_axil_rready: Default::default(),
            s_axil_awready: Default::default(),
            s_axil_wready: Default::default(),
            s_axil_bresp: Default::default(),
            s_axil_bvalid: Default::default(),
            s_axil_arready: Default::default(),
            s_axil_rdata: Default::default(),
            s_axil_rresp: Default::default(),
            s_axil_rvalid: Default::default(),
            m_axi_awid: Default::default(),
            m_axi_awaddr: Default::default(),
            m_axi_awlen: Default::default(),
            m_axi_awsize: Default::default(),
            m_axi_awburst: Default::default(),
            m_axi_awcache: Default::default(),
            m_axi_awprot: Default::default(),
            m_axi_awvalid: Default::default(),
            m_axi_wdata: Default::default(),
            m_axi_wstrb: Default::default(),
            m_axi_wlast: Default::default(),
            m_axi_wvalid: Default::default(),
            m_axi_bready: Default::default(),
            m_axi_awready: Default::default(),
            m_axi_wready: Default::default(),
            m_axi_bid: Default::default(),
            m_axi_bresp: Default::default(),
            m_axi_bvalid: Default::default(),
            irq_valid: Default::default(),
            irq_vector: Default::default(),
            irq_ready: Default::default(),
            monitor_strobe: Default::default(),
            monitor_start: Default::default(),
            monitor_stop: Default::default(),
            monitor_snapshot: Default::default(),
            monitor_reset: Default::default(),
            monitor_bits: Default::default(),
            monitor_ones: Default::default(),
            axi_lite: Default::default(),
            csr: Csr::new(build.lanes()),
            control: Control::new(parameters(build)),
            interrupts: Default::default(),
            selftest: Default::default(),
            pattern: Default::default(),
            lanes: Default::default(),
            counters: Default::default(),
            route: Default::default(),
            toeplitz: Default::default(),
            entropy: Default::default(),
            raw: Default::default(),
            boxes: Default::default(),
            axi: WriteMaster::new(B_TIMEOUT),
            stamp: Default::default(),
            clear: Default::default(),
            extract: Default::default(),
            all: Constant::new(all.into()),
            none: Constant::new(0_u64.into()),
            ring_numbers: [0_u64, 1].map(|number| Constant::new(number.into())),
            raw_piece: Constant::new(8_u64.into()),
        }
    }
}

/// What the registers say of a build.
fn parameters(build: Build) -> Parameters {
    Parameters {
        build: match build {
            Build::Small => global::BUILD_SMALL,
            Build::Wide => global::BUILD_WIDE,
        },
        lanes: build.lanes(),
        toeplitz_w: build.toeplitz_w(),
        axi_bytes: build.axi_bytes(),
        max_n: MAX_N,
        max_m: build.max_m(),
        keybox: true,
        clock_hz: DEFAULT_CLOCK_HZ,
    }
}

/// Cycles without any response after which the bus counts as dead: 4 ms at 250 MHz.
const B_TIMEOUT: u32 = 1 << 20;
