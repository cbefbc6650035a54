//! What a parent, above all a relay, can try with a sink: it gets nothing but what was asked for.

use super::*;
use crate::generator::HostGenerator;
use crate::link::played;
use photonbox_channel::sealed::{ReplayGuard, SignedRequest, StreamLimits};
use std::path::PathBuf;

/// A hub, a host and a relay of one CA, and a folder for the sink.
struct World {
    ca: CaCertificate,
    hub: Arc<Identity>,
    host: Arc<Identity>,
    generator: Arc<dyn ByteSource>,
    folder: tempfile::TempDir,
}

const PAYLOAD: [u8; 32] = [0x5A; 32];

impl World {
    fn new() -> Self {
        let now = os::unix_now();
        let ca = pki::new_authority("hub", now).expect("CA");
        let signer = pki::Signer::new(&ca.certificate, &ca.private_key).expect("signer");
        let identity = |id: &str, role| {
            let leaf = signer.new_identity(id, role, now, 3600).expect("identity");
            let key = leaf.private_key.as_slice();
            Arc::new(Identity::from_der(&leaf.certificate, key).expect("identity"))
        };
        Self {
            ca: CaCertificate::from_der(&ca.certificate).expect("CA"),
            hub: identity("hub", pki::LeafRole::Hub),
            host: identity("host", pki::LeafRole::Host),
            generator: Arc::new(HostGenerator::new().expect("generator")),
            folder: tempfile::tempdir().expect("folder"),
        }
    }

    fn parent(&self, is_relay: bool) -> Parent {
        Parent {
            id: if is_relay { "relay" } else { "hub" }.into(),
            connection: 1,
            is_relay,
            certificate: self.hub.public().certificate.as_slice().into(),
            first_channel: Duration::ZERO,
            second_channel: Duration::ZERO,
        }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("sink")
    }

    /// The hub's signed opening for a host behind one relay.
    fn opening(&self, request: &Request) -> Answer {
        let (path, now) = (["host", "relay"], os::unix_now());
        let signed = request.signed.as_deref().expect("signed for a relay");
        let mut replays = ReplayGuard::default();
        let signed = SignedRequest::verify(signed, &self.ca, "hub", &path, &mut replays, now)
            .expect("the host's request");
        let limits = StreamLimits::default();
        let source = &*self.generator;
        let (opening, _) = sealed::answer(&self.hub, &signed, &path, limits, source, os::now())
            .expect("an opening");
        Answer::Opening(opening)
    }

    /// A feed of a file.
    async fn feed(
        &self,
        class: Class,
        upstream: Upstream,
        total: Option<u64>,
        finishing: watch::Receiver<bool>,
    ) -> (Feed, SharedFigures) {
        let around = Around {
            upstream,
            identity: Current::new(Arc::clone(&self.host)),
            ca: self.ca.clone(),
            hub: "hub".into(),
            generator: Arc::clone(&self.generator),
            statements: None,
            vm_events: VmEvents::new(|| {}, || {}),
        };
        let sink = crate::options::SinkSpec::File(self.file());
        let sink = Sink::open(&sink, Arc::new(|_: &[u8]| {}))
            .await
            .expect("sink");
        let name = "file".into();
        Feed::new(around, name, sink, class, Pace::AsTaken, total, finishing)
    }

    /// Asks `upstream` for 32 bytes until they came or were refused; gives the figures and what is in
    /// the sink.
    async fn ask(&self, class: Class, upstream: Upstream) -> Outcome {
        let (_finish, finishing) = watch::channel(false);
        let (feed, figures) = self.feed(class, upstream, Some(32), finishing).await;
        let mut running = tokio::spawn(feed.run());
        let report = loop {
            let report = report(&figures);
            if report.state.starts_with("blocked") || report.state == DONE {
                break report;
            }
            assert!(!running.is_finished(), "{}", report.state);
            tokio::time::sleep(Duration::from_millis(5)).await;
        };
        running.abort();
        let _ = (&mut running).await;
        Outcome {
            report,
            bytes: std::fs::read(self.file()).expect("the sink"),
        }
    }
}

/// A sink that is asked to end has all that its parent had made by then.
#[tokio::test]
async fn what_is_on_its_way_is_taken_at_the_end() {
    for last_word in [refused(), Answer::Lost] {
        let world = World::new();
        let one = || Answer::Delivery(delivered(WireClass::Full, 0));
        let rest = vec![one(), one(), last_word];
        let upstream = played::cancellable(world.parent(false), move |_| vec![one()], rest);
        let (finish, finishing) = watch::channel(false);
        let (feed, figures) = world.feed(Class::Full, upstream, None, finishing).await;
        let running = tokio::spawn(feed.run());
        while report(&figures).bytes == 0 {
            tokio::task::yield_now().await;
        }
        finish.send_replace(true);
        running.await.expect("no panic").expect("a good end");
        assert_eq!(
            std::fs::read(world.file()).expect("the sink"),
            PAYLOAD.repeat(3)
        );
        assert_eq!(report(&figures).state, DONE);
    }
}

fn refused() -> Answer {
    Answer::Refused {
        code: RefusalCode::Cancelled,
        retry_after_ms: None,
        text: String::new(),
    }
}

/// Who is told to come back to a parent that drains, or has nothing, asks the next one as soon as that stands.
#[tokio::test]
async fn a_pause_that_a_parent_asked_for_ends_with_the_next_parent() {
    for code in [RefusalCode::Draining, RefusalCode::Depleted] {
        let world = World::new();
        let (asks, mut asked) = tokio::sync::mpsc::unbounded_channel();
        let mut answers = vec![
            vec![Answer::Delivery(delivered(WireClass::Full, 0))],
            vec![Answer::Refused {
                code,
                // Longer than this test waits.
                retry_after_ms: Some(60_000),
                text: "not now".into(),
            }],
        ];
        let first = world.parent(false);
        let parent = |connection| Parent {
            connection,
            ..first.clone()
        };
        let answer = move |_: &Request| {
            asks.send(()).expect("the test listens");
            answers.pop().expect("asked twice only")
        };
        let (upstream, move_to) = played::moving(first.clone(), answer, Vec::new());
        let (_finish, finishing) = watch::channel(false);
        let (feed, figures) = world.feed(Class::Full, upstream, Some(32), finishing).await;
        let running = tokio::spawn(feed.run());
        asked.recv().await.expect("asked");
        while !report(&figures).state.starts_with("blocked") {
            tokio::task::yield_now().await;
        }
        // Neither nobody nor the same connection is a reason to ask.
        for same in [None, Some(parent(1))] {
            move_to.send_replace(same);
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            assert!(asked.try_recv().is_err());
        }
        move_to.send_replace(Some(parent(2)));
        let ended = tokio::time::timeout(Duration::from_secs(30), running).await;
        let ended = ended.expect("before the time that the first parent said");
        ended.expect("no panic").expect("complete");
        assert_eq!(report(&figures).state, DONE);
    }
}

struct Outcome {
    report: SinkReport,
    bytes: Vec<u8>,
}

fn delivered(class: WireClass, hops: u8) -> Delivered {
    Delivered {
        seq: 0,
        class,
        provenance: Provenance::default(),
        hops,
        origin: "hub".into(),
        last: false,
        payload: photonbox_secret::SecretBytes::from_slice(&PAYLOAD),
    }
}

fn with_statement(class: WireClass) -> Answer {
    Answer::Attested {
        delivery: delivered(class, 0),
        statement: vec![1; 40],
        key: photonbox_secret::SecretBytes::from_slice(&[2; 48]),
        signature: vec![3; 72],
    }
}

/// One try of a parent against a sink of a class.
async fn tries(
    class: Class,
    is_relay: bool,
    answers: impl Fn(&World, &Request) -> Vec<Answer> + Send + Sync + 'static,
) -> Outcome {
    let world = Arc::new(World::new());
    let playing = Arc::clone(&world);
    let upstream = played::upstream(world.parent(is_relay), move |request| {
        answers(&playing, request)
    });
    world.ask(class, upstream).await
}

#[tokio::test]
async fn a_relay_cannot_pass_its_own_bytes_off_as_full() {
    for statement in [false, true] {
        for class in [WireClass::Full, WireClass::Drbg] {
            for opened in [false, true] {
                let outcome = tries(Class::Full, true, move |world, request| {
                    let own = match statement {
                        true => with_statement(class),
                        false => Answer::Delivery(delivered(class, 0)),
                    };
                    match opened {
                        true => vec![world.opening(request), own],
                        false => vec![own],
                    }
                })
                .await;
                assert_eq!(outcome.bytes, b"", "statement {statement}, {class:?}");
                assert_eq!(outcome.report.bytes, 0);
                let state = outcome.report.state;
                assert!(state.contains("another class"), "{state}");
            }
        }
    }
}

#[tokio::test]
async fn a_statement_that_nobody_asked_for_is_refused() {
    for is_relay in [false, true] {
        for class in [Class::Drbg, Class::Full] {
            let outcome = tries(class, is_relay, move |world, request| {
                let mut answers = Vec::new();
                if is_relay {
                    answers.push(world.opening(request));
                }
                answers.push(with_statement(wire_class(class)));
                answers
            })
            .await;
            assert_eq!((outcome.bytes.len(), outcome.report.bytes), (0, 0));
            let reason = match (is_relay, class) {
                (true, Class::Full) => "another class",
                _ => "nobody asked for",
            };
            let state = outcome.report.state;
            assert!(state.contains(reason), "{state}");
        }
    }
}

#[tokio::test]
async fn a_relay_delivers_nothing_before_the_hubs_opening() {
    let outcome = tries(Class::Drbg, true, |_, _| {
        vec![Answer::Delivery(delivered(WireClass::Drbg, 1))]
    })
    .await;
    assert_eq!((outcome.bytes.len(), outcome.report.bytes), (0, 0));
    let state = outcome.report.state;
    assert!(state.contains("before the hub's signed opening"), "{state}");
}

#[tokio::test]
async fn links_are_counted_as_the_hub_signed_them() {
    // The relay claims to be the hub, or to be far away; the opening names one relay.
    for claimed in [0, 7, u8::MAX] {
        let outcome = tries(Class::Drbg, true, move |world, request| {
            let delivery = Answer::Delivery(delivered(WireClass::Drbg, claimed));
            vec![world.opening(request), delivery]
        })
        .await;
        assert_eq!(outcome.bytes, PAYLOAD);
        assert_eq!(outcome.report.hops, 2, "claimed {claimed}");
        assert_eq!(outcome.report.state, DONE);
    }
    let direct = tries(Class::Full, false, |_, _| {
        vec![Answer::Delivery(delivered(WireClass::Full, 9))]
    })
    .await;
    assert_eq!(
        (direct.bytes.as_slice(), direct.report.hops),
        (&PAYLOAD[..], 1)
    );
}

/// What came before a copy and waits for somebody to take it is dropped; the same is asked for again.
#[tokio::test]
async fn what_waits_when_the_machine_is_copied_is_asked_for_again() {
    let world = World::new();
    let asked = Arc::new(std::sync::atomic::AtomicU8::new(0));
    let counts = Arc::clone(&asked);
    let upstream = played::upstream(world.parent(false), move |_| {
        let number = counts.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let block = || Delivered {
            payload: photonbox_secret::SecretBytes::from_slice(&[number; 32]),
            ..delivered(WireClass::Drbg, 0)
        };
        vec![Answer::Delivery(block()), Answer::Delivery(block())]
    });
    let vm_events = VmEvents::new(|| {}, || {});
    let around = Around {
        upstream,
        identity: Current::new(Arc::clone(&world.host)),
        ca: world.ca.clone(),
        hub: "hub".into(),
        generator: Arc::clone(&world.generator),
        statements: None,
        vm_events: Arc::clone(&vm_events),
    };
    let path = world.folder.path().join("fifo");
    let sink = crate::options::SinkSpec::Fifo(path.clone());
    let sink = Sink::open(&sink, Arc::new(|_: &[u8]| {}))
        .await
        .expect("sink");
    let (_finish, finishing) = watch::channel(false);
    let (feed, figures) = Feed::new(
        around,
        "fifo".into(),
        sink,
        Class::Drbg,
        Pace::AsTaken,
        Some(64),
        finishing,
    );
    let running = tokio::spawn(feed.run());
    let until_asked = async |times| {
        while asked.load(std::sync::atomic::Ordering::Relaxed) < times {
            tokio::task::yield_now().await;
        }
    };
    // There is no reader, so the first block waits in the sink and the second one behind it.
    until_asked(1).await;
    vm_events.happened(crate::vm_event::Kind::Told);
    until_asked(2).await;
    let mut reader = tokio::net::unix::pipe::OpenOptions::new()
        .open_receiver(&path)
        .expect("the FIFO");
    let mut got = [0; 64];
    tokio::io::AsyncReadExt::read_exact(&mut reader, &mut got)
        .await
        .expect("bytes");
    running.await.expect("no panic").expect("complete");
    assert_eq!(got, [1; 64]);
    let report = report(&figures);
    assert_eq!((report.bytes, report.state.as_str()), (64, DONE));
    assert_eq!(report.sha256, pki::hex(&Sha256::digest(got)));
}
