//! The PTU reader on random and mutated bytes: it answers, it never panics, and what it accepts it
//! can play.
//!
//! Shows T12 (`docs/threat-model.md`).
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use photonbox_simcard::ptu::{Capture, Detector, MAGIC, RecordType, Writer};
use proptest::collection::vec;
use proptest::prelude::*;

/// What must hold of anything accepted.
fn check(data: &[u8]) {
    let Ok(capture) = Capture::parse(data) else {
        return;
    };
    let info = capture.info();
    let mut last = 0;
    let (mut a, mut b) = (0, 0);
    for event in capture.events() {
        assert!(event.time_ps >= last && event.time_ps <= info.duration_ps);
        last = event.time_ps;
        match event.detector {
            Detector::A => a += 1,
            Detector::B => b += 1,
        }
    }
    assert_eq!((a, b), (info.detections.a, info.detections.b));
    assert!(a + b > 0);
    let other = info.overflows + info.other_channels + info.markers;
    assert_eq!(info.records, a + b + other);
    assert!(info.resolution_ps > 0.0);
}

fn any_type() -> impl Strategy<Value = RecordType> {
    (0..RecordType::ALL.len()).prop_map(|i| RecordType::ALL[i])
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes(data in vec(any::<u8>(), 0..600), magic in any::<bool>()) {
        let head: &[u8] = if magic { MAGIC } else { &[] };
        check(&[head, &data].concat());
    }

    #[test]
    fn random_records(
        kind in any_type(),
        words in vec(any::<u32>(), 0..200),
        resolution in prop_oneof![Just(1e-12), Just(1e-15), Just(1e-3), any::<f64>()],
    ) {
        let mut w = Writer::new(kind, resolution);
        w.words = words;
        check(&w.to_bytes());
    }

    #[test]
    fn mutated_recordings(
        kind in any_type(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 0..12),
        cut in any::<prop::sample::Index>(),
        cut_it in any::<bool>(),
    ) {
        let mut w = Writer::new(kind, 1e-12);
        for i in 1..30 {
            w.photon(if i % 3 == 0 { Detector::A } else { Detector::B }, i * i * 1_000_000);
        }
        let mut data = w.to_bytes();
        for (at, value) in &changes {
            let at = at.index(data.len());
            data[at] = *value;
        }
        if cut_it {
            data.truncate(cut.index(data.len()));
        }
        check(&data);
    }

    /// What is written is read back, for each layout.
    #[test]
    fn written_photons_are_read_back(
        kind in any_type(),
        gaps in vec((0u64..400_000_000, any::<bool>()), 1..100),
    ) {
        let mut w = Writer::new(kind, 1e-12);
        let mut time = 0;
        let mut want = Vec::new();
        for (gap, is_a) in gaps {
            time += gap;
            let detector = if is_a { Detector::A } else { Detector::B };
            w.photon(detector, time);
            want.push((time, detector));
        }
        let capture = Capture::parse(&w.to_bytes()).unwrap();
        let got: Vec<_> = capture.events().map(|e| (e.time_ps, e.detector)).collect();
        prop_assert_eq!(got, want);
    }
}
