//! Custody (specification 3-custody, seed 003): a key that nobody has at rest, for m of n holders have it together.
//!
//! Sans-IO: time and random bytes are arguments, and signatures are judged by whoever calls.
#![forbid(unsafe_code)]

pub mod approval;
pub mod configuration;
pub mod contribution;
pub mod envelope;
mod field;
pub mod keys;
pub mod policy;
pub mod shamir;
pub mod vault_format;
