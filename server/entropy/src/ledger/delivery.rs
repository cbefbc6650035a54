//! One delivery: who got how much, and the SHA-256 of all of it.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hex::hex;
use crate::provenance::{Class, Provenance};

/// A delivery's number, never used twice by one hub.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DeliveryId(pub u64);

/// One delivery in `ledger --json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeliveryReport {
    /// Number of the delivery.
    pub id: u64,
    /// Who got it: the final host, behind relays too.
    pub host: String,
    /// Relays on the way.
    pub hops: u8,
    /// Bytes so far.
    pub bytes: u64,
    /// Class of output.
    pub class: Class,
    /// SHA-256 of all bytes so far, hexadecimal.
    pub sha256: String,
    /// Whether more may follow.
    pub open: bool,
    /// Labels of all bytes so far.
    #[serde(flatten)]
    pub provenance: Provenance,
}

#[derive(Debug, Clone)]
enum Hash {
    Running(Sha256),
    Final(String),
}

#[derive(Debug, Clone)]
pub(super) struct Delivery {
    id: DeliveryId,
    host: String,
    class: Class,
    hops: u8,
    bytes: u64,
    provenance: Provenance,
    hash: Hash,
}

impl Delivery {
    pub(super) fn open(id: DeliveryId, host: &str, class: Class, hops: u8) -> Self {
        Self {
            id,
            host: host.to_owned(),
            class,
            hops,
            bytes: 0,
            provenance: Provenance::REAL,
            hash: Hash::Running(Sha256::new()),
        }
    }

    pub(super) fn id(&self) -> DeliveryId {
        self.id
    }

    pub(super) fn class(&self) -> Class {
        self.class
    }

    pub(super) fn is_open(&self) -> bool {
        matches!(self.hash, Hash::Running(_))
    }

    pub(super) fn record(&mut self, bytes: &[u8], provenance: Provenance) {
        if let Hash::Running(hash) = &mut self.hash {
            hash.update(bytes);
            self.bytes = self.bytes.saturating_add(bytes.len() as u64);
            self.provenance = self.provenance.merge(provenance);
        }
    }

    pub(super) fn close(&mut self) {
        self.hash = Hash::Final(self.sha256());
    }

    fn sha256(&self) -> String {
        match &self.hash {
            Hash::Running(hash) => hex(&hash.clone().finalize()),
            Hash::Final(text) => text.clone(),
        }
    }

    pub(super) fn report(&self) -> DeliveryReport {
        DeliveryReport {
            id: self.id.0,
            host: self.host.clone(),
            hops: self.hops,
            bytes: self.bytes,
            class: self.class,
            sha256: self.sha256(),
            open: self.is_open(),
            provenance: self.provenance,
        }
    }

    /// A closed delivery from its report; `None` if the hash is not 64 hexadecimal digits.
    pub(super) fn restore(report: &DeliveryReport) -> Option<Self> {
        let well_formed =
            report.sha256.len() == 64 && report.sha256.bytes().all(|byte| byte.is_ascii_hexdigit());
        well_formed.then(|| Self {
            id: DeliveryId(report.id),
            host: report.host.clone(),
            class: report.class,
            hops: report.hops,
            bytes: report.bytes,
            provenance: report.provenance,
            hash: Hash::Final(report.sha256.clone()),
        })
    }
}
