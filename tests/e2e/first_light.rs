//! The whole way: photons to two hosts, one of them behind a relay.
//!
//! Shows T3 (`docs/threat-model.md`).

use crate::process::{self, arg, until};
use crate::scene::{self, Scene, recording, sha256};

const MIB: usize = 1 << 20;

#[test]
fn one_mebibyte_drbg_and_a_second_of_full_to_each_of_two_hosts() {
    let scene = Scene::new();
    let capture = recording();
    let mut flags = vec!["--allow-simulated", "--rekey-packets", "20"];
    // One second of the recording gives a little less: it begins again, and says so.
    let full_bytes = 14_000;
    match &capture {
        Some(path) => flags.extend(["--capture", arg(path)]),
        None => eprintln!("PHOTONBOX_CAPTURE is not set: photons come from the stochastic model"),
    }
    let hub = scene.hub("hub", &flags);
    let alpha = scene.enrol(&hub, "alpha");
    let relay = scene.enrol(&hub, "relay");
    let bravo = scene.enrol(&hub, "bravo");

    let mut relaying = scene::join(
        &relay,
        &hub.address,
        &["--relay", "127.0.0.1:0", "--rekey-packets", "20"],
    );
    let behind = scene::address_in(&relaying.line_with("relaying on "), "relaying on ");

    for (state, host, parent, hops) in [
        (&alpha, "alpha", &hub.address, 1),
        (&bravo, "bravo", &behind, 2),
    ] {
        for (class, bytes) in [("drbg", MIB), ("full", full_bytes)] {
            let file = scene.path(&format!("{host}-{class}"));
            let sink = format!("file:{}", file.display());
            let report = process::json(&scene::join_arguments(
                state,
                parent,
                &[
                    "--sink",
                    &sink,
                    "--class",
                    class,
                    "--bytes",
                    &bytes.to_string(),
                    "--rekey-packets",
                    "20",
                    "--json",
                ],
            ));
            let received = std::fs::read(&file).expect("the sink");
            assert_eq!(received.len(), bytes, "{host} {class}");
            let hash = sha256(&received);
            assert_eq!(report["sha256"], hash.as_str(), "{host} {class}");
            assert_eq!(report["bytes"], bytes, "{host} {class}");
            if class == "drbg" {
                // 1024 packets of 1 KiB at 20 packets an epoch.
                let rekeys = report["rekeys"].as_u64();
                assert!(rekeys.is_some_and(|n| n >= 50), "{host}: {report:#}");
            }
            assert_eq!(
                report["simulated"], true,
                "{host} {class}: the label goes to the end"
            );
            let delivered = hub.delivery(host, class, bytes);
            assert_eq!(
                delivered["sha256"],
                hash.as_str(),
                "{host} {class}: {hops} hops"
            );
        }
    }

    let status = hub.status();
    assert_eq!(status["role"], "hub");
    assert_eq!(status["simulated"], true);
    assert_eq!(status["health"], "healthy");
    assert_eq!(status["locked"], false);
    if capture.is_some() {
        // Both hosts together had more than the recording holds.
        assert_eq!(
            (&status["replayed"], &status["label"]),
            (&true.into(), &"replayed".into())
        );
    }
    let credited = status["pool"]["credited_bits"]
        .as_f64()
        .expect("credited bits");
    let delivered = status["pool"]["delivered_bits"]
        .as_f64()
        .expect("delivered bits");
    assert!(delivered <= credited, "{status:#}");

    let ledger = hub.ledger();
    let credited = ledger["credited_bits"].as_f64().expect("credited");
    let full = ledger["delivered_full_bits"]
        .as_f64()
        .expect("delivered full");
    assert!(
        full >= (2 * 8 * full_bytes) as f64 && full <= credited,
        "{ledger:#}"
    );

    assert!(relaying.runs());
    assert!(relaying.terminate().success(), "a relay ends gracefully");
    assert!(hub.process.terminate().success(), "a hub ends gracefully");
}

#[test]
fn fifty_rekeys_at_twenty_packets_and_the_second_channel_is_symmetric() {
    let scene = Scene::new();
    let hub = scene.hub(
        "hub",
        &[
            "--allow-simulated",
            "--rekey-packets",
            "20",
            "--rekey-seconds",
            "inf",
        ],
    );
    let alpha = scene.enrol(&hub, "alpha");
    let sink = format!("file:{}", scene.arg("out"));
    let host = scene::join(
        &alpha,
        &hub.address,
        &[
            "--sink",
            &sink,
            "--every",
            "1ms",
            "--every-bytes",
            "32",
            "--rekey-packets",
            "20",
            "--rekey-seconds",
            "inf",
        ],
    );
    let status = until(
        "50 rekeys",
        || hub.status(),
        |status| {
            status["channels"][0]["rekeys"]
                .as_u64()
                .is_some_and(|rekeys| rekeys >= 50)
        },
    );
    let channel = &status["channels"][0];
    assert_eq!(channel["peer"], "alpha");
    assert!(
        channel["epoch"].as_u64().is_some_and(|epoch| epoch >= 50),
        "{channel:#}"
    );
    assert!(
        channel["packets_left"]
            .as_u64()
            .is_some_and(|left| left <= 20),
        "{channel:#}"
    );
    assert_eq!(channel["class"], "symmetric", "{channel:#}");
    let ms = |key: &str| channel[key].as_f64().expect("milliseconds");
    assert!(
        ms("first_channel_ms") <= ms("second_channel_ms"),
        "{channel:#}"
    );
    // The first channel had only the hub's entropy; bytes came through the second.
    let said = host.lines();
    let at = |part: &str| said.iter().position(|line| line.contains(part));
    let first = at("first channel stands").expect("it is told");
    assert!(said[first].contains("\"asymmetric\""), "{}", said[first]);
    let second = at(" connected ").expect("it is told");
    assert!(
        said[second].contains("class=\"symmetric\""),
        "{}",
        said[second]
    );
    assert!(first < second, "{said:#?}");
    for key in ["seconds_left", "bytes", "hops", "trust"] {
        assert!(
            channel.get(key).is_some(),
            "{key} is missing in {channel:#}"
        );
    }
    let host_status = scene::status(&alpha);
    assert_eq!(host_status["role"], "host");
    assert_eq!(host_status["simulated"], true);
    assert!(
        host_status["channels"][0]["rekeys"]
            .as_u64()
            .is_some_and(|n| n >= 50),
        "{host_status:#}"
    );
    let text = process::text(&["status", "--state", arg(&hub.state)]);
    assert!(
        text.contains("alpha") && text.contains("no security meaning"),
        "{text}"
    );
    assert!(host.terminate().success());
}

#[test]
fn a_hub_serves_a_simulated_source_only_when_told() {
    let scene = Scene::new();
    scene.init("hub");
    let line = process::refusal(
        &[
            "serve",
            "--state",
            &scene.arg("hub"),
            "--listen",
            "127.0.0.1:0",
            "--allow-unlocked-memory",
        ],
        1,
    );
    assert!(line.contains("--allow-simulated"), "{line}");
}

#[test]
fn a_demo_without_a_healthy_source_ends_with_its_code() {
    for (pattern, alarm) in [
        ("stuck-a", "lane 0: repetition-count"),
        ("biased", "lane 0: adaptive-proportion"),
    ] {
        let line = process::refusal(
            &[
                "demo",
                "--pattern",
                pattern,
                "--seconds",
                "2",
                "--allow-unlocked-memory",
            ],
            3,
        );
        let said = format!("{line:?}");
        assert!(line.contains("the photon source is unhealthy"), "{said}");
        assert!(line.contains(alarm), "{pattern}: {said}");
    }
}

#[test]
fn the_demo_delivers_to_two_hosts_one_of_them_behind_a_relay() {
    let capture = recording();
    let mut arguments = vec![
        "demo",
        "--seconds",
        "2",
        "--json",
        "--log",
        "warn",
        "--allow-unlocked-memory",
    ];
    if let Some(path) = &capture {
        arguments.extend(["--capture", arg(path)]);
    }
    let output = process::run(&arguments);
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{errors}");
    // A demo in which nothing is wrong warns of nothing but its labels.
    let other: Vec<&str> = errors
        .lines()
        .filter(|line| !line.contains("the source's entropy is labelled"))
        .collect();
    assert!(
        other.is_empty(),
        "a normal demo warns of nothing: {other:#?}"
    );
    let report: serde_json::Value =
        serde_json::from_slice(&output.stdout).expect("one JSON document");
    for key in ["raw_bits", "credited_bits", "full_entropy_bits", "epochs"] {
        assert!(
            report[key].as_u64().is_some_and(|n| n > 0),
            "{key} in {report:#}"
        );
    }
    for key in ["first_channel_ms", "second_channel_ms"] {
        assert!(
            report[key].as_f64().is_some_and(|ms| ms > 0.0),
            "{key} in {report:#}"
        );
    }
    for key in ["p50", "p99", "p999"] {
        assert!(
            report["latency_us"][key]
                .as_f64()
                .is_some_and(|us| us > 0.0),
            "{key} in {report:#}"
        );
    }
    assert_eq!(report["alarms"], serde_json::json!([]));
    let delivered = report["delivered"].as_array().expect("deliveries");
    let hops: Vec<u64> = delivered
        .iter()
        .filter_map(|d| d["hops"].as_u64())
        .collect();
    let (nearest, farthest) = (hops.iter().min(), hops.iter().max());
    assert!(delivered.len() >= 2 && nearest < farthest, "{report:#}");
    for delivery in delivered {
        assert!(
            delivery["bytes"].as_u64().is_some_and(|n| n > 0),
            "{delivery:#}"
        );
        assert_eq!(delivery["simulated"], true);
        assert_eq!(delivery["sha256"].as_str().map(str::len), Some(64));
    }
}
