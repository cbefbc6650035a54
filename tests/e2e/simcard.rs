//! `simcard`: cards that other processes take over a socket.

use crate::process::{Background, json, refusal};
use serde_json::Value;

/// A folder short enough for a socket's name.
fn folder() -> tempfile::TempDir {
    tempfile::Builder::new()
        .prefix("pb")
        .tempdir_in("/tmp")
        .expect("a folder")
}

#[test]
fn cards_are_served_until_a_signal_and_their_sockets_go() {
    let folder = folder();
    let sockets: Vec<String> = (0..2)
        .map(|n| folder.path().join(format!("card{n}")).display().to_string())
        .collect();
    // What a server that died leaves behind is in nobody's way.
    drop(std::os::unix::net::UnixListener::bind(&sockets[0]).expect("a socket"));
    let mut server = Background::start(&[
        "simcard",
        "--socket",
        &sockets[0],
        "--socket",
        &sockets[1],
        "--stochastic",
        "rate=1M",
        "--json",
    ]);
    let ready: Value = serde_json::from_str(&server.line_with("cards")).expect("one line of JSON");
    for (card, socket) in ready["cards"]
        .as_array()
        .expect("cards")
        .iter()
        .zip(&sockets)
    {
        assert_eq!(card["socket"], socket.as_str());
        let name = card["card"].as_str().expect("a name");
        assert_eq!(name, format!("vfio-user:{socket}"));
        let info = json(&["card", "info", "--card", name, "--json"]);
        assert_eq!(info["simulated"], true);
        let identity = info["identity"].as_str().expect("text");
        assert!(
            identity.starts_with("model, small build, stochastic"),
            "{identity}"
        );
        let status = json(&["card", "status", "--card", name, "--json"]);
        for lane in status["lanes"].as_array().expect("lanes") {
            assert!(
                lane["bits"].as_u64().is_some_and(|bits| bits > 0),
                "{lane:#}"
            );
        }
        let selftest = json(&["card", "selftest", "--card", name, "--json"]);
        assert_eq!(selftest["failed"], 0, "{selftest:#}");
    }
    let taken = refusal(&["simcard", "--socket", &sockets[1]], 1);
    assert!(taken.contains("is taken"), "{taken}");
    assert!(server.terminate().success());
    assert!(
        sockets
            .iter()
            .all(|path| !std::path::Path::new(path).exists())
    );
    let nobody = refusal(
        &[
            "card",
            "info",
            "--card",
            &format!("vfio-user:{}", sockets[0]),
        ],
        1,
    );
    assert!(nobody.contains("simcard --socket"), "{nobody}");
}

#[test]
fn a_card_that_is_pulled_out_is_dead_for_its_client() {
    let folder = folder();
    let socket = folder.path().join("card").display().to_string();
    let mut server = Background::start(&["simcard", "--socket", &socket, "--fault", "removal"]);
    server.line_with("at --card");
    let dead = refusal(
        &["card", "info", "--card", &format!("vfio-user:{socket}")],
        1,
    );
    assert!(dead.contains("the card is dead"), "{dead}");
    assert!(server.terminate().success());
}

#[test]
fn what_cannot_be_served_is_refused() {
    for (arguments, code) in [
        (&["simcard"][..], 2),
        (&["simcard", "--socket", "/nonexistent/card"], 1),
        (
            &[
                "simcard",
                "--socket",
                "/tmp/never",
                "--card",
                "vfio-user:/x",
            ],
            2,
        ),
        (&["simcard", "--socket", "/tmp/never", "--build", "huge"], 2),
        (&["simcard", "--socket", "/tmp/never", "--fault", "fire"], 2),
    ] {
        if arguments.len() == 1 {
            // The parser's own message has another form.
            let output = crate::process::run(arguments);
            assert_eq!(output.status.code(), Some(code));
        } else {
            refusal(arguments, code);
        }
    }
}
