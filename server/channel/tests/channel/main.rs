//! Tests of the channel from outside: two ends joined in memory, on virtual time.
#![allow(clippy::unwrap_used, missing_docs)] // an unexpected error must fail the test

mod faults;
mod handshake;
mod pair;
mod rekey;
mod sealed;
mod sockets;
mod vectors;
