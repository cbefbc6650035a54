//! The production driver against the simulated card (specification 6.2, 6.3): the same code path as with hardware,
//! down to each register and each posted write. Here on the Rust model; `rtl.rs` runs the same tests on the
//! verilated hardware.

mod bringup;
mod faults;
mod flow;
mod keybox;
mod rig;
mod selftest;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Model;
