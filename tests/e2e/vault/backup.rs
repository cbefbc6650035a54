//! A hub's store in a file, and back: on another disk, in the other database, with hosts and keys as they were.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::Vaulted;
use super::agents::agent;
use crate::database::database;
use crate::process::{self, arg};
use crate::scene;

/// A file of a test as bytes.
fn read(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("a file")
}

/// Makes the items, and gives their keys.
fn items(vaulted: &Vaulted) -> Vec<(&'static str, String)> {
    vaulted.text(&["create", "own", "--appliances-keep-shares"]);
    vaulted.text(&["create", "set", "--protocol", "optimised"]);
    vaulted.text(&["create", "ristretto", "--scheme", "ristretto255"]);
    ["own/a", "set/a", "ristretto/a"]
        .map(|item| {
            vaulted.text(&["create", item]);
            (item, vaulted.key(item))
        })
        .into()
}

/// Enrolled as before, opened as before, and the hub goes on.
fn goes_on(vaulted: &Vaulted, keys: &[(&str, String)], later: &str, store: &[&str]) {
    for (item, key) in keys {
        assert_eq!(vaulted.key(item), *key, "{item}");
    }
    vaulted.text(&["create", later]);
    let flags = ["--sink", "stdout", "--bytes", "64"];
    let bytes = process::run(&scene::join_arguments(
        &vaulted.host,
        &vaulted.hub.address,
        &flags,
    ));
    let said = String::from_utf8_lossy(&bytes.stderr);
    assert_eq!(bytes.stdout.len(), 64, "{said}");
    let verify = ["audit", "verify", "--state", arg(&vaulted.hub.state)];
    process::text(&[&verify[..], store].concat());
}

/// Kills the hub; another one takes its place, with its address.
fn replaced(vaulted: Vaulted, state: &str, store: &[&str]) -> Vaulted {
    let Vaulted {
        scene,
        hub,
        api,
        host,
    } = vaulted;
    hub.process.kill();
    let flags = ["--allow-simulated", "--fast", "--api", &api];
    let hub = scene.serve(state, "127.0.0.1:0", &[&flags[..], store].concat());
    Vaulted {
        scene,
        hub,
        api,
        host,
    }
}

#[test]
fn a_hub_that_was_lost_goes_on_elsewhere() {
    let vaulted = Vaulted::new();
    let keys = items(&vaulted);
    let path = vaulted.scene.path("hub.backup");
    let file = arg(&path).to_owned();
    let state = vaulted.scene.arg("hub");
    // Beside the running hub.
    let report = process::json(&["backup", &file, "--state", &state, "--json"]);
    assert_eq!(
        (&report["role"], &report["id"]),
        (&"hub".into(), &"hub".into())
    );
    assert_eq!(report["bytes"], read(&path).len());
    assert_eq!(report["tables"]["vault_items"], 3);
    assert_eq!(report["tables"]["enrolments"], 1);
    let mode = std::fs::metadata(&path)
        .expect("a file")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
    let said = process::refusal(&["backup", &file, "--state", &state], 1);
    assert!(said.contains("is there already"), "{said}");
    process::text(&["backup", &file, "--state", &state, "--force"]);
    // The root key is not in it.
    let root = read(&vaulted.scene.path("hub/root.key"));
    let bytes = read(&path);
    assert!(!bytes.windows(16).any(|part| part == &root[..16]));

    let elsewhere = vaulted.scene.path("elsewhere");
    let restored = process::json(&["restore", &file, "--state", arg(&elsewhere), "--json"]);
    assert_eq!(restored["root_key"], "missing", "{restored:#}");
    assert_eq!(restored["tables"], report["tables"]);
    assert_eq!(restored["root_key_id"].as_str().map(str::len), Some(8));
    let said = process::refusal(&["restore", &file, "--state", arg(&elsewhere)], 1);
    assert!(said.contains("is not empty"), "{said}");
    std::fs::copy(
        vaulted.scene.path("hub/root.key"),
        elsewhere.join("root.key"),
    )
    .expect("a copy");
    let vaulted = replaced(vaulted, "elsewhere", &[]);
    std::fs::remove_dir_all(vaulted.scene.path("hub")).expect("a lost disk");
    goes_on(&vaulted, &keys, "set/later", &[]);
    let other = vaulted.scene.enrol(&vaulted.hub, "other");
    assert!(other.exists());
}

/// From SQLite into PostgreSQL and back again.
#[test]
fn a_store_moves_from_one_database_to_the_other_and_back() {
    let Some((_, _, url)) = database() else {
        return;
    };
    let vaulted = Vaulted::new();
    let keys = items(&vaulted);
    let path = |name: &str| vaulted.scene.arg(name);
    let (first, second, root) = (path("first"), path("second"), path("hub/root.key"));
    let (there, back) = (path("there"), path("back"));
    process::text(&["backup", &first, "--state", arg(&vaulted.hub.state)]);
    let store = ["--store", url.as_str()];
    let with_root = ["--root-key", root.as_str()];
    let both = [&store[..], &with_root].concat();
    let line = ["restore", &first, "--state", &there, "--json"];
    let restored = process::json(&[&line[..], &both].concat());
    assert_eq!(restored["root_key"], "opens", "{restored:#}");
    let vaulted = replaced(vaulted, "there", &both);
    goes_on(&vaulted, &keys, "set/there", &store);
    process::text(&[&["backup", &second, "--state", &there][..], &store].concat());
    let text = process::text(&[&["restore", &second, "--state", &back][..], &with_root].concat());
    assert!(text.contains("the root key opens its secrets"), "{text}");
    let later = vaulted.key("set/there");
    let vaulted = replaced(vaulted, "back", &with_root);
    goes_on(&vaulted, &keys, "set/back", &[]);
    assert_eq!(vaulted.key("set/there"), later);
}

#[test]
fn what_cannot_be_restored_is_refused_in_one_line_and_leaves_nothing() {
    let vaulted = Vaulted::new();
    vaulted.text(&["create", "set"]);
    let path = vaulted.scene.path("whole");
    let state = vaulted.scene.arg("hub");
    process::text(&["backup", arg(&path), "--state", &state]);
    let whole = read(&path);
    let flipped = |at: usize| {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        changed
    };
    let mut newer = whole.clone();
    newer[8] = 9;
    let faults = [
        ("cut", whole[..whole.len() / 2].to_vec(), "is cut short"),
        (
            "cut at its end",
            whole[..whole.len() - 1].to_vec(),
            "is cut short",
        ),
        ("changed", flipped(whole.len() - 100), "damaged"),
        ("newer", newer, "format version 9"),
        ("newer schema", flipped(9), "schema version"),
        (
            "something else",
            b"once upon a time".to_vec(),
            "is no backup",
        ),
    ];
    let to = vaulted.scene.arg("to");
    for (name, bytes, words) in faults {
        let file = vaulted.scene.file(name, &bytes);
        let said = process::refusal(&["restore", &file, "--state", &to], 1);
        assert!(
            said.contains(words) && said.contains(&file),
            "{name}: {said}"
        );
        assert!(!vaulted.scene.path("to").exists(), "{name}");
    }
    // A root key of another hub.
    vaulted.scene.init("other");
    let other = vaulted.scene.arg("other/root.key");
    let line = ["restore", arg(&path), "--state", &to, "--root-key", &other];
    let said = process::refusal(&line, 1);
    assert!(said.contains("root key"), "{said}");
    // The usual port may be somebody else's.
    let serve = ["serve", "--state", &to, "--listen", "127.0.0.1:0"];
    let said = process::refusal(&[&serve[..], &["--allow-simulated"]].concat(), 1);
    assert!(said.contains("holds no hub"), "{said}");
    let own = vaulted.scene.arg("hub/root.key");
    process::text(&["restore", arg(&path), "--state", &to, "--root-key", &own]);

    for command in ["backup", "restore"] {
        process::refusal(&[command, "-", "--state", &state], 2);
    }
    let none = vaulted.scene.arg("none");
    let nowhere = ["backup", &vaulted.scene.arg("out"), "--state", &none];
    process::refusal(&nowhere, 1);
    assert!(!vaulted.scene.path("out").exists());
    process::refusal(&["restore", &none, "--state", &vaulted.scene.arg("new")], 1);
}

/// An agent's part of each set lies in its own store: it goes on elsewhere, at its address.
#[test]
fn an_agent_that_was_lost_goes_on_elsewhere() {
    let vaulted = Vaulted::new();
    let (process, address) = agent(&vaulted, "one", "127.0.0.1:0");
    let named = format!("one={address}");
    vaulted.text(&["create", "three", "--agent", &named]);
    vaulted.text(&["create", "three/a"]);
    let key = vaulted.key("three/a");
    let [file, state] = ["one.backup", "one"].map(|name| vaulted.scene.arg(name));
    let report = process::json(&["backup", &file, "--state", &state, "--json"]);
    assert_eq!(report["role"], "host");
    process.kill();
    let lost = vaulted.scene.path("lost");
    std::fs::rename(vaulted.scene.path("one"), &lost).expect("moved");
    process::text(&["restore", &file, "--state", &state]);
    // Without its root key it opens nothing, and says so.
    let line = ["homomorphic-agent", "--state", &state, "--listen", &address];
    let said = process::refusal(&line, 1);
    assert!(said.contains("root key"), "{said}");
    let root_key = vaulted.scene.path("one").join("root.key");
    std::fs::copy(lost.join("root.key"), root_key).expect("copied");
    let (_process, _) = agent(&vaulted, "one", &address);
    assert_eq!(vaulted.key("three/a"), key);
    vaulted.text(&["create", "three/b"]);
}
