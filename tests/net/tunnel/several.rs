//! A gateway with two peers, who take the same SPIs.

use crate::namespaces::Network;
use crate::openmetrics::Page;
use crate::process::{self, Background, arg};
use std::path::Path;

const KEYS: [&str; 2] = [
    "2718281828459045235360287471352662497757247093699959574966967627",
    "1618033988749894848204586834365638117720309179805762862135448622",
];

fn start(network: &Network, folder: &Path, machine: &str, config: &str) -> Background {
    let (state, file) = (folder.join(machine), folder.join(format!("{machine}.toml")));
    std::fs::write(&file, config).expect("written");
    let arguments = [
        "tunnel",
        "up",
        "--state",
        arg(&state),
        "--config",
        arg(&file),
        "--allow-unlocked-memory",
    ];
    let mut gateway = network.start(machine, &arguments);
    gateway.line_with(" is up, listening on ");
    gateway
}

fn peer(name: &str, key: &Path, further: &str) -> String {
    format!(
        "[[tunnel.peer]]\nname = \"{name}\"\nmode = \"ip-key\"\nip_key_file = \"{}\"\nboxes = 8\nkeys = 16\n{further}\n",
        key.display()
    )
}

#[test]
fn two_peers_with_the_same_spis_are_told_apart_and_reach_each_other() {
    if !Path::new("/dev/net/tun").exists() {
        println!("skipped: this kernel has no TUN devices (/dev/net/tun)");
        return;
    }
    let Some(mut network) = Network::new() else {
        return;
    };
    let folder = tempfile::tempdir().expect("a folder");
    let keys = [0, 1].map(|number| {
        let path = folder.path().join(format!("key{number}"));
        std::fs::write(&path, KEYS[number]).expect("written");
        path
    });
    let middle = network.machine("a");
    let device = |address: u32| {
        format!(
            "[tunnel]\nname = \"tun0\"\naddresses = [\"10.9.0.{address}/24\"]\nmetrics = \"127.0.0.1:4505\"\n"
        )
    };
    let of_b = peer("b", &keys[0], "role = \"a\"\nallowed = [\"10.9.0.2/32\"]");
    let of_c = peer("c", &keys[1], "role = \"a\"\nallowed = [\"10.9.0.3/32\"]");
    let _a = start(&network, folder.path(), "a", &(device(1) + &of_b + &of_c));
    network.inside("a", || {
        std::fs::write("/proc/sys/net/ipv4/ip_forward", "1").expect("root may")
    });
    let mut spokes = Vec::new();
    for (number, name) in ["b", "c"].into_iter().enumerate() {
        network.machine(name);
        let to_a = format!("role = \"b\"\nendpoint = \"{middle}\"\nallowed = [\"10.9.0.0/24\"]");
        let config = device(2 + number as u32) + &peer("a", &keys[number], &to_a);
        spokes.push(start(&network, folder.path(), name, &config));
    }
    let ping = |machine: &str, to: &str| {
        let command = network.program(machine, "busybox", &["ping", "-c", "1", "-W", "1", to]);
        process::run_command(command, "ping").status.success()
    };
    for (machine, to) in [
        ("b", "10.9.0.1"),
        ("c", "10.9.0.1"),
        ("a", "10.9.0.2"),
        ("a", "10.9.0.3"),
        ("b", "10.9.0.3"),
        ("c", "10.9.0.2"),
    ] {
        process::until("an answer", || ping(machine, to), |answered| *answered);
    }
    let state = folder.path().join("a");
    let status = process::json(&["tunnel", "status", "--state", arg(&state), "--json"]);
    for peer in status["peers"].as_array().expect("peers") {
        assert_eq!(
            (&peer["peer_spi"], &peer["drops"]),
            (&"80000100".into(), &serde_json::json!({})),
            "{peer}"
        );
    }
    let page = network.inside("a", || Page::of("127.0.0.1:4505"));
    page.judge();
    page.check_documented();
    for peer in status["peers"].as_array().expect("peers") {
        let name = peer["name"].as_str().expect("a name");
        let value = |of: &str, further: &str| {
            page.value(&format!(
                "photonbox_tunnel_peer_{of}{{peer=\"{name}\"{further}}}"
            ))
        };
        let (sent, received) = (",direction=\"sent\"", ",direction=\"received\"");
        assert_eq!(value("spi", received), f64::from(0x8000_0100_u32));
        assert_eq!(Some(value("box", "")), peer["box"].as_f64());
        assert_eq!(Some(value("boxes_left", "")), peer["boxes_left"].as_f64());
        assert_eq!(Some(value("mtu_bytes", "")), peer["mtu"].as_f64());
        // What the peers say to each other without a packet to carry may have come meanwhile.
        for (direction, at_least) in [(sent, &peer["sent"]), (received, &peer["received"])] {
            let packets = at_least["packets"].as_f64().expect("packets");
            let bytes = at_least["bytes"].as_f64().expect("bytes");
            assert!(packets >= 2.0 && value("packets_total", direction) >= packets);
            assert!(bytes >= 168.0 && value("bytes_total", direction) >= bytes);
        }
        assert_eq!(value("calling", ""), 0.0);
        assert!(value("silence_seconds", "") < 120.0);
        assert_eq!(value("drops_total", ",reason=\"forged\""), 0.0);
    }
    assert_eq!(page.sum("photonbox_tunnel_peer_drops_total"), 0.0);
    // Addresses and networks stay in `status`.
    assert!(!page.text.contains("10.9.0") && !page.text.contains(&middle));
}

#[test]
fn without_the_right_to_make_a_device_one_line_says_so() {
    let has = std::process::Command::new("setpriv")
        .arg("--version")
        .output();
    if has.is_err() {
        println!("skipped: nothing here gives rights up (install util-linux's setpriv)");
        return;
    }
    let Some(mut network) = Network::new() else {
        return;
    };
    network.machine("a");
    let folder = tempfile::tempdir().expect("a folder");
    let (state, key) = (folder.path().join("state"), folder.path().join("key"));
    std::fs::write(&key, KEYS[0]).expect("written");
    let arguments = [
        "--bounding-set",
        "-net_admin",
        "--inh-caps",
        "-net_admin",
        env!("CARGO_BIN_EXE_photonbox"),
        "tunnel",
        "up",
        "--state",
        arg(&state),
        "--mode",
        "ip-key",
        "--ip-key-file",
        arg(&key),
        "--role",
        "a",
        "--allowed",
        "10.2.0.0/16",
        "--allow-unlocked-memory",
    ];
    let command = network.program("a", "setpriv", &arguments);
    let line = process::refusal_of(command, "tunnel up", 1);
    assert!(
        line.contains("photonbox0") && line.contains("CAP_NET_ADMIN"),
        "{line}"
    );
}
