//! Idempotency: what was asked under a key is done once, and answered the same again.

use std::sync::Arc;

use photonbox_store::{RequestRow, VaultRows};
use photonbox_vault::api::MAX_IDEMPOTENCY_KEY;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Vault;
use super::work::{Stop, Workers};
use crate::problem::Refusal;

/// A request's key, and what it asked for.
#[derive(Debug, Clone)]
pub(crate) struct Replay {
    key: String,
    digest: [u8; 48],
}

/// A request that is done once: who asks, of what set, under which key.
#[derive(Debug, Clone)]
pub(crate) struct Asking {
    pub(super) caller: String,
    pub(super) set: String,
    pub(super) replay: Replay,
}

impl Asking {
    /// # Errors
    /// A key that is none.
    pub(crate) fn new(
        caller: &str,
        set: String,
        key: &str,
        digest: [u8; 48],
    ) -> Result<Self, Refusal> {
        Ok(Self {
            caller: caller.to_owned(),
            set,
            replay: Replay::new(key, digest)?,
        })
    }
}

/// What the first look at such a request finds.
pub(super) enum Begun<A, W> {
    /// It was answered before.
    Answered(Box<A>),
    /// What goes on with it.
    Going(Box<W>),
}

/// A step that looks at what is stored, and draws.
type Look<Q, A, W> = fn(&Vault, &Asking, &Q) -> Result<Begun<A, W>, Refusal>;

impl Vault {
    /// The first look, before agents are asked; the request comes back with what was found.
    pub(super) async fn begin<Q: Send + 'static, A: Send + 'static, W: Send + 'static>(
        self: &Arc<Self>,
        workers: &Workers,
        asking: &Asking,
        asked: Q,
        look: Look<Q, A, W>,
    ) -> Result<(Begun<A, W>, Q), Refusal> {
        let (vault, asking) = (Arc::clone(self), asking.clone());
        let begun = workers.run(move || Ok((look(&vault, &asking, &asked)?, asked)));
        begun.await
    }
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
