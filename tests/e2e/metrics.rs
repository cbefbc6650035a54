//! Metrics of real processes: what Prometheus would read, beside what `status` says.
//!
//! Shows T23 (`docs/threat-model.md`).

use crate::openmetrics::{Page, ask};
use crate::process::{self, Background, arg, photonbox, refusal, refusal_of, until};
use crate::scene::{self, Hub, Scene};
use std::net::{TcpListener, TcpStream};
use std::path::Path;

const FREE: &[&str] = &["--metrics", "127.0.0.1:0"];

/// Where the line that says that something runs has its metrics.
fn address(process: &mut Background) -> String {
    let line = process.line_with("metrics on http://");
    let address = scene::address_in(&line, "metrics on http://");
    let address = address.strip_suffix("/metrics").expect("the path");
    address.to_owned()
}

fn hub(scene: &Scene) -> (Hub, String) {
    let mut hub = scene.hub("hub", &[&["--allow-simulated"], FREE].concat());
    let metrics = address(&mut hub.process);
    (hub, metrics)
}

/// Takes so many bytes of a class into a file.
fn take(scene: &Scene, state: &Path, parent: &str, class: &str, bytes: usize) {
    let sink = format!("file:{}", scene.arg(class));
    let bytes = bytes.to_string();
    let flags = ["--sink", &sink, "--class", class, "--bytes", &bytes];
    process::text(&scene::join_arguments(state, parent, &flags));
}

#[test]
fn a_hub_and_a_relay_tell_what_status_tells_and_their_counters_rise() {
    let scene = Scene::new();
    let (hub, at_hub) = hub(&scene);
    let relay = scene.enrol(&hub, "relay");
    let behind = scene.enrol(&hub, "behind");
    let sink = format!("file:{}", scene.arg("out"));
    let flags = ["--relay", "127.0.0.1:0", "--sink", &sink, "--every", "20ms"];
    let mut relaying = scene::join(&relay, &hub.address, &[&flags, FREE].concat());
    let parent = scene::address_in(&relaying.line_with("relaying on "), "relaying on ");
    let at_relay = address(&mut relaying);

    let full = "photonbox_delivered_bytes_total{class=\"full\"}";
    let drbg = "photonbox_delivered_bytes_total{class=\"drbg\"}";
    let before = Page::of(&at_hub);
    take(&scene, &behind, &parent, "drbg", 100_000);
    take(&scene, &behind, &parent, "full", 4096);
    let after = Page::of(&at_hub);
    assert_eq!(after.value(full) - before.value(full), 4096.0);
    assert!(after.value(drbg) - before.value(drbg) >= 100_000.0);
    for counter in ["photonbox_raw_bits_total", "photonbox_credited_bits_total"] {
        assert!(after.value(counter) > before.value(counter), "{counter}");
    }
    let status = hub.status();
    for (series, value) in [
        (
            full,
            status["pool"]["delivered_bits"]
                .as_f64()
                .map(|bits| bits / 8.0),
        ),
        (
            "photonbox_certificate_end_timestamp_seconds",
            status["certificate"]["not_after"].as_f64(),
        ),
        (
            "photonbox_channels{side=\"child\",class=\"symmetric\"}",
            Some(1.0),
        ),
        ("photonbox_channel_peers{side=\"child\"}", Some(1.0)),
        ("photonbox_enrolled_hosts", Some(2.0)),
        ("photonbox_health{state=\"healthy\"}", Some(1.0)),
        ("photonbox_health{state=\"unhealthy\"}", Some(0.0)),
        ("photonbox_simulated", Some(1.0)),
        ("photonbox_ledger_sound", Some(1.0)),
        (
            "photonbox_lane_state{lane=\"0\",state=\"running\"}",
            Some(1.0),
        ),
        (
            "photonbox_lane_alarm{lane=\"0\",alarm=\"rate-low\"}",
            Some(0.0),
        ),
        (
            "photonbox_build_info{version=\"0.1.0\",role=\"hub\"}",
            Some(1.0),
        ),
        ("photonbox_draining", Some(0.0)),
    ] {
        assert_eq!(Some(after.value(series)), value, "{series}\n{status:#}");
    }
    assert_eq!(
        after.sum("photonbox_lane_state"),
        status["lanes"].as_array().expect("lanes").len() as f64,
        "each lane is in one state"
    );
    assert!(after.value("photonbox_connections") >= 1.0);
    assert!(after.value("process_resident_memory_bytes") > 1e6);

    // The relay: its own sink, its parent, and the two channels that `take` made.
    let page = Page::of(&at_relay);
    let bytes = format!("photonbox_sink_bytes_total{{sink=\"{sink}\",class=\"drbg\"}}");
    until(
        "bytes in the relay's sink",
        || Page::of(&at_relay).value(&bytes),
        |now| *now > page.value(&bytes),
    );
    let receives = format!("photonbox_sink_state{{sink=\"{sink}\",state=\"receiving\"}}");
    for (series, value) in [
        ("photonbox_parent_reached", 1.0),
        ("photonbox_health{state=\"healthy\"}", 1.0),
        (
            "photonbox_channels{side=\"parent\",class=\"symmetric\"}",
            1.0,
        ),
        (
            "photonbox_channels{side=\"child\",class=\"symmetric\"}",
            0.0,
        ),
        (&receives, 1.0),
        ("photonbox_simulated", 1.0),
    ] {
        assert_eq!(page.value(series), value, "{series}\n{}", page.text);
    }
    let ended = "photonbox_channels_closed_total";
    let ended = ["normal", "shutdown", "truncated"]
        .map(|reason| page.value(&format!("{ended}{{side=\"child\",reason=\"{reason}\"}}")));
    assert_eq!(ended.iter().sum::<f64>(), 2.0, "{ended:?}");
    // What went through it is counted though the channels are gone.
    let passed = "photonbox_channel_bytes_total{side=\"child\",direction=\"sent\"}";
    assert!(page.value(passed) >= 104_096.0, "{}", page.text);

    for page in [&after, &page] {
        page.judge();
        page.check_documented();
        // Nobody is named: not hosts, not addresses, not serials.
        let serial = status["channels"][0]["peer_serial"].as_str();
        for name in ["relay", "behind", "127.0.0.1", serial.expect("a serial")] {
            let mut samples = page.text.lines().filter(|line| !line.starts_with('#'));
            assert_eq!(samples.find(|line| line.contains(name)), None, "{name}");
        }
    }

    // A hub that is gone is what a host's alarm is about.
    assert!(hub.process.terminate().success());
    let lost = until(
        "the parent's loss",
        || Page::of(&at_relay),
        |page| page.value("photonbox_parent_reached") == 0.0,
    );
    assert_eq!(lost.value("photonbox_health{state=\"degraded\"}"), 1.0);
    assert!(TcpStream::connect(&at_hub).is_err(), "gone with the hub");
    assert!(relaying.terminate().success());
}

#[test]
fn other_paths_and_methods_are_refused_and_silent_clients_hold_up_nothing() {
    let scene = Scene::new();
    let (hub, at) = hub(&scene);
    for (method, path, status) in [
        ("GET", "/", 404),
        ("GET", "/metrics/x", 404),
        ("GET", "/control.sock", 404),
        ("POST", "/metrics", 405),
        ("DELETE", "/metrics", 405),
        ("HEAD", "/metrics", 200),
    ] {
        let answer = ask(&at, method, path);
        assert_eq!(answer.status, status, "{method} {path}: {answer:?}");
        if status == 405 {
            assert!(answer.head.contains("allow: get, head"), "{}", answer.head);
        }
        if method == "HEAD" {
            assert_eq!(answer.body, "");
        }
    }
    // More than are served at once, and none says a word.
    let silent: Vec<TcpStream> = (0..50)
        .map(|_| TcpStream::connect(&at).expect("the listen queue has room"))
        .collect();
    assert_eq!(hub.status()["role"], "hub");
    let begun = std::time::Instant::now();
    assert!(hub.process.terminate().success());
    // Not after the time-outs of all of them.
    assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    drop(silent);
}

#[test]
fn off_unless_asked_for_by_flag_variable_or_file() {
    let scene = Scene::new();
    let mut plain = scene.hub("hub", &["--allow-simulated"]);
    let line = plain.process.line_with("listening on ");
    assert!(!line.contains("metrics"), "{line}");
    assert!(plain.process.terminate().success());

    let state = scene.arg("hub");
    let serve = ["serve", "--state", &state, "--listen", "127.0.0.1:0"];
    let serve = [
        &serve[..],
        &["--allow-simulated", "--allow-unlocked-memory", "--json"],
    ]
    .concat();
    let file = scene.file("hub.toml", b"[serve]\nmetrics = \"[::1]:0\"\n");
    let with_file = [&serve[..], &["--config", &file]].concat();
    for (arguments, variable, start) in [
        (&serve, "127.0.0.1:0", "\"metrics\": \"127.0.0.1:"),
        (&with_file, "", "\"metrics\": \"[::1]:"),
        (&with_file, "127.0.0.1:0", "\"metrics\": \"127.0.0.1:"),
        (&serve, "", "\"metrics\": null"),
    ] {
        if start.contains("::1") && TcpListener::bind("[::1]:0").is_err() {
            println!("skipped: metrics on [::1] (no IPv6 here)");
            continue;
        }
        let mut command = photonbox(arguments);
        command.env("PHOTONBOX_METRICS", variable);
        let mut process = Background::start_command(command, "serve");
        let line = process.line_with("\"metrics\":");
        assert!(line.contains(start), "{line}");
        assert!(process.terminate().success());
    }
}

#[test]
fn addresses_that_others_reach_and_taken_ports_are_refused_in_one_line() {
    let scene = Scene::new();
    let (hub, at) = hub(&scene);
    let host = scene.enrol(&hub, "host");
    let second = scene.arg("second");
    scene.init("second");
    let key = scene.file("key", &[b'7'; 64]);
    let (gateway, sink) = (scene.arg("gateway"), format!("file:{}", scene.arg("out")));
    let roles: [&[&str]; 3] = [
        &[
            "serve",
            "--state",
            &second,
            "--listen",
            "127.0.0.1:0",
            "--allow-simulated",
        ],
        &[
            "join",
            "--state",
            arg(&host),
            "--hub",
            &hub.address,
            "--sink",
            &sink,
        ],
        &[
            "tunnel",
            "up",
            "--state",
            &gateway,
            "--mode",
            "ip-key",
            "--ip-key-file",
            &key,
            "--role",
            "a",
            "--allowed",
            "10.2.0.0/16",
            "--listen",
            "127.0.0.1:0",
            "--boxes",
            "4",
            "--keys",
            "4",
        ],
    ];
    for role in roles {
        let with = |address| {
            let metrics = ["--allow-unlocked-memory", "--metrics", address];
            [role, &metrics].concat()
        };
        for open in ["0.0.0.0:4503", "[::]:0", "192.0.2.1"] {
            let line = refusal(&with(open), 2);
            assert!(line.contains("is not a loopback address"), "{line}");
            assert!(line.contains("a proxy that authenticates"), "{line}");
        }
        let line = refusal(&with("metrics.example"), 2);
        assert!(
            line.contains("`metrics.example` is not ADDRESS[:PORT]"),
            "{line}"
        );
        let line = refusal(&with(&at), 1);
        assert!(line.contains(&at) && line.contains("for metrics"), "{line}");
        assert!(line.contains("--metrics ADDR"), "{line}");
    }
    let mut command = photonbox(&[roles[0], &["--allow-unlocked-memory"]].concat());
    command.env("PHOTONBOX_METRICS", "0.0.0.0");
    let line = refusal_of(command, "serve", 2);
    assert!(line.contains("0.0.0.0:4503 is not a loopback"), "{line}");
}
