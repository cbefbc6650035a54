//! Hubs, relays and hosts that end in good order: nobody lacks a byte that the ledger calls delivered.

use crate::moves::{moved, relay_and_parents};
use crate::namespaces::Bad;
use crate::world::{Host, MOVED, RATE, SERVED_AGAIN, World};
use std::time::Instant;

/// What the hub allows each host: little at a time, more, and as fast as it goes.
const RATES: [Option<usize>; 3] = [Some(RATE), Some(16 * RATE), None];
/// What each host has at least when something ends: then it is in the middle of it.
const SOME: u64 = 24_000;

/// One that takes what its sink takes; and one that has portions, or a stream, at the end faster than anything goes.
fn hosts(world: &World, rate: Option<usize>, parents: [&str; 2]) -> [Host; 2] {
    let pace = match rate {
        Some(RATE) => ["--every", "20ms"],
        Some(_) => ["--rate", "1000000"],
        None => ["--rate", "1000000000"],
    };
    let hosts = [
        world.host_that("alpha", parents[0], "full", &[]),
        world.host_that("bravo", parents[1], "drbg", &pace),
    ];
    for host in &hosts {
        host.has_more(SOME);
    }
    hosts
}

#[test]
fn a_drained_relay() {
    for rate in RATES {
        let Some(mut world) = World::at(rate) else {
            return;
        };
        let (relay, parents) = relay_and_parents(&mut world);
        let hosts = hosts(&world, rate, [&parents; 2]);
        for host in &hosts {
            assert_eq!(host.status()["parent"], "relay", "{}", host.name);
        }
        let drained = Instant::now();
        world.drain("relay");
        for host in &hosts {
            moved(host, "hub", drained, MOVED);
        }
        let (status, lines) = relay.end();
        assert!(status.success(), "{lines:#?}");
        for host in hosts {
            host.has_more(SOME);
            world.settle_to_the_byte(host);
        }
    }
}

#[test]
fn a_drained_hub() {
    for rate in RATES {
        let Some(mut world) = World::at(rate) else {
            return;
        };
        let through = world.machine("relay");
        for host in ["alpha", "bravo", "charlie"] {
            world.machine(host);
        }
        let relay = world.relay("relay", &world.address);
        let charlie = world.host_that("charlie", &through, "full", &[]);
        let [alpha, bravo] = hosts(&world, rate, [&world.address, &through]);
        charlie.has_more(SOME);
        world.drain("hub");
        let (status, lines) = world.hub.take().expect("a hub").end();
        assert!(status.success(), "{lines:#?}");
        world.serve();
        let back = Instant::now();
        for host in [&alpha, &bravo, &charlie] {
            let again = host.watch.first_after(back);
            println!("{}: served {again:?} after the hub's return", host.name);
            assert!(again < SERVED_AGAIN, "{}: {again:?}", host.name);
            host.has_more(SOME);
        }
        for host in [alpha, bravo, charlie] {
            world.settle_to_the_byte(host);
        }
        assert!(relay.terminate().success());
    }
}

/// Much is on its way when the hub ends, some of it has to be sent again, and the host goes on sending prekeys: a connection
/// that the hub dropped then would be reset.
#[test]
fn a_drained_hub_on_a_bad_link() {
    let Some(mut world) = World::at(None) else {
        return;
    };
    world.machine("bravo");
    let bad = Bad {
        delay_ms: 50,
        loss_percent: 3,
        ..Bad::default()
    };
    world.network.spoil("bravo", bad, 1);
    // Frequent rekeys take many prekeys.
    let pace = ["--rate", "1000000000", "--rekey-packets", "32"];
    let bravo = world.host_that("bravo", &world.address, "drbg", &pace);
    bravo.has_more(10 * SOME);
    world.drain("hub");
    let (status, lines) = world.hub.take().expect("a hub").end();
    assert!(status.success(), "{lines:#?}");
    world.serve();
    bravo.served_by("hub");
    world.settle_to_the_byte(bravo);
}
