//! Passes over the Verilog that rust-hdl emits, on its way to what a build publishes.

mod dedupe;
pub mod hash;

pub use dedupe::dedupe;
