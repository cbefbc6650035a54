//! One orbit: which boxes are here, the pointer that both directions share, and the peer's SPIs
//! (`docs/keybox.md`, steps 4 to 7).
//!
//! Countermeasures T18, T20 and T21 (`docs/threat-model.md`).

use std::time::Duration;

use super::reasons::DropReason;
use super::record::Record;
use super::{GRACE, Mode, OrbitError};
use crate::esp::{BoxKeys, Header};
use crate::schedule::{Budgets, Place};
use crate::window::{Verdict, Window};

/// A box that is here.
struct Held {
    keys: BoxKeys,
    /// Both sides have it.
    ready: bool,
    /// Used up in both directions; late packets may still come until then.
    erase_at: Option<Duration>,
}

/// What is received under one SPI.
struct Receiving {
    spi: u32,
    window: Window,
    /// On the stored SPI after a start: boxes from here up were delivered by an earlier life.
    used_from: u32,
}

/// How a packet's SPI stands to those that are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// The one in use.
    Current,
    /// The one before it, for [`GRACE`].
    Previous,
    /// Higher than any: adopted if the packet authenticates.
    New,
}

/// What an authentic packet changes in the record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct News {
    /// The SPI is new.
    pub(super) spi: bool,
    /// The box is lower than ours.
    pub(super) lower: bool,
    /// The peer left a higher box.
    pub(super) moved: bool,
}

/// An orbit in use.
pub(super) struct Orbit {
    pub(super) id: u64,
    pub(super) mode: Mode,
    keys: u16,
    /// Box i lies at i − 1.
    held: Vec<Option<Held>>,
    /// How many are here below the pointer: an orbit may have 65,535 boxes, and no packet is to look through them all.
    below: usize,
    /// The pointer: the lowest box that is reserved; I + 1 before the first.
    pub(super) lowest: u32,
    /// Our place in that box; `None` until this life has reserved one.
    pub(super) place: Option<Place>,
    /// A step is wanted whatever the budgets say.
    step: bool,
    /// The lowest box that the peer was heard in; those above are used up in both directions.
    peer_box: u32,
    pub(super) exhausted: bool,
    current: Option<Receiving>,
    previous: Option<(Receiving, Duration)>,
    /// When the next erasure is due.
    expiry: Option<Duration>,
    /// Another orbit has replaced this one; it goes then.
    pub(super) end_at: Option<Duration>,
}

impl Orbit {
    /// An orbit of `boxes` boxes of `keys` keys, bound by its record if it had an earlier life (step 4).
    pub(super) fn new(id: u64, mode: Mode, boxes: u16, keys: u16, record: Option<&Record>) -> Self {
        let all = u32::from(boxes);
        let lowest = record.map_or(all + 1, |record| record.lowest.min(all + 1));
        Self {
            id,
            mode,
            keys,
            held: (0..boxes).map(|_| None).collect(),
            below: 0,
            lowest,
            place: None,
            step: false,
            peer_box: all.min(lowest),
            exhausted: false,
            current: record
                .and_then(|record| record.peer_spi)
                .map(|spi| Receiving {
                    spi,
                    window: Window::default(),
                    used_from: lowest,
                }),
            previous: None,
            expiry: None,
            end_at: None,
        }
    }

    /// Takes in a box. Never one that was reserved before.
    pub(super) fn insert(&mut self, keys: BoxKeys) -> Result<(), OrbitError> {
        let (i, len) = (keys.number(), keys.len());
        if i == 0 || usize::from(i) > self.held.len() || len != usize::from(self.keys) {
            return Err(OrbitError::Shape { i, keys: len });
        }
        let slot = &mut self.held[usize::from(i) - 1];
        if u32::from(i) >= self.lowest || slot.is_some() {
            return Err(OrbitError::Used { i });
        }
        *slot = Some(Held {
            keys,
            ready: self.mode == Mode::IpKey,
            erase_at: None,
        });
        // It is below the pointer, or it was refused.
        self.below += 1;
        Ok(())
    }

    /// Both sides hold box `i`.
    pub(super) fn set_ready(&mut self, i: u16) -> Result<(), OrbitError> {
        match self.slot_mut(u32::from(i)) {
            Some(held) => {
                held.ready = true;
                Ok(())
            }
            None => Err(OrbitError::NotHeld { i }),
        }
    }

    pub(super) fn keys(&self, i: u32) -> Option<&BoxKeys> {
        Some(&self.slot(i)?.keys)
    }

    /// Boxes that are here, those that wait for late packets included.
    pub(super) fn held(&self) -> usize {
        self.held.iter().flatten().count()
    }

    /// The highest box that we may step to.
    pub(super) fn next_ready(&self) -> Option<u32> {
        let below = (1..self.lowest).rev();
        below
            .filter_map(|i| Some((i, self.slot(i)?)))
            .take(self.below)
            .find(|(_, held)| held.ready)
            .map(|(i, _)| i)
    }

    /// Mode `boxes`: the box to ask the hub for, when none is held below the present one; 0 below box 1.
    pub(super) fn wanted(&self) -> Option<u16> {
        let next = self.lowest.saturating_sub(1);
        (self.mode == Mode::Boxes && self.below == 0).then_some(next as u16)
    }

    /// Whether a packet could be sent, now or after a step.
    pub(super) fn usable(&self) -> bool {
        !self.exhausted && (self.place.is_some() || self.next_ready().is_some())
    }

    /// What the next packet needs: no step (`Ok(None)`), or a box to reserve (step 5). `Err(true)`: the orbit is used
    /// up; `Err(false)`: the next box is not ready.
    pub(super) fn plan(&self, budgets: &Budgets, now: Duration) -> Result<Option<u32>, bool> {
        if self.exhausted {
            return Err(true);
        }
        let Some(place) = &self.place else {
            return match self.next_ready() {
                Some(i) => Ok(Some(i)),
                None => Err(self.lowest <= 1),
            };
        };
        if !self.step && !place.due(budgets, now) {
            return Ok(None);
        }
        match self.next_ready() {
            Some(i) => Ok(Some(i)),
            None if self.lowest <= 1 && (self.mode == Mode::IpKey || place.spent(budgets, now)) => {
                Err(true)
            }
            None if place.spent(budgets, now) => Err(false),
            None => Ok(None),
        }
    }

    /// Takes the box that is now reserved.
    pub(super) fn reserve(&mut self, i: u32, now: Duration) {
        let passed =
            self.held[i.saturating_sub(1) as usize..self.lowest.saturating_sub(1) as usize].iter();
        self.below -= passed.flatten().count();
        self.lowest = i;
        self.place = Some(Place::new(self.keys, now));
        self.step = false;
    }

    /// After box 1: nothing more is sent. The peer may be in it for as long as a box serves.
    pub(super) fn exhaust(&mut self, budgets: &Budgets, now: Duration) {
        if !self.exhausted {
            self.exhausted = true;
            self.place = None;
            let until = now.saturating_add(budgets.box_time).saturating_add(GRACE);
            self.retire(0, until);
        }
    }

    /// Whether a packet with this header may be looked at more closely. Nothing here needs a key, and nothing moves.
    pub(super) fn admit(
        &self,
        header: &Header,
        spi: u32,
        now: Duration,
    ) -> Result<Way, DropReason> {
        let (way, receiving) = match (&self.current, &self.previous) {
            (None, _) => (Way::New, None),
            (Some(current), _) if spi > current.spi => (Way::New, None),
            (Some(current), _) if spi == current.spi => (Way::Current, Some(current)),
            (_, Some((previous, until))) if spi == previous.spi && now < *until => {
                (Way::Previous, Some(previous))
            }
            _ => return Err(DropReason::OldSpi),
        };
        let verdict = match receiving {
            Some(receiving) => receiving.window.look(header.seq),
            None if header.seq == 0 => Verdict::Behind,
            None => Verdict::New,
        };
        match verdict {
            Verdict::New => {}
            Verdict::Replayed => return Err(DropReason::Replayed),
            Verdict::Behind => return Err(DropReason::BehindWindow),
        }
        let i = u32::from(header.i);
        if i == 0 || i as usize > self.held.len() {
            return Err(DropReason::BoxNotHeld);
        }
        if header.j == 0 || header.j > self.keys {
            return Err(DropReason::BadKey);
        }
        if receiving.is_some_and(|receiving| i >= receiving.used_from) {
            return Err(DropReason::BoxUsed);
        }
        let gone = |held: &Held| held.erase_at.is_some_and(|at| at <= now);
        match self.slot(i) {
            Some(held) if !gone(held) => Ok(way),
            _ if self.exhausted => Err(DropReason::Exhausted),
            _ if i >= self.lowest || i > self.peer_box => Err(DropReason::BoxErased),
            _ => Err(DropReason::BoxNotHeld),
        }
    }

    /// What an authentic packet changes (step 7).
    pub(super) fn news(&self, header: &Header, way: Way) -> News {
        let i = u32::from(header.i);
        News {
            spi: way == Way::New,
            lower: i < self.lowest,
            moved: i < self.peer_box,
        }
    }

    /// The peer's SPI that a record names.
    pub(super) fn peer_spi(&self) -> Option<u32> {
        self.current.as_ref().map(|current| current.spi)
    }

    /// Takes an authentic packet's pointers, once the record is stored. True if its sequence number is the newest of the
    /// SPI in use.
    pub(super) fn accept(&mut self, header: &Header, spi: u32, way: Way, now: Duration) -> bool {
        let news = self.news(header, way);
        let i = u32::from(header.i);
        let grace = now.saturating_add(GRACE);
        if news.spi {
            let new = Receiving {
                spi,
                window: Window::default(),
                used_from: u32::MAX,
            };
            self.previous = self.current.replace(new).map(|old| (old, grace));
            self.expire_by(grace);
            // Whoever adopts a new SPI steps its own box: to the packet's, if that is lower, else to the next.
            self.step = true;
        }
        if news.lower {
            self.reserve(i, now);
        }
        if news.moved {
            self.peer_box = i;
            self.retire(i, grace);
        }
        let receiving = match way {
            Way::Previous => self.previous.as_mut().map(|(previous, _)| previous),
            Way::Current | Way::New => self.current.as_mut(),
        };
        let Some(receiving) = receiving else {
            return false;
        };
        receiving.window.mark(header.seq);
        way != Way::Previous && receiving.window.newest() == header.seq
    }

    /// Boxes above `i` go at `at`.
    fn retire(&mut self, i: u32, at: Duration) {
        for held in self.held[i as usize..].iter_mut().flatten() {
            held.erase_at.get_or_insert(at);
        }
        self.expire_by(at);
    }

    fn expire_by(&mut self, at: Duration) {
        self.expiry = Some(self.expiry.map_or(at, |before| before.min(at)));
    }

    /// When [`Self::expire`] has something to do.
    pub(super) fn expiry(&self) -> Option<Duration> {
        [self.expiry, self.end_at].into_iter().flatten().min()
    }

    /// Erases what is over (step 8).
    pub(super) fn expire(&mut self, now: Duration) {
        if self.expiry.is_none_or(|at| now < at) {
            return;
        }
        if self
            .previous
            .as_ref()
            .is_some_and(|(_, until)| *until <= now)
        {
            self.previous = None;
        }
        let mut next = self.previous.as_ref().map(|(_, until)| *until);
        for slot in &mut self.held {
            let Some(at) = slot.as_ref().and_then(|held| held.erase_at) else {
                continue;
            };
            if at <= now {
                *slot = None;
            } else {
                next = Some(next.map_or(at, |before| before.min(at)));
            }
        }
        self.expiry = next;
    }

    fn slot(&self, i: u32) -> Option<&Held> {
        self.held.get((i as usize).checked_sub(1)?)?.as_ref()
    }

    fn slot_mut(&mut self, i: u32) -> Option<&mut Held> {
        self.held.get_mut((i as usize).checked_sub(1)?)?.as_mut()
    }
}
