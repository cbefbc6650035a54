//! Statements of a hub with a real certificate, and what must not pass for one.

use super::*;
use photonbox_channel::Identity;
use photonbox_entropy::attest::{self, AttestedBlock, Statement};
use photonbox_entropy::provenance::{Origin, Provenance as Labels};

struct Signs<'a>(&'a Identity);

impl attest::Signer for Signs<'_> {
    fn sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, AttestError> {
        self.0
            .sign(message)
            .map_err(|error| AttestError::Signing(error.to_string()))
    }
}

struct World {
    ca: CaCertificate,
    hub: Identity,
    stranger: Identity,
}

fn world() -> World {
    let now = os::unix_now();
    let ca = pki::new_authority("hub", now).expect("CA");
    let signer = pki::Signer::new(&ca.certificate, &ca.private_key).expect("signer");
    let identity = |id: &str, role| {
        let leaf = signer.new_identity(id, role, now, 3600).expect("identity");
        Identity::from_der(&leaf.certificate, leaf.private_key.as_slice()).expect("identity")
    };
    World {
        ca: CaCertificate::from_der(&ca.certificate).expect("CA"),
        hub: identity("hub", pki::LeafRole::Hub),
        stranger: identity("stranger", pki::LeafRole::Host),
    }
}

fn attested(signs: &Identity, hub: &str, block: &[u8]) -> AttestedBlock {
    let statement = Statement {
        hub: hub.to_owned(),
        delivery: 3,
        class: PoolClass::Full,
        origin: Origin {
            sources: vec!["card0".to_owned()],
            lanes: 0b101,
            provenance: Labels {
                simulated: true,
                ..Labels::default()
            },
        },
        health: Default::default(),
        claimed_millibits: 500,
        unix_ms: 1,
        block_bytes: 0,
        mac: [0; MAC_BYTES],
    };
    let key = SecretArray::from_array([7; MAC_BYTES]);
    attest::attest(statement, block, key, &Signs(signs)).expect("attested")
}

fn shown(block: &AttestedBlock) -> Shown<'_> {
    Shown {
        statement: block.attestation.statement_bytes(),
        key: block.key.as_slice(),
        signature: block.attestation.signature(),
    }
}

fn expected<'a>(certificate: &'a [u8]) -> Expected<'a> {
    Expected {
        sink: "file:x",
        hub: "hub",
        class: Class::Full,
        provenance: Provenance {
            simulated: true,
            ..Provenance::default()
        },
        certificate,
    }
}

#[test]
fn what_verifies_is_kept_for_others_to_check() {
    let (world, directory) = (world(), tempfile::tempdir().expect("directory"));
    let at = directory.path().join("statements");
    let certificate = &world.hub.public().certificate;
    for blocks in [[b"one".as_slice(), b"two"], [b"three", b"four"]] {
        // The second time what is there stays.
        let statements = Statements::open(&at, world.ca.clone()).expect("open");
        for block in blocks {
            let made = attested(&world.hub, "hub", block);
            statements
                .take(block, &shown(&made), &expected(certificate))
                .expect("verifies");
        }
    }
    let lines = std::fs::read_to_string(at.join("statements.jsonl")).expect("lines");
    let stored = std::fs::read(at.join("attestations.bin")).expect("attestations");
    let keys = std::fs::read(at.join("keys.bin")).expect("keys");
    assert_eq!(keys.len(), 4 * (9 + MAC_BYTES));
    assert_eq!(lines.lines().count(), 4);
    for (number, line) in lines.lines().enumerate() {
        let line: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let from = line["offset"].as_u64().expect("offset") as usize;
        let length = line["length"].as_u64().expect("length") as usize;
        let attestation = Attestation::decode(&stored[from..from + length]).expect("decodes");
        let name = line["certificate"].as_str().expect("certificate");
        let hub = std::fs::read(at.join(name)).expect("certificate");
        // Without block or key: that the hub said it.
        let statement = attestation.verify(&HubCertificate(&hub)).expect("verifies");
        assert_eq!(statement.origin.lanes, 0b101);
        assert_eq!(line["lanes"], json!([0, 2]));
        assert_eq!(
            (&line["simulated"], &line["claimed_h"]),
            (&json!(true), &json!(0.5))
        );
        // With both: that it was about this block.
        let block = [b"one".as_slice(), b"two", b"three", b"four"][number];
        let key = &keys[number * (9 + MAC_BYTES)..][..9 + MAC_BYTES];
        assert_eq!(
            key[..9],
            [&b"PBXK\x01"[..], &48_u32.to_be_bytes()].concat()[..]
        );
        let key = SecretArray::from_slice(&key[9..]).expect("key");
        attestation
            .verify_block(block, &key, &HubCertificate(&hub))
            .expect("its block");
        let other = attestation.verify_block(b"0ther", &key, &HubCertificate(&hub));
        assert_eq!(other, Err(AttestError::OtherBlock));
    }
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(at.join("keys.bin"))
        .expect("keys")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn nothing_else_is_believed() {
    let (world, directory) = (world(), tempfile::tempdir().expect("directory"));
    let statements = Statements::open(directory.path(), world.ca.clone()).expect("open");
    let hub = &world.hub.public().certificate;
    let good = attested(&world.hub, "hub", b"block");
    let refuse = |block: &[u8], shown: &Shown<'_>, expected: &Expected<'_>, word: &str| {
        let error = statements.take(block, shown, expected).expect_err(word);
        assert!(error.to_string().contains(word), "{error}");
        assert_eq!(error.exit_code(), 1);
    };
    refuse(b"blocc", &shown(&good), &expected(hub), "another block");
    refuse(b"bloc", &shown(&good), &expected(hub), "another block");
    let mut changed = good.attestation.statement_bytes().to_vec();
    let last = changed.len() - 1;
    changed[last] ^= 1;
    let altered = Shown {
        statement: &changed,
        ..shown(&good)
    };
    refuse(b"block", &altered, &expected(hub), "signature");
    let short = Shown {
        key: &[7; 47],
        ..shown(&good)
    };
    refuse(b"block", &short, &expected(hub), "length");
    let forged = attested(&world.stranger, "hub", b"block");
    refuse(b"block", &shown(&forged), &expected(hub), "signature");
    let own = &world.stranger.public().certificate;
    refuse(b"block", &shown(&forged), &expected(own), "certificate");
    let other_hub = attested(&world.hub, "hub2", b"block");
    refuse(b"block", &shown(&other_hub), &expected(hub), "hub2");
    let class = Expected {
        class: Class::Drbg,
        ..expected(hub)
    };
    refuse(b"block", &shown(&good), &class, "class");
    let unlabelled = Expected {
        provenance: Provenance::default(),
        ..expected(hub)
    };
    refuse(b"block", &shown(&good), &unlabelled, "labels");
    for file in ["statements.jsonl", "attestations.bin", "keys.bin"] {
        let length = std::fs::metadata(directory.path().join(file))
            .expect(file)
            .len();
        assert_eq!(length, 0, "{file}");
    }
}
