//! A card without an FPGA: photon sources, the card's model or its verilated hardware, injected faults
//! (specification 6.2).
//!
//! [`SimCard`] is a `photonbox_driver::device::Device`: the production driver drives it in process, or over a socket
//! where [`vfio_user`] serves it. Its photons come from a [`Source`]; what it delivers is labelled simulated, replayed or test to the end.

#![deny(unsafe_code)]

mod bus;
pub mod capture_bits;
mod card;
mod core;
mod engine;
pub mod fault;
mod options;
pub mod ptu;
pub mod serial;
pub mod source;
pub mod stochastic;
pub mod vfio_user;

pub use bus::BusStats;
pub use card::{PERIOD_PS, SimCard};
pub use core::CoreKind;
pub use fault::{Fault, FaultError, ScheduledFault};
pub use options::{Error, Pace, SimCardOptions, Source};
pub use photonbox_model::{Build, Pattern};
pub use stochastic::{ParamError, StochasticParams};
