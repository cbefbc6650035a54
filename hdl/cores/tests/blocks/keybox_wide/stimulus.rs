//! What the bench does to the block: jobs, and disturbances of them.

use super::bench::KeyboxWideBench;
use super::numbers::{below, modulus};
use num_bigint::BigUint;
use photonbox_cosim::{Random, Simulation};
use photonbox_regmap::keybox;

/// Cycles after a reset, or after the end of a job, in which the block may still be sweeping.
pub(super) const SWEEP: u64 = 140;

/// A register access, or a moment without one.
#[derive(Clone, Copy, Debug)]
pub(super) enum Access {
    Write {
        offset: u32,
        value: u32,
    },
    Read {
        offset: u32,
        expected: u32,
    },
    Status,
    Idle {
        cycles: u32,
    },
    Kat {
        fault: bool,
    },
    Snapshot,
    /// The ring cannot be used during the next access.
    NoRing,
    Reset,
}

/// X_0 of a job by kind: whether it ends early, and the bin.
fn start(random: &mut Random, s: u32) -> (BigUint, Option<&'static str>) {
    let m = modulus(s);
    match random.below(24) {
        0 => (BigUint::default(), Some("weak_at_0")),
        1 => (&m / 4_u32, Some("weak_later")),
        2 => (&m / 4_u32 * 3_u32, Some("weak_later")),
        3 => (&m / 2_u32, Some("weak_later")),
        4 => (m + random.below(2), Some("bad_x0")),
        5 => (m - 1_u32, None),
        6 => (BigUint::from(1_u32), None),
        _ => (below(random, &m), None),
    }
}

impl KeyboxWideBench {
    pub(super) fn write(&mut self, offset: u32, value: u32) {
        self.accesses.push_back(Access::Write { offset, value });
    }

    pub(super) fn read(&mut self, offset: u32, expected: u32) {
        self.accesses.push_back(Access::Read { offset, expected });
    }

    /// A context without a job.
    pub(super) fn free(&self, random: &mut Random) -> Option<u32> {
        let context = random.below(64) as u32;
        self.is_free(context).then_some(context)
    }

    fn is_free(&self, context: u32) -> bool {
        let ended = self.known[context as usize].ended;
        !self.engine.busy(context) && ended + SWEEP < self.cycle
    }

    /// A context whose job is far from its end.
    fn running(&self, random: &mut Random) -> Option<u32> {
        let from = random.below(64) as u32;
        (0..64)
            .map(|step| (from + step) % 64)
            .find(|&context| {
                let known = &self.known[context as usize];
                let steady = !known.special && known.aborted.is_none() && known.left >= 2;
                self.engine.busy(context) && steady
            })
            .filter(|_| self.usable && self.unusable == 0)
    }

    /// Writes a job's registers and submits it.
    pub(super) fn plan(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        context: u32,
        hit: &mut dyn FnMut(&'static str),
    ) {
        let mut s = 1 + random.below(8) as u32;
        let mut boxes = 1 + random.below(3) as u32;
        let mut keys = 1 + random.below(8) as u32;
        let (x0, bin) = start(random, s);
        self.slot_bytes = 32 * keys + 64 * random.below(2) as u32;
        let mut bad = None;
        if random.one_in(8) {
            bad = Some(*random.pick(&["bad_s", "bad_boxes", "bad_keys", "bad_total", "bad_slot"]));
        }
        match bad {
            Some("bad_s") => s = *random.pick(&[0, 9, 15]),
            Some("bad_boxes") => boxes = 0,
            Some("bad_keys") => keys = 0,
            Some("bad_total") => {
                (boxes, keys) = *random.pick(&[(1025, 1024), (65_535, 17), (17, 65_535)]);
                self.slot_bytes = (1 << 21) - 1;
            }
            Some("bad_slot") => self.slot_bytes = 32 * keys - 1,
            _ => hit(["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"][s as usize - 1]),
        }
        if let Some(bin) = bad.or(bin) {
            hit(bin);
        }
        rtl.set(self.ports.slot_bytes, u64::from(self.slot_bytes));
        let here = self.slot;
        let late_slot = random.one_in(4) && self.is_free(here);
        if late_slot {
            // X_0 is one register: what was written for one context is taken by another.
            hit("x0_before_slot");
        } else {
            self.write(keybox::JOB_SLOT, context);
        }
        let mut words = x0.to_u32_digits();
        words.resize(8, 0);
        // Bits that X_0 does not have.
        words[7] |= (random.bits() as u32) << 16;
        for (index, word) in words.into_iter().enumerate() {
            self.write(keybox::X0_0 + 4 * index as u32, word);
        }
        if late_slot {
            self.write(keybox::JOB_SLOT, context);
        }
        let tag = random.bits() as u32;
        for (offset, value) in [
            (keybox::S, s),
            (keybox::BOXES, boxes),
            (keybox::KEYS, keys),
            (keybox::TAG, tag),
        ] {
            self.write(offset, value);
        }
        if random.one_in(4) {
            for (offset, expected) in [
                (keybox::S, s),
                (keybox::BOXES, boxes),
                (keybox::KEYS, keys),
                (keybox::TAG, tag),
                (keybox::X0_3, 0),
                (keybox::JOB_SLOT, context),
            ] {
                self.read(offset, expected);
            }
        }
        if random.one_in(60) {
            hit("bad_ring");
            self.accesses.push_back(Access::NoRing);
        }
        self.write(keybox::SUBMIT, keybox::SUBMIT_SUBMIT.mask());
        self.known[context as usize].special = bad.or(bin).is_some();
    }

    /// Something in the middle of jobs.
    pub(super) fn disturb(&mut self, random: &mut Random, hit: &mut dyn FnMut(&'static str)) {
        match random.below(20) {
            0..5 => {
                if let Some(context) = self.running(random) {
                    hit("abort");
                    self.write(keybox::JOB_SLOT, context);
                    self.write(keybox::SUBMIT, keybox::SUBMIT_ABORT.mask());
                }
            }
            5 => {
                hit("ring_lost");
                self.unusable = 1 + random.below(30);
            }
            6..8 => {
                if self.running(random).is_some() {
                    hit("kat_while_busy");
                    self.accesses.push_back(Access::Kat { fault: false });
                }
            }
            8 if random.one_in(2) => {
                hit("reset_in_job");
                self.accesses.push_back(Access::Reset);
            }
            8..12 => {
                if let Some(context) = self.running(random) {
                    hit("refused_busy");
                    self.write(keybox::JOB_SLOT, context);
                    let offset = *random.pick(&[
                        keybox::X0_0,
                        keybox::S,
                        keybox::BOXES,
                        keybox::KEYS,
                        keybox::TAG,
                        keybox::SUBMIT,
                    ]);
                    self.write(offset, 1);
                    self.accesses.push_back(Access::Status);
                }
            }
            12..16 => {
                let context = random.below(64) as u32;
                hit("other_slot");
                self.write(keybox::JOB_SLOT, context);
                let job = self.known[context as usize].job;
                self.read(keybox::KEYS, job.keys);
                self.read(keybox::TAG, job.tag);
                self.accesses.push_back(Access::Status);
            }
            _ => self.accesses.push_back(Access::Idle {
                cycles: random.below(200) as u32,
            }),
        }
    }
}
