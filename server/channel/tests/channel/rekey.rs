//! Step 6: rekeying by packets, time and records; queues; back-pressure; keepalive.
//!
//! Shows T8 (`docs/threat-model.md`).

use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::{CloseReason, Error, Event, KeyStock, SendError, WhenExhausted, Workers};
use proptest::prelude::*;

use crate::pair::{Pair, Setup, delivery, payloads};

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
    // The 55th would be for the packet that isn't there.
    assert_eq!(status.epoch, 54);
    assert_eq!(status.rekeys, 54);
    assert_eq!(pair.b.status(pair.now).epoch, 0);
    assert!(pair.a.is_flushed());
}

#[test]
fn at_n_1_every_packet_has_its_own_epoch() {
    let mut pair = Setup::new().rekey(1, 0).open();
    for i in 0..30 {
        pair.a.send(&delivery(i, &[i as u8; 16])).unwrap();
        pair.settle();
        let (a, b) = (pair.a.status(pair.now), pair.b.status(pair.now));
        assert_eq!(u64::from(a.epoch), i);
        assert_eq!(b.epoch_receive, a.epoch);
        assert_eq!(a.packets_left, Some(0));
        assert_eq!(a.starved, 0);
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
    assert_eq!((status.epoch, status.epoch_receive), (199, 199));
    assert_eq!(status.rekeys, 398);
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
fn a_record_in_driblets_holds_no_channel() {
    let mut pair = Setup::new().rekey(0, 0).open();
    let begun = pair.now;
    pair.b.send(&delivery(1, &[1; 60_000])).unwrap();
    let mut record = Vec::new();
    pair.b.take_outgoing(&mut record);
    // A byte each 200 ms is no silence, and no record for more than an hour.
    let ended = record.iter().find_map(|byte| {
        pair.now += Duration::from_millis(200);
        pair.a.read_from_wire(&[*byte], pair.now).unwrap();
        pair.a.take_outgoing(&mut Vec::new());
        pair.a.handle_timeout(pair.now).err()
    });
    assert!(
        matches!(ended, Some(Error::Fault(CloseReason::KeepaliveTimeout, _))),
        "{ended:?}"
    );
    assert_eq!(pair.now - begun, Duration::from_secs(60));
}

#[test]
fn who_keeps_sending_asks_a_silent_peer_before_giving_it_up() {
    let mut setup = Setup::new().rekey(0, 0);
    setup.client.settings.keepalive = Duration::from_millis(500);
    let mut pair = setup.open();
    for i in 0..50 {
        pair.b.send(&delivery(i, &[1; 16])).unwrap();
        pair.settle();
        pair.pass(Duration::from_millis(200));
    }
    assert!(pair.a.is_open() && pair.b.is_open(), "{}", pair.errors());
    // Without answers it ends after three times the keepalive, whatever it sends.
    let mute = pair.now;
    let mut ended = None;
    for i in 0..50 {
        pair.now += Duration::from_millis(100);
        if pair.b.handle_timeout(pair.now).is_err() {
            ended = Some(pair.now - mute);
            break;
        }
        pair.b.send(&delivery(i, &[1; 16])).unwrap();
        pair.b.take_outgoing(&mut Vec::new());
    }
    assert!(
        ended.is_some_and(|after| after <= Duration::from_millis(1600)),
        "{ended:?}"
    );
}

/// Sends until data waits for prekeys, with nothing brought to the other side; how many messages went out.
fn exhaust(pair: &mut Pair) -> u64 {
    (0..)
        .find(|i| {
            pair.a.send(&delivery(*i, &[0; 16])).unwrap();
            pair.a.status(pair.now).starved > 0
        })
        .unwrap()
}

#[test]
fn prekeys_that_do_not_come_in_time_end_the_channel() {
    let mut setup = Setup::new().rekey(1, 0);
    setup.server.settings.keepalive = Duration::from_secs(1000);
    let mut pair = setup.open();
    // One packet in the first epoch and one for each of four prekeys.
    assert_eq!(exhaust(&mut pair), 5);
    let late = pair.now + Duration::from_secs(30);
    assert_eq!(pair.a.next_timeout(), Some(late));
    assert!(matches!(
        pair.a.handle_timeout(late),
        Err(Error::Fault(CloseReason::RekeyTimeout, _))
    ));
}

#[test]
fn exhausted_prekeys_hold_data_back_until_more_come() {
    let mut pair = Setup::new().rekey(1, 0).open();
    assert_eq!(exhaust(&mut pair), 5);
    assert_eq!(pair.a.status(pair.now).prekeys, 0);
    assert!(!pair.a.is_flushed());
    pair.settle();
    let status = pair.a.status(pair.now);
    assert_eq!((status.epoch, status.starved), (5, 1));
    assert_eq!(status.stepped_down, 0);
    assert_eq!(payloads(&pair.b_events).len(), 6 * 16);
    // B learnt of it, and gives more ahead from now on.
    assert_eq!(pair.b.status(pair.now).prekeys_window, 8);
    assert!(status.prekeys >= 5, "{}", status.prekeys);
}

#[test]
fn stepping_down_needs_both_sides_and_shows() {
    for (client, server) in [(true, true), (true, false), (false, true)] {
        let mut setup = Setup::new().rekey(1, 0);
        for (settings, wish) in [
            (&mut setup.client.settings, client),
            (&mut setup.server.settings, server),
        ] {
            if wish {
                settings.when_exhausted = WhenExhausted::StepDown;
            }
        }
        let mut pair = setup.open();
        assert_eq!(exhaust(&mut pair), 5);
        for i in 0..10 {
            pair.a.send(&delivery(i, &[1; 16])).unwrap();
        }
        let both = client && server;
        let status = pair.a.status(pair.now);
        assert_eq!(status.stepped_down, u64::from(both));
        assert_eq!(status.epoch, 4);
        pair.b.take_outgoing(&mut pair.to_a);
        let mut wire = Vec::new();
        pair.a.take_outgoing(&mut wire);
        pair.to_b = wire;
        pair.settle();
        assert_eq!(payloads(&pair.b_events).len(), 16 * 16);
        let events = &pair.a_events;
        let told = |event: &Event| matches!(event, Event::SteppedDown { epoch: 4 });
        assert_eq!(events.iter().filter(|e| told(e)).count(), usize::from(both));
        // With prekeys again every packet has its epoch again.
        let before = pair.a.status(pair.now).epoch;
        for i in 0..3 {
            pair.a.send(&delivery(i, &[2; 16])).unwrap();
        }
        assert_eq!(pair.a.status(pair.now).epoch, before + 3);
    }
}

/// Streams at N = 1 with a delay of so many exchanges between the ends; the most and the last window.
fn window_under_delay(pair: &mut Pair, packets: u64) -> usize {
    for i in 0..packets {
        while pair.a.send(&delivery(i, &[3; 16])) == Err(SendError::WouldBlock) {
            pair.settle();
        }
        // A round trip takes as long as forty packets.
        if i % 40 == 0 {
            pair.step(usize::MAX);
        }
    }
    pair.settle();
    pair.b.status(pair.now).prekeys_window
}

#[test]
fn the_window_follows_bandwidth_and_delay() {
    let mut setup = Setup::new().rekey(1, 0);
    setup.client.settings.prekeys_most = 200;
    let mut pair = setup.open();
    let wide = window_under_delay(&mut pair, 2000);
    assert!((64..=200).contains(&wide), "{wide}");
    let starved = pair.a.status(pair.now).starved;
    window_under_delay(&mut pair, 2000);
    let still = pair.a.status(pair.now).starved;
    assert!(
        still - starved <= 2,
        "it has learnt: {starved} then {still}"
    );
    // A packet a second needs no such window.
    for i in 0..200 {
        pair.a.send(&delivery(i, &[4; 16])).unwrap();
        pair.settle();
        pair.pass(Duration::from_secs(1));
    }
    assert_eq!(pair.b.status(pair.now).prekeys_window, 4);
    assert_eq!(payloads(&pair.b_events).len(), 4200 * 16);
}

#[test]
fn prekeys_never_exceed_the_settings_of_who_gives_them() {
    let mut setup = Setup::new().rekey(1, 0);
    setup.client.settings.prekeys_least = 2;
    setup.client.settings.prekeys_most = 16;
    let mut pair = setup.open();
    assert_eq!(pair.a.status(pair.now).prekeys, 2);
    for i in 0..1000 {
        while pair.a.send(&delivery(i, &[3; 16])) == Err(SendError::WouldBlock) {
            pair.settle();
        }
        if i % 30 == 0 {
            pair.step(usize::MAX);
        }
        assert!(pair.a.status(pair.now).prekeys <= 16);
    }
    pair.settle();
    assert_eq!(pair.b.status(pair.now).prekeys_window, 16);
}

/// N_pq and T_pq of both sides.
fn pq_terms(setup: &mut Setup, epochs: u32, seconds: u32) {
    for settings in [&mut setup.client.settings, &mut setup.server.settings] {
        settings.pq_epochs = std::num::NonZeroU32::new(epochs);
        settings.pq_seconds = std::num::NonZeroU32::new(seconds);
    }
}

#[test]
fn ml_kem_waits_for_no_round_trip() {
    // Ten encapsulation keys a round trip.
    let mut setup = Setup::new().rekey(1, 0);
    pq_terms(&mut setup, 4, 0);
    let mut pair = setup.open();
    window_under_delay(&mut pair, 1000);
    let before = pair.a.status(pair.now);
    window_under_delay(&mut pair, 1000);
    let after = pair.a.status(pair.now);
    assert!(
        after.starved - before.starved <= 2,
        "it has learnt: {before:?} then {after:?}"
    );
    assert_eq!(after.pq_rekeys - before.pq_rekeys, 250);
    assert_eq!(payloads(&pair.b_events).len(), 2000 * 16);
}

#[test]
fn ml_kem_comes_into_the_chain_by_epochs_and_by_time() {
    let mut setup = Setup::new().rekey(1, 0);
    pq_terms(&mut setup, 10, 0);
    let mut pair = setup.open();
    for i in 0..101 {
        pair.a.send(&delivery(i, &[5; 16])).unwrap();
        pair.settle();
    }
    let status = pair.a.status(pair.now);
    assert_eq!((status.epoch, status.pq_rekeys), (100, 10));

    let mut setup = Setup::new().rekey(0, 60);
    pq_terms(&mut setup, 0, 150);
    let mut pair = setup.open();
    pair.pass(Duration::from_secs(905));
    for status in [pair.a.status(pair.now), pair.b.status(pair.now)] {
        // Every third of the steps at 60, 120, 180, … s.
        assert_eq!((status.epoch, status.pq_rekeys), (15, 5));
    }

    let mut setup = Setup::new().rekey(1, 0);
    pq_terms(&mut setup, 0, 0);
    let mut pair = setup.open();
    for i in 0..300 {
        pair.a.send(&delivery(i, &[5; 16])).unwrap();
        pair.settle();
    }
    assert_eq!(pair.a.status(pair.now).pq_rekeys, 0);
}

#[test]
fn a_step_by_time_reaches_an_idle_receiver_at_once() {
    let mut pair = Setup::new().rekey(0, 60).open();
    pair.pass(Duration::from_secs(61));
    let (a, b) = (pair.a.status(pair.now), pair.b.status(pair.now));
    assert_eq!((a.epoch, b.epoch_receive), (1, 1));
    assert_eq!((b.epoch, a.epoch_receive), (1, 1));
}

#[test]
fn ready_made_keys_are_used_and_those_from_before_the_portion_are_not() {
    struct AtOnce;
    impl Workers for AtOnce {
        fn run(&self, job: Box<dyn FnOnce() + Send>) {
            job();
        }
    }
    let mut setup = Setup::new().rekey(1, 0);
    let stock = KeyStock::new(setup.b_source.clone(), Arc::new(AtOnce), 32);
    assert!(stock.take().is_none());
    assert_eq!(stock.ready(), 32);
    let early: Vec<_> = (0..4).map(|_| *stock.take().unwrap().public()).collect();
    assert_eq!(early.len(), 4);
    setup.client.stock = Some(stock.clone());
    let source = setup.b_source.clone();
    let before = source.drawn();
    let mut pair = setup.open();
    // The 28 were thrown away when the portion was mixed in, and the first key asked for brought new ones.
    let drawn = source.drawn() - before;
    assert!(drawn >= 32, "{drawn}");
    let ready = stock.ready();
    for i in 0..100 {
        pair.a.send(&delivery(i, &[6; 16])).unwrap();
        pair.settle();
    }
    assert!(ready <= 32 && stock.ready() <= 32);
    assert_eq!(payloads(&pair.b_events).len(), 1600);
}

#[test]
fn a_source_that_fails_later_ends_the_channel_and_says_so() {
    let setup = Setup::new().rekey(2, 0);
    let source = setup.b_source.clone();
    let mut pair = setup.open();
    source.set_budget(0);
    // Four prekeys are out; when two are used, two more are to be made.
    for i in 0..6 {
        pair.a.send(&delivery(i, &[i as u8; 16])).unwrap();
    }
    pair.settle();
    assert!(matches!(pair.b_error, Some(Error::Source(_))));
    // What came before is not lost, and A learns why.
    assert_eq!(payloads(&pair.b_events).len(), 5 * 16);
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
