//! Setting up: `init` (local CA and hub identity), join tokens, and both sides of enrolment.
//!
//! Countermeasure T10 (`docs/threat-model.md`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::{ByteSource, SourceExhausted};
use photonbox_channel::{CaCertificate, Identity as ChannelIdentity, Role as ChannelRole, Usage};
use photonbox_channel::{enroll_client_config, enroll_server_config};
use photonbox_secret::SecretBytes;
use photonbox_store::{
    Authority, Enrolment, FailedTry, Grant, Identity, Role, SqliteStore, Store, TOKEN_SECRET_BYTES,
    TokenTerms,
};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::{TlsAcceptor, TlsConnector};
use zeroize::Zeroizing;

use crate::control::{ControlCommand, control_request};
use crate::enroll_protocol::{self as protocol, Message};
use crate::error::with_default_port;
use crate::failure::{NO_KEYS, NO_KEYS_TEXT};
use crate::options::{
    DEFAULT_PORT, EnrollOptions, EnrollReport, InitOptions, InitReport, RevokeReport, TokenOptions,
    TokenReport,
};
use crate::pki::{self, LeafRole};
use crate::{Error, Result, channel_settings, os, state_dir};

/// An enrolment takes two round trips; more is somebody who holds the line.
const TIMEOUT: Duration = Duration::from_secs(15);
/// Tokens live at most this long: 30 days.
const MAX_TTL: u64 = 30 * 86_400;

/// Makes a state directory: local CA, hub identity.
///
/// # Errors
/// A bad name; a directory that has an identity already.
pub fn init(options: &InitOptions) -> Result<InitReport> {
    let state = state_dir::resolve(options.state.as_deref())?;
    let hub = options.hub_name.clone().unwrap_or_else(pki::machine_name);
    let now = os::unix_now();
    let ca = pki::new_authority(&hub, now)?;
    let signer = pki::Signer::new(&ca.certificate, &ca.private_key)?;
    let own = signer.new_identity(&hub, LeafRole::Hub, now, pki::LEAF_SECONDS)?;
    let store = SqliteStore::create(&state)?;
    let ca_hash = pki::hex(&pki::fingerprint(&ca.certificate));
    store.create_identity(
        &Identity {
            role: Role::Hub,
            name: hub.clone(),
            hub: hub.clone(),
            certificate: own.certificate,
            private_key: own.private_key,
            ca_certificate: ca.certificate.clone(),
            relay: false,
            created: now,
        },
        Some(&Authority {
            certificate: ca.certificate,
            private_key: ca.private_key,
            created: now,
        }),
    )?;
    Ok(InitReport {
        state,
        hub,
        ca_hash,
        certificate_serial: own.serial,
        expires: own.expires,
    })
}

/// The hub's store, or an error that says that this is no hub.
fn hub_store(state: Option<&std::path::Path>) -> Result<(SqliteStore, Identity)> {
    let state = state_dir::resolve(state)?;
    let store = SqliteStore::open(&state)?;
    let identity = store.identity()?;
    if identity.role == Role::Hub {
        return Ok((store, identity));
    }
    Err(Error::failed(
        format!(
            "{} belongs to the host `{}`, not to a hub",
            state.display(),
            identity.name
        ),
        "run this on the hub, with its --state",
    ))
}

/// Makes a join token. Works beside a running hub.
///
/// # Errors
/// A lifetime of 0 or above 30 days; no hub in that directory.
pub fn enroll_token(options: &TokenOptions) -> Result<TokenReport> {
    if !(1..=MAX_TTL).contains(&options.ttl_seconds) {
        return Err(Error::usage(
            format!("a token cannot live {} seconds", options.ttl_seconds),
            "choose a --ttl from one second to 30 days",
        ));
    }
    let (store, identity) = hub_store(options.state.as_deref())?;
    let mut secret = [0; TOKEN_SECRET_BYTES];
    os::random(&mut secret).map_err(|error| {
        Error::failed(
            format!("the system's generator failed: {error}"),
            "check the kernel's log",
        )
    })?;
    let terms = TokenTerms {
        ttl_seconds: options.ttl_seconds,
        relay: options.relay,
    };
    let token = store.issue_token(&secret, terms, os::unix_now());
    photonbox_secret::wipe(&mut secret);
    let token = token?;
    Ok(TokenReport {
        token: token.text,
        ca_hash: pki::hex(&pki::fingerprint(&identity.ca_certificate)),
        expires: token.expires,
    })
}

/// Revokes a host's certificate: from now on its connections, and requests in its name, are
/// refused. A running hub closes the host's channels; the report says how many.
///
/// # Errors
/// No such living enrolment; no hub in that directory; a running hub that did not obey.
pub async fn revoke(state: Option<&std::path::Path>, host: &str) -> Result<RevokeReport> {
    let (store, _) = hub_store(state)?;
    if store.revoke(host, os::unix_now())? {
        let told = ControlCommand::Revoked {
            host: host.to_owned(),
        };
        let answer = match control_request(state, told).await {
            Ok(answer) => Some(answer),
            // No hub runs: the next one reads the store.
            Err(Error::ControlUnreachable { .. }) => None,
            Err(error) => {
                return Err(Error::failed(
                    format!("`{host}` is revoked, but the running hub was not told: {error}"),
                    "restart the hub: that closes its channels",
                ));
            }
        };
        Ok(RevokeReport {
            host: host.to_owned(),
            channels_closed: answer.and_then(|answer| answer["channels_closed"].as_u64()),
        })
    } else {
        Err(Error::failed(
            format!("no host `{}` is enrolled", host.escape_default()),
            "check the id; `photonbox status` lists connected hosts",
        ))
    }
}

/// The OS generator, for the one TLS connection of an enrolling host.
struct OsSource;

impl ByteSource for OsSource {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        os::random(out).map_err(|_| SourceExhausted)
    }
}

/// Enrols this machine with a hub: key made here, certificate from there.
///
/// # Errors
/// A wrong CA, a refusal with the hub's reason, a directory that has an identity already.
pub async fn enroll(options: &EnrollOptions) -> Result<EnrollReport> {
    let state = state_dir::resolve(options.state.as_deref())?;
    let ca_hash = pki::parse_ca_hash(&options.ca_hash)?;
    let host = options.host_name.clone().unwrap_or_else(pki::machine_name);
    pki::check_id(&host)?;
    let store = SqliteStore::create(&state)?;
    // Before the token is spent: would its certificate have a place?
    match store.identity() {
        Err(photonbox_store::Error::NotInitialised { .. }) => {}
        Err(error) => return Err(error.into()),
        Ok(existing) => {
            return Err(photonbox_store::Error::AlreadyInitialised {
                path: state,
                role: existing.role.as_str(),
                name: existing.name,
            }
            .into());
        }
    }
    let address = with_default_port(&options.hub, DEFAULT_PORT);
    let request = pki::new_request(&host)?;
    let asked = Message::Request {
        host: host.clone(),
        token: Zeroizing::new(options.token.trim().to_owned()),
        request: request.request,
    };
    let exchanged = tokio::time::timeout(TIMEOUT, exchange(&address, ca_hash, &asked)).await;
    let answer = match exchanged {
        Ok(answer) => answer?,
        Err(_) => {
            return Err(Error::failed(
                format!(
                    "the hub at {address} did not answer in {} s",
                    TIMEOUT.as_secs()
                ),
                "check the address and that the hub is running",
            ));
        }
    };
    let odd = |what: &str| {
        Error::failed(
            format!("the hub at {address} answered with {what}"),
            "check that hub and host have the same version of photonbox",
        )
    };
    let (hub, certificate, ca_certificate, relay) = match answer {
        Message::Granted {
            hub,
            certificate,
            ca_certificate,
            relay,
        } => (hub, certificate, ca_certificate, relay),
        Message::Refused { reason } => {
            return Err(Error::EnrolmentRefused {
                hub: address,
                reason,
            });
        }
        Message::Request { .. } => return Err(odd("a request")),
    };
    if pki::fingerprint(&ca_certificate) != ca_hash {
        return Err(odd("another CA than the one that was pinned"));
    }
    let now = os::unix_now();
    let ca =
        CaCertificate::from_der(&ca_certificate).map_err(|_| odd("a CA that does not parse"))?;
    let own = ca
        .verify(&certificate, Usage::Client, &[ChannelRole::Host], now)
        .map_err(|error| odd(&format!("a certificate that is not good here: {error}")))?;
    pki::check_id(&hub).map_err(|_| odd("a name that is no id"))?;
    if own.id != host || relay != own.roles.contains(&ChannelRole::Relay) {
        return Err(odd("a certificate for somebody else"));
    }
    ChannelIdentity::from_der(&certificate, request.private_key.as_slice())
        .map_err(|_| odd("a certificate for another key"))?;
    store.create_identity(
        &Identity {
            role: Role::Host,
            name: host.clone(),
            hub,
            certificate,
            private_key: request.private_key,
            ca_certificate,
            relay,
            created: now,
        },
        None,
    )?;
    let expires = now + pki::LEAF_SECONDS;
    Ok(EnrollReport {
        host,
        certificate_serial: own.serial,
        relay,
        expires,
    })
}

async fn exchange(address: &str, ca_hash: [u8; 32], asked: &Message) -> Result<Message> {
    let unreachable = |error: io::Error| {
        let pinned = error
            .get_ref()
            .and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if matches!(pinned, Some(rustls::Error::AlertReceived(alert)) if *alert == NO_KEYS) {
            return Error::unhealthy(
                format!("the hub at {address} cannot enrol now: {NO_KEYS_TEXT}"),
                "look at `photonbox status` on the hub, then try again with the same token",
            );
        }
        if matches!(pinned, Some(rustls::Error::InvalidCertificate(_))) {
            return Error::failed(
                format!(
                    "the hub at {address} is not under the pinned CA, or its certificate is not valid"
                ),
                "check --ca-hash against `photonbox enroll token` on the hub, and both clocks",
            );
        }
        Error::failed(
            format!("cannot enrol at {address}: {error}"),
            "check the address and that the hub is running",
        )
    };
    let source: Arc<dyn ByteSource> = Arc::new(OsSource);
    let config = enroll_client_config(ca_hash, &source, os::unix_now()).map_err(|error| {
        Error::failed(
            format!("cannot set TLS up: {error}"),
            "report this with the version of photonbox",
        )
    })?;
    let stream = TcpStream::connect(address).await.map_err(unreachable)?;
    // IDs stand in certificates; the name is not sent and not looked at.
    let name = ServerName::try_from("photonbox")
        .map_err(|_| unreachable(io::ErrorKind::InvalidInput.into()))?;
    let mut stream = TlsConnector::from(config)
        .connect(name, stream)
        .await
        .map_err(unreachable)?;
    write(&mut stream, asked).await.map_err(unreachable)?;
    let answer = read(&mut stream).await.map_err(unreachable)?;
    // The hub may be gone already; the answer is complete.
    let _ = stream.shutdown().await;
    Ok(answer)
}

async fn write<S: AsyncWrite + Unpin>(stream: &mut S, message: &Message) -> io::Result<()> {
    let frame = message
        .encode()
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    stream.write_all(&frame).await?;
    stream.flush().await
}

async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Message> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut header = [0; protocol::HEADER];
    stream.read_exact(&mut header).await?;
    let (kind, length) = protocol::parse_header(&header).map_err(invalid)?;
    let mut body = SecretBytes::new_zeroed(length);
    stream.read_exact(body.as_mut_slice()).await?;
    Message::decode(kind, body.as_slice()).map_err(invalid)
}

/// The hub's side: judges tokens, signs requests.
pub(crate) struct EnrolmentDesk {
    store: Arc<dyn Store>,
    signer: pki::Signer,
    identity: Arc<ChannelIdentity>,
    ca: CaCertificate,
    /// Made once: each one that is made leaks a little, and anybody may connect. It asks for no
    /// certificate and keeps no tickets, so it never looks at the clock that it was made with.
    tls: Arc<rustls::ServerConfig>,
    /// `tls` holds it weakly.
    _source: Arc<dyn ByteSource>,
}

impl EnrolmentDesk {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        authority: &Authority,
        identity: Arc<ChannelIdentity>,
        ca: CaCertificate,
        source: Arc<dyn ByteSource>,
    ) -> Result<Self> {
        let signer = pki::Signer::new(&authority.certificate, &authority.private_key)?;
        let tls = enroll_server_config(&identity, &ca, &source, os::unix_now())
            .map_err(|error| channel_settings::refused(&error))?;
        Ok(Self {
            store,
            signer,
            identity,
            ca,
            tls,
            _source: source,
        })
    }

    /// One connection: TLS, one request, one answer.
    pub(crate) async fn serve<S>(self: Arc<Self>, stream: S, peer: SocketAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        match tokio::time::timeout(TIMEOUT, Arc::clone(&self).answer(stream, peer)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::info!(%peer, %error, "enrolment broken off"),
            Err(_) => tracing::info!(%peer, "enrolment took too long"),
        }
    }

    async fn answer<S>(self: Arc<Self>, stream: S, peer: SocketAddr) -> io::Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let mut stream = TlsAcceptor::from(Arc::clone(&self.tls))
            .accept(stream)
            .await?;
        let message = read(&mut stream).await?;
        let desk = Arc::clone(&self);
        // The database waits for the disk.
        let answer =
            tokio::task::spawn_blocking(move || desk.decide(message, peer, os::unix_now()))
                .await
                .map_err(io::Error::other)?;
        write(&mut stream, &answer).await?;
        stream.shutdown().await
    }

    /// Judges a request; whatever is refused is remembered and told in one line.
    fn decide(&self, message: Message, peer: SocketAddr, now: u64) -> Message {
        match self.grant(message, now) {
            Ok(granted) => granted,
            Err(reason) => {
                tracing::warn!(%peer, reason, "enrolment refused");
                let failed = FailedTry {
                    at: now,
                    peer: peer.to_string(),
                    reason: reason.clone(),
                };
                if let Err(error) = self.store.add_failed_try(&failed) {
                    tracing::error!(%error, "cannot remember the refused enrolment");
                }
                Message::Refused { reason }
            }
        }
    }

    fn grant(&self, message: Message, now: u64) -> std::result::Result<Message, String> {
        let broken = |error: &dyn std::fmt::Display| {
            tracing::error!(%error, "enrolment failed");
            "the hub cannot enrol now; its log says why".to_owned()
        };
        let Message::Request {
            host,
            token,
            request,
        } = message
        else {
            return Err("a request was expected".into());
        };
        pki::check_id(&host).map_err(|error| error.to_string())?;
        let mut issued = None;
        let mut issue = |grant: Grant| {
            let role = if grant.relay {
                LeafRole::HostAndRelay
            } else {
                LeafRole::Host
            };
            let leaf = self
                .signer
                .sign_request(&request, &host, role, now)
                .map_err(|error| error.to_string())?;
            let enrolment = Enrolment {
                host: host.clone(),
                serial: leaf.serial.clone(),
                fingerprint: pki::fingerprint(&leaf.certificate),
                relay: grant.relay,
                issued: now,
                expires: leaf.expires,
                revoked: None,
            };
            issued = Some(leaf.certificate);
            Ok(enrolment)
        };
        // Token, name, certificate, in this order and as one: whoever has no token learns nothing.
        let enrolled = self
            .store
            .enrol(&token, &host, now, &mut issue)
            .map_err(|error| broken(&error))?
            .map_err(|refusal| refusal.to_string())?;
        let certificate = issued.ok_or_else(|| broken(&"no certificate was issued"))?;
        tracing::info!(
            host,
            serial = enrolled.serial,
            relay = enrolled.relay,
            "host enrolled"
        );
        Ok(Message::Granted {
            hub: self.identity.id().to_owned(),
            certificate,
            ca_certificate: self.ca.der().to_vec(),
            relay: enrolled.relay,
        })
    }
}

#[cfg(test)]
#[path = "enroll_tests.rs"]
mod tests;
