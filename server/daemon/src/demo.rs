//! `demo`: hub, host, relay and a host behind it, in one process but over real loopback TCP with
//! real certificates and channels.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use photonbox_channel::message::{Class as WireClass, Mode, Request};
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::asked::Answer;
use crate::enroll::{enroll, enroll_token, init};
use crate::feed::{self, Pace};
use crate::host::{Running, Wanted};
use crate::hub::{Hub, serve_watched};
use crate::link::Upstream;
use crate::options::{
    Class, DemoDelivery, DemoOptions, DemoProgress, DemoReport, EnrollOptions, InitOptions,
    JoinOptions, Latency, ServeOptions, TokenOptions,
};
use crate::shutdown::Shutdown;
use crate::sinks::Sink;
use crate::source::label;
use crate::{Error, Result, os, pki};

/// How long everything may take to stand, and to fall.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often progress is told.
const TELL_EVERY: Duration = Duration::from_millis(200);
/// How often a 32-byte request is timed.
const PROBE_EVERY: Duration = Duration::from_millis(20);
/// What each host takes of class `drbg`, bytes a second: enough to watch rekeying.
const DRBG_RATE: u64 = 64 * 1024;
/// What each host takes of class `full` at most.
const FULL_RATE: u64 = 1024 * 1024;

/// A directory of our own that goes away with the demo.
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Result<Self> {
        use std::os::unix::fs::DirBuilderExt;
        let mut number = [0; 8];
        let made = os::random(&mut number).and_then(|()| {
            let path = std::env::temp_dir().join(format!("photonbox-demo-{}", pki::hex(&number)));
            std::fs::DirBuilder::new()
                .mode(0o700)
                .create(&path)
                .map(|()| path)
        });
        made.map(Self).map_err(|error| {
            Error::failed(
                format!("cannot make a directory for the demo: {error}"),
                "point TMPDIR at a place that you may write",
            )
        })
    }

    fn state(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, path = %self.0.display(), "the demo's directory stays behind");
        }
    }
}

/// The hub's task and a look inside.
struct DemoHub {
    hub: Arc<Hub>,
    address: String,
    task: JoinHandle<Result<()>>,
    shutdown: Shutdown,
}

impl DemoHub {
    async fn start(options: &DemoOptions, state: PathBuf) -> Result<Self> {
        let serve = ServeOptions {
            state: Some(state),
            listen: "127.0.0.1:0".into(),
            group: options.group,
            allow_simulated: true,
            allow_unlocked_memory: options.allow_unlocked_memory,
            card: options.card.clone(),
            rekey: options.rekey.clone(),
            ..ServeOptions::default()
        };
        let shutdown = Shutdown::new();
        let (tell, told) = oneshot::channel();
        let task = tokio::spawn(serve_watched(serve, shutdown.clone(), move |ready, hub| {
            // Nobody listens any more only when the demo was given up.
            let _ = tell.send((ready.listen, Arc::clone(hub)));
        }));
        match told.await {
            Ok((Some(address), hub)) => Ok(Self {
                hub,
                address: address.to_string(),
                task,
                shutdown,
            }),
            // It ended before it was ready, and says why.
            _ => match task.await {
                Ok(Err(error)) => Err(error),
                _ => Err(Error::failed(
                    "the demo's hub did not start",
                    "look at the log",
                )),
            },
        }
    }
}

async fn enrolled(hub: &DemoHub, hub_state: &Path, state: &Path, name: &str) -> Result<()> {
    let token = enroll_token(&TokenOptions {
        state: Some(hub_state.to_owned()),
        ..TokenOptions::default()
    })?;
    enroll(&EnrollOptions {
        state: Some(state.to_owned()),
        hub: hub.address.clone(),
        ca_hash: token.ca_hash,
        token: token.token.into(),
        host_name: Some(name.into()),
    })
    .await
    .map(drop)
}

/// What a demo host takes: both classes.
fn both_classes() -> Vec<Wanted> {
    [(Class::Drbg, DRBG_RATE), (Class::Full, FULL_RATE)]
        .map(|(class, bytes_per_second)| Wanted {
            name: format!("measured:{class}"),
            sink: Sink::Measured { bytes_per_second },
            class,
            pace: Pace::AsTaken,
            total: None,
        })
        .into()
}

async fn host(
    options: &DemoOptions,
    state: PathBuf,
    parent: &str,
    relay: bool,
    wanted: Vec<Wanted>,
) -> Result<Running> {
    let join = JoinOptions {
        state: Some(state),
        hubs: vec![parent.to_owned()],
        relay: relay.then(|| "127.0.0.1:0".into()),
        group: options.group,
        rekey: options.rekey.clone(),
        allow_unlocked_memory: options.allow_unlocked_memory,
        ..JoinOptions::default()
    };
    Running::start(&join, wanted, Shutdown::new()).await
}

/// Times 32 bytes of class `drbg`, from asking to having, until it is stopped.
async fn probe(upstream: Upstream, times: Arc<Mutex<Vec<f64>>>) {
    let request = Request {
        id: upstream.next_id(),
        class: WireClass::Drbg,
        mode: Mode::OnDemand,
        attested: false,
        signed: None,
    };
    let mut asked = upstream.ask(request, None).await;
    loop {
        let begin = Instant::now();
        asked.pull(32).await;
        let Answer::Delivery(_) = asked.next().await else {
            return;
        };
        let micros = begin.elapsed().as_secs_f64() * 1e6;
        times
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(micros);
        tokio::time::sleep(PROBE_EVERY).await;
    }
}

/// None where nothing was measured.
fn latency(mut times: Vec<f64>) -> Option<Latency> {
    times.sort_by(f64::total_cmp);
    let at = |share: f64| {
        let index = (times.len() as f64 * share).ceil() as usize;
        times.get(index.saturating_sub(1)).copied()
    };
    Some(Latency {
        p50: at(0.5)?,
        p99: at(0.99)?,
        p999: at(0.999)?,
    })
}

/// Why the demo's channels do not stand.
fn not_standing(hub: &Hub) -> Error {
    let health = hub.entropy.health();
    if health.allows_output() {
        Error::failed("the demo's hosts did not connect", "look at the log")
    } else {
        Error::unhealthy(
            format!("the photon source is {health}: {}", alarms(hub).join(", ")),
            "try another --capture, or none for the stochastic model",
        )
    }
}

fn deliveries(hosts: &[&Running]) -> Vec<DemoDelivery> {
    let mut all = Vec::new();
    for running in hosts {
        for figures in &running.host.figures {
            let sink = feed::report(figures);
            all.push(DemoDelivery {
                host: running.host.id.clone(),
                bytes: sink.bytes,
                hops: sink.hops,
                class: sink.class,
                simulated: sink.simulated || sink.replayed || sink.test,
                replayed: sink.replayed,
                test: sink.test,
                sha256: sink.sha256,
            });
        }
    }
    all
}

fn alarms(hub: &Hub) -> Vec<String> {
    let lanes = hub.entropy.pool().health().report();
    lanes
        .iter()
        .flat_map(|lane| {
            let number = lane.lane;
            lane.alarms
                .iter()
                .map(move |alarm| format!("lane {number}: {alarm}"))
        })
        .collect()
}

/// Everything that runs.
struct Cast {
    hub: DemoHub,
    host: Running,
    relay: Running,
    behind: Running,
}

impl Cast {
    fn epochs(&self) -> u64 {
        let of = |running: &Running| running.host.up.epochs();
        of(&self.host) + of(&self.relay) + of(&self.behind)
    }

    fn progress(&self, begin: Instant, stage: &str) -> DemoProgress {
        let (report, pool) = {
            let pool = self.hub.hub.entropy.pool();
            (pool.ledger_report(), pool.status())
        };
        DemoProgress {
            seconds: begin.elapsed().as_secs_f64(),
            raw_bits: report.sources.iter().map(|source| source.raw_bits).sum(),
            credited_bits: report.credited_bits,
            full_bits_available: pool.full_bits,
            full_entropy_bits: report.full_bits,
            hosts: deliveries(&[&self.host, &self.behind]),
            epochs: self.epochs(),
            health: pool.health.to_string(),
            label: label(pool.provenance)
                .or(self.hub.hub.label)
                .unwrap_or_default()
                .into(),
            stage: stage.into(),
        }
    }

    /// Every byte that a host got must be in the hub's ledger, with the same hash.
    fn check(delivered: &[DemoDelivery], ledger: &Value) -> Result<()> {
        let rows = ledger["deliveries"]
            .as_array()
            .map(Vec::as_slice)
            .unwrap_or_default();
        for one in delivered.iter().filter(|one| one.bytes > 0) {
            let known = rows.iter().any(|row| {
                row["host"] == one.host.as_str()
                    && row["class"] == one.class.as_str()
                    && row["bytes"] == one.bytes
                    && row["sha256"] == one.sha256.as_str()
                    && row["hops"] == one.hops
            });
            if !known {
                return Err(Error::failed(
                    format!(
                        "what `{}` got of class {} is not what the ledger says",
                        one.host, one.class
                    ),
                    "run it again with --log debug and report this",
                ));
            }
        }
        Ok(())
    }
}

/// Runs the demo.
///
/// # Errors
/// Wrong card options, a port or directory that cannot be had, an unhealthy source (exit code 3),
/// deliveries that don't agree with the ledger.
pub async fn demo(
    options: DemoOptions,
    shutdown: Shutdown,
    progress: impl Fn(&DemoProgress) + Send + Sync + 'static,
) -> Result<DemoReport> {
    let begin = Instant::now();
    let tell = |stage: &str| {
        let now = DemoProgress {
            seconds: begin.elapsed().as_secs_f64(),
            stage: stage.into(),
            ..DemoProgress::default()
        };
        progress(&now);
    };
    let scratch = Scratch::new()?;
    tell("making a CA, a hub and three hosts");
    let hub_state = scratch.state("hub");
    init(&InitOptions {
        state: Some(hub_state.clone()),
        hub_name: Some("hub".into()),
        ..InitOptions::default()
    })?;
    let hub = DemoHub::start(&options, hub_state.clone()).await?;
    for name in ["host-1", "relay-1", "host-2"] {
        enrolled(&hub, &hub_state, &scratch.state(name), name)
            .await
            .map_err(|error| match error {
                // The hub told the host; its own reason is nearer.
                Error::Unhealthy { .. } => not_standing(&hub.hub),
                other => other,
            })?;
    }
    tell("connecting");
    let direct = hub.address.clone();
    let host_1 = host(
        &options,
        scratch.state("host-1"),
        &direct,
        false,
        both_classes(),
    )
    .await?;
    let relay = host(
        &options,
        scratch.state("relay-1"),
        &direct,
        true,
        Vec::new(),
    )
    .await?;
    // A host behind a relay that has no parent yet would be told so, and wait for its next try.
    let above = relay.host.upstream.connected();
    if tokio::time::timeout(PATIENCE, above).await.is_err() {
        return Err(not_standing(&hub.hub));
    }
    let relayed = relay
        .host
        .relay
        .map(|address| address.to_string())
        .unwrap_or_default();
    let behind = host(
        &options,
        scratch.state("host-2"),
        &relayed,
        false,
        both_classes(),
    )
    .await?;
    let mut cast = Cast {
        hub,
        host: host_1,
        relay,
        behind,
    };

    let standing = async {
        let parent = cast.host.host.upstream.connected().await;
        cast.behind.host.upstream.connected().await.and(parent)
    };
    let Ok(Some(parent)) = tokio::time::timeout(PATIENCE, standing).await else {
        return Err(not_standing(&cast.hub.hub));
    };
    let times = Arc::new(Mutex::new(Vec::new()));
    let probing = tokio::spawn(probe(cast.host.host.upstream.clone(), Arc::clone(&times)));
    let run_from = Instant::now();
    while run_from.elapsed().as_secs_f64() < options.seconds
        && shutdown.phase() == crate::shutdown::Phase::Run
    {
        progress(&cast.progress(begin, "running"));
        let left = options.seconds - run_from.elapsed().as_secs_f64();
        let nap = TELL_EVERY.min(Duration::from_secs_f64(left.max(0.001)));
        tokio::select! {
            () = tokio::time::sleep(nap) => {}
            () = shutdown.reached(crate::shutdown::Phase::Drain) => {}
        }
    }
    probing.abort();
    progress(&cast.progress(begin, "finishing"));
    // What is on its way arrives; then both sides have the same hashes.
    for running in [&mut cast.host, &mut cast.behind] {
        running.finish.send_replace(true);
        let waited = tokio::time::timeout(PATIENCE, running.wait_feeds(false)).await;
        match waited {
            Ok(fed) => fed?,
            Err(_) => tracing::warn!("a host waits for entropy that does not come"),
        }
    }
    let last = cast.progress(begin, "done");
    let alarms = alarms(&cast.hub.hub);
    let delivered = deliveries(&[&cast.host, &cast.behind]);
    let ledger = cast.hub.hub.book.json_later().await?;
    let Cast {
        hub,
        host,
        relay,
        behind,
    } = cast;
    for running in [behind, relay, host] {
        running.end().await;
    }
    hub.shutdown.drain();
    match hub.task.await {
        Ok(ended) => ended?,
        Err(error) => {
            return Err(Error::failed(
                format!("the demo's hub failed: {error}"),
                "look at the log",
            ));
        }
    }
    Cast::check(&delivered, &ledger)?;
    if delivered.iter().all(|one| one.bytes == 0) {
        return Err(Error::unhealthy(
            format!("the photon source gave nothing: {}", alarms.join(", ")),
            "try another --capture, or none for the stochastic model",
        ));
    }
    progress(&last);
    let times = std::mem::take(&mut *times.lock().unwrap_or_else(PoisonError::into_inner));
    let latency_us = latency(times).ok_or_else(|| {
        Error::failed(
            "the demo was too short: no request for 32 bytes was answered in it",
            "give more --seconds",
        )
    })?;
    Ok(DemoReport {
        raw_bits: last.raw_bits,
        credited_bits: last.credited_bits,
        full_entropy_bits: last.full_entropy_bits,
        delivered,
        epochs: last.epochs,
        first_channel_ms: parent.first_channel.as_secs_f64() * 1e3,
        second_channel_ms: parent.second_channel.as_secs_f64() * 1e3,
        latency_us,
        alarms,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_of_the_sorted_times() {
        let times: Vec<f64> = (1..=1000).rev().map(f64::from).collect();
        let all = latency(times).expect("some");
        assert_eq!((all.p50, all.p99, all.p999), (500.0, 990.0, 999.0));
        assert!(latency(Vec::new()).is_none(), "nothing is invented");
    }
}
