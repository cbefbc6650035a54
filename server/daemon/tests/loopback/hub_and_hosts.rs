//! Bytes, paces, failures of hub and source.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use photonbox_daemon::*;

use crate::world::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_arrive_as_the_ledger_says_directly_and_through_a_relay() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    for name in ["h1", "relay", "h2"] {
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
    let kib_64 = 64 * 1024;
    for (name, parent, hops) in [("h1", &hub.address, 1), ("h2", &behind, 2)] {
        for (class, bytes) in [(Class::Drbg, kib_64), (Class::Full, 3000)] {
            let report = host(world.join_options(name, parent, class, bytes))
                .await
                .end()
                .await;
            assert_eq!((report.bytes, report.simulated), (bytes, true));
            assert_eq!(report.sinks[0].hops, hops);
            let path = world.file(&format!("{name}-{class}"));
            assert_eq!(sha256(&path), (bytes, report.sha256));
            let ledger = world.ask("hub", ControlCommand::Ledger).await;
            assert!(
                is_in_ledger(&ledger, name, class.as_str(), hops, &path),
                "{name} {class} {ledger}"
            );
            assert_eq!(ledger["invariant_holds"], true);
        }
    }
    let ledger = world.ask("hub", ControlCommand::Ledger).await;
    assert_eq!(ledger["delivered_full_bits"], 2 * 8 * 3000);
    let status = world.ask("hub", ControlCommand::Status).await;
    assert_eq!(
        (&status["role"], &status["simulated"], &status["locked"]),
        (&"hub".into(), &true.into(), &false.into())
    );
    // The relay is still there, in the second channel, and was rekeyed by what it passed on.
    let channel = &status["channels"][0];
    assert_eq!(
        (&channel["peer"], &channel["class"]),
        (&"relay".into(), &"symmetric".into())
    );
    assert!(channel["rekeys"].as_u64().unwrap() >= 3, "{channel}");
    for key in [
        "epoch",
        "packets_left",
        "seconds_left",
        "bytes",
        "hops",
        "trust",
    ] {
        assert!(channel.get(key).is_some(), "{key}");
    }
    let relayed = world.ask("relay", ControlCommand::Status).await;
    assert_eq!(
        (&relayed["role"], &relayed["parent"]),
        (&"host".into(), &"hub".into())
    );
    relay.stop().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_host_outlives_its_hub_and_finds_it_again() {
    let world = World::new();
    let first = hub(world.serve_options()).await;
    world.enroll(&first, "h1", false).await;
    let address = first.address.clone();
    // A first address where nobody listens: the list is worked through.
    let running = host(JoinOptions {
        hubs: vec!["127.0.0.1:9".into(), address.clone()],
        sinks: vec![SinkSpec::EgdUnix(world.state("egd"))],
        bytes: None,
        ..world.join_options("h1", "", Class::Drbg, 16)
    })
    .await;
    let connected = async || world.ask("h1", ControlCommand::Status).await["health"] == "healthy";
    until("connects", connected).await;
    first.shutdown.stop();
    first.task.await.unwrap().unwrap();
    until("notices", async || !connected().await).await;
    let second = hub(ServeOptions {
        listen: address,
        ..world.serve_options()
    })
    .await;
    until("reconnects", connected).await;
    let ledger = world.ask("hub", ControlCommand::Ledger).await;
    assert_eq!(ledger["run"], 2, "the first run's rows are kept: {ledger}");
    let report = running.stop().await;
    assert_eq!(report.host, "h1");
    second.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn paces_are_the_hubs_to_keep() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    world.enroll(&hub, "h1", false).await;
    for (name, rate, every_ms) in [("rate", Some(4000), None), ("every", None, Some(20))] {
        let file = world.file(name);
        let running = host(JoinOptions {
            sinks: vec![SinkSpec::File(file.clone())],
            bytes: None,
            rate,
            every_ms,
            ..world.join_options("h1", &hub.address, Class::Drbg, 16)
        })
        .await;
        until("delivers", async || {
            std::fs::metadata(&file).unwrap().len() >= 640
        })
        .await;
        let report = running.stop().await;
        if every_ms.is_some() {
            assert_eq!(report.bytes % 64, 0, "whole portions");
        }
    }
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_source_gives_nothing_and_is_rearmed_by_the_operator() {
    let world = World::new();
    let mut options = world.serve_options();
    // Every lane fails a moment after the start.
    options.card.faults = (0..4).map(|lane| format!("stuck-a:{lane}@300ms")).collect();
    let hub = hub(options).await;
    world.enroll(&hub, "h1", false).await;
    let health = async || world.ask("hub", ControlCommand::Status).await["health"].clone();
    until("fails", async || health().await == "unhealthy").await;
    let starved = host(world.join_options("h1", &hub.address, Class::Drbg, 64)).await;
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(std::fs::metadata(world.file("h1-drbg")).unwrap().len(), 0);
    let status = world.ask("hub", ControlCommand::Status).await;
    assert!(
        status["lanes"]
            .as_array()
            .unwrap()
            .iter()
            .all(|lane| lane["state"] == "failed"),
        "{status}"
    );
    // Re-armed lanes fail again: the detector is still stuck. But the command is obeyed.
    world.ask("hub", ControlCommand::Rearm { lane: 2 }).await;
    until("fails again", async || {
        world.ask("hub", ControlCommand::Status).await["lanes"][2]["failures"] == 2
    })
    .await;
    let none = control_request(Some(&world.state("hub")), ControlCommand::Rearm { lane: 9 }).await;
    assert_eq!(none.unwrap_err().exit_code(), 2);
    starved.shutdown.drain();
    let short = starved.error().await;
    assert_eq!(short.exit_code(), 1);
    let line = short.to_string();
    assert!(line.contains("had its 64 bytes: it has 0"), "{line}");
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_at_the_start_is_one_line_and_an_exit_code() {
    let world = World::new();
    let refused = async |options: ServeOptions| {
        serve(options, Shutdown::new(), |_| ())
            .await
            .expect_err("refused")
    };
    let simulated = refused(ServeOptions {
        allow_simulated: false,
        ..world.serve_options()
    })
    .await;
    assert!(matches!(simulated, Error::SimulatedRefused { .. }));
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let listen = taken.local_addr().unwrap().to_string();
    let port = refused(ServeOptions {
        listen,
        ..world.serve_options()
    })
    .await;
    assert!(matches!(port, Error::PortInUse { .. }), "{port}");
    let empty = refused(ServeOptions {
        state: Some(world.state("none")),
        ..world.serve_options()
    })
    .await;
    assert!(matches!(empty, Error::Store(_)));

    let hub = hub(world.serve_options()).await;
    let twice = refused(world.serve_options()).await;
    assert!(twice.to_string().contains("another photonbox"), "{twice}");
    world.enroll(&hub, "h1", false).await;
    let good = world.join_options("h1", &hub.address, Class::Drbg, 64);
    let refused = async |change: fn(&mut JoinOptions)| {
        let mut options = good.clone();
        change(&mut options);
        let error = join(options, Shutdown::new(), |_| ())
            .await
            .expect_err("refused");
        assert!(!error.to_string().contains('\n') && !error.help().contains('\n'));
        error.exit_code()
    };
    assert_eq!(refused(|o| o.hubs.clear()).await, 2);
    assert_eq!(refused(|o| o.sinks.clear()).await, 2);
    assert_eq!(refused(|o| o.rate = Some(5)).await, 2);
    assert_eq!(refused(|o| o.bytes = Some(15)).await, 2);
    assert_eq!(refused(|o| o.sinks.push(o.sinks[0].clone())).await, 2);
    assert_eq!(refused(|o| o.relay = Some("127.0.0.1:0".into())).await, 1);
    assert_eq!(
        refused(|o| o.sinks = vec![SinkSpec::File("/no/such/place/f".into())]).await,
        1
    );
    assert_eq!(
        refused(|o| o.state = Some("/no/such/state".into())).await,
        1
    );
    let as_hub = JoinOptions {
        state: Some(world.state("hub")),
        ..good.clone()
    };
    assert_eq!(
        join(as_hub, Shutdown::new(), |_| ())
            .await
            .expect_err("a hub")
            .exit_code(),
        1
    );
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_demo_tells_what_happened() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let seeing = Arc::clone(&seen);
    let options = DemoOptions {
        seconds: 1.5,
        allow_unlocked_memory: true,
        ..DemoOptions::default()
    };
    let report = demo(options, Shutdown::new(), move |progress| {
        seeing.lock().unwrap().push(progress.clone());
    })
    .await
    .unwrap();
    assert!(report.raw_bits > 0 && report.credited_bits > 0 && report.full_entropy_bits > 0);
    assert!(report.full_entropy_bits <= report.credited_bits);
    assert_eq!(report.delivered.len(), 4);
    for one in &report.delivered {
        assert!(one.bytes > 0 && one.simulated, "{one:?}");
        assert_eq!(one.hops, if one.host == "host-1" { 1 } else { 2 });
    }
    assert!(report.epochs >= 6 && report.alarms.is_empty(), "{report:?}");
    assert!(report.first_channel_ms > 0.0 && report.second_channel_ms >= report.first_channel_ms);
    assert!(report.latency_us.p50 > 0.0 && report.latency_us.p999 >= report.latency_us.p50);
    let seen = seen.lock().unwrap();
    assert!(
        seen.iter()
            .any(|progress| progress.stage == "running" && progress.label == "simulated")
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_capture_feeds_the_demo() {
    let Some(capture) = std::env::var_os("PHOTONBOX_CAPTURE") else {
        eprintln!("skipped: PHOTONBOX_CAPTURE is not set");
        return;
    };
    let card = CardOptions {
        capture: Some(capture.into()),
        ..CardOptions::default()
    };
    let options = DemoOptions {
        card,
        seconds: 2.0,
        allow_unlocked_memory: true,
        ..DemoOptions::default()
    };
    let report = demo(options, Shutdown::new(), |_| ()).await.unwrap();
    let full: u64 = report
        .delivered
        .iter()
        .filter(|d| d.class == Class::Full)
        .map(|d| d.bytes)
        .sum();
    assert!(
        full > 0 && 8 * full <= report.full_entropy_bits,
        "{report:?}"
    );
}
