//! As whom the vault is asked, and where: the enrolled host of the state directory, and its hubs.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

use crate::args::Common;
use crate::exit::Failure;
use crate::settings;
use photonbox_client::{Appliance, Credentials, Error, OsRandom};
use photonbox_daemon::{API_PORT, state_dir};
use photonbox_store::{Role, SqliteStore, Store as _};

/// Where an appliance keeps its part, in the host's state directory.
const FOLDER: &str = "vault";

/// Where the vault is.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct HubArgs {
    /// HTTP interfaces of the hubs, HOST[:PORT], tried in this order [default port: 4502; default hosts: the `hubs` of [join] in
    /// the configuration].
    #[arg(
        long = "hub",
        value_name = "ADDR",
        env = "PHOTONBOX_VAULT_HUB",
        value_delimiter = ','
    )]
    hubs: Vec<String>,
}

/// A set, or an item in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) set: String,
    pub(crate) item: Option<String>,
}

impl FromStr for Target {
    type Err = String;

    /// A set's name has no slash; an item's may have.
    fn from_str(text: &str) -> Result<Self, String> {
        let (set, item) = match text.split_once('/') {
            Some((set, item)) => (set, Some(item)),
            None => (text, None),
        };
        if set.is_empty() || item == Some("") {
            return Err("write SET or SET/ITEM".to_owned());
        }
        Ok(Self {
            set: set.to_owned(),
            item: item.map(str::to_owned),
        })
    }
}

/// An item in a set.
#[derive(Clone, Debug)]
pub(crate) struct ItemTarget {
    pub(crate) set: String,
    pub(crate) item: String,
}

impl FromStr for ItemTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.parse()? {
            Target {
                set,
                item: Some(item),
            } => Ok(Self { set, item }),
            Target { .. } => Err("write SET/ITEM".to_owned()),
        }
    }
}

/// The host and the port in it, if there is one.
fn split(address: &str) -> (&str, Option<u16>) {
    if address.parse::<IpAddr>().is_ok() {
        return (address, None);
    }
    match address.rsplit_once(':') {
        Some((host, port)) => match port.parse() {
            Ok(port) => (host, Some(port)),
            Err(_) => (address, None),
        },
        None => (address, None),
    }
}

fn joined(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(ip) => SocketAddr::new(ip, port).to_string(),
        Err(_) => format!("{host}:{port}"),
    }
}

/// Addresses that were given, else the hosts of the configuration's channels, whose port is another one.
fn addresses(given: &[String], configured: &[String]) -> Vec<String> {
    let list = |all: &[String], port: fn(Option<u16>) -> u16| {
        let all = all.iter().flat_map(|list| list.split(','));
        let all = all.map(str::trim).filter(|address| !address.is_empty());
        let full = all.map(|address| {
            let (host, found) = split(address);
            joined(host, port(found))
        });
        full.collect::<Vec<_>>()
    };
    let given = list(given, |found| found.unwrap_or(API_PORT));
    if given.is_empty() {
        return list(configured, |_| API_PORT);
    }
    given
}

/// Does something as this host's appliance.
pub(crate) fn with<T>(
    hub: &HubArgs,
    common: &Common,
    work: impl AsyncFnOnce(&Appliance) -> Result<T, Error>,
) -> anyhow::Result<T> {
    let config = super::load(common)?;
    let hubs = addresses(&hub.hubs, &config.join.hubs);
    if hubs.is_empty() {
        return Err(Failure::usage(
            "no hub to ask",
            "give --hub ADDR[,ADDR…], or hubs in the [join] table of the configuration",
        ));
    }
    let state = state_dir::resolve(config.state.as_deref())?;
    let own = SqliteStore::open(&state)?.identity()?;
    if own.role != Role::Host {
        return Err(Failure::failed(
            format!("this state directory belongs to the hub `{}`", own.name),
            "give --state a directory that was enrolled with `photonbox enroll`",
        ));
    }
    let credentials = Credentials::new(
        &own.certificate,
        own.private_key.as_slice(),
        &own.ca_certificate,
    )?;
    let appliance = Appliance::new(&credentials, hubs, &state.join(FOLDER), OsRandom::shared())?;
    if !photonbox_secret::lock_state().all_locked() {
        tracing::warn!("keys are not locked in memory: raise the memlock limit (ulimit -l)");
    }
    Ok(settings::runtime()?.block_on(work(&appliance))?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_ends_at_the_first_slash() {
        let parsed = |text: &str| text.parse::<Target>().map(|t| (t.set, t.item));
        assert_eq!(parsed("a"), Ok(("a".into(), None)));
        assert_eq!(parsed("a/b/c"), Ok(("a".into(), Some("b/c".into()))));
        assert_eq!(parsed("a//b"), Ok(("a".into(), Some("/b".into()))));
        for wrong in ["", "/", "a/", "/b"] {
            assert!(parsed(wrong).is_err(), "{wrong}");
        }
        assert!("a".parse::<ItemTarget>().is_err());
    }

    #[test]
    fn channels_have_another_port() {
        let text = |all: &[&str]| all.iter().map(|&one| one.to_owned()).collect::<Vec<_>>();
        let given = text(&["a,b:1", " 10.0.0.1 ", "::1", "[::1]:7"]);
        let full = ["a:4502", "b:1", "10.0.0.1:4502", "[::1]:4502", "[::1]:7"];
        assert_eq!(addresses(&given, &text(&["x"])), full);
        let configured = text(&["x:4501", "y", "[::1]:4501"]);
        assert_eq!(
            addresses(&[], &configured),
            ["x:4502", "y:4502", "[::1]:4502"]
        );
    }
}
