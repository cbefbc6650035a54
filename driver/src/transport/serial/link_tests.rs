//! Two ends and a line between them that is as bad as asked for, on a clock of its own.

use super::SerialKey;
use super::link::{Link, LinkStats, Lost};
use super::seal::Role;
use proptest::prelude::*;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

const STEP: Duration = Duration::from_millis(1);
const PATIENCE: Duration = Duration::from_millis(40);

/// How bad the line is: of a million bytes, so many are changed, are lost, are followed by one that nobody sent.
#[derive(Debug, Clone, Copy, Default)]
struct Noise {
    changed: u32,
    lost: u32,
    added: u32,
}

/// A small generator: the tests print its seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn hits(&mut self, of_a_million: u32) -> bool {
        self.roll() % 1_000_000 < u64::from(of_a_million)
    }
}

struct Line {
    now: Instant,
    dice: Dice,
    noise: Noise,
    ends: [Link; 2],
    ways: [VecDeque<u8>; 2],
    cut: bool,
}

fn key(byte: u8) -> SerialKey {
    SerialKey::new([byte; 32])
}

fn link(role: Role, session: u8, key: Option<SerialKey>, now: Instant) -> Link {
    Link::new(role, [session; 16], key, PATIENCE, now)
}

impl Line {
    fn new(seed: u64, noise: Noise, keys: [Option<SerialKey>; 2]) -> Self {
        let now = Instant::now();
        let [host, card] = keys;
        Self {
            now,
            dice: Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            noise,
            ends: [
                link(Role::Host, 1, host, now),
                link(Role::Card, 2, card, now),
            ],
            ways: Default::default(),
            cut: false,
        }
    }

    /// A millisecond: 115,200 baud carry 11 bytes in it, each way.
    fn step(&mut self) {
        self.now += STEP;
        for from in 0..2 {
            if self.ways[from].len() < 64 {
                let mut line = Vec::new();
                self.ends[from].transmit(self.now, &mut line);
                self.ways[from].extend(line);
            }
            for _ in 0..11 {
                let Some(byte) = self.ways[from].pop_front() else {
                    break;
                };
                if self.cut || self.dice.hits(self.noise.lost) {
                    continue;
                }
                let flip = if self.dice.hits(self.noise.changed) {
                    1 << (self.dice.roll() % 8)
                } else {
                    0
                };
                self.ends[1 - from].receive(self.now, &[byte ^ flip]);
                if self.dice.hits(self.noise.added) {
                    let byte = self.dice.roll() as u8;
                    self.ends[1 - from].receive(self.now, &[byte]);
                }
            }
        }
    }

    fn steps(&mut self, count: u32) {
        for _ in 0..count {
            self.step();
        }
    }

    fn lost(&self) -> [Option<Lost>; 2] {
        [self.ends[0].lost(), self.ends[1].lost()]
    }
}

/// Messages that tell their place.
fn message(number: usize) -> Vec<u8> {
    let mut bytes = vec![number as u8; 1 + number % 100];
    bytes[0] = (number >> 8) as u8;
    bytes
}

/// Sends `count` messages each way; what arrived has to be exactly those. The ends' counts.
fn carry(line: &mut Line, count: usize, most_steps: u32) -> [LinkStats; 2] {
    let (mut given, mut taken) = ([0; 2], [0; 2]);
    for _ in 0..most_steps {
        for end in 0..2 {
            while given[end] < count && line.ends[end].send(message(given[end])) {
                given[end] += 1;
            }
            // A slow reader, too: its peer has to wait.
            if line.dice.hits(300_000) {
                while let Some(got) = line.ends[end].take() {
                    assert_eq!(got, message(taken[end]), "in order, each once");
                    taken[end] += 1;
                }
            }
        }
        assert_eq!(line.lost(), [None, None]);
        if taken == [count; 2] {
            return [line.ends[0].stats(), line.ends[1].stats()];
        }
        line.step();
    }
    panic!("only {taken:?} of {count} messages arrived");
}

#[test]
fn a_quiet_line_carries_everything_once() {
    let mut line = Line::new(1, Noise::default(), [None, None]);
    for stats in carry(&mut line, 400, 200_000) {
        assert_eq!((stats.sent, stats.received), (400, 400));
        assert_eq!((stats.noise, stats.forged), (0, 0));
    }
}

#[test]
fn a_sealed_line_carries_everything_once_and_no_text() {
    let mut line = Line::new(2, Noise::default(), [Some(key(1)), Some(key(1))]);
    carry(&mut line, 50, 200_000);
    let text = b"not to be read by anyone on the line";
    assert!(line.ends[1].send(text.to_vec()));
    let mut seen: Vec<u8> = Vec::new();
    for _ in 0..200 {
        line.step();
        seen.extend(line.ways[1].iter());
    }
    assert_eq!(line.ends[0].take().as_deref(), Some(&text[..]));
    assert!(!seen.windows(8).any(|bytes| bytes == &text[..8]));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// About one frame in five is damaged at the worst.
    #[test]
    fn a_bad_line_carries_everything_once(
        seed in any::<u64>(), changed in 0_u32..3_000, lost in 0_u32..2_000, added in 0_u32..2_000, sealed in any::<bool>(),
    ) {
        let keys = if sealed { [Some(key(3)), Some(key(3))] } else { [None, None] };
        let mut line = Line::new(seed, Noise { changed, lost, added }, keys);
        let stats = carry(&mut line, 100, 600_000);
        prop_assert_eq!([stats[0].received, stats[1].received], [100, 100]);
    }

    /// Whatever comes over the line, an end neither panics nor takes it for a message.
    #[test]
    fn bytes_of_a_stranger_are_no_messages(bytes in prop::collection::vec(any::<u8>(), 0..4_000)) {
        let now = Instant::now();
        let mut end = link(Role::Card, 1, None, now);
        end.receive(now, &bytes);
        prop_assert!(end.take().is_none());
        let mut line = Vec::new();
        end.transmit(now, &mut line);
        prop_assert!(!line.is_empty(), "it still looks for its peer");
    }
}

#[test]
fn a_line_that_is_cut_is_lost_after_five_seconds_and_not_before() {
    let mut line = Line::new(3, Noise::default(), [None, None]);
    carry(&mut line, 10, 20_000);
    line.cut = true;
    line.steps(4_400);
    assert_eq!(line.lost(), [None, None]);
    line.steps(700);
    assert_eq!(line.lost(), [Some(Lost::Silent); 2]);
}

#[test]
fn a_cut_of_three_seconds_costs_time_and_nothing_else() {
    let mut line = Line::new(4, Noise::default(), [None, None]);
    carry(&mut line, 10, 20_000);
    for end in &mut line.ends {
        assert!(end.send(message(0)));
    }
    line.cut = true;
    line.steps(3_000);
    line.cut = false;
    line.steps(2_000);
    assert_eq!(line.lost(), [None, None]);
    for end in &mut line.ends {
        assert_eq!(end.take(), Some(message(0)));
        assert_eq!(end.take(), None);
    }
}

#[test]
fn an_idle_line_stays_up() {
    let mut line = Line::new(5, Noise::default(), [None, None]);
    line.steps(20_000);
    assert!(line.ends.iter().all(Link::is_up));
}

#[test]
fn a_host_gives_up_and_a_card_waits() {
    let mut line = Line::new(6, Noise::default(), [None, None]);
    line.cut = true;
    line.steps(6_000);
    assert_eq!(line.lost(), [Some(Lost::Silent), None]);
}

#[test]
fn both_ends_notice_when_one_begins_anew() {
    let mut line = Line::new(7, Noise::default(), [None, None]);
    carry(&mut line, 10, 20_000);
    line.ends[1] = link(Role::Card, 9, None, line.now);
    line.steps(1_000);
    assert_eq!(line.lost(), [Some(Lost::Restarted), None]);
    line.ends[0] = link(Role::Host, 8, None, line.now);
    carry(&mut line, 10, 20_000);
}

#[test]
fn keys_that_do_not_fit_are_told_apart() {
    for (keys, expected) in [
        ([None, Some(key(1))], [Lost::KeyWanted, Lost::NotSealed]),
        ([Some(key(1)), None], [Lost::NotSealed, Lost::KeyWanted]),
    ] {
        let mut line = Line::new(8, Noise::default(), keys);
        line.steps(2_000);
        assert_eq!(line.lost(), expected.map(Some));
    }
    let mut line = Line::new(9, Noise::default(), [Some(key(1)), Some(key(2))]);
    line.steps(500);
    assert!(line.ends[0].send(vec![1]));
    line.steps(4_000);
    assert_eq!(line.ends[1].lost(), Some(Lost::BadKey));
    assert_eq!(line.ends[1].take(), None);
}

#[test]
fn two_hosts_find_out() {
    let mut line = Line::new(10, Noise::default(), [None, None]);
    line.ends[1] = link(Role::Host, 3, None, line.now);
    line.steps(500);
    assert_eq!(line.lost(), [Some(Lost::SameRole); 2]);
}

#[test]
fn a_line_that_lets_nothing_long_through_is_called_noisy() {
    // A changed byte in ten: hellos of 50 bytes pass now and then, frames of 300 do not.
    let mut line = Line::new(11, Noise::default(), [None, None]);
    line.steps(500);
    line.noise.changed = 30_000;
    assert!(line.ends[0].send(vec![7; 300]));
    line.steps(60_000);
    assert_eq!(line.ends[0].lost(), Some(Lost::Noisy));
}
