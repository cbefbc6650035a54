//! The tests of `main.rs` on cards whose owner is somewhere else. `launch.rs` runs this program once more in the guest of a
//! virtual machine, where the way to them is the kernel's VFIO, and the owner is outside.

mod bringup;
mod errors;
mod faults;
mod flow;
mod keybox;
mod launch;
mod line;
mod local;
mod owner;
mod remote;
mod rig;
mod selftest;
mod soak;
mod traffic;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Model;

use remote::{AnyCard, Forged, SimCard, connect, opening_resets};
