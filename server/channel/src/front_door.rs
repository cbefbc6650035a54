//! One port, two protocols: looks at a new connection's ALPN and makes a channel of it
//! (`photonbox/1`) or hands it to enrolment (`photonbox-enroll/1`). And a plain TLS pump, sans-IO
//! too, for the two sides of enrolment.

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::{CertificateDer, ServerName};
use rustls::server::Acceptor;

use crate::channel::Channel;
use crate::config::ServerConfig;
use crate::error::Error;
use crate::labels;

/// The longest ClientHello that is waited for, in bytes.
const MAX_HELLO: usize = 32 * 1024;

/// What a connection turned out to be.
pub enum Knock {
    /// A channel; it has taken in all bytes given so far.
    Channel(Box<Channel>),
    /// An enrolment over plain TLS.
    Enroll(Box<PlainTls>),
}

/// A refused connection.
#[derive(Debug, thiserror::Error)]
#[error("{error}")]
pub struct DoorError {
    /// Why.
    pub error: Error,
    /// A TLS alert to send before closing; may be empty.
    pub alert: Vec<u8>,
}

/// The server side before it is known what the client wants.
pub struct FrontDoor {
    acceptor: Acceptor,
    taken: usize,
    started: Duration,
}

impl FrontDoor {
    /// A connection that was made at `now`.
    #[must_use]
    pub fn new(now: Duration) -> Self {
        Self {
            acceptor: Acceptor::default(),
            taken: 0,
            started: now,
        }
    }

    /// When to give up, if the client has said nothing useful until then.
    #[must_use]
    pub fn deadline(&self, config: &ServerConfig) -> Duration {
        self.started + config.settings.handshake_timeout
    }

    /// Takes bytes. `None`: bring more. All bytes are taken unless a [`Knock`] comes back; the
    /// number says how many, and the rest goes to what the knock holds.
    ///
    /// # Errors
    /// [`DoorError`] for what is not a TLS 1.3 ClientHello with one of the two protocols.
    pub fn read_from_wire(
        &mut self,
        bytes: &[u8],
        config: &ServerConfig,
        enroll: Option<&Arc<rustls::ServerConfig>>,
        unix_seconds: u64,
        now: Duration,
    ) -> Result<(usize, Option<Knock>), DoorError> {
        let plain = |error: Error| DoorError {
            error,
            alert: Vec::new(),
        };
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self
                .acceptor
                .read_tls(&mut rest)
                .map_err(|e| plain(Error::Tls(rustls::Error::General(e.to_string()))))?;
            self.taken += taken;
            if taken == 0 || self.taken > MAX_HELLO {
                return Err(plain(Error::Setting("the ClientHello is too long")));
            }
            let accepted = match self.acceptor.accept() {
                Ok(None) => continue,
                Ok(Some(accepted)) => accepted,
                Err((error, mut alert)) => {
                    let mut bytes = Vec::new();
                    // Writing to a vector does not fail.
                    drop(alert.write_all(&mut bytes));
                    return Err(DoorError {
                        error: error.into(),
                        alert: bytes,
                    });
                }
            };
            let wants_enroll = accepted
                .client_hello()
                .alpn()
                .is_some_and(|mut names| names.any(|name| name == labels::ALPN_ENROLL));
            let tls = match enroll {
                Some(enroll) if wants_enroll => enroll.clone(),
                // Anything else meets the channel's own ALPN and is refused with TLS's alert.
                _ => {
                    config.set_clock(unix_seconds);
                    config.tls.clone()
                }
            };
            let connection = accepted
                .into_connection(tls)
                .map_err(|(error, mut alert)| {
                    let mut bytes = Vec::new();
                    drop(alert.write_all(&mut bytes));
                    DoorError {
                        error: error.into(),
                        alert: bytes,
                    }
                })?;
            let knock = if wants_enroll && enroll.is_some() {
                let mut tls = PlainTls {
                    tls: rustls::Connection::Server(connection),
                };
                tls.process().map_err(plain)?;
                Knock::Enroll(Box::new(tls))
            } else {
                let mut channel = Channel::accepted(config, connection, self.started);
                channel.now = now;
                channel.process().map_err(|error| {
                    let mut alert = Vec::new();
                    channel.take_outgoing(&mut alert);
                    DoorError { error, alert }
                })?;
                Knock::Channel(Box::new(channel))
            };
            return Ok((bytes.len() - rest.len(), Some(knock)));
        }
        Ok((bytes.len(), None))
    }
}

/// A plain TLS connection as a pump of bytes, for enrolment.
pub struct PlainTls {
    tls: rustls::Connection,
}

impl PlainTls {
    /// The host's side, with a configuration of [`crate::enroll_client_config`].
    ///
    /// # Errors
    /// [`Error`] of TLS or of the byte source.
    pub fn client(config: Arc<rustls::ClientConfig>) -> Result<Self, Error> {
        let name =
            ServerName::try_from("photonbox.invalid").map_err(|_| Error::Setting("server name"))?;
        Ok(Self {
            tls: rustls::Connection::Client(rustls::ClientConnection::new(config, name)?),
        })
    }

    fn process(&mut self) -> Result<bool, Error> {
        Ok(self.tls.process_new_packets()?.peer_has_closed())
    }

    /// Takes all bytes from the wire and appends what they decrypt to. `true` once the other side
    /// has closed.
    ///
    /// # Errors
    /// [`Error`]; send what [`Self::take_outgoing`] still gives, it says why.
    pub fn read_from_wire(&mut self, bytes: &[u8], plain: &mut Vec<u8>) -> Result<bool, Error> {
        let mut rest = bytes;
        let mut closed = false;
        while !rest.is_empty() && !closed {
            let read = self
                .tls
                .read_tls(&mut rest)
                .map_err(|e| Error::Tls(rustls::Error::General(e.to_string())))?;
            closed = self.process()? || read == 0;
            self.drain(plain);
        }
        Ok(closed)
    }

    fn drain(&mut self, plain: &mut Vec<u8>) {
        let mut chunk = [0; 4096];
        let mut reader = self.tls.reader();
        while let Ok(n) = reader.read(&mut chunk) {
            if n == 0 {
                break;
            }
            plain.extend_from_slice(&chunk[..n]);
        }
        zeroize::Zeroize::zeroize(&mut chunk);
    }

    /// Encrypts bytes for the other side; before the handshake is done they wait.
    ///
    /// # Errors
    /// [`Error::Closed`] when TLS takes no more (64 KiB wait at most).
    pub fn send(&mut self, plain: &[u8]) -> Result<(), Error> {
        self.tls
            .writer()
            .write_all(plain)
            .map_err(|_| Error::Closed)
    }

    /// Says that nothing more comes from us.
    pub fn close(&mut self) {
        self.tls.send_close_notify();
    }

    /// Appends the bytes for the wire to `out` and returns how many.
    pub fn take_outgoing(&mut self, out: &mut Vec<u8>) -> usize {
        let before = out.len();
        while self.tls.wants_write() {
            if !matches!(self.tls.write_tls(out), Ok(n) if n > 0) {
                break;
            }
        }
        out.len() - before
    }

    /// Whether TLS still shakes hands.
    #[must_use]
    pub fn is_handshaking(&self) -> bool {
        self.tls.is_handshaking()
    }

    /// The other side's chain as it was sent: for a host that enrols, the hub and its CA
    /// ([`crate::ca_of_chain`]).
    #[must_use]
    pub fn peer_certificates(&self) -> &[CertificateDer<'static>] {
        self.tls.peer_certificates().unwrap_or(&[])
    }
}
