#![allow(clippy::unwrap_used, reason = "tests")]

use photonbox_channel::message::{BoxSizes, KeysPart};
use photonbox_entropy::health::{Alarm, Observed};
use photonbox_entropy::pool::{PoolConfig, SourceBlock};
use photonbox_entropy::provenance::Provenance;
use tokio::sync::watch;

use super::*;

/// A pool with full entropy that some source gave, and a desk on it.
fn desk(provenance: Provenance) -> (Arc<Entropy>, Arc<Desk>) {
    let config = PoolConfig {
        allow_simulated: true,
        ..PoolConfig::default()
    };
    let entropy = Entropy::new(config).unwrap();
    entropy
        .pool()
        .observe_lane("card", 0, Observed::Running)
        .unwrap();
    fill(&entropy, provenance);
    let turns = FairQueue::default();
    let desk = Desk::new(
        Arc::clone(&entropy),
        turns,
        None,
        BoxOptions::default(),
        true,
    );
    (entropy, desk)
}

fn fill(entropy: &Entropy, provenance: Provenance) {
    for number in 0..190 {
        let block = SourceBlock {
            source: "card",
            data: &[number; 48],
            credited_millibits: 383_616,
            raw_bits: 1024,
            lanes: 1,
            provenance,
        };
        entropy.absorb(block, entropy.copies()).unwrap();
    }
    entropy.maintain().unwrap();
    entropy.tell();
}

/// A gateway's request, without a channel around it.
struct Gateway {
    words: mpsc::Sender<Word>,
    out: mpsc::Receiver<Out>,
    stop: watch::Sender<Option<Stop>>,
    task: tokio::task::JoinHandle<Ended>,
}

fn gateway(desk: &Arc<Desk>, host: &'static str, peer: &str) -> Gateway {
    let wish = BoxWish {
        id: 9,
        peer: peer.into(),
        sizes: BoxSizes {
            s: 4,
            boxes: 3,
            keys: 2100,
        },
    };
    let (words, said) = mpsc::channel(4);
    let (outbox, out) = mpsc::channel(4);
    let (stop, stopping) = Stopping::new();
    let desk = Arc::clone(desk);
    let task = tokio::spawn(async move { desk.serve(host, wish, said, stopping, outbox).await });
    Gateway {
        words,
        out,
        stop,
        task,
    }
}

impl Gateway {
    async fn hears(&mut self) -> BoxOut {
        match self.out.recv().await.unwrap() {
            Out::Boxes(out) => out,
            _ => panic!("it is told of boxes only"),
        }
    }

    /// The next box, with its labels and in one piece.
    async fn keys(&mut self) -> (u64, u16, photonbox_channel::Provenance, Vec<u8>) {
        let mut all = Vec::new();
        loop {
            let out = self.hears().await;
            if let photonbox_channel::BoxMessage::Keys(KeysPart {
                orbit,
                number,
                first,
                provenance,
                keys,
                ..
            }) = out.message()
            {
                assert_eq!(usize::from(first), 1 + all.len() / KEY_BYTES);
                assert!(keys.len() <= 65_536);
                all.extend_from_slice(keys);
                if all.len() == 2100 * KEY_BYTES {
                    return (orbit, number, provenance, all);
                }
            }
        }
    }
}

/// What a live detector gave carries no label to the end; what a simulation, a recording or a pattern gave carries its own.
#[tokio::test]
async fn labels_stay_and_none_is_made_up() {
    let all = (0..8).filter_map(Provenance::from_bits);
    for provenance in all {
        let (entropy, desk) = desk(provenance);
        let (mut a, mut b) = (gateway(&desk, "a", "b"), gateway(&desk, "b", "a"));
        let (of_a, of_b) = (a.keys().await, b.keys().await);
        assert!(of_a == of_b);
        assert_eq!(of_a.2.to_bits(), provenance.to_bits());
        assert_eq!(desk.json()["pairs"][0]["label"], json!(label(provenance)));
        let report = entropy.pool().ledger_report();
        let entry = &report.deliveries[0];
        // An IP key and R_3.
        assert_eq!((entry.host.as_str(), entry.bytes), ("a+b", 64));
        assert_eq!((entry.provenance, entry.open), (provenance, true));
        assert_eq!(report.delivered_full_bits, 512);
        assert!(report.invariant_holds);
    }
}

#[tokio::test]
async fn a_gateway_that_says_it_is_done_ends_the_orbit_and_one_that_is_lost_does_not() {
    let (entropy, desk) = desk(Provenance::REAL);
    let (mut a, mut b) = (gateway(&desk, "a", "b"), gateway(&desk, "b", "a"));
    let (orbit, number, ..) = a.keys().await;
    b.keys().await;
    for gateway in [&a, &b] {
        let held = Word::Held { orbit, number };
        gateway.words.send(held).await.unwrap();
    }
    assert!(matches!(b.hears().await, BoxOut::Ready { number: 3, .. }));
    // Its channel is gone, and its task with it.
    b.task.abort();
    let _ = b.task.await;
    let waits = loop {
        if let BoxOut::Waits { code, .. } = a.hears().await {
            break code;
        }
    };
    assert_eq!(waits, RefusalCode::Unreachable);
    let mut b = gateway(&desk, "b", "a");
    let next = b.keys().await;
    assert_eq!((next.0, next.1), (orbit, 2));
    assert_eq!(a.keys().await.3, next.3);
    b.stop.send(Some(Stop::Cancelled)).unwrap();
    assert_eq!(b.task.await.unwrap(), Ended::Stopped(Stop::Cancelled));
    assert_eq!(desk.json()["memory_bytes"], 0);
    let report = entropy.pool().ledger_report();
    assert!(!report.deliveries[0].open, "its entry is over");
    assert_eq!(report.deliveries[0].bytes, 96, "an IP key and two R_i");
}

#[tokio::test]
async fn what_was_drawn_before_a_copy_is_given_to_nobody() {
    let (entropy, desk) = desk(Provenance::REAL);
    let (mut a, mut b) = (gateway(&desk, "a", "b"), gateway(&desk, "b", "a"));
    let before = a.keys().await;
    b.keys().await;
    entropy.copied(|| ());
    desk.copied();
    for gateway in [a, b] {
        assert_eq!(gateway.task.await.unwrap(), Ended::Said);
    }
    assert_eq!(desk.json()["memory_bytes"], 0);
    let (mut a, mut b) = (gateway(&desk, "a", "b"), gateway(&desk, "b", "a"));
    // Nothing is there that is new.
    let depleted = loop {
        match a.hears().await {
            BoxOut::Waits {
                code: RefusalCode::Unreachable,
                ..
            } => {}
            BoxOut::Waits { code, .. } => break code,
            _ => panic!("no box"),
        }
    };
    assert_eq!(depleted, RefusalCode::Depleted);
    fill(&entropy, Provenance::REAL);
    let after = a.keys().await;
    assert_eq!(b.keys().await.3, after.3);
    assert_ne!(after.0, before.0);
}

#[tokio::test]
async fn an_unhealthy_source_gives_no_box_until_it_is_well() {
    let (entropy, desk) = desk(Provenance::REAL);
    let (mut a, mut b) = (gateway(&desk, "a", "b"), gateway(&desk, "b", "a"));
    let (orbit, number, ..) = a.keys().await;
    b.keys().await;
    let failed = Observed::Alarm([Alarm::RateLow].into_iter().collect());
    entropy.pool().observe_lane("card", 0, failed).unwrap();
    for gateway in [&a, &b] {
        let held = Word::Held { orbit, number };
        gateway.words.send(held).await.unwrap();
    }
    // What was made before is good, and nothing else comes.
    for gateway in [&mut a, &mut b] {
        assert!(matches!(
            gateway.hears().await,
            BoxOut::Ready { number: 3, .. }
        ));
    }
    let next = Word::Next { orbit, number: 2 };
    a.words.send(next).await.unwrap();
    // Nor an orbit for others.
    let (mut c, mut d) = (gateway(&desk, "c", "d"), gateway(&desk, "d", "c"));
    for gateway in [&mut a, &mut b, &mut c, &mut d] {
        let code = loop {
            match gateway.hears().await {
                BoxOut::Waits {
                    code: RefusalCode::Unreachable,
                    ..
                } => {}
                BoxOut::Waits { code, .. } => break code,
                _ => panic!("a box of an unhealthy source"),
            }
        };
        assert_eq!(code, RefusalCode::Unhealthy);
    }
    let pairs = desk.json()["pairs"].clone();
    for pair in [&pairs[0], &pairs[1]] {
        assert!(
            pair["state"].as_str().unwrap().contains("unhealthy"),
            "{pair}"
        );
    }
    assert_eq!(
        (&pairs[0]["box"], &pairs[1]["box"]),
        (&json!(3), &Value::Null)
    );
    entropy.pool().rearm("card", 0).unwrap();
    entropy
        .pool()
        .observe_lane("card", 0, Observed::Running)
        .unwrap();
    fill(&entropy, Provenance::REAL);
    for gateway in [&mut a, &mut b] {
        assert_eq!(gateway.keys().await.1, 2);
    }
    assert_eq!(c.keys().await.3, d.keys().await.3);
}
