//! Attested blocks: what a host can show about each block that it got.

use crate::process::{self, arg};
use crate::scene::{self, Scene};
use photonbox_channel::verify_signature;
use photonbox_entropy::attest::{AttestError, Attestation, Verifier};
use photonbox_secret::SecretArray;
use serde_json::Value;
use std::path::Path;

/// A hub's certificate: all that somebody else needs to check a statement.
struct Certificate(Vec<u8>);

impl Verifier for Certificate {
    fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), AttestError> {
        verify_signature(&self.0, message, signature).map_err(|_| AttestError::Signature)
    }
}

/// Bytes of one entry of `keys.bin`: magic, version, length, key.
const KEY_ENTRY: usize = 4 + 1 + 4 + 48;

/// Checks every statement in `directory` against the bytes received, as an outsider and as the
/// recipient; gives the lines.
fn check(directory: &Path, received: &[u8], class: &str) -> Vec<Value> {
    let lines = std::fs::read_to_string(directory.join("statements.jsonl")).expect("lines");
    let stored = std::fs::read(directory.join("attestations.bin")).expect("attestations");
    let keys = std::fs::read(directory.join("keys.bin")).expect("keys");
    let mut rest = received;
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect();
    assert_eq!(keys.len(), lines.len() * KEY_ENTRY);
    for (line, key) in lines.iter().zip(keys.chunks_exact(KEY_ENTRY)) {
        let number = |name: &str| line[name].as_u64().expect("a number") as usize;
        let at = number("offset");
        let bytes = &stored[at..at + number("length")];
        let attestation = Attestation::decode(bytes).expect("decodes");
        let name = line["certificate"].as_str().expect("a name");
        let hub = Certificate(std::fs::read(directory.join(name)).expect("the hub's certificate"));

        let statement = attestation.verify(&hub).expect("the hub signed it");
        assert_eq!(statement.hub, "hub");
        let mut altered = bytes.to_vec();
        altered[30] ^= 1;
        assert!(
            Attestation::decode(&altered).is_err()
                || Attestation::decode(&altered)
                    .expect("decodes")
                    .verify(&hub)
                    .is_err(),
            "a changed statement is not the hub's"
        );

        assert_eq!(line["class"], class, "{line:#}");
        assert_eq!(line["simulated"], true, "{line:#}");
        assert_eq!(line["claimed_h"], 0.5, "{line:#}");
        assert_eq!(line["sources"], serde_json::json!(["card0"]), "{line:#}");
        assert_eq!(line["lanes"], serde_json::json!([0, 1, 2, 3]), "{line:#}");
        let health = &line["health"];
        assert_eq!(
            (&health["lanes_running"], &health["lanes_failed"]),
            (&4.into(), &0.into())
        );
        let count = |name: &str| health[name].as_u64().expect("a count");
        assert!(count("raw_bits") > count("credited_bits") && count("credited_bits") > 0);

        let (block, later) = rest.split_at(number("block_bytes"));
        rest = later;
        let key = SecretArray::from_slice(&key[KEY_ENTRY - 48..]).expect("a key");
        attestation
            .verify_block(block, &key, &hub)
            .expect("it is about this block");
        let mut changed = block.to_vec();
        changed[block.len() / 2] ^= 0x10;
        assert_eq!(
            attestation.verify_block(&changed, &key, &hub),
            Err(AttestError::OtherBlock)
        );
    }
    assert!(rest.is_empty(), "every byte is in a statement");
    lines
}

#[test]
fn each_block_has_a_statement_directly_and_through_a_relay() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let bravo = scene.enrol(&hub, "bravo");
    let relay = scene.enrol(&hub, "relay");
    let mut relaying = scene::join(&relay, &hub.address, &["--relay", "127.0.0.1:0"]);
    let behind = scene::address_in(&relaying.line_with("relaying on "), "relaying on ");
    relaying.line_with("connected");
    // All four lanes have given bits before the first block is made.
    process::until(
        "credit of all lanes",
        || hub.status(),
        |status| {
            status["lanes"].as_array().is_some_and(|lanes| {
                lanes.len() == 4 && lanes.iter().all(|lane| lane["state"] == "running")
            }) && status["pool"]["full_bits"]
                .as_u64()
                .is_some_and(|bits| bits > 100_000)
        },
    );
    for (state, host, parent) in [(&alpha, "alpha", &hub.address), (&bravo, "bravo", &behind)] {
        for class in ["full", "drbg"] {
            let file = scene.path(&format!("{host}-{class}"));
            let directory = scene.path(&format!("{host}-{class}-statements"));
            let sink = format!("file:{}", file.display());
            let report = process::json(&scene::join_arguments(
                state,
                parent,
                &[
                    "--sink",
                    &sink,
                    "--class",
                    class,
                    "--bytes",
                    "5000",
                    "--json",
                    "--attest",
                    arg(&directory),
                ],
            ));
            let received = std::fs::read(&file).expect("the sink");
            assert_eq!(received.len(), 5000, "{host} {class}");
            let lines = check(&directory, &received, class);
            assert!(lines.len() >= 5, "{host} {class}");
            assert_eq!(
                report["sinks"][0]["attested"],
                lines.len(),
                "{host} {class}"
            );
        }
    }
    assert!(relaying.terminate().success());
}

#[test]
fn a_running_host_counts_its_statements_and_the_file_may_ask_for_them() {
    let scene = Scene::new();
    let hub = scene.hub("hub", &["--allow-simulated"]);
    let alpha = scene.enrol(&hub, "alpha");
    let config = format!("[join]\nattest = {:?}\n", scene.arg("statements"));
    let config = scene.file("photonbox.toml", config.as_bytes());
    let sink = format!("file:{}", scene.arg("out"));
    let flags = ["--sink", &sink, "--every", "50ms", "--config", &config];
    let mut host = scene::join(&alpha, &hub.address, &flags);
    host.line_with(" ready");
    let status = process::until(
        "three statements",
        || scene::status(&alpha),
        |status| status["attested"].as_u64().is_some_and(|count| count >= 3),
    );
    assert!(
        status["sinks"][0]["attested"].as_u64() >= Some(3),
        "{status:#}"
    );
    assert!(host.terminate().success());
    let unwritable = scene.file("not-a-directory", b"");
    let flags = ["--sink", &sink, "--bytes", "16", "--attest", &unwritable];
    let line = process::refusal(&scene::join_arguments(&alpha, &hub.address, &flags), 1);
    assert!(line.contains("--attest"), "{line}");
}
