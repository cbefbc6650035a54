//! Certificates of hub, relay and hosts, renewed while all of them stream.
//!
//! Shows T17 (`docs/threat-model.md`).

use crate::process;
use crate::world::{Host, World};
use serde_json::Value;
use std::time::{SystemTime, UNIX_EPOCH};

/// Renews on command, several times in the time that a host takes for its bytes.
const ROUNDS: usize = 4;
/// For certificates that end while hosts stream: 96,000 bytes take 24 s, a certificate lives 15 s.
const SLOW: usize = 4_000;

/// A relay, a host with the hub and two behind the relay.
fn everybody(world: &mut World) -> String {
    let through = world.machine("relay");
    for host in ["alpha", "bravo", "charlie"] {
        world.machine(host);
    }
    through
}

fn hosts(world: &World, through: &str) -> [Host; 3] {
    [
        world.host("alpha", &world.address, "full"),
        world.host("bravo", through, "full"),
        world.host("charlie", through, "drbg"),
    ]
}

fn peer_serial(status: &Value, peer: &str) -> Value {
    let channels = status["channels"].as_array().expect("channels");
    let of_peer = channels.iter().rev().find(|one| one["peer"] == peer);
    of_peer.map_or(Value::Null, |one| one["peer_serial"].clone())
}

/// A channel that stands goes on through any number of renewals; the next one shows the newest certificates.
#[test]
fn certificates_rotated_under_load() {
    let Some(mut world) = World::new() else {
        return;
    };
    let through = everybody(&mut world);
    for late in ["delta", "echo"] {
        world.machine(late);
    }
    let relay = world.relay("relay", &world.address);
    let hosts = hosts(&world, &through);
    let mut newest = Value::Null;
    for round in 1..=ROUNDS {
        for host in &hosts {
            host.served_for(round);
        }
        newest = Value::Object(
            ["hub", "relay", "alpha", "bravo", "charlie"]
                .map(|name| {
                    (
                        name.to_owned(),
                        world.renew(name)["certificate_serial"].clone(),
                    )
                })
                .into_iter()
                .collect(),
        );
    }
    for host in &hosts {
        let status = host.status();
        assert_eq!(status["certificate"]["serial"], newest[&host.name]);
        assert_eq!(status["closed"], serde_json::json!({}), "{status:#}");
    }
    // Whoever comes now sees the newest, and is seen by it.
    let late = [
        (world.host("delta", &world.address, "full"), "hub"),
        (world.host("echo", &through, "full"), "relay"),
    ];
    for (host, parent) in &late {
        host.served_by(parent);
        assert_eq!(peer_serial(&host.status(), parent), newest[parent]);
        let certificate = host.status()["certificate"].clone();
        assert_eq!(
            peer_serial(&world.status(parent), &host.name),
            certificate["serial"]
        );
    }
    for host in hosts {
        world.settle(host, 0, 0);
    }
    for (host, _) in late {
        world.settle(host, 0, 0);
    }
    let closed = world.status("hub")["closed"].clone();
    assert_eq!(closed["certificate-expired"], Value::Null, "{closed}");
    assert!(relay.terminate().success());
    // The relay comes back with its newest certificate, and its older ones are closed by that.
    let relay = world.relay("relay", &world.address);
    assert_eq!(peer_serial(&world.status("hub"), "relay"), newest["relay"]);
    assert!(relay.terminate().success());
}

fn expired(status: &Value) -> u64 {
    let closed = &status["closed"]["certificate-expired"];
    closed.as_u64().unwrap_or(0)
}

/// Certificates that live for seconds: everybody renews by itself, channels are drained before a certificate ends that they
/// were made with, and not a byte of what was delivered is lost, altered or delivered twice.
#[test]
fn certificates_that_end_under_load() {
    let serve = ["--certificate-life", "15s", "--renew-left", "60"];
    let Some(mut world) = World::with(Some(SLOW), &serve, &["--renew-left", "60"]) else {
        return;
    };
    // Its first one was made for a year.
    world.renew("hub");
    let through = everybody(&mut world);
    let first = world.status("hub")["certificate"]["serial"].clone();
    let relay = world.relay("relay", &world.address);
    let hosts = hosts(&world, &through);
    let status = process::until(
        "channels end with their certificates",
        || world.status("hub"),
        |status| expired(status) >= 2,
    );
    assert_ne!(status["certificate"]["serial"], first);
    for host in &hosts {
        let status = host.status();
        assert!(
            status["certificate"]["renewed"].as_u64().is_some(),
            "{status:#}"
        );
    }
    for host in hosts {
        world.settle(host, 0, 0);
    }
    println!("{}", world.status("hub")["closed"]);
    relay.kill();
}

/// A host that is not renewed is served up to its certificate's end, over a few channels: not over one after the other,
/// although each begins when the time for draining is near or has come.
#[test]
fn a_certificate_that_nobody_renews() {
    let never = ["--renew-left", "0"];
    let serve = ["--certificate-life", "12s", "--renew-left", "0"];
    let Some(mut world) = World::with(Some(SLOW), &serve, &never) else {
        return;
    };
    world.machine("alpha");
    let alpha = world.host_that("alpha", &world.address, "full", &[]);
    alpha.served_by("hub");
    let end = alpha.status()["certificate"]["not_after"].clone();
    let end = end.as_u64().expect("a time");
    let status = process::until(
        "its last channel ends with its certificate",
        || world.status("hub"),
        |status| unix_now() >= end && status["channels"] == serde_json::json!([]),
    );
    println!("{}", status["closed"]);
    // Half of what is left each time: 6 s, 3 s, 1.5 s, and the last one's end.
    assert!((2..=5).contains(&expired(&status)), "{status:#}");
    assert_eq!(status["closed"].as_object().expect("reasons").len(), 1);
}

fn unix_now() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH);
    now.expect("after 1970").as_secs()
}
