//! `photonbox tunnel up` refuses what can't work, in one line, before a device is made or a packet is sent.

use crate::process::{self, arg};
use std::net::UdpSocket;
use std::path::Path;

const DIGITS: &str = "3141592653589793238462643383279502884197169399375105820974944592";

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    fn file(&self, name: &str, text: &str) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, text).expect("written");
        arg(&path).to_owned()
    }

    fn state(&self) -> String {
        arg(&self.0.path().join("state")).to_owned()
    }

    /// `tunnel up` with a peer, and these flags over it.
    fn refusal(&self, key: &str, further: &[&str], code: i32) -> String {
        let (state, key) = (self.state(), self.file("key", key));
        let mut arguments = vec![
            "tunnel",
            "up",
            "--state",
            &state,
            "--mode",
            "ip-key",
            "--allow-unlocked-memory",
        ];
        for (flag, value) in [
            ("--ip-key-file", &*key),
            ("--listen", "127.0.0.1:0"),
            ("--role", "a"),
            ("--allowed", "10.2.0.0/16"),
            ("--boxes", "4"),
            ("--keys", "4"),
        ] {
            if !further.contains(&flag) {
                arguments.extend([flag, value]);
            }
        }
        arguments.extend(further);
        process::refusal(&arguments, code)
    }
}

#[test]
fn keys_that_are_none_are_refused() {
    let folder = Folder::new();
    let letters = DIGITS.replace('3', "x");
    let exchanged = format!("{}21", DIGITS);
    for (key, word) in [
        (&DIGITS[1..], "63 characters"),
        (&format!("{DIGITS}1"), "65 characters"),
        (&letters, "not all of them digits"),
        (&"0".repeat(64), "weak"),
        (&format!("75{}", "0".repeat(62)), "weak"),
        ("", "0 characters"),
        (&exchanged, "check digits"),
    ] {
        let line = folder.refusal(key, &[], 1);
        assert!(
            line.contains(word) && line.contains("peer `peer`"),
            "{line}"
        );
        assert!(
            !line.contains("31415") && !line.contains("1415926"),
            "the key is told: {line}"
        );
    }
    let line = folder.refusal(DIGITS, &["--ip-key-file", "/no/such/file"], 1);
    assert!(line.contains("/no/such/file"), "{line}");
    // Nothing was begun.
    assert!(!Path::new(&folder.state()).join("tunnel").exists());
}

#[test]
fn numbers_names_and_networks_that_do_not_fit_are_refused() {
    let folder = Folder::new();
    for (flags, word) in [
        (&["--s", "0"][..], "s = 0"),
        (&["--s", "9"], "s = 9"),
        (
            &["--boxes", "2049", "--keys", "512"],
            "2049 boxes of 512 keys",
        ),
        (&["--boxes", "65536"], "65536 boxes"),
        (&["--box-seconds", "0"], "box_seconds = 0"),
        (&["--mtu", "500"], "an MTU of 500"),
        (
            &["--device", "much-too-long-a-name"],
            "much-too-long-a-name",
        ),
        (&["--peer", "../x"], "`../x`"),
        (&["--endpoint", "192.0.2.1:99999"], "192.0.2.1:99999"),
    ] {
        let line = folder.refusal(DIGITS, flags, 2);
        assert!(line.contains(word), "{line}");
    }
    let two = folder.file(
        "two.toml",
        "[[tunnel.peer]]\nname = \"x\"\nrole = \"a\"\nmode = \"ip-key\"\nallowed = [\"10.0.0.0/8\"]\n\
         [[tunnel.peer]]\nname = \"y\"\nrole = \"a\"\nmode = \"ip-key\"\nallowed = [\"10.2.0.0/16\"]\n",
    );
    let state = folder.state();
    let line = process::refusal(&["tunnel", "up", "--state", &state, "--config", &two], 2);
    assert!(
        line.contains("10.0.0.0/8 of peer `x` and 10.2.0.0/16 of peer `y`"),
        "{line}"
    );
    let line = process::refusal(
        &[
            "tunnel", "up", "--state", &state, "--config", &two, "--role", "b",
        ],
        2,
    );
    assert!(line.contains("2 peers"), "{line}");
    let line = process::refusal(&["tunnel", "up", "--state", &state], 2);
    assert!(line.contains("no peer"), "{line}");
}

#[test]
fn boxes_from_a_hub_need_a_hub_and_an_enrolled_gateway() {
    let folder = Folder::new();
    let state = folder.state();
    let refusal = |flags: &[&str], code| {
        let start = ["tunnel", "up", "--state", &state, "--peer", "west"];
        let network = ["--allowed", "10.2.0.0/16", "--allow-unlocked-memory"];
        process::refusal(&[&start[..], &network, flags].concat(), code)
    };
    let hub = ["--hub", "127.0.0.1:1"];
    assert!(refusal(&[], 2).contains("no hub to take key boxes from"));
    let line = refusal(&[&hub[..], &["--role", "a"]].concat(), 2);
    assert!(
        line.contains("peer `west`: a role, in mode boxes"),
        "{line}"
    );
    let line = refusal(&[&hub[..], &["--ip-key-file", "key"]].concat(), 2);
    assert!(line.contains("an IP key, in mode boxes"), "{line}");
    let line = refusal(&hub, 1);
    assert!(line.contains("photonbox enroll"), "{line}");
}

#[test]
fn a_port_that_is_taken_and_a_key_of_another_pair_are_refused() {
    let folder = Folder::new();
    let taken = UdpSocket::bind("127.0.0.1:0").expect("bound");
    let address = taken.local_addr().expect("bound").to_string();
    let line = folder.refusal(DIGITS, &["--listen", &address], 1);
    assert!(line.contains("in use") && line.contains(&address), "{line}");
    // The key is this peer's from here on, in this form.
    let line = folder.refusal(DIGITS, &["--listen", &address, "--peer", "other"], 1);
    assert!(line.contains("was used for peer `peer`"), "{line}");
    let line = folder.refusal(DIGITS, &["--listen", &address, "--role", "b"], 1);
    assert!(line.contains("was used with role a"), "{line}");
    let line = folder.refusal(DIGITS, &["--listen", &address, "--boxes", "5"], 1);
    assert!(line.contains("boxes = 4"), "{line}");
}

#[test]
fn nobody_answers_where_no_tunnel_is_up() {
    let folder = Folder::new();
    let state = folder.state();
    for command in ["status", "down"] {
        let line = process::refusal(&["tunnel", command, "--state", &state], 1);
        assert!(line.contains("control.sock"), "{line}");
    }
}
