//! Bit-exact reference model of each block of the card.
//!
//! One block a file, each a struct with a `step` that is one clock cycle. [`sampler`], the health tests and
//! [`lane`] are exact cycle for cycle; [`card`] puts them together behind the register file and skips idle
//! cycles, so that a card at 250 MHz costs what its photons cost. Spec: 1-entropy §1.1 to 1.3, 6-card §6.1.
#![forbid(unsafe_code)]

pub mod apt;
pub mod balance;
pub mod boxes;
pub mod card;
pub mod credit;
pub mod cutoffs;
pub mod extractor;
pub mod keybox;
pub mod lane;
pub mod pattern;
pub mod rate;
pub mod rct;
pub mod ring;
pub mod sampler;
pub mod selftest;
pub mod startup;
pub mod toeplitz;

pub use card::{Build, BusError, BusMaster, Card, EdgeError, FrontEnd, Provenance};
pub use lane::{Alarms, Lane, LaneSettings, LaneState};
pub use pattern::{Pattern, PatternGenerator};
pub use sampler::{Counters, Sampler, SamplerSettings};
pub use toeplitz::Toeplitz;
