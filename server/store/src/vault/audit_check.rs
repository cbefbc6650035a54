//! Checking the audit log as a whole, from its first entry to its noted head.

use super::{AuditBreak, AuditHead, VaultStore};
use crate::{Error, Result};

/// Entries that are read at a time.
const PAGE: u32 = 1000;

/// What a check of the whole log found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditVerdict {
    /// Entries that hold together, from the first one on.
    pub entries: u64,
    /// The last one of them.
    pub head: AuditHead,
    /// Where it does not go on as it should.
    pub broken: Option<AuditBreak>,
}

/// Reads the log and checks that each entry follows from the one before it, and that it ends where its head was noted, all of
/// it at one moment. Whoever can write the database can write all of the log anew, with its head; `known`, an entry that
/// somebody has noted elsewhere, shows that.
///
/// # Errors
/// Failures of the database, and [`Error::Corrupt`] for what is no entry at all.
pub fn verify_audit(
    store: &(impl VaultStore + ?Sized),
    known: Option<AuditHead>,
) -> Result<AuditVerdict> {
    let mut verdict = AuditVerdict {
        entries: 0,
        head: AuditHead::default(),
        broken: None,
    };
    store.read_vault(&mut |rows| {
        let mut head = AuditHead::default();
        let mut broken = None;
        'log: loop {
            let page = rows.audit_entries(head.number, PAGE)?;
            if page.is_empty() {
                break;
            }
            for entry in &page {
                if let Err(found) = head.check(entry) {
                    broken = Some(found);
                    break 'log;
                }
                if known.is_some_and(|known| known.number == head.number && known != head) {
                    broken = Some(AuditBreak::Noted(head.number));
                    break 'log;
                }
            }
        }
        let noted = rows.audit_head()?;
        verdict = AuditVerdict {
            entries: head.number,
            head,
            broken: broken.or_else(|| ends(head, noted, known)),
        };
        Ok(true)
    })?;
    Ok(verdict)
}

/// Whether a log that holds together ends where it should.
fn ends(head: AuditHead, noted: AuditHead, known: Option<AuditHead>) -> Option<AuditBreak> {
    let farthest = noted.number.max(known.map_or(0, |known| known.number));
    if head.number < farthest {
        return Some(AuditBreak::Short {
            found: head.number,
            noted: farthest,
        });
    }
    (head != noted).then_some(AuditBreak::Head)
}

/// Says of which entry a row does not hold what its schema promises.
pub(super) fn of_entry(number: u64, error: Error) -> Error {
    match error {
        Error::Corrupt { path, reason } => Error::Corrupt {
            path,
            reason: format!("entry {number} of the audit log: {reason}"),
        },
        error => error,
    }
}
