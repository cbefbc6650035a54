//! Rows and values of SQLite, and its errors, as ours.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, params};

use crate::Error;
use crate::records::Enrolment;
use crate::token::{self, Grant, TokenRefusal};

pub(crate) const ENROLMENT_COLUMNS: &str =
    "host, serial, fingerprint, relay, issued, expires, revoked, superseded";

pub(crate) fn enrolment_from(row: &Row<'_>) -> rusqlite::Result<Enrolment> {
    Ok(Enrolment {
        host: row.get(0)?,
        serial: row.get(1)?,
        fingerprint: row.get(2)?,
        relay: row.get(3)?,
        issued: natural(row, 4)?,
        expires: natural(row, 5)?,
        revoked: time(row, 6)?,
        superseded: time(row, 7)?,
    })
}

pub(crate) fn insert_enrolment(
    connection: &Connection,
    enrolment: &Enrolment,
) -> rusqlite::Result<usize> {
    let sql =
        format!("INSERT INTO enrolments ({ENROLMENT_COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)");
    connection.execute(
        &sql,
        params![
            enrolment.host,
            enrolment.serial,
            enrolment.fingerprint,
            enrolment.relay,
            signed(enrolment.issued),
            signed(enrolment.expires),
            enrolment.revoked.map(signed),
            enrolment.superseded.map(signed)
        ],
    )
}

/// Judges a token's text; a wrong one costs the token a try, once the caller commits.
pub(crate) fn judge_token(
    connection: &Connection,
    id: &str,
    text: &str,
    now: u64,
) -> rusqlite::Result<Result<Grant, TokenRefusal>> {
    let stored = connection
        .query_row(
            "SELECT hash, expires, tries_left, used, relay FROM tokens WHERE id = ?1",
            [id],
            |row| {
                let used: Option<i64> = row.get(3)?;
                let stored = token::Stored {
                    hash: row.get(0)?,
                    expires: natural(row, 1)?,
                    tries_left: row.get(2)?,
                    used: used.is_some(),
                };
                Ok((stored, row.get(4)?))
            },
        )
        .optional()?;
    let Some((stored, relay)) = stored else {
        return Ok(Err(TokenRefusal::Wrong));
    };
    let verdict = token::judge(&stored, text, now);
    if verdict == Err(TokenRefusal::Wrong) {
        connection.execute(
            "UPDATE tokens SET tries_left = tries_left - 1 WHERE id = ?1",
            [id],
        )?;
    }
    Ok(verdict.map(|()| Grant { relay }))
}

/// A time that may be missing.
pub(crate) fn time(row: &Row<'_>, index: usize) -> rusqlite::Result<Option<u64>> {
    let value: Option<i64> = row.get(index)?;
    Ok(value.map(|seconds| seconds.max(0).unsigned_abs()))
}

/// SQLite's integers are signed; the schema's checks keep ours natural.
pub(crate) fn natural(row: &Row<'_>, index: usize) -> rusqlite::Result<u64> {
    let value: i64 = row.get(index)?;
    u64::try_from(value).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(index, value))
}

/// Saturates: no count of ours reaches 2^63.
pub(crate) fn signed(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(crate) fn explain(path: &Path, error: rusqlite::Error) -> Error {
    let path = path.to_owned();
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Error::Locked { path },
        Some(ErrorCode::NotADatabase) => Error::NotPhotonbox { path },
        Some(ErrorCode::DatabaseCorrupt) => Error::Corrupt {
            path,
            reason: error.to_string(),
        },
        Some(_) => Error::Database { path, error },
        // Not SQLite's complaint but the row's: a type or range that the schema does not allow.
        None => Error::Corrupt {
            path,
            reason: error.to_string(),
        },
    }
}
