//! Receiving (`docs/keybox.md`, step 7).
//!
//! Countermeasure T20 (`docs/threat-model.md`): an unauthenticated packet moves nothing, and nothing answers it.

use std::time::Duration;

use super::orbit::Way;
use super::reasons::DropReason;
use super::record::Record;
use super::{CONFIRM, GRACE, IPV4, IPV6, NOTHING, Peer, Role};
use crate::esp::{self, Header, MAX_PACKET, Opening};
use crate::schedule::FLICKERS;

/// A packet that was opened: the inner packet is `packet[16..16 + len]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// [`IPV4`], [`IPV6`], or [`NOTHING`], which is not to be passed on.
    pub next_header: u8,
    /// Length of the inner packet.
    pub len: usize,
    /// No later packet has come: where it came from is where the peer is (roaming).
    pub newest: bool,
}

/// Packets that are opened together.
const AT_ONCE: usize = 8;

/// A packet of a batch that came.
#[derive(Debug)]
pub struct Incoming<'a> {
    /// The packet, which is opened in place.
    pub packet: &'a mut [u8],
    /// What became of it; before [`Peer::open_batch`], that nothing is there. What is in a packet that was dropped is not to be
    /// used.
    pub opened: Result<Opened, DropReason>,
    /// Among several peers ([`open_batch_among`](super::open_batch_among)) the one that opened or counted it.
    pub by: Option<usize>,
}

impl<'a> Incoming<'a> {
    /// A packet as it came.
    pub fn new(packet: &'a mut [u8]) -> Self {
        Self {
            packet,
            opened: Err(DropReason::Short),
            by: None,
        }
    }
}

/// Reads the header of a packet, and drops what no peer could have sent.
pub(super) fn read_header(packet: &[u8]) -> Result<Header, DropReason> {
    if packet.len() < esp::sealed_len(0) {
        return Err(DropReason::Short);
    }
    if packet.len() > MAX_PACKET {
        return Err(DropReason::Giant);
    }
    let header = Header::read(packet)?;
    if header.flicker >= FLICKERS {
        return Err(DropReason::BadFlicker);
    }
    Ok(header)
}

impl Peer {
    /// Opens a packet in place.
    ///
    /// # Errors
    /// [`DropReason`], counted: the packet is to be dropped in silence. What is then in `packet` is not to be used.
    pub fn open(&mut self, now: Duration, packet: &mut [u8]) -> Result<Opened, DropReason> {
        let mut batch = [Incoming::new(packet)];
        self.open_batch(now, &mut batch);
        let [one] = batch;
        one.opened
    }

    /// Opens packets in place, in their order, as one [`Peer::open`] after the other would: their keys are derived together.
    pub fn open_batch(&mut self, now: Duration, batch: &mut [Incoming<'_>]) {
        self.try_open_batch(now, batch);
        for one in batch {
            if let Err(reason) = one.opened {
                self.drops.count(reason);
            }
        }
    }

    /// As [`Self::open_batch`], without counting.
    pub(super) fn try_open_batch(&mut self, now: Duration, batch: &mut [Incoming<'_>]) {
        self.tick(now);
        let mut rest = batch;
        while !rest.is_empty() {
            let (at, i, count) = self.of_one_box(rest);
            let (these, others) = rest.split_at_mut(count);
            rest = others;
            if let [one] = these {
                one.opened = read_header(one.packet)
                    .and_then(|header| self.try_open(now, &header, one.packet));
            } else {
                self.open_together(at, i, these);
            }
        }
    }

    /// How many of the first packets may be of one box of one orbit, and of no other orbit's; 1 if the first is not of that
    /// kind.
    fn of_one_box(&self, batch: &[Incoming<'_>]) -> (usize, u32, usize) {
        let place = |one: &Incoming<'_>| {
            let header = read_header(one.packet).ok()?;
            match self.ways(&header).ok()? {
                [Some(_), None] => Some((0, u32::from(header.i))),
                [None, Some(_)] => Some((1, u32::from(header.i))),
                _ => None,
            }
        };
        let Some(first) = batch.first().and_then(place) else {
            return (0, 0, 1);
        };
        let count = batch
            .iter()
            .take(AT_ONCE)
            .take_while(|one| place(one) == Some(first))
            .count();
        (first.0, first.1, count)
    }

    /// Opens packets that may be of this box, and only then takes one after the other, each as it stands after those before.
    fn open_together(&mut self, at: usize, i: u32, batch: &mut [Incoming<'_>]) {
        let mut group: [Opening<'_>; AT_ONCE] = std::array::from_fn(|_| Opening::default());
        let group = &mut group[..batch.len()];
        for (slot, one) in group.iter_mut().zip(&mut *batch) {
            slot.header = Header::read(one.packet).unwrap_or_default();
            slot.packet = one.packet;
        }
        if let Some(keys) = self.orbits[at].keys(i) {
            esp::open_batch(keys, group);
        }
        let found = std::array::from_fn::<_, AT_ONCE, _>(|n| {
            group.get(n).map(|slot| (slot.header, slot.opened))
        });
        for (one, (header, inner)) in batch.iter_mut().zip(found.into_iter().flatten()) {
            // One of the packets before it may have been its double, or have moved the window.
            let way = self.ways(&header).map(|ways| ways[at]);
            one.opened = match (way, inner) {
                (Err(reason), _) => Err(reason),
                (Ok(Some(way)), Ok(inner)) => self.take(at, way, &header, inner),
                (_, Err(refusal)) => Err(refusal.into()),
                (Ok(None), Ok(_)) => Err(DropReason::UnknownSpi),
            };
            if one.opened.is_err() && inner.is_ok() {
                one.packet.fill(0);
            }
        }
    }

    /// How a packet with this header stands to each orbit, or why it stands to none.
    fn ways(&self, header: &Header) -> Result<[Option<Way>; 2], DropReason> {
        if Role::of(header.spi) == self.role {
            return Err(DropReason::OwnDirection);
        }
        let mut reason = DropReason::UnknownSpi;
        let mut ways = [None; 2];
        for (orbit, slot) in self.orbits.iter().zip(&mut ways) {
            match orbit.admit(header, counter(header), self.now) {
                Ok(way) => *slot = Some(way),
                // What an orbit says that knows the SPI tells more.
                Err(DropReason::OldSpi) if reason != DropReason::UnknownSpi => {}
                Err(other) => reason = other,
            }
        }
        if ways == [None; 2] {
            Err(reason)
        } else {
            Ok(ways)
        }
    }

    /// Whether a packet with this header may be this peer's.
    pub(super) fn admits(&mut self, now: Duration, header: &Header) -> Result<(), DropReason> {
        self.tick(now);
        self.ways(header).map(|_| ())
    }

    /// As [`Self::open`], without counting.
    pub(super) fn try_open(
        &mut self,
        now: Duration,
        header: &Header,
        packet: &mut [u8],
    ) -> Result<Opened, DropReason> {
        self.tick(now);
        let ways = self.ways(header)?;
        let several = ways.iter().flatten().count() > 1;
        if several {
            // A trial under the wrong orbit's key may spoil the packet.
            self.scratch.clear();
            self.scratch.extend_from_slice(packet);
        }
        // The newer orbit first: a new SPI is most often of the orbit that was just begun.
        for (at, way) in ways.into_iter().enumerate().rev() {
            let Some(way) = way else { continue };
            match self.open_in(at, way, header, packet) {
                Err(DropReason::Forged) => {}
                other => return other,
            }
            if several {
                packet.copy_from_slice(&self.scratch);
            }
        }
        Err(DropReason::Forged)
    }

    fn open_in(
        &mut self,
        at: usize,
        way: Way,
        header: &Header,
        packet: &mut [u8],
    ) -> Result<Opened, DropReason> {
        let keys = self.orbits[at].keys(u32::from(header.i));
        let keys = keys.ok_or(DropReason::BoxErased)?;
        let inner = esp::open(keys, header, packet)?;
        let taken = self.take(at, way, header, inner);
        if taken.is_err() {
            packet.fill(0);
        }
        taken
    }

    /// Takes a packet that was authentic. Nothing before this has changed anything; what follows knows that the peer
    /// sealed it.
    fn take(
        &mut self,
        at: usize,
        way: Way,
        header: &Header,
        inner: esp::Opened,
    ) -> Result<Opened, DropReason> {
        let orbit = &self.orbits[at];
        let carries = match inner.next_header {
            IPV4 | IPV6 => inner.len > 0,
            other => other == NOTHING,
        };
        if !carries {
            return Err(DropReason::BadNextHeader);
        }
        let news = orbit.news(header, way);
        if news.spi || news.lower {
            // Written before delivery: after a start this binds what may be delivered.
            let record = Record {
                orbit: orbit.id,
                own_spi: self.own_spi,
                peer_spi: if news.spi {
                    Some(counter(header))
                } else {
                    orbit.peer_spi()
                },
                lowest: orbit.lowest.min(u32::from(header.i)),
            };
            self.remember(record).map_err(|_| DropReason::NotStored)?;
        }
        let now = self.now;
        let newest = self.orbits[at].accept(header, counter(header), way, now);
        if self.call_every.take().is_some() && self.life.is_some() {
            // Called and heard.
            self.say_at = None;
        }
        if at > self.sending {
            // The peer has begun this orbit: so do we.
            self.send_from(at);
        }
        if at == self.sending {
            for (other, orbit) in self.orbits.iter_mut().enumerate() {
                if other < at {
                    orbit.end_at.get_or_insert(now + GRACE);
                }
            }
        }
        // Step 6: the peer learns that we have followed it, so that it can erase too.
        let say = match (news.spi, news.lower) {
            (true, _) => Some(now),
            (false, true) => Some(now + CONFIRM),
            (false, false) => None,
        };
        if at == self.sending
            && let Some(say) = say
        {
            self.say_at = Some(self.say_at.map_or(say, |before| before.min(say)));
        }
        self.received.packets += 1;
        self.received.bytes += inner.len as u64;
        Ok(Opened {
            next_header: inner.next_header,
            len: inner.len,
            newest: newest && at == self.sending,
        })
    }
}

fn counter(header: &Header) -> u32 {
    header.spi & (u32::MAX >> 1)
}
