//! Key boxes of build wide, through the whole card: 64 orbits at once, in whatever order their boxes come.

use crate::bus::Manners;
use crate::keybox::{Job, sha256, status, vectors, write};
use crate::rig::{COMPLETIONS, DATA, Rig, Slot};
use crate::scene::{self, Setup};
use num_bigint::BigUint;
use photonbox_cosim::seed;
use photonbox_model::keybox::Orbit;
use photonbox_model::{Build, FrontEnd};
use photonbox_regmap::{Field, global, keybox, ring};
use std::collections::BTreeMap;

/// Job contexts.
const CONTEXTS: u32 = 64;

fn rig(seed: u64) -> Rig {
    scene::rig_of(Build::Wide, FrontEnd::Simulated, seed)
}

fn slots_of(keys: u32, slots: u32) -> Setup {
    Setup {
        slot_bytes: (keys * keybox::KEY_BYTES).next_multiple_of(ring::SLOT_ALIGN),
        slots,
        ..Setup::default()
    }
}

fn commit(rig: &mut Rig, setup: &Setup) {
    rig.commit(ring::KEYBOX, setup.slot_bytes, setup.slots);
}

/// Submits a job in a context; its tag is the context's number and some bits more.
pub fn submit(rig: &mut Rig, context: u32, job: &Job, tag: u32) {
    rig.write(keybox::BASE + keybox::JOB_SLOT, context);
    write(rig, job, 0, tag);
}

pub fn status_of(rig: &mut Rig, context: u32) -> u32 {
    rig.write(keybox::BASE + keybox::JOB_SLOT, context);
    status(rig)
}

/// Boxes by tag and number.
pub type Boxes = BTreeMap<(u32, u32), Slot>;

/// Sorts slots by what they are; what tells their place in the ring is cleared.
pub fn sort(boxes: &mut Boxes, slots: Vec<Slot>) {
    for mut slot in slots {
        let lanes = slot.completion.lanes;
        slot.completion.slot = 0;
        slot.completion.sequence = 0;
        slot.completion.phase = photonbox_regmap::Phase::of(0, 2);
        let twice = boxes.insert((lanes as u32, (lanes >> 32) as u32), slot);
        assert!(twice.is_none(), "box {:#x} twice", lanes);
    }
}

/// A job that is small enough to be done often.
pub fn any_job(rig: &mut Rig, most_keys: u32) -> Job {
    let digits = (0..64).map(|_| char::from(b'0' + rig.random.below(10) as u8));
    Job {
        ip_key: digits.collect(),
        s: 1 + rig.random.below(8) as u32,
        boxes: 1 + rig.random.below(4) as u32,
        keys: 1 + rig.random.below(u64::from(most_keys)) as u32,
    }
}

/// A job in the first contexts, each with its context's number for a tag.
fn submit_all(rig: &mut Rig, contexts: u32, boxes: u32, keys: u32) -> Job {
    let job = Job {
        boxes,
        keys,
        ..any_job(rig, 1)
    };
    for context in 0..contexts {
        submit(rig, context, &job, context);
    }
    job
}

/// The keys of a job, by the model's orbit.
fn keys_of(job: &Job) -> Vec<u8> {
    let digits: BigUint = job.ip_key.parse().unwrap();
    let mut x0 = (digits * BigUint::from(10_u32).pow(job.s)).to_bytes_le();
    x0.resize(32, 0);
    let mut orbit = Orbit::new(x0.as_slice().try_into().unwrap(), job.s).unwrap();
    let mut keys = Vec::new();
    for _ in 0..job.boxes * job.keys {
        assert!(orbit.step());
        keys.extend(orbit.session_key());
    }
    keys
}

#[test]
fn the_orbits_of_the_vectors_come_out_of_the_wide_card() {
    let long = std::env::var_os("PHOTONBOX_LONG").is_some();
    let mut rig = rig(51);
    // All of them at once, each in a context far from the others'.
    let jobs: Vec<(u32, Job, String)> = vectors()
        .into_iter()
        .enumerate()
        .map(|(index, (job, hash))| (index as u32 * 17, job, hash))
        .filter(|(_, job, _)| {
            let all = job.boxes * job.keys;
            if all > 10_000 && !long {
                println!("skipped: {all} keys (PHOTONBOX_LONG=1 runs them)");
            }
            all <= 10_000 || long
        })
        .collect();
    let most = jobs.iter().map(|(_, job, _)| job.keys).max().unwrap();
    let setup = slots_of(most, 32);
    commit(&mut rig, &setup);
    for (context, job, _) in &jobs {
        submit(&mut rig, *context, job, *context);
    }
    let mut boxes = [Boxes::new(), Boxes::new()];
    let wanted: u32 = jobs.iter().map(|(_, job, _)| job.boxes).sum();
    let begun = rig.cycle();
    let longest = jobs.iter().map(|(_, job, _)| job.boxes * job.keys).max();
    let most = begun + 64 * (u64::from(longest.unwrap()) + 1_000);
    while boxes[1].len() < wanted as usize || boxes[0].len() < wanted as usize {
        rig.run(2_000);
        for (boxes, slots) in boxes.iter_mut().zip(rig.take_boxes(&setup)) {
            sort(boxes, slots);
        }
        assert!(rig.cycle() < most, "{} boxes of {wanted}", boxes[0].len());
    }
    assert_eq!(boxes[0], boxes[1], "RTL and model");
    for (context, job, hash) in &jobs {
        let of_job = (1..=job.boxes).map(|number| &boxes[0][&(*context, number)].data);
        let keys: Vec<u8> = of_job.flatten().copied().collect();
        assert_eq!(&sha256(&keys), hash, "context {context}");
        let ended = status_of(&mut rig, *context);
        assert_eq!(ended, keybox::STATUS_DONE.mask());
    }
    rig.write(global::SNAPSHOT, 1);
    rig.compare_registers();
}

/// Keys that went to the ring, and the cycle of the snapshot that says so.
fn keys_made(rig: &mut Rig) -> (u64, u32) {
    rig.write(global::SNAPSHOT, 1);
    let at = rig.cycle();
    (at, rig.read(keybox::BASE + keybox::KEYS_MADE_LO))
}

/// Takes boxes until there are so many; panics after `most` cycles.
fn collect(rig: &mut Rig, setup: &Setup, wanted: usize, most: u64) -> Boxes {
    let (mut boxes, end) = (Boxes::new(), rig.cycle() + most);
    while boxes.len() < wanted {
        rig.run(100);
        let [slots, _] = rig.take_boxes(setup);
        sort(&mut boxes, slots);
        assert!(rig.cycle() < end, "{} boxes of {wanted}", boxes.len());
    }
    boxes
}

fn assert_job(boxes: &Boxes, tag: u32, job: &Job) {
    let of_job = (1..=job.boxes).map(|number| &boxes[&(tag, number)]);
    let keys: Vec<u8> = of_job
        .inspect(|slot| assert!(!slot.completion.flags.error))
        .flat_map(|slot| &slot.data)
        .copied()
        .collect();
    assert!(keys == keys_of(job), "tag {tag:#x}");
}

#[test]
fn with_64_jobs_a_key_takes_one_cycle_and_alone_64() {
    let mut rig = rig(52);
    rig.follow = false;
    // A slot for each job, and as many on their way to the host.
    let (boxes, keys) = (8, 256);
    let setup = slots_of(keys, 128);
    commit(&mut rig, &setup);
    let jobs: Vec<Job> = (0..CONTEXTS)
        .map(|context| {
            let job = Job {
                boxes,
                keys,
                ..any_job(&mut rig, 1)
            };
            submit(&mut rig, context, &job, context);
            job
        })
        .collect();
    let (from, first) = keys_made(&mut rig);
    let mut all = collect(&mut rig, &setup, 4 * CONTEXTS as usize, 100_000);
    let (to, last) = keys_made(&mut rig);
    let cycles = (to - from) as f64 / f64::from(last - first);
    println!("wide, 64 jobs: {cycles:.4} cycles a key");
    assert!(cycles <= 1.05, "{cycles}");
    let left = (boxes * CONTEXTS) as usize - all.len();
    all.extend(collect(&mut rig, &setup, left, 200_000));
    for (tag, job) in (0..).zip(&jobs) {
        assert_job(&all, tag, job);
    }

    let job = Job {
        boxes: 1,
        ..jobs[0].clone()
    };
    submit(&mut rig, 5, &job, 99);
    let from = rig.cycle();
    let tail = ring::base(ring::KEYBOX) + ring::TAIL;
    let before = rig.read(tail);
    while rig.read(tail) == before {}
    let took = rig.cycle() - from;
    println!("wide, one orbit alone: {keys} keys in {took} cycles");
    assert!(
        (64 * u64::from(keys)..64 * u64::from(keys) + 400).contains(&took),
        "{took}"
    );
    let [slots, _] = rig.take_boxes(&setup);
    let mut boxes = Boxes::new();
    sort(&mut boxes, slots);
    assert_job(&boxes, 99, &job);
}

/// Random jobs in random contexts, some of them bad, under a host of either manners: what both cards say of each is the
/// same, and so are all registers in the end.
#[test]
fn a_life_of_jobs() {
    let seed = seed("wide_keys");
    let mut rig = rig(seed);
    let (mut done, mut bad, mut most_at_once) = (0, 0, 0);
    let (mut chapter, end) = (0, crate::wide::cycles() / 8);
    while chapter < 4 || rig.cycle() < end {
        rig.host.manners = if chapter % 2 == 0 {
            Manners::PROMPT
        } else {
            Manners::SLOW
        };
        let setup = slots_of(16, 256);
        commit(&mut rig, &setup);
        let (mut boxes, mut wanted) = ([Boxes::new(), Boxes::new()], 0);
        let take = |rig: &mut Rig, boxes: &mut [Boxes; 2]| {
            for (boxes, slots) in boxes.iter_mut().zip(rig.take_boxes(&setup)) {
                sort(boxes, slots);
            }
        };
        for number in 0..100 {
            let context = rig.random.below(u64::from(CONTEXTS)) as u32;
            let runs = (0..CONTEXTS).filter(|context| rig.model.job_runs(*context));
            most_at_once = most_at_once.max(runs.count());
            let runs = keybox::STATUS_BUSY.is_set(status_of(&mut rig, context));
            if runs || rig.model.job_runs(context) {
                continue;
            }
            let mut job = any_job(&mut rig, 16);
            if rig.random.one_in(8) {
                job.keys = 17 + rig.random.below(10) as u32;
                bad += 1;
            } else {
                wanted += job.boxes as usize;
                done += 1;
            }
            submit(&mut rig, context, &job, chapter << 16 | number);
            take(&mut rig, &mut boxes);
        }
        let patience = rig.cycle() + 100_000;
        while boxes.iter().any(|boxes| boxes.len() < wanted) {
            rig.run(200);
            take(&mut rig, &mut boxes);
            assert!(rig.cycle() < patience, "{} of {wanted}", boxes[0].len());
        }
        rig.run(500);
        assert!(boxes[0] == boxes[1], "chapter {chapter}: RTL and model");
        rig.write(global::SNAPSHOT, 1);
        rig.compare_registers();
        rig.write(
            ring::base(ring::KEYBOX) + ring::COMMIT,
            ring::COMMIT_RELEASE.mask(),
        );
        chapter += 1;
    }
    println!("{done} jobs, {bad} bad, {most_at_once} at once");
    assert!(done > 100 && bad > 0 && most_at_once > 2);
}

#[test]
fn a_job_that_runs_refuses_writes_and_the_other_contexts_take_them() {
    let mut rig = rig(58);
    let setup = slots_of(512, 64);
    commit(&mut rig, &setup);
    let job = Job {
        boxes: 1,
        keys: 512,
        ..any_job(&mut rig, 1)
    };
    submit(&mut rig, 40, &job, 40);
    for (register, value) in [
        (keybox::X0_0, 1),
        (keybox::S, 1),
        (keybox::BOXES, 1),
        (keybox::KEYS, 1),
        (keybox::TAG, 1),
        (keybox::SUBMIT, 1),
    ] {
        rig.write(keybox::BASE + register, value);
    }
    assert_eq!(rig.same(global::ERR_REFUSED_WRITE), 6);
    assert_eq!(rig.same(keybox::BASE + keybox::TAG), 40);
    rig.write(keybox::BASE + keybox::JOB_SLOT, 41);
    for register in [keybox::S, keybox::BOXES, keybox::KEYS, keybox::TAG] {
        rig.same(keybox::BASE + register);
        rig.write(keybox::BASE + register, 3);
        assert_eq!(rig.same(keybox::BASE + register), 3);
    }
    assert_eq!(rig.same(global::ERR_REFUSED_WRITE), 6);
    let boxes = collect(&mut rig, &setup, 1, 40_000);
    assert_job(&boxes, 40, &job);
}

fn ended(rig: &mut Rig, context: u32, how: Field) {
    for _ in 0..20 {
        if status_of(rig, context) == how.mask() {
            return;
        }
    }
    panic!("context {context}: {:#b}", status_of(rig, context));
}

#[test]
fn aborts_cut_boxes_and_the_others_go_on() {
    let mut rig = rig(53);
    rig.follow = false;
    let setup = slots_of(64, 256);
    commit(&mut rig, &setup);
    let mut jobs = Vec::new();
    for context in 0..16 {
        let job = Job {
            boxes: 3,
            keys: 64,
            ..any_job(&mut rig, 1)
        };
        submit(&mut rig, context, &job, context);
        jobs.push(job);
    }
    let cycles = rig.random.below(3_000);
    rig.run(cycles);
    for context in (0..16).step_by(2) {
        rig.write(keybox::BASE + keybox::JOB_SLOT, context);
        rig.write(keybox::BASE + keybox::SUBMIT, keybox::SUBMIT_ABORT.mask());
    }
    rig.run(20_000);
    let (mut boxes, mut cut) = (Boxes::new(), 0);
    let [slots, _] = rig.take_boxes(&setup);
    sort(&mut boxes, slots);
    for (context, job) in (0..).zip(&jobs) {
        if context % 2 == 1 {
            ended(&mut rig, context, keybox::STATUS_DONE);
            assert_job(&boxes, context, job);
            continue;
        }
        ended(&mut rig, context, keybox::STATUS_ABORTED);
        let all = keys_of(job);
        let of_job = boxes.iter().filter(|(name, _)| name.0 == context);
        for (&(_, number), slot) in of_job {
            let from = (number - 1) as usize * 64 * 32;
            assert!(
                all[from..].starts_with(&slot.data),
                "context {context}, box {number}"
            );
            assert_eq!(slot.data.len() < 64 * 32, slot.completion.flags.error);
            cut += u32::from(slot.completion.flags.error);
        }
    }
    assert!(cut > 0, "no box was cut short");
}

/// STOP of the photons ends no job; RELEASE ends all of them, and the sweep that follows makes the host wait.
#[test]
fn a_stop_spares_jobs_and_a_release_ends_them() {
    let mut rig = rig(54);
    let setup = slots_of(64, 64);
    let photons = Setup {
        slot_bytes: 512,
        ..Setup::default()
    };
    commit(&mut rig, &setup);
    photons.start(&mut rig);
    rig.follow = false;
    let job = submit_all(&mut rig, 4, 4, 64);
    rig.write(global::CONTROL, global::CONTROL_STOP.mask());
    rig.wait_idle();
    assert!(
        keybox::STATUS_BUSY.is_set(status_of(&mut rig, 0)),
        "a job ended with STOP"
    );
    let boxes = collect(&mut rig, &setup, 16, 40_000);
    for tag in 0..4 {
        assert_job(&boxes, tag, &job);
    }
    for context in 0..4 {
        submit(&mut rig, context, &job, context);
    }
    rig.run(1_000);
    let before = rig.cycle();
    // Given up and taken again in one write; the job that is submitted next must find a ring.
    let status = loop {
        rig.write(ring::base(ring::KEYBOX) + ring::COMMIT, 3);
        let status = rig.read(ring::base(ring::KEYBOX) + ring::STATUS);
        if !ring::STATUS_BAD_GEOMETRY.is_set(status) {
            break status;
        }
    };
    rig.heads[ring::KEYBOX as usize] = 0;
    assert!(ring::STATUS_COMMITTED.is_set(status));
    assert!(
        rig.cycle() - before > 1_000,
        "the sweep took {} cycles",
        rig.cycle() - before
    );
    for context in 0..4 {
        ended(&mut rig, context, keybox::STATUS_ABORTED);
    }
    submit(&mut rig, 9, &job, 9);
    let boxes = collect(&mut rig, &setup, 4, 40_000);
    assert_job(&boxes, 9, &job);
}

#[test]
fn a_bus_error_stops_the_ring_and_all_works_again() {
    for fail_from in [DATA[2], COMPLETIONS[2]] {
        let mut rig = rig(55);
        rig.follow = false;
        let setup = slots_of(16, 64);
        commit(&mut rig, &setup);
        rig.host.manners = Manners::SLOW;
        rig.host.fail_from = Some(fail_from);
        let job = submit_all(&mut rig, 8, 4, 16);
        rig.run(8_000);
        let base = ring::base(ring::KEYBOX);
        assert!(ring::STATUS_ERROR.is_set(rig.read(base + ring::STATUS)));
        assert_eq!(
            rig.read(base + ring::TAIL),
            0,
            "no completion of a failed slot"
        );
        assert!(rig.read(global::ERR_BUS) >= 1);
        assert!(global::INT_ERROR.is_set(rig.read(global::INT_STATUS)));
        for context in 0..8 {
            let status = status_of(&mut rig, context);
            let fits = [keybox::STATUS_ABORTED.mask(), keybox::STATUS_BAD.mask()];
            assert!(fits.contains(&status), "{status:#b}");
        }
        rig.host.fail_from = None;
        rig.write(base + ring::COMMIT, ring::COMMIT_RELEASE.mask());
        commit(&mut rig, &setup);
        submit(&mut rig, 0, &job, 77);
        let boxes = collect(&mut rig, &setup, 4, 20_000);
        assert_job(&boxes, 77, &job);
    }
}

#[test]
fn a_full_ring_makes_jobs_wait_and_loses_nothing() {
    let mut rig = rig(56);
    rig.follow = false;
    let setup = slots_of(16, 4);
    commit(&mut rig, &setup);
    let job = submit_all(&mut rig, 8, 4, 16);
    rig.run(20_000);
    let base = ring::base(ring::KEYBOX);
    assert!(ring::STATUS_FULL.is_set(rig.read(base + ring::STATUS)));
    assert!(rig.read(base + ring::STALLS) >= 1);
    let boxes = collect(&mut rig, &setup, 32, 100_000);
    for tag in 0..8 {
        assert_job(&boxes, tag, &job);
    }
}

#[test]
fn a_reset_ends_jobs_and_the_next_ones_work() {
    let mut rig = rig(57);
    let setup = slots_of(16, 64);
    for _ in 0..6 {
        rig.host.manners = Manners::SLOW;
        commit(&mut rig, &setup);
        rig.follow = false;
        let job = any_job(&mut rig, 16);
        for context in 0..12 {
            submit(&mut rig, context, &job, context);
        }
        let cycles = rig.random.below(3_000);
        rig.run(cycles);
        rig.soft_reset();
        rig.compare_registers();
        let before = rig.host.interrupts;
        rig.run(2_000);
        assert_eq!(rig.host.interrupts, before);
    }
    commit(&mut rig, &setup);
    rig.follow = false;
    let job = any_job(&mut rig, 16);
    submit(&mut rig, 63, &job, 63);
    let boxes = collect(&mut rig, &setup, job.boxes as usize, 20_000);
    assert_job(&boxes, 63, &job);
}
