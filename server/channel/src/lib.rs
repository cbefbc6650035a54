#![forbid(unsafe_code)]
//! The channel protocol, sans-IO: handshake, key schedule, records, rekeying, service messages,
//! and sealing through relays (spec 1-entropy §1.5 and §1.6; `docs/protocol.md`).
//!
//! No sockets, no clock, no OS randomness: bytes, time and a [`ByteSource`] are arguments. A caller
//! makes a [`Channel`] with [`Channel::connect`] or through a [`FrontDoor`], then in a loop brings
//! wire bytes ([`Channel::read_from_wire`]), takes events ([`Channel::poll_event`]), sends
//! ([`Channel::send`]), writes what [`Channel::take_outgoing`] gives, and calls
//! [`Channel::handle_timeout`] when [`Channel::next_timeout`] is reached.

// The tests in here share a helper with those from outside, which name the crate.
#[cfg(test)]
extern crate self as photonbox_channel;

mod batch;
mod channel;
mod config;
mod control;
#[cfg(test)]
mod erasure_tests;
mod error;
mod event;
#[cfg(test)]
mod fault_tests;
mod front_door;
mod halves;
mod handshake;
mod identity;
mod incoming;
pub mod kx;
pub mod labels;
mod layer;
pub mod message;
pub mod mlkem;
#[cfg(test)]
#[path = "../tests/channel/pair.rs"]
#[allow(dead_code, clippy::unwrap_used)]
// tests in here use a part of it, and a failed step must fail them
mod pair;
#[cfg(feature = "pipe")]
mod pipe;
mod receiving;
pub mod record;
mod rekey;
pub mod schedule;
pub mod sealed;
mod sending;
mod source;
mod status;
mod stock;
mod stream;
mod terms;
mod timing;
#[cfg(test)]
mod vector_tests;
mod wire;
#[cfg(test)]
mod witness;

pub use channel::Channel;
pub use config::{
    Admission, ClientConfig, ClientOptions, HttpTls, ServerConfig, ServerOptions, Settings,
    ca_of_chain, enroll_client_config, enroll_server_config,
};
pub use error::{CloseReason, Error, SendError};
pub use event::Event;
pub use front_door::{DoorError, FrontDoor, Knock, PlainTls};
pub use identity::{
    CaCertificate, Identity, IdentityError, PeerIdentity, Role, Usage, fingerprint, is_valid_id,
    verify_signature,
};
pub use incoming::Received;
pub use kx::{EphemeralKey, Group, KxError};
pub use labels::{ALPN_CHANNEL, ALPN_ENROLL};
pub use message::{
    AttestedDelivery, BoxMessage, Class, Delivery, Message, Mode, Provenance, RefusalCode, Request,
};
#[cfg(feature = "pipe")]
pub use pipe::PipeEnd;
pub use record::parse_record_header;
pub use source::{ByteSource, Drawn, MixingSource, SourceExhausted};
pub use status::{ChannelStatus, CloseCounts, EntropyClass, trust};
pub use stock::{KeyStock, Workers};
pub use terms::WhenExhausted;
pub use wire::Malformed;
