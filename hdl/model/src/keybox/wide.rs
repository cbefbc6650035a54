//! The wide engine: 64 job contexts by turns, a step of one of them a cycle. Bits are exact, and the order of keys
//! within a context; of the cycles, that a context has one turn in 64.

use super::{Job, Orbit, Outcome};
use crate::boxes::Key;
use zeroize::Zeroize;

/// Job contexts.
pub const JOB_SLOTS: u32 = 64;
/// Cycles from one key of a context to its next.
pub const KEY_CYCLES: u32 = JOB_SLOTS;

/// What the engine sees of the key-box ring, which has a box open for each context.
pub trait KeyRing {
    /// It is committed, enabled and not in error.
    fn usable(&self) -> bool;
    /// Bytes of a slot.
    fn slot_bytes(&self) -> u32;
    /// Offers a key. False: it will be offered again at the context's next turn.
    fn take(&mut self, key: Key<'_>) -> bool;
    /// The box that the context has open ends here: it is completed as an error.
    fn cut(&mut self, context: u32);
}

/// A job that runs.
#[derive(Debug)]
struct Running {
    job: Job,
    /// None if the job is to be refused.
    orbit: Option<Orbit>,
    /// The orbit is at the key that was refused last.
    offered: bool,
    /// Box of the next key, from 1.
    number: u32,
    /// Keys of that box that have left.
    made: u32,
    aborting: bool,
    without_ring: bool,
}

/// A job context.
#[derive(Debug, Default)]
struct Context {
    running: Option<Running>,
    outcome: Option<Outcome>,
}

/// The engine.
#[derive(Debug)]
pub struct WideEngine {
    x0: [u8; 32],
    contexts: Vec<Context>,
    /// Cycle of the next turn.
    at: u64,
    /// Jobs that run.
    running: u32,
    jobs_done: u32,
    jobs_failed: u32,
    keys_made: u64,
}

impl Default for WideEngine {
    fn default() -> Self {
        Self {
            x0: [0; 32],
            contexts: (0..JOB_SLOTS).map(|_| Context::default()).collect(),
            at: 0,
            running: 0,
            jobs_done: 0,
            jobs_failed: 0,
            keys_made: 0,
        }
    }
}

impl WideEngine {
    /// Takes word `index` of X_0, for whatever context is submitted next; false, and no effect, while a job of the
    /// selected context runs.
    ///
    /// # Panics
    /// As all that take a context do, if there is no such context.
    pub fn load_word(&mut self, context: u32, index: u32, value: u32) -> bool {
        let free = !self.busy(context);
        if let Some(word) = self.x0.as_chunks_mut::<4>().0.get_mut(index as usize)
            && free
        {
            *word = value.to_le_bytes();
        }
        free
    }

    /// Sweeps what was loaded of X_0, as the self-test does.
    pub fn clear_x0(&mut self) {
        self.x0.zeroize();
    }

    /// Begins a job with the X_0 that was loaded; false, and no effect, while one runs in the context. What cannot
    /// be done ends at the context's next turn.
    pub fn submit(&mut self, context: u32, job: Job, ring: &dyn KeyRing) -> bool {
        if self.busy(context) {
            return false;
        }
        let allowed = job.in_range() && ring.usable() && job.fits(ring.slot_bytes());
        // X_0 has 240 bits.
        self.x0[30..].zeroize();
        let orbit = allowed.then(|| Orbit::new(&self.x0, job.s)).flatten();
        self.x0.zeroize();
        self.contexts[context as usize] = Context {
            running: Some(Running {
                job,
                orbit,
                offered: false,
                number: 1,
                made: 0,
                aborting: false,
                without_ring: false,
            }),
            outcome: None,
        };
        self.running += 1;
        true
    }

    /// The job that runs in the context, if any, ends at its next turn.
    pub fn abort(&mut self, context: u32) {
        if let Some(running) = &mut self.contexts[context as usize].running {
            running.aborting = true;
        }
    }

    /// The ring cannot be used, if only for this cycle: jobs end at their next turn.
    pub fn lose_ring(&mut self) {
        for context in &mut self.contexts {
            if let Some(running) = &mut context.running {
                running.without_ring = true;
            }
        }
    }

    /// Makes the turns up to the one of cycle `now`, not included: one a cycle.
    pub fn advance(&mut self, now: u64, ring: &mut dyn KeyRing) {
        while self.at < now {
            if self.running == 0 {
                self.at = now;
                return;
            }
            self.turn((self.at % u64::from(JOB_SLOTS)) as u32, ring);
            self.at += 1;
        }
    }

    /// Time passes without turns.
    pub fn skip_to(&mut self, now: u64) {
        self.at = self.at.max(now);
    }

    /// Cycle of the next turn, while a job runs.
    pub fn due(&self) -> Option<u64> {
        (self.running != 0).then_some(self.at)
    }

    /// Whether every job that runs was refused the first key of a box, and none is about to end.
    pub fn wants_slots_only(&self) -> bool {
        let running = self
            .contexts
            .iter()
            .filter_map(|place| place.running.as_ref());
        self.running != 0 && running.into_iter().all(Running::wants_slot)
    }

    /// Makes one turn of a context.
    pub fn turn(&mut self, context: u32, ring: &mut dyn KeyRing) {
        let place = &mut self.contexts[context as usize];
        let Some(running) = &mut place.running else {
            return;
        };
        let outcome = match running.turn(context, ring) {
            Turn::Refused => return,
            Turn::Key => {
                self.keys_made += 1;
                return;
            }
            Turn::LastKey => {
                self.keys_made += 1;
                Outcome::Done
            }
            Turn::Failed(outcome) => outcome,
        };
        place.running = None;
        self.running -= 1;
        place.outcome = Some(outcome);
        let count = if outcome == Outcome::Done {
            &mut self.jobs_done
        } else {
            &mut self.jobs_failed
        };
        *count = count.wrapping_add(1);
    }

    /// Whether a job runs in the context.
    pub fn busy(&self, context: u32) -> bool {
        self.contexts[context as usize].running.is_some()
    }

    /// How the context's last job ended; none before the first, and while one runs.
    pub fn outcome(&self, context: u32) -> Option<Outcome> {
        self.contexts[context as usize].outcome
    }

    /// The register `STATUS` of the context.
    pub fn status(&self, context: u32) -> u32 {
        super::status(self.busy(context), self.outcome(context))
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
}

impl Drop for WideEngine {
    fn drop(&mut self) {
        self.x0.zeroize();
    }
}

/// What a turn came to.
enum Turn {
    Key,
    LastKey,
    Refused,
    Failed(Outcome),
}

impl Running {
    fn wants_slot(&self) -> bool {
        let goes_on = self.orbit.is_some() && !self.aborting && !self.without_ring;
        goes_on && self.offered && self.made == 0
    }

    fn turn(&mut self, context: u32, ring: &mut dyn KeyRing) -> Turn {
        let Some(orbit) = &mut self.orbit else {
            return Turn::Failed(Outcome::Bad);
        };
        if self.without_ring || !ring.usable() {
            return Turn::Failed(Outcome::Aborted);
        }
        let fails = if self.aborting {
            Some(Outcome::Aborted)
        } else if !self.offered && (orbit.is_zero() || !orbit.step()) {
            Some(Outcome::Weak)
        } else {
            None
        };
        if let Some(outcome) = fails {
            if self.made != 0 {
                ring.cut(context);
            }
            return Turn::Failed(outcome);
        }
        self.offered = true;
        let mut key = orbit.session_key();
        let last = self.made + 1 == self.job.keys;
        let taken = ring.take(Key {
            context: context as usize,
            key: &key,
            first: self.made == 0,
            last,
            tag: self.job.tag,
            number: self.number,
        });
        key.zeroize();
        if !taken {
            return Turn::Refused;
        }
        self.offered = false;
        self.made += 1;
        if last {
            self.made = 0;
            self.number += 1;
            if self.number > self.job.boxes {
                return Turn::LastKey;
            }
        }
        Turn::Key
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use photonbox_regmap::keybox::STATUS_DONE;

    /// Takes two keys of three.
    #[derive(Default)]
    struct Picky {
        offers: u32,
        keys: Vec<(usize, [u8; 32], bool, bool, u32)>,
        cuts: Vec<u32>,
        gone: bool,
    }

    impl KeyRing for Picky {
        fn usable(&self) -> bool {
            !self.gone
        }
        fn slot_bytes(&self) -> u32 {
            64
        }
        fn take(&mut self, key: Key<'_>) -> bool {
            self.offers += 1;
            let takes = !self.offers.is_multiple_of(3);
            if takes {
                self.keys
                    .push((key.context, *key.key, key.first, key.last, key.number));
            }
            takes
        }
        fn cut(&mut self, context: u32) {
            self.cuts.push(context);
        }
    }

    const JOB: Job = Job {
        s: 4,
        boxes: 3,
        keys: 2,
        tag: 7,
    };

    fn start(engine: &mut WideEngine, ring: &Picky, context: u32, job: Job) {
        for (index, word) in [1234 + context, 99, 98, 97, 96, 95].into_iter().enumerate() {
            assert!(engine.load_word(context, index as u32, word));
        }
        assert!(engine.submit(context, job, ring));
        assert!(!engine.submit(context, job, ring));
    }

    #[test]
    fn each_context_has_its_own_orbit() {
        let (mut engine, mut ring) = (WideEngine::default(), Picky::default());
        for context in 0..JOB_SLOTS {
            start(&mut engine, &ring, context, JOB);
        }
        engine.advance(20 * u64::from(JOB_SLOTS), &mut ring);
        assert_eq!(engine.keys_made(), 6 * u64::from(JOB_SLOTS));
        assert_eq!(engine.jobs_done(), JOB_SLOTS);
        for context in 0..JOB_SLOTS {
            assert_eq!(engine.status(context), STATUS_DONE.mask());
            let mut x0 = [0; 32];
            for (bytes, word) in
                x0.as_chunks_mut::<4>()
                    .0
                    .iter_mut()
                    .zip([1234 + context, 99, 98, 97, 96, 95])
            {
                *bytes = word.to_le_bytes();
            }
            let mut orbit = Orbit::new(&x0, 4).expect("it is small");
            let mine = ring.keys.iter().filter(|key| key.0 == context as usize);
            let mut seen = 0;
            for (made, key) in mine.enumerate() {
                assert!(orbit.step());
                let made = made as u32;
                let place = (
                    made.is_multiple_of(2),
                    !made.is_multiple_of(2),
                    1 + made / 2,
                );
                assert_eq!(
                    (key.1, key.2, key.3, key.4),
                    (orbit.session_key(), place.0, place.1, place.2)
                );
                seen += 1;
            }
            assert_eq!(seen, 6);
        }
    }

    #[test]
    fn jobs_end_in_every_way() {
        let (mut engine, mut ring) = (WideEngine::default(), Picky::default());
        start(&mut engine, &ring, 0, Job { keys: 3, ..JOB });
        start(&mut engine, &ring, 1, Job { s: 9, ..JOB });
        assert!(engine.submit(2, JOB, &ring));
        start(&mut engine, &ring, 3, JOB);
        start(&mut engine, &ring, 4, JOB);
        for context in 0..5 {
            engine.turn(context, &mut ring);
        }
        assert_eq!(engine.outcome(0), Some(Outcome::Bad), "slots too small");
        assert_eq!(engine.outcome(1), Some(Outcome::Bad), "s out of range");
        assert_eq!(engine.outcome(2), Some(Outcome::Weak), "X_0 is 0");
        engine.abort(3);
        engine.turn(3, &mut ring);
        assert_eq!(
            (engine.outcome(3), &ring.cuts[..]),
            (Some(Outcome::Aborted), &[3][..])
        );
        ring.gone = true;
        engine.lose_ring();
        ring.gone = false;
        engine.turn(4, &mut ring);
        assert_eq!(
            (engine.outcome(4), ring.cuts.len()),
            (Some(Outcome::Aborted), 1)
        );
        assert_eq!((engine.jobs_done(), engine.jobs_failed()), (0, 5));
    }
}
