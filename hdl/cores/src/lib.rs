//! The blocks of the card in Rust-HDL, one folder each (spec 6-card §6.1).
//!
//! Each block mirrors one of `photonbox-model` and is proven against it under Verilator, cycle for cycle
//! (`tests/blocks`). The Verilog that a block emits is what counts: rust-hdl's own simulator is not used.
#![forbid(unsafe_code)]

pub mod apt;
pub mod axi_lite;
pub mod axi_write;
pub mod balance;
pub mod box_ring;
pub mod boxes;
pub mod card;
pub mod control;
pub mod counters;
pub mod csr;
pub mod dedupe;
pub mod interrupts;
pub mod keybox;
pub mod keybox_wide;
pub mod lane;
pub mod lanes;
pub mod pattern;
pub mod rate;
pub mod rct;
pub mod ring;
pub mod route;
pub mod sampler;
pub mod selftest;
pub mod startup;
pub mod synchroniser;
pub mod toeplitz;
