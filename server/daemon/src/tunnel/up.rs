//! Bringing a tunnel up, and down.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use photonbox_keybox::IpKey;
use photonbox_store::{SqliteStore, Store};
use serde::Serialize;
use serde_json::{Value, json};
use tun_rs::SyncDevice;

use super::gateway::Gateway;
use super::options::{Keys, Plan, TunnelOptions};
use super::peer::Peer;
use super::records::Records;
use super::socket::Socket;
use super::supply::{HubView, Supplies};
use super::{device, inbound, keys, metrics, outbound, report, timer};
use crate::channels::Channels;
use crate::control::{ControlCommand, ControlSocket, Controlled};
use crate::hub::check_memory;
use crate::membership::{self, Membership};
use crate::metrics::{Endpoint, Served};
use crate::shutdown::{Phase, Shutdown};
use crate::state_dir::{self, RunningLock};
use crate::vm_event::{Kind, Since, VmEvents};
use crate::{Error, Result};

/// A tunnel that is up.
#[derive(Clone, Debug, Serialize)]
pub struct TunnelReady {
    /// `tunnel`.
    pub role: &'static str,
    /// The device.
    pub device: String,
    /// UDP address.
    pub listen: SocketAddr,
    /// Where its metrics are served, if they are.
    pub metrics: Option<SocketAddr>,
    /// Peers.
    pub peers: usize,
    /// The control socket.
    pub control: PathBuf,
}

impl TunnelOptions {
    /// Checks all that can be checked before keys are asked for and anything is opened.
    ///
    /// # Errors
    /// Usage: what is wrong, and what to write.
    pub fn check(&self) -> Result<()> {
        Endpoint::check(self.metrics.as_deref())?;
        self.plan().map(drop)
    }
}

/// Runs a tunnel until the shutdown; `ip_keys` by peer.
///
/// # Errors
/// What can be wrong before it is up: configuration, keys, state, memory, rights, port. Later: that the device is gone.
pub async fn up(
    options: TunnelOptions,
    mut ip_keys: HashMap<String, IpKey>,
    shutdown: Shutdown,
    ready: impl FnOnce(TunnelReady) + Send,
) -> Result<()> {
    let plan = options.plan()?;
    let state = state_dir::resolve(options.state.as_deref())?;
    make_state(&state)?;
    let _running = RunningLock::take(&state)?;
    check_memory(options.allow_unlocked_memory)?;
    let membership = membership(&options, &plan, &state)?;
    let records = Records::open(&state)?;
    for peer in &plan.peers {
        let Keys::IpKey(role) = peer.keys else {
            continue;
        };
        let ip_key = ip_keys.get(&peer.name).ok_or_else(|| {
            Error::usage(
                format!("peer `{}` has no IP key", peer.name),
                "give ip_key_file",
            )
        })?;
        records.use_ip_key(&peer.name, role, ip_key, peer.parameters)?;
    }
    let endpoint = Endpoint::open(options.metrics.as_deref()).await?;
    let wanted = device::queues(&plan);
    let mut sockets = Socket::open(plan.listen, wanted)?;
    let queues = device::open(&plan, wanted)?;
    sockets.truncate(queues.len());
    let listen = sockets[0]
        .address()
        .map_err(|error| Error::bind(plan.listen, &error))?;
    let Plan {
        name,
        mtu,
        networks,
        peers,
        ..
    } = plan;
    let mut made = Vec::with_capacity(peers.len());
    for peer in peers {
        let engine = keys::engine(&peer, &records, ip_keys.remove(&peer.name))?;
        made.push(Peer::new(peer, engine, mtu));
    }
    let gateway = Gateway::new(name.clone(), mtu, networks, made, sockets);
    let gateway = Arc::new(gateway.map_err(|error| no_threads(&error))?);
    let channels = Channels::default();
    let vm_events = match &membership {
        Some(membership) => {
            let channels = channels.clone();
            VmEvents::new(membership.renew_secrets(), move || channels.cut())
        }
        None => VmEvents::new(|| {}, || {}),
    };
    let since = vm_events.since();
    let (mut supplies, hub) = membership
        .map(|membership| {
            let certificates = options.join.certificates.clone();
            Supplies::start(&gateway, membership, &channels, certificates, &shutdown)
        })
        .unzip();
    let hub = hub.map(Arc::new);
    let measured = Arc::new(metrics::Tunnel {
        hub: hub.clone(),
        gateway: Arc::clone(&gateway),
        channels: channels.clone(),
        vm_events: Arc::clone(&vm_events),
    });
    let controls = Controls {
        hub,
        gateway: Arc::clone(&gateway),
        vm_events: Arc::clone(&vm_events),
        shutdown: shutdown.clone(),
    };
    let control = ControlSocket::open(&state, Arc::new(controls))?;
    let _watching = vm_events.watch();
    let threads = Threads::start(&gateway, queues, &shutdown)?;
    tracing::info!(device = name, %listen, peers = gateway.peers.len(), queues = gateway.sockets.len(), "tunnel is up");
    let served = endpoint.map(|endpoint| endpoint.serve(measured));
    ready(TunnelReady {
        role: "tunnel",
        device: name,
        listen,
        metrics: served.as_ref().map(Served::address),
        peers: gateway.peers.len(),
        control: state_dir::control_socket(&state),
    });
    let refused = async {
        match &mut supplies {
            Some(supplies) => supplies.refused().await,
            None => std::future::pending().await,
        }
    };
    let (copied, refused) = tokio::select! {
        () = shutdown.reached(Phase::Drain) => (false, None),
        () = copied(&vm_events, since) => (true, None),
        error = refused => (false, Some(error)),
    };
    // Nothing is open that could be finished: a packet is sealed and gone, or was never sealed.
    gateway.stop();
    shutdown.drain();
    if let Some(supplies) = supplies {
        supplies.end().await;
    }
    let ended = tokio::task::spawn_blocking(move || threads.join()).await;
    drop((control, served));
    if ended.is_err() {
        return Err(Error::failed(
            "a thread of the tunnel broke off",
            "look at the log, and report it",
        ));
    }
    if let Some(why) = gateway.failure() {
        return Err(Error::failed(
            why,
            "see what took the device away, and start the tunnel again",
        ));
    }
    if copied {
        return Err(end_keys(&gateway, &records));
    }
    if let Some(error) = refused {
        return Err(error);
    }
    tracing::info!("tunnel is down");
    Ok(())
}

/// Resolves when this machine was surely copied. A clock that was set, or a machine that slept, is most often neither a
/// clone nor a snapshot that was put back, and a tunnel that ended each time would be of no use.
async fn copied(vm_events: &Arc<VmEvents>, mut since: Since) {
    loop {
        since.over().await;
        // Before the look: what happens after it resolves the next one.
        since = vm_events.since();
        if matches!(vm_events.last(), Some(Kind::GenerationId | Kind::Told)) {
            return;
        }
    }
}

/// A copy has all key boxes in common with its original, and would send under the same keys and numbers: both stop using
/// them. Boxes of the hub are gone with the process; IP keys end here.
fn end_keys(gateway: &Gateway, records: &Records) -> Error {
    let mut ip_keys = false;
    for peer in &gateway.peers {
        if peer.plan.keys != Keys::Hub {
            ip_keys = true;
            if let Err(error) = records.end(&peer.name) {
                return error;
            }
        }
    }
    if ip_keys {
        Error::failed(
            "this machine was cloned or put back: the IP keys of its tunnel are used up",
            "give both gateways of each pair a new IP key (photonbox keybox new)",
        )
    } else {
        Error::failed(
            "this machine was cloned or put back: its key boxes are erased",
            "start the tunnel again, and it gets new ones from the hub",
        )
    }
}

/// What mode `boxes` needs of an enrolled host, if a peer has that mode.
fn membership(options: &TunnelOptions, plan: &Plan, state: &Path) -> Result<Option<Membership>> {
    if plan.peers.iter().all(|peer| peer.keys != Keys::Hub) {
        return Ok(None);
    }
    let join = &options.join;
    join.certificates.check()?;
    let store: Arc<dyn Store> = Arc::new(SqliteStore::open(state)?);
    let own = membership::own(&*store)?;
    Membership::new(join, &store, own).map(Some)
}

/// The state directory, for this user alone.
fn make_state(state: &Path) -> Result<()> {
    let made = std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(state);
    made.map_err(|error| {
        Error::failed(
            format!(
                "cannot make the state directory {}: {error}",
                state.display()
            ),
            "give --state a directory that you may write to",
        )
    })
}

fn no_threads(error: &std::io::Error) -> Error {
    Error::failed(
        format!("cannot start the tunnel's threads: {error}"),
        "raise the limits of open files and processes (ulimit -n, ulimit -u)",
    )
}

/// The control socket's view.
struct Controls {
    hub: Option<Arc<HubView>>,
    gateway: Arc<Gateway>,
    vm_events: Arc<VmEvents>,
    shutdown: Shutdown,
}

impl Controlled for Controls {
    async fn control(&self, command: ControlCommand) -> Result<Value> {
        match command {
            ControlCommand::Status => {
                let mut status = report::status(&self.gateway);
                status["hub"] = self.hub.as_deref().map(HubView::json).into();
                Ok(status)
            }
            ControlCommand::Drain | ControlCommand::Shutdown => {
                self.shutdown.drain();
                Ok(json!({ "stopping": true, "device": self.gateway.name }))
            }
            ControlCommand::Cloned => {
                self.vm_events.happened(Kind::Told);
                Ok(self.vm_events.json())
            }
            _ => Err(Error::usage(
                "a tunnel has nothing of that kind",
                "ask it for `photonbox tunnel status`, or stop it with `photonbox tunnel down`",
            )),
        }
    }
}

/// The threads that move packets.
struct Threads(Vec<std::thread::JoinHandle<()>>);

/// Ends the tunnel when a thread ends, however it does.
struct Last(Arc<Gateway>, Shutdown);

impl Drop for Last {
    fn drop(&mut self) {
        self.0.stop();
        self.1.drain();
    }
}

impl Threads {
    fn start(gateway: &Arc<Gateway>, queues: Vec<SyncDevice>, shutdown: &Shutdown) -> Result<Self> {
        let mut threads = Self(Vec::new());
        let spawn = |threads: &mut Self, name: String, work: Box<dyn FnOnce(&Gateway) + Send>| {
            let last = Last(Arc::clone(gateway), shutdown.clone());
            let thread = std::thread::Builder::new()
                .name(name)
                .spawn(move || work(&last.0));
            thread
                .map(|thread| threads.0.push(thread))
                .map_err(|error| {
                    gateway.stop();
                    no_threads(&error)
                })
        };
        for (number, queue) in queues.into_iter().enumerate() {
            let queue = Arc::new(queue);
            let other = Arc::clone(&queue);
            spawn(
                &mut threads,
                format!("out-{number}"),
                Box::new(move |gateway| outbound::run(gateway, &queue, &gateway.sockets[number])),
            )?;
            spawn(
                &mut threads,
                format!("in-{number}"),
                Box::new(move |gateway| inbound::run(gateway, &other, &gateway.sockets[number])),
            )?;
        }
        spawn(&mut threads, "timer".into(), Box::new(timer::run))?;
        Ok(threads)
    }

    /// Waits until all have ended.
    fn join(self) {
        let mut broken = false;
        for thread in self.0 {
            broken |= thread.join().is_err();
        }
        assert!(!broken, "a thread panicked");
    }
}
