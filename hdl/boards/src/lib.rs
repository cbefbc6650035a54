//! Top levels of the card's builds, and their Verilog (spec 6-card §6.1).
#![forbid(unsafe_code)]

pub mod emit;
