//! Migrations, numbered in files: version n of the schema is what the first n files make.

use rusqlite::{Connection, TransactionBehavior};

/// SQLite's `application_id`: "PBXS".
pub(crate) const APPLICATION_ID: i32 = 0x5042_5853;

/// In order; never edited once released.
pub(crate) const MIGRATIONS: &[&str] = &[
    include_str!("../migrations/0001_first_light.sql"),
    include_str!("../migrations/0002_labels_runs_recordings.sql"),
    include_str!("../migrations/0003_held_lanes.sql"),
    include_str!("../migrations/0004_renewed_certificates.sql"),
    include_str!("../migrations/0005_numbered_enrolments.sql"),
    include_str!("../migrations/0006_vault.sql"),
    include_str!("../migrations/0007_sealed_authority.sql"),
];

/// The newest version that this program knows.
pub(crate) fn newest() -> u32 {
    MIGRATIONS.len() as u32
}

/// What the file says it is: (application id, schema version, number of tables).
pub(crate) fn probe(connection: &Connection) -> rusqlite::Result<(i32, u32, u32)> {
    let application = connection.query_row("PRAGMA application_id", [], |row| row.get(0))?;
    let version = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables = connection.query_row(
        "SELECT count(*) FROM sqlite_schema WHERE type = 'table'",
        [],
        |row| row.get(0),
    )?;
    Ok((application, version, tables))
}

/// Brings the schema up to date; a crash in between leaves the old version whole.
pub(crate) fn migrate(connection: &mut Connection, migrations: &[&str]) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Read again under the lock: another process may have been faster.
    let version: u32 = transaction.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    for (index, sql) in migrations.iter().enumerate().skip(version as usize) {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "user_version", index as u32 + 1)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.commit()
}
