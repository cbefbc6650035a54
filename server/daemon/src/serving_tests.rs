#![allow(clippy::unwrap_used, reason = "tests")]

use photonbox_channel::Role;

use super::*;

/// Takes two requests of a host and answers none.
struct Silent;

impl Service for Silent {
    async fn answer(self: Arc<Self>, _: Arc<PeerIdentity>, _: Ask, _: Pulls, _: Outbox) {
        std::future::pending::<()>().await;
    }

    fn joined(&self, _: &PeerIdentity) -> bool {
        true
    }

    fn max_requests(&self) -> usize {
        2
    }
}

fn serving() -> Serving<Silent> {
    let (outbox, _) = mpsc::channel(OUTBOX);
    let mut serving = Serving::new(Arc::new(Silent), outbox);
    serving.peer = Some(Arc::new(PeerIdentity {
        id: "relay".into(),
        serial: "01".into(),
        roles: vec![Role::Host, Role::Relay],
        fingerprint: [0; 32],
        certificate: Vec::new(),
    }));
    serving
}

fn ask(serving: &mut Serving<Silent>, host: &str, id: u64) {
    let request = Request {
        id,
        class: Class::Drbg,
        mode: Mode::OnDemand,
        attested: false,
        signed: None,
    };
    let path = vec![host, "relay"];
    serving.message(Message::Forward { path, request });
}

fn refused(serving: &Serving<Silent>) -> Vec<(u64, RefusalCode, Option<u64>)> {
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
    let mut serving = serving();
    for (host, id) in [("a", 1), ("a", 2), ("a", 3), ("b", 4), ("b", 5)] {
        ask(&mut serving, host, id);
    }
    // Refused with a time to come back: a host retries that.
    assert_eq!(refused(&serving), [(3, RefusalCode::Quota, Some(1000))]);
    serving.message(Message::Cancel { id: 1 });
    ask(&mut serving, "a", 6);
    assert_eq!(refused(&serving).len(), 1, "a place became free");
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
    let mut serving = serving();
    ask(&mut serving, "a", 1);
    let pull = |bytes| Message::Pull { id: 1, bytes };
    serving.message(pull(MAX_PULL));
    assert!(refused(&serving).is_empty());
    serving.message(pull(u64::MAX));
    assert_eq!(refused(&serving), [(1, RefusalCode::Unsupported, None)]);
    assert!(serving.open.is_empty());
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
