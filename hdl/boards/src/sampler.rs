//! The sampler of a lane, alone: what `capture bits --card rtl` plays a recording through.

use crate::emit;
use photonbox_cores::sampler::Sampler;
use rust_hdl::prelude::*;

/// Name of the top module.
const TOP: &str = "photonbox_sampler";

/// The Verilog of the sampler with the ports of the block.
pub fn sampler() -> String {
    let mut block = Sampler::default();
    block.connect_all();
    emit::dedupe(&generate_verilog_unchecked(&block))
        .replace("module top(", &format!("module {TOP}("))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_top_with_the_block_s_ports() {
        let text = sampler();
        assert_eq!(text.matches(&format!("module {TOP}(")).count(), 1);
        assert!(text.contains("edge_a") && text.contains("stays_open"));
        assert!(!text.contains("module top("));
    }
}
