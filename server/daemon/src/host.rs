//! `join`: a host. Keeps a channel to its hub, feeds its sinks, and serves further hosts if it is a
//! relay. A hub that dies leaves it running.

use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::ByteSource;
use photonbox_store::{SqliteStore, Store};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::attest::Statements;
use crate::channels::Channels;
use crate::control::{ControlCommand, ControlSocket, Controlled};
use crate::error::with_default_port;
use crate::feed::{self, Around, DONE, Feed, Pace, SharedFigures};
use crate::gate::{self, Gate};
use crate::host_certificate::HostCertificate;
use crate::hub::{channels_json, check_memory};
use crate::link::Upstream;
use crate::membership::{self, Linked, Membership};
use crate::metrics::{Endpoint, Served};
use crate::options::{Class, DEFAULT_PORT, JoinOptions, JoinReport, Ready, SinkReport, SinkSpec};
use crate::passage::Passage;
use crate::relay::{Relay, serve_further};
use crate::renewal::{ByHub, Renewal};
use crate::shutdown::{Phase, Shutdown};
use crate::sinks::{Contribute, Discard, Sink};
use crate::state_dir::{self, RunningLock};
use crate::vm_event::{Kind, VmEvents};
use crate::{Error, Result};

/// The smallest total: 128 bits.
const MIN_BYTES: u64 = 16;

/// A sink and how it is fed, before it is open.
pub(crate) struct Wanted {
    pub(crate) name: String,
    pub(crate) sink: Sink,
    pub(crate) class: Class,
    pub(crate) pace: Pace,
    pub(crate) total: Option<u64>,
}

/// A running host.
pub(crate) struct Host {
    pub(crate) id: String,
    pub(crate) upstream: Upstream,
    /// Channels to the parent.
    pub(crate) up: Channels,
    /// Channels to hosts behind this one.
    pub(crate) down: Channels,
    pub(crate) figures: Vec<SharedFigures>,
    pub(crate) relay: Option<std::net::SocketAddr>,
    /// Of a relay.
    pub(crate) gate: Option<Arc<Gate>>,
    pub(crate) vm_events: Arc<VmEvents>,
    pub(crate) renewal: Arc<Renewal<ByHub>>,
    pub(crate) shutdown: Shutdown,
}

/// A host with its tasks.
pub(crate) struct Running {
    pub(crate) host: Arc<Host>,
    feeds: JoinSet<Result<()>>,
    /// Why no parent will ever take this host.
    refused: mpsc::Receiver<Error>,
    /// Serves further hosts, if this is a relay.
    serving: JoinSet<()>,
    link: tokio::task::JoinHandle<()>,
    /// Ends the link.
    last: Shutdown,
    /// How long what is on its way may take when the host ends.
    drain: Duration,
    /// Asks the feeds to end with what is on its way.
    pub(crate) finish: watch::Sender<bool>,
    shutdown: Shutdown,
    /// Listens for clones and restores of this machine; renews the certificate.
    _watching: JoinSet<()>,
    metrics: Option<Served>,
    _control: ControlSocket,
    _lock: RunningLock,
}

/// What is wrong with the options by themselves.
fn check(options: &JoinOptions) -> Result<()> {
    let usage = |what: &str, help: &str| Err(Error::usage(what, help));
    if options.hubs.iter().all(|hub| hub.trim().is_empty()) {
        return usage("no hub was given", "give --hub ADDRESS[,ADDRESS…]");
    }
    if options.sinks.is_empty() && options.relay.is_none() {
        return usage("there is nothing to do", "give --sink, --relay or both");
    }
    let paces = [
        options.bytes.is_some(),
        options.rate.is_some(),
        options.every_ms.is_some(),
    ];
    if paces.iter().filter(|given| **given).count() > 1 {
        return usage(
            "--bytes, --rate and --every exclude each other",
            "give at most one of them",
        );
    }
    if options.bytes.is_some() && options.sinks.is_empty() {
        return usage("--bytes needs a sink", "give --sink as well");
    }
    if options.attest.is_some() && options.sinks.is_empty() {
        return usage("--attest needs a sink", "give --sink as well");
    }
    if options.bytes.is_some_and(|bytes| bytes < MIN_BYTES) {
        return usage(
            "fewer than 16 bytes cannot be asked for",
            "give --bytes 16 or more",
        );
    }
    if options.rate == Some(0) || options.every_ms == Some(0) {
        return usage(
            "a rate or period of 0 is none",
            "give a positive --rate or --every",
        );
    }
    if options.every_ms.is_some() && options.every_bytes < MIN_BYTES {
        return usage(
            "fewer than 16 bytes cannot be asked for",
            "set every_bytes to 16 or more",
        );
    }
    for (number, sink) in options.sinks.iter().enumerate() {
        if options.sinks[..number].contains(sink) {
            return usage(
                &format!("sink {sink} was given twice"),
                "give each sink once",
            );
        }
    }
    Ok(())
}

fn pace(options: &JoinOptions, sink: &SinkSpec) -> Pace {
    match (options.rate, options.every_ms) {
        (Some(rate), _) => Pace::Rate(rate),
        (None, Some(every_ms)) => Pace::Every {
            bytes: options.every_bytes,
            every_ms,
        },
        // The kernel's pool takes everything at once and would never be full.
        (None, None) if *sink == SinkSpec::Kernel && options.bytes.is_none() => Pace::Every {
            bytes: 64,
            every_ms: 1000,
        },
        (None, None) => Pace::AsTaken,
    }
}

/// What a host does when its machine was copied.
fn vm_events(membership: &Membership, wanted: &[Wanted], channels: [Channels; 2]) -> Arc<VmEvents> {
    let sinks = wanted.iter();
    let discards: Vec<Discard> = sinks.filter_map(|one| one.sink.discarder()).collect();
    VmEvents::new(membership.renew_secrets(), move || {
        discards.iter().for_each(|discard| discard());
        channels.iter().for_each(Channels::cut);
    })
}

impl Running {
    /// Starts a host: sinks open, relay listening, link on its way.
    pub(crate) async fn start(
        options: &JoinOptions,
        extra: Vec<Wanted>,
        shutdown: Shutdown,
    ) -> Result<Self> {
        let state = state_dir::resolve(options.state.as_deref())?;
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&state)?);
        options.certificates.check()?;
        let own = membership::own(&*store)?;
        let lock = RunningLock::take(&state)?;
        check_memory(options.allow_unlocked_memory)?;
        let membership = Membership::new(options, &store, own)?;

        // Everything that can be wrong here is found before the first connection.
        let mut wanted = extra;
        for spec in &options.sinks {
            let contribute: Contribute = {
                let generator = Arc::clone(&membership.generator);
                Arc::new(move |bytes| generator.contribute(bytes))
            };
            wanted.push(Wanted {
                name: spec.to_string(),
                sink: Sink::open(spec, contribute).await?,
                class: options.class,
                pace: pace(options, spec),
                total: options.bytes,
            });
        }
        let statements = match &options.attest {
            Some(directory) => Some(Statements::open(directory, membership.ca.clone())?),
            None => None,
        };
        let listener = match &options.relay {
            Some(address) => {
                let address = with_default_port(address, DEFAULT_PORT);
                let bound = TcpListener::bind(&address).await;
                Some(bound.map_err(|error| Error::bind(&address, &error))?)
            }
            None => None,
        };
        let metrics = Endpoint::open(options.metrics.as_deref()).await?;
        let (up, down) = (Channels::default(), Channels::default());
        let both = [up.clone(), down.clone()];
        let vm_events = vm_events(&membership, &wanted, both);
        // The way up ends after the hosts behind this one, and its own sinks, had the last of what came that way.
        let Linked {
            upstream,
            task: link,
            last,
            refused,
        } = membership.link(&up);
        let Membership {
            own,
            ca,
            hubs,
            generator,
            certificate,
            renewal,
            ..
        } = membership;
        let HostCertificate {
            identity, server, ..
        } = certificate;
        let mut serving = JoinSet::new();
        let relay = listener
            .as_ref()
            .and_then(|listener| listener.local_addr().ok());
        let mut gate = None;
        if let Some(listener) = listener {
            let service = Relay {
                id: own.name.clone(),
                upstream: upstream.clone(),
                max_hops: options.limits.max_hops,
                max_requests: options.limits.requests_per_host,
                channels: down.clone(),
                max_channels: options.limits.channels_per_host,
            };
            gate::make_room_for_files(&options.limits);
            let bounds = Gate::new(&options.limits);
            gate = Some(Arc::clone(&bounds));
            serving.spawn(serve_further(
                listener,
                Arc::new(service),
                server,
                Passage::new(hubs),
                bounds,
                options.limits.clone(),
                shutdown.clone(),
            ));
        }
        let around = Around {
            upstream: upstream.clone(),
            identity,
            ca,
            hub: own.hub.clone(),
            generator: generator as Arc<dyn ByteSource>,
            statements,
            vm_events: Arc::clone(&vm_events),
        };
        let (finish, finishing) = watch::channel(false);
        let mut feeds = JoinSet::new();
        let mut figures = Vec::new();
        for Wanted {
            name,
            sink,
            class,
            pace,
            total,
        } in wanted
        {
            let (feed, shared) = Feed::new(
                around.clone(),
                name,
                sink,
                class,
                pace,
                total,
                finishing.clone(),
            );
            figures.push(shared);
            feeds.spawn(feed.run());
        }
        let host = Arc::new(Host {
            id: own.name,
            upstream,
            up,
            down,
            figures,
            relay,
            gate,
            vm_events: Arc::clone(&vm_events),
            renewal: Arc::clone(&renewal),
            shutdown: shutdown.clone(),
        });
        let mut watching = vm_events.watch();
        watching.spawn(renewal.keep(options.certificates.clone(), shutdown.clone()));
        let control = ControlSocket::open(&state, Arc::clone(&host))?;
        Ok(Self {
            metrics: metrics.map(|metrics| metrics.serve(Arc::clone(&host))),
            host,
            feeds,
            refused,
            serving,
            link,
            last,
            drain: Duration::from_millis(options.limits.drain_ms),
            finish,
            shutdown,
            _watching: watching,
            _control: control,
            _lock: lock,
        })
    }

    /// Waits until every sink has what it wanted; for ever where there is none, until the shutdown.
    /// A sink that fails leaves the others, and the relay, as they are.
    ///
    /// # Errors
    /// The first sink's failure that no waiting mends, once no sink and no relay is left; identities
    /// that no parent takes.
    pub(crate) async fn wait_feeds(&mut self, also_relay: bool) -> Result<()> {
        let mut failed = None;
        loop {
            // Feeds end, too, when the link has given up: its reason comes first.
            if let Ok(error) = self.refused.try_recv() {
                return Err(error);
            }
            if self.feeds.is_empty() && !also_relay {
                return failed.map_or(Ok(()), Err);
            }
            tokio::select! {
                ended = self.feeds.join_next(), if !self.feeds.is_empty() => {
                    let error = match ended {
                        Some(Ok(Ok(()))) | None => continue,
                        Some(Ok(Err(error))) => error,
                        Some(Err(error)) => {
                            Error::failed(format!("a sink's task failed: {error}"), "look at the log")
                        }
                    };
                    // The last one's is told at the end.
                    if also_relay || !self.feeds.is_empty() {
                        tracing::error!(%error, "a sink failed; the rest goes on");
                    }
                    failed.get_or_insert(error);
                }
                Some(error) = self.refused.recv() => return Err(error),
                () = self.shutdown.reached(Phase::Drain) => return Ok(()),
            }
        }
    }

    /// Closes everything. Sinks take what is on its way to them, within the time for draining.
    pub(crate) async fn end(mut self) -> Vec<SinkReport> {
        self.shutdown.drain();
        self.finish.send_replace(true);
        let fed = async {
            while let Some(ended) = self.feeds.join_next().await {
                if let Ok(Err(error)) = ended {
                    tracing::error!(%error, "a sink failed at the end");
                }
            }
        };
        tokio::select! {
            fed = tokio::time::timeout(self.drain, fed) => if fed.is_err() {
                tracing::warn!("a sink did not take what was on its way");
            },
            () = self.shutdown.reached(Phase::Stop) => {}
        }
        self.feeds.shutdown().await;
        while self.serving.join_next().await.is_some() {}
        self.last.drain();
        if let Err(error) = self.link.await {
            tracing::error!(%error, "the link's task failed");
        }
        self.shutdown.stop();
        self.host.figures.iter().map(feed::report).collect()
    }
}

impl Host {
    fn status(&self) -> Value {
        let sinks: Vec<SinkReport> = self.figures.iter().map(feed::report).collect();
        let parent = self.upstream.parent();
        let links = sinks.iter().map(|sink| sink.hops).max().unwrap_or(0).max(1);
        let simulated = sinks.iter().any(SinkReport::is_labelled);
        let replayed = sinks.iter().any(|sink| sink.replayed);
        let label = match (sinks.iter().any(|sink| sink.test), replayed, simulated) {
            (true, _, _) => Some("test"),
            (_, true, _) => Some("replayed"),
            (_, _, true) => Some("simulated"),
            _ => None,
        };
        let full: u64 = sinks
            .iter()
            .filter(|s| s.class == Class::Full)
            .map(|s| 8 * s.bytes)
            .sum();
        let waiting: usize = sinks.iter().filter_map(|sink| sink.waiting_bytes).sum();
        let mut channels = channels_json(&self.up, links);
        channels.extend(channels_json(&self.down, 1));
        json!({
            "role": "host",
            "id": self.id,
            "health": self.upstream.health(),
            "parent": parent.as_ref().map(|parent| &parent.id),
            "relay": self.relay,
            "simulated": simulated,
            "replayed": replayed,
            "label": label,
            "locked": false,
            "memory_locked": photonbox_secret::lock_state().all_locked(),
            // A host has no source: what it holds waits in its sinks.
            "pool": {
                "full_bits": 8 * waiting,
                "credited_bits": if simulated { 0 } else { full },
                "delivered_bits": full,
            },
            "channels": channels,
            "certificate": self.renewal.json(),
            "attested": sinks.iter().map(|sink| sink.attested).sum::<u64>(),
            "epochs": self.up.epochs() + self.down.epochs(),
            "closed": self.up.closed(),
            "connections": self.gate.as_ref().map(|gate| gate.status()),
            "vm_events": self.vm_events.json(),
            "sinks": sinks,
        })
    }
}

impl Controlled for Host {
    async fn control(&self, command: ControlCommand) -> Result<Value> {
        let hub_only = |what: &str| {
            Err(Error::failed(
                format!("a host has no {what}"),
                "ask the hub, with its --state",
            ))
        };
        match command {
            ControlCommand::Status => Ok(self.status()),
            ControlCommand::Drain => {
                self.shutdown.drain();
                Ok(json!({ "draining": true }))
            }
            ControlCommand::Shutdown => {
                self.shutdown.stop();
                Ok(json!({ "stopping": true }))
            }
            ControlCommand::Cloned => {
                self.vm_events.happened(Kind::Told);
                Ok(self.vm_events.json())
            }
            ControlCommand::Renew => Ok(json!(self.renewal.renew().await?)),
            ControlCommand::Ledger => hub_only("ledger"),
            ControlCommand::Rearm { .. } => hub_only("card"),
            ControlCommand::Revoked { .. } => hub_only("list of enrolled hosts"),
        }
    }
}

/// Whether every sink has all that was wanted: a script must not take a short file for a key.
fn complete(sinks: &[SinkReport], bytes: u64) -> Result<()> {
    match sinks.iter().find(|sink| sink.state != DONE) {
        None => Ok(()),
        Some(short) => Err(Error::failed(
            format!(
                "stopped before sink {} had its {bytes} bytes: it has {} ({})",
                short.sink, short.bytes, short.state
            ),
            "do not use what is there; run it again",
        )),
    }
}

/// Runs a host until the shutdown, or until every sink got `bytes`.
///
/// # Errors
/// What can be wrong before it connects: options, state, memory, sinks, port; and a sink or a
/// refusal that no waiting mends, once no other sink and no relay is left; an end before every sink
/// had `bytes`. A hub that cannot be reached is none.
pub async fn join(
    options: JoinOptions,
    shutdown: Shutdown,
    ready: impl FnOnce(Ready) + Send,
) -> Result<JoinReport> {
    check(&options)?;
    // Ours ends when the sinks are full; the caller's may end it earlier.
    let own = Shutdown::new();
    let (outer, inner) = (shutdown.clone(), own.clone());
    let bridge = tokio::spawn(async move {
        outer.reached(Phase::Drain).await;
        inner.drain();
        outer.reached(Phase::Stop).await;
        inner.stop();
    });
    let started = Running::start(&options, Vec::new(), own).await;
    let mut running = match started {
        Ok(running) => running,
        Err(error) => {
            bridge.abort();
            return Err(error);
        }
    };
    let state = state_dir::resolve(options.state.as_deref())?;
    ready(Ready {
        role: "host",
        listen: running.host.relay,
        metrics: running.metrics.as_ref().map(Served::address),
        api: None,
        control: state_dir::control_socket(&state),
        label: None,
    });
    let fed = running.wait_feeds(options.relay.is_some()).await;
    let (host, up) = (running.host.id.clone(), running.host.up.clone());
    let sinks = running.end().await;
    bridge.abort();
    fed?;
    if let Some(bytes) = options.bytes {
        complete(&sinks, bytes)?;
    }
    Ok(JoinReport {
        host,
        bytes: sinks.iter().map(|sink| sink.bytes).sum(),
        sha256: sinks
            .first()
            .map(|sink| sink.sha256.clone())
            .unwrap_or_default(),
        class: options.class,
        simulated: sinks.iter().any(|sink| sink.simulated),
        replayed: sinks.iter().any(|sink| sink.replayed),
        rekeys: up.rekeys(),
        sinks,
    })
}
