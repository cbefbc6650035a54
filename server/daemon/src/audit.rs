//! `audit`: the store's audit log, checked and listed beside a running hub or without one.

use std::path::PathBuf;
use std::sync::Arc;

use photonbox_store::{AuditBreak, AuditEntry, AuditHead, HubStore, verify_audit};
use serde::Serialize;

use crate::{Error, Result, StoreOptions, pki, state_dir};

/// Entries that are read at a time.
const PAGE: u32 = 1000;

/// Whose audit log.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// State directory of a hub, or of an agent.
    pub state: Option<PathBuf>,
    /// Where a hub's store is.
    pub store: StoreOptions,
}

/// A place in the log: an entry's number and hash. As text `NUMBER:HASH`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditMark {
    /// Number of the entry, from 1; 0 before the first.
    pub number: u64,
    /// Its SHA-384, lower-case hex.
    pub hash: String,
}

impl AuditMark {
    /// Reads `NUMBER:HASH`.
    ///
    /// # Errors
    /// One line that says how it should look.
    pub fn parse(text: &str) -> std::result::Result<Self, String> {
        let wrong = || "write NUMBER:HASH, as `photonbox audit verify` prints it".to_owned();
        let (number, hash) = text.trim().split_once(':').ok_or_else(wrong)?;
        let number = number.parse().map_err(|_| wrong())?;
        let hash = hash.to_ascii_lowercase();
        head(&Self { number, hash }).ok_or_else(wrong).map(Self::of)
    }

    fn of(head: AuditHead) -> Self {
        Self {
            number: head.number,
            hash: pki::hex(&head.hash),
        }
    }
}

impl std::fmt::Display for AuditMark {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.number, self.hash)
    }
}

fn head(mark: &AuditMark) -> Option<AuditHead> {
    let digits = mark.hash.as_bytes();
    let mut hash = [0; 48];
    if mark.number == 0 || digits.len() != 2 * hash.len() {
        return None;
    }
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        if !pair.iter().all(u8::is_ascii_hexdigit) {
            return None;
        }
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    let number = mark.number;
    Some(AuditHead { number, hash })
}

/// Where the log breaks first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditFault {
    /// The first entry that is wrong or missing; none where only the noted end is.
    pub entry: Option<u64>,
    /// `missing`, `does-not-follow`, `changed`, `short`, `head`, `noted`.
    pub kind: &'static str,
    /// In one line.
    pub what: String,
}

impl From<AuditBreak> for AuditFault {
    fn from(broken: AuditBreak) -> Self {
        Self {
            entry: broken.entry(),
            kind: broken.word(),
            what: broken.to_string(),
        }
    }
}

/// Result of `audit verify`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The log holds together from its first entry to its noted end.
    pub intact: bool,
    /// Entries that hold together, from the first one on.
    pub entries: u64,
    /// The last one of them.
    pub head: AuditMark,
    /// Where it breaks.
    #[serde(rename = "break")]
    pub broken: Option<AuditFault>,
}

/// An entry, as it is listed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct AuditLine {
    /// From 1.
    pub number: u64,
    /// Seconds since 1970.
    pub at: u64,
    /// The hub or agent that wrote it.
    pub hub: String,
    /// Who did it.
    pub actor: String,
    /// What was done.
    pub action: String,
    /// To what.
    pub subject: String,
    /// Anything else.
    pub detail: String,
    /// Hash of the entry before, lower-case hex.
    pub previous: String,
    /// SHA-384 of all of it, lower-case hex.
    pub hash: String,
}

impl From<AuditEntry> for AuditLine {
    fn from(entry: AuditEntry) -> Self {
        Self {
            number: entry.number,
            at: entry.event.at,
            hub: entry.event.hub,
            actor: entry.event.actor,
            action: entry.event.action,
            subject: entry.event.subject,
            detail: entry.event.detail,
            previous: pki::hex(&entry.previous),
            hash: pki::hex(&entry.hash),
        }
    }
}

fn open(options: &AuditOptions) -> Result<Arc<dyn HubStore>> {
    let state = state_dir::resolve(options.state.as_deref())?;
    let store = options.store.open(&state)?;
    // An empty database has no log that could be right.
    store.identity()?;
    Ok(store)
}

/// Checks the whole log. `known`, a place that was noted elsewhere, must be in it.
///
/// # Errors
/// No store there, and what its database says. A log that does not hold together is in the report.
pub fn audit_verify(options: &AuditOptions, known: Option<&AuditMark>) -> Result<AuditReport> {
    let verdict = verify_audit(&*open(options)?, known.and_then(head))?;
    Ok(AuditReport {
        intact: verdict.broken.is_none(),
        entries: verdict.entries,
        head: AuditMark::of(verdict.head),
        broken: verdict.broken.map(AuditFault::from),
    })
}

/// Gives the entries behind number `after`, in order, some at a time. They are not checked.
///
/// # Errors
/// No store there, what its database says, and what `tell` returns.
pub fn audit_list<E: From<Error>>(
    options: &AuditOptions,
    after: u64,
    mut tell: impl FnMut(Vec<AuditLine>) -> Result<(), E>,
) -> Result<(), E> {
    let store = open(options)?;
    let mut after = after;
    loop {
        let mut page = Vec::new();
        let read = store.read_vault(&mut |rows| {
            page = rows.audit_entries(after, PAGE)?;
            Ok(true)
        });
        read.map_err(Error::from)?;
        let Some(last) = page.last() else {
            return Ok(());
        };
        after = last.number;
        tell(page.into_iter().map(AuditLine::from).collect())?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mark_is_read_as_it_was_printed() {
        let mark = AuditMark {
            number: 12,
            hash: "0f".repeat(48),
        };
        assert_eq!(AuditMark::parse(&mark.to_string()), Ok(mark));
        for wrong in [
            String::new(),
            "12".into(),
            "12:0f".into(),
            format!("x:{}", "0f".repeat(48)),
            format!("0:{}", "0f".repeat(48)),
            format!("12:{}", "+f".repeat(48)),
            format!("12:{}", "ä".repeat(48)),
        ] {
            assert!(AuditMark::parse(&wrong).is_err(), "{wrong}");
        }
    }
}
