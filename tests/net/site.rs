//! A hub on its machine with a configuration of its own, and what is read of its process.

use crate::namespaces::Network;
use crate::process::{self, Background, arg};
use serde_json::Value;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// Port of hub and relay.
pub(crate) const PORT: u16 = 4501;

/// Gives a host a machine and, from the hub's (how it comes by it is not what is tested here), an identity: state folders lie
/// in `folder` by name. Its address as a relay.
pub(crate) fn enrol(network: &mut Network, folder: &Path, hub: &str, name: &str) -> String {
    let address = network.machine(name);
    let (hub_state, state) = (folder.join("hub"), folder.join(name));
    let token = process::json(&["enroll", "token", "--state", arg(&hub_state), "--json"]);
    let arguments = [
        "enroll",
        "--state",
        arg(&state),
        "--hub",
        hub,
        "--host-name",
        name,
        "--ca-hash",
        token["ca_hash"].as_str().expect("a hash"),
        "--token",
        token["token"].as_str().expect("a token"),
    ];
    let output = process::run_command(network.command("hub", &arguments), "enroll");
    assert!(output.status.success(), "{output:?}");
    format!("{address}:{PORT}")
}

/// Starts the hub on its machine, for the first time or again.
pub(crate) fn serve(network: &Network, folder: &Path, address: &str) -> Background {
    let (state, config) = (folder.join("hub"), folder.join("hub.toml"));
    let arguments = [
        "serve",
        "--state",
        arg(&state),
        "--listen",
        address,
        "--config",
        arg(&config),
        "--allow-unlocked-memory",
        "--allow-simulated",
    ];
    let mut hub = network.start("hub", &arguments);
    hub.line_with("listening on ");
    hub
}

/// A hub and its network.
pub(crate) struct Site {
    // In this order: processes end before their network goes.
    pub(crate) hub: Option<Background>,
    pub(crate) network: Network,
    /// The hub's address.
    pub(crate) address: String,
    /// State folders, by name.
    pub(crate) folder: TempDir,
}

impl Site {
    /// A running hub; none where namespaces can't be had.
    pub(crate) fn new(config: &str) -> Option<Self> {
        Some(Self::on(Network::new()?, config))
    }

    /// The same on a network of one's own making.
    pub(crate) fn on(mut network: Network, config: &str) -> Self {
        let address = format!("{}:{PORT}", network.machine("hub"));
        let folder = tempfile::Builder::new()
            .prefix("pb")
            .tempdir()
            .expect("a temporary folder");
        let mut site = Self {
            hub: None,
            network,
            address,
            folder,
        };
        std::fs::write(site.path("hub.toml"), config).expect("a configuration");
        let state = site.path("hub");
        let arguments = [
            "init",
            "--state",
            arg(&state),
            "--hub-name",
            "hub",
            "--json",
        ];
        process::json(&arguments);
        site.serve();
        site
    }

    /// A host with a machine; its address as a relay.
    pub(crate) fn machine(&mut self, name: &str) -> String {
        enrol(&mut self.network, self.folder.path(), &self.address, name)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the hub, for the first time or again.
    pub(crate) fn serve(&mut self) {
        self.hub = Some(serve(&self.network, self.folder.path(), &self.address));
    }

    /// `status --json` of the hub.
    pub(crate) fn status(&self) -> Value {
        process::json(&["status", "--state", arg(&self.path("hub")), "--json"])
    }

    /// `ledger --json` of the hub.
    pub(crate) fn ledger(&self) -> Value {
        process::json(&["ledger", "--state", arg(&self.path("hub")), "--json"])
    }

    /// The hub's resident memory in bytes, and its open files.
    pub(crate) fn footprint(&self) -> (usize, usize) {
        // `ip netns exec` becomes the program that it starts.
        let process = self.hub.as_ref().expect("a hub").id();
        let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kib = line.and_then(|rest| rest.split_whitespace().next());
        let kib: usize = kib.and_then(|kib| kib.parse().ok()).expect("VmRSS");
        let files = std::fs::read_dir(format!("/proc/{process}/fd")).expect("its files");
        (kib * 1024, files.count())
    }
}
