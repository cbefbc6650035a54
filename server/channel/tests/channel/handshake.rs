//! Steps 2 to 4: groups, identities, byte sources, time limits, enrolment's front door.
//!
//! Shows T5, T7 (`docs/threat-model.md`).

use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::{
    Admission, ByteSource, CloseReason, EntropyClass, Error, Event, FrontDoor, Group,
    IdentityError, Knock, Message, PeerIdentity, PlainTls, Role, SendError, ServerConfig,
    ca_of_chain, enroll_client_config, enroll_server_config,
};

use crate::pair::{Authority, NOW_UNIX, Seeded, Setup, delivery, payloads};

#[test]
fn both_groups_give_first_and_second_channel() {
    for (groups, expected) in [
        (
            vec![Group::Secp384r1Mlkem1024, Group::Secp384r1],
            Group::Secp384r1Mlkem1024,
        ),
        (vec![Group::Secp384r1Mlkem1024], Group::Secp384r1Mlkem1024),
        (vec![Group::Secp384r1], Group::Secp384r1),
    ] {
        let mut setup = Setup::new();
        setup.client.groups = groups;
        let (a_source, b_source) = (setup.a_source.clone(), setup.b_source.clone());
        let mut pair = setup.join();
        assert_eq!(
            pair.a.send(&Message::Cancel { id: 1 }),
            Err(SendError::NotReady)
        );
        assert_eq!(pair.a.status(pair.now).class, EntropyClass::Asymmetric);
        pair.settle();
        for (events, peer) in [(&pair.a_events, "host-1"), (&pair.b_events, "hub-1")] {
            let [
                Event::FirstChannel {
                    peer: who, group, ..
                },
                Event::SecondChannel { .. },
            ] = &events[..]
            else {
                panic!("{events:?} {}", pair.errors())
            };
            assert_eq!((who.id.as_str(), *group), (peer, expected));
        }
        assert_eq!(pair.b.status(pair.now).class, EntropyClass::Symmetric);
        // B mixed exactly the second portion, 64 bytes, and both drew from their own sources.
        assert_eq!(b_source.mixed.lock().unwrap().len(), 64);
        assert!(a_source.drawn() >= 3 && b_source.drawn() >= 2);
    }
}

/// Lengths of the TLS records on the wire.
fn tls_records(mut wire: &[u8]) -> Vec<usize> {
    let mut lengths = Vec::new();
    while let Some((head, rest)) = wire.split_first_chunk::<5>() {
        let length = usize::from(u16::from_be_bytes([head[3], head[4]]));
        lengths.push(length);
        wire = &rest[length..];
    }
    lengths
}

#[test]
fn tls_s_own_keys_are_replaced_when_the_second_channel_stands() {
    // A sealed KeyUpdate: type, length, request; content type; tag.
    const KEY_UPDATE: usize = 5 + 1 + 16;
    let mut pair = Setup::new().join();
    let (mut from_a, mut from_b) = (Vec::new(), Vec::new());
    let mut step = |pair: &mut crate::pair::Pair| {
        let (mut to_a, mut to_b) = (Vec::new(), Vec::new());
        pair.b.take_outgoing(&mut to_a);
        pair.a.read_from_wire(&to_a, pair.now).unwrap();
        pair.a.take_outgoing(&mut to_b);
        pair.b.read_from_wire(&to_b, pair.now).unwrap();
        let updates = |wire: &[u8]| {
            let records = tls_records(wire);
            records
                .iter()
                .filter(|length| **length == KEY_UPDATE)
                .count()
        };
        from_a.push(updates(&to_b));
        from_b.push(updates(&to_a));
    };
    while !(pair.a.is_open() && pair.b.is_open()) {
        step(&mut pair);
    }
    for i in 0..3 {
        pair.b.send(&Message::Cancel { id: i }).unwrap();
        pair.a.send(&delivery(i, b"after")).unwrap();
        step(&mut pair);
    }
    pair.settle();
    assert_eq!(from_a.iter().sum::<usize>(), 1, "{from_a:?}");
    assert_eq!(from_b.iter().sum::<usize>(), 1, "{from_b:?}");
    assert_eq!(payloads(&pair.b_events).len(), 15);
}

#[test]
fn a_client_with_the_plain_group_first_is_served_the_plain_group_or_retried() {
    let mut setup = Setup::new();
    setup.client.groups = vec![Group::Secp384r1, Group::Secp384r1Mlkem1024];
    setup.server.groups = vec![Group::Secp384r1Mlkem1024];
    let mut pair = setup.join();
    pair.settle();
    assert!(pair.a.is_open() && pair.b.is_open(), "{}", pair.errors());
}

#[test]
fn messages_go_both_ways() {
    let mut pair = Setup::new().open();
    pair.a.send(&delivery(0, b"from the hub")).unwrap();
    pair.b.send(&delivery(0, b"from the host")).unwrap();
    pair.settle();
    assert_eq!(payloads(&pair.b_events), b"from the hub");
    assert_eq!(payloads(&pair.a_events), b"from the host");
    let Some(Event::Message(received)) = pair.b_events.pop() else {
        panic!("no message")
    };
    let Message::Delivery(view) = received.message() else {
        panic!("no delivery")
    };
    assert!(view.provenance.simulated && !view.provenance.replayed);
    pair.b.recycle(received);
    let (a, b) = (pair.a.status(pair.now), pair.b.status(pair.now));
    assert_eq!(a.bytes, b.bytes);
    assert_eq!(a.bytes_sent, b.bytes_received);
    assert_eq!((a.peer.as_str(), b.peer.as_str()), ("host-1", "hub-1"));
}

#[test]
fn the_seeds_trust_figure_is_in_status() {
    let mut pair = Setup::new().rekey(20, 0).open();
    pair.pass(Duration::from_secs(99));
    let status = pair.a.status(pair.now);
    assert!((status.trust - 100_f64.ln() / 20.0).abs() < 1e-9);
    let json = serde_json::to_value(&status).unwrap();
    for key in [
        "peer",
        "epoch",
        "class",
        "rekeys",
        "packets_left",
        "seconds_left",
        "bytes",
        "hops",
        "trust",
    ] {
        assert!(json.get(key).is_some(), "{key}");
    }
    assert_eq!(json["class"], "symmetric");
}

#[test]
fn a_wrong_ca_is_named_on_both_sides() {
    let mut setup = Setup::new();
    setup.client.ca = Authority::new().certificate;
    let mut pair = setup.join();
    pair.settle();
    assert!(matches!(
        pair.b_error,
        Some(Error::Identity(IdentityError::WrongCa))
    ));
    assert!(matches!(pair.a_error, Some(Error::RefusedByPeer(_))));

    let mut setup = Setup::new();
    setup.server.ca = Authority::new().certificate;
    let mut pair = setup.join();
    pair.settle();
    assert!(matches!(
        pair.a_error,
        Some(Error::Identity(IdentityError::WrongCa))
    ));
    let text = pair.b_error.as_ref().unwrap().to_string();
    assert!(
        text.contains("another CA") && !text.contains('\n'),
        "{text}"
    );
    assert!(matches!(
        pair.a_events.last(),
        Some(Event::Closed {
            reason: CloseReason::Tls,
            ..
        })
    ));
}

#[test]
fn expired_and_not_yet_valid_certificates_are_named() {
    for (unix, expected) in [
        (NOW_UNIX + 366 * 86400, IdentityError::Expired),
        (1_735_689_600, IdentityError::NotYetValid),
    ] {
        let mut setup = Setup::new();
        setup.unix = unix;
        let mut pair = setup.join();
        pair.settle();
        let Some(Error::Identity(error)) = &pair.b_error else {
            panic!("{}", pair.errors())
        };
        assert_eq!(*error, expected);
    }
}

#[test]
fn roles_and_ids_are_pinned() {
    let mut setup = Setup::new();
    setup.server.identity = setup.ca.of(Role::Host, "impostor");
    let mut pair = setup.join();
    pair.settle();
    let Some(Error::Identity(error)) = &pair.b_error else {
        panic!("{}", pair.errors())
    };
    assert_eq!(
        *error,
        IdentityError::WrongRole {
            found: "host".into(),
            wanted: "hub or relay".into()
        }
    );

    let mut setup = Setup::new();
    setup.client.identity = setup.ca.of(Role::Holder, "h");
    let mut pair = setup.join();
    pair.settle();
    assert!(matches!(
        pair.a_error,
        Some(Error::Identity(IdentityError::WrongRole { .. }))
    ));

    let mut setup = Setup::new();
    setup.client.server_id = Some("hub-2".into());
    let mut pair = setup.join();
    pair.settle();
    assert!(matches!(
        pair.b_error,
        Some(Error::Identity(IdentityError::WrongId { .. }))
    ));

    let mut setup = Setup::new();
    let both = [Role::Host.uri("r"), Role::Relay.uri("r")];
    setup.server.identity = setup.ca.identity(&both);
    let mut pair = setup.join();
    pair.settle();
    assert!(pair.b.is_open(), "{}", pair.errors());
    assert_eq!(pair.b.peer().unwrap().roles, [Role::Host, Role::Relay]);
}

#[test]
fn certificates_with_two_ids_or_none_are_refused() {
    let ca = Authority::new();
    let two = [Role::Hub.uri("x"), Role::Relay.uri("y")];
    for uris in [&two[..], &["https://example.org/".to_owned()][..]] {
        assert!(matches!(
            ca.try_identity(uris),
            Err(IdentityError::BadCertificate(_))
        ));
    }
}

struct Nobody;

impl Admission for Nobody {
    fn admit(&self, peer: &PeerIdentity) -> bool {
        peer.id != "host-1"
    }
}

#[test]
fn an_identity_that_is_not_admitted_is_told_so() {
    let mut setup = Setup::new();
    setup.server.admission = Some(Arc::new(Nobody));
    let mut pair = setup.join();
    pair.settle();
    assert!(!pair.a.is_open() && !pair.b.is_open());
    assert!(matches!(
        pair.b_events.last(),
        Some(Event::Closed {
            reason: CloseReason::NotAdmitted,
            by_peer: true,
            ..
        })
    ));
}

/// Every draw of either side may be the one that fails: never a fallback, always an error.
#[test]
fn an_exhausted_source_ends_the_handshake_wherever_it_happens() {
    let mut opened = (0, 0);
    for side in ["a", "b"] {
        for budget in 0..20 {
            let setup = Setup::new();
            let (source, opened) = if side == "a" {
                (setup.a_source.clone(), &mut opened.0)
            } else {
                (setup.b_source.clone(), &mut opened.1)
            };
            source.set_budget(budget * 32);
            let client = photonbox_channel::ClientConfig::new(setup.client).unwrap();
            let server = ServerConfig::new(setup.server).unwrap();
            let now = Duration::ZERO;
            let b = photonbox_channel::Channel::connect(&client, NOW_UNIX, now);
            let Ok(mut b) = b else {
                assert!(matches!(b.err(), Some(Error::Source(_))), "{side} {budget}");
                continue;
            };
            let mut a = photonbox_channel::Channel::accept(&server, NOW_UNIX, now).unwrap();
            let mut failed = false;
            for _ in 0..8 {
                for (from, to) in [(0, 1), (1, 0)] {
                    let mut wire = Vec::new();
                    let (from, to) = match (from, to) {
                        (0, _) => (&mut b, &mut a),
                        _ => (&mut a, &mut b),
                    };
                    from.take_outgoing(&mut wire);
                    if !to.is_closed() && !wire.is_empty() {
                        failed |= matches!(to.read_from_wire(&wire, now), Err(Error::Source(_)));
                    }
                }
            }
            if a.is_open() && b.is_open() {
                assert!(!failed);
                *opened += 1;
            } else {
                assert!(failed, "{side} {budget}");
            }
        }
    }
    assert!(opened.0 > 0 && opened.1 > 0, "{opened:?}");
}

#[test]
fn a_slow_handshake_times_out() {
    let mut pair = Setup::new().join();
    assert_eq!(
        pair.a.next_timeout(),
        Some(pair.now + Duration::from_secs(10))
    );
    let result = pair.a.handle_timeout(pair.now + Duration::from_secs(9));
    assert!(result.is_ok());
    let result = pair.a.handle_timeout(pair.now + Duration::from_secs(10));
    assert!(matches!(
        result,
        Err(Error::Fault(CloseReason::HandshakeTimeout, _))
    ));
    assert_eq!(pair.a.next_timeout(), None);
}

#[test]
fn settings_out_of_bounds_are_refused() {
    let mut setup = Setup::new();
    setup.server.settings.second_portion = 8;
    assert!(matches!(
        ServerConfig::new(setup.server),
        Err(Error::Setting(_))
    ));
    let mut setup = Setup::new();
    setup.client.groups.clear();
    assert!(photonbox_channel::ClientConfig::new(setup.client).is_err());
}

fn pump(one: &mut PlainTls, other: &mut PlainTls) -> (Vec<u8>, Vec<u8>) {
    let (mut to_one, mut to_other) = (Vec::new(), Vec::new());
    for _ in 0..6 {
        let mut wire = Vec::new();
        one.take_outgoing(&mut wire);
        other.read_from_wire(&wire, &mut to_other).unwrap();
        wire.clear();
        other.take_outgoing(&mut wire);
        one.read_from_wire(&wire, &mut to_one).unwrap();
    }
    (to_one, to_other)
}

#[test]
fn the_front_door_tells_channel_from_enrolment() {
    let setup = Setup::new();
    let ca = setup.ca.certificate.clone();
    let identity = setup.server.identity.clone();
    let source: Arc<dyn ByteSource> = Seeded::new(7);
    let enroll = enroll_server_config(&identity, &ca, &source, NOW_UNIX).unwrap();
    let server = ServerConfig::new(setup.server).unwrap();
    let client = photonbox_channel::ClientConfig::new(setup.client).unwrap();
    let now = Duration::ZERO;

    // Enrolment: the hub is known by the hash of its CA.
    let config = enroll_client_config(ca.hash(), &source, NOW_UNIX).unwrap();
    let mut host = PlainTls::client(config).unwrap();
    let mut wire = Vec::new();
    host.take_outgoing(&mut wire);
    let mut door = FrontDoor::new(now);
    let (first, rest) = wire.split_at(100);
    let (taken, knock) = door
        .read_from_wire(first, &server, Some(&enroll), NOW_UNIX, now)
        .unwrap();
    assert!(taken == 100 && knock.is_none());
    let (_, knock) = door
        .read_from_wire(rest, &server, Some(&enroll), NOW_UNIX, now)
        .unwrap();
    let Some(Knock::Enroll(mut hub)) = knock else {
        panic!("no enrolment")
    };
    host.send(b"token").unwrap();
    hub.send(b"certificate").unwrap();
    let (to_host, to_hub) = pump(&mut host, &mut hub);
    assert_eq!(
        (&to_host[..], &to_hub[..]),
        (&b"certificate"[..], &b"token"[..])
    );
    let found = ca_of_chain(host.peer_certificates(), &ca.hash()).unwrap();
    assert_eq!(found.der(), ca.der());

    // A wrong hash is a wrong CA.
    let config = enroll_client_config([0; 32], &source, NOW_UNIX).unwrap();
    let mut host = PlainTls::client(config).unwrap();
    let mut hub = {
        let mut wire = Vec::new();
        host.take_outgoing(&mut wire);
        let mut door = FrontDoor::new(now);
        match door.read_from_wire(&wire, &server, Some(&enroll), NOW_UNIX, now) {
            Ok((_, Some(Knock::Enroll(hub)))) => hub,
            _ => panic!("no enrolment"),
        }
    };
    let mut wire = Vec::new();
    hub.take_outgoing(&mut wire);
    let error = host.read_from_wire(&wire, &mut Vec::new()).unwrap_err();
    assert!(matches!(error, Error::Identity(IdentityError::WrongCa)));

    // A channel.
    let mut b = photonbox_channel::Channel::connect(&client, NOW_UNIX, now).unwrap();
    let mut wire = Vec::new();
    b.take_outgoing(&mut wire);
    let mut door = FrontDoor::new(now);
    let (_, knock) = door
        .read_from_wire(&wire, &server, Some(&enroll), NOW_UNIX, now)
        .unwrap();
    let Some(Knock::Channel(mut a)) = knock else {
        panic!("no channel")
    };
    for _ in 0..6 {
        let mut wire = Vec::new();
        a.take_outgoing(&mut wire);
        b.read_from_wire(&wire, now).unwrap();
        wire.clear();
        b.take_outgoing(&mut wire);
        a.read_from_wire(&wire, now).unwrap();
    }
    assert!(a.is_open() && b.is_open());

    // Neither.
    let mut door = FrontDoor::new(now);
    let refused = door.read_from_wire(b"GET / HTTP/1.1\r\n\r\n", &server, None, NOW_UNIX, now);
    assert!(refused.is_err());
    // Enrolment where it is not offered meets TLS's own alert.
    let config = enroll_client_config(ca.hash(), &source, NOW_UNIX).unwrap();
    let mut host = PlainTls::client(config).unwrap();
    let mut wire = Vec::new();
    host.take_outgoing(&mut wire);
    let Err(refused) = FrontDoor::new(now).read_from_wire(&wire, &server, None, NOW_UNIX, now)
    else {
        panic!("taken")
    };
    assert!(!refused.alert.is_empty());
    assert!(matches!(
        host.read_from_wire(&refused.alert, &mut Vec::new()),
        Err(Error::RefusedByPeer(
            rustls::AlertDescription::NoApplicationProtocol
        ))
    ));
}
