//! The key-box engine in the card: its registers, its ring, its place in time.

use super::{BusMaster, Card};
use crate::keybox::{JOB_SLOTS, Job, KEY_CYCLES};
use photonbox_regmap::{keybox, ring};

impl Card {
    /// Whether what the register sets is free to change now: a job's registers only while none runs.
    pub(super) fn may_write_keybox(&self, register: u32, value: u32) -> bool {
        match register {
            keybox::X0_0..=keybox::TAG => !self.keybox.busy(),
            keybox::JOB_SLOT => keybox::JOB_SLOT_N.get(value) < JOB_SLOTS,
            keybox::SUBMIT => !self.keybox.busy() || !submits(value),
            _ => true,
        }
    }

    pub(super) fn read_keybox(&self, register: u32) -> Option<u32> {
        Some(match register {
            keybox::STATUS => self.keybox.status(),
            keybox::CAPS => {
                keybox::CAPS_JOB_SLOTS.put(JOB_SLOTS) | keybox::CAPS_KEY_CYCLES.put(KEY_CYCLES)
            }
            keybox::JOBS_DONE => self.keybox.jobs_done(),
            keybox::JOBS_FAILED => self.keybox.jobs_failed(),
            _ => return None,
        })
    }

    pub(super) fn write_keybox(&mut self, register: u32, value: u32, bus: &mut dyn BusMaster) {
        match register {
            keybox::X0_0..=keybox::X0_7 => {
                self.keybox.load_word((register - keybox::X0_0) / 4, value);
            }
            keybox::SUBMIT if submits(value) => {
                let word = |offset| self.word(keybox::BASE + offset);
                let job = Job {
                    s: word(keybox::S),
                    boxes: word(keybox::BOXES),
                    keys: word(keybox::KEYS),
                    tag: word(keybox::TAG),
                };
                let ring = &self.rings[ring::KEYBOX as usize];
                self.keybox.submit(job, ring, self.now);
            }
            keybox::SUBMIT if keybox::SUBMIT_ABORT.is_set(value) => {
                let ring = &mut self.rings[ring::KEYBOX as usize];
                self.keybox.abort(ring, self.now, self.generation, bus);
            }
            _ => {}
        }
    }

    /// Cycle in which the next key is due. With a full ring none is, until the host moves its head.
    pub(super) fn keybox_due(&self) -> Option<u64> {
        let full = self.rings[ring::KEYBOX as usize].full();
        self.keybox.due().filter(|_| !full)
    }

    /// Makes the keys whose time has come.
    pub(super) fn serve_keybox(&mut self, bus: &mut dyn BusMaster) {
        let ring = &mut self.rings[ring::KEYBOX as usize];
        self.keybox.advance(self.now, ring, self.generation, bus);
    }
}

/// ABORT wins over SUBMIT.
fn submits(value: u32) -> bool {
    keybox::SUBMIT_SUBMIT.is_set(value) && !keybox::SUBMIT_ABORT.is_set(value)
}
