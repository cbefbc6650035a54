//! The wide key-box engine: its sums, its pipeline, its jobs.

mod bench;
mod map;
mod numbers;
mod orbits;
mod rig;
mod stimulus;
mod sums;

pub(crate) use bench::KeyboxWideBench;
