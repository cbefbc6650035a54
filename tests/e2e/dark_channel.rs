//! A recording with one dark channel: every detection is on A. Not one byte of it is served.
//!
//! Shows T1 (`docs/threat-model.md`).

use crate::process::{self, arg, until};
use crate::ptu_file::t2;
use crate::scene::{self, Scene};

/// How often lane 0 has failed.
fn failures(hub: &scene::Hub) -> u64 {
    let status = hub.status();
    let lane = &status["lanes"][0];
    assert_eq!(lane["lane"], 0, "{status:#}");
    lane["failures"].as_u64().expect("a count")
}

#[test]
fn a_recording_with_all_detections_on_a_never_yields_a_served_byte() {
    let scene = Scene::new();
    // 100,000 detections, one each 2 µs: the rate is fine, only B is dark.
    let capture = scene.file("dark.ptu", &t2((1..=100_000).map(|i| (i * 2_000_000, 0))));
    let state = scene.path("hub");
    // Enrolled in better days: an unhealthy hub has no bytes for the keys of an enrolment either.
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    assert!(hub.process.terminate().success());
    let arguments = [
        "serve",
        "--state",
        arg(&state),
        "--listen",
        "127.0.0.1:0",
        "--allow-unlocked-memory",
        "--allow-simulated",
        "--capture",
        &capture,
    ];
    let mut hub = process::Background::start(&arguments);
    // The hub listens and says that it is unhealthy.
    let listening = loop {
        if let Some(line) = hub
            .lines()
            .into_iter()
            .find(|line| line.contains("listening on "))
        {
            break Some(line);
        }
        if !hub.runs() {
            break None;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    let Some(line) = listening else {
        let (status, lines) = hub.end();
        panic!("the hub must listen and say what is wrong: {status}: {lines:#?}");
    };
    let address = scene::address_in(&line, "listening on ");
    let status = until(
        "the hub notices",
        || scene::status(&state),
        |status| status["health"] == "unhealthy",
    );
    assert_eq!(status["pool"]["delivered_bits"], 0, "{status:#}");

    let hub = scene::Hub {
        process: hub,
        state: state.clone(),
        address,
    };
    for class in ["drbg", "full"] {
        let sink = format!("file:{}", scene.arg(class));
        let mut host = scene::join(
            &alpha,
            &hub.address,
            &["--sink", &sink, "--class", class, "--bytes", "32"],
        );
        host.line_with("it has no healthy source of entropy now, so it cannot make keys");
        let health = || scene::status(&alpha)["health"].clone();
        until("the host says so", health, |health| health == "unhealthy");
        // An operator who re-arms the lane gets the same alarm again, and nothing else.
        let before = failures(&hub);
        assert!(before > 0);
        process::text(&["rearm", "--state", arg(&hub.state), "0"]);
        until(
            "the lane fails again",
            || (failures(&hub), hub.status()),
            |(now, status)| *now > before && status["health"] == "unhealthy",
        );
        assert!(host.runs());
        host.kill();
        let served = std::fs::metadata(scene.path(class)).map_or(0, |file| file.len());
        assert_eq!(served, 0, "class {class} was served from a dark channel");
    }
    assert_eq!(hub.ledger()["deliveries"], serde_json::json!([]));
    assert_eq!(
        hub.status()["health"],
        "unhealthy",
        "it never recovers by itself"
    );
}
