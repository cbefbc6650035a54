//! Orbits of the vectors, bit for bit, and what they cost.

use super::rig::{ACCESS_CYCLES, BLOCK, Ports, decimal, design};
use photonbox_cores::keybox::key_cycles;
use photonbox_cosim::{Library, Options, Simulation};
use photonbox_regmap::keybox;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The block, driven access by access.
struct Card {
    rtl: Simulation,
    ports: Ports,
}

impl Card {
    fn new() -> Self {
        let library = Library::build(design("keybox").unwrap(), Options::default()).unwrap();
        let mut rtl = library.simulation();
        let ports = Ports::new(&rtl);
        rtl.set(ports.block, BLOCK);
        rtl.set(ports.usable, 1);
        rtl.set(ports.slot_bytes, 1 << 20);
        rtl.set(ports.ready, 1);
        let mut card = Self { rtl, ports };
        card.rtl.set(card.ports.reset, 1);
        card.rtl.clock();
        card.rtl.set(card.ports.reset, 0);
        while card.rtl.is(card.ports.busy) {
            card.rtl.clock();
        }
        card
    }

    fn access(&mut self, offset: u32, value: Option<u32>) -> u32 {
        self.rtl.set(self.ports.register, u64::from(offset / 4));
        self.rtl
            .set(self.ports.data, u64::from(value.unwrap_or_default()));
        for cycle in 0..ACCESS_CYCLES {
            self.rtl
                .set(self.ports.write, u64::from(value.is_some() && cycle == 2));
            self.rtl.clock();
        }
        self.rtl.get(self.ports.read) as u32
    }

    fn submit(&mut self, x0: &[u8; 32], s: u32, boxes: u32, keys: u32) {
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

    /// The next key; none when the job is over.
    fn key(&mut self) -> Option<[u8; 32]> {
        let mut key = [0; 32];
        for bytes in key.as_chunks_mut::<8>().0 {
            let until = [self.ports.valid];
            loop {
                if self.rtl.is(self.ports.valid) {
                    break;
                }
                if !self.rtl.is(self.ports.busy) {
                    return None;
                }
                self.rtl.run(64, &until);
            }
            *bytes = self.rtl.get(self.ports.beat).to_le_bytes();
            self.rtl.clock();
        }
        Some(key)
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

#[test]
fn a_key_takes_as_long_as_the_model_says() {
    assert_eq!(key_cycles(), photonbox_model::keybox::KEY_CYCLES);
    assert!(key_cycles() <= 96);
}

/// Runs the vectors' orbits of at most `most` keys; the number of orbits.
fn orbits(most: u32) -> u32 {
    let mut card = Card::new();
    let mut done = 0;
    for case in cases() {
        let number = |key: &str| u32::try_from(case[key].as_u64().unwrap()).unwrap();
        let (s, boxes, keys) = (number("s"), number("I"), number("J"));
        if boxes * keys > most {
            continue;
        }
        done += 1;
        card.submit(
            &decimal(case["ip_key"].as_str().unwrap(), s),
            s,
            boxes,
            keys,
        );
        let mut hash = Sha256::new();
        let mut count = 0;
        let mut first = 0;
        let mut last = 0;
        while let Some(key) = card.key() {
            hash.update(key);
            count += 1;
            last = card.rtl.cycles();
            if count == 1 {
                first = last;
            }
            if let Some(point) = case["points"]
                .as_array()
                .unwrap()
                .iter()
                .find(|point| point["n"] == count)
            {
                let expected = decimal(point["session_key"].as_str().unwrap(), 0);
                assert_eq!(key, expected, "s {s}, key {count}");
            }
        }
        assert_eq!(count, boxes * keys);
        let hex: String = hash
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(case["sha256_of_all_session_keys_le32"], hex.as_str());
        assert_eq!(
            card.access(keybox::STATUS, None),
            keybox::STATUS_DONE.mask()
        );
        if count > 1 {
            let cycles = (last - first) / u64::from(count - 1);
            println!("s = {s}: {count} keys, {cycles} cycles a key");
            assert_eq!(last - first, u64::from(key_cycles()) * u64::from(count - 1));
        }
    }
    assert_eq!(card.access(keybox::JOBS_DONE, None), done);
    assert_eq!(card.access(keybox::JOBS_FAILED, None), 0);
    done
}

#[test]
fn short_orbits_are_the_vectors() {
    assert_eq!(orbits(1000), 3);
}

/// Every orbit: 8 million cycles, so only with `PHOTONBOX_LONG=1`; else the first keys of the long one.
#[test]
fn orbits_are_the_vectors_all() {
    if std::env::var_os("PHOTONBOX_LONG").is_some_and(|value| value == "1") {
        assert_eq!(orbits(u32::MAX), 4);
        return;
    }
    let mut card = Card::new();
    let case = &cases()[0];
    card.submit(&decimal(case["ip_key"].as_str().unwrap(), 4), 4, 1, 600);
    let points = case["points"].as_array().unwrap();
    let mut seen = 0;
    for n in 1..=600 {
        let key = card.key().unwrap();
        if let Some(point) = points.iter().find(|point| point["n"] == n) {
            assert_eq!(
                key,
                decimal(point["session_key"].as_str().unwrap(), 0),
                "key {n}"
            );
            seen += 1;
        }
    }
    assert_eq!((seen, card.key()), (5, None));
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
