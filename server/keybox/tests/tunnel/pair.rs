//! Two production peers that are killed and started again, and what must hold of all their lives together.
//!
//! Shows T18, T19 and T20 (`docs/threat-model.md`).

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use photonbox_keybox::Parameters;
use photonbox_keybox::esp::{BoxKeys, Header};
use photonbox_keybox::peer::{
    CannotSend, DropReason, Drops, GRACE, IPV4, Mode, NOTHING, Peer, PeerStatus, Record, Role,
    Store, StoreError,
};
use photonbox_keybox::schedule::{Budgets, NoRandom, Random};

/// Splitmix64: repeats itself from a seed, and is no generator for keys.
#[derive(Clone)]
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, bound: u64) -> u64 {
        self.roll() % bound.max(1)
    }

    pub fn permille(&mut self, chance: u64) -> bool {
        self.below(1000) < chance
    }
}

impl Random for Dice {
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandom> {
        for byte in out {
            *byte = self.roll() as u8;
        }
        Ok(())
    }
}

/// A box whose keys hang on the orbit and the place only.
pub fn test_box(orbit: u64, i: u16, keys: u16) -> BoxKeys {
    let keys: Vec<[u8; 32]> = (0..keys)
        .map(|j| {
            let mut key = [0; 32];
            let mut dice = Dice(orbit ^ u64::from(i) << 32 ^ u64::from(j) << 48);
            let _ = dice.fill(&mut key);
            key
        })
        .collect();
    BoxKeys::new(i, &keys)
}

/// What a store does wrong: to see that the invariants find it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Planted {
    /// It forgets the SPI that was just taken: none is burned.
    NoBurn,
    /// It reserves a box only once the next one is: reserved after use.
    LateBox,
    /// It says that it has stored, and now and then has not (or was rolled back).
    Forgets,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fuse {
    /// Dies before the record is stored.
    Before,
    /// Dies right after.
    After,
}

#[derive(Default)]
pub struct Disk {
    pub records: Vec<Record>,
    pub planted: Option<Planted>,
    pub fuse: Option<Fuse>,
    pub fails: bool,
    pub crashed: bool,
    pub writes: u64,
}

#[derive(Clone, Default)]
pub struct SharedDisk(pub Arc<Mutex<Disk>>);

impl SharedDisk {
    pub fn with<T>(&self, look: impl FnOnce(&mut Disk) -> T) -> T {
        look(&mut self.0.lock().unwrap())
    }
}

impl Store for SharedDisk {
    fn store(&mut self, record: &Record) -> Result<(), StoreError> {
        self.with(|disk| {
            disk.writes += 1;
            if disk.fails {
                return Err(StoreError("disk full".to_owned()));
            }
            let fuse = disk.fuse.take();
            disk.crashed |= fuse.is_some();
            if fuse == Some(Fuse::Before) {
                return Err(StoreError("gone".to_owned()));
            }
            // As it comes back from the disk.
            let mut record = Record::from_bytes(&record.to_bytes()).unwrap();
            match disk.planted {
                Some(Planted::NoBurn) => record.own_spi = record.own_spi.saturating_sub(1),
                Some(Planted::LateBox) => record.lowest += 1,
                Some(Planted::Forgets) if disk.writes % 4 == 3 => return Ok(()),
                Some(Planted::Forgets) | None => {}
            }
            disk.records.retain(|known| known.orbit != record.orbit);
            disk.records.push(record);
            Ok(())
        })
    }
}

/// What is the same for a whole run.
#[derive(Debug, Clone, Copy)]
pub struct Shape {
    pub mode: Mode,
    pub parameters: Parameters,
    pub budgets: Budgets,
}

/// A packet on the line, with what only the test knows of it.
#[derive(Debug, Clone)]
pub struct Packet {
    pub from: usize,
    pub bytes: Vec<u8>,
    /// 0: carries nothing.
    pub id: u64,
    /// The other side's life, as far as the sender had heard of it.
    pub known_life: Option<u32>,
    pub header: Header,
    pub orbit: u64,
}

#[derive(Default)]
pub struct Side {
    pub disk: SharedDisk,
    pub peer: Option<Peer>,
    /// From 1; 0 before the first start.
    pub life: u32,
    /// Orbits that it is given at a start.
    pub orbits: Vec<u64>,
    heard_life: Option<u32>,
    /// The other side's SPIs that this life knows, in order, and since when.
    heard: Vec<(u64, u32, Duration)>,
    pub delivered: u64,
    pub sent: u64,
}

pub struct Pair {
    pub sides: [Side; 2],
    shape: Shape,
    dice: Dice,
    sealed: HashSet<(u64, u32, u32)>,
    flickers: HashMap<(usize, u32), HashSet<u32>>,
    /// The life that a box was sent from.
    boxes: HashMap<(usize, u64, u16), u32>,
    seen: HashSet<u64>,
    next_id: u64,
    /// What was broken, in words.
    pub broken: Vec<String>,
    pub buffer: Vec<u8>,
}

impl Pair {
    pub fn new(shape: Shape, seed: u64) -> Self {
        Self {
            sides: [Side::default(), Side::default()],
            shape,
            dice: Dice(seed ^ 0x5eed),
            sealed: HashSet::new(),
            flickers: HashMap::new(),
            boxes: HashMap::new(),
            seen: HashSet::new(),
            next_id: 0,
            broken: Vec::new(),
            buffer: vec![0; 2048],
        }
    }

    /// Starts a side with what its disk holds.
    pub fn start(&mut self, at: usize, now: Duration) {
        let side = &mut self.sides[at];
        let role = [Role::Zero, Role::One][at];
        let records = side.disk.with(|disk| {
            disk.crashed = false;
            disk.fuse = None;
            disk.records.clone()
        });
        side.heard = records
            .iter()
            .filter_map(|record| Some((record.orbit, record.peer_spi?, now)))
            .collect();
        let store = Box::new(side.disk.clone());
        let peer = Peer::new(role, self.shape.budgets, records, store, &mut self.dice).unwrap();
        side.peer = Some(peer);
        side.life += 1;
        side.heard_life = None;
        for id in side.orbits.clone() {
            self.open_orbit(at, now, id);
        }
    }

    /// Gives a side an orbit, from now on at each start.
    pub fn give_orbit(&mut self, at: usize, now: Duration, id: u64) {
        self.sides[at].orbits.push(id);
        if self.sides[at].orbits.len() > 2 {
            self.sides[at].orbits.remove(0);
        }
        self.open_orbit(at, now, id);
    }

    fn open_orbit(&mut self, at: usize, now: Duration, id: u64) {
        let Shape {
            mode, parameters, ..
        } = self.shape;
        let Some(peer) = &mut self.sides[at].peer else {
            return;
        };
        peer.add_orbit(now, id, mode, parameters).unwrap();
        if mode == Mode::IpKey {
            let status = peer.status();
            let lowest = status.orbits.last().unwrap().lowest;
            for i in 1..lowest.min(parameters.boxes() + 1) {
                let keys = test_box(id, i as u16, parameters.keys() as u16);
                peer.insert(now, id, keys).unwrap();
            }
        }
    }

    pub fn kill(&mut self, at: usize) {
        self.sides[at].peer = None;
    }

    pub fn alive(&self, at: usize) -> bool {
        self.sides[at].peer.is_some()
    }

    pub fn status(&self, at: usize) -> Option<PeerStatus> {
        Some(self.sides[at].peer.as_ref()?.status())
    }

    /// Ends a life that a fuse ended.
    fn crashed(&mut self, at: usize) -> bool {
        let crashed = self.sides[at].disk.with(|disk| disk.crashed);
        if crashed {
            self.kill(at);
        }
        crashed
    }

    fn breaks(&mut self, what: String) {
        self.broken.push(what);
    }

    /// Seals a packet; `None` when the side is dead, or dies of it, or can't.
    pub fn seal(
        &mut self,
        at: usize,
        now: Duration,
        nothing: bool,
    ) -> Option<Result<Packet, CannotSend>> {
        let side = &mut self.sides[at];
        let (life, known_life) = (side.life, side.heard_life);
        let id = if nothing { 0 } else { self.next_id + 1 };
        let mut inner = [0; 64];
        inner[0] = at as u8;
        inner[1..5].copy_from_slice(&life.to_be_bytes());
        inner[5..13].copy_from_slice(&id.to_be_bytes());
        let len = 13 + self.dice.below(40) as usize;
        self.buffer[16..16 + len].copy_from_slice(&inner[..len]);
        let next_header = if nothing { NOTHING } else { IPV4 };
        let sealed = side
            .peer
            .as_mut()?
            .seal(now, next_header, &mut self.buffer, len);
        if self.crashed(at) {
            return None;
        }
        let sealed = match sealed {
            Ok(sealed) => sealed,
            Err(error) => return Some(Err(error)),
        };
        if !nothing {
            self.next_id = id;
            self.sides[at].sent += 1;
        }
        let header = sealed.header;
        if !self.sealed.insert((sealed.orbit, header.spi, header.seq)) {
            self.breaks(format!("key and nonce twice: {header:?}"));
        }
        let used = *self
            .boxes
            .entry((at, sealed.orbit, header.i))
            .or_insert(life);
        if used != life {
            self.breaks(format!(
                "box {} was used by life {used} and by {life}",
                header.i
            ));
        }
        if !self
            .flickers
            .entry((at, life))
            .or_default()
            .insert(header.flicker)
        {
            self.breaks(format!("flicker twice: {header:?}"));
        }
        Some(Ok(Packet {
            from: at,
            bytes: self.buffer[..sealed.len].to_vec(),
            id,
            known_life,
            header,
            orbit: sealed.orbit,
        }))
    }

    /// Brings a packet to the other side. `timely`: the line owes that it is accepted.
    pub fn deliver(&mut self, packet: &Packet, now: Duration, timely: bool) {
        let at = 1 - packet.from;
        if !self.alive(at) {
            return;
        }
        let owed = timely && self.owed(packet, now) && !self.seen_by(packet);
        match self.raw(at, now, &packet.bytes) {
            Some(Ok(())) => {}
            Some(Err(reason)) if owed && reason != DropReason::Exhausted => {
                let status = self.status(at);
                self.breaks(format!("owed, but {reason}: {packet:?} by {status:?}"));
            }
            _ => {}
        }
    }

    fn seen_by(&self, packet: &Packet) -> bool {
        packet.id == 0 || self.seen.contains(&packet.id)
    }

    /// Whether the other side has to take a packet that comes in time: not while it is restarted and the sender has not
    /// heard so, and not under an SPI that is older than the one before the present one, or that it never heard.
    fn owed(&self, packet: &Packet, now: Duration) -> bool {
        let to = &self.sides[1 - packet.from];
        if packet.known_life != Some(to.life) && to.life != 1 {
            return false;
        }
        if !to.orbits.contains(&packet.orbit) {
            return false;
        }
        let heard: Vec<_> = to
            .heard
            .iter()
            .filter(|(orbit, ..)| *orbit == packet.orbit)
            .collect();
        let newer = to.heard.iter().any(|(orbit, ..)| *orbit > packet.orbit);
        let place = heard
            .iter()
            .position(|(_, spi, _)| *spi == counter(&packet.header));
        match (place, heard.last()) {
            _ if newer => false,
            (_, None) => true,
            (Some(place), Some((.., since))) => {
                place + 1 == heard.len() || place + 2 == heard.len() && now < *since + GRACE
            }
            (None, Some((_, spi, _))) => counter(&packet.header) > *spi,
        }
    }

    /// Brings any bytes to a side.
    pub fn raw(
        &mut self,
        at: usize,
        now: Duration,
        bytes: &[u8],
    ) -> Option<Result<(), DropReason>> {
        // Time passes first: what it erases, no packet did.
        let peer = self.sides[at].peer.as_mut()?;
        let _ = peer.switch(now, u64::MAX);
        let before = pointers(self.status(at)?);
        let dropped = self.status(at)?.drops.total();
        let mut packet = bytes.to_vec();
        let peer = self.sides[at].peer.as_mut()?;
        let said = peer.poll_at();
        let opened = peer.open(now, &mut packet);
        let says = peer.poll_at();
        if self.crashed(at) {
            return None;
        }
        let opened = match opened {
            Ok(opened) => opened,
            Err(reason) => {
                let after = self.status(at)?;
                if after.drops.total() != dropped + 1 {
                    self.breaks(format!("not counted once: {reason}"));
                }
                // Nothing may have moved, and nothing is to be said.
                let speaks = says.is_some_and(|says| said.is_none_or(|said| says < said));
                if pointers(after) != before || speaks {
                    self.breaks(format!("moved by a packet that was dropped: {reason}"));
                }
                return Some(Err(reason));
            }
        };
        let inner = &packet[16..16 + opened.len];
        if inner.len() < 13 || inner[0] as usize == at {
            self.breaks("not what was sent".to_owned());
            return Some(Ok(()));
        }
        let life = u32::from_be_bytes(inner[1..5].try_into().unwrap());
        let id = u64::from_be_bytes(inner[5..13].try_into().unwrap());
        if (id == 0) != (opened.next_header == NOTHING) {
            self.breaks("not the next header that was sent".to_owned());
        }
        if id != 0 {
            self.sides[at].delivered += 1;
            if !self.seen.insert(id) {
                self.breaks(format!("delivered twice: {id}"));
            }
        }
        let header = Header::read(bytes).unwrap();
        let orbits = self.status(at)?.orbits;
        let side = &mut self.sides[at];
        side.heard_life = side.heard_life.max(Some(life));
        for orbit in orbits {
            let Some(spi) = orbit.peer_spi else { continue };
            if spi == counter(&header) && !side.heard.contains(&(orbit.id, spi, now)) {
                let known = side
                    .heard
                    .iter()
                    .any(|(id, known, _)| (*id, *known) == (orbit.id, spi));
                if !known {
                    side.heard.push((orbit.id, spi, now));
                }
            }
        }
        Some(Ok(()))
    }
}

fn counter(header: &Header) -> u32 {
    header.spi & (u32::MAX >> 1)
}

/// What a packet that is dropped must not move.
fn pointers(status: PeerStatus) -> PeerStatus {
    PeerStatus {
        drops: Drops::default(),
        ..status
    }
}
