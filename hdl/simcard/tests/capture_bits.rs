//! The recording through the sampler, the model's and the verilated hardware's: the exact counts and hashes of
//! `sampler.json`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use photonbox_model::SamplerSettings;
use photonbox_simcard::CoreKind;
use photonbox_simcard::capture_bits::capture_bits_by;
use photonbox_simcard::ptu::Capture;
use serde_json::Value;

#[test]
fn the_recording_gives_the_bits_of_the_vectors() {
    through(CoreKind::Model);
}

#[cfg(feature = "verilated")]
#[test]
fn the_recording_gives_the_bits_of_the_vectors_on_hardware() {
    through(CoreKind::Rtl);
}

fn through(core: CoreKind) {
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
        let period_ps = case["period_ps"].as_u64().unwrap();
        let got = capture_bits_by(core, &capture, period_ps, settings).unwrap();
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

/// What lets `capture bits --card rtl` cut idle stretches short: in each state that a sampler can be in after an edge,
/// stretches longer than window, hold-off and a margin lead to the same bits and counts.
#[cfg(feature = "verilated")]
#[test]
fn idle_cycles_beyond_window_and_hold_off_change_nothing() {
    use photonbox_model::Sampler;
    use photonbox_simcard::ptu::{Detector, RecordType, Writer};
    // Pulses in cycles of 1 ns, gaps around and far beyond W + HOLDOFF.
    let mut writer = Writer::new(RecordType::HydraHarpV2, 1e-12);
    let (mut x, mut cycle) = (1_u64, 0);
    for _ in 0..20_000 {
        x = x.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        let detector = if x >> 63 == 0 {
            Detector::A
        } else {
            Detector::B
        };
        let gap = (x >> 40) % 64;
        cycle += if gap < 60 { gap } else { 1_000 * gap };
        writer.photon(detector, cycle * 1_000);
    }
    let capture = Capture::parse(&writer.to_bytes()).unwrap();
    for window in 0..4 {
        for (holdoff, retrigger) in [(0, false), (1, true), (7, false), (30, true)] {
            let settings = SamplerSettings {
                window,
                holdoff,
                retrigger,
            };
            let by = |core| capture_bits_by(core, &capture, 1_000, settings).unwrap();
            let (model, rtl) = (by(CoreKind::Model), by(CoreKind::Rtl));
            assert_eq!(model, rtl, "{settings:?}");
            assert!(model.report.bits > 1_000, "{settings:?}");
        }
    }
    // The model's own state says the same: ready after that many idle cycles, whatever came before.
    for (window, holdoff) in [(0, 0), (3, 5), (9, 0), (2, 40)] {
        let settings = SamplerSettings {
            window,
            holdoff,
            retrigger: false,
        };
        let mut sampler = Sampler::new(settings);
        sampler.step(true, false);
        sampler.skip_idle(u64::from(window) + u64::from(holdoff));
        let ready = sampler.counters().ignored;
        sampler.step(true, false);
        assert!(!sampler.window_open() || sampler.counters().ignored == ready);
        assert_eq!(sampler.counters().ignored, ready, "not blind any more");
    }
}

#[cfg(feature = "verilated")]
#[test]
fn settings_that_no_register_holds_are_refused() {
    use photonbox_simcard::ptu::{Detector, RecordType, Writer};
    let mut writer = Writer::new(RecordType::HydraHarpV2, 1e-12);
    writer.photon(Detector::A, 0);
    let capture = Capture::parse(&writer.to_bytes()).unwrap();
    for (window, holdoff) in [(1 << 16, 0), (0, 1 << 20)] {
        let settings = SamplerSettings {
            window,
            holdoff,
            retrigger: false,
        };
        let by = |core| capture_bits_by(core, &capture, 4_000, settings);
        assert!(by(CoreKind::Model).is_ok());
        let error = by(CoreKind::Rtl).unwrap_err().to_string();
        assert!(error.contains("--card model"), "{error}");
    }
}
