//! Peers that a hub refuses, and how they are told.

use photonbox_daemon::*;

use crate::world::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn quotas_and_revocations_end_a_host() {
    let world = World::new();
    let limits = LimitOptions {
        host_quota_bytes: Some(1000),
        ..LimitOptions::default()
    };
    let hub = hub(ServeOptions {
        limits,
        ..world.serve_options()
    })
    .await;
    world.enroll(&hub, "h1", false).await;
    world.enroll(&hub, "h2", false).await;
    let greedy = host(world.join_options("h1", &hub.address, Class::Drbg, 5000)).await;
    let error = greedy.task.await.unwrap().unwrap_err();
    assert!(error.to_string().contains("quota"), "{error}");
    assert_eq!(
        std::fs::metadata(world.file("h1-drbg")).unwrap().len(),
        1000
    );
    let modest = host(world.join_options("h2", &hub.address, Class::Drbg, 900)).await;
    assert_eq!(modest.end().await.bytes, 900);

    let report = revoke(Some(&world.state("hub")), &StoreOptions::default(), "h2")
        .await
        .unwrap();
    assert_eq!(
        (report.host.as_str(), report.channels_closed),
        ("h2", Some(0))
    );
    assert!(
        revoke(Some(&world.state("hub")), &StoreOptions::default(), "h2")
            .await
            .is_err()
    );
    let revoked = host(world.join_options("h2", &hub.address, Class::Drbg, 16)).await;
    let error = revoked.error().await;
    assert!(error.to_string().contains("revoked"), "{error}");
    until("it is counted", async || {
        let status = world.ask("hub", ControlCommand::Status).await;
        status["closed"]["not-admitted"] == 1
    })
    .await;
    hub.stop().await;
}

/// A host whose certificate the hub's CA signed two years ago, for one year.
fn expired_host(world: &World, name: &str) {
    use photonbox_daemon::pki::{LEAF_SECONDS, LeafRole, Signer};
    use photonbox_store::{
        Identity, ROOT_KEY_FILE, Role, RootKey, SqliteStore, Store, VaultStore as _,
    };
    let hub = SqliteStore::open(&world.state("hub")).unwrap();
    let root = RootKey::read(&world.state("hub").join(ROOT_KEY_FILE)).unwrap();
    hub.set_root_key(Some(root));
    let authority = hub.authority().unwrap().unwrap();
    let signer = Signer::new(&authority.certificate, &authority.private_key).unwrap();
    let now = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    let then = now - 2 * LEAF_SECONDS;
    let old = signer
        .new_identity(name, LeafRole::Host, then, LEAF_SECONDS)
        .unwrap();
    let identity = Identity {
        role: Role::Host,
        name: name.into(),
        hub: "hub".into(),
        certificate: old.certificate,
        private_key: old.private_key,
        ca_certificate: authority.certificate,
        relay: false,
        created: then,
        renewed: None,
    };
    SqliteStore::create(&world.state(name))
        .unwrap()
        .create_identity(&identity, None)
        .unwrap();
}

#[tokio::test]
async fn an_expired_certificate_is_told_before_the_first_connection() {
    let world = World::new();
    expired_host(&world, "old");
    let options = world.join_options("old", "127.0.0.1:9", Class::Drbg, 64);
    let error = join(options, Shutdown::new(), |_| ())
        .await
        .expect_err("expired");
    assert!(error.to_string().contains("expired"), "{error}");
    assert_eq!(error.exit_code(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_of_another_ca_gets_no_channel() {
    let (world, other) = (World::new(), World::new());
    let ours = hub(world.serve_options()).await;
    let theirs = hub(other.serve_options()).await;
    other.enroll(&theirs, "h1", false).await;
    let stranger = host(other.join_options("h1", &ours.address, Class::Drbg, 64)).await;
    let error = stranger.error().await;
    assert!(error.to_string().contains("CA"), "{error}");
    assert_eq!(error.exit_code(), 1);
    until("it is counted", async || {
        let status = world.ask("hub", ControlCommand::Status).await;
        status["closed"]["tls"].as_u64().unwrap_or(0) > 0
    })
    .await;
    assert_eq!(std::fs::metadata(other.file("h1-drbg")).unwrap().len(), 0);
    ours.stop().await;
    theirs.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn as_long_as_one_address_may_come_back_a_host_waits() {
    let (world, other) = (World::new(), World::new());
    let ours = hub(world.serve_options()).await;
    let theirs = hub(other.serve_options()).await;
    world.enroll(&ours, "h1", false).await;
    // A port that nobody has: its owner may only be away.
    let away = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .unwrap()
        .to_string();
    let mut options = world.join_options("h1", &theirs.address, Class::Drbg, 64);
    options.hubs.push(away.clone());
    let waiting = host(options).await;
    until("two rounds", async || {
        let status = other.ask("hub", ControlCommand::Status).await;
        status["closed"]["tls"]
            .as_u64()
            .is_some_and(|count| count >= 2)
    })
    .await;
    assert!(!waiting.task.is_finished());
    ours.stop().await;
    // Its hub comes back where nobody was, and everything is well.
    let back = hub(ServeOptions {
        listen: away,
        ..world.serve_options()
    })
    .await;
    assert_eq!(waiting.end().await.bytes, 64);
    back.stop().await;
    theirs.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn revocation_closes_what_is_open() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    for (name, relay) in [("h1", false), ("r1", true), ("h2", false), ("h3", false)] {
        world.enroll(&hub, name, relay).await;
    }
    let relay = host(JoinOptions {
        sinks: Vec::new(),
        bytes: None,
        relay: Some("127.0.0.1:0".into()),
        ..world.join_options("r1", &hub.address, Class::Drbg, 16)
    })
    .await;
    until("the relay connects", async || {
        world.ask("r1", ControlCommand::Status).await["parent"] == "hub"
    })
    .await;
    let behind = relay.listen.clone().unwrap();
    let endless = |name: &str, parent: &str| JoinOptions {
        bytes: None,
        rate: Some(2000),
        ..world.join_options(name, parent, Class::Drbg, 16)
    };
    let direct = host(endless("h1", &hub.address)).await;
    let relayed = host(endless("h2", &behind)).await;
    let other = host(endless("h3", &hub.address)).await;
    let length = |name: &str| {
        let file = std::fs::metadata(world.file(&format!("{name}-drbg")));
        file.map_or(0, |file| file.len())
    };
    until("all receive", async || {
        ["h1", "h2", "h3"].iter().all(|name| length(name) > 0)
    })
    .await;

    let hub_state = world.state("hub");
    let report = revoke(Some(&hub_state), &StoreOptions::default(), "h1")
        .await
        .unwrap();
    assert_eq!(report.channels_closed, Some(1));
    until("its channel is closed", async || {
        let status = world.ask("hub", ControlCommand::Status).await;
        let channels = status["channels"].as_array().unwrap();
        status["closed"]["not-admitted"]
            .as_u64()
            .is_some_and(|count| count >= 1)
            && channels.iter().all(|channel| channel["peer"] != "h1")
    })
    .await;
    until("the host knows", async || {
        world.ask("h1", ControlCommand::Status).await["health"] == "degraded"
    })
    .await;
    let got = length("h1");

    // Behind a relay it has no channel of ours, but its request ends with a reason.
    let report = revoke(Some(&hub_state), &StoreOptions::default(), "h2")
        .await
        .unwrap();
    assert_eq!(report.channels_closed, Some(0));
    let error = relayed.error().await;
    assert!(error.to_string().contains("revoked"), "{error}");

    // The others do not notice.
    let before = length("h3");
    until("the third goes on", async || length("h3") > before).await;
    assert_eq!(length("h1"), got, "nothing comes after the revocation");
    // It once had a channel, so it waits; its operator ends it.
    assert!(!direct.task.is_finished());
    direct.stop().await;
    other.stop().await;
    relay.stop().await;
    hub.stop().await;
}
