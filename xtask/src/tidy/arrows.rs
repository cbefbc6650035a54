//! Arrows between crates go one way, and the sans-IO crates stay that way.

use anyhow::{Context, Result};
use serde_json::Value;

/// A workspace member and what it names as dependencies.
#[derive(Debug, Clone)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) normal: Vec<String>,
    pub(crate) dev: Vec<String>,
}

/// Who may point at whom. A member that is missing here is a complaint: the graph is drawn on purpose.
const ARROWS: &[(&str, &[&str])] = &[
    ("photonbox-regmap", &[]),
    ("photonbox-model", &["photonbox-regmap"]),
    (
        "photonbox-cores",
        &["photonbox-regmap", "photonbox-model", "photonbox-cosim"],
    ),
    (
        "photonbox-boards",
        &[
            "photonbox-regmap",
            "photonbox-model",
            "photonbox-cores",
            "photonbox-cosim",
        ],
    ),
    ("photonbox-cosim", &[]),
    ("photonbox-keybox", &["photonbox-secret"]),
    ("photonbox-hpke", &["photonbox-secret"]),
    (
        "photonbox-custody",
        &["photonbox-secret", "photonbox-hpke", "photonbox-signed"],
    ),
    ("photonbox-signed", &[]),
    (
        "photonbox-vault",
        &["photonbox-secret", "photonbox-hpke", "photonbox-signed"],
    ),
    ("photonbox-driver", &["photonbox-regmap"]),
    (
        "photonbox-simcard",
        &[
            "photonbox-regmap",
            "photonbox-model",
            "photonbox-driver",
            "photonbox-cosim",
            // For tests: the reference engine.
            "photonbox-keybox",
        ],
    ),
    ("photonbox-secret", &[]),
    ("photonbox-entropy", &["photonbox-secret"]),
    ("photonbox-ecdh", &["photonbox-secret"]),
    (
        "photonbox-channel",
        &["photonbox-secret", "photonbox-ecdh", "photonbox-hpke"],
    ),
    ("photonbox-store", &["photonbox-secret"]),
    (
        "photonbox-client",
        &["photonbox-secret", "photonbox-channel", "photonbox-vault"],
    ),
    (
        "photonbox-api",
        &[
            "photonbox-secret",
            "photonbox-channel",
            "photonbox-store",
            "photonbox-vault",
        ],
    ),
    (
        "photonbox-simulate",
        &["photonbox-channel", "photonbox-entropy"],
    ),
    (
        "photonbox-daemon",
        &[
            "photonbox-secret",
            "photonbox-api",
            "photonbox-client",
            "photonbox-vault",
            "photonbox-entropy",
            "photonbox-channel",
            "photonbox-store",
            "photonbox-keybox",
            "photonbox-regmap",
            "photonbox-driver",
            "photonbox-simcard",
        ],
    ),
    (
        "photonbox",
        &[
            "photonbox-simulate",
            "photonbox-secret",
            "photonbox-entropy",
            "photonbox-channel",
            "photonbox-client",
            "photonbox-custody",
            "photonbox-store",
            "photonbox-vault",
            "photonbox-keybox",
            "photonbox-daemon",
            "photonbox-regmap",
            "photonbox-model",
            "photonbox-driver",
            "photonbox-simcard",
        ],
    ),
    ("xtask", &["photonbox-regmap", "photonbox-boards"]),
];

/// Crates that take time and random bytes as arguments; they may not even link what would give them either.
const SANS_IO: &[&str] = &[
    "photonbox-entropy",
    "photonbox-channel",
    "photonbox-keybox",
    "photonbox-vault",
    "photonbox-custody",
    "photonbox-simulate",
];
const IO_CRATES: &[&str] = &[
    "tokio",
    "mio",
    "socket2",
    "getrandom",
    "rand",
    "rusqlite",
    "libc",
    "nix",
    "tokio-rustls",
];

/// Crates that must not depend on anything at all.
const BARE: &[&str] = &["photonbox-regmap"];

/// Reads the members out of `cargo metadata`.
pub(crate) fn packages(metadata: &Value) -> Result<Vec<Package>> {
    let list = metadata["packages"]
        .as_array()
        .context("cargo metadata has no packages")?;
    Ok(list
        .iter()
        .map(|package| {
            let names = |dev: bool| {
                package["dependencies"]
                    .as_array()
                    .into_iter()
                    .flatten()
                    .filter(|d| (d["kind"].as_str() == Some("dev")) == dev)
                    .filter_map(|d| d["name"].as_str().map(str::to_owned))
                    .collect()
            };
            Package {
                name: package["name"].as_str().unwrap_or_default().to_owned(),
                normal: names(false),
                dev: names(true),
            }
        })
        .collect())
}

/// Complaints about dependencies that go against the graph.
pub(crate) fn check(packages: &[Package]) -> Vec<String> {
    let mut complaints = Vec::new();
    for package in packages {
        let name = package.name.as_str();
        if name.ends_with("util") || name.ends_with("utils") || name.ends_with("common") {
            complaints.push(format!("crate {name}: name it after what it is for"));
        }
        let Some((_, allowed)) = ARROWS.iter().find(|(from, _)| *from == name) else {
            complaints.push(format!(
                "crate {name} has no row in the table of arrows (xtask/src/tidy/arrows.rs)"
            ));
            continue;
        };
        for dependency in package.normal.iter().chain(&package.dev) {
            let ours = packages.iter().any(|p| p.name == *dependency);
            if ours && !allowed.contains(&dependency.as_str()) {
                complaints.push(format!("crate {name} may not point at {dependency}"));
            }
        }
        if BARE.contains(&name) && !package.normal.is_empty() {
            complaints.push(format!(
                "crate {name} depends on nothing, by rule; it has {:?}",
                package.normal
            ));
        }
        if SANS_IO.contains(&name) {
            for dependency in package
                .normal
                .iter()
                .filter(|d| IO_CRATES.contains(&d.as_str()))
            {
                complaints.push(format!(
                    "crate {name} is sans-IO and may not depend on {dependency}"
                ));
            }
        }
    }
    complaints
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, normal: &[&str]) -> Package {
        Package {
            name: name.into(),
            normal: normal.iter().map(|s| (*s).into()).collect(),
            dev: Vec::new(),
        }
    }

    #[test]
    fn an_arrow_the_right_way_is_fine() {
        let graph = [
            package("photonbox-regmap", &[]),
            package("photonbox-model", &["photonbox-regmap"]),
        ];
        assert_eq!(check(&graph), Vec::<String>::new());
    }

    #[test]
    fn an_arrow_the_wrong_way_is_a_complaint() {
        let graph = [
            package("photonbox-model", &["photonbox-regmap"]),
            package("photonbox-driver", &["photonbox-model"]),
            package("photonbox-regmap", &[]),
        ];
        assert_eq!(
            check(&graph),
            ["crate photonbox-driver may not point at photonbox-model"]
        );
    }

    #[test]
    fn io_in_a_sans_io_crate_is_a_complaint() {
        let complaints = check(&[package("photonbox-channel", &["tokio"])]);
        assert_eq!(
            complaints,
            ["crate photonbox-channel is sans-IO and may not depend on tokio"]
        );
    }

    #[test]
    fn an_unknown_member_or_a_name_without_meaning_is_a_complaint() {
        assert_eq!(check(&[package("photonbox-util", &[])]).len(), 2);
    }

    #[test]
    fn the_register_map_depends_on_nothing() {
        assert_eq!(check(&[package("photonbox-regmap", &["serde"])]).len(), 1);
    }
}
