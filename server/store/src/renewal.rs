//! Renewing: a host's enrolment under a newer certificate, and the own identity under a newer key.
//!
//! Between the hub's commit and the host's a crash may come, and then the host has only its old certificate. So the old
//! one stays good until the new one is first used: from then on the host is known to have it on its disk.
//!
//! Nor does a second request under the old one tell that the answer to the first was lost: it may be one that its host
//! gave up, and that came late. So a certificate closes only those that were issued before it, and only by being used.
//!
//! Countermeasure T17 (`docs/threat-model.md`).

use photonbox_secret::SecretBytes;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::Issue;
use crate::key_frame::frame_key;
use crate::records::Enrolment;
use crate::rows::{ENROLMENT_COLUMNS, enrolment_from, insert_enrolment, signed};
use crate::token::Grant;

/// Certificates of one host whose place a newer one took, of which the hub keeps a record: further ones are forgotten,
/// and what is unknown is refused like what is closed. So a host that renews without end fills no disk.
pub(crate) const SUPERSEDED_KEPT: u32 = 16;

/// Certificates of one host that were issued and not used: beyond so many the oldest are closed. A host that asks again and
/// again under one certificate has stored at most one of the answers, and hardly one so old.
pub(crate) const UNUSED_KEPT: u32 = 8;

/// Why a certificate is not renewed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RenewalRefusal {
    /// No enrolment has this certificate for this host.
    #[error("this certificate is not enrolled here")]
    Unknown,
    /// The operator revoked the host.
    #[error("the host was revoked")]
    Revoked,
    /// A newer certificate of the host is in use.
    #[error("a newer certificate of this host is in use")]
    Superseded,
    /// Its life is over.
    #[error("the certificate has expired; the host must be enrolled anew")]
    Expired,
    /// No certificate was issued.
    #[error("{0}")]
    NotIssued(String),
}

fn by_fingerprint(
    connection: &Connection,
    fingerprint: &[u8; 32],
) -> rusqlite::Result<Option<Enrolment>> {
    let sql = format!("SELECT {ENROLMENT_COLUMNS} FROM enrolments WHERE fingerprint = ?1");
    connection
        .query_row(&sql, [fingerprint], enrolment_from)
        .optional()
}

/// Closes what was issued before a certificate of the host: it is in use, so the host has it on its disk. Rows are
/// numbered as they are issued, and the newest of a host is never deleted.
const CLOSE_OLDER: &str = "UPDATE enrolments SET revoked = ?3, superseded = coalesce(superseded, ?3) \
     WHERE host = ?1 AND revoked IS NULL AND rowid < \
     (SELECT rowid FROM enrolments WHERE fingerprint = ?2 AND revoked IS NULL)";

/// Gives the enrolment of a certificate that is being used; closes those that it took the place of.
pub(crate) fn used(
    connection: &Connection,
    fingerprint: &[u8; 32],
    now: u64,
) -> rusqlite::Result<Option<Enrolment>> {
    let found = by_fingerprint(connection, fingerprint)?;
    if let Some(enrolment) = &found
        && enrolment.revoked.is_none()
    {
        // Mostly there is nothing to close; a statement that might write would wait for other writers even so.
        let older: bool = connection.query_row(
            "SELECT EXISTS (SELECT 1 FROM enrolments WHERE host = ?1 AND revoked IS NULL AND rowid < \
             (SELECT rowid FROM enrolments WHERE fingerprint = ?2))",
            params![enrolment.host, fingerprint],
            |row| row.get(0),
        )?;
        if older {
            // It looks again whether this one is good: it may have been closed in between.
            connection.execute(
                CLOSE_OLDER,
                params![enrolment.host, fingerprint, signed(now)],
            )?;
        }
    }
    Ok(found)
}

/// Why a certificate that is closed is not renewed: another one of its host is good, or none is.
fn closed(connection: &Connection, shown: &Enrolment) -> rusqlite::Result<RenewalRefusal> {
    let another: bool = connection.query_row(
        "SELECT EXISTS (SELECT 1 FROM enrolments WHERE host = ?1 AND revoked IS NULL)",
        [&shown.host],
        |row| row.get(0),
    )?;
    Ok(if another && shown.superseded.is_some() {
        RenewalRefusal::Superseded
    } else {
        RenewalRefusal::Revoked
    })
}

/// Renews the enrolment of `host` that has the certificate `fingerprint`. One transaction.
pub(crate) fn renew(
    connection: &mut Connection,
    fingerprint: &[u8; 32],
    host: &str,
    now: u64,
    issue: Issue<'_>,
) -> rusqlite::Result<Result<Enrolment, RenewalRefusal>> {
    // Whatever returns before the commit leaves everything as it was.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let Some(shown) = by_fingerprint(&transaction, fingerprint)?.filter(|one| one.host == host)
    else {
        return Ok(Err(RenewalRefusal::Unknown));
    };
    if shown.revoked.is_some() {
        return Ok(Err(closed(&transaction, &shown)?));
    }
    if now >= shown.expires {
        return Ok(Err(RenewalRefusal::Expired));
    }
    let renewed = match issue(Grant { relay: shown.relay }) {
        Ok(renewed) => renewed,
        Err(reason) => return Ok(Err(RenewalRefusal::NotIssued(reason))),
    };
    transaction.execute(CLOSE_OLDER, params![host, fingerprint, signed(now)])?;
    transaction.execute(
        "UPDATE enrolments SET superseded = coalesce(superseded, ?2) WHERE host = ?1 AND revoked IS NULL",
        params![host, signed(now)],
    )?;
    insert_enrolment(&transaction, &renewed)?;
    transaction.execute(
        "UPDATE enrolments SET revoked = ?4 WHERE host = ?1 AND revoked IS NULL AND fingerprint <> ?2 AND rowid NOT IN \
         (SELECT rowid FROM enrolments WHERE host = ?1 AND revoked IS NULL ORDER BY rowid DESC LIMIT ?3)",
        params![host, fingerprint, UNUSED_KEPT, signed(now)],
    )?;
    transaction.execute(
        "DELETE FROM enrolments WHERE host = ?1 AND revoked IS NOT NULL AND superseded IS NOT NULL \
         AND rowid NOT IN (SELECT rowid FROM enrolments WHERE host = ?1 AND revoked IS NOT NULL \
         AND superseded IS NOT NULL ORDER BY rowid DESC LIMIT ?2)",
        params![host, SUPERSEDED_KEPT],
    )?;
    transaction.commit()?;
    Ok(Ok(renewed))
}

/// Puts a newer certificate and its key in the place of `current`; false if that is not the one any more.
pub(crate) fn replace_identity(
    connection: &Connection,
    current: &[u8],
    certificate: &[u8],
    private_key: &SecretBytes,
    now: u64,
) -> rusqlite::Result<bool> {
    connection
        .execute(
            "UPDATE identity SET certificate = ?2, private_key = ?3, renewed = ?4 WHERE certificate = ?1",
            params![
                current,
                certificate,
                frame_key(private_key).as_slice(),
                signed(now)
            ],
        )
        .map(|changed| changed == 1)
}

#[cfg(test)]
#[path = "renewal_tests.rs"]
mod tests;
