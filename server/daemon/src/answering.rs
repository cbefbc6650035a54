//! How the hub answers requests: its own hosts', and those that relays pass on.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use photonbox_channel::message::{MIN_REQUEST_BYTES, Mode, RefusalCode};
use photonbox_channel::sealed::{self, SealError, SignedRequest, StreamLimits};
use photonbox_channel::{Admission, Identity as ChannelIdentity, PeerIdentity};

use tokio::sync::mpsc;

use crate::boxes::{BoxWish, Word};
use crate::deliver::{Delivering, Over, refuse};
use crate::hub::Hub;
use crate::os;
use crate::serving::{Ask, Ended, Out, Outbox, Pulls, Service, Stopping};

/// The hub as one channel has it: under the certificate that the channel was made with. The other side has just that one.
pub(crate) struct OfChannel {
    pub(crate) hub: Arc<Hub>,
    pub(crate) identity: Arc<ChannelIdentity>,
}

impl Service for OfChannel {
    async fn answer(
        self: Arc<Self>,
        _peer: Arc<PeerIdentity>,
        ask: Ask,
        pulls: Pulls,
        mut stop: Stopping,
        out: Outbox,
    ) -> Ended {
        // What comes through relays is opened under the newest: the opening brings its certificate along.
        let identity = if ask.path.len() > 1 {
            self.hub.certificate.identity()
        } else {
            Arc::clone(&self.identity)
        };
        tokio::select! {
            biased;
            // Nothing waits between the ledger's entry of a chunk and its place in the outbox: what is
            // dropped here has made nothing that the peer does not get.
            stop = stop.asked() => Ended::Stopped(stop),
            // Whoever was refused has been told.
            _ = self.hub.answer_or_refuse(identity, ask, pulls, out) => Ended::Said,
        }
    }

    async fn boxes(
        self: Arc<Self>,
        peer: Arc<PeerIdentity>,
        wish: BoxWish,
        words: mpsc::Receiver<Word>,
        stop: Stopping,
        out: Outbox,
    ) -> Ended {
        self.hub.boxes.serve(&peer.id, wish, words, stop, out).await
    }

    fn joined(&self, peer: &PeerIdentity) -> bool {
        // Revoked since the first channel stood? From here on the channel is in the list that a
        // revocation goes through.
        let admitted = self.hub.admission.admit(peer);
        if admitted {
            let most = self.hub.limits.channels_per_host;
            self.hub.channels.make_room(&peer.id, most);
        }
        admitted
    }

    fn max_requests(&self) -> usize {
        self.hub.limits.requests_per_host
    }
}

/// The smallest amount of a request that can be served; none when it asks for nothing at all.
fn smallest(mode: Mode) -> Option<u64> {
    match mode {
        Mode::Once { bytes } | Mode::Periodic { bytes, .. } => Some(bytes),
        Mode::Stream { total, .. } => Some(total.unwrap_or(u64::MAX)),
        Mode::OnDemand => None,
    }
}

impl Hub {
    async fn answer_or_refuse(
        self: &Arc<Self>,
        identity: Arc<ChannelIdentity>,
        ask: Ask,
        pulls: Pulls,
        out: Outbox,
    ) -> Result<(), Over> {
        let Ask { path, request } = ask;
        let id = request.id;
        let relayed = path.len() > 1;
        let revoked = self.revocations.of(path.first().map_or("", String::as_str));
        let (mut class, mut mode, mut attested) = (request.class, request.mode, request.attested);
        let mut sealer = None;
        if relayed {
            let signed = self.signed(&path, request.signed.as_deref()).await;
            let signed = match signed {
                Ok(signed) => signed,
                Err((code, text)) => return Err(refuse(&out, id, code, None, &text).await),
            };
            // What the final host signed binds us, not what the relay wrote around it.
            (class, mode, attested) = (signed.class, signed.mode, signed.attested);
            let ids: Vec<&str> = path.iter().map(String::as_str).collect();
            let limits = StreamLimits::default();
            let answered =
                sealed::answer(&identity, &signed, &ids, limits, &*self.entropy, os::now());
            match answered {
                Ok((opening, made)) => {
                    sealer = made;
                    if out.send(Out::Opening { id, opening }).await.is_err() {
                        return Err(Over);
                    }
                }
                Err(error) => {
                    let code = match error {
                        SealError::Source(_) => RefusalCode::Unhealthy,
                        _ => RefusalCode::BadSignature,
                    };
                    return Err(refuse(&out, id, code, Some(1000), &error.to_string()).await);
                }
            }
        }
        if let Some(bytes) = smallest(mode)
            && bytes < MIN_REQUEST_BYTES
        {
            let text = format!("ask for at least {MIN_REQUEST_BYTES} bytes");
            return Err(refuse(&out, id, RefusalCode::Unsupported, None, &text).await);
        }
        // Links between hub and host: one for a direct host, one more for each relay.
        let hops = path.len().min(255) as u8;
        let host = path.into_iter().next().unwrap_or_default();
        let mut delivering = Delivering::open(self, identity, host, hops, id, class, out).await?;
        delivering.attested = attested;
        delivering.revoked = revoked;
        delivering.sealer = sealer;
        run(delivering, mode, pulls).await
    }

    /// Judges a request that came through relays.
    async fn signed(
        &self,
        path: &[String],
        signed: Option<&[u8]>,
    ) -> Result<SignedRequest, (RefusalCode, String)> {
        let host = path.first().cloned().unwrap_or_default();
        if path.len() > usize::from(self.limits.max_hops) {
            let text = format!("the path has more than {} links", self.limits.max_hops);
            return Err((RefusalCode::Loop, text));
        }
        let ids: Vec<&str> = path.iter().map(String::as_str).collect();
        sealed::check_path(&ids, &self.id).map_err(|e| (RefusalCode::Loop, e.to_string()))?;
        let Some(signed) = signed else {
            let text = "a request through a relay must be signed by its host".to_owned();
            return Err((RefusalCode::BadSignature, text));
        };
        let verified = {
            let mut replays = self.replays.lock().unwrap_or_else(PoisonError::into_inner);
            SignedRequest::verify(
                signed,
                &self.ca,
                &self.id,
                &ids,
                &mut replays,
                os::unix_now(),
            )
        };
        let verified = verified.map_err(|error| {
            let code = match error {
                SealError::Loop => RefusalCode::Loop,
                SealError::Busy => RefusalCode::Quota,
                _ => RefusalCode::BadSignature,
            };
            (code, error.to_string())
        })?;
        let (store, fingerprint) = (Arc::clone(&self.store), verified.signer.fingerprint);
        let id = host.clone();
        let looked = tokio::task::spawn_blocking(move || {
            let found = store.use_enrolment(&fingerprint, os::unix_now())?;
            Ok::<_, photonbox_store::Error>((found, store.living_enrolment(&id)?.is_some()))
        });
        match looked.await {
            Ok(Ok((Some(enrolment), _)))
                if enrolment.revoked.is_none() && enrolment.host == host =>
            {
                Ok(verified)
            }
            // Signed just before the host renewed its certificate: the next time it is signed by the new key. A host that
            // was revoked has none.
            Ok(Ok((Some(enrolment), true)))
                if enrolment.superseded.is_some() && enrolment.host == host =>
            {
                let text = "a newer certificate of this host is in use; ask again with it";
                Err((RefusalCode::Draining, text.into()))
            }
            Ok(Ok(_)) => Err((
                RefusalCode::Forbidden,
                format!("host `{host}` is not enrolled here"),
            )),
            Ok(Err(error)) => {
                tracing::error!(%error, "cannot look an enrolment up");
                Err((
                    RefusalCode::Forbidden,
                    "the hub cannot look the enrolment up".into(),
                ))
            }
            Err(_) => Err((RefusalCode::Draining, "the hub is stopping".into())),
        }
    }
}

/// Serves one request in its mode.
async fn run(mut delivering: Delivering, mode: Mode, mut pulls: Pulls) -> Result<(), Over> {
    match mode {
        Mode::Once { bytes } => delivering.give(bytes, true).await,
        Mode::Stream { total, rate: None } => {
            delivering.give(total.unwrap_or(u64::MAX), true).await
        }
        Mode::Stream {
            total,
            rate: Some(rate),
        } => paced(&mut delivering, total.unwrap_or(u64::MAX), rate.max(1)).await,
        Mode::Periodic { bytes, every_ms } => {
            let mut clock = tokio::time::interval(Duration::from_millis(every_ms));
            // A hub that had to wait for entropy does not make up for it with a burst.
            clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            loop {
                clock.tick().await;
                delivering.give(bytes, false).await?;
            }
        }
        Mode::OnDemand => {
            while let Some(bytes) = pulls.recv().await {
                delivering.give(bytes, false).await?;
            }
            Ok(())
        }
    }
}

/// A stream of `rate` bytes a second: in pieces, a tenth of a second apart or of 16 bytes.
async fn paced(delivering: &mut Delivering, mut left: u64, rate: u64) -> Result<(), Over> {
    let piece = (rate / 10).max(MIN_REQUEST_BYTES);
    let mut clock = tokio::time::interval(Duration::from_secs_f64(piece as f64 / rate as f64));
    clock.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    while left > 0 {
        clock.tick().await;
        let now = piece.min(left);
        delivering.give(now, now == left).await?;
        left -= now;
    }
    Ok(())
}
