//! Sets and items.

use super::{SERVES, Vaulted, api_of, line};
use crate::process::{self, arg};
use std::os::unix::fs::PermissionsExt as _;

/// What one process makes, others open: the same key each time, and another one for each item.
#[test]
fn each_protocol_in_each_group_opens_what_it_made() {
    let vaulted = Vaulted::new();
    let mut keys = Vec::new();
    let protocols = ["blinded", "homomorphic", "optimised"];
    let all = ["p384", "ristretto255"]
        .iter()
        .flat_map(|scheme| protocols.iter().map(move |protocol| (*scheme, *protocol)))
        .chain([("paillier3072", "blinded")]);
    for (scheme, protocol) in all {
        let set = format!("{scheme}-{protocol}");
        let flags = ["create", &set, "--scheme", scheme, "--protocol", protocol];
        let made = vaulted.json(&flags);
        assert_eq!(made["protocol"], protocol);
        assert_eq!(
            (&made["scheme"], &made["state"]),
            (&scheme.into(), &"trusted".into())
        );
        let item = format!("{set}/disk of /dev/sda");
        let made = vaulted.json(&["create", &item]);
        assert_eq!(
            (&made["item"], &made["generation"]),
            (&"disk of /dev/sda".into(), &1.into())
        );
        let key = vaulted.key(&item);
        assert_eq!(key.len(), 64);
        assert_eq!(vaulted.key(&item), key, "{set}");
        keys.push(key);
    }
    let count = keys.len();
    keys.sort();
    keys.dedup();
    assert_eq!(keys.len(), count);
    let sets = vaulted.json(&["list"]);
    assert_eq!(sets["sets"].as_array().map(Vec::len), Some(count));
}

/// Where appliances keep the shares, the state directory is what opens, and nothing else does.
#[test]
fn a_share_that_the_appliance_keeps_opens_with_its_state_alone() {
    let vaulted = Vaulted::new();
    vaulted.text(&["create", "own", "--appliances-keep-shares"]);
    vaulted.text(&["create", "own/a"]);
    let key = vaulted.key("own/a");
    assert_eq!(vaulted.key("own/a"), key);
    let folder = vaulted.host.join("vault/own");
    for entry in std::fs::read_dir(&folder).expect("a folder") {
        std::fs::remove_file(entry.expect("an entry").path()).expect("removed");
    }
    let said = vaulted.refusal(&["open", "own/a", "--hex"]);
    assert!(said.contains("neither share nor ticket"), "{said}");
}

#[test]
fn imported_keys_come_back_as_they_were() {
    let vaulted = Vaulted::new();
    vaulted.text(&["create", "set"]);
    let long: Vec<u8> = (0..65536_u32).map(|at| ((at * 7) >> 3) as u8).collect();
    for (name, key) in [("one", &b"k"[..]), ("long", &long)] {
        let file = vaulted.scene.file(name, key);
        let item = format!("set/{name}");
        let made = vaulted.json(&["import", &item, &file]);
        assert_eq!(made["imported"], true);
        let out = vaulted.scene.arg(&format!("{name}.out"));
        vaulted.text(&["open", &item, "--out", &out]);
        assert_eq!(std::fs::read(&out).expect("a file"), key);
        let mode = std::fs::metadata(&out)
            .expect("a file")
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        let said = vaulted.refusal(&["open", &item, "--out", &out]);
        assert!(said.contains("is there already"), "{said}");
        // The same again is no error, another key is.
        vaulted.text(&["import", &item, &file]);
        let other = vaulted.scene.file("other", b"other");
        vaulted.refusal(&["import", &item, &other]);
    }
    let listed = vaulted.json(&["list", "set"]);
    let items = listed["items"].as_array().expect("items");
    assert!(items.len() == 2 && items.iter().all(|item| item["imported"] == true));
    for (name, key) in [("none", &b""[..]), ("more", &[&long[..], b"+"].concat())] {
        let file = vaulted.scene.file(name, key);
        vaulted.refusal(&["import", "set/x", &file]);
    }
}

/// Who is not in the set doesn't hear that it is there; who is revoked is refused at once.
#[test]
fn others_open_nothing_and_neither_does_who_is_revoked() {
    let vaulted = Vaulted::new();
    let other = vaulted.scene.enrol(&vaulted.hub, "other");
    vaulted.text(&["create", "set"]);
    vaulted.text(&["create", "set/a"]);
    let opens = ["open", "set/a", "--hex"];
    let said = process::refusal(&line(&other, &vaulted.api, &opens), 1);
    assert!(said.contains("no set"), "{said}");
    // A stolen disk under another's certificate.
    let stolen = std::process::Command::new("cp")
        .arg("-r")
        .arg(vaulted.host.join("vault"))
        .arg(&other)
        .status();
    assert!(stolen.expect("cp runs").success());
    let said = process::refusal(&line(&other, &vaulted.api, &opens), 1);
    assert!(said.contains("no set"), "{said}");
    let said = vaulted.refusal(&["revoke", "set", "--appliance", "host"]);
    assert!(said.contains("last trusted appliance"), "{said}");
    process::json(&[
        "enroll",
        "revoke",
        "host",
        "--state",
        arg(&vaulted.hub.state),
        "--json",
    ]);
    let said = vaulted.refusal(&opens);
    assert!(said.contains("not enrolled"), "{said}");
}

#[test]
fn a_revoked_item_is_gone() {
    let vaulted = Vaulted::new();
    vaulted.text(&["create", "set"]);
    vaulted.text(&["create", "set/a"]);
    let before = vaulted.key("set/a");
    let gone = vaulted.json(&["revoke", "set/a"]);
    assert_eq!(gone["state"], "deleted");
    vaulted.refusal(&["open", "set/a", "--hex"]);
    // The name is free again, for another key.
    vaulted.text(&["create", "set/a"]);
    assert_ne!(vaulted.key("set/a"), before);
}

/// What was made is there after a hub was stopped or killed; what was asked of a dead one is done when it is back.
#[test]
fn keys_outlive_their_hub() {
    let vaulted = Vaulted::new();
    vaulted.text(&["create", "set", "--protocol", "optimised"]);
    vaulted.text(&["create", "set/a"]);
    let key = vaulted.key("set/a");
    let vaulted = vaulted.restarted(false);
    assert_eq!(vaulted.key("set/a"), key);
    let Vaulted {
        scene,
        hub,
        api,
        host,
    } = vaulted;
    hub.process.kill();
    let said = process::refusal(&line(&host, &api, &["create", "set/b"]), 1);
    assert!(said.contains("nobody answers"), "{said}");
    let flags = ["--allow-simulated", "--fast", "--api", &api];
    let hub = scene.serve("hub", "127.0.0.1:0", &flags);
    let vaulted = Vaulted {
        scene,
        hub,
        api,
        host,
    }
    .restarted(true);
    assert_eq!(vaulted.key("set/a"), key);
    vaulted.text(&["create", "set/b"]);
    assert_ne!(vaulted.key("set/b"), key);
    // Of two addresses the first one may be dead.
    let both = format!("127.0.0.1:1,{}", vaulted.api);
    let opened = process::json(
        &[
            &line(&vaulted.host, &both, &["open", "set/a", "--hex"])[..],
            &["--json"],
        ]
        .concat(),
    );
    assert_eq!(opened["key"], key);
}

#[test]
fn a_hub_of_another_authority_is_not_talked_to() {
    let vaulted = Vaulted::new();
    let mut other = vaulted.scene.hub("other", &SERVES);
    let api = api_of(&mut other);
    let said = process::refusal(&line(&vaulted.host, &api, &["create", "set"]), 1);
    assert!(said.contains("nobody answers"), "{said}");
    vaulted.text(&["create", "set"]);
}

#[test]
fn wrong_usage_is_told_before_anybody_is_asked() {
    let scene = crate::scene::Scene::new();
    let state = scene.arg("none");
    for wrong in [
        &["open", "set"][..],
        &["open", "set/"],
        &["create", "set", "--scheme", "rsa"],
        &["create", "set", "--protocol", "none"],
        &["create", "set", "--agent", "x"],
        &["seal", "set", "file"],
    ] {
        let output =
            process::run(&[&["vault"], wrong, &["--state", &state, "--hub", "h"]].concat());
        assert_eq!(output.status.code(), Some(2), "{wrong:?}");
    }
    for wrong in [
        &["create", "set/item", "--scheme", "p384", "--hub", "h"][..],
        &["open", "set/item", "--json", "--hub", "h"],
        &["revoke", "set", "--hub", "h"],
        &["revoke", "set/item", "--appliance", "x", "--hub", "h"],
        &["list"],
    ] {
        process::refusal(&[&["vault"], wrong, &["--state", &state]].concat(), 2);
    }
    let flags = ["vault", "list", "--state", &state, "--hub", "127.0.0.1:1"];
    process::refusal(&flags, 1);
}
