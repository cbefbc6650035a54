//! Serving further hosts: passes their requests up in their own names and the answers down.
//! Nothing is made here; what is sealed passes unread (`1-entropy` §1.6).

use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::message::{Class, RefusalCode, Request};
use photonbox_channel::{Channel, PeerIdentity, ServerConfig};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::asked::{Answer, Delivered};
use crate::boxes::{BoxWish, THROUGH_A_RELAY, Word};
use crate::channels::Channels;
use crate::current::Current;
use crate::deliver::refuse;
use crate::front_door::{self, Wants};
use crate::gate::Gate;
use crate::life::Serves;
use crate::link::Upstream;
use crate::options::LimitOptions;
use crate::os;
use crate::passage::Passage;
use crate::serving::{Ask, Ended, OUTBOX, Out, Outbox, Pulls, Service, Serving, Stopping};
use crate::shutdown::{Phase, Shutdown};
use crate::wire::{self, Surroundings};

/// The service of a relay.
pub(crate) struct Relay {
    pub(crate) id: String,
    pub(crate) upstream: Upstream,
    pub(crate) max_hops: u8,
    pub(crate) max_requests: usize,
    /// Channels to further hosts.
    pub(crate) channels: Channels,
    /// Of these, those of one host.
    pub(crate) max_channels: usize,
}

impl Service for Relay {
    async fn answer(
        self: Arc<Self>,
        peer: Arc<PeerIdentity>,
        ask: Ask,
        mut pulls: Pulls,
        mut stop: Stopping,
        out: Outbox,
    ) -> Ended {
        let id = ask.request.id;
        let mut path = ask.path;
        if path.contains(&self.id) || path.len() >= usize::from(self.max_hops) {
            let text = "the path comes back to this relay or is too long";
            refuse(&out, id, RefusalCode::Loop, None, text).await;
            return Ended::Said;
        }
        if self.upstream.parent().is_none() {
            let text = "this relay has no parent now";
            refuse(&out, id, RefusalCode::Unreachable, Some(1000), text).await;
            return Ended::Said;
        }
        path.push(self.id.clone());
        tracing::debug!(host = path[0], peer = peer.id, "request passed on");
        let request = Request {
            id: self.upstream.next_id(),
            ..ask.request
        };
        let mut asked = self.upstream.ask(request, Some(path)).await;
        let (mut may_pull, mut stopped) = (true, None);
        // An answer that waits for a place in the outbox, and whether it is the last one.
        let mut waiting: Option<(Out, bool)> = None;
        loop {
            tokio::select! {
                biased;
                // What the parent has made by then is still passed on, up to its last word.
                why = stop.asked(), if stopped.is_none() => {
                    stopped = Some(why);
                    asked.cancel().await;
                }
                pull = pulls.recv(), if may_pull && stopped.is_none() => match pull {
                    Some(bytes) => asked.pull(bytes).await,
                    None => may_pull = false,
                },
                place = out.reserve(), if waiting.is_some() => {
                    // A host that is gone has dropped this task already.
                    let Ok(place) = place else { return Ended::Said };
                    if let Some((message, last)) = waiting.take() {
                        place.send(message);
                        if last {
                            return Ended::Said;
                        }
                    }
                }
                answer = asked.next(), if waiting.is_none() => match (answer, stopped) {
                    (Answer::Refused { .. } | Answer::Lost, Some(why)) => return Ended::Stopped(why),
                    (answer, _) => waiting = Some(pass_on(id, answer)),
                },
            }
        }
    }

    /// Its host would have to trust it with the keys.
    async fn boxes(
        self: Arc<Self>,
        _peer: Arc<PeerIdentity>,
        wish: BoxWish,
        _words: mpsc::Receiver<Word>,
        _stop: Stopping,
        out: Outbox,
    ) -> Ended {
        let code = RefusalCode::Unsupported;
        refuse(&out, wish.id, code, None, THROUGH_A_RELAY).await;
        Ended::Said
    }

    fn joined(&self, peer: &PeerIdentity) -> bool {
        tracing::info!(host = peer.id, "host behind this relay");
        self.channels.make_room(&peer.id, self.max_channels);
        true
    }

    fn max_requests(&self) -> usize {
        self.max_requests
    }
}

/// An answer from above as a message for below, one hop further.
fn pass_on(id: u64, answer: Answer) -> (Out, bool) {
    let delivery = |delivery: Delivered| {
        let last = delivery.last;
        let out = Out::Delivery {
            id,
            seq: delivery.seq,
            // Whatever passes a relay in the clear has no credit.
            class: Class::Drbg,
            provenance: delivery.provenance,
            hops: delivery.hops.saturating_add(1),
            origin: delivery.origin.into(),
            last,
            payload: delivery.payload,
        };
        (out, last)
    };
    match answer {
        Answer::Delivery(one) => delivery(one),
        Answer::Attested {
            delivery: one,
            statement,
            key,
            signature,
        } => {
            let (out, last) = delivery(one);
            (
                Out::Attested {
                    delivery: Box::new(out),
                    statement,
                    key,
                    signature,
                },
                last,
            )
        }
        Answer::Refused {
            code,
            retry_after_ms,
            text,
        } => (
            Out::Refused {
                id,
                code,
                retry_after_ms,
                text,
            },
            true,
        ),
        Answer::Opening(opening) => (Out::Opening { id, opening }, false),
        Answer::Sealed { hops, block } => (
            Out::Sealed {
                id,
                hops: hops.saturating_add(1),
                block,
            },
            false,
        ),
        Answer::Lost | Answer::Boxes(_) => {
            let text = "the relay lost its parent, or its host reads too slowly".to_owned();
            let code = RefusalCode::Unreachable;
            (
                Out::Refused {
                    id,
                    code,
                    retry_after_ms: Some(1000),
                    text,
                },
                true,
            )
        }
    }
}

/// Accepts further hosts, and passes on those that want to enrol.
pub(crate) async fn serve_further(
    listener: TcpListener,
    service: Arc<Relay>,
    config: Current<ServerConfig>,
    passage: Passage,
    gate: Arc<Gate>,
    limits: LimitOptions,
    shutdown: Shutdown,
) {
    let patience = Duration::from_millis(limits.handshake_timeout_ms);
    let drain = Duration::from_millis(limits.drain_ms);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (stream, peer, entry) = gate.accept(&listener) => {
                let _ = stream.set_nodelay(true);
                let (service, shutdown) = (Arc::clone(&service), shutdown.clone());
                let (config, passage) = (config.clone(), passage.clone());
                connections.spawn(async move {
                    let greeted = tokio::select! {
                        greeted = tokio::time::timeout(patience, front_door::greet(stream)) => greeted,
                        () = shutdown.reached(Phase::Drain) => return,
                    };
                    let (wants, stream) = match greeted {
                        Ok(Ok(greeted)) => greeted,
                        Ok(Err(error)) => return tracing::info!(%peer, %error, "connection refused"),
                        Err(_) => return tracing::info!(%peer, "connection said nothing"),
                    };
                    if wants == Wants::Enrolment {
                        return tokio::select! {
                            () = passage.pass(stream, peer) => {}
                            () = shutdown.reached(Phase::Drain) => {}
                        };
                    }
                    let config = config.get();
                    let channel = match Channel::accept(&config, os::unix_now(), os::now()) {
                        Ok(channel) => channel,
                        Err(error) => return tracing::error!(%peer, %error, "cannot accept a channel"),
                    };
                    let channels = service.channels.clone();
                    let (outbox, mut from_tasks) = mpsc::channel(OUTBOX);
                    let mut handler = Serving::new(service, outbox);
                    let serves = Some(Serves::under(config.identity(), drain));
                    let around =
                        Surroundings { channels: &channels, shutdown: &shutdown, drain, serves };
                    wire::run(stream, channel, &mut handler, &mut from_tasks, around, entry).await;
                });
            }
            Some(_) = connections.join_next() => {}
            () = shutdown.reached(Phase::Drain) => break,
        }
    }
    drop(listener);
    while connections.join_next().await.is_some() {}
}

#[cfg(test)]
#[path = "relay_tests.rs"]
mod tests;
