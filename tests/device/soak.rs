//! Rounds: a head doorbell, a block that the reference engine knows, an interrupt. The ring has slots of one key; each
//! doorbell frees one, into which the card puts the next key of a long orbit.
//!
//! Shows T15 (`docs/threat-model.md`).

use crate::SimCard;
use crate::rig::{light, open, sim};
use crate::traffic::number;
use photonbox_driver::{Card, KeyboxJob};
use photonbox_keybox::{IpKey, Orbit};
use photonbox_simcard::{Fault, Pace};
use std::sync::Arc;

/// Dropped digits.
const S: u32 = 4;
/// Rounds of a job, of 65,535 that it may have.
const OF_A_JOB: u64 = 50_000;

/// Makes `left` rounds, each looked at: the key, its number, that none is missing or comes twice, and an interrupt each,
/// raised or lost.
fn make(sim: &SimCard, card: &Card, mut left: u64) {
    while left > 0 {
        let rounds = left.min(OF_A_JOB);
        // Another orbit each time: digits of 1/7 with the number of the rounds that are left.
        let digits = format!("{}{left:0>14}", &"142857".repeat(9)[..50]);
        let ip_key = IpKey::parse(digits.as_bytes()).expect("64 digits");
        let mut orbit = Orbit::new(&ip_key, S).expect("digits of 1 to 8");
        let job = KeyboxJob {
            s: S,
            boxes: rounds as u32,
            keys: 1,
        };
        let before = sim.bus_stats();
        card.keybox(&job, ip_key.x0(S).as_array(), &mut |number, key| {
            orbit.step().expect("not a weak key");
            assert_eq!(number, orbit.n());
            assert_eq!(key, orbit.session_key(), "round {number}");
        })
        .expect("every round");
        assert_eq!(u64::from(orbit.n()), rounds);
        let after = sim.bus_stats();
        assert_eq!(after.writes - before.writes, 2 * rounds);
        let interrupts = after.interrupts + after.interrupts_lost;
        assert_eq!(
            interrupts - before.interrupts - before.interrupts_lost,
            rounds
        );
        assert_eq!((after.faults, after.refused), (0, 0));
        left -= rounds;
    }
}

fn card() -> (Arc<SimCard>, Card) {
    let sim = sim(light(), Pace::AsFastAsPossible);
    let card = open(Arc::clone(&sim) as _);
    (sim, card)
}

#[test]
fn no_round_is_lost_or_corrupt() {
    let (sim, card) = card();
    make(&sim, &card, number("PHOTONBOX_ROUNDS", 20_000));
    assert_eq!(sim.bus_stats().interrupts_lost, 0);
}

#[test]
fn no_round_is_lost_with_one_interrupt_in_ten() {
    let (sim, card) = card();
    sim.inject(Fault::LostInterrupt { share: 0.1 })
        .expect("possible");
    make(&sim, &card, number("PHOTONBOX_LOST_ROUNDS", 300));
    assert!(sim.bus_stats().interrupts_lost > 0);
}
