//! Verilated designs from Rust: build, drive, lockstep, coverage, mutation.
//!
//! A [`Design`] is Verilog text with a top module. [`Library::build`] turns it into a shared object by Verilator
//! and the C++ compiler, once for each text (objects are kept by hash), and [`Library::simulation`] makes
//! instances of it: plain FFI, ports by name, one rising edge of `clock` a call.

mod compile;
mod coverage;
mod design;
mod embed;
mod error;
mod library;
mod lockstep;
mod mutant;
mod mutate;
mod shim;
mod simulation;
mod tools;

pub use coverage::{Count, Coverage, Covered, cover};
pub use design::{Design, Direction, Port};
pub use embed::{Embedded, embed};
pub use error::{Error, Result};
pub use library::{Library, Options};
pub use lockstep::{Bench, Mismatch, Random, build, check, lockstep, seed};
pub use mutate::{Fate, Mutation, kills_one, mutate};
pub use simulation::{PortId, Simulation};
pub use tools::{Tools, target_folder};
