//! Several appliances in one set: who comes, what all of them open, and how a new master key reaches them.

use std::path::PathBuf;

use serde_json::Value;

use super::agents::agent;
use super::{Vaulted, line};
use crate::process;

/// Another host of the same hub.
pub(super) struct Other<'a> {
    vaulted: &'a Vaulted,
    pub(super) state: PathBuf,
}

impl Other<'_> {
    fn line<'a>(&'a self, command: &[&'a str]) -> Vec<&'a str> {
        line(&self.state, &self.vaulted.api, command)
    }

    pub(super) fn json(&self, command: &[&str]) -> Value {
        process::json(&[&self.line(command)[..], &["--json"]].concat())
    }

    pub(super) fn key(&self, target: &str) -> String {
        let opened = self.json(&["open", target, "--hex"]);
        opened["key"].as_str().expect("a key").to_owned()
    }

    fn refusal(&self, command: &[&str]) -> String {
        process::refusal(&self.line(command), 1)
    }
}

impl Vaulted {
    /// Its first host.
    pub(super) fn own(&self) -> Other<'_> {
        let state = self.host.clone();
        let vaulted = self;
        Other { vaulted, state }
    }

    pub(super) fn other(&self, name: &str) -> Other<'_> {
        Other {
            vaulted: self,
            state: self.scene.enrol(&self.hub, name),
        }
    }

    /// A host comes into a set; the files that it comes by.
    pub(super) fn lets_in(&self, set: &str, name: &str, other: &Other<'_>) -> (String, String) {
        let [request, letter] = ["request", "letter"].map(|kind| {
            let file = format!("{set}-{name}.{kind}");
            self.scene.arg(&file)
        });
        other.json(&["vouch", "request", set, "--out", &request]);
        let signed = self.json(&["vouch", "sign", &request, "--for", name]);
        assert_eq!(
            (&signed["newcomer"], &signed["out"]),
            (&name.into(), &letter.clone().into())
        );
        let come = other.json(&["vouch", "accept", &letter]);
        assert_eq!(
            (&come["set"], &come["state"]),
            (&set.into(), &"trusted".into())
        );
        (request, letter)
    }
}

/// In every protocol: each opens what the others made, before and after rotations by either, and is refused when it is revoked.
#[test]
fn appliances_of_a_set_open_each_others_items() {
    let vaulted = Vaulted::new();
    let beta = vaulted.other("beta");
    let names = ["agent-1", "agent-2"];
    let agents = names.map(|name| agent(&vaulted, name, "127.0.0.1:0"));
    let named = [0, 1].map(|at| format!("{}={}", names[at], agents[at].1));
    let own: [(&str, &str, &[&str]); 6] = [
        ("blinded", "p384", &[]),
        ("blinded", "ristretto255", &[]),
        ("homomorphic", "ristretto255", &[]),
        ("optimised", "ristretto255", &[]),
        ("three", "ristretto255", &["--agent", &named[0]]),
        ("n", "p384", &["--agent", &named[0], "--agent", &named[1]]),
    ];
    for (protocol, scheme, more) in own {
        let set = format!("{protocol}-{scheme}");
        let item = |name: &str| format!("{set}/{name}");
        let flags = ["create", &set, "--protocol", protocol, "--scheme", scheme];
        vaulted.json(&[&flags[..], more].concat());
        vaulted.text(&["create", &item("a")]);
        let a = vaulted.key(&item("a"));
        vaulted.lets_in(&set, "beta", &beta);
        assert_eq!(beta.key(&item("a")), a, "{set}");
        beta.json(&["create", &item("b")]);
        let b = beta.key(&item("b"));
        assert_eq!(vaulted.key(&item("b")), b, "{set}");
        assert_ne!(a, b);
        let plain = vaulted.scene.file("plain", set.as_bytes());
        let [sealed, back] =
            ["sealed", "back"].map(|end| vaulted.scene.arg(&format!("{set}.{end}")));
        vaulted.text(&["seal", &item("a"), &plain, "--out", &sealed]);
        // One rotates, the other one is told nothing and opens all the same; then the other way round, twice.
        assert_eq!(beta.json(&["rotate", &set])["generation"], 2);
        vaulted.text(&["create", &item("c")]);
        let c = vaulted.key(&item("c"));
        for generation in [3, 4] {
            assert_eq!(vaulted.json(&["rotate", &set])["generation"], generation);
        }
        for (name, key) in [("a", &a), ("b", &b), ("c", &c)] {
            assert_eq!(&beta.key(&item(name)), key, "{set} {name}");
            assert_eq!(&vaulted.key(&item(name)), key, "{set} {name}");
        }
        beta.json(&["unseal", &sealed, "--out", &back]);
        assert_eq!(std::fs::read(&back).expect("a file"), set.as_bytes());
        let listed = vaulted.json(&["list", &set]);
        let states = listed["appliances"].as_array().expect("appliances").iter();
        let states: Vec<_> = states
            .map(|one| (&one["appliance"], &one["state"]))
            .collect();
        let trusted = "trusted".into();
        assert_eq!(
            states,
            [(&"beta".into(), &trusted), (&"host".into(), &trusted)]
        );
        vaulted.json(&["revoke", &set, "--appliance", "beta"]);
        for refused in [
            &["open", &item("a"), "--hex"][..],
            &["create", &item("d")],
            &["rotate", &set],
        ] {
            let said = beta.refusal(refused);
            assert!(said.contains("revoked"), "{set}: {said}");
        }
        assert_eq!(vaulted.json(&["rotate", &set])["generation"], 5);
        assert_eq!(vaulted.key(&item("b")), b, "{set}");
    }
}

/// What goes over by files is good for whom and what it names, and no more.
#[test]
fn a_letter_is_good_for_one_host_once() {
    let vaulted = Vaulted::new();
    let [beta, gamma] = ["beta", "gamma"].map(|name| vaulted.other(name));
    vaulted.text(&["create", "set"]);
    let arg = |name: &str| vaulted.scene.arg(name);
    let request = arg("set.request");
    let asks = ["vouch", "request", "set", "--out", &request];
    beta.json(&asks);
    let said = beta.refusal(&asks);
    assert!(said.contains("is there already"), "{said}");
    let said = vaulted.refusal(&["vouch", "sign", &request, "--for", "gamma"]);
    assert!(said.contains("of `beta`, not of `gamma`"), "{said}");
    // Who is not in the set vouches for nobody.
    let said = gamma.refusal(&["vouch", "sign", &request, "--for", "beta"]);
    assert!(said.contains("no set `set`"), "{said}");
    let signs = ["vouch", "sign", &request, "--for", "beta", "--force"];
    let said = vaulted.refusal(&[&signs[..], &["--valid", "8d"]].concat());
    assert!(said.contains("more than a week"), "{said}");
    let letter = arg("set.letter");
    vaulted.json(&signs);
    let said = gamma.refusal(&["vouch", "accept", &letter]);
    assert!(said.contains("for `beta`, not for `gamma`"), "{said}");
    let good = std::fs::read(&letter).expect("a letter");
    for (name, at) in [
        ("head", 0),
        ("middle", good.len() / 2),
        ("end", good.len() - 1),
    ] {
        let mut changed = good.clone();
        changed[at] ^= 1;
        let changed = vaulted.scene.file(name, &changed);
        beta.refusal(&["vouch", "accept", &changed]);
    }
    let long = vaulted
        .scene
        .file("long", &[&good[..], &[0; 20_000]].concat());
    assert!(
        beta.refusal(&["vouch", "accept", &long])
            .contains("too long")
    );
    beta.json(&["vouch", "accept", &letter]);
    let said = beta.refusal(&["vouch", "accept", &letter]);
    assert!(said.contains("has a set `set` already"), "{said}");
    let said = vaulted.refusal(&signs);
    assert!(said.contains("trusted in this set already"), "{said}");
}

/// Shares that appliances keep are brought up by the old tickets; nobody else has them.
#[test]
fn shares_that_appliances_keep_follow_rotations() {
    let vaulted = Vaulted::new();
    let beta = vaulted.other("beta");
    for protocol in ["homomorphic", "blinded", "optimised"] {
        let item = |name: &str| format!("{protocol}/{name}");
        let flags = ["--scheme", "ristretto255", "--appliances-keep-shares"];
        vaulted.text(&[&["create", protocol, "--protocol", protocol][..], &flags].concat());
        vaulted.text(&["create", &item("a")]);
        let a = vaulted.key(&item("a"));
        vaulted.lets_in(protocol, "beta", &beta);
        beta.json(&["create", &item("b")]);
        let b = beta.key(&item("b"));
        for (one, generation) in [(0, 2), (1, 3), (1, 4), (0, 5)] {
            let rotated = match one {
                0 => vaulted.json(&["rotate", protocol]),
                _ => beta.json(&["rotate", protocol]),
            };
            assert_eq!(rotated["generation"], generation);
        }
        assert_eq!(vaulted.key(&item("a")), a, "{protocol}");
        assert_eq!(beta.key(&item("b")), b, "{protocol}");
        assert_eq!(vaulted.key(&item("a")), a, "{protocol}");
        let said = beta.refusal(&["open", &item("a"), "--hex"]);
        assert!(said.contains("neither share nor ticket"), "{said}");
    }
}

/// A user's key is its own: the appliance gives what the vault serves, and neither gives a key.
#[test]
fn a_user_makes_the_key_that_nobody_else_has() {
    let vaulted = Vaulted::new();
    let arg = |name: &str| vaulted.scene.arg(name);
    for (scheme, protocol) in [
        ("p384", "blinded"),
        ("ristretto255", "homomorphic"),
        ("ristretto255", "optimised"),
        ("paillier3072", "blinded"),
    ] {
        let set = format!("{scheme}-{protocol}");
        vaulted.text(&["create", &set, "--scheme", scheme, "--protocol", protocol]);
        let item = format!("{set}/a");
        let made = vaulted.json(&["create", &item, "--user-blinded"]);
        assert_eq!(made["user_blinded"], true);
        let said = vaulted.refusal(&["open", &item, "--hex"]);
        assert!(said.contains("blinded by a user"), "{said}");
        let said = vaulted.refusal(&["seal", &item, &vaulted.scene.file("plain", b"plain")]);
        assert!(said.contains("blinded by a user"), "{said}");
        let [served, blinding] = ["served", "blinding"].map(|kind| arg(&format!("{set}.{kind}")));
        vaulted.text(&["open", &item, "--served", &served]);
        process::text(&["vault", "blinding", "--scheme", scheme, "--out", &blinding]);
        let key = |served: &str, blinding: &str| {
            let line = ["vault", "unblind", served, "--blinding", blinding, "--hex"];
            process::text(&line).trim().to_owned()
        };
        let own = key(&served, &blinding);
        assert_eq!(own.len(), 64);
        vaulted.text(&["open", &item, "--served", &served, "--force"]);
        assert_eq!(key(&served, &blinding), own, "the same each time");
        // After a rotation, too; and another user has another key.
        vaulted.json(&["rotate", &set]);
        vaulted.text(&["open", &item, "--served", &served, "--force"]);
        assert_eq!(key(&served, &blinding), own, "{set}");
        let other = arg(&format!("{set}.other"));
        process::text(&["vault", "blinding", "--scheme", scheme, "--out", &other]);
        assert_ne!(key(&served, &other), own);
        let said = process::refusal(&["vault", "blinding", "--out", &other], 1);
        assert!(said.contains("is there already"), "{said}");
        vaulted.text(&["create", &format!("{set}/b")]);
        let plain = format!("{set}/b");
        let said = vaulted.refusal(&["open", &plain, "--served", &arg("none")]);
        assert!(said.contains("not blinded by a user"), "{said}");
    }
    let [one, other] = ["p384-blinded", "ristretto255-optimised"];
    let (served, blinding) = (
        arg(&format!("{one}.served")),
        arg(&format!("{other}.blinding")),
    );
    let line = [
        "vault",
        "unblind",
        &served,
        "--blinding",
        &blinding,
        "--hex",
    ];
    let said = process::refusal(&line, 1);
    assert!(
        said.contains("ristretto255") && said.contains("p384"),
        "{said}"
    );
    let line = [
        "vault",
        "unblind",
        &blinding,
        "--blinding",
        &blinding,
        "--hex",
    ];
    assert!(process::refusal(&line, 1).contains("no served key"));
}
