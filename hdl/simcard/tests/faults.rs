//! Faults of the bus, and a card that leaves its slot and comes back.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use photonbox_driver::device::Device;
use photonbox_regmap::{MAGIC, global, lane, ring};
use photonbox_simcard::{Fault, SimCardOptions};
use support::*;

const MS: u64 = 250_000;

#[test]
fn interrupts_are_lost_by_their_share_and_everything_else_arrives() {
    let run = |share| {
        let mut rig = Rig::new(stochastic());
        if let Some(share) = share {
            rig.card.inject(Fault::LostInterrupt { share }).unwrap();
        }
        rig.start_all();
        let slots: Vec<_> = (0..200).flat_map(|_| rig.play(ring::ENTROPY, MS)).collect();
        (slots, rig.card.bus_stats())
    };
    let (slots, healthy) = run(None);
    assert_eq!(healthy.interrupts_lost, 0);
    let (same, half) = run(Some(0.5));
    assert_eq!(slots, same, "no datum depends on an interrupt");
    assert_eq!(
        half.interrupts + half.interrupts_lost,
        healthy.interrupts,
        "each was raised or lost"
    );
    // Six standard deviations of a fair coin.
    let (n, lost) = (healthy.interrupts as f64, half.interrupts_lost as f64);
    assert!(
        n > 100.0 && (lost - n / 2.0).abs() < 3.0 * n.sqrt(),
        "{half:?}"
    );
    assert_eq!(run(Some(0.5)).1, half, "the card's seed says which");
    assert_eq!(run(Some(1.0)).1.interrupts, 0);
}

#[test]
fn an_axi_error_stops_the_ring_and_is_counted() {
    let mut rig = Rig::new(stochastic());
    rig.start_all();
    assert!(!rig.play(ring::ENTROPY, 20 * MS).is_empty());
    rig.card.inject(Fault::AxiError).unwrap();
    let before = rig.card.bus_stats();
    assert_eq!(rig.play(ring::ENTROPY, 20 * MS), []);
    let after = rig.card.bus_stats();
    assert_eq!(
        (after.writes, after.errors, after.refused),
        (before.writes, before.errors + 1, 0)
    );
    let status = rig.read(ring::base(ring::ENTROPY) + ring::STATUS);
    assert!(ring::STATUS_ERROR.is_set(status));
    assert_eq!(rig.read(global::ERR_BUS), 1);
    // The error is over; the ring stays stopped until it is given up.
    rig.card.end(Fault::AxiError);
    assert_eq!(rig.play(ring::ENTROPY, 20 * MS), []);
    rig.write(global::CONTROL, global::CONTROL_SOFT_RESET.put(1));
    rig.start_all();
    assert!(!rig.play(ring::ENTROPY, 20 * MS).is_empty());
}

#[test]
fn a_card_that_comes_back_is_as_after_power_on() {
    let mut rig = Rig::new(SimCardOptions {
        faults: vec!["removal@40ms..60ms".parse().unwrap()],
        ..stochastic()
    });
    let fresh = rig.read(global::GENERATION);
    rig.write(global::CONTROL, global::CONTROL_SOFT_RESET.put(1));
    rig.write(global::SCRATCH, 7);
    rig.start_all();
    rig.play(ring::ENTROPY, 39 * MS);
    let before = rig.card.bus_stats();
    assert!(before.writes > 0);
    rig.card.advance(2 * MS);
    assert_eq!(rig.read(global::MAGIC), u32::MAX);
    assert!((40 * MS..=41 * MS).contains(&rig.card.cycle()));
    rig.card.advance(20 * MS);
    assert_eq!(rig.card.cycle(), 61 * MS, "its absence took its time");
    assert_eq!(rig.read(global::MAGIC), MAGIC);
    assert_eq!(
        (
            rig.read(global::GENERATION),
            rig.read(global::SCRATCH),
            rig.bits(0),
            rig.state(0),
        ),
        (fresh, 0, 0, lane::OFF)
    );
    let committed = rig.read(ring::base(ring::ENTROPY) + ring::STATUS);
    assert!(!ring::STATUS_COMMITTED.is_set(committed));
    // It may write nothing until the host says so, and then it works.
    let writes = rig.card.bus_stats().writes;
    rig.start_all();
    assert_eq!(rig.play(ring::ENTROPY, 20 * MS), []);
    assert_eq!(rig.card.bus_stats().writes, writes);
    rig.write(global::CONTROL, global::CONTROL_SOFT_RESET.put(1));
    rig.card.bus_master_enable(true);
    rig.start_all();
    let slots = rig.play(ring::ENTROPY, 20 * MS);
    assert!(slots.len() > 5, "{}", slots.len());
    assert_eq!(slots[0].completion.sequence, 0);
}

#[test]
fn whoever_pulled_a_card_out_puts_it_back() {
    let mut rig = Rig::new(stochastic());
    for _ in 0..3 {
        rig.card.end(Fault::SurpriseRemoval);
        assert_eq!(rig.read(global::MAGIC), MAGIC);
        rig.card.bus_master_enable(true);
        rig.start_all();
        assert!(!rig.play(ring::ENTROPY, 20 * MS).is_empty());
        rig.card.inject(Fault::SurpriseRemoval).unwrap();
        let at = rig.card.cycle();
        rig.card.advance(20 * MS);
        assert_eq!(rig.read(global::MAGIC), u32::MAX);
        assert_eq!(rig.card.cycle(), at, "nobody said that it comes back");
    }
}
