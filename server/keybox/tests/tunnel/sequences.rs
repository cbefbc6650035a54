//! Any sequence of sends, deliveries in any order, alterations, kills, failing disks and leaps of time.
//!
//! The property beside it and the fuzz target `tunnel` drive the same.

use std::time::Duration;

use photonbox_keybox::Parameters;
use photonbox_keybox::peer::Mode;
use photonbox_keybox::schedule::Budgets;

use super::pair::{Fuse, Packet, Pair, Shape, test_box};

const BOXES: u32 = 12;
const KEYS: u16 = 3;
/// Packets on the line at most.
const LINE: usize = 64;

struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else {
            return 0;
        };
        self.0 = rest;
        *first
    }
}

/// Runs a sequence; gives what was broken.
pub fn drive(data: &[u8]) -> Vec<String> {
    let mut data = Bytes(data);
    let shape = data.byte();
    let second = Duration::from_secs(1);
    let budgets = Budgets {
        box_packets: 1 + u64::from(shape >> 2 & 7),
        box_time: second * (1 + u32::from(shape >> 5 & 3)),
        hard_packets: 20,
        hard_time: second * 30,
        spi_time: second * (2 + u32::from(shape >> 6)),
    };
    let mode = if shape & 1 == 0 {
        Mode::IpKey
    } else {
        Mode::Boxes
    };
    let shape = Shape {
        mode,
        parameters: Parameters::new(4, BOXES, u32::from(KEYS)).unwrap(),
        budgets,
    };
    let mut pair = Pair::new(shape, u64::from(data.byte()));
    let mut now = Duration::ZERO;
    for at in 0..2 {
        pair.sides[at].orbits = vec![1];
        pair.start(at, now);
    }
    let mut line: Vec<Packet> = Vec::new();
    let mut next = BOXES as u16;
    while !data.0.is_empty() && pair.broken.is_empty() {
        let what = data.byte();
        let at = usize::from(what >> 7);
        match what & 0x7f {
            0..40 => {
                let nothing = what & 1 == 1;
                if let Some(Ok(packet)) = pair.seal(at, now, nothing) {
                    line.push(packet);
                    if line.len() > LINE {
                        line.remove(0);
                    }
                }
            }
            40..80 if !line.is_empty() => {
                // It stays on the line, so that it may come again.
                let pick = usize::from(data.byte()) % line.len();
                pair.deliver(&line[pick].clone(), now, false);
            }
            80..92 if !line.is_empty() => {
                let pick = usize::from(data.byte()) % line.len();
                let mut bytes = line[pick].bytes.clone();
                let place = usize::from(data.byte()) % bytes.len();
                let with = data.byte();
                bytes[place] ^= with;
                let to = 1 - line[pick].from;
                if with != 0 && matches!(pair.raw(to, now, &bytes), Some(Ok(()))) {
                    pair.broken.push("an altered packet was taken".to_owned());
                }
            }
            92..96 => {
                let len = usize::from(data.byte()).min(data.0.len());
                let (bytes, rest) = data.0.split_at(len);
                data.0 = rest;
                if matches!(pair.raw(at, now, bytes), Some(Ok(()))) {
                    pair.broken.push("any bytes were taken".to_owned());
                }
            }
            96..104 => now += Duration::from_millis(u64::from(data.byte()) * 16),
            104..106 => now = now.saturating_sub(second * u32::from(data.byte())),
            106..108 => pair.kill(at),
            108..114 if !pair.alive(at) => pair.start(at, now),
            114..116 => {
                let fuse = if what & 1 == 0 {
                    Fuse::Before
                } else {
                    Fuse::After
                };
                pair.sides[at].disk.with(|disk| disk.fuse = Some(fuse));
            }
            116..118 => pair.sides[at].disk.with(|disk| disk.fails = !disk.fails),
            118..122 => {
                if let Some(peer) = &mut pair.sides[at].peer {
                    let _ = peer.poll(now);
                }
            }
            122..126 if mode == Mode::Boxes && next > 0 => {
                for side in &mut pair.sides {
                    if let Some(peer) = &mut side.peer {
                        let _ = peer.insert(now, 1, test_box(1, next, KEYS));
                        let _ = peer.ready(now, 1, next);
                    }
                }
                next -= 1;
            }
            126.. if pair.sides[at].orbits.len() < 2 && pair.alive(at) => {
                pair.give_orbit(at, now, 2);
            }
            _ => {}
        }
    }
    pair.broken
}
