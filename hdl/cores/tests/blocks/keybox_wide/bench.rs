//! Random jobs in random contexts against the model's engine, which makes a context's turn whenever the block does.

use super::rig::{ACCESS_CYCLES, BLOCK, Ports, design, key};
use super::stimulus::{Access, SWEEP};
use photonbox_cosim::{Bench, Design, Random, Result, Simulation};
use photonbox_model::boxes::Key;
use photonbox_model::keybox::wide::{KeyRing, WideEngine};
use photonbox_model::keybox::{Job, Outcome};
use photonbox_regmap::keybox;
use std::collections::VecDeque;

/// A job's numbers after a reset.
const DEFAULTS: Job = Job {
    s: 4,
    boxes: 200,
    keys: 512,
    tag: 0,
};

/// The ring of one turn of the model.
struct Turn {
    usable: bool,
    slot_bytes: u32,
    takes: bool,
    /// Key, first, last, tag, number.
    key: Option<([u8; 32], bool, bool, u32, u32)>,
    cut: bool,
}

impl KeyRing for Turn {
    fn usable(&self) -> bool {
        self.usable
    }

    fn slot_bytes(&self) -> u32 {
        self.slot_bytes
    }

    fn take(&mut self, key: Key<'_>) -> bool {
        self.key = Some((*key.key, key.first, key.last, key.tag, key.number));
        self.takes
    }

    fn cut(&mut self, _: u32) {
        self.cut = true;
    }
}

/// What is known of a context besides the model.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) job: Job,
    /// Its X_0 or its numbers end the job by themselves: when is not known.
    pub(super) special: bool,
    /// Keys that are still to be made, if nothing has ended that.
    pub(super) left: u32,
    /// Cycle of the write of ABORT.
    pub(super) aborted: Option<u64>,
    /// Cycle in which its last job ended.
    pub(super) ended: u64,
    /// How that ended depends on which came first.
    pub(super) murky: bool,
}

/// The engine and jobs for it.
pub(crate) struct KeyboxWideBench {
    pub(super) ports: Ports,
    pub(super) engine: WideEngine,
    pub(super) known: Vec<Known>,
    pub(super) accesses: VecDeque<Access>,
    pub(super) cycle_of_access: u32,
    pub(super) cycle: u64,
    pub(super) reset_at: u64,
    pub(super) slot: u32,
    pub(super) slot_bytes: u32,
    pub(super) usable: bool,
    pub(super) was_usable: bool,
    /// Cycles until the ring can be used again.
    pub(super) unusable: u64,
    /// Jobs that are still to be submitted before all is to end.
    pub(super) jobs: u32,
    /// The ring takes one key in so many.
    pub(super) patience: u64,
    pub(super) kat: Option<bool>,
    pub(super) kat_runs: bool,
    /// The last cycle in which it ran: STATUS is some cycles older than its reading.
    pub(super) kat_seen: u64,
    pub(super) last_kat: bool,
    pub(super) announced: (u64, bool),
}

impl KeyboxWideBench {
    fn turn(&self) -> Turn {
        Turn {
            usable: self.usable,
            slot_bytes: self.slot_bytes,
            takes: false,
            key: None,
            cut: false,
        }
    }

    /// A job of the model has ended in this cycle.
    fn over(&mut self, context: u32, hit: &mut dyn FnMut(&'static str)) {
        let known = &mut self.known[context as usize];
        known.ended = self.cycle;
        known.aborted = None;
        known.left = 0;
        match self.engine.outcome(context) {
            Some(Outcome::Done) => hit("done"),
            Some(Outcome::Aborted) => hit("aborted"),
            Some(Outcome::Bad) => hit("refused"),
            Some(Outcome::Weak) => hit("weak"),
            None => {}
        }
    }

    /// The block has no job in this context any longer, and said nothing: the model's must end just so.
    fn ended_silently(
        &mut self,
        context: u32,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        if self.known[context as usize].aborted.is_some() {
            self.engine.abort(context);
        }
        let mut turn = self.turn();
        self.engine.turn(context, &mut turn);
        if turn.key.is_some() || turn.cut || self.engine.busy(context) {
            return Err(format!("context {context}: the job ended without a word"));
        }
        self.over(context, hit);
        Ok(())
    }

    /// A key is there, or the end of a box that was cut short.
    fn event(
        &mut self,
        rtl: &Simulation,
        takes: bool,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let ports = &self.ports;
        let valid = rtl.is(ports.valid);
        let context = rtl.get(ports.context) as u32;
        let bytes = key(rtl, ports);
        if !valid && bytes != [0; 32] {
            return Err("a key shows that is none".to_owned());
        }
        let cut = rtl.is(ports.cut);
        if !valid && !cut {
            return Ok(());
        }
        if cut && (valid || rtl.get(ports.cut_context) != u64::from(context)) {
            return Err("a cut and a key at the same time".to_owned());
        }
        let first = rtl.is(ports.first);
        if valid && self.announced != (u64::from(context), first) {
            return Err(format!("not what was announced: {:?}", self.announced));
        }
        let known = self.known[context as usize];
        if let Some(at) = known.aborted {
            if cut {
                self.engine.abort(context);
            } else if self.cycle > at + 2 {
                return Err("a key of an aborted job".to_owned());
            }
        }
        let mut turn = self.turn();
        turn.takes = takes;
        self.engine.turn(context, &mut turn);
        let seen = valid.then(|| {
            let (tag, number) = (rtl.get(ports.tag) as u32, rtl.get(ports.number) as u32);
            (bytes, first, rtl.is(ports.last), tag, number)
        });
        if (seen, cut) != (turn.key, turn.cut) {
            return Err(format!(
                "context {context}: {seen:x?}, cut {cut}; model {:x?}, cut {}",
                turn.key, turn.cut
            ));
        }
        if cut {
            hit("cut");
        } else if takes {
            self.known[context as usize].left -= 1;
            if rtl.is(ports.last) {
                hit("box");
            }
        } else {
            hit("key_refused");
        }
        if !self.engine.busy(context) {
            self.over(context, hit);
        }
        Ok(())
    }

    /// The strobe of a write.
    fn strobe(
        &mut self,
        rtl: &Simulation,
        offset: u32,
        value: u32,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let refused = rtl.is(self.ports.refused);
        let (submits, aborts) = (
            keybox::SUBMIT_SUBMIT.is_set(value),
            keybox::SUBMIT_ABORT.is_set(value),
        );
        let context = self.slot;
        let can_refuse = offset <= keybox::TAG || (offset == keybox::SUBMIT && submits && !aborts);
        let recent = |at: u64| self.cycle < at + SWEEP;
        let busy = self.engine.busy(context);
        if refused {
            let may = busy
                || self.kat_runs
                || recent(self.known[context as usize].ended)
                || recent(self.reset_at);
            if !can_refuse || !may {
                return Err(format!("csr_refused at {offset:#x}"));
            }
            return Ok(());
        }
        if can_refuse && busy {
            self.ended_silently(context, hit)?;
        }
        let place = &mut self.known[context as usize];
        match offset {
            keybox::JOB_SLOT => self.slot = value % 64,
            keybox::S => place.job.s = value % 16,
            keybox::BOXES => place.job.boxes = value % 65_536,
            keybox::KEYS => place.job.keys = value % 65_536,
            keybox::TAG => place.job.tag = value,
            keybox::SUBMIT if aborts => {
                if busy && place.aborted.is_none() {
                    place.aborted = Some(self.cycle);
                }
            }
            keybox::SUBMIT => {
                let job = place.job;
                place.left = job.boxes.saturating_mul(job.keys);
                place.murky = false;
                let mut turn = self.turn();
                turn.usable = self.was_usable;
                if !self.engine.submit(context, job, &turn) {
                    return Err("the model refuses what the block does not".to_owned());
                }
            }
            _ => {
                let index = (offset - keybox::X0_0) / 4;
                self.engine.load_word(context, index, value);
            }
        }
        Ok(())
    }

    /// STATUS of the selected context.
    fn status(&mut self, value: u32, hit: &mut dyn FnMut(&'static str)) -> Result<(), String> {
        let context = self.slot;
        let known = self.known[context as usize];
        if value == keybox::STATUS_BUSY.mask() {
            let may = self.cycle < self.kat_seen + 8
                || self.engine.busy(context)
                || self.cycle < known.ended.max(self.reset_at) + SWEEP;
            return if may {
                Ok(())
            } else {
                Err(format!("context {context} is busy for ever"))
            };
        }
        if self.engine.busy(context) {
            self.ended_silently(context, hit)?;
        }
        let expected = self.engine.status(context);
        let either = keybox::STATUS_WEAK.mask() | keybox::STATUS_ABORTED.mask();
        if value != expected && !(known.murky && value & either != 0 && expected & either != 0) {
            return Err(format!(
                "STATUS of {context}: {value:#x}, model {expected:#x}"
            ));
        }
        Ok(())
    }

    /// All jobs are over: what is said of them.
    fn settle(
        &mut self,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        for context in 0..64 {
            if self.engine.busy(context) {
                self.ended_silently(context, hit)?;
            }
        }
        for _ in 0..4 {
            self.write(keybox::JOB_SLOT, random.below(64) as u32);
            self.accesses.push_back(Access::Status);
        }
        self.read(keybox::JOBS_DONE, self.engine.jobs_done());
        self.read(keybox::JOBS_FAILED, self.engine.jobs_failed());
        self.accesses.push_back(Access::Snapshot);
        self.read(keybox::KEYS_MADE_LO, self.engine.keys_made() as u32);
        self.read(keybox::KEYS_MADE_HI, 0);
        if random.one_in(2) {
            let fault = random.one_in(2);
            hit(if fault { "kat_fault" } else { "kat_ok" });
            self.accesses.push_back(Access::Kat { fault });
            if random.one_in(2) {
                // No job is there to be aborted, now or later.
                hit("abort_none");
                self.write(keybox::JOB_SLOT, random.below(64) as u32);
                self.write(keybox::SUBMIT, keybox::SUBMIT_ABORT.mask());
            }
        }
        let most = if random.one_in(3) { 100 } else { 10 };
        self.jobs = 1 + random.below(most) as u32;
        self.patience = *random.pick(&[1, 1, 2, 3]);
        Ok(())
    }

    /// Everything as after power-on.
    fn was_reset(&mut self) {
        self.engine = WideEngine::default();
        for known in &mut self.known {
            *known = Known::new(self.cycle);
        }
        (self.slot, self.jobs, self.reset_at) = (0, 0, self.cycle);
        (self.kat, self.kat_runs, self.last_kat) = (None, false, false);
        self.accesses.clear();
        self.accesses.push_back(Access::Idle {
            cycles: SWEEP as u32,
        });
        for (offset, expected) in [
            (keybox::S, DEFAULTS.s),
            (keybox::BOXES, DEFAULTS.boxes),
            (keybox::KEYS, DEFAULTS.keys),
            (keybox::TAG, DEFAULTS.tag),
            (keybox::JOBS_FAILED, 0),
            (keybox::CAPS, 64 << 8 | 64),
        ] {
            self.read(offset, expected);
        }
    }
}

impl Known {
    fn new(cycle: u64) -> Self {
        Self {
            job: DEFAULTS,
            special: false,
            left: 0,
            aborted: None,
            ended: cycle,
            murky: false,
        }
    }
}

impl Bench for KeyboxWideBench {
    const NAME: &'static str = "keybox_wide";
    const CYCLES: u64 = 150_000;
    const BINS: &'static [&'static str] = &[
        "done",
        "weak",
        "refused",
        "aborted",
        "weak_at_0",
        "weak_later",
        "bad_x0",
        "bad_s",
        "bad_boxes",
        "bad_keys",
        "bad_total",
        "bad_slot",
        "bad_ring",
        "abort",
        "abort_none",
        "cut",
        "box",
        "key_refused",
        "ring_lost",
        "refused_busy",
        "other_slot",
        "x0_before_slot",
        "many",
        "kat_ok",
        "kat_fault",
        "kat_while_busy",
        "reset_in_job",
        "s1",
        "s2",
        "s3",
        "s4",
        "s5",
        "s6",
        "s7",
        "s8",
    ];

    fn design() -> Result<Design> {
        design(Self::NAME)
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        Self {
            ports: Ports::new(rtl),
            engine: WideEngine::default(),
            known: vec![Known::new(0); 64],
            accesses: VecDeque::from([Access::Reset]),
            cycle_of_access: 0,
            cycle: 0,
            reset_at: 0,
            slot: 0,
            slot_bytes: 0,
            usable: true,
            was_usable: true,
            unusable: 0,
            jobs: 0,
            patience: 1,
            kat: None,
            kat_runs: false,
            kat_seen: 0,
            last_kat: false,
            announced: (0, false),
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        self.cycle += 1;
        let busy = rtl.is(self.ports.busy);
        if self.accesses.is_empty() && self.cycle_of_access == 0 {
            if self.jobs != 0 && self.kat.is_none() {
                if random.one_in(40) {
                    self.disturb(random, hit);
                } else if let Some(context) = self.free(random) {
                    self.jobs -= 1;
                    self.plan(rtl, random, context, hit);
                }
            } else if !busy && self.kat.is_none() {
                self.settle(random, hit)?;
            } else if random.one_in(300) {
                self.disturb(random, hit);
            }
            if self.cycle.is_multiple_of(64)
                && (0..64).filter(|&context| self.engine.busy(context)).count() >= 24
            {
                hit("many");
            }
        }
        let ports = &self.ports;
        rtl.set(ports.write, 0);
        rtl.set(ports.kat_start, 0);
        rtl.set(ports.snapshot, 0);
        rtl.set(ports.reset, 0);
        let mut next = false;
        let mut reset = false;
        let access = self.accesses.front().copied();
        let last = self.cycle_of_access == ACCESS_CYCLES - 1;
        match access {
            Some(Access::Write { offset, value }) => {
                rtl.set(ports.block, BLOCK);
                rtl.set(ports.instance, 0);
                rtl.set(ports.register, u64::from(offset / 4));
                rtl.set(ports.data, u64::from(value));
                rtl.set(ports.write, u64::from(self.cycle_of_access == 2));
                next = last;
            }
            Some(Access::Read { offset, .. }) => {
                rtl.set(ports.block, BLOCK);
                rtl.set(ports.register, u64::from(offset / 4));
                next = last;
            }
            Some(Access::Status) => {
                rtl.set(ports.block, BLOCK);
                rtl.set(ports.register, u64::from(keybox::STATUS / 4));
                next = last;
            }
            Some(Access::Idle { cycles }) => next = self.cycle_of_access >= cycles,
            Some(Access::Kat { fault }) => {
                rtl.set(ports.kat_fault, u64::from(fault));
                rtl.set(ports.kat_start, 1);
                self.kat_runs = !busy;
                self.kat = Some(if busy { self.last_kat } else { !fault });
                if !busy {
                    self.engine.clear_x0();
                }
                next = true;
            }
            Some(Access::Snapshot) => {
                rtl.set(ports.snapshot, 1);
                next = true;
            }
            Some(Access::NoRing) => {
                self.unusable = 2 + u64::from(ACCESS_CYCLES);
                next = true;
            }
            Some(Access::Reset) => {
                rtl.set(ports.reset, 1);
                reset = true;
                next = true;
            }
            // Another block's registers: no answer from this one.
            None => rtl.set(ports.block, random.below(4)),
        }
        if self.kat_runs {
            self.kat_seen = self.cycle;
        }
        let takes = random.one_in(self.patience);
        rtl.set(ports.taken, u64::from(takes));
        self.was_usable = self.usable;
        self.usable = self.unusable == 0;
        self.unusable = self.unusable.saturating_sub(1);
        rtl.set(ports.usable, u64::from(self.usable));
        rtl.settle();
        if !self.usable {
            for (context, known) in self.known.iter_mut().enumerate() {
                if self.engine.busy(context as u32) {
                    known.murky |= known.special;
                    known.left = 0;
                }
            }
            self.engine.lose_ring();
        }
        self.event(rtl, takes, hit)?;
        match access {
            Some(Access::Write { offset, value }) if self.cycle_of_access == 2 => {
                self.strobe(rtl, offset, value, hit)?;
            }
            _ if rtl.is(self.ports.refused) => {
                return Err("csr_refused without a write".to_owned());
            }
            Some(Access::Read { offset, expected }) if next => {
                let value = rtl.get(self.ports.read) as u32;
                if value != expected {
                    return Err(format!(
                        "register {offset:#x}: {value:#x}, model {expected:#x}"
                    ));
                }
            }
            Some(Access::Status) if next => {
                self.status(rtl.get(self.ports.read) as u32, hit)?;
            }
            _ => {}
        }
        let next_context = rtl.get(self.ports.next_context);
        self.announced = (next_context, rtl.is(self.ports.next_first));
        rtl.clock();
        if rtl.get(self.ports.context) != next_context && !reset {
            return Err("a context out of turn".to_owned());
        }
        self.cycle_of_access += u32::from(access.is_some());
        if next {
            self.cycle_of_access = 0;
            self.accesses.pop_front();
        }
        if rtl.is(self.ports.kat_done) {
            let Some(ok) = self.kat.take() else {
                return Err("kat_done by itself".to_owned());
            };
            if rtl.is(self.ports.kat_ok) != ok {
                return Err(format!("kat_ok: model {ok}"));
            }
            self.last_kat = ok;
            self.kat_runs = false;
        }
        if reset {
            self.was_reset();
        }
        Ok(())
    }
}
