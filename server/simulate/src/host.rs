//! One host of the network: its ends of links, each with a real channel, and what it sees go wrong. A host only ever touches
//! what is its own, so that all hosts of a moment can be worked on side by side.

use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::{
    Channel, Class, Delivery, EntropyClass, Event, Message, PipeEnd, Provenance,
};
use photonbox_entropy::ledger::{DeliveryId, Ledger, SourceId};
use photonbox_entropy::provenance::{Class as LedgerClass, Provenance as LedgerProvenance};
use sha2::{Digest, Sha384};

use crate::dice::{Dice, digest};
use crate::faults::{Clock, Faults, Line, Micros, Outages, SECOND};
use crate::source::Source;
use crate::world::{Counts, Planted, Segment, What, World};

/// Bytes of a block: one output of the conditioner.
pub(crate) const BLOCK: usize = 48;
/// What a block debits: 57 bytes at 0.999 bit a bit, in thousandths (spec 1-entropy §1.3).
const DEBIT: u64 = 57 * 8 * 999;
/// Longest pause before a link is dialled again.
const LONGEST_PAUSE: Micros = 4 * SECOND;
/// Within this time of two hosts that can hear each other a link stands: two handshakes that fail on the way, and pauses.
pub(crate) const STANDS_WITHIN: Micros = 40 * SECOND;

/// This host's end of a link.
struct End {
    link: u64,
    /// The other host, and its end.
    peer: (u32, u32),
    /// Side A has the entropy and waits to be dialled.
    is_a: bool,
    line: Line,
    channel: Option<Box<Channel>>,
    session: u64,
    dial_at: Option<Micros>,
    pause: Micros,
    /// Side A: the next block, and when; side B: the last one that came.
    block: u64,
    block_at: Micros,
    delivery: Option<DeliveryId>,
    key: Option<[u8; 16]>,
    key_since: Micros,
}

/// A host.
pub(crate) struct Host {
    id: u32,
    name: String,
    source: Arc<Source>,
    dice: Dice,
    clock: Clock,
    crashes: Outages,
    /// How far this host has come.
    at: Micros,
    /// Up to when crashes have been dealt with.
    crashed_until: Micros,
    ends: Vec<End>,
    ledger: Ledger,
    light: SourceId,
    pub(crate) inbox: Vec<Segment>,
    pub(crate) outbox: Vec<Segment>,
    /// Names of record keys that came into use, to be compared with everybody's.
    pub(crate) keys: Vec<[u8; 16]>,
    pub(crate) violations: Vec<String>,
    pub(crate) counts: Counts,
    pub(crate) wake: Micros,
}

/// The payload of a link's block.
fn payload(seed: u64, link: u64, block: u64) -> [u8; BLOCK] {
    let mut hash = Sha384::new();
    hash.update(digest(seed, "block", link));
    hash.update(block.to_be_bytes());
    hash.finalize().into()
}

impl Host {
    pub(crate) fn new(world: &World, id: u32, faults: &Faults) -> Result<Self, String> {
        let mut dice = Dice::of(world.seed, "host", id.into());
        let clock = Clock::new(&mut dice, faults);
        let crashes = Outages::drawn(&mut dice, faults.crashes, SECOND, world.end);
        let mut ledger = Ledger::new();
        let light = ledger.source("light").map_err(|error| error.to_string())?;
        Ok(Self {
            id,
            name: format!("h{id}"),
            source: Arc::new(Source::new(world.seed, id).map_err(|error| error.to_string())?),
            dice,
            clock,
            crashes,
            at: 0,
            crashed_until: 0,
            ends: Vec::new(),
            ledger,
            light,
            inbox: Vec::new(),
            outbox: Vec::new(),
            keys: Vec::new(),
            violations: Vec::new(),
            counts: Counts::default(),
            wake: Micros::MAX,
        })
    }

    pub(crate) fn ends(&self) -> u32 {
        self.ends.len() as u32
    }

    /// Adds an end of a link. Links begin at a time of their own within the first rotation, so that what they do is spread.
    pub(crate) fn link(
        &mut self,
        world: &World,
        link: u64,
        peer: (u32, u32),
        is_a: bool,
        faults: &Faults,
    ) {
        let begin = Dice::of(world.seed, "begin", link).below(world.rotation.max(1));
        let end = End {
            link,
            peer,
            is_a,
            line: Line::new(world.seed, link, u64::from(is_a), faults, world.end),
            channel: None,
            session: 0,
            dial_at: (!is_a).then_some(begin),
            pause: SECOND / 4,
            block: 0,
            block_at: begin,
            delivery: None,
            key: None,
            key_since: 0,
        };
        self.ends.push(end);
        // A crash may come before anything else does.
        self.wake = self.next_time(world);
    }

    fn violation(&mut self, at: Micros, end: usize, what: &str) {
        let peer = self.ends[end].peer.0;
        let time = at as f64 / SECOND as f64;
        self.violations
            .push(format!("{time:.6} s, host {} with {peer}: {what}", self.id));
    }

    /// This host's clock, as channels want it.
    fn now(&self, at: Micros) -> Duration {
        Duration::from_micros(self.clock.local(at))
    }

    /// Works on everything that is due up to the window's end: what came, and what the time asks for.
    pub(crate) fn work(&mut self, world: &World, window_end: Micros) {
        let mut inbox = std::mem::take(&mut self.inbox);
        inbox.sort_by_key(|segment| (segment.at, segment.to.1, segment.session));
        let mut arrived = inbox.into_iter().peekable();
        loop {
            let next_segment = arrived.peek().map_or(Micros::MAX, |segment| segment.at);
            let next_time = self.next_time(world);
            // What was due before a channel stood is due now.
            let at = next_segment.min(next_time).max(self.at);
            if at >= window_end {
                break;
            }
            self.at = at;
            self.crash(at);
            if next_segment <= next_time {
                if let Some(segment) = arrived.next()
                    && self.crashes.until(segment.at).is_none()
                {
                    self.segment(world, segment);
                }
            } else {
                self.time(world, at);
            }
        }
        self.inbox.extend(arrived);
        let later = self.inbox.iter().map(|segment| segment.at).min();
        self.wake = self.next_time(world).min(later.unwrap_or(Micros::MAX));
    }

    /// A crash that has begun: every channel is gone, without a word to anybody.
    fn crash(&mut self, at: Micros) {
        if self.crashed_until > at {
            return;
        }
        let Some(until) = self.crashes.until(at) else {
            return;
        };
        self.crashed_until = until;
        let mut dice = self.dice.clone();
        for end in &mut self.ends {
            end.channel = None;
            end.session = 0;
            end.key = None;
            end.delivery = None;
            end.dial_at = (!end.is_a).then(|| until + dice.below(SECOND));
        }
        self.dice = dice;
    }

    /// When time alone asks for something: a dial, a block, a channel's own limits, a crash.
    fn next_time(&self, world: &World) -> Micros {
        let mut next = self
            .crashes
            .next(self.crashed_until)
            .filter(|at| *at >= self.crashed_until)
            .unwrap_or(Micros::MAX);
        for end in &self.ends {
            if let Some(at) = end.dial_at {
                next = next.min(at);
            }
            let Some(channel) = &end.channel else {
                continue;
            };
            if let Some(local) = channel.next_timeout() {
                let local = u64::try_from(local.as_micros()).unwrap_or(u64::MAX - 1);
                next = next.min(self.clock.real(local + 1));
            }
            if end.is_a && channel.is_open() {
                next = next.min(end.block_at);
            }
        }
        // What a crash has put off.
        next.max(self.crashed_until).min(world.end)
    }

    fn time(&mut self, world: &World, at: Micros) {
        if self.crashes.until(at).is_some() {
            return;
        }
        for index in 0..self.ends.len() {
            let end = &self.ends[index];
            if end.dial_at.is_some_and(|due| due <= at) {
                self.dial(world, index, at);
            }
            let now = self.now(at);
            let end = &mut self.ends[index];
            let Some(channel) = &mut end.channel else {
                continue;
            };
            let is_open = channel.is_open();
            let drawn = self.source.drawn();
            let due = channel.next_timeout().is_some_and(|due| due <= now);
            if due {
                // What went wrong comes as the Closed event.
                let _ = channel.handle_timeout(now);
            }
            let blocks = end.is_a && is_open && end.block_at <= at;
            if blocks {
                end.block_at = at + world.block_every;
                self.block(world, index, at);
            }
            if due || blocks {
                self.after(world, index, at, is_open, drawn);
            }
        }
    }

    fn dial(&mut self, world: &World, index: usize, at: Micros) {
        let now = self.now(at);
        let source = Arc::clone(&self.source);
        let identity = Arc::clone(world.identity(self.id));
        let end = &mut self.ends[index];
        end.dial_at = None;
        // No session of this link has this number, after crashes neither.
        end.session = at + 1;
        let pipe = PipeEnd {
            peer: world.public(end.peer.0),
            session: digest(world.seed ^ end.session, "session", end.link),
        };
        let to = end.peer;
        let session = end.session;
        let arrives = end.line.arrival(at);
        let connected = Channel::connect_pipe(identity, source, world.settings.clone(), pipe, now);
        match connected {
            Ok(channel) => end.channel = Some(Box::new(channel)),
            Err(error) => return self.violation(at, index, &error.to_string()),
        }
        self.outbox.push(Segment {
            at: arrives,
            to,
            session,
            what: What::Dial,
        });
        let drawn = self.source.drawn();
        self.after(world, index, at, false, drawn);
    }

    fn segment(&mut self, world: &World, segment: Segment) {
        let (at, index) = (segment.at, segment.to.1 as usize);
        let now = self.now(at);
        let source = Arc::clone(&self.source);
        let drawn = source.drawn();
        let end = &mut self.ends[index];
        let is_open = end
            .channel
            .as_ref()
            .is_some_and(|channel| channel.is_open());
        match segment.what {
            What::Dial => {
                // A session that B has given up is given up.
                end.session = segment.session;
                end.key = None;
                let pipe = PipeEnd {
                    peer: world.public(end.peer.0),
                    session: digest(world.seed ^ end.session, "session", end.link),
                };
                let identity = Arc::clone(world.identity(self.id));
                let accepted =
                    Channel::accept_pipe(identity, source, world.settings.clone(), pipe, now);
                match accepted {
                    Ok(channel) => end.channel = Some(Box::new(channel)),
                    Err(error) => return self.violation(at, index, &error.to_string()),
                }
            }
            What::Bytes(bytes) => {
                let known = end.session == segment.session && end.channel.is_some();
                if !known {
                    if end.is_a || end.session != segment.session {
                        let reset = Segment {
                            at: end.line.arrival(at),
                            to: end.peer,
                            session: segment.session,
                            what: What::Reset,
                        };
                        self.outbox.push(reset);
                    }
                    return;
                }
                if let Some(channel) = &mut end.channel {
                    // Events are taken after each call, so that nothing is left over.
                    let _ = channel.read_from_wire(&bytes, now);
                }
            }
            What::Reset => {
                if end.session == segment.session
                    && let Some(channel) = &mut end.channel
                {
                    channel.wire_closed(now);
                }
            }
        }
        self.after(world, index, at, is_open, drawn);
    }

    /// Side A: a block for the other side, if there is entropy for one.
    fn block(&mut self, world: &World, index: usize, at: Micros) {
        let (link, number) = (self.ends[index].link, self.ends[index].block);
        // Light comes by chance, and now and then there is not enough.
        let raw = 2 * 57 * 8;
        let credited = if self.dice.chance(0.9) {
            DEBIT
        } else {
            DEBIT / 2
        };
        let light = LedgerProvenance::SIMULATED;
        let peer = format!("h{}", self.ends[index].peer.0);
        let entered = self.ledger.credit(self.light, credited, raw, light);
        let enough = self.ledger.account(self.light).is_some_and(|account| {
            let spent = account.conditioned_millibits() + account.discarded_millibits();
            account.credited_millibits() >= spent + u128::from(DEBIT)
        });
        let done = entered.and_then(|()| {
            if !enough {
                return Ok(None);
            }
            let bytes = payload(world.seed, link, number);
            if world.planted != Some(Planted::Free) {
                self.ledger.condition(self.light, DEBIT, 8 * BLOCK as u64)?;
            }
            self.ledger.hand_out(self.light, 8 * BLOCK as u64)?;
            let id = match self.ends[index].delivery {
                Some(id) => id,
                None => self.ledger.open_delivery(&peer, LedgerClass::Full, 0)?,
            };
            self.ends[index].delivery = Some(id);
            self.ledger.record(id, &bytes, light)?;
            Ok(Some(bytes))
        });
        let bytes = match done {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return,
            Err(error) => return self.violation(at, index, &format!("ledger: {error}")),
        };
        if !self.ledger.invariant_holds() {
            self.violation(at, index, "ledger: more debited than credited");
        }
        let now_and_then = self.dice.chance(0.1);
        let planted = world.planted.filter(|_| now_and_then);
        let mut bytes = bytes;
        bytes[0] ^= u8::from(planted == Some(Planted::Alter));
        let end = &mut self.ends[index];
        end.block += u64::from(planted != Some(Planted::Repeat));
        let Some(channel) = &mut end.channel else {
            return;
        };
        // A block that is not taken is lost with its credit; its number is not used again.
        let _ = channel.send(&Message::Delivery(Delivery {
            id: 1,
            seq: number,
            class: Class::Full,
            provenance: Provenance {
                simulated: true,
                ..Provenance::default()
            },
            hops: 0,
            origin: &self.name,
            last: false,
            payload: &bytes,
        }));
    }

    /// After anything was done with a channel: what it says, what it sends, what it drew.
    fn after(&mut self, world: &World, index: usize, at: Micros, was_open: bool, drawn: u64) {
        let mut closed = false;
        while let Some(event) = self.ends[index]
            .channel
            .as_mut()
            .and_then(|channel| channel.poll_event())
        {
            match event {
                Event::Message(received) => {
                    self.message(world, index, at, &received.message());
                    if let Some(channel) = &mut self.ends[index].channel {
                        channel.recycle(received);
                    }
                }
                Event::SecondChannel { .. } => {
                    self.counts.sessions += u64::from(self.ends[index].is_a);
                    self.ends[index].pause = SECOND / 4;
                }
                Event::Closed { reason, detail, .. } => {
                    closed = true;
                    // Silence, a reset line and a host that is gone are what faults do; anything else is a finding.
                    use photonbox_channel::CloseReason as R;
                    if !matches!(
                        reason,
                        R::Truncated
                            | R::KeepaliveTimeout
                            | R::HandshakeTimeout
                            | R::RekeyTimeout
                            | R::Normal
                            | R::Shutdown
                    ) {
                        self.violation(at, index, &format!("closed: {reason} ({detail})"));
                    }
                }
                Event::FirstChannel { .. } | Event::SteppedDown { .. } => {}
            }
        }
        let bits = 8 * (self.source.drawn() - drawn);
        if was_open {
            self.counts.rekey_bits += bits;
        } else {
            self.counts.setup_bits += bits;
        }
        let now = self.now(at);
        let end = &mut self.ends[index];
        let Some(channel) = &mut end.channel else {
            return;
        };
        loop {
            let mut bytes = Vec::new();
            if channel.take_outgoing(&mut bytes) == 0 {
                break;
            }
            if world.planted == Some(Planted::Flip)
                && was_open
                && self.dice.chance(0.1)
                && let Some(byte) = bytes.last_mut()
            {
                *byte ^= 1;
            }
            self.outbox.push(Segment {
                at: end.line.arrival(at),
                to: end.peer,
                session: end.session,
                what: What::Bytes(bytes),
            });
        }
        if closed {
            end.channel = None;
            end.key = None;
            if !end.is_a {
                let pause = end.pause;
                end.pause = (pause * 2).min(LONGEST_PAUSE);
                end.dial_at = Some(at + pause / 2 + self.dice.below(pause));
            }
            return;
        }
        channel.shrink();
        let name = channel.key_name();
        if name != end.key {
            if let Some(name) = name {
                self.keys.push(name);
                self.counts.rekeys += u64::from(end.key.is_some());
            }
            end.key = name;
            end.key_since = at;
        } else if channel.is_open() {
            // A second of grace: clocks differ, and what waits for prekeys waits for the line.
            let status = channel.status(now);
            let age = at - end.key_since;
            let waits = status.prekeys == 0 || end.line.partitions.until(at).is_some();
            if age > world.rotation + world.rotation / 1000 + SECOND && !waits {
                self.violation(at, index, "an epoch lasts longer than T");
            }
        }
    }

    /// Side B: a block. Each is what was sent, and comes once.
    fn message(&mut self, world: &World, index: usize, at: Micros, message: &Message<'_>) {
        let Message::Delivery(delivery) = message else {
            return self.violation(at, index, "a message that nobody sends");
        };
        let end = &mut self.ends[index];
        let expected = end.block;
        if end.is_a || delivery.seq < expected {
            return self.violation(at, index, "a block came twice");
        }
        end.block = delivery.seq + 1;
        let altered = delivery.payload != payload(world.seed, end.link, delivery.seq);
        self.counts.blocks += 1;
        if altered {
            self.violation(at, index, "a block was altered");
        }
    }

    /// At the end: every link between hosts that could hear each other for long enough stands, with entropy of both sides.
    pub(crate) fn finish(&mut self, world: &World, crash_ends: &[Micros], down: &[bool]) {
        let at = world.end;
        for index in 0..self.ends.len() {
            let end = &self.ends[index];
            let peer = end.peer.0 as usize;
            let quiet = [
                crash_ends[self.id as usize],
                crash_ends[peer],
                end.line.partitions.last_end(at),
                world.rotation,
            ];
            let apart =
                down[self.id as usize] || down[peer] || end.line.partitions.until(at).is_some();
            let since = quiet.into_iter().max().unwrap_or(0);
            if apart || since + STANDS_WITHIN > at {
                continue;
            }
            let now = self.now(at);
            let class = end
                .channel
                .as_ref()
                .map(|channel| channel.status(now).class);
            if class != Some(EntropyClass::Symmetric) {
                self.violation(at, index, "the link does not stand");
            }
        }
    }

    /// The end of the last crash before this time, and whether one lasts.
    pub(crate) fn crash_state(&self, at: Micros) -> (Micros, bool) {
        (self.crashes.last_end(at), self.crashes.until(at).is_some())
    }
}
