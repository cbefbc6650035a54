//! What the registers of the block read as.

use super::Parameters;
use crate::csr::readout;
use photonbox_regmap::{ABI_VERSION, MAGIC, global};
use rust_hdl::prelude::*;

#[derive(LogicBlock, Default)]
pub(super) struct Readout {
    pub clock: Signal<In, Clock>,
    pub csr_block: Signal<In, Bits<3>>,
    pub csr_register: Signal<In, Bits<7>>,
    pub front_end: Signal<In, Bits<2>>,
    pub build_hash: Signal<In, Bits<256>>,
    pub generation: Signal<In, Bits<32>>,
    pub status: Signal<In, Bits<9>>,
    pub scratch: Signal<In, Bits<32>>,
    pub snapshots: Signal<In, Bits<32>>,
    pub cycles: Signal<In, Bits<64>>,
    pub start_error: Signal<In, Bits<9>>,
    pub unknown: Signal<In, Bits<32>>,
    pub refused: Signal<In, Bits<32>>,
    pub bus: Signal<In, Bits<32>>,
    pub stalls: Signal<In, Bits<32>>,
    pub dropped: Signal<In, Bits<32>>,
    pub passed: Signal<In, Bits<7>>,
    pub csr_read: Signal<Out, Bits<32>>,
    _parameters: Parameters,
}

impl Readout {
    pub(super) fn new(parameters: Parameters) -> Self {
        Self {
            _parameters: parameters,
            ..Self::default()
        }
    }
}

impl Logic for Readout {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.csr_read.connect();
    }

    fn hdl(&self) -> Verilog {
        let built = &self._parameters;
        let constant = |value: u32| format!("32'h{value:x}");
        let caps = global::CAPS_BUILD.put(built.build)
            | global::CAPS_LANES.put(built.lanes)
            | global::CAPS_TOEPLITZ_W.put(built.toeplitz_w)
            | global::CAPS_AXI_BYTES.put(built.axi_bytes)
            | global::CAPS_KEYBOX.put(u32::from(built.keybox));
        let limits = global::CAPS_MAX_N.put(built.max_n) | global::CAPS_MAX_M.put(built.max_m);
        let front_end = global::CAPS_FRONT_END.lsb;
        let mut table = vec![
            (global::MAGIC, constant(MAGIC)),
            (global::ABI, constant(ABI_VERSION)),
            (
                global::CAPS,
                format!("{} | {{30'h0, front_end}} << {front_end}", constant(caps)),
            ),
            (global::CAPS_EXTRACTOR, constant(limits)),
            (global::CLOCK_HZ, constant(built.clock_hz)),
            (global::CYCLES_LO, "cycles[31:0]".into()),
            (global::CYCLES_HI, "cycles[63:32]".into()),
            (global::SELFTEST_RAN, constant(built.tests())),
        ];
        for word in 0..8 {
            let low = 32 * word;
            let slice = format!("build_hash[{}:{low}]", low + 31);
            table.push((global::build_hash(word), slice));
        }
        let named = [
            (global::GENERATION, "generation"),
            (global::STATUS, "status"),
            (global::SCRATCH, "scratch"),
            (global::SNAPSHOT_COUNT, "snapshots"),
            (global::START_ERROR, "start_error"),
            (global::ERR_UNKNOWN_REGISTER, "unknown"),
            (global::ERR_REFUSED_WRITE, "refused"),
            (global::ERR_BUS, "bus"),
            (global::ERR_RING_STALLS, "stalls"),
            (global::ERR_DROPPED_BITS, "dropped"),
            (global::SELFTEST_PASSED, "passed"),
        ];
        table.extend(named.map(|(offset, name)| (offset, name.to_owned())));
        readout(0, &table)
    }
}
