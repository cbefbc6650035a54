//! The tests of `main.rs` on the verilated hardware over a socket.

mod bringup;
mod faults;
mod flow;
mod rig;
mod selftest;
mod served;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Rtl;

use served::connect;
