//! A ring against the model: the same pieces, the same slots and completions in host memory.

use photonbox_cores::ring::Ring;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation, build, lockstep, seed};
use photonbox_model::ring::{Geometry, Piece, Ring as Model};
use photonbox_model::{BusError, BusMaster};
use photonbox_regmap::{Completion, Flags, layout::COMPLETION_BYTES, ring};
use rust_hdl::prelude::{Block, generate_verilog_unchecked};
use std::collections::{HashMap, VecDeque};

/// Number of the ring under test.
const INDEX: u32 = 1;
/// Place of the ring block in the register map.
const BLOCK: u64 = 3;

/// Host memory, by bus address.
#[derive(Default)]
struct Host(HashMap<u64, u8>);

impl Host {
    fn read(&self, address: u64, bytes: usize) -> Vec<u8> {
        (address..address + bytes as u64)
            .map(|at| self.0.get(&at).copied().unwrap_or(0))
            .collect()
    }
}

impl BusMaster for Host {
    fn write(&mut self, address: u64, data: &[u8]) -> std::result::Result<(), BusError> {
        self.0.extend((address..).zip(data.iter().copied()));
        Ok(())
    }

    fn interrupt(&mut self, _vector: u16) {}
}

/// A piece as it is offered.
#[derive(Clone, Debug)]
struct Offer {
    words: Vec<u64>,
    given: usize,
    flags: u64,
    lanes: u64,
    raw_bits: u64,
    epoch: u64,
    close: bool,
}

impl Offer {
    fn flags(&self) -> Flags {
        let on = |bit: u32| self.flags >> bit & 1 == 1;
        Flags {
            not_creditable: on(0),
            test: on(1),
            simulated: on(2),
            replayed: on(3),
            error: on(4),
            gap: on(5),
        }
    }
}

/// A burst on its way.
#[derive(Clone, Debug)]
struct Burst {
    address: u64,
    words: usize,
    tag: u64,
    data: Vec<u64>,
    at: u64,
    due: u64,
}

/// A bus access of the host, some cycles long.
#[derive(Clone, Copy, Debug)]
struct Access {
    register: u32,
    value: u32,
    write: bool,
    /// Cycles since it began.
    age: u64,
}

const NAMES: [&str; 34] = [
    "reset",
    "index",
    "csr_write",
    "csr_block",
    "csr_instance",
    "csr_register",
    "csr_data",
    "running",
    "generation",
    "flush",
    "irq_enable",
    "coalesce_slots",
    "coalesce_cycles",
    "piece_bytes",
    "in_valid",
    "in_data",
    "in_last",
    "in_flags",
    "in_lanes",
    "in_raw_bits",
    "in_seed_epoch",
    "in_close",
    "request_ready",
    "take",
    "b_valid",
    "b_error",
    "b_tag",
    "bus_failed",
    "in_ready",
    "csr_read",
    "csr_refused",
    "idle",
    "irq",
    "lost_bits",
];

/// The ring's bench.
pub(crate) struct RingBench {
    ports: HashMap<&'static str, PortId>,
    model: Model,
    expected: Host,
    host: Host,
    now: u64,
    generation: u32,
    access: Option<Access>,
    /// Registers as the host last wrote them.
    geometry: Geometry,
    /// What the host is about to write.
    wanted: Geometry,
    /// Cycle in which a word was last taken.
    taken_at: u64,
    /// Cycle in which the size of pieces changed.
    resized_at: u64,
    flush_cycles: u32,
    enabled: bool,
    coalesce: (u32, u32),
    irq_enable: bool,
    running: bool,
    piece_bytes: usize,
    offer: Option<Offer>,
    /// Pieces that the RTL has taken whole and that no completion has shown yet.
    taken: VecDeque<Offer>,
    /// The burst whose words are being pulled.
    pulling: Option<Burst>,
    flying: VecDeque<Burst>,
    /// Raw bits: taken, completed, lost.
    bits: [u64; 3],
    error_seen: bool,
    /// Cycle of the last event that registers follow with a delay.
    stirred: u64,
    /// Cycles for which an interrupt has been due, and since it was last so.
    irq_due_for: u64,
    irq_last_due: u64,
    /// When the last flush, disable or reset was, which closes a slot that is not full.
    closes: u64,
    phase: u64,
    errors: u32,
    bus_failed: u64,
}

impl RingBench {
    fn port(&self, name: &str) -> PortId {
        self.ports[name]
    }

    fn pick_geometry(random: &mut Random) -> Geometry {
        let slot_bytes = *random.pick(&[64, 128, 192, 320, 512, 1024, 4096]);
        let mut geometry = Geometry {
            data_base: (random.bits() & 0x0fff_ffff_ffff_ff00) | 0x40 * random.below(4),
            completion_base: 0x7000_0000_0000_0000 | (random.bits() & 0xffff_ffe0),
            slot_bytes,
            slot_count: *random.pick(&[2, 2, 4, 8]),
        };
        if random.one_in(5) {
            match random.below(6) {
                0 => geometry.slot_count = random.below(20) as u32,
                1 => geometry.slot_bytes = random.below(1 << 21) as u32,
                2 => geometry.data_base |= 8,
                3 => geometry.completion_base |= 16,
                4 => geometry.data_base = u64::MAX - 63 - 64 * random.below(40),
                _ => geometry.completion_base = u64::MAX - 31 - 32 * random.below(12),
            }
        }
        if random.one_in(8) {
            geometry.data_base = 0u64.wrapping_sub(
                u64::from(geometry.slot_bytes) * u64::from(geometry.slot_count)
                    + 64 * random.below(3),
            ) & !63;
        }
        geometry
    }

    /// The host's next access: mostly the doorbell, else whatever the map has.
    fn next_access(&mut self, random: &mut Random) -> Access {
        let write = |register, value| Access {
            register,
            value,
            write: true,
            age: 0,
        };
        if !self.model.committed() && random.one_in(2) {
            let geometry = if random.one_in(3) {
                self.wanted = Self::pick_geometry(random);
                self.wanted
            } else {
                self.wanted
            };
            let word = random.below(7);
            return match word {
                0 => write(ring::DATA_BASE_LO, geometry.data_base as u32),
                1 => write(ring::DATA_BASE_HI, (geometry.data_base >> 32) as u32),
                2 => write(ring::CPL_BASE_LO, geometry.completion_base as u32),
                3 => write(ring::CPL_BASE_HI, (geometry.completion_base >> 32) as u32),
                4 => write(ring::SLOT_BYTES, geometry.slot_bytes & 0x1f_ffff),
                5 => write(ring::SLOT_COUNT, geometry.slot_count & 0xffff),
                _ => write(ring::COMMIT, 1),
            };
        }
        match random.below(24) {
            0..=5 => {
                let waiting = self.model.waiting();
                let mut head = self.model.head();
                if waiting > 0 {
                    head = head.wrapping_add(random.below(u64::from(waiting) + 1) as u32);
                }
                if random.one_in(12) {
                    head = head
                        .wrapping_sub(random.below(3) as u32)
                        .wrapping_add(random.below(12) as u32);
                }
                write(ring::HEAD, head)
            }
            6 => write(ring::CONTROL, u32::from(!random.one_in(6))),
            7 => write(
                ring::FLUSH_CYCLES,
                random.below(400) as u32 * random.below(2) as u32,
            ),
            8 if self.error_seen || random.one_in(12) => {
                write(ring::COMMIT, 2 + random.below(2) as u32)
            }
            9 if random.one_in(20) => write(ring::COMMIT, 1),
            10 => write(4 * random.below(6) as u32, random.bits() as u32 & 0xffff),
            _ => Access {
                register: 4 * random.below(14) as u32,
                value: 0,
                write: false,
                age: 0,
            },
        }
    }

    /// Whether the geometry's completions and data overlap.
    fn overlaps(&self) -> bool {
        let Geometry {
            data_base,
            completion_base,
            slot_bytes,
            slot_count,
        } = self.geometry;
        let data = u128::from(slot_bytes) * u128::from(slot_count);
        let completions = 32 * u128::from(slot_count);
        u128::from(data_base) < u128::from(completion_base) + completions
            && u128::from(completion_base) < u128::from(data_base) + data
    }

    /// Whether the RTL must be at rest: nothing offered, flying or pulled, and it says so itself.
    fn at_rest(&self) -> bool {
        self.pulling.is_none() && self.flying.is_empty()
    }

    /// The host's write at the end of this cycle, on the model: as the card's model has it.
    fn apply(&mut self, access: Access, idle: bool, hit: &mut dyn FnMut(&'static str)) -> bool {
        self.stirred = self.now;
        let value = access.value;
        let field = |old: u64, high: bool| match high {
            false => (old & !0xffff_ffff) | u64::from(value),
            true => (old & 0xffff_ffff) | u64::from(value) << 32,
        };
        if access.register <= ring::SLOT_COUNT && self.model.committed() {
            hit("geometry in use");
            return true;
        }
        match access.register {
            ring::DATA_BASE_LO => self.geometry.data_base = field(self.geometry.data_base, false),
            ring::DATA_BASE_HI => self.geometry.data_base = field(self.geometry.data_base, true),
            ring::CPL_BASE_LO => {
                self.geometry.completion_base = field(self.geometry.completion_base, false);
            }
            ring::CPL_BASE_HI => {
                self.geometry.completion_base = field(self.geometry.completion_base, true);
            }
            ring::SLOT_BYTES => self.geometry.slot_bytes = value & 0x1f_ffff,
            ring::SLOT_COUNT => self.geometry.slot_count = value & 0xffff,
            ring::COMMIT => {
                let refused = value & 2 != 0 && (self.running || !idle);
                if value & 2 != 0 && !refused {
                    self.model.release();
                    self.error_seen = false;
                    hit("release");
                }
                if value & 1 != 0 {
                    if self.model.commit(self.geometry) {
                        hit("commit");
                        self.host.0.clear();
                        self.expected.0.clear();
                    } else {
                        hit("geometry refused");
                    }
                }
                return refused;
            }
            ring::HEAD => {
                self.model.set_head(value, self.now);
                let bad = ring::STATUS_BAD_HEAD.is_set(self.model.status());
                hit(if bad { "head bad" } else { "head" });
            }
            ring::CONTROL => {
                self.enabled = value & 1 == 1;
                self.model.enable(self.enabled);
                if !self.enabled {
                    self.closes = self.now;
                }
            }
            ring::FLUSH_CYCLES => {
                self.flush_cycles = value;
                self.model.set_flush_cycles(value);
                self.closes = self.now;
            }
            _ => {}
        }
        false
    }

    /// A completion has landed: the model takes the pieces that it says it holds, and has to write the same.
    fn compare(
        &mut self,
        burst: &Burst,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        let bytes: Vec<u8> = burst
            .data
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let got: [u8; COMPLETION_BYTES] =
            bytes.clone().try_into().map_err(|_| "a short completion")?;
        let got = Completion::from_bytes(&got);
        let before = self.model.tail();
        // The ring may have been switched off since the slot was closed.
        self.model.enable(true);
        for piece in 0..got.blocks {
            let Some(offer) = self.taken.pop_front() else {
                return Err(format!("{got:?} holds pieces that were not taken"));
            };
            if self.model.tail() != before {
                return Err(format!("the model completed with {piece} pieces: {got:?}"));
            }
            let data: Vec<u8> = offer
                .words
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect();
            let pushed = self.model.push(
                Piece {
                    data: &data,
                    flags: offer.flags(),
                    lanes: offer.lanes,
                    raw_bits: offer.raw_bits as u32,
                    seed_epoch: offer.epoch as u32,
                },
                self.now,
                self.generation,
                &mut self.expected,
            );
            if !pushed {
                return Err(format!("the model refuses piece {piece} of {got:?}"));
            }
            self.bits[1] += offer.raw_bits;
            if piece + 1 == got.blocks && self.model.tail() == before {
                let room = self.taken.front().is_some_and(|next| {
                    got.bytes as usize + 8 * next.words.len()
                        <= self.model.geometry().slot_bytes as usize
                });
                let allowed =
                    offer.close || self.closes + 20_000 > self.now || self.flush_cycles != 0;
                if room && !allowed {
                    return Err(format!("closed too early: {got:?}"));
                }
                if !offer.close {
                    hit("flush");
                }
                self.model
                    .complete(self.now, self.generation, &mut self.expected);
            }
        }
        self.model.enable(self.enabled);
        if self.model.tail() != before.wrapping_add(1) {
            return Err(format!("the model has not completed {got:?}"));
        }
        let geometry = *self.model.geometry();
        let slot = u64::from(got.slot);
        if got.slot == 0 && got.sequence != 0 {
            hit("wrap");
        }
        let base = geometry.data_base + slot * u64::from(geometry.slot_bytes);
        let data = self.host.read(base, got.bytes as usize);
        if data != self.expected.read(base, got.bytes as usize) {
            let want = self.expected.read(base, got.bytes as usize);
            let at = data.iter().zip(&want).position(|(got, want)| got != want);
            return Err(format!(
                "data of {got:?} at {base:x} from byte {at:?}: {data:x?}, not {want:x?}"
            ));
        }
        let place = geometry.completion_base + slot * COMPLETION_BYTES as u64;
        let want = self.expected.read(place, COMPLETION_BYTES);
        if place != burst.address || bytes != want {
            return Err(format!(
                "completion at {:x}: {bytes:x?}, not {want:x?} at {place:x}",
                burst.address
            ));
        }
        Ok(())
    }

    /// A burst is asked for: is it allowed?
    fn check(
        &self,
        burst: &Burst,
        error_seen: bool,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        let geometry = self.model.geometry();
        let bytes = 8 * burst.words as u64;
        if burst.words == 0 || burst.address % 8 != 0 || burst.address % 256 + bytes > 256 {
            return Err(format!("burst {burst:x?}"));
        }
        if error_seen {
            return Err("a burst is asked for after an error".into());
        }
        if !self.model.committed() {
            return Err("a burst of a ring that is not committed".into());
        }
        if (burst.address + bytes) % 4096 == 0 {
            hit("ends at 4 KiB");
        }
        let total = u64::from(geometry.slot_bytes) * u64::from(geometry.slot_count);
        if burst.tag & 4 == 0 {
            let offset = burst.address.wrapping_sub(geometry.data_base);
            if offset >= total || offset + bytes > total {
                return Err(format!("burst {burst:x?} outside {geometry:x?}"));
            }
            return Ok(());
        }
        let slot = u64::from(self.model.tail() % geometry.slot_count);
        if burst.words != 4 || burst.address != geometry.completion_base + 32 * slot {
            return Err(format!("completion {burst:x?} in {geometry:x?}"));
        }
        let from = geometry.data_base + slot * u64::from(geometry.slot_bytes);
        let of_slot = |other: &Burst| {
            other.tag & 4 == 0
                && other.address >= from
                && other.address < from + u64::from(geometry.slot_bytes)
        };
        if self.flying.iter().any(of_slot) {
            return Err("a completion before its slot's data".into());
        }
        if !self.flying.is_empty() {
            hit("next slot's data does not wait");
        }
        Ok(())
    }
}

impl Bench for RingBench {
    const NAME: &'static str = "ring";
    const CYCLES: u64 = 150_000;
    const BINS: &'static [&'static str] = &[
        "commit",
        "geometry refused",
        "geometry in use",
        "release",
        "release refused",
        "head",
        "head bad",
        "flush",
        "wrap",
        "ends at 4 KiB",
        "next slot's data does not wait",
        "interrupt",
        "stall",
        "data error",
        "completion error",
        "bus failed",
        "reset while idle",
        "reset within a piece",
        "reset within a burst",
        "reset before a response",
        "lost at rest",
    ];

    fn design() -> Result<Design> {
        let mut block = Ring::default();
        block.connect_all();
        Design::new(Self::NAME, generate_verilog_unchecked(&block), "top")
    }

    fn new(rtl: &Simulation, random: &mut Random) -> Self {
        let mut ports: HashMap<_, _> = NAMES.iter().map(|name| (*name, rtl.port(name))).collect();
        for name in [
            "lost_valid",
            "request_valid",
            "request_address",
            "request_words",
            "request_tag",
            "data",
            "stall_event",
            "error_event",
            "in_error",
            "waiting",
            "full",
        ] {
            ports.insert(name, rtl.port(name));
        }
        Self {
            ports,
            model: Model::new(INDEX),
            expected: Host::default(),
            host: Host::default(),
            now: 0,
            generation: random.bits() as u32,
            access: None,
            geometry: Geometry {
                slot_bytes: 4096,
                ..Geometry::default()
            },
            wanted: Geometry::default(),
            taken_at: 0,
            resized_at: 0,
            flush_cycles: 0,
            enabled: false,
            coalesce: (1, 0),
            irq_enable: true,
            running: false,
            piece_bytes: 48,
            offer: None,
            taken: VecDeque::new(),
            pulling: None,
            flying: VecDeque::new(),
            bits: [0; 3],
            error_seen: false,
            stirred: 0,
            irq_due_for: 0,
            irq_last_due: 0,
            closes: 0,
            phase: 0,
            errors: 0,
            bus_failed: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> std::result::Result<(), String> {
        self.now += 1;
        // A phase is quiet, or busy, or fast, for a while.
        if random.one_in(600) {
            self.phase = random.below(4);
        }
        let fast = self.phase == 1;
        if random.one_in(50) {
            self.running = !self.running && !random.one_in(3);
        }
        if random.one_in(400) {
            self.coalesce = (
                1 + random.below(3) as u32,
                random.below(2) as u32 * random.below(200) as u32,
            );
            self.stirred = self.now;
        }
        if random.one_in(200) {
            self.irq_enable = !random.one_in(4);
        }
        let offered_whole = self.offer.as_ref().is_none_or(|offer| offer.given == 0);
        if self.offer.is_none() && self.phase != 3 && (fast || random.one_in(6)) {
            // The size changes at rest only: it belongs to the extractor's shape.
            if random.one_in(10) && self.now > self.taken_at + 6 {
                self.resized_at = self.now;
                self.piece_bytes = 8 * *random.pick(&[1, 1, 2, 5, 6, 6, 8, 17, 40]);
            }
            let words = self.piece_bytes / 8;
            self.offer = Some(Offer {
                words: (0..words).map(|_| random.bits()).collect(),
                given: 0,
                flags: random.bits() & random.bits() & 0x3f,
                lanes: random.bits() & random.bits() & random.bits(),
                raw_bits: random.bits() & 0xffff,
                epoch: random.bits() & 0xffff,
                close: random.one_in(30),
            });
        }
        let flush = random.one_in(300);
        if flush {
            self.closes = self.now;
        }
        let reset = random.one_in(1500);
        if self.access.is_none() && random.one_in(3) {
            let access = self.next_access(random);
            // A host that lays completions over data gets what it asks for; there is nothing to compare.
            let commits = access.write && access.register == ring::COMMIT && access.value & 1 == 1;
            self.access = Some(access).filter(|_| !(commits && self.overlaps()));
        }
        let strobe = self
            .access
            .is_some_and(|access| access.write && access.age == 4);
        if self.bus_failed == 0 && random.one_in(6000) {
            self.bus_failed = 1;
        }

        let p = |name: &str| self.ports[name];
        rtl.set(p("reset"), u64::from(reset));
        rtl.set(p("index"), u64::from(INDEX));
        rtl.set(p("running"), u64::from(self.running));
        rtl.set(p("generation"), u64::from(self.generation));
        rtl.set(p("flush"), u64::from(flush));
        rtl.set(p("irq_enable"), u64::from(self.irq_enable));
        rtl.set(p("coalesce_slots"), u64::from(self.coalesce.0));
        rtl.set(p("coalesce_cycles"), u64::from(self.coalesce.1));
        rtl.set(p("piece_bytes"), self.piece_bytes as u64);
        rtl.set(p("csr_write"), u64::from(strobe));
        if let Some(access) = self.access {
            rtl.set(p("csr_block"), BLOCK);
            rtl.set(p("csr_instance"), u64::from(INDEX));
            rtl.set(p("csr_register"), u64::from(access.register / 4));
            rtl.set(p("csr_data"), u64::from(access.value));
        } else {
            rtl.set(p("csr_block"), random.below(3));
        }
        let gives =
            self.offer.is_some() && self.now > self.resized_at + 4 && (fast || !random.one_in(4));
        rtl.set(p("in_valid"), u64::from(gives));
        if let Some(offer) = &self.offer {
            rtl.set(p("in_data"), offer.words[offer.given]);
            rtl.set(
                p("in_last"),
                u64::from(offer.given + 1 == offer.words.len()),
            );
            rtl.set(p("in_flags"), offer.flags);
            rtl.set(p("in_lanes"), offer.lanes);
            rtl.set(p("in_raw_bits"), offer.raw_bits);
            rtl.set(p("in_seed_epoch"), offer.epoch);
            rtl.set(p("in_close"), u64::from(offer.close));
        }
        // The bus: takes a burst when it has none, pulls its words, answers in order.
        let failing = self.bus_failed != 0;
        let grants = self.pulling.is_none()
            && !failing
            && self.flying.len() < 8
            && (fast || random.one_in(4));
        let ready = grants && rtl.is(p("request_valid"));
        rtl.set(p("request_ready"), u64::from(ready));
        let takes = self
            .pulling
            .as_ref()
            .is_some_and(|burst| self.now > burst.at + 1)
            && !failing
            && (fast || !random.one_in(3));
        rtl.set(p("take"), u64::from(takes));
        // A host cannot acknowledge a slot in the cycle in which it is completed.
        let doorbell = self
            .access
            .is_some_and(|access| access.register == ring::HEAD && (2..=4).contains(&access.age));
        let answers = !doorbell
            && self
                .flying
                .front()
                .is_some_and(|burst| burst.due <= self.now)
            && !random.one_in(3);
        let error = answers && (failing || random.one_in(400));
        rtl.set(p("b_valid"), u64::from(answers));
        rtl.set(p("b_error"), u64::from(error));
        rtl.set(p("b_tag"), self.flying.front().map_or(0, |burst| burst.tag));
        rtl.set(p("bus_failed"), u64::from(failing));
        rtl.settle();

        let in_ready = rtl.is(p("in_ready"));
        let refused = rtl.is(p("csr_refused"));
        let idle = rtl.is(p("idle"));
        let lost = if rtl.is(p("lost_valid")) {
            rtl.get(p("lost_bits"))
        } else {
            0
        };
        let request = ready.then(|| Burst {
            address: rtl.get(p("request_address")),
            words: rtl.get(p("request_words")) as usize,
            tag: rtl.get(p("request_tag")),
            data: Vec::new(),
            at: self.now,
            due: 0,
        });
        let word = rtl.get(p("data"));
        let read = rtl.get(p("csr_read")) as u32;
        if idle && !self.at_rest() {
            return Err("idle with a burst under way".into());
        }
        if idle && offered_whole && !strobe {
            // Slots that were dropped for want of ENABLE were lost, too.
            let accounted = self.bits[1] + self.bits[2];
            if self.bits[0] != accounted {
                return Err(format!("raw bits {:?} at rest", self.bits));
            }
            if self.bits[2] != 0 {
                hit("lost at rest");
            }
        }
        if rtl.is(p("lost_valid")) {
            // What is lost is all that was taken and not completed: the slots before it are sent first.
            self.taken.clear();
        }
        self.bits[2] += lost;

        // A register that nothing moves reads as the model's.
        if let Some(access) = self.access
            && access.age > 0
            && self.now > self.stirred + 4
            && !failing
        {
            let model = &self.model;
            let want = match access.register {
                ring::HEAD => Some(model.head()),
                ring::TAIL => Some(model.tail()),
                ring::CONTROL => Some(u32::from(self.enabled)),
                ring::STATUS if !self.irq_disputed() => {
                    Some(ring::STATUS_ERROR.set(model.status(), u32::from(self.error_seen)))
                }
                ring::ERRORS => Some(self.errors),
                ring::FLUSH_CYCLES => Some(self.flush_cycles),
                ring::SLOT_BYTES => Some(self.geometry.slot_bytes),
                ring::SLOT_COUNT => Some(self.geometry.slot_count),
                ring::DATA_BASE_HI => Some((self.geometry.data_base >> 32) as u32),
                ring::CPL_BASE_LO => Some(self.geometry.completion_base as u32),
                ring::COMMIT => Some(0),
                _ => None,
            };
            if let Some(want) = want
                && read != want
            {
                return Err(format!(
                    "register {:#x} is {read:#x}, not {want:#x}",
                    access.register
                ));
            }
        }

        rtl.clock();

        if reset {
            hit(match (self.at_rest(), offered_whole) {
                (true, true) if idle => "reset while idle",
                (true, true) => "reset within a burst",
                (_, false) => "reset within a piece",
                _ if self.pulling.is_some() => "reset within a burst",
                _ => "reset before a response",
            });
            let generation = self.generation.wrapping_add(1);
            let now = self.now;
            *self = Self {
                now,
                generation,
                stirred: now,
                closes: now,
                ..Self::new(rtl, random)
            };
            return Ok(());
        }
        if let Some(access) = self.access.as_mut() {
            access.age += 1;
            if access.age > 5 + (self.now & 3) {
                self.access = None;
            }
        }
        if rtl.is(self.port("stall_event")) {
            hit("stall");
        }
        // Interrupts: when the model wants one, within a few cycles; never otherwise.
        let (slots, cycles) = self.coalesce;
        let due = self.irq_enable && self.model_wants(slots, cycles);
        if due {
            self.irq_last_due = self.now;
            self.irq_due_for += 1;
        } else {
            self.irq_due_for = 0;
        }

        // The host's bus. What is taken in the cycle of an error's response was asked for before it.
        let error_before = self.error_seen;
        if answers && let Some(burst) = self.flying.pop_front() {
            self.stirred = self.now;
            if error {
                hit(if burst.tag & 4 == 0 {
                    "data error"
                } else {
                    "completion error"
                });
                self.failed();
            } else {
                for (at, word) in (burst.address..).step_by(8).zip(&burst.data) {
                    // Host memory does not fail.
                    let _ = self.host.write(at, &word.to_le_bytes());
                }
                if burst.tag & 4 != 0 {
                    self.compare(&burst, hit)?;
                }
            }
        }
        if failing {
            if self.model.committed() {
                hit("bus failed");
                self.failed();
            }
            self.stirred = self.now;
            // What was being pulled fails with the rest.
            if let Some(burst) = self.pulling.take() {
                self.flying.push_back(burst);
            }
            if self.flying.is_empty() {
                self.bus_failed = if random.one_in(10) { 0 } else { 1 };
            }
        }
        if let Some(mut burst) = self.pulling.take() {
            if takes {
                burst.data.push(word);
            }
            if burst.data.len() == burst.words {
                burst.due = self.now
                    + if random.one_in(4) {
                        random.below(120)
                    } else {
                        1
                    };
                self.flying.push_back(burst);
            } else {
                self.pulling = Some(burst);
            }
        }
        if let Some(burst) = request {
            self.check(&burst, error_before, hit)?;
            self.pulling = Some(burst);
        }
        // Before the doorbell of the same cycle, which arms again.
        if rtl.is(self.port("irq")) {
            if self.now > self.irq_last_due + 6 {
                return Err("an interrupt that is not due".into());
            }
            hit("interrupt");
            self.model.take_interrupt(u64::MAX / 2, 1, 1);
            self.irq_due_for = 0;
        }
        if strobe && let Some(access) = self.access {
            let want = self.apply(
                access,
                idle || (refused_is_quiet(refused) && self.at_rest()),
                hit,
            );
            if want && access.register == ring::COMMIT {
                hit("release refused");
            }
            if want != refused {
                return Err(format!("refused {refused} for {access:x?}"));
            }
        }
        if gives
            && in_ready
            && let Some(mut offer) = self.offer.take()
        {
            self.taken_at = self.now;
            offer.given += 1;
            if offer.given == offer.words.len() {
                self.bits[0] += offer.raw_bits;
                self.taken.push_back(offer);
            } else {
                self.offer = Some(offer);
            }
        }
        if self.irq_due_for > 8 {
            return Err("an interrupt is overdue".into());
        }
        Ok(())
    }
}

/// RELEASE goes by the ring's own view of quiet, which is not a port: where it is taken, nothing must fly.
fn refused_is_quiet(refused: bool) -> bool {
    !refused
}

impl RingBench {
    fn failed(&mut self) {
        if !self.error_seen && self.model.committed() {
            self.error_seen = true;
            self.errors += 1;
        }
    }

    fn model_wants(&self, slots: u32, cycles: u32) -> bool {
        let waiting = self.model.waiting();
        let armed = ring::STATUS_ARMED.is_set(self.model.status());
        armed
            && waiting > 0
            && (waiting >= slots
                || self
                    .model
                    .interrupt_due(slots, cycles)
                    .is_some_and(|due| due <= self.now))
    }

    /// Whether an interrupt may just have been raised.
    fn irq_disputed(&self) -> bool {
        self.irq_due_for != 0 || self.now < self.irq_last_due + 8
    }
}

#[test]
fn ring_lockstep() {
    let library = build::<RingBench>().unwrap();
    let bins = lockstep::<RingBench>(&library, seed(RingBench::NAME), RingBench::CYCLES).unwrap();
    for (bin, count) in bins {
        assert!(count > 0, "{bin} was not hit");
    }
}
