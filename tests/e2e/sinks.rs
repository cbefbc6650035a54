//! Where a host puts what it receives.

use crate::process::{self, Background, photonbox, run_command, until};
use crate::scene::{self, Hub, Scene, sha256};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

fn hub_and_host(scene: &Scene) -> (Hub, PathBuf) {
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    (hub, alpha)
}

#[test]
fn standard_output_gets_the_bytes_and_nothing_else() {
    let scene = Scene::new();
    let (hub, alpha) = hub_and_host(&scene);
    let arguments = scene::join_arguments(
        &alpha,
        &hub.address,
        &["--sink", "stdout", "--bytes", "100000"],
    );
    let output = run_command(photonbox(&arguments), "join");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(output.stdout.len(), 100_000);
    assert_eq!(
        hub.delivery("alpha", "drbg", 100_000)["sha256"],
        sha256(&output.stdout).as_str()
    );
    let line = process::refusal(
        &scene::join_arguments(&alpha, &hub.address, &["--sink", "stdout", "--json"]),
        2,
    );
    assert!(line.contains("standard output"), "{line}");
}

#[test]
fn several_sinks_at_once_get_bytes_of_their_own() {
    let scene = Scene::new();
    let (hub, alpha) = hub_and_host(&scene);
    let fifo = scene.arg("fifo");
    let reader_path = fifo.clone();
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
    let reading = std::thread::spawn(move || std::fs::read(reader_path).expect("the FIFO"));
    let sinks = [format!("file:{}", scene.arg("one")), format!("fifo:{fifo}")].join(",");
    let host = scene::join(
        &alpha,
        &hub.address,
        &["--sink", &sinks, "--bytes", "50000"],
    );
    let (status, lines) = host.end();
    assert!(status.success(), "{lines:#?}");
    let one = std::fs::read(scene.path("one")).expect("the file");
    assert_eq!(one.len(), 50_000);
    let two = reading.join().expect("reader");
    assert_eq!(two.len(), 50_000);
    // No two consumers ever hold the same secret.
    assert_ne!(one, two);
    let ledger = hub.ledger();
    for bytes in [one, two] {
        let hash = sha256(&bytes);
        let deliveries = ledger["deliveries"].as_array().expect("deliveries");
        assert!(
            deliveries
                .iter()
                .any(|d| d["host"] == "alpha" && d["sha256"] == hash.as_str()),
            "{ledger:#}"
        );
    }
}

/// EGD: command 2 and a count, answered by that many bytes; 0 asks how many bits there are.
fn asks_egd(stream: &mut (impl std::io::Read + std::io::Write)) {
    for count in [1_u8, 32, 255] {
        stream.write_all(&[2, count]).expect("a question");
        let mut answer = vec![0; usize::from(count)];
        stream.read_exact(&mut answer).expect("an answer");
        if count > 31 {
            assert!(answer.iter().any(|&byte| byte != answer[0]), "{answer:?}");
        }
    }
    stream.write_all(&[0]).expect("a question");
    let mut bits = [0; 4];
    stream.read_exact(&mut bits).expect("an answer");
    // Command 1 answers at once with what there is, its length first.
    stream.write_all(&[1, 16]).expect("a question");
    let mut length = [0];
    stream.read_exact(&mut length).expect("a length");
    assert!(length[0] <= 16);
    let mut answer = vec![0; usize::from(length[0])];
    stream.read_exact(&mut answer).expect("an answer");
}

#[test]
fn an_egd_socket_answers_on_demand() {
    let scene = Scene::new();
    let (hub, alpha) = hub_and_host(&scene);
    let socket = scene.path("egd");
    let tcp = std::net::TcpListener::bind("127.0.0.1:0")
        .and_then(|l| l.local_addr())
        .expect("a port");
    let sinks = format!("egd:unix:{},egd:tcp:{tcp}", socket.display());
    let mut host: Background = scene::join(&alpha, &hub.address, &["--sink", &sinks]);
    host.line_with(" ready");
    asks_egd(&mut UnixStream::connect(&socket).expect("the EGD socket"));
    asks_egd(&mut TcpStream::connect(tcp).expect("the EGD port"));
    let status = until(
        "the sinks are shown",
        || scene::status(&alpha),
        |status| {
            status["sinks"]
                .as_array()
                .is_some_and(|sinks| sinks.len() == 2)
        },
    );
    assert!(
        status["sinks"].to_string().contains("egd:unix:"),
        "{status:#}"
    );
    assert!(host.terminate().success());
    assert!(!socket.exists(), "a graceful end removes the socket");
}

fn errors(lines: &[String]) -> Vec<&String> {
    let errors = lines.iter().filter(|line| line.starts_with("error: "));
    errors.collect()
}

#[test]
fn a_sink_that_fails_leaves_the_others_and_the_relay() {
    let scene = Scene::new();
    let (hub, alpha) = hub_and_host(&scene);
    let relay = scene.enrol(&hub, "relay");
    let length = |name: &str| std::fs::metadata(scene.path(name)).map_or(0, |file| file.len());
    let report = |state: &std::path::Path, sink: &str| {
        let status = scene::status(state);
        let sinks = status["sinks"].as_array().expect("sinks").clone();
        let found = sinks.into_iter().find(|one| one["sink"] == sink);
        found.unwrap_or_else(|| panic!("no {sink} in {status:#}"))
    };
    let failed = |report: &serde_json::Value| {
        let state = report["state"].as_str().expect("a state");
        state.starts_with("failed: ") && state.contains("No space left")
    };

    // Opens, and takes nothing.
    let full = "file:/dev/full";
    let sinks = format!("{full},file:{}", scene.arg("out"));
    let mut host = scene::join(&alpha, &hub.address, &["--sink", &sinks, "--every", "20ms"]);
    host.line_with(" ready");
    until("it fails", || report(&alpha, full), failed);
    let before = length("out");
    until("the other goes on", || length("out"), |now| *now > before);
    let (status, lines) = host.stop();
    assert!(status.success(), "{lines:#?}");
    let said = lines.iter().filter(|line| line.contains("a sink failed"));
    assert_eq!(said.count(), 1, "{lines:#?}");
    assert!(errors(&lines).is_empty(), "{lines:#?}");

    // With a total the end tells it, after the others had theirs.
    let sinks = format!("{full},file:{}", scene.arg("total"));
    let flags = ["--sink", &sinks, "--bytes", "1000"];
    let line = process::refusal(&scene::join_arguments(&alpha, &hub.address, &flags), 1);
    assert!(line.contains("No space left"), "{line}");
    assert_eq!(length("total"), 1000);

    // Alone, nothing is left to run for.
    let flags = ["--sink", full, "--every", "20ms"];
    let line = process::refusal(&scene::join_arguments(&alpha, &hub.address, &flags), 1);
    assert!(line.contains("No space left"), "{line}");

    // A relay is.
    let flags = ["--sink", full, "--every", "20ms", "--relay", "127.0.0.1:0"];
    let mut relaying = scene::join(&relay, &hub.address, &flags);
    let behind = scene::address_in(&relaying.line_with("relaying on "), "relaying on ");
    until("it fails", || report(&relay, full), failed);
    let sink = format!("file:{}", scene.arg("behind"));
    process::text(&scene::join_arguments(
        &alpha,
        &behind,
        &["--sink", &sink, "--bytes", "64"],
    ));
    assert_eq!(length("behind"), 64);
    assert!(relaying.terminate().success());
}

#[test]
fn a_total_that_was_not_reached_is_a_failure() {
    let scene = Scene::new();
    let (hub, alpha) = hub_and_host(&scene);
    let sink = format!("file:{}", scene.arg("short"));
    // Of class `full` there is far less than that while the test lasts.
    let flags = ["--sink", &sink, "--class", "full", "--bytes", "1000000000"];
    let host = scene::join(&alpha, &hub.address, &flags);
    let length = || std::fs::metadata(scene.path("short")).map_or(0, |file| file.len());
    until("some bytes come", length, |bytes| *bytes > 0);
    let (status, lines) = host.stop();
    assert_eq!(status.code(), Some(1), "{lines:#?}");
    let errors = errors(&lines);
    assert_eq!(errors.len(), 1, "{lines:#?}");
    let short = format!("stopped before sink {sink} had its 1000000000 bytes");
    assert!(errors[0].contains(&short), "{}", errors[0]);
    assert!(errors[0].contains(" / help: "), "{}", errors[0]);

    // Without a total there is nothing to miss.
    let sink = format!("file:{}", scene.arg("endless"));
    let host = scene::join(&alpha, &hub.address, &["--sink", &sink]);
    let length = || std::fs::metadata(scene.path("endless")).map_or(0, |file| file.len());
    until("some bytes come", length, |bytes| *bytes > 0);
    assert!(host.terminate().success());
}
