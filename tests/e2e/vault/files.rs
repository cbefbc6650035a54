//! Sealed files.

use std::io::Write as _;
use std::path::Path;
use std::process::Stdio;

use super::Vaulted;
use crate::process;

/// Of a chunk: plaintext, and with its tag.
const CHUNK: usize = 64 * 1024;
const SEALED: usize = CHUNK + 16;

fn bytes(count: usize) -> Vec<u8> {
    (0..count)
        .map(|at| (at.wrapping_mul(2_654_435_761) >> 11) as u8)
        .collect()
}

#[test]
fn files_of_all_sizes_come_back() {
    let vaulted = Vaulted::new();
    vaulted.text(&["create", "set"]);
    let said = vaulted.refusal(&["seal", "set/item", &vaulted.scene.file("f", b"x")]);
    assert!(said.contains("no item"), "{said}");
    assert!(!vaulted.scene.path("f.sealed").exists());
    for (at, length) in [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 << 20]
        .into_iter()
        .enumerate()
    {
        let content = bytes(length);
        let file = vaulted.scene.file(&format!("f{at}"), &content);
        let report = vaulted.json(&["seal", "set/item", &file, "--create"]);
        assert_eq!(report["bytes"], length);
        let sealed = format!("{file}.sealed");
        assert_eq!(report["out"], *sealed);
        let said = vaulted.refusal(&["unseal", &sealed]);
        assert!(said.contains("is there already"), "{said}");
        std::fs::remove_file(&file).expect("removed");
        assert_eq!(vaulted.json(&["unseal", &sealed])["bytes"], length);
        assert_eq!(std::fs::read(&file).expect("a file"), content, "{length}");
        vaulted.refusal(&["seal", "set/item", &file]);
        vaulted.text(&["seal", "set/item", &file, "--force"]);
    }
}

#[test]
fn streams_are_sealed_and_opened() {
    let vaulted = Vaulted::new();
    vaulted.text(&["create", "set"]);
    let content = bytes(200_000);
    let through = |command: &[&str], input: &[u8]| {
        let mut command = process::photonbox(&vaulted.line(command));
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("photonbox starts");
        let mut stdin = child.stdin.take().expect("piped");
        let input = input.to_vec();
        let writing = std::thread::spawn(move || stdin.write_all(&input));
        let output = child.wait_with_output().expect("ends");
        let _ = writing.join().expect("writer");
        assert!(output.status.success());
        output.stdout
    };
    let sealed = through(&["seal", "set/item", "-", "--create"], &content);
    assert_eq!(through(&["unseal", "-"], &sealed), content);
}

/// Each fault has a name; none leaves a file, nor a byte of a bad chunk in a pipe.
#[test]
fn changed_files_are_refused() {
    let vaulted = Vaulted::new();
    vaulted.text(&["create", "set"]);
    let content = bytes(3 * CHUNK + 5);
    let [sealed, other] = ["a", "b"].map(|name| {
        let file = vaulted.scene.file(name, &content);
        vaulted.text(&["seal", "set/item", &file, "--create"]);
        std::fs::read(format!("{file}.sealed")).expect("sealed")
    });
    let head = sealed.len() - (3 * SEALED + 5 + 16);
    let chunk = |of: &[u8], at: usize| of[head + at * SEALED..head + (at + 1) * SEALED].to_vec();
    let flipped = |at: usize| {
        let mut changed = sealed.clone();
        changed[at] ^= 1;
        changed
    };
    let whole = |parts: &[&[u8]]| parts.concat();
    let tail = &sealed[head + 3 * SEALED..];
    let (zero, one, two) = (chunk(&sealed, 0), chunk(&sealed, 1), chunk(&sealed, 2));
    // How many whole chunks are right before the fault.
    let faults: [(&str, Vec<u8>, usize); 9] = [
        ("cut in the header", sealed[..head - 1].to_vec(), 0),
        (
            "cut in the last chunk",
            sealed[..sealed.len() - 1].to_vec(),
            3,
        ),
        ("cut after a chunk", sealed[..head + 2 * SEALED].to_vec(), 1),
        (
            "chunks swapped",
            whole(&[&sealed[..head], &one, &zero, &two, tail]),
            0,
        ),
        (
            "chunk left out",
            whole(&[&sealed[..head], &zero, &two, tail]),
            1,
        ),
        (
            "spliced from another file",
            whole(&[&sealed[..head], &zero, &chunk(&other, 1), &two, tail]),
            1,
        ),
        ("bit of a chunk", flipped(head + SEALED + 9), 1),
        ("bit of the salt", flipped(head - 1), 0),
        ("something behind the end", whole(&[&sealed, b"more"]), 3),
    ];
    for (name, changed, right) in faults {
        let file = vaulted.scene.file("changed.sealed", &changed);
        let said = vaulted.refusal(&["unseal", &file]);
        assert!(said.contains("sealed file"), "{name}: {said}");
        assert!(!vaulted.scene.path("changed").exists(), "{name}");
        let output = process::run(&vaulted.line(&["unseal", &file, "-o", "-"]));
        assert_eq!(output.status.code(), Some(1), "{name}");
        assert_eq!(output.stdout, content[..right * CHUNK], "{name}");
    }
    assert_eq!(
        leftovers(vaulted.scene.path("changed").parent().expect("a folder")),
        0
    );
    let said = vaulted.refusal(&["unseal", &vaulted.scene.file("plain", b"plain"), "-o", "x"]);
    assert!(said.contains("no file that photonbox has sealed"), "{said}");
}

/// Temporary files that somebody left behind.
fn leftovers(folder: &Path) -> usize {
    let entries = std::fs::read_dir(folder).expect("a folder");
    let left = entries.filter(|entry| {
        let name = entry.as_ref().expect("an entry").file_name();
        name.to_string_lossy().starts_with(".photonbox-")
    });
    left.count()
}
