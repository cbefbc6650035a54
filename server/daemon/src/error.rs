//! What can go wrong at the edge, and the exit code each failure maps to (`8-cli`).

use std::net::SocketAddr;
use std::path::PathBuf;

/// Result of the daemon's entry points.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// A failure of an entry point. `Display` says what failed on one line; [`Error::help`] says what
/// to do about it, also on one line; [`Error::exit_code`] is the process's exit code.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The command was used wrongly (exit code 2).
    #[error("{what}")]
    Usage {
        /// What is wrong with the call.
        what: String,
        /// What to write instead.
        help: String,
    },
    /// Something failed (exit code 1).
    #[error("{what}")]
    Failed {
        /// What failed.
        what: String,
        /// What to do.
        help: String,
    },
    /// No healthy source of entropy (exit code 3).
    #[error("{what}")]
    Unhealthy {
        /// What is unhealthy.
        what: String,
        /// What to do.
        help: String,
    },
    /// State or memory is locked, or cannot be locked when it must be (exit code 4).
    #[error("{what}")]
    Locked {
        /// What is locked.
        what: String,
        /// What to do.
        help: String,
    },
    /// The state directory's database said no.
    #[error("{0}")]
    Store(#[from] photonbox_store::Error),
    /// The address is taken.
    #[error("cannot listen on {address}: the port is in use")]
    PortInUse {
        /// The address that was asked for.
        address: String,
    },
    /// The hub's only source is simulated or replayed and that was not allowed.
    #[error("the photon source is {label}, and a hub serves only a real one by default")]
    SimulatedRefused {
        /// `simulated` or `replayed`.
        label: &'static str,
    },
    /// A sink cannot be written.
    #[error("cannot write to sink {sink}: {reason}")]
    Sink {
        /// The sink as given on the command line.
        sink: String,
        /// Why, in one line.
        reason: String,
        /// What to do.
        help: String,
    },
    /// Nobody answers on the control socket.
    #[error("no running hub or host answers on {path}: {reason}")]
    ControlUnreachable {
        /// The socket's path.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// The peer refused an enrolment.
    #[error("the hub at {hub} refused the enrolment: {reason}")]
    EnrolmentRefused {
        /// The hub's address.
        hub: String,
        /// The hub's one-line reason.
        reason: String,
    },
    /// The hub refused to renew a certificate.
    #[error("the hub at {hub} refused to renew the certificate: {reason}")]
    RenewalRefused {
        /// The address that was asked.
        hub: String,
        /// The hub's one-line reason.
        reason: String,
    },
}

impl Error {
    /// A plain failure: what, and what to do.
    pub fn failed(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Failed {
            what: what.into(),
            help: help.into(),
        }
    }

    /// A wrong use: what, and what to write instead.
    pub fn usage(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Usage {
            what: what.into(),
            help: help.into(),
        }
    }

    /// An unhealthy source: what, and what to do.
    pub fn unhealthy(what: impl Into<String>, help: impl Into<String>) -> Self {
        Self::Unhealthy {
            what: what.into(),
            help: help.into(),
        }
    }

    /// Exit code of `8-cli`: 1 failed, 2 wrong usage, 3 unhealthy source, 4 locked.
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Usage { .. } => 2,
            Self::Unhealthy { .. } => 3,
            Self::Locked { .. }
            | Self::Store(
                photonbox_store::Error::Locked { .. } | photonbox_store::Error::SecretsLocked,
            ) => 4,
            Self::Store(photonbox_store::Error::Address { .. }) => 2,
            _ => 1,
        }
    }

    /// One line that says what to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Usage { help, .. }
            | Self::Failed { help, .. }
            | Self::Unhealthy { help, .. }
            | Self::Locked { help, .. }
            | Self::Sink { help, .. } => help.clone(),
            Self::Store(error) => error.help().to_owned(),
            Self::PortInUse { .. } => {
                "stop the other program or choose another address with --listen".into()
            }
            Self::SimulatedRefused { .. } => {
                "attach a card, or start with --allow-simulated to serve it under that label".into()
            }
            Self::ControlUnreachable { .. } => {
                "start `photonbox serve` or `photonbox join` with the same --state first".into()
            }
            Self::RenewalRefused { .. } => {
                "ask the hub's operator; enrol anew into another --state with a fresh token (photonbox enroll token)".into()
            }
            Self::EnrolmentRefused { .. } => {
                "ask the hub's operator for a fresh token (photonbox enroll token)".into()
            }
        }
    }

    /// A bind failure with its own variant for the common cause.
    pub(crate) fn bind(address: impl ToString, error: &std::io::Error) -> Self {
        if error.kind() == std::io::ErrorKind::AddrInUse {
            Self::PortInUse {
                address: address.to_string(),
            }
        } else {
            Self::failed(
                format!("cannot listen on {}: {error}", address.to_string()),
                "choose an address of this machine and a port that you may bind",
            )
        }
    }
}

/// Splits `HOST:PORT[,HOST:PORT…]` and adds the default port where none is given.
pub(crate) fn with_default_port(address: &str, port: u16) -> String {
    let address = address.trim();
    if address.parse::<SocketAddr>().is_ok() {
        return address.to_owned();
    }
    if let Ok(ip) = address.parse::<std::net::IpAddr>() {
        return SocketAddr::new(ip, port).to_string();
    }
    match address.rsplit_once(':') {
        Some((_, tail)) if tail.parse::<u16>().is_ok() => address.to_owned(),
        _ => format!("{address}:{port}"),
    }
}
