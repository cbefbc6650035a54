//! A recording with one dark channel: every detection is on A. Not one byte of it is served.

use crate::process::{self, arg, until};
use crate::ptu_file::t2;
use crate::scene::{self, Scene};

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
    // The hub may listen and say that it is unhealthy, or end with the code for that.
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
        assert_eq!(status.code(), Some(3), "{lines:#?}");
        return;
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
        // Until the host has been told: by a refusal of its channel or of its request.
        until(
            "the host is told",
            || (host.runs(), host.lines().join("\n")),
            |(runs, said)| {
                !runs || said.to_lowercase().contains("unhealthy") || said.contains("WARN")
            },
        );
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
