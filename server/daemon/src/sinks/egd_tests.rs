#![allow(clippy::unwrap_used, reason = "tests")]
use super::*;
use crate::vm_event::{Kind, VmEvents};
use tokio::net::UnixStream;

fn shared(clients: usize, idle: Duration, bytes: &[u8]) -> Arc<Shared> {
    let shared = EgdServer::shared(Arc::new(|_| {}), clients, idle);
    shared.ring().put(bytes);
    shared
}

#[tokio::test]
async fn a_client_that_left_while_it_waited_consumes_nothing() {
    let shared = shared(1, IDLE, b"abc");
    let (mut client, served) = tokio::io::duplex(64);
    admit(&shared, served).await;
    // Blocking read of five bytes, and there are three.
    client.write_all(&[2, 5]).await.unwrap();
    while shared.ring().len > 0 {
        tokio::task::yield_now().await;
    }
    drop(client);
    let permit = shared.clients.acquire().await.unwrap();
    assert_eq!(shared.ring().len, 3);
    drop(permit);
    // The next one gets them.
    let (mut client, served) = tokio::io::duplex(64);
    admit(&shared, served).await;
    client.write_all(&[2, 5]).await.unwrap();
    while shared.ring().len > 0 {
        tokio::task::yield_now().await;
    }
    shared.ring().put(b"de");
    shared.arrived.notify_waiters();
    let mut got = [0; 5];
    client.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"abcde");
}

#[tokio::test]
async fn what_waits_when_the_machine_is_copied_is_given_to_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("egd");
    let server = EgdServer::unix(&path, Arc::new(|_| {})).unwrap();
    let events = VmEvents::new(|| {}, server.discarder());
    let before = events.since();
    // Three bytes lie with a client that waits for five, some with nobody, and some wait for room.
    assert_eq!(server.fill(b"old", &before).await.expect("filled"), 3);
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(&[2, 5]).await.unwrap();
    while server.level() > 0 {
        tokio::task::yield_now().await;
    }
    let mut filling = std::pin::pin!(server.fill(&[b'x'; RESERVOIR + 10], &before));
    tokio::select! {
        biased;
        _ = &mut filling => panic!("there is no room for all of it"),
        () = std::future::ready(()) => {}
    }
    // The client has its answer before the copy, and has said something since: no answer is on its way.
    let mut five = [0; 5];
    client.read_exact(&mut five).await.unwrap();
    assert_eq!(&five, b"oldxx");
    client.write_all(&[1, 0]).await.unwrap();
    client.read_exact(&mut five[..1]).await.unwrap();
    events.happened(Kind::Told);
    assert_eq!(server.level(), 0);
    assert_eq!(filling.await.expect("filled"), RESERVOIR);
    assert_eq!(server.fill(b"late", &before).await.expect("filled"), 0);
    client.write_all(&[2, 5]).await.unwrap();
    server
        .fill(b"fresh", &events.since())
        .await
        .expect("filled");
    client.read_exact(&mut five).await.unwrap();
    assert_eq!(&five, b"fresh");
}

#[tokio::test]
async fn a_client_that_waits_while_the_machine_is_copied_gets_fresh_bytes_only() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("egd");
    let server = EgdServer::unix(&path, Arc::new(|_| {})).unwrap();
    let events = VmEvents::new(|| {}, server.discarder());
    server.fill(b"old", &events.since()).await.expect("filled");
    let mut client = UnixStream::connect(&path).await.unwrap();
    client.write_all(&[2, 5]).await.unwrap();
    while server.level() > 0 {
        tokio::task::yield_now().await;
    }
    events.happened(Kind::Told);
    server
        .fill(b"fresh", &events.since())
        .await
        .expect("filled");
    let mut five = [0; 5];
    client.read_exact(&mut five).await.unwrap();
    assert_eq!(&five, b"fresh");
    // Nor do they come back when it leaves.
    server.fill(b"old", &events.since()).await.expect("filled");
    client.write_all(&[2, 5]).await.unwrap();
    while server.level() > 0 {
        tokio::task::yield_now().await;
    }
    events.happened(Kind::Told);
    drop(client);
    let free = server.shared.clients.acquire_many(CLIENTS as u32).await;
    assert!(free.is_ok() && server.level() == 0);
}

#[tokio::test]
async fn an_answer_on_its_way_when_the_machine_is_copied_is_broken_off() {
    let shared = shared(1, IDLE, &[7; 40]);
    // A client whose buffer takes only a part of it.
    let (mut client, served) = tokio::io::duplex(16);
    admit(&shared, served).await;
    client.write_all(&[1, 40]).await.unwrap();
    while shared.ring().len > 0 {
        tokio::task::yield_now().await;
    }
    shared.discarded.notify_waiters();
    let mut got = Vec::new();
    client.read_to_end(&mut got).await.unwrap();
    assert!(got.len() <= 16, "{got:?}");
}

#[tokio::test]
async fn commands_sent_ahead_of_a_waiting_one_are_answered_after_it() {
    let shared = shared(1, IDLE, b"");
    let (mut client, served) = tokio::io::duplex(64);
    admit(&shared, served).await;
    client.write_all(&[2, 2, 1, 9]).await.unwrap();
    tokio::task::yield_now().await;
    shared.ring().put(b"abc");
    shared.arrived.notify_waiters();
    let mut got = [0; 4];
    client.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"ab\x01c");
}

#[tokio::test]
async fn idle_clients_make_place_but_only_for_others() {
    let shared = shared(2, Duration::ZERO, b"xyz");
    let mut idle = Vec::new();
    for _ in 0..2 {
        let (client, served) = tokio::io::duplex(64);
        admit(&shared, served).await;
        idle.push(client);
    }
    tokio::time::sleep(Duration::from_millis(5)).await;
    assert_eq!(
        shared.clients.available_permits(),
        0,
        "nobody else wants in"
    );
    let (mut third, served) = tokio::io::duplex(64);
    admit(&shared, served).await;
    third.write_all(&[1, 1]).await.unwrap();
    let mut got = [0; 2];
    third.read_exact(&mut got).await.unwrap();
    assert_eq!(&got, b"\x01x");
    assert_eq!(shared.wanted.available_permits(), 0);
    // One of the two is still served.
    let mut served = 0;
    for client in &mut idle {
        let _ = client.write_all(&[1, 1]).await;
        served += usize::from(client.read_exact(&mut got).await.is_ok());
    }
    assert_eq!(served, 1);
}
