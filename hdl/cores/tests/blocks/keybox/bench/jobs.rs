//! Jobs of any size, and what comes in between.

use super::{Access, Job, KeyboxBench};
use crate::keybox::rig::{decimal, writes};
use photonbox_cosim::{Random, Simulation};
use photonbox_model::keybox::Orbit;
use photonbox_regmap::keybox;

/// X_0 of 64 + s digits by kind; how STATUS ends because of it, and the bin.
fn start(random: &mut Random, s: u32) -> ([u8; 32], Option<u32>, Option<&'static str>) {
    let padded = |head: &str| decimal(&format!("{head:0<64}"), s);
    match random.below(16) {
        0 => (
            padded("0"),
            Some(keybox::STATUS_WEAK.mask()),
            Some("weak_at_0"),
        ),
        1 => (padded("25"), None, None),
        2 => (padded("75"), None, None),
        3 => (padded("5"), None, None),
        4 => (
            decimal("1", 64 + s),
            Some(keybox::STATUS_BAD.mask()),
            Some("bad_x0"),
        ),
        5 => (decimal(&"9".repeat(64 + s as usize), 0), None, None),
        6 => (decimal("1", 0), None, None),
        _ => {
            let digits: String = (0..64 + s)
                .map(|_| char::from(b'0' + random.below(10) as u8))
                .collect();
            (decimal(&digits, 0), None, None)
        }
    }
}

/// Cycles of jobs by chance, before one with long boxes.
pub(super) const BY_CHANCE: u64 = 120_000;
/// Keys of a long box. Odd, as its cycles are: then a digit that changes in each cycle is wrong at its end.
const LONG_BOX: u32 = (1 << 13) + 1;
/// Cycles that it takes for two of them, with the job by chance before it.
pub(super) const LONG: u64 = 2 * LONG_BOX as u64 * 77 + 40_000;

/// How much there is to do, and how much of it is done.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Size {
    Short,
    /// Aborted after the first keys.
    CutShort,
    Long,
}

impl KeyboxBench {
    /// Writes a job's registers and submits it.
    pub(super) fn plan(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) {
        let mut s = 1 + random.below(8) as u32;
        let mut boxes = 1 + random.below(3) as u32;
        let mut keys = 1 + random.below(3) as u32;
        let size = if self.cycles > BY_CHANCE {
            // The second box's keys are counted from a register of its own.
            (boxes, keys) = (2, LONG_BOX);
            Size::Long
        } else if random.one_in(5) {
            // Whether the slot holds so many keys is all that matters.
            boxes = 1;
            keys = match random.one_in(2) {
                true => 1 << random.below(16),
                false => 1 + random.below(65_535) as u32,
            };
            Size::CutShort
        } else {
            Size::Short
        };
        let (x0, mut fails, bin) = start(random, s);
        let orbit = Orbit::new(&x0, s);
        let mut slot_bytes = 32 * u64::from(keys) + *random.pick(&[0, 0, 31, 64]);
        slot_bytes = slot_bytes.min((1 << 21) - 1);
        let mut usable = true;
        let mut bad = None;
        if size != Size::Long && random.one_in(4) {
            bad = Some(*random.pick(&[
                "bad_s",
                "bad_boxes",
                "bad_keys",
                "bad_total",
                "bad_slot",
                "bad_ring",
            ]));
        }
        match bad {
            Some("bad_s") => s = *random.pick(&[0, 9, 15]),
            Some("bad_boxes") => boxes = 0,
            Some("bad_keys") => keys = 0,
            Some("bad_total") => {
                (boxes, keys) = *random.pick(&[(1025, 1024), (65_535, 17), (17, 65_535)]);
                slot_bytes = (1 << 21) - 1;
            }
            Some("bad_slot") => {
                slot_bytes = 32 * u64::from(keys) - *random.pick(&[1, 1, 32]);
            }
            Some("bad_ring") => usable = false,
            _ => {}
        }
        if let Some(bad) = bad {
            hit(bad);
            fails = Some(keybox::STATUS_BAD.mask());
        } else {
            if let Some(bin) = bin {
                hit(bin);
            }
            if fails.is_none() {
                hit(["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8"][s as usize - 1]);
            }
        }
        rtl.set(self.ports.slot_bytes, slot_bytes);
        rtl.set(self.ports.usable, u64::from(usable));
        self.tag = random.bits() as u32;
        for (offset, value) in writes(&x0, random) {
            self.write(offset, value);
            // What stands in the other words stays, however long.
            if random.one_in(4) {
                let cycles = random.below(3) as u32;
                self.accesses.push_back(Access::Idle { cycles });
            }
        }
        self.write(keybox::S, s);
        self.write(keybox::BOXES, boxes);
        self.write(keybox::KEYS, keys);
        self.write(keybox::TAG, self.tag);
        if random.one_in(8) {
            hit("refused_slot");
            self.accesses.push_back(Access::Write {
                offset: keybox::JOB_SLOT,
                value: 1 + random.below(63) as u32,
                refused: true,
            });
        }
        for (offset, expected) in [
            (keybox::S, s),
            (keybox::BOXES, boxes),
            (keybox::KEYS, keys),
            (keybox::TAG, self.tag),
            (keybox::X0_3, 0),
            (keybox::JOB_SLOT, 0),
        ] {
            self.read(offset, expected);
        }
        self.write(keybox::SUBMIT, keybox::SUBMIT_SUBMIT.mask());
        self.patience = match size {
            Size::Long => 1,
            _ => *random.pick(&[1, 1, 2, 40, 400]),
        };
        self.job = Some(Job {
            orbit: orbit.filter(|_| fails.is_none()),
            keys,
            boxes,
            tag: self.tag,
            number: 1,
            made: 0,
            aborted: false,
            ring_lost: false,
            fails,
            weak: false,
            over: false,
            cut: false,
            size,
        });
    }

    /// Something in the middle of a job.
    pub(super) fn disturb(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) {
        let Some(job) = self.job.as_mut().filter(|job| job.fails.is_none()) else {
            return;
        };
        if job.size != Size::Short {
            if job.size == Size::CutShort && !job.aborted {
                job.aborted = true;
                self.write(keybox::SUBMIT, keybox::SUBMIT_ABORT.mask());
            }
            return;
        }
        match random.below(8) {
            0 => {
                hit("abort");
                job.aborted = true;
                self.write(keybox::SUBMIT, keybox::SUBMIT_ABORT.mask());
            }
            1 => {
                hit("ring_lost");
                job.ring_lost = true;
                rtl.set(self.ports.usable, 0);
            }
            2 => {
                hit("kat_while_busy");
                self.accesses.push_back(Access::Kat { fault: false });
            }
            3 => {
                hit("reset_in_job");
                self.accesses.push_back(Access::Reset);
            }
            4 => self.accesses.push_back(Access::Idle { cycles: 100 }),
            _ => {
                hit("refused_busy");
                let offset = *random.pick(&[
                    keybox::X0_0,
                    keybox::S,
                    keybox::BOXES,
                    keybox::KEYS,
                    keybox::TAG,
                    keybox::SUBMIT,
                ]);
                self.accesses.push_back(Access::Write {
                    offset,
                    value: 1,
                    refused: true,
                });
            }
        }
    }
}
