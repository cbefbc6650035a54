//! The address of a PostgreSQL database, and how much of the way to it is trusted.
//!
//! A Unix socket needs no TLS. Everything else is TLS, under the CA that `sslrootcert` names, with the server's name in its
//! certificate; `sslmode=disable` is taken for loopback addresses only. There is no "TLS if the server has it".
//!
//! Countermeasure T31 (`docs/threat-model.md`).

use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::{Error, Result};

/// How long one connection may take to be made.
const CONNECT: Duration = Duration::from_secs(3);
/// A server that is gone without a word is noticed after this.
const SILENCE: Duration = Duration::from_secs(10);

/// What lies between here and the database.
#[derive(Clone)]
pub(super) enum Way {
    Plain(NoTls),
    Tls(MakeRustlsConnect),
}

/// Where a database is.
#[derive(Clone)]
pub(super) struct Address {
    pub(super) config: Config,
    pub(super) way: Way,
    /// Without the password.
    pub(super) shown: PathBuf,
}

impl std::fmt::Debug for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Address")
            .field("shown", &self.shown)
            .finish_non_exhaustive()
    }
}

fn bad(reason: impl Into<String>) -> Error {
    Error::Address {
        reason: reason.into(),
    }
}

/// The options of a URL that are ours to read, and the URL without them.
#[derive(Default)]
struct Ours {
    root: Option<PathBuf>,
    password: Option<PathBuf>,
    verify: bool,
}

/// Takes our options off a URL.
fn split(url: &str) -> Result<(String, Ours)> {
    let mut ours = Ours::default();
    let Some((base, options)) = url.split_once('?') else {
        return Ok((url.to_owned(), ours));
    };
    let mut rest = Vec::new();
    for option in options.split('&') {
        match option.split_once('=') {
            Some(("sslrootcert", file)) => ours.root = Some(decoded(file)?.into()),
            Some(("passwordfile", file)) => ours.password = Some(decoded(file)?.into()),
            // It is always so; whoever writes it down is right.
            Some(("sslmode", "verify-full")) => ours.verify = true,
            Some(("sslmode", mode)) if !matches!(mode, "disable" | "require") => {
                return Err(bad(format!(
                    "sslmode={} is not among verify-full, require and disable",
                    mode.escape_default()
                )));
            }
            _ => rest.push(option),
        }
    }
    let rest = rest.join("&");
    let url = if rest.is_empty() {
        base.to_owned()
    } else {
        format!("{base}?{rest}")
    };
    Ok((url, ours))
}

/// `%2F` and the like in a value.
fn decoded(text: &str) -> Result<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        let (Some(high), Some(low)) = (digit(rest.next()), digit(rest.next())) else {
            return Err(bad("a % is not followed by two hexadecimal digits"));
        };
        bytes.push((16 * high + low) as u8);
    }
    String::from_utf8(bytes).map_err(|_| bad("an option is not UTF-8"))
}

fn is_loopback(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            name == "localhost"
                || name
                    .trim_matches(['[', ']'])
                    .parse::<std::net::IpAddr>()
                    .is_ok_and(|address| address.is_loopback())
        }
    }
}

/// The database as errors name it: `postgres://user@host:port/name`.
fn shown(config: &Config) -> PathBuf {
    let ports = config.get_ports();
    let hosts: Vec<String> = config
        .get_hosts()
        .iter()
        .enumerate()
        .map(|(index, host)| {
            let port = ports.get(index).or(ports.first()).unwrap_or(&5432);
            match host {
                Host::Tcp(name) => format!("{name}:{port}"),
                Host::Unix(path) => format!("{}:{port}", path.display()),
            }
        })
        .collect();
    format!(
        "postgres://{}@{}/{}",
        config.get_user().unwrap_or_default(),
        hosts.join(","),
        config.get_dbname().unwrap_or_default(),
    )
    .into()
}

impl Address {
    /// Reads a URL, and the files that it names.
    pub(super) fn parse(url: &str) -> Result<Self> {
        let (url, ours) = split(url)?;
        // Its words name no secret: an option, or what is missing.
        let mut config = Config::from_str(&url).map_err(|error| {
            let reason = std::error::Error::source(&error)
                .map_or_else(|| error.to_string(), ToString::to_string);
            bad(reason)
        })?;
        if config.get_hosts().is_empty() {
            return Err(bad("it names no host"));
        }
        if config.get_user().is_none() || config.get_dbname().is_none() {
            return Err(bad("it names no user or no database"));
        }
        if !config.get_hostaddrs().is_empty() {
            return Err(bad("hostaddr is not taken: give the host's name"));
        }
        if let Some(file) = &ours.password {
            let text = read_file(file)?;
            config.password(text.trim_end_matches(['\r', '\n']).as_bytes());
        }
        let local = config
            .get_hosts()
            .iter()
            .all(|host| matches!(host, Host::Unix(_)));
        let plain = local || (config.get_ssl_mode() == SslMode::Disable && !ours.verify);
        if plain && !config.get_hosts().iter().all(is_loopback) {
            return Err(bad("sslmode=disable is for loopback addresses only"));
        }
        let way = if plain {
            config.ssl_mode(SslMode::Disable);
            Way::Plain(NoTls)
        } else {
            config.ssl_mode(SslMode::Require);
            let root = ours.root.ok_or_else(|| {
                bad("it names no CA for the server's certificate: add sslrootcert=FILE")
            })?;
            Way::Tls(MakeRustlsConnect::new(tls(&root)?))
        };
        config
            .application_name("photonbox")
            .connect_timeout(CONNECT)
            .tcp_user_timeout(SILENCE)
            .keepalives_idle(SILENCE);
        let shown = shown(&config);
        Ok(Self { config, way, shown })
    }
}

fn read_file(path: &std::path::Path) -> Result<zeroize::Zeroizing<String>> {
    std::fs::read_to_string(path)
        .map(zeroize::Zeroizing::new)
        .map_err(|error| Error::Io {
            action: "read",
            path: path.to_owned(),
            error,
        })
}

fn tls(root: &std::path::Path) -> Result<ClientConfig> {
    let wrong = |reason: String| bad(format!("sslrootcert {}: {reason}", root.display()));
    let mut roots = RootCertStore::empty();
    let certificates =
        CertificateDer::pem_file_iter(root).map_err(|error| wrong(error.to_string()))?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots
            .add(certificate)
            .map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate".into()));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| wrong(error.to_string()))?;
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn refused(url: &str) -> String {
        Address::parse(url).unwrap_err().to_string()
    }

    #[test]
    fn what_would_travel_in_the_clear_is_refused() {
        for (url, word) in [
            ("postgres://u:p@db.example/d?sslmode=disable", "loopback"),
            (
                "postgres://u:p@127.0.0.1,db.example/d?sslmode=disable",
                "loopback",
            ),
            ("postgres://u:p@db.example/d?sslmode=prefer", "prefer"),
            ("postgres://u:p@db.example/d", "sslrootcert"),
            ("postgres://u:p@localhost/d?sslmode=require", "sslrootcert"),
            (
                "postgres://u:p@127.0.0.1/d?sslmode=verify-full",
                "sslrootcert",
            ),
            (
                "postgres://u:p@127.0.0.1/d?sslmode=disable&sslmode=verify-full",
                "sslrootcert",
            ),
            (
                "postgres://u:p@h/d?hostaddr=127.0.0.1&sslmode=disable",
                "hostaddr",
            ),
        ] {
            let reason = refused(url);
            assert!(reason.contains(word), "{url}: {reason}");
            assert!(!reason.contains(":p@"), "{reason}");
        }
    }

    #[test]
    fn what_names_no_database_is_refused() {
        for (url, word) in [
            ("postgres:///d?user=u", "host"),
            ("postgres://h/d", "user"),
            ("postgres://u@h", "database"),
            ("postgres://u@h/d?sslrotcert=x", "sslrotcert"),
            ("postgres://u@h/d?passwordfile=%zz", "%"),
            (
                "postgres://u@h/d?sslrootcert=/none/such.pem",
                "/none/such.pem",
            ),
        ] {
            let reason = refused(url);
            assert!(reason.contains(word), "{url}: {reason}");
        }
    }

    #[test]
    fn a_password_is_not_shown_and_may_stand_in_a_file() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("pass word");
        std::fs::write(&file, "geheim\n").unwrap();
        let escaped = file.to_str().unwrap().replace(' ', "%20");
        for url in [
            "postgres://u:geheim@127.0.0.1:7/d?sslmode=disable".to_owned(),
            format!("postgresql://u@127.0.0.1:7/d?sslmode=disable&passwordfile={escaped}"),
        ] {
            let address = Address::parse(&url).unwrap();
            assert_eq!(address.config.get_password(), Some(&b"geheim"[..]));
            assert_eq!(
                address.shown.to_str().unwrap(),
                "postgres://u@127.0.0.1:7/d"
            );
            assert!(!format!("{address:?}").contains("geheim"));
        }
        let socket = Address::parse("postgres://u@%2Frun%2Fpg/d").unwrap();
        assert_eq!(
            socket.shown.to_str().unwrap(),
            "postgres://u@/run/pg:5432/d"
        );
    }
}
