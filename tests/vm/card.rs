//! A card on the PCI bus of a virtual machine: `photonbox simcard` plays it over vfio-user, QEMU and a guest's kernel are
//! the bus, an emulated IOMMU stands between, and the driver goes through VFIO, as it does to a card in a slot.

use crate::guest::{self, Guest, Parts};
use crate::process::Background;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::PathBuf;

const MODULES: &[&str] = &[
    "irqbypass",
    "vfio_virqfd",
    "vfio",
    "vfio_iommu_type1",
    "vfio-pci-core",
    "vfio-pci",
];

/// Each step prints `guest: NAME CODE OUTPUT`, on one line. First as root without a driver for the function, then as a
/// user whose group owns the VFIO group, then with too little memory that may be locked.
const INIT: &str = r#"
export PATH=/bin HOME=/tmp
for name in sh su chown echo cat; do $b ln -s busybox /bin/$name; done
echo "root:x:0:0::/:/bin/sh" >/etc/passwd; echo "card:x:1000:1000::/tmp:/bin/sh" >>/etc/passwd
echo "root:x:0:" >/etc/group; echo "card:x:1000:" >>/etc/group
say() { name=$1; shift; out=$("$@" 2>&1); code=$?; echo "guest: $name $code $(echo "$out" | $b tr '\n' ' ')"; }
for d in /sys/bus/pci/devices/*; do
  [ "$($b cat $d/vendor)" = 0x10ee ] && bdf=$($b basename $d)
done
echo "guest: bdf 0 $bdf"
d=/sys/bus/pci/devices/$bdf
say unbound photonbox card info --card vfio:$bdf
echo vfio-pci >$d/driver_override
echo $bdf >/sys/bus/pci/drivers/vfio-pci/bind
group=/dev/vfio/$($b basename $($b readlink $d/iommu_group))
say list photonbox card list --json
say forbidden su card -c "photonbox card info --card vfio:$bdf"
$b chown card:card $group; $b chmod 666 /dev/vfio/vfio
ulimit -l 64
say unlocked su card -c "photonbox card selftest --card vfio:$bdf"
ulimit -l 65536
say info su card -c "photonbox card info --json --card vfio:$bdf"
say selftest su card -c "photonbox card selftest --json --card vfio:$bdf"
say status su card -c "photonbox card status --json --for 1s --card vfio:$bdf"
say reset su card -c "photonbox card reset --card vfio:$bdf"
say missing photonbox card info --card vfio:0000:7f:00.0
echo "guest: faults 0 $($b dmesg | $b grep -c 'DMAR.*fault')"
$b poweroff -f
"#;

/// Exit code and output of each step.
type Steps = BTreeMap<String, (i32, String)>;

fn steps(console: &str) -> Steps {
    let mut steps = Steps::new();
    for line in console.lines() {
        let Some((_, said)) = line.split_once("guest: ") else {
            continue;
        };
        let mut words = said.splitn(3, ' ');
        if let (Some(name), Some(code)) = (words.next(), words.next())
            && let Ok(code) = code.parse()
        {
            let output = words.next().unwrap_or_default().trim().to_owned();
            steps.insert(name.to_owned(), (code, output));
        }
    }
    steps
}

/// Boots a guest with a served card behind this IOMMU; none, and a word about it, where a tool is missing.
fn boot(iommu: &str) -> Option<(Steps, String)> {
    let guest = match Guest::find_with_vfio_user() {
        Ok(guest) => guest,
        Err(missing) => {
            eprintln!("skipped: {missing}");
            return None;
        }
    };
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
        modules: MODULES,
        init: INIT,
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
    Some((steps(&console), console))
}

#[test]
fn a_user_drives_a_card_through_vfio() {
    let Some((steps, console)) = boot("intel-iommu,intremap=on,caching-mode=on") else {
        return;
    };
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
    refused("forbidden", "no permission for /dev/vfio/");
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
    assert_eq!(step("reset").0, 0, "{console}");
    assert_eq!(
        step("faults").1,
        "0",
        "the IOMMU had nothing to refuse: {console}"
    );
}
