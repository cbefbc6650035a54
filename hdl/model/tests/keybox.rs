//! The key-box engine against `tests/vectors/keybox.json`, and its jobs.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_model::keybox::{Job, KEY_CYCLES, KeyboxEngine, Orbit, Outcome, known_answer};
use photonbox_model::ring::{Geometry, Ring};
use photonbox_model::{BusError, BusMaster};
use photonbox_regmap::{Completion, keybox, ring};
use serde_json::Value;

/// Digits to a 256-bit little-endian number, `zeros` zeros appended.
fn number(digits: &str, zeros: u32) -> [u8; 32] {
    let mut x = [0_u8; 32];
    let tail = "0".repeat(zeros as usize);
    for digit in digits.bytes().chain(tail.bytes()) {
        let mut carry = u16::from(digit - b'0');
        for byte in &mut x {
            carry += u16::from(*byte) * 10;
            *byte = carry as u8;
            carry >>= 8;
        }
        assert_eq!(carry, 0);
    }
    x
}

fn vectors() -> Value {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keybox.json"
    );
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn orbits_are_the_vectors() {
    for case in vectors()["cases"].as_array().unwrap() {
        let s = case["s"].as_u64().unwrap() as u32;
        let mut orbit = Orbit::new(&number(case["ip_key"].as_str().unwrap(), s), s).unwrap();
        let mut n = 0;
        for point in case["points"].as_array().unwrap() {
            while n < point["n"].as_u64().unwrap() {
                assert!(orbit.step());
                n += 1;
            }
            let key = number(point["session_key"].as_str().unwrap(), 0);
            assert_eq!(orbit.session_key(), key, "s {s}, n {n}");
        }
    }
}

#[test]
fn weak_values_are_seen() {
    for (head, steps) in [("0", 0), ("5", 2), ("25", 2), ("75", 1)] {
        for s in 1..=8 {
            let x0 = number(&format!("{head:0<64}"), s);
            let mut orbit = Orbit::new(&x0, s).unwrap();
            assert_eq!(orbit.is_zero(), steps == 0);
            for step in 1..=steps {
                assert_eq!(orbit.step(), step < steps, "{head} {s} {step}");
            }
        }
    }
    assert!(Orbit::new(&number("1", 65), 1).is_none(), "X_0 = M");
    assert!(Orbit::new(&number("1", 64), 0).is_none(), "s = 0");
    assert!(Orbit::new(&number("1", 64), 9).is_none(), "s = 9");
}

#[test]
fn the_known_answer_is_right() {
    assert!(known_answer());
}

/// Host memory from 0 on.
struct Memory(Vec<u8>);

impl BusMaster for Memory {
    fn write(&mut self, address: u64, data: &[u8]) -> Result<(), BusError> {
        let at = address as usize;
        self.0[at..at + data.len()].copy_from_slice(data);
        Ok(())
    }

    fn interrupt(&mut self, _vector: u16) {}
}

const COMPLETIONS: u64 = 0x4000;

struct Rig {
    engine: KeyboxEngine,
    ring: Ring,
    memory: Memory,
    now: u64,
}

impl Rig {
    fn new(slot_bytes: u32) -> Self {
        let mut ring = Ring::new(ring::KEYBOX);
        assert!(ring.commit(Geometry {
            data_base: 0,
            completion_base: COMPLETIONS,
            slot_bytes,
            slot_count: 4,
        }));
        ring.enable(true);
        Self {
            engine: KeyboxEngine::default(),
            ring,
            memory: Memory(vec![0xee; 0x8000]),
            now: 0,
        }
    }

    fn submit(&mut self, x0: &[u8; 32], job: Job) -> bool {
        for (index, word) in x0.as_chunks::<4>().0.iter().enumerate() {
            assert!(
                self.engine
                    .load_word(index as u32, u32::from_le_bytes(*word))
            );
        }
        self.engine.submit(job, &self.ring, self.now)
    }

    fn run(&mut self, cycles: u64) {
        self.now += cycles;
        self.engine
            .advance(self.now, &mut self.ring, 1, &mut self.memory);
    }

    fn completion(&self, slot: u64) -> Completion {
        let at = (COMPLETIONS + 32 * slot) as usize;
        Completion::from_bytes(self.memory.0[at..at + 32].try_into().unwrap())
    }
}

const JOB: Job = Job {
    s: 4,
    boxes: 3,
    keys: 2,
    tag: 0xabcd_1234,
};

fn x0() -> [u8; 32] {
    number(vectors()["cases"][0]["ip_key"].as_str().unwrap(), 4)
}

#[test]
fn a_box_is_a_slot_and_tells_its_job() {
    let mut rig = Rig::new(128);
    assert!(rig.submit(&x0(), JOB));
    assert!(!rig.submit_again(), "one job at a time");
    rig.run(6 * u64::from(KEY_CYCLES) + 1);
    assert_eq!(rig.engine.outcome(), Some(Outcome::Done));
    assert_eq!(rig.ring.tail(), 3);
    for slot in 0..3 {
        let completion = rig.completion(slot);
        assert_eq!((completion.bytes, completion.blocks), (64, 2));
        assert_eq!(completion.lanes, (slot + 1) << 32 | 0xabcd_1234);
        assert_eq!(completion.ring, ring::KEYBOX);
        assert!(!completion.flags.error);
    }
    let mut orbit = Orbit::new(&x0(), 4).unwrap();
    assert!(orbit.step());
    assert_eq!(rig.memory.0[..32], orbit.session_key());
    assert_eq!((rig.engine.jobs_done(), rig.engine.keys_made()), (1, 6));
}

impl Rig {
    fn submit_again(&mut self) -> bool {
        self.engine.load_word(0, 1) || self.engine.submit(JOB, &self.ring, self.now)
    }
}

#[test]
fn a_full_ring_makes_the_engine_wait() {
    let mut rig = Rig::new(64);
    assert!(rig.submit(&x0(), Job { boxes: 6, ..JOB }));
    rig.run(1 << 20);
    assert!(rig.engine.busy());
    assert_eq!(rig.ring.tail(), 4);
    rig.ring.set_head(4, rig.now);
    rig.run(1 << 20);
    assert_eq!(rig.engine.outcome(), Some(Outcome::Done));
    assert_eq!(rig.ring.tail(), 6);
}

#[test]
fn a_box_cut_short_is_marked() {
    let mut rig = Rig::new(4096);
    assert!(rig.submit(&x0(), Job { keys: 5, ..JOB }));
    rig.run(2 * u64::from(KEY_CYCLES) + 1);
    rig.engine.abort(&mut rig.ring, rig.now, 1, &mut rig.memory);
    assert_eq!(rig.engine.outcome(), Some(Outcome::Aborted));
    let completion = rig.completion(0);
    assert!(completion.flags.error);
    assert_eq!((completion.bytes, completion.blocks), (96, 3));
    assert_eq!(rig.engine.jobs_failed(), 1);
}

#[test]
fn what_cannot_be_done_is_refused() {
    let bad: [(&str, Job); 7] = [
        ("s 0", Job { s: 0, ..JOB }),
        ("s 9", Job { s: 9, ..JOB }),
        ("no box", Job { boxes: 0, ..JOB }),
        ("no key", Job { keys: 0, ..JOB }),
        (
            "too many",
            Job {
                boxes: 65_535,
                keys: 17,
                ..JOB
            },
        ),
        ("too long for a slot", Job { keys: 129, ..JOB }),
        (
            "too many keys",
            Job {
                keys: 65_536,
                ..JOB
            },
        ),
    ];
    for (name, job) in bad {
        let mut rig = Rig::new(4096);
        assert!(rig.submit(&x0(), job));
        assert_eq!(rig.engine.outcome(), Some(Outcome::Bad), "{name}");
        assert_eq!(rig.engine.status(), keybox::STATUS_BAD.mask());
    }
    let mut rig = Rig::new(4096);
    assert!(rig.submit(&number("1", 68), JOB));
    assert_eq!(rig.engine.outcome(), Some(Outcome::Bad), "X_0 = M");
    let mut rig = Rig::new(4096);
    rig.ring.enable(false);
    assert!(rig.submit(&x0(), JOB));
    assert_eq!(rig.engine.outcome(), Some(Outcome::Bad), "ring off");
    let mut rig = Rig::new(4096);
    assert!(rig.submit(&[0; 32], JOB));
    assert_eq!(rig.engine.outcome(), Some(Outcome::Weak));
}

#[test]
fn a_weak_value_on_the_way_ends_the_job() {
    let mut rig = Rig::new(4096);
    assert!(rig.submit(&number(&format!("{:0<64}", "25"), 4), JOB));
    rig.run(1 << 20);
    assert_eq!(rig.engine.outcome(), Some(Outcome::Weak));
    assert_eq!(rig.engine.keys_made(), 1, "3/4 itself, and no more");
    assert!(rig.completion(0).flags.error);
}
