//! The recording through the model's sampler: the exact counts and hashes of `sampler.json`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use photonbox_model::SamplerSettings;
use photonbox_simcard::capture_bits::capture_bits;
use photonbox_simcard::ptu::Capture;
use serde_json::Value;

#[test]
fn the_recording_gives_the_bits_of_the_vectors() {
    let Some(path) = std::env::var_os("PHOTONBOX_CAPTURE") else {
        eprintln!("skipped: PHOTONBOX_CAPTURE is not set");
        return;
    };
    let vectors = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../tests/vectors/sampler.json"
    );
    let vectors: Value = serde_json::from_slice(&std::fs::read(vectors).unwrap()).unwrap();
    let capture = Capture::open(path).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 4);
    for case in cases {
        let settings = SamplerSettings {
            window: case["window"].as_u64().unwrap() as u32,
            holdoff: case["holdoff"].as_u64().unwrap() as u32,
            retrigger: false,
        };
        let got = capture_bits(&capture, case["period_ps"].as_u64().unwrap(), settings).unwrap();
        let first: String = got.values[..64]
            .iter()
            .map(|b| char::from(b'0' + b))
            .collect();
        assert_eq!(case["first64"], first, "{settings:?}");
        let report = serde_json::to_value(&got.report).unwrap();
        for key in [
            "bits",
            "ones",
            "coincidences",
            "ignored",
            "sha256_packed_msb_first",
        ] {
            assert_eq!(report[key], case[key], "{settings:?}: {key}");
        }
        let lag1 = report["lag1"].as_f64().unwrap();
        let want = case["lag1"].as_f64().unwrap();
        assert!(
            (lag1 - want).abs() < 1.1e-5,
            "{settings:?}: {lag1} against {want}"
        );
        assert_eq!(got.values.len() as u64, got.report.bits);
    }
}
