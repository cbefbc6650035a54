//! The vault's own keys, of tickets and of shares: made once, by whichever hub comes first.

use photonbox_channel::ByteSource;
use photonbox_secret::{SecretArray, SecretBytes};
use photonbox_store::{AuditEvent, VaultStore};
use photonbox_vault::kept::{self, ShareKey};
use photonbox_vault::ticket::{self, TicketKey, TicketKeys};

use super::work::{reading, transaction};
use crate::problem::Refusal;

/// The first key of its kind; others may follow.
const FIRST: u32 = 1;

pub(crate) struct Secrets {
    pub(crate) tickets: TicketKeys,
    pub(crate) shares: ShareKey,
}

impl Secrets {
    pub(crate) fn load(
        store: &dyn VaultStore,
        source: &dyn ByteSource,
        hub: &str,
        now: u64,
    ) -> Result<Self, Refusal> {
        let ticket = key::<{ ticket::KEY }>(store, source, "ticket/1", (hub, now))?;
        let share = key::<{ kept::KEY }>(store, source, "share/1", (hub, now))?;
        Ok(Self {
            tickets: TicketKeys::new(TicketKey::new(FIRST, ticket)),
            shares: ShareKey::new(FIRST, &share),
        })
    }
}

fn key<const N: usize>(
    store: &dyn VaultStore,
    source: &dyn ByteSource,
    name: &str,
    (hub, now): (&str, u64),
) -> Result<SecretArray<N>, Refusal> {
    let found = reading(store, |rows| Ok(rows.secret(name)?))?;
    let bytes = match found {
        Some(bytes) => bytes,
        None => {
            let mut fresh = SecretBytes::new_zeroed(N);
            source
                .fill(fresh.as_mut_slice())
                .map_err(|_| Refusal::NoEntropy)?;
            transaction(store, |rows| {
                // Another hub may have been faster: its key is the one.
                if !rows.add_secret(name, &fresh)? {
                    return Ok(rows.secret(name)?);
                }
                rows.audit(&AuditEvent {
                    at: now,
                    hub: hub.into(),
                    actor: format!("hub:{hub}"),
                    action: "vault.key".into(),
                    subject: name.into(),
                    detail: String::new(),
                })?;
                Ok(Some(SecretBytes::from_slice(fresh.as_slice())))
            })?
            .ok_or(Refusal::Internal)?
        }
    };
    SecretArray::from_slice(bytes.as_slice()).map_err(|_| {
        tracing::error!(name, "a key of the vault has the wrong length");
        Refusal::Internal
    })
}
