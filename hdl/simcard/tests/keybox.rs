//! Random orbits: the reference engine, the engine `cpu` with each kind of instructions, and the model of the card's engine.
#![allow(missing_docs, reason = "a test")]

use photonbox_keybox::cpu::Instructions;
use photonbox_keybox::{Cpu, Engine as _, IpKey, KEY_BYTES, Parameters, Reference};
use photonbox_model::keybox::Orbit;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// Orbits in all.
const ORBITS: usize = 10_000;
/// Orbits of one s and length.
const GROUP: usize = 50;

fn digits(random: &mut ChaCha20Rng) -> Vec<u8> {
    let digit = || loop {
        let byte = random.next_u32() as u8;
        if byte < 250 {
            return b'0' + byte % 10;
        }
    };
    std::iter::repeat_with(digit).take(64).collect()
}

#[test]
fn ten_thousand_random_orbits_are_the_same_for_all() {
    let seed = std::env::var("PHOTONBOX_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    eprintln!("PHOTONBOX_SEED={seed}");
    let mut random = ChaCha20Rng::seed_from_u64(seed);
    let mut engines = Vec::new();
    for instructions in [Instructions::Portable, Instructions::Ifma] {
        match Cpu::with(instructions) {
            Some(engine) => engines.push(engine),
            None => eprintln!("skipped: this machine does not have {instructions:?}"),
        }
    }
    for group in 0..ORBITS / GROUP {
        let s = 1 + group as u32 % 8;
        let boxes = 1 + random.next_u32() % 4;
        let keys = 1 + random.next_u32() % 150;
        let parameters = Parameters::new(s, boxes, keys).expect("they are in range");
        let ip_keys: Vec<IpKey> = std::iter::repeat_with(|| digits(&mut random))
            .take(GROUP)
            .map(|digits| IpKey::parse(&digits).expect("64 digits"))
            .collect();
        let mut expected = Vec::new();
        for ip_key in &ip_keys {
            let mut orbit: Vec<[u8; KEY_BYTES]> = Vec::new();
            let outcome = Reference.orbit(ip_key, parameters, &mut |_, key| orbit.push(*key));
            outcome.expect("a random key is not weak");
            let mut model = Orbit::new(ip_key.x0(s).as_array(), s).expect("X_0 is below M");
            for key in &orbit {
                assert!(model.step());
                assert_eq!(*key, model.session_key(), "the model, s = {s}");
            }
            expected.push(orbit);
        }
        for engine in &engines {
            let mut got: Vec<Vec<[u8; KEY_BYTES]>> = vec![Vec::new(); GROUP];
            let outcomes = engine.orbits(&ip_keys, parameters, &mut |orbit, _, block| {
                got[orbit].extend_from_slice(block);
            });
            assert!(outcomes.iter().all(Result::is_ok));
            assert!(got == expected, "{engine:?}, s = {s}");
        }
    }
}
