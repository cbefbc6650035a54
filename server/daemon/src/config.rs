//! The configuration file: TOML, one table per group of options, nothing unknown in it.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::boxes::BoxOptions;
use crate::options::{CardOptions, JoinOptions, LimitOptions, RekeyOptions, ServeOptions};
use crate::tunnel::TunnelOptions;
use crate::{CertificateOptions, Error, Result, StoreOptions};

/// A configuration file. All keys are optional; an unknown one is an error that names its line.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// State directory (as `--state`).
    pub state: Option<PathBuf>,
    /// Filter of the logs (as `--log`), such as `info` or `photonbox_daemon=debug`.
    pub log: Option<String>,
    /// Where a hub's store is.
    pub store: StoreOptions,
    /// What `serve` takes.
    pub serve: ServeOptions,
    /// What `join` takes.
    pub join: JoinOptions,
    /// The card of `serve`, `card` and `demo`.
    pub card: CardOptions,
    /// Rekeying of all channels.
    pub rekey: RekeyOptions,
    /// Bounds of a hub or relay.
    pub limits: LimitOptions,
    /// Key boxes of a hub.
    pub boxes: BoxOptions,
    /// Lives of certificates.
    pub certificates: CertificateOptions,
    /// What `tunnel up` takes.
    pub tunnel: TunnelOptions,
}

impl Config {
    /// Reads a file.
    ///
    /// # Errors
    /// A usage error that names file and line.
    pub fn load(path: &Path) -> Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            Error::usage(
                format!("cannot read the configuration {}: {error}", path.display()),
                "give --config a readable TOML file",
            )
        })?;
        Self::parse(&text).map_err(|(line, reason)| {
            Error::usage(
                format!("{} line {line}: {reason}", path.display()),
                "correct that line; docs/operations.md lists every key",
            )
        })
    }

    /// Reads TOML text; an error is (line, reason).
    fn parse(text: &str) -> std::result::Result<Self, (usize, String)> {
        toml::from_str(text).map_err(|error| {
            let start = error.span().map_or(0, |span| span.start).min(text.len());
            let line = 1 + text.as_bytes()[..start]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            (line, error.message().replace('\n', " "))
        })
    }

    /// The options of `serve`, all tables put together.
    #[must_use]
    pub fn serve_options(&self) -> ServeOptions {
        ServeOptions {
            state: self.state.clone(),
            store: self.store.clone(),
            card: self.card.clone(),
            rekey: self.rekey.clone(),
            limits: self.limits.clone(),
            boxes: self.boxes.clone(),
            certificates: self.certificates.clone(),
            ..self.serve.clone()
        }
    }

    /// The options of `join`, all tables put together.
    #[must_use]
    pub fn join_options(&self) -> JoinOptions {
        JoinOptions {
            state: self.state.clone(),
            rekey: self.rekey.clone(),
            limits: self.limits.clone(),
            certificates: self.certificates.clone(),
            ..self.join.clone()
        }
    }

    /// The options of `tunnel up`.
    #[must_use]
    pub fn tunnel_options(&self) -> TunnelOptions {
        TunnelOptions {
            state: self.state.clone(),
            // A gateway has no sinks, and nobody behind it on its channel.
            join: JoinOptions {
                sinks: Vec::new(),
                relay: None,
                ..self.join_options()
            },
            ..self.tunnel.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::options::{Class, SinkSpec};

    #[test]
    fn tables_come_together_and_the_rest_is_default() {
        let config = Config::parse(
            "state = \"s\"\n[serve]\nlisten = \"127.0.0.1:1\"\n[join]\nsinks = [\"egd:unix:q\"]\n\
             class = \"full\"\n[card]\nholdoff = 31\ngather_slots = 16\n[rekey]\npackets = 20\n[limits]\nmax_hops = 3\n\
             [certificates]\nlife_seconds = 86400\n[store]\nurl = \"postgres://u:geheim@h/d\"\n",
        )
        .expect("valid");
        let serve = config.serve_options();
        assert_eq!(serve.listen, "127.0.0.1:1");
        assert_eq!(serve.card.holdoff, 31);
        assert_eq!((serve.card.gather_slots, serve.card.gather_ms), (16, 10));
        assert_eq!(serve.card.claimed_h, 0.5);
        assert_eq!(serve.rekey.packets, Some(20));
        assert_eq!(serve.limits.max_hops, 3);
        assert_eq!(serve.certificates.life_seconds, 86_400);
        assert_eq!(serve.certificates.renew_left_percent, 33);
        assert_eq!(serve.state, Some("s".into()));
        assert_eq!(serve.store.url.as_deref(), Some("postgres://u:geheim@h/d"));
        assert!(!format!("{serve:?}").contains("geheim"));
        let of_role = |role: &str| Config::parse(&format!("[{role}]\nmetrics = \"[::1]:1\"\n"));
        let [serve, join, tunnel] = ["serve", "join", "tunnel"].map(|role| {
            let config = of_role(role).expect("valid");
            let options = (config.serve_options(), config.join_options());
            let all = [
                options.0.metrics,
                options.1.metrics,
                config.tunnel_options().metrics,
            ];
            all.map(|metrics| metrics.is_some())
        });
        // Each for itself: a machine may have all three.
        assert_eq!(serve, [true, false, false]);
        assert_eq!(join, [false, true, false]);
        assert_eq!(tunnel, [false, false, true]);
        let join = config.join_options();
        assert_eq!(join.sinks, [SinkSpec::EgdUnix("q".into())]);
        assert_eq!(join.class, Class::Full);
        assert_eq!(join.rekey.packets, Some(20));
    }

    #[test]
    fn unknown_keys_and_bad_values_name_their_line() {
        for (text, line, word) in [
            ("[serve]\nlisten = \"a\"\nport = 3\n", 3, "port"),
            ("\n\nstat = 1\n", 3, "stat"),
            ("[card]\nholdoff = -1\n", 2, "-1"),
            ("[join]\nsinks = [\"disk:x\"]\n", 2, "disk:x"),
            ("[join\n", 1, ""),
        ] {
            let (at, reason) = Config::parse(text).expect_err(text);
            assert_eq!(at, line, "{text}: {reason}");
            assert!(reason.contains(word), "{reason}");
            assert!(!reason.contains('\n'));
        }
    }

    #[test]
    fn the_file_is_named() {
        let missing = Config::load(Path::new("no/such.toml")).expect_err("missing");
        assert_eq!(missing.exit_code(), 2);
        assert!(missing.to_string().contains("no/such.toml"));
    }
}
