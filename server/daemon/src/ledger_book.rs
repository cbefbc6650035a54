//! The ledger on disk and in JSON: snapshots of the running one, and the runs before it.

use std::collections::BTreeMap;
use std::sync::Arc;

use photonbox_entropy::ledger::{DeliveryReport, LedgerReport};
use photonbox_store::{DeliveryRow, LedgerRows, SourceRow, Store};
use serde_json::{Value, json};

use crate::source::Entropy;
use crate::{Error, Result, os, pki};

/// Writes the ledger of one run of the hub.
#[derive(Clone)]
pub(crate) struct LedgerBook {
    store: Arc<dyn Store>,
    entropy: Arc<Entropy>,
    run: u64,
}

/// The digits of a SHA-256 as bytes.
fn digest(hex: &str) -> [u8; 32] {
    // The ledger makes these digits itself; a wrong one would show as a hash of zeros.
    pki::parse_ca_hash(hex).unwrap_or([0; 32])
}

fn delivery_row(report: &DeliveryReport, now: u64) -> DeliveryRow {
    DeliveryRow {
        host: report.host.clone(),
        class: report.class.to_string(),
        request: report.id.to_string(),
        hops: report.hops,
        bytes: report.bytes,
        sha256: digest(&report.sha256),
        simulated: report.provenance.simulated,
        replayed: report.provenance.replayed,
        updated: now,
    }
}

fn rows(report: &LedgerReport, closed: &[DeliveryReport], now: u64) -> LedgerRows {
    let sources = report.sources.iter().map(|source| SourceRow {
        source: source.source.clone(),
        credited: source.credited_bits.saturating_mul(1000),
        conditioned: source.conditioned_bits.saturating_mul(1000),
        delivered: source.delivered_bits.saturating_mul(1000),
        discarded: source.discarded_bits.saturating_mul(1000),
        simulated: source.provenance.simulated,
        replayed: source.provenance.replayed,
    });
    let deliveries = closed
        .iter()
        .chain(&report.deliveries)
        .map(|one| delivery_row(one, now));
    LedgerRows {
        sources: sources.collect(),
        deliveries: deliveries.collect(),
    }
}

impl LedgerBook {
    /// Begins a new run.
    pub(crate) fn begin(store: Arc<dyn Store>, entropy: Arc<Entropy>) -> Result<Self> {
        let run = store.next_run()?;
        let book = Self {
            store,
            entropy,
            run,
        };
        // The run's number is taken from here on.
        book.save()?;
        Ok(book)
    }

    /// Writes what changed. Blocks for the disk.
    pub(crate) fn save(&self) -> Result<()> {
        let (report, closed) = {
            let mut pool = self.entropy.pool();
            let closed = pool.take_closed_deliveries();
            (pool.ledger_report(), closed)
        };
        let mut rows = rows(&report, &closed, os::unix_now());
        if rows.sources.is_empty() {
            rows.sources.push(SourceRow {
                source: "card0".into(),
                credited: 0,
                conditioned: 0,
                delivered: 0,
                discarded: 0,
                simulated: false,
                replayed: false,
            });
        }
        Ok(self.store.save_ledger(self.run, &rows)?)
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
                    "simulated": row.simulated, "replayed": row.replayed,
                })
            })
            .collect();
        Ok(json!({
            "sources": sources, "deliveries": deliveries, "credited_bits": credited,
            "conditioned_bits": conditioned, "discarded_bits": discarded,
            "delivered_full_bits": full_bits, "delivered_drbg_bytes": drbg_bytes,
            "invariant_holds": live.invariant_holds && conditioned + discarded <= credited,
            "run": self.run,
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
