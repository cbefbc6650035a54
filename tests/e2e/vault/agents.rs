//! Three and N locations: agents that are processes of their own.

use super::Vaulted;
use crate::process::{self, Background, arg};
use crate::scene::address_in;

/// An agent at an address of its own; where it listens.
pub(super) fn agent(vaulted: &Vaulted, name: &str, listen: &str) -> (Background, String) {
    let state = vaulted.scene.path(name);
    if !state.exists() {
        vaulted.scene.enrol(&vaulted.hub, name);
    }
    let line = [
        "homomorphic-agent",
        "--state",
        arg(&state),
        "--listen",
        listen,
        "--allow-unlocked-memory",
    ];
    let mut process = Background::start(&line);
    let address = address_in(&process.line_with("listening on "), "listening on ");
    (process, address)
}

/// Each agent has to be there, and one that comes back has its part still.
#[test]
fn keys_open_with_all_agents_and_not_without_one() {
    let vaulted = Vaulted::new();
    let mut agents: Vec<_> = ["one", "two"]
        .map(|name| agent(&vaulted, name, "127.0.0.1:0"))
        .into();
    let named: Vec<_> = ["one", "two"]
        .iter()
        .zip(&agents)
        .map(|(name, (_, address))| format!("{name}={address}"))
        .collect();
    let three = ["create", "three", "--agent", &named[0]];
    assert_eq!(vaulted.json(&three)["protocol"], "three");
    let both = ["create", "both", "--agent", &named[0], "--agent", &named[1]];
    assert_eq!(vaulted.json(&both)["protocol"], "n");
    for item in ["three/a", "both/a"] {
        vaulted.text(&["create", item]);
    }
    let keys = ["three/a", "both/a"].map(|item| vaulted.key(item));
    assert_ne!(keys[0], keys[1]);
    let (second, address) = agents.pop().expect("two agents");
    second.kill();
    let said = vaulted.refusal(&["open", "both/a", "--hex"]);
    assert!(said.contains("agent `two`"), "{said}");
    assert_eq!(vaulted.key("three/a"), keys[0], "the other set goes on");
    let _second = agent(&vaulted, "two", &address);
    assert_eq!(vaulted.key("both/a"), keys[1]);
    // Whoever is not the hub is not answered.
    let said = process::refusal(&super::line(&vaulted.host, &address, &["list"]), 1);
    assert!(said.contains("nobody answers"), "{said}");
}
