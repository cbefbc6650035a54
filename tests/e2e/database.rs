//! Hubs whose store is a PostgreSQL database: one and two of them, and a database that goes away under them.

#[path = "../postgres/mod.rs"]
pub(crate) mod server;

use self::server::{Server, shared};
use crate::process::{self, Background, arg, refusal, until};
use crate::scene::{self, Hub, Scene, address_in};
use serde_json::Value;

/// The URL of an empty database; none, said once, where there is no server.
pub(crate) fn database() -> Option<(&'static Server, String, String)> {
    match shared() {
        Ok(server) => {
            let database = server.database();
            let url = server.url(&database);
            Some((server, database, url))
        }
        Err(reason) => {
            println!("skipped: {reason}");
            None
        }
    }
}

/// A hub on the database, with a state directory of its own.
fn serve(scene: &Scene, name: &str, url: &str) -> Hub {
    let state = scene.path(name);
    std::fs::create_dir_all(&state).expect("a state directory");
    let mut process = Background::start(&[
        "serve",
        "--state",
        arg(&state),
        "--store",
        url,
        "--listen",
        "127.0.0.1:0",
        "--allow-simulated",
        "--allow-unlocked-memory",
    ]);
    let line = process.line_with("listening on ");
    Hub {
        process,
        state,
        address: address_in(&line, "listening on "),
    }
}

pub(crate) fn init(scene: &Scene, name: &str, url: &str) {
    let state = scene.arg(name);
    process::json(&[
        "init",
        "--state",
        &state,
        "--store",
        url,
        "--hub-name",
        "centre",
        "--json",
    ]);
}

/// Enrols a host through one hub.
pub(crate) fn enrol(scene: &Scene, hub: &Hub, url: &str, host: &str) -> std::path::PathBuf {
    let token = process::json(&[
        "enroll",
        "token",
        "--state",
        arg(&hub.state),
        "--store",
        url,
        "--json",
    ]);
    let text = |key: &str| token[key].as_str().expect("text").to_owned();
    let state = scene.path(host);
    process::json(&[
        "enroll",
        "--state",
        arg(&state),
        "--hub",
        &hub.address,
        "--host-name",
        host,
        "--ca-hash",
        &text("ca_hash"),
        "--token",
        &text("token"),
        "--json",
    ]);
    state
}

fn has(status: &Value, host: &str) -> bool {
    let channels = status["channels"].as_array().expect("channels");
    channels.iter().any(|channel| channel["peer"] == host)
}

#[test]
fn two_hubs_on_one_database_share_enrolments_and_revocations() {
    let Some((_, _, url)) = database() else {
        return;
    };
    let scene = Scene::new();
    init(&scene, "north", &url);
    let again = refusal(
        &["init", "--state", &scene.arg("south"), "--store", &url],
        1,
    );
    assert!(
        again.contains("already holds the identity of hub `centre`"),
        "{again}"
    );
    // Hubs that share a store share its root key.
    for name in ["north", "south"] {
        std::fs::create_dir_all(scene.path(name)).expect("a state directory");
    }
    std::fs::copy(scene.path("north/root.key"), scene.path("south/root.key")).expect("a copy");
    let north = serve(&scene, "north", &url);
    let south = serve(&scene, "south", &url);
    let alpha = enrol(&scene, &north, &url, "alpha");
    let bravo = enrol(&scene, &south, &url, "bravo");
    let sink = format!("file:{}", scene.arg("alpha.out"));
    let flags = ["--sink", &sink, "--every", "50ms"];
    let both = format!("{},{}", south.address, north.address);
    let mut alphas = scene::join(&alpha, &both, &flags);
    let other = format!("file:{}", scene.arg("bravo.out"));
    let bravos = scene::join(&bravo, &north.address, &["--sink", &other]);
    // Each is served by the hub that did not enrol it.
    until(
        "alpha is served",
        || south.status(),
        |status| has(status, "alpha"),
    );
    until(
        "bravo is served",
        || north.status(),
        |status| has(status, "bravo"),
    );

    // One hub is killed: what it acknowledged stays, and its host goes on with the other one.
    south.process.kill();
    until(
        "alpha moves",
        || north.status(),
        |status| has(status, "alpha"),
    );
    assert!(alphas.runs());
    let south = serve(&scene, "south", &url);
    // Revoked with the command of one hub: the other one closes the channel, and nobody lets it in again.
    let revoked = process::json(&[
        "enroll",
        "revoke",
        "bravo",
        "--state",
        arg(&south.state),
        "--store",
        &url,
        "--json",
    ]);
    assert_eq!(
        revoked["channels_closed"], 0,
        "none of the hub that was told"
    );
    until(
        "bravo is shut out",
        || north.status(),
        |status| !has(status, "bravo"),
    );
    assert!(has(&north.status(), "alpha"), "nobody else is");
    let (_, said) = bravos.stop();
    assert!(!said.is_empty());
    assert!(alphas.terminate().success());
    for hub in [north, south] {
        assert!(hub.process.terminate().success());
    }
}

#[test]
fn a_hub_outlives_its_database_connections() {
    let Some((server, database, url)) = database() else {
        return;
    };
    let scene = Scene::new();
    init(&scene, "hub", &url);
    let hub = serve(&scene, "hub", &url);
    let alpha = enrol(&scene, &hub, &url, "alpha");
    let sql = format!(
        "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datname = '{database}'"
    );
    for _ in 0..3 {
        let ended: u32 = server
            .psql("postgres", &sql)
            .expect("ended")
            .trim()
            .parse()
            .expect("a number");
        assert!(ended > 0);
        let bytes = process::run(&scene::join_arguments(
            &alpha,
            &hub.address,
            &["--sink", "stdout", "--bytes", "64"],
        ));
        assert!(
            bytes.status.success(),
            "{}",
            String::from_utf8_lossy(&bytes.stderr)
        );
        assert_eq!(bytes.stdout.len(), 64);
    }
    let (status, said) = hub.process.stop();
    assert!(status.success(), "{}", said.join("\n"));
}

#[test]
fn a_store_that_cannot_be_used_is_refused_in_one_line() {
    let scene = Scene::new();
    let state = scene.arg("hub");
    for (url, code, words) in [
        ("mysql://u@h/d", 2, "postgres://"),
        (
            "postgres://u:geheim@db.example/d?sslmode=disable",
            2,
            "loopback",
        ),
        ("postgres://u:geheim@db.example/d", 2, "sslrootcert"),
        (
            "postgres://u:geheim@127.0.0.1:1/d?sslmode=disable",
            1,
            "cannot connect",
        ),
    ] {
        for command in ["init", "serve"] {
            let line = refusal(&[command, "--state", &state, "--store", url], code);
            assert!(line.contains(words), "{line}");
            assert!(!line.contains("geheim"), "{line}");
        }
    }
    let Some((_, _, url)) = database() else {
        return;
    };
    let serve = ["serve", "--state", &state, "--store", &url];
    let empty = refusal(&[&serve[..], &["--listen", "127.0.0.1:0"]].concat(), 1);
    assert!(empty.contains("photonbox init"), "{empty}");
}
