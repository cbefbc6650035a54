//! `tools/wireshark/photonbox.lua` under tshark: what it shows of packets of an independent program, and of broken ones.

use serde_json::Value;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const PORT: u16 = 4510;
/// Link type of a capture whose packets begin with IP (LINKTYPE_RAW).
const RAW_IP: u32 = 101;

/// A capture file of UDP packets with these payloads.
fn capture(path: &Path, port: u16, payloads: &[Vec<u8>]) {
    let mut file = std::fs::File::create(path).expect("a file");
    let mut write = |bytes: &[u8]| file.write_all(bytes).expect("written");
    // pcap: magic, version 2.4, zone, accuracy, longest packet, link type.
    for word in [0xa1b2_c3d4, 2 | 4 << 16, 0, 0, 65_535, RAW_IP] {
        write(&u32::to_ne_bytes(word));
    }
    for payload in payloads {
        let udp = 8 + payload.len() as u16;
        let mut packet = vec![0x45, 0];
        packet.extend((20 + udp).to_be_bytes());
        packet.extend([0, 0, 0x40, 0, 64, 17, 0, 0, 127, 0, 0, 1, 127, 0, 0, 2]);
        for field in [40_000, port, udp, 0] {
            packet.extend(field.to_be_bytes());
        }
        packet.extend(payload);
        let length = packet.len() as u32;
        for word in [0, 0, length, length] {
            write(&word.to_ne_bytes());
        }
        write(&packet);
    }
}

/// A line a packet, with these fields between bars; None without tshark.
fn tshark(capture: &Path, more: &[&str], fields: &[&str]) -> Option<Vec<Vec<String>>> {
    let script = format!("lua_script:{ROOT}/tools/wireshark/photonbox.lua");
    let mut command = Command::new("tshark");
    command.args(["-X", &script, "-r"]).arg(capture);
    command
        .args(["-T", "fields", "-E", "separator=|"])
        .args(more);
    for field in fields {
        command.args(["-e", field]);
    }
    let Ok(output) = command.output() else {
        println!("skipped: tshark is not installed");
        return None;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    assert!(!errors.contains("Lua"), "{errors}");
    let line = |line: &str| line.split('|').map(str::to_owned).collect();
    Some(text.lines().map(line).collect())
}

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
