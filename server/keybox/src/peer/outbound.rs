//! Sending (`docs/keybox.md`, steps 5 and 6).
//!
//! Countermeasure T19 (`docs/threat-model.md`).

use std::time::Duration;

use super::reasons::CannotSend;
use super::record::{FIRST_SPI, LAST_SPI, Record};
use super::{IPV4, IPV6, Life, NOTHING, Peer, SLOWEST_CALL};
use crate::esp::{self, Header, MAX_PACKET, Sealing};

/// Packets that are sealed together.
const AT_ONCE: usize = 8;

/// A packet that is ready to go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sealed {
    /// Its length; it begins where the buffer does.
    pub len: usize,
    /// Its orbit, which is not on the wire.
    pub orbit: u64,
    /// Its header.
    pub header: Header,
}

/// A packet of a batch that is to be sealed.
#[derive(Debug)]
pub struct Outgoing<'a> {
    /// [`IPV4`], [`IPV6`], or [`NOTHING`].
    pub next_header: u8,
    /// The inner packet lies at `buffer[16..16 + inner]`; it is sealed in place.
    pub buffer: &'a mut [u8],
    /// Length of the inner packet.
    pub inner: usize,
    /// What became of it; before [`Peer::seal_batch`], that there is no box.
    pub sealed: Result<Sealed, CannotSend>,
}

impl<'a> Outgoing<'a> {
    /// A packet whose inner one lies at `buffer[16..16 + inner]`.
    pub fn new(next_header: u8, buffer: &'a mut [u8], inner: usize) -> Self {
        Self {
            next_header,
            buffer,
            inner,
            sealed: Err(CannotSend::NoBox),
        }
    }
}

impl Peer {
    /// Seals the inner packet at `buffer[16..16 + inner]` in place. `next_header`: [`IPV4`], [`IPV6`], or [`NOTHING`].
    ///
    /// # Errors
    /// [`CannotSend`]; then nothing may be sent.
    pub fn seal(
        &mut self,
        now: Duration,
        next_header: u8,
        buffer: &mut [u8],
        inner: usize,
    ) -> Result<Sealed, CannotSend> {
        let mut batch = [Outgoing::new(next_header, buffer, inner)];
        self.seal_batch(now, &mut batch);
        let [one] = batch;
        one.sealed
    }

    /// Seals packets in place, in their order, as one [`Peer::seal`] after the other would: their keys are derived together.
    pub fn seal_batch(&mut self, now: Duration, batch: &mut [Outgoing<'_>]) {
        self.tick(now);
        let mut rest = batch;
        while !rest.is_empty() {
            let most = rest.len().min(AT_ONCE);
            let mut begun = 0;
            let mut place = None;
            for one in &mut rest[..most] {
                // A packet that goes from elsewhere waits until those before it are sealed: their box may then be left.
                if place.is_some() && self.steps() {
                    break;
                }
                begun += 1;
                one.sealed = self.number(one);
                if one.sealed.is_ok() {
                    place = Some(self.sending);
                }
            }
            let (these, others) = rest.split_at_mut(begun);
            self.seal_numbered(these);
            rest = others;
        }
    }

    /// Whether the next packet takes a box or an SPI anew.
    fn steps(&mut self) -> bool {
        let now = self.now;
        let same = self
            .orbits
            .get(self.sending)
            .is_some_and(|orbit| orbit.plan(&self.budgets, now) == Ok(None));
        !same || self.new_spi(now)
    }

    /// Gives a packet its numbers.
    fn number(&mut self, one: &Outgoing<'_>) -> Result<Sealed, CannotSend> {
        let now = self.now;
        let (inner, next_header) = (one.inner, one.next_header);
        let known = match next_header {
            IPV4 | IPV6 => inner > 0,
            other => other == NOTHING,
        };
        // Bounded first, so that the sum can't overflow.
        let most = MAX_PACKET.min(one.buffer.len());
        if !known || inner > MAX_PACKET || esp::sealed_len(inner) > most {
            return Err(CannotSend::Unfit { inner, next_header });
        }
        let step = self.plan(now)?;
        self.take_numbers(step, now)?;
        let orbit = &mut self.orbits[self.sending];
        let (Some(life), Some(place)) = (&mut self.life, &mut orbit.place) else {
            return Err(CannotSend::NoBox);
        };
        // Counted before it is sealed: whatever happens then, no number comes twice.
        life.seq += 1;
        let header = Header {
            spi: self.role.spi(self.own_spi),
            seq: life.seq,
            i: orbit.lowest as u16,
            j: place.take(),
            flicker: self.flicker.take(),
        };
        Ok(Sealed {
            len: esp::sealed_len(inner),
            orbit: orbit.id,
            header,
        })
    }

    /// Seals packets that have their numbers, all of one box.
    fn seal_numbered(&mut self, batch: &mut [Outgoing<'_>]) {
        let orbit = &self.orbits.get(self.sending);
        let keys = orbit.and_then(|orbit| orbit.keys(orbit.lowest));
        let mut group: [Sealing<'_>; AT_ONCE] = std::array::from_fn(|_| Sealing::default());
        let mut count = 0;
        for one in &mut *batch {
            if let Ok(sealed) = &one.sealed {
                group[count] = Sealing {
                    header: sealed.header,
                    next_header: one.next_header,
                    buffer: one.buffer,
                    inner: one.inner,
                };
                count += 1;
            }
        }
        let group = &mut group[..count];
        if count == 0 {
            return;
        }
        let done = keys.is_some_and(|keys| esp::seal_batch(keys, group).is_ok());
        for one in batch {
            if one.sealed.is_err() {
                continue;
            }
            if !done {
                // The numbers are gone, and nothing was sealed under them.
                one.sealed = Err(CannotSend::NoBox);
                continue;
            }
            self.sent.packets += 1;
            self.sent.bytes += one.inner as u64;
            // Data is a call as well; only a quiet side's calls grow rarer.
            self.say_at = self.call_every.map(|every| self.now + every);
            if one.next_header == NOTHING {
                self.call_every = self.call_every.map(|every| (every * 2).min(SLOWEST_CALL));
            }
        }
    }

    /// Step 5: the box to step to, if any; changes to the next orbit when the present one is used up.
    fn plan(&mut self, now: Duration) -> Result<Option<u32>, CannotSend> {
        if self.orbits.is_empty() {
            return Err(CannotSend::NoBox);
        }
        let present = &mut self.orbits[self.sending];
        let blocked = match present.plan(&self.budgets, now) {
            Ok(step) => return Ok(step),
            Err(used_up) => used_up,
        };
        if blocked {
            present.exhaust(&self.budgets, now);
        }
        let started = present.place.is_some();
        let newest = self.orbits.len() - 1;
        if newest > self.sending && self.orbits[newest].usable() {
            self.send_from(newest);
            return self.orbits[newest]
                .plan(&self.budgets, now)
                .map_err(|_| CannotSend::NoBox);
        }
        Err(match (blocked, started) {
            (true, _) => CannotSend::Exhausted,
            (false, true) => CannotSend::HardLimit,
            (false, false) => CannotSend::NoBox,
        })
    }

    /// Whether the next packet begins an SPI.
    fn new_spi(&self, now: Duration) -> bool {
        let spent = |life: &Life| {
            life.seq == u32::MAX || now.saturating_sub(life.since) >= self.budgets.spi_time
        };
        self.life.as_ref().is_none_or(spent)
    }

    /// Reserves what the next packet takes anew: an SPI, a box, or both at once. Nothing is used before it is stored.
    fn take_numbers(&mut self, step: Option<u32>, now: Duration) -> Result<(), CannotSend> {
        let new_spi = self.new_spi(now);
        if !new_spi && step.is_none() {
            return Ok(());
        }
        let own_spi = if new_spi {
            (self.own_spi + 1).max(FIRST_SPI)
        } else {
            self.own_spi
        };
        if own_spi > LAST_SPI {
            return Err(CannotSend::NoSpi);
        }
        let orbit = &self.orbits[self.sending];
        self.remember(Record {
            orbit: orbit.id,
            own_spi,
            peer_spi: orbit.peer_spi(),
            lowest: step.unwrap_or(orbit.lowest),
        })?;
        if new_spi {
            self.life = Some(Life { since: now, seq: 0 });
        }
        if let Some(i) = step {
            self.orbits[self.sending].reserve(i, now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Parameters;
    use crate::esp::BoxKeys;
    use crate::peer::{Mode, Role, Store, StoreError};
    use crate::schedule::{Budgets, NoRandom, Random};

    struct Nowhere;

    impl Store for Nowhere {
        fn store(&mut self, _: &Record) -> Result<(), StoreError> {
            Ok(())
        }
    }

    struct Ones;

    impl Random for Ones {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandom> {
            out.fill(1);
            Ok(())
        }
    }

    fn peer(own_spi: u32) -> Peer {
        let record = Record {
            orbit: 9,
            own_spi,
            peer_spi: None,
            lowest: 1,
        };
        let (budgets, store) = (Budgets::default(), Box::new(Nowhere));
        let mut peer =
            Peer::new(Role::One, budgets, vec![record], store, &mut Ones).expect("random");
        let parameters = Parameters::new(4, 3, 2).expect("parameters");
        let now = Duration::ZERO;
        peer.add_orbit(now, 1, Mode::IpKey, parameters)
            .expect("an orbit");
        for i in 1..=3 {
            peer.insert(now, 1, BoxKeys::new(i, &[[7; 32], [8; 32]]))
                .expect("a box");
        }
        peer
    }

    #[test]
    fn a_new_spi_before_seq_wraps_and_none_twice() {
        let mut buffer = [0; 100];
        let mut peer = peer(0);
        let mut send = |peer: &mut Peer| peer.seal(Duration::ZERO, NOTHING, &mut buffer, 0);
        let first = send(&mut peer).expect("sealed").header;
        assert_eq!((first.spi, first.seq), (1 << 31 | FIRST_SPI, 1));
        if let Some(life) = &mut peer.life {
            life.seq = u32::MAX - 1;
        }
        let last = send(&mut peer).expect("sealed").header;
        assert_eq!((last.spi, last.seq), (first.spi, u32::MAX));
        let next = send(&mut peer).expect("sealed").header;
        assert_eq!((next.spi, next.seq), (first.spi + 1, 1));
        // The box is not left for it: only the other side steps.
        assert_eq!(next.i, first.i);
    }

    #[test]
    fn spis_end() {
        let mut buffer = [0; 100];
        let mut peer = peer(LAST_SPI - 1);
        let last = peer.seal(Duration::ZERO, NOTHING, &mut buffer, 0);
        assert_eq!(last.expect("sealed").header.spi, u32::MAX);
        peer.life = None;
        let none = peer.seal(Duration::ZERO, NOTHING, &mut buffer, 0);
        assert_eq!(none, Err(CannotSend::NoSpi));
    }

    #[test]
    fn what_is_no_packet_takes_no_number() {
        let mut buffer = [0; 100];
        let mut peer = peer(0);
        for (next_header, inner) in [
            (IPV4, 0),
            (IPV6, 0),
            (6, 40),
            (IPV4, 70),
            (IPV4, usize::MAX),
        ] {
            let sealed = peer.seal(Duration::ZERO, next_header, &mut buffer, inner);
            assert_eq!(sealed, Err(CannotSend::Unfit { inner, next_header }));
        }
        let sealed = peer.seal(Duration::ZERO, IPV4, &mut buffer, 50);
        assert_eq!(sealed.expect("sealed").header.seq, 1);
    }
}
