//! An appliance before hubs that answer wrongly, or not to the end.
#![allow(clippy::unwrap_used, reason = "tests")]

mod hub;
mod members;
mod users;

use std::path::Path;

use hub::{Asked, Say, Scripted};
use photonbox_channel::Role;
use photonbox_client::{Error, NewSet};
use serde_json::{Value, json};

fn set_up(set: &str, scheme: &str, protocol: &str) -> Say {
    let made = json!({"set": set, "scheme": scheme, "protocol": protocol, "generation": 1,
        "appliances_keep_shares": false, "state": "trusted"});
    Say::Json(201, made)
}

fn ticket(item: &str, generation: u64) -> Say {
    let made = json!({"item": item, "generation": generation, "share_generation": generation,
        "appliance": "host", "imported": false, "user_blinded": false, "created": 1,
        "ticket": "AAAA", "ticket_expires": 2});
    Say::Json(201, made)
}

fn problem(status: u16, word: &str) -> Say {
    Say::Json(
        status,
        json!({"title": word, "status": status, "detail": "d", "help": "h"}),
    )
}

/// Why an item is not made.
async fn refusal(hub: &Scripted) -> Error {
    let made = hub.appliance().create_item("tenant", "disk").await;
    made.unwrap_err()
}

/// A hub that made `tenant`, and answers everything else as told.
async fn with_a_set(answer: fn(&Asked) -> Say) -> Scripted {
    let hub = Scripted::new(false, Role::Hub, |asked| match &*asked.line {
        "POST /v1/sets" => set_up("tenant", "p384", "blinded"),
        _ => Say::Json(
            200,
            json!({"set": "tenant", "scheme": "p384", "protocol": "blinded", "generation": 1, "agents": [],
                "appliances_keep_shares": false, "owner": "host", "created": 1, "state": "trusted"}),
        ),
    })
    .await;
    hub.appliance()
        .create_set(&NewSet::named("tenant"))
        .await
        .unwrap();
    hub.take_asked();
    hub.says(answer);
    hub
}

/// All that is on the disk.
fn files(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
    found
}

/// Of an item that waits for its answer nothing is on the disk but under which key it was asked for: no K_s·B beside B.
#[tokio::test]
async fn what_waits_for_its_answer_is_an_idempotency_key() {
    let hub = with_a_set(|_| problem(423, "locked")).await;
    let refused = refusal(&hub).await;
    assert!(refused.is_locked(), "{refused}");
    let asked = hub.take_asked();
    let [first] = &asked[..] else {
        panic!("{asked:?}")
    };
    let waiting: Vec<_> = files(hub.folder.path())
        .into_iter()
        .filter(|(name, _)| name.ends_with(".pending"))
        .collect();
    let [(_, waiting)] = &waiting[..] else {
        panic!("{waiting:?}")
    };
    let waiting: Value = serde_json::from_slice(waiting).unwrap();
    assert_eq!(waiting, json!({"key": first.key}));
    // Another process asks under the same key, for another K_s, and takes what the first try made.
    hub.says(|asked| match asked.line.split_once(' ') {
        Some(("POST", "/v1/sets/tenant/items")) => problem(422, "key-reused"),
        Some(("GET", _)) => ticket("disk", 1),
        _ => problem(423, "locked"),
    });
    let refused = refusal(&hub).await;
    assert!(refused.is_locked(), "{refused}");
    let asked = hub.take_asked();
    let [second, answer, open] = &asked[..] else {
        panic!("{asked:?}")
    };
    assert_eq!(first.key, second.key);
    assert_ne!(first.json()["message"], second.json()["message"]);
    let key = first.key.as_ref().unwrap();
    assert_eq!(answer.line, format!("GET /v1/sets/tenant/answers/{key}"));
    assert_eq!(open.line, "POST /v1/sets/tenant/items/disk/open");
    // Made by the first try, and deleted since: made anew, under another key.
    hub.says(|asked| match asked.line.split_once(' ') {
        Some(("GET", _)) => problem(404, "unknown-item"),
        _ => problem(422, "key-reused"),
    });
    let refused = refusal(&hub).await;
    assert_eq!(refused.word(), Some("key-reused"));
    let asked = hub.take_asked();
    assert_eq!(asked[0].key.as_ref(), Some(key));
    assert_ne!(asked[2].key.as_ref(), Some(key));
    // That was for good: the next one is another request.
    let left = files(hub.folder.path());
    assert!(
        left.iter().all(|(name, _)| !name.ends_with(".pending")),
        "{left:?}"
    );
}

/// The request that was cut off is asked again, the same, and its key is there once.
#[tokio::test]
async fn an_answer_that_is_cut_is_asked_for_again() {
    let hub = with_a_set(|_| problem(500, "internal")).await;
    for bytes in [0, 1, 1000] {
        let mut first = true;
        hub.says(move |asked| match asked.line.ends_with("/items") {
            true if std::mem::take(&mut first) => Say::Cut(bytes),
            true => ticket("disk", 1),
            false => problem(423, "locked"),
        });
        let refused = refusal(&hub).await;
        assert!(refused.is_locked(), "{refused}");
        let asked = hub.take_asked();
        assert_eq!(asked.len(), 3);
        assert_eq!(asked[0], asked[1]);
    }
}

#[tokio::test]
async fn an_answer_that_is_too_long_is_not_read_to_its_end() {
    let hub = with_a_set(|_| Say::Endless).await;
    let appliance = hub.appliance();
    for _ in 0..2 {
        let refused = appliance.items("tenant").await.unwrap_err();
        assert!(
            matches!(&refused, Error::Answer { reason, .. } if reason.contains("longer than")),
            "{refused}"
        );
    }
    assert_eq!(hub.take_asked().len(), 2, "not asked again");
}

/// An answer about something else is none.
#[tokio::test]
async fn answers_to_other_questions_are_noticed() {
    let hub = with_a_set(|_| ticket("tape", 1)).await;
    let other = "this answer is of another item, generation or set";
    let appliance = hub.appliance();
    let refused = appliance.create_item("tenant", "disk").await.unwrap_err();
    assert!(
        matches!(refused, Error::Answer { .. }),
        "{other}: {refused}"
    );
    hub.says(|_| ticket("disk", 2));
    for refused in [
        appliance.create_item("tenant", "disk").await.unwrap_err(),
        appliance
            .open_of("tenant", "disk", Some(1))
            .await
            .unwrap_err(),
    ] {
        assert!(
            matches!(refused, Error::Answer { .. }),
            "{other}: {refused}"
        );
    }
    hub.says(|_| Say::Json(200, json!({"entries": 7})));
    let refused = appliance.items("tenant").await.unwrap_err();
    assert!(matches!(refused, Error::Answer { .. }), "{refused}");
    for [set, scheme, protocol] in [
        ["other", "p384", "blinded"],
        ["mine", "ristretto255", "blinded"],
        ["mine", "p384", "optimised"],
    ] {
        hub.says(move |_| set_up(set, scheme, protocol));
        let wanted = NewSet {
            protocol: Some(photonbox_vault::api::Protocol::Blinded),
            ..NewSet::named("mine")
        };
        let refused = appliance.create_set(&wanted).await.unwrap_err();
        assert!(
            matches!(refused, Error::Answer { .. }),
            "{other}: {refused}"
        );
    }
    assert!(
        files(hub.folder.path())
            .iter()
            .all(|(name, _)| !name.ends_with("mine.set"))
    );
}

/// Who is no hub of our CA hears nothing of us.
#[tokio::test]
async fn nobody_else_is_asked() {
    for (other_ca, role) in [(true, Role::Hub), (false, Role::Host)] {
        let hub = Scripted::new(other_ca, role, |_| problem(500, "internal")).await;
        let refused = hub.appliance().sets().await.unwrap_err();
        assert!(matches!(refused, Error::Unreachable { .. }), "{refused}");
        assert!(hub.take_asked().is_empty());
    }
}

/// The answer came and could not be written down: nothing is lost, and the next try has it.
#[tokio::test]
async fn a_fault_between_answer_and_file_loses_nothing() {
    let hub = with_a_set(|asked| match asked.line.ends_with("/items") {
        true => ticket("disk", 1),
        false => problem(423, "locked"),
    })
    .await;
    let refused = hub
        .appliance()
        .create_item("tenant", "other")
        .await
        .unwrap_err();
    assert!(matches!(refused, Error::Answer { .. }), "{refused}");
    let appliance = hub.appliance();
    let refused = appliance.create_item("tenant", "disk").await.unwrap_err();
    assert!(refused.is_locked(), "{refused}");
    let item = files(hub.folder.path())
        .into_iter()
        .find(|(name, _)| name.ends_with(".item"))
        .unwrap();
    // A folder where the file should be: no file can take its place.
    std::fs::remove_file(&item.0).unwrap();
    std::fs::create_dir_all(Path::new(&item.0).join("x")).unwrap();
    let refused = appliance.create_item("tenant", "disk").await.unwrap_err();
    assert!(
        matches!(
            refused,
            Error::Keep {
                action: "write",
                ..
            }
        ),
        "{refused}"
    );
    std::fs::remove_dir_all(&item.0).unwrap();
    let refused = appliance.create_item("tenant", "disk").await.unwrap_err();
    assert!(refused.is_locked(), "{refused}");
    let asked = hub.take_asked();
    let keys: Vec<_> = asked
        .iter()
        .filter(|asked| asked.line.ends_with("/items") && asked.json()["item"] == "disk")
        .map(|asked| asked.key.clone())
        .collect();
    assert!(
        keys.len() == 3 && keys.iter().all(|key| *key == keys[0]),
        "{keys:?}"
    );
    assert_eq!(
        files(hub.folder.path())
            .iter()
            .find(|(name, _)| **name == item.0),
        Some(&item)
    );
    let left = files(hub.folder.path());
    assert!(
        left.iter().all(|(name, _)| !name.contains(".new-")),
        "{left:?}"
    );
}
