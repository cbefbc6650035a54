//! Which register of a block is addressed, from the map.

use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;

/// One bit for each register, a cycle after its address: the address stands for cycles before the strobe, so that
/// nothing but this bit is left in the path from the strobe.
#[derive(LogicBlock)]
pub struct Select<const N: usize> {
    /// The core clock.
    pub clock: Signal<In, Clock>,
    /// Block of the register map.
    pub csr_block: Signal<In, Bits<3>>,
    /// Word within the block.
    pub csr_register: Signal<In, Bits<7>>,
    /// Bit k: the k-th register is addressed.
    pub at: Signal<Out, Bits<N>>,
    _block: u64,
    _offsets: [u32; N],
}

impl<const N: usize> Select<N> {
    /// For the registers at these offsets of a block.
    pub fn new(block: u64, offsets: [u32; N]) -> Self {
        Self {
            clock: Default::default(),
            csr_block: Default::default(),
            csr_register: Default::default(),
            at: Default::default(),
            _block: block,
            _offsets: offsets,
        }
    }
}

impl<const N: usize> Logic for Select<N> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.at.connect();
    }

    fn hdl(&self) -> Verilog {
        let lines: String = self
            ._offsets
            .iter()
            .enumerate()
            .map(|(bit, offset)| {
                format!(
                    "    at[{bit}] <= csr_block == 3'd{} && csr_register == 7'd{};\n",
                    self._block,
                    offset / 4
                )
            })
            .collect();
        Verilog::Custom(format!(
            "initial at = 0;\nalways @(posedge clock) begin\n{lines}end\n"
        ))
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "select".into(),
            clock: "clock".into(),
            inputs: vec!["csr_block".into(), "csr_register".into()],
            outputs: vec!["at".into()],
        }]
    }
}
