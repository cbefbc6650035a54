//! A hub that dies, hosts that go on, and hosts that move to another parent.

use crate::process::until;
use crate::scene::{self, Scene};
use serde_json::Value;
use std::path::Path;

fn connected(status: &Value) -> bool {
    status["channels"]
        .as_array()
        .is_some_and(|channels| !channels.is_empty())
}

#[test]
fn a_killed_hub_leaves_its_hosts_running_and_they_reconnect() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let bravo = scene.enrol(&hub, "bravo");
    let flags = |name: &str| {
        [
            "--sink".to_owned(),
            format!("file:{}", scene.arg(&format!("{name}.out"))),
            "--every".to_owned(),
            "50ms".to_owned(),
        ]
    };
    let (alpha_flags, bravo_flags) = (flags("alpha"), flags("bravo"));
    let mut hosts = [(&alpha, &alpha_flags), (&bravo, &bravo_flags)].map(|(state, flags)| {
        let flags: Vec<&str> = flags.iter().map(String::as_str).collect();
        scene::join(state, &hub.address, &flags)
    });
    until(
        "both hosts connect",
        || hub.status(),
        |status| {
            status["channels"]
                .as_array()
                .is_some_and(|channels| channels.len() == 2)
        },
    );

    let address = hub.address.clone();
    hub.process.kill();
    for state in [&alpha, &bravo] {
        until(
            "the host notices",
            || scene::status(state),
            |status| !connected(status) && status["health"] == "degraded",
        );
    }
    for host in &mut hosts {
        assert!(host.runs(), "a host outlives its hub");
    }
    let before = std::fs::metadata(scene.path("alpha.out"))
        .expect("the sink")
        .len();

    let hub = scene.serve("hub", &address, &["--allow-simulated"]);
    until(
        "both hosts reconnect",
        || hub.status(),
        |status| {
            status["channels"]
                .as_array()
                .is_some_and(|channels| channels.len() == 2)
        },
    );
    until(
        "bytes come again",
        || {
            std::fs::metadata(scene.path("alpha.out"))
                .expect("the sink")
                .len()
        },
        |now| *now > before,
    );
    let health = || scene::status(&alpha)["health"].clone();
    until("all is well again", health, |health| health == "healthy");
    for host in hosts {
        assert!(host.terminate().success(), "a host ends gracefully");
    }
}

#[test]
fn a_relay_and_the_host_behind_it_survive_a_killed_hub() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let (alpha, relay) = (scene.enrol(&hub, "alpha"), scene.enrol(&hub, "relay"));
    let mut relaying = scene::join(&relay, &hub.address, &["--relay", "127.0.0.1:0"]);
    let behind = scene::address_in(&relaying.line_with("relaying on "), "relaying on ");
    let sink = format!("file:{}", scene.arg("out"));
    let flags = [
        "--sink",
        &sink,
        "--class",
        "full",
        "--every",
        "20ms",
        "--every-bytes",
        "16",
    ];
    let mut host = scene::join(&alpha, &behind, &flags);
    let length = || std::fs::metadata(scene.path("out")).map_or(0, |file| file.len());
    until("bytes come", length, |bytes| *bytes > 0);

    let address = hub.address.clone();
    hub.process.kill();
    let told = until(
        "the relay notices",
        || scene::status(&relay),
        |status| status["parent"].is_null() && status["health"] == "degraded",
    );
    assert_eq!(told["channels"][0]["peer"], "alpha", "{told:#}");
    let told = until(
        "the host behind it is told",
        || scene::status(&alpha),
        |status| status["health"] == "degraded",
    );
    assert_eq!(told["parent"], "relay", "its channel stands: {told:#}");
    assert!(relaying.runs() && host.runs(), "both outlive the hub");
    let before = length();

    let hub = scene.serve("hub", &address, &["--allow-simulated"]);
    until("bytes come again", length, |now| *now > before);
    for state in [&alpha, &relay] {
        let health = || scene::status(state)["health"].clone();
        until("all is well again", health, |health| health == "healthy");
    }
    assert!(hub.ledger()["deliveries"].to_string().contains("alpha"));
    assert!(relaying.runs() && host.runs());
    for process in [host, relaying] {
        let (status, lines) = process.stop();
        assert!(status.success(), "{lines:#?}");
        assert!(!lines.join("\n").contains("panicked"), "{lines:#?}");
    }
}

#[test]
fn a_host_takes_the_next_parent_of_its_list() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    // Nobody listens on the first: a port that was free a moment ago.
    let dead = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port");
    let parents = format!("{dead},{}", hub.address);
    let sink = format!("file:{}", scene.arg("out"));
    let host = scene::join(&alpha, &parents, &["--sink", &sink, "--bytes", "1000"]);
    let (status, lines) = host.end();
    assert!(status.success(), "{lines:#?}");
    assert_eq!(
        std::fs::read(scene.path("out")).expect("the sink").len(),
        1000
    );
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir(to).expect("a folder");
    // As its original's: nobody else may look in.
    let mode = std::fs::metadata(from).expect("the state").permissions();
    std::fs::set_permissions(to, mode).expect("its mode");
    for entry in std::fs::read_dir(from).expect("the state") {
        let entry = entry.expect("an entry");
        if entry.file_type().expect("a type").is_file() {
            std::fs::copy(entry.path(), to.join(entry.file_name())).expect("a copy");
        }
    }
}

/// Two hubs of one authority and one list of hosts: the second is the first's copy.
#[test]
fn a_running_host_moves_to_the_second_hub_when_the_first_dies() {
    let scene = Scene::new();
    let first = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&first, "alpha");
    let address = first.address.clone();
    assert!(first.process.terminate().success());
    copy(&scene.path("hub"), &scene.path("hub2"));
    let first = scene.serve("hub", &address, &["--allow-simulated"]);
    let second = scene.serve("hub2", "127.0.0.1:0", &["--allow-simulated"]);
    let parents = format!("{},{}", first.address, second.address);
    let sink = format!("file:{}", scene.arg("out"));
    let mut host = scene::join(&alpha, &parents, &["--sink", &sink, "--every", "20ms"]);
    until("it connects to the first", || first.status(), connected);
    // It may have tried both; it is with one.
    until(
        "it is with the first alone",
        || second.status(),
        |status| !connected(status),
    );
    first.process.kill();
    until("it moves to the second", || second.status(), connected);
    let length = || std::fs::metadata(scene.path("out")).map_or(0, |file| file.len());
    let before = length();
    until("bytes come from there", length, |now| *now > before);
    assert!(host.runs());
    assert!(host.terminate().success());
}

#[test]
fn a_host_behind_a_relay_moves_to_the_hub_when_the_relay_dies() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let (alpha, relay) = (scene.enrol(&hub, "alpha"), scene.enrol(&hub, "relay"));
    let mut relaying = scene::join(&relay, &hub.address, &["--relay", "127.0.0.1:0"]);
    let behind = scene::address_in(&relaying.line_with("relaying on "), "relaying on ");
    let parents = format!("{behind},{}", hub.address);
    let sink = format!("file:{}", scene.arg("out"));
    let flags = [
        "--sink",
        &sink,
        "--class",
        "full",
        "--every",
        "20ms",
        "--every-bytes",
        "16",
    ];
    let mut host = scene::join(&alpha, &parents, &flags);
    host.line_with(" ready");
    // Hops are those of the last bytes, the parent is the present one: on a busy machine a channel may end in between.
    let through = |parent: &str, hops: u64| {
        until(
            "bytes come",
            || scene::status(&alpha),
            |status| status["sinks"][0]["hops"] == hops && status["parent"] == parent,
        )
    };
    through("relay", 2);
    relaying.kill();
    through("hub", 1);
    assert!(host.terminate().success());
}

#[test]
fn draining_finishes_and_ends_the_hub() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let sink = format!("file:{}", scene.arg("out"));
    let mut host = scene::join(&alpha, &hub.address, &["--sink", &sink, "--every", "20ms"]);
    until("the host connects", || hub.status(), connected);
    let state = crate::process::arg(&hub.state).to_owned();
    crate::process::text(&["drain", "--state", &state]);
    let (status, lines) = hub.process.end();
    assert!(status.success(), "{lines:#?}");
    assert!(host.runs(), "its hosts wait for it to come back");
}
