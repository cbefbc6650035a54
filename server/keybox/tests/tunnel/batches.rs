//! A batch of packets is what the same packets are one after the other.
//!
//! Shows T19 and T20 (`docs/threat-model.md`).

use std::time::Duration;

use photonbox_keybox::Parameters;
use photonbox_keybox::peer::{
    CannotSend, DropReason, Drops, IPV4, IPV6, Incoming, Mode, NOTHING, Opened, Outgoing, Peer,
    PeerStatus, Role, Scratch, Sealed, open_among, open_batch_among,
};
use photonbox_keybox::schedule::Budgets;
use proptest::prelude::*;

use crate::pair::{Dice, SharedDisk, test_box};

const BOXES: u32 = 30;
const KEYS: u16 = 3;
/// Packets on the line at most.
const LINE: usize = 48;
/// Room for a packet.
const ROOM: usize = 96;

/// A side and its disk.
struct Side {
    peer: Peer,
    disk: SharedDisk,
}

impl Side {
    fn new(role: Role, orbit: u64) -> Self {
        let second = Duration::from_secs(1);
        let budgets = Budgets {
            box_packets: 11,
            box_time: second * 3,
            hard_packets: 40,
            hard_time: second * 30,
            spi_time: second * 4,
        };
        let disk = SharedDisk::default();
        let store = Box::new(disk.clone());
        let peer = Peer::new(role, budgets, Vec::new(), store, &mut Dice(7)).unwrap();
        let mut side = Self { peer, disk };
        side.orbit(Duration::ZERO, orbit);
        side
    }

    fn orbit(&mut self, now: Duration, id: u64) {
        let parameters = Parameters::new(4, BOXES, u32::from(KEYS)).unwrap();
        let taken = self.peer.add_orbit(now, id, Mode::IpKey, parameters);
        if taken.is_ok() {
            for i in 1..=BOXES as u16 {
                self.peer.insert(now, id, test_box(id, i, KEYS)).unwrap();
            }
        }
    }

    /// All that can be seen of it.
    fn state(&self) -> String {
        let records = self.disk.with(|disk| disk.records.clone());
        let says = self.peer.poll_at();
        format!("{:?} {says:?} {records:?}", self.peer.status())
    }
}

/// What is to be sealed: next header and length.
type Wish = (u8, usize);

fn wish(byte: u8) -> Wish {
    match byte % 8 {
        0 => (NOTHING, 0),
        // No packet at all, and one that has no room.
        1 => (IPV4, usize::from(byte & 8)),
        2 => (IPV6, if byte & 8 == 0 { ROOM } else { 40 }),
        _ => (IPV4, 1 + usize::from(byte >> 3)),
    }
}

fn filled((_, inner): Wish) -> Vec<u8> {
    let mut buffer = vec![0; ROOM];
    buffer[16..].fill(inner as u8);
    buffer
}

type Made = Vec<(Result<Sealed, CannotSend>, Vec<u8>)>;

fn seal_one_by_one(peer: &mut Peer, now: Duration, wishes: &[Wish]) -> Made {
    let one = |wish: &Wish| {
        let mut buffer = filled(*wish);
        let sealed = peer.seal(now, wish.0, &mut buffer, wish.1);
        (sealed, buffer)
    };
    wishes.iter().map(one).collect()
}

fn seal_together(peer: &mut Peer, now: Duration, wishes: &[Wish]) -> Made {
    let mut buffers: Vec<_> = wishes.iter().map(|wish| filled(*wish)).collect();
    let mut batch: Vec<_> = buffers
        .iter_mut()
        .zip(wishes)
        .map(|(buffer, wish)| Outgoing::new(wish.0, buffer, wish.1))
        .collect();
    peer.seal_batch(now, &mut batch);
    let sealed: Vec<_> = batch.into_iter().map(|one| one.sealed).collect();
    sealed.into_iter().zip(buffers).collect()
}

type Taken = Vec<Result<(Opened, Vec<u8>), DropReason>>;

fn taken(
    opened: Result<Opened, DropReason>,
    packet: &[u8],
) -> Result<(Opened, Vec<u8>), DropReason> {
    opened.map(|opened| (opened, packet[16..16 + opened.len].to_vec()))
}

fn open_one_by_one(peer: &mut Peer, now: Duration, packets: &[Vec<u8>]) -> Taken {
    let one = |packet: &Vec<u8>| {
        let mut packet = packet.clone();
        taken(peer.open(now, &mut packet), &packet)
    };
    packets.iter().map(one).collect()
}

fn open_together(peer: &mut Peer, now: Duration, packets: &[Vec<u8>]) -> Taken {
    let mut packets = packets.to_vec();
    let mut batch: Vec<_> = packets
        .iter_mut()
        .map(|packet| Incoming::new(packet))
        .collect();
    peer.open_batch(now, &mut batch);
    batch
        .iter()
        .map(|one| taken(one.opened, one.packet))
        .collect()
}

/// Some of the packets on the line, in any order, some of them altered.
fn picked(line: &[Vec<u8>], bytes: &[u8]) -> Vec<Vec<u8>> {
    let one = |byte: &u8| {
        let mut packet = line[usize::from(*byte) % line.len()].clone();
        if byte.is_multiple_of(11) {
            let at = usize::from(*byte) * 7 % packet.len();
            packet[at] ^= 1 << (byte % 8);
        }
        if byte.is_multiple_of(13) {
            packet.truncate(usize::from(*byte) % 60);
        }
        packet
    };
    bytes.iter().map(one).collect()
}

/// Drives the same through both ways.
fn compare(turns: &[(u8, Vec<u8>)]) {
    let pair = || [Side::new(Role::Zero, 1), Side::new(Role::One, 1)];
    let (mut alone, mut together) = (pair(), pair());
    let mut line: [Vec<Vec<u8>>; 2] = Default::default();
    let mut now = Duration::from_secs(1);
    for (what, bytes) in turns {
        let at = usize::from(what >> 7);
        match what % 16 {
            0..6 => {
                let wishes: Vec<_> = bytes.iter().map(|byte| wish(*byte)).collect();
                let made = seal_one_by_one(&mut alone[at].peer, now, &wishes);
                assert_eq!(seal_together(&mut together[at].peer, now, &wishes), made);
                let sealed = made.into_iter().filter_map(|(sealed, buffer)| {
                    let len = sealed.ok()?.len;
                    Some(buffer[..len].to_vec())
                });
                line[1 - at].extend(sealed);
                let over = line[1 - at].len().saturating_sub(LINE);
                line[1 - at].drain(..over);
            }
            6..12 if !line[at].is_empty() => {
                let packets = picked(&line[at], bytes);
                let opened = open_one_by_one(&mut alone[at].peer, now, &packets);
                assert_eq!(open_together(&mut together[at].peer, now, &packets), opened);
            }
            // In their order, as they most often come.
            12 if !line[at].is_empty() => {
                let packets = std::mem::take(&mut line[at]);
                let opened = open_one_by_one(&mut alone[at].peer, now, &packets);
                assert_eq!(open_together(&mut together[at].peer, now, &packets), opened);
            }
            13 => now += Duration::from_millis(100 * bytes.len() as u64),
            14 if *what & 0x30 == 0 => {
                for side in [&alone[at], &together[at]] {
                    side.disk.with(|disk| disk.fails = !disk.fails);
                }
            }
            15 if *what & 0x30 == 0 => {
                for side in [&mut alone[at], &mut together[at]] {
                    side.orbit(now, 2);
                }
            }
            _ => {}
        }
        for (alone, together) in alone.iter().zip(&together) {
            assert_eq!(together.state(), alone.state());
        }
    }
}

/// Three pairs whose near sides are behind one socket.
fn compare_among(turns: &[(u8, Vec<u8>)]) {
    let sides = |role| [1, 2, 3].map(|orbit| Side::new(role, orbit));
    let mut far = sides(Role::One);
    let near = || -> Vec<Peer> { sides(Role::Zero).map(|side| side.peer).into() };
    let (mut alone, mut together) = (near(), near());
    let mut line = Vec::new();
    let mut scratch = Scratch::default();
    let mut copy = Vec::new();
    let mut counted = 0;
    let now = Duration::from_secs(1);
    for (what, bytes) in turns {
        let from = usize::from(what >> 4) % 3;
        if what % 16 < 8 || line.is_empty() {
            let wishes: Vec<_> = bytes.iter().map(|byte| wish(*byte)).collect();
            for (sealed, buffer) in seal_together(&mut far[from].peer, now, &wishes) {
                if let Ok(sealed) = sealed {
                    line.push(buffer[..sealed.len].to_vec());
                }
            }
            continue;
        }
        let packets = if what % 16 < 12 {
            picked(&line, bytes)
        } else {
            std::mem::take(&mut line)
        };
        let likely = from + usize::from(what % 16 == 15);
        let mut ours = packets.clone();
        let opened: Vec<_> = ours
            .iter_mut()
            .map(
                |packet| match open_among(&mut alone, likely, now, packet, &mut copy) {
                    Ok((number, opened)) => Some((Some(number), taken(Ok(opened), packet))),
                    Err(_) => None,
                },
            )
            .collect();
        let mut theirs = packets;
        let mut batch: Vec<_> = theirs
            .iter_mut()
            .map(|packet| Incoming::new(packet))
            .collect();
        open_batch_among(&mut together, likely, now, &mut batch, &mut scratch);
        // A packet that nobody takes is counted once, but by whom and why hangs on what came before it.
        let found: Vec<_> = batch
            .iter()
            .map(|one| Some((one.by, taken(Ok(one.opened.ok()?), one.packet))))
            .collect();
        assert_eq!(found, opened);
        for (alone, together) in alone.iter().zip(&together) {
            let pointers = |peer: &Peer| PeerStatus {
                drops: Drops::default(),
                ..peer.status()
            };
            assert_eq!(pointers(together), pointers(alone));
        }
        let dropped = |one: &&Incoming<'_>| one.opened.is_err() && one.by.is_some();
        counted += batch.iter().filter(dropped).count() as u64;
        let total: u64 = together
            .iter()
            .map(|peer| peer.status().drops.total())
            .sum();
        assert_eq!(total, counted);
    }
}

fn turns() -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    let bytes = prop::collection::vec(any::<u8>(), 1..24);
    prop::collection::vec((any::<u8>(), bytes), 1..40)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_batch_is_what_its_packets_are_one_by_one(turns in turns()) {
        compare(&turns);
    }

    #[test]
    fn among_several_peers_too(turns in turns()) {
        compare_among(&turns);
    }
}
