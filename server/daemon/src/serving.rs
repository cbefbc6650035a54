//! Side A of a channel: takes requests of one peer, runs a task for each, sends what they make.
//! A hub and a relay differ in the [`Service`] behind it.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use photonbox_channel::message::{
    AttestedDelivery, BoxMessage, Class, Delivery, Message, Mode, Provenance, RefusalCode, Request,
};
use photonbox_channel::{Channel, CloseReason, Event, PeerIdentity};
use photonbox_secret::SecretBytes;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;

use crate::boxes::{BoxOut, BoxWish, MAX_WORDS, Word};
use crate::failure::more;
pub(crate) use crate::pulls::{MAX_PULL, Puller, Pulls, pulls};
use crate::wire::Handler;

/// Messages that wait for the channel, at most: a task that has more to say waits.
pub(crate) const OUTBOX: usize = 64;

/// Hosts behind one relay for whom requests may be open in full number.
const HOSTS_BEHIND: usize = 64;

/// What a peer asks, and for whom.
#[derive(Debug)]
pub(crate) struct Ask {
    /// The final host first, then each relay passed; one entry for a host that asks itself.
    pub(crate) path: Vec<String>,
    pub(crate) request: Request,
}

/// A message on its way to the peer.
pub(crate) enum Out {
    Delivery {
        id: u64,
        seq: u64,
        class: Class,
        provenance: Provenance,
        hops: u8,
        origin: Arc<str>,
        last: bool,
        payload: SecretBytes,
    },
    Attested {
        delivery: Box<Out>,
        statement: Vec<u8>,
        key: SecretBytes,
        signature: Vec<u8>,
    },
    Refused {
        id: u64,
        code: RefusalCode,
        retry_after_ms: Option<u64>,
        text: String,
    },
    Opening {
        id: u64,
        opening: Vec<u8>,
    },
    Sealed {
        id: u64,
        hops: u8,
        block: Vec<u8>,
    },
    /// Of key boxes.
    Boxes(BoxOut),
    /// The task of this request is over. Where it was stopped, that is told as the request's last word.
    Done {
        id: u64,
        stopped: Option<Stop>,
    },
}

/// Why a request ends before its time. What is in the ledger by then still reaches the peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stop {
    /// The peer wants no more of it.
    Cancelled,
    /// We are going away.
    Draining,
    /// More than [`MAX_PULL`] was pulled.
    PulledTooMuch,
    /// More was said of key boxes than is taken in.
    SaidTooMuch,
}

impl Stop {
    /// What the peer is told.
    fn last_word(self) -> (RefusalCode, String) {
        match self {
            Self::Cancelled => (RefusalCode::Cancelled, "cancelled as you asked".into()),
            Self::Draining => (
                RefusalCode::Draining,
                "going away; connect again later".into(),
            ),
            Self::PulledTooMuch => (
                RefusalCode::Unsupported,
                format!("pull at most {MAX_PULL} bytes ahead of their delivery"),
            ),
            Self::SaidTooMuch => (
                RefusalCode::Unsupported,
                "say less of each box: that it is held, and which is wanted next".into(),
            ),
        }
    }
}

/// Tells a request's task to end before its time.
pub(crate) struct Stopping(watch::Receiver<Option<Stop>>);

impl Stopping {
    pub(crate) fn new() -> (watch::Sender<Option<Stop>>, Self) {
        let (sender, receiver) = watch::channel(None);
        (sender, Self(receiver))
    }

    /// Resolves when the task is to end, with the reason; never when that is no longer decided.
    pub(crate) async fn asked(&mut self) -> Stop {
        let stop = self.0.wait_for(Option::is_some).await;
        match stop.ok().and_then(|stop| *stop) {
            Some(stop) => stop,
            None => std::future::pending().await,
        }
    }
}

/// How the task of a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// Its last word is in the outbox: the last delivery, or a refusal.
    Said,
    /// It was [stopped](Stopping), and whoever stopped it has the last word.
    Stopped(Stop),
}

/// Where a request's task puts its messages.
pub(crate) type Outbox = mpsc::Sender<Out>;

/// Answers requests. `answer` spawns nothing itself: it is the task.
pub(crate) trait Service: Send + Sync + 'static {
    /// Answers one request until it is done, or `stop` says to end and all that was made for it is in
    /// the outbox; dropped when the peer leaves.
    fn answer(
        self: Arc<Self>,
        peer: Arc<PeerIdentity>,
        ask: Ask,
        pulls: Pulls,
        stop: Stopping,
        out: Outbox,
    ) -> impl Future<Output = Ended> + Send;

    /// Answers a request for key boxes, likewise; `words` is what the peer says of them.
    fn boxes(
        self: Arc<Self>,
        peer: Arc<PeerIdentity>,
        wish: BoxWish,
        words: mpsc::Receiver<Word>,
        stop: Stopping,
        out: Outbox,
    ) -> impl Future<Output = Ended> + Send;

    /// A peer's second channel stands. False: it is not welcome any more.
    fn joined(&self, peer: &PeerIdentity) -> bool;
    /// Requests that one final host may have open on one channel. One that was cancelled counts until
    /// its last word has left.
    fn max_requests(&self) -> usize;
}

/// Where what a peer says of its request goes.
enum Input {
    Pulls(Puller),
    Words(mpsc::Sender<Word>),
}

struct Open {
    task: AbortHandle,
    /// Whose request it is.
    host: String,
    input: Input,
    /// Ends by itself.
    finite: bool,
    stop: watch::Sender<Option<Stop>>,
}

impl Open {
    /// Lets the task end; only the first reason counts.
    fn stop(&self, why: Stop) {
        self.stop.send_if_modified(|stop| {
            let first = stop.is_none();
            stop.get_or_insert(why);
            first
        });
    }

    fn is_stopped(&self) -> bool {
        self.stop.borrow().is_some()
    }
}

/// Side A's handler.
pub(crate) struct Serving<S> {
    service: Arc<S>,
    peer: Option<Arc<PeerIdentity>>,
    open: HashMap<u64, Open>,
    outbox: Outbox,
    draining: bool,
    refusals: VecDeque<Out>,
}

impl<S: Service> Serving<S> {
    pub(crate) fn new(service: Arc<S>, outbox: Outbox) -> Self {
        Self {
            service,
            peer: None,
            open: HashMap::new(),
            outbox,
            draining: false,
            refusals: VecDeque::new(),
        }
    }

    /// Requests of all hosts together.
    fn most_open(&self) -> usize {
        self.service.max_requests().saturating_mul(HOSTS_BEHIND)
    }

    fn refuse(&mut self, id: u64, code: RefusalCode, text: &str) {
        // Sent as soon as the channel can; a peer that floods us is bounded by this.
        if self.refusals.len() < self.most_open().max(256) {
            self.refusals.push_back(refusal(id, code, text.into()));
        }
    }

    fn ask(&mut self, path: Vec<String>, request: Request) {
        let host = path.first().cloned().unwrap_or_default();
        let Some(peer) = self.place_for(request.id, &host) else {
            return;
        };
        let finite = matches!(
            request.mode,
            Mode::Once { .. } | Mode::Stream { total: Some(_), .. }
        );
        let (pulls, to_pull) = pulls();
        let (service, out) = (Arc::clone(&self.service), self.outbox.clone());
        let (stop, stopping) = Stopping::new();
        let id = request.id;
        let ask = Ask { path, request };
        let task = service.answer(peer, ask, to_pull, stopping, out);
        self.begin(id, host, Input::Pulls(pulls), finite, stop, task);
    }

    fn open_boxes(&mut self, wish: BoxWish) {
        let host = self.peer.as_ref().map_or("", |peer| peer.id.as_str());
        let host = host.to_owned();
        let Some(peer) = self.place_for(wish.id, &host) else {
            return;
        };
        let (words, said) = mpsc::channel(MAX_WORDS);
        let (service, out) = (Arc::clone(&self.service), self.outbox.clone());
        let (stop, stopping) = Stopping::new();
        let id = wish.id;
        let task = service.boxes(peer, wish, said, stopping, out);
        self.begin(id, host, Input::Words(words), false, stop, task);
    }

    /// The peer, if there is room for one more request of `host`; else it is refused.
    fn place_for(&mut self, id: u64, host: &str) -> Option<Arc<PeerIdentity>> {
        let peer = self.peer.clone()?;
        if self.draining {
            let (code, text) = Stop::Draining.last_word();
            self.refuse(id, code, &text);
            return None;
        }
        // A relay asks for many: each host behind it has its own share.
        let most = self.service.max_requests();
        let of_host = self.open.values().filter(|open| open.host == host).count();
        if of_host >= most || self.open.len() >= self.most_open() {
            self.refuse(id, RefusalCode::Quota, "too many requests are open");
            return None;
        }
        if id == 0 || self.open.contains_key(&id) {
            let text = "that request number is in use";
            self.refuse(id, RefusalCode::Unsupported, text);
            return None;
        }
        Some(peer)
    }

    fn begin(
        &mut self,
        id: u64,
        host: String,
        input: Input,
        finite: bool,
        stop: watch::Sender<Option<Stop>>,
        answering: impl Future<Output = Ended> + Send + 'static,
    ) {
        let out = self.outbox.clone();
        let task = tokio::spawn(async move {
            let stopped = match answering.await {
                Ended::Said => None,
                Ended::Stopped(stop) => Some(stop),
            };
            // Behind all that the request still had in the outbox. The wire may be gone; then nobody counts.
            let _ = out.send(Out::Done { id, stopped }).await;
        });
        let open = Open {
            task: task.abort_handle(),
            host,
            input,
            finite,
            stop,
        };
        self.open.insert(id, open);
    }

    /// What the peer says of the boxes of a request.
    fn word(&mut self, id: u64, word: Word) {
        if let Some(open) = self.open.get(&id)
            && let Input::Words(words) = &open.input
            && !open.is_stopped()
            && let Err(mpsc::error::TrySendError::Full(_)) = words.try_send(word)
        {
            open.stop(Stop::SaidTooMuch);
        }
    }

    fn message(&mut self, message: Message<'_>) {
        match message {
            Message::Request(request) => {
                let Some(peer) = &self.peer else { return };
                let path = vec![peer.id.clone()];
                self.ask(path, request);
            }
            Message::Forward { path, request } => {
                let path: Vec<String> = path.into_iter().map(str::to_owned).collect();
                let by_peer = self.peer.as_ref().is_some_and(|peer| {
                    path.last() == Some(&peer.id)
                        && peer.roles.contains(&photonbox_channel::Role::Relay)
                });
                if !by_peer || path.len() < 2 {
                    return self.refuse(
                        request.id,
                        RefusalCode::Forbidden,
                        "only a relay may forward",
                    );
                }
                self.ask(path, request);
            }
            Message::Cancel { id } => match self.open.get(&id) {
                Some(open) => open.stop(Stop::Cancelled),
                // All of it has left. A relay can't see the end of a sealed stream and waits for this.
                None => {
                    let (code, text) = Stop::Cancelled.last_word();
                    self.refuse(id, code, &text);
                }
            },
            Message::Pull { id, bytes } => {
                // The task may have ended just now; then there is nothing to pull.
                if let Some(open) = self.open.get(&id)
                    && let Input::Pulls(pulls) = &open.input
                    && !open.is_stopped()
                    && !pulls.pull(bytes)
                {
                    open.stop(Stop::PulledTooMuch);
                }
            }
            Message::Boxes(BoxMessage::Open { id, peer, sizes }) => {
                let peer = peer.to_owned();
                self.open_boxes(BoxWish { id, peer, sizes });
            }
            Message::Boxes(BoxMessage::Held { id, orbit, number }) => {
                self.word(id, Word::Held { orbit, number });
            }
            Message::Boxes(BoxMessage::Next { id, orbit, number }) => {
                self.word(id, Word::Next { orbit, number });
            }
            // Only side A sends these; from a host they mean nothing.
            Message::Boxes(_)
            | Message::Delivery(_)
            | Message::AttestedDelivery(_)
            | Message::Refused { .. }
            | Message::Opening { .. }
            | Message::SealedDelivery { .. } => {
                tracing::debug!("a host sent what only a hub sends; ignored");
            }
        }
    }

    /// Takes no more requests and stops those without an end: nothing more is made for them, and what
    /// was made leaves before the refusal. `overdue`: the others, too.
    fn drain(&mut self, overdue: bool) {
        self.draining = true;
        for open in self.open.values().filter(|open| overdue || !open.finite) {
            open.stop(Stop::Draining);
        }
    }

    fn flush_refusals(&mut self, channel: &mut Channel) {
        while channel.can_send()
            && let Some(refusal) = self.refusals.pop_front()
        {
            send(channel, &refusal);
        }
    }
}

fn refusal(id: u64, code: RefusalCode, text: String) -> Out {
    let passes = matches!(code, RefusalCode::Draining | RefusalCode::Quota);
    Out::Refused {
        id,
        code,
        retry_after_ms: passes.then_some(1000),
        text,
    }
}

fn send(channel: &mut Channel, out: &Out) {
    let result = match out {
        Out::Delivery { .. } => match delivery(out) {
            Some(delivery) => channel.send(&Message::Delivery(delivery)),
            None => Ok(()),
        },
        Out::Attested {
            delivery: inner,
            statement,
            key,
            signature,
        } => match delivery(inner) {
            Some(delivery) => channel.send(&Message::AttestedDelivery(AttestedDelivery {
                delivery,
                statement,
                key: key.as_slice(),
                signature,
            })),
            None => Ok(()),
        },
        Out::Refused {
            id,
            code,
            retry_after_ms,
            text,
        } => channel.send(&Message::Refused {
            id: *id,
            code: *code,
            retry_after_ms: *retry_after_ms,
            text,
        }),
        Out::Opening { id, opening } => channel.send(&Message::Opening { id: *id, opening }),
        Out::Sealed { id, hops, block } => channel.send(&Message::SealedDelivery {
            id: *id,
            hops: *hops,
            block,
        }),
        Out::Boxes(out) => channel.send(&Message::Boxes(out.message())),
        Out::Done { .. } => Ok(()),
    };
    if let Err(error) = result {
        // The wire asks `can_send` first, so this is a channel that has just closed.
        tracing::debug!(%error, "a message was not sent");
    }
}

fn delivery(out: &Out) -> Option<Delivery<'_>> {
    match out {
        Out::Delivery {
            id,
            seq,
            class,
            provenance,
            hops,
            origin,
            last,
            payload,
        } => Some(Delivery {
            id: *id,
            seq: *seq,
            class: *class,
            provenance: *provenance,
            hops: *hops,
            origin,
            last: *last,
            payload: payload.as_slice(),
        }),
        _ => None,
    }
}

impl<S: Service> Handler for Serving<S> {
    type Out = Out;

    fn event(&mut self, channel: &mut Channel, event: Event) {
        match event {
            Event::FirstChannel { peer, elapsed, .. } => {
                tracing::debug!(peer = peer.id, ?elapsed, "first channel");
                self.peer = Some(Arc::new(peer));
            }
            Event::SecondChannel { elapsed } => {
                if let Some(peer) = &self.peer {
                    if self.service.joined(peer) {
                        tracing::info!(peer = peer.id, ?elapsed, "host connected");
                    } else {
                        channel.close(CloseReason::NotAdmitted);
                    }
                }
            }
            Event::Message(received) => {
                self.message(received.message());
                channel.recycle(received);
            }
            Event::Closed { .. } | Event::SteppedDown { .. } => {}
        }
        self.flush_refusals(channel);
    }

    fn send(&mut self, channel: &mut Channel, out: Out) {
        match out {
            Out::Done { id, stopped } => {
                self.open.remove(&id);
                if let Some(stop) = stopped {
                    let (code, text) = stop.last_word();
                    send(channel, &refusal(id, code, text));
                }
            }
            other => send(channel, &other),
        }
        self.flush_refusals(channel);
    }

    fn drained(&mut self, channel: &mut Channel, overdue: bool) -> bool {
        self.drain(overdue);
        self.flush_refusals(channel);
        self.open.is_empty() && self.refusals.is_empty()
    }

    fn closed(&mut self, reason: CloseReason, by_peer: bool, detail: &str) {
        let peer = self.peer.as_ref().map_or("?", |peer| peer.id.as_str());
        let detail = more(reason, detail);
        if reason.is_fault() {
            tracing::warn!(peer, %reason, by_peer, detail, "channel closed");
        } else {
            tracing::info!(peer, %reason, by_peer, detail, "channel closed");
        }
    }
}

impl<S> Drop for Serving<S> {
    fn drop(&mut self) {
        for open in self.open.values() {
            open.task.abort();
        }
    }
}

#[cfg(test)]
#[path = "serving_tests.rs"]
mod tests;
