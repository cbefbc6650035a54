//! Very many hosts on one hub, and those who would keep others away from it.

use crate::namespaces::Network;
use crate::process;
use crate::site::Site;
use crate::world::SERVED_AGAIN;
use photonbox_channel::message::{Class as WireClass, Message, Mode, Request};
use photonbox_channel::{Channel, ClientConfig, ClientOptions, MixingSource, SourceExhausted};
use photonbox_daemon::crowd::{Crowd, Fetched, Member};
use photonbox_daemon::{Class, RekeyOptions};
use serde_json::Value;
use std::collections::HashSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// Hosts at once.
const HOSTS: usize = 2_000;
/// The hub's memory for a connection that nothing passes through; the bound that `docs/operations.md` names.
const IDLE: usize = 128 * 1024;
/// The same for one whose host asks for all it can and reads nothing: 2.0 MiB, and what the allocator makes of it.
const CHOKED: usize = 5 * 512 * 1024;
/// Many from one address, as many as there may be handshakes.
const ONE_ADDRESS: &str = "[limits]\nhandshakes_per_address = 256\nconnections_per_second = 0\n";

/// Handshakes that end soon.
const SOON_OVER: &str = "[limits]\nhandshake_timeout_ms = 2000\n";

type Row = (String, Class, Fetched);

/// Each member fetches of both classes; all at once.
async fn everybody_fetches(members: &mut Vec<Member>, since: Instant) -> (Vec<Row>, Vec<Member>) {
    let mut tasks = tokio::task::JoinSet::new();
    for mut member in members.drain(..) {
        tasks.spawn(async move {
            let mut rows = Vec::new();
            for (class, bytes) in [(Class::Drbg, 1024), (Class::Full, 16)] {
                // A hub that was killed meanwhile: asked again.
                let fetched = loop {
                    member.connected().await.expect("the hub takes it");
                    if let Ok(fetched) = member.fetch(class, bytes).await {
                        break fetched;
                    }
                };
                rows.push((member.id().to_owned(), class, fetched));
            }
            (rows, member)
        });
    }
    let (mut rows, mut members) = (Vec::new(), Vec::new());
    while let Some(ended) = tasks.join_next().await {
        let (row, member) = ended.expect("a host");
        rows.extend(row);
        members.push(member);
    }
    println!(
        "{} hosts served within {:?}",
        members.len(),
        since.elapsed()
    );
    (rows, members)
}

/// The ledger has each of these deliveries, and no other delivery has its bytes.
fn is_in_the_ledger(ledger: &Value, rows: &[Row]) {
    let deliveries = ledger["deliveries"].as_array().expect("deliveries");
    let mut hashes = HashSet::new();
    for delivery in deliveries {
        let hash = delivery["sha256"].as_str().expect("a hash");
        let told = delivery["bytes"] != 0;
        assert!(!told || hashes.insert(hash), "twice: {delivery:#}");
    }
    let written: HashSet<(&str, &str, &str, u64)> = deliveries
        .iter()
        .filter_map(|row| {
            let (host, class) = (row["host"].as_str()?, row["class"].as_str()?);
            Some((host, class, row["sha256"].as_str()?, row["bytes"].as_u64()?))
        })
        .collect();
    for (host, class, fetched) in rows {
        let class = class.to_string();
        let row = (
            host.as_str(),
            class.as_str(),
            fetched.sha256.as_str(),
            fetched.bytes,
        );
        assert!(written.contains(&row), "not in the ledger: {row:?}");
    }
    assert_eq!(ledger["invariant_holds"], true);
}

#[test]
fn two_thousand_hosts_at_once() {
    let Some(network) = Network::alone() else {
        return;
    };
    let mut site = Site::on(network, ONE_ADDRESS);
    site.network.machine("crowd");
    let crowd = Crowd::enrol(&site.path("hub"), "host", HOSTS).expect("identities");
    let runtime = |site: &Site| {
        site.network.inside("crowd", || {
            let mut builder = tokio::runtime::Builder::new_multi_thread();
            builder.enable_all().build().expect("a runtime")
        })
    };
    let runtime = runtime(&site);
    let before = site.footprint();
    let since = Instant::now();
    let mut members: Vec<Member> = {
        let _inside = runtime.enter();
        let member = |number| crowd.member(number, &site.address, &RekeyOptions::default());
        (0..HOSTS)
            .map(|number| member(number).expect("a host"))
            .collect()
    };
    let (rows, mut members) = runtime.block_on(everybody_fetches(&mut members, since));
    // On a busy machine a few give up on a handshake and dial again; the hub sees the first connection's end a little later.
    process::until(
        "one connection a host",
        || site.status(),
        |status| {
            status["channels"].as_array().map(Vec::len) == Some(HOSTS)
                && status["connections"]["open"] == HOSTS
                && status["connections"]["handshaking"] == 0
        },
    );
    is_in_the_ledger(&site.ledger(), &rows);
    let after = site.footprint();
    let each = (after.0 - before.0) / HOSTS;
    println!(
        "{each} bytes and {} files a host",
        (after.1 - before.1) / HOSTS
    );
    assert!(each <= IDLE, "{each} bytes each");
    assert_eq!(after.1 - before.1, HOSTS);

    site.hub.take().expect("a hub").kill();
    site.serve();
    let back = Instant::now();
    let (rows, members) = runtime.block_on(everybody_fetches(&mut members, back));
    is_in_the_ledger(&site.ledger(), &rows);
    runtime.block_on(async { drop(members) });
}

/// A hub with these limits, a machine for those who mean it well and one for those who don't, and identities for both.
fn good_and_bad(
    network: Option<Network>,
    limits: &str,
    hosts: usize,
) -> Option<(Site, Crowd, SocketAddr)> {
    let mut site = Site::on(network?, limits);
    for machine in ["bad", "good"] {
        site.network.machine(machine);
    }
    let crowd = Crowd::enrol(&site.path("hub"), "host", hosts).expect("identities");
    let hub = site.address.parse().expect("an address");
    Some((site, crowd, hub))
}

/// A connection that a TLS client could have begun: the first bytes of its hello.
fn begin(hub: SocketAddr, bytes: &[u8]) -> TcpStream {
    let mut stream = TcpStream::connect_timeout(&hub, Duration::from_secs(5)).expect("connected");
    // The hub may have closed it already: that is its right.
    let _ = stream.write_all(bytes);
    stream
}

#[test]
fn silent_and_slow_connections_keep_nobody_out() {
    let Some((site, crowd, hub)) = good_and_bad(Network::new(), SOON_OVER, 1) else {
        return;
    };
    // A handshake record of 512 bytes, of which six come, or six and then one each 100 ms.
    let half = [0x16, 3, 1, 2, 0, 1];
    let mut held = site.network.inside("bad", || {
        let connections =
            (0..300).map(|number| begin(hub, &half[..if number % 3 == 0 { 0 } else { 6 }]));
        connections.collect::<Vec<_>>()
    });
    let refused =
        |status: &Value| status["connections"]["refused"]["handshakes_per_address"].clone();
    let status = process::until(
        "its part of the handshakes is used up",
        || site.status(),
        |status| refused(status).as_u64() >= Some(200),
    );
    println!("{}", status["connections"]);
    let since = Instant::now();
    let fetched = served(&site, &crowd);
    println!(
        "served {:?} after its start, the bytes in {:?}",
        since.elapsed(),
        fetched.elapsed
    );
    assert!(since.elapsed() < SERVED_AGAIN);
    // However slowly it goes on, its time is over.
    let open = |status: &Value| status["connections"]["handshaking"].as_u64();
    let dribbling = Instant::now();
    process::until(
        "they are closed",
        || {
            for stream in &mut held {
                let _ = stream.write_all(&[0]);
            }
            site.status()
        },
        |status| open(status) == Some(0),
    );
    println!("all closed {:?} later", dribbling.elapsed());
    let mut byte = [0];
    for stream in &mut held {
        stream
            .set_read_timeout(Some(SERVED_AGAIN))
            .expect("a time-out");
        // An end or a reset: never an answer.
        assert!(!matches!(stream.read(&mut byte), Ok(1)));
    }
}

/// As many handshakes as there may be, from several addresses: whoever comes then waits until the first of them are over.
#[test]
fn all_handshakes_taken_and_none_finished() {
    let Some((site, crowd, hub)) = good_and_bad(Network::new(), SOON_OVER, 1) else {
        return;
    };
    let addresses: Vec<String> = (0..6)
        .map(|number| format!("10.77.0.{}", 100 + number))
        .collect();
    site.network.addresses("bad", &addresses);
    let held = site.network.inside("bad", || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        runtime.block_on(async {
            let mut held = Vec::new();
            for address in addresses
                .iter()
                .flat_map(|one| std::iter::repeat_n(one, 50))
            {
                let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
                let from = format!("{address}:0").parse().expect("an address");
                socket.bind(from).expect("its own address");
                let stream = socket.connect(hub).await.expect("connected");
                held.push(stream.into_std().expect("a socket"));
            }
            held
        })
    });
    let status = process::until(
        "all handshakes are taken",
        || site.status(),
        |status| status["connections"]["handshaking"] == 256,
    );
    println!("{}", status["connections"]);
    let since = Instant::now();
    served(&site, &crowd);
    println!("served {:?} after its start", since.elapsed());
    assert!(since.elapsed() < SERVED_AGAIN);
    drop(held);
}

/// One host that comes from its own machine.
fn served(site: &Site, crowd: &Crowd) -> Fetched {
    site.network.inside("good", || {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        let runtime = builder.enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let rekey = RekeyOptions::default();
            let mut member = crowd.member(0, &site.address, &rekey).expect("a host");
            member.connected().await.expect("the hub takes it");
            member.fetch(Class::Drbg, 64).await.expect("bytes")
        })
    })
}

/// The operating system's generator, as a host's source.
#[derive(Debug)]
struct System;

impl photonbox_channel::ByteSource for System {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        let mut random = std::fs::File::open("/dev/urandom").map_err(|_| SourceExhausted)?;
        random.read_exact(out).map_err(|_| SourceExhausted)
    }
}

impl MixingSource for System {
    fn mix(&self, _: &[u8]) -> Result<(), SourceExhausted> {
        Ok(())
    }
}

/// A host that opens as many requests as it may, for ever and as fast as can be, and then reads nothing.
fn choke(crowd: &Crowd, number: usize, hub: SocketAddr) -> TcpStream {
    let identity = Arc::clone(crowd.identity(number));
    let options = ClientOptions::new(identity, crowd.ca().clone(), Arc::new(System));
    let config = ClientConfig::new(options).expect("a configuration");
    let unix = SystemTime::UNIX_EPOCH.elapsed().expect("a clock").as_secs();
    let origin = Instant::now();
    let mut channel = Channel::connect(&config, unix, origin.elapsed()).expect("a channel");
    let mut socket = begin(hub, &[]);
    while !channel.is_open() {
        channel.write_wire(&mut socket).expect("written");
        channel
            .read_wire(&mut socket, origin.elapsed())
            .expect("read");
        while channel.poll_event().is_some() {}
    }
    for id in 1..=64 {
        let mode = Mode::Stream {
            total: None,
            rate: None,
        };
        let request = Request {
            id,
            class: WireClass::Drbg,
            mode,
            attested: false,
            signed: None,
        };
        channel.send(&Message::Request(request)).expect("room");
        channel.write_wire(&mut socket).expect("written");
    }
    socket
}

#[test]
fn hosts_that_read_nothing_cost_bounded_memory() {
    const CHOKING: usize = 40;
    let Some((site, crowd, hub)) = good_and_bad(Network::alone(), ONE_ADDRESS, 1 + CHOKING) else {
        return;
    };
    served(&site, &crowd);
    let (before, _) = site.footprint();
    let held = site.network.inside("bad", || {
        let one = |number| choke(&crowd, number, hub);
        (1..=CHOKING).map(one).collect::<Vec<_>>()
    });
    // Until no more fits anywhere.
    let sent = |status: &Value| -> u64 {
        let channels = status["channels"].as_array().expect("channels");
        channels
            .iter()
            .filter_map(|one| one["bytes_sent"].as_u64())
            .sum()
    };
    let mut last = 0;
    process::until(
        "everything is full",
        || {
            std::thread::sleep(Duration::from_millis(500));
            let now = sent(&site.status());
            (std::mem::replace(&mut last, now), now)
        },
        |(before, now)| before == now && *now > 0,
    );
    let (after, _) = site.footprint();
    let each = after.saturating_sub(before) / CHOKING;
    println!("{each} bytes of the hub's for a host that reads nothing, {last} sent to all");
    assert!(each <= CHOKED, "{each} bytes each");
    let since = Instant::now();
    served(&site, &crowd);
    assert!(since.elapsed() < SERVED_AGAIN, "{:?}", since.elapsed());
    drop(held);
}
