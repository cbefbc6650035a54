//! `photonbox simulate`: the report's keys, the seed's law, and the same run from the same seed.

use crate::process;

#[test]
fn a_simulated_network_follows_the_law_and_repeats() {
    let run = |seed: &str| {
        process::json(&[
            "simulate",
            "--topology",
            "complete",
            "--hosts",
            "8",
            "--seconds",
            "20",
            "--rotation",
            "5",
            "--seed",
            seed,
            "--json",
        ])
    };
    let first = run("7");
    assert_eq!(first["hosts"], 8);
    assert_eq!(first["links"], 28);
    assert_eq!(first["clustering"], 1.0);
    assert_eq!(first["virtual_seconds"], 20);
    assert_eq!(first["violations"], serde_json::json!([]));
    let bits = |key: &str| first[key].as_f64().expect("a number");
    // Both sides' scalars of 384 bits, both directions, every 5 s.
    assert_eq!(bits("law_predicted_bits"), 28.0 * 2.0 * 4.0 * 768.0);
    let ratio = bits("entropy_bits_consumed") / bits("law_predicted_bits");
    assert!((0.95..1.05).contains(&ratio), "{ratio}");
    assert!((bits("rekeys") - 224.0).abs() <= 12.0, "{first:#}");
    assert_eq!(first, run("7"));
    assert_ne!(first, run("8"));
}

#[test]
fn bounds_of_a_simulation_are_told() {
    for (arguments, says) in [
        (
            &["--hosts", "301", "--topology", "complete"][..],
            "at most 300",
        ),
        (&["--hosts", "1"], "2 to 1000000"),
    ] {
        let mut all = vec!["simulate"];
        all.extend(arguments);
        let told = process::refusal(&all, 2);
        assert!(told.contains(says), "{told}");
    }
}
