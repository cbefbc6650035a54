//! Packets under tshark with `tools/wireshark/photonbox.lua`.

use std::io::Write as _;
use std::path::Path;
use std::process::Command;

/// The project's folder.
pub(crate) const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
/// The tunnel's port.
pub(crate) const PORT: u16 = 4510;
/// Link type of a capture whose packets begin with IP (LINKTYPE_RAW).
const RAW_IP: u32 = 101;

/// A capture file of UDP packets with these payloads.
pub(crate) fn capture(path: &Path, port: u16, payloads: &[Vec<u8>]) {
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
pub(crate) fn tshark(capture: &Path, more: &[&str], fields: &[&str]) -> Option<Vec<Vec<String>>> {
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
