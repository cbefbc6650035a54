//! The tests of `main.rs` over a socket.

mod bringup;
mod errors;
mod faults;
mod flow;
mod keybox;
mod local;
mod rig;
mod selftest;
mod served;
mod soak;
mod traffic;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Model;

use local::{AnyCard, Forged, SimCard, opening_resets};
use served::connect;
