//! The sampler against the vectors, against an oracle written another way, and its laws.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    reason = "a failed unwrap is a failed test"
)]

use photonbox_model::{Counters, Sampler, SamplerSettings};
use proptest::prelude::*;
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/sampler_synthetic.json"
    );
    let text = std::fs::read_to_string(path).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()["cases"]
        .as_array()
        .unwrap()
        .clone()
}

fn string(bits: impl IntoIterator<Item = bool>) -> String {
    bits.into_iter()
        .map(|bit| if bit { '1' } else { '0' })
        .collect()
}

#[test]
fn synthetic_vectors() {
    let cases = vectors();
    assert_eq!(cases.len(), 19);
    for case in cases {
        let number = |key: &str| case[key].as_u64().unwrap();
        let settings = SamplerSettings {
            window: number("window") as u32,
            holdoff: number("holdoff") as u32,
            retrigger: false,
        };
        let events: Vec<(u64, bool, bool)> = case["events"]
            .as_array()
            .unwrap()
            .iter()
            .map(|event| {
                let who = event[1].as_str().unwrap();
                (
                    event[0].as_u64().unwrap(),
                    who.contains('A'),
                    who.contains('B'),
                )
            })
            .collect();
        let mut by_step = Sampler::new(settings);
        let mut by_skip = Sampler::new(settings);
        let (mut stepped, mut skipped, mut now) = (Vec::new(), Vec::new(), 0);
        for &(cycle, a, b) in &events {
            skipped.extend(by_skip.skip_idle(cycle - now).map(|decided| decided.bit));
            skipped.extend(by_skip.step(a, b));
            for _ in now..cycle {
                stepped.extend(by_step.step(false, false));
            }
            stepped.extend(by_step.step(a, b));
            now = cycle + 1;
        }
        stepped.extend(by_step.finish());
        skipped.extend(by_skip.finish());
        for (sampler, bits) in [(by_step, stepped), (by_skip, skipped)] {
            assert_eq!(string(bits), case["bits"].as_str().unwrap(), "{settings:?}");
            assert_eq!(
                sampler.counters().coincidences,
                number("coincidences"),
                "{settings:?}"
            );
            assert_eq!(
                sampler.counters().ignored,
                number("ignored"),
                "{settings:?}"
            );
        }
    }
}

#[test]
fn the_seeds_own_example() {
    let mut sampler = Sampler::new(SamplerSettings {
        window: 0,
        holdoff: 0,
        retrigger: false,
    });
    let bits = "AABABBABAB"
        .chars()
        .filter_map(|who| sampler.step(who == 'A', who == 'B'));
    assert_eq!(string(bits), "1101001010");
    assert_eq!(
        *sampler.counters(),
        Counters {
            bits: 10,
            ones: 5,
            edges_a: 5,
            edges_b: 5,
            ..Counters::default()
        }
    );
}

#[test]
fn retrigger_restarts_the_holdoff_and_is_off_by_default() {
    for (retrigger, bits) in [(false, "11"), (true, "1")] {
        let mut sampler = Sampler::new(SamplerSettings {
            window: 0,
            holdoff: 4,
            retrigger,
        });
        let mut out = Vec::new();
        for cycle in 0..=6 {
            // An edge at 0 makes a bit; those at 3 and (retriggered) 6 fall into blind time.
            out.extend(sampler.step(cycle % 3 == 0, false));
        }
        assert_eq!(string(out), bits);
        out = (0..4).filter_map(|_| sampler.step(false, false)).collect();
        assert_eq!(out.len(), 0);
        assert_eq!(
            sampler.step(false, true),
            Some(false),
            "blind no longer than the hold-off"
        );
    }
    assert!(!SamplerSettings::default().retrigger);
}

#[test]
fn stopping_makes_the_open_edge_ignored() {
    let mut sampler = Sampler::new(SamplerSettings {
        window: 3,
        holdoff: 2,
        retrigger: false,
    });
    assert_eq!(sampler.step(true, false), None);
    assert!(sampler.window_open());
    sampler.stop();
    assert!(!sampler.window_open());
    assert_eq!(sampler.counters().ignored, 1);
    assert_eq!(sampler.skip_idle(10), None);
}

/// The text of the specification over a list of edges, without a state per cycle: an independent oracle.
fn oracle(edges: &[(bool, bool)], settings: SamplerSettings) -> (Vec<(usize, bool)>, u64, u64) {
    let (w, h) = (settings.window as usize, settings.holdoff as usize);
    let (mut bits, mut coincidences, mut ignored) = (Vec::new(), 0, 0);
    let count = |range: &[(bool, bool)]| {
        range
            .iter()
            .map(|&(a, b)| u64::from(a) + u64::from(b))
            .sum::<u64>()
    };
    let mut k = 0;
    while let Some(offset) = edges[k..].iter().position(|&(a, b)| a || b) {
        k += offset;
        let first = edges[k].0;
        let last = (k + w).min(edges.len() - 1);
        let other = (k..=last).find(|&cycle| {
            if first {
                edges[cycle].1
            } else {
                edges[cycle].0
            }
        });
        // Cycle that ends the window; everything in it but the opening edge and the other one is ignored.
        let (end, used) = match other {
            Some(cycle) => {
                coincidences += 1;
                (cycle, 2)
            }
            None => {
                bits.push((k + w, first));
                (k + w, 1)
            }
        };
        ignored += count(&edges[k..=end.min(edges.len() - 1)]) - used;
        let mut blind_until = end + h;
        let mut cycle = end + 1;
        while cycle <= blind_until && cycle < edges.len() {
            let here = count(&edges[cycle..=cycle]);
            ignored += here;
            if here > 0 && settings.retrigger {
                blind_until = cycle + h;
            }
            cycle += 1;
        }
        k = cycle;
        if k >= edges.len() {
            break;
        }
    }
    (bits, coincidences, ignored)
}

fn edges() -> impl Strategy<Value = Vec<(bool, bool)>> {
    (0.02_f64..0.7).prop_flat_map(|share| {
        let edge = proptest::bool::weighted(share);
        prop::collection::vec((edge, proptest::bool::weighted(share)), 1..200)
    })
}

fn settings() -> impl Strategy<Value = SamplerSettings> {
    (0_u32..8, 0_u32..12, any::<bool>()).prop_map(|(window, holdoff, retrigger)| SamplerSettings {
        window,
        holdoff,
        retrigger,
    })
}

proptest! {
    #[test]
    fn agrees_with_the_oracle_and_conserves_edges(edges in edges(), settings in settings()) {
        let mut sampler = Sampler::new(settings);
        let mut bits = Vec::new();
        for (cycle, &(a, b)) in edges.iter().enumerate() {
            bits.extend(sampler.step(a, b).map(|bit| (cycle, bit)));
            let c = *sampler.counters();
            prop_assert_eq!(
                c.edges_a + c.edges_b,
                c.bits + 2 * c.coincidences + c.ignored + u64::from(sampler.window_open())
            );
            prop_assert_eq!(sampler.next_decision().is_some(), sampler.window_open());
        }
        let length = edges.len();
        for idle in 0..settings.window as usize {
            bits.extend(sampler.step(false, false).map(|bit| (length + idle, bit)));
        }
        let (expected, coincidences, ignored) = oracle(&edges, settings);
        prop_assert_eq!(&bits, &expected);
        let c = *sampler.counters();
        prop_assert_eq!(c.bits, bits.len() as u64);
        prop_assert_eq!(c.ones, bits.iter().filter(|bit| bit.1).count() as u64);
        prop_assert_eq!(c.coincidences, coincidences);
        prop_assert_eq!(c.ignored, ignored);
    }

    #[test]
    fn skipping_is_stepping(
        edges in edges(), settings in settings(), gaps in prop::collection::vec(0_u64..30, 200)
    ) {
        let mut stepped = Sampler::new(settings);
        let mut skipped = Sampler::new(settings);
        for (&(a, b), &gap) in edges.iter().zip(&gaps) {
            prop_assert_eq!(stepped.step(a, b), skipped.step(a, b));
            let announced = skipped.next_decision();
            let decided = skipped.skip_idle(gap);
            let by_step: Vec<(u64, bool)> =
                (0..gap).filter_map(|k| stepped.step(false, false).map(|bit| (k, bit))).collect();
            prop_assert!(by_step.len() <= 1);
            prop_assert_eq!(decided.map(|d| (d.cycle, d.bit)), by_step.first().copied());
            if let Some(decided) = decided {
                prop_assert_eq!(announced, Some(decided.cycle));
            }
            prop_assert_eq!(stepped.counters(), skipped.counters());
            prop_assert_eq!(stepped.window_open(), skipped.window_open());
        }
        let idle = (0..settings.window).filter_map(|_| stepped.step(false, false)).next();
        prop_assert_eq!(skipped.finish(), idle);
    }
}
