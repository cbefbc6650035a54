//! Gateways that are killed and started again: no key and nonce comes twice, and nothing old is taken.

use super::capture::{Capture, Packet};
use super::flow::{self, Flow};
use super::pair::{EAST, NAMES, Pair, Settings, WEST};
use crate::{process, tshark};
use std::collections::{HashMap, HashSet};
use std::net::UdpSocket;
use std::time::Duration;

const RATE: u32 = 500;
const KILLS: u32 = 8;

/// Moments and sides, from a seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }
}

#[test]
fn a_gateway_that_is_killed_repeats_no_key_and_nonce_and_takes_nothing_old() {
    kill_and_replay(false);
}

#[test]
fn nor_does_one_that_has_its_boxes_from_a_hub() {
    kill_and_replay(true);
}

fn kill_and_replay(hub: bool) {
    let settings = Settings {
        box_seconds: 1,
        spi_seconds: 2,
        boxes: 400,
        six: false,
        hub,
    };
    let Some(mut pair) = Pair::down(settings) else {
        return;
    };
    for machine in NAMES {
        // Each packet is to be seen by itself.
        pair.network.ip(machine, "link set dev eth0 gso_max_segs 1");
    }
    let seed = std::env::var("PHOTONBOX_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(6);
    let mut chance = Chance(seed);
    let eve = pair.network.machine("eve");
    let mut packets = Vec::new();
    for side in 0..2 {
        pair.up(side);
    }
    pair.meet();
    for round in 0..KILLS {
        let side = chance.below(2) as usize;
        let pause = Duration::from_millis(50 + chance.below(900));
        let flows = [
            Flow {
                from: "east",
                to: "west",
                address: WEST[0],
                bytes: 300,
            },
            Flow {
                from: "west",
                to: "east",
                address: EAST[0],
                bytes: 300,
            },
        ];
        // Both gateways see all that goes between them: what the killed one sent last is seen by the other.
        let capture = Capture::begin(&pair, NAMES[1 - side]);
        flow::run(&pair, &flows, RATE, || std::thread::sleep(pause));
        let seen = capture.end();
        println!(
            "round {round}: {} packets, then {} is killed",
            seen.len(),
            NAMES[side]
        );
        assert!(!seen.is_empty());
        packets.extend(seen);
        pair.kill(side);
        let capture = Capture::begin(&pair, NAMES[1 - side]);
        pair.up(side);
        pair.meet();
        packets.extend(capture.end());
        // From a third machine, that nothing may be answered: all that was ever sent to this side.
        replay(&pair, side, &packets, &eve);
        pair.meet();
    }
    never_twice(&packets);
    dissected(&packets);
}

/// Another's program sees in each packet what stands in it.
fn dissected(packets: &[Packet]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("tunnel.pcap");
    let payloads: Vec<Vec<u8>> = packets.iter().map(|packet| packet.bytes.clone()).collect();
    tshark::capture(&path, tshark::PORT, &payloads);
    let fields = ["spi", "seq", "i", "j", "flicker"].map(|name| format!("photonbox.{name}"));
    let fields = [
        &fields.each_ref().map(String::as_str)[..],
        &["_ws.expert.message"],
    ]
    .concat();
    let Some(lines) = tshark::tshark(&path, &[], &fields) else {
        return;
    };
    let expected: Vec<Vec<String>> = packets
        .iter()
        .map(|packet| {
            let ((spi, seq), (i, j)) = (packet.nonce(), packet.pointers());
            let numbers = [seq, i, j, packet.flicker()].map(|number| number.to_string());
            [&[format!("{spi:#010x}")], &numbers[..], &[String::new()]].concat()
        })
        .collect();
    assert!(lines == expected, "tshark shows other packets");
}

/// Sends what was captured again: the gateway takes none of it, moves nothing, and answers nothing.
fn replay(pair: &Pair, side: usize, packets: &[Packet], eve: &str) {
    let before = pair.peer(side);
    let ours: HashSet<&[u8]> = packets
        .iter()
        .filter(|packet| (packet.nonce().0 >> 31) as usize == 1 - side)
        .map(|packet| &packet.bytes[..])
        .collect();
    assert!(!ours.is_empty());
    let socket = pair
        .network
        .inside("eve", || UdpSocket::bind((eve, 4510)).expect("bound"));
    for (number, packet) in ours.iter().enumerate() {
        socket
            .send_to(packet, (&*pair.outside[side], 4510))
            .expect("sent");
        if number % 64 == 63 {
            // The way takes it in: none of it is to be lost before it is refused.
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let dropped = |peer: &serde_json::Value| -> u64 {
        let drops = peer["drops"].as_object().expect("drops");
        drops.values().filter_map(serde_json::Value::as_u64).sum()
    };
    let all = dropped(&before) + ours.len() as u64;
    let after = process::until(
        "each is dropped",
        || pair.peer(side),
        |peer| dropped(peer) >= all,
    );
    assert_eq!(after["endpoint"], before["endpoint"], "{after}");
    for reason in [
        "old-spi",
        "replayed",
        "box-used",
        "box-erased",
        "behind-window",
    ] {
        if let Some(count) = after["drops"][reason].as_u64() {
            println!("  replayed: {count} {reason}");
        }
    }
    assert_eq!(
        after["drops"]["forged"], before["drops"]["forged"],
        "{after}"
    );
    socket.set_nonblocking(true).expect("set");
    let answer = socket.recv(&mut [0; 2048]);
    assert!(answer.is_err(), "an answer of {answer:?} bytes");
}

/// Of different packets no two have the same SPI and sequence number, and each site's flicker does not repeat.
fn never_twice(packets: &[Packet]) {
    let mut nonces: HashMap<(u32, u32), &[u8]> = HashMap::new();
    let mut keys = HashSet::new();
    let mut spis = HashSet::new();
    let mut boxes = HashSet::new();
    for packet in packets {
        let before = nonces.insert(packet.nonce(), &packet.bytes);
        assert!(
            before.is_none_or(|before| before == packet.bytes),
            "SPI and sequence number {:x?} twice",
            packet.nonce()
        );
        spis.insert(packet.nonce().0);
        boxes.insert(packet.pointers().0);
        keys.insert((packet.nonce(), packet.pointers(), packet.flicker()));
    }
    assert_eq!(keys.len(), nonces.len());
    println!(
        "{} packets under {} SPIs from {} boxes: no nonce twice",
        nonces.len(),
        spis.len(),
        boxes.len()
    );
    assert!(spis.len() > KILLS as usize && boxes.len() > KILLS as usize);
}
