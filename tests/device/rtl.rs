//! The tests of `main.rs` on the verilated hardware.

mod bringup;
mod faults;
mod flow;
mod rig;
mod selftest;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Rtl;
