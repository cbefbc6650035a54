//! What lies under the records: TLS; or, for `photonbox simulate` alone (feature `pipe`), a pipe in memory that stands where
//! TLS would, so that a machine can run hundreds of thousands of real channels in virtual time. Whatever has a socket
//! under it has TLS: no constructor that takes a pipe takes anything else.

use std::io::{Read, Write};

use crate::error::Error;
use crate::identity::{IdentityError, PeerIdentity};
use crate::kx::{Group, HYBRID};
use crate::labels;
#[cfg(feature = "pipe")]
use crate::pipe::Pipe;

/// The layer under a channel.
pub(crate) enum Layer {
    /// TLS 1.3.
    Tls(Box<rustls::Connection>),
    /// Memory, with an identity that nobody checked.
    #[cfg(feature = "pipe")]
    Pipe(Box<Pipe>),
}

/// What the handshake of the layer has agreed on (protocol step 2).
#[derive(Debug)]
pub(crate) struct Agreed {
    pub(crate) speaks_photonbox: bool,
    pub(crate) group: Option<Group>,
    pub(crate) peer: Option<Result<PeerIdentity, IdentityError>>,
}

impl Layer {
    pub(crate) fn tls(mut connection: rustls::Connection) -> Self {
        // Back-pressure is ours (`queue_bytes`): rustls must never cut a record.
        connection.set_buffer_limit(None);
        Self::Tls(Box::new(connection))
    }

    /// Lets the layer work on what it has read. Whether the other side has closed.
    pub(crate) fn process(&mut self) -> Result<bool, Error> {
        match self {
            Self::Tls(tls) => Ok(tls.process_new_packets()?.peer_has_closed()),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => Ok(pipe.process()),
        }
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        match self {
            Self::Tls(tls) => tls.is_handshaking(),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => pipe.is_handshaking(),
        }
    }

    pub(crate) fn agreed(&self) -> Agreed {
        match self {
            Self::Tls(tls) => Agreed {
                speaks_photonbox: tls.alpn_protocol() == Some(labels::ALPN_CHANNEL),
                group: match tls
                    .negotiated_key_exchange_group()
                    .map(|group| group.name())
                {
                    Some(rustls::NamedGroup::secp384r1) => Some(Group::Secp384r1),
                    Some(name) if u16::from(name) == HYBRID => Some(Group::Secp384r1Mlkem1024),
                    _ => None,
                },
                peer: tls
                    .peer_certificates()
                    .and_then(<[_]>::first)
                    .map(|certificate| PeerIdentity::of_verified(certificate)),
            },
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => Agreed {
                speaks_photonbox: true,
                group: Some(Group::Secp384r1),
                peer: Some(Ok(pipe.peer().clone())),
            },
        }
    }

    /// Keying material under a label, without a context (RFC 8446 §7.5).
    pub(crate) fn export(&self, out: &mut [u8], label: &[u8]) -> Result<(), Error> {
        match self {
            Self::Tls(tls) => tls
                .export_keying_material(out, label, None)
                .map(drop)
                .map_err(Error::from),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => {
                pipe.export(out, label);
                Ok(())
            }
        }
    }

    /// Takes in what the other side's layer has sent.
    pub(crate) fn read_wire(&mut self, wire: &mut dyn Read) -> std::io::Result<usize> {
        match self {
            Self::Tls(tls) => tls.read_tls(wire),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => pipe.read_wire(wire),
        }
    }

    /// Gives what is for the other side's layer.
    pub(crate) fn write_wire(&mut self, wire: &mut dyn Write) -> std::io::Result<usize> {
        match self {
            Self::Tls(tls) => tls.write_tls(wire),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => pipe.write_wire(wire),
        }
    }

    pub(crate) fn wants_write(&self) -> bool {
        match self {
            Self::Tls(tls) => tls.wants_write(),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => pipe.wants_write(),
        }
    }

    /// Sends bytes of the channel.
    pub(crate) fn write_plain(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        match self {
            Self::Tls(tls) => tls.writer().write_all(bytes),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => {
                pipe.write_plain(bytes);
                Ok(())
            }
        }
    }

    /// Replaces the layer's own keys by their successors, both ways (RFC 8446 §4.6.3): what went before can't be opened with
    /// what is in memory from now on.
    pub(crate) fn refresh(&mut self) -> Result<(), Error> {
        match self {
            Self::Tls(tls) => Ok(tls.refresh_traffic_keys()?),
            #[cfg(feature = "pipe")]
            Self::Pipe(_) => Ok(()),
        }
    }

    pub(crate) fn close(&mut self) {
        match self {
            Self::Tls(tls) => tls.send_close_notify(),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => pipe.close(),
        }
    }
}

/// Bytes of the channel that have come.
impl Read for Layer {
    fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        match self {
            Self::Tls(tls) => tls.reader().read(into),
            #[cfg(feature = "pipe")]
            Self::Pipe(pipe) => pipe.read_plain(into),
        }
    }
}
