//! A virtual machine gets its random numbers from Photonbox: hub, host with an EGD sink, QEMU's own `rng-egd`,
//! virtio-rng in a Linux guest. Says *skipped* where QEMU or a guest kernel is missing.

mod guest;
// The end-to-end tests' way of running the binary; this test uses a part of it.
#[allow(dead_code)]
#[path = "../e2e/process.rs"]
mod process;
#[allow(dead_code)]
#[path = "../e2e/scene.rs"]
mod scene;

use guest::Guest;
use scene::Scene;

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

    let report = guest.boot(&socket, &scene.path("guest"));

    assert_eq!(report.rng, "virtio_rng.0", "{}", report.console);
    assert_eq!(report.reads.len(), 2, "{}", report.console);
    for read in &report.reads {
        assert_eq!(read.len(), 64, "{}", report.console);
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
