//! Links that lose, delay and reorder packets, and a network that falls apart and heals.

use crate::namespaces::Bad;
use crate::process;
use crate::world::{SERVED_AGAIN, World};
use std::time::{Duration, Instant};

/// Hosts with a bad link get every byte, once and unaltered, and are never without for long.
fn through(bad: Bad, seed: u32) {
    let Some(mut world) = World::new() else {
        return;
    };
    let began = Instant::now();
    let hosts = [("alpha", "full"), ("bravo", "drbg")].map(|(name, class)| {
        world.machine(name);
        world.network.spoil(name, bad, seed);
        world.host(name, &world.address, class)
    });
    for host in hosts {
        let first = host.watch.first_after(began);
        // Until its end: from here on it is only waited for.
        let watch = world.settle(host, 0, 0);
        let gap = watch.longest_gap(began + first);
        println!("longest gap {gap:?}");
        assert!(gap < SERVED_AGAIN, "{gap:?}");
    }
}

#[test]
fn five_percent_loss() {
    let bad = Bad {
        loss_percent: 5,
        ..Bad::default()
    };
    through(bad, 1);
}

#[test]
fn fifty_milliseconds_with_jitter() {
    let bad = Bad {
        delay_ms: 50,
        jitter_ms: 10,
        ..Bad::default()
    };
    through(bad, 2);
}

#[test]
fn reordering() {
    let bad = Bad {
        delay_ms: 10,
        reorder_percent: 25,
        ..Bad::default()
    };
    through(bad, 3);
}

/// One host waits it out on the channel that it has; one that had two parents looks for both in vain.
#[test]
fn partition_and_healing() {
    let Some(mut world) = World::new() else {
        return;
    };
    let through = world.machine("relay");
    world.machine("alpha");
    world.machine("bravo");
    let relay = world.relay("relay", &world.address);
    let alpha = world.host("alpha", &world.address, "full");
    let bravo = world.host("bravo", &format!("{},{through}", world.address), "drbg");
    alpha.served_by("hub");
    bravo.served_by("hub");
    for name in ["alpha", "bravo"] {
        world.network.cut(name);
    }
    process::until(
        "bravo notices",
        || bravo.status(),
        |status| status["parent"].is_null() && status["health"] == "degraded",
    );
    for name in ["alpha", "bravo"] {
        world.network.heal(name);
    }
    let healed = Instant::now();
    for host in [&alpha, &bravo] {
        let again = host.watch.first_after(healed);
        println!("{}: served {again:?} after the healing", host.name);
        assert!(again < SERVED_AGAIN, "{}: {again:?}", host.name);
    }
    let gap = alpha.watch.longest_gap(healed - Duration::from_secs(1));
    assert!(gap > Duration::from_millis(500), "it was cut off: {gap:?}");
    world.settle(alpha, 0, 0);
    world.settle(bravo, 1, 0);
    assert!(relay.terminate().success());
}

/// For longer than a host waits for its only parent: it dials again and again, into the dark.
#[test]
fn a_long_partition() {
    let Some(mut world) = World::new() else {
        return;
    };
    world.machine("alpha");
    let alpha = world.host("alpha", &world.address, "drbg");
    alpha.served_by("hub");
    world.network.cut("alpha");
    process::until(
        "alpha notices",
        || alpha.status(),
        |status| status["parent"].is_null(),
    );
    // By then its pauses are as long as they get.
    std::thread::sleep(Duration::from_secs(9));
    world.network.heal("alpha");
    let healed = Instant::now();
    let again = alpha.watch.first_after(healed);
    println!("alpha: served {again:?} after the healing");
    assert!(again < SERVED_AGAIN, "{again:?}");
    world.settle(alpha, 1, 0);
}
