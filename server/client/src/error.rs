//! Why something was not done. Each is one line, with a line that says what to do.

use std::path::PathBuf;

use photonbox_vault::api::Problem;

/// A failure of the client.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The other side refused.
    #[error("{} refused: {}", .0.0, .0.1.detail)]
    Refused(Box<(String, Problem)>),
    /// Nobody answered, at any address.
    #[error("nobody answers at {address}: {reason}")]
    Unreachable {
        /// The last address that was tried.
        address: String,
        /// Why.
        reason: String,
    },
    /// An answer that is none.
    #[error("{address} gave an answer that is not understood: {reason}")]
    Answer {
        /// Who.
        address: String,
        /// What does not fit.
        reason: String,
    },
    /// Certificate or key can't be used.
    #[error("certificate or key cannot be used: {0}")]
    Credentials(String),
    /// This appliance has nothing of the set.
    #[error("this appliance has no set `{0}`")]
    NoSet(String),
    /// It has the set already.
    #[error("this appliance has a set `{0}` already")]
    HasSet(String),
    /// It has no ticket for the item, and the vault gives none.
    #[error("this appliance has neither share nor ticket of `{0}`")]
    NoTicket(String),
    /// What it keeps can't be read or written.
    #[error("cannot {action} {path}: {reason}")]
    Keep {
        /// `read`, `write`.
        action: &'static str,
        /// What.
        path: PathBuf,
        /// Why.
        reason: String,
    },
    /// Another process works on the same set.
    #[error("another process uses {0}")]
    Busy(PathBuf),
    /// What came back is no key of this set.
    #[error("the key of `{0}` that the vault's answer gives is out of its range")]
    Unfit(String),
    /// A request, a letter or a rotation of another appliance that can't be used.
    #[error("{0}")]
    Vouching(String),
    /// Another master key than this appliance's conceals it, and no other appliance left word of it.
    #[error("this appliance has not followed the rotations of set `{0}`")]
    Behind(String),
    /// Only its user has its key.
    #[error("`{0}` is blinded by a user, who alone has its key")]
    UserBlinded(String),
    /// A name or a length that can't be.
    #[error("{0}")]
    Wrong(String),
    /// The system's generator failed.
    #[error("the system's generator gives nothing")]
    NoRandom,
}

impl Error {
    /// One line that says what to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Refused(refused) => return refused.1.help.clone(),
            Self::Unreachable { .. } => {
                "check the address (--hub) and that the hub serves its HTTP interface (serve --api)"
            }
            Self::Answer { .. } => "run the same version of photonbox on both sides",
            Self::Credentials(_) => "enrol again: photonbox enroll",
            Self::NoSet(_) => "make it with `photonbox vault create SET`, or have another appliance vouch for this one",
            Self::HasSet(_) => "choose another name",
            Self::NoTicket(_) => "restore the appliance's state directory from a backup",
            Self::Keep { .. } => "check that you own the state directory and that its disk has room",
            Self::Busy(_) => "wait for it, or give this one a --state of its own",
            Self::Unfit(_) => "revoke the appliance or hub that made it, and make the item anew",
            Self::Vouching(_) => {
                "have the newcomer ask anew (vault vouch request), and a trusted appliance of the set sign it (vault vouch sign)"
            }
            Self::Behind(_) => {
                "restore its state directory from a backup of after the rotation, or have it vouched for under another name"
            }
            Self::UserBlinded(_) => {
                "write what the vault serves into a file (vault open --served FILE), and let the user open it (vault unblind)"
            }
            Self::Wrong(_) => "see photonbox vault --help",
            Self::NoRandom => "check the kernel's log",
        }
        .to_owned()
    }

    /// Whether the hub is locked.
    #[must_use]
    pub fn is_locked(&self) -> bool {
        matches!(self, Self::Refused(refused) if refused.1.title == "locked")
    }

    /// Whether the same request would be refused again. Who is told that the hub is locked, busy or late doesn't know whether an earlier
    /// try was done, and asks the same once more.
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        let Self::Refused(refused) = self else {
            return false;
        };
        let status = refused.1.status;
        (400..500).contains(&status) && !matches!(status, 408 | 423 | 429)
    }

    /// The stable word of a refusal.
    #[must_use]
    pub fn word(&self) -> Option<&str> {
        match self {
            Self::Refused(refused) => Some(&refused.1.title),
            _ => None,
        }
    }
}

impl From<photonbox_vault::group::NoRandom> for Error {
    fn from(_: photonbox_vault::group::NoRandom) -> Self {
        Self::NoRandom
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(status: u16) -> Error {
        let problem = Problem {
            title: "word".into(),
            status,
            detail: "what failed".into(),
            help: "what to do".into(),
        };
        Error::Refused(Box::new(("hub:4502".into(), problem)))
    }

    #[test]
    fn a_request_is_given_up_only_where_it_would_be_refused_again() {
        for status in [400, 403, 404, 409, 413, 422] {
            assert!(refused(status).is_for_good(), "{status}");
        }
        // Too slow, locked, too many, and all that is the hub's own trouble.
        for status in [408, 423, 429, 500, 502, 503] {
            assert!(!refused(status).is_for_good(), "{status}");
        }
        assert!(!Error::NoRandom.is_for_good());
    }
}
