//! The key-box engine against its model, job by job, and against `tests/vectors/keybox.json`.

mod bench;
mod orbits;
mod rig;

pub(crate) use bench::KeyboxBench;
pub(crate) use rig::decimal;
