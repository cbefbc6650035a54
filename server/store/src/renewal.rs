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

use crate::engine::{Ending, Failure, Statements};
use crate::key_frame::frame_key;
use crate::records::Enrolment;
use crate::rows::{ENROLMENT_COLUMNS, enrolment_from, insert_enrolment};
use crate::token::Grant;
use crate::value::{Value, values};
use crate::{Issue, Result};

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
    statements: &mut dyn Statements,
    fingerprint: &[u8; 32],
) -> Result<Option<Enrolment>, Failure> {
    let sql = format!("SELECT {ENROLMENT_COLUMNS} FROM enrolments WHERE fingerprint = ?1");
    let found = statements.first(&sql, values![fingerprint])?;
    found.as_ref().map(enrolment_from).transpose()
}

/// Closes what was issued before a certificate of the host: it is in use, so the host has it on its disk. Rows are
/// numbered as they are issued, and the newest of a host is never deleted.
const CLOSE_OLDER: &str = "UPDATE enrolments SET revoked = ?3, superseded = coalesce(superseded, ?3) \
     WHERE host = ?1 AND revoked IS NULL AND number < \
     (SELECT number FROM enrolments WHERE fingerprint = ?2 AND revoked IS NULL)";

/// The enrolment of a certificate that is being used, and whether there are some that it took the place of.
pub(crate) fn shown(
    statements: &mut dyn Statements,
    fingerprint: &[u8; 32],
) -> Result<Option<(Enrolment, bool)>, Failure> {
    let Some(enrolment) = by_fingerprint(statements, fingerprint)? else {
        return Ok(None);
    };
    let older = enrolment.revoked.is_none()
        && statements.exists(
            "SELECT EXISTS (SELECT 1 FROM enrolments WHERE host = ?1 AND revoked IS NULL AND number < \
             (SELECT number FROM enrolments WHERE fingerprint = ?2))",
            values![&enrolment.host, fingerprint],
        )?;
    Ok(Some((enrolment, older)))
}

/// Closes those. It looks again whether this one is good: it may have been closed in between.
pub(crate) fn close_older(
    statements: &mut dyn Statements,
    host: &str,
    fingerprint: &[u8; 32],
    now: u64,
) -> Result<Ending<()>, Failure> {
    statements.execute(CLOSE_OLDER, values![host, fingerprint, now])?;
    Ok(Ending::Commit(()))
}

/// Why a certificate that is closed is not renewed: another one of its host is good, or none is.
fn closed(statements: &mut dyn Statements, shown: &Enrolment) -> Result<RenewalRefusal, Failure> {
    let another = statements.exists(
        "SELECT EXISTS (SELECT 1 FROM enrolments WHERE host = ?1 AND revoked IS NULL)",
        values![&shown.host],
    )?;
    Ok(if another && shown.superseded.is_some() {
        RenewalRefusal::Superseded
    } else {
        RenewalRefusal::Revoked
    })
}

/// Renews the enrolment of `host` that has the certificate `fingerprint`.
pub(crate) fn renew(
    statements: &mut dyn Statements,
    fingerprint: &[u8; 32],
    host: &str,
    now: u64,
    issue: Issue<'_>,
) -> Result<Ending<Result<Enrolment, RenewalRefusal>>, Failure> {
    let refused = |refusal| Ok(Ending::Leave(Err(refusal)));
    let Some(shown) = by_fingerprint(statements, fingerprint)?.filter(|one| one.host == host)
    else {
        return refused(RenewalRefusal::Unknown);
    };
    if shown.revoked.is_some() {
        return refused(closed(statements, &shown)?);
    }
    if now >= shown.expires {
        return refused(RenewalRefusal::Expired);
    }
    let renewed = match issue(Grant { relay: shown.relay }) {
        Ok(renewed) => renewed,
        Err(reason) => return refused(RenewalRefusal::NotIssued(reason)),
    };
    statements.execute(CLOSE_OLDER, values![host, fingerprint, now])?;
    statements.execute(
        "UPDATE enrolments SET superseded = coalesce(superseded, ?2) WHERE host = ?1 AND revoked IS NULL",
        values![host, now],
    )?;
    insert_enrolment(statements, &renewed)?;
    statements.execute(
        "UPDATE enrolments SET revoked = ?4 WHERE host = ?1 AND revoked IS NULL AND fingerprint <> ?2 AND number NOT IN \
         (SELECT number FROM enrolments WHERE host = ?1 AND revoked IS NULL ORDER BY number DESC LIMIT ?3)",
        values![host, fingerprint, UNUSED_KEPT, now],
    )?;
    statements.execute(
        "DELETE FROM enrolments WHERE host = ?1 AND revoked IS NOT NULL AND superseded IS NOT NULL \
         AND number NOT IN (SELECT number FROM enrolments WHERE host = ?1 AND revoked IS NOT NULL \
         AND superseded IS NOT NULL ORDER BY number DESC LIMIT ?2)",
        values![host, SUPERSEDED_KEPT],
    )?;
    Ok(Ending::Commit(Ok(renewed)))
}

/// Puts a newer certificate and its key in the place of `current`; false if that is not the one any more.
pub(crate) fn replace_identity(
    statements: &mut dyn Statements,
    current: &[u8],
    certificate: &[u8],
    private_key: &SecretBytes,
    now: u64,
) -> Result<Ending<bool>, Failure> {
    let changed = statements.execute(
        "UPDATE identity SET certificate = ?2, private_key = ?3, renewed = ?4 WHERE certificate = ?1",
        &[
            Value::bytes(current),
            Value::bytes(certificate),
            Value::bytes(frame_key(private_key).as_slice()),
            now.into(),
        ],
    )?;
    Ok(Ending::Commit(changed == 1))
}

#[cfg(test)]
#[path = "renewal_tests.rs"]
mod tests;
