//! Seeded runs: what must hold does, and planted faults are found.
//!
//! `PHOTONBOX_TUNNEL_SEED=N` runs one seed, `PHOTONBOX_TUNNEL_SEEDS=N` another number of them.
//!
//! Shows T18 and T19 (`docs/threat-model.md`).

use crate::line::Run;
use crate::pair::Planted;

fn number(name: &str) -> Option<u64> {
    Some(std::env::var(name).ok()?.parse().expect("a number"))
}

#[test]
fn nothing_twice_and_nothing_lost_that_the_line_did_not_lose() {
    let one = number("PHOTONBOX_TUNNEL_SEED");
    let seeds = number("PHOTONBOX_TUNNEL_SEEDS").unwrap_or(300);
    let seeds = one.map_or(0..seeds, |seed| seed..seed + 1);
    let (mut sent, mut delivered, mut restarts, mut steps) = (0, 0, 0, 0);
    for seed in seeds {
        let mut run = Run::new(seed, None);
        run.run();
        assert!(
            run.pair.broken.is_empty(),
            "seed {seed}: {}",
            run.pair.broken[0]
        );
        for side in &run.pair.sides {
            sent += side.sent;
            delivered += side.delivered;
        }
        restarts += run.restarts;
        steps += run.steps;
    }
    println!("{sent} packets sent, {delivered} delivered, {restarts} restarts, {steps} steps");
    // It was worth its time.
    assert!(one.is_some() || delivered * 2 > sent && restarts > 300 && steps > 3000);
}

/// In how many of 60 runs a planted fault is found.
fn found(planted: Planted) -> usize {
    (0..60)
        .filter(|seed| {
            let mut run = Run::new(*seed, Some(planted));
            run.run();
            !run.pair.broken.is_empty()
        })
        .count()
}

#[test]
fn planted_faults_are_found() {
    for planted in [Planted::NoBurn, Planted::LateBox, Planted::Forgets] {
        let found = found(planted);
        println!("{planted:?}: found in {found} of 60 runs");
        assert!(found > 5, "{planted:?}: in {found} of 60 runs");
    }
}
