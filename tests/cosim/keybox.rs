//! Orbits through the whole card, register by register, against `tests/vectors/keybox.json` and the model.

use crate::rig::{COMPLETIONS, DATA, MEMORY, Rig};
use crate::scene::{self, Setup};
use num_bigint::BigUint;
use photonbox_model::FrontEnd;
use photonbox_regmap::{global, keybox, ring};
use sha2::{Digest, Sha256};

/// A job's parameters.
#[derive(Clone)]
pub struct Job {
    pub ip_key: String,
    pub s: u32,
    pub boxes: u32,
    pub keys: u32,
}

/// TAG of the jobs.
const TAG: u32 = 0x7a67_0001;

/// The jobs of the vectors, each with the SHA-256 of all its keys.
pub fn vectors() -> Vec<(Job, String)> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keybox.json"
    );
    let text = std::fs::read_to_string(path).unwrap();
    let all: serde_json::Value = serde_json::from_str(&text).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let number = |value: &serde_json::Value| value.as_u64().unwrap() as u32;
    let cases = all["cases"].as_array().unwrap();
    cases
        .iter()
        .map(|case| {
            let job = Job {
                ip_key: text(&case["ip_key"]),
                s: number(&case["s"]),
                boxes: number(&case["I"]),
                keys: number(&case["J"]),
            };
            (job, text(&case["sha256_of_all_session_keys_le32"]))
        })
        .collect()
}

fn slots_of(job: &Job) -> Setup {
    Setup {
        slot_bytes: (job.keys * keybox::KEY_BYTES).next_multiple_of(ring::SLOT_ALIGN),
        slots: 4,
        ..Setup::default()
    }
}

/// Writes a job and submits it; X_0 may be spoilt by `more`.
pub fn write(rig: &mut Rig, job: &Job, more: u32, tag: u32) {
    let digits: BigUint = job.ip_key.parse().unwrap();
    let x0 = digits * BigUint::from(10_u32).pow(job.s) + more;
    let words = x0.to_u32_digits();
    for index in 0..keybox::X0_WORDS {
        let word = words.get(index as usize).copied().unwrap_or(0);
        rig.write(keybox::BASE + keybox::X0_0 + 4 * index, word);
    }
    for (register, value) in [
        (keybox::S, job.s),
        (keybox::BOXES, job.boxes),
        (keybox::KEYS, job.keys),
        (keybox::TAG, tag),
        (keybox::SUBMIT, 1),
    ] {
        rig.write(keybox::BASE + register, value);
    }
}

/// SHA-256 in hexadecimal digits.
pub fn sha256(keys: &[u8]) -> String {
    let digest = Sha256::digest(keys);
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub fn status(rig: &mut Rig) -> u32 {
    rig.read(keybox::BASE + keybox::STATUS)
}

/// Runs a job and takes all of its boxes; cycles from SUBMIT to the last key.
fn run(rig: &mut Rig, job: &Job) -> (Vec<u8>, u64) {
    let setup = slots_of(job);
    assert!(setup.slot_bytes * setup.slots < (MEMORY as u64 - DATA[2]) as u32);
    assert!(COMPLETIONS[2] + 32 * 4 < DATA[0]);
    rig.commit(ring::KEYBOX, setup.slot_bytes, setup.slots);
    write(rig, job, 0, TAG);
    let (begun, mut keys, mut boxes) = (rig.cycle(), Vec::new(), 0);
    while boxes < job.boxes {
        rig.run(u64::from(job.keys.min(64)) * 40 + 200);
        for slot in rig.take(ring::KEYBOX, &setup) {
            boxes += 1;
            assert_eq!(
                slot.completion.lanes,
                u64::from(boxes) << 32 | u64::from(TAG)
            );
            assert_eq!(slot.completion.bytes, job.keys * keybox::KEY_BYTES);
            assert!(!slot.completion.flags.error);
            keys.extend(slot.data);
        }
        let most = 10_000 + 200 * u64::from(job.boxes) * u64::from(job.keys);
        assert!(rig.cycle() - begun < most, "box {boxes} does not come");
    }
    rig.run(2_000);
    assert_eq!(status(rig), keybox::STATUS_DONE.mask());
    (keys, rig.cycle() - begun)
}

#[test]
fn the_orbits_of_the_vectors_come_out_of_the_card() {
    let long = std::env::var_os("PHOTONBOX_LONG").is_some();
    let mut rig = scene::rig(FrontEnd::Simulated, 31);
    for (job, hash) in vectors() {
        let all = job.boxes * job.keys;
        if all > 10_000 && !long {
            println!(
                "skipped: {all} keys (PHOTONBOX_LONG=1 runs them; the engine alone does in tests/blocks)"
            );
            continue;
        }
        let (keys, cycles) = run(&mut rig, &job);
        assert_eq!(keys.len() as u32, all * keybox::KEY_BYTES);
        assert_eq!(sha256(&keys), hash);
        println!("{all} keys in {cycles} cycles");
        rig.write(ring::base(ring::KEYBOX) + ring::COMMIT, 2);
    }
    rig.write(global::SNAPSHOT, 1);
    rig.compare_registers();
}

#[test]
fn bad_and_weak_jobs_are_refused_and_the_next_one_works() {
    let mut rig = scene::rig(FrontEnd::Simulated, 32);
    let (good, hash) = vectors().remove(2);
    let setup = slots_of(&good);
    let job = |ip_key: &str, s, boxes, keys| Job {
        ip_key: ip_key.to_owned(),
        s,
        boxes,
        keys,
    };
    let nines = "9".repeat(64);
    let quarter = format!("25{}", "0".repeat(62));
    let some = good.ip_key.clone();
    // Without a ring.
    write(&mut rig, &good, 0, TAG);
    rig.run(2_000);
    assert_eq!(status(&mut rig), keybox::STATUS_BAD.mask());
    rig.commit(ring::KEYBOX, setup.slot_bytes, setup.slots);
    for (job, more, flag) in [
        (job(&some, 0, 1, 1), 0, keybox::STATUS_BAD),
        (job(&some, 9, 1, 1), 0, keybox::STATUS_BAD),
        (job(&some, 4, 0, 1), 0, keybox::STATUS_BAD),
        (job(&some, 4, 1, 0), 0, keybox::STATUS_BAD),
        (job(&some, 4, 65_535, 17), 0, keybox::STATUS_BAD),
        (job(&some, 4, 1, 17), 0, keybox::STATUS_BAD),
        // X_0 = 10^(64+S).
        (job(&nines, 1, 1, 1), 10, keybox::STATUS_BAD),
        (job("0", 4, 1, 1), 0, keybox::STATUS_WEAK),
        // 1/4, 3/4, 3/4, …
        (job(&quarter, 4, 1, 16), 0, keybox::STATUS_WEAK),
    ] {
        write(&mut rig, &job, more, TAG);
        rig.run(4_000);
        assert_eq!(
            status(&mut rig),
            flag.mask(),
            "{} {} {}",
            job.s,
            job.boxes,
            job.keys
        );
    }
    rig.same(keybox::BASE + keybox::JOBS_FAILED);
    rig.soft_reset();
    let (keys, _) = run(&mut rig, &good);
    assert_eq!(sha256(&keys), hash);
}

#[test]
fn an_abort_ends_a_job_and_the_next_one_works() {
    let mut rig = scene::rig(FrontEnd::Simulated, 33);
    let (good, hash) = vectors().remove(2);
    let setup = slots_of(&good);
    rig.commit(ring::KEYBOX, setup.slot_bytes, setup.slots);
    rig.follow = false;
    for _ in 0..10 {
        write(&mut rig, &good, 0, TAG);
        let cycles = rig.random.below(2_000);
        rig.run(cycles);
        rig.write(keybox::BASE + keybox::SUBMIT, 2);
        rig.run(3_000);
        let ended = status(&mut rig);
        assert!(!keybox::STATUS_BUSY.is_set(ended), "{ended:#b}");
        rig.take(ring::KEYBOX, &setup);
    }
    rig.soft_reset();
    let (keys, _) = run(&mut rig, &good);
    assert_eq!(sha256(&keys), hash);
}
