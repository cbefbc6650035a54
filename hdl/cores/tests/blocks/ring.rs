//! A ring against the model: the same pieces, the same slots and completions in host memory.

mod check;
mod host;
mod rest;

use host::{Access, Burst, Host, Offer};
use photonbox_cores::ring::Ring;
use photonbox_cosim::{Bench, Design, PortId, Random, Result, Simulation, build, lockstep, seed};
use photonbox_model::BusMaster;
use photonbox_model::ring::{Geometry, Ring as Model};
use photonbox_regmap::ring;
use rust_hdl::prelude::{Block, generate_verilog_unchecked};
use std::collections::{HashMap, VecDeque};

/// Number of the ring under test.
const INDEX: u32 = 1;
/// Place of the ring block in the register map.
const BLOCK: u64 = 3;

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
    coalesced_at: u64,
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
    /// The host writes its geometry word by word.
    written: u64,
    /// Answers are slow: many bursts of a slot are under way at once.
    slow: bool,
    /// Many small pieces of many raw bits join one slot, which is lost in the end.
    heavy: bool,
    /// Nothing happens for so long that an open slot's time is over.
    lull: bool,
    rest: rest::Rest,
}

impl Bench for RingBench {
    const NAME: &'static str = "ring";
    const CYCLES: u64 = 200_000;
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
        "interrupt by the timer",
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
            "committed",
            "usable",
            "slot_bytes",
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
            coalesced_at: 0,
            error_seen: false,
            stirred: 0,
            irq_due_for: 0,
            irq_last_due: 0,
            closes: 0,
            phase: 0,
            errors: 0,
            bus_failed: 0,
            written: 0,
            slow: false,
            heavy: false,
            lull: false,
            rest: rest::Rest::default(),
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
        if random.one_in(if self.lull { 1600 } else { 600 }) {
            if self.heavy {
                self.access = Some(Access::off());
            }
            self.phase = random.below(4);
            self.slow = random.one_in(3);
            self.heavy = self.phase == 1 && random.one_in(2);
            self.lull = self.phase == 3 && random.one_in(3);
            if self.lull || self.heavy {
                let cycles = 400 + random.below(700) as u32;
                self.access = Some(Access::of_timer(if self.lull { cycles } else { 0 }));
            }
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
            if random.one_in(6) {
                self.coalesce.0 = random.below(1 << 16) as u32;
                self.coalesce.1 = random.bits() as u32 >> random.below(24);
            }
            self.stirred = self.now;
            self.coalesced_at = self.now;
        }
        // The two are registers of their own: no host writes both at once.
        if random.one_in(200) && self.now > self.coalesced_at + 3 {
            self.irq_enable = !random.one_in(4);
        }
        let offered_whole = self.offer.as_ref().is_none_or(|offer| offer.given == 0);
        let rests = self.offer.is_none() && self.now > self.taken_at + 6;
        if self.heavy && self.piece_bytes != 8 && rests {
            (self.resized_at, self.piece_bytes) = (self.now, 8);
        }
        let offers = self.phase != 3 && (fast || random.one_in(6));
        if self.offer.is_none() && offers && (!self.heavy || self.piece_bytes == 8) {
            // The size changes at rest only: it belongs to the extractor's shape.
            if random.one_in(10) && rests && !self.heavy {
                self.resized_at = self.now;
                self.piece_bytes = 8 * *random.pick(&[1, 1, 2, 5, 6, 6, 8, 17, 40]);
            }
            let words = self.piece_bytes / 8;
            self.offer = Some(Offer {
                words: (0..words).map(|_| random.bits()).collect(),
                given: 0,
                flags: random.bits() & random.bits() & 0x3f,
                lanes: random.bits() & random.bits() & random.bits(),
                raw_bits: random.bits() & 0xffff | if self.heavy { 0xf000 } else { 0 },
                epoch: random.bits() & 0xffff,
                close: !self.heavy && random.one_in(30),
            });
        }
        let flush = !self.heavy && !self.lull && random.one_in(300);
        if flush {
            self.closes = self.now;
        }
        let reset = !self.lull && random.one_in(1500);
        if self.access.is_none() && random.one_in(3) {
            let mut access = self.next_access(random);
            access.write &= !self.lull && !self.heavy || access.register == ring::HEAD;
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
            rtl.set(p("csr_block"), access.place.0);
            rtl.set(p("csr_instance"), access.place.1);
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
        // Completions are few: of these, more fail.
        let completes = self.flying.front().is_some_and(|burst| burst.tag & 4 != 0);
        let error = answers && (failing || random.one_in(if completes { 80 } else { 400 }));
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

        self.outputs(rtl)?;
        self.liveness(&rest::Cycle {
            active: reset
                || failing
                || !self.at_rest()
                || ["request_valid", "lost_valid"]
                    .iter()
                    .any(|name| rtl.is(p(name))),
            gives,
            in_ready,
            idle,
            offered_whole,
        })?;

        // A register that nothing moves reads as the model's.
        if let Some(access) = self.access
            && access.age > 1
            && self.now > self.stirred + 4
            && !failing
            && let Some(want) = self.register(access)
            && read != want
        {
            return Err(format!(
                "register {:#x} is {read:#x}, not {want:#x}",
                access.register
            ));
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
            self.stirred = self.now;
            self.rest.stalls += 1;
            if self.rest.stalled {
                return Err("a stall is counted twice".into());
            }
            self.rest.stalled = true;
            hit("stall");
        }
        self.rest.error_events += u32::from(rtl.is(self.port("error_event")));
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
                        random.below(if self.slow { 900 } else { 120 })
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
        self.timer(rtl.is(self.port("irq")), hit)?;
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
            let want = access.is_here()
                && self.apply(
                    access,
                    idle || (check::refused_is_quiet(refused) && self.at_rest()),
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
            if offer.given == 0 && self.taken.is_empty() {
                self.rest.opened_at = self.now;
            }
            self.rest.stalled &= offer.given != 0;
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

#[test]
fn ring_lockstep() {
    let library = build::<RingBench>().unwrap();
    let bins = lockstep::<RingBench>(&library, seed(RingBench::NAME), RingBench::CYCLES).unwrap();
    for (bin, count) in bins {
        assert!(count > 0, "{bin} was not hit");
    }
}
