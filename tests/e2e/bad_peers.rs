//! What a peer can get wrong or try: tokens, authorities, certificates, bytes that mean nothing.
//!
//! Shows T10 (`docs/threat-model.md`).

use crate::process::{self, arg, refusal, until};
use crate::scene::{self, Hub, Scene};
use photonbox_daemon::pki::{LeafRole, Signer, fingerprint};
use photonbox_store::{
    Enrolment, Identity, ROOT_KEY_FILE, Role, RootKey, SqliteStore, Store as _, VaultStore as _,
};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::time::Duration;

fn enrol(hub: &Hub, state: &str, hash: &str, token: &str) -> Vec<String> {
    [
        "enroll",
        "--state",
        state,
        "--hub",
        &hub.address,
        "--ca-hash",
        hash,
        "--token",
        token,
        "--host-name",
        "mallory",
    ]
    .map(str::to_owned)
    .to_vec()
}

fn refused(arguments: &[String]) -> String {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let line = refusal(&arguments, 1);
    // The help names tokens and CAs whatever was wrong: only what failed counts here.
    let (failed, _help) = line.split_once(" / help: ").expect("says what to do");
    failed.to_owned()
}

#[test]
fn a_join_token_works_once() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let token = hub.token();
    let (token, hash) = (
        token["token"].as_str().expect("a token"),
        token["ca_hash"].as_str().expect("a hash"),
    );
    let first = enrol(&hub, &scene.arg("first"), hash, token);
    process::text(&first.iter().map(String::as_str).collect::<Vec<_>>());
    let line = refused(&enrol(&hub, &scene.arg("second"), hash, token));
    assert!(line.ends_with("the join token was used already"), "{line}");
    let line = refused(&enrol(&hub, &scene.arg("third"), hash, "no-such-token"));
    assert!(line.ends_with("the join token is malformed"), "{line}");
    // Of the right form, with another token's secret.
    let fresh = hub.token();
    let fresh = fresh["token"].as_str().expect("a token");
    let (fresh_parts, token_parts) = (fresh.rsplit_once('-'), token.rsplit_once('-'));
    let wrong = match (fresh_parts, token_parts) {
        (Some((start, _)), Some((_, secret))) => format!("{start}-{secret}"),
        _ => panic!("{fresh} is not pbx1-ID-SECRET"),
    };
    let line = refused(&enrol(&hub, &scene.arg("fourth"), hash, &wrong));
    assert!(line.ends_with("the join token is wrong"), "{line}");
}

#[test]
fn a_token_expires() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let token = process::json(&[
        "enroll",
        "token",
        "--state",
        arg(&hub.state),
        "--ttl",
        "1s",
        "--json",
    ]);
    let (text, hash) = (
        token["token"].as_str().expect("a token"),
        token["ca_hash"].as_str().expect("a hash"),
    );
    let expires = token["expires"].as_u64().expect("a time");
    until(
        "the token's life ends",
        || {
            std::time::UNIX_EPOCH
                .elapsed()
                .expect("after 1970")
                .as_secs()
        },
        |now| *now > expires,
    );
    let line = refused(&enrol(&hub, &scene.arg("late"), hash, text));
    assert!(line.ends_with("the join token has expired"), "{line}");
}

#[test]
fn enrolling_pins_the_authority() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let other = scene.init("other");
    let token = hub.token();
    let token = token["token"].as_str().expect("a token");
    let other_hash = other["ca_hash"].as_str().expect("a hash");
    let line = refused(&enrol(&hub, &scene.arg("host"), other_hash, token));
    assert!(line.contains("is not under the pinned CA"), "{line}");
    let not_hex = enrol(&hub, &scene.arg("host"), "not hex", token);
    refusal(&not_hex.iter().map(String::as_str).collect::<Vec<_>>(), 2);
    // The token was not given away to the wrong hub: it still works.
    let hash = hub.token()["ca_hash"].as_str().expect("a hash").to_owned();
    let good = enrol(&hub, &scene.arg("host"), &hash, token);
    process::text(&good.iter().map(String::as_str).collect::<Vec<_>>());
}

#[test]
fn a_host_of_another_authority_is_told_so() {
    let scene = Scene::new();
    let (one, two) = (
        scene.hub("one", &["--allow-simulated"]),
        scene.hub("two", &["--allow-simulated"]),
    );
    let alpha = scene.enrol(&one, "alpha");
    let sink = format!("file:{}", scene.arg("out"));
    let flags = ["--sink", &sink, "--bytes", "16"];
    let line = refusal(&scene::join_arguments(&alpha, &two.address, &flags), 1);
    assert!(line.contains("another CA"), "{line}");
    assert_eq!(
        std::fs::metadata(scene.path("out")).map_or(0, |file| file.len()),
        0
    );
    assert_eq!(two.ledger()["deliveries"], serde_json::json!([]));
}

/// A host whose certificate ended a year ago, as its hub would have issued it.
pub(crate) fn expired_host(scene: &Scene, hub: &Path) -> PathBuf {
    const YEAR: u64 = 365 * 86_400;
    let state = scene.path("expired");
    let then = std::time::UNIX_EPOCH
        .elapsed()
        .expect("after 1970")
        .as_secs()
        - 2 * YEAR;
    let root = RootKey::read(&hub.join(ROOT_KEY_FILE)).expect("its root key");
    let hub = SqliteStore::open(hub).expect("the hub's store");
    hub.set_root_key(Some(root));
    let authority = hub
        .authority()
        .expect("a readable store")
        .expect("a hub has a CA");
    let signer =
        Signer::new(&authority.certificate, &authority.private_key).expect("a CA that signs");
    let leaf = signer
        .new_identity("expired", LeafRole::Host, then, YEAR)
        .expect("a certificate");
    hub.add_enrolment(&Enrolment {
        host: "expired".to_owned(),
        serial: leaf.serial.clone(),
        fingerprint: fingerprint(&leaf.certificate),
        relay: false,
        issued: then,
        expires: leaf.expires,
        revoked: None,
        superseded: None,
    })
    .expect("an enrolment");
    let identity = Identity {
        role: Role::Host,
        name: "expired".to_owned(),
        hub: "hub".to_owned(),
        certificate: leaf.certificate,
        private_key: leaf.private_key,
        ca_certificate: authority.certificate,
        relay: false,
        created: then,
        renewed: None,
    };
    let store = SqliteStore::create(&state).expect("a store");
    store.create_identity(&identity, None).expect("an identity");
    state
}

#[test]
fn an_expired_certificate_is_refused() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let state = expired_host(&scene, &hub.state);
    let sink = format!("file:{}", scene.arg("out"));
    let line = refusal(
        &scene::join_arguments(&state, &hub.address, &["--sink", &sink, "--bytes", "16"]),
        1,
    );
    assert!(line.contains("expired"), "{line}");
    assert_eq!(hub.ledger()["deliveries"], serde_json::json!([]));
}

#[test]
fn a_revoked_host_is_refused() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    process::text(&["enroll", "revoke", "--state", arg(&hub.state), "alpha"]);
    let sink = format!("file:{}", scene.arg("out"));
    let line = refusal(
        &scene::join_arguments(&alpha, &hub.address, &["--sink", &sink, "--bytes", "16"]),
        1,
    );
    assert!(line.contains("revoked"), "{line}");
    assert_eq!(hub.ledger()["deliveries"], serde_json::json!([]));
    refusal(
        &["enroll", "revoke", "--state", arg(&hub.state), "nobody"],
        1,
    );
}

#[test]
fn revoking_a_host_closes_its_running_channel() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let (alpha, bravo) = (scene.enrol(&hub, "alpha"), scene.enrol(&hub, "bravo"));
    let sinks = ["alpha.out", "bravo.out"].map(|name| format!("file:{}", scene.arg(name)));
    let mut revoked = scene::join(
        &alpha,
        &hub.address,
        &["--sink", &sinks[0], "--every", "20ms"],
    );
    let other = scene::join(
        &bravo,
        &hub.address,
        &["--sink", &sinks[1], "--every", "20ms"],
    );
    let length = |name: &str| std::fs::metadata(scene.path(name)).map_or(0, |file| file.len());
    until(
        "both receive",
        || (length("alpha.out"), length("bravo.out")),
        |(alpha, bravo)| *alpha > 0 && *bravo > 0,
    );
    let said = process::text(&["enroll", "revoke", "--state", arg(&hub.state), "alpha"]);
    assert!(said.contains("closed 1 of its channels"), "{said}");
    until(
        "the channel is closed",
        || hub.status(),
        |status| {
            let channels = status["channels"].as_array().expect("channels");
            channels.len() == 1 && channels[0]["peer"] == "bravo"
        },
    );
    revoked.line_with("does not admit this host");
    let (got, before) = (length("alpha.out"), length("bravo.out"));
    until(
        "the other goes on",
        || length("bravo.out"),
        |now| *now > before,
    );
    assert_eq!(length("alpha.out"), got);
    assert!(
        revoked.runs(),
        "a host that had a channel waits for its operator"
    );
    assert!(other.terminate().success());
}

#[test]
fn nonsense_on_the_wire_hurts_nobody() {
    let scene = Scene::new();
    let mut hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let record_like = [b"PBXR\x01\x01\0\0".as_slice(), &[0xFF; 64]].concat();
    for nonsense in [
        b"GET / HTTP/1.1\r\n\r\n".as_slice(),
        &[0; 4096],
        &[0x16, 0x03, 0x01, 0xFF, 0xFF, 0x01, 0xFF, 0xFF, 0xFF],
        &record_like,
        b"",
    ] {
        let mut stream = TcpStream::connect(&hub.address).expect("the hub listens");
        stream
            .set_read_timeout(Some(Duration::from_secs(60)))
            .expect("a timeout");
        // The hub may close before it has read everything; that is an answer too.
        let _ = stream.write_all(nonsense);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        assert!(answer.len() < 4096, "{} bytes for nonsense", answer.len());
    }
    assert!(hub.process.runs());
    let said = hub.process.lines().join("\n");
    assert!(!said.contains("panicked"), "{said}");
    let sink = format!("file:{}", scene.arg("out"));
    let report = process::json(&scene::join_arguments(
        &alpha,
        &hub.address,
        &["--sink", &sink, "--bytes", "64", "--json"],
    ));
    assert_eq!(report["bytes"], 64);
}
