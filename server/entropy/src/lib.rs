//! Pool, ledger, conditioning, DRBG, health and assessment; no I/O (specification 1-entropy
//! §1.2 to §1.4).
//!
//! [`pool::Pool`] is what a hub works with; the other modules are its parts. Time, process tokens
//! and the operating system's random bytes are arguments everywhere.
#![forbid(unsafe_code)]

pub mod assess;
pub mod attest;
pub mod conditioner;
pub mod credit;
pub mod cutoff;
pub mod drbg;
pub mod health;
mod hex;
pub mod ledger;
pub mod pool;
pub mod provenance;

pub use attest::{AttestedBlock, Signer, Verifier};
pub use drbg::{CtrDrbg, Moment, ReseedPolicy};
pub use health::{Health, HealthState, Observed};
pub use ledger::Ledger;
pub use pool::{Absorbed, FullOutput, Pool, PoolConfig, PoolError, SourceBlock};
pub use provenance::{Class, Origin, Provenance};
