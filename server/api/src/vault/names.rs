//! Names that come from outside: bounded, and harmless in logs and paths.

use photonbox_vault::api::{Agent, CreateSet, Protocol};
use photonbox_vault::group::Scheme;
use photonbox_vault::item::MAX_NAME;
use photonbox_vault::note;

use super::engine::Engine;
use crate::problem::Refusal;

/// The most agents of a set.
const MAX_AGENTS: usize = 8;
/// The longest address of an agent.
const MAX_ADDRESS: usize = 255;

fn bad(what: impl Into<String>) -> Refusal {
    Refusal::Bad(what.into())
}

/// The name of a set or an agent: it becomes part of paths.
pub(crate) fn id(what: &str, name: &str) -> Result<(), Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = name
        .bytes()
        .next()
        .is_some_and(|first| first.is_ascii_alphanumeric());
    if begins && name.len() <= 63 && name.bytes().all(plain) {
        return Ok(());
    }
    Err(bad(format!(
        "the {what} is not 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first"
    )))
}

/// The name of an item: a path of a file, say.
pub(crate) fn item(name: &str) -> Result<(), Refusal> {
    if (1..=MAX_NAME).contains(&name.len()) && !name.chars().any(char::is_control) {
        return Ok(());
    }
    Err(bad(
        "the item's name is not 1 to 255 bytes without control characters",
    ))
}

/// What a set is to be; group and protocol.
pub(crate) fn set(asked: &CreateSet) -> Result<Engine, Refusal> {
    id("set's name", &asked.set)?;
    let scheme = Scheme::of_name(&asked.scheme)
        .ok_or_else(|| bad("the scheme is not p384, ristretto255 or paillier3072"))?;
    let protocol = asked.protocol.unwrap_or(match asked.agents.len() {
        0 => Protocol::Blinded,
        1 => Protocol::Three,
        _ => Protocol::N,
    });
    let right = match protocol {
        Protocol::Three => 1..=1,
        Protocol::N => 2..=MAX_AGENTS,
        _ => 0..=0,
    };
    if !right.contains(&asked.agents.len()) {
        return Err(bad(format!(
            "{} agents; `three` has one, `n` two to {MAX_AGENTS}, the others none",
            asked.agents.len()
        )));
    }
    asked.agents.iter().try_for_each(agent)?;
    for (at, agent) in asked.agents.iter().enumerate() {
        if asked.agents[..at]
            .iter()
            .any(|other| other.host == agent.host)
        {
            return Err(bad(
                "an agent is named twice; one that is robbed would be two",
            ));
        }
    }
    if !note::is_public_key(asked.hpke_key.as_slice()) {
        return Err(bad(
            "hpke_key is not an uncompressed point of P-384, 97 bytes",
        ));
    }
    Ok(Engine { scheme, protocol })
}

fn agent(agent: &Agent) -> Result<(), Refusal> {
    id("agent's id", &agent.host)?;
    let address = agent.address.as_str();
    let port = address
        .rsplit_once(':')
        .and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
    let plain = |byte: u8| byte.is_ascii_graphic();
    match port {
        Some((host, 1..))
            if !host.is_empty() && address.len() <= MAX_ADDRESS && address.bytes().all(plain) =>
        {
            Ok(())
        }
        _ => Err(bad("an agent's address is not HOST:PORT")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use photonbox_vault::api::Bytes;

    fn asked(agents: usize, protocol: Option<Protocol>) -> CreateSet {
        CreateSet {
            set: "tenant-1".into(),
            scheme: "p384".into(),
            protocol,
            agents: (0..agents)
                .map(|number| Agent {
                    host: format!("agent{number}"),
                    address: format!("10.0.0.{number}:4502"),
                })
                .collect(),
            appliances_keep_shares: false,
            hpke_key: Bytes::new(crate::tests::hpke_key().1),
        }
    }

    #[test]
    fn the_protocol_follows_from_the_agents_where_none_is_named() {
        let usual = [Protocol::Blinded, Protocol::Three, Protocol::N, Protocol::N];
        for (agents, protocol) in usual.into_iter().enumerate() {
            let engine = set(&asked(agents, None)).expect("good");
            assert_eq!(engine.protocol, protocol);
        }
    }

    #[test]
    fn agents_that_do_not_fit_the_protocol_are_refused() {
        use Protocol::{Blinded, Homomorphic, N, Optimised, Three};
        let wrong = [
            (1, Blinded),
            (2, Homomorphic),
            (1, Optimised),
            (0, Three),
            (2, Three),
            (1, N),
            (9, N),
        ];
        for (agents, protocol) in wrong {
            assert!(set(&asked(agents, Some(protocol))).is_err(), "{protocol}");
        }
        let mut twice = asked(2, None);
        twice.agents[1].host = twice.agents[0].host.clone();
        assert!(set(&twice).is_err());
        for address in ["", "host", "host:", ":1", "host:0", "host:65536", "a b:1"] {
            let mut wrong = asked(1, None);
            wrong.agents[0].address = address.into();
            assert!(set(&wrong).is_err(), "{address}");
        }
    }

    #[test]
    fn names_that_could_be_taken_for_something_else_are_refused() {
        for name in ["", "-a", ".a", "a/b", "a b", "ä", &"a".repeat(64)] {
            assert!(id("set's name", name).is_err(), "{name}");
        }
        assert!(item("/var/lib/ä b.img").is_ok());
        for name in ["", "a\nb", "a\u{85}b", &"a".repeat(256)] {
            assert!(item(name).is_err(), "{name}");
        }
    }
}
