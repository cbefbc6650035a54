//! A hub that dies, hosts that go on, and hosts that move to another parent.

use crate::process::until;
use crate::scene::{self, Scene};
use serde_json::Value;

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
            |status| !connected(status),
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
    for host in hosts {
        assert!(host.terminate().success(), "a host ends gracefully");
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
