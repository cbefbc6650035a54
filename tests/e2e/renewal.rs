//! Certificates renewed while hub and hosts run, and whoever may not renew.
//!
//! Shows T17 (`docs/threat-model.md`).

use crate::process::{self, Background, arg, refusal, until};
use crate::scene::{self, Scene};
use photonbox_store::{SqliteStore, Store as _};
use serde_json::Value;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::time::Duration;

/// What `status` says about the own certificate.
fn certificate(state: &Path) -> Value {
    scene::status(state)["certificate"].clone()
}

fn renew(state: &Path, more: &[&str]) -> Value {
    let mut arguments = vec!["enroll", "renew", "--state", arg(state), "--json"];
    arguments.extend(more);
    process::json(&arguments)
}

/// The serial that the other side of the only channel showed.
fn shown(state: &Path) -> Value {
    scene::status(state)["channels"][0]["peer_serial"].clone()
}

fn length(scene: &Scene, name: &str) -> u64 {
    std::fs::metadata(scene.path(name)).map_or(0, |file| file.len())
}

fn more_than(scene: &Scene, name: &str, before: u64) {
    until(
        "bytes come",
        || length(scene, name),
        |length| *length > before,
    );
}

#[test]
fn a_channel_goes_on_and_the_next_one_has_the_new_certificates() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let sink = format!("file:{}", scene.arg("out"));
    let join = |address: &str| scene::join(&alpha, address, &["--sink", &sink, "--every", "20ms"]);
    let host = join(&hub.address);
    more_than(&scene, "out", 0);
    let (hub_old, host_old) = (shown(&alpha), shown(&hub.state));
    let (by_hub, by_host) = (renew(&hub.state, &[]), renew(&alpha, &[]));
    assert_eq!(
        (&by_hub["role"], &by_hub["id"]),
        (&"hub".into(), &"hub".into())
    );
    assert_eq!(
        (&by_host["role"], &by_host["id"]),
        (&"host".into(), &"alpha".into())
    );
    for (state, renewed) in [(&hub.state, &by_hub), (&alpha, &by_host)] {
        let certificate = certificate(state);
        assert_eq!(certificate["serial"], renewed["certificate_serial"]);
        assert_eq!(certificate["not_after"], renewed["expires"]);
        assert!(certificate["renewed"].as_u64().is_some());
    }
    // The channel that stands keeps what it was made with.
    more_than(&scene, "out", length(&scene, "out"));
    assert_eq!(
        (shown(&alpha), shown(&hub.state)),
        (hub_old.clone(), host_old.clone())
    );
    let status = hub.status();
    assert_eq!(status["closed"], serde_json::json!({}), "{status:#}");
    assert!(host.terminate().success());
    // And a restarted host has the new one from its store.
    let host = join(&hub.address);
    until(
        "it is connected",
        || shown(&hub.state),
        |serial| !serial.is_null(),
    );
    assert_eq!(shown(&hub.state), by_host["certificate_serial"]);
    assert_eq!(shown(&alpha), by_hub["certificate_serial"]);
    // From then on the old one is closed.
    let store = SqliteStore::open(&hub.state).expect("the hub's store");
    let all = store.enrolments().expect("enrolments");
    let of = |serial: &Value| all.iter().find(|one| serial == one.serial.as_str());
    assert!(of(&host_old).expect("the old one").revoked.is_some());
    assert!(
        of(&by_host["certificate_serial"])
            .expect("the new one")
            .revoked
            .is_none()
    );
    assert!(host.terminate().success());
}

#[test]
fn hub_and_host_renew_by_themselves_and_channels_end_with_their_certificates() {
    let scene = Scene::new();
    process::json(&[
        "init",
        "--state",
        &scene.arg("hub"),
        "--hub-name",
        "hub",
        "--certificate-life",
        "12s",
        "--json",
    ]);
    let flags = ["--allow-simulated", "--certificate-life", "12s"];
    let hub = scene.serve("hub", "127.0.0.1:0", &flags);
    let alpha = scene.enrol(&hub, "alpha");
    let sink = format!("file:{}", scene.arg("out"));
    let flags = ["--sink", &sink, "--every", "20ms", "--renew-left", "50"];
    let mut host = scene::join(&alpha, &hub.address, &flags);
    more_than(&scene, "out", 0);
    let first = (certificate(&hub.state), certificate(&alpha));
    let serials = |state: &Path| certificate(state)["serial"].clone();
    until(
        "the host renews",
        || serials(&alpha),
        |serial| *serial != first.1["serial"],
    );
    until(
        "the hub renews",
        || serials(&hub.state),
        |serial| *serial != first.0["serial"],
    );
    // The first channel ends before its certificate does. The next one may have come before the renewal.
    let closed = |status: &Value| status["closed"]["certificate-expired"].as_u64();
    until(
        "a channel ends with its certificate",
        || hub.status(),
        |status| closed(status) >= Some(1),
    );
    more_than(&scene, "out", length(&scene, "out"));
    until(
        "a channel stands with the newer certificate",
        || shown(&hub.state),
        |serial| serial.is_string() && *serial != first.1["serial"],
    );
    let line = host.line_with("certificate renewed");
    assert!(line.contains("new connections have it"), "{line}");
    assert!(host.runs());
    assert!(host.terminate().success());
}

fn refused(state: &Path, hub: &str, code: i32) -> String {
    refusal(
        &["enroll", "renew", "--state", arg(state), "--hub", hub],
        code,
    )
}

#[test]
fn who_may_not_renew_is_refused_in_a_line() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let other = scene.hub("other", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let line = refused(&alpha, &other.address, 1);
    assert!(line.contains("not under the pinned CA"), "{line}");
    process::text(&["enroll", "revoke", "--state", arg(&hub.state), "alpha"]);
    let line = refused(&alpha, &hub.address, 1);
    assert!(
        line.contains("refused to renew the certificate: the host was revoked"),
        "{line}"
    );
    let late = crate::bad_peers::expired_host(&scene, &hub.state);
    let line = refused(&late, &hub.address, 1);
    assert!(
        line.contains("has expired") && line.contains("enrolled anew"),
        "{line}"
    );
    let line = refusal(&["enroll", "renew", "--state", arg(&alpha)], 2);
    assert!(line.contains("no hub was given"), "{line}");
    refusal(&["enroll", "renew", "--state", &scene.arg("nowhere")], 1);
    let long = [
        "init",
        "--state",
        &scene.arg("long"),
        "--certificate-life",
        "4000d",
    ];
    let line = refusal(&long, 2);
    assert!(line.contains("cannot live"), "{line}");
}

/// The hub dies at any moment of a renewal: whatever is on the two disks then, the host comes back in.
#[test]
fn a_hub_killed_while_hosts_renew_locks_nobody_out() {
    let scene = Scene::new();
    let mut hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let address = hub.address.clone();
    for round in 0..12_u64 {
        let arguments = ["enroll", "renew", "--state", arg(&alpha), "--hub", &address];
        let renewing = Background::start(&arguments);
        // A renewal takes some tens of milliseconds: each round falls into another part of it. Nothing is awaited by this.
        std::thread::sleep(Duration::from_millis(7 * round));
        if round % 2 == 0 {
            hub.process.kill();
            let (_, said) = renewing.end();
            assert!(!said.join("\n").contains("panicked"), "{said:#?}");
            hub = scene.serve("hub", &address, &["--allow-simulated"]);
        } else {
            renewing.kill();
        }
        let sink = format!("file:{}", scene.arg(&format!("out-{round}")));
        let flags = ["--sink", &sink, "--bytes", "64", "--json"];
        let report = process::json(&scene::join_arguments(&alpha, &address, &flags));
        assert_eq!(report["bytes"], 64);
    }
    // What was issued in vain is closed with the first use of what was not.
    let renewed = renew(&alpha, &["--hub", &address]);
    let sink = format!("file:{}", scene.arg("out"));
    let flags = ["--sink", &sink, "--bytes", "64", "--json"];
    process::json(&scene::join_arguments(&alpha, &address, &flags));
    let store = SqliteStore::open(&hub.state).expect("the hub's store");
    let all = store.enrolments().expect("enrolments");
    let good: Vec<_> = all.iter().filter(|one| one.revoked.is_none()).collect();
    assert_eq!(good.len(), 1, "{all:#?}");
    assert_eq!(renewed["certificate_serial"], good[0].serial.as_str());
}

/// The answer that the host never stored, driven by hand: the hub has issued, the host has not.
#[test]
fn an_answer_that_never_reached_the_hosts_disk() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let kept = scene.path("kept");
    std::fs::create_dir(&kept).expect("a folder");
    let database = photonbox_store::DATABASE_FILE;
    std::fs::copy(alpha.join(database), kept.join(database)).expect("the host's disk");
    let lost = renew(&alpha, &["--hub", &hub.address]);
    // As if the host had died before it wrote: it has what it had.
    let sink = format!("file:{}", scene.arg("out"));
    let flags = ["--sink", &sink, "--bytes", "64", "--json"];
    let report = process::json(&scene::join_arguments(&kept, &hub.address, &flags));
    assert_eq!(report["bytes"], 64);
    let again = renew(&kept, &["--hub", &hub.address]);
    assert_ne!(again["certificate_serial"], lost["certificate_serial"]);
    process::json(&scene::join_arguments(&kept, &hub.address, &flags));
    // Once that one is in use, the one that was lost is nobody's.
    let line = refusal(
        &scene::join_arguments(&alpha, &hub.address, &["--sink", &sink, "--bytes", "16"]),
        1,
    );
    assert!(line.contains("revoked"), "{line}");
}

/// Passes a host's hello on and holds back what it says afterwards: a TLS handshake's end and the request.
fn held_back(listener: &TcpListener, hub: &str) -> (TcpStream, Vec<u8>) {
    let (mut host, _) = listener.accept().expect("the host");
    let mut up = TcpStream::connect(hub).expect("the hub");
    let (mut from_hub, mut to_host) = (
        up.try_clone().expect("a handle"),
        host.try_clone().expect("a handle"),
    );
    let (told, answers) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut bytes = [0; 65_536];
        // It ends with either side.
        while let Ok(count @ 1..) = from_hub.read(&mut bytes) {
            let _ = told.send(());
            let _ = to_host.write_all(&bytes[..count]);
        }
    });
    let mut bytes = [0; 65_536];
    let short = Duration::from_millis(100);
    host.set_read_timeout(Some(short)).expect("a time-out");
    while answers.try_recv().is_err() {
        if let Ok(count) = host.read(&mut bytes) {
            up.write_all(&bytes[..count]).expect("the hub takes it");
        }
    }
    // A certificate, a request for the next one and a signature: more than 900 bytes.
    let mut held = Vec::new();
    until(
        "the host has said everything",
        || {
            let before = held.len();
            if let Ok(count) = host.read(&mut bytes) {
                held.extend_from_slice(&bytes[..count]);
            }
            (before, held.len())
        },
        |(before, now)| *now > 900 && before == now,
    );
    (up, held)
}

/// A host dies while its request is on its way, comes back and renews; then that request reaches the hub after all.
#[test]
fn a_request_that_comes_late_locks_nobody_out() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let between = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = between.local_addr().expect("an address").to_string();
    let asking = Background::start(&["enroll", "renew", "--state", arg(&alpha), "--hub", &address]);
    let (mut up, held) = held_back(&between, &hub.address);
    asking.kill();
    let renewed = renew(&alpha, &["--hub", &hub.address]);
    up.write_all(&held).expect("the hub takes it");
    let store = SqliteStore::open(&hub.state).expect("the hub's store");
    until(
        "the hub answers it",
        || store.enrolments().expect("enrolments").len(),
        |count| *count == 3,
    );
    let sink = format!("file:{}", scene.arg("out"));
    let flags = ["--sink", &sink, "--bytes", "64", "--json"];
    let report = process::json(&scene::join_arguments(&alpha, &hub.address, &flags));
    assert_eq!(report["bytes"], 64);
    let again = renew(&alpha, &["--hub", &hub.address]);
    assert_ne!(again["certificate_serial"], renewed["certificate_serial"]);
    process::json(&scene::join_arguments(&alpha, &hub.address, &flags));
    let all = store.enrolments().expect("enrolments");
    let good: Vec<_> = all.iter().filter(|one| one.revoked.is_none()).collect();
    assert_eq!(good.len(), 1, "{all:#?}");
    assert_eq!(again["certificate_serial"], good[0].serial.as_str());
}

#[test]
fn a_host_behind_a_relay_renews_through_it() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let (relay, bravo) = (scene.enrol(&hub, "relay"), scene.enrol(&hub, "bravo"));
    let mut relaying = scene::join(&relay, &hub.address, &["--relay", "127.0.0.1:0"]);
    let line = relaying.line_with("relaying on ");
    let through = scene::address_in(&line, "relaying on ");
    let sink = format!("file:{}", scene.arg("out"));
    let host = scene::join(&bravo, &through, &["--sink", &sink, "--class", "full"]);
    more_than(&scene, "out", 0);
    let before = certificate(&bravo)["serial"].clone();
    let (of_relay, of_host) = (renew(&relay, &[]), renew(&bravo, &[]));
    assert_ne!(of_host["certificate_serial"], before);
    more_than(&scene, "out", length(&scene, "out"));
    assert!(host.terminate().success());
    let mut host = scene::join(&bravo, &through, &["--sink", &sink, "--class", "full"]);
    host.line_with(" ready");
    until(
        "it is connected",
        || shown(&bravo),
        |serial| !serial.is_null(),
    );
    assert_eq!(shown(&bravo), of_relay["certificate_serial"]);
    more_than(&scene, "out", length(&scene, "out"));
    // At rest the same way.
    assert!(host.terminate().success());
    renew(&bravo, &["--hub", &through]);
    assert!(relaying.terminate().success());
}
