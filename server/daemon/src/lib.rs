//! The tokio shell of Photonbox: the only crate that sees both the wire and the card.
//!
//! Entry points: [`init`], [`enroll_token`], [`enroll`], [`serve`], [`join`], [`control_request`],
//! [`demo`], [`open_card`]. Their options and reports are plain data in [`options`].
// Only `os` may contain unsafe code: five system calls, and a promise about descriptors.
#![deny(unsafe_code)]

mod agents;
mod answering;
mod api;
mod asked;
mod attest;
mod audit;
mod backup;
pub mod boxes;
mod card;
mod channel_settings;
mod channels;
pub mod config;
mod control;
pub mod crowd;
mod current;
mod deliver;
mod demo;
mod enroll;
mod enroll_desk;
pub mod enroll_protocol;
pub mod error;
mod failure;
mod fair;
mod feed;
mod feeder;
mod front_door;
mod gate;
mod generator;
mod held;
mod host;
mod host_certificate;
mod hub;
mod hub_certificate;
mod keybox;
mod ledger_book;
mod life;
mod link;
mod membership;
mod metrics;
pub mod options;
mod os;
mod parents;
mod passage;
pub mod pki;
mod pulls;
mod recording;
mod relay;
mod renewal;
mod reports;
mod serving;
pub mod shutdown;
pub mod sinks;
mod source;
pub mod state_dir;
mod storage;
pub mod tunnel;
mod vm_event;
mod wire;
mod workers;

pub use agents::{AGENT_PORT, AgentOptions, AgentReady, agent};
pub use api::API_PORT;
pub use audit::{
    AuditFault, AuditLine, AuditMark, AuditOptions, AuditReport, audit_list, audit_verify,
};
pub use backup::{
    BackupOptions, BackupProgress, BackupReport, RestoreOptions, RestoreReport, backup, restore,
};
pub use card::{OpenedCard, SimulatedCard, card_failed, open_card, simulated_card, start_card};
pub use config::Config;
pub use control::{ControlCommand, control_request};
pub use demo::demo;
pub use enroll::{enroll, enroll_token, init, revoke};
pub use error::{Error, Result};
pub use held::utc;
pub use host::join;
pub use hub::serve;
pub use keybox::CardEngine;
pub use metrics::METRICS_PORT;
pub use options::*;
pub use renewal::{CertificateOptions, RenewOptions, RenewReport, renew};
pub use shutdown::{Phase, Shutdown};
pub use storage::StoreOptions;
pub use workers::key_stock;
