//! The production driver against the simulated card (specification 6.2, 6.3): the same code path as with hardware,
//! down to each register and each posted write. Here on the Rust model, in process; `rtl.rs` runs the same tests on
//! the verilated hardware, `vfio_user.rs` and `vfio_user_rtl.rs` over a socket.

mod bringup;
mod errors;
mod faults;
mod flow;
mod keybox;
mod local;
mod rig;
mod selftest;
mod soak;
mod traffic;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Model;

use local::{AnyCard, Forged, SimCard, opening_resets};

/// The way to them.
fn connect(
    device: std::sync::Arc<dyn photonbox_driver::Device>,
) -> Result<Box<dyn photonbox_driver::Transport>, photonbox_driver::Error> {
    Ok(Box::new(
        photonbox_driver::transport::inprocess::InProcess::new(device),
    ))
}
