//! The PTU reader on arbitrary bytes: no panic, and what it accepts adds up.
#![no_main]

use libfuzzer_sys::fuzz_target;
use photonbox_simcard::ptu::{Capture, Detector};

fuzz_target!(|data: &[u8]| {
    let Ok(capture) = Capture::parse(data) else { return };
    let (mut a, mut b, mut last) = (0, 0, 0);
    for event in capture.events() {
        assert!(event.time_ps >= last, "photons come in order of time");
        last = event.time_ps;
        match event.detector {
            Detector::A => a += 1,
            Detector::B => b += 1,
        }
    }
    let info = capture.info();
    assert_eq!((info.detections.a, info.detections.b), (a, b));
});
