//! Rows of enrolments and tokens.

use crate::engine::{Failure, Statements};
use crate::records::Enrolment;
use crate::token::{self, Grant, TokenRefusal};
use crate::value::{Row, values};

pub(crate) const ENROLMENT_COLUMNS: &str =
    "host, serial, fingerprint, relay, issued, expires, revoked, superseded";

pub(crate) fn enrolment_from(row: &Row) -> Result<Enrolment, Failure> {
    Ok(Enrolment {
        host: row.text(0)?,
        serial: row.text(1)?,
        fingerprint: row.array(2)?,
        relay: row.flag(3)?,
        issued: row.natural(4)?,
        expires: row.natural(5)?,
        revoked: row.time(6)?,
        superseded: row.time(7)?,
    })
}

pub(crate) fn insert_enrolment(
    statements: &mut dyn Statements,
    enrolment: &Enrolment,
) -> Result<u64, Failure> {
    let sql =
        format!("INSERT INTO enrolments ({ENROLMENT_COLUMNS}) VALUES (?1,?2,?3,?4,?5,?6,?7,?8)");
    statements.execute(
        &sql,
        values![
            &enrolment.host,
            &enrolment.serial,
            &enrolment.fingerprint,
            enrolment.relay,
            enrolment.issued,
            enrolment.expires,
            enrolment.revoked,
            enrolment.superseded
        ],
    )
}

/// Judges a token's text; a wrong one costs the token a try, once the caller commits.
pub(crate) fn judge_token(
    statements: &mut dyn Statements,
    id: &str,
    text: &str,
    now: u64,
) -> Result<Result<Grant, TokenRefusal>, Failure> {
    let Some(row) = statements.first(
        "SELECT hash, expires, tries_left, used, relay FROM tokens WHERE id = ?1",
        values![id],
    )?
    else {
        return Ok(Err(TokenRefusal::Wrong));
    };
    let stored = token::Stored {
        hash: row.array(0)?,
        expires: row.natural(1)?,
        tries_left: row.small(2)?,
        used: !row.is_null(3)?,
    };
    let relay = row.flag(4)?;
    let verdict = token::judge(&stored, text, now);
    if verdict == Err(TokenRefusal::Wrong) {
        statements.execute(
            "UPDATE tokens SET tries_left = tries_left - 1 WHERE id = ?1",
            values![id],
        )?;
    }
    Ok(verdict.map(|()| Grant { relay }))
}
