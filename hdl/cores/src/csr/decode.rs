//! The decode tables: the register map as the content of two small ROMs.

use photonbox_regmap::{Block, Register};
use rust_hdl::core::timing::TimingInfo;
use rust_hdl::prelude::*;
use std::fmt::Write;

/// Bytes of a page: each block instance begins on one.
pub(super) const PAGE_BYTES: u32 = 128;
/// Pages of BAR 0.
const PAGES: u32 = photonbox_regmap::BAR_BYTES / PAGE_BYTES;

/// A ROM with a registered output; words that are not given are 0.
#[derive(LogicBlock, Default)]
pub struct Rom<const ADDRESS: usize, const DATA: usize> {
    /// Clock.
    pub clock: Signal<In, Clock>,
    /// Address, taken at the rising edge.
    pub address: Signal<In, Bits<ADDRESS>>,
    /// The word, from the cycle after on.
    pub data: Signal<Out, Bits<DATA>>,
    _words: Vec<(u32, u64)>,
}

impl<const ADDRESS: usize, const DATA: usize> Rom<ADDRESS, DATA> {
    /// A ROM of words at addresses.
    pub fn new(words: Vec<(u32, u64)>) -> Self {
        Self {
            _words: words,
            ..Self::default()
        }
    }
}

impl<const ADDRESS: usize, const DATA: usize> Logic for Rom<ADDRESS, DATA> {
    fn update(&mut self) {}

    fn connect(&mut self) {
        self.data.connect();
    }

    fn hdl(&self) -> Verilog {
        let mut text = format!("initial begin\n   data = {DATA}'h0;\nend\n\n");
        text += "always @(posedge clock) begin\n   case (address)\n";
        for (address, word) in &self._words {
            // Writing to a String cannot fail.
            let _ = writeln!(
                text,
                "      {ADDRESS}'h{address:x}: data <= {DATA}'h{word:x};"
            );
        }
        let _ = writeln!(text, "      default: data <= {DATA}'h0;\n   endcase\nend");
        Verilog::Custom(text)
    }

    fn timing(&self) -> Vec<TimingInfo> {
        vec![TimingInfo {
            name: "rom".into(),
            clock: "clock".into(),
            inputs: vec!["address".into()],
            outputs: vec!["data".into()],
        }]
    }
}

/// Words of the page ROM, by page of BAR 0: `instance[6] block[3] part[2] exists[1]`, lowest last.
pub(super) fn pages(blocks: &[Block], instances: &dyn Fn(&Block) -> u32) -> Vec<(u32, u64)> {
    let mut words = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        assert!(
            block.base % PAGE_BYTES == 0 && block.stride % PAGE_BYTES == 0,
            "{}: blocks begin on pages",
            block.name
        );
        for instance in 0..instances(block).min(block.count) {
            let parts = (block.stride / PAGE_BYTES).min(4);
            for part in 0..parts {
                let page = (block.base + instance * block.stride) / PAGE_BYTES + part;
                assert!(page < PAGES, "{}: lies in BAR 0", block.name);
                let word = 1 | (part << 1) | ((number as u32) << 3) | (instance << 6);
                words.push((page, u64::from(word)));
            }
        }
    }
    words
}

/// Words of the register ROM, by `block[3] part[2] word[5]`: `mask[32] readable[1] writable[1] exists[1]`, lowest
/// last.
pub(super) fn registers(blocks: &[Block]) -> Vec<(u32, u64)> {
    let mut words = Vec::new();
    for (number, block) in blocks.iter().enumerate() {
        for register in block.registers {
            let address = ((number as u32) << 7) | (register.offset / 4);
            words.push((address, entry(register)));
        }
    }
    words
}

fn entry(register: &Register) -> u64 {
    1 | (u64::from(register.access.writable()) << 1)
        | (u64::from(register.access.readable()) << 2)
        | (u64::from(register.bits()) << 3)
}
