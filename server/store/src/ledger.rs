//! Rows of the ledger, one run at a time.

use rusqlite::{Connection, TransactionBehavior, params};

use crate::records::{DeliveryRow, LedgerRows, SourceRow};
use crate::rows::{natural, signed};

/// New rows are added, known ones replaced, all or none.
pub(crate) fn save(
    connection: &mut Connection,
    run: u64,
    rows: &LedgerRows,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    {
        let mut source = transaction.prepare_cached(
            "INSERT OR REPLACE INTO ledger_sources VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9)",
        )?;
        for row in &rows.sources {
            source.execute(params![
                signed(run),
                row.source,
                signed(row.credited),
                signed(row.conditioned),
                signed(row.delivered),
                signed(row.discarded),
                row.simulated,
                row.replayed,
                row.test
            ])?;
        }
        let mut delivery = transaction.prepare_cached(
            "INSERT OR REPLACE INTO ledger_deliveries VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11)",
        )?;
        for row in &rows.deliveries {
            delivery.execute(params![
                signed(run),
                row.host,
                row.class,
                row.request,
                row.hops,
                signed(row.bytes),
                row.sha256,
                row.simulated,
                row.replayed,
                signed(row.updated),
                row.test
            ])?;
        }
    }
    transaction.commit()
}

pub(crate) fn load(connection: &Connection, run: u64) -> rusqlite::Result<LedgerRows> {
    let sources = connection
        .prepare(
            "SELECT source, credited, conditioned, delivered, discarded, simulated, replayed, test \
             FROM ledger_sources WHERE run = ?1 ORDER BY source",
        )?
        .query_map([signed(run)], |row| {
            Ok(SourceRow {
                source: row.get(0)?,
                credited: natural(row, 1)?,
                conditioned: natural(row, 2)?,
                delivered: natural(row, 3)?,
                discarded: natural(row, 4)?,
                simulated: row.get(5)?,
                replayed: row.get(6)?,
                test: row.get(7)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    let deliveries = connection
        .prepare(
            "SELECT host, class, request, hops, bytes, sha256, simulated, replayed, updated, test \
             FROM ledger_deliveries WHERE run = ?1 ORDER BY host, class, request",
        )?
        .query_map([signed(run)], |row| {
            Ok(DeliveryRow {
                host: row.get(0)?,
                class: row.get(1)?,
                request: row.get(2)?,
                hops: row.get(3)?,
                bytes: natural(row, 4)?,
                sha256: row.get(5)?,
                simulated: row.get(6)?,
                replayed: row.get(7)?,
                updated: natural(row, 8)?,
                test: row.get(9)?,
            })
        })?
        .collect::<rusqlite::Result<_>>()?;
    Ok(LedgerRows {
        sources,
        deliveries,
    })
}
