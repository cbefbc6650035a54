//! Errors, and the reasons with which a channel closes. Each fault in what the other side sends
//! has one specified answer (`docs/protocol.md`, "Answers to faults").

use serde::{Deserialize, Serialize};

use crate::identity::IdentityError;
use crate::source::SourceExhausted;

macro_rules! close_reasons {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $text:literal;)*) => {
        /// Why a channel ended; the code travels in the close message.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(rename_all = "kebab-case")]
        pub enum CloseReason {
            $($(#[$doc])* $name,)*
        }

        impl CloseReason {
            /// Every reason, in the order of the codes.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The code on the wire.
            #[must_use]
            pub fn code(self) -> u16 {
                match self { $(Self::$name => $code,)* }
            }

            /// What it means, for a person.
            #[must_use]
            pub fn text(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }
        }
    };
}

close_reasons! {
    /// Done.
    Normal = 0, "closed normally";
    /// The side that closes is going away.
    Shutdown = 1, "the other side is shutting down; reconnect later or to another hub";
    /// A record does not begin with `PBXR`.
    BadMagic = 2, "a record has a wrong magic";
    /// A record of another protocol version.
    BadVersion = 3, "a record has an unknown version; update the older side";
    /// A record or control message of unknown kind.
    UnknownKind = 4, "a record has an unknown kind";
    /// A record is longer than the protocol allows.
    Oversized = 5, "a record is longer than allowed";
    /// Reserved bits or fields are not zero.
    BadReserved = 6, "reserved bits of a record are set";
    /// A record of an epoch that is not in force.
    WrongEpoch = 7, "a record belongs to an epoch that is not in force";
    /// A record counter that was already seen.
    Replayed = 8, "a record came twice";
    /// A record counter that skips ahead.
    Reordered = 9, "a record is missing or came out of order";
    /// A record does not open under its key.
    BadTag = 10, "a record does not authenticate";
    /// The stream ended inside a record, or without a close message.
    Truncated = 11, "the stream ended without a close message";
    /// A record opens but its content does not parse.
    BadMessage = 12, "a message does not parse";
    /// A record or message that this state does not allow.
    Unexpected = 13, "a message came in a state that does not allow it";
    /// A public key that is not a valid point.
    BadKey = 14, "a public key is not valid";
    /// A batch of keys, or a word about them, that does not fit the direction, its epochs or their number.
    BadRekey = 15, "a rekey message does not fit the state of the channel";
    /// A slot that is reserved in this version (prekeys or ML-KEM in a handshake message) is not empty.
    ReservedSlot = 16, "a slot reserved for a later version is in use; update this side";
    /// The handshake took too long.
    HandshakeTimeout = 17, "the handshake took too long; check the network and the clocks";
    /// Nothing came for too long.
    KeepaliveTimeout = 18, "nothing was heard for too long; check the network";
    /// A rekey was due and no prekeys came in time.
    RekeyTimeout = 19, "no prekeys for a rekey came in time";
    /// The own byte source failed.
    SourceExhausted = 20, "the byte source is exhausted or unhealthy";
    /// 2^24 records were used in one epoch and no rekey could be had.
    RecordLimit = 21, "an epoch used up its records";
    /// The other side's identity is not admitted here (revoked, unknown).
    NotAdmitted = 22, "this identity is not admitted here; enrol again or ask the operator";
    /// TLS itself failed.
    Tls = 23, "the TLS layer failed";
    /// The peer did not agree on `photonbox/1`.
    WrongAlpn = 24, "the other side does not speak photonbox/1";
    /// A batch of one-time keys is not signed by the other side's identity.
    BadSignature = 25, "a batch of keys is not signed by the other side's identity";
    /// This host has opened as many newer channels as one host may have.
    Superseded = 26, "newer channels of this host took the place of this one";
    /// This machine was copied: its copy has the same keys, so nothing more may be sent under them. Said to nobody.
    Copied = 27, "this machine was copied, and with it the channel's keys";
    /// A certificate that this channel was made with comes to its end: it was drained for that, or the end was there; a new
    /// channel is made with a newer one.
    CertificateExpired = 28, "a certificate that this channel was made with comes to its end; connect again with a renewed one";
}

impl CloseReason {
    /// The reason of a code; `None` for a code of a later version.
    #[must_use]
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.iter().copied().find(|r| r.code() == code)
    }

    /// Whether this is a fault rather than an orderly end.
    #[must_use]
    pub fn is_fault(self) -> bool {
        !matches!(
            self,
            Self::Normal | Self::Shutdown | Self::Copied | Self::CertificateExpired
        )
    }
}

impl std::fmt::Display for CloseReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.text())
    }
}

/// What went wrong with a channel.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Error {
    /// The other side's certificate is not good here.
    #[error("the other side's certificate is refused: {0}")]
    Identity(#[from] IdentityError),
    /// The other side refused our certificate or our offer.
    #[error("the other side refused the TLS handshake ({0:?}); {hint}", hint = alert_hint(*.0))]
    RefusedByPeer(rustls::AlertDescription),
    /// TLS failed in another way.
    #[error(
        "TLS failed: {0}; check that the address is a photonbox hub and both sides have the same version"
    )]
    Tls(rustls::Error),
    /// Our own byte source failed; nothing else is used in its place.
    #[error(transparent)]
    Source(#[from] SourceExhausted),
    /// The other side broke the protocol, or a time limit passed: the channel is closed with this
    /// reason, which was also sent.
    #[error("the channel was closed: {0} ({1}); it will be counted, reconnect")]
    Fault(CloseReason, &'static str),
    /// The channel is closed already.
    #[error("the channel is closed; make a new one")]
    Closed,
    /// A setting is out of its bounds.
    #[error("a channel setting is out of bounds: {0}")]
    Setting(&'static str),
}

fn alert_hint(alert: rustls::AlertDescription) -> &'static str {
    use rustls::AlertDescription as Alert;
    match alert {
        Alert::UnknownCA | Alert::DecryptError => {
            "our certificate is from another CA: enrol with this hub"
        }
        Alert::CertificateExpired => {
            "our certificate has expired (or a clock is wrong): enrol again"
        }
        Alert::CertificateRevoked => "our certificate was revoked: ask the operator",
        Alert::NoApplicationProtocol => "it does not speak photonbox/1: check the address",
        Alert::CertificateRequired => "it wants a certificate: enrol first",
        Alert::HandshakeFailure => "no key-exchange group in common: check the `groups` setting",
        _ => "our certificate's role may not be the one it wants: check its log",
    }
}

impl From<rustls::Error> for Error {
    fn from(error: rustls::Error) -> Self {
        if let Some(identity) = IdentityError::from_tls(&error) {
            return Self::Identity(identity);
        }
        match error {
            rustls::Error::AlertReceived(alert) => Self::RefusedByPeer(alert),
            rustls::Error::Other(ref other) if other.0.is::<SourceExhausted>() => {
                Self::Source(SourceExhausted)
            }
            error => Self::Tls(error),
        }
    }
}

/// Why a message was not taken. Nothing of it was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// The queue is full (back-pressure): drain outgoing bytes, wait for the rekey, then send again.
    #[error("the channel's queue is full; take outgoing bytes and send again later")]
    WouldBlock,
    /// The second channel does not stand yet.
    #[error("the second channel does not stand yet; wait for its event")]
    NotReady,
    /// The message is longer than a record may be.
    #[error("the message is longer than a record; cut the payload at 65536 bytes")]
    TooLarge,
    /// The channel is closed.
    #[error("the channel is closed; make a new one")]
    Closed,
}
