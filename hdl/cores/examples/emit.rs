//! Prints the Verilog of a block, for tools that take it from there: `cargo run --example emit -- BLOCK`.

use anyhow::{Result, bail};
use photonbox_cores::{
    axi_lite::AxiLite,
    axi_write::{AxiWrite, AxiWriteWide},
    box_ring::BoxRing,
    control::{Control, Parameters},
    counters::Counters,
    csr::Csr,
    interrupts::Interrupts,
    keybox_wide::{KeyBoxWide, Map},
    lanes::Lanes,
    pattern::Pattern,
    ring::{Fill, Registers, Ring, Send},
    route::Route,
    sampler::Sampler,
    selftest::Selftest,
};
use rust_hdl::prelude::*;

/// Time-out of the write master in emitted test designs, in cycles: short enough to be reached.
const SHORT_TIMEOUT: u32 = 12;

fn emit<B: Block>(mut block: B) -> String {
    block.connect_all();
    generate_verilog_unchecked(&block)
}

fn main() -> Result<()> {
    let Some(name) = std::env::args().nth(1) else {
        bail!("say which block");
    };
    let text = match name.as_str() {
        "axi_lite" => emit(AxiLite::default()),
        "csr" => emit(Csr::new(4)),
        "control" => emit(Control::new(Parameters::default())),
        "interrupts" => emit(Interrupts::default()),
        "pattern" => emit(Pattern::<4>::default()),
        "counters" => emit(Counters::<4, 5>::default()),
        "counters_wide" => emit(Counters::<64, 9>::default()),
        "route" => emit(Route::<4, 8>::default()),
        "route_wide" => emit(Route::<64, 64>::default()),
        "lanes_wide" => emit(Lanes::<64>::default()),
        "selftest" => emit(Selftest::<4>::default()),
        "sampler" => emit(Sampler::default()),
        "ring" => emit(Ring::default()),
        "ring_registers" => emit(Registers::default()),
        "ring_fill" => emit(Fill::default()),
        "ring_send" => emit(Send::default()),
        "keybox_wide" => emit(KeyBoxWide::default()),
        "keybox_wide_map" => emit(Map::default()),
        "axi_write" => emit(AxiWrite::<64, 8>::new(SHORT_TIMEOUT)),
        "axi_write_wide" => emit(AxiWriteWide::new(SHORT_TIMEOUT)),
        "box_ring" => emit(BoxRing::default()),
        "axi_write_256" => emit(AxiWrite::<256, 32>::new(SHORT_TIMEOUT)),
        _ => bail!("no block {name}: add it to this example"),
    };
    print!("{text}");
    Ok(())
}
