//! Random jobs: registers, keys, boxes, how they end.

mod jobs;

use super::rig::{ACCESS_CYCLES, BLOCK, Ports, late_design};
use super::rig::{FIRST_JOBS, FIRST_KEYS};
use jobs::Size;
use photonbox_cosim::{Bench, Design, Random, Result, Simulation};
use photonbox_model::keybox::Orbit;
use photonbox_regmap::keybox;
use std::collections::VecDeque;

/// A register access, or none.
#[derive(Clone, Copy, Debug)]
enum Access {
    Write {
        offset: u32,
        value: u32,
        refused: bool,
    },
    Read {
        offset: u32,
        expected: u32,
    },
    Idle {
        cycles: u32,
    },
    /// The known-answer test begins, with this fault.
    Kat {
        fault: bool,
    },
    Snapshot,
    Reset,
}

/// What the block's job should do.
struct Job {
    orbit: Option<Orbit>,
    keys: u32,
    boxes: u32,
    tag: u32,
    number: u32,
    made: u32,
    aborted: bool,
    ring_lost: bool,
    /// How it ends for reasons that are known beforehand, as a mask of STATUS.
    fails: Option<u32>,
    /// The next value is weak.
    weak: bool,
    over: bool,
    cut: bool,
    size: Size,
}

/// The engine and jobs for it.
pub(crate) struct KeyboxBench {
    ports: Ports,
    accesses: VecDeque<Access>,
    cycle_of_access: u32,
    job: Option<Job>,
    /// Beats of the present key.
    beats: Vec<u64>,
    status: u32,
    jobs_done: u32,
    jobs_failed: u32,
    keys_made: u64,
    kat: Option<bool>,
    last_kat: bool,
    /// The ring takes a beat in one of so many cycles; 0: not for now.
    patience: u64,
    quiet_cycles: u32,
    busy_cycles: u32,
    tag: u32,
    /// Cycles so far.
    cycles: u64,
}

impl KeyboxBench {
    fn write(&mut self, offset: u32, value: u32) {
        self.accesses.push_back(Access::Write {
            offset,
            value,
            refused: false,
        });
    }

    fn read(&mut self, offset: u32, expected: u32) {
        self.accesses.push_back(Access::Read { offset, expected });
    }

    /// A key, or the end of a box that was cut short, has come.
    fn key(&mut self, flags: u64, lanes: u64, close: bool) -> Result<Option<&'static str>, String> {
        let beats = std::mem::take(&mut self.beats);
        let Some(job) = self.job.as_mut() else {
            return Err("a key without a job".to_owned());
        };
        let expected_lanes = u64::from(job.number) << 32 | u64::from(job.tag);
        if lanes != expected_lanes {
            return Err(format!("out_lanes: {lanes:#x}, model {expected_lanes:#x}"));
        }
        if flags != 0 {
            let allowed = job.made != 0 && (job.weak || job.aborted) && !job.cut;
            if flags != 16 || beats != [0; 4] || !close || !allowed {
                return Err(format!(
                    "an end of a cut box out of place: {flags} {beats:?}"
                ));
            }
            job.cut = true;
            return Ok(Some("cut"));
        }
        let orbit = job.orbit.as_ref().filter(|_| !job.weak && !job.over);
        let Some(orbit) = orbit else {
            return Err("a key too many".to_owned());
        };
        let key = orbit.session_key();
        let words: Vec<u64> = key
            .as_chunks::<8>()
            .0
            .iter()
            .map(|word| u64::from_le_bytes(*word))
            .collect();
        if beats != words {
            return Err(format!("key: {beats:x?}, model {words:x?}"));
        }
        self.keys_made += 1;
        job.made += 1;
        if close != (job.made == job.keys) {
            return Err(format!("out_close: {close} at key {}", job.made));
        }
        if close {
            job.made = 0;
            job.number += 1;
            job.over = job.number > job.boxes;
        }
        job.step();
        Ok(close.then_some("box"))
    }

    /// The engine is idle again: what its registers must say.
    fn ended(&mut self, hit: &mut dyn FnMut(&'static str)) -> Result<(), String> {
        let Some(job) = self.job.take() else {
            return Ok(());
        };
        // A ring that is lost takes the beats of a key with it.
        if !std::mem::take(&mut self.beats).is_empty() && !job.ring_lost {
            return Err("a key was cut".to_owned());
        }
        if job.made != 0 && !job.cut && !job.ring_lost {
            return Err("a box cut short was not completed".to_owned());
        }
        let (status, bin) = if let Some(status) = job.fails {
            (status, "refused")
        } else if job.over {
            (keybox::STATUS_DONE.mask(), "done")
        } else if job.aborted || job.ring_lost {
            // A weak value may have been met first.
            if job.weak {
                self.status = 0;
                self.jobs_failed += 1;
                return Ok(());
            }
            (keybox::STATUS_ABORTED.mask(), "aborted")
        } else if job.weak {
            (keybox::STATUS_WEAK.mask(), "weak_later")
        } else {
            return Err("the job ended early".to_owned());
        };
        hit(bin);
        if job.over && job.size == Size::Long {
            hit("long boxes");
        }
        if status == keybox::STATUS_DONE.mask() {
            self.jobs_done += 1;
        } else {
            self.jobs_failed += 1;
        }
        self.status = status;
        self.read(keybox::STATUS, status);
        self.read(keybox::JOBS_DONE, self.jobs_done);
        self.read(keybox::JOBS_FAILED, self.jobs_failed);
        self.accesses.push_back(Access::Snapshot);
        self.read(keybox::KEYS_MADE_LO, self.keys_made as u32);
        self.read(keybox::KEYS_MADE_HI, (self.keys_made >> 32) as u32);
        Ok(())
    }

    /// Everything as after power-on.
    fn was_reset(&mut self) {
        self.job = None;
        self.beats.clear();
        (
            self.status,
            self.jobs_done,
            self.jobs_failed,
            self.keys_made,
        ) = (0, 0, 0, 0);
        (self.kat, self.last_kat) = (None, false);
        self.accesses.clear();
        for (offset, expected) in [
            (keybox::S, 4),
            (keybox::BOXES, 200),
            (keybox::KEYS, 512),
            (keybox::TAG, 0),
            (keybox::JOBS_FAILED, 0),
        ] {
            self.read(offset, expected);
        }
    }
}

impl Job {
    fn step(&mut self) {
        if let Some(orbit) = self.orbit.as_mut() {
            self.weak = !orbit.step();
        }
    }
}

impl Bench for KeyboxBench {
    const NAME: &'static str = "keybox";
    const CYCLES: u64 = jobs::BY_CHANCE + jobs::LONG;
    const BINS: &'static [&'static str] = &[
        "done",
        "long boxes",
        "weak_at_0",
        "weak_later",
        "refused",
        "aborted",
        "abort",
        "cut",
        "box",
        "ring_lost",
        "bad_s",
        "bad_boxes",
        "bad_keys",
        "bad_total",
        "bad_slot",
        "bad_ring",
        "bad_x0",
        "refused_busy",
        "refused_slot",
        "kat_ok",
        "kat_fault",
        "kat_while_busy",
        "reset_in_job",
        "stall",
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
        late_design(Self::NAME)
    }

    fn new(rtl: &Simulation, _: &mut Random) -> Self {
        Self {
            ports: Ports::new(rtl),
            accesses: VecDeque::new(),
            cycle_of_access: 0,
            job: None,
            beats: Vec::new(),
            status: 0,
            jobs_done: FIRST_JOBS,
            jobs_failed: 0,
            keys_made: FIRST_KEYS,
            kat: None,
            last_kat: false,
            patience: 1,
            quiet_cycles: 0,
            busy_cycles: 0,
            tag: 0,
            cycles: 0,
        }
    }

    fn cycle(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let busy = rtl.is(self.ports.busy);
        self.cycles += 1;
        self.busy_cycles = if busy { self.busy_cycles + 1 } else { 0 };
        let long = self.job.as_ref().is_some_and(|job| job.size == Size::Long);
        if self.busy_cycles > 20_000 && !long {
            return Err("busy for ever".to_owned());
        }
        if self.accesses.is_empty() && self.cycle_of_access == 0 {
            if !busy {
                if self.job.is_some() {
                    self.ended(hit)?;
                } else if self.kat.is_none() {
                    if random.one_in(8) {
                        let fault = random.one_in(2);
                        hit(if fault { "kat_fault" } else { "kat_ok" });
                        self.accesses.push_back(Access::Kat { fault });
                    } else {
                        self.plan(rtl, random, hit);
                    }
                }
            } else if self.job.is_some() && random.one_in(600) {
                self.disturb(rtl, random, hit);
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
        match access {
            Some(Access::Write { offset, value, .. }) => {
                rtl.set(ports.block, BLOCK);
                rtl.set(ports.instance, 0);
                rtl.set(ports.register, u64::from(offset / 4));
                rtl.set(ports.data, u64::from(value));
                rtl.set(ports.write, u64::from(self.cycle_of_access == 2));
                next = self.cycle_of_access == ACCESS_CYCLES - 1;
            }
            Some(Access::Read { offset, .. }) => {
                rtl.set(ports.block, BLOCK);
                rtl.set(ports.register, u64::from(offset / 4));
                next = self.cycle_of_access == ACCESS_CYCLES - 1;
            }
            Some(Access::Idle { cycles }) => next = self.cycle_of_access >= cycles,
            Some(Access::Kat { fault }) => {
                rtl.set(ports.kat_fault, u64::from(fault));
                rtl.set(ports.kat_start, 1);
                if busy {
                    self.kat = Some(self.last_kat);
                } else {
                    self.kat = Some(!fault);
                }
                next = true;
            }
            Some(Access::Snapshot) => {
                rtl.set(ports.snapshot, 1);
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
        let ready = self.patience != 0 && random.one_in(self.patience);
        rtl.set(ports.ready, u64::from(ready));
        rtl.settle();
        if let Some(Access::Write {
            offset, refused, ..
        }) = access
            && self.cycle_of_access == 2
        {
            // A job that ends just now no longer refuses.
            if rtl.is(ports.refused) != (refused && (busy || offset == keybox::JOB_SLOT)) {
                return Err(format!("csr_refused at {offset:#x}: model {refused}"));
            }
            if offset == keybox::SUBMIT
                && !refused
                && let Some(job) = self.job.as_mut().filter(|job| !job.aborted)
            {
                job.step();
            }
        } else if rtl.is(ports.refused) {
            return Err("csr_refused without a write".to_owned());
        }
        if let Some(Access::Read { offset, expected }) = access
            && next
        {
            let value = rtl.get(ports.read) as u32;
            if value != expected {
                return Err(format!(
                    "register {offset:#x}: {value:#x}, model {expected:#x}"
                ));
            }
        }
        if access.is_none() && self.quiet_cycles > 1 && rtl.get(ports.read) != 0 {
            return Err("csr_read answers for another block".to_owned());
        }
        self.quiet_cycles = if access.is_none() {
            self.quiet_cycles + 1
        } else {
            0
        };
        let mut came = None;
        if rtl.is(ports.valid) && !reset {
            if !ready {
                hit("stall");
            } else {
                let last = rtl.is(ports.last);
                self.beats.push(rtl.get(ports.beat));
                if last != (self.beats.len() == 4) {
                    return Err(format!("out_last: {last} at beat {}", self.beats.len()));
                }
                if last {
                    came = Some((
                        rtl.get(ports.flags),
                        rtl.get(ports.lanes),
                        rtl.is(ports.close),
                    ));
                }
            }
        }
        rtl.clock();
        self.cycle_of_access += u32::from(access.is_some());
        if next {
            self.cycle_of_access = 0;
            self.accesses.pop_front();
        }
        if let Some((flags, lanes, close)) = came
            && let Some(bin) = self.key(flags, lanes, close)?
        {
            hit(bin);
        }
        if rtl.is(self.ports.kat_done) {
            let Some(ok) = self.kat.take() else {
                return Err("kat_done by itself".to_owned());
            };
            if rtl.is(self.ports.kat_ok) != ok {
                return Err(format!("kat_ok: model {ok}"));
            }
            self.last_kat = ok;
        }
        if reset {
            self.was_reset();
            // The sweep after a reset holds everything else back.
            self.accesses.push_front(Access::Idle { cycles: 40 });
        }
        Ok(())
    }
}
