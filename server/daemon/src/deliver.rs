//! Making one request's bytes at the hub: fair turns, allowances, the pool, the ledger, sealing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use photonbox_channel::message::{Class, RefusalCode};
use photonbox_channel::sealed::{Attestation as SealedAttestation, Sealer};
use photonbox_entropy::attest::{self, AttestError, MAC_BYTES, Statement};
use photonbox_entropy::ledger::DeliveryId;
use photonbox_entropy::pool::{PoolError, Shares};
use photonbox_entropy::provenance::{Class as PoolClass, Origin};
use photonbox_secret::{SecretArray, SecretBytes};

use crate::fair::{Allowed, Turn};
use crate::hub::Hub;
use crate::os;
use crate::serving::{Out, Outbox};
use crate::source::{DrawError, on_the_wire};

/// Bytes of one delivery. Small on purpose: a packet is what rekeying counts, so N packets stay
/// little data.
pub(crate) const CHUNK: usize = 1024;
/// Bytes of one block of `full`: less is not made at once unless less is asked for.
const BLOCK: usize = 48;
/// The longest wait for the pool before looking again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// The request cannot go on; whoever runs it has been told.
pub(crate) struct Over;

/// How often each host was revoked while the hub ran.
#[derive(Debug, Default)]
pub(crate) struct Revocations(Mutex<HashMap<String, u64>>);

impl Revocations {
    pub(crate) fn of(&self, host: &str) -> u64 {
        let counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.get(host).copied().unwrap_or(0)
    }

    pub(crate) fn add(&self, host: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *counts.entry(host.to_owned()).or_default() += 1;
    }
}

/// One request being answered.
pub(crate) struct Delivering {
    pub(crate) hub: Arc<Hub>,
    /// Signs statements: the certificate that the host knows this delivery by.
    identity: Arc<photonbox_channel::Identity>,
    /// The final host.
    pub(crate) host: String,
    pub(crate) id: u64,
    pub(crate) class: Class,
    pub(crate) attested: bool,
    /// How often the host had been revoked when its request was judged.
    pub(crate) revoked: u64,
    pub(crate) sealer: Option<Sealer>,
    pub(crate) out: Outbox,
    entry: DeliveryId,
    seq: u64,
}

struct Chunk {
    bytes: SecretBytes,
    origin: Origin,
    shares: Shares,
}

/// Why there is no chunk: code, pause in milliseconds before asking again, and the line to tell.
type NoChunk = (RefusalCode, u64, String);

fn no_bytes(error: &DrawError) -> NoChunk {
    let code = match error {
        DrawError::Pool(PoolError::Unhealthy(_)) | DrawError::System(_) => RefusalCode::Unhealthy,
        DrawError::Pool(_) => RefusalCode::Depleted,
    };
    (code, 1000, error.to_string())
}

/// The identity key as the entropy crate's signer.
struct HubSigner<'a>(&'a photonbox_channel::Identity);

impl attest::Signer for HubSigner<'_> {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, AttestError> {
        self.0
            .sign(message)
            .map_err(|error| AttestError::Signing(error.to_string()))
    }
}

impl Delivering {
    /// Opens the ledger's entry. `hops` counts links: 1 for a direct host.
    pub(crate) async fn open(
        hub: &Arc<Hub>,
        identity: Arc<photonbox_channel::Identity>,
        host: String,
        hops: u8,
        id: u64,
        class: Class,
        out: Outbox,
    ) -> Result<Self, Over> {
        let pool_class = match class {
            Class::Full => PoolClass::Full,
            Class::Drbg => PoolClass::Drbg,
        };
        let opened = hub.entropy.pool().open_delivery(&host, pool_class, hops);
        match opened {
            Ok(entry) => Ok(Self {
                hub: Arc::clone(hub),
                identity,
                revoked: hub.revocations.of(&host),
                host,
                id,
                class,
                attested: false,
                sealer: None,
                out,
                entry,
                seq: 0,
            }),
            Err(error) => {
                tracing::error!(%error, "the ledger refuses a delivery");
                Err(refuse(
                    &out,
                    id,
                    RefusalCode::Unhealthy,
                    Some(1000),
                    &error.to_string(),
                )
                .await)
            }
        }
    }

    /// Refuses what is left of the request.
    pub(crate) async fn refuse(
        &self,
        code: RefusalCode,
        retry_after_ms: Option<u64>,
        text: &str,
    ) -> Over {
        refuse(&self.out, self.id, code, retry_after_ms, text).await
    }

    /// Gives `left` bytes, waiting for them as long as it takes. `finish`: the last of them ends the
    /// request.
    pub(crate) async fn give(&mut self, mut left: u64, finish: bool) -> Result<(), Over> {
        while left > 0 {
            let wanted = left.min(CHUNK as u64) as usize;
            let wanted = match self.hub.allowances.take(&self.host, wanted, os::now()) {
                Allowed::Bytes(bytes, wait) => {
                    // Tokio's clock ticks in milliseconds: even a sleep of nothing lasts up to one.
                    if !wait.is_zero() {
                        tokio::time::sleep(wait).await;
                    }
                    bytes
                }
                Allowed::Exhausted => {
                    return Err(self
                        .refuse(RefusalCode::Quota, None, "this host's quota is used up")
                        .await);
                }
            };
            let mut missing = wanted;
            while missing > 0 {
                missing -= self.step(missing, left, wanted, finish).await?;
                // `left` counts whole allowances; pieces of one are counted here.
            }
            left -= wanted as u64;
        }
        Ok(())
    }

    /// One piece of at most `missing` bytes.
    async fn step(
        &mut self,
        missing: usize,
        left: u64,
        wanted: usize,
        finish: bool,
    ) -> Result<usize, Over> {
        // A place in the queue first: entropy is taken only when it can leave.
        let out = self.out.clone();
        let Ok(place) = out.reserve().await else {
            return Err(Over);
        };
        // Through a relay the request outlives the host's own channel.
        if self.hub.revocations.of(&self.host) != self.revoked {
            drop(place);
            let text = "this host's certificate was revoked";
            return Err(self.refuse(RefusalCode::Forbidden, None, text).await);
        }
        let turn = match self.class {
            Class::Full => self.hub.full_turns.turn(&self.host).await,
            Class::Drbg => self.hub.drbg_turns.turn(&self.host).await,
        };
        let chunk = match self.chunk(missing, &turn).await {
            Ok(chunk) => chunk,
            Err((code, pause, text)) => {
                drop(turn);
                drop(place);
                return Err(self.refuse(code, Some(pause), &text).await);
            }
        };
        drop(turn);
        let got = chunk.bytes.len();
        let last = finish && left == wanted as u64 && got == missing;
        match self.wrap(chunk, last) {
            Ok(out) => {
                place.send(out);
                self.seq += 1;
                Ok(got)
            }
            Err((code, text)) => {
                drop(place);
                Err(self.refuse(code, Some(0), &text).await)
            }
        }
    }

    /// Makes the message that carries a chunk, and records it. A chunk that comes to nothing is
    /// booked as discarded.
    fn wrap(&mut self, chunk: Chunk, last: bool) -> Result<Out, (RefusalCode, String)> {
        let shares = chunk.shares.clone();
        let wrapped = self.wrap_and_record(chunk, last);
        if wrapped.is_err()
            && let Err(error) = self.hub.entropy.pool().discard_output(shares)
        {
            tracing::error!(%error, "the ledger refuses a lost chunk");
        }
        wrapped
    }

    fn wrap_and_record(&mut self, chunk: Chunk, last: bool) -> Result<Out, (RefusalCode, String)> {
        let provenance = on_the_wire(chunk.origin.provenance);
        let failed = |what: &str, error: &dyn std::fmt::Display| {
            tracing::error!(%error, what, "a chunk was not delivered");
            (
                RefusalCode::Unhealthy,
                format!("{what}; the hub's log says why"),
            )
        };
        let attestation = if self.attested {
            Some(self.attest(&chunk))
        } else {
            None
        }
        .transpose()
        .map_err(|error| failed("the block could not be attested", &error))?;
        if let Some(sealer) = &mut self.sealer {
            let parts = attestation.as_ref().map(|block| SealedAttestation {
                statement: block.attestation.statement_bytes(),
                key: block.key.as_slice(),
                signature: block.attestation.signature(),
            });
            let block = sealer
                .seal(chunk.bytes.as_slice(), parts, provenance, last, os::now())
                .map_err(|error| failed("the block could not be sealed", &error))?;
            self.record(&chunk)
                .map_err(|error| failed("the ledger refuses the delivery", &error))?;
            return Ok(Out::Sealed {
                id: self.id,
                hops: 0,
                block,
            });
        }
        self.record(&chunk)
            .map_err(|error| failed("the ledger refuses the delivery", &error))?;
        let delivery = Out::Delivery {
            id: self.id,
            seq: self.seq,
            class: self.class,
            provenance,
            hops: 0,
            origin: Arc::clone(&self.hub.id),
            last,
            payload: chunk.bytes,
        };
        Ok(match attestation {
            None => delivery,
            Some(block) => Out::Attested {
                delivery: Box::new(delivery),
                statement: block.attestation.statement_bytes().to_vec(),
                signature: block.attestation.signature().to_vec(),
                key: block.key.into_bytes(),
            },
        })
    }

    fn record(&self, chunk: &Chunk) -> Result<(), PoolError> {
        let mut pool = self.hub.entropy.pool();
        pool.record_delivery(self.entry, chunk.bytes.as_slice(), chunk.origin.provenance)
    }

    fn attest(&self, chunk: &Chunk) -> Result<attest::AttestedBlock, AttestError> {
        let mut key = SecretArray::<MAC_BYTES>::new_zeroed();
        let (health, claimed_h) = {
            let pool = self.hub.entropy.pool();
            (pool.health_counters(), pool.config().claimed_h)
        };
        self.hub
            .entropy
            .drbg(key.as_mut_slice())
            .map_err(|error| AttestError::Signing(error.to_string()))?;
        let statement = Statement {
            hub: self.hub.id.to_string(),
            delivery: self.entry.0,
            class: match self.class {
                Class::Full => PoolClass::Full,
                Class::Drbg => PoolClass::Drbg,
            },
            origin: chunk.origin.clone(),
            health,
            claimed_millibits: (claimed_h * 1000.0) as u16,
            unix_ms: os::unix_now() * 1000,
            block_bytes: 0,
            mac: [0; MAC_BYTES],
        };
        attest::attest(
            statement,
            chunk.bytes.as_slice(),
            key,
            &HubSigner(&self.identity),
        )
    }

    /// Bytes of this request's class: for `full` this host's share of what is there now, at least one
    /// block's worth or all that is asked; waits when there are too few.
    async fn chunk(&self, most: usize, turn: &Turn) -> Result<Chunk, NoChunk> {
        loop {
            // Before anything is taken: what cannot be sealed any more would be lost.
            if let Some(sealer) = &self.sealer
                && sealer.is_used_up(os::now())
            {
                let text = "the sealed stream is used up; renew it".into();
                return Err((RefusalCode::Depleted, 0, text));
            }
            // Made before the pool is looked at, so that no change is missed.
            let changed = self.hub.entropy.changed();
            let made = match self.class {
                Class::Full => {
                    let there = (self.hub.entropy.pool().available_full_bits() / 8) as usize;
                    // Whoever comes next is not to find the pool empty because this one asked for more.
                    let bytes = most.min((there / turn.shares()).max(BLOCK));
                    self.hub.entropy.full(bytes).map(|output| Chunk {
                        bytes: output.bytes,
                        origin: output.origin,
                        shares: output.shares,
                    })
                }
                Class::Drbg => {
                    let mut bytes = SecretBytes::new_zeroed(most);
                    let filled = self.hub.entropy.drbg(bytes.as_mut_slice());
                    filled.map(|provenance| {
                        let mut origin = self.hub.entropy.pool().drbg_origin().clone();
                        origin.provenance = provenance;
                        Chunk {
                            bytes,
                            origin,
                            shares: Shares::default(),
                        }
                    })
                }
            };
            match made {
                Err(DrawError::Pool(
                    PoolError::NotSeeded { .. }
                    | PoolError::Wait { .. }
                    | PoolError::ReseedWaits { .. }
                    | PoolError::Unhealthy(photonbox_entropy::health::Health::Starting),
                )) => {
                    // Time-outs only cover a wake-up that a dead feeder never sends.
                    let _ = tokio::time::timeout(LOOK_AGAIN, changed).await;
                }
                other => return other.map_err(|error| no_bytes(&error)),
            }
        }
    }
}

impl Drop for Delivering {
    fn drop(&mut self) {
        if let Err(error) = self.hub.entropy.pool().close_delivery(self.entry) {
            tracing::error!(%error, "the ledger cannot close a delivery");
        }
    }
}

/// Tells the peer that a request is over.
pub(crate) async fn refuse(
    out: &Outbox,
    id: u64,
    code: RefusalCode,
    retry_after_ms: Option<u64>,
    text: &str,
) -> Over {
    // A wire that is gone needs no answer.
    let _ = out
        .send(Out::Refused {
            id,
            code,
            retry_after_ms,
            text: text.to_owned(),
        })
        .await;
    Over
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_system_generator_is_not_a_shortage() {
        let (code, pause, text) = no_bytes(&DrawError::System(std::io::ErrorKind::Other.into()));
        assert_eq!((code, pause), (RefusalCode::Unhealthy, 1000));
        assert!(text.contains("system's generator"), "{text}");
        let short = DrawError::Pool(PoolError::Wait { missing_bits: 9 });
        assert_eq!(no_bytes(&short).0, RefusalCode::Depleted);
    }
}
