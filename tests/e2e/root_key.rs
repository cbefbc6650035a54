//! The CA's private key under the root key: hubs of before, and hubs without their root key.
//!
//! Shows T25 (`docs/threat-model.md`).

use std::path::Path;

use photonbox_store::{ROOT_KEY_FILE, RootKey, SqliteStore, Store as _, VaultStore as _};
use serde_json::Value;

use crate::process::{self, arg, refusal};
use crate::scene::{self, Hub, Scene};

const SERVES: [&str; 2] = ["--allow-simulated", "--fast"];

/// The CA's private key of a hub that does not run.
fn ca_key(state: &Path) -> Vec<u8> {
    let store = SqliteStore::open(state).expect("a store");
    let root = RootKey::read(&state.join(ROOT_KEY_FILE)).expect("a root key");
    store.set_root_key(Some(root));
    let authority = store.authority().expect("it opens").expect("a CA");
    authority.private_key.as_slice().to_vec()
}

/// Makes a state directory what it was before CA keys were sealed: the key in the clear, no root key, the older schema.
fn of_before(state: &Path) -> Vec<u8> {
    let key = ca_key(state);
    std::fs::remove_file(state.join(ROOT_KEY_FILE)).expect("removed");
    let framed = [b"PBXK\x01", &(key.len() as u32).to_be_bytes()[..], &key].concat();
    let database = rusqlite::Connection::open(state.join("photonbox.db")).expect("opens");
    database
        .execute("UPDATE authority SET private_key = ?1", [framed])
        .expect("in the clear");
    database
        .execute_batch("ALTER TABLE authority DROP COLUMN sealed; PRAGMA user_version = 6")
        .expect("older");
    key
}

/// The number in a PKCS#8 of P-384; around it are headers that the hub's own key has too, and the public key.
const SCALAR: std::ops::Range<usize> = 35..83;

/// How many files of a state directory hold a part of this key.
fn holders(state: &Path, key: &[u8]) -> usize {
    let bytes = &key[SCALAR];
    let entries = std::fs::read_dir(state).expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let files: Vec<_> = paths.filter(|path| path.is_file()).collect();
    assert!(!files.is_empty());
    let holds = |path: &&std::path::PathBuf| {
        let content = std::fs::read(path).expect("a file");
        let has = |part: &[u8]| content.windows(part.len()).any(|window| window == part);
        bytes.chunks_exact(16).any(has)
    };
    files.iter().filter(holds).count()
}

fn served(hub: &Hub, state: &Path) -> Vec<u8> {
    let flags = ["--sink", "stdout", "--bytes", "64"];
    let output = process::run(&scene::join_arguments(state, &hub.address, &flags));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    output.stdout
}

/// The arguments of a host's enrolment.
fn enrolment<'a>(hub: &'a Hub, state: &'a str, token: &'a Value) -> Vec<&'a str> {
    vec![
        "enroll",
        "--state",
        state,
        "--hub",
        &hub.address,
        "--host-name",
        "late",
        "--ca-hash",
        token["ca_hash"].as_str().expect("a hash"),
        "--token",
        token["token"].as_str().expect("a token"),
    ]
}

#[test]
fn a_hub_of_before_seals_its_ca_key_and_leaves_no_byte_of_it() {
    let scene = Scene::new();
    scene.init("hub");
    let state = scene.path("hub");
    assert_eq!(holders(&state, &ca_key(&state)), 0, "a new hub has none");
    let key = of_before(&state);
    assert!(holders(&state, &key) > 0);
    let hub = scene.serve("hub", "127.0.0.1:0", &SERVES);
    assert_eq!(holders(&state, &key), 0);
    let host = scene.enrol(&hub, "host");
    assert_eq!(served(&hub, &host).len(), 64);
    assert_eq!(hub.status()["locked"], false);
    assert_eq!(holders(&state, &key), 0, "enrolling leaves none either");
    assert!(hub.process.terminate().success());
    assert_eq!(holders(&state, &key), 0);
    assert!(ca_key(&state) == key, "it is the same CA");

    // A hub that does not run does so when it is first renewed.
    scene.init("other");
    let other = scene.path("other");
    let key = of_before(&other);
    process::text(&["enroll", "renew", "--state", arg(&other)]);
    assert_eq!(holders(&other, &key), 0);
    assert!(ca_key(&other) == key);
}

#[test]
fn without_its_root_key_a_hub_signs_nothing_and_serves_on() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &SERVES);
    let host = scene.enrol(&hub, "host");
    assert!(hub.process.terminate().success());
    let (key, away) = (scene.path("hub/root.key"), scene.path("away.key"));
    std::fs::rename(&key, &away).expect("moved");

    let hub = scene.serve("hub", "127.0.0.1:0", &SERVES);
    assert_eq!(hub.status()["locked"], true);
    let text = process::text(&["status", "--state", arg(&hub.state)]);
    assert!(text.contains("locked"), "{text}");
    assert_eq!(served(&hub, &host).len(), 64);
    assert!(!key.exists(), "no other one is made");
    let token = hub.token();
    let late = scene.arg("late");
    let said = refusal(&enrolment(&hub, &late, &token), 4);
    assert!(said.contains("is locked"), "{said}");
    // Who has no token does not learn it.
    let mut wrong = token.clone();
    wrong["token"] = "pbx1-00000000-".to_owned().into();
    let said = refusal(&enrolment(&hub, &late, &wrong), 1);
    assert!(!said.contains("is locked"), "{said}");
    let renew = ["enroll", "renew", "--state"];
    let said = refusal(&[&renew[..], &[arg(&hub.state)]].concat(), 4);
    assert!(said.contains("locked"), "{said}");
    let to = [&renew[..], &[arg(&host), "--hub", &hub.address]].concat();
    let said = refusal(&to, 4);
    assert!(said.contains("is locked"), "{said}");
    process::text(&["enroll", "revoke", "host", "--state", arg(&hub.state)]);
    assert!(hub.process.terminate().success());
    let said = refusal(&[&renew[..], &[arg(&scene.path("hub"))]].concat(), 4);
    assert!(said.contains("locked"), "{said}");

    // Another hub's key is not taken for it.
    scene.init("other");
    let other = scene.arg("other/root.key");
    let state = scene.arg("hub");
    let line = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--state",
        &state,
        "--root-key",
        &other,
    ];
    let said = refusal(
        &[&line[..], &SERVES, &["--allow-unlocked-memory"]].concat(),
        1,
    );
    assert!(said.contains("root key"), "{said}");

    // With its own one, wherever that is, it signs again: the token was not spent.
    let flags = [&SERVES[..], &["--root-key", arg(&away)]].concat();
    let hub = scene.serve("hub", "127.0.0.1:0", &flags);
    assert_eq!(hub.status()["locked"], false);
    process::text(&enrolment(&hub, &late, &token));
    assert_eq!(served(&hub, Path::new(&late)).len(), 64);
}
