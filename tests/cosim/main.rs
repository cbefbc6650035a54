//! The whole card of each build: RTL under Verilator against the model.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a failed unwrap is a failed test"
)]

mod bad_input;
mod bus;
mod counters;
mod faults;
mod keybox;
mod lite;
mod lockstep;
mod resets;
mod rig;
mod scene;
mod stalls;
mod wide;
mod wide_keys;
