//! A card on the PCI bus of a virtual machine: `photonbox simcard` plays it over vfio-user, QEMU and a guest's kernel are
//! the bus, an emulated IOMMU stands between, and the driver goes through VFIO, as it does to a card in a slot.

use crate::guest::{self, Guest, Parts, Steps};
use crate::process::Background;
use serde_json::Value;
use std::path::PathBuf;

/// First as root without a driver for the function and without the kernel's VFIO, then as a user: without any right, as one
/// whose group owns the VFIO group, without interrupt remapping, with too little memory that may be locked, and as it
/// should be.
fn init(iommu: &str) -> String {
    let unremapped = if iommu == guest::VIRTIO_IOMMU {
        guest::ALLOW_UNREMAPPED
    } else {
        ""
    };
    [
        guest::CARD_INIT,
        r#"
echo "guest: bdf 0 $bdf"
say unbound photonbox card info --card vfio:$bdf
"#,
        guest::BIND_CARD,
        r#"
say list photonbox card list --json
$b mv /dev/vfio/vfio /dev/vfio/hidden
say without photonbox card info --card vfio:$bdf
$b mv /dev/vfio/hidden /dev/vfio/vfio
say forbidden su card -c "photonbox card info --card vfio:$bdf"
"#,
        guest::OWN_CARD,
        r#"
ulimit -l 65536
say remapped su card -c "photonbox card info --card vfio:$bdf"
"#,
        unremapped,
        r#"
ulimit -l 64
say unlocked su card -c "photonbox card selftest --card vfio:$bdf"
ulimit -l 65536
say info su card -c "photonbox card info --json --card vfio:$bdf"
say selftest su card -c "photonbox card selftest --json --card vfio:$bdf"
say status su card -c "photonbox card status --json --for 1s --card vfio:$bdf"
say bench su card -c "photonbox card bench --json --rounds ROUNDS --for 200ms --card vfio:$bdf"
say reset su card -c "photonbox card reset --card vfio:$bdf"
say missing photonbox card info --card vfio:0000:7f:00.0
echo "guest: faults 0 $($b dmesg | $b grep -c 'DMAR.*fault\|fault from EP')"
$b poweroff -f
"#,
    ]
    .concat()
    .replace("ROUNDS", &rounds())
}

/// Rounds of doorbell, data and interrupt that are timed; `PHOTONBOX_VM_ROUNDS` asks for more.
fn rounds() -> String {
    std::env::var("PHOTONBOX_VM_ROUNDS").unwrap_or_else(|_| "500".to_owned())
}

/// Leaves the figures in the folder that `PHOTONBOX_BENCH_FOLDER` names (`make bench-card`).
fn keep(iommu: &str, bench: &Value) {
    let Some(folder) = std::env::var_os("PHOTONBOX_BENCH_FOLDER") else {
        return;
    };
    let (device, _) = iommu.split_once(',').unwrap_or((iommu, ""));
    let file = PathBuf::from(folder).join(format!("{device}.json"));
    std::fs::write(&file, bench.to_string())
        .unwrap_or_else(|error| panic!("{}: {error}", file.display()));
}

/// Boots a guest with a served card behind this IOMMU: what it said, step by step and as a whole.
fn boot(guest: &Guest, iommu: &str) -> (Steps, String) {
    // Short enough for a socket's name.
    let folder = tempfile::Builder::new()
        .prefix("pb")
        .tempdir_in("/tmp")
        .expect("a folder");
    let socket = folder.path().join("card").display().to_string();
    let mut card =
        Background::start(&["simcard", "--socket", &socket, "--stochastic", "rate=200k"]);
    card.line_with("vfio-user:");
    let files = guest::program(
        &PathBuf::from(env!("CARGO_BIN_EXE_photonbox")),
        "bin/photonbox",
    );
    let parts = Parts {
        modules: guest::VFIO_MODULES,
        init: &init(iommu),
        files: &files,
        limit: guest::BOOT_LIMIT,
    };
    let devices = [
        "-device".to_owned(),
        iommu.to_owned(),
        "-device".to_owned(),
        format!(r#"{{"driver":"vfio-user-pci","socket":{{"path":"{socket}","type":"unix"}}}}"#),
    ];
    let console = guest.boot(&parts, &devices, folder.path());
    assert!(card.terminate().success(), "the served card ends by itself");
    (guest::steps(&console), console)
}

#[test]
fn a_user_drives_a_card_behind_intel_s_iommu() {
    match Guest::find_with_vfio_user() {
        Ok(guest) => a_user_drives_a_card(&guest, guest::INTEL_IOMMU),
        Err(missing) => eprintln!("skipped: {missing}"),
    }
}

#[test]
fn a_user_drives_a_card_behind_virtio_s_iommu() {
    match Guest::find_with_virtio_iommu() {
        Ok(guest) => a_user_drives_a_card(&guest, guest::VIRTIO_IOMMU),
        Err(missing) => eprintln!("skipped: {missing}"),
    }
}

fn a_user_drives_a_card(guest: &Guest, iommu: &str) {
    let (steps, console) = boot(guest, iommu);
    let step = |name: &str| {
        steps
            .get(name)
            .unwrap_or_else(|| panic!("{name}: {console}"))
    };
    let refused = |name: &str, says: &str| {
        let (code, said) = step(name);
        assert!(*code == 1 && said.contains(says), "{name} {code}: {said}");
    };
    let done = |name: &str| -> Value {
        let (code, said) = step(name);
        assert_eq!(*code, 0, "{name}: {said}");
        serde_json::from_str(said).unwrap_or_else(|error| panic!("{name}: {error}: {said}"))
    };
    let bdf = &step("bdf").1;
    refused("unbound", "bound to no driver, not to vfio-pci");
    refused("without", "the kernel's VFIO has no /dev/vfio/vfio");
    refused("forbidden", "no permission for /dev/vfio/");
    if iommu == guest::VIRTIO_IOMMU {
        refused("remapped", "its IOMMU remaps no interrupts");
    } else {
        assert_eq!(step("remapped").0, 0, "{console}");
    }
    refused("unlocked", "can't be locked (limit 65536 bytes)");
    refused("missing", &format!("cards: {bdf}"));
    let list = done("list");
    let listed = list["cards"].as_array().expect("cards");
    let name = format!("vfio:{bdf}");
    assert!(
        listed.iter().any(|card| card["card"] == name.as_str()),
        "{list:#}"
    );
    let info = done("info");
    assert_eq!(info["simulated"], true, "{info:#}");
    let selftest = done("selftest");
    assert_eq!(selftest["failed"], 0, "{selftest:#}");
    assert!(selftest["passed"].as_u64() >= Some(7), "{selftest:#}");
    let status = done("status");
    for lane in status["lanes"].as_array().expect("lanes") {
        assert!(lane["bits"].as_u64() > Some(0), "{lane:#}");
        assert_eq!(lane["state"], "running", "{lane:#}");
    }
    let bench = done("bench");
    assert_eq!(bench["rounds"].to_string(), rounds(), "{bench:#}");
    for ring in bench["rings"].as_array().expect("rings") {
        assert!(ring["bytes_per_second"].as_f64() > Some(0.0), "{ring:#}");
    }
    assert!(
        bench["cpu_percent_at_gigabit"].as_f64() > Some(0.0),
        "{bench:#}"
    );
    println!("card bench behind {iommu}: {bench}");
    keep(iommu, &bench);
    assert_eq!(step("reset").0, 0, "{console}");
    assert_eq!(
        step("faults").1,
        "0",
        "the IOMMU had nothing to refuse: {console}"
    );
}
