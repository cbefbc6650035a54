//! The tunnel's engine above the packet: attacks one by one, and seeded runs over a bad line.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    reason = "a failed unwrap is a failed test"
)]

mod attacks;
mod batches;
mod line;
mod pair;
mod property;
mod sequences;
mod simulation;
