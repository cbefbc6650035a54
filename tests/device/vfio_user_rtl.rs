//! The tests of `main.rs` on the verilated hardware over a socket.

mod bringup;
mod faults;
mod flow;
mod local;
mod rig;
mod selftest;
mod served;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Rtl;

use local::{AnyCard, Forged, SimCard, opening_resets};
use served::connect;
