//! What a person can get wrong: each is one line that says what failed and what to do.
//!
//! Shows T12 (`docs/threat-model.md`).

use crate::process::{photonbox, refusal, refusal_of, run, text};
use crate::scene::{self, Scene};
use std::net::TcpListener;

#[test]
fn nothing_is_there_yet() {
    let scene = Scene::new();
    let state = scene.arg("nothing");
    for arguments in [
        &[
            "serve",
            "--listen",
            "127.0.0.1:0",
            "--allow-simulated",
            "--allow-unlocked-memory",
        ][..],
        &[
            "join",
            "--hub",
            "127.0.0.1:1",
            "--sink",
            "stdout",
            "--bytes",
            "16",
            "--allow-unlocked-memory",
        ],
        &["enroll", "token"],
        &["status"],
        &["ledger"],
        &["drain"],
        &["rearm", "0"],
    ] {
        let mut line = arguments.to_vec();
        line.extend(["--state", &state]);
        refusal(&line, 1);
    }
    assert!(!scene.path("nothing").exists(), "asking makes no state");
}

#[test]
fn a_second_init_does_not_overwrite_the_first() {
    let scene = Scene::new();
    let first = scene.init("hub");
    refusal(&["init", "--state", &scene.arg("hub")], 1);
    let hub = scene.serve("hub", "127.0.0.1:0", &["--allow-simulated"]);
    assert_eq!(
        hub.token()["ca_hash"],
        first["ca_hash"],
        "the CA is still the first one"
    );
}

#[test]
fn the_port_is_in_use() {
    let scene = Scene::new();
    scene.init("hub");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let state = scene.arg("hub");
    let serve = [
        "serve",
        "--state",
        &state,
        "--allow-simulated",
        "--allow-unlocked-memory",
        "--listen",
    ];
    let line = refusal(&[&serve[..], &[&address]].concat(), 1);
    assert!(line.contains("in use") && line.contains(&address), "{line}");
    refusal(&[&serve[..], &["not an address"]].concat(), 1);
}

#[test]
fn unwritable_sinks_are_named_at_the_start() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let missing = scene.arg("no/such/folder/file");
    let plain = scene.file("plain", b"not a FIFO");
    let folder = scene.path("folder");
    std::fs::create_dir(&folder).expect("a folder");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("an address");
    for sink in [
        format!("file:{missing}"),
        format!("file:{}", folder.display()),
        format!("fifo:{plain}"),
        format!("egd:unix:{missing}"),
        format!("egd:unix:{plain}"),
        "egd:tcp:203.0.113.1:1".to_owned(),
    ] {
        let line = refusal(
            &scene::join_arguments(&alpha, &hub.address, &["--sink", &sink, "--bytes", "16"]),
            1,
        );
        assert!(line.contains(&sink), "{line} does not name {sink}");
    }
    assert_eq!(
        std::fs::read(&plain).expect("the file"),
        b"not a FIFO",
        "it is left alone"
    );
    let _free = taken;
}

#[test]
fn wrong_usage_ends_with_2() {
    for arguments in [
        &["join", "--hub", "h", "--sink", "drain:pipe"][..],
        &["join", "--hub", "h", "--class", "half"],
        &["join", "--hub", "h"],
        &["join", "--hub", "h", "--bytes", "1", "--rate", "1"],
        &["join", "--hub", "h", "--bytes", "many"],
        &["serve", "--rekey-packets", "0"],
        &["serve", "--capture", "a", "--pattern", "counter"],
        &["enroll", "--hub", "h"],
        &["demo", "--seconds", "0"],
        &["bench", "nothing"],
        &["bench", "drbg", "--pairs", "6"],
        &["rearm", "first"],
        &["frobnicate"],
        &[],
    ] {
        let output = run(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(
            output.stdout.is_empty() && !output.stderr.is_empty(),
            "{arguments:?}"
        );
    }
}

#[test]
fn cards_and_sources_that_do_not_exist() {
    let rtl = (!cfg!(feature = "verilated")).then_some(&["--card", "rtl"][..]);
    for flags in rtl.into_iter().chain([
        &["--card", "vfio:0000:01:00.0"][..],
        &["--card", "abacus"],
        &["--build", "gigantic"],
        &["--stochastic", "rate=fast"],
        &["--stochastic", "colour=red"],
        &["--pattern", "plaid"],
        &["--fault", "gremlins"],
        &["--claimed-h", "1.5"],
    ]) {
        let output = run(&[&["card", "info"], flags].concat());
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            matches!(output.status.code(), Some(1 | 2)),
            "{flags:?}: {errors}"
        );
        assert!(
            errors.starts_with("error: ") && !errors.contains("panicked"),
            "{flags:?}: {errors}"
        );
    }
}

#[test]
fn a_configuration_is_read_and_its_mistakes_are_found() {
    let scene = Scene::new();
    scene.init("hub");
    let state = scene.arg("hub");
    let missing = scene.arg("missing.toml");
    for wrong in [
        missing.clone(),
        scene.file("syntax.toml", b"[serve\n"),
        scene.file(
            "unknown.toml",
            b"[serve]\nlisten = \"127.0.0.1:0\"\ncolour = \"red\"\n",
        ),
        scene.file("type.toml", b"[serve]\nlisten = 7\n"),
    ] {
        let mut command = photonbox(&["status", "--state", &state, "--config", &wrong]);
        command.env("PHOTONBOX_LOG", "warn");
        let output = crate::process::run_command(command, &wrong);
        let errors = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            matches!(output.status.code(), Some(1 | 2)),
            "{wrong}: {errors}"
        );
        assert!(
            errors.starts_with("error: ") && errors.contains(" / help: "),
            "{wrong}: {errors}"
        );
        assert_eq!(errors.lines().count(), 1, "{wrong}: {errors}");
    }
    // The file says where to listen and that a simulated source will do; no flag is needed.
    let config = scene.file(
        "good.toml",
        b"[serve]\nlisten = \"127.0.0.1:0\"\nallow_simulated = true\nallow_unlocked_memory = true\n[card]\npattern = \"counter\"\n",
    );
    let serve = ["serve", "--state", &state, "--config", &config];
    // A flag wins over the file, and a variable too: both name a source that cannot be.
    let line = refusal(&[&serve[..], &["--capture", &missing]].concat(), 1);
    assert!(line.contains("missing.toml"), "{line}");
    let mut command = photonbox(&serve);
    command.env("PHOTONBOX_CAPTURE", &missing);
    let line = refusal_of(command, "a variable over the file", 1);
    assert!(line.contains("missing.toml"), "{line}");
    // A flag wins over a variable.
    let mut command = photonbox(&[&serve[..], &["--capture", &scene.arg("flag.ptu")]].concat());
    command.env("PHOTONBOX_CAPTURE", &missing);
    let line = refusal_of(command, "a flag over a variable", 1);
    assert!(line.contains("flag.ptu"), "{line}");
}

#[test]
fn wrong_log_filters_are_wrong_usage() {
    refusal(&["status", "--log", "a=b=c"], 2);
}

#[test]
fn manual_and_completions_come_from_the_same_words() {
    let scene = Scene::new();
    text(&["man", "--dir", &scene.arg("man")]);
    assert!(scene.path("man").join("photonbox-join.1").exists());
    assert!(text(&["man"]).contains(".TH photonbox"));
    for shell in ["bash", "zsh", "fish"] {
        assert!(
            text(&["completions", shell]).contains("photonbox"),
            "{shell}"
        );
    }
    assert!(text(&["--help"]).contains("demo"));
    assert!(text(&["--version"]).starts_with("photonbox "));
}
