//! `hub.*`: one hub with a crowd: how fast it takes them in, what each gets beside a greedy one, how long a small request
//! waits meanwhile, what a connection costs.
//!
//! The hub is a process of its own with the simulated card in real time; the crowd are [`photonbox_daemon::crowd`]'s
//! hosts in this process, so both share the machine's cores.

use super::harness::Measured;
use anyhow::{Context as _, bail};
use hdrhistogram::Histogram;
use photonbox_daemon::crowd::{Crowd, Member};
use photonbox_daemon::{Class, InitOptions, RekeyOptions, Shutdown, init};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

/// Requests that the greedy host has open on each channel, and channels: what the hub's limits let one host have.
const GREEDY: (usize, usize) = (64, 4);
/// Bytes that a host pulls at a time: a sink's for an EGD reservoir.
const PORTION: u64 = 16 * 1024;
/// Hosts that ask 32 bytes now and again.
const ASKERS: usize = 8;
/// Pause of each after its answer.
const ASKER_PAUSE: Duration = Duration::from_millis(5);
/// The longest wait for a channel that all others are waiting for, too.
const PATIENCE: Duration = Duration::from_secs(120);
/// Before it is measured, unless that is shorter.
const WARM_UP: Duration = Duration::from_secs(3);

/// How many hosts, and for how long each class is measured.
#[derive(Clone, Copy, Debug, clap::Args)]
pub(crate) struct HubArgs {
    /// `hub`: hosts beside the greedy one.
    #[arg(long, value_name = "COUNT", default_value_t = 1000, value_parser = clap::value_parser!(u32).range(1..=20_000))]
    hosts: u32,
    /// `hub`: seconds of each measurement.
    #[arg(long, value_name = "S", default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=3600))]
    seconds: u32,
}

/// A hub as a process, gone when this is.
struct HubProcess {
    child: Child,
    address: String,
}

impl HubProcess {
    fn start(state: &Path, connections: usize) -> anyhow::Result<Self> {
        init(&InitOptions {
            state: Some(state.to_owned()),
            hub_name: Some("hub".into()),
            ..InitOptions::default()
        })?;
        let config = state.join("bench.toml");
        // Everybody comes from one address.
        let limits = format!(
            "[limits]\nmax_connections = {connections}\nhandshakes_per_address = 256\nconnections_per_second = 0\n"
        );
        std::fs::write(&config, limits)?;
        let program = std::env::current_exe().context("this program's own path")?;
        let mut child = Command::new(program)
            .args(["serve", "--listen", "127.0.0.1:0", "--allow-simulated"])
            .args(["--allow-unlocked-memory", "--json"])
            .arg("--config")
            .arg(&config)
            .arg("--state")
            .arg(state)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("cannot start the hub")?;
        let Some(output) = child.stdout.take() else {
            bail!("the hub has no standard output");
        };
        let mut hub = Self {
            child,
            address: String::new(),
        };
        let mut said = serde_json::Deserializer::from_reader(output).into_iter();
        let said: serde_json::Value = said
            .next()
            .context("the hub did not start; try `photonbox serve --allow-simulated`")??;
        hub.address = said["listen"]
            .as_str()
            .context("the hub listens nowhere")?
            .to_owned();
        Ok(hub)
    }

    /// Resident memory in bytes.
    fn resident(&self) -> anyhow::Result<f64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next());
        Ok(kib.context("no VmRSS")?.parse::<f64>()? * 1024.0)
    }
}

impl Drop for HubProcess {
    fn drop(&mut self) {
        // Its state goes with it: there is nothing to end in order.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Starts members, all at once, and waits until their channels stand.
async fn connect(
    crowd: &Crowd,
    numbers: std::ops::Range<usize>,
    hub: &str,
) -> anyhow::Result<Vec<Member>> {
    let mut members = Vec::with_capacity(numbers.len());
    for number in numbers {
        members.push(crowd.member(number, hub, &RekeyOptions::default())?);
    }
    for member in &mut members {
        let stands = tokio::time::timeout(PATIENCE, member.connected()).await;
        stands.context("no channel to the hub")??;
    }
    Ok(members)
}

/// Measures all of it.
pub(crate) fn measure(
    args: HubArgs,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    let hosts = args.hosts as usize;
    let folder = tempfile::tempdir().context("cannot make a temporary folder")?;
    let state = folder.path().join("hub");
    let hub = HubProcess::start(&state, hosts + ASKERS + 64)?;
    measuring("hub: making identities");
    let crowd = Crowd::enrol(&state, "host", hosts + ASKERS)?;
    let greedy = Crowd::enrol(&state, "greedy", 1)?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(args, &hub, &crowd, &greedy, measuring, results))
}

async fn run(
    args: HubArgs,
    hub: &HubProcess,
    crowd: &Crowd,
    greedy: &Crowd,
    measuring: &dyn Fn(&str),
    results: &mut Vec<Measured>,
) -> anyhow::Result<()> {
    let hosts = args.hosts as usize;
    measuring("hub.connect");
    let before = hub.resident()?;
    let since = Instant::now();
    let modest: Vec<Arc<Member>> = connect(crowd, 0..hosts, &hub.address)
        .await?
        .into_iter()
        .map(Arc::new)
        .collect();
    results.push(Measured::alone(
        "hub.connect",
        "1/s",
        hosts as f64 / since.elapsed().as_secs_f64(),
    ));
    results.push(Measured::alone(
        "hub.memory.idle",
        "B",
        (hub.resident()? - before) / hosts as f64,
    ));
    let askers: Vec<Arc<Member>> = connect(crowd, hosts..hosts + ASKERS, &hub.address)
        .await?
        .into_iter()
        .map(Arc::new)
        .collect();
    let mut hungry = Vec::new();
    for _ in 0..GREEDY.1 {
        hungry.extend(connect(greedy, 0..1, &hub.address).await?);
    }
    let hungry: Vec<Arc<Member>> = hungry.into_iter().map(Arc::new).collect();
    for (class, name) in [(Class::Full, "full"), (Class::Drbg, "drbg")] {
        measuring(&format!("hub.share.{name}"));
        let crowd = Load {
            class,
            name,
            modest: &modest,
            greedy: &hungry,
            askers: &askers,
        };
        crowd
            .measure(Duration::from_secs(u64::from(args.seconds)), results)
            .await?;
    }
    results.push(Measured::alone(
        "hub.memory.busy",
        "B",
        (hub.resident()? - before) / hosts as f64,
    ));
    Ok(())
}

/// Everybody takes all it can get of one class.
struct Load<'a> {
    class: Class,
    name: &'a str,
    modest: &'a [Arc<Member>],
    greedy: &'a [Arc<Member>],
    askers: &'a [Arc<Member>],
}

impl Load<'_> {
    async fn measure(&self, time: Duration, results: &mut Vec<Measured>) -> anyhow::Result<()> {
        let enough = Shutdown::new();
        let mut tasks = JoinSet::new();
        let counters: Vec<Arc<AtomicU64>> = self.modest.iter().map(|_| Arc::default()).collect();
        for (member, counter) in self.modest.iter().zip(&counters) {
            let (member, counter) = (Arc::clone(member), Arc::clone(counter));
            tasks.spawn(take(member, self.class, counter, enough.clone()));
        }
        let greedy = Arc::new(AtomicU64::new(0));
        for member in self.greedy {
            for _ in 0..GREEDY.0 {
                let (member, counter) = (Arc::clone(member), Arc::clone(&greedy));
                tasks.spawn(take(member, self.class, counter, enough.clone()));
            }
        }
        still(&mut tasks, WARM_UP.min(time)).await?;
        let mut asking = JoinSet::new();
        let until = Instant::now() + time;
        for member in self.askers {
            asking.spawn(ask(Arc::clone(member), until));
        }
        let look = |counter: &Arc<AtomicU64>| counter.load(Ordering::Relaxed);
        let begin: Vec<u64> = counters.iter().map(look).collect();
        let greedy_begin = look(&greedy);
        let since = Instant::now();
        still(&mut tasks, time).await?;
        let seconds = since.elapsed().as_secs_f64();
        let got = counters.iter().zip(&begin);
        let mut rates: Vec<f64> = got
            .map(|(counter, begin)| (look(counter) - begin) as f64 / seconds)
            .collect();
        let greedy = (look(&greedy) - greedy_begin) as f64 / seconds;
        let mut waits = Histogram::<u64>::new(3)?;
        while let Some(asked) = asking.join_next().await {
            waits.add(asked??)?;
        }
        // A request counts until its last word is here: the next measurement begins with none.
        enough.drain();
        while let Some(ended) = tasks.join_next().await {
            ended??;
        }
        rates.sort_by(f64::total_cmp);
        let total: f64 = rates.iter().sum::<f64>() + greedy;
        let fair = total / (rates.len() + 1) as f64;
        let class = self.name;
        results.push(Measured::alone(&format!("hub.total.{class}"), "B/s", total));
        for (name, rate) in [
            ("least", rates.first()),
            ("p1", rates.get(rates.len() / 100)),
            ("most", rates.last()),
        ] {
            let rate = *rate.context("nobody was served")?;
            let name = format!("hub.share.{class}.{name}");
            results.push(Measured::beside(&name, "B/s", rate, fair));
        }
        results.push(Measured::beside(
            &format!("hub.share.{class}.greedy"),
            "B/s",
            greedy,
            fair,
        ));
        for (name, quantile) in [("p50", 0.5), ("p99", 0.99), ("p999", 0.999)] {
            let wait = Duration::from_nanos(waits.value_at_quantile(quantile));
            results.push(Measured::alone(
                &format!("hub.latency32.{class}.{name}"),
                "us",
                wait.as_secs_f64() * 1e6,
            ));
        }
        Ok(())
    }
}

async fn take(
    member: Arc<Member>,
    class: Class,
    counter: Arc<AtomicU64>,
    enough: Shutdown,
) -> anyhow::Result<()> {
    Ok(member.take(class, PORTION, &counter, &enough).await?)
}

/// Lets the tasks work for so long: one that ends has failed.
async fn still(tasks: &mut JoinSet<anyhow::Result<()>>, time: Duration) -> anyhow::Result<()> {
    tokio::select! {
        () = tokio::time::sleep(time) => Ok(()),
        Some(ended) = tasks.join_next() => {
            ended??;
            bail!("a host's request ended")
        }
    }
}

/// Asks 32 bytes of class `drbg` again and again; how long each took.
async fn ask(member: Arc<Member>, until: Instant) -> anyhow::Result<Histogram<u64>> {
    let mut waits = Histogram::new(3)?;
    while Instant::now() < until {
        let fetched = member.fetch(Class::Drbg, 32).await?;
        waits.record(u64::try_from(fetched.elapsed.as_nanos())?)?;
        tokio::time::sleep(ASKER_PAUSE).await;
    }
    Ok(waits)
}
