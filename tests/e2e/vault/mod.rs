//! The vault's commands against a real hub.

mod agents;
mod appliance;
mod audit;
mod backup;
mod document;
mod faults;
mod files;
mod honesty;
mod keys;
mod kills;
mod members;
mod stolen;
mod tap;
mod together;

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{self, arg};
use crate::scene::{Hub, Scene, address_in};

/// Flags of a hub whose vault is asked here.
const SERVES: [&str; 4] = ["--allow-simulated", "--fast", "--api", "127.0.0.1:0"];

/// A hub with a vault, and a host.
struct Vaulted {
    scene: Scene,
    hub: Hub,
    api: String,
    host: PathBuf,
}

impl Vaulted {
    fn new() -> Self {
        let scene = Scene::new();
        let mut hub = scene.hub("hub", &SERVES);
        let api = api_of(&mut hub);
        let host = scene.enrol(&hub, "host");
        Self {
            scene,
            hub,
            api,
            host,
        }
    }

    /// The arguments of a command of this host.
    fn line<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        line(&self.host, &self.api, command)
    }

    fn json(&self, command: &[&str]) -> Value {
        process::json(&[&self.line(command)[..], &["--json"]].concat())
    }

    /// Runs to a good end.
    fn text(&self, command: &[&str]) -> String {
        process::text(&self.line(command))
    }

    fn refusal(&self, command: &[&str]) -> String {
        process::refusal(&self.line(command), 1)
    }

    /// The key of an item, by a new process.
    fn key(&self, target: &str) -> String {
        let opened = self.json(&["open", target, "--hex"]);
        let key = opened["key"].as_str().expect("a key").to_owned();
        assert_eq!(opened["bytes"], key.len() / 2);
        key
    }

    /// Another hub process on the same state and address of its vault.
    fn restarted(self, kill: bool) -> Self {
        let Self {
            scene,
            hub,
            api,
            host,
        } = self;
        if kill {
            hub.process.kill();
        } else {
            assert!(hub.process.terminate().success());
        }
        let flags = ["--allow-simulated", "--fast", "--api", &api];
        let hub = scene.serve("hub", "127.0.0.1:0", &flags);
        Self {
            scene,
            hub,
            api,
            host,
        }
    }
}

/// The arguments of a host's command.
fn line<'a>(state: &'a Path, api: &'a str, command: &[&'a str]) -> Vec<&'a str> {
    let mut line = vec!["vault"];
    line.extend(command);
    line.extend(["--state", arg(state), "--hub", api]);
    line
}

fn api_of(hub: &mut Hub) -> String {
    let mark = "HTTP interface on https://";
    address_in(&hub.process.line_with(mark), mark)
}
