//! Orbits of the vectors, bit for bit, and what keys cost.

use super::rig::{ACCESS_CYCLES, BLOCK, Ports, design, key};
use crate::keybox::decimal;
use photonbox_cores::keybox_wide::key_latency;
use photonbox_cosim::{Library, Options, Simulation};
use photonbox_model::keybox::{Orbit, wide};
use photonbox_regmap::keybox;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The block, driven access by access; the ring takes everything.
struct Card {
    rtl: Simulation,
    ports: Ports,
    /// Keys that came, with their contexts and cycles.
    came: Vec<(u32, [u8; 32], u64)>,
}

impl Card {
    fn new() -> Self {
        let library = Library::build(design("keybox_wide").unwrap(), Options::default()).unwrap();
        let rtl = library.simulation();
        let ports = Ports::new(&rtl);
        let mut card = Self {
            rtl,
            ports,
            came: Vec::new(),
        };
        let ports = &card.ports;
        card.rtl.set(ports.block, BLOCK);
        card.rtl.set(ports.usable, 1);
        card.rtl.set(ports.slot_bytes, 1 << 20);
        card.rtl.set(ports.taken, 1);
        card.rtl.set(ports.reset, 1);
        card.rtl.clock();
        card.rtl.set(card.ports.reset, 0);
        while card.rtl.is(card.ports.busy) {
            card.rtl.clock();
        }
        card
    }

    fn clock(&mut self) {
        self.rtl.clock();
        if self.rtl.is(self.ports.valid) {
            let context = self.rtl.get(self.ports.context) as u32;
            let key = key(&self.rtl, &self.ports);
            self.came.push((context, key, self.rtl.cycles()));
        }
    }

    fn access(&mut self, offset: u32, value: Option<u32>) -> u32 {
        self.rtl.set(self.ports.register, u64::from(offset / 4));
        self.rtl
            .set(self.ports.data, u64::from(value.unwrap_or_default()));
        for cycle in 0..ACCESS_CYCLES {
            self.rtl
                .set(self.ports.write, u64::from(value.is_some() && cycle == 2));
            self.clock();
        }
        self.rtl.set(self.ports.write, 0);
        self.rtl.get(self.ports.read) as u32
    }

    fn submit(&mut self, context: u32, x0: &[u8; 32], s: u32, boxes: u32, keys: u32) {
        self.access(keybox::JOB_SLOT, Some(context));
        for (index, word) in x0.as_chunks::<4>().0.iter().enumerate() {
            let offset = keybox::X0_0 + 4 * index as u32;
            self.access(offset, Some(u32::from_le_bytes(*word)));
        }
        for (offset, value) in [
            (keybox::S, s),
            (keybox::BOXES, boxes),
            (keybox::KEYS, keys),
            (keybox::SUBMIT, keybox::SUBMIT_SUBMIT.mask()),
        ] {
            self.access(offset, Some(value));
        }
    }

    /// Until all jobs are over; the keys that came.
    fn finish(&mut self) -> Vec<(u32, [u8; 32], u64)> {
        while self.rtl.is(self.ports.busy) {
            self.clock();
        }
        std::mem::take(&mut self.came)
    }
}

fn cases() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keybox.json"
    );
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    vectors["cases"].as_array().unwrap().clone()
}

/// Runs the vectors' orbits of at most `most` keys at the same time, each in a context of its own; how many.
fn orbits(most: u32) -> u32 {
    let mut card = Card::new();
    let number = |case: &Value, key: &str| u32::try_from(case[key].as_u64().unwrap()).unwrap();
    let fitting: Vec<Value> = cases()
        .into_iter()
        .filter(|case| number(case, "I") * number(case, "J") <= most)
        .collect();
    for (place, case) in fitting.iter().enumerate() {
        let s = number(case, "s");
        let x0 = decimal(case["ip_key"].as_str().unwrap(), s);
        // Contexts at the ends and in the middle.
        let context = 21 * place as u32;
        card.submit(context, &x0, s, number(case, "I"), number(case, "J"));
    }
    let came = card.finish();
    for (place, case) in fitting.iter().enumerate() {
        let context = 21 * place as u32;
        let mut hash = Sha256::new();
        let mut count = 0;
        let mut before = None;
        for (_, key, cycle) in came.iter().filter(|key| key.0 == context) {
            hash.update(key);
            count += 1;
            let mut points = case["points"].as_array().unwrap().iter();
            if let Some(point) = points.find(|point| point["n"] == count) {
                let expected = decimal(point["session_key"].as_str().unwrap(), 0);
                assert_eq!(*key, expected, "context {context}, key {count}");
            }
            let apart = before.map_or(64, |before| cycle - before);
            assert_eq!(apart, u64::from(wide::KEY_CYCLES));
            before = Some(*cycle);
        }
        assert_eq!(count, number(case, "I") * number(case, "J"));
        let hex: String = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(case["sha256_of_all_session_keys_le32"], hex.as_str());
        card.access(keybox::JOB_SLOT, Some(context));
        assert_eq!(
            card.access(keybox::STATUS, None),
            keybox::STATUS_DONE.mask()
        );
    }
    let done = fitting.len() as u32;
    assert_eq!(card.access(keybox::JOBS_DONE, None), done);
    assert_eq!(card.access(keybox::JOBS_FAILED, None), 0);
    done
}

#[test]
fn short_orbits_are_the_vectors() {
    assert_eq!(orbits(1000), 3);
}

/// Every orbit: 7 million cycles, so only with `PHOTONBOX_LONG=1`; else the first keys of the long one.
#[test]
fn orbits_are_the_vectors_all() {
    if std::env::var_os("PHOTONBOX_LONG").is_some_and(|value| value == "1") {
        assert_eq!(orbits(u32::MAX), 4);
        return;
    }
    let mut card = Card::new();
    let case = &cases()[0];
    let x0 = decimal(case["ip_key"].as_str().unwrap(), 4);
    card.submit(63, &x0, 4, 1, 600);
    let keys = card.finish();
    assert_eq!(keys.len(), 600);
    let points = case["points"].as_array().unwrap();
    let seen = points
        .iter()
        .filter_map(|point| Some((keys.get(point["n"].as_u64()? as usize - 1)?, point)))
        .map(|((_, key, _), point)| {
            assert_eq!(*key, decimal(point["session_key"].as_str().unwrap(), 0));
        })
        .count();
    assert_eq!(seen, 5);
}

/// One key a cycle with 64 jobs; one orbit alone has a key in 64 cycles.
#[test]
fn sixty_four_jobs_make_a_key_a_cycle() {
    let mut card = Card::new();
    const KEYS: u32 = 120;
    let x0 = |context: u32| decimal(&format!("{:0>64}", 7_u64.pow(20) + u64::from(context)), 3);
    for context in 0..64 {
        card.submit(context, &x0(context), 3, 1, KEYS);
    }
    let began = card.rtl.cycles();
    let keys = card.finish();
    // Those that left while all jobs ran: from the last's first to the first's last.
    let span = |context: u32| {
        let mut cycles = keys.iter().filter(|key| key.0 == context).map(|key| key.2);
        (cycles.next().unwrap(), cycles.next_back().unwrap())
    };
    let from = (0..64).map(|context| span(context).0).max().unwrap();
    let to = (0..64).map(|context| span(context).1).min().unwrap();
    let all = keys
        .iter()
        .filter(|key| (from..=to).contains(&key.2))
        .count();
    let each = (to - from + 1) as f64 / all as f64;
    println!(
        "64 jobs: {all} keys in {} cycles: {each:.3} cycles a key",
        to - from + 1
    );
    assert!(all > 1000 && each <= 1.05);
    for context in 0..64 {
        let mut orbit = Orbit::new(&x0(context), 3).unwrap();
        let mut count = 0;
        for (_, key, _) in keys.iter().filter(|key| key.0 == context) {
            assert!(orbit.step());
            assert_eq!(*key, orbit.session_key(), "context {context}");
            count += 1;
        }
        assert_eq!(count, KEYS);
    }
    let first = span(63).0 - began;
    println!(
        "one orbit: {} cycles a key, {} from its turn to its key; the first {first} cycles after SUBMIT",
        wide::KEY_CYCLES,
        key_latency()
    );
    assert!(first <= 64 + u64::from(key_latency()) + 2);
}

#[test]
fn the_known_answer_test_passes_and_can_fail() {
    let mut card = Card::new();
    for (fault, ok) in [(0, true), (1, false), (0, true)] {
        card.rtl.set(card.ports.kat_fault, fault);
        card.rtl.set(card.ports.kat_start, 1);
        card.rtl.clock();
        card.rtl.set(card.ports.kat_start, 0);
        let mut cycles = 0;
        while !card.rtl.is(card.ports.kat_done) {
            assert!(!card.rtl.is(card.ports.valid), "nothing leaves");
            assert_eq!(key(&card.rtl, &card.ports), [0; 32], "nothing shows");
            card.rtl.clock();
            cycles += 1;
            assert!(cycles < 1000, "it ends");
        }
        assert_eq!(card.rtl.is(card.ports.kat_ok), ok);
        card.rtl.clock();
        assert!(!card.rtl.is(card.ports.kat_done), "a pulse");
    }
    assert_eq!(card.access(keybox::STATUS, None), 0, "no job");
}
