//! Setting up: `init` (local CA and hub identity), join tokens, and both sides of enrolment.
//!
//! Countermeasure T10 (`docs/threat-model.md`).

use std::io;
use std::sync::Arc;
use std::time::Duration;

use photonbox_channel::enroll_client_config;
use photonbox_channel::labels::RENEWAL;
use photonbox_channel::{ByteSource, SourceExhausted};
use photonbox_channel::{
    CaCertificate, Identity as ChannelIdentity, PeerIdentity, Role as ChannelRole, Usage,
};
use photonbox_secret::SecretBytes;
use photonbox_store::{
    Authority, Identity, Role, SqliteStore, Store, TOKEN_SECRET_BYTES, TokenTerms,
};
use rustls::pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use zeroize::Zeroizing;

use crate::control::{ControlCommand, control_request};
use crate::enroll_protocol::{self as protocol, Message};
use crate::error::with_default_port;
use crate::failure::{LOCKED_TEXT, NO_KEYS, NO_KEYS_TEXT};
use crate::options::{
    DEFAULT_PORT, EnrollOptions, EnrollReport, InitOptions, InitReport, RevokeReport, TokenOptions,
    TokenReport,
};
use crate::pki::{self, LeafRole};
use crate::{Error, Result, StoreOptions, os, state_dir};

/// An enrolment takes two round trips; more is somebody who holds the line.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(15);
/// Bytes that TLS exports to both ends of a connection: whoever passes a renewal on has others.
pub(crate) const EXPORTED: usize = 32;
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
    options.certificates.check()?;
    let life = options.certificates.life_seconds;
    let own = signer.new_identity(&hub, LeafRole::Hub, now, life)?;
    let store = options.store.create(&state)?;
    if store.identity().is_err() {
        crate::api::first_root_key(&*store, &state)?;
    }
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
            renewed: None,
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
fn hub_store(
    state: Option<&std::path::Path>,
    options: &StoreOptions,
) -> Result<(Arc<dyn Store>, Identity)> {
    let state = state_dir::resolve(state)?;
    let store = options.open(&state)?;
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
    let (store, identity) = hub_store(options.state.as_deref(), &options.store)?;
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
pub async fn revoke(
    state: Option<&std::path::Path>,
    store: &StoreOptions,
    host: &str,
) -> Result<RevokeReport> {
    let (store, _) = hub_store(state, store)?;
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
pub(crate) struct OsSource;

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
    let answer = exchange(&address, ca_hash, |_| Ok(asked)).await?;
    let Granted {
        hub,
        certificate,
        ca_certificate,
        relay,
        own,
    } = Granted::judge(answer, &address, &host, ca_hash, &request.private_key)?.map_err(
        |reason| match reason.as_str() {
            LOCKED_TEXT => locked(&address, "with the same token"),
            _ => Error::EnrolmentRefused {
                hub: address,
                reason,
            },
        },
    )?;
    let now = os::unix_now();
    let expires = pki::validity(&certificate)?.not_after;
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
            renewed: None,
        },
        None,
    )?;
    Ok(EnrollReport {
        host,
        certificate_serial: own.serial,
        relay,
        expires,
    })
}

/// The hub has no root key now.
pub(crate) fn locked(hub: &str, again: &str) -> Error {
    Error::Locked {
        what: format!("the hub at {hub} signs no certificates now: {LOCKED_TEXT}"),
        help: format!("have the hub's operator put its root key back, then try again {again}"),
    }
}

/// What a hub granted, judged.
pub(crate) struct Granted {
    hub: String,
    pub(crate) certificate: Vec<u8>,
    ca_certificate: Vec<u8>,
    relay: bool,
    pub(crate) own: PeerIdentity,
}

impl Granted {
    /// Takes an answer that is good here: under the pinned CA, for `host`, on our key. The hub's refusal is the inner
    /// `Err`.
    pub(crate) fn judge(
        answer: Message,
        address: &str,
        host: &str,
        ca_hash: [u8; 32],
        key: &SecretBytes,
    ) -> Result<std::result::Result<Self, String>> {
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
            Message::Refused { reason } => return Ok(Err(reason)),
            Message::Request { .. } | Message::Renewal { .. } => return Err(odd("a request")),
        };
        if pki::fingerprint(&ca_certificate) != ca_hash {
            return Err(odd("another CA than the one that was pinned"));
        }
        let now = os::unix_now();
        let ca = CaCertificate::from_der(&ca_certificate)
            .map_err(|_| odd("a CA that does not parse"))?;
        let own = ca
            .verify(&certificate, Usage::Client, &[ChannelRole::Host], now)
            .map_err(|error| odd(&format!("a certificate that is not good here: {error}")))?;
        pki::check_id(&hub).map_err(|_| odd("a name that is no id"))?;
        if own.id != host || relay != own.roles.contains(&ChannelRole::Relay) {
            return Err(odd("a certificate for somebody else"));
        }
        ChannelIdentity::from_der(&certificate, key.as_slice())
            .map_err(|_| odd("a certificate for another key"))?;
        Ok(Ok(Self {
            hub,
            certificate,
            ca_certificate,
            relay,
            own,
        }))
    }
}

/// One question and its answer; `ask` makes the question of what names this very connection to both its ends.
pub(crate) async fn exchange(
    address: &str,
    ca_hash: [u8; 32],
    ask: impl FnOnce(&[u8; EXPORTED]) -> Result<Message>,
) -> Result<Message> {
    match tokio::time::timeout(TIMEOUT, converse(address, ca_hash, ask)).await {
        Ok(answer) => answer,
        Err(_) => Err(Error::failed(
            format!(
                "the hub at {address} did not answer in {} s",
                TIMEOUT.as_secs()
            ),
            "check the address and that the hub is running",
        )),
    }
}

async fn converse(
    address: &str,
    ca_hash: [u8; 32],
    ask: impl FnOnce(&[u8; EXPORTED]) -> Result<Message>,
) -> Result<Message> {
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
    let connection = stream.get_ref().1;
    let exported = connection.export_keying_material([0; EXPORTED], RENEWAL, None);
    let exported = exported.map_err(|error| unreachable(io::Error::other(error)))?;
    let asked = ask(&exported)?;
    write(&mut stream, &asked).await.map_err(unreachable)?;
    let answer = read(&mut stream).await.map_err(unreachable)?;
    // The hub may be gone already; the answer is complete.
    let _ = stream.shutdown().await;
    Ok(answer)
}

pub(crate) async fn write<S: AsyncWrite + Unpin>(
    stream: &mut S,
    message: &Message,
) -> io::Result<()> {
    let frame = message
        .encode()
        .map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    stream.write_all(&frame).await?;
    stream.flush().await
}

pub(crate) async fn read<S: AsyncRead + Unpin>(stream: &mut S) -> io::Result<Message> {
    let invalid = |error| io::Error::new(io::ErrorKind::InvalidData, error);
    let mut header = [0; protocol::HEADER];
    stream.read_exact(&mut header).await?;
    let (kind, length) = protocol::parse_header(&header).map_err(invalid)?;
    let mut body = SecretBytes::new_zeroed(length);
    stream.read_exact(body.as_mut_slice()).await?;
    Message::decode(kind, body.as_slice()).map_err(invalid)
}

#[cfg(test)]
#[path = "enroll_tests.rs"]
mod tests;
