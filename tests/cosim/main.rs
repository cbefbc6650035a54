//! The whole small card: RTL under Verilator against the model.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a failed unwrap is a failed test"
)]

mod bus;
mod lite;
mod lockstep;
mod rig;
mod scene;
