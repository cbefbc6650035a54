//! Attacks and mishaps one by one: dropped, counted by reason, pointers unmoved, nothing said.
//!
//! Shows T18, T19, T20 and T21 (`docs/threat-model.md`).

use std::time::Duration;

use photonbox_keybox::esp::{self, Header};
use photonbox_keybox::peer::{
    CannotSend, DropReason, Dropped, GRACE, IPV4, IPV6, Mode, NOTHING, OrbitError, Peer, Role,
    StoreError, open_among,
};
use photonbox_keybox::schedule::Budgets;
use photonbox_keybox::window::WINDOW;
use photonbox_keybox::{Parameters, schedule};

use crate::pair::{Dice, Packet, Pair, Shape, SharedDisk, test_box};

const S: Duration = Duration::from_secs(1);
const KEYS: u16 = 4;

fn endless() -> Budgets {
    Budgets {
        box_packets: u64::MAX,
        box_time: Duration::MAX,
        hard_packets: u64::MAX,
        hard_time: Duration::MAX,
        spi_time: Duration::MAX,
    }
}

fn shape(mode: Mode, boxes: u32, budgets: Budgets) -> Shape {
    let parameters = Parameters::new(4, boxes, u32::from(KEYS)).unwrap();
    Shape {
        mode,
        parameters,
        budgets,
    }
}

/// Two sides that have heard each other.
fn two(boxes: u32, budgets: Budgets) -> Pair {
    let mut pair = Pair::new(shape(Mode::IpKey, boxes, budgets), 1);
    for at in 0..2 {
        pair.sides[at].orbits = vec![1];
        pair.start(at, S);
    }
    for at in 0..2 {
        let packet = send(&mut pair, at, S);
        assert_eq!(give(&mut pair, &packet, S), Ok(()));
    }
    pair
}

fn send(pair: &mut Pair, at: usize, now: Duration) -> Packet {
    pair.seal(at, now, false).unwrap().unwrap()
}

fn give(pair: &mut Pair, packet: &Packet, now: Duration) -> Result<(), DropReason> {
    let taken = pair.raw(1 - packet.from, now, &packet.bytes).unwrap();
    assert_eq!(pair.broken, Vec::<String>::new());
    taken
}

fn give_bytes(pair: &mut Pair, at: usize, now: Duration, bytes: &[u8]) -> Result<(), DropReason> {
    let taken = pair.raw(at, now, bytes).unwrap();
    assert_eq!(pair.broken, Vec::<String>::new());
    taken
}

/// A packet that somebody with the keys of box `i` made.
fn made(header: Header, next_header: u8, inner: usize) -> Vec<u8> {
    let mut buffer = vec![0; esp::sealed_len(inner)];
    let keys = test_box(1, header.i, KEYS);
    esp::seal(&keys, &header, next_header, &mut buffer, inner).unwrap();
    buffer
}

fn dropped(pair: &Pair, at: usize, reason: DropReason) -> u64 {
    pair.status(at).unwrap().drops.of(reason)
}

#[test]
fn a_replay_is_refused_at_both_edges_of_the_window() {
    let mut pair = two(3, endless());
    let packets: Vec<_> = (0..=WINDOW).map(|_| send(&mut pair, 0, S)).collect();
    let newest = packets.last().unwrap();
    assert_eq!(give(&mut pair, newest, S), Ok(()));
    // One is just behind the window, the next just in it.
    assert_eq!(
        give(&mut pair, &packets[0], S),
        Err(DropReason::BehindWindow)
    );
    assert_eq!(give(&mut pair, &packets[1], S), Ok(()));
    for packet in [newest, &packets[1]] {
        assert_eq!(give(&mut pair, packet, S), Err(DropReason::Replayed));
    }
    let after = send(&mut pair, 0, S);
    assert_eq!(give(&mut pair, &after, S), Ok(()));
    assert_eq!(
        give(&mut pair, &packets[1], S),
        Err(DropReason::BehindWindow)
    );
    assert_eq!(dropped(&pair, 1, DropReason::BehindWindow), 2);
    assert_eq!(dropped(&pair, 1, DropReason::Replayed), 2);
}

#[test]
fn every_bit_every_length_and_every_pointer() {
    let mut pair = two(5, endless());
    let packet = send(&mut pair, 0, S);
    for bit in 0..packet.bytes.len() * 8 {
        let mut bytes = packet.bytes.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        give_bytes(&mut pair, 1, S, &bytes).unwrap_err();
    }
    for len in 0..packet.bytes.len() {
        give_bytes(&mut pair, 1, S, &packet.bytes[..len]).unwrap_err();
    }
    // Forged pointers: each box and key that there is, and some that there are not; a new SPI; a far sequence number.
    for i in 0..=6_u16 {
        for j in 0..=KEYS + 1 {
            if (i, j) == (packet.header.i, packet.header.j) {
                continue;
            }
            let mut bytes = packet.bytes.clone();
            bytes[8..10].copy_from_slice(&i.to_be_bytes());
            bytes[10..12].copy_from_slice(&j.to_be_bytes());
            let expected = match (i, j) {
                (0 | 6, _) => DropReason::BoxNotHeld,
                (_, 0) => DropReason::BadKey,
                (_, j) if j > KEYS => DropReason::BadKey,
                _ => DropReason::Forged,
            };
            assert_eq!(
                give_bytes(&mut pair, 1, S, &bytes),
                Err(expected),
                "{i} {j}"
            );
        }
    }
    for (at, word) in [(0, 0x7fff_ffff_u32), (4, u32::MAX)] {
        let mut bytes = packet.bytes.clone();
        bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
        assert_eq!(give_bytes(&mut pair, 1, S, &bytes), Err(DropReason::Forged));
    }
    // It still opens, once.
    assert_eq!(give(&mut pair, &packet, S), Ok(()));
    assert_eq!(give(&mut pair, &packet, S), Err(DropReason::Replayed));
}

#[test]
fn what_no_peer_sends() {
    let mut pair = two(3, endless());
    let packet = send(&mut pair, 0, S);
    let header = packet.header;
    let word = |at: usize, word: u32| {
        let mut bytes = packet.bytes.clone();
        bytes[at..at + 4].copy_from_slice(&word.to_be_bytes());
        bytes
    };
    let giant = vec![0; 65_508];
    for (bytes, reason) in [
        (&packet.bytes[..35], DropReason::Short),
        (&giant[..], DropReason::Giant),
        (&word(0, header.spi | 1 << 31), DropReason::OwnDirection),
        (&word(0, header.spi - 1), DropReason::OldSpi),
        (&word(12, schedule::FLICKERS), DropReason::BadFlicker),
        (&word(4, 0), DropReason::BehindWindow),
        // Another packet's flicker under this one's number, and this one's flicker under another number.
        (
            &word(12, (header.flicker + 1) % schedule::FLICKERS),
            DropReason::Forged,
        ),
        (&word(4, header.seq + 1), DropReason::Forged),
    ] {
        assert_eq!(give_bytes(&mut pair, 1, S, bytes), Err(reason));
    }
    // Reflected to its sender.
    assert_eq!(
        give_bytes(&mut pair, 0, S, &packet.bytes),
        Err(DropReason::OwnDirection)
    );
    // Whoever has the keys and breaks the rules: authentic, and still nothing moves.
    let from = Header {
        seq: header.seq + 1,
        ..header
    };
    for (next_header, inner) in [(6, 40), (0, 0), (IPV4, 0), (IPV6, 0)] {
        let bytes = made(from, next_header, inner);
        let taken = give_bytes(&mut pair, 1, S, &bytes);
        assert_eq!(taken, Err(DropReason::BadNextHeader), "{next_header}");
    }
    assert_eq!(give(&mut pair, &packet, S), Ok(()));
}

#[test]
fn a_peer_without_an_orbit_knows_no_spi_and_sends_nothing() {
    let mut peer = Peer::new(
        Role::One,
        endless(),
        Vec::new(),
        Box::new(SharedDisk::default()),
        &mut Dice(1),
    )
    .unwrap();
    let header = Header {
        spi: 256,
        seq: 1,
        i: 1,
        j: 1,
        flicker: 0,
    };
    let mut bytes = made(header, IPV4, 20);
    assert_eq!(peer.open(S, &mut bytes), Err(DropReason::UnknownSpi));
    assert_eq!(peer.seal(S, NOTHING, &mut bytes, 0), Err(CannotSend::NoBox));
    assert_eq!(peer.poll_at(), None);
    assert!(!peer.poll(S));
}

#[test]
fn boxes_are_erased_when_both_sides_have_left_them() {
    let mut pair = two(
        10,
        Budgets {
            box_packets: 2,
            ..endless()
        },
    );
    let early: Vec<_> = (0..3).map(|_| send(&mut pair, 0, S)).collect();
    let late = &early[0];
    assert!(early[2].header.i < late.header.i);
    let held = |pair: &Pair, at| pair.status(at).unwrap().orbits[0].held;
    let before = held(&pair, 0);
    assert_eq!(give(&mut pair, &early[2], S), Ok(()));
    // The receiver has followed, and keeps the box for late packets.
    assert_eq!(
        pair.status(1).unwrap().orbits[0].lowest,
        u32::from(early[2].header.i)
    );
    assert_eq!(give(&mut pair, late, S + GRACE - S / 1000), Ok(()));
    assert_eq!(
        give(&mut pair, &early[1], S + GRACE),
        Err(DropReason::BoxErased)
    );
    assert!(held(&pair, 1) < 10);
    // The sender has not heard that: it keeps the box as long, for what the other side may still send.
    assert_eq!(held(&pair, 0), before);
    // The other side says so by itself, since it has nothing to send.
    let peer = pair.sides[1].peer.as_mut().unwrap();
    assert!(peer.poll_at().unwrap() <= S + S);
    assert!(peer.poll(S + S * 3));
    let answer = pair.seal(1, S + S * 3, true).unwrap().unwrap();
    assert_eq!(give(&mut pair, &answer, S + S * 3), Ok(()));
    let peer = pair.sides[0].peer.as_mut().unwrap();
    assert!(
        !peer.poll(S + S * 3 + GRACE),
        "erases, and has nothing to say"
    );
    assert!(held(&pair, 0) < before);
}

#[test]
fn after_box_one_nothing_is_sent_until_there_is_another_orbit() {
    let mut pair = two(
        2,
        Budgets {
            box_packets: 3,
            ..endless()
        },
    );
    let mut last = None;
    let end = loop {
        match pair.seal(0, S, false).unwrap() {
            Ok(packet) => last = Some(packet),
            Err(error) => break error,
        }
    };
    assert_eq!(end, CannotSend::Exhausted);
    let last = last.unwrap();
    assert_eq!(last.header.i, 1);
    assert_eq!(give(&mut pair, &last, S), Ok(()));
    while pair.seal(1, S, false).unwrap().is_ok() {}
    assert!(pair.status(1).unwrap().orbits[0].exhausted);
    let peer = pair.sides[0].peer.as_mut().unwrap();
    assert!(!peer.poll(S * 100), "it asks for nothing to be sent");
    // A restart changes nothing about it.
    pair.kill(0);
    pair.start(0, S);
    assert_eq!(
        pair.seal(0, S, false).unwrap().unwrap_err(),
        CannotSend::Exhausted
    );
    // Another orbit does: new keys, a new SPI, from either side.
    for at in 0..2 {
        pair.give_orbit(at, S, 2);
    }
    let packet = send(&mut pair, 0, S);
    assert_eq!(
        (packet.orbit, packet.header.i, packet.header.seq),
        (2, 2, 1)
    );
    assert!(packet.header.spi > last.header.spi);
    assert_eq!(give(&mut pair, &packet, S), Ok(()));
    let answer = send(&mut pair, 1, S);
    assert_eq!(answer.orbit, 2);
    assert_eq!(give(&mut pair, &answer, S), Ok(()));
}

#[test]
fn packets_for_an_orbit_that_is_used_up_are_dropped() {
    let budgets = Budgets {
        box_packets: 3,
        box_time: S * 5,
        ..endless()
    };
    let mut pair = two(2, budgets);
    let spare = send(&mut pair, 0, S);
    while pair.seal(1, S, false).unwrap().is_ok() {}
    assert_eq!(
        give(&mut pair, &spare, S + S * 5 + GRACE),
        Err(DropReason::Exhausted)
    );
    assert_eq!(pair.status(1).unwrap().orbits[0].held, 0);
}

#[test]
fn clocks_that_leap() {
    let budgets = Budgets {
        box_time: S * 10,
        spi_time: S * 60,
        ..endless()
    };
    let mut pair = two(9, budgets);
    let start = send(&mut pair, 0, S);
    // Far ahead: one step, not one for every ten seconds.
    let ahead = send(&mut pair, 0, S * 100_000);
    assert_eq!(ahead.header.i + 1, start.header.i);
    assert_eq!(ahead.header.spi, start.header.spi + 1);
    assert_eq!(give(&mut pair, &ahead, S), Ok(()));
    assert_eq!(
        give(&mut pair, &start, S),
        Ok(()),
        "the receiver's clock stood still"
    );
    // Back again: it stands still, and nothing runs backwards.
    for now in [S * 50, Duration::ZERO, S * 100_001] {
        let packet = send(&mut pair, 0, now);
        assert_eq!(
            (packet.header.i, packet.header.spi),
            (ahead.header.i, ahead.header.spi)
        );
        assert_eq!(give(&mut pair, &packet, now), Ok(()));
        assert_eq!(
            give(&mut pair, &packet, Duration::ZERO),
            Err(DropReason::Replayed)
        );
    }
    let packet = send(&mut pair, 0, Duration::MAX);
    assert_eq!(give(&mut pair, &packet, Duration::MAX), Ok(()));
}

#[test]
fn what_was_heard_before_a_restart_is_refused_after_it() {
    for mode in [Mode::IpKey, Mode::Boxes] {
        let mut pair = Pair::new(shape(mode, 8, endless()), 3);
        for at in 0..2 {
            pair.sides[at].orbits = vec![1];
            pair.start(at, S);
        }
        let deal = |pair: &mut Pair, i: u16| {
            for at in 0..2 {
                let peer = pair.sides[at].peer.as_mut().unwrap();
                if mode == Mode::Boxes {
                    peer.insert(S, 1, test_box(1, i, KEYS)).unwrap();
                    peer.ready(S, 1, i).unwrap();
                }
            }
        };
        deal(&mut pair, 8);
        let mut old: Vec<_> = (0..5).map(|_| send(&mut pair, 0, S)).collect();
        for packet in &old {
            assert_eq!(give(&mut pair, packet, S), Ok(()));
        }
        old.push(send(&mut pair, 0, S));
        pair.kill(1);
        pair.start(1, S);
        if mode == Mode::Boxes {
            // The box it had is refused, whoever gives it.
            let peer = pair.sides[1].peer.as_mut().unwrap();
            assert!(peer.insert(S, 1, test_box(1, 8, KEYS)).is_err());
            assert_eq!(peer.poll_at(), None, "it has no box to call with");
        }
        for packet in &old {
            assert_eq!(give(&mut pair, packet, S), Err(DropReason::BoxUsed));
        }
        deal(&mut pair, 7);
        let peer = pair.sides[1].peer.as_mut().unwrap();
        assert!(
            peer.poll_at().unwrap() <= S && peer.poll(S),
            "it calls at once"
        );
        let call = pair.seal(1, S, true).unwrap().unwrap();
        assert_eq!(call.header.i, 7);
        assert_eq!(give(&mut pair, &call, S), Ok(()));
        // The other side steps its own box, and is heard again.
        let packet = send(&mut pair, 0, S);
        assert!(packet.header.i < 8);
        assert_eq!(packet.header.spi, old[0].header.spi);
        assert_eq!(give(&mut pair, &packet, S), Ok(()));
        for packet in &old {
            assert_eq!(give(&mut pair, packet, S), Err(DropReason::BoxUsed));
        }
        // Restarted, the sender takes a new SPI and a lower box; its old packets are of an old SPI when grace is over.
        pair.kill(0);
        pair.start(0, S);
        if mode == Mode::Boxes {
            deal(&mut pair, 6);
        }
        let packet = send(&mut pair, 0, S);
        assert!(packet.header.spi > old[0].header.spi && packet.header.i < 7);
        assert_eq!(give(&mut pair, &packet, S), Ok(()));
        assert_eq!(give(&mut pair, &old[5], S + GRACE), Err(DropReason::OldSpi));
    }
}

#[test]
fn below_box_1_a_new_orbit_is_wanted_and_the_side_stays() {
    let mut pair = Pair::new(shape(Mode::Boxes, 1, endless()), 3);
    pair.sides[0].orbits = vec![1];
    pair.start(0, S);
    let peer = pair.sides[0].peer.as_mut().unwrap();
    assert_eq!(peer.wanted(), Some((1, 1)));
    peer.insert(S, 1, test_box(1, 1, KEYS)).unwrap();
    peer.ready(S, 1, 1).unwrap();
    assert_eq!(peer.wanted(), None);
    pair.seal(0, S, false).unwrap().unwrap();
    let peer = pair.sides[0].peer.as_mut().unwrap();
    assert_eq!(peer.wanted(), Some((1, 0)));
    let (role, other) = match peer.role() {
        Role::Zero => (Role::Zero, Role::One),
        Role::One => (Role::One, Role::Zero),
    };
    assert_eq!(peer.set_role(role), Ok(()));
    assert_eq!(peer.set_role(other), Err(OrbitError::Side));
    assert_eq!(peer.role(), role);
}

#[test]
fn in_mode_boxes_a_sender_steps_only_to_what_both_hold() {
    let budgets = Budgets {
        box_packets: 2,
        hard_packets: 4,
        ..endless()
    };
    let mut pair = Pair::new(shape(Mode::Boxes, 8, budgets), 3);
    pair.sides[0].orbits = vec![1];
    pair.start(0, S);
    assert_eq!(
        pair.seal(0, S, false).unwrap().unwrap_err(),
        CannotSend::NoBox
    );
    let peer = pair.sides[0].peer.as_mut().unwrap();
    assert_eq!(peer.wanted(), Some((1, 8)));
    peer.insert(S, 1, test_box(1, 8, KEYS)).unwrap();
    assert_eq!(
        pair.seal(0, S, false).unwrap().unwrap_err(),
        CannotSend::NoBox
    );
    let peer = pair.sides[0].peer.as_mut().unwrap();
    peer.ready(S, 1, 8).unwrap();
    assert_eq!(peer.wanted(), None);
    for _ in 0..3 {
        assert_eq!(send(&mut pair, 0, S).header.i, 8);
    }
    let peer = pair.sides[0].peer.as_mut().unwrap();
    assert_eq!(peer.wanted(), Some((1, 7)), "the next one ahead of need");
    peer.insert(S, 1, test_box(1, 7, KEYS)).unwrap();
    assert_eq!(send(&mut pair, 0, S).header.i, 8, "held is not ready");
    assert_eq!(
        pair.seal(0, S, false).unwrap().unwrap_err(),
        CannotSend::HardLimit
    );
    pair.sides[0].peer.as_mut().unwrap().ready(S, 1, 7).unwrap();
    assert_eq!(send(&mut pair, 0, S).header.i, 7);
}

#[test]
fn what_can_not_be_stored_is_neither_sent_nor_delivered() {
    let mut pair = two(
        9,
        Budgets {
            box_packets: 2,
            ..endless()
        },
    );
    let lower = loop {
        let packet = send(&mut pair, 0, S);
        if u32::from(packet.header.i) < pair.status(1).unwrap().orbits[0].lowest {
            break packet;
        }
    };
    for at in 0..2 {
        pair.sides[at].disk.with(|disk| disk.fails = true);
    }
    assert_eq!(give(&mut pair, &lower, S), Err(DropReason::NotStored));
    send(&mut pair, 0, S);
    let error = pair.seal(0, S, false).unwrap().unwrap_err();
    assert_eq!(
        error,
        CannotSend::NotStored(StoreError("disk full".to_owned()))
    );
    for at in 0..2 {
        pair.sides[at].disk.with(|disk| disk.fails = false);
    }
    assert_eq!(give(&mut pair, &lower, S), Ok(()), "once it can be");
    let packet = send(&mut pair, 0, S);
    assert_eq!(give(&mut pair, &packet, S), Ok(()));
}

#[test]
fn several_peers_behind_one_socket() {
    // Four pairs whose SPIs are the same; the keys are not.
    let mut peers: Vec<Peer> = Vec::new();
    let mut copy = Vec::new();
    let mut others = Vec::new();
    let parameters = Parameters::new(4, 5, u32::from(KEYS)).unwrap();
    for orbit in 1..=4 {
        let mut pair = [Role::Zero, Role::One].map(|role| {
            let store = Box::new(SharedDisk::default());
            let mut peer = Peer::new(role, endless(), Vec::new(), store, &mut Dice(orbit)).unwrap();
            peer.add_orbit(S, orbit, Mode::IpKey, parameters).unwrap();
            for i in 1..=5 {
                peer.insert(S, orbit, test_box(orbit, i, KEYS)).unwrap();
            }
            peer
        });
        let [zero, one] = &mut pair;
        assert_eq!(zero.poll_at().or(one.poll_at()), None);
        let [zero, one] = pair;
        others.push(zero);
        peers.push(one);
    }
    let mut buffer = [7; 200];
    let mut seen = Vec::new();
    for round in 0..3 {
        for (number, other) in others.iter_mut().enumerate() {
            buffer[16..116].fill(number as u8);
            let sealed = other.seal(S, IPV4, &mut buffer, 100).unwrap();
            assert_eq!(sealed.header.spi, 256);
            let mut packet = buffer[..sealed.len].to_vec();
            seen.push(packet.clone());
            // Whoever is tried first: the right one, a wrong one, none that there is.
            let opened = open_among(&mut peers, round * 2, S, &mut packet, &mut copy);
            let (whose, opened) = opened.unwrap();
            assert_eq!(
                (whose, opened.len, opened.newest),
                (number, 100, true),
                "{round}"
            );
            assert!(packet[16..116].iter().all(|byte| *byte == number as u8));
        }
    }
    // A replay is some peer's drop; what no peer could have sent is nobody's.
    for packet in &seen {
        let refused = open_among(&mut peers, 0, S, &mut packet.clone(), &mut copy).unwrap_err();
        assert!(matches!(
            refused.reason,
            DropReason::Replayed | DropReason::Forged
        ));
        assert!(refused.by.is_some());
    }
    let mut reflected = seen[0].clone();
    reflected[0] ^= 0x80;
    for (mut packet, reason) in [
        (Vec::new(), DropReason::Short),
        (vec![0; 10], DropReason::Short),
        (reflected, DropReason::OwnDirection),
    ] {
        let refused = open_among(&mut peers, 0, S, &mut packet, &mut copy);
        assert_eq!(refused, Err(Dropped { reason, by: None }));
    }
    let counted: u64 = peers.iter().map(|peer| peer.status().drops.total()).sum();
    assert_eq!(counted, seen.len() as u64);
    assert!(peers.iter().all(|peer| peer.status().received.packets == 3));
}
