//! The production driver against the simulated card (specification 6.2, 6.3): the same code path as with hardware,
//! down to each register and each posted write.

mod bringup;
mod faults;
mod flow;
mod rig;
mod selftest;
