//! Side B: a host's connection to its hub or relay. One task keeps it up, to one of several
//! [parents](crate::parents); everybody on this host asks through an [`Upstream`].

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use photonbox_channel::message::{BoxMessage, Message, RefusalCode, Request};
use photonbox_channel::{
    ByteSource, Channel, ClientConfig, CloseReason, Event, PeerIdentity, Role, SendError,
};
use photonbox_secret::SecretBytes;
use tokio::sync::{Notify, mpsc, watch};

use crate::Error;
use crate::asked::{Answer, Answers, Asked, Delivered, Given};
use crate::boxes::{self, BoxAnswer, BoxWish, Word};
use crate::channels::Channels;
use crate::current::Current;
use crate::failure::{self, LastWord};
use crate::parents::{Parents, Raced};
use crate::shutdown::{Phase, Shutdown};
use crate::wire::{Handler, Surroundings};

pub(crate) enum Command {
    Open {
        id: u64,
        path: Option<Vec<String>>,
        request: Request,
        answers: Answers,
    },
    Pull {
        id: u64,
        bytes: u64,
    },
    /// Key boxes: only of a hub.
    Boxes {
        wish: BoxWish,
        answers: Answers,
    },
    Say {
        id: u64,
        word: Word,
    },
    /// No more of it is wanted; what comes up to its last word is.
    Cancel {
        id: u64,
    },
    /// Nobody takes its answers any more.
    Forget {
        id: u64,
    },
}

/// Whom we are connected to.
#[derive(Clone, Debug)]
pub(crate) struct Parent {
    pub(crate) id: String,
    /// Which of this process's connections, counted from 1; 0 before it is [published](Upstream::parent).
    pub(crate) connection: u64,
    /// A relay: class `full` must be sealed by the hub.
    pub(crate) is_relay: bool,
    /// Its certificate, DER, as TLS verified it.
    pub(crate) certificate: Arc<[u8]>,
    /// From the connection's begin to the first (asymmetric) channel.
    pub(crate) first_channel: Duration,
    /// From the connection's begin to the second (symmetric) channel.
    pub(crate) second_channel: Duration,
}

/// A handle on the link.
#[derive(Clone)]
pub(crate) struct Upstream {
    commands: mpsc::Sender<Command>,
    parent: watch::Receiver<Option<Parent>>,
    next_id: Arc<AtomicU64>,
    last_word: Arc<LastWord>,
}

impl Upstream {
    /// The parent now.
    pub(crate) fn parent(&self) -> Option<Parent> {
        self.parent.borrow().clone()
    }

    /// `healthy`, `degraded` (no way to the hub now) or `unhealthy` (the hub says that it is).
    pub(crate) fn health(&self) -> &'static str {
        self.last_word.health(self.parent.borrow().is_some())
    }

    /// Waits until there is a parent.
    pub(crate) async fn connected(&self) -> Option<Parent> {
        let mut parent = self.parent.clone();
        parent
            .wait_for(Option::is_some)
            .await
            .ok()
            .and_then(|parent| parent.clone())
    }

    /// Waits until a later connection stands than this one: what its parent refused, the next may have. Also over when
    /// none can come any more.
    pub(crate) async fn connected_after(&self, connection: u64) {
        let mut parent = self.parent.clone();
        let later = |parent: &Option<Parent>| {
            let parent = parent.as_ref();
            parent.is_some_and(|parent| parent.connection > connection)
        };
        // An error: the link is gone, which whoever asks next is told.
        let _ = parent.wait_for(later).await;
    }

    /// A number that no request of this process had.
    pub(crate) fn next_id(&self) -> u64 {
        self.next_id.fetch_add(1, Ordering::Relaxed)
    }

    /// Asks for key boxes. `wish.id` must come from [`Upstream::next_id`].
    pub(crate) async fn ask_for_boxes(&self, wish: BoxWish) -> Asked {
        let (answers, asked) = Asked::new(wish.id, self.commands.clone());
        // As in `ask`.
        let _ = self.commands.send(Command::Boxes { wish, answers }).await;
        asked
    }

    /// Asks. `request.id` must come from [`Upstream::next_id`]; `path` is set by a relay.
    pub(crate) async fn ask(&self, request: Request, path: Option<Vec<String>>) -> Asked {
        let id = request.id;
        let (answers, asked) = Asked::new(id, self.commands.clone());
        // If the link's task is gone, `answers` is dropped and the asker reads Lost.
        let _ = self
            .commands
            .send(Command::Open {
                id,
                path,
                request,
                answers,
            })
            .await;
        asked
    }
}

/// A request of which the last word has not come.
struct Open {
    answers: Answers,
    cancelled: Option<Cancelled>,
}

/// Why a request is cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Cancelled {
    ByAsker,
    /// Its answers were not taken.
    Slow,
}

/// How long a parent may be without a way to the hub before a host that has others leaves it.
const CUT_OFF: Duration = Duration::from_secs(1);

/// Side B's handler. Several may try at once; only the one that won is [published](Asking::publish).
pub(crate) struct Asking {
    open: HashMap<u64, Open>,
    parent: watch::Sender<Option<Parent>>,
    peer: Option<(PeerIdentity, Duration)>,
    /// The second channel stands.
    stands: Option<Parent>,
    published: bool,
    last_word: Arc<LastWord>,
    /// There are other parents to go to.
    elsewhere: bool,
    /// Since when the parent says that it has no way to the hub.
    cut_off: Option<Instant>,
    /// Messages that could not be sent when their event came.
    cancels: Vec<u64>,
    /// Told at each sign that this attempt gets on.
    pub(crate) progress: Arc<Notify>,
}

impl Asking {
    fn new(
        parent: &watch::Sender<Option<Parent>>,
        last_word: &Arc<LastWord>,
        elsewhere: bool,
    ) -> Self {
        Self {
            elsewhere,
            cut_off: None,
            open: HashMap::new(),
            parent: parent.clone(),
            peer: None,
            stands: None,
            published: false,
            last_word: Arc::clone(last_word),
            cancels: Vec::new(),
            progress: Arc::default(),
        }
    }

    /// From now on this is the host's parent.
    fn publish(&mut self, connection: u64) {
        if let Some(mut parent) = self.stands.take() {
            parent.connection = connection;
            let (peer, is_relay, elapsed) = (&parent.id, parent.is_relay, parent.second_channel);
            tracing::info!(peer, is_relay, class = "symmetric", ?elapsed, "connected");
            self.last_word.good();
            self.published = true;
            self.parent.send_replace(Some(parent));
        }
    }

    fn lose_all(&mut self) {
        if std::mem::take(&mut self.published) {
            self.parent.send_replace(None);
        }
        for open in std::mem::take(&mut self.open).into_values() {
            open.answers.give(0, Answer::Lost);
        }
    }

    fn route(&mut self, id: u64, size: usize, answer: Answer, last: bool) {
        let Some(open) = self.open.get_mut(&id) else {
            return;
        };
        let answer = match (answer, open.cancelled) {
            // The asker did not cancel it.
            (Answer::Refused { .. }, Some(Cancelled::Slow)) => Answer::Lost,
            (answer, _) => answer,
        };
        let given = open.answers.give(size, answer);
        if given != Given::Taken && !last && open.cancelled.is_none() {
            open.cancelled = Some(Cancelled::Slow);
            self.cancels.push(id);
        }
        if last || given == Given::Gone {
            self.open.remove(&id);
        }
    }

    /// Tells the parent, once, that no more of a request is wanted.
    fn cancel(&mut self, channel: &mut Channel, id: u64) -> Result<(), SendError> {
        match self.open.get_mut(&id) {
            Some(open) if open.cancelled.is_none() => {
                open.cancelled = Some(Cancelled::ByAsker);
                channel.send(&Message::Cancel { id })
            }
            // Cancelled before, or its last word is already there.
            _ => Ok(()),
        }
    }

    /// A relay is not asked: it would see the keys, or could make them itself.
    fn ask_for_boxes(
        &mut self,
        channel: &mut Channel,
        wish: &BoxWish,
        answers: Answers,
    ) -> Result<(), SendError> {
        let by_hub = self
            .peer
            .as_ref()
            .is_some_and(|(peer, _)| peer.roles.contains(&Role::Hub));
        if !by_hub {
            let refused = Answer::Refused {
                code: RefusalCode::Unsupported,
                retry_after_ms: Some(1000),
                text: boxes::THROUGH_A_RELAY.into(),
            };
            answers.give(0, refused);
            return Ok(());
        }
        let sent = channel.send(&Message::Boxes(wish.message()));
        match sent {
            Ok(()) => {
                let open = Open {
                    answers,
                    cancelled: None,
                };
                self.open.insert(wish.id, open);
            }
            Err(_) => drop(answers.give(0, Answer::Lost)),
        }
        sent
    }

    fn message(&mut self, message: Message<'_>) {
        match &message {
            Message::Refused { code, .. } => {
                self.last_word.refused(*code);
                if *code == RefusalCode::Unreachable {
                    self.cut_off.get_or_insert_with(Instant::now);
                }
            }
            Message::Delivery(_)
            | Message::AttestedDelivery(_)
            | Message::SealedDelivery { .. } => {
                self.last_word.good();
                self.cut_off = None;
            }
            _ => {}
        }
        let delivered = |delivery: &photonbox_channel::message::Delivery<'_>| Delivered {
            seq: delivery.seq,
            class: delivery.class,
            provenance: delivery.provenance,
            hops: delivery.hops,
            origin: delivery.origin.to_owned(),
            last: delivery.last,
            payload: SecretBytes::from_slice(delivery.payload),
        };
        match message {
            Message::Delivery(delivery) => {
                let answer = Answer::Delivery(delivered(&delivery));
                self.route(delivery.id, delivery.payload.len(), answer, delivery.last);
            }
            Message::AttestedDelivery(attested) => {
                let answer = Answer::Attested {
                    delivery: delivered(&attested.delivery),
                    statement: attested.statement.to_vec(),
                    key: SecretBytes::from_slice(attested.key),
                    signature: attested.signature.to_vec(),
                };
                let delivery = &attested.delivery;
                self.route(delivery.id, delivery.payload.len(), answer, delivery.last);
            }
            Message::Refused {
                id,
                code,
                retry_after_ms,
                text,
            } => {
                let text = text.chars().filter(|c| !c.is_control()).collect();
                self.route(
                    id,
                    0,
                    Answer::Refused {
                        code,
                        retry_after_ms,
                        text,
                    },
                    true,
                );
            }
            Message::Opening { id, opening } => {
                self.route(id, opening.len(), Answer::Opening(opening.to_vec()), false);
            }
            Message::SealedDelivery { id, hops, block } => {
                let answer = Answer::Sealed {
                    hops,
                    block: block.to_vec(),
                };
                self.route(id, block.len(), answer, false);
            }
            Message::Boxes(message) => match BoxAnswer::of(message) {
                Some((answer, size)) => {
                    match message {
                        // Any other reason is about the two gateways.
                        BoxMessage::Waits {
                            code: code @ RefusalCode::Unhealthy,
                            ..
                        } => self.last_word.refused(code),
                        BoxMessage::Keys(_) => self.last_word.good(),
                        _ => {}
                    }
                    self.route(message.id(), size, Answer::Boxes(answer), false);
                }
                None => tracing::debug!("a hub sent what only a gateway sends; ignored"),
            },
            // Only side B sends these.
            Message::Request(_)
            | Message::Cancel { .. }
            | Message::Pull { .. }
            | Message::Forward { .. } => {
                tracing::debug!("a hub sent what only a host sends; ignored");
            }
        }
    }
}

impl Handler for Asking {
    type Out = Command;

    fn event(&mut self, channel: &mut Channel, event: Event) {
        match event {
            Event::FirstChannel { peer, elapsed, .. } => {
                // Only the hub's side has quantum entropy yet.
                let class = "asymmetric";
                tracing::info!(peer = peer.id, class, ?elapsed, "first channel stands");
                self.peer = Some((peer, elapsed));
                self.progress.notify_one();
            }
            Event::SecondChannel { elapsed } => {
                self.stands = self.peer.as_ref().map(|(peer, first_channel)| Parent {
                    id: peer.id.clone(),
                    connection: 0,
                    is_relay: !peer.roles.contains(&Role::Hub),
                    certificate: peer.certificate.as_slice().into(),
                    first_channel: *first_channel,
                    second_channel: elapsed,
                });
            }
            Event::Message(received) => {
                self.message(received.message());
                channel.recycle(received);
                if self.elsewhere && self.cut_off.is_some_and(|since| since.elapsed() >= CUT_OFF) {
                    self.cut_off = None;
                    tracing::warn!("the parent has no way to the hub: looking for another one");
                    channel.close(CloseReason::Normal);
                }
            }
            Event::Closed { .. } | Event::SteppedDown { .. } => {}
        }
        while channel.can_send()
            && let Some(id) = self.cancels.pop()
        {
            if let Err(error) = channel.send(&Message::Cancel { id }) {
                tracing::debug!(%error, "a message was not sent");
            }
        }
    }

    fn send(&mut self, channel: &mut Channel, command: Command) {
        let sent = match command {
            Command::Open {
                id,
                path,
                request,
                answers,
            } => {
                let sent = match &path {
                    None => channel.send(&Message::Request(request)),
                    Some(path) => {
                        let path = path.iter().map(String::as_str).collect();
                        channel.send(&Message::Forward { path, request })
                    }
                };
                let open = Open {
                    answers,
                    cancelled: None,
                };
                match sent {
                    Ok(()) => drop(self.open.insert(id, open)),
                    Err(_) => drop(open.answers.give(0, Answer::Lost)),
                }
                sent
            }
            Command::Boxes { wish, answers } => self.ask_for_boxes(channel, &wish, answers),
            Command::Say { id, word } if self.open.contains_key(&id) => {
                channel.send(&Message::Boxes(word.message(id)))
            }
            Command::Pull { id, bytes } if self.open.contains_key(&id) => {
                channel.send(&Message::Pull { id, bytes })
            }
            Command::Cancel { id } => self.cancel(channel, id),
            Command::Forget { id } => {
                let sent = self.cancel(channel, id);
                self.open.remove(&id);
                sent
            }
            Command::Pull { .. } | Command::Say { .. } => Ok(()),
        };
        if let Err(error) = sent {
            tracing::debug!(%error, "a message was not sent");
        }
    }

    fn drained(&mut self, _channel: &mut Channel, _overdue: bool) -> bool {
        // The link ends after all that asks through it.
        true
    }

    fn closed(&mut self, reason: CloseReason, by_peer: bool, detail: &str) {
        // One that never became the parent is told by whoever tried.
        if self.published
            && let Some(parent) = self.parent.borrow().as_ref()
        {
            let (parent, detail) = (parent.id.as_str(), failure::more(reason, detail));
            if reason.is_fault() {
                tracing::warn!(parent, %reason, by_peer, detail, "channel to the parent closed");
            } else {
                tracing::info!(parent, %reason, by_peer, detail, "channel to the parent closed");
            }
        }
        self.lose_all();
    }
}

/// What the link needs.
pub(crate) struct Link {
    pub(crate) hubs: Vec<String>,
    /// For new channels.
    pub(crate) config: Current<ClientConfig>,
    pub(crate) generator: Arc<dyn ByteSource>,
    pub(crate) channels: Channels,
    pub(crate) shutdown: Shutdown,
    /// Told when no parent takes us, or we none of them, and no waiting mends it.
    pub(crate) refused: mpsc::Sender<Error>,
}

impl Link {
    /// Starts the task; it ends with the shutdown.
    pub(crate) fn start(self) -> (Upstream, tokio::task::JoinHandle<()>) {
        let (commands, receiver) = mpsc::channel(256);
        let (parent_sender, parent) = watch::channel(None);
        let upstream = Upstream {
            commands,
            parent,
            next_id: Arc::new(AtomicU64::new(1)),
            last_word: Arc::default(),
        };
        let last_word = Arc::clone(&upstream.last_word);
        let task = tokio::spawn(self.keep_up(receiver, parent_sender, last_word));
        (upstream, task)
    }

    async fn keep_up(
        self,
        mut commands: mpsc::Receiver<Command>,
        parent: watch::Sender<Option<Parent>>,
        last_word: Arc<LastWord>,
    ) {
        let mut parents = Parents::new(&self.hubs);
        for connection in 1.. {
            let handler = || Asking::new(&parent, &last_word, self.hubs.len() > 1);
            let raced = tokio::select! {
                raced = parents.race(&self, handler, &last_word) => raced,
                () = lose(&mut commands) => return,
                () = self.shutdown.reached(Phase::Stop) => return,
            };
            let mut stood = match raced {
                Raced::Stood(stood) => *stood,
                Raced::Stopping => return,
                Raced::Refused(error) => {
                    // Nobody listens any more only when the host is ending anyway.
                    let _ = self.refused.send(error).await;
                    return;
                }
            };
            let around = Surroundings {
                channels: &self.channels,
                shutdown: &self.shutdown,
                drain: Duration::from_secs(1),
                serves: None,
            };
            stood.handler.publish(connection);
            let since = Instant::now();
            let run = stood.wire.run(&mut stood.handler, &mut commands, &around);
            let ended = tokio::select! {
                ended = run => ended,
                () = self.shutdown.reached(Phase::Stop) => return,
            };
            stood.handler.lose_all();
            if self.shutdown.phase() != Phase::Run {
                return;
            }
            match ended.reason {
                CloseReason::Copied if !ended.by_peer => parents.left(stood.index),
                CloseReason::CertificateExpired => parents.expired(stood.index),
                _ => parents.lost(stood.index, since.elapsed()),
            }
        }
    }
}

/// Nobody is there to ask: whoever does reads Lost. Ends when nobody can ask any more.
async fn lose(commands: &mut mpsc::Receiver<Command>) {
    while let Some(command) = commands.recv().await {
        if let Command::Open { answers, .. } | Command::Boxes { answers, .. } = command {
            answers.give(0, Answer::Lost);
        }
    }
}

#[cfg(test)]
#[path = "link_played.rs"]
pub(crate) mod played;
#[cfg(test)]
#[path = "link_tests.rs"]
mod tests;
