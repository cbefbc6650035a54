//! A hub on its machine with a configuration of its own, and what is read of its process.

use crate::namespaces::Network;
use crate::process::{self, Background, arg};
use serde_json::Value;
use std::path::PathBuf;
use std::process::Command;
use tempfile::TempDir;

/// Port of the hub.
const PORT: u16 = 4501;

/// A hub and its network.
pub(crate) struct Site {
    // In this order: processes end before their network goes.
    pub(crate) hub: Option<Background>,
    pub(crate) network: Network,
    /// The hub's address.
    pub(crate) address: String,
    folder: TempDir,
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

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Starts the hub, for the first time or again.
    pub(crate) fn serve(&mut self) {
        let (state, config) = (self.path("hub"), self.path("hub.toml"));
        let arguments = [
            "serve",
            "--state",
            arg(&state),
            "--listen",
            &self.address,
            "--config",
            arg(&config),
            "--allow-unlocked-memory",
            "--allow-simulated",
        ];
        let mut hub = self.start("hub", &arguments);
        hub.line_with("listening on ");
        self.hub = Some(hub);
    }

    /// `photonbox` on a machine.
    pub(crate) fn start(&self, machine: &str, arguments: &[&str]) -> Background {
        let plain = process::photonbox(arguments);
        let mut command = Command::new("ip");
        command
            .args(["netns", "exec", &self.network.name(machine)])
            .arg(plain.get_program())
            .args(plain.get_args())
            .stdin(std::process::Stdio::null());
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        Background::start_command(command, &format!("{machine}: {}", arguments.join(" ")))
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
