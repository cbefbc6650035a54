//! The audit log of a real hub: whole, and after somebody had the database file.
//!
//! Shows T25 (`docs/threat-model.md`).

use serde_json::Value;
use std::path::{Path, PathBuf};

use super::Vaulted;
use crate::process::{self, arg};

/// A copy of a hub's state directory, as a thief or an intruder has it.
fn copied(vaulted: &Vaulted, from: &Path, name: &str) -> PathBuf {
    let to = vaulted.scene.path(name);
    std::fs::create_dir(&to).expect("a folder");
    for file in ["photonbox.db", "photonbox.db-wal"] {
        if from.join(file).exists() {
            std::fs::copy(from.join(file), to.join(file)).expect("a copy");
        }
    }
    to
}

fn verdict(state: &Path, flags: &[&str]) -> (Option<i32>, Value, String) {
    let line = [&["audit", "verify", "--json", "--state", arg(state)], flags].concat();
    let output = process::run(&line);
    let errors = String::from_utf8(output.stderr).expect("text");
    let report =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"));
    (output.status.code(), report, errors)
}

fn entries(state: &Path) -> Vec<Value> {
    let text = process::text(&["audit", "list", "--json", "--state", arg(state)]);
    text.lines()
        .map(|line| serde_json::from_str(line).expect("one document a line"))
        .collect()
}

#[test]
fn the_log_of_what_was_done_verifies_and_shows_what_was_done_to_it() {
    let vaulted = Vaulted::new();
    let empty = vaulted.scene.init("empty");
    let empty = PathBuf::from(empty["state"].as_str().expect("a path"));
    let (code, report, _) = verdict(&empty, &[]);
    assert_eq!((code, &report["intact"]), (Some(0), &Value::Bool(true)));
    assert_eq!(report["entries"], 0);
    assert!(entries(&empty).is_empty());

    vaulted.text(&["create", "set"]);
    for item in ["set/a", "set/b", "set/c"] {
        vaulted.text(&["create", item]);
    }
    vaulted.text(&["revoke", "set/b"]);
    // Beside the running hub.
    let state = vaulted.hub.state.clone();
    let (code, report, _) = verdict(&state, &[]);
    assert_eq!(code, Some(0), "{report:#}");
    let all = entries(&state);
    let count = all.len();
    assert!(count >= 5, "{all:#?}");
    assert_eq!(report["entries"], count);
    assert_eq!(report["break"], Value::Null);
    let last = all.last().expect("entries");
    assert_eq!(
        (&report["head"]["number"], &report["head"]["hash"]),
        (&last["number"], &last["hash"])
    );
    assert_eq!(
        (&last["action"], &last["subject"]),
        (&"item.delete".into(), &all[count - 3]["subject"])
    );
    assert!(last["actor"].as_str().expect("who").contains("host"));
    let text = process::text(&["audit", "list", "--state", arg(&state), "--after", "2"]);
    assert_eq!(text.lines().count(), count - 2);
    let text = process::text(&["audit", "verify", "--state", arg(&state)]);
    let head = text.lines().last().expect("a head").trim();
    let head = head.strip_prefix("head").expect("a head").trim().to_owned();

    vaulted.text(&["create", "set/d"]);
    let (code, _, said) = verdict(&state, &["--noted", &head]);
    assert_eq!(code, Some(0), "{said}");
    let count = count + 1;
    let Vaulted {
        scene,
        hub,
        api,
        host,
    } = vaulted;
    assert!(hub.process.terminate().success());
    let vaulted = Vaulted {
        hub: scene.hub("other", &super::SERVES),
        scene,
        api,
        host,
    };

    let swap = "UPDATE audit SET number = 999 WHERE number = 3; UPDATE audit SET number = 3 WHERE number = 4; \
                UPDATE audit SET number = 4 WHERE number = 999;";
    let cut = format!("DELETE FROM audit WHERE number = {count};");
    let faults = [
        (
            "changed",
            "UPDATE audit SET subject = 'set/z' WHERE number = 2;",
            "changed",
            Some(2),
        ),
        (
            "deleted",
            "DELETE FROM audit WHERE number = 4;",
            "missing",
            Some(4),
        ),
        ("swapped", swap, "does-not-follow", Some(3)),
        ("cut", &cut, "short", Some(count)),
        (
            "head",
            "UPDATE audit_head SET hash = zeroblob(48);",
            "head",
            None,
        ),
    ];
    for (name, sql, kind, entry) in faults {
        let copy = copied(&vaulted, &state, name);
        let database = rusqlite::Connection::open(copy.join("photonbox.db")).expect("opens");
        database.execute_batch(sql).expect(name);
        drop(database);
        let (code, report, said) = verdict(&copy, &[]);
        assert_eq!(code, Some(1), "{name}");
        assert_eq!(report["intact"], false, "{name}");
        assert_eq!(report["break"]["kind"], kind, "{name}");
        assert_eq!(report["break"]["entry"], Value::from(entry), "{name}");
        let held = entry.map_or(count, |entry| entry - 1);
        assert_eq!(report["entries"], held, "{name}");
        let line = process::refusal(&["audit", "verify", "--state", arg(&copy)], 1);
        assert!(said.contains(&line) && line.contains("audit log"), "{line}");
        if let Some(entry) = entry
            && kind != "short"
        {
            assert!(line.contains(&entry.to_string()), "{name}: {line}");
        }
    }

    // Cut with its head, nothing in the database tells; the head that was noted does.
    let copy = copied(&vaulted, &state, "both");
    let database = rusqlite::Connection::open(copy.join("photonbox.db")).expect("opens");
    database
        .execute_batch(
            "DELETE FROM audit WHERE number > 2; UPDATE audit_head SET number = 2, \
             hash = (SELECT hash FROM audit WHERE number = 2);",
        )
        .expect("cut");
    drop(database);
    assert_eq!(verdict(&copy, &[]).0, Some(0));
    let (code, report, _) = verdict(&copy, &["--noted", &head]);
    assert_eq!((code, &report["break"]["kind"]), (Some(1), &"short".into()));

    process::refusal(
        &["audit", "verify", "--state", &vaulted.scene.arg("none")],
        1,
    );
    process::refusal(&["audit", "list", "--state", &vaulted.scene.arg("none")], 1);
    let wrong = process::run(&["audit", "verify", "--noted", "12", "--state", arg(&state)]);
    assert_eq!(wrong.status.code(), Some(2));
}
