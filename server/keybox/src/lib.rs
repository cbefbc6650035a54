//! Key boxes: the orbit of an IP key under the logistic map, engines that compute it, and what is derived from a
//! session key (spec 2-keybox §2.1, §2.2); the tunnel's packet ([`esp`]) and the engine above it ([`peer`], §2.3, §2.4).
//!
//! X_0 = IP key · 10^s, X_n = floor(4 · X_{n−1} · (M − X_{n−1}) / M) with M = 10^(64 + s); session key n is
//! X_n mod 10^64. A raw session key gives away all later ones to whoever tries 10^s completions, so it never leaves
//! an engine's caller: what is used is [`derive::key`].
//!
//! No I/O, no clock, no randomness.
#![deny(unsafe_code)] // but for cpu/ifma.rs and esp/ready.rs

pub mod audit;
pub mod cpu;
pub mod derive;
mod engine;
mod error;
pub mod esp;
mod ip_key;
mod parameters;
pub mod peer;
mod reference;
pub mod schedule;
pub mod window;

pub use cpu::Cpu;
pub use engine::{Engine, KEY_BYTES, Position};
pub use error::Error;
pub use ip_key::{DIGITS, IpKey};
pub use parameters::{MAX_BOXES, MAX_JOB_KEYS, MAX_KEYS, MAX_S, Parameters};
pub use reference::{Orbit, Reference};
