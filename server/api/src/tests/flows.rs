//! What works.

use axum::http::Method;
use photonbox_vault::api::{CreateSet, Item, ItemTicket, Page, Protocol, PutWrapped, Set, SetUp};
use photonbox_vault::group::{Group, P384, Paillier3072, Ristretto255};

use super::appliance::{Appliance, bytes, create_set};
use super::world::World;

/// A key is the same whenever it is opened; each item has its own; what the vault keeps or the appliance keeps is enough.
async fn create_and_open<G: Group>(protocol: Protocol, keep: bool) {
    let world = World::new(1);
    let asked = create_set::<G>("tenant", protocol, keep);
    let alpha = Appliance::<G>::first(&world, "alpha", &asked)
        .await
        .unwrap();
    let (disk, first) = alpha.create("disk/0 ä").await.unwrap();
    let (tape, _) = alpha.create("tape").await.unwrap();
    assert_ne!(bytes(&disk), bytes(&tape));
    let tickets = if keep {
        let refused = alpha.look_up("disk/0 ä").await.unwrap_err();
        assert_eq!(refused.title, "wrong-step");
        assert!(first.share.is_some());
        vec![first]
    } else {
        assert_eq!(first.share.is_some(), protocol == Protocol::Homomorphic);
        vec![alpha.look_up("disk/0 ä").await.unwrap(), first]
    };
    for ticket in tickets {
        for _ in 0..2 {
            assert_eq!(bytes(&alpha.open(&ticket).await.unwrap()), bytes(&disk));
        }
    }
    let listed: Page<Item> = world.get("alpha", "/v1/sets/tenant/items").await.unwrap();
    let names: Vec<_> = listed.entries.iter().map(|item| &*item.item).collect();
    assert_eq!((names, listed.next), (vec!["disk/0 ä", "tape"], None));
}

macro_rules! every_protocol {
    ($($name:ident: $group:ty;)*) => {$(
        #[tokio::test]
        async fn $name() {
            for protocol in Protocol::ALL {
                for keep in [false, true] {
                    create_and_open::<$group>(protocol, keep).await;
                }
            }
        }
    )*};
}

every_protocol! {
    every_protocol_over_p384: P384;
    every_protocol_over_ristretto255: Ristretto255;
    every_protocol_over_paillier3072: Paillier3072;
}

/// The answer to a lost answer is the same answer, and one item.
#[tokio::test]
async fn what_is_asked_twice_is_done_once() {
    for protocol in [Protocol::Blinded, Protocol::Optimised] {
        for keep in [false, true] {
            let world = World::new(2);
            let asked = create_set::<Ristretto255>("tenant", protocol, keep);
            let alpha = Appliance::<Ristretto255>::first(&world, "alpha", &asked)
                .await
                .unwrap();
            let path = "/v1/sets/tenant/items";
            let (key, creation) = alpha.creation("disk");
            let ask = |creation| world.ask_with("alpha", Method::POST, path, Some(creation), "k");
            let first = ask(&creation).await.unwrap();
            let again = ask(&creation).await.unwrap();
            assert_eq!(first, again);
            let key = alpha.created(key, &again);
            assert_eq!(bytes(&key), bytes(&alpha.open(&first).await.unwrap()));
            let (_, other) = alpha.creation("tape");
            let refused = world
                .ask_with::<Item>("alpha", Method::POST, path, Some(&other), "k")
                .await;
            assert_eq!(refused.unwrap_err().title, "key-reused");
            let listed: Page<Item> = world.get("alpha", path).await.unwrap();
            assert_eq!(listed.entries.len(), 1);
            // Another appliance's keys are its own.
            let set = create_set::<Ristretto255>("other", protocol, keep);
            let made: serde_json::Value = world
                .ask_with("beta", Method::POST, "/v1/sets", Some(&set), "k")
                .await
                .unwrap();
            assert_eq!(made["set"], "other");
        }
    }
}

/// Who lost the answer, and with it what it had asked, hears of what was made; nobody else does.
#[tokio::test]
async fn what_was_answered_can_be_asked_for() {
    let own = [false, true].map(|keep| Protocol::ALL.map(|protocol| (protocol, keep)));
    for (protocol, keep) in own.concat() {
        let world = World::new(2);
        let asked = create_set::<Ristretto255>("tenant", protocol, keep);
        let alpha = Appliance::<Ristretto255>::first(&world, "alpha", &asked)
            .await
            .unwrap();
        let other = create_set::<Ristretto255>("other", Protocol::Blinded, false);
        for host in ["alpha", "beta"] {
            let set = format!("{}-{host}", other.set);
            let other = CreateSet {
                set,
                ..other.clone()
            };
            let _: SetUp = world
                .ask_with(host, Method::POST, "/v1/sets", Some(&other), "of-a-set")
                .await
                .unwrap();
        }
        let path = "/v1/sets/tenant/items";
        let (key, creation) = alpha.creation("disk");
        let made: ItemTicket = world
            .ask_with("alpha", Method::POST, path, Some(&creation), "k")
            .await
            .unwrap();
        let answer = "/v1/sets/tenant/answers/k";
        let again: ItemTicket = world.get("alpha", answer).await.unwrap();
        assert_eq!(made, again);
        let key = alpha.created(key, &again);
        assert_eq!(bytes(&key), bytes(&alpha.open(&again).await.unwrap()));
        for (host, path, word) in [
            ("alpha", "/v1/sets/tenant/answers/none", "unknown-answer"),
            (
                "alpha",
                "/v1/sets/tenant/answers/of-a-set",
                "unknown-answer",
            ),
            ("alpha", "/v1/sets/other-alpha/answers/k", "unknown-item"),
            ("beta", "/v1/sets/other-beta/answers/k", "unknown-answer"),
            ("beta", answer, "unknown-set"),
        ] {
            let refused = world.get::<ItemTicket>(host, path).await.unwrap_err();
            assert_eq!(refused.title, word, "{host} {path}");
        }
        // Neither of what is gone, nor of what has taken its name.
        for _ in 0..2 {
            let gone = format!("{path}/disk");
            let () = world
                .ask("alpha", Method::DELETE, &gone, None::<&()>)
                .await
                .unwrap();
            let refused = world.get::<ItemTicket>("alpha", answer).await;
            assert_eq!(refused.unwrap_err().title, "unknown-item");
            alpha.create("disk").await.unwrap();
            if !keep {
                let refused = world.get::<ItemTicket>("alpha", answer).await;
                assert_eq!(refused.unwrap_err().title, "unknown-item");
            }
        }
    }
}

/// Two requests under one key at once: one item, and both hear of the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_asked_twice_at_once_is_done_once() {
    let world = World::new(3);
    let asked = create_set::<Ristretto255>("tenant", Protocol::Optimised, false);
    let alpha = Appliance::<Ristretto255>::first(&world, "alpha", &asked)
        .await
        .unwrap();
    for round in 0..20 {
        let (_, creation) = alpha.creation(&format!("disk{round}"));
        let key = world.fresh_key();
        let ask = || {
            world.ask_with(
                "alpha",
                Method::POST,
                "/v1/sets/tenant/items",
                Some(&creation),
                &key,
            )
        };
        let (a, b, c) = tokio::join!(ask(), ask(), ask());
        let all = [a.unwrap(), b.unwrap(), c.unwrap()];
        let keys = all.each_ref().map(|made| bytes(&alpha.created(None, made)));
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
    let listed: Page<Item> = world.get("alpha", "/v1/sets/tenant/items").await.unwrap();
    assert_eq!(listed.entries.len(), 20);
}

#[tokio::test]
async fn lists_come_in_pages() {
    let world = World::new(4);
    for set in ["b", "a", "c"] {
        let asked = create_set::<Ristretto255>(set, Protocol::Blinded, false);
        let alpha = Appliance::<Ristretto255>::first(&world, "alpha", &asked)
            .await
            .unwrap();
        for item in 0..5 {
            alpha.create(&format!("i:{item}")).await.unwrap();
        }
    }
    let mut seen = Vec::new();
    let mut path = "/v1/sets?limit=2".to_owned();
    loop {
        let page: Page<Set> = world.get("alpha", &path).await.unwrap();
        seen.extend(page.entries.into_iter().map(|set| set.set));
        let Some(next) = page.next else { break };
        path = format!("/v1/sets?limit=2&after={next}");
    }
    assert_eq!(seen, ["a", "b", "c"]);
    let none: Page<Set> = world.get("beta", "/v1/sets").await.unwrap();
    assert!(none.entries.is_empty());
    let mut seen = Vec::new();
    let mut path = "/v1/sets/b/items?limit=2".to_owned();
    loop {
        let page: Page<Item> = world.get("alpha", &path).await.unwrap();
        assert!(page.entries.len() <= 2);
        seen.extend(page.entries.into_iter().map(|item| item.item));
        let Some(next) = page.next else { break };
        path = format!("/v1/sets/b/items?limit=2&after={next}");
    }
    assert_eq!(seen, ["i:0", "i:1", "i:2", "i:3", "i:4"]);
}

#[tokio::test]
async fn an_imported_key_comes_with_the_item_and_can_be_given_once() {
    let world = World::new(5);
    let asked = create_set::<P384>("tenant", Protocol::Blinded, false);
    let alpha = Appliance::<P384>::first(&world, "alpha", &asked)
        .await
        .unwrap();
    let (_, ticket) = alpha.create("disk").await.unwrap();
    let put = |byte: u8, length: usize| PutWrapped {
        generation: 1,
        wrapped: photonbox_vault::api::Bytes::new(vec![byte; length]),
    };
    for length in [0, 28, 28 + 65_537] {
        let refused = put_wrapped(&world, put(1, length)).await;
        assert_eq!(refused.unwrap_err().title, "bad-request");
    }
    put_wrapped(&world, put(1, 28 + 65_536)).await.unwrap();
    put_wrapped(&world, put(1, 28 + 65_536)).await.unwrap();
    let refused = put_wrapped(&world, put(2, 60)).await;
    assert_eq!(refused.unwrap_err().title, "imported");
    let open = photonbox_vault::api::OpenItem {
        generation: 1,
        ticket: ticket.ticket,
        share: None,
        message: None,
    };
    let opened = alpha.asked_to_open("alpha", "disk", &open).await.unwrap();
    assert_eq!(opened.wrapped.unwrap().as_slice().len(), 28 + 65_536);
}

async fn put_wrapped(
    world: &World,
    asked: PutWrapped,
) -> Result<(), photonbox_vault::api::Problem> {
    let path = "/v1/sets/tenant/items/disk/wrapped";
    world.ask("alpha", Method::PUT, path, Some(&asked)).await
}

/// Every change is in the audit log, and the log holds together.
#[tokio::test]
async fn changes_are_written_down() {
    use photonbox_store::{AuditHead, VaultStore as _};
    let world = World::new(6);
    let asked = create_set::<Ristretto255>("tenant", Protocol::Optimised, false);
    let alpha = Appliance::<Ristretto255>::first(&world, "alpha", &asked)
        .await
        .unwrap();
    alpha.create("disk").await.unwrap();
    let () = world
        .ask(
            "alpha",
            Method::DELETE,
            "/v1/sets/tenant/items/disk",
            None::<&()>,
        )
        .await
        .unwrap();
    let mut entries = Vec::new();
    let read = world.store.vault(&mut |rows| {
        entries = rows.audit_entries(0, 100)?;
        let mut head = AuditHead::default();
        assert!(entries.iter().all(|entry| head.check(entry).is_ok()));
        assert_eq!(head, rows.audit_head()?);
        Ok(true)
    });
    assert!(read.unwrap());
    let said: Vec<_> = entries
        .iter()
        .map(|entry| format!("{} {}", entry.event.action, entry.event.subject))
        .collect();
    let wanted = [
        "set.create tenant",
        "appliance.conceal tenant",
        "vault.key ticket/1",
        "vault.key share/1",
        "item.create tenant/disk@1",
        "item.delete tenant/disk@1",
    ];
    assert_eq!(said, wanted);
}
