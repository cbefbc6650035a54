//! The key boxes in the card: engine and ring of its build, their registers, their place in time.

use super::{Build, BusMaster, Card};
use crate::boxes::{Boxes, Key};
use crate::keybox::wide::{self, KeyRing, WideEngine};
use crate::keybox::{self as small, Job, KeyboxEngine};
use crate::ring::{Geometry, Ring};
use photonbox_regmap::{find, keybox, ring};

/// What the host does to a ring.
pub(super) trait HostRing {
    /// COMMIT.
    fn commit(&mut self, geometry: Geometry);
    /// RELEASE.
    fn release(&mut self);
    /// The doorbell.
    fn set_head(&mut self, head: u32, now: u64);
    /// ENABLE.
    fn enable(&mut self, on: bool);
    /// FLUSH_CYCLES.
    fn set_flush_cycles(&mut self, cycles: u32);
    /// STOP, or the end of FLUSH_CYCLES: what is open is completed.
    fn flush(&mut self, now: u64, generation: u32, bus: &mut dyn BusMaster);
    /// Whether to interrupt now.
    fn take_interrupt(&mut self, now: u64, slots: u32, cycles: u32) -> bool;
}

impl HostRing for Ring {
    fn commit(&mut self, geometry: Geometry) {
        self.commit(geometry);
    }
    fn release(&mut self) {
        self.release();
    }
    fn set_head(&mut self, head: u32, now: u64) {
        self.set_head(head, now);
    }
    fn enable(&mut self, on: bool) {
        self.enable(on);
    }
    fn set_flush_cycles(&mut self, cycles: u32) {
        self.set_flush_cycles(cycles);
    }
    fn flush(&mut self, now: u64, generation: u32, bus: &mut dyn BusMaster) {
        self.complete(now, generation, bus);
    }
    fn take_interrupt(&mut self, now: u64, slots: u32, cycles: u32) -> bool {
        self.take_interrupt(now, slots, cycles)
    }
}

/// A job context's registers S, BOXES, KEYS and TAG.
type JobWords = [u32; 4];

/// Engine and ring of build *wide*.
#[derive(Debug)]
pub(super) struct WideKeys {
    engine: WideEngine,
    boxes: Boxes,
    jobs: Vec<JobWords>,
}

impl WideKeys {
    fn new() -> Self {
        let reset = [keybox::S, keybox::BOXES, keybox::KEYS, keybox::TAG].map(reset_of);
        Self {
            engine: WideEngine::default(),
            boxes: Boxes::default(),
            jobs: vec![reset; wide::JOB_SLOTS as usize],
        }
    }

    /// Makes the turns before `now`, and completes the boxes that are full.
    fn advance(&mut self, now: u64, generation: u32, bus: &mut dyn BusMaster) {
        if self.waits_for_host() {
            self.engine.skip_to(now);
        } else {
            self.engine.advance(now, &mut self.boxes);
        }
        while self.boxes.complete(now, generation, bus) {}
        if !self.boxes.usable() {
            self.engine.lose_ring();
        }
    }

    /// No turn makes a difference until the host moves its head, or ends a job.
    fn waits_for_host(&self) -> bool {
        self.boxes.usable() && self.boxes.no_slot() && self.engine.wants_slots_only()
    }
}

impl HostRing for WideKeys {
    fn commit(&mut self, geometry: Geometry) {
        self.boxes.commit(geometry);
    }
    fn release(&mut self) {
        self.boxes.release();
        self.engine.lose_ring();
    }
    fn set_head(&mut self, head: u32, now: u64) {
        self.boxes.set_head(head, now);
    }
    fn enable(&mut self, on: bool) {
        self.boxes.enable(on);
        if !on {
            self.engine.lose_ring();
        }
    }
    fn set_flush_cycles(&mut self, cycles: u32) {
        self.boxes.set_flush_cycles(cycles);
    }
    fn flush(&mut self, _: u64, _: u32, _: &mut dyn BusMaster) {
        // Boxes belong to jobs.
    }
    fn take_interrupt(&mut self, now: u64, slots: u32, cycles: u32) -> bool {
        self.boxes.take_interrupt(now, slots, cycles)
    }
}

impl KeyRing for Boxes {
    fn usable(&self) -> bool {
        Ring::usable(self)
    }
    fn slot_bytes(&self) -> u32 {
        self.geometry().slot_bytes
    }
    fn take(&mut self, key: Key<'_>) -> bool {
        self.take(key)
    }
    fn cut(&mut self, context: u32) {
        self.cut(context as usize);
    }
}

/// Engine and ring of a build.
#[derive(Debug)]
pub(super) enum Keys {
    Small { engine: KeyboxEngine, ring: Ring },
    Wide(WideKeys),
}

impl Keys {
    pub(super) fn new(build: Build) -> Self {
        match build {
            Build::Small => Self::Small {
                engine: KeyboxEngine::default(),
                ring: Ring::new(ring::KEYBOX),
            },
            Build::Wide => Self::Wide(WideKeys::new()),
        }
    }

    pub(super) fn ring(&self) -> &Ring {
        match self {
            Self::Small { ring, .. } => ring,
            Self::Wide(keys) => &keys.boxes,
        }
    }

    pub(super) fn host_ring(&mut self) -> &mut dyn HostRing {
        match self {
            Self::Small { ring, .. } => ring,
            Self::Wide(keys) => keys,
        }
    }

    /// Sweeps what was loaded of X_0.
    pub(super) fn clear_x0(&mut self) {
        match self {
            Self::Small { engine, .. } => engine.clear_x0(),
            Self::Wide(keys) => keys.engine.clear_x0(),
        }
    }

    pub(super) fn keys_made(&self) -> u64 {
        match self {
            Self::Small { engine, .. } => engine.keys_made(),
            Self::Wide(keys) => keys.engine.keys_made(),
        }
    }

    fn busy(&self, context: u32) -> bool {
        match self {
            Self::Small { engine, .. } => engine.busy(),
            Self::Wide(keys) => keys.engine.busy(context),
        }
    }

    fn status(&self, context: u32) -> u32 {
        match self {
            Self::Small { engine, .. } => engine.status(),
            Self::Wide(keys) => keys.engine.status(context),
        }
    }

    fn caps(&self) -> u32 {
        let (job_slots, key_cycles) = match self {
            Self::Small { .. } => (small::JOB_SLOTS, small::KEY_CYCLES),
            Self::Wide(_) => (wide::JOB_SLOTS, wide::KEY_CYCLES),
        };
        keybox::CAPS_JOB_SLOTS.put(job_slots) | keybox::CAPS_KEY_CYCLES.put(key_cycles)
    }

    fn jobs_done(&self) -> u32 {
        match self {
            Self::Small { engine, .. } => engine.jobs_done(),
            Self::Wide(keys) => keys.engine.jobs_done(),
        }
    }

    fn jobs_failed(&self) -> u32 {
        match self {
            Self::Small { engine, .. } => engine.jobs_failed(),
            Self::Wide(keys) => keys.engine.jobs_failed(),
        }
    }

    /// A register of the context's job, where each context has its own.
    fn job_word(&mut self, context: u32, register: u32) -> Option<&mut u32> {
        let Self::Wide(keys) = self else { return None };
        let index = match register {
            keybox::S => 0,
            keybox::BOXES => 1,
            keybox::KEYS => 2,
            keybox::TAG => 3,
            _ => return None,
        };
        keys.jobs.get_mut(context as usize)?.get_mut(index)
    }
}

impl Card {
    /// Whether what the register sets is free to change now: a job's registers only while it does not run.
    pub(super) fn may_write_keybox(&self, register: u32, value: u32) -> bool {
        let busy = || self.keys.busy(self.job_slot());
        match register {
            keybox::X0_0..=keybox::TAG => !busy(),
            keybox::JOB_SLOT => {
                let job_slots = keybox::CAPS_JOB_SLOTS.get(self.keys.caps());
                keybox::JOB_SLOT_N.get(value) < job_slots
            }
            keybox::SUBMIT => !submits(value) || !busy(),
            _ => true,
        }
    }

    pub(super) fn read_keybox(&mut self, register: u32) -> Option<u32> {
        let context = self.job_slot();
        Some(match register {
            keybox::STATUS => self.keys.status(context),
            keybox::CAPS => self.keys.caps(),
            keybox::JOBS_DONE => self.keys.jobs_done(),
            keybox::JOBS_FAILED => self.keys.jobs_failed(),
            _ => return self.keys.job_word(context, register).copied(),
        })
    }

    pub(super) fn write_keybox(&mut self, register: u32, value: u32, bus: &mut dyn BusMaster) {
        let context = self.job_slot();
        if let Some(word) = self.keys.job_word(context, register) {
            *word = value;
        }
        match register {
            keybox::X0_0..=keybox::X0_7 => {
                let index = (register - keybox::X0_0) / 4;
                match &mut self.keys {
                    Keys::Small { engine, .. } => engine.load_word(index, value),
                    Keys::Wide(keys) => keys.engine.load_word(context, index, value),
                };
            }
            keybox::SUBMIT if submits(value) => self.submit(context),
            keybox::SUBMIT if keybox::SUBMIT_ABORT.is_set(value) => match &mut self.keys {
                Keys::Small { engine, ring } => engine.abort(ring, self.now, self.generation, bus),
                Keys::Wide(keys) => keys.engine.abort(context),
            },
            _ => {}
        }
    }

    fn submit(&mut self, context: u32) {
        let [s, boxes, keys, tag] = match &self.keys {
            Keys::Wide(keys) => keys.jobs[context as usize],
            Keys::Small { .. } => [keybox::S, keybox::BOXES, keybox::KEYS, keybox::TAG]
                .map(|offset| self.word(keybox::BASE + offset)),
        };
        let job = Job {
            s,
            boxes,
            keys,
            tag,
        };
        match &mut self.keys {
            Keys::Small { engine, ring } => engine.submit(job, ring, self.now),
            Keys::Wide(keys) => keys.engine.submit(context, job, &keys.boxes),
        };
    }

    /// Cycle in which the next key is due. While all jobs wait for a slot none is, until the host moves its head.
    pub(super) fn keybox_due(&self) -> Option<u64> {
        match &self.keys {
            Keys::Small { engine, ring } => engine.due().filter(|_| !ring.full()),
            Keys::Wide(keys) if keys.waits_for_host() => None,
            // A round of turns at a time: nobody sees their order within it.
            Keys::Wide(keys) => {
                let turn = keys.engine.due()?;
                Some(turn + u64::from(wide::JOB_SLOTS) - 1)
            }
        }
    }

    /// Makes the keys whose time has come.
    pub(super) fn serve_keybox(&mut self, bus: &mut dyn BusMaster) {
        match &mut self.keys {
            Keys::Small { engine, ring } => engine.advance(self.now, ring, self.generation, bus),
            Keys::Wide(keys) => keys.advance(self.now, self.generation, bus),
        }
    }

    /// Makes the turns up to now, which are otherwise made a round at a time.
    pub(super) fn catch_up_keys(&mut self, bus: &mut dyn BusMaster) {
        if let Keys::Wide(keys) = &mut self.keys {
            keys.advance(self.now, self.generation, bus);
        }
    }

    /// Whether a job runs in a context.
    pub fn job_runs(&self, context: u32) -> bool {
        self.keys.busy(context)
    }

    /// The job context that the block's registers speak of.
    fn job_slot(&self) -> u32 {
        keybox::JOB_SLOT_N.get(self.word(keybox::BASE + keybox::JOB_SLOT))
    }
}

/// ABORT wins over SUBMIT.
fn submits(value: u32) -> bool {
    keybox::SUBMIT_SUBMIT.is_set(value) && !keybox::SUBMIT_ABORT.is_set(value)
}

/// A register's value after reset.
fn reset_of(register: u32) -> u32 {
    find(keybox::BASE + register).map_or(0, |found| found.register.reset)
}
