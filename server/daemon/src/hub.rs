//! `serve`: the hub. Card, pool, channels, enrolment and control in one process.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::Mutex;
use std::time::Duration;

use photonbox_channel::sealed::ReplayGuard;
use photonbox_channel::{
    Admission, ByteSource, CaCertificate, Channel, KeyStock, PeerIdentity, Role as ChannelRole,
    Usage,
};
use photonbox_driver::FrontEnd;
use photonbox_entropy::health::{Health, LaneState};
use photonbox_entropy::pool::{PoolConfig, PoolStatus};
use photonbox_entropy::provenance::Provenance;
use photonbox_store::{Role, Store, VaultStore};
use serde_json::{Value, json};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::answering::OfChannel;
use crate::api::{self, Api};
use crate::boxes::Desk;
use crate::card::{OpenedCard, open_card};
use crate::channel_settings;
use crate::channels::Channels;
use crate::control::{ControlCommand, ControlSocket, Controlled};
use crate::deliver::Revocations;
use crate::fair::{Allowances, FairQueue};
use crate::feeder::Feeder;
use crate::front_door::{self, Wants};
use crate::gate::{self, Entry, Gate};
use crate::held::HeldLanes;
use crate::hub_certificate::HubCertificate;
use crate::ledger_book::LedgerBook;
use crate::life::Serves;
use crate::metrics::{Endpoint, Served};
use crate::options::{LimitOptions, Ready, ServeOptions};
use crate::recording::about_to_play;
use crate::serving::{OUTBOX, Serving};
use crate::shutdown::{Phase, Shutdown};
use crate::source::{Entropy, label};
use crate::state_dir::{self, RunningLock};
use crate::vm_event::{Kind, VmEvents};
use crate::wire::{self, Surroundings};
use crate::workers::key_stock;
use crate::{Error, Result, os};

/// How often the ledger is written.
const SAVE_EVERY: Duration = Duration::from_secs(1);
/// How often a hub looks whether another one on its database has revoked a host.
const LOOK_FOR_REVOCATIONS: Duration = Duration::from_secs(2);
/// How far the clocks of two hubs may be apart, in seconds, for that.
const CLOCKS_APART: u64 = 3600;

/// Everything that the hub's tasks share.
pub(crate) struct Hub {
    pub(crate) id: Arc<str>,
    pub(crate) certificate: HubCertificate,
    pub(crate) ca: CaCertificate,
    pub(crate) entropy: Arc<Entropy>,
    pub(crate) feeder: Feeder,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) book: LedgerBook,
    pub(crate) allowances: Allowances,
    pub(crate) full_turns: FairQueue,
    pub(crate) drbg_turns: FairQueue,
    pub(crate) boxes: Arc<Desk>,
    pub(crate) revocations: Revocations,
    pub(crate) admission: Arc<Enrolled>,
    pub(crate) limits: LimitOptions,
    pub(crate) channels: Channels,
    pub(crate) gate: Arc<Gate>,
    pub(crate) replays: Mutex<ReplayGuard>,
    /// Label of the card itself: known before its first block.
    pub(crate) label: Option<&'static str>,
    pub(crate) vm_events: Arc<VmEvents>,
    pub(crate) shutdown: Shutdown,
}

/// Enrolled here and not revoked.
pub(crate) struct Enrolled {
    store: Arc<dyn Store>,
}

impl Enrolled {
    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }
}

impl Admission for Enrolled {
    fn admit(&self, peer: &PeerIdentity) -> bool {
        // The first connection with a renewed certificate closes the older one: that is written down, once.
        match self.store.use_enrolment(&peer.fingerprint, os::unix_now()) {
            Ok(Some(enrolment)) => enrolment.revoked.is_none() && enrolment.host == peer.id,
            Ok(None) => false,
            Err(error) => {
                tracing::error!(%error, "cannot look an enrolment up: refusing the host");
                false
            }
        }
    }
}

/// What the card says about itself, as a label.
fn card_label(opened: &OpenedCard) -> Option<&'static str> {
    let identity = opened.card.identity();
    label(Provenance {
        simulated: !identity.is_real(),
        replayed: opened.replayed,
        test: opened.reproducible || identity.front_end == FrontEnd::Test,
    })
}

/// Refuses to go on with secrets in memory that can be swapped out, unless that is allowed.
pub(crate) fn check_memory(allow_unlocked: bool) -> Result<()> {
    // The first secret decides: what is refused for one page is refused for all.
    let probe = photonbox_secret::SecretBytes::new_zeroed(4096);
    let state = photonbox_secret::lock_state();
    drop(probe);
    if state.all_locked() {
        return Ok(());
    }
    if allow_unlocked {
        tracing::warn!(?state, "secrets are not locked in memory");
        return Ok(());
    }
    Err(Error::Locked {
        what: format!(
            "secrets cannot be locked in memory: {}",
            state.last_error.map_or("refused".to_owned(), |error| error.to_string())
        ),
        help: "raise the memlock limit (ulimit -l, LimitMEMLOCK=), or start with --allow-unlocked-memory".into(),
    })
}

/// What a hub does when its machine was copied.
fn vm_events(
    entropy: &Arc<Entropy>,
    stock: Option<Arc<KeyStock>>,
    channels: Channels,
    boxes: Arc<Desk>,
) -> Arc<VmEvents> {
    let entropy = Arc::clone(entropy);
    let renew = move || {
        boxes.copied();
        entropy.copied(|| {
            if let Some(stock) = &stock {
                stock.clear();
            }
            channels.cut();
        });
        // And what was drawn up to here.
        boxes.copied();
    };
    VmEvents::new(renew, || {})
}

impl Hub {
    /// Puts the parts together and starts the card.
    fn start(
        options: &ServeOptions,
        store: Arc<dyn Store>,
        shutdown: Shutdown,
    ) -> Result<Arc<Self>> {
        let own = store.identity()?;
        if own.role != Role::Hub {
            return Err(Error::failed(
                format!("this state directory belongs to the host `{}`", own.name),
                "run `photonbox join` here, or give --state the hub's directory",
            ));
        }
        let ca = channel_settings::ca(&own)?;
        channel_settings::check_certificate(&ca, &own, Usage::Server, &[ChannelRole::Hub])?;
        // What will be refused for its label is not played.
        let opened = if options.allow_simulated {
            open_card(&about_to_play(&options.card, &*store)?)?
        } else {
            open_card(&options.card)?
        };
        let label = card_label(&opened);
        if let (Some(label), false) = (label, options.allow_simulated) {
            return Err(Error::SimulatedRefused { label });
        }
        tracing::info!(card = opened.description, label, "card opened");
        let entropy = Entropy::new(PoolConfig {
            claimed_h: options.card.claimed_h,
            allow_simulated: options.allow_simulated,
            ..PoolConfig::default()
        })?;
        let admission = Arc::new(Enrolled {
            store: Arc::clone(&store),
        });
        let source = Arc::clone(&entropy) as Arc<dyn ByteSource>;
        let stock = key_stock(&source, options.rekey.keys_ahead);
        let certificate = HubCertificate::new(
            options,
            &store,
            &own,
            source,
            stock.clone(),
            Arc::clone(&admission) as Arc<dyn Admission>,
        )?;
        let full_turns = FairQueue::default();
        let boxes = Desk::new(
            Arc::clone(&entropy),
            full_turns.clone(),
            opened
                .card
                .identity()
                .keybox
                .then(|| Arc::clone(&opened.card)),
            options.boxes.clone(),
            options.allow_unlocked_memory,
        );
        let held = HeldLanes::load(Arc::clone(&store), &options.store.card(&opened.name))?;
        let feeder = Feeder::start(opened, Arc::clone(&entropy), held)?;
        let book = LedgerBook::begin(Arc::clone(&store), Arc::clone(&entropy))?;
        let channels = Channels::default();
        let vm_events = vm_events(&entropy, stock, channels.clone(), Arc::clone(&boxes));
        Ok(Arc::new(Self {
            id: own.name.as_str().into(),
            certificate,
            ca,
            entropy,
            feeder,
            admission,
            revocations: Revocations::default(),
            store,
            book,
            allowances: Allowances::new(
                options.limits.host_bytes_per_second,
                options.limits.host_quota_bytes,
            ),
            full_turns,
            drbg_turns: FairQueue::default(),
            boxes,
            limits: options.limits.clone(),
            gate: Gate::new(&options.limits),
            channels,
            vm_events,
            replays: Mutex::default(),
            label,
            shutdown,
        }))
    }

    /// Waits until channels can have keys, but not longer than a handshake may take, nor for a
    /// source that only an operator brings back.
    async fn seeded(&self) {
        let wait = async {
            loop {
                let changed = self.entropy.changed();
                if self.is_lost() || !self.entropy.waits_for_seed() {
                    return;
                }
                let _ = tokio::time::timeout(Duration::from_millis(200), changed).await;
            }
        };
        let patience = Duration::from_millis(self.limits.handshake_timeout_ms / 2);
        let _ = tokio::time::timeout(patience, wait).await;
    }

    /// Closes the channels of a host that was revoked; gives their number.
    fn revoked(&self, host: &str) -> usize {
        self.revocations.add(host);
        let closed = self.channels.evict(host);
        tracing::warn!(
            host,
            channels = closed,
            "host revoked: its channels are closed"
        );
        closed
    }

    /// Whether no lane runs, and none is on its way.
    fn is_lost(&self) -> bool {
        let pool = self.entropy.pool();
        let health = pool.health();
        health.health() == Health::Unhealthy && health.count(LaneState::StartUp) == 0
    }

    /// One connection.
    async fn connection(
        self: Arc<Self>,
        (stream, peer, entry): (TcpStream, std::net::SocketAddr, Entry),
    ) {
        let _ = stream.set_nodelay(true);
        let patience = Duration::from_millis(self.limits.handshake_timeout_ms);
        let (wants, stream) = match tokio::time::timeout(patience, front_door::greet(stream)).await
        {
            Ok(Ok(greeted)) => greeted,
            Ok(Err(error)) => return tracing::info!(%peer, %error, "connection refused"),
            Err(_) => return tracing::info!(%peer, "connection said nothing"),
        };
        self.seeded().await;
        // It may have waited long, here or in the listen queue: nothing is signed for who has given up.
        if stream.is_gone() {
            return tracing::debug!(%peer, "the other side gave up");
        }
        if let Err(error) = self.entropy.can_make_keys() {
            tracing::warn!(%peer, %error, "connection refused: no bytes for its keys");
            return front_door::refuse(stream).await;
        }
        if wants == Wants::Enrolment {
            let mut since = self.vm_events.since();
            return tokio::select! {
                biased;
                // Its TLS is the copy's as well.
                () = since.over() => tracing::info!(%peer, "enrolment broken off: this machine was copied"),
                () = Arc::clone(&self.certificate.desk).serve(stream, peer) => {}
            };
        }
        let config = self.certificate.channels.get();
        let channel = match Channel::accept(&config, os::unix_now(), os::now()) {
            Ok(channel) => channel,
            Err(error) => return tracing::error!(%peer, %error, "cannot accept a channel"),
        };
        let (outbox, mut from_tasks) = mpsc::channel(OUTBOX);
        let service = OfChannel {
            hub: Arc::clone(&self),
            identity: Arc::clone(config.identity()),
        };
        let mut handler = Serving::new(Arc::new(service), outbox);
        let drain = Duration::from_millis(self.limits.drain_ms);
        let around = Surroundings {
            channels: &self.channels,
            shutdown: &self.shutdown,
            drain,
            serves: Some(Serves::under(config.identity(), drain)),
        };
        wire::run(
            stream,
            channel,
            &mut handler,
            &mut from_tasks,
            around,
            entry,
        )
        .await;
    }

    /// Each lane, and since when it is held if an alarm stopped it: in this run of the hub or before.
    fn lanes_json(&self) -> Vec<Value> {
        let lanes = self.entropy.pool().health().report();
        let mut all = Vec::with_capacity(lanes.len());
        for lane in lanes {
            let since = self.feeder.held_since(lane.lane);
            if let Ok(mut value) = serde_json::to_value(&lane) {
                value["held_since"] = json!(since);
                all.push(value);
            }
        }
        all
    }

    /// What is not from a live detector, in a word.
    pub(crate) fn shown_label(&self, pool: &PoolStatus) -> Option<&'static str> {
        label(pool.provenance).or(self.label)
    }

    fn status(&self) -> Value {
        let pool = self.entropy.pool().status();
        let lanes = self.lanes_json();
        let card = self.feeder.card_status();
        let shown = self.shown_label(&pool);
        json!({
            "role": "hub",
            "id": &*self.id,
            "health": pool.health,
            "simulated": shown.is_some(),
            "replayed": pool.provenance.replayed || self.label == Some("replayed"),
            "test": pool.provenance.test || self.label == Some("test"),
            "label": shown,
            "locked": self.store.is_locked(),
            "memory_locked": photonbox_secret::lock_state().all_locked(),
            "seeded": pool.seeded,
            "certificate": self.certificate.renewal.json(),
            "draining": self.shutdown.phase() != Phase::Run,
            "pool": {
                "full_bits": pool.full_bits,
                "credited_bits": pool.credited_bits,
                "delivered_bits": pool.delivered_bits,
                "reseeds": pool.reseeds,
                "input_full": pool.input_full,
            },
            "lanes": lanes,
            "source": self.feeder.source(),
            "card": card,
            "channels": channels_json(&self.channels, 1),
            "epochs": self.channels.epochs(),
            "closed": self.channels.closed(),
            "connections": self.gate.status(),
            "boxes": self.boxes.json(),
            "vm_events": self.vm_events.json(),
            "sinks": [],
        })
    }
}

/// The live channels; `links` is what lies between here and the hub on the other side's way.
pub(crate) fn channels_json(channels: &Channels, links: u8) -> Vec<Value> {
    let mut all = Vec::new();
    for status in channels.list() {
        if let Ok(mut value) = serde_json::to_value(&status) {
            value["hops"] = json!(links);
            value["trust_note"] = json!("the trust figure has no security meaning");
            all.push(value);
        }
    }
    all
}

impl Controlled for Hub {
    async fn control(&self, command: ControlCommand) -> Result<Value> {
        match command {
            ControlCommand::Status => Ok(self.status()),
            ControlCommand::Ledger => self.book.json_later().await,
            ControlCommand::Drain => {
                self.shutdown.drain();
                Ok(json!({ "draining": true }))
            }
            ControlCommand::Shutdown => {
                self.shutdown.stop();
                Ok(json!({ "stopping": true }))
            }
            ControlCommand::Revoked { host } => {
                let closed = self.revoked(&host);
                Ok(json!({ "host": host, "channels_closed": closed }))
            }
            ControlCommand::Cloned => {
                self.vm_events.happened(Kind::Told);
                Ok(self.vm_events.json())
            }
            ControlCommand::Renew => Ok(json!(self.certificate.renewal.renew().await?)),
            ControlCommand::Rearm { lane } => {
                self.feeder.rearm(lane).await?;
                Ok(json!({ "lane": lane, "state": "start-up" }))
            }
        }
    }
}

/// Runs a hub until the shutdown.
///
/// # Errors
/// What can be wrong before it listens: state, memory, card, port. Afterwards it goes on.
pub async fn serve(
    options: ServeOptions,
    shutdown: Shutdown,
    ready: impl FnOnce(Ready) + Send,
) -> Result<()> {
    serve_watched(options, shutdown, |said, _| ready(said)).await
}

/// [`serve`], for a caller that looks into the hub.
pub(crate) async fn serve_watched(
    options: ServeOptions,
    shutdown: Shutdown,
    ready: impl FnOnce(Ready, &Arc<Hub>) + Send,
) -> Result<()> {
    let state = state_dir::resolve(options.state.as_deref())?;
    let store = api::open_store(&options.store, options.root_key.as_deref(), &state)?;
    let _running = RunningLock::take(&state)?;
    options.boxes.check()?;
    check_memory(options.allow_unlocked_memory)?;
    api::seal_authority(&*store)?;
    gate::make_room_for_files(&options.limits);
    let listener = TcpListener::bind(&options.listen)
        .await
        .map_err(|e| Error::bind(&options.listen, &e))?;
    let metrics = Endpoint::open(options.metrics.as_deref()).await?;
    let api = api::listen(options.api.as_deref()).await?;
    let hub = Hub::start(
        &options,
        Arc::clone(&store) as Arc<dyn Store>,
        shutdown.clone(),
    )?;
    let _control = ControlSocket::open(&state, Arc::clone(&hub))?;
    let _watching = hub.vm_events.watch();
    let metrics = metrics.map(|metrics| metrics.serve(Arc::clone(&hub)));
    let api = match api {
        Some(listening) => {
            let store = store as Arc<dyn VaultStore>;
            Some(api::serve(listening, &hub, store, shutdown.clone())?)
        }
        None => None,
    };
    let listen = listener
        .local_addr()
        .map_err(|e| Error::bind(&options.listen, &e))?;
    tracing::info!(%listen, hub = &*hub.id, label = hub.label, "hub serves");
    let said = Ready {
        role: "hub",
        listen: Some(listen),
        metrics: metrics.as_ref().map(Served::address),
        api: api.as_ref().map(Api::address),
        control: state_dir::control_socket(&state),
        label: hub.label,
    };
    ready(said, &hub);

    let renewal = Arc::clone(&hub.certificate.renewal);
    tokio::spawn(renewal.keep(options.certificates.clone(), shutdown.clone()));
    if options.store.is_shared() {
        tokio::spawn(watch_revocations(Arc::clone(&hub), shutdown.clone()));
    }
    let saver = tokio::spawn(save_ledger(hub.book.clone(), shutdown.clone()));
    let mut connections = JoinSet::new();
    while shutdown.phase() == Phase::Run {
        tokio::select! {
            accepted = hub.gate.accept(&listener) => {
                connections.spawn(Arc::clone(&hub).connection(accepted));
            }
            Some(_) = connections.join_next() => {}
            () = shutdown.reached(Phase::Drain) => {}
        }
    }
    drop(listener);
    tracing::info!("hub drains");
    while connections.join_next().await.is_some() {}
    if let Some(api) = api {
        api.ended().await;
    }
    shutdown.stop();
    // The saver ends with the phase; what it missed is written here.
    let _ = saver.await;
    let book = hub.book.clone();
    tokio::task::spawn_blocking(move || book.finish())
        .await
        .map_err(|error| {
            Error::failed(
                format!("the ledger was not written: {error}"),
                "look at the log",
            )
        })??;
    tracing::info!("hub stopped");
    Ok(())
}

/// Closes the channels of hosts that were revoked through another hub on the same database.
async fn watch_revocations(hub: Arc<Hub>, shutdown: Shutdown) {
    let mut known = HashSet::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK_FOR_REVOCATIONS) => {}
            () = shutdown.reached(Phase::Stop) => return,
        }
        let store = Arc::clone(&hub.store);
        let since = os::unix_now().saturating_sub(CLOCKS_APART);
        let looked = tokio::task::spawn_blocking(move || store.revoked_since(since)).await;
        let revoked: HashSet<String> = match looked {
            Ok(Ok(revoked)) => revoked.into_iter().collect(),
            Ok(Err(error)) => {
                tracing::warn!(%error, "cannot look for revoked hosts");
                continue;
            }
            Err(_) => return,
        };
        for host in revoked.difference(&known) {
            hub.revoked(host);
        }
        known = revoked;
    }
}

async fn save_ledger(book: LedgerBook, shutdown: Shutdown) {
    loop {
        tokio::select! {
            () = tokio::time::sleep(SAVE_EVERY) => {}
            () = shutdown.reached(Phase::Stop) => return,
        }
        let saving = book.clone();
        match tokio::task::spawn_blocking(move || saving.save()).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::error!(%error, "the ledger was not written"),
            Err(error) => tracing::error!(%error, "the ledger was not written"),
        }
    }
}
