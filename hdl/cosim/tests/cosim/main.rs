//! The harness itself: small designs in plain Verilog, with models that are obvious.
#![allow(clippy::unwrap_used)]

mod bench;
mod build;
mod design;
