//! What a system needs around the program (`tools/`), judged by the system's own programs where they are there.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn tools() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.is_file())
        .collect()
}

/// The group that the rules name, from the file that makes it.
fn group() -> String {
    let path = tools().join("systemd/photonbox-card.sysusers.conf");
    let text = fs::read_to_string(path).expect("text");
    let line = text.lines().find(|line| line.starts_with("g "));
    let name = line.and_then(|line| line.split_whitespace().nth(1));
    name.expect("a group").to_owned()
}

#[test]
fn systemd_finds_nothing_wrong_with_the_units() {
    let folder = tempfile::tempdir().expect("folder");
    let units = files(&tools().join("systemd"));
    let units: Vec<&PathBuf> = units
        .iter()
        .filter(|path| path.extension().is_some_and(|is| is == "service"))
        .collect();
    assert_eq!(units.len(), 3);
    let mut copies = Vec::new();
    for unit in units {
        let text = fs::read_to_string(unit).expect("text");
        let name = unit.file_name().expect("a name");
        let copy = folder.path().join(name);
        // Where the program is here; the installed one may not be there.
        let program = env!("CARGO_BIN_EXE_photonbox");
        assert!(text.contains("/usr/bin/photonbox"));
        fs::write(&copy, text.replace("/usr/bin/photonbox", program)).expect("written");
        copies.push(copy);
    }
    for (extra, count) in [
        ("photonbox.service.d", 2),
        ("photonbox-tunnel.service.d", 1),
    ] {
        fs::create_dir(folder.path().join(extra)).expect("folder");
        let parts = files(&tools().join("systemd").join(extra));
        assert_eq!(parts.len(), count);
        for part in parts {
            let copy = folder
                .path()
                .join(extra)
                .join(part.file_name().expect("a name"));
            fs::copy(&part, copy).expect("copied");
        }
    }
    let judged = Command::new("systemd-analyze")
        .args(["verify", "--man=no"])
        .args(&copies)
        .env("SYSTEMD_UNIT_PATH", format!("{}:", folder.path().display()))
        .output();
    match judged {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            let ours: Vec<&str> = said
                .lines()
                .filter(|line| line.contains("photonbox"))
                .collect();
            assert!(output.status.success() && ours.is_empty(), "{said}");
        }
        Err(error) => println!("skipped: systemd-analyze verify ({error})"),
    }
}

#[test]
fn the_group_of_cards_is_made_as_the_units_and_rules_name_it() {
    let group = group();
    let part = tools().join("systemd/photonbox.service.d/card-pci.conf");
    let part = fs::read_to_string(part).expect("text");
    assert!(part.contains(&format!("SupplementaryGroups={group}\n")));
    let path = tools().join("systemd/photonbox-card.sysusers.conf");
    let path = path.canonicalize().expect("there");
    let judged = Command::new("systemd-sysusers")
        .arg("--dry-run")
        .arg(path)
        .output();
    match judged {
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{said}");
        }
        Err(error) => println!("skipped: systemd-sysusers --dry-run ({error})"),
    }
}

#[test]
fn udev_understands_the_rules() {
    let rules = tools().join("udev/60-photonbox.rules");
    let text = fs::read_to_string(&rules).expect("text");
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .collect();
    for line in &lines {
        for part in line.split(", ") {
            let (key, value) = part.split_once('=').expect(line);
            let key = key.trim_end_matches(['!', '+', ':']);
            let value = value.strip_prefix('=').unwrap_or(value);
            assert!(
                [
                    "ACTION",
                    "SUBSYSTEM",
                    "KERNEL",
                    "GROUP",
                    "MODE",
                    "GOTO",
                    "LABEL"
                ]
                .contains(&key),
                "{line}"
            );
            assert!(
                value.len() > 2 && value.starts_with('"') && value.ends_with('"'),
                "{line}"
            );
        }
    }
    let gives = format!("GROUP=\"{}\"", group());
    assert_eq!(lines.iter().filter(|line| line.contains(&gives)).count(), 1);
    let verifies = Command::new("udevadm").args(["verify", "--help"]).output();
    if !verifies.is_ok_and(|output| output.status.success()) {
        println!("skipped: udevadm verify (needs udev 254 or later)");
        return;
    }
    let judged = Command::new("udevadm").arg("verify").arg(&rules).output();
    let output = judged.expect("it was there");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
}
