//! The ledger on disk and in JSON: snapshots of the running one, and the runs before it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use photonbox_entropy::ledger::{DeliveryReport, LedgerReport};
use photonbox_store::{DeliveryRow, LedgerRows, SourceRow, Store};
use serde_json::{Value, json};

use crate::source::Entropy;
use crate::{Error, Result, os, pki};

/// Room for the numbers of one run's deliveries: each number is used once in a hub's life. Two million runs stay below
/// 2^53, up to which every reader of JSON is exact.
const DELIVERIES_A_RUN: u64 = 1 << 32;

/// Writes the ledger of one run of the hub.
#[derive(Clone)]
pub(crate) struct LedgerBook {
    store: Arc<dyn Store>,
    entropy: Arc<Entropy>,
    run: u64,
    /// Deliveries that are over and not on the disk yet: kept while it takes no more.
    unsaved: Arc<Mutex<Vec<DeliveryReport>>>,
}

/// The digits of a SHA-256 as bytes.
fn digest(report: &DeliveryReport) -> Result<[u8; 32]> {
    pki::parse_ca_hash(&report.sha256).map_err(|_| {
        Error::failed(
            format!(
                "the ledger's hash of delivery {} is no SHA-256: `{}`",
                report.id,
                report.sha256.escape_default()
            ),
            "report this with the version of photonbox",
        )
    })
}

fn delivery_row(report: &DeliveryReport, now: u64) -> Result<DeliveryRow> {
    Ok(DeliveryRow {
        host: report.host.clone(),
        class: report.class.to_string(),
        request: report.id.to_string(),
        hops: report.hops,
        bytes: report.bytes,
        sha256: digest(report)?,
        simulated: report.provenance.simulated,
        replayed: report.provenance.replayed,
        test: report.provenance.test,
        updated: now,
    })
}

fn rows(report: &LedgerReport, closed: &[DeliveryReport], now: u64) -> Result<LedgerRows> {
    let sources = report.sources.iter().map(|source| SourceRow {
        source: source.source.clone(),
        credited: source.credited_bits.saturating_mul(1000),
        conditioned: source.conditioned_bits.saturating_mul(1000),
        delivered: source.delivered_bits.saturating_mul(1000),
        discarded: source.discarded_bits.saturating_mul(1000),
        simulated: source.provenance.simulated,
        replayed: source.provenance.replayed,
        test: source.provenance.test,
    });
    let deliveries = closed
        .iter()
        .chain(&report.deliveries)
        .map(|one| delivery_row(one, now));
    Ok(LedgerRows {
        sources: sources.collect(),
        deliveries: deliveries.collect::<Result<_>>()?,
    })
}

impl LedgerBook {
    /// Begins a new run.
    pub(crate) fn begin(store: Arc<dyn Store>, entropy: Arc<Entropy>) -> Result<Self> {
        let run = store.begin_run(os::unix_now())?;
        // A statement names its delivery by the number alone.
        entropy
            .pool()
            .number_deliveries_from(run.saturating_mul(DELIVERIES_A_RUN));
        let book = Self {
            store,
            entropy,
            run,
            unsaved: Arc::default(),
        };
        Ok(book)
    }

    /// Writes what changed. Blocks for the disk.
    pub(crate) fn save(&self) -> Result<()> {
        // One at a time: an older account must not come after a newer one.
        let mut unsaved = self.unsaved.lock().unwrap_or_else(PoisonError::into_inner);
        let report = {
            let mut pool = self.entropy.pool();
            unsaved.extend(pool.take_closed_deliveries());
            pool.ledger_report()
        };
        let rows = rows(&report, &unsaved, os::unix_now())?;
        self.store.save_ledger(self.run, &rows)?;
        unsaved.clear();
        Ok(())
    }

    /// Writes the last of a run that ends in order. Blocks for the disk.
    pub(crate) fn finish(&self) -> Result<()> {
        self.save()?;
        Ok(self.store.end_run(self.run, os::unix_now())?)
    }

    /// The ledger of all runs, keys of `8-cli`. Blocks for the disk.
    pub(crate) fn json(&self) -> Result<Value> {
        self.save()?;
        let live = self.entropy.pool().ledger_report();
        let mut sources: BTreeMap<String, SourceRow> = BTreeMap::new();
        let mut deliveries = Vec::new();
        let (mut full_bits, mut drbg_bytes) = (0_u64, 0_u64);
        for run in 1..=self.run {
            let rows = self.store.ledger(run)?;
            for row in rows.sources {
                sources
                    .entry(row.source.clone())
                    .and_modify(|sum| {
                        sum.credited += row.credited;
                        sum.conditioned += row.conditioned;
                        sum.delivered += row.delivered;
                        sum.discarded += row.discarded;
                        sum.simulated |= row.simulated;
                        sum.replayed |= row.replayed;
                        sum.test |= row.test;
                    })
                    .or_insert(row);
            }
            for row in rows.deliveries {
                if row.class == "full" {
                    full_bits += 8 * row.bytes;
                } else {
                    drbg_bytes += row.bytes;
                }
                deliveries.push(json!({
                    "host": row.host, "bytes": row.bytes, "class": row.class,
                    "sha256": pki::hex(&row.sha256), "hops": row.hops, "run": run,
                    "request": row.request, "simulated": row.simulated, "replayed": row.replayed,
                    "test": row.test,
                }));
            }
        }
        let credited: u64 = sources.values().map(|row| row.credited / 1000).sum();
        let conditioned: u64 = sources.values().map(|row| row.conditioned / 1000).sum();
        let discarded: u64 = sources.values().map(|row| row.discarded / 1000).sum();
        let sources: Vec<Value> = sources
            .into_values()
            .map(|row| {
                json!({
                    "source": row.source, "credited_bits": row.credited / 1000,
                    "conditioned_bits": row.conditioned / 1000,
                    "delivered_bits": row.delivered / 1000,
                    "discarded_bits": row.discarded / 1000,
                    "simulated": row.simulated, "replayed": row.replayed, "test": row.test,
                })
            })
            .collect();
        // Whether a run ended in order; the one in progress has not ended at all.
        let runs: Vec<Value> = self
            .store
            .runs()?
            .into_iter()
            .map(|run| {
                let clean = (run.run != self.run).then_some(run.ended.is_some());
                json!({ "run": run.run, "began": run.began, "ended": run.ended, "clean": clean })
            })
            .collect();
        Ok(json!({
            "sources": sources, "deliveries": deliveries, "credited_bits": credited,
            "conditioned_bits": conditioned, "discarded_bits": discarded,
            "delivered_full_bits": full_bits, "delivered_drbg_bytes": drbg_bytes,
            "invariant_holds": live.invariant_holds && conditioned + discarded <= credited,
            "run": self.run, "runs": runs,
        }))
    }

    /// [`LedgerBook::json`] off the runtime's threads.
    pub(crate) async fn json_later(&self) -> Result<Value> {
        let book = self.clone();
        tokio::task::spawn_blocking(move || book.json())
            .await
            .map_err(|error| {
                Error::failed(
                    format!("the ledger was not read: {error}"),
                    "look at the log",
                )
            })?
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use photonbox_entropy::pool::PoolConfig;
    use photonbox_entropy::provenance::Class;
    use photonbox_store::SqliteStore;

    fn book(store: &Arc<dyn Store>) -> LedgerBook {
        let entropy = Entropy::new(PoolConfig::default()).unwrap();
        LedgerBook::begin(Arc::clone(store), entropy).unwrap()
    }

    #[test]
    fn a_run_that_did_not_end_in_order_is_marked() {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::create(directory.path()).unwrap());
        drop(book(&store));
        book(&store).finish().unwrap();
        let ledger = book(&store).json().unwrap();
        let clean: Vec<&Value> = ledger["runs"]
            .as_array()
            .unwrap()
            .iter()
            .map(|run| &run["clean"])
            .collect();
        assert_eq!(clean, [&json!(false), &json!(true), &Value::Null]);
    }

    #[test]
    fn no_number_of_a_delivery_comes_again_in_a_later_run() {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::create(directory.path()).unwrap());
        let numbers: Vec<u64> = (0..3)
            .map(|_| {
                let book = book(&store);
                let mut pool = book.entropy.pool();
                let id = pool.open_delivery("h", Class::Drbg, 1).unwrap();
                pool.close_delivery(id).unwrap();
                id.0
            })
            .collect();
        assert_eq!(numbers, [1 << 32, 2 << 32, 3 << 32]);
    }

    #[test]
    fn rows_keep_the_test_label_and_refuse_a_hash_that_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(SqliteStore::create(directory.path()).unwrap());
        let book = book(&store);
        let mut report = {
            let mut pool = book.entropy.pool();
            let id = pool.open_delivery("h", Class::Drbg, 1).unwrap();
            pool.close_delivery(id).unwrap()
        };
        report.provenance.test = true;
        let row = delivery_row(&report, 1).unwrap();
        assert!(row.test && !row.simulated);
        report.sha256.pop();
        let error = delivery_row(&report, 1).unwrap_err();
        assert!(error.to_string().contains("no SHA-256"), "{error}");
    }
}
