//! `photonbox keybox orbit`: every engine gives the orbits of `tests/vectors/keybox.json`.

use crate::process;
use serde_json::Value;

fn cases() -> Vec<Value> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/keybox.json"
    );
    let text = std::fs::read_to_string(path).expect("the vectors");
    let all: Value = serde_json::from_str(&text).expect("JSON");
    all["cases"].as_array().expect("cases").clone()
}

fn orbit(case: &Value, more: &[&str]) -> Value {
    let text = |key: &str| {
        case[key]
            .as_str()
            .map_or_else(|| case[key].to_string(), str::to_owned)
    };
    let (ip_key, s, boxes, keys) = (text("ip_key"), text("s"), text("I"), text("J"));
    let mut arguments = vec![
        "keybox", "orbit", "--ip-key", &ip_key, "--s", &s, "--boxes", &boxes, "--keys", &keys,
        "--json",
    ];
    arguments.extend(more);
    process::json(&arguments)
}

#[test]
fn every_engine_gives_the_orbits_of_the_vectors() {
    let mut engines = vec![
        vec!["--engine", "reference"],
        vec!["--engine", "cpu"],
        vec!["--engine", "card"],
        vec!["--engine", "card", "--build", "wide"],
    ];
    if cfg!(feature = "verilated") {
        engines.push(vec!["--engine", "card", "--card", "rtl"]);
    }
    for case in cases() {
        let keys = case["I"].as_u64().expect("I") * case["J"].as_u64().expect("J");
        for engine in &engines {
            // The long orbit takes the verilated card minutes; its engine alone runs it in `make cosim-long`.
            if keys > 10_000 && engine.contains(&"rtl") {
                continue;
            }
            let said = orbit(&case, engine);
            assert_eq!(said["keys"], keys, "{engine:?}");
            assert_eq!(
                said["sha256_of_all_session_keys_le32"], case["sha256_of_all_session_keys_le32"],
                "{engine:?}"
            );
        }
    }
}

#[test]
fn a_point_has_its_session_key_and_its_derived_key() {
    let case = &cases()[0];
    let points = case["points"].as_array().expect("points");
    for point in points.iter().take(2) {
        let at = format!("{},{}", point["i"], point["j"]);
        for engine in ["reference", "cpu", "card"] {
            let said = orbit(case, &["--engine", engine, "--at", &at]);
            for key in ["n", "i", "j", "x", "session_key", "key"] {
                assert_eq!(said[key], point[key], "{engine} {key}");
            }
        }
    }
}

#[test]
fn keys_that_are_not_keys_are_refused_in_one_line() {
    let quarter = format!("25{}", "0".repeat(62));
    for (key, why) in [("12", "64 decimal digits"), (quarter.as_str(), "weak")] {
        let line = process::refusal(
            &["keybox", "orbit", "--ip-key", key, "--engine", "reference"],
            1,
        );
        assert!(line.contains(why), "{line}");
    }
}
