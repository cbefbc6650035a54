//! A hub in a virtual machine, on a card that it reaches through VFIO, and a host outside.
//!
//! Photons are made outside, too; what they become crosses vfio-user, an emulated IOMMU and the guest's kernel to the hub
//! there, and comes back over the network as delivered bytes. One lane is dead: its alarm goes with the kernel's reset of
//! the card when the hub ends, and the next hub holds the lane all the same.

use crate::guest::{self, Guest, Parts};
use crate::process::{self, Background, until};
use crate::scene::{self, Scene, sha256};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

/// Serves as a user from a state that was made outside, says on the serial line what came of it, and ends when it is told to
/// there.
const INIT: &str = r#"
for address in "127.0.0.1/8 dev lo" "10.0.2.15/24 dev eth0"; do $b ip addr add $address; done
$b ip link set lo up; $b ip link set eth0 up; $b ip route add default via 10.0.2.2
$b chmod 700 /state; $b chown -R card:card /state
ulimit -l 131072
su card -c "photonbox serve --state /state --listen 0.0.0.0:4501 --card vfio:$bdf --allow-simulated" >/tmp/log 2>&1 &
served=$!
exec 3<>$(echo /dev/vport*)
while ! $b grep -q "listening on" /tmp/log && $b kill -0 $served 2>/dev/null; do $b sleep 1; done
$b cat /tmp/log
# What the source says may come before that line or after it; a hub that did not start says why in its last one.
echo "$($b grep "listening on" /tmp/log || $b tail -n 1 /tmp/log)" >&3
read -r end <&3
say status su card -c "photonbox status --state /state --json"
say ledger su card -c "photonbox ledger --state /state --json"
$b kill -TERM $($b pidof photonbox)
wait $served
echo "guest: served $? $($b tail -n 1 /tmp/log)"
su card -c "photonbox serve --state /state --listen 0.0.0.0:4501 --card vfio:$bdf --allow-simulated" >/tmp/again 2>&1 &
served=$!
while ! su card -c "photonbox status --state /state" >/dev/null 2>&1 && $b kill -0 $served 2>/dev/null; do $b sleep 1; done
say again su card -c "photonbox status --state /state --json"
$b kill -TERM $($b pidof photonbox)
wait $served
echo "guest: ended $? $($b grep -c 'held off since an alarm' /tmp/again) $($b grep -c 'a health test failed' /tmp/again)"
$b poweroff -f
"#;

/// A free port of this machine, for QEMU to listen on.
fn free_port() -> u16 {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port");
    taken.local_addr().expect("it has a number").port()
}

/// The files of a state directory, and their places in a guest.
pub(crate) fn files_of(state: &Path) -> Vec<(PathBuf, String)> {
    let entries = std::fs::read_dir(state).expect("the hub's state");
    entries
        .map(|entry| {
            let entry = entry.expect("an entry");
            let name = entry.file_name();
            (entry.path(), format!("state/{}", name.display()))
        })
        .collect()
}

/// The guest's serial line, once QEMU has it.
pub(crate) fn accept(listener: &UnixListener) -> UnixStream {
    listener.set_nonblocking(true).expect("a socket");
    let accepted = until("QEMU's serial line", || listener.accept(), Result::is_ok);
    let (line, _) = accepted.expect("accepted");
    line.set_nonblocking(false).expect("a socket");
    line.set_read_timeout(Some(guest::BOOT_LIMIT))
        .expect("a socket");
    line
}

#[test]
fn a_hub_in_a_guest_serves_a_host_outside() {
    let guest = match Guest::find_with_vfio_user() {
        Ok(guest) => guest,
        Err(missing) => {
            eprintln!("skipped: {missing}");
            return;
        }
    };
    let scene = Scene::new();
    // The hub gets its name, and its host, before it moves into the guest.
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let host = scene.enrol(&hub, "outside");
    assert!(hub.process.terminate().success());

    let (card, line) = (scene.arg("card"), scene.path("line"));
    let mut simulated =
        Background::start(&["simcard", "--socket", &card, "--fault", "dead-lane:3"]);
    simulated.line_with("vfio-user:");
    let listener = UnixListener::bind(&line).expect("a socket");
    let mut files = guest::program(
        &PathBuf::from(env!("CARGO_BIN_EXE_photonbox")),
        "bin/photonbox",
    );
    files.extend(files_of(&scene.path("hub")));
    let network: &[&str] = &["virtio_console", "failover", "net_failover", "virtio_net"];
    let parts = Parts {
        modules: &[guest::VFIO_MODULES, network].concat(),
        init: &[guest::CARD_INIT, guest::BIND_CARD, guest::OWN_CARD, INIT].concat(),
        files: &files,
        limit: guest::BOOT_LIMIT,
    };
    let port = free_port();
    let devices = [
        "-device",
        guest::INTEL_IOMMU,
        "-device",
        &format!(r#"{{"driver":"vfio-user-pci","socket":{{"path":"{card}","type":"unix"}}}}"#),
        "-chardev",
        &format!("socket,id=line,path={}", line.display()),
        "-device",
        "virtio-serial-pci",
        "-device",
        "virtserialport,chardev=line",
        "-netdev",
        &format!("user,id=net,restrict=on,hostfwd=tcp:127.0.0.1:{port}-:4501"),
        "-device",
        "virtio-net-pci,netdev=net,romfile=",
    ]
    .map(str::to_owned);
    let folder = scene.path("guest");
    let (console, deliveries) = std::thread::scope(|scope| {
        let console = scope.spawn(|| guest.boot(&parts, &devices, &folder));
        let line = accept(&listener);
        let mut said = String::new();
        let heard = BufReader::new(&line).read_line(&mut said);
        let deliveries = if said.contains("listening on") {
            let hub = format!("127.0.0.1:{port}");
            [("drbg", 1 << 16), ("full", 1 << 12)]
                .map(|(class, bytes)| (class, bytes, deliver(&scene, &host, &hub, class, bytes)))
                .to_vec()
        } else {
            eprintln!("the hub didn't start: {said} {heard:?}");
            Vec::new()
        };
        (&line).write_all(b"end\n").expect("the guest listens");
        (console.join().expect("the guest ends"), deliveries)
    });
    assert!(simulated.terminate().success());

    let steps = guest::steps(&console);
    let step = |name: &str| {
        steps
            .get(name)
            .unwrap_or_else(|| panic!("{name}: {console}"))
    };
    let done = |name: &str| -> Value {
        let (code, said) = step(name);
        assert_eq!(*code, 0, "{name}: {said}");
        serde_json::from_str(said).unwrap_or_else(|error| panic!("{name}: {error}: {said}"))
    };
    let status = done("status");
    assert_eq!(status["simulated"], true, "{status:#}");
    let again = done("again");
    for status in [&status, &again] {
        assert_eq!(status["health"], "degraded", "{status:#}");
        for lane in status["lanes"].as_array().expect("lanes") {
            let dead = lane["lane"] == 3;
            let state = if dead { "failed" } else { "running" };
            assert_eq!(lane["state"], state, "{status:#}");
            assert_eq!(lane["held_since"].is_u64(), dead, "{status:#}");
        }
    }
    assert_eq!(
        again["lanes"][3]["held_since"], status["lanes"][3]["held_since"],
        "since the first hub's alarm"
    );
    // Held, not found dead again: it was given no chance.
    assert_eq!(*step("ended"), (0, "1 0".to_owned()), "{console}");
    assert_eq!(deliveries.len(), 2, "{console}");
    let ledger = done("ledger");
    for (class, bytes, hash) in deliveries {
        let kept = ledger["deliveries"]
            .as_array()
            .expect("deliveries")
            .iter()
            .find(|kept| kept["host"] == "outside" && kept["class"] == class)
            .unwrap_or_else(|| panic!("{class}: {ledger:#}"));
        assert_eq!(
            (&kept["bytes"], &kept["sha256"]),
            (&Value::from(bytes), &Value::from(hash)),
            "{ledger:#}"
        );
    }
    assert_eq!(step("served").0, 0, "{console}");
}

/// Takes bytes of a class from the hub, and gives their hash.
fn deliver(scene: &Scene, host: &Path, hub: &str, class: &str, bytes: usize) -> String {
    let (file, wanted) = (scene.path(class), bytes.to_string());
    let sink = format!("file:{}", file.display());
    let flags = [
        "--sink", &sink, "--class", class, "--bytes", &wanted, "--json",
    ];
    let report = process::json(&scene::join_arguments(host, hub, &flags));
    let received = std::fs::read(&file).expect("the sink");
    assert_eq!(received.len(), bytes, "{class}");
    let hash = sha256(&received);
    assert_eq!(report["sha256"], hash.as_str(), "{class}");
    assert_eq!(
        report["simulated"], true,
        "the label crosses the guest, too"
    );
    hash
}
