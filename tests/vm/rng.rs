//! A virtual machine gets its random numbers from Photonbox: hub, host with an EGD sink, QEMU's own `rng-egd`,
//! virtio-rng in a Linux guest.

use crate::guest::{BOOT_LIMIT, Guest, Parts};
use crate::process;
use crate::scene::{self, Scene};

const MODULES: &[&str] = &[
    "virtio_ring",
    "virtio",
    "virtio_pci_modern_dev",
    "virtio_pci_legacy_dev",
    "virtio_pci",
    "virtio-rng",
];

/// Reads the hardware generator twice.
const INIT: &str = r#"
echo "guest: rng $($b cat /sys/class/misc/hw_random/rng_current)"
for i in 1 2; do
  echo "guest: bytes $($b dd if=/dev/hwrng bs=64 count=1 2>/dev/null | $b hexdump -v -e '1/1 "%02x"')"
done
$b poweroff -f
"#;

/// What a guest said.
#[derive(Debug, Default)]
struct Report {
    /// Name of the kernel's current hardware generator.
    rng: String,
    /// Each read of `/dev/hwrng`.
    reads: Vec<Vec<u8>>,
}

fn parse(console: &str) -> Report {
    let mut report = Report::default();
    for line in console.lines() {
        let Some(at) = line.find("guest: ") else {
            continue;
        };
        let mut words = line[at + "guest: ".len()..].split_whitespace();
        match (words.next(), words.next()) {
            (Some("rng"), Some(name)) => report.rng = name.to_owned(),
            (Some("bytes"), Some(hex)) => {
                let bytes = hex.as_bytes().chunks(2).map(|pair| {
                    let pair = std::str::from_utf8(pair).expect("the console is text");
                    u8::from_str_radix(pair, 16).expect("the guest prints hexadecimal")
                });
                report.reads.push(bytes.collect());
            }
            _ => {}
        }
    }
    report
}

#[test]
fn a_guest_reads_its_hardware_generator() {
    let guest = match Guest::find() {
        Ok(guest) => guest,
        Err(missing) => {
            eprintln!("skipped: {missing}");
            return;
        }
    };
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let host = scene.enrol(&hub, "vm-host");
    let socket = scene.path("egd");
    let sink = format!("egd:unix:{}", socket.display());
    let _join = scene::join(&host, &hub.address, &["--sink", &sink]);
    process::until("the EGD socket", || socket.exists(), |exists| *exists);

    let parts = Parts {
        modules: MODULES,
        init: INIT,
        files: &[],
        limit: BOOT_LIMIT,
    };
    let devices = [
        "-chardev".to_owned(),
        format!("socket,path={},id=egd", socket.display()),
        "-object".to_owned(),
        "rng-egd,chardev=egd,id=rng0".to_owned(),
        "-device".to_owned(),
        "virtio-rng-pci,rng=rng0".to_owned(),
    ];
    let console = guest.boot(&parts, &devices, &scene.path("guest"));
    let report = parse(&console);

    assert_eq!(report.rng, "virtio_rng.0", "{console}");
    assert_eq!(report.reads.len(), 2, "{console}");
    for read in &report.reads {
        assert_eq!(read.len(), 64, "{console}");
        // 64 random bytes hold about 56 different values; fewer than 30 do not happen by chance.
        let different: std::collections::BTreeSet<&u8> = read.iter().collect();
        assert!(different.len() >= 30, "{read:02x?}");
    }
    assert_ne!(report.reads[0], report.reads[1], "no byte is given twice");
    let ledger = hub.ledger();
    let delivered: u64 = ledger["deliveries"]
        .as_array()
        .expect("deliveries")
        .iter()
        .filter(|delivery| delivery["host"] == "vm-host")
        .filter_map(|delivery| delivery["bytes"].as_u64())
        .sum();
    assert!(
        delivered >= 2 * 64,
        "what the guest read came from the hub: {ledger:#}"
    );
}
