//! A machine that was copied (`photonbox cloned`, as a hypervisor's hook says it): new channels at once, and nothing that
//! waited before comes after.
//!
//! Shows T16 (`docs/threat-model.md`).

use std::collections::HashSet;
use std::time::{Duration, Instant};

use photonbox_daemon::*;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

use crate::world::*;

/// Far less than a keepalive, and than back-off would be after some tries.
const SOON: Duration = Duration::from_secs(5);

fn length(world: &World, name: &str) -> u64 {
    std::fs::metadata(world.file(name)).map_or(0, |file| file.len())
}

/// No 16 bytes come twice. (Each delivery begins at a multiple of 16.)
fn nothing_twice(bytes: &[u8]) {
    let mut seen = HashSet::new();
    assert!(bytes.chunks_exact(16).all(|chunk| seen.insert(chunk)));
}

/// Of `closed` in a status.
fn closed(status: &Value, reason: &str) -> u64 {
    status["closed"][reason].as_u64().unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_dials_anew_and_goes_on() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    world.enroll(&hub, "h1", false).await;
    let running = host(JoinOptions {
        bytes: None,
        every_ms: Some(5),
        ..world.join_options("h1", &hub.address, Class::Drbg, 16)
    })
    .await;
    until("bytes come", async || length(&world, "h1-drbg") > 0).await;
    let status = world.ask("h1", ControlCommand::Status).await;
    assert_eq!(
        status["vm_events"],
        serde_json::json!({ "count": 0, "last": null })
    );
    for count in 1..=3 {
        let told = Instant::now();
        let answer = world.ask("h1", ControlCommand::Cloned).await;
        assert_eq!(
            (&answer["count"], &answer["last"]["kind"]),
            (&count.into(), &"told".into())
        );
        let again = async || {
            let status = world.ask("h1", ControlCommand::Status).await;
            status["health"] == "healthy" && closed(&status, "copied") == count
        };
        until("it has another channel", again).await;
        let before = length(&world, "h1-drbg");
        until("bytes come again", async || {
            length(&world, "h1-drbg") > before
        })
        .await;
        assert!(told.elapsed() < SOON, "{:?}", told.elapsed());
    }
    // The old channels ended without a word, and are gone at the hub, too.
    let seen = async || closed(&world.ask("hub", ControlCommand::Status).await, "truncated") == 3;
    until("the hub sees them end", seen).await;
    let status = world.ask("hub", ControlCommand::Status).await;
    assert_eq!(
        status["channels"].as_array().unwrap().len(),
        1,
        "{status:#}"
    );
    assert_eq!(status["channels"][0]["class"], "symmetric");
    let report = running.stop().await;
    let path = world.file("h1-drbg");
    assert_eq!(sha256(&path), (report.bytes, report.sha256));
    nothing_twice(&std::fs::read(path).unwrap());
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_request_is_complete_in_spite_of_it() {
    let world = World::new();
    // Slow, so that the requests are open all the time.
    let mut options = world.serve_options();
    options.limits.host_bytes_per_second = Some(8 * 1024);
    let hub = hub(options).await;
    for name in ["relay", "h1", "h2"] {
        world.enroll(&hub, name, name == "relay").await;
    }
    let relay = host(JoinOptions {
        sinks: Vec::new(),
        bytes: None,
        relay: Some("127.0.0.1:0".into()),
        ..world.join_options("relay", &hub.address, Class::Drbg, 16)
    })
    .await;
    let behind = relay.listen.clone().unwrap();
    let wanted = 40 * 1024;
    let hosts = [
        ("h1", &hub.address, Class::Full),
        ("h2", &behind, Class::Drbg),
    ];
    let mut running = Vec::new();
    for (name, parent, class) in hosts {
        running.push(host(world.join_options(name, parent, class, wanted)).await);
    }
    // Each of the three machines is copied while both are under way.
    for (name, class, copied) in [
        ("h1", "full", "h1"),
        ("h2", "drbg", "relay"),
        ("h1", "full", "hub"),
    ] {
        let file = format!("{name}-{class}");
        let before = length(&world, &file);
        until("bytes come", async || length(&world, &file) > before).await;
        world.ask(copied, ControlCommand::Cloned).await;
    }
    for ((name, _, class), running) in hosts.iter().zip(running) {
        let report = running.end().await;
        let path = world.file(&format!("{name}-{class}"));
        assert_eq!(report.bytes, wanted);
        assert_eq!(sha256(&path), (wanted, report.sha256));
        nothing_twice(&std::fs::read(path).unwrap());
    }
    let ledger = world.ask("hub", ControlCommand::Ledger).await;
    assert_eq!(ledger["invariant_holds"], true);
    relay.stop().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_hub_has_a_new_seed_before_it_goes_on() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    world.enroll(&hub, "h1", false).await;
    let running = host(JoinOptions {
        bytes: None,
        every_ms: Some(20),
        ..world.join_options("h1", &hub.address, Class::Full, 16)
    })
    .await;
    let waits = async || world.ask("hub", ControlCommand::Status).await["pool"]["full_bits"] != 0;
    until("bytes come", async || length(&world, "h1-full") > 0).await;
    until("full entropy waits", waits).await;
    let reseeds = world.ask("hub", ControlCommand::Status).await["pool"]["reseeds"].clone();
    world.ask("hub", ControlCommand::Cloned).await;
    let bytes = length(&world, "h1-full");
    until("bytes come again", async || {
        length(&world, "h1-full") > bytes
    })
    .await;
    let seen = async || {
        let status = world.ask("hub", ControlCommand::Status).await;
        let again = status["pool"]["reseeds"].as_u64() > reseeds.as_u64();
        assert_eq!(status["vm_events"]["count"], 1);
        again && closed(&status, "copied") == 1
    };
    until(
        "its generator has a new seed, and the old channel is gone",
        seen,
    )
    .await;
    running.stop().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_waits_for_egd_clients_is_fresh() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    world.enroll(&hub, "h1", false).await;
    let egd = world.state("egd");
    let running = host(JoinOptions {
        sinks: vec![SinkSpec::EgdUnix(egd.clone())],
        bytes: None,
        ..world.join_options("h1", &hub.address, Class::Drbg, 16)
    })
    .await;
    let full = async || {
        let status = world.ask("h1", ControlCommand::Status).await;
        status["sinks"][0]["waiting_bytes"] == 4096
    };
    let taken = async || world.ask("h1", ControlCommand::Status).await["sinks"][0]["bytes"].clone();
    until("the reservoir is full", full).await;
    let before = taken().await.as_u64().unwrap();
    world.ask("h1", ControlCommand::Cloned).await;
    until("it is full again", full).await;
    // Nobody read: all of the reservoir came anew.
    assert!(taken().await.as_u64().unwrap() >= before + 4096);
    let mut client = UnixStream::connect(&egd).await.unwrap();
    let mut bytes = [0; 255];
    client.write_all(&[2, 255]).await.unwrap();
    client.read_exact(&mut bytes).await.unwrap();
    nothing_twice(&bytes);
    running.stop().await;
    hub.stop().await;
}
