//! Passes over the Verilog that rust-hdl emits, on its way to what a build publishes.

mod dedupe;

pub use dedupe::dedupe;
