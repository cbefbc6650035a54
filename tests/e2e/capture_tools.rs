//! `capture` and `assess` on recordings: the exact numbers, and every way in which a file can be bad.

use crate::process::{self, arg};
use crate::ptu_file::t2;
use crate::scene::{Scene, recording};
use serde_json::Value;
use std::path::PathBuf;

fn vectors(name: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/vectors")).join(name)
}

fn vector(name: &str) -> Value {
    let text = std::fs::read_to_string(vectors(name)).expect(name);
    serde_json::from_str(&text).expect(name)
}

#[test]
fn arrivals_aababbabab_are_1101001010() {
    let scene = Scene::new();
    let arrivals = "AABABBABAB".bytes().zip(1_u64..);
    let file = scene.file(
        "seed.ptu",
        &t2(arrivals.map(|(detector, i)| (i * 1_000_000, detector - b'A'))),
    );
    let out = scene.arg("bits");
    process::text(&[
        "capture",
        "bits",
        &file,
        "--period-ps",
        "4000",
        "--window",
        "0",
        "--holdoff",
        "30",
        "--out",
        &out,
        "--packing",
        "byte",
    ]);
    let bits = std::fs::read(&out).expect("the bits");
    assert_eq!(bits, [1, 1, 0, 1, 0, 0, 1, 0, 1, 0]);
    let info = process::json(&["capture", "info", &file, "--json"]);
    assert_eq!(info["detections"], serde_json::json!({"a": 5, "b": 5}));
    assert_eq!(info["records"], 10);
}

#[test]
fn the_recording_gives_exactly_the_published_numbers() {
    let Some(capture) = recording() else {
        println!("skipped: PHOTONBOX_CAPTURE is not set");
        return;
    };
    let info = process::json(&["capture", "info", arg(&capture), "--json"]);
    assert_eq!(
        (&info["records"], &info["overflows"]),
        (&409_482.into(), &25_463.into()),
        "{info:#}"
    );
    assert_eq!(
        info["detections"],
        serde_json::json!({"a": 159_298, "b": 224_721})
    );
    let cases = vector("sampler.json");
    let cases = cases["cases"].as_array().expect("cases");
    assert_eq!(cases.len(), 4);
    for case in cases {
        let number = |key: &str| case[key].to_string();
        let (period, window, holdoff) = (number("period_ps"), number("window"), number("holdoff"));
        let bits = process::json(&[
            "capture",
            "bits",
            arg(&capture),
            "--period-ps",
            &period,
            "--window",
            &window,
            "--holdoff",
            &holdoff,
            "--json",
        ]);
        for key in [
            "bits",
            "ones",
            "coincidences",
            "ignored",
            "sha256_packed_msb_first",
        ] {
            assert_eq!(bits[key], case[key], "{key} of {case:#}");
        }
        let (found, wanted) = (
            bits["lag1"].as_f64().expect("lag1"),
            case["lag1"].as_f64().expect("lag1"),
        );
        assert!(
            (found - wanted).abs() <= 1e-5,
            "lag1 {found} is not {wanted}"
        );
    }
}

#[test]
fn each_bad_recording_is_refused_in_one_line() {
    let expected = vector("ptu/expected.json");
    let files = expected["files"].as_object().expect("files");
    let mut refused = 0;
    for (name, wanted) in files {
        let path = vectors("ptu").join(name);
        if wanted.get("error").is_none() {
            process::json(&["capture", "info", arg(&path), "--json"]);
            continue;
        }
        let line = process::refusal(&["capture", "info", arg(&path), "--json"], 1);
        let says = wanted["says"].as_str().expect("a part of the message");
        assert!(line.contains(says), "{name}: {line} does not say {says:?}");
        refused += 1;
    }
    assert!(refused >= 20, "only {refused} bad recordings were there");
    let scene = Scene::new();
    process::refusal(&["capture", "info", &scene.arg("missing.ptu")], 1);
    process::refusal(&["capture", "info", &scene.arg("")], 1);
    process::refusal(
        &[
            "demo",
            "--capture",
            &scene.arg("missing.ptu"),
            "--allow-unlocked-memory",
        ],
        1,
    );
    scene.init("hub");
    let t3 = vectors("ptu").join("t3-mode.ptu");
    process::refusal(
        &[
            "serve",
            "--state",
            &scene.arg("hub"),
            "--listen",
            "127.0.0.1:0",
            "--allow-simulated",
            "--allow-unlocked-memory",
            "--capture",
            arg(&t3),
        ],
        1,
    );
}

#[test]
fn assessing_gives_the_ten_estimators_and_their_minimum() {
    let scene = Scene::new();
    // A xorshift generator: fine statistics from a fixed seed.
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let bits: Vec<u8> = (0..40_000)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            (state >> 33 & 1) as u8
        })
        .collect();
    let file = scene.file("bits", &bits);
    let report = process::json(&["assess", &file, "--packing", "byte", "--json"]);
    assert_eq!(report["bits"], 40_000);
    assert!(report["iid"].is_null());
    let estimates = report["estimates"].as_object().expect("estimates");
    let keys = [
        "mcv",
        "collision",
        "markov",
        "compression",
        "t_tuple",
        "lrs",
        "multi_mcw",
        "lag",
        "multi_mmc",
        "lz78y",
    ];
    let least = keys
        .iter()
        .map(|key| estimates[*key].as_f64().expect(key))
        .inspect(|h| assert!((0.0..=1.0).contains(h), "{estimates:#?}"))
        .fold(f64::INFINITY, f64::min);
    assert_eq!(estimates["h"].as_f64(), Some(least));
    assert!(least > 0.3, "{estimates:#?}");
    let plots = scene.path("plots");
    process::text(&["assess", &file, "--packing", "byte", "--plots", arg(&plots)]);
    let drawn = std::fs::read_dir(&plots)
        .expect("a folder of plots")
        .count();
    assert!(drawn >= 2, "{drawn} plots");
}

#[test]
fn bad_bit_files_are_refused() {
    let scene = Scene::new();
    process::refusal(&["assess", &scene.arg("missing"), "--packing", "byte"], 1);
    let empty = scene.file("empty", b"");
    process::refusal(&["assess", &empty, "--packing", "msb"], 1);
    let letters = scene.file("letters", b"this is text, not one bit a byte");
    process::refusal(&["assess", &letters, "--packing", "byte"], 1);
}
