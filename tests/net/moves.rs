//! Hubs and relays that die or fall silent, and hosts that go elsewhere.

use crate::process::Background;
use crate::world::{Host, MOVED, RATE, SERVED_AGAIN, World};
use std::time::{Duration, Instant};

/// What a killed hub had no time to write down: it does each second, later on a loaded machine.
const UNSAVED: usize = 4 * RATE;

/// The host was never without bytes for as long as `limit`, from `since` until `parent` serves it.
pub(crate) fn moved(host: &Host, parent: &str, since: Instant, limit: Duration) {
    host.served_by(parent);
    let gap = host.watch.longest_gap(since);
    println!("{}: without bytes for {gap:?}", host.name);
    assert!(gap < limit, "{}: {gap:?}", host.name);
}

/// A relay, and two hosts that it serves and that know the hub, too.
fn behind_a_relay(world: &mut World) -> (Background, [Host; 2]) {
    let (relay, parents) = relay_and_parents(world);
    let hosts = [
        world.host("alpha", &parents, "full"),
        world.host("bravo", &parents, "drbg"),
    ];
    for host in &hosts {
        host.served_by("relay");
    }
    (relay, hosts)
}

/// A relay, what hosts say that know it and the hub, and the machines alpha and bravo.
pub(crate) fn relay_and_parents(world: &mut World) -> (Background, String) {
    let through = world.machine("relay");
    let parents = format!("{through},{}", world.address);
    for host in ["alpha", "bravo"] {
        world.machine(host);
    }
    let relay = world.relay("relay", &world.address);
    (relay, parents)
}

#[test]
fn a_killed_hub_that_comes_back() {
    let Some(mut world) = World::new() else {
        return;
    };
    let through = world.machine("relay");
    world.machine("alpha");
    world.machine("bravo");
    let relay = world.relay("relay", &world.address);
    let alpha = world.host("alpha", &world.address, "full");
    let bravo = world.host("bravo", &through, "full");
    alpha.served_by("hub");
    bravo.served_by("relay");
    // Long enough that the ledger was written.
    alpha.served_for(3);
    bravo.served_for(3);
    world.hub.take().expect("a hub").kill();
    world.serve();
    let back = Instant::now();
    for host in [&alpha, &bravo] {
        let again = host.watch.first_after(back);
        println!("{}: served {again:?} after the hub's return", host.name);
        assert!(again < SERVED_AGAIN, "{}: {again:?}", host.name);
    }
    for host in [alpha, bravo] {
        world.settle(host, 1, UNSAVED);
    }
    assert!(relay.terminate().success());
}

#[test]
fn a_killed_relay_whose_hosts_go_to_the_hub() {
    let Some(mut world) = World::new() else {
        return;
    };
    let (relay, hosts) = behind_a_relay(&mut world);
    let killed = Instant::now();
    relay.kill();
    for host in &hosts {
        moved(host, "hub", killed, MOVED);
    }
    for host in hosts {
        world.settle(host, 1, 0);
    }
}

/// The one parent vanishes without a word, the other one serves; and one that says nothing from the start holds nobody up.
#[test]
fn a_black_holed_parent() {
    let Some(mut world) = World::new() else {
        return;
    };
    let through = world.machine("relay");
    let parents = format!("{through},{}", world.address);
    for host in ["alpha", "bravo"] {
        world.machine(host);
    }
    let relay = world.relay("relay", &world.address);
    let alpha = world.host("alpha", &parents, "full");
    alpha.served_by("relay");
    let cut = Instant::now();
    world.network.cut("relay");
    moved(&alpha, "hub", cut, MOVED);

    let began = Instant::now();
    let bravo = world.host("bravo", &parents, "drbg");
    let first = bravo.watch.first_after(began);
    println!("bravo: first bytes {first:?} after its start");
    assert!(first < SERVED_AGAIN, "{first:?}");
    bravo.served_by("hub");
    world.settle(alpha, 1, 0);
    world.settle(bravo, 0, 0);
    relay.kill();
}

/// The relay is there and answers, and has nobody to ask.
#[test]
fn a_relay_that_lost_its_way_to_the_hub() {
    let Some(mut world) = World::new() else {
        return;
    };
    let (relay, hosts) = behind_a_relay(&mut world);
    let hub = world.address.rsplit_once(':').expect("a port").0.to_owned();
    let lost = Instant::now();
    world.network.lose_the_way("relay", &hub);
    for host in &hosts {
        moved(host, "hub", lost, SERVED_AGAIN);
    }
    for host in hosts {
        world.settle(host, 1, 0);
    }
    relay.kill();
}
