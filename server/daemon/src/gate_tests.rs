#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;

fn limits() -> LimitOptions {
    LimitOptions {
        max_connections: 6,
        max_handshakes: 5,
        handshakes_per_address: 3,
        connections_per_second: 2,
        ..LimitOptions::default()
    }
}

fn enter(gate: &Arc<Gate>, from: &str, seconds: u64) -> Option<Entry> {
    let permit = Arc::clone(&gate.handshakes).try_acquire_owned().unwrap();
    gate.enter(from.parse().unwrap(), permit, Duration::from_secs(seconds))
}

#[test]
fn one_address_has_its_part_of_the_handshakes_and_no_more() {
    let gate = Gate::new(&limits());
    let mut held: Vec<Entry> = (0..3)
        .map(|_| enter(&gate, "10.0.0.1", 1).unwrap())
        .collect();
    assert!(enter(&gate, "10.0.0.1", 1).is_none());
    let other = enter(&gate, "10.0.0.2", 1).unwrap();
    assert_eq!(gate.status().handshaking, 4);
    assert_eq!(gate.status().refused.handshakes_per_address, 1);
    // A channel that stands is no handshake any more, and still a connection.
    held[0].stands();
    assert_eq!((gate.status().open, gate.status().handshaking), (4, 3));
    held.push(enter(&gate, "10.0.0.1", 1).unwrap());
    drop((held, other));
    assert_eq!((gate.status().open, gate.status().handshaking), (0, 0));
}

#[test]
fn one_address_begins_so_many_a_second() {
    let gate = Gate::new(&limits());
    // Four seconds' worth at once, then as time passes.
    for _ in 0..8 {
        assert!(enter(&gate, "10.0.0.1", 1).is_some());
    }
    assert!(enter(&gate, "10.0.0.1", 1).is_none());
    assert!(enter(&gate, "10.0.0.2", 1).is_some());
    for _ in 0..2 {
        assert!(enter(&gate, "10.0.0.1", 2).is_some());
    }
    assert!(enter(&gate, "10.0.0.1", 2).is_none());
    assert_eq!(gate.status().refused.connections_per_second, 2);
}

#[test]
fn connections_are_bounded_whoever_they_belong_to() {
    let gate = Gate::new(&limits());
    let mut held = Vec::new();
    for machine in 1..=6 {
        let mut entry = enter(&gate, &format!("10.0.0.{machine}"), 1).unwrap();
        entry.stands();
        held.push(entry);
    }
    assert!(enter(&gate, "10.0.0.7", 1).is_none());
    assert_eq!(gate.status().refused.connections, 1);
    held.pop();
    assert!(enter(&gate, "10.0.0.7", 1).is_some());
}

#[test]
fn a_machine_has_one_network_of_ipv6_and_one_address_of_ipv4() {
    let part = |text: &str| of(text.parse().unwrap());
    assert_eq!(part("2001:db8:1:2::1"), part("2001:db8:1:2:ffff::2"));
    assert_ne!(part("2001:db8:1:2::1"), part("2001:db8:1:3::1"));
    assert_eq!(part("::ffff:10.0.0.1"), part("10.0.0.1"));
    assert_ne!(part("10.0.0.1"), part("10.0.0.2"));
}

#[test]
fn addresses_are_forgotten_and_no_number_of_them_costs_more_memory() {
    let gate = Gate::new(&LimitOptions {
        max_connections: 10,
        ..limits()
    });
    let address = |number: u32| IpAddr::from((0x0a00_0000 + number).to_be_bytes());
    let visit = |number: u32, seconds: u64| {
        let permit = Arc::clone(&gate.handshakes).try_acquire_owned().unwrap();
        let entry = gate.enter(address(number), permit, Duration::from_secs(seconds));
        entry.is_some()
    };
    let most = MOST_ADDRESSES as u32;
    for number in 0..most {
        assert!(visit(number, 1));
    }
    // No place is left: all further ones share one.
    for number in 0..8 {
        assert!(visit(most + number, 1));
    }
    assert!(!visit(most + 8, 1));
    assert!(visit(0, 1), "who is known keeps its own");
    assert_eq!(gate.known().visitors.len(), MOST_ADDRESSES + 1);
    // Seconds later all of them are as if they had never come.
    assert!(visit(most + 9, 9));
    assert_eq!(gate.known().visitors.len(), 1);
}

#[tokio::test]
async fn handshakes_wait_for_each_other_in_the_listen_queue() {
    let gate = Gate::new(&LimitOptions {
        max_handshakes: 1,
        ..limits()
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let _first = TcpStream::connect(address).await.unwrap();
    let _second = TcpStream::connect(address).await.unwrap();
    let (_, _, mut entry) = gate.accept(&listener).await;
    let early = tokio::time::timeout(Duration::from_millis(50), gate.accept(&listener)).await;
    assert!(early.is_err(), "the first one is not done");
    entry.stands();
    let (_, _, late) = gate.accept(&listener).await;
    drop(late);
    assert_eq!(gate.status().refused, Refused::default());
}
