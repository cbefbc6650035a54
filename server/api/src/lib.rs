//! The hub's HTTP interface: JSON over mutual TLS, for the enrolled hosts of its CA (specification 4-vault §4.3).
//!
//! [`Server`] listens and answers; [`vault::Vault`] is what it answers from. The daemon gives it its store, generator and
//! certificate, and decides when it ends.
#![forbid(unsafe_code)]

mod caller;
mod pace;
mod problem;
mod random;
mod routes;
mod server;
#[cfg(test)]
mod tests;
pub mod vault;

pub use caller::{Admits, Caller};
pub use problem::Refusal;
pub use routes::openapi;
pub use server::{Listening, Server, ServerLimits};
