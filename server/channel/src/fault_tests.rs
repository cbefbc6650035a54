//! A peer that has the keys and breaks the rules: each fault has its answer, the peer is told,
//! and what came before is not lost.
#![allow(clippy::unwrap_used)] // an unexpected error must fail the test

#[path = "../tests/channel/pair.rs"]
#[allow(dead_code)] // this file uses a part of it
mod pair;

use std::io::Write;

use self::pair::{Pair, Setup, delivery, payloads};
use crate::Event;
use crate::channel::Channel;
use crate::control::{Control, Handshake, Terms};
use crate::error::{CloseReason, Error};
use crate::record::{HEADER_LEN, Header, Kind, TAG_LEN};
use crate::schedule::Direction;
use crate::wire::to_vec;

/// Writes raw bytes inside TLS.
fn inject(channel: &mut Channel, bytes: &[u8]) {
    channel.tls.writer().write_all(bytes).unwrap();
}

/// Seals any plaintext under the channel's own key.
fn seal(channel: &mut Channel, kind: Kind, plain: &[u8]) -> Vec<u8> {
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

type Fault = fn(&mut Channel) -> Vec<u8>;

#[test]
fn every_fault_in_an_open_channel_has_its_answer() {
    const SHARE: [u8; 97] = [4; 97];
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
        ("prekeys", CloseReason::ReservedSlot, |a| {
            seal(a, Kind::Control, &[7, 0, 0])
        }),
        ("ready again", CloseReason::Unexpected, |a| {
            control(a, &Control::Ready)
        }),
        ("clear data", CloseReason::Unexpected, |_| {
            let terms = Terms {
                packets: 0,
                seconds: 0,
            };
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
        ("rekey share", CloseReason::BadKey, |a| {
            control(
                a,
                &Control::RekeyRequest {
                    direction: Direction::AToB,
                    epoch: 1,
                    share: SHARE,
                },
            )
        }),
        ("rekey epoch", CloseReason::BadRekey, |a| {
            control(
                a,
                &Control::RekeyRequest {
                    direction: Direction::AToB,
                    epoch: 2,
                    share: SHARE,
                },
            )
        }),
        ("rekey direction", CloseReason::BadRekey, |a| {
            control(
                a,
                &Control::RekeyRequest {
                    direction: Direction::BToA,
                    epoch: 1,
                    share: SHARE,
                },
            )
        }),
        ("reply unasked", CloseReason::BadRekey, |a| {
            control(
                a,
                &Control::RekeyReply {
                    direction: Direction::BToA,
                    epoch: 1,
                    share: SHARE,
                },
            )
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
    pair.a.tls.send_close_notify();
    pair.settle();
    assert_eq!(payloads(&pair.b_events), b"before");
    assert!(matches!(
        pair.b_error,
        Some(Error::Fault(CloseReason::Truncated, _))
    ));
}

#[test]
fn handshake_messages_out_of_turn_or_malformed_close() {
    for (bytes, reason) in [
        (vec![9], CloseReason::BadMessage),
        (vec![1, 0], CloseReason::BadMessage),
        (
            to_vec(|out| {
                Handshake::Share {
                    terms: Terms {
                        packets: 0,
                        seconds: 0,
                    },
                    share: [4; 97],
                }
                .encode(out);
            }),
            CloseReason::Unexpected,
        ),
        (
            to_vec(|out| {
                Handshake::Portion {
                    terms: Terms {
                        packets: 0,
                        seconds: 0,
                    },
                    share: [4; 97],
                    portion: &[1; 15],
                }
                .encode(out);
            }),
            CloseReason::BadMessage,
        ),
        (
            to_vec(|out| {
                Handshake::Portion {
                    terms: Terms {
                        packets: 0,
                        seconds: 0,
                    },
                    share: [4; 97],
                    portion: &[1; 64],
                }
                .encode(out);
            }),
            CloseReason::BadKey,
        ),
    ] {
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
            pair.a.tls.read_tls(&mut rest).unwrap();
            pair.a.tls.process_new_packets().unwrap();
        }
        let header = Header {
            kind: Kind::Clear,
            epoch: 0,
            counter: 0,
            length: bytes.len() as u32,
        };
        inject(&mut pair.a, &header.to_bytes());
        inject(&mut pair.a, &bytes);
        let mut wire = Vec::new();
        pair.a.take_outgoing(&mut wire);
        let result = pair.b.read_from_wire(&wire, pair.now);
        assert!(
            matches!(result, Err(Error::Fault(r, _)) if r == reason),
            "{reason:?} {result:?}"
        );
    }
}

#[test]
fn a_source_that_runs_dry_between_epochs_never_reuses_a_key() {
    let setup = Setup::new().rekey(2, 0);
    let source = setup.a_source.clone();
    let mut pair = setup.open();
    source.set_budget(0);
    assert!(pair.a.send(&delivery(0, b"one")).is_ok());
    assert!(pair.a.send(&delivery(1, b"two")).is_err());
    assert!(pair.a.is_closed() && pair.a.keys().is_none());
}
