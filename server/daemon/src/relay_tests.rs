//! A relay that is told to end a request: what its parent has made by then goes down first.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::time::Duration;

use photonbox_channel::Role;
use photonbox_channel::message::{BoxSizes, Mode, Provenance};
use photonbox_secret::SecretBytes;
use tokio::sync::mpsc;

use super::*;
use crate::link::{Parent, played};
use crate::serving::{Stop, Stopping, pulls};

fn delivered(seq: u64, last: bool) -> Answer {
    Answer::Delivery(Delivered {
        seq,
        class: Class::Drbg,
        provenance: Provenance::default(),
        hops: 0,
        origin: "hub".into(),
        last,
        payload: SecretBytes::from_slice(&[7; 16]),
    })
}

fn refused(code: RefusalCode) -> Answer {
    Answer::Refused {
        code,
        retry_after_ms: None,
        text: String::new(),
    }
}

/// Its parent gives two deliveries and, when a request is stopped, `rest`.
fn relay(rest: Vec<Answer>) -> Arc<Relay> {
    let parent = Parent {
        id: "hub".into(),
        connection: 1,
        is_relay: false,
        certificate: [].into(),
        first_channel: Duration::ZERO,
        second_channel: Duration::ZERO,
    };
    let first = |_: &Request| vec![delivered(0, false), delivered(1, false)];
    Arc::new(Relay {
        id: "relay".into(),
        upstream: played::cancellable(parent, first, rest),
        max_hops: 8,
        max_requests: 2,
        channels: Channels::default(),
        max_channels: 4,
    })
}

fn host() -> Arc<PeerIdentity> {
    Arc::new(PeerIdentity {
        id: "host".into(),
        serial: "01".into(),
        roles: vec![Role::Host],
        fingerprint: [0; 32],
        certificate: Vec::new(),
    })
}

#[tokio::test]
async fn key_boxes_do_not_pass() {
    let wish = BoxWish {
        id: 3,
        peer: "other".into(),
        sizes: BoxSizes {
            s: 4,
            boxes: 2,
            keys: 2,
        },
    };
    let (_words, said) = mpsc::channel(1);
    let (outbox, mut out) = mpsc::channel(1);
    let (_stop, stopping) = Stopping::new();
    let ended = relay(Vec::new())
        .boxes(host(), wish, said, stopping, outbox)
        .await;
    assert_eq!(ended, Ended::Said);
    let refused = out.recv().await.unwrap();
    assert!(
        matches!(&refused, Out::Refused { id: 3, code: RefusalCode::Unsupported, text, .. } if text.contains("relay"))
    );
}

/// Two deliveries, then a stop to which the parent answers with `rest`; what went down, and how it ended.
async fn stopped(rest: Vec<Answer>) -> (Vec<u64>, Ended) {
    let (relay, host) = (relay(rest), host());
    let ask = Ask {
        path: vec!["host".into()],
        request: Request {
            id: 9,
            class: Class::Drbg,
            mode: Mode::OnDemand,
            attested: false,
            signed: None,
        },
    };
    let (_puller, pulls) = pulls();
    let (stop, stopping) = Stopping::new();
    // One place only: the relay has to wait for the host.
    let (out, mut outbox) = mpsc::channel(1);
    let answering = tokio::spawn(relay.answer(host, ask, pulls, stopping, out));
    let mut seen = Vec::new();
    while let Some(out) = outbox.recv().await {
        match out {
            Out::Delivery { id: 9, seq, .. } => seen.push(seq),
            _ => panic!("deliveries of this request alone"),
        }
        if seen.len() == 1 {
            stop.send_replace(Some(Stop::Draining));
        }
    }
    (seen, answering.await.unwrap())
}

#[tokio::test]
async fn a_stop_waits_for_the_parents_last_word() {
    for last_word in [refused(RefusalCode::Cancelled), Answer::Lost] {
        let rest = vec![delivered(2, false), delivered(3, false), last_word];
        let ended = Ended::Stopped(Stop::Draining);
        assert_eq!(stopped(rest).await, (vec![0, 1, 2, 3], ended));
    }
}

#[tokio::test]
async fn what_was_complete_by_then_is_not_refused() {
    let rest = vec![delivered(2, true)];
    assert_eq!(stopped(rest).await, (vec![0, 1, 2], Ended::Said));
}
