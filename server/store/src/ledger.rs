//! Rows of the ledger, one run at a time.

use crate::engine::{Failure, Statements};
use crate::records::{DeliveryRow, LedgerRows, SourceRow};
use crate::value::values;

const SAVE_SOURCE: &str = "INSERT INTO ledger_sources \
     (run, source, credited, conditioned, delivered, discarded, simulated, replayed, test) \
     VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9) ON CONFLICT (run, source) DO UPDATE SET credited = excluded.credited, \
     conditioned = excluded.conditioned, delivered = excluded.delivered, discarded = excluded.discarded, \
     simulated = excluded.simulated, replayed = excluded.replayed, test = excluded.test";

const SAVE_DELIVERY: &str = "INSERT INTO ledger_deliveries \
     (run, host, class, request, hops, bytes, sha256, simulated, replayed, updated, test) \
     VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11) ON CONFLICT (run, host, class, request) DO UPDATE SET \
     hops = excluded.hops, bytes = excluded.bytes, sha256 = excluded.sha256, simulated = excluded.simulated, \
     replayed = excluded.replayed, updated = excluded.updated, test = excluded.test";

/// New rows are added, known ones replaced.
pub(crate) fn save(
    statements: &mut dyn Statements,
    run: u64,
    rows: &LedgerRows,
) -> Result<(), Failure> {
    for row in &rows.sources {
        let values = values![
            run,
            &row.source,
            row.credited,
            row.conditioned,
            row.delivered,
            row.discarded,
            row.simulated,
            row.replayed,
            row.test
        ];
        statements.execute(SAVE_SOURCE, values)?;
    }
    for row in &rows.deliveries {
        let values = values![
            run,
            &row.host,
            &row.class,
            &row.request,
            row.hops,
            row.bytes,
            &row.sha256,
            row.simulated,
            row.replayed,
            row.updated,
            row.test
        ];
        statements.execute(SAVE_DELIVERY, values)?;
    }
    Ok(())
}

pub(crate) fn load(statements: &mut dyn Statements, run: u64) -> Result<LedgerRows, Failure> {
    let sources = statements.query(
        "SELECT source, credited, conditioned, delivered, discarded, simulated, replayed, test \
         FROM ledger_sources WHERE run = ?1 ORDER BY source",
        values![run],
    )?;
    let deliveries = statements.query(
        "SELECT host, class, request, hops, bytes, sha256, simulated, replayed, updated, test \
         FROM ledger_deliveries WHERE run = ?1 ORDER BY host, class, request",
        values![run],
    )?;
    let source = |row: &crate::value::Row| {
        Ok(SourceRow {
            source: row.text(0)?,
            credited: row.natural(1)?,
            conditioned: row.natural(2)?,
            delivered: row.natural(3)?,
            discarded: row.natural(4)?,
            simulated: row.flag(5)?,
            replayed: row.flag(6)?,
            test: row.flag(7)?,
        })
    };
    let delivery = |row: &crate::value::Row| {
        Ok(DeliveryRow {
            host: row.text(0)?,
            class: row.text(1)?,
            request: row.text(2)?,
            hops: row.small(3)?,
            bytes: row.natural(4)?,
            sha256: row.array(5)?,
            simulated: row.flag(6)?,
            replayed: row.flag(7)?,
            updated: row.natural(8)?,
            test: row.flag(9)?,
        })
    };
    Ok(LedgerRows {
        sources: sources.iter().map(source).collect::<Result<_, Failure>>()?,
        deliveries: deliveries
            .iter()
            .map(delivery)
            .collect::<Result<_, Failure>>()?,
    })
}
