//! What is refused, and by which word.

use axum::body::Body;
use axum::http::{Method, Request, StatusCode};
use photonbox_vault::api::{
    Appliance as Listed, Bytes, IDEMPOTENCY_KEY, Item, ItemTicket, MAX_BODY, OpenItem, Page,
    Problem, Protocol, Set, SetUp,
};
use photonbox_vault::group::{P384, Ristretto255};
use std::sync::atomic::Ordering;

use super::appliance::{Appliance, create_set};
use super::world::World;
use crate::vault::VaultSettings;

type Alpha<'a> = Appliance<'a, Ristretto255>;

async fn alpha<'a>(world: &'a World, set: &str, protocol: Protocol) -> Alpha<'a> {
    let asked = create_set::<Ristretto255>(set, protocol, false);
    Appliance::first(world, "alpha", &asked).await.unwrap()
}

fn open(ticket: &ItemTicket) -> OpenItem {
    OpenItem {
        generation: ticket.item.generation,
        ticket: ticket.ticket.clone(),
        share: ticket.share.clone(),
        message: None,
    }
}

/// What is wrong with a ticket is one answer, and no agent is asked.
#[tokio::test]
async fn tickets_that_are_not_this_ones_are_refused() {
    let world = World::new(10);
    let alpha = alpha(&world, "tenant", Protocol::Three).await;
    let (_, disk) = alpha.create("disk").await.unwrap();
    let (_, tape) = alpha.create("tape").await.unwrap();
    let asked_before = world.agents.asked.load(Ordering::Relaxed);
    let mut wrong = vec![open(&tape)];
    for at in [0, 3, 8, 20, disk.ticket.as_slice().len() - 1] {
        let mut forged = disk.ticket.as_slice().to_vec();
        forged[at] ^= 1;
        wrong.push(OpenItem {
            ticket: Bytes::new(forged),
            ..open(&disk)
        });
    }
    for length in [0, 1, 60, 62] {
        let mut cut = disk.ticket.as_slice().to_vec();
        cut.resize(length, 0);
        wrong.push(OpenItem {
            ticket: Bytes::new(cut),
            ..open(&disk)
        });
    }
    wrong.push(OpenItem {
        share: Some(Bytes::new(vec![7; 64])),
        ..open(&disk)
    });
    for asked in wrong {
        let refused = alpha.asked_to_open("alpha", "disk", &asked).await;
        assert_eq!(refused.unwrap_err().title, "ticket-refused");
    }
    let asked = world.agents.asked.load(Ordering::Relaxed);
    assert_eq!(asked, asked_before, "no agent was asked");
    alpha.open(&disk).await.unwrap();
}

#[tokio::test]
async fn a_ticket_ends() {
    let settings = VaultSettings {
        ticket_seconds: 0,
        ..VaultSettings::default()
    };
    let world = World::with(11, settings, None);
    let alpha = alpha(&world, "tenant", Protocol::Blinded).await;
    let (_, disk) = alpha.create("disk").await.unwrap();
    let refused = alpha.open(&disk).await.map(drop);
    assert_eq!(refused.unwrap_err().title, "ticket-refused");
}

/// A host that is no appliance of a set doesn't learn that there is one, whatever it asks.
#[tokio::test]
async fn strangers_learn_nothing() {
    let world = World::new(12);
    let alpha = alpha(&world, "tenant", Protocol::Blinded).await;
    let (_, disk) = alpha.create("disk").await.unwrap();
    for set in ["tenant", "nobodys"] {
        let paths = ["", "/appliances", "/items", "/items/disk"];
        for path in paths {
            let path = format!("/v1/sets/{set}{path}");
            let refused: Problem = world
                .get::<serde_json::Value>("eve", &path)
                .await
                .unwrap_err();
            assert_eq!((&*refused.title, refused.status), ("unknown-set", 404));
        }
    }
    let refused = alpha.asked_to_open("eve", "disk", &open(&disk)).await;
    assert_eq!(refused.unwrap_err().title, "unknown-set");
    let gone = world.ask::<()>(
        "eve",
        Method::DELETE,
        "/v1/sets/tenant/items/disk",
        None::<&()>,
    );
    assert_eq!(gone.await.unwrap_err().title, "unknown-set");
    alpha.open(&disk).await.unwrap();
}

/// From the next request on: the enrolment's, and the set's own.
#[tokio::test]
async fn who_was_revoked_is_refused_from_the_next_request_on() {
    let world = World::new(13);
    let alpha = alpha(&world, "tenant", Protocol::Blinded).await;
    let (_, disk) = alpha.create("disk").await.unwrap();
    let revoke = "/v1/sets/tenant/appliances/alpha/revoke";
    let last = world
        .ask::<Listed>("alpha", Method::POST, revoke, None::<&()>)
        .await;
    assert_eq!(last.unwrap_err().title, "last-appliance");
    let unknown = "/v1/sets/tenant/appliances/beta/revoke";
    let refused = world
        .ask::<Listed>("alpha", Method::POST, unknown, None::<&()>)
        .await;
    assert_eq!(refused.unwrap_err().title, "unknown-appliance");
    world.enrolments.0.lock().unwrap().push("alpha".into());
    let refused = alpha.open(&disk).await.map(drop).unwrap_err();
    assert_eq!((&*refused.title, refused.status), ("not-enrolled", 403));
    let refused = world.get::<Page<Set>>("alpha", "/v1/sets").await;
    assert_eq!(refused.unwrap_err().title, "not-enrolled");
}

#[tokio::test]
async fn an_appliance_whose_set_up_is_not_ended_creates_nothing() {
    let world = World::new(14);
    let asked = create_set::<P384>("tenant", Protocol::Optimised, false);
    let made: SetUp = world
        .ask("alpha", Method::POST, "/v1/sets", Some(&asked))
        .await
        .unwrap();
    assert!(made.part.is_some());
    let create = photonbox_vault::api::CreateItem {
        item: "disk".into(),
        message: Bytes::new(vec![1; 52]),
        user_blinded: false,
    };
    let path = "/v1/sets/tenant/items";
    let refused = world
        .ask::<Item>("alpha", Method::POST, path, Some(&create))
        .await;
    assert_eq!(refused.unwrap_err().title, "not-trusted");
    let refused = world.get::<Page<Item>>("alpha", path).await;
    assert_eq!(refused.unwrap_err().title, "not-trusted");
}

/// Points that are none, the identity, another group's, another message: refused before they meet a secret.
#[tokio::test]
async fn messages_that_are_not_the_protocols_are_refused() {
    let world = World::new(15);
    let alpha = alpha(&world, "tenant", Protocol::Blinded).await;
    let (_, good) = alpha.creation("disk");
    let bytes = good.message.as_slice().to_vec();
    let identity = [&bytes[..3], &[0; 32]].concat();
    let no_point = [&bytes[..3], &[0xff; 32]].concat();
    let mut other_group = bytes.clone();
    other_group[2] = 1;
    let mut other_kind = bytes.clone();
    other_kind[1] += 1;
    let wrong: [(&str, Vec<u8>); 7] = [
        ("identity", identity),
        ("no point", no_point),
        ("another group", other_group),
        ("another kind", other_kind),
        ("cut", bytes[..bytes.len() - 1].to_vec()),
        ("long", [&bytes[..], &[0]].concat()),
        ("empty", Vec::new()),
    ];
    for (name, message) in wrong {
        let asked = photonbox_vault::api::CreateItem {
            message: Bytes::new(message),
            ..good.clone()
        };
        let path = "/v1/sets/tenant/items";
        let refused = world
            .ask::<Item>("alpha", Method::POST, path, Some(&asked))
            .await;
        let refused = refused.unwrap_err();
        assert_eq!(
            (&*refused.title, refused.status),
            ("bad-request", 400),
            "{name}"
        );
    }
    let listed: Page<Item> = world.get("alpha", "/v1/sets/tenant/items").await.unwrap();
    assert!(listed.entries.is_empty());
}

/// A missing agent stops creating and opening with its name, and nothing is half made.
#[tokio::test]
async fn a_missing_agent_is_named() {
    let world = World::new(16);
    let alpha = alpha(&world, "tenant", Protocol::N).await;
    let (_, disk) = alpha.create("disk").await.unwrap();
    for agent in ["agent1", "agent2", "agent3"] {
        *world.agents.away.lock().unwrap() = vec![agent.into()];
        let refused = alpha.create("tape").await.map(drop).unwrap_err();
        assert_eq!((&*refused.title, refused.status), ("agent", 502));
        assert!(refused.detail.contains(agent));
        let refused = alpha.open(&disk).await.map(drop).unwrap_err();
        assert!(refused.detail.contains(agent));
        let asked = create_set::<Ristretto255>("second", Protocol::N, false);
        let refused = Alpha::first(&world, "alpha", &asked).await.map(drop);
        assert_eq!(refused.unwrap_err().title, "agent");
    }
    world.agents.away.lock().unwrap().clear();
    alpha.create("tape").await.unwrap();
    alpha.open(&disk).await.unwrap();
    alpha_again(&world).await;
}

async fn alpha_again(world: &World) {
    alpha(world, "second", Protocol::N).await;
}

#[tokio::test]
async fn names_that_are_taken_stay_as_they_are() {
    let world = World::new(17);
    let first = alpha(&world, "tenant", Protocol::Blinded).await;
    let (_, disk) = first.create("disk").await.unwrap();
    let refused = first.create("disk").await.map(drop);
    assert_eq!(refused.unwrap_err().title, "item-exists");
    let asked = create_set::<P384>("tenant", Protocol::Blinded, false);
    for host in ["alpha", "beta"] {
        let refused = Appliance::<P384>::first(&world, host, &asked)
            .await
            .map(drop);
        assert_eq!(refused.unwrap_err().title, "set-exists");
    }
    first.open(&disk).await.unwrap();
}

#[tokio::test]
async fn a_host_has_only_so_many_sets_and_requests() {
    let settings = VaultSettings {
        sets_per_host: 2,
        ..VaultSettings::default()
    };
    let world = World::with(18, settings, Some(20));
    alpha(&world, "one", Protocol::Blinded).await;
    alpha(&world, "two", Protocol::Blinded).await;
    let asked = create_set::<P384>("three", Protocol::Blinded, false);
    let refused = Appliance::<P384>::first(&world, "alpha", &asked)
        .await
        .map(drop);
    assert_eq!(refused.unwrap_err().title, "too-many-sets");
    let request = || Request::get("/v1/sets").body(Body::empty()).unwrap();
    let (mut status, mut headers) = (StatusCode::OK, None);
    for _ in 0..100 {
        let answer = world.whole("alpha", request()).await;
        (status, headers) = (answer.0, Some(answer.2));
        if status != StatusCode::OK {
            break;
        }
    }
    assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
    assert!(headers.unwrap().contains_key("retry-after"));
    let (status, _) = world.raw("beta", request()).await;
    assert_eq!(status, StatusCode::OK, "others are served");
}

/// Whatever is no right request is a problem that says so, with the right type and the source's label.
#[tokio::test]
async fn requests_that_are_not_right_say_why() {
    let world = World::new(19);
    alpha(&world, "tenant", Protocol::Blinded).await;
    let post = |path: &str, kind: &str, key: Option<&str>, body: Vec<u8>| {
        let mut request = Request::post(path).header("content-type", kind);
        if let Some(key) = key {
            request = request.header(IDEMPOTENCY_KEY, key);
        }
        request.body(Body::from(body)).unwrap()
    };
    let (sets, json) = ("/v1/sets", "application/json");
    let good = serde_json::to_vec(&create_set::<P384>("a", Protocol::Blinded, false)).unwrap();
    let with = |from: &str, to: &str| {
        let text = String::from_utf8(good.clone()).unwrap();
        assert!(text.contains(from), "{from}");
        text.replace(from, to).into_bytes()
    };
    let get = |path: &str| Request::get(path).body(Body::empty()).unwrap();
    let long_key = "k".repeat(65);
    let cases: Vec<(&str, u16, Request<Body>)> = vec![
        (
            "bad-request",
            400,
            post(sets, json, Some("k"), b"{".to_vec()),
        ),
        (
            "bad-request",
            400,
            post(sets, json, Some("k"), b"{}".to_vec()),
        ),
        (
            "bad-request",
            400,
            post(sets, json, Some("k"), with("p384", "p385")),
        ),
        (
            "bad-request",
            400,
            post(sets, json, Some("k"), with("\"a\"", "\"../a\"")),
        ),
        (
            "bad-request",
            400,
            post(sets, json, Some("k"), with("{", "{\"x\":1,")),
        ),
        ("bad-request", 400, post(sets, json, None, good.clone())),
        ("bad-request", 400, post(sets, json, Some(""), good.clone())),
        (
            "bad-request",
            400,
            post(sets, json, Some(&long_key), good.clone()),
        ),
        (
            "bad-request",
            400,
            post(sets, json, Some("a b"), good.clone()),
        ),
        (
            "not-json",
            415,
            post(sets, "text/plain", Some("k"), good.clone()),
        ),
        (
            "too-long",
            413,
            post(sets, json, Some("k"), vec![b' '; MAX_BODY + 1]),
        ),
        ("no-path", 404, get("/")),
        ("no-path", 404, get("/v1/sets/")),
        (
            "no-method",
            405,
            post("/v1/sets/tenant", json, Some("k"), good.clone()),
        ),
        ("bad-request", 400, get("/v1/sets?limit=0")),
        ("bad-request", 400, get("/v1/sets?limit=1001")),
        ("bad-request", 400, get("/v1/sets?limit=x")),
        ("bad-request", 400, get("/v1/sets?unknown=1")),
        (
            "bad-request",
            400,
            get("/v1/sets/tenant/items?after=nothing"),
        ),
        ("bad-request", 400, get("/v1/sets/%ff")),
        (
            "bad-request",
            400,
            get("/v1/sets/tenant/items/x?generation=-1"),
        ),
        ("unknown-item", 404, get("/v1/sets/tenant/items/x")),
    ];
    for (number, (word, status, request)) in cases.into_iter().enumerate() {
        let about = format!("case {number}: {} {}", request.method(), request.uri());
        let (got, body, headers) = world.whole("alpha", request).await;
        let problem: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(
            (&*problem.title, got.as_u16()),
            (word, status),
            "{about}: {problem:?}"
        );
        assert_eq!(
            headers["content-type"], "application/problem+json",
            "{about}"
        );
        assert_eq!(headers["photonbox-source"], "simulated", "{about}");
        for line in [&problem.detail, &problem.help] {
            assert!(!line.is_empty() && !line.contains('\n'), "{about}");
        }
    }
}

/// What hangs on an agent's part can't be replaced by another one; what nothing hangs on can.
#[tokio::test]
async fn an_agents_part_is_replaced_only_before_it_was_used() {
    use crate::vault::{Agents as _, Turn};
    use photonbox_vault::api::{AgentDraw, AgentTurn};
    use photonbox_vault::group::Group as _;
    use photonbox_vault::protocol::Kind;
    let world = World::new(20);
    let agent = create_set::<Ristretto255>("t", Protocol::Three, false).agents;
    let agent = &agent[0];
    let draw = || {
        let (_, public) =
            Ristretto255::key_pair(&mut photonbox_channel::Drawn(&*world.source)).unwrap();
        AgentDraw {
            set: "t".into(),
            generation: 1,
            appliance: "alpha".into(),
            scheme: "ristretto255".into(),
            public_key: Bytes::new(Ristretto255::encode_public_key(&public)),
        }
    };
    let (first, second, third) = (draw(), draw(), draw());
    for asked in [&first, &first, &second] {
        world.agents.draw(agent, asked).await.unwrap();
    }
    let public = Ristretto255::decode_public_key(second.public_key.as_slice()).unwrap();
    let random = &mut photonbox_channel::Drawn(&*world.source);
    let own = photonbox_vault::protocol::agents::Appliance::<Ristretto255>::draw(public, random);
    let (_, message) = own.unwrap().create(random).unwrap();
    let mut turn = AgentTurn {
        set: "t".into(),
        generation: 1,
        appliance: "alpha".into(),
        message: Bytes::new(message.to_bytes()),
    };
    world
        .agents
        .turn(agent, Turn::TakeOut, &turn)
        .await
        .unwrap();
    let wrong = world.agents.turn(agent, Turn::PutIn, &turn).await;
    assert!(
        wrong
            .unwrap_err()
            .contains(&format!("{:?}", Kind::AgentsAsk))
    );
    let refused = world.agents.draw(agent, &third).await.unwrap_err();
    assert!(refused.contains("in use"), "{refused}");
    world.agents.draw(agent, &second).await.unwrap();
    turn.appliance = "beta".into();
    let refused = world.agents.turn(agent, Turn::TakeOut, &turn).await;
    assert!(refused.unwrap_err().contains("nothing"));
}
