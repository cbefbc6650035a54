//! Mode `boxes`: a task for each peer takes key boxes from the hub and gives them to its engine
//! (`docs/protocol.md`, "Key boxes").

use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::message::Provenance;
use photonbox_keybox::peer::{self, OrbitError};
use photonbox_keybox::{Parameters, esp};
use serde_json::{Value, json};
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

use super::gateway::Gateway;
use super::options::Keys;
use super::peer::Side;
use crate::boxes::{BoxKeys, Client, Event, Place};
use crate::channels::Channels;
use crate::link::Upstream;
use crate::membership::{Linked, Membership};
use crate::renewal::{ByHub, Renewal};
use crate::shutdown::{Phase, Shutdown};
use crate::source::label;
use crate::{CertificateOptions, Error};

/// The pause after a refusal that waiting may not mend: the other gateway's settings may be put right meanwhile.
const REFUSED: Duration = Duration::from_secs(5);
/// The hub is told that we go, but not waited for longer.
const GOODBYE: Duration = Duration::from_secs(1);

/// How a peer stands with the hub.
#[derive(Debug)]
pub(super) struct Supply {
    /// Why there is no new box.
    pub(super) waits: Option<String>,
    /// What the boxes that came so far are made of.
    provenance: Provenance,
    pub(super) boxes: u64,
    /// The box that is wanted from the hub, as it was last said to the task.
    wanted: Option<(u64, u16)>,
    changed: Arc<Notify>,
}

impl Supply {
    /// Before the hub was reached; `changed` is rung when another box is wanted.
    fn told(changed: Arc<Notify>) -> Self {
        Self {
            waits: Some("the hub was not reached yet".to_owned()),
            provenance: Provenance::default(),
            boxes: 0,
            wanted: None,
            changed,
        }
    }

    /// After packets: the task learns that another box is wanted.
    pub(super) fn want(&mut self, wanted: Option<(u64, u16)>) {
        if self.wanted != wanted {
            self.wanted = wanted;
            self.changed.notify_one();
        }
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "boxes": self.boxes,
            "waits": self.waits,
            "label": label(photonbox_entropy::Provenance {
                simulated: self.provenance.simulated,
                replayed: self.provenance.replayed,
                test: self.provenance.test,
            }),
        })
    }
}

/// The way to the hub, and the tasks of all peers in mode `boxes`.
pub(super) struct Supplies {
    tasks: JoinSet<()>,
    keeping: JoinSet<()>,
    link: tokio::task::JoinHandle<()>,
    last: Shutdown,
    refused: mpsc::Receiver<Error>,
}

/// What `status` shows of the way to the hub.
pub(super) struct HubView {
    pub(super) upstream: Upstream,
    pub(super) renewal: Arc<Renewal<ByHub>>,
}

impl HubView {
    pub(super) fn json(&self) -> Value {
        json!({
            "parent": self.upstream.parent().map(|parent| parent.id),
            "health": self.upstream.health(),
            "certificate": self.renewal.json(),
        })
    }
}

impl Supplies {
    pub(super) fn start(
        gateway: &Arc<Gateway>,
        membership: Membership,
        channels: &Channels,
        certificates: CertificateOptions,
        shutdown: &Shutdown,
    ) -> (Self, HubView) {
        let Linked {
            upstream,
            task: link,
            last,
            refused,
        } = membership.link(channels);
        let mut tasks = JoinSet::new();
        for (number, peer) in gateway.peers.iter().enumerate() {
            if peer.plan.keys == Keys::Hub {
                let client = Client::new(upstream.clone(), &peer.name, peer.plan.parameters);
                let changed = Arc::default();
                peer.lock().supply = Some(Supply::told(Arc::clone(&changed)));
                let taker = Taker {
                    gateway: Arc::clone(gateway),
                    number,
                    changed,
                    newest: None,
                    asked: false,
                };
                tasks.spawn(taker.run(client, shutdown.clone()));
            }
        }
        let mut keeping = JoinSet::new();
        let renewal = membership.renewal;
        keeping.spawn(Arc::clone(&renewal).keep(certificates, shutdown.clone()));
        let view = HubView { upstream, renewal };
        let supplies = Self {
            tasks,
            keeping,
            link,
            last,
            refused,
        };
        (supplies, view)
    }

    /// Resolves when no hub will ever take this gateway.
    pub(super) async fn refused(&mut self) -> Error {
        match self.refused.recv().await {
            Some(error) => error,
            None => std::future::pending().await,
        }
    }

    /// After the shutdown: the hub erases the orbits.
    pub(super) async fn end(mut self) {
        while self.tasks.join_next().await.is_some() {}
        self.keeping.shutdown().await;
        self.last.drain();
        if tokio::time::timeout(GOODBYE, &mut self.link).await.is_err() {
            self.last.stop();
            // It ends now.
            let _ = self.link.await;
        }
    }
}

/// A peer's task.
struct Taker {
    gateway: Arc<Gateway>,
    number: usize,
    /// Rung by [`Supply::want`].
    changed: Arc<Notify>,
    /// The box that came last.
    newest: Option<Place>,
    /// The one below it was asked for.
    asked: bool,
}

impl Taker {
    async fn run(mut self, mut client: Client, shutdown: Shutdown) {
        let changed = Arc::clone(&self.changed);
        loop {
            self.look(&client).await;
            tokio::select! {
                () = shutdown.reached(Phase::Drain) => break,
                () = changed.notified() => {}
                event = client.next() => match event {
                    Ok(event) => self.take(event, &client).await,
                    Err(error) => {
                        self.waits(format!("{error}; {}", error.help()));
                        tokio::select! {
                            () = shutdown.reached(Phase::Drain) => break,
                            () = tokio::time::sleep(REFUSED) => {}
                        }
                    }
                },
            }
        }
        // Where the hub is not reached its time for the channel ends the orbit.
        let _ = tokio::time::timeout(GOODBYE, client.close()).await;
    }

    /// Asks ahead of need.
    async fn look(&mut self, client: &Client) {
        let Some(newest) = self.newest.filter(|_| !self.asked) else {
            return;
        };
        let wanted = self.gateway.peers[self.number].lock().engine.wanted();
        if wanted.is_some_and(|(orbit, _)| orbit == newest.orbit) {
            self.asked = true;
            client.want_below(newest).await;
        }
    }

    async fn take(&mut self, event: Event, client: &Client) {
        match event {
            Event::Opened {
                orbit,
                role,
                parameters,
            } => {
                (self.newest, self.asked) = (None, false);
                self.opened(orbit, role, parameters);
            }
            Event::Keys(keys) => {
                let place = keys.place;
                (self.newest, self.asked) = (Some(place), false);
                if self.keys(&keys) {
                    client.held(place).await;
                }
            }
            Event::Ready(Place { orbit, number }) => {
                let said = self.with_side(|side, now| side.engine.ready(now, orbit, number));
                if let Err(error) = said {
                    tracing::warn!(peer = self.name(), "the hub's box is not ready: {error}");
                }
            }
            Event::Waits { text, .. } => self.waits(text),
            Event::Lost => {
                self.asked = false;
                self.waits("the channel to the hub is gone".to_owned());
            }
        }
    }

    fn opened(&self, orbit: u64, role: u8, parameters: Parameters) {
        let role = match role {
            0 => peer::Role::Zero,
            _ => peer::Role::One,
        };
        let opened = self.with_side(|side, now| {
            side.engine.set_role(role)?;
            match side
                .engine
                .add_orbit(now, orbit, peer::Mode::Boxes, parameters)
            {
                // After a lost channel the hub goes on with it, from a box below.
                Err(OrbitError::Twice(_)) => Ok(()),
                opened => opened,
            }
        });
        if let Err(error) = opened {
            self.waits(error.to_string());
        }
    }

    /// True: it is held.
    fn keys(&self, keys: &BoxKeys) -> bool {
        let ready = esp::BoxKeys::new(keys.place.number, keys.keys());
        let taken = self.with_side(|side, now| {
            side.engine.insert(now, keys.place.orbit, ready)?;
            if let Some(supply) = &mut side.supply {
                supply.waits = None;
                supply.boxes += 1;
                supply.provenance = supply.provenance.merge(keys.provenance);
            }
            Ok(())
        });
        if let Err(error) = &taken {
            self.waits(error.to_string());
        }
        taken.is_ok()
    }

    /// Does something with the engine; the timer learns what it changed.
    fn with_side(
        &self,
        does: impl FnOnce(&mut Side, Duration) -> Result<(), OrbitError>,
    ) -> Result<(), OrbitError> {
        let mut side = self.gateway.peers[self.number].lock();
        let done = does(&mut side, self.gateway.now());
        side.settle(&self.gateway);
        done
    }

    /// There is no new box; said once in the log.
    fn waits(&self, why: String) {
        let mut side = self.gateway.peers[self.number].lock();
        let Some(supply) = &mut side.supply else {
            return;
        };
        if supply.waits.as_ref() != Some(&why) {
            tracing::warn!(peer = self.name(), "no new key box: {why}");
            supply.waits = Some(why);
        }
    }

    fn name(&self) -> &str {
        &self.gateway.peers[self.number].name
    }
}
