//! The audit log: append-only, each entry bound to the one before it.

use sha2::{Digest, Sha384};

/// Label of an entry's hash.
const LABEL: &str = "photonbox/audit/v1";

/// What is to be written down.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AuditEvent {
    /// Seconds since 1970.
    pub at: u64,
    /// Which hub wrote it.
    pub hub: String,
    /// Who did it: `appliance:ID`, `operator`.
    pub actor: String,
    /// What was done, in a word with dots: `item.create`, `appliance.revoke`.
    pub action: String,
    /// To what: `SET/ITEM`.
    pub subject: String,
    /// Anything else, in one line. Never a secret.
    pub detail: String,
}

/// An entry of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AuditEntry {
    /// Counted from 1, without gaps.
    pub number: u64,
    /// What happened.
    pub event: AuditEvent,
    /// Hash of the entry before; zeros for the first.
    pub previous: [u8; 48],
    /// SHA-384 of all of it.
    pub hash: [u8; 48],
}

/// Where a log ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditHead {
    /// Number of the last entry; 0 before the first.
    pub number: u64,
    /// Its hash.
    pub hash: [u8; 48],
}

impl Default for AuditHead {
    fn default() -> Self {
        Self {
            number: 0,
            hash: [0; 48],
        }
    }
}

/// Where a log does not hold together.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuditBreak {
    /// An entry is missing, doubled or moved.
    #[error("the audit log goes on with entry {found} where {expected} should stand")]
    Number {
        /// The one that should stand there.
        expected: u64,
        /// The one that does.
        found: u64,
    },
    /// An entry does not follow from the one before it.
    #[error("entry {0} of the audit log does not follow from the entry before it")]
    Previous(u64),
    /// An entry was changed.
    #[error("entry {0} of the audit log was changed")]
    Changed(u64),
    /// The log ends before its noted head.
    #[error("the audit log ends with entry {found}, but {noted} were written")]
    Short {
        /// The last one that is there.
        found: u64,
        /// How many there should be.
        noted: u64,
    },
    /// The log's noted head is another one.
    #[error("the audit log does not end with the entry that was written last")]
    Head,
    /// An entry that somebody noted elsewhere is another one now: the log was written anew.
    #[error("entry {0} of the audit log is not the one that was noted")]
    Noted(u64),
}

impl AuditBreak {
    /// A word for it, which stays.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Number { .. } => "missing",
            Self::Previous(_) => "does-not-follow",
            Self::Changed(_) => "changed",
            Self::Short { .. } => "short",
            Self::Head => "head",
            Self::Noted(_) => "noted",
        }
    }

    /// The first entry that is wrong or missing; none where only the head is.
    #[must_use]
    pub fn entry(&self) -> Option<u64> {
        match self {
            Self::Number { expected, .. } => Some(*expected),
            Self::Previous(number) | Self::Changed(number) | Self::Noted(number) => Some(*number),
            Self::Short { found, .. } => Some(found + 1),
            Self::Head => None,
        }
    }
}

impl AuditHead {
    /// The entry that follows.
    #[must_use]
    pub fn follow(&self, event: AuditEvent) -> AuditEntry {
        let number = self.number + 1;
        AuditEntry {
            number,
            hash: hash(number, &event, &self.hash),
            event,
            previous: self.hash,
        }
    }

    /// Checks the entry that should follow, and goes on to it.
    ///
    /// # Errors
    /// [`AuditBreak`].
    pub fn check(&mut self, entry: &AuditEntry) -> Result<(), AuditBreak> {
        if entry.number != self.number + 1 {
            return Err(AuditBreak::Number {
                expected: self.number + 1,
                found: entry.number,
            });
        }
        if entry.previous != self.hash {
            return Err(AuditBreak::Previous(entry.number));
        }
        if entry.hash != hash(entry.number, &entry.event, &entry.previous) {
            return Err(AuditBreak::Changed(entry.number));
        }
        *self = Self {
            number: entry.number,
            hash: entry.hash,
        };
        Ok(())
    }
}

/// Each part with its length before it: no two entries give the same bytes.
fn hash(number: u64, event: &AuditEvent, previous: &[u8; 48]) -> [u8; 48] {
    let mut hasher = Sha384::new();
    hasher.update(LABEL);
    hasher.update(number.to_be_bytes());
    hasher.update(event.at.to_be_bytes());
    for part in [
        &event.hub,
        &event.actor,
        &event.action,
        &event.subject,
        &event.detail,
    ] {
        hasher.update((part.len() as u64).to_be_bytes());
        hasher.update(part);
    }
    hasher.update(previous);
    hasher.finalize().into()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;

    fn log() -> Vec<AuditEntry> {
        let mut head = AuditHead::default();
        (0..4u64)
            .map(|at| {
                let entry = head.follow(AuditEvent {
                    at,
                    hub: "hub".into(),
                    actor: "appliance:a".into(),
                    action: "item.create".into(),
                    subject: format!("set/{at}"),
                    detail: String::new(),
                });
                head.check(&entry).unwrap();
                entry
            })
            .collect()
    }

    fn check(log: &[AuditEntry]) -> Result<AuditHead, AuditBreak> {
        let mut head = AuditHead::default();
        log.iter().try_for_each(|entry| head.check(entry))?;
        Ok(head)
    }

    #[test]
    fn each_change_of_a_log_is_noticed() {
        let whole = log();
        assert_eq!(check(&whole).unwrap().number, 4);
        type Fault = fn(&mut Vec<AuditEntry>);
        let faults: [(&str, Fault); 8] = [
            ("removed", |log| drop(log.remove(1))),
            ("doubled", |log| log.insert(1, log[1].clone())),
            ("swapped", |log| log.swap(1, 2)),
            ("time", |log| log[2].event.at += 1),
            ("actor", |log| log[2].event.actor.push('b')),
            ("moved byte", |log| {
                let event = &mut log[2].event;
                let byte = event.subject.remove(0);
                event.action.push(byte);
            }),
            ("hash", |log| log[2].hash[0] ^= 1),
            ("previous", |log| log[2].previous[0] ^= 1),
        ];
        for (name, fault) in faults {
            let mut log = whole.clone();
            fault(&mut log);
            assert!(check(&log).is_err(), "{name}");
        }
    }

    /// Who changes an entry and makes its hash anew breaks the next one.
    #[test]
    fn an_entry_that_was_written_anew_breaks_the_next() {
        let mut log = log();
        let before = AuditHead {
            number: 1,
            hash: log[0].hash,
        };
        let mut event = log[1].event.clone();
        event.actor = "appliance:b".into();
        log[1] = before.follow(event);
        assert_eq!(check(&log), Err(AuditBreak::Previous(3)));
    }
}
