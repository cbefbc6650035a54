//! A stolen appliance: all of its disk, and the memory of its process while that has a key in use. Another one's items don't open with
//! it, neither by themselves nor by asking the hub under its name.

use std::path::Path;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use photonbox_channel::Role;
use photonbox_client::{Ask, Connection, Error, OsRandom};
use photonbox_vault::api::Protocol;
use photonbox_vault::group::Ristretto255;
use rustix::fs::{CWD, Mode};
use serde_json::Value;

use super::agents::agent;
use super::appliance::{credentials, wait};
use super::honesty::{SET, Search, appliance_of, files, key_of, memory, products, text};
use super::members::Other;
use super::{Vaulted, line};
use crate::process::{Background, arg, until};

type G = Ristretto255;

/// A file of what an appliance keeps, as JSON.
fn kept(state: &Path, file: &str) -> Value {
    let read = std::fs::read(state.join("vault").join(file));
    serde_json::from_slice(&read.expect("a file")).expect("JSON")
}

fn key_of_item(other: &Other<'_>, item: &str) -> Vec<u8> {
    let digits = other.key(&format!("{SET}/{item}"));
    let byte = |at: usize| u8::from_str_radix(&digits[at..at + 2], 16).expect("hex");
    (0..digits.len()).step_by(2).map(byte).collect()
}

/// What the hub says to a host that shows another one's ticket, and share where the appliance has it.
fn shows(thief: &Path, api: &str, item: &str, kept: &Value) -> Error {
    let mut body = serde_json::json!({"generation": kept["generation"], "ticket": kept["ticket"]});
    if !kept["share"].is_null() {
        body["share"] = kept["share"].clone();
    }
    let ask = Ask {
        method: "POST".parse().expect("a method"),
        path: format!("/v1/sets/{SET}/items/{item}/open"),
        key: None,
        body: Some(Ask::json(&body).expect("JSON")),
    };
    let (credentials, hubs) = (credentials(thief), vec![api.to_owned()]);
    let refused = wait(async {
        let hub = Connection::new(&credentials, hubs, &[Role::Hub], None, OsRandom::shared());
        hub.expect("TLS").ask(&ask).await
    });
    refused.expect_err("it is another's")
}

fn stolen(protocol: Protocol) {
    let vaulted = Vaulted::new();
    let beta = vaulted.other("beta");
    let agents: &[&str] = match protocol {
        Protocol::Three => &["one"],
        Protocol::N => &["one", "two"],
        _ => &[],
    };
    let agents = agents.iter().map(|name| {
        let (process, address) = agent(&vaulted, name, "127.0.0.1:0");
        (process, format!("{name}={address}"))
    });
    let agents: Vec<_> = agents.collect();
    let mut create = vec!["create", SET, "--scheme", "ristretto255"];
    create.extend(["--protocol", protocol.name()]);
    for (_, named) in &agents {
        create.extend(["--agent", named]);
    }
    vaulted.json(&create);
    vaulted.lets_in(SET, "beta", &beta);
    vaulted.json(&["create", &format!("{SET}/first")]);
    beta.json(&["create", &format!("{SET}/second")]);
    let own = key_of_item(&vaulted.own(), "first");
    let theirs = key_of_item(&beta, "second");

    // A process of the appliance that has the key of its item in use: it waits for what it is to seal.
    let (pipe, item) = (vaulted.scene.path("pipe"), format!("{SET}/first"));
    rustix::fs::mkfifoat(CWD, &pipe, Mode::RUSR | Mode::WUSR).expect("a pipe");
    let sealed = vaulted.scene.arg("sealed");
    let seals = ["seal", &item, arg(&pipe), "--out", &sealed];
    let process = Background::start(&line(&vaulted.host, &vaulted.api, &seals));
    let writer = std::fs::File::options().write(true).open(&pipe);
    let writer = writer.expect("the process reads");
    let in_use = Search::new(&[("its data key", &own)]);
    let image = || {
        let image = memory(&process);
        let found = image.iter().any(|part| in_use.find(part).is_some());
        found.then_some(image)
    };
    let image = until("the key is in use", image, Option::is_some).expect("the key is in use");
    let disk: Vec<Vec<u8>> = files(&vaulted.host)
        .iter()
        .map(|path| std::fs::read(path).unwrap_or_default())
        .collect();
    drop(writer);
    assert!(process.end().0.success());

    // Neither the other's key nor what conceals it is in there, nor its ticket.
    let set = kept(&beta.state, &format!("{SET}.set"));
    let ticket = format!("{SET}/{}.item", crate::scene::sha256(b"second"));
    let ticket = kept(&beta.state, &ticket);
    let decoded = |text: &Value| {
        text.as_str()
            .map(|text| STANDARD.decode(text).expect("base64"))
    };
    let secrets = [
        ("the other's data key", Some(theirs.clone())),
        ("the other's B or r", decoded(&set["own"])),
        ("the other's E(K_m)", decoded(&set["master"])),
        ("the other's ticket", decoded(&ticket["ticket"])),
        ("the other's key for notes", decoded(&set["hpke_private"])),
    ];
    let secrets: Vec<_> = secrets
        .iter()
        .filter_map(|(name, secret)| Some((*name, secret.as_deref()?)))
        .collect();
    assert!(
        secrets.len() >= 4,
        "{protocol}: there is something to look for"
    );
    let search = Search::new(&secrets);
    let label = format!("{protocol}: the stolen appliance");
    text(&search, &format!("{label}'s memory"), &image);
    text(&search, &format!("{label}'s disk"), &disk);
    // Nor does it come of all that the thief has stored.
    let robbed = appliance_of::<G>(&vaulted.host);
    let made = products::<G>(&[&robbed], None);
    assert!(key_of::<G>(&made, "second", &theirs).is_none(), "{label}");

    // Under the thief's name the other's ticket is worth nothing; after a revocation nothing is.
    let refused = shows(&vaulted.host, &vaulted.api, "second", &ticket);
    assert_eq!(refused.word(), Some("ticket-refused"), "{label}");
    beta.json(&["revoke", SET, "--appliance", "host"]);
    let mine = format!("{SET}/{}.item", crate::scene::sha256(b"first"));
    let mine = kept(&vaulted.host, &mine);
    let refused = shows(&vaulted.host, &vaulted.api, "first", &mine);
    assert_eq!(refused.word(), Some("not-trusted"), "{label}");
    assert_eq!(key_of_item(&beta, "second"), theirs);
    assert_eq!(key_of_item(&beta, "first"), own, "the set goes on");
}

#[test]
fn a_stolen_appliance_opens_nothing_of_another() {
    for protocol in Protocol::ALL {
        stolen(protocol);
    }
}
