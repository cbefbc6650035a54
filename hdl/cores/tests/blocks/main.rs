//! Blocks against their models, under Verilator.

mod apt;
mod axi_lite;
mod axi_write;
mod balance;
mod control;
mod counters;
mod coverage;
mod csr;
mod interrupts;
mod keybox;
mod lane;
mod mutate;
mod pattern;
mod rate;
mod rct;
mod ring;
mod route;
mod sampler;
mod selftest;
mod startup;
mod synchroniser;
mod toeplitz;
