//! Vouching and rotation, when answers are lost, late or of somebody else.

use std::time::Duration;

use photonbox_channel::Drawn;
use photonbox_client::Error;
use photonbox_vault::api::{Bytes, CreateSet, Notes, Vouch};
use photonbox_vault::group::P384;
use photonbox_vault::note::{self, About, Purpose};
use photonbox_vault::protocol::{Clear, Delta, Kind, blinded};
use serde_json::{Value, json};

use super::hub::{Asked, Say, Scripted};
use super::{files, problem, set_up, ticket, with_a_set};

/// What is kept of the set.
fn kept(hub: &Scripted) -> Value {
    let file = hub.folder.path().join("tenant.set");
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

fn own(kept: &Value) -> Vec<u8> {
    let own: Bytes = serde_json::from_value(kept["own"].clone()).unwrap();
    own.as_slice().to_vec()
}

fn has(hub: &Scripted, ending: &str) -> bool {
    let files = files(hub.folder.path());
    files.iter().any(|(name, _)| name.ends_with(ending))
}

fn lines(asked: &[Asked]) -> Vec<&str> {
    asked.iter().map(|asked| &*asked.line).collect()
}

fn set(generation: u64) -> Say {
    Say::Json(
        200,
        json!({"set": "tenant", "scheme": "p384", "protocol": "blinded", "generation": generation, "agents": [],
            "appliances_keep_shares": false, "owner": "host", "created": 1, "state": "trusted"}),
    )
}

const ROTATIONS: &str = "POST /v1/sets/tenant/rotations";
const NOTES: &str = "GET /v1/sets/tenant/notes";

/// Alone in its set, and rotations are answered like this.
fn alone(asked: &Asked, rotations: fn() -> Say, generation: u64) -> Say {
    match &*asked.line {
        ROTATIONS => rotations(),
        NOTES => Say::Json(200, json!({"notes": []})),
        "GET /v1/sets/tenant" => set(generation),
        line if line.starts_with("GET /v1/sets/tenant/appliances") => {
            let own =
                json!({"appliance": "host", "state": "trusted", "hpke_key": "AAAA", "created": 1});
            Say::Json(200, json!({"entries": [own]}))
        }
        "POST /v1/sets/tenant/items" => ticket("disk", 2),
        _ => problem(423, "locked"),
    }
}

fn rotated() -> Say {
    Say::Json(201, json!({"set": "tenant", "generation": 2}))
}

/// Nobody knows whether it was made: the same is asked again before anything else, and the set goes on with what was noted.
#[tokio::test]
async fn a_rotation_whose_answer_is_lost_is_ended_by_whatever_comes_next() {
    let hub = with_a_set(|asked| alone(asked, || problem(500, "internal"), 1)).await;
    let before = own(&kept(&hub));
    let refused = hub.appliance().rotate("tenant").await.unwrap_err();
    assert_eq!(refused.word(), Some("internal"));
    assert!(has(&hub, "tenant.rotation"));
    assert_eq!(own(&kept(&hub)), before);
    let asked = hub.take_asked();
    let first = asked.last().unwrap();
    assert_eq!(first.line, ROTATIONS);
    // Not answered still: nothing else is asked.
    let refused = hub.appliance().create_item("tenant", "disk").await;
    assert_eq!(refused.unwrap_err().word(), Some("internal"));
    assert_eq!(hub.take_asked(), std::slice::from_ref(first));
    hub.says(|asked| alone(asked, rotated, 2));
    let refused = hub.appliance().create_item("tenant", "disk").await;
    assert!(refused.unwrap_err().is_locked());
    let asked = hub.take_asked();
    let open = "POST /v1/sets/tenant/items/disk/open";
    assert_eq!(
        lines(&asked),
        [ROTATIONS, NOTES, "POST /v1/sets/tenant/items", open]
    );
    assert_eq!(asked[0], *first);
    assert!(!has(&hub, "tenant.rotation"));
    let after = kept(&hub);
    assert_eq!(after["generation"], 2);
    assert_ne!(own(&after), before);
    assert_eq!(after["before"][0]["generation"], 1);
    assert_eq!(own(&after["before"][0]), before, "for the items of then");
}

/// The vault forgets answers after a while. That this rotation was this appliance's shows by no note being there of it.
#[tokio::test]
async fn a_rotation_that_was_made_long_ago_is_known_again() {
    let hub = with_a_set(|asked| alone(asked, || problem(500, "internal"), 1)).await;
    hub.appliance().rotate("tenant").await.unwrap_err();
    hub.take_asked();
    hub.says(|asked| alone(asked, || problem(409, "generation"), 2));
    let rotated = hub.appliance().rotate("tenant").await.unwrap();
    assert_eq!(rotated.generation, 2);
    assert_eq!(kept(&hub)["generation"], 2);
    assert!(!has(&hub, "tenant.rotation"));
    assert_eq!(
        lines(&hub.take_asked()),
        [ROTATIONS, NOTES, "GET /v1/sets/tenant"]
    );
}

/// Somebody else was faster: this appliance follows that one, and its own comes after it.
#[tokio::test]
async fn a_rotation_that_came_too_late_is_made_anew() {
    let hub = Scripted::new(false, photonbox_channel::Role::Hub, |asked| {
        match &*asked.line {
            "POST /v1/sets" => set_up("tenant", "p384", "blinded"),
            _ => set(1),
        }
    })
    .await;
    let new = photonbox_client::NewSet::named("tenant");
    hub.appliance().create_set(&new).await.unwrap();
    let asked = hub.take_asked();
    let asked: CreateSet = serde_json::from_slice(&asked[0].body).unwrap();
    let random = &mut Drawn(&*hub.source);
    let delta = Delta::<P384>::draw(random).unwrap();
    let about = About {
        purpose: Purpose::Rotation,
        set: "tenant",
        generation: 2,
        from: "beta",
        to: "host",
        nonce: b"",
    };
    let sealed = note::seal(asked.hpke_key.as_slice(), &about, &delta.encode(), random).unwrap();
    let notes = Notes {
        notes: vec![photonbox_vault::api::Note {
            id: "rotation-2".into(),
            from: "beta".into(),
            generation: 2,
            body: Bytes::new(sealed),
            created: 1,
        }],
    };
    let notes = serde_json::to_value(&notes).unwrap();
    let (mut faster, mut followed) = (false, false);
    hub.says(move |asked| match &*asked.line {
        ROTATIONS if asked.json()["generation"] == 2 => {
            faster = true;
            problem(409, "generation")
        }
        ROTATIONS => Say::Json(201, json!({"set": "tenant", "generation": 3})),
        NOTES if followed || !faster => Say::Json(200, json!({"notes": []})),
        NOTES => Say::Json(200, notes.clone()),
        "POST /v1/sets/tenant/concealment" => {
            assert_eq!(asked.json()["generation"], 2);
            followed = true;
            Say::Json(200, Value::Null)
        }
        _ => alone(asked, rotated, 2),
    });
    let before = own(&kept(&hub));
    let rotated = hub.appliance().rotate("tenant").await.unwrap();
    assert_eq!(rotated.generation, 3);
    let after = kept(&hub);
    assert_eq!(after["generation"], 3);
    let second = &after["before"][1];
    assert_eq!(second["generation"], 2);
    let b = blinded::Appliance::<P384>::new(decoded(&before));
    let theirs = b.rotated(&delta);
    assert_eq!(own(second), encoded(theirs.stored()));
    assert!(!has(&hub, "tenant.rotation"));
    let asked = hub.take_asked();
    let rotations = asked.iter().filter(|asked| asked.line == ROTATIONS);
    assert_eq!(rotations.count(), 2);
}

fn decoded(bytes: &[u8]) -> <P384 as photonbox_vault::group::Group>::Element {
    <P384 as photonbox_vault::group::Group>::decode(bytes).unwrap()
}

fn encoded(element: &<P384 as photonbox_vault::group::Group>::Element) -> Vec<u8> {
    let bytes = <P384 as photonbox_vault::group::Group>::encode(element);
    bytes.as_slice().to_vec()
}

/// A letter whose answer is lost is shown again as it was, and is not asked for a second time when it was answered.
#[tokio::test]
async fn a_letter_is_shown_again_when_its_answer_is_lost() {
    let hub = with_a_set(|asked| match &*asked.line {
        "POST /v1/sets/tenant/vouchers" => {
            let listed =
                json!({"appliance": "beta", "state": "vouched", "hpke_key": "AAAA", "created": 1});
            Say::Json(201, listed)
        }
        _ => problem(500, "internal"),
    })
    .await;
    let folder = tempfile::tempdir().unwrap();
    let beta = || hub.appliance_of("beta", folder.path());
    let request = beta().request("tenant").unwrap();
    let hour = Duration::from_secs(3600);
    let (alpha, late) = (hub.appliance(), Duration::ZERO);
    let expired = alpha.vouch(&request, "beta", late).await.unwrap();
    let said = beta().accept(&expired.letter).await.unwrap_err();
    assert!(said.to_string().contains("expired"), "{said}");
    hub.take_asked();
    let vouched = alpha.vouch(&request, "beta", hour).await.unwrap();
    let asked = hub.take_asked();
    let sent: Vouch = serde_json::from_slice(&asked[0].body).unwrap();
    // What the vault does of it, with r_1 and r_2.
    let random = &mut Drawn(&*hub.source);
    let [one, other] = [(); 2].map(|()| blinded::Vault::<P384>::draw(random).unwrap());
    let covered = Clear::read(sent.message.as_slice(), Kind::BlindedVouch).unwrap();
    let moved = one.move_to(&other, &covered).to_bytes();
    let moved = serde_json::to_value(Bytes::new(moved.as_slice())).unwrap();
    let refused = beta().accept(&vouched.letter).await.unwrap_err();
    assert_eq!(refused.word(), Some("internal"));
    let first = hub.take_asked();
    hub.says(move |asked| match &*asked.line {
        "POST /v1/sets/tenant/vouchers/accept" => Say::Json(
            200,
            json!({"set": "tenant", "scheme": "p384", "protocol": "blinded", "generation": 1,
                "appliances_keep_shares": false, "state": "trusted", "moved": moved}),
        ),
        _ => set(1),
    });
    beta().accept(&vouched.letter).await.unwrap();
    assert_eq!(hub.take_asked()[0], first[0]);
    let again = beta().accept(&vouched.letter).await.unwrap_err();
    assert!(matches!(again, Error::HasSet(_)), "{again}");
    assert!(hub.take_asked().is_empty());
    // What both have now is one K_m under r_1 and r_2.
    let theirs = std::fs::read(folder.path().join("tenant.set")).unwrap();
    let theirs: Value = serde_json::from_slice(&theirs).unwrap();
    let b = [own(&kept(&hub)), own(&theirs)].map(|b| blinded::Appliance::<P384>::new(decoded(&b)));
    let (key, created) = b[0].create(random).unwrap();
    let share = one.share(&created);
    let opened = b[1].open(&other.serve(&share));
    assert_eq!(encoded(opened.element()), encoded(key.element()));
    assert!(!folder.path().join("tenant.newcomer").exists());
}
