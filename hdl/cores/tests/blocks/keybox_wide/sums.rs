//! Each sum alone against whole numbers, new ones in each cycle, with cycles in which nothing moves.

use super::numbers::{below, build, get, modulus, pick_x, set};
use num_bigint::BigUint;
use photonbox_cores::keybox_wide::{
    Correct, Dropped, Estimate, Next, Range, Remainder, Square, Strip,
};
use photonbox_cosim::{PortId, Random, Simulation};
use std::collections::VecDeque;

const ROUNDS: u32 = 4000;

fn two(bits: usize) -> BigUint {
    BigUint::from(1_u32) << bits
}

/// Runs a block: `make` gives inputs, in the order of `ports`, and what may come out for them.
fn run(
    mut rtl: Simulation,
    name: &str,
    ports: &[&str],
    output: &str,
    stages: usize,
    mut make: impl FnMut(&mut Random) -> (Vec<BigUint>, Vec<BigUint>),
) {
    let mut random = Random::new(photonbox_cosim::seed(name));
    let inputs: Vec<PortId> = ports.iter().map(|port| rtl.port(port)).collect();
    let (output, moves) = (rtl.port(output), rtl.port("run"));
    let mut due: VecDeque<Vec<BigUint>> = VecDeque::new();
    let mut seen = [0_u32; 2];
    for _ in 0..ROUNDS {
        let (values, expected) = make(&mut random);
        for (port, value) in inputs.iter().zip(&values) {
            set(&mut rtl, *port, value);
        }
        let moving = !random.one_in(8);
        rtl.set(moves, u64::from(moving));
        rtl.clock();
        if moving {
            due.push_back(expected);
            if due.len() > stages {
                due.pop_front();
            }
        }
        if due.len() == stages {
            let value = get(&rtl, output);
            let which = due[0].iter().position(|one| *one == value);
            let which = which.unwrap_or_else(|| panic!("{name}: {value:x}, not {:x?}", due[0]));
            seen[which] += 1;
        }
    }
    println!("{name}: {stages} stages, {seen:?}");
    assert!(seen[0] > ROUNDS / 2);
}

fn pick_s(random: &mut Random) -> u32 {
    1 + random.below(8) as u32
}

#[test]
fn a_square() {
    let rtl = build("keybox_wide_square", Square::default());
    run(
        rtl,
        "square",
        &["x"],
        "product",
        Square::stages(),
        |random| {
            let x = if random.one_in(9) {
                two(240) - 1_u32
            } else {
                below(random, &two(240))
            };
            let square = &x * &x;
            (vec![x], vec![square])
        },
    );
}

#[test]
fn an_estimate() {
    let rtl = build("keybox_wide_estimate", Estimate::default());
    let stages = Estimate::stages();
    run(
        rtl,
        "estimate",
        &["high", "s"],
        "quotient",
        stages,
        |random| {
            let s = pick_s(random);
            let p = pick_x(random, s).pow(2);
            let low = &p * 4_u32 / modulus(s) % two(240);
            let high = (&low + 1_u32) % two(240);
            (vec![p >> 210, s.into()], vec![low, high])
        },
    );
}

#[test]
fn a_remainder() {
    let rtl = build("keybox_wide_remainder", Remainder::default());
    let ports = ["quotient", "s", "shifted", "sticky"];
    run(
        rtl,
        "remainder",
        &ports,
        "negative",
        Remainder::stages(),
        |random| {
            let s = pick_s(random);
            let p = pick_x(random, s).pow(2);
            let estimate = &p * 4_u32 / modulus(s) + random.below(2);
            let negative = &estimate * modulus(s) < &p * 4_u32;
            let bits = 62 + s as usize;
            let sticky = u32::from(&p % two(bits) != BigUint::default());
            let shifted = (p >> bits) % two(169);
            let inputs = vec![estimate % two(169), s.into(), shifted, sticky.into()];
            (inputs, vec![u32::from(negative).into()])
        },
    );
}

#[test]
fn a_next_value() {
    let mut rtl = build("keybox_wide_next", Next::default());
    let carry = rtl.port("carry");
    let (x_port, quotient_port) = (rtl.port("x"), rtl.port("quotient"));
    let (moves, output) = (rtl.port("run"), rtl.port("after"));
    let mut random = Random::new(photonbox_cosim::seed("next"));
    let mut due = VecDeque::new();
    let mut carries = VecDeque::from([0, 0]);
    rtl.set(moves, 1);
    for _ in 0..ROUNDS {
        let x = below(&mut random, &two(240));
        let next = below(&mut random, &two(240));
        let late = random.below(2);
        carries.push_back(late);
        let quotient = (two(243) + &x * 4_u32 - &next - 1_u32 + late) % two(240);
        set(&mut rtl, x_port, &x);
        set(&mut rtl, quotient_port, &quotient);
        rtl.set(carry, carries.pop_front().unwrap());
        rtl.clock();
        due.push_back(next);
        if due.len() == Next::stages() {
            assert_eq!(get(&rtl, output), due.pop_front().unwrap());
        }
    }
}

#[test]
fn a_range() {
    let rtl = build("keybox_wide_range", Range::default());
    run(
        rtl,
        "range",
        &["x", "s"],
        "below",
        Range::stages(),
        |random| {
            let s = pick_s(random);
            let x = match random.below(3) {
                0 => modulus(s) + random.below(3) - 1_u32,
                1 => below(random, &two(240)),
                _ => pick_x(random, s),
            };
            let is_below = u32::from(x < modulus(s));
            (vec![x, s.into()], vec![is_below.into()])
        },
    );
}

#[test]
fn dropped_digits() {
    let rtl = build("keybox_wide_dropped", Dropped::default());
    run(
        rtl,
        "dropped",
        &["high"],
        "digits",
        Dropped::stages(),
        |random| {
            let s = pick_s(random);
            let mut x = pick_x(random, s);
            if random.one_in(2) {
                // Near a multiple of 10^64.
                x = &x / modulus(0) * modulus(0) + random.below(2);
                x -= random.below(2).min(u64::from(x > BigUint::from(1_u32)));
            }
            let digits = &x / modulus(0);
            let more = &digits + 1_u32;
            (vec![x >> 208], vec![digits, more])
        },
    );
}

#[test]
fn a_key_stripped_and_corrected() {
    let rtl = build("keybox_wide_strip", Strip::default());
    let five = BigUint::from(5_u32).pow(64);
    run(
        rtl,
        "strip",
        &["high", "dropped"],
        "rest",
        Strip::stages(),
        |random| {
            let dropped = below(random, &(modulus(8) / modulus(0) + 2_u32));
            let high = below(random, &two(150));
            let rest = (&high + two(190) - &dropped * &five) % two(150);
            (vec![high, dropped], vec![rest])
        },
    );
    let rtl = build("keybox_wide_correct", Correct::default());
    run(
        rtl,
        "correct",
        &["rest"],
        "high",
        Correct::stages(),
        |random| {
            let high = below(random, &five);
            let rest = if random.one_in(2) {
                high.clone()
            } else {
                (&high + two(150) - &five) % two(150)
            };
            (vec![rest], vec![high])
        },
    );
}
