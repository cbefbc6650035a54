//! The pipeline against the model's orbit, another one in each cycle.

use super::numbers::{build, get, modulus, pick_x, set};
use num_bigint::BigUint;
use photonbox_cores::keybox_wide::{Map, stages};
use photonbox_cosim::Random;
use photonbox_model::keybox::Orbit;
use std::collections::VecDeque;

struct Expected {
    next: Option<(BigUint, BigUint, bool)>,
    below: bool,
}

fn bytes(x: &BigUint) -> [u8; 32] {
    let mut bytes = [0; 32];
    let digits = x.to_bytes_le();
    bytes[..digits.len()].copy_from_slice(&digits);
    bytes
}

#[test]
fn a_step_is_the_orbit_s() {
    // A context's X is back before its next turn: two cycles to read it, one to store it.
    println!("{} cycles from X to the next X and its key", stages());
    assert!(stages() + 3 <= 64);
    let mut rtl = build("keybox_wide_map", Map::default());
    let [x_port, s_port, run, next, key, weak, below] =
        ["x", "s", "run", "after", "key", "weak_value", "below"].map(|name| rtl.port(name));
    let mut random = Random::new(photonbox_cosim::seed("map"));
    let mut due = VecDeque::new();
    let (mut weak_ones, mut beyond) = (0, 0);
    for _ in 0..20_000 {
        let s = 1 + random.below(8) as u32;
        let mut x = pick_x(&mut random, s);
        if random.one_in(30) {
            // X_0 may be anything of 240 bits.
            x = modulus(s) + random.below(1 << 30);
        }
        let expected = match Orbit::new(&bytes(&x), s) {
            Some(mut orbit) => {
                let strong = orbit.step();
                let next = 4_u32 * &x * (modulus(s) - &x) / modulus(s);
                let key = BigUint::from_bytes_le(&orbit.session_key());
                assert_eq!(key, &next % modulus(0), "the model");
                Expected {
                    next: Some((next, key, !strong)),
                    below: true,
                }
            }
            None => Expected {
                next: (x == modulus(s)).then(Default::default),
                below: false,
            },
        };
        set(&mut rtl, x_port, &x);
        rtl.set(s_port, u64::from(s));
        let moving = !random.one_in(16);
        rtl.set(run, u64::from(moving));
        rtl.clock();
        if moving {
            due.push_back(expected);
            if due.len() > stages() {
                due.pop_front();
            }
        }
        if due.len() == stages() {
            let expected = &due[0];
            if let Some((expected_next, expected_key, expected_weak)) = &expected.next {
                assert_eq!(get(&rtl, next), *expected_next);
                assert_eq!(get(&rtl, key), *expected_key);
                let zero = expected_next == &BigUint::default();
                assert_eq!(rtl.is(weak), *expected_weak || zero);
                weak_ones += u32::from(rtl.is(weak));
            }
            assert_eq!(rtl.is(below), expected.below);
            beyond += u32::from(!expected.below);
        }
    }
    assert!(weak_ones > 100 && beyond > 100, "{weak_ones} {beyond}");
}
