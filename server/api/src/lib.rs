//! The hub's HTTP interface: JSON over mutual TLS, for the enrolled hosts of its CA (specification 4-vault §4.3).
//!
//! [`Listening`] serves a [`Server`]; [`vault::Vault`] is what a hub answers from, [`AgentDesk`] what a homomorphic agent does. The daemon gives it its store, generator and
//! certificate, and decides when it ends.
#![forbid(unsafe_code)]

mod agent;
mod body;
mod caller;
mod document;
mod members;
mod pace;
mod problem;
mod routes;
mod server;
#[cfg(test)]
mod tests;
pub mod vault;

pub use agent::{AgentDesk, agent_routes};
pub use caller::{Admits, Caller};
pub use problem::Refusal;
pub use routes::{Label, VaultRoutes, openapi, vault_routes};
pub use server::{Listening, Routes, Server, ServerLimits};
