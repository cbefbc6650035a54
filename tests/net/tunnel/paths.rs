//! What goes through, from where, and how long it may be.

use super::pair::{EAST, Pair, Settings, WEST};
use crate::process;
use std::io::{Read as _, Write as _};
use std::net::{IpAddr, SocketAddr, TcpListener, TcpStream, UdpSocket};

/// Bytes of a TCP stream.
const STREAM: usize = 20_000_000;

#[test]
fn ping_and_tcp_go_through_in_both_families_over_both() {
    for six in [false, true] {
        let Some(mut pair) = Pair::new(Settings {
            six,
            ..Settings::default()
        }) else {
            return;
        };
        pair.meet();
        for (machine, to) in [("east", WEST), ("west", EAST)] {
            for to in to {
                assert!(pair.ping(machine, to, 56), "{machine} to {to}");
                // In fragments; of IPv6 its sender makes them, which first has to be told how long they may be.
                let long = || pair.ping(machine, to, 4000);
                process::until("a long one goes through", long, |answered| *answered);
            }
        }
        for address in WEST {
            stream(&pair, "east", "west", address);
        }
        for address in EAST {
            stream(&pair, "west", "east", address);
        }
        let peer = pair.peer(0);
        assert!(
            peer["sent"]["bytes"].as_u64() > Some(STREAM as u64),
            "{peer}"
        );
        assert!(
            peer["received"]["bytes"].as_u64() > Some(STREAM as u64),
            "{peer}"
        );
        assert_eq!(peer["spi"], "00000100");
        assert_eq!(peer["peer_spi"], "80000100");
        let told = pair.told(0);
        assert!(
            told.contains("tunnel tun0 listening on [::]:4510"),
            "{told}"
        );
        // From an address that is not the peer's to use: nothing is delivered.
        pair.network.ip("east", "address add 10.3.0.7/32 dev lo");
        pair.network.ip("a", "route add 10.3.0.7/32 via 10.1.0.2");
        let spoofed = pair.run(
            "east",
            "busybox",
            &["ping", "-c", "1", "-W", "1", "-I", "10.3.0.7", WEST[0]],
        );
        assert!(!spoofed.status.success());
        let drops = pair.peer(1)["drops"].clone();
        assert_eq!(drops["source"], 1, "{drops}");
        pair.terminate(0);
        pair.take_down(1);
    }
}

/// The checksum of these datagrams is zero, which is sent as its other zero, since 0 itself means that there is none: over
/// IPv6 that is an error.
#[test]
fn a_datagram_whose_checksum_comes_out_as_zero_goes_through() {
    let Some(pair) = Pair::new(Settings::default()) else {
        return;
    };
    pair.meet();
    for (from, to) in EAST.into_iter().zip(WEST) {
        let bound = |address: &str| {
            let address: IpAddr = address.parse().expect("an address");
            UdpSocket::bind((address, 0)).expect("bound")
        };
        let here = pair.network.inside("east", || bound(from));
        let there = pair.network.inside("west", || bound(to));
        there
            .set_read_timeout(Some(process::PATIENCE))
            .expect("a time");
        let ends = [&here, &there].map(|socket| socket.local_addr().expect("bound"));
        for number in 0..20_u16 {
            let payload = with_checksum_zero(ends, number);
            here.send_to(&payload, ends[1]).expect("sent");
            let mut came = [0; 16];
            let length = there.recv(&mut came).unwrap_or_else(|error| {
                panic!("{from} to {to}, {number}: {error}");
            });
            assert_eq!(came[..length], payload);
        }
    }
}

/// Two words that make the checksum of a datagram of UDP zero (RFC 768, RFC 8200 §8.1), the first one as wanted.
fn with_checksum_zero(ends: [SocketAddr; 2], first: u16) -> [u8; 4] {
    const UDP: u16 = 17;
    const LENGTH: u16 = 12;
    let address = |end: &SocketAddr| match end.ip() {
        IpAddr::V4(four) => four.octets().to_vec(),
        IpAddr::V6(six) => six.octets().to_vec(),
    };
    let addresses = ends.iter().flat_map(address).collect::<Vec<u8>>();
    let addresses = addresses.as_chunks().0.iter().copied();
    let ports = ends.map(|end| end.port());
    let words = addresses.map(u16::from_be_bytes).chain(ports);
    // The length is in the pseudo header and in the datagram's own.
    let words = words.chain([UDP, LENGTH, LENGTH, first]);
    let mut sum: u32 = words.map(u32::from).sum();
    while sum > 0xffff {
        sum = (sum >> 16) + (sum & 0xffff);
    }
    let second = !(sum as u16);
    let [[a, b], [c, d]] = [first, second].map(u16::to_be_bytes);
    [a, b, c, d]
}

/// A TCP stream from one machine to another.
fn stream(pair: &Pair, from: &str, to: &str, address: &str) {
    let address: IpAddr = address.parse().expect("an address");
    let listener = pair
        .network
        .inside(to, || TcpListener::bind((address, 0)).expect("bound"));
    let port = listener.local_addr().expect("bound").port();
    std::thread::scope(|scope| {
        let receiving = scope.spawn(|| {
            let (mut stream, _) = listener.accept().expect("a connection");
            stream
                .set_read_timeout(Some(process::PATIENCE))
                .expect("a time");
            let mut all = Vec::new();
            stream.read_to_end(&mut all).expect("the stream");
            all
        });
        let sent: Vec<u8> = (0..STREAM).map(|n| ((n * n) >> 7) as u8).collect();
        let mut stream = pair.network.inside(from, || {
            TcpStream::connect((address, port)).expect("connected")
        });
        stream.write_all(&sent).expect("sent");
        drop(stream);
        assert!(
            receiving.join().expect("received") == sent,
            "{from} to {to}"
        );
    });
}

#[test]
fn a_side_that_moves_is_found_where_it_is() {
    let Some(pair) = Pair::new(Settings::default()) else {
        return;
    };
    pair.meet();
    let here = format!("{}:4510", pair.outside[0]);
    assert_eq!(pair.peer(1)["endpoint"], here);
    pair.network
        .ip("a", &format!("address del {}/24 dev eth0", pair.outside[0]));
    pair.network.ip("a", "address add 10.77.0.200/24 dev eth0");
    // Nobody is told.
    process::until(
        "it is found",
        || pair.ping("east", WEST[0], 56),
        |found| *found,
    );
    let endpoint = pair.peer(1)["endpoint"].clone();
    assert_eq!(endpoint, "10.77.0.200:4510");
    assert!(pair.ping("west", EAST[1], 56));
}

#[test]
fn a_sender_is_told_how_much_fits() {
    let Some(pair) = Pair::new(Settings::default()) else {
        return;
    };
    pair.meet();
    // The way between the gateways gets narrower than the device's MTU says.
    pair.network.ip("a", "link set eth0 mtu 1400");
    pair.network.ip("b", "link set eth0 mtu 1400");
    for address in WEST {
        let address: IpAddr = address.parse().expect("an address");
        let family = if address.is_ipv4() { "4" } else { "6" };
        // Python's sockets have the option that lets no kernel cut a packet.
        let script = "import socket,sys,time\nfamily,to=sys.argv[1:]\nfour=family=='4'\n\
            s=socket.socket(socket.AF_INET if four else socket.AF_INET6,socket.SOCK_DGRAM)\n\
            s.setsockopt(0 if four else 41,10 if four else 23,2)\ns.connect((to,9))\n\
            for n in range(300):\n try: s.send(b'x'*(1380 if four else 1360))\n except OSError as e: pass\n \
            mtu=s.getsockopt(0 if four else 41,14 if four else 24)\n \
            if mtu<1418: break\n time.sleep(.1)\nprint(mtu)\n";
        let output = pair.run(
            "east",
            "python3",
            &["-c", script, family, &address.to_string()],
        );
        let mtu = String::from_utf8_lossy(&output.stdout);
        // 1400, less 20 (IPv4), 8 (UDP) and 32 (header and ICV): 1340, less the trailer's 2.
        assert_eq!(
            mtu.trim(),
            "1338",
            "{address}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
    assert_eq!(pair.peer(0)["mtu"], 1338);
    assert!(pair.peer(0)["drops"]["too-big"].as_u64() > Some(0));
    // What may be cut is cut, and TCP finds its way.
    let long = || pair.ping("east", WEST[0], 1380);
    process::until("a long one goes through", long, |answered| *answered);
    stream(&pair, "east", "west", WEST[0]);
    stream(&pair, "west", "east", EAST[1]);
}
