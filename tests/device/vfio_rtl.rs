//! The tests of `main.rs` on the verilated hardware behind a kernel's VFIO: `launch.rs` runs this program once more in the
//! guest of a virtual machine, and the hardware is outside.

mod bringup;
mod faults;
mod flow;
mod launch;
mod line;
mod local;
mod owner;
mod remote;
mod rig;
mod selftest;

/// What the cards of these tests have for a core.
const CORE: photonbox_simcard::CoreKind = photonbox_simcard::CoreKind::Rtl;

use remote::{AnyCard, Forged, SimCard, connect, opening_resets};
