#![allow(clippy::unwrap_used, reason = "tests")]

use photonbox_channel::Role;
use photonbox_channel::message::BoxSizes;
use tokio::sync::Notify;

use super::*;

/// Takes two requests of a host. Each has so many deliveries waiting from the start and makes no more; a finite
/// one's last delivery comes when it is let go.
struct Played {
    deliveries: u64,
    let_go: Arc<Notify>,
}

impl Service for Played {
    async fn answer(
        self: Arc<Self>,
        _: Arc<PeerIdentity>,
        ask: Ask,
        _: Pulls,
        mut stop: Stopping,
        out: Outbox,
    ) -> Ended {
        for seq in 0..self.deliveries {
            out.send(delivered(ask.request.id, seq, false)).await.ok();
        }
        tokio::select! {
            stop = stop.asked() => Ended::Stopped(stop),
            () = self.let_go.notified() => {
                let last = delivered(ask.request.id, self.deliveries, true);
                out.send(last).await.ok();
                Ended::Said
            }
        }
    }

    async fn boxes(
        self: Arc<Self>,
        _: Arc<PeerIdentity>,
        _: BoxWish,
        mut words: mpsc::Receiver<Word>,
        mut stop: Stopping,
        _: Outbox,
    ) -> Ended {
        // Takes one word, and no more.
        words.recv().await;
        Ended::Stopped(stop.asked().await)
    }

    fn joined(&self, _: &PeerIdentity) -> bool {
        true
    }

    fn max_requests(&self) -> usize {
        2
    }
}

fn delivered(id: u64, seq: u64, last: bool) -> Out {
    Out::Delivery {
        id,
        seq,
        class: Class::Drbg,
        provenance: Provenance::default(),
        hops: 0,
        origin: "hub".into(),
        last,
        payload: SecretBytes::from_slice(&seq.to_be_bytes()),
    }
}

/// A side A in the middle of a channel.
struct Scene {
    serving: Serving<Played>,
    outbox: mpsc::Receiver<Out>,
    let_go: Arc<Notify>,
}

fn scene(deliveries: u64) -> Scene {
    let (outbox, receiver) = mpsc::channel(OUTBOX);
    let let_go = Arc::new(Notify::new());
    let played = Played {
        deliveries,
        let_go: Arc::clone(&let_go),
    };
    let mut serving = Serving::new(Arc::new(played), outbox);
    serving.peer = Some(Arc::new(PeerIdentity {
        id: "relay".into(),
        serial: "01".into(),
        roles: vec![Role::Host, Role::Relay],
        fingerprint: [0; 32],
        certificate: Vec::new(),
    }));
    Scene {
        serving,
        outbox: receiver,
        let_go,
    }
}

fn serving() -> Serving<Played> {
    scene(0).serving
}

/// What the peer reads of one request.
#[derive(Debug, PartialEq, Eq)]
enum Told {
    Delivery(u64),
    Last(u64),
    Refused(RefusalCode),
}

impl Scene {
    /// Takes from the outbox what a request still has to say; that it is over, last.
    async fn told(&mut self, id: u64) -> Vec<Told> {
        let mut told = Vec::new();
        loop {
            match self.outbox.recv().await.unwrap() {
                Out::Delivery { seq, last, .. } if last => told.push(Told::Last(seq)),
                Out::Delivery { seq, .. } => told.push(Told::Delivery(seq)),
                Out::Done { id: over, stopped } => {
                    assert_eq!(over, id);
                    self.serving.open.remove(&id);
                    told.extend(stopped.map(|stop| Told::Refused(stop.last_word().0)));
                    return told;
                }
                _ => panic!("a request has nothing else to say here"),
            }
        }
    }
}

fn ask(serving: &mut Serving<Played>, host: &str, id: u64) {
    ask_in(serving, host, id, Mode::OnDemand);
}

fn ask_in(serving: &mut Serving<Played>, host: &str, id: u64, mode: Mode) {
    let request = Request {
        id,
        class: Class::Drbg,
        mode,
        attested: false,
        signed: None,
    };
    let path = vec![host, "relay"];
    serving.message(Message::Forward { path, request });
}

fn refused(serving: &Serving<Played>) -> Vec<(u64, RefusalCode, Option<u64>)> {
    let of = |out: &Out| match out {
        Out::Refused {
            id,
            code,
            retry_after_ms,
            ..
        } => (*id, *code, *retry_after_ms),
        _ => panic!("only refusals wait here"),
    };
    serving.refusals.iter().map(of).collect()
}

#[tokio::test]
async fn each_host_behind_a_relay_has_its_own_requests() {
    let mut scene = scene(0);
    for (host, id) in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 5)] {
        ask(&mut scene.serving, host, id);
    }
    // Refused with a time to come back: a host retries that.
    let third = (3, RefusalCode::Quota, Some(1000));
    assert_eq!(refused(&scene.serving), [third]);
    scene.serving.message(Message::Cancel { id: 1 });
    let cancelled = [Told::Refused(RefusalCode::Cancelled)];
    assert_eq!(scene.told(1).await, cancelled);
    ask(&mut scene.serving, "a", 6);
    assert_eq!(refused(&scene.serving).len(), 1, "a place became free");
}

#[tokio::test]
async fn a_cancelled_request_gets_what_was_made_then_its_last_word() {
    let mut scene = scene(3);
    ask(&mut scene.serving, "a", 1);
    while scene.outbox.len() < 3 {
        tokio::task::yield_now().await;
    }
    for _ in 0..2 {
        scene.serving.message(Message::Cancel { id: 1 });
    }
    // Pulled after that: nobody looks any more, and it is no reason for another last word.
    let bytes = u64::MAX;
    scene.serving.message(Message::Pull { id: 1, bytes });
    let told = scene.told(1).await;
    let made = [0, 1, 2].map(Told::Delivery).into_iter();
    let last = [Told::Refused(RefusalCode::Cancelled)];
    assert_eq!(told, made.chain(last).collect::<Vec<_>>());
    assert!(refused(&scene.serving).is_empty(), "one last word");
    // What is over, or never was, is answered all the same: a relay waits for that.
    for id in [1, 99] {
        scene.serving.message(Message::Cancel { id });
    }
    let cancelled = [1, 99].map(|id| (id, RefusalCode::Cancelled, None));
    assert_eq!(refused(&scene.serving), cancelled);
}

#[tokio::test]
async fn cancelling_and_asking_again_piles_nothing_up() {
    let mut scene = scene(1);
    for id in 1..=20 {
        ask(&mut scene.serving, "a", id);
        scene.serving.message(Message::Cancel { id });
    }
    assert_eq!(scene.serving.open.len(), 2);
    let refused = refused(&scene.serving);
    let over_quota = refused.iter().filter(|one| one.1 == RefusalCode::Quota);
    assert_eq!(over_quota.count(), 18);
}

#[tokio::test]
async fn draining_lets_finite_requests_finish_until_its_time_is_over() {
    let mut scene = scene(2);
    let total = Some(1000);
    let finite = Mode::Stream { total, rate: None };
    ask_in(&mut scene.serving, "a", 1, finite);
    ask(&mut scene.serving, "b", 2);
    while scene.outbox.len() < 4 {
        tokio::task::yield_now().await;
    }
    scene.serving.drain(false);
    ask(&mut scene.serving, "c", 3);
    let third = (3, RefusalCode::Draining, Some(1000));
    assert_eq!(refused(&scene.serving), [third]);
    let mut of_both = Vec::new();
    loop {
        match scene.outbox.recv().await.unwrap() {
            Out::Delivery { id, seq, .. } => of_both.push((id, seq)),
            Out::Done { id, stopped } => {
                assert_eq!((id, stopped), (2, Some(Stop::Draining)));
                break;
            }
            _ => panic!("nothing else is said"),
        }
    }
    of_both.sort_unstable();
    assert_eq!(of_both, [(1, 0), (1, 1), (2, 0), (2, 1)]);
    scene.serving.open.remove(&2);
    assert!(!scene.serving.open[&1].is_stopped());
    scene.let_go.notify_one();
    assert_eq!(scene.told(1).await, [Told::Last(2)]);
}

#[tokio::test]
async fn a_request_too_long_for_draining_is_cut_after_what_was_made() {
    let mut scene = scene(1);
    ask_in(&mut scene.serving, "a", 1, Mode::Once { bytes: 1 << 30 });
    while scene.outbox.is_empty() {
        tokio::task::yield_now().await;
    }
    scene.serving.drain(true);
    let told = [Told::Delivery(0), Told::Refused(RefusalCode::Draining)];
    assert_eq!(scene.told(1).await, told);
}

#[tokio::test]
async fn a_relay_cannot_make_hosts_up_without_end() {
    let mut serving = serving();
    let most = 2 * HOSTS_BEHIND as u64;
    for id in 1..=most + 1 {
        ask(&mut serving, &format!("h{id}"), id);
    }
    let last = (most + 1, RefusalCode::Quota, Some(1000));
    assert_eq!(refused(&serving), [last]);
}

#[tokio::test]
async fn pulling_without_end_ends_the_request() {
    let mut scene = scene(1);
    ask(&mut scene.serving, "a", 1);
    while scene.outbox.is_empty() {
        tokio::task::yield_now().await;
    }
    let pull = |bytes| Message::Pull { id: 1, bytes };
    scene.serving.message(pull(MAX_PULL));
    assert!(!scene.serving.open[&1].is_stopped());
    scene.serving.message(pull(u64::MAX));
    let told = [Told::Delivery(0), Told::Refused(RefusalCode::Unsupported)];
    assert_eq!(scene.told(1).await, told);
}

#[tokio::test]
async fn pulls_add_up_and_end_with_the_peer() {
    let (puller, mut pulls) = pulls();
    assert!(puller.pull(5) && puller.pull(0) && puller.pull(7));
    assert_eq!(pulls.recv().await, Some(12));
    assert!(puller.pull(MAX_PULL) && !puller.pull(1));
    assert_eq!(
        pulls.recv().await,
        Some(MAX_PULL),
        "refused ones add nothing"
    );
    let waiting = tokio::spawn(async move { (pulls.recv().await, pulls.recv().await) });
    tokio::task::yield_now().await;
    assert!(puller.pull(3));
    drop(puller);
    assert_eq!(waiting.await.unwrap(), (Some(3), None));
}

#[tokio::test]
async fn who_says_too_much_of_its_boxes_is_stopped() {
    let mut scene = scene(0);
    let sizes = BoxSizes {
        s: 4,
        boxes: 2,
        keys: 2,
    };
    let peer = "other";
    scene
        .serving
        .message(Message::Boxes(BoxMessage::Open { id: 5, peer, sizes }));
    assert!(scene.serving.open.contains_key(&5) && scene.serving.refusals.is_empty());
    // The number is one request's, whatever it asks for.
    scene
        .serving
        .message(Message::Boxes(BoxMessage::Open { id: 5, peer, sizes }));
    assert_eq!(scene.serving.refusals.len(), 1);
    for _ in 0..2 * MAX_WORDS {
        let (orbit, number) = (1, 2);
        let held = BoxMessage::Held {
            id: 5,
            orbit,
            number,
        };
        scene.serving.message(Message::Boxes(held));
    }
    assert_eq!(
        scene.told(5).await,
        [Told::Refused(RefusalCode::Unsupported)]
    );
}
