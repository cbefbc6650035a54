//! Receiving (`docs/keybox.md`, step 7).
//!
//! Countermeasure T20 (`docs/threat-model.md`): an unauthenticated packet moves nothing, and nothing answers it.

use std::time::Duration;

use super::orbit::Way;
use super::reasons::DropReason;
use super::record::Record;
use super::{CONFIRM, GRACE, IPV4, IPV6, NOTHING, Peer, Role};
use crate::esp::{self, Header, MAX_PACKET};
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
        let opened = read_header(packet).and_then(|header| self.try_open(now, &header, packet));
        if let Err(reason) = opened {
            self.drops.count(reason);
        }
        opened
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
        let orbit = &self.orbits[at];
        let keys = orbit
            .keys(u32::from(header.i))
            .ok_or(DropReason::BoxErased)?;
        // Nothing before this line has changed anything; what follows knows that the peer sealed it.
        let inner = esp::open(keys, header, packet)?;
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
            if self.remember(record).is_err() {
                packet.fill(0);
                return Err(DropReason::NotStored);
            }
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
