//! A peer that has the keys and breaks the rules: each fault has its answer, the peer is told,
//! and what came before is not lost.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

use crate::Event;
use crate::batch::{Batch, BatchKind, Point, SignedBatch};
use crate::channel::Channel;
use crate::control::{Control, Handshake};
use crate::error::{CloseReason, Error};
use crate::mlkem::MLKEM_LEN;
use crate::pair::{Pair, Setup, delivery, payloads};
use crate::record::{HEADER_LEN, Header, Kind, TAG_LEN};
use crate::schedule::Direction;
use crate::terms::Terms;
use crate::wire::to_vec;

/// Writes raw bytes inside TLS.
pub(crate) fn inject(channel: &mut Channel, bytes: &[u8]) {
    channel.layer.write_plain(bytes).unwrap();
}

/// Seals any plaintext under the channel's own key.
pub(crate) fn seal(channel: &mut Channel, kind: Kind, plain: &[u8]) -> Vec<u8> {
    let mut record = vec![0; HEADER_LEN + plain.len() + TAG_LEN];
    record[HEADER_LEN..HEADER_LEN + plain.len()].copy_from_slice(plain);
    let keys = channel.keys().unwrap();
    keys.send.sealer.seal(kind, &mut record).unwrap();
    record
}

fn control(channel: &mut Channel, message: &Control<'_>) -> Vec<u8> {
    let plain = to_vec(|out| message.encode(out));
    seal(channel, Kind::Control, &plain)
}

/// B closes for `reason`, A learns it, and the message sent before the fault is there.
fn check(mut pair: Pair, reason: CloseReason, name: &str) {
    pair.settle();
    assert!(
        matches!(pair.b_error, Some(Error::Fault(r, _)) if r == reason),
        "{name}: {}",
        pair.errors()
    );
    assert_eq!(payloads(&pair.b_events), b"before", "{name}");
    assert!(
        matches!(pair.b_events.last(), Some(Event::Closed { reason: r, by_peer: false, .. }) if *r == reason),
        "{name}: {:?}",
        pair.b_events
    );
    assert!(
        matches!(pair.a_events.last(), Some(Event::Closed { reason: r, by_peer: true, .. }) if *r == reason),
        "{name}: {:?}",
        pair.a_events
    );
    assert_eq!(pair.b.status(pair.now).closed, Some(reason));
}

const SHARE: Point = [4; 97];

fn batch(direction: Direction, first: u32, keys: &[Point]) -> Batch<'_> {
    Batch {
        direction,
        first,
        keys,
        mlkem_epoch: 0,
        mlkem: None,
    }
}

/// A batch with a good signature.
fn signed(a: &mut Channel, kind: BatchKind, batch: Batch<'_>) -> Vec<u8> {
    let signed = batch.sign(kind, &a.session, &a.identity).unwrap();
    match kind {
        BatchKind::Prekeys => control(a, &Control::Prekeys(signed)),
        BatchKind::Announcement => control(a, &Control::Announcement(signed)),
    }
}

fn announcement(a: &mut Channel, first: u32, keys: &[Point], mlkem: Option<u32>) -> Vec<u8> {
    let batch = Batch {
        mlkem_epoch: mlkem.unwrap_or(0),
        mlkem: mlkem.map(|_| &[7; MLKEM_LEN]),
        ..batch(Direction::AToB, first, keys)
    };
    signed(a, BatchKind::Announcement, batch)
}

fn prekeys(a: &mut Channel, first: u32, keys: &[Point]) -> Vec<u8> {
    signed(a, BatchKind::Prekeys, batch(Direction::BToA, first, keys))
}

fn starved(a: &mut Channel, direction: Direction, epoch: u32) -> Vec<u8> {
    control(a, &Control::Starved { direction, epoch })
}

/// A record that says it is of this epoch.
fn of_epoch(epoch: u32) -> Vec<u8> {
    let header = Header {
        kind: Kind::Data,
        epoch,
        counter: 0,
        length: 40,
    };
    [&header.to_bytes()[..], &[0; 40]].concat()
}

type Fault = fn(&mut Channel) -> Vec<u8>;

#[test]
fn every_fault_in_an_open_channel_has_its_answer() {
    let faults: &[(&str, CloseReason, Fault)] = &[
        ("magic", CloseReason::BadMagic, |_| {
            b"GET / HTTP/1.1\r\n\r\n  ".to_vec()
        }),
        ("version", CloseReason::BadVersion, |a| {
            let mut record = control(a, &Control::Ping { token: 1 });
            record[4] = 9;
            record
        }),
        ("kind", CloseReason::UnknownKind, |a| {
            let mut record = control(a, &Control::Ping { token: 1 });
            record[5] = 77;
            record
        }),
        ("oversized", CloseReason::Oversized, |a| {
            let mut record = control(a, &Control::Ping { token: 1 });
            record[16] = 1;
            record
        }),
        ("tag", CloseReason::BadTag, |a| {
            let mut record = control(a, &Control::Ping { token: 1 });
            *record.last_mut().unwrap() ^= 1;
            record
        }),
        ("replay", CloseReason::Replayed, |a| {
            let record = control(a, &Control::Ping { token: 1 });
            [&record[..], &record[..]].concat()
        }),
        ("reorder", CloseReason::Reordered, |a| {
            let first = control(a, &Control::Ping { token: 1 });
            let second = control(a, &Control::Ping { token: 2 });
            [second, first].concat()
        }),
        ("message", CloseReason::BadMessage, |a| {
            seal(a, Kind::Data, &[250, 1, 2])
        }),
        ("control", CloseReason::UnknownKind, |a| {
            seal(a, Kind::Control, &[250])
        }),
        ("cut control", CloseReason::BadMessage, |a| {
            seal(a, Kind::Control, &[4, 0])
        }),
        ("retired control", CloseReason::UnknownKind, |a| {
            seal(a, Kind::Control, &[2])
        }),
        ("cut batch", CloseReason::BadMessage, |a| {
            seal(a, Kind::Control, &[7, 0, 0])
        }),
        ("ready again", CloseReason::Unexpected, |a| {
            control(a, &Control::Ready)
        }),
        ("clear data", CloseReason::Unexpected, |_| {
            let terms = Terms::default();
            let body = to_vec(|out| {
                Handshake::Share {
                    terms,
                    share: SHARE,
                }
                .encode(out)
            });
            let header = Header {
                kind: Kind::Clear,
                epoch: 0,
                counter: 1,
                length: body.len() as u32,
            };
            [&header.to_bytes()[..], &body[..]].concat()
        }),
        ("clear replayed", CloseReason::Replayed, |_| {
            let header = Header {
                kind: Kind::Clear,
                epoch: 0,
                counter: 0,
                length: 1,
            };
            [&header.to_bytes()[..], &[1]].concat()
        }),
        (
            "epoch that nobody announced",
            CloseReason::WrongEpoch,
            |_| of_epoch(1),
        ),
        ("epoch ahead", CloseReason::WrongEpoch, |a| {
            let announced = announcement(a, 1, &[SHARE; 2], None);
            [announced, of_epoch(2)].concat()
        }),
        ("announced key", CloseReason::BadKey, |a| {
            let announced = announcement(a, 1, &[SHARE], None);
            [announced, of_epoch(1)].concat()
        }),
        ("announcement's epoch", CloseReason::BadRekey, |a| {
            announcement(a, 2, &[SHARE], None)
        }),
        ("announced twice", CloseReason::BadRekey, |a| {
            let first = announcement(a, 1, &[SHARE], None);
            [first, announcement(a, 1, &[SHARE], None)].concat()
        }),
        ("announcement's direction", CloseReason::BadRekey, |a| {
            let batch = batch(Direction::BToA, 1, &[SHARE]);
            signed(a, BatchKind::Announcement, batch)
        }),
        ("announcement beyond prekeys", CloseReason::BadRekey, |a| {
            announcement(a, 1, &[SHARE; 5], None)
        }),
        ("announcement's signature", CloseReason::BadSignature, |a| {
            a.session[0] ^= 1;
            announcement(a, 1, &[SHARE], None)
        }),
        ("prekeys' signature", CloseReason::BadSignature, |a| {
            a.session[31] ^= 1;
            prekeys(a, 5, &[SHARE])
        }),
        ("signed as the other kind", CloseReason::BadSignature, |a| {
            let batch = batch(Direction::BToA, 5, &[SHARE]);
            let signed = batch
                .sign(BatchKind::Announcement, &a.session, &a.identity)
                .unwrap();
            control(a, &Control::Prekeys(signed))
        }),
        ("no signature", CloseReason::BadSignature, |a| {
            let batch = batch(Direction::BToA, 5, &[SHARE]);
            let signature = (&[][..]).into();
            control(a, &Control::Prekeys(SignedBatch { batch, signature }))
        }),
        ("prekeys' epoch", CloseReason::BadRekey, |a| {
            prekeys(a, 4, &[SHARE])
        }),
        ("prekeys' direction", CloseReason::BadRekey, |a| {
            let batch = batch(Direction::AToB, 5, &[SHARE]);
            signed(a, BatchKind::Prekeys, batch)
        }),
        ("prekeys without end", CloseReason::BadRekey, |a| {
            let many = |n: u32| prekeys(a, 5 + 256 * n, &[SHARE; 256]);
            (0..16).flat_map(many).collect()
        }),
        (
            "encapsulation keys without end",
            CloseReason::BadRekey,
            |a| {
                let mlkem = Some(&[1; MLKEM_LEN]);
                let batch = Batch {
                    mlkem,
                    ..batch(Direction::BToA, 5, &[])
                };
                let another = |_| signed(a, BatchKind::Prekeys, batch);
                (0..64).flat_map(another).collect()
            },
        ),
        ("ciphertext for a later epoch", CloseReason::BadRekey, |a| {
            announcement(a, 1, &[SHARE], Some(2))
        }),
        ("ciphertext for an epoch gone", CloseReason::BadRekey, |a| {
            // 2^32 − 1 stands for "before".
            announcement(a, 1, &[SHARE], Some(u32::MAX))
        }),
        ("second ciphertext", CloseReason::BadRekey, |a| {
            // As if it had used the key that it says it used.
            a.keys().unwrap().send.mlkem_keys.clear();
            let first = announcement(a, 1, &[SHARE], Some(1));
            [first, announcement(a, 2, &[SHARE], Some(2))].concat()
        }),
        ("starved of another epoch", CloseReason::BadRekey, |a| {
            starved(a, Direction::AToB, 2)
        }),
        ("starved of another direction", CloseReason::BadRekey, |a| {
            starved(a, Direction::BToA, 1)
        }),
        ("starved twice", CloseReason::BadRekey, |a| {
            let first = starved(a, Direction::AToB, 1);
            [first, starved(a, Direction::AToB, 1)].concat()
        }),
    ];
    for (name, reason, fault) in faults {
        let mut pair = Setup::new().rekey(0, 0).open();
        pair.a.send(&delivery(0, b"before")).unwrap();
        let bytes = fault(&mut pair.a);
        inject(&mut pair.a, &bytes);
        check(pair, *reason, name);
    }
}

#[test]
fn tls_that_ends_without_a_close_message_is_a_truncation() {
    let mut pair = Setup::new().open();
    pair.a.send(&delivery(0, b"before")).unwrap();
    pair.a.layer.close();
    pair.settle();
    assert_eq!(payloads(&pair.b_events), b"before");
    assert!(matches!(
        pair.b_error,
        Some(Error::Fault(CloseReason::Truncated, _))
    ));
}

/// What B makes of a clear message that comes in place of A's portion.
pub(crate) fn in_place_of_the_portion(message: &[u8]) -> Result<(), Error> {
    // A stops short of its own portion, so that what comes in its place is ours.
    let setup = Setup::new();
    let source = setup.a_source.clone();
    let mut pair = setup.join();
    pair.b.take_outgoing(&mut pair.to_a);
    pair.a.read_from_wire(&pair.to_a, pair.now).unwrap();
    pair.to_a.clear();
    source.set_budget(0);
    pair.a.take_outgoing(&mut pair.to_b);
    pair.b.read_from_wire(&pair.to_b, pair.now).unwrap();
    pair.to_b.clear();
    pair.b.take_outgoing(&mut pair.to_a);
    // B's certificate and Finished, given to A's TLS alone.
    let mut rest = &pair.to_a[..];
    while !rest.is_empty() {
        pair.a.layer.read_wire(&mut rest).unwrap();
        pair.a.layer.process().unwrap();
    }
    let header = Header {
        kind: Kind::Clear,
        epoch: 0,
        counter: 0,
        length: message.len() as u32,
    };
    inject(&mut pair.a, &header.to_bytes());
    inject(&mut pair.a, message);
    let mut wire = Vec::new();
    pair.a.take_outgoing(&mut wire);
    pair.b.read_from_wire(&wire, pair.now).map(drop)
}

#[test]
fn a_source_that_runs_dry_between_epochs_never_reuses_a_key() {
    let setup = Setup::new().rekey(2, 0);
    let source = setup.a_source.clone();
    let mut pair = setup.open();
    source.set_budget(0);
    assert!(pair.a.send(&delivery(0, b"one")).is_ok());
    assert!(pair.a.send(&delivery(1, b"two")).is_ok());
    assert!(pair.a.send(&delivery(2, b"three")).is_err());
    assert!(pair.a.is_closed() && pair.a.keys().is_none());
}
