//! The ledger: what each source was credited with, what became of it, and who got what
//! (1-entropy §1.3).
//!
//! Amounts of entropy are integers in thousandths of a bit, so that nothing is lost or gained by
//! rounding. After each entry the invariants are checked; an entry that would break one is
//! refused, and from then on the ledger refuses everything: a hub that has lost count of its
//! entropy gives none.
//!
//! Countermeasure T4 (`docs/threat-model.md`).

mod account;
mod delivery;

use serde::{Deserialize, Serialize};

pub use account::{Account, SourceReport};
pub use delivery::{DeliveryId, DeliveryReport};

use crate::health::MAX_SOURCES;
use crate::provenance::{Class, Provenance};
use delivery::Delivery;

/// Format name at the head of a stored ledger.
const SNAPSHOT_FORMAT: &str = "photonbox-ledger/1";

/// Why the ledger refused an entry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerError {
    /// An entry would have spent more than there was. The ledger is closed from here on.
    #[error(
        "the entropy ledger does not add up ({0}), nothing more is given: restart the hub and report this"
    )]
    Broken(String),
    /// More than [`MAX_SOURCES`] names.
    #[error("more than {MAX_SOURCES} sources were named: use the same name for the same card")]
    TooManySources,
    /// The delivery is unknown or closed.
    #[error("delivery {0} is not open: open a new one")]
    NotOpen(u64),
    /// A stored ledger can't be read.
    #[error("the stored ledger can't be used ({0}): restore it from a backup")]
    Snapshot(String),
}

/// A source's place in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(usize);

/// The ledger of one hub.
#[derive(Debug, Clone, Default)]
pub struct Ledger {
    sources: Vec<(String, Account)>,
    deliveries: Vec<Delivery>,
    next_delivery: u64,
    recorded_full_bits: u64,
    recorded_drbg_bytes: u64,
    broken: Option<String>,
}

/// The ledger as `ledger --json` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerReport {
    /// One entry a source.
    pub sources: Vec<SourceReport>,
    /// One entry a delivery, oldest first.
    pub deliveries: Vec<DeliveryReport>,
    /// Credited min-entropy of all sources, whole bits.
    pub credited_bits: u64,
    /// Of it, spent on full-entropy blocks.
    pub conditioned_bits: u64,
    /// Of it, thrown away unused.
    pub discarded_bits: u64,
    /// Full-entropy bits made.
    pub full_bits: u64,
    /// Of them, used to seed the hub's DRBG.
    pub seed_bits: u64,
    /// Full-entropy bits recorded as delivered.
    pub delivered_full_bits: u64,
    /// DRBG output recorded as delivered, bytes.
    pub delivered_drbg_bytes: u64,
    /// Whether debits <= credited holds throughout.
    pub invariant_holds: bool,
}

/// The ledger as it is stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerSnapshot {
    format: String,
    sources: Vec<(String, Account)>,
    deliveries: Vec<DeliveryReport>,
    next_delivery: u64,
    recorded_full_bits: u64,
    recorded_drbg_bytes: u64,
}

impl Ledger {
    /// An empty ledger.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The account of `name`, opened if it is new.
    ///
    /// # Errors
    /// [`LedgerError::TooManySources`], or [`LedgerError::Broken`] if the ledger is closed.
    pub fn source(&mut self, name: &str) -> Result<SourceId, LedgerError> {
        self.check()?;
        if let Some(at) = self.sources.iter().position(|(known, _)| known == name) {
            return Ok(SourceId(at));
        }
        if self.sources.len() >= MAX_SOURCES {
            return Err(LedgerError::TooManySources);
        }
        self.sources.push((name.to_owned(), Account::default()));
        Ok(SourceId(self.sources.len() - 1))
    }

    /// The name of a source.
    #[must_use]
    pub fn name(&self, source: SourceId) -> &str {
        self.sources.get(source.0).map_or("", |(name, _)| name)
    }

    /// Credits `millibits` for `raw_bits` raw bits.
    ///
    /// # Errors
    /// [`LedgerError::Broken`], as for each entry below.
    pub fn credit(
        &mut self,
        source: SourceId,
        millibits: u64,
        raw_bits: u64,
        provenance: Provenance,
    ) -> Result<(), LedgerError> {
        self.enter(source, |account| {
            account.credit(millibits, raw_bits, provenance)
        })
    }

    /// Debits `millibits`, spent on `bits` full-entropy bits.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    pub fn condition(
        &mut self,
        source: SourceId,
        millibits: u64,
        bits: u64,
    ) -> Result<(), LedgerError> {
        self.enter(source, |account| account.condition(millibits, bits))
    }

    /// Debits `millibits` that were thrown away unused.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    pub fn discard_credit(&mut self, source: SourceId, millibits: u64) -> Result<(), LedgerError> {
        self.enter(source, |account| account.discard_credit(millibits))
    }

    /// `bits` full-entropy bits were thrown away.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    pub fn discard_full(&mut self, source: SourceId, bits: u64) -> Result<(), LedgerError> {
        self.enter(source, |account| account.discard_full(bits))
    }

    /// `bits` full-entropy bits seeded the DRBG.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    pub fn seed(&mut self, source: SourceId, bits: u64) -> Result<(), LedgerError> {
        self.enter(source, |account| account.seed(bits))
    }

    /// `bits` full-entropy bits left the pool.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    pub fn hand_out(&mut self, source: SourceId, bits: u64) -> Result<(), LedgerError> {
        self.enter(source, |account| account.hand_out(bits))
    }

    /// `bits` full-entropy bits that left the pool reached nobody: they count as discarded.
    ///
    /// # Errors
    /// [`LedgerError::Broken`].
    pub fn take_back(&mut self, source: SourceId, bits: u64) -> Result<(), LedgerError> {
        self.enter(source, |account| account.take_back(bits))
    }

    /// Deliveries are numbered from `first` on, unless they are beyond it: for a caller that begins a new ledger and
    /// knows which numbers older ones used.
    pub fn number_from(&mut self, first: u64) {
        self.next_delivery = self.next_delivery.max(first);
    }

    /// Opens the record of a delivery to `host`, `hops` relays away. Numbers are never used twice,
    /// across restarts included.
    ///
    /// # Errors
    /// [`LedgerError::Broken`] if the ledger is closed.
    pub fn open_delivery(
        &mut self,
        host: &str,
        class: Class,
        hops: u8,
    ) -> Result<DeliveryId, LedgerError> {
        self.check()?;
        let id = DeliveryId(self.next_delivery);
        self.next_delivery += 1;
        self.deliveries.push(Delivery::open(id, host, class, hops));
        Ok(id)
    }

    /// Enters `bytes` into an open delivery's count and running SHA-256.
    ///
    /// # Errors
    /// [`LedgerError::NotOpen`], or [`LedgerError::Broken`] if more full entropy would be recorded
    /// than left the pool.
    pub fn record(
        &mut self,
        id: DeliveryId,
        bytes: &[u8],
        provenance: Provenance,
    ) -> Result<(), LedgerError> {
        self.check()?;
        let at = self.position(id)?;
        let Some(class) = self
            .deliveries
            .get(at)
            .filter(|delivery| delivery.is_open())
            .map(Delivery::class)
        else {
            return Err(LedgerError::NotOpen(id.0));
        };
        match class {
            Class::Full => {
                let recorded = self
                    .recorded_full_bits
                    .saturating_add(8 * bytes.len() as u64);
                let left: u64 = self
                    .sources
                    .iter()
                    .map(|(_, account)| account.delivered_bits())
                    .sum();
                if recorded > left {
                    return Err(self.fail(format!(
                        "{recorded} full bits delivered of {left} that left the pool"
                    )));
                }
                self.recorded_full_bits = recorded;
            }
            Class::Drbg => {
                self.recorded_drbg_bytes =
                    self.recorded_drbg_bytes.saturating_add(bytes.len() as u64);
            }
        }
        self.deliveries[at].record(bytes, provenance);
        Ok(())
    }

    /// Ends a delivery; its hash is final.
    ///
    /// # Errors
    /// [`LedgerError::NotOpen`].
    pub fn close_delivery(&mut self, id: DeliveryId) -> Result<DeliveryReport, LedgerError> {
        let at = self.position(id)?;
        self.deliveries[at].close();
        Ok(self.deliveries[at].report())
    }

    /// Removes and returns the closed deliveries, for a store that keeps them; the totals stay.
    pub fn take_closed(&mut self) -> Vec<DeliveryReport> {
        let closed = self
            .deliveries
            .extract_if(.., |delivery| !delivery.is_open());
        closed.map(|delivery| delivery.report()).collect()
    }

    /// One delivery.
    #[must_use]
    pub fn delivery(&self, id: DeliveryId) -> Option<DeliveryReport> {
        self.position(id)
            .ok()
            .map(|at| self.deliveries[at].report())
    }

    /// One source's account.
    #[must_use]
    pub fn account(&self, source: SourceId) -> Option<&Account> {
        self.sources.get(source.0).map(|(_, account)| account)
    }

    /// Whole bits credited over all sources.
    #[must_use]
    pub fn credited_bits(&self) -> u64 {
        self.total_bits(Account::credited_millibits)
    }

    /// Raw bits behind the credit of all sources.
    #[must_use]
    pub fn raw_bits(&self) -> u64 {
        self.sources
            .iter()
            .map(|(_, account)| account.raw_bits())
            .fold(0, u64::saturating_add)
    }

    /// Whole bits of credit thrown away over all sources.
    #[must_use]
    pub fn discarded_bits(&self) -> u64 {
        self.total_bits(Account::discarded_millibits)
    }

    /// Full-entropy bits recorded as delivered.
    #[must_use]
    pub fn delivered_full_bits(&self) -> u64 {
        self.recorded_full_bits
    }

    /// DRBG output recorded as delivered, bytes.
    #[must_use]
    pub fn delivered_drbg_bytes(&self) -> u64 {
        self.recorded_drbg_bytes
    }

    /// Whether the invariants hold: for each source, conditioned + discarded <= credited; 448
    /// credited bits or more for each 384 full; delivered + seeds + discarded <= full.
    #[must_use]
    pub fn invariant_holds(&self) -> bool {
        self.broken.is_none()
            && self
                .sources
                .iter()
                .all(|(_, account)| account.check().is_ok())
    }

    /// The ledger for `ledger --json`.
    #[must_use]
    pub fn report(&self) -> LedgerReport {
        let sum =
            |part: fn(&Account) -> u64| self.sources.iter().map(|(_, account)| part(account)).sum();
        LedgerReport {
            sources: self
                .sources
                .iter()
                .map(|(name, account)| account.report(name))
                .collect(),
            deliveries: self.deliveries.iter().map(Delivery::report).collect(),
            credited_bits: self.credited_bits(),
            conditioned_bits: self.total_bits(Account::conditioned_millibits),
            discarded_bits: self.discarded_bits(),
            full_bits: sum(Account::full_bits),
            seed_bits: sum(Account::seed_bits),
            delivered_full_bits: self.recorded_full_bits,
            delivered_drbg_bytes: self.recorded_drbg_bytes,
            invariant_holds: self.invariant_holds(),
        }
    }

    /// The ledger to be stored. Running hashes are stored as they stand: the inner state of a hash
    /// holds delivered bytes and must not reach the disk.
    #[must_use]
    pub fn snapshot(&self) -> LedgerSnapshot {
        LedgerSnapshot {
            format: SNAPSHOT_FORMAT.to_owned(),
            sources: self.sources.clone(),
            deliveries: self.deliveries.iter().map(Delivery::report).collect(),
            next_delivery: self.next_delivery,
            recorded_full_bits: self.recorded_full_bits,
            recorded_drbg_bytes: self.recorded_drbg_bytes,
        }
    }

    /// Reads a stored ledger. What was in memory then is gone: credit that was not spent and full
    /// entropy that was not given are entered as discarded, open deliveries as closed.
    ///
    /// # Errors
    /// [`LedgerError::Snapshot`] for another format, or contents that break an invariant.
    pub fn restore(snapshot: LedgerSnapshot) -> Result<Self, LedgerError> {
        let refuse = |reason: String| Err(LedgerError::Snapshot(reason));
        if snapshot.format != SNAPSHOT_FORMAT {
            return refuse(format!(
                "format {:?} is not {SNAPSHOT_FORMAT:?}",
                snapshot.format
            ));
        }
        if snapshot.sources.len() > MAX_SOURCES {
            return refuse(format!("{} sources", snapshot.sources.len()));
        }
        let mut ledger = Self {
            sources: snapshot.sources,
            deliveries: Vec::new(),
            next_delivery: snapshot.next_delivery,
            recorded_full_bits: snapshot.recorded_full_bits,
            recorded_drbg_bytes: snapshot.recorded_drbg_bytes,
            broken: None,
        };
        for (name, account) in &mut ledger.sources {
            if let Err(reason) = account.check() {
                return refuse(format!("source {name}: {reason}"));
            }
            account.write_off();
        }
        let left: u64 = ledger
            .sources
            .iter()
            .map(|(_, account)| account.delivered_bits())
            .sum();
        if ledger.recorded_full_bits > left {
            return refuse(format!(
                "{} full bits delivered of {left}",
                ledger.recorded_full_bits
            ));
        }
        for report in snapshot.deliveries {
            match Delivery::restore(&report) {
                Some(delivery) if report.id < ledger.next_delivery => {
                    ledger.deliveries.push(delivery)
                }
                _ => return refuse(format!("delivery {} is malformed", report.id)),
            }
        }
        Ok(ledger)
    }

    fn total_bits(&self, part: fn(&Account) -> u128) -> u64 {
        let millibits: u128 = self.sources.iter().map(|(_, account)| part(account)).sum();
        u64::try_from(millibits / 1000).unwrap_or(u64::MAX)
    }

    fn position(&self, id: DeliveryId) -> Result<usize, LedgerError> {
        // Deliveries are in the order of their numbers; only closed ones are taken out.
        self.deliveries
            .binary_search_by_key(&id.0, |delivery| delivery.id().0)
            .map_err(|_| LedgerError::NotOpen(id.0))
    }

    fn check(&self) -> Result<(), LedgerError> {
        match &self.broken {
            Some(reason) => Err(LedgerError::Broken(reason.clone())),
            None => Ok(()),
        }
    }

    fn fail(&mut self, reason: String) -> LedgerError {
        self.broken = Some(reason.clone());
        LedgerError::Broken(reason)
    }

    /// Makes an entry on a copy, checks the invariants, and only then keeps it.
    fn enter(
        &mut self,
        source: SourceId,
        entry: impl FnOnce(&mut Account),
    ) -> Result<(), LedgerError> {
        self.check()?;
        let Some((name, account)) = self.sources.get_mut(source.0) else {
            return Err(self.fail("an entry for a source that does not exist".to_owned()));
        };
        let mut next = account.clone();
        entry(&mut next);
        match next.check() {
            Ok(()) => {
                *account = next;
                Ok(())
            }
            Err(reason) => {
                let reason = format!("source {name}: {reason}");
                Err(self.fail(reason))
            }
        }
    }
}

#[cfg(test)]
mod tests;
