//! The scoreboard of the box ring: the model takes the keys that the hardware takes, completes the slots that land,
//! and has to have written the same.

use super::engine::{Engine, HUGE, Lengths, Offered};
use super::host::{Access, Burst, Host};
use photonbox_cosim::{PortId, Random, Simulation};
use photonbox_model::BusMaster;
use photonbox_model::boxes::{Boxes, CONTEXTS};
use photonbox_model::ring::Geometry;
use photonbox_regmap::{Completion, layout::COMPLETION_BYTES, ring};
use std::collections::{HashMap, VecDeque};

/// Place of the ring block in the register map.
const BLOCK: u64 = 3;
/// Cycles after which what the registers show follows from what landed: marks of boxes that were cut at a burst's end
/// may stand between.
pub(super) const LAG: u64 = 90;

const NAMES: [&str; 31] = [
    "reset",
    "index",
    "csr_write",
    "csr_block",
    "csr_instance",
    "csr_register",
    "csr_data",
    "csr_read",
    "csr_refused",
    "running",
    "generation",
    "irq_enable",
    "coalesce_slots",
    "coalesce_cycles",
    "next_context",
    "key_valid",
    "key_context",
    "key",
    "key_first",
    "key_last",
    "key_tag",
    "key_box",
    "key_taken",
    "cut_valid",
    "cut_context",
    "usable",
    "in_error",
    "idle",
    "irq",
    "stall_event",
    "error_event",
];

/// Whom bins are reported to.
pub(super) type Hit<'a> = &'a mut dyn FnMut(&'static str);

pub(super) struct Board {
    pub(super) ports: HashMap<&'static str, PortId>,
    pub(super) model: Boxes,
    pub(super) expected: Host,
    pub(super) host: Host,
    pub(super) engine: Engine,
    pub(super) now: u64,
    pub(super) generation: u32,
    pub(super) access: Option<Access>,
    /// Registers as the host last wrote them.
    pub(super) geometry: Geometry,
    /// What the host is about to write.
    pub(super) wanted: Geometry,
    /// [`Self::wanted`] is committed as it is, and keys come fast.
    pub(super) spared: bool,
    /// Slots and boxes are large.
    pub(super) long: bool,
    pub(super) flush_cycles: u32,
    pub(super) enabled: bool,
    pub(super) coalesce: (u32, u32),
    pub(super) irq_enable: bool,
    pub(super) running: bool,
    pub(super) offered: Option<Offered>,
    pub(super) cut: Option<usize>,
    pub(super) strobe: bool,
    /// Bursts that were asked for and not answered, oldest first.
    pub(super) way: VecDeque<Burst>,
    /// Bytes of data that were asked for, of each slot that is not completed.
    pub(super) asked: HashMap<u64, u64>,
    pub(super) error_seen: bool,
    pub(super) errors: u32,
    /// Cycle of the last event that registers follow with a delay.
    pub(super) stirred: u64,
    pub(super) cut_at: u64,
    /// Tail as the host knows it, and from when on.
    pub(super) tails: VecDeque<(u64, u32)>,
    pub(super) host_tail: u32,
    pub(super) irq_due_for: u64,
    pub(super) irq_last_due: u64,
    /// Stalls cannot be compared: the ring was lost when one was about to be counted.
    pub(super) stalls_disputed: bool,
    pub(super) stall_checked: VecDeque<u64>,
    /// Cycle in which the bus or the host last held something up.
    pub(super) held_up: u64,
    pub(super) moved: u64,
    /// Cycle in which something was last under way, and in which a sweep may have begun.
    pub(super) busy_at: u64,
    pub(super) sweep_at: u64,
    /// Cycle of the last cut, of an open box or of none.
    pub(super) cut_waits_from: u64,
    pub(super) phase: u64,
    pub(super) keys: u64,
}

impl Board {
    pub(super) fn new(rtl: &Simulation, random: &mut Random) -> Self {
        Self {
            ports: NAMES.iter().map(|name| (*name, rtl.port(name))).collect(),
            model: Boxes::default(),
            expected: Host::default(),
            host: Host::default(),
            engine: Engine::new(Lengths::Mixed),
            now: 0,
            generation: random.bits() as u32,
            access: None,
            geometry: Geometry {
                slot_bytes: 4096,
                ..Geometry::default()
            },
            wanted: Geometry::default(),
            spared: false,
            long: false,
            flush_cycles: 0,
            enabled: false,
            coalesce: (1, 0),
            irq_enable: true,
            running: false,
            offered: None,
            cut: None,
            strobe: false,
            way: VecDeque::new(),
            asked: HashMap::new(),
            error_seen: false,
            errors: 0,
            stirred: 0,
            cut_at: 0,
            tails: VecDeque::new(),
            host_tail: 0,
            irq_due_for: 0,
            irq_last_due: 0,
            stalls_disputed: false,
            stall_checked: VecDeque::new(),
            held_up: 0,
            moved: 0,
            busy_at: 0,
            sweep_at: 0,
            cut_waits_from: 0,
            phase: 0,
            keys: 0,
        }
    }

    /// After a reset of the ring: everything from the start, later.
    pub(super) fn reset(&mut self, rtl: &Simulation, random: &mut Random) {
        let (now, phase, engine) = (self.now, self.phase, Engine::new(self.engine.lengths));
        let contexts = (self.engine.context, self.engine.next_context);
        let generation = self.generation.wrapping_add(1);
        *self = Self::new(rtl, random);
        self.engine = engine;
        (self.engine.context, self.engine.next_context) = contexts;
        (self.now, self.phase, self.generation) = (now, phase, generation);
        (self.stirred, self.held_up, self.moved, self.sweep_at) = (now, now, now, now);
    }

    pub(super) fn port(&self, name: &str) -> PortId {
        self.ports[name]
    }

    /// The inputs of a cycle but for the bus.
    pub(super) fn drive(&mut self, rtl: &mut Simulation, reset: bool, random: &mut Random) {
        self.now += 1;
        if random.one_in(900) {
            // 0 and 4: steady; 1: fast; 2: the bus is slow; 3: no boxes begin.
            self.phase = random.below(5);
            self.engine.ends = self.phase == 3;
            self.engine.uneven = random.one_in(4);
            self.engine.lengths = *random.pick(&[Lengths::Short, Lengths::Mixed, Lengths::Mixed]);
        }
        if self.spared {
            self.engine.ends = false;
            self.engine.uneven = self.long;
            (self.phase, self.engine.lengths) = match self.long {
                true => (self.phase, Lengths::Long),
                false => (1, Lengths::Short),
            };
        }
        if random.one_in(50) {
            self.running = !self.running && random.one_in(3);
        }
        if random.one_in(2000) {
            self.coalesce = (
                1 + random.below(3) as u32,
                random.below(2) as u32 * random.below(200) as u32,
            );
            self.stirred = self.now;
        }
        if random.one_in(200) {
            self.irq_enable = !random.one_in(4);
        }
        while self
            .tails
            .front()
            .is_some_and(|(at, _)| at + LAG < self.now)
        {
            self.host_tail = self.tails.pop_front().map_or(0, |(_, tail)| tail);
        }
        if self.access.is_none() && random.one_in(3) {
            let access = self.next_access(random);
            // A host that lays completions over data gets what it asks for; there is nothing to compare.
            let commits = access.write && access.register == ring::COMMIT && access.value & 1 == 1;
            self.access = Some(access).filter(|_| !(commits && self.overlaps()));
        }
        self.strobe = self
            .access
            .is_some_and(|access| access.write && access.age == 4);

        self.engine.step(random);
        let slot_keys = (self.geometry.slot_bytes / 32).clamp(1, 40);
        let key = self.engine.offer(self.now, slot_keys, random);
        self.offered = key.filter(|_| self.phase == 1 || !random.one_in(5));
        let cut = random.below(CONTEXTS as u64) as usize;
        let turn = self.engine.context == cut && self.offered.is_some();
        let spared = self.long && cut < HUGE;
        self.cut = (self.phase != 1 && random.one_in(150) && !turn && !spared).then_some(cut);

        let p = |name: &str| self.ports[name];
        rtl.set(p("reset"), u64::from(reset));
        rtl.set(p("index"), u64::from(ring::KEYBOX));
        rtl.set(p("running"), u64::from(self.running));
        rtl.set(p("generation"), u64::from(self.generation));
        rtl.set(p("irq_enable"), u64::from(self.irq_enable));
        rtl.set(p("coalesce_slots"), u64::from(self.coalesce.0));
        rtl.set(p("coalesce_cycles"), u64::from(self.coalesce.1));
        rtl.set(p("csr_write"), u64::from(self.strobe));
        if let Some(access) = self.access {
            rtl.set(p("csr_block"), BLOCK);
            rtl.set(p("csr_instance"), u64::from(ring::KEYBOX));
            rtl.set(p("csr_register"), u64::from(access.register / 4));
            rtl.set(p("csr_data"), u64::from(access.value));
        } else {
            rtl.set(p("csr_block"), random.below(3));
        }
        rtl.set(p("key_context"), self.engine.context as u64);
        rtl.set(p("next_context"), self.engine.next_context as u64);
        rtl.set(p("key_valid"), u64::from(self.offered.is_some()));
        if let Some(offered) = &self.offered {
            rtl.set_wide(p("key"), &offered.words());
            rtl.set(p("key_first"), u64::from(offered.first));
            rtl.set(p("key_last"), u64::from(offered.last));
            let first = offered.first;
            // They count with the first key.
            rtl.set(
                p("key_tag"),
                if first {
                    u64::from(offered.tag)
                } else {
                    random.bits() & 0xffff_ffff
                },
            );
            rtl.set(
                p("key_box"),
                if first {
                    u64::from(offered.number)
                } else {
                    random.bits() & 0xffff_ffff
                },
            );
        } else {
            rtl.set(p("key_first"), random.below(2));
            rtl.set(p("key_last"), random.below(2));
        }
        rtl.set(p("cut_valid"), u64::from(self.cut.is_some()));
        rtl.set(p("cut_context"), self.cut.unwrap_or(0) as u64);
    }

    /// A doorbell is being written: the host cannot acknowledge a slot in the cycle in which it is completed.
    pub(super) fn doorbell(&self) -> bool {
        self.access
            .is_some_and(|access| access.register == ring::HEAD && (2..=4).contains(&access.age))
    }

    /// After the edge: what the cycle did to the engine, the host's write, interrupts.
    pub(super) fn settle(
        &mut self,
        rtl: &Simulation,
        taken: bool,
        refused: bool,
        at_rest: bool,
        random: &mut Random,
        hit: Hit<'_>,
    ) -> Result<(), String> {
        if taken {
            self.engine.taken(self.now, random);
        }
        if let Some(context) = self.cut {
            self.cut_waits_from = self.now;
            if self.engine.is_open(context) {
                hit("cut");
                self.cut_at = self.now;
            } else {
                hit("cut of no box");
            }
            self.engine.cut(context);
            self.model.cut(context);
        }
        if rtl.is(self.port("stall_event")) {
            hit("stall");
        }
        if let Some(access) = self.access.as_mut() {
            access.age += 1;
        }
        // Interrupts: when the model wants one, within a few cycles; never otherwise.
        let due = self.irq_enable && self.model_wants();
        if due {
            self.irq_last_due = self.now;
            self.irq_due_for += 1;
        } else {
            self.irq_due_for = 0;
        }
        if rtl.is(self.port("irq")) {
            if self.now > self.irq_last_due + 6 {
                return Err("an interrupt that is not due".into());
            }
            hit("interrupt");
            self.model.take_interrupt(u64::MAX / 2, 1, 1);
            self.irq_due_for = 0;
        }
        let late = if self.cut_at + 4000 > self.now {
            LAG
        } else {
            8
        };
        if self.irq_due_for > late {
            return Err("an interrupt is overdue".into());
        }
        if self.strobe
            && let Some(access) = self.access
        {
            let want = self.apply(access, !refused && at_rest, hit);
            if want && access.register == ring::COMMIT {
                hit("release refused");
            }
            if want != refused {
                return Err(format!("refused {refused} for {access:x?}"));
            }
        }
        if self
            .access
            .is_some_and(|access| access.age > 5 + (self.now & 3))
        {
            self.access = None;
        }
        if !rtl.is(self.port("usable")) {
            self.engine.abort();
        }
        Ok(())
    }

    /// A burst is asked for: is it allowed?
    pub(super) fn asked(&mut self, mut burst: Burst, hit: Hit<'_>) -> Result<(), String> {
        let geometry = *self.model.geometry();
        let bytes = burst.bytes as u64;
        let address = burst.address;
        if bytes == 0 || !(address | bytes).is_multiple_of(32) || address % 256 + bytes > 256 {
            return Err(format!("burst {burst:x?}"));
        }
        if !self.model.committed() {
            return Err("a burst of a ring that is not committed".into());
        }
        if (address + bytes).is_multiple_of(4096) {
            hit("ends at 4 KiB");
        }
        let (data_bytes, _) = super::host::areas(&geometry);
        let offset = address.wrapping_sub(geometry.data_base);
        if offset < data_bytes {
            let slot = offset / u64::from(geometry.slot_bytes);
            let within = offset % u64::from(geometry.slot_bytes);
            let asked = self.asked.entry(slot).or_default();
            if within != *asked || (within != 0 && !address.is_multiple_of(256)) {
                return Err(format!("burst {burst:x?}, slot {slot} has {asked}"));
            }
            *asked += bytes;
            if *asked > u64::from(geometry.slot_bytes) {
                return Err(format!("burst {burst:x?} beyond its slot"));
            }
            self.way.push_back(burst);
            return Ok(());
        }
        burst.completion = true;
        let slot = u64::from(self.model.tail() % geometry.slot_count);
        if burst.bytes != COMPLETION_BYTES || address != geometry.completion_base + 32 * slot {
            return Err(format!("completion {burst:x?} in {geometry:x?}"));
        }
        let from = geometry.data_base + slot * u64::from(geometry.slot_bytes);
        let of_slot = |other: &Burst| {
            !other.completion
                && other.address >= from
                && other.address < from + u64::from(geometry.slot_bytes)
        };
        if self.way.iter().any(of_slot) {
            return Err("a completion before its slot's data".into());
        }
        if self.way.iter().any(|other| other.completion) {
            return Err("a completion before the one of the slot before".into());
        }
        if !self.way.is_empty() {
            hit("other slots' data does not wait");
        }
        self.way.push_back(burst);
        Ok(())
    }

    /// The oldest burst is answered; `data` is what it wrote.
    pub(super) fn answered(
        &mut self,
        data: &[u8],
        error: bool,
        hit: Hit<'_>,
    ) -> Result<(), String> {
        self.moved = self.now;
        let Some(burst) = self.way.pop_front() else {
            return Err("an answer without a burst".into());
        };
        if burst.completion {
            self.stirred = self.now;
        }
        if error {
            hit(if burst.completion {
                "completion error"
            } else {
                "data error"
            });
            self.failed();
            return Ok(());
        }
        // Host memory does not fail.
        let _ = self.host.write(burst.address, data);
        if burst.completion && !self.error_seen {
            self.compare(&burst, hit)?;
        }
        Ok(())
    }

    /// The ring has stopped on an error.
    pub(super) fn failed(&mut self) {
        self.stirred = self.now;
        self.sweep_at = self.now;
        if !self.error_seen && self.model.committed() {
            self.error_seen = true;
            self.errors += 1;
            self.model.fail();
            self.stalls_disputed |= !self.stall_checked.is_empty();
        }
    }

    /// A completion has landed: the model completes its oldest slot, and has to write the same.
    fn compare(&mut self, burst: &Burst, hit: Hit<'_>) -> Result<(), String> {
        if !self
            .model
            .complete(self.now, self.generation, &mut self.expected)
        {
            return Err(format!("the model has no slot to complete: {burst:x?}"));
        }
        let geometry = *self.model.geometry();
        let number = self.model.tail().wrapping_sub(1);
        let slot = u64::from(number % geometry.slot_count);
        let place = geometry.completion_base + slot * COMPLETION_BYTES as u64;
        let want = self.expected.read(place, COMPLETION_BYTES);
        let got = self.host.read(place, COMPLETION_BYTES);
        let shown = <[u8; COMPLETION_BYTES]>::try_from(got.as_slice())
            .map(|bytes| Completion::from_bytes(&bytes));
        if place != burst.address || got != want {
            return Err(format!("completion {shown:x?}: {got:x?}, not {want:x?}"));
        }
        let base = geometry.data_base + slot * u64::from(geometry.slot_bytes);
        let bytes = shown.map_or(0, |completion| completion.bytes as usize);
        let asked = self.asked.remove(&slot).unwrap_or(0);
        if asked != bytes as u64 {
            return Err(format!("{asked} bytes were written of {bytes}"));
        }
        let (data, want) = (self.host.read(base, bytes), self.expected.read(base, bytes));
        if data != want {
            let at = data.iter().zip(&want).position(|(got, want)| got != want);
            return Err(format!("data of {shown:?} at {base:x} from byte {at:?}"));
        }
        if let Ok(completion) = shown {
            if completion.slot == 0 && completion.sequence != 0 {
                hit("wrap");
            }
            if completion.flags.error {
                hit("box with an error");
                if completion.bytes == geometry.slot_bytes {
                    hit("beyond the slot");
                } else if (base + u64::from(completion.bytes)).is_multiple_of(256) {
                    hit("cut at a burst's end");
                }
            }
        }
        self.tails.push_back((self.now, self.model.tail()));
        Ok(())
    }

    fn model_wants(&self) -> bool {
        let (slots, cycles) = self.coalesce;
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
    pub(super) fn irq_disputed(&self) -> bool {
        self.irq_due_for != 0 || self.now < self.irq_last_due + LAG
    }

    /// What the host has in memory is forgotten with a new geometry.
    pub(super) fn begin(&mut self) {
        self.host.0.clear();
        self.expected.0.clear();
        self.asked.clear();
        self.tails.clear();
        self.host_tail = 0;
    }
}
