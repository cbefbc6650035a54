//! Why a parent cannot be reached: what may pass with time, and what no waiting mends.

use std::sync::atomic::{AtomicU8, Ordering};

use photonbox_channel::message::RefusalCode;
use photonbox_channel::{CloseReason, Error as ChannelError, IdentityError};
use rustls::AlertDescription as Alert;

use crate::Error;
use crate::wire::Ended;

/// What a hub says to whoever connects while it has no bytes for keys: TLS `internal_error`
/// (RFC 8446 §6.2), before it answers the hello.
pub(crate) const NO_KEYS: Alert = Alert::InternalError;

/// [`NO_KEYS`] in words.
pub(crate) const NO_KEYS_TEXT: &str =
    "it has no healthy source of entropy now, so it cannot make keys";

/// What a hub says to whoever wants a certificate while it has no root key.
pub(crate) const LOCKED_TEXT: &str = "the hub is locked: it has no root key";

/// A connection that never became a channel.
#[derive(Debug)]
pub(crate) enum Failure {
    /// Nobody there, a time-out: may work later.
    Passing(String),
    /// A hub that has no healthy source now, [`NO_KEYS_TEXT`]: may work later.
    Unhealthy,
    /// One of the two identities is not good for the other.
    Identity(Error),
    /// This machine was copied meanwhile: to be tried again at once, with new keys.
    Copied,
}

/// What the way to the hub last said, for a host's health.
#[derive(Debug, Default)]
pub(crate) struct LastWord(AtomicU8);

impl LastWord {
    const GOOD: u8 = 0;
    const UNHEALTHY: u8 = 1;
    const AWAY: u8 = 2;

    /// A channel, or bytes.
    pub(crate) fn good(&self) {
        self.0.store(Self::GOOD, Ordering::Relaxed);
    }

    /// A request or a connection was refused.
    pub(crate) fn refused(&self, code: RefusalCode) {
        let word = match code {
            RefusalCode::Unhealthy => Self::UNHEALTHY,
            RefusalCode::Unreachable => Self::AWAY,
            // About the request, not about the hub.
            _ => return,
        };
        self.0.store(word, Ordering::Relaxed);
    }

    /// A host has no source of its own: its health is its hub's, and whether it gets there.
    pub(crate) fn health(&self, has_parent: bool) -> &'static str {
        match self.0.load(Ordering::Relaxed) {
            Self::UNHEALTHY => "unhealthy",
            Self::GOOD if has_parent => "healthy",
            _ => "degraded",
        }
    }
}

/// Splits `what failed; what to do`, as the libraries write it.
pub(crate) fn split(text: &str, help: &str) -> (String, String) {
    match text.rsplit_once("; ") {
        Some((what, help)) => (what.to_owned(), help.to_owned()),
        None => (text.to_owned(), help.to_owned()),
    }
}

/// A clock that is behind heals by itself; the rest of an identity does not.
fn heals(error: &IdentityError) -> bool {
    matches!(error, IdentityError::NotYetValid)
}

fn is_about_us(alert: Alert) -> bool {
    matches!(
        alert,
        Alert::UnknownCA
            | Alert::BadCertificate
            | Alert::UnsupportedCertificate
            | Alert::CertificateRevoked
            | Alert::CertificateExpired
            | Alert::CertificateUnknown
            | Alert::CertificateRequired
            | Alert::AccessDenied
            | Alert::DecryptError
    )
}

/// Judges how the connection to `address` ended.
pub(crate) fn judge(address: &str, ended: &Ended) -> Failure {
    let asks_operator = "ask the hub's operator; enrol again if this host was revoked";
    match &ended.error {
        Some(ChannelError::Identity(error)) if !heals(error) => {
            let (what, help) = split(&error.to_string(), asks_operator);
            return Failure::Identity(Error::failed(
                format!("the certificate of {address} is refused: {what}"),
                help,
            ));
        }
        Some(ChannelError::RefusedByPeer(alert)) if *alert == NO_KEYS => {
            return Failure::Unhealthy;
        }
        Some(error @ ChannelError::RefusedByPeer(alert)) if is_about_us(*alert) => {
            let (what, help) = split(&error.to_string(), asks_operator);
            return Failure::Identity(Error::failed(
                format!("{address} refuses this host: {what}"),
                help,
            ));
        }
        _ => {}
    }
    match ended.reason {
        CloseReason::NotAdmitted if ended.by_peer => Failure::Identity(Error::failed(
            format!("{address} does not admit this host: {}", ended.detail),
            asks_operator,
        )),
        CloseReason::SourceExhausted if ended.by_peer => Failure::Unhealthy,
        CloseReason::Copied if !ended.by_peer => Failure::Copied,
        reason => Failure::Passing(match &ended.error {
            Some(error) => error.to_string(),
            None => match more(reason, &ended.detail) {
                Some(detail) => format!("{reason} ({detail})"),
                None => reason.to_string(),
            },
        }),
    }
}

/// What `detail` says beyond its reason.
pub(crate) fn more(reason: CloseReason, detail: &str) -> Option<&str> {
    (!detail.is_empty() && detail != reason.text()).then_some(detail)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ended(reason: CloseReason, by_peer: bool, error: Option<ChannelError>) -> Ended {
        Ended {
            reason,
            by_peer,
            detail: "detail".to_owned(),
            was_open: false,
            error,
        }
    }

    #[test]
    fn identities_do_not_heal_by_waiting() {
        let wrong_role = IdentityError::WrongRole {
            found: "host".into(),
            wanted: "hub or relay".into(),
        };
        for (error, word) in [
            (ChannelError::Identity(IdentityError::WrongCa), "another CA"),
            (ChannelError::Identity(IdentityError::Expired), "expired"),
            (ChannelError::Identity(wrong_role), "role"),
            (
                ChannelError::RefusedByPeer(Alert::CertificateExpired),
                "refuses this host",
            ),
            (
                ChannelError::RefusedByPeer(Alert::UnknownCA),
                "refuses this host",
            ),
        ] {
            let ended = ended(CloseReason::Tls, false, Some(error));
            let Failure::Identity(error) = judge("a:1", &ended) else {
                panic!("{ended:?} is about an identity");
            };
            let line = error.to_string();
            assert!(line.contains(word) && line.contains("a:1"), "{line}");
            assert!(!line.contains(';') && !error.help().is_empty(), "{line}");
            assert_eq!(error.exit_code(), 1);
        }
        let told = ended(CloseReason::NotAdmitted, true, None);
        assert!(matches!(judge("a:1", &told), Failure::Identity(_)));
    }

    #[test]
    fn the_rest_may_pass() {
        for (reason, by_peer, error, word) in [
            (CloseReason::HandshakeTimeout, false, None, "too long"),
            (CloseReason::Truncated, false, None, "detail"),
            (
                CloseReason::Tls,
                false,
                Some(ChannelError::Identity(IdentityError::NotYetValid)),
                "clock",
            ),
            (
                CloseReason::Tls,
                false,
                Some(ChannelError::RefusedByPeer(Alert::HandshakeFailure)),
                "group",
            ),
        ] {
            match judge("a:1", &ended(reason, by_peer, error)) {
                Failure::Passing(text) => assert!(text.contains(word), "{text}"),
                other => panic!("{reason:?}: {other:?}"),
            }
        }
    }

    #[test]
    fn a_hub_without_a_healthy_source_is_told_from_one_that_is_away() {
        let no_keys = Some(ChannelError::RefusedByPeer(NO_KEYS));
        for ended in [
            ended(CloseReason::SourceExhausted, true, None),
            ended(CloseReason::Tls, false, no_keys),
        ] {
            assert!(matches!(judge("a:1", &ended), Failure::Unhealthy));
        }
        // Our own source is not the hub's.
        let own = ended(CloseReason::SourceExhausted, false, None);
        assert!(matches!(judge("a:1", &own), Failure::Passing(_)));
    }

    #[test]
    fn a_host_is_as_healthy_as_its_hub_says() {
        let word = LastWord::default();
        assert_eq!(word.health(true), "healthy");
        assert_eq!(word.health(false), "degraded");
        word.refused(RefusalCode::Unhealthy);
        // Said to a connection that never became a channel, it counts as well.
        assert_eq!(
            (word.health(true), word.health(false)),
            ("unhealthy", "unhealthy")
        );
        word.refused(RefusalCode::Quota);
        assert_eq!(
            word.health(true),
            "unhealthy",
            "a quota says nothing about the hub"
        );
        // A relay that is there, and its hub is not.
        word.refused(RefusalCode::Unreachable);
        assert_eq!(
            (word.health(true), word.health(false)),
            ("degraded", "degraded")
        );
        word.good();
        assert_eq!(word.health(true), "healthy");
    }

    #[test]
    fn a_reason_is_not_said_twice() {
        let reason = CloseReason::Shutdown;
        assert_eq!(more(reason, reason.text()), None);
        assert_eq!(more(reason, ""), None);
        assert_eq!(more(reason, "for repairs"), Some("for repairs"));
    }
}
