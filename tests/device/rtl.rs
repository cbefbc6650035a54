//! The tests of `main.rs` on the verilated hardware.

mod bringup;
mod faults;
mod flow;
mod local;
mod rig;
mod selftest;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Rtl;

use local::{AnyCard, Forged, SimCard, opening_resets};

/// The way to them.
fn connect(
    device: std::sync::Arc<dyn photonbox_driver::Device>,
) -> Result<Box<dyn photonbox_driver::Transport>, photonbox_driver::Error> {
    Ok(Box::new(
        photonbox_driver::transport::inprocess::InProcess::new(device),
    ))
}
