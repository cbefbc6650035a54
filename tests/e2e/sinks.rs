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
