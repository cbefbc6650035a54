//! Key boxes of the wide card, by registers: 64 job contexts.
#![allow(clippy::unwrap_used, reason = "a failing test panics")]

mod support;

use photonbox_model::keybox::Orbit;
use photonbox_model::{Build, FrontEnd};
use photonbox_regmap::{Completion, global, keybox, ring};
use support::Bench;

const KEYS: u32 = 16;

/// X_0 of a context's job.
fn x0(context: u32) -> [u8; 32] {
    let mut x0 = [0x5a; 32];
    x0[0] = context as u8;
    x0[27..].fill(0);
    x0
}

fn bench(slots: u32) -> Bench {
    let mut bench = Bench::of(Build::Wide, FrontEnd::Simulated);
    bench.slots = slots;
    bench.commit(ring::KEYBOX);
    bench
}

fn write(bench: &mut Bench, register: u32, value: u32) {
    bench.write(keybox::BASE + register, value);
}

fn select(bench: &mut Bench, context: u32) {
    write(bench, keybox::JOB_SLOT, context);
}

fn submit(bench: &mut Bench, context: u32, boxes: u32) {
    select(bench, context);
    for (word, bytes) in (0..).zip(x0(context).as_chunks::<4>().0) {
        write(bench, keybox::X0_0 + 4 * word, u32::from_le_bytes(*bytes));
    }
    for (register, value) in [
        (keybox::S, 4),
        (keybox::BOXES, boxes),
        (keybox::KEYS, KEYS),
        (keybox::TAG, context),
        (keybox::SUBMIT, 1),
    ] {
        write(bench, register, value);
    }
}

fn status(bench: &mut Bench, context: u32) -> u32 {
    select(bench, context);
    bench.read(keybox::BASE + keybox::STATUS)
}

fn run(bench: &mut Bench, cycles: u64) {
    let now = bench.card.now();
    bench.card.advance_to(now + cycles, &mut bench.host);
}

/// The keys of box `number` of a context.
fn keys(context: u32, number: u32) -> Vec<u8> {
    let mut orbit = Orbit::new(&x0(context), 4).unwrap();
    let all: Vec<u8> = (0..number * KEYS)
        .flat_map(|_| {
            assert!(orbit.step());
            orbit.session_key()
        })
        .collect();
    all[((number - 1) * KEYS * 32) as usize..].to_vec()
}

/// Slots up to the tail; each holds the keys that its completion names, or the first of them.
fn look(bench: &mut Bench) -> Vec<Completion> {
    let tail = bench.ring(ring::KEYBOX, ring::TAIL);
    (0..tail)
        .map(|count| {
            let (completion, data) = bench.slot(ring::KEYBOX, count).unwrap();
            let (tag, number) = (completion.lanes as u32, (completion.lanes >> 32) as u32);
            assert!(keys(tag, number).starts_with(&data));
            assert_eq!(completion.flags.error, data.len() as u32 != KEYS * 32);
            completion
        })
        .collect()
}

#[test]
fn jobs_of_all_contexts_run_at_once() {
    let slots = 64;
    let mut bench = bench(slots);
    for context in 0..slots {
        submit(&mut bench, context, 1);
    }
    assert_eq!(bench.read(keybox::BASE + keybox::CAPS), 64 << 8 | 64);
    run(&mut bench, 64 * u64::from(KEYS) + 128);
    let mut tags: Vec<u64> = look(&mut bench).iter().map(|done| done.lanes).collect();
    tags.sort_unstable();
    let expected: Vec<u64> = (0..u64::from(slots)).map(|tag| 1 << 32 | tag).collect();
    assert_eq!(tags, expected);
    for context in 0..slots {
        assert_eq!(status(&mut bench, context), keybox::STATUS_DONE.mask());
    }
    assert_eq!(bench.read(keybox::BASE + keybox::JOBS_DONE), slots);
    bench.write(global::SNAPSHOT, 1);
    let made = bench.read(keybox::BASE + keybox::KEYS_MADE_LO);
    assert_eq!(made, slots * KEYS);
}

#[test]
fn each_context_has_registers_of_its_own() {
    let mut bench = bench(8);
    submit(&mut bench, 63, 2);
    write(&mut bench, keybox::TAG, 1);
    assert_eq!(bench.read(global::ERR_REFUSED_WRITE), 1, "its job runs");
    select(&mut bench, 62);
    write(&mut bench, keybox::TAG, 9);
    assert_eq!(bench.read(keybox::BASE + keybox::TAG), 9);
    assert_eq!(
        bench.read(keybox::BASE + keybox::KEYS),
        512,
        "as after reset"
    );
    select(&mut bench, 63);
    assert_eq!(bench.read(keybox::BASE + keybox::TAG), 63);
    assert_eq!(bench.read(keybox::BASE + keybox::KEYS), KEYS);
    assert_eq!(bench.read(global::ERR_REFUSED_WRITE), 1);
}

#[test]
fn a_full_ring_lets_jobs_wait_and_the_caller_sleep() {
    let slots = 4;
    let mut bench = bench(slots);
    submit(&mut bench, 0, 2 * slots);
    run(&mut bench, 64 * u64::from(KEYS * slots) + 256);
    assert_eq!(look(&mut bench).len() as u32, slots);
    assert_eq!(
        bench.card.next_due(),
        None,
        "nothing to do without the host"
    );
    assert_eq!(bench.ring(ring::KEYBOX, ring::STALLS), 1);
    run(&mut bench, 1 << 40);
    bench.set_ring(ring::KEYBOX, ring::HEAD, slots);
    run(&mut bench, 64 * u64::from(KEYS * slots) + 256);
    assert_eq!(bench.ring(ring::KEYBOX, ring::TAIL), 2 * slots);
    assert_eq!(status(&mut bench, 0), keybox::STATUS_DONE.mask());
    // A job that waits can be ended.
    submit(&mut bench, 1, 1);
    run(&mut bench, 1_000);
    assert_eq!(status(&mut bench, 1), keybox::STATUS_BUSY.mask());
    write(&mut bench, keybox::SUBMIT, keybox::SUBMIT_ABORT.mask());
    run(&mut bench, 200);
    assert_eq!(status(&mut bench, 1), keybox::STATUS_ABORTED.mask());
}

#[test]
fn stop_spares_boxes_and_disable_cuts_them() {
    let mut bench = bench(8);
    bench.bring_up(1, 0);
    bench.start();
    submit(&mut bench, 7, 1);
    run(&mut bench, 300);
    bench.stop();
    run(&mut bench, 100);
    assert_eq!(look(&mut bench).len(), 0);
    assert_eq!(status(&mut bench, 7), keybox::STATUS_BUSY.mask());
    bench.set_ring(ring::KEYBOX, ring::CONTROL, 0);
    run(&mut bench, 200);
    let boxes = look(&mut bench);
    assert!(boxes.len() == 1 && boxes[0].flags.error);
    assert_eq!(status(&mut bench, 7), keybox::STATUS_ABORTED.mask());
}

#[test]
fn a_release_forgets_boxes_and_ends_jobs() {
    let mut bench = bench(8);
    submit(&mut bench, 7, 1);
    run(&mut bench, 300);
    // Given up and taken again at once: no job outlives it.
    bench.set_ring(ring::KEYBOX, ring::COMMIT, 3);
    run(&mut bench, 200);
    assert_eq!(look(&mut bench).len(), 0);
    assert_eq!(status(&mut bench, 7), keybox::STATUS_ABORTED.mask());
    submit(&mut bench, 8, 1);
    run(&mut bench, 64 * u64::from(KEYS) + 128);
    assert_eq!(look(&mut bench).len(), 1);
}
