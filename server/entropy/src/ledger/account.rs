//! One source's account.

use serde::{Deserialize, Serialize};

use crate::conditioner::{BLOCK_BITS, REQUIRED_MILLIBITS};
use crate::provenance::Provenance;

/// Credit and debits of one source. Entropy in thousandths of a bit, outputs in bits.
///
/// The sums are 128 bits wide: 64 would overflow within months on a wide card, and an overflow
/// has to count as a broken ledger.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    raw_bits: u64,
    #[serde(with = "as_text")]
    credited: u128,
    #[serde(with = "as_text")]
    conditioned: u128,
    #[serde(with = "as_text")]
    discarded: u128,
    full_bits: u64,
    seed_bits: u64,
    delivered_bits: u64,
    discarded_full_bits: u64,
    provenance: Provenance,
}

/// One source in `ledger --json`; whole bits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceReport {
    /// Name of the source.
    pub source: String,
    /// Raw bits behind the credit.
    pub raw_bits: u64,
    /// Credited min-entropy.
    pub credited_bits: u64,
    /// Of it, spent on full-entropy blocks.
    pub conditioned_bits: u64,
    /// Of it, thrown away unused.
    pub discarded_bits: u64,
    /// Full-entropy bits made.
    pub full_bits: u64,
    /// Of them, used as seeds.
    pub seed_bits: u64,
    /// Of them, given out.
    pub delivered_bits: u64,
    /// Of them, thrown away.
    pub discarded_full_bits: u64,
    /// Labels of all that this source ever gave.
    #[serde(flatten)]
    pub provenance: Provenance,
}

impl Account {
    pub(super) fn credit(&mut self, millibits: u64, raw_bits: u64, provenance: Provenance) {
        self.credited = self.credited.saturating_add(u128::from(millibits));
        self.raw_bits = self.raw_bits.saturating_add(raw_bits);
        self.provenance = self.provenance.merge(provenance);
    }

    pub(super) fn condition(&mut self, millibits: u64, bits: u64) {
        self.conditioned = self.conditioned.saturating_add(u128::from(millibits));
        self.full_bits = self.full_bits.saturating_add(bits);
    }

    pub(super) fn discard_credit(&mut self, millibits: u64) {
        self.discarded = self.discarded.saturating_add(u128::from(millibits));
    }

    pub(super) fn discard_full(&mut self, bits: u64) {
        self.discarded_full_bits = self.discarded_full_bits.saturating_add(bits);
    }

    pub(super) fn seed(&mut self, bits: u64) {
        self.seed_bits = self.seed_bits.saturating_add(bits);
    }

    pub(super) fn hand_out(&mut self, bits: u64) {
        self.delivered_bits = self.delivered_bits.saturating_add(bits);
    }

    /// Of what was handed out, `bits` reached nobody.
    pub(super) fn take_back(&mut self, bits: u64) {
        let bits = bits.min(self.delivered_bits);
        self.delivered_bits -= bits;
        self.discard_full(bits);
    }

    /// Enters all that is neither spent nor given as discarded.
    pub(super) fn write_off(&mut self) {
        self.discarded = self.credited.saturating_sub(self.conditioned);
        let used = self.seed_bits.saturating_add(self.delivered_bits);
        self.discarded_full_bits = self.full_bits.saturating_sub(used);
    }

    /// The invariants of one source, or which one is broken.
    pub(super) fn check(&self) -> Result<(), String> {
        let debits = self.conditioned.saturating_add(self.discarded);
        if debits > self.credited {
            return Err(format!(
                "debits of {debits} millibits, credited {}",
                self.credited
            ));
        }
        // 448 credited bits or more for each 384 of full entropy, compared without division.
        let needed = u128::from(self.full_bits) * u128::from(REQUIRED_MILLIBITS);
        if needed > self.conditioned.saturating_mul(u128::from(BLOCK_BITS)) {
            return Err(format!(
                "{} full bits from {} millibits",
                self.full_bits, self.conditioned
            ));
        }
        let used = u128::from(self.seed_bits)
            + u128::from(self.delivered_bits)
            + u128::from(self.discarded_full_bits);
        if used > u128::from(self.full_bits) {
            return Err(format!("{used} full bits used of {}", self.full_bits));
        }
        Ok(())
    }

    /// Credited min-entropy, millibits.
    #[must_use]
    pub fn credited_millibits(&self) -> u128 {
        self.credited
    }

    /// Credit spent on full-entropy blocks, millibits.
    #[must_use]
    pub fn conditioned_millibits(&self) -> u128 {
        self.conditioned
    }

    /// Credit thrown away, millibits.
    #[must_use]
    pub fn discarded_millibits(&self) -> u128 {
        self.discarded
    }

    /// Full-entropy bits made.
    #[must_use]
    pub fn full_bits(&self) -> u64 {
        self.full_bits
    }

    /// Full-entropy bits used as seeds.
    #[must_use]
    pub fn seed_bits(&self) -> u64 {
        self.seed_bits
    }

    /// Full-entropy bits that left the pool for hosts.
    #[must_use]
    pub fn delivered_bits(&self) -> u64 {
        self.delivered_bits
    }

    /// Full-entropy bits thrown away.
    #[must_use]
    pub fn discarded_full_bits(&self) -> u64 {
        self.discarded_full_bits
    }

    /// Raw bits behind the credit.
    #[must_use]
    pub fn raw_bits(&self) -> u64 {
        self.raw_bits
    }

    /// Labels of all that this source ever gave.
    #[must_use]
    pub fn provenance(&self) -> Provenance {
        self.provenance
    }

    pub(super) fn report(&self, name: &str) -> SourceReport {
        let whole = |millibits: u128| u64::try_from(millibits / 1000).unwrap_or(u64::MAX);
        SourceReport {
            source: name.to_owned(),
            raw_bits: self.raw_bits,
            credited_bits: whole(self.credited),
            conditioned_bits: whole(self.conditioned),
            discarded_bits: whole(self.discarded),
            full_bits: self.full_bits,
            seed_bits: self.seed_bits,
            delivered_bits: self.delivered_bits,
            discarded_full_bits: self.discarded_full_bits,
            provenance: self.provenance,
        }
    }
}

/// 128-bit numbers as decimal text: most JSON readers round numbers above 2^53.
mod as_text {
    use serde::de::Error;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(
        number: &u128,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_str(number)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<u128, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(D::Error::custom)
    }
}
