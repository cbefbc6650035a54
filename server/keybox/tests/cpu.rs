//! The engine `cpu` against `tests/vectors/keybox.json` and against the reference engine, with each kind of instructions.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_keybox::cpu::Instructions;
use photonbox_keybox::{Cpu, Engine, Error, IpKey, KEY_BYTES, Parameters, Position, Reference};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::Mutex;

struct Case {
    ip_key: String,
    parameters: Parameters,
    sha256: String,
}

fn cases() -> Vec<Case> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keybox.json"
    );
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let number = |value: &Value| u32::try_from(value.as_u64().unwrap()).unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    cases
        .iter()
        .map(|case| Case {
            ip_key: text(&case["ip_key"]),
            parameters: Parameters::new(number(&case["s"]), number(&case["I"]), number(&case["J"]))
                .unwrap(),
            sha256: text(&case["sha256_of_all_session_keys_le32"]),
        })
        .collect()
}

/// What the machine chooses, and each kind of instructions that it has.
fn engines() -> Vec<Cpu> {
    let mut engines = vec![Cpu::new()];
    for instructions in [Instructions::Portable, Instructions::Ifma] {
        match Cpu::with(instructions) {
            Some(engine) => engines.push(engine),
            None => eprintln!("skipped: this machine has no AVX-512 IFMA ({instructions:?})"),
        }
    }
    engines
}

/// The n-th of many IP keys: digits by a multiplicative generator, all different.
fn ip_key(n: u64) -> IpKey {
    let mut state = n.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let digits: Vec<u8> = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        b'0' + ((state >> 33) % 10) as u8
    })
    .take(64)
    .collect();
    IpKey::parse(&digits).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn orbits_are_the_vectors() {
    for case in cases() {
        let ip_key = IpKey::parse(case.ip_key.as_bytes()).unwrap();
        for mut engine in engines() {
            let mut hash = Sha256::new();
            let mut n = 0;
            let mut take = |at: Position, key: &[u8; KEY_BYTES]| {
                n += 1;
                assert_eq!(at, case.parameters.place(n));
                hash.update(key);
            };
            engine.orbit(&ip_key, case.parameters, &mut take).unwrap();
            assert_eq!(n, case.parameters.total());
            assert_eq!(hex(&hash.finalize()), case.sha256, "{engine:?}");
        }
    }
}

/// Session keys of an orbit.
type Keys = Vec<[u8; KEY_BYTES]>;

/// Session keys of each orbit in flight, and outcomes; blocks come in order, and each is of one box.
fn together(
    engine: Cpu,
    ip_keys: &[IpKey],
    parameters: Parameters,
    threads: bool,
) -> (Vec<Keys>, Vec<Result<(), Error>>) {
    let all = Mutex::new(vec![Vec::new(); ip_keys.len()]);
    let take = |orbit: usize, at: Position, keys: &[[u8; KEY_BYTES]]| {
        let orbits = &mut all.lock().unwrap()[orbit];
        assert_eq!(at, parameters.place(orbits.len() as u32 + 1));
        let last = parameters.place(at.n + keys.len() as u32 - 1);
        assert_eq!(last.i, at.i, "a block is of one box");
        orbits.extend_from_slice(keys);
    };
    let outcomes = if threads {
        engine.orbits_on_all_cores(ip_keys, parameters, &take)
    } else {
        engine.orbits(ip_keys, parameters, &mut |orbit, at, keys| {
            take(orbit, at, keys);
        })
    };
    (all.into_inner().unwrap(), outcomes)
}

#[test]
fn orbits_in_flight_are_the_reference_whatever_their_number() {
    let parameters = Parameters::new(4, 3, 37).unwrap();
    let ip_keys: Vec<IpKey> = (0..70).map(ip_key).collect();
    let alone: Vec<Keys> = ip_keys
        .iter()
        .map(|ip_key| {
            let mut keys = Keys::new();
            Reference
                .orbit(ip_key, parameters, &mut |_, key| keys.push(*key))
                .unwrap();
            keys
        })
        .collect();
    for engine in engines() {
        for number in [0, 1, 2, 3, 4, 7, 8, 9, 15, 16, 17, 33, 70] {
            for threads in [false, true] {
                let (keys, outcomes) = together(engine, &ip_keys[..number], parameters, threads);
                assert_eq!(outcomes, vec![Ok(()); number]);
                assert!(keys == alone[..number], "{engine:?}, {number} orbits");
            }
        }
    }
}
