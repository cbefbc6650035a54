//! Idempotency: what was asked under a key is done once, and answered the same again.

use photonbox_store::{RequestRow, VaultRows};
use photonbox_vault::api::MAX_IDEMPOTENCY_KEY;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::work::Stop;
use crate::problem::Refusal;

/// A request's key, and what it asked for.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    key: String,
    digest: [u8; 48],
}

impl Replay {
    /// # Errors
    /// A key that is none.
    pub(crate) fn new(key: &str, digest: [u8; 48]) -> Result<Self, Refusal> {
        let plain = |byte: u8| byte.is_ascii_graphic();
        if (1..=MAX_IDEMPOTENCY_KEY).contains(&key.len()) && key.bytes().all(plain) {
            let key = key.to_owned();
            return Ok(Self { key, digest });
        }
        Err(Refusal::Bad(format!(
            "the idempotency key is not 1 to {MAX_IDEMPOTENCY_KEY} printable characters"
        )))
    }

    /// The answer that was given before, if there was one.
    pub(super) fn answered<T: DeserializeOwned>(
        &self,
        rows: &mut dyn VaultRows,
        appliance: &str,
    ) -> Result<Option<T>, Stop> {
        let Some(before) = rows.request(appliance, &self.key)? else {
            return Ok(None);
        };
        if before.digest != self.digest {
            return Err(Refusal::KeyReused.into());
        }
        let answer = serde_json::from_slice(&before.body).map_err(|error| {
            tracing::error!(%error, "an answer that was kept cannot be read");
            Refusal::Internal
        })?;
        Ok(Some(answer))
    }

    /// Keeps an answer, in the transaction that does what it says. It has no secrets in clear.
    pub(super) fn keep(
        &self,
        rows: &mut dyn VaultRows,
        appliance: &str,
        answer: &impl Serialize,
        now: u64,
    ) -> Result<(), Stop> {
        let body = serde_json::to_vec(answer).map_err(|error| {
            tracing::error!(%error, "an answer cannot be written");
            Refusal::Internal
        })?;
        rows.add_request(&RequestRow {
            appliance: appliance.into(),
            key: self.key.clone(),
            digest: self.digest,
            status: 201,
            body,
            created: now,
        })?;
        Ok(())
    }
}
