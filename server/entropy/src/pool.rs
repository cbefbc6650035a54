//! The pool: credited blocks in, full entropy and DRBG output out (1-entropy §1.3).
//!
//! ```text
//! card's blocks ─ absorb ─ gather 57 fresh bytes ─ SHA-384 ─ ready blocks ─┬─ XOR OS ─ full
//!                  (ledger: credit)          (debit)                       └─ XOR OS ─ seed ─ DRBG
//! ```
//! It never falls back: without health, seed or credit a request gets an error and no bytes. Time,
//! process token and the operating system's random bytes are arguments.
//!
//! Countermeasure T2 (`docs/threat-model.md`).

mod gather;
mod ready;
mod types;

use std::collections::BTreeMap;

use photonbox_secret::SecretBytes;

use crate::attest::HealthCounters;
use crate::conditioner::{self, BLOCK_BITS, BLOCK_BYTES};
use crate::credit;
use crate::drbg::{CtrDrbg, DrbgError, MAX_REQUEST_BYTES, Moment, SEED_BYTES};
use crate::health::{HealthState, LaneState, Observed};
use crate::ledger::{
    DeliveryId, DeliveryReport, Ledger, LedgerError, LedgerReport, LedgerSnapshot, SourceId,
};
use crate::provenance::{Class, Origin, Provenance};
use gather::Gatherer;
use ready::{Ready, ReadyQueue};

pub use types::{
    Absorbed, FullOutput, Maintained, PoolConfig, PoolError, PoolStatus, Shares, SourceBlock,
};

/// Most bytes of one request of class `full`; larger wishes are asked for in parts.
pub const MAX_FULL_BYTES: usize = 64 * 1024;
/// Most bytes of one source block.
pub const MAX_BLOCK_BYTES: usize = 64 * 1024;
/// Full-entropy bits that only the DRBG's next seed may use: a greedy host can't starve channels.
pub const RESERVE_BITS: u64 = BLOCK_BITS;
/// Separates the hub's DRBG from any other that should be seeded with the same bytes.
const PERSONALIZATION: &[u8] = b"photonbox hub DRBG 1";

/// The pool of one hub.
#[derive(Debug)]
pub struct Pool {
    config: PoolConfig,
    claimed_millibits: u64,
    health: HealthState,
    ledger: Ledger,
    gatherers: BTreeMap<SourceId, Gatherer>,
    ready: ReadyQueue,
    drbg: Option<CtrDrbg>,
    drbg_origin: Origin,
    process: Option<u64>,
    discarded_blocks: u64,
}

impl Pool {
    /// An empty pool with an empty ledger.
    ///
    /// # Errors
    /// [`PoolError::Config`] if the claimed min-entropy is not in (0, 1].
    pub fn new(config: PoolConfig) -> Result<Self, PoolError> {
        Self::with_ledger(config, Ledger::new())
    }

    /// An empty pool that goes on with a stored ledger.
    ///
    /// # Errors
    /// As [`Pool::new`], and [`PoolError::Ledger`] for a snapshot that can't be used.
    pub fn restore(config: PoolConfig, snapshot: LedgerSnapshot) -> Result<Self, PoolError> {
        Self::with_ledger(config, Ledger::restore(snapshot)?)
    }

    fn with_ledger(config: PoolConfig, ledger: Ledger) -> Result<Self, PoolError> {
        credit::check_claim(config.claimed_h)?;
        Ok(Self {
            claimed_millibits: (config.claimed_h * 1000.0).floor() as u64,
            config,
            health: HealthState::new(),
            ledger,
            gatherers: BTreeMap::new(),
            ready: ReadyQueue::default(),
            drbg: None,
            drbg_origin: Origin::default(),
            process: None,
            discarded_blocks: 0,
        })
    }

    /// Takes a block in: credits it, and conditions as much as 57 fresh bytes at a time allow.
    ///
    /// # Errors
    /// [`PoolError::SimulatedRefused`], [`PoolError::BadBlock`], [`PoolError::Full`] (not credited:
    /// offer it again), [`PoolError::Ledger`].
    pub fn absorb(&mut self, block: SourceBlock<'_>) -> Result<Absorbed, PoolError> {
        if !block.provenance.is_real() && !self.config.allow_simulated {
            return Err(PoolError::SimulatedRefused(block.provenance));
        }
        self.check_block(&block)?;
        if self.input_full() {
            return Err(PoolError::Full);
        }
        let source = self.ledger.source(block.source)?;
        self.ledger.credit(
            source,
            block.credited_millibits,
            block.raw_bits,
            block.provenance,
        )?;
        if block.lanes & !self.health.running(block.source) != 0 {
            self.discarded_blocks += 1;
            self.ledger
                .discard_credit(source, block.credited_millibits)?;
            return Ok(Absorbed::Discarded);
        }
        let gatherer = self.gatherers.entry(source).or_default();
        gatherer.add(
            block.data,
            block.credited_millibits,
            block.lanes,
            block.provenance,
        );
        let mut blocks = 0;
        while let Some(input) = self.gatherers.get_mut(&source).and_then(Gatherer::take) {
            self.ledger.condition(source, input.millibits, BLOCK_BITS)?;
            match conditioner::condition(input.bytes.as_slice(), input.millibits) {
                Ok(block) => {
                    self.ready
                        .push(Ready::new(block, source, input.lanes, input.provenance))
                }
                // The gatherer gives enough or nothing; if it did not, nothing is made of it.
                Err(_) => self.ledger.discard_full(source, BLOCK_BITS)?,
            }
            blocks += 1;
        }
        Ok(Absorbed::Taken { blocks })
    }

    fn check_block(&self, block: &SourceBlock<'_>) -> Result<(), PoolError> {
        let bytes = block.data.len();
        let most = u128::from(block.raw_bits) * u128::from(self.claimed_millibits);
        let reason = if bytes == 0 || bytes > MAX_BLOCK_BYTES {
            "it is empty or longer than 64 KiB"
        } else if block.lanes == 0 {
            "it names no lane"
        } else if block.credited_millibits == 0 {
            "it carries no credit"
        } else if block.credited_millibits > credit::cap_millibits(8 * bytes as u64) {
            "its credit is above 0.999 per bit"
        } else if u128::from(block.credited_millibits) > most {
            "its credit is above the claimed entropy of its raw bits"
        } else {
            return Ok(());
        };
        Err(PoolError::BadBlock {
            source_name: block.source.to_owned(),
            reason,
        })
    }

    /// Gives `bytes` bytes of full entropy, XORed with `os`, as many bytes of the operating
    /// system's generator.
    ///
    /// # Errors
    /// [`PoolError::Unhealthy`], [`PoolError::NotSeeded`] before the first seed,
    /// [`PoolError::Wait`], [`PoolError::BadRequest`], [`PoolError::WrongOsLength`].
    pub fn full(&mut self, bytes: usize, os: &[u8], at: Moment) -> Result<FullOutput, PoolError> {
        if bytes == 0 || bytes > MAX_FULL_BYTES {
            return Err(PoolError::BadRequest(bytes));
        }
        if os.len() != bytes {
            return Err(PoolError::WrongOsLength {
                expected: bytes,
                found: os.len(),
            });
        }
        self.enter(at)?;
        if self.drbg.is_none() {
            return Err(PoolError::NotSeeded {
                missing_bits: self.missing(BLOCK_BITS),
            });
        }
        let missing_bits = self.missing(8 * bytes as u64 + RESERVE_BITS);
        if missing_bits > 0 {
            return Err(PoolError::Wait { missing_bits });
        }
        let (bytes, origin, shares) = self.take(bytes, os, Ledger::hand_out)?;
        Ok(FullOutput {
            bytes,
            origin,
            shares,
        })
    }

    /// Seeds or reseeds the DRBG if that is due and there is full entropy for it. To be called
    /// after blocks were absorbed and from time to time; [`Pool::drbg`] calls it by itself.
    ///
    /// `fresh_os` are new bytes of the operating system's generator, for this call alone.
    ///
    /// # Errors
    /// [`PoolError::Unhealthy`], [`PoolError::Ledger`], [`PoolError::Drbg`].
    pub fn maintain(
        &mut self,
        at: Moment,
        fresh_os: &[u8; SEED_BYTES],
    ) -> Result<Maintained, PoolError> {
        self.enter(at)?;
        if self
            .drbg
            .as_ref()
            .is_some_and(|drbg| drbg.reseed_due(at).is_none())
        {
            return Ok(Maintained::Idle);
        }
        let missing_bits = self.missing(BLOCK_BITS);
        if missing_bits > 0 {
            return Ok(Maintained::Waits { missing_bits });
        }
        let (seed, origin, _) = self.take(SEED_BYTES, fresh_os, Ledger::seed)?;
        let done = match &mut self.drbg {
            Some(drbg) => {
                drbg.reseed(seed.as_slice(), &[], at)?;
                Maintained::Reseeded
            }
            None => {
                let policy = self.config.reseed;
                self.drbg = Some(CtrDrbg::instantiate(
                    seed.as_slice(),
                    &[],
                    PERSONALIZATION,
                    policy,
                    at,
                )?);
                Maintained::Seeded
            }
        };
        // The old state is in the new one, so are its labels.
        self.drbg_origin.merge(&origin);
        Ok(done)
    }

    /// Fills `out`, at most 64 KiB, from the DRBG, after a (re)seed if one is due. Returns the
    /// labels of all that seeded it. On an error `out` is untouched.
    ///
    /// # Errors
    /// [`PoolError::Unhealthy`], [`PoolError::NotSeeded`], [`PoolError::ReseedWaits`],
    /// [`PoolError::Drbg`] for a request that is too long.
    pub fn drbg(
        &mut self,
        out: &mut [u8],
        at: Moment,
        fresh_os: &[u8; SEED_BYTES],
    ) -> Result<Provenance, PoolError> {
        if out.len() > MAX_REQUEST_BYTES {
            return Err(DrbgError::LongRequest(out.len()).into());
        }
        let maintained = self.maintain(at, fresh_os)?;
        let waits = match maintained {
            Maintained::Waits { missing_bits } => missing_bits,
            Maintained::Idle | Maintained::Seeded | Maintained::Reseeded => 0,
        };
        match &mut self.drbg {
            None => Err(PoolError::NotSeeded {
                missing_bits: waits,
            }),
            Some(_) if waits > 0 => Err(PoolError::ReseedWaits {
                missing_bits: waits,
            }),
            Some(drbg) => {
                drbg.generate(out, &[], at)?;
                Ok(self.drbg_origin.provenance)
            }
        }
    }

    /// Takes in what the card reports about a lane. On a failure, all that waits in the pool with
    /// that lane's share is discarded. Returns true if the lane failed just now.
    ///
    /// # Errors
    /// [`PoolError::Health`] for an impossible lane, [`PoolError::Ledger`].
    pub fn observe_lane(
        &mut self,
        source: &str,
        lane: u8,
        observed: Observed,
    ) -> Result<bool, PoolError> {
        let failed = self.health.observe(source, lane, observed)?;
        if failed {
            self.discard(source, 1 << lane)?;
        }
        Ok(failed)
    }

    /// The card is gone: fails all its lanes. Returns those that failed just now.
    ///
    /// # Errors
    /// [`PoolError::Ledger`].
    pub fn source_lost(&mut self, source: &str) -> Result<Vec<u8>, PoolError> {
        let failed = self.health.source_lost(source);
        self.discard(source, u64::MAX)?;
        Ok(failed)
    }

    /// The operator's command to re-arm a lane, after the card's own was given.
    ///
    /// # Errors
    /// [`PoolError::Health`] if the lane has not failed.
    pub fn rearm(&mut self, source: &str, lane: u8) -> Result<(), PoolError> {
        Ok(self.health.rearm(source, lane)?)
    }

    /// As [`Ledger::number_from`].
    pub fn number_deliveries_from(&mut self, first: u64) {
        self.ledger.number_from(first);
    }

    /// Opens the record of a delivery.
    ///
    /// # Errors
    /// [`PoolError::Ledger`].
    pub fn open_delivery(
        &mut self,
        host: &str,
        class: Class,
        hops: u8,
    ) -> Result<DeliveryId, PoolError> {
        Ok(self.ledger.open_delivery(host, class, hops)?)
    }

    /// Records bytes as they go out: final, after mixing.
    ///
    /// # Errors
    /// [`PoolError::Ledger`].
    pub fn record_delivery(
        &mut self,
        id: DeliveryId,
        bytes: &[u8],
        provenance: Provenance,
    ) -> Result<(), PoolError> {
        Ok(self.ledger.record(id, bytes, provenance)?)
    }

    /// Output of class `full` that was taken and reached nobody: it counts as discarded.
    ///
    /// # Errors
    /// [`PoolError::Ledger`].
    pub fn discard_output(&mut self, shares: Shares) -> Result<(), PoolError> {
        for (source, bits) in shares.0 {
            self.ledger.take_back(source, bits)?;
        }
        Ok(())
    }

    /// Ends a delivery.
    ///
    /// # Errors
    /// [`PoolError::Ledger`].
    pub fn close_delivery(&mut self, id: DeliveryId) -> Result<DeliveryReport, PoolError> {
        Ok(self.ledger.close_delivery(id)?)
    }

    /// Removes and returns the closed deliveries, for a store that keeps them.
    pub fn take_closed_deliveries(&mut self) -> Vec<DeliveryReport> {
        self.ledger.take_closed()
    }

    /// The ledger, to be read.
    #[must_use]
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// The ledger for `ledger --json`.
    #[must_use]
    pub fn ledger_report(&self) -> LedgerReport {
        self.ledger.report()
    }

    /// The lanes.
    #[must_use]
    pub fn health(&self) -> &HealthState {
        &self.health
    }

    /// Full-entropy bits that may be asked for now: all that are ready but the reserve.
    #[must_use]
    pub fn available_full_bits(&self) -> u64 {
        self.ready.bits().saturating_sub(RESERVE_BITS)
    }

    /// Back-pressure: true while [`Pool::absorb`] would refuse.
    #[must_use]
    pub fn input_full(&self) -> bool {
        self.ready.len() >= self.config.capacity_blocks.max(2)
    }

    /// Whether the DRBG has its first seed.
    #[must_use]
    pub fn is_seeded(&self) -> bool {
        self.drbg.is_some()
    }

    /// Sources, lanes and labels of all that seeded the DRBG.
    #[must_use]
    pub fn drbg_origin(&self) -> &Origin {
        &self.drbg_origin
    }

    /// The settings.
    #[must_use]
    pub fn config(&self) -> &PoolConfig {
        &self.config
    }

    /// Blocks that were discarded because one of their lanes did not run.
    #[must_use]
    pub fn discarded_blocks(&self) -> u64 {
        self.discarded_blocks
    }

    /// Figures for `status`.
    #[must_use]
    pub fn status(&self) -> PoolStatus {
        PoolStatus {
            full_bits: self.available_full_bits(),
            credited_bits: self.ledger.credited_bits(),
            delivered_bits: self.ledger.delivered_full_bits(),
            health: self.health.health(),
            seeded: self.is_seeded(),
            reseeds: self.drbg.as_ref().map_or(0, CtrDrbg::reseeds),
            input_full: self.input_full(),
            provenance: self.drbg_origin.provenance.merge(self.ready.provenance()),
        }
    }

    /// Health figures for an attested block.
    #[must_use]
    pub fn health_counters(&self) -> HealthCounters {
        HealthCounters {
            lanes_running: self.health.count(LaneState::Running),
            lanes_failed: self.health.count(LaneState::Failed),
            failures: self.health.failures(),
            raw_bits: self.ledger.raw_bits(),
            credited_bits: self.ledger.credited_bits(),
            discarded_bits: self.ledger.discarded_bits(),
        }
    }

    /// The machine was copied, and the other copy holds the same blocks and the same DRBG: all that
    /// waits is discarded now. `at` must have another process token than any moment before, so that
    /// the DRBG gives nothing until it has a new seed, of blocks that come from now on.
    ///
    /// # Errors
    /// [`PoolError::Ledger`].
    pub fn copied(&mut self, at: Moment) -> Result<(), PoolError> {
        self.process = Some(at.process);
        self.discard_everything()
    }

    /// What each output must pass first: this process's own buffers, and health.
    fn enter(&mut self, at: Moment) -> Result<(), PoolError> {
        match self.process {
            // After a fork both processes hold the same blocks. The child drops them all, and its
            // DRBG asks for a new seed by itself.
            Some(process) if process != at.process => self.discard_everything()?,
            _ => {}
        }
        self.process = Some(at.process);
        let health = self.health.health();
        if health.allows_output() {
            Ok(())
        } else {
            Err(PoolError::Unhealthy(health))
        }
    }

    fn missing(&self, bits: u64) -> u64 {
        bits.saturating_sub(self.ready.bits())
    }

    /// Moves bytes out of the ready blocks, books each block's share, and mixes `os` in: the one
    /// XOR. The caller has checked that there are enough.
    fn take(
        &mut self,
        bytes: usize,
        os: &[u8],
        book: fn(&mut Ledger, SourceId, u64) -> Result<(), LedgerError>,
    ) -> Result<(SecretBytes, Origin, Shares), PoolError> {
        let mut out = SecretBytes::new_zeroed(bytes);
        let mut origin = Origin::default();
        let mut shares = Shares::default();
        let mut filled = 0;
        while filled < bytes {
            let Some(piece) = self.ready.pop_into(&mut out.as_mut_slice()[filled..]) else {
                let missing_bits = 8 * (bytes - filled) as u64;
                return Err(PoolError::Wait { missing_bits });
            };
            filled += piece.bytes;
            book(&mut self.ledger, piece.source, 8 * piece.bytes as u64)?;
            shares.0.push((piece.source, 8 * piece.bytes as u64));
            origin.add(
                self.ledger.name(piece.source),
                piece.lanes,
                piece.provenance,
            );
        }
        out.xor_in(os);
        Ok((out, origin, shares))
    }

    /// Discards what waits and has a share of one of `lanes` of `source`.
    fn discard(&mut self, source: &str, lanes: u64) -> Result<(), PoolError> {
        let source = self.ledger.source(source)?;
        if let Some(gatherer) = self.gatherers.get_mut(&source) {
            let millibits = gatherer.discard(lanes);
            self.ledger.discard_credit(source, millibits)?;
        }
        for piece in self
            .ready
            .discard(|block| block.source == source && block.lanes & lanes != 0)
        {
            self.ledger
                .discard_full(piece.source, 8 * piece.bytes as u64)?;
        }
        Ok(())
    }

    fn discard_everything(&mut self) -> Result<(), PoolError> {
        for (&source, gatherer) in &mut self.gatherers {
            let millibits = gatherer.discard(u64::MAX);
            self.ledger.discard_credit(source, millibits)?;
        }
        for piece in self.ready.discard(|_| true) {
            self.ledger
                .discard_full(piece.source, 8 * piece.bytes as u64)?;
        }
        Ok(())
    }
}

const _: () = assert!(
    BLOCK_BYTES == SEED_BYTES,
    "one full-entropy block is one seed"
);

#[cfg(test)]
mod tests;
