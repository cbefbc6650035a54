//! What all hosts share, what goes between them, and what each counts.

use std::sync::Arc;

use photonbox_channel::{Identity, PeerIdentity, Settings};

use crate::faults::Micros;

/// What goes over a line.
pub(crate) struct Segment {
    pub(crate) at: Micros,
    /// Host and its end that it goes to.
    pub(crate) to: (u32, u32),
    pub(crate) session: u64,
    pub(crate) what: What,
}

pub(crate) enum What {
    /// B begins a session.
    Dial,
    /// Bytes of a session.
    Bytes(Vec<u8>),
    /// There is no such session here (any more).
    Reset,
}

/// What all hosts share.
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) settings: Settings,
    /// T, in virtual time.
    pub(crate) rotation: Micros,
    /// Between two blocks on a link.
    pub(crate) block_every: Micros,
    pub(crate) end: Micros,
    /// What the hosts themselves do wrong.
    pub(crate) planted: Option<Planted>,
    /// Who each host is.
    pub(crate) identities: Vec<Arc<Identity>>,
    pub(crate) publics: Vec<Arc<PeerIdentity>>,
}

impl World {
    pub(crate) fn identity(&self, host: u32) -> &Arc<Identity> {
        &self.identities[host as usize % self.identities.len()]
    }

    pub(crate) fn public(&self, host: u32) -> Arc<PeerIdentity> {
        Arc::clone(&self.publics[host as usize % self.publics.len()])
    }
}

/// A fault that the invariants must find: to see that they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// Now and then a block is sent twice.
    Repeat,
    /// Now and then a block is another.
    Alter,
    /// Now and then a byte on a line changes.
    Flip,
    /// A block costs the ledger nothing.
    Free,
}

/// What a host counts.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Counts {
    /// Bits drawn to make a channel, and to rekey one.
    pub(crate) setup_bits: u64,
    pub(crate) rekey_bits: u64,
    /// Steps of sending chains.
    pub(crate) rekeys: u64,
    pub(crate) sessions: u64,
    pub(crate) blocks: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.setup_bits += other.setup_bits;
        self.rekey_bits += other.rekey_bits;
        self.rekeys += other.rekeys;
        self.sessions += other.sessions;
        self.blocks += other.blocks;
    }
}
