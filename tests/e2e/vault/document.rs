//! The running interface against the document that it gives, by Schemathesis: examples, the edges of each value, random requests right
//! and wrong, and sequences of them.

use std::path::{Path, PathBuf};
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use photonbox_store::{SqliteStore, Store as _};

use super::Vaulted;
use crate::process;

/// Requests of each kind to each path.
const EXAMPLES: &str = "40";
const SEED: &str = "4";

/// Where scripts/schemathesis.sh puts it.
fn schemathesis() -> Option<PathBuf> {
    let cache = || {
        let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
        let home = || PathBuf::from(std::env::var_os("HOME").unwrap_or_else(|| "/tmp".into()));
        let cache = cache.unwrap_or_else(|| home().join(".cache"));
        cache.join("photonbox/target")
    };
    let place = std::env::var_os("PHOTONBOX_SCHEMATHESIS").map(PathBuf::from);
    let target = std::env::var_os("PHOTONBOX_TARGET").map(PathBuf::from);
    let place = place.unwrap_or_else(|| target.unwrap_or_else(cache).join("schemathesis"));
    let program = place.join("bin/st");
    program.exists().then_some(program)
}

fn pem(scene: &crate::scene::Scene, name: &str, kind: &str, der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let lines: Vec<&str> = (0..text.len())
        .step_by(64)
        .map(|at| &text[at..text.len().min(at + 64)])
        .collect();
    let lines = lines.join("\n");
    let text = format!("-----BEGIN {kind}-----\n{lines}\n-----END {kind}-----\n");
    scene.file(name, text.as_bytes())
}

fn run(program: &Path, vaulted: &Vaulted, folder: &Path) {
    let own = SqliteStore::open(&vaulted.host).and_then(|store| store.identity());
    let own = own.expect("an enrolled host");
    let certificate = pem(
        &vaulted.scene,
        "certificate.pem",
        "CERTIFICATE",
        &own.certificate,
    );
    let key = own.private_key.as_slice();
    let key = pem(&vaulted.scene, "key.pem", "PRIVATE KEY", key);
    let mut command = Command::new(program);
    command.current_dir(folder).args([
        "run",
        &format!("https://{}/v1/openapi.json", vaulted.api),
        "--request-cert",
        &certificate,
        "--request-cert-key",
        &key,
        // The hub's name is a URI in its certificate, which Python does not look for; who it is is tested elsewhere.
        "--tls-verify",
        "false",
        "--checks",
        "all",
        // A right form does not make a point of the group, nor a ticket.
        "--exclude-checks",
        "positive_data_acceptance",
        "--max-examples",
        EXAMPLES,
        "--seed",
        SEED,
        "--suppress-health-check",
        "all",
        "--warnings",
        "off",
        "--continue-on-failure",
    ]);
    command
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env("NO_COLOR", "1");
    let output = process::run_command(command, "st run");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{said}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    // It has found all paths, and asked them; the document's own it takes out.
    let tested = format!("Tested: {}", operations() - 1);
    assert!(said.contains(&tested), "not {tested}:\n{said}");
}

/// Methods of all paths in the published document.
fn operations() -> usize {
    let document = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
    let document = std::fs::read(document).expect("a document");
    let document: serde_json::Value = serde_json::from_slice(&document).expect("JSON");
    let paths = document["paths"].as_object().expect("paths");
    let methods = paths
        .values()
        .map(|path| path.as_object().map_or(0, serde_json::Map::len));
    methods.sum()
}

#[test]
fn the_running_interface_is_what_its_document_says() {
    let Some(program) = schemathesis() else {
        return println!("skipped: Schemathesis is not installed (scripts/schemathesis.sh)");
    };
    let mut vaulted = Vaulted::new();
    // What the document's examples name.
    vaulted.text(&["create", "tenant"]);
    vaulted.text(&["create", "tenant/disk"]);
    let folder = vaulted.scene.path("work");
    std::fs::create_dir(&folder).expect("a folder");
    run(&program, &vaulted, &folder);
    assert!(vaulted.hub.process.runs());
    // It serves as before.
    vaulted.text(&["create", "after"]);
    vaulted.text(&["create", "after/disk"]);
    assert_eq!(vaulted.key("after/disk"), vaulted.key("after/disk"));
}
