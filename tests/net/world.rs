//! Hub, relay and hosts, each on a machine of its own.

use crate::account;
use crate::namespaces::Network;
use crate::process::{self, Background, arg};
use crate::site::{self, PORT};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// Each host is served again so soon after any fault.
pub(crate) const SERVED_AGAIN: Duration = Duration::from_secs(5);
/// A host with another parent is with that one so soon.
pub(crate) const MOVED: Duration = Duration::from_secs(2);
/// What each host takes that does not go on without end, at the [`RATE`] that the hub allows: several seconds in which
/// things go wrong.
const BYTES: usize = 96_000;
/// Bytes a second that the hub allows each host, where nothing else is said.
pub(crate) const RATE: usize = 16_000;

/// A hub and machines around it.
pub(crate) struct World {
    // In this order: processes end before their network goes.
    pub(crate) hub: Option<Background>,
    pub(crate) network: Network,
    /// The hub's address.
    pub(crate) address: String,
    /// Bytes a second that it allows each host; none for as fast as it goes.
    rate: Option<usize>,
    /// Further flags of the hub, and those of hosts and relays.
    serve: Vec<String>,
    join: Vec<String>,
    folder: TempDir,
}

impl World {
    /// A running hub on its machine; none where namespaces can't be had.
    pub(crate) fn new() -> Option<Self> {
        Self::at(Some(RATE))
    }

    /// The same at another rate; none for as fast as it goes.
    pub(crate) fn at(rate: Option<usize>) -> Option<Self> {
        Self::with(rate, &[], &[])
    }

    /// The same with further flags of the hub and of all others.
    pub(crate) fn with(rate: Option<usize>, serve: &[&str], join: &[&str]) -> Option<Self> {
        let owned = |flags: &[&str]| flags.iter().map(|&flag| flag.to_owned()).collect();
        let mut network = Network::new()?;
        let address = format!("{}:{PORT}", network.machine("hub"));
        // Short paths: a Unix socket's may have 107 bytes.
        let folder = tempfile::Builder::new()
            .prefix("pb")
            .tempdir()
            .expect("a temporary folder");
        let mut world = Self {
            hub: None,
            network,
            address,
            rate,
            serve: owned(serve),
            join: owned(join),
            folder,
        };
        process::json(&[
            "init",
            "--state",
            &world.state("hub"),
            "--hub-name",
            "hub",
            "--json",
        ]);
        world.serve();
        Some(world)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn state(&self, name: &str) -> String {
        arg(&self.path(name)).to_owned()
    }

    /// Starts the hub, for the first time or again.
    pub(crate) fn serve(&mut self) {
        let (state, address) = (self.state("hub"), self.address.clone());
        let rate = self.rate.map(|rate| rate.to_string());
        let mut arguments = vec![
            "serve",
            "--state",
            &state,
            "--listen",
            &address,
            "--allow-unlocked-memory",
            "--allow-simulated",
        ];
        if let Some(rate) = &rate {
            arguments.extend(["--host-rate", rate]);
        }
        arguments.extend(self.serve.iter().map(String::as_str));
        let mut hub = self.network.start("hub", &arguments);
        hub.line_with("listening on ");
        self.hub = Some(hub);
    }

    /// Enrols a host and gives it a machine; its address as a relay.
    pub(crate) fn machine(&mut self, name: &str) -> String {
        site::enrol(&mut self.network, self.folder.path(), &self.address, name)
    }

    /// A relay on its machine.
    pub(crate) fn relay(&self, name: &str, parents: &str) -> Background {
        let (state, listen) = (self.state(name), format!("0.0.0.0:{PORT}"));
        let mut arguments = vec![
            "join",
            "--state",
            &state,
            "--hub",
            parents,
            "--relay",
            &listen,
            "--allow-unlocked-memory",
        ];
        arguments.extend(self.join.iter().map(String::as_str));
        let mut relay = self.network.start(name, &arguments);
        relay.line_with("connected");
        relay
    }

    /// A host on its machine: takes [`BYTES`] of `class`, each block with the hub's signed statement.
    pub(crate) fn host(&self, name: &str, parents: &str, class: &str) -> Host {
        self.host_that(name, parents, class, &["--bytes", &BYTES.to_string()])
    }

    /// The same for a host that takes as much, and as fast, as `pace` says.
    pub(crate) fn host_that(&self, name: &str, parents: &str, class: &str, pace: &[&str]) -> Host {
        let (state, file) = (self.state(name), self.path(&format!("{name}.out")));
        let (sink, statements) = (
            format!("file:{}", arg(&file)),
            format!("{state}-statements"),
        );
        let mut arguments = vec![
            "join",
            "--state",
            &state,
            "--hub",
            parents,
            "--sink",
            &sink,
            "--class",
            class,
            "--attest",
            &statements,
            "--allow-unlocked-memory",
        ];
        arguments.extend(pace);
        arguments.extend(self.join.iter().map(String::as_str));
        let mut process = self.network.start(name, &arguments);
        process.line_with(" ready");
        Host {
            name: name.to_owned(),
            statements: Path::new(&statements).join("statements.jsonl"),
            state,
            process,
            watch: Watch::new(&file),
            file,
        }
    }

    /// `photonbox ledger --json` of the hub.
    pub(crate) fn ledger(&self) -> Value {
        process::json(&["ledger", "--state", &self.state("hub"), "--json"])
    }

    /// `status --json` of a hub or host.
    pub(crate) fn status(&self, name: &str) -> Value {
        process::json(&["status", "--state", &self.state(name), "--json"])
    }

    /// `photonbox enroll renew` of a hub or host that runs.
    pub(crate) fn renew(&self, name: &str) -> Value {
        process::json(&["enroll", "renew", "--state", &self.state(name), "--json"])
    }

    /// `photonbox drain` of a hub or host.
    pub(crate) fn drain(&self, name: &str) {
        process::text(&["drain", "--state", &self.state(name)]);
    }

    /// Waits until a host has all that it wanted and compares that with the ledger; gives when it got it.
    pub(crate) fn settle(&self, host: Host, faults: usize, unsaved: usize) -> Watch {
        let (status, lines) = host.process.end();
        assert!(status.success(), "{lines:#?}");
        let length = std::fs::metadata(&host.file).expect("the sink").len();
        assert_eq!(length, BYTES as u64);
        self.agrees(&host.name, &host.file, &host.statements, faults, unsaved);
        host.watch
    }

    /// Ends a host (SIGTERM): it has every byte that the ledger calls delivered, and no other.
    pub(crate) fn settle_to_the_byte(&self, host: Host) {
        let (status, lines) = host.process.stop();
        assert!(status.success(), "{lines:#?}");
        self.agrees(&host.name, &host.file, &host.statements, 0, 0);
    }

    fn agrees(&self, host: &str, sink: &Path, statements: &Path, faults: usize, unsaved: usize) {
        let received = std::fs::read(sink).expect("the sink");
        let statements = std::fs::read_to_string(statements).expect("statements");
        let ledger = self.ledger();
        account::agrees(&ledger, host, &received, &statements, faults, unsaved);
    }
}

/// A running host.
pub(crate) struct Host {
    pub(crate) name: String,
    state: String,
    process: Background,
    pub(crate) watch: Watch,
    file: PathBuf,
    statements: PathBuf,
}

impl Host {
    /// `status --json`.
    pub(crate) fn status(&self) -> Value {
        let output = process::run(&["status", "--state", &self.state, "--json"]);
        let said = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {said}"))
    }

    /// Waits until it has been served for about so long, at [`RATE`].
    pub(crate) fn served_for(&self, seconds: usize) {
        self.has((seconds * RATE) as u64);
    }

    /// Waits until it has so many bytes more.
    pub(crate) fn has_more(&self, bytes: u64) {
        self.has(self.length() + bytes);
    }

    fn length(&self) -> u64 {
        std::fs::metadata(&self.file).map_or(0, |file| file.len())
    }

    fn has(&self, bytes: u64) {
        process::until(
            "it has its bytes",
            || self.length(),
            |length| *length >= bytes,
        );
    }

    /// Waits until `parent` serves it.
    pub(crate) fn served_by(&self, parent: &str) {
        let since = Instant::now();
        process::until(
            "it has this parent",
            || self.status(),
            |status| status["parent"] == parent,
        );
        let now = Instant::now();
        self.watch.first_after(now);
        println!(
            "{}: served by {parent} {:?} after the look",
            self.name,
            since.elapsed()
        );
    }
}

/// Sees when a file grows.
pub(crate) struct Watch {
    seen: Arc<std::sync::Mutex<Vec<Instant>>>,
    over: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Watch {
    fn new(file: &Path) -> Self {
        let (seen, over) = (Arc::default(), Arc::new(AtomicBool::new(false)));
        let thread = {
            let (file, seen, over) = (file.to_owned(), Arc::clone(&seen), Arc::clone(&over));
            std::thread::spawn(move || watch(&file, &seen, &over))
        };
        Self {
            seen,
            over,
            thread: Some(thread),
        }
    }

    /// Waits until it grows after `since`, and gives how long that took.
    pub(crate) fn first_after(&self, since: Instant) -> Duration {
        let look = || {
            let seen = self.seen.lock().expect("no watcher panics");
            seen.iter().find(|at| **at > since).copied()
        };
        let at = process::until("bytes come", look, Option::is_some);
        at.map_or(Duration::MAX, |at| at - since)
    }

    /// The longest time from `since` until now in which it did not grow: to be asked once it does again.
    pub(crate) fn longest_gap(&self, since: Instant) -> Duration {
        let seen = self.seen.lock().expect("no watcher panics");
        let mut last = since;
        let mut longest = Duration::ZERO;
        for at in seen.iter().filter(|at| **at > since) {
            longest = longest.max(*at - last);
            last = *at;
        }
        longest
    }
}

fn watch(file: &Path, seen: &std::sync::Mutex<Vec<Instant>>, over: &AtomicBool) {
    let mut length = 0;
    while !over.load(Ordering::Acquire) {
        let now = std::fs::metadata(file).map_or(0, |file| file.len());
        if now > length {
            length = now;
            seen.lock().expect("no reader panics").push(Instant::now());
        }
        std::thread::sleep(Duration::from_millis(5));
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.over.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
