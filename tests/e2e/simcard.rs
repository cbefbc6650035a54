//! `simcard`: cards that other processes take over a socket.

use crate::process::{Background, json, refusal, until};
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

#[test]
fn cards_on_sockets_are_listed_and_keep_their_clients() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name).display().to_string();
    let mut server = Background::start(&[
        "simcard",
        "--socket",
        &path("free"),
        "--socket",
        &path("used"),
        "--stochastic",
        "rate=1M",
        "--json",
    ]);
    server.line_with("cards");
    let used = path("used");
    let mut client = Background::start(&[
        "card",
        "status",
        "--watch",
        "--card",
        &format!("vfio-user:{used}"),
    ]);
    client.line_with("no alarm");
    let list = || {
        json(&[
            "card",
            "list",
            "--sockets",
            &folder.path().display().to_string(),
            "--socket",
            &path("nobody"),
            "--json",
        ])
    };
    let find = |list: &Value, name: &str| {
        let wanted = format!("vfio-user:{}", path(name));
        let cards = list["cards"].as_array().expect("cards");
        let found = cards.iter().find(|card| card["card"] == wanted.as_str());
        found.expect(name).clone()
    };
    for _ in 0..2 {
        let list = list();
        let free = find(&list, "free");
        assert_eq!(free["in_use"], false);
        let text = free["description"].as_str().expect("text");
        assert!(text.starts_with("served: model, small build"), "{text}");
        assert_eq!(find(&list, "used")["in_use"], true);
        let nobody = find(&list, "nobody");
        let text = nobody["description"].as_str().expect("text");
        assert!(text.contains("no card is served"), "{text}");
    }
    let before = client.lines().len();
    until(
        "its client goes on",
        || client.lines().len(),
        |lines| *lines >= before + 2,
    );
    let (status, lines) = client.stop();
    assert!(status.success(), "{lines:#?}");
    let counted = |line: &String| line.split(' ').next().and_then(|bits| bits.parse().ok());
    let bits: Vec<u64> = lines.iter().filter_map(counted).collect();
    assert!(bits.len() > 2 && bits.is_sorted(), "{lines:#?}");
    assert!(server.terminate().success());
}

#[test]
fn a_seeded_card_is_a_test_wherever_it_is_used() {
    let folder = folder();
    let socket = folder.path().join("card").display().to_string();
    let mut server = Background::start(&["simcard", "--socket", &socket, "--seed", "5", "--json"]);
    server.line_with("cards");
    let served = format!("vfio-user:{socket}");
    let label = |arguments: &[&str]| {
        let status = json(&[&["card", "status", "--json"], arguments].concat());
        status["test"].clone()
    };
    assert_eq!(label(&["--card", &served]), true);
    assert_eq!(label(&["--stochastic", "seed=5"]), true);
    assert_eq!(label(&[]), false);
    assert!(server.terminate().success());
}
