//! Hosts with more than one parent: one is silent, or falls silent.

use std::net::TcpListener as StdListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use photonbox_daemon::*;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::world::*;

/// Far less than any time-out that a host with one parent has, far more than moving takes.
const SOON: Duration = Duration::from_secs(8);

/// A way to `target` that can be stopped up: connections stay, and nothing passes any more.
async fn pipe(target: String) -> (String, watch::Sender<bool>) {
    let (stopper, stopped) = watch::channel(false);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(async move {
        while let Ok((mut near, _)) = listener.accept().await {
            let (target, mut stopped) = (target.clone(), stopped.clone());
            tokio::spawn(async move {
                let mut far = TcpStream::connect(target).await.unwrap();
                tokio::select! {
                    _ = tokio::io::copy_bidirectional(&mut near, &mut far) => return,
                    _ = stopped.wait_for(|stopped| *stopped) => {}
                }
                // Held, not closed.
                std::future::pending::<()>().await;
            });
        }
    });
    (address, stopper)
}

fn length(world: &World, name: &str) -> u64 {
    std::fs::metadata(world.file(name)).map_or(0, |file| file.len())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_parent_that_falls_silent_is_left_soon() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    world.enroll(&hub, "h1", false).await;
    let (first, stop) = pipe(hub.address.clone()).await;
    let running = host(JoinOptions {
        hubs: vec![first, hub.address.clone()],
        bytes: None,
        every_ms: Some(20),
        ..world.join_options("h1", "", Class::Drbg, 16)
    })
    .await;
    until("bytes come", async || length(&world, "h1-drbg") > 0).await;
    stop.send(true).unwrap();
    let stopped = Instant::now();
    // What was already on its way may still come: the new channel is what counts.
    let moved = async || {
        let status = world.ask("hub", ControlCommand::Status).await;
        status["channels"].as_array().unwrap().len() == 2
    };
    until("it moves", moved).await;
    let before = length(&world, "h1-drbg");
    until("bytes come again", async || {
        length(&world, "h1-drbg") > before
    })
    .await;
    assert!(stopped.elapsed() < SOON, "{:?}", stopped.elapsed());
    running.stop().await;
    hub.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn addresses_that_say_nothing_hold_nobody_up() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    world.enroll(&hub, "h1", false).await;
    // The kernel accepts for it; nobody ever answers.
    let silent = StdListener::bind("127.0.0.1:0").unwrap();
    let silent = (silent.local_addr().unwrap().to_string(), silent);
    let begun = Instant::now();
    let report = host(JoinOptions {
        hubs: vec![silent.0.clone(), hub.address.clone()],
        ..world.join_options("h1", "", Class::Drbg, 1000)
    })
    .await
    .end()
    .await;
    assert_eq!(report.bytes, 1000);
    assert!(begun.elapsed() < SOON, "{:?}", begun.elapsed());
    hub.stop().await;
}

/// The slower of two ways to stand is closed in order: no hub takes it for a fault.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_comes_second_is_told_goodbye() {
    let world = World::new();
    let hub = hub(world.serve_options()).await;
    world.enroll(&hub, "h1", false).await;
    let silent = StdListener::bind("127.0.0.1:0").unwrap();
    let address = silent.local_addr().unwrap().to_string();
    let ended = Arc::new(AtomicBool::new(false));
    let watcher = {
        let ended = Arc::clone(&ended);
        std::thread::spawn(move || {
            use std::io::Read as _;
            let (mut stream, _) = silent.accept().unwrap();
            let mut all = Vec::new();
            // An end, not a reset.
            stream.read_to_end(&mut all).unwrap();
            ended.store(true, Ordering::Release);
            all
        })
    };
    let running = host(JoinOptions {
        hubs: vec![address, hub.address.clone()],
        bytes: None,
        every_ms: Some(20),
        ..world.join_options("h1", "", Class::Drbg, 16)
    })
    .await;
    until("bytes come", async || length(&world, "h1-drbg") > 0).await;
    until("the other one ends", async || ended.load(Ordering::Acquire)).await;
    assert!(!watcher.join().unwrap().is_empty(), "its hello had come");
    running.stop().await;
    hub.stop().await;
}
