//! Step 6: rekeying by packets, time and records; queues; back-pressure; keepalive.
//!
//! Shows T8 (`docs/threat-model.md`).

use std::time::Duration;

use photonbox_channel::{CloseReason, Error, Event, SendError};
use proptest::prelude::*;

use crate::pair::{Setup, delivery, payloads};

fn pattern(len: usize, salt: u8) -> Vec<u8> {
    (0..len)
        .map(|i| (i as u8).wrapping_mul(31) ^ (i >> 8) as u8 ^ salt)
        .collect()
}

#[test]
fn fifty_rekeys_at_n_20_lose_nothing() {
    let mut pair = Setup::new().rekey(20, 0).open();
    let sent = pattern(1100 * 64, 1);
    for (i, chunk) in sent.chunks(64).enumerate() {
        while pair.a.send(&delivery(i as u64, chunk)) == Err(SendError::WouldBlock) {
            pair.settle();
        }
    }
    pair.settle();
    assert_eq!(payloads(&pair.b_events), sent);
    let status = pair.a.status(pair.now);
    assert_eq!(status.epoch, 55);
    assert_eq!(status.rekeys, 55);
    assert_eq!(pair.b.status(pair.now).epoch, 0);
    assert!(pair.a.is_flushed());
}

#[test]
fn at_n_1_every_packet_has_its_own_epoch() {
    let mut pair = Setup::new().rekey(1, 0).open();
    for i in 0..30 {
        let before = pair.a.status(pair.now).epoch;
        pair.a.send(&delivery(i, &[i as u8; 16])).unwrap();
        pair.settle();
        assert_eq!(pair.a.status(pair.now).epoch, before + 1);
        assert_eq!(pair.a.status(pair.now).packets_left, Some(1));
    }
    assert_eq!(payloads(&pair.b_events).len(), 30 * 16);
}

#[test]
fn both_sides_streaming_at_n_1_do_not_deadlock() {
    let mut pair = Setup::new().rekey(1, 0).open();
    let (from_a, from_b) = (pattern(200 * 100, 2), pattern(200 * 100, 3));
    for i in 0..200 {
        pair.a
            .send(&delivery(i as u64, &from_a[i * 100..][..100]))
            .unwrap();
        pair.b
            .send(&delivery(i as u64, &from_b[i * 100..][..100]))
            .unwrap();
    }
    pair.settle();
    assert_eq!(payloads(&pair.b_events), from_a);
    assert_eq!(payloads(&pair.a_events), from_b);
    let status = pair.a.status(pair.now);
    assert_eq!((status.epoch, status.epoch_receive), (200, 199));
    // The last of B's rekeys is answered but no record of its new epoch has come.
    assert_eq!(status.rekeys, 400);
}

#[test]
fn rekeys_by_time() {
    let mut pair = Setup::new().rekey(0, 60).open();
    pair.pass(Duration::from_secs(605));
    let (a, b) = (pair.a.status(pair.now), pair.b.status(pair.now));
    assert_eq!((a.epoch, b.epoch), (10, 10));
    assert_eq!(a.rekeys, 20);
    assert_eq!(a.seconds_left, Some(55));
    assert_eq!(a.packets_left, None);
    assert!(pair.a_error.is_none() && pair.b_error.is_none());
}

#[test]
fn the_stricter_of_both_sides_terms_holds() {
    let mut setup = Setup::new().rekey(0, 0);
    setup.client.settings.rekey_packets = std::num::NonZeroU64::new(5);
    setup.server.settings.rekey_seconds = std::num::NonZeroU32::new(9);
    let pair = setup.open();
    for status in [pair.a.status(pair.now), pair.b.status(pair.now)] {
        assert_eq!(
            (status.packets_left, status.seconds_left),
            (Some(5), Some(9))
        );
    }
}

#[test]
fn without_n_and_t_the_records_limit_forces_rekeys() {
    let mut setup = Setup::new().rekey(0, 0);
    setup.server.settings.record_limit = 64;
    let mut pair = setup.open();
    let sent = pattern(500 * 16, 4);
    for (i, chunk) in sent.chunks(16).enumerate() {
        pair.a.send(&delivery(i as u64, chunk)).unwrap();
        if i % 10 == 0 {
            pair.settle();
        }
    }
    pair.settle();
    assert_eq!(payloads(&pair.b_events), sent);
    let epochs = pair.a.status(pair.now).epoch;
    assert!((12..=20).contains(&epochs), "{epochs}");
}

#[test]
fn data_waits_for_a_rekey_and_send_says_would_block_above_the_bound() {
    let mut setup = Setup::new().rekey(1, 0);
    setup.server.settings.queue_bytes = 10_000;
    let mut pair = setup.open();
    let mut sent = Vec::new();
    let blocked = (0..1000).find(|i| {
        let chunk = pattern(1000, *i as u8);
        match pair.a.send(&delivery(*i, &chunk)) {
            Ok(()) => {
                sent.extend_from_slice(&chunk);
                false
            }
            Err(error) => {
                assert_eq!(error, SendError::WouldBlock);
                true
            }
        }
    });
    let blocked = blocked.unwrap();
    assert!((9..=11).contains(&blocked), "{blocked}");
    assert!(!pair.a.can_send() && !pair.a.is_flushed());
    pair.settle();
    assert!(pair.a.can_send() && pair.a.is_flushed());
    assert_eq!(payloads(&pair.b_events), sent);
}

#[test]
fn the_receiver_stops_reading_when_its_events_are_not_taken() {
    let mut setup = Setup::new().rekey(0, 0);
    setup.client.settings.receive_bytes = 50_000;
    setup.server.settings.queue_bytes = 10_000_000;
    let mut pair = setup.open();
    let chunk = pattern(10_000, 5);
    for i in 0..100 {
        pair.a.send(&delivery(i, &chunk)).unwrap();
    }
    let mut wire = Vec::new();
    pair.a.take_outgoing(&mut wire);
    let taken = pair.b.read_from_wire(&wire, pair.now).unwrap();
    assert!(taken < 120_000, "{taken}");
    assert_eq!(pair.b.read_from_wire(&wire[taken..], pair.now).unwrap(), 0);
    pair.to_b = wire.split_off(taken);
    pair.settle();
    assert_eq!(payloads(&pair.b_events).len(), 1_000_000);
}

#[test]
fn the_longest_messages_pass_and_longer_ones_do_not() {
    let mut pair = Setup::new().open();
    let payload = pattern(64 * 1024, 6);
    pair.a.send(&delivery(0, &payload)).unwrap();
    pair.settle();
    assert_eq!(payloads(&pair.b_events), payload);
    let payload = pattern(80 * 1024, 6);
    assert_eq!(
        pair.a.send(&delivery(1, &payload)),
        Err(SendError::TooLarge)
    );
}

#[test]
fn keepalive_keeps_and_silence_ends() {
    let mut pair = Setup::new().rekey(0, 0).open();
    pair.pass(Duration::from_secs(600));
    assert!(pair.a.is_open() && pair.b.is_open(), "{}", pair.errors());
    let dead = pair.now + Duration::from_secs(46);
    assert!(matches!(
        pair.a.handle_timeout(dead),
        Err(Error::Fault(CloseReason::KeepaliveTimeout, _))
    ));
}

#[test]
fn an_unanswered_rekey_ends_the_channel() {
    let mut setup = Setup::new().rekey(1, 0);
    setup.server.settings.keepalive = Duration::from_secs(1000);
    let mut pair = setup.open();
    pair.a.send(&delivery(0, &[0; 16])).unwrap();
    let late = pair.now + Duration::from_secs(30);
    assert_eq!(pair.a.next_timeout(), Some(late));
    assert!(matches!(
        pair.a.handle_timeout(late),
        Err(Error::Fault(CloseReason::RekeyTimeout, _))
    ));
}

#[test]
fn a_source_that_fails_later_ends_the_channel_and_says_so() {
    let setup = Setup::new().rekey(2, 0);
    let source = setup.b_source.clone();
    let mut pair = setup.open();
    source.set_budget(0);
    for i in 0..3 {
        pair.a.send(&delivery(i, &[i as u8; 16])).unwrap();
    }
    pair.settle();
    assert!(matches!(pair.b_error, Some(Error::Source(_))));
    // What came before is not lost, and A learns why.
    assert_eq!(payloads(&pair.b_events).len(), 32);
    assert!(matches!(
        pair.a_events.last(),
        Some(Event::Closed {
            reason: CloseReason::SourceExhausted,
            by_peer: true,
            ..
        })
    ));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn any_chunking_of_the_wire_gives_the_same_messages(
        chunk in 1_usize..3000,
        n in 0_u64..8,
        sizes in proptest::collection::vec(1_usize..5000, 1..20),
    ) {
        let mut pair = Setup::new().rekey(n, 0).join();
        pair.settle_in(chunk);
        prop_assert!(pair.a.is_open());
        let mut sent = Vec::new();
        for (i, size) in sizes.iter().enumerate() {
            let payload = pattern(*size, i as u8);
            pair.a.send(&delivery(i as u64, &payload)).unwrap();
            pair.b.send(&delivery(i as u64, &payload)).unwrap();
            sent.extend_from_slice(&payload);
        }
        pair.settle_in(chunk);
        prop_assert_eq!(&payloads(&pair.a_events), &sent);
        prop_assert_eq!(&payloads(&pair.b_events), &sent);
    }
}
