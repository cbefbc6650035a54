//! `tools/wireshark/photonbox.lua` under tshark: what it shows of packets of an independent program, and of broken ones.

use crate::tshark::{PORT, ROOT, capture, tshark};
use serde_json::Value;

fn vectors() -> Vec<Value> {
    let text = std::fs::read_to_string(format!("{ROOT}/tests/vectors/esp.json"));
    let all: Value = serde_json::from_str(&text.expect("the vectors")).expect("JSON");
    all["packets"].as_array().expect("packets").clone()
}

fn packet(case: &Value) -> Vec<u8> {
    let hex = case["packet"].as_str().expect("hex").as_bytes();
    let byte = |digits: &[u8]| {
        let digits = std::str::from_utf8(digits).expect("hex");
        u8::from_str_radix(digits, 16).expect("hex")
    };
    hex.chunks(2).map(byte).collect()
}

const FIELDS: [&str; 10] = [
    "photonbox.spi",
    "photonbox.spi.direction",
    "photonbox.spi.counter",
    "photonbox.seq",
    "photonbox.i",
    "photonbox.j",
    "photonbox.flicker",
    "photonbox.encrypted.len",
    "photonbox.icv",
    "_ws.expert.message",
];

#[test]
fn every_field_of_the_vectors_is_shown() {
    let folder = tempfile::tempdir().expect("a folder");
    let cases = vectors();
    let packets: Vec<Vec<u8>> = cases.iter().map(packet).collect();
    for (port, more) in [(PORT, vec![]), (4599, vec!["-o", "photonbox.port:4599"])] {
        let path = folder.path().join(format!("{port}.pcap"));
        capture(&path, port, &packets);
        let Some(lines) = tshark(&path, &more, &FIELDS) else {
            return;
        };
        let expected: Vec<Vec<String>> = cases
            .iter()
            .zip(&packets)
            .map(|(case, packet)| {
                let spi = case["spi"].as_u64().expect("a number") as u32;
                let icv = packet[packet.len() - 16..].iter();
                vec![
                    format!("{spi:#010x}"),
                    (spi >> 31).to_string(),
                    (spi & 0x7fff_ffff).to_string(),
                    case["seq"].to_string(),
                    case["i"].to_string(),
                    case["j"].to_string(),
                    case["flicker"].to_string(),
                    (packet.len() - 32).to_string(),
                    icv.map(|byte| format!("{byte:02x}")).collect(),
                    String::new(),
                ]
            })
            .collect();
        assert_eq!(lines, expected);
    }
}

#[test]
fn what_is_wrong_with_a_packet_is_said() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = packet(&vectors()[0]);
    let changed = |at: std::ops::Range<usize>, byte| {
        let mut packet = good.clone();
        packet[at].fill(byte);
        packet
    };
    let path = folder.path().join("broken.pcap");
    let packets = [
        good[..35].to_vec(),
        good[..good.len() - 1].to_vec(),
        changed(8..10, 0),
        changed(10..12, 0),
        changed(12..16, 0xff),
        good.clone(),
    ];
    capture(&path, PORT, &packets);
    let Some(lines) = tshark(&path, &[], &["_ws.expert.message"]) else {
        return;
    };
    let said: Vec<&str> = lines.iter().map(|line| line[0].as_str()).collect();
    assert_eq!(
        said,
        [
            "Shorter than any packet of the tunnel",
            "Not a multiple of four bytes",
            "Boxes and keys count from 1",
            "Boxes and keys count from 1",
            "A flicker is at most 99,999,999",
            "",
        ]
    );
}
