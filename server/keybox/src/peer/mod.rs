//! One peer of a tunnel: SPIs, box pointers, durable records, replay windows; without sockets, clock, or randomness of
//! its own (spec 2-keybox §2.2 to §2.4; the steps' numbers are those of `docs/keybox.md`).
//!
//! Time is a monotonic argument; one that runs backwards counts as standing still. Per packet nothing is allocated, but
//! when a box's keys are made ready.
//!
//! Countermeasures T18 to T21 (`docs/threat-model.md`).

mod among;
mod inbound;
mod ip_key;
mod orbit;
mod outbound;
mod reasons;
mod record;
mod status;

use std::time::Duration;

use crate::Parameters;
use crate::esp::{BoxKeys, MAX_PACKET};
use crate::schedule::{Budgets, Flicker, NoRandom, Random};
use orbit::Orbit;

pub use among::{Among, Dropped, Scratch, open_among, open_batch_among};
pub use inbound::{Incoming, Opened};
pub use ip_key::{fingerprint, ip_key_boxes};
pub use outbound::{Outgoing, Sealed};
pub use reasons::{CannotSend, DropReason, Drops};
pub use record::{BadRecord, FIRST_SPI, LAST_SPI, RECORD_LEN, Record, Store, StoreError};
pub use status::{OrbitStatus, PeerStatus};

/// Next header of an IPv4 packet.
pub const IPV4: u8 = 4;
/// Next header of an IPv6 packet.
pub const IPV6: u8 = 41;
/// Next header of a packet that carries nothing.
pub const NOTHING: u8 = 59;
/// How long the previous SPI, and a box that both sides have left, still serve late packets.
pub const GRACE: Duration = Duration::from_secs(2);
/// A side that has moved to a lower box and sends nothing says so after this time.
const CONFIRM: Duration = Duration::from_secs(1);
/// A restarted side that hears nothing says so again, at intervals that grow to this.
const SLOWEST_CALL: Duration = Duration::from_secs(32);
const FIRST_CALL: Duration = Duration::from_secs(1);

/// Which of the two sides: the top bit of its SPIs, configured for the pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Sends with 0.
    Zero,
    /// Sends with 1.
    One,
}

impl Role {
    /// The SPI that has this counter.
    #[must_use]
    pub fn spi(self, counter: u32) -> u32 {
        match self {
            Self::Zero => counter,
            Self::One => counter | 1 << 31,
        }
    }

    fn of(spi: u32) -> Self {
        if spi >> 31 == 0 {
            Self::Zero
        } else {
            Self::One
        }
    }
}

/// Where boxes come from (§2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// From the hub, one at a time; used once they are ready.
    Boxes,
    /// All at the start, from an IP key that both sides were given.
    IpKey,
}

/// What a peer is given with an orbit or a box and does not take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OrbitError {
    /// Not an orbit that is here.
    #[error("key box orbit {0:016x} is not in use here; open it first")]
    Unknown(u64),
    /// It is here already.
    #[error("key box orbit {0:016x} is in use already; give another")]
    Twice(u64),
    /// Boxes of another shape.
    #[error("key box {i} with {keys} keys is not of this orbit; give both sides the same I and J")]
    Shape {
        /// Its number.
        i: u16,
        /// Its keys.
        keys: usize,
    },
    /// The hub calls us the other side, while keys of our present side are in use.
    #[error(
        "the other side of this pair can't be taken while its key boxes are in use; start both gateways anew"
    )]
    Side,
    /// A box that is here, or was used.
    #[error("key box {i} was given before and must not be used again; give the next lower one")]
    Used {
        /// Its number.
        i: u16,
    },
    /// A box that is not here is called ready.
    #[error("key box {i} is not here; it can't be ready")]
    NotHeld {
        /// Its number.
        i: u16,
    },
}

/// Our own SPI in this life.
#[derive(Debug, Clone, Copy)]
struct Life {
    since: Duration,
    seq: u32,
}

/// Packets and inner bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Packets, those that carry nothing included.
    pub packets: u64,
    /// Bytes of inner packets.
    pub bytes: u64,
}

/// One peer.
pub struct Peer {
    role: Role,
    budgets: Budgets,
    store: Box<dyn Store + Send>,
    records: Vec<Record>,
    flicker: Flicker,
    now: Duration,
    /// At most two, the newer last.
    orbits: Vec<Orbit>,
    /// Which of them we send from.
    sending: usize,
    /// The highest counter of our SPIs that may have been used.
    own_spi: u32,
    /// `None`: the next packet takes a new SPI.
    life: Option<Life>,
    /// When to send a packet even if there is nothing to carry.
    say_at: Option<Duration>,
    /// After a restart, until something authenticates: the interval to the next call.
    call_every: Option<Duration>,
    /// What a packet was before a trial under the wrong orbit.
    scratch: Vec<u8>,
    sent: Traffic,
    received: Traffic,
    drops: Drops,
}

impl Peer {
    /// A peer whose earlier lives left `records`, one per orbit; those of orbits that are over count too, for the SPIs.
    ///
    /// # Errors
    /// [`NoRandom`] when the flicker can't be drawn.
    pub fn new(
        role: Role,
        budgets: Budgets,
        records: Vec<Record>,
        store: Box<dyn Store + Send>,
        random: &mut dyn Random,
    ) -> Result<Self, NoRandom> {
        // Step 3: every SPI up to the stored one is burned.
        let own_spi = records.iter().map(|record| record.own_spi).max();
        Ok(Self {
            role,
            budgets,
            store,
            records,
            flicker: Flicker::draw(random)?,
            now: Duration::ZERO,
            orbits: Vec::with_capacity(2),
            sending: 0,
            own_spi: own_spi.unwrap_or(0),
            life: None,
            say_at: None,
            call_every: None,
            scratch: Vec::new(),
            sent: Traffic::default(),
            received: Traffic::default(),
            drops: Drops::default(),
        })
    }

    /// Steps 4 and 9: an orbit to receive from. It is sent from when there is no other, when the present one is used up, when
    /// the peer is heard in it, when one of its boxes is ready (mode `boxes`), or by [`Self::switch`]. Of an orbit that
    /// is neither in use nor the newest nothing stays.
    ///
    /// # Errors
    /// [`OrbitError::Twice`].
    pub fn add_orbit(
        &mut self,
        now: Duration,
        id: u64,
        mode: Mode,
        parameters: Parameters,
    ) -> Result<(), OrbitError> {
        self.tick(now);
        if self.orbits.iter().any(|orbit| orbit.id == id) {
            return Err(OrbitError::Twice(id));
        }
        if self.orbits.len() == 2 {
            // The other one is older and left, or newer and never used.
            self.orbits.remove(1 - self.sending);
            self.sending = 0;
        }
        let record = self.records.iter().find(|record| record.orbit == id);
        let restarted = record.is_some();
        // Parameters hold at most 65,535 of either.
        let (boxes, keys) = (parameters.boxes() as u16, parameters.keys() as u16);
        let orbit = Orbit::new(id, mode, boxes, keys, record);
        self.orbits.push(orbit);
        if self.orbits.len() == 2 {
            self.scratch.reserve_exact(MAX_PACKET);
        }
        if restarted {
            // Step 6: a restarted side sends a packet at once, and again until it hears something.
            self.say_at = Some(self.now);
            self.call_every = Some(FIRST_CALL);
            // One of both sides had begun it.
            self.send_from(self.orbits.len() - 1);
        }
        Ok(())
    }

    /// Takes the side that the hub gives, in mode `boxes`. It gives a pair the same sides each time.
    ///
    /// # Errors
    /// [`OrbitError::Side`]: orbits are in use on the other one.
    pub fn set_role(&mut self, role: Role) -> Result<(), OrbitError> {
        if self.role != role && !self.orbits.is_empty() {
            return Err(OrbitError::Side);
        }
        self.role = role;
        Ok(())
    }

    /// Which side we are.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Takes in a box of an orbit, in any order; the keys are K(i, j), never raw session keys.
    ///
    /// # Errors
    /// [`OrbitError`]; a box that a stored record calls used is refused.
    pub fn insert(&mut self, now: Duration, id: u64, keys: BoxKeys) -> Result<(), OrbitError> {
        self.tick(now);
        self.orbit_mut(id)?.insert(keys)
    }

    /// Mode `boxes`: the hub says that both sides hold box `i`. Senders step only to such boxes.
    ///
    /// # Errors
    /// [`OrbitError::Unknown`], [`OrbitError::NotHeld`].
    pub fn ready(&mut self, now: Duration, id: u64, i: u16) -> Result<(), OrbitError> {
        self.tick(now);
        self.orbit_mut(id)?.set_ready(i)?;
        self.switch(now, id)
    }

    /// Sends from this orbit from now on, if it is the newer one: the other side has it too.
    ///
    /// # Errors
    /// [`OrbitError::Unknown`].
    pub fn switch(&mut self, now: Duration, id: u64) -> Result<(), OrbitError> {
        self.tick(now);
        let at = self.find(id)?;
        if at > self.sending {
            self.send_from(at);
        }
        Ok(())
    }

    /// Step 9: a new orbit is a new SPI.
    fn send_from(&mut self, at: usize) {
        if at != self.sending {
            self.sending = at;
            self.life = None;
            self.say_at = Some(self.now);
        }
    }

    /// When [`Self::poll`] has something to do.
    #[must_use]
    pub fn poll_at(&self) -> Option<Duration> {
        let say = self.say_at.filter(|_| self.can_send());
        let expiry = self.orbits.iter().filter_map(Orbit::expiry).min();
        [say, expiry].into_iter().flatten().min()
    }

    /// Step 8: erases what is over. True when a packet should go to the peer now: [`Self::seal`] with [`NOTHING`], unless
    /// something else is about to be sent.
    pub fn poll(&mut self, now: Duration) -> bool {
        self.tick(now);
        let due = self.can_send() && self.say_at.is_some_and(|at| at <= self.now);
        if due {
            // Sealing sets it anew; who does not seal is asked again, but not without pause.
            self.say_at = Some(self.now + CONFIRM);
        }
        due
    }

    fn can_send(&self) -> bool {
        self.orbits.iter().any(Orbit::usable)
    }

    /// The hub's next box, when one is wanted ahead of need: orbit and number; 0 is the first box of a new orbit.
    #[must_use]
    pub fn wanted(&self) -> Option<(u64, u16)> {
        let orbit = self.orbits.last()?;
        Some((orbit.id, orbit.wanted()?))
    }

    /// Takes the time, never backwards, and erases what is over.
    fn tick(&mut self, now: Duration) {
        self.now = self.now.max(now);
        let now = self.now;
        let mut over = None;
        for (at, orbit) in self.orbits.iter_mut().enumerate() {
            orbit.expire(now);
            if orbit.end_at.is_some_and(|end| end <= now) && at != self.sending {
                over = Some(at);
            }
        }
        if let Some(at) = over {
            self.orbits.remove(at);
            self.sending = 0;
        }
    }

    fn find(&self, id: u64) -> Result<usize, OrbitError> {
        self.orbits
            .iter()
            .position(|orbit| orbit.id == id)
            .ok_or(OrbitError::Unknown(id))
    }

    fn orbit_mut(&mut self, id: u64) -> Result<&mut Orbit, OrbitError> {
        let at = self.find(id)?;
        Ok(&mut self.orbits[at])
    }

    /// Stores, and only then remembers.
    fn remember(&mut self, record: Record) -> Result<(), StoreError> {
        self.store.store(&record)?;
        match self
            .records
            .iter_mut()
            .find(|known| known.orbit == record.orbit)
        {
            Some(known) => *known = record,
            None => self.records.push(record),
        }
        self.own_spi = self.own_spi.max(record.own_spi);
        Ok(())
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peer")
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
