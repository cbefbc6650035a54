//! Two peers over a bad line in virtual time, killed and started again at random moments; an attacker sends whatever it
//! likes between. The seed gives the whole run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::time::Duration;

use photonbox_keybox::Parameters;
use photonbox_keybox::peer::{CannotSend, Mode};
use photonbox_keybox::schedule::Budgets;

use crate::pair::{Dice, Fuse, Packet, Pair, Planted, Shape, test_box};

const MS: Duration = Duration::from_millis(1);
/// A call of a restarted side may be this far off.
const HEALED_WITHIN: Duration = Duration::from_secs(40);
/// Far more than any run takes: a side that wants to be called again and again at once is found by it.
const MOST_TURNS: u64 = 200_000;
/// Packets that go both ways when all is well again.
const LAST: u64 = 20;

#[derive(Debug, Clone)]
enum Event {
    Send(usize),
    Arrive {
        packet: usize,
        copy: bool,
    },
    Kill(usize),
    Start(usize),
    Attack,
    /// The hub's box reaches a side; and then that both hold it.
    Box {
        at: usize,
        orbit: u64,
        i: u16,
    },
    Held {
        at: usize,
        life: u32,
        orbit: u64,
        i: u16,
    },
    Ready {
        at: usize,
        orbit: u64,
        i: u16,
    },
    /// A side is given the next orbit.
    Orbit {
        at: usize,
        id: u64,
    },
    Heal,
    Last,
}

/// Mode `boxes`: what the hub knows.
#[derive(Default)]
struct Hub {
    orbit: u64,
    next: u16,
    /// Dealt, and not yet held by both.
    waits: Option<(u64, u16)>,
    /// The lives that hold each box.
    held: HashMap<(u64, u16), [Option<u32>; 2]>,
}

pub struct Run {
    pub pair: Pair,
    dice: Dice,
    shape: Shape,
    now: Duration,
    events: BinaryHeap<Reverse<(Duration, u64)>>,
    what: HashMap<u64, Event>,
    packets: Vec<Packet>,
    hub: Hub,
    loss: u64,
    twice: u64,
    delay: u64,
    jitter: u64,
    healed: bool,
    over: bool,
    last_sent: [u64; 2],
    pub restarts: u64,
    pub steps: u64,
}

impl Run {
    pub fn new(seed: u64, planted: Option<Planted>) -> Self {
        let mut dice = Dice(seed);
        let mode = if dice.permille(500) {
            Mode::IpKey
        } else {
            Mode::Boxes
        };
        let budgets = Budgets {
            box_packets: 5 + dice.below(100),
            box_time: MS * (200 + dice.below(5000) as u32),
            hard_packets: 100_000,
            hard_time: Duration::from_secs(100_000),
            spi_time: MS * (1000 + dice.below(10_000) as u32),
        };
        let boxes = if dice.permille(800) { 600 } else { 30 };
        let shape = Shape {
            mode,
            parameters: Parameters::new(4, boxes, 1 + dice.below(9) as u32).unwrap(),
            budgets,
        };
        let mut run = Self {
            pair: Pair::new(shape, seed),
            shape,
            now: Duration::ZERO,
            events: BinaryHeap::new(),
            what: HashMap::new(),
            packets: Vec::new(),
            hub: Hub {
                orbit: 1,
                next: boxes as u16,
                ..Hub::default()
            },
            loss: dice.below(300),
            twice: dice.below(100),
            delay: 1 + dice.below(300),
            jitter: dice.below(500),
            healed: false,
            over: false,
            last_sent: [0; 2],
            restarts: 0,
            steps: 0,
            dice,
        };
        for at in 0..2 {
            run.pair.sides[at].disk.with(|disk| disk.planted = planted);
            run.pair.sides[at].orbits = vec![1];
            let start = run.dice.below(3000);
            run.at(start, Event::Start(at));
            run.at(start + 1, Event::Send(at));
        }
        if mode == Mode::IpKey && run.dice.permille(300) {
            // A new orbit on both sides, not at the same moment.
            let first = 3000 + run.dice.below(8000);
            let at = run.dice.below(2) as usize;
            let second = first + run.dice.below(2000);
            run.at(first, Event::Orbit { at, id: 2 });
            run.at(second, Event::Orbit { at: 1 - at, id: 2 });
        }
        for _ in 0..run.dice.below(5) {
            let when = run.dice.below(14_000);
            let at = run.dice.below(2) as usize;
            run.at(when, Event::Kill(at));
        }
        run.at(500, Event::Attack);
        run.at(15_000, Event::Heal);
        run
    }

    fn at(&mut self, ms: u64, event: Event) {
        let number = self.what.len() as u64;
        let when = self.now + MS * ms as u32;
        self.what.insert(number, event);
        self.events.push(Reverse((when, number)));
    }

    /// To the end; what was broken is in the pair.
    pub fn run(&mut self) {
        let mut turns = 0_u64;
        while !self.over && self.pair.broken.is_empty() {
            turns += 1;
            if turns > MOST_TURNS {
                let polls = [0, 1].map(|at| {
                    self.pair.sides[at]
                        .peer
                        .as_ref()
                        .and_then(|peer| peer.poll_at())
                });
                let status = [self.pair.status(0), self.pair.status(1)];
                self.pair.broken.push(format!(
                    "it never ends: {:?} {polls:?} {status:?}",
                    self.now
                ));
            }
            let event = self.events.peek().map(|Reverse((when, _))| *when);
            let polls = [0, 1].map(|at| {
                self.pair.sides[at]
                    .peer
                    .as_ref()
                    .and_then(|peer| peer.poll_at())
            });
            let poll = polls.into_iter().flatten().min();
            match (event, poll) {
                (Some(event), poll) if poll.is_none_or(|poll| event <= poll) => {
                    let Some(Reverse((when, number))) = self.events.pop() else {
                        return;
                    };
                    self.now = self.now.max(when);
                    let event = self.what[&number].clone();
                    self.handle(event);
                }
                (_, Some(poll)) => {
                    self.now = self.now.max(poll);
                    for at in 0..2 {
                        let now = self.now;
                        let due = self.pair.sides[at]
                            .peer
                            .as_mut()
                            .is_some_and(|peer| peer.poll(now));
                        if due {
                            self.send(at, true);
                        }
                    }
                }
                _ => return,
            }
            for at in 0..2 {
                self.ask_hub(at);
            }
        }
    }

    fn handle(&mut self, event: Event) {
        let now = self.now;
        match event {
            Event::Send(at) => {
                if !self.healed {
                    let pause = match self.dice.below(20) {
                        0 => self.dice.below(3000),
                        _ => self.dice.below(30),
                    };
                    self.at(1 + pause, Event::Send(at));
                    self.fuse(at);
                    self.send(at, false);
                }
            }
            Event::Arrive { packet, copy } => {
                let packet = self.packets[packet].clone();
                if !self.healed {
                    self.fuse(1 - packet.from);
                }
                self.pair.deliver(&packet, now, !copy);
                self.revive(1 - packet.from);
            }
            Event::Kill(at) => {
                self.pair.kill(at);
                self.revive(at);
            }
            Event::Start(at) => {
                if !self.pair.alive(at) {
                    self.restarts += u64::from(self.pair.sides[at].life > 0);
                    self.pair.start(at, now);
                    self.deal_anew();
                }
            }
            Event::Attack => {
                if !self.healed {
                    self.at(1 + self.dice.clone().below(60), Event::Attack);
                    self.attack();
                }
            }
            Event::Box { at, orbit, i } => {
                let keys = test_box(orbit, i, self.shape.parameters.keys() as u16);
                let life = self.pair.sides[at].life;
                let Some(peer) = &mut self.pair.sides[at].peer else {
                    return;
                };
                if peer.insert(now, orbit, keys).is_ok() {
                    let after = 1 + self.dice.below(50);
                    self.at(after, Event::Held { at, life, orbit, i });
                }
            }
            Event::Held { at, life, orbit, i } => {
                let lives = [self.pair.sides[0].life, self.pair.sides[1].life];
                let held = self.hub.held.entry((orbit, i)).or_default();
                held[at] = Some(life);
                if *held == lives.map(Some) && self.pair.alive(0) && self.pair.alive(1) {
                    self.hub.waits.take_if(|waits| *waits == (orbit, i));
                    for at in 0..2 {
                        let after = 1 + self.dice.below(50);
                        self.at(after, Event::Ready { at, orbit, i });
                    }
                }
            }
            Event::Ready { at, orbit, i } => {
                if let Some(peer) = &mut self.pair.sides[at].peer {
                    // A side that has started since has another box to wait for.
                    let _ = peer.ready(now, orbit, i);
                }
            }
            Event::Orbit { at, id } => {
                self.pair.give_orbit(at, now, id);
                let both = self.pair.sides.iter().all(|side| side.orbits.contains(&id));
                if both && self.dice.permille(500) {
                    // The operator begins it; else it begins when the one before is used up.
                    if let Some(peer) = &mut self.pair.sides[at].peer {
                        peer.switch(now, id).unwrap();
                    }
                }
            }
            Event::Heal => {
                self.healed = true;
                for at in 0..2 {
                    self.pair.sides[at].disk.with(|disk| disk.fuse = None);
                    if !self.pair.alive(at) {
                        self.handle(Event::Start(at));
                    }
                }
                self.at(HEALED_WITHIN.as_millis() as u64, Event::Last);
            }
            Event::Last => self.last(),
        }
    }

    /// Now and then the process dies at its next write, before or after.
    fn fuse(&mut self, at: usize) {
        if self.dice.permille(1) {
            let fuse = if self.dice.permille(500) {
                Fuse::Before
            } else {
                Fuse::After
            };
            self.pair.sides[at].disk.with(|disk| disk.fuse = Some(fuse));
        }
    }

    fn revive(&mut self, at: usize) {
        if !self.pair.alive(at) && self.pair.sides[at].life > 0 {
            let after = self.dice.below(3000);
            self.at(after, Event::Start(at));
        }
    }

    fn send(&mut self, at: usize, nothing: bool) {
        let before = self
            .pair
            .status(at)
            .and_then(|status| Some(status.orbits.first()?.lowest));
        match self.pair.seal(at, self.now, nothing) {
            Some(Ok(packet)) => {
                let after = self
                    .pair
                    .status(at)
                    .and_then(|status| Some(status.orbits.first()?.lowest));
                self.steps += u64::from(before != after);
                self.packets.push(packet);
                let packet = self.packets.len() - 1;
                if !self.healed && self.dice.permille(self.loss) {
                    return;
                }
                let delay = self.delay + self.dice.below(self.jitter + 1);
                self.at(
                    delay,
                    Event::Arrive {
                        packet,
                        copy: false,
                    },
                );
                if self.dice.permille(self.twice) {
                    let later = delay + self.dice.below(4000);
                    self.at(later, Event::Arrive { packet, copy: true });
                }
            }
            Some(Err(CannotSend::NotStored(error))) => {
                self.pair.broken.push(format!("not stored: {error}"));
            }
            Some(Err(_)) => {}
            None => self.revive(at),
        }
    }

    /// Replays anything that was ever sent, or alters something and sends that.
    fn attack(&mut self) {
        if self.packets.is_empty() {
            return;
        }
        let pick = self.dice.below(self.packets.len() as u64) as usize;
        let packet = self.packets[pick].clone();
        let to = if self.dice.permille(900) {
            1 - packet.from
        } else {
            packet.from
        };
        let mut bytes = packet.bytes.clone();
        let altered = self.dice.permille(700);
        if altered {
            match self.dice.below(5) {
                0 => bytes[8 + self.dice.below(4) as usize] ^= 1 << self.dice.below(8),
                1 => bytes[self.dice.below(8) as usize] ^= 1 << self.dice.below(8),
                2 => bytes.truncate(self.dice.below(packet.bytes.len() as u64) as usize),
                3 => bytes.extend_from_slice(&[0; 4]),
                _ => {
                    let at = self.dice.below(bytes.len() as u64) as usize;
                    bytes[at] ^= 1 << self.dice.below(8);
                }
            }
        }
        match self.pair.raw(to, self.now, &bytes) {
            Some(Ok(())) if altered || to == packet.from => {
                self.pair
                    .broken
                    .push("an altered packet was taken".to_owned());
            }
            _ => self.revive(to),
        }
    }

    /// After a start both get a box that neither had.
    fn deal_anew(&mut self) {
        if self.shape.mode == Mode::Boxes {
            self.deal();
        }
    }

    fn ask_hub(&mut self, at: usize) {
        if self.shape.mode != Mode::Boxes {
            return;
        }
        let wanted = self.pair.sides[at]
            .peer
            .as_ref()
            .and_then(|peer| peer.wanted());
        // One box ahead.
        if wanted.is_some() && self.hub.waits.is_none() {
            self.deal();
        }
    }

    fn deal(&mut self) {
        if self.hub.next == 0 {
            // All are dealt: the hub draws another orbit, and both hear of it.
            let id = self.hub.orbit + 1;
            for at in 0..2 {
                self.pair.give_orbit(at, self.now, id);
            }
            self.hub.orbit = id;
            self.hub.next = self.shape.parameters.boxes() as u16;
        }
        let (orbit, i) = (self.hub.orbit, self.hub.next);
        self.hub.next -= 1;
        self.hub.waits = Some((orbit, i));
        for at in 0..2 {
            let after = 1 + self.dice.below(200);
            self.at(after, Event::Box { at, orbit, i });
        }
    }

    /// Both sides agree again: every packet goes through.
    fn last(&mut self) {
        self.over = true;
        let now = self.now;
        for n in 0..LAST {
            for at in 0..2 {
                match self.pair.seal(at, now + MS * n as u32, false) {
                    Some(Ok(packet)) => {
                        self.last_sent[at] += 1;
                        let to = 1 - at;
                        if let Some(Err(reason)) =
                            self.pair.raw(to, now + MS * n as u32, &packet.bytes)
                            && reason != photonbox_keybox::peer::DropReason::Exhausted
                        {
                            let status = [self.pair.status(0), self.pair.status(1)];
                            self.pair.broken.push(format!(
                                "not healed: {reason} by {to}: {packet:?} {status:?}"
                            ));
                        }
                    }
                    Some(Err(CannotSend::Exhausted)) => {}
                    other => {
                        let status = [self.pair.status(0), self.pair.status(1)];
                        self.pair
                            .broken
                            .push(format!("not healed: {other:?} {status:?}"));
                    }
                }
            }
        }
    }
}
