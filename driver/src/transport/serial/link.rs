//! A connection over a bad line: messages in order, each once, or the word that the line is lost. No clock and no file
//! of its own: time and bytes come in as arguments.
//!
//! Go-back-N: data frames are numbered, every frame says which is expected next and how many more there is room for.
//! A gap is answered by `Missing`, at once and once; else a timer sends again what is not acknowledged.

use super::SerialKey;
use super::frame::{Deframer, Frame, Kind};
use super::hello::{Hello, OtherVersion};
use super::seal::{Role, Seal, Session};
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// Data frames sent and not acknowledged, at most.
const WINDOW: usize = 8;
/// Messages received and not taken, at most: what is beyond is not accepted, and comes again.
const INBOX: usize = 32;
/// Messages given to be sent, at most.
const OUTBOX: usize = 16;
/// A silent end says so often that it is there.
const KEEPALIVE: Duration = Duration::from_millis(500);
/// Without a frame for so long the line is lost.
pub(super) const SILENCE: Duration = Duration::from_secs(5);
/// Frames in a row whose seal is wrong although their CRC is right.
const FORGERIES: u32 = 4;
/// Times that the frame that is due is sent before the line is given up.
const TRIES: u32 = 32;

/// Why there is no connection any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Lost {
    /// Nothing has come for a while.
    #[error(
        "nothing has come over the line for 5 s; check cable, power and the speed of both ends"
    )]
    Silent,
    /// The peer began anew, and does not know what was before.
    #[error("the other end was restarted; open the card anew")]
    Restarted,
    /// Seals don't fit.
    #[error("frames are not sealed with the key given; give both ends the same key file")]
    BadKey,
    /// The peer wants a seal.
    #[error("the other end encrypts, and no key is given; give its key file")]
    KeyWanted,
    /// The peer doesn't seal.
    #[error(
        "the other end does not encrypt, and a key is given; provision it with the key, or give none"
    )]
    NotSealed,
    /// A host at both ends, or a card.
    #[error("the other end is of the same kind as this one; connect a host and a card")]
    SameRole,
    /// The peer speaks another version.
    #[error(
        "the other end speaks version {0} of the protocol, this one 1; bring both to one release"
    )]
    Version(u8),
    /// A frame was sent again and again in vain.
    #[error(
        "the line is too noisy: a frame was sent 32 times in vain; check cable, ground and speed"
    )]
    Noisy,
    /// A message that can't be.
    #[error("the other end sent a message that can't be; bring both to one release")]
    BadMessage,
}

/// What went over the line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LinkStats {
    /// Data frames sent for the first time.
    pub sent: u64,
    /// Sent again.
    pub resent: u64,
    /// Messages received, each once.
    pub received: u64,
    /// Pieces of the line that were no frame: noise.
    pub noise: u64,
    /// Data frames that came twice or too early.
    pub out_of_order: u64,
    /// Frames whose seal was wrong.
    pub forged: u64,
}

struct InFlight {
    payload: Vec<u8>,
    sent: bool,
}

/// An end of a connection.
pub struct Link {
    role: Role,
    session: Session,
    key: Option<SerialKey>,
    /// Patience before frames are sent again, and doubled while nothing helps.
    patience: Duration,
    peer: Option<Session>,
    /// The peer has heard us: data may flow.
    up: bool,
    lost: Option<Lost>,
    seal: Option<Seal>,
    deframer: Deframer,

    outbox: VecDeque<Vec<u8>>,
    in_flight: VecDeque<InFlight>,
    /// Number of the first frame in flight.
    base: u64,
    /// How many of those in flight are on their way; the others are to be sent (again).
    cursor: usize,
    peer_room: usize,
    resend_at: Option<Instant>,
    /// Times that the first frame in flight was sent: those behind it go again because of it.
    tries: u32,
    backoff: u32,
    /// `base` of the last time that `Missing` was heeded.
    heeded: Option<u64>,

    inbox: VecDeque<Vec<u8>>,
    expected: u64,
    /// An acknowledgement is due, and of which kind.
    due: Option<Kind>,
    /// `expected` of the last complaint.
    complained: Option<u64>,
    forgeries: u32,

    hello_at: Option<Instant>,
    said: Instant,
    heard: Instant,
    stats: LinkStats,
}

impl Link {
    /// An end that begins to look for its peer. `patience`: time for a window of frames there and back.
    #[must_use]
    pub fn new(
        role: Role,
        session: Session,
        key: Option<SerialKey>,
        patience: Duration,
        now: Instant,
    ) -> Self {
        Self {
            role,
            session,
            key,
            patience,
            peer: None,
            up: false,
            lost: None,
            seal: None,
            deframer: Deframer::default(),
            outbox: VecDeque::new(),
            in_flight: VecDeque::new(),
            base: 0,
            cursor: 0,
            peer_room: 0,
            resend_at: None,
            tries: 0,
            backoff: 0,
            heeded: None,
            inbox: VecDeque::new(),
            expected: 0,
            due: None,
            complained: None,
            forgeries: 0,
            hello_at: Some(now),
            said: now,
            heard: now,
            stats: LinkStats::default(),
        }
    }

    /// Whether data may flow.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up && self.lost.is_none()
    }

    /// Why the connection is over, if it is.
    #[must_use]
    pub fn lost(&self) -> Option<Lost> {
        self.lost
    }

    /// What went over the line so far.
    #[must_use]
    pub fn stats(&self) -> LinkStats {
        LinkStats {
            noise: self.deframer.bad,
            ..self.stats
        }
    }

    /// Whether a message may be given to be sent.
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.is_up() && self.outbox.len() < OUTBOX
    }

    /// Gives a message to be sent; false, and not taken, without room.
    #[must_use]
    pub fn send(&mut self, message: Vec<u8>) -> bool {
        let takes = self.has_room();
        if takes {
            self.outbox.push_back(message);
        }
        takes
    }

    /// The next message, in the order in which they were sent.
    pub fn take(&mut self) -> Option<Vec<u8>> {
        let was_full = self.inbox.len() == INBOX;
        let message = self.inbox.pop_front();
        if was_full && message.is_some() {
            // The peer waits to hear that there is room again.
            self.due.get_or_insert(Kind::Ack);
        }
        message
    }

    /// Ends the connection: what the caller took makes no sense.
    pub fn fail(&mut self, reason: Lost) {
        self.lost.get_or_insert(reason);
    }

    /// Takes bytes from the line.
    pub fn receive(&mut self, now: Instant, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(frame) = self.deframer.push(byte)
                && self.lost.is_none()
            {
                self.take_frame(now, frame);
            }
        }
    }

    fn take_frame(&mut self, now: Instant, frame: Frame) {
        if frame.kind == Kind::Hello {
            self.take_hello(now, &frame);
            return;
        }
        if self.peer.is_none() {
            // Of a connection that we know nothing of: our hellos will tell the peer.
            return;
        }
        self.heard = now;
        // Data before its hello: the peer's hello that said it had heard us was lost.
        self.up = true;
        self.hello_at = None;
        self.take_ack(now, &frame);
        if frame.kind == Kind::Data {
            self.take_data(frame);
        }
    }

    fn take_hello(&mut self, now: Instant, frame: &Frame) {
        let hello = match Hello::decode(&frame.payload) {
            None => return,
            Some(Err(OtherVersion(version))) => return self.fail(Lost::Version(version)),
            Some(Ok(hello)) => hello,
        };
        if hello.role == self.role {
            return self.fail(Lost::SameRole);
        }
        if hello.sealed && self.key.is_none() {
            return self.fail(Lost::KeyWanted);
        }
        if !hello.sealed && self.key.is_some() {
            return self.fail(Lost::NotSealed);
        }
        match self.peer {
            Some(peer) if peer != hello.mine => return self.fail(Lost::Restarted),
            Some(_) => {}
            None => {
                if let Some(key) = &self.key {
                    let seal = Seal::new(key, self.role, &self.session, &hello.mine);
                    if seal.is_none() {
                        return self.fail(Lost::BadKey);
                    }
                    self.seal = seal;
                }
                self.peer = Some(hello.mine);
                self.peer_room = usize::from(frame.room);
            }
        }
        match hello.yours {
            // It talks to one that was here before us; it will hear our hello, and begin anew.
            Some(heard) if heard != self.session => return,
            Some(_) => {
                if !self.up {
                    self.up = true;
                    // It may not know yet that we know.
                    self.hello_at = Some(now);
                }
            }
            None => self.hello_at = Some(now),
        }
        self.heard = now;
    }

    fn take_ack(&mut self, now: Instant, frame: &Frame) {
        let arrived = usize::from(frame.ack.wrapping_sub(self.base as u16));
        if arrived <= self.in_flight.len() {
            self.in_flight.drain(..arrived);
            self.base += arrived as u64;
            self.cursor = self.cursor.saturating_sub(arrived);
            self.peer_room = usize::from(frame.room);
            if arrived > 0 {
                self.backoff = 0;
                self.tries = 0;
                self.resend_at = self.resend_time(now);
            }
            if frame.kind == Kind::Missing && self.heeded != Some(self.base) {
                self.heeded = Some(self.base);
                self.cursor = 0;
            }
        }
    }

    fn resend_time(&self, now: Instant) -> Option<Instant> {
        (!self.in_flight.is_empty()).then(|| now + self.patience * (1 << self.backoff.min(4)))
    }

    fn take_data(&mut self, frame: Frame) {
        let ahead = frame.seq.wrapping_sub(self.expected as u16);
        if ahead != 0 || self.inbox.len() == INBOX {
            self.stats.out_of_order += 1;
            // One too early means that some are missing; an old one, that our acknowledgement was lost.
            let gap = ahead != 0 && ahead < 0x8000 && self.complained != Some(self.expected);
            if gap {
                self.complained = Some(self.expected);
            }
            self.due = Some(if gap { Kind::Missing } else { Kind::Ack });
            return;
        }
        let message = match &self.seal {
            None => frame.payload,
            Some(seal) => match seal.open(self.expected, frame.payload) {
                Some(message) => message,
                None => {
                    self.stats.forged += 1;
                    self.forgeries += 1;
                    if self.forgeries == FORGERIES {
                        self.fail(Lost::BadKey);
                    }
                    return;
                }
            },
        };
        self.forgeries = 0;
        self.stats.received += 1;
        self.expected += 1;
        self.inbox.push_back(message);
        self.due.get_or_insert(Kind::Ack);
    }

    /// Appends what is to go over the line now; nothing if nothing is. Call it again when the line has taken that.
    pub fn transmit(&mut self, now: Instant, line: &mut Vec<u8>) {
        self.judge(now);
        // Even if it can't be followed: the peer may then know why.
        self.say_hello(now, line);
        if !self.is_up() {
            return;
        }
        while self.in_flight.len() < WINDOW.min(self.peer_room) {
            let Some(message) = self.outbox.pop_front() else {
                break;
            };
            let number = self.base + self.in_flight.len() as u64;
            let payload = match &self.seal {
                None => message,
                Some(seal) => match seal.close(number, message) {
                    Some(sealed) => sealed,
                    None => return self.fail(Lost::BadKey),
                },
            };
            self.in_flight.push_back(InFlight {
                payload,
                sent: false,
            });
        }
        // One at a time: what comes back in the meantime may change what is due.
        if self.cursor < self.in_flight.len() {
            let seq = (self.base + self.cursor as u64) as u16;
            if self.cursor == 0 {
                self.tries += 1;
                if self.tries > TRIES {
                    return self.fail(Lost::Noisy);
                }
            }
            let one = &mut self.in_flight[self.cursor];
            if one.sent {
                self.stats.resent += 1;
            } else {
                self.stats.sent += 1;
            }
            one.sent = true;
            let payload = one.payload.clone();
            self.cursor += 1;
            self.put(now, line, Kind::Data, seq, payload);
            if self.resend_at.is_none() {
                self.resend_at = self.resend_time(now);
            }
            if self.due == Some(Kind::Ack) {
                self.due = None;
            }
        }
        if let Some(kind) = self.due.take() {
            self.put(now, line, kind, 0, Vec::new());
        } else if now >= self.said + KEEPALIVE {
            self.put(now, line, Kind::Ack, 0, Vec::new());
        }
    }

    /// What time alone decides.
    fn judge(&mut self, now: Instant) {
        // A card waits for its host as long as it takes.
        if (self.up || self.role == Role::Host) && now >= self.heard + SILENCE {
            self.fail(Lost::Silent);
        }
        if self.resend_at.is_some_and(|at| now >= at) {
            self.cursor = 0;
            self.backoff += 1;
            self.resend_at = self.resend_time(now);
        }
    }

    fn say_hello(&mut self, now: Instant, line: &mut Vec<u8>) {
        if self.hello_at.is_none_or(|at| now < at) {
            return;
        }
        let hello = Hello {
            role: self.role,
            sealed: self.key.is_some(),
            mine: self.session,
            yours: self.peer,
        };
        // Until the peer has sent something else, it may not have heard us.
        self.hello_at = (!self.up).then(|| now + self.patience);
        self.put(now, line, Kind::Hello, 0, hello.encode());
    }

    fn put(&mut self, now: Instant, line: &mut Vec<u8>, kind: Kind, seq: u16, payload: Vec<u8>) {
        self.said = now;
        Frame {
            kind,
            room: (INBOX - self.inbox.len()) as u8,
            seq,
            ack: self.expected as u16,
            payload,
        }
        .write(line);
    }

    /// When [`Self::transmit`] should be called even if nothing happens.
    #[must_use]
    pub fn deadline(&self, now: Instant) -> Instant {
        let alive = self.up.then_some(self.said + KEEPALIVE);
        [self.hello_at, self.resend_at, alive]
            .into_iter()
            .flatten()
            .fold(now + KEEPALIVE, Instant::min)
    }
}
