//! The key-box engine: jobs in, session keys out, one box a slot of the key-box ring (spec 2-keybox §2.1,
//! 6-card §6.1). Bits are exact; of the cycles, those between two keys are.

mod orbit;
pub mod wide;

pub use orbit::Orbit;

use crate::card::BusMaster;
use crate::ring::{Piece, Ring};
use photonbox_regmap::{Flags, keybox};
use zeroize::Zeroize;

/// Cycles from one key to the next of the small engine.
pub const KEY_CYCLES: u32 = 77;
/// Job contexts of the small engine.
pub const JOB_SLOTS: u32 = 1;
/// Dropped digits of the known-answer test; its X_0 is 1/7 to 72 digits.
pub const KAT_S: u32 = 8;
/// Keys of the known-answer test.
pub const KAT_KEYS: u32 = 4;

/// What a job is, besides X_0: the job's registers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Job {
    /// Dropped digits, 1 to 8.
    pub s: u32,
    /// Boxes.
    pub boxes: u32,
    /// Keys of a box.
    pub keys: u32,
    /// Comes back in each completion.
    pub tag: u32,
}

impl Job {
    /// Whether numbers and ring allow the job; X_0 is looked at later.
    fn allowed(&self, ring: &Ring) -> bool {
        self.in_range() && ring.usable() && self.fits(ring.geometry().slot_bytes)
    }

    /// Whether the numbers are those of a job.
    fn in_range(&self) -> bool {
        let fits = |value, most| (1..=most).contains(&value);
        fits(self.s, keybox::MAX_S)
            && fits(self.boxes, 65_535)
            && fits(self.keys, 65_535)
            && u64::from(self.boxes) * u64::from(self.keys) <= u64::from(keybox::MAX_JOB_KEYS)
    }

    /// Whether a box has room in a slot.
    fn fits(&self, slot_bytes: u32) -> bool {
        self.keys * keybox::KEY_BYTES <= slot_bytes
    }
}

/// How a job ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// All keys were made.
    Done,
    /// A weak value was met.
    Weak,
    /// Refused.
    Bad,
    /// Aborted, or the ring could not be used any longer.
    Aborted,
}

/// A job that runs.
#[derive(Debug)]
struct Running {
    job: Job,
    orbit: Orbit,
    /// Box of the next key, from 1.
    number: u32,
    /// Keys of that box that have left.
    made: u32,
    /// Cycle in which the next key may leave.
    due: u64,
}

/// The engine.
#[derive(Debug, Default)]
pub struct KeyboxEngine {
    x0: [u8; 32],
    running: Option<Running>,
    outcome: Option<Outcome>,
    jobs_done: u32,
    jobs_failed: u32,
    keys_made: u64,
}

impl KeyboxEngine {
    /// Takes word `index` of X_0; false, and no effect, while a job runs.
    pub fn load_word(&mut self, index: u32, value: u32) -> bool {
        let free = !self.busy();
        if let Some(word) = self.x0.as_chunks_mut::<4>().0.get_mut(index as usize)
            && free
        {
            *word = value.to_le_bytes();
        }
        free
    }

    /// Sweeps what was loaded of X_0, as the self-test does.
    pub fn clear_x0(&mut self) {
        // A job that runs has taken it already.
        self.x0.zeroize();
    }

    /// Begins a job with the X_0 that was loaded; false, and no effect, while one runs. What cannot be done ends at
    /// once as [`Outcome::Bad`] or [`Outcome::Weak`].
    pub fn submit(&mut self, job: Job, ring: &Ring, now: u64) -> bool {
        if self.busy() {
            return false;
        }
        self.outcome = None;
        let orbit = job
            .allowed(ring)
            .then(|| Orbit::new(&self.x0, job.s))
            .flatten();
        self.x0.zeroize();
        match orbit {
            None => self.end(Outcome::Bad),
            Some(orbit) if orbit.is_zero() => self.end(Outcome::Weak),
            Some(orbit) => {
                self.running = Some(Running {
                    job,
                    orbit,
                    number: 1,
                    made: 0,
                    due: now + u64::from(KEY_CYCLES),
                });
            }
        }
        true
    }

    /// Ends the job that runs, if any.
    pub fn abort(&mut self, ring: &mut Ring, now: u64, generation: u32, bus: &mut dyn BusMaster) {
        if let Some(running) = self.running.take() {
            cut_short(&running, ring, now, generation, bus);
            self.end(Outcome::Aborted);
        }
    }

    /// Makes the keys that are due before `now`, as far as the ring takes them.
    pub fn advance(&mut self, now: u64, ring: &mut Ring, generation: u32, bus: &mut dyn BusMaster) {
        while let Some(running) = self.running.as_mut().filter(|running| running.due < now) {
            if !ring.usable() {
                self.running = None;
                self.end(Outcome::Aborted);
                return;
            }
            if !ring.ready() {
                // Time stands still for a job whose ring is full.
                running.due = now;
                return;
            }
            let at = running.due;
            if !running.orbit.step() {
                cut_short(running, ring, at, generation, bus);
                self.running = None;
                self.end(Outcome::Weak);
                return;
            }
            let mut key = running.orbit.session_key();
            ring.push(piece(&key, running, Flags::default()), at, generation, bus);
            key.zeroize();
            self.keys_made += 1;
            running.made += 1;
            running.due += u64::from(KEY_CYCLES);
            if running.made == running.job.keys {
                // Without effect when the slot had room for this box only.
                ring.complete(at, generation, bus);
                running.made = 0;
                running.number += 1;
                if running.number > running.job.boxes {
                    self.running = None;
                    self.end(Outcome::Done);
                    return;
                }
            }
        }
    }

    /// Cycle in which the next key is due, while a job runs.
    pub fn due(&self) -> Option<u64> {
        self.running.as_ref().map(|running| running.due)
    }

    /// Whether a job runs.
    pub fn busy(&self) -> bool {
        self.running.is_some()
    }

    /// How the last job ended; none before the first, and while one runs.
    pub fn outcome(&self) -> Option<Outcome> {
        self.outcome
    }

    /// Jobs that made all of their keys.
    pub fn jobs_done(&self) -> u32 {
        self.jobs_done
    }

    /// Jobs that ended otherwise.
    pub fn jobs_failed(&self) -> u32 {
        self.jobs_failed
    }

    /// Keys that went to the ring.
    pub fn keys_made(&self) -> u64 {
        self.keys_made
    }

    /// The register `STATUS`.
    pub fn status(&self) -> u32 {
        status(self.busy(), self.outcome)
    }

    fn end(&mut self, outcome: Outcome) {
        self.outcome = Some(outcome);
        let count = if outcome == Outcome::Done {
            &mut self.jobs_done
        } else {
            &mut self.jobs_failed
        };
        *count = count.wrapping_add(1);
    }
}

/// The register `STATUS` of a context.
fn status(busy: bool, outcome: Option<Outcome>) -> u32 {
    let ended = |one| u32::from(outcome == Some(one));
    keybox::STATUS_BUSY.put(u32::from(busy))
        | keybox::STATUS_DONE.put(ended(Outcome::Done))
        | keybox::STATUS_WEAK.put(ended(Outcome::Weak))
        | keybox::STATUS_BAD.put(ended(Outcome::Bad))
        | keybox::STATUS_ABORTED.put(ended(Outcome::Aborted))
}

impl Drop for KeyboxEngine {
    fn drop(&mut self) {
        self.x0.zeroize();
    }
}

fn piece<'a>(data: &'a [u8], running: &Running, flags: Flags) -> Piece<'a> {
    Piece {
        data,
        flags,
        lanes: u64::from(running.job.tag) | u64::from(running.number) << 32,
        raw_bits: 0,
        seed_epoch: 0,
    }
}

/// Completes a box that has begun with one key of zeros, marked as an error.
fn cut_short(
    running: &Running,
    ring: &mut Ring,
    now: u64,
    generation: u32,
    bus: &mut dyn BusMaster,
) {
    if running.made != 0 && ring.usable() {
        let error = Flags {
            error: true,
            ..Flags::default()
        };
        let zeros = [0; keybox::KEY_BYTES as usize];
        ring.push(piece(&zeros, running, error), now, generation, bus);
        ring.complete(now, generation, bus);
    }
}

/// X_0 of the known-answer test: 142857 twelve times.
pub fn kat_x0() -> [u8; 32] {
    let mut x = [0_u8; 32];
    for digit in [1, 4, 2, 8, 5, 7].into_iter().cycle().take(72) {
        let mut carry = digit;
        for byte in &mut x {
            carry += u16::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
    }
    x
}

/// The known-answer test's signature over the 64-bit words of its keys: rotated left by one, then the word is added
/// without carry.
pub fn kat_signature() -> Option<u64> {
    let mut orbit = Orbit::new(&kat_x0(), KAT_S)?;
    let mut signature = 0_u64;
    for _ in 0..KAT_KEYS {
        if !orbit.step() {
            return None;
        }
        for word in orbit.session_key().as_chunks::<8>().0 {
            signature = signature.rotate_left(1) ^ u64::from_le_bytes(*word);
        }
    }
    Some(signature)
}

/// What [`kat_signature`] gives, computed once by an independent program.
pub const KAT_SIGNATURE: u64 = 0xee0f_b998_838f_d128;

/// The known-answer test of the model's engine.
pub fn known_answer() -> bool {
    kat_signature() == Some(KAT_SIGNATURE)
}
