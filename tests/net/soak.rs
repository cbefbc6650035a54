//! The same machines for a long time: what grows must come to an end. `make soak` gives it half an hour.

use crate::account;
use crate::process::{Background, arg};
use crate::site::Site;
use photonbox_daemon::crowd::{Crowd, Member};
use photonbox_daemon::{Class, RekeyOptions};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Seconds in `make test`.
const SHORT: u64 = 20;
/// Bytes a second that each sink takes.
const RATE: u64 = 2_000;
/// Members of the crowd at a time.
const CROWD: usize = 40;
/// Growth that is no leak: what allocators keep, pages of the database.
const GROWTH: usize = 16 * 1024 * 1024;

/// A host that takes what it wants from its parents, in order.
struct Sink {
    name: &'static str,
    process: Background,
}

impl Sink {
    fn start(site: &Site, name: &'static str, parents: &str, class: &str, bytes: u64) -> Self {
        let (state, file) = (site.path(name), site.path(&format!("{name}.out")));
        let statements = site.path(&format!("{name}-statements"));
        let arguments = [
            "join",
            "--state",
            arg(&state),
            "--hub",
            parents,
            "--sink",
            &format!("file:{}", arg(&file)),
            "--class",
            class,
            "--bytes",
            &bytes.to_string(),
            "--attest",
            arg(&statements),
            "--allow-unlocked-memory",
        ];
        let mut process = site.network.start(name, &arguments);
        process.line_with(" ready");
        Self { name, process }
    }

    /// Waits until it has all, and compares.
    fn settle(self, site: &Site, bytes: u64, faults: usize) {
        let (status, lines) = self.process.end();
        assert!(status.success(), "{lines:#?}");
        let received = std::fs::read(site.path(&format!("{}.out", self.name))).expect("the sink");
        assert_eq!(received.len() as u64, bytes);
        let folder = site.path(&format!("{}-statements", self.name));
        let statements = std::fs::read_to_string(folder.join("statements.jsonl"));
        let statements = statements.expect("statements");
        account::agrees(&site.ledger(), self.name, &received, &statements, faults, 0);
    }
}

/// Hosts that come, ask, and go: each with a channel for a few questions, until `over`.
async fn come_and_go(crowd: &Crowd, hub: &str, over: &AtomicBool, asked: &AtomicU64) {
    let one = async |number: usize| {
        let mut visit = 0;
        while !over.load(Ordering::Acquire) {
            let rekey = RekeyOptions {
                packets: Some(1 + visit % 7),
                ..RekeyOptions::default()
            };
            let mut member: Member = crowd.member(number, hub, &rekey).expect("a host");
            member.connected().await.expect("the hub takes it");
            for question in 0..20 {
                let class = if question == 0 {
                    Class::Full
                } else {
                    Class::Drbg
                };
                let fetched = member.fetch(class, 16 + 17 * question).await;
                fetched.expect("bytes");
                asked.fetch_add(1, Ordering::Relaxed);
            }
            visit += 1;
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    };
    // All of them side by side in this task.
    let mut all: Vec<_> = (0..CROWD).map(|number| Box::pin(one(number))).collect();
    std::future::poll_fn(|context| {
        all.retain_mut(|one| one.as_mut().poll(context).is_pending());
        if all.is_empty() {
            std::task::Poll::Ready(())
        } else {
            std::task::Poll::Pending
        }
    })
    .await;
}

#[test]
fn nothing_grows_and_nothing_is_lost() {
    let seconds = std::env::var("PHOTONBOX_SOAK_SECONDS");
    let seconds: u64 = seconds.map_or(SHORT, |text| text.parse().expect("seconds"));
    let config = format!(
        "[limits]\nhost_bytes_per_second = {RATE}\nhandshakes_per_address = 256\nconnections_per_second = 0\n[rekey]\npackets = 20\n"
    );
    let Some(mut site) = Site::new(&config) else {
        return;
    };
    let relay = site.machine("relay");
    for host in ["alpha", "bravo"] {
        site.machine(host);
    }
    site.network.machine("crowd");
    let crowd = Crowd::enrol(&site.path("hub"), "visitor", CROWD).expect("identities");
    let start_relay = |site: &Site| {
        let state = site.path("relay");
        let arguments = [
            "join",
            "--state",
            arg(&state),
            "--hub",
            &site.address,
            "--relay",
            "0.0.0.0:4501",
            "--allow-unlocked-memory",
        ];
        let mut relay = site.network.start("relay", &arguments);
        relay.line_with("connected");
        relay
    };
    let mut through = Some(start_relay(&site));
    let bytes = RATE * seconds;
    let parents = format!("{relay},{}", site.address);
    let sinks = [
        Sink::start(&site, "alpha", &site.address, "full", bytes),
        Sink::start(&site, "bravo", &parents, "full", bytes),
    ];
    let (over, asked) = (AtomicBool::new(false), AtomicU64::new(0));
    let mut faults = 0;
    std::thread::scope(|scope| {
        let (site, crowd, over, asked) = (&site, &crowd, &over, &asked);
        let visitors = scope.spawn(move || {
            site.network.inside("crowd", || {
                let mut builder = tokio::runtime::Builder::new_multi_thread();
                let runtime = builder.enable_all().build().expect("a runtime");
                runtime.block_on(come_and_go(crowd, &site.address, over, asked));
            });
        });
        // Whatever happens here: the crowd goes home.
        let _over = Over(over);
        let begun = Instant::now();
        let kill_every = (seconds / 8).max(SHORT / 2);
        let mut first = None;
        for second in 1..seconds {
            std::thread::sleep(
                (begun + Duration::from_secs(second)).duration_since(Instant::now()),
            );
            assert!(!visitors.is_finished(), "the crowd went home early");
            let questions = asked.load(Ordering::Relaxed);
            // A quarter of the time: by then everything has been used.
            if second == seconds / 4 {
                first = Some(site.footprint());
            }
            if second % 60 == 0 {
                let (memory, files) = site.footprint();
                println!("{second} s: {memory} bytes, {files} files, {questions} questions");
            }
            if second % kill_every == 0 {
                through.take().expect("a relay").kill();
                faults += 1;
            } else if second % kill_every == 3 && through.is_none() {
                through = Some(start_relay(site));
            }
        }
        let ((memory, files), (last_memory, last_files)) =
            (first.expect("a first look"), site.footprint());
        println!("{memory} bytes and {files} files, at the end {last_memory} and {last_files}");
        assert!(last_memory <= memory + GROWTH, "memory grows");
        assert!(last_files <= files + CROWD, "files grow");
    });
    println!("{} questions", asked.load(Ordering::Relaxed));
    for sink in sinks {
        sink.settle(&site, bytes, faults);
    }
    let status = site.status();
    println!("{}", status["closed"]);
    assert_eq!(status["connections"]["handshaking"], 0);
    let refused = &status["connections"]["refused"];
    assert!(
        refused
            .as_object()
            .is_some_and(|all| all.values().all(|n| *n == 0)),
        "{refused}"
    );
}

/// Sends the crowd home when it is dropped.
struct Over<'a>(&'a AtomicBool);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}
