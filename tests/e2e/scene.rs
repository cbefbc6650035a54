//! A hub and its hosts, each with a state directory of its own.

use crate::process::{self, Background, arg};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The recording, if there is one; says so once a test where there is none.
pub(crate) fn recording() -> Option<PathBuf> {
    std::env::var_os("PHOTONBOX_CAPTURE")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from)
}

/// A folder for everything that a test leaves behind.
pub(crate) struct Scene {
    dir: TempDir,
}

impl Scene {
    /// An empty one.
    pub(crate) fn new() -> Self {
        // Short paths: a Unix socket's may have 107 bytes.
        let dir = tempfile::Builder::new()
            .prefix("pb")
            .tempdir()
            .expect("a temporary folder");
        Self { dir }
    }

    /// A path in it.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// The same as text.
    pub(crate) fn arg(&self, name: &str) -> String {
        arg(&self.path(name)).to_owned()
    }

    /// A file with this content.
    pub(crate) fn file(&self, name: &str, content: &[u8]) -> String {
        std::fs::write(self.path(name), content).expect("a file is written");
        self.arg(name)
    }

    /// Initialises a hub with state directory `name`.
    pub(crate) fn init(&self, name: &str) -> Value {
        process::json(&[
            "init",
            "--state",
            &self.arg(name),
            "--hub-name",
            name,
            "--json",
        ])
    }

    /// Initialises and starts a hub on a free port.
    pub(crate) fn hub(&self, name: &str, flags: &[&str]) -> Hub {
        self.init(name);
        self.serve(name, "127.0.0.1:0", flags)
    }

    /// A hub whose faults come at a time after its start, with hosts that are enrolled before that clock runs.
    pub(crate) fn hub_with_hosts<const N: usize>(
        &self,
        name: &str,
        flags: &[&str],
        hosts: [&str; N],
    ) -> (Hub, [PathBuf; N]) {
        let hub = self.hub(name, &["--allow-simulated"]);
        let hosts = hosts.map(|host| self.enrol(&hub, host));
        assert!(hub.process.terminate().success());
        (self.serve(name, "127.0.0.1:0", flags), hosts)
    }

    /// Starts an initialised hub.
    pub(crate) fn serve(&self, name: &str, listen: &str, flags: &[&str]) -> Hub {
        let state = self.path(name);
        let mut arguments = vec![
            "serve",
            "--state",
            arg(&state),
            "--listen",
            listen,
            "--allow-unlocked-memory",
        ];
        arguments.extend(flags);
        let mut process = Background::start(&arguments);
        let line = process.line_with("listening on ");
        Hub {
            process,
            state,
            address: address_in(&line, "listening on "),
        }
    }

    /// Enrols a host with the hub and gives its state directory.
    pub(crate) fn enrol(&self, hub: &Hub, name: &str) -> PathBuf {
        let token = hub.token();
        let state = self.path(name);
        let report = process::json(&[
            "enroll",
            "--state",
            arg(&state),
            "--hub",
            &hub.address,
            "--host-name",
            name,
            "--json",
            "--ca-hash",
            token["ca_hash"].as_str().expect("a hash"),
            "--token",
            token["token"].as_str().expect("a token"),
        ]);
        assert_eq!(report["host"], name);
        assert!(
            !report["certificate_serial"]
                .as_str()
                .expect("a serial")
                .is_empty()
        );
        state
    }
}

/// A running hub.
pub(crate) struct Hub {
    pub(crate) process: Background,
    pub(crate) state: PathBuf,
    pub(crate) address: String,
}

impl Hub {
    /// `enroll token --json`.
    pub(crate) fn token(&self) -> Value {
        process::json(&["enroll", "token", "--state", arg(&self.state), "--json"])
    }

    /// `status --json`.
    pub(crate) fn status(&self) -> Value {
        status(&self.state)
    }

    /// `ledger --json`.
    pub(crate) fn ledger(&self) -> Value {
        process::json(&["ledger", "--state", arg(&self.state), "--json"])
    }

    /// The ledger's delivery to `host` of exactly `bytes` of a class; it must be there.
    pub(crate) fn delivery(&self, host: &str, class: &str, bytes: usize) -> Value {
        let ledger = self.ledger();
        let found = ledger["deliveries"]
            .as_array()
            .expect("deliveries")
            .iter()
            .find(|d| {
                d["host"] == host
                    && d["class"] == class
                    && d["bytes"].as_u64() == Some(bytes as u64)
            });
        found
            .cloned()
            .unwrap_or_else(|| panic!("no {bytes} bytes {class} for {host} in {ledger:#}"))
    }
}

/// `status --json` of a hub or host; its exit code says whether that is unhealthy.
pub(crate) fn status(state: &Path) -> Value {
    let output = process::run(&["status", "--state", arg(state), "--json"]);
    let errors = String::from_utf8_lossy(&output.stderr);
    let status: Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("status: {error}; it said: {errors}"));
    let code = if status["health"] == "unhealthy" {
        3
    } else {
        0
    };
    assert_eq!(output.status.code(), Some(code), "{status:#}\n{errors}");
    status
}

/// A host in the background.
pub(crate) fn join(state: &Path, hub: &str, flags: &[&str]) -> Background {
    Background::start(&join_arguments(state, hub, flags))
}

/// The arguments of `join`.
pub(crate) fn join_arguments<'a>(state: &'a Path, hub: &'a str, flags: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "join",
        "--state",
        arg(state),
        "--hub",
        hub,
        "--allow-unlocked-memory",
    ];
    arguments.extend(flags);
    arguments
}

/// The address after `mark` in a line.
pub(crate) fn address_in(line: &str, mark: &str) -> String {
    let (_, rest) = line.split_once(mark).expect("the mark is there");
    rest.split([',', ' ']).next().unwrap_or_default().to_owned()
}

/// Lower-case hex SHA-256.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .map(|byte| format!("{byte:02x}"))
        .collect()
}
