//! This program's tests once more, in the guest of a virtual machine: each register access goes through the guest's kernel,
//! QEMU and a socket, each write of the card through an emulated IOMMU.

// The virtual machines' tests use all of it.
#[allow(dead_code)]
#[path = "../vm/guest.rs"]
mod guest;

use crate::CORE;
use crate::owner::Owner;
use crate::remote::{CARD, LINE};
use guest::{Guest, Parts};
use photonbox_simcard::CoreKind;
use photonbox_simcard::vfio_user::{About, Server};
use std::collections::BTreeMap;
use std::io::BufReader;
use std::os::unix::net::{UnixListener, UnixStream};
use std::process::Command;
use std::time::Duration;

/// Long enough for the suite in a guest under emulation on a very busy machine, and when it is asked to be long.
fn limit() -> Duration {
    let long = std::env::var_os("PHOTONBOX_LONG").is_some();
    Duration::from_secs(if long { 4 * 3600 } else { 1800 })
}

/// Runs the suite as a user whose group owns the VFIO group and the line. One test at a time: there is one slot.
const INIT: &str = r#"
line=$(echo /dev/vport*)
$b chown card:card $line
ulimit -l 65536
su card -c "ASKEDLINE=$line CARD=$bdf; export LINE CARD; suite --test-threads 1 --skip launch::"
echo "guest: suite $?"
$b poweroff -f
"#;

/// How long the suite's long tests are asked to be, for a shell; they look at the variables of their own process.
fn asked() -> String {
    let lengths = std::env::vars().filter(|(name, value)| {
        name.starts_with("PHOTONBOX_")
            && !value.is_empty()
            && value.bytes().all(|at| at.is_ascii_digit())
    });
    lengths
        .map(|(name, value)| format!("export {name}={value}; "))
        .collect()
}

/// What the test harness said of each test.
fn results(console: &str) -> BTreeMap<String, String> {
    console
        .lines()
        .filter_map(|line| line.strip_prefix("test ")?.split_once(" ... "))
        .map(|(name, result)| (name.to_owned(), result.to_owned()))
        .collect()
}

/// The suite's tests, each of which should pass wherever it runs.
fn expected() -> BTreeMap<String, String> {
    let program = std::env::current_exe().expect("a program knows where it is");
    let listed = Command::new(program)
        .args(["--list", "--format", "terse", "--skip", "launch::"])
        .output()
        .expect("this program starts");
    String::from_utf8_lossy(&listed.stdout)
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .map(|name| (name.to_owned(), "ok".to_owned()))
        .collect()
}

/// Boots a guest with the slot behind this IOMMU, and gives its console.
fn boot(guest: &Guest, iommu: &str, prepare: &str) -> String {
    // Short enough for a socket's name.
    let folder = tempfile::Builder::new()
        .prefix("pb")
        .tempdir_in("/tmp")
        .expect("a folder");
    let (card, line) = (folder.path().join("card"), folder.path().join("line"));
    let mut owner = Owner::new();
    let server = Server::new(owner.slot(), &card, About::default()).expect("a server");
    let listener = UnixListener::bind(&line).expect("a socket");
    let answering = std::thread::spawn(move || {
        let (line, _) = listener.accept().expect("QEMU connects");
        owner.serve(&mut BufReader::new(&line), &mut &line)
    });
    let program = std::env::current_exe().expect("a program knows where it is");
    let run = INIT
        .replace("LINE", LINE)
        .replace("CARD", CARD)
        .replace("ASKED", &asked());
    let init = [
        guest::CARD_INIT,
        guest::BIND_CARD,
        guest::OWN_CARD,
        prepare,
        &run,
    ]
    .concat();
    let modules = [guest::VFIO_MODULES, &["virtio_console"]].concat();
    let parts = Parts {
        modules: &modules,
        init: &init,
        files: &guest::program(&program, "bin/suite"),
        limit: limit(),
    };
    let card = card.display();
    let devices = [
        "-device".to_owned(),
        iommu.to_owned(),
        "-device".to_owned(),
        format!(r#"{{"driver":"vfio-user-pci","socket":{{"path":"{card}","type":"unix"}}}}"#),
        "-chardev".to_owned(),
        format!("socket,id=line,path={}", line.display()),
        "-device".to_owned(),
        "virtio-serial-pci".to_owned(),
        "-device".to_owned(),
        "virtserialport,chardev=line".to_owned(),
    ];
    let console = guest.boot(&parts, &devices, folder.path());
    // Where QEMU never came, the owner still waits for it.
    drop(UnixStream::connect(&line));
    let answered = answering.join().expect("the owner ends with QEMU");
    answered.unwrap_or_else(|error| panic!("the line broke: {error}: {console}"));
    drop(server);
    console
}

/// On verilated hardware the suite takes minutes in a guest.
fn is_wanted() -> Result<(), String> {
    let long = CORE == CoreKind::Model || std::env::var_os("PHOTONBOX_LONG").is_some();
    let told = "verilated hardware in a guest takes minutes; `make soak-vm` has it";
    long.then_some(()).ok_or_else(|| told.to_owned())
}

/// Runs the suite in a guest with this IOMMU: each test passes there, too.
fn passes_behind(guest: &Guest, iommu: &str, prepare: &str) {
    let console = boot(guest, iommu, prepare);
    let expected = expected();
    assert!(expected.len() > 30, "{expected:?}");
    let results = results(&console);
    assert!(results == expected, "not as on the host: {console}");
    assert_eq!(guest::steps(&console)["suite"].0, 0, "{console}");
}

#[test]
fn the_suite_passes_behind_intel_s_iommu() {
    match is_wanted().and_then(|()| Guest::find_with_vfio_user()) {
        Ok(guest) => passes_behind(&guest, guest::INTEL_IOMMU, ""),
        Err(missing) => eprintln!("skipped: {missing}"),
    }
}

#[test]
fn the_suite_passes_behind_virtio_s_iommu() {
    match is_wanted().and_then(|()| Guest::find_with_virtio_iommu()) {
        Ok(guest) => passes_behind(&guest, guest::VIRTIO_IOMMU, guest::ALLOW_UNREMAPPED),
        Err(missing) => eprintln!("skipped: {missing}"),
    }
}
