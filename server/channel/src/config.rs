//! Settings and TLS configurations: TLS 1.3 only, mutual, no resumption, no 0-RTT, one cipher
//! suite, our own groups (protocol step 2).

mod http;

use std::num::{NonZeroU32, NonZeroU64};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustls::client::Resumption;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, WebPkiSupportedAlgorithms};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::NoServerSessionStorage;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::sign::SingleCertAndKey;
use rustls::time_provider::TimeProvider;
use rustls::{DigitallySignedStruct, DistinguishedName, SignatureScheme};

use crate::error::Error;
use crate::identity::{CaCertificate, Identity, IdentityError, PeerIdentity, Role, Usage};
use crate::kx::{self, Group};
use crate::labels;
use crate::record::MAX_EPOCH_RECORDS;
use crate::sending::MAX_CREDITS;
use crate::source::{ByteSource, MixingSource};
use crate::stock::KeyStock;
use crate::terms::WhenExhausted;

pub use http::HttpTls;

/// How a channel behaves. N and T of the two sides are exchanged in the handshake and the
/// stricter of each holds.
#[derive(Debug, Clone)]
pub struct Settings {
    /// N: data packets an epoch and direction; `None` for no limit but 2^24 records.
    pub rekey_packets: Option<NonZeroU64>,
    /// T: seconds an epoch lasts; `None` for no limit.
    pub rekey_seconds: Option<NonZeroU32>,
    /// Bytes of the second portion (A only), 16 to 1024.
    pub second_portion: usize,
    /// From the first byte to the second channel.
    pub handshake_timeout: Duration,
    /// A ping goes out after this long without sending or without hearing anything; three times this long
    /// without hearing anything ends the channel.
    pub keepalive: Duration,
    /// N_pq: epochs of a direction between two whose keys take in a fresh ML-KEM-1024 secret; `None` for no limit.
    pub pq_epochs: Option<NonZeroU32>,
    /// T_pq: the same in seconds.
    pub pq_seconds: Option<NonZeroU32>,
    /// What happens when a rekey is due and the other side's prekeys are used up.
    pub when_exhausted: WhenExhausted,
    /// Prekeys that the other side holds at first and at least, 1 to 4096.
    pub prekeys_least: usize,
    /// Prekeys that the other side holds at most, however fast it uses them, up to 4096.
    pub prekeys_most: usize,
    /// How long data may wait for prekeys.
    pub rekey_timeout: Duration,
    /// A channel on which no whole record came for so long ends, however many bytes of one came: nobody holds a channel
    /// by a byte now and then. Four times `keepalive` where that is longer.
    pub record_timeout: Duration,
    /// Bytes queued or not yet taken above which [`crate::Channel::send`] says would-block.
    pub queue_bytes: usize,
    /// Bytes of undelivered events above which no more is read from the wire.
    pub receive_bytes: usize,
    /// Records an epoch, at most and by default 2^24; lower values are for tests.
    pub record_limit: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            rekey_packets: NonZeroU64::new(1000),
            rekey_seconds: NonZeroU32::new(600),
            second_portion: 64,
            handshake_timeout: Duration::from_secs(10),
            keepalive: Duration::from_secs(15),
            pq_epochs: NonZeroU32::new(256),
            pq_seconds: NonZeroU32::new(3600),
            when_exhausted: WhenExhausted::Wait,
            prekeys_least: 4,
            prekeys_most: 1024,
            rekey_timeout: Duration::from_secs(30),
            record_timeout: Duration::from_secs(30),
            queue_bytes: 512 * 1024,
            receive_bytes: 512 * 1024,
            record_limit: MAX_EPOCH_RECORDS,
        }
    }
}

impl Settings {
    pub(crate) fn check(&self) -> Result<(), Error> {
        if !(16..=1024).contains(&self.second_portion) {
            return Err(Error::Setting("second_portion must be 16 to 1024 bytes"));
        }
        if !(64..=MAX_EPOCH_RECORDS).contains(&self.record_limit) {
            return Err(Error::Setting("record_limit must be 64 to 2^24"));
        }
        if !(1..=self.prekeys_most).contains(&self.prekeys_least) || self.prekeys_most > MAX_CREDITS
        {
            return Err(Error::Setting(
                "prekeys_least must be at least 1, prekeys_most at least that and at most 4096",
            ));
        }
        if self.queue_bytes == 0 || self.receive_bytes == 0 {
            return Err(Error::Setting(
                "queue_bytes and receive_bytes must not be 0",
            ));
        }
        if self.keepalive.is_zero()
            || self.handshake_timeout.is_zero()
            || self.rekey_timeout.is_zero()
            || self.record_timeout.is_zero()
        {
            return Err(Error::Setting("timeouts must not be 0"));
        }
        Ok(())
    }
}

/// Decides whether a verified identity is welcome: the place for revocation and enrolment lists.
pub trait Admission: Send + Sync {
    /// Whether this peer may go on to the second channel.
    fn admit(&self, peer: &PeerIdentity) -> bool;
}

/// Wall-clock seconds, set by the caller at each connection; certificates are judged by it.
#[derive(Debug, Default)]
struct Wall(AtomicU64);

impl TimeProvider for Wall {
    fn current_time(&self) -> Option<UnixTime> {
        let seconds = self.0.load(Ordering::Relaxed);
        Some(UnixTime::since_unix_epoch(Duration::from_secs(seconds)))
    }
}

/// Everything a host needs to connect; made once and used for many connections.
#[derive(Clone)]
pub struct ClientConfig {
    pub(crate) tls: Arc<rustls::ClientConfig>,
    wall: Arc<Wall>,
    pub(crate) source: Arc<dyn MixingSource>,
    // The groups hold the source weakly; this keeps it alive.
    _groups_source: Arc<dyn ByteSource>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) stock: Option<Arc<KeyStock>>,
    pub(crate) settings: Settings,
}

/// What a [`ClientConfig`] is made of.
pub struct ClientOptions {
    /// Our certificate (role host) and key.
    pub identity: Arc<Identity>,
    /// The pinned CA.
    pub ca: CaCertificate,
    /// Roles accepted at the other side, usually hub and relay.
    pub server_roles: Vec<Role>,
    /// The ID that the other side must have, if it is known.
    pub server_id: Option<String>,
    /// B's own generator.
    pub source: Arc<dyn MixingSource>,
    /// Groups offered, best first; default hybrid, then plain.
    pub groups: Vec<Group>,
    /// Keys made ahead, from the same source; `None` makes each when it is needed.
    pub stock: Option<Arc<KeyStock>>,
    /// Behaviour.
    pub settings: Settings,
}

impl ClientOptions {
    /// Options with the defaults: hub or relay of any ID, both groups.
    #[must_use]
    pub fn new(identity: Arc<Identity>, ca: CaCertificate, source: Arc<dyn MixingSource>) -> Self {
        Self {
            identity,
            ca,
            server_roles: vec![Role::Hub, Role::Relay],
            server_id: None,
            source,
            groups: vec![Group::Secp384r1Mlkem1024, Group::Secp384r1],
            stock: None,
            settings: Settings::default(),
        }
    }
}

impl ClientConfig {
    /// Builds the configuration.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of bounds, [`Error::Tls`] if rustls refuses.
    pub fn new(options: ClientOptions) -> Result<Self, Error> {
        options.settings.check()?;
        let source: Arc<dyn ByteSource> = options.source.clone();
        let wall = Arc::new(Wall::default());
        let verifier = PinnedServer {
            ca: options.ca,
            roles: options.server_roles,
            id: options.server_id,
        };
        let mut tls = rustls::ClientConfig::builder_with_details(
            provider(&options.groups, &source)?,
            wall.clone(),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(Arc::new(SingleCertAndKey::from(
            options.identity.certified().clone(),
        )));
        harden_client(&mut tls, labels::ALPN_CHANNEL);
        Ok(Self {
            tls: Arc::new(tls),
            wall,
            source: options.source,
            _groups_source: source,
            identity: options.identity,
            stock: options.stock,
            settings: options.settings,
        })
    }

    pub(crate) fn set_clock(&self, unix_seconds: u64) {
        self.wall.0.store(unix_seconds, Ordering::Relaxed);
    }
}

fn harden_client(tls: &mut rustls::ClientConfig, alpn: &[u8]) {
    tls.resumption = Resumption::disabled();
    tls.enable_early_data = false;
    tls.enable_sni = false; // IDs stand in certificates; host names say nothing here
    tls.alpn_protocols = vec![alpn.to_vec()];
}

fn harden_server(tls: &mut rustls::ServerConfig, alpn: &[u8]) {
    tls.session_storage = Arc::new(NoServerSessionStorage {});
    tls.send_tls13_tickets = 0;
    tls.max_early_data_size = 0;
    tls.alpn_protocols = vec![alpn.to_vec()];
}

/// Everything a hub or relay needs to accept; made once and used for many connections.
#[derive(Clone)]
pub struct ServerConfig {
    pub(crate) tls: Arc<rustls::ServerConfig>,
    wall: Arc<Wall>,
    pub(crate) source: Arc<dyn ByteSource>,
    pub(crate) admission: Option<Arc<dyn Admission>>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) stock: Option<Arc<KeyStock>>,
    pub(crate) settings: Settings,
}

/// What a [`ServerConfig`] is made of.
pub struct ServerOptions {
    /// Our certificate (role hub or relay) and key.
    pub identity: Arc<Identity>,
    /// The pinned CA.
    pub ca: CaCertificate,
    /// Roles accepted at the other side, usually host.
    pub client_roles: Vec<Role>,
    /// A's DRBG.
    pub source: Arc<dyn ByteSource>,
    /// Groups accepted, best first; default hybrid, then plain.
    pub groups: Vec<Group>,
    /// Keys made ahead, from the same source; `None` makes each when it is needed.
    pub stock: Option<Arc<KeyStock>>,
    /// Revocations and the like; `None` admits every verified peer.
    pub admission: Option<Arc<dyn Admission>>,
    /// Behaviour.
    pub settings: Settings,
}

impl ServerOptions {
    /// Options with the defaults: any host of the CA, both groups.
    #[must_use]
    pub fn new(identity: Arc<Identity>, ca: CaCertificate, source: Arc<dyn ByteSource>) -> Self {
        Self {
            identity,
            ca,
            client_roles: vec![Role::Host],
            source,
            groups: vec![Group::Secp384r1Mlkem1024, Group::Secp384r1],
            stock: None,
            admission: None,
            settings: Settings::default(),
        }
    }
}

impl ServerConfig {
    /// Builds the configuration.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of bounds, [`Error::Tls`] if rustls refuses.
    pub fn new(options: ServerOptions) -> Result<Self, Error> {
        options.settings.check()?;
        let wall = Arc::new(Wall::default());
        let verifier = PinnedClient {
            ca: options.ca,
            roles: options.client_roles,
        };
        let mut tls = rustls::ServerConfig::builder_with_details(
            provider(&options.groups, &options.source)?,
            wall.clone(),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(Arc::new(SingleCertAndKey::from(
            options.identity.certified().clone(),
        )));
        harden_server(&mut tls, labels::ALPN_CHANNEL);
        Ok(Self {
            tls: Arc::new(tls),
            wall,
            source: options.source,
            admission: options.admission,
            identity: options.identity,
            stock: options.stock,
            settings: options.settings,
        })
    }

    /// The certificate and key that channels accepted with this configuration have, for as long as they live.
    #[must_use]
    pub fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    pub(crate) fn set_clock(&self, unix_seconds: u64) {
        self.wall.0.store(unix_seconds, Ordering::Relaxed);
    }
}

const SUPPORTED: WebPkiSupportedAlgorithms = WebPkiSupportedAlgorithms {
    all: &[webpki::aws_lc_rs::ECDSA_P384_SHA384],
    mapping: &[(
        SignatureScheme::ECDSA_NISTP384_SHA384,
        &[webpki::aws_lc_rs::ECDSA_P384_SHA384],
    )],
};

fn provider(groups: &[Group], source: &Arc<dyn ByteSource>) -> Result<Arc<CryptoProvider>, Error> {
    if groups.is_empty() {
        return Err(Error::Setting("groups must name at least one group"));
    }
    Ok(Arc::new(CryptoProvider {
        cipher_suites: vec![rustls::crypto::aws_lc_rs::cipher_suite::TLS13_AES_256_GCM_SHA384],
        kx_groups: kx::groups(groups, source),
        signature_verification_algorithms: SUPPORTED,
        ..rustls::crypto::aws_lc_rs::default_provider()
    }))
}

fn no_tls12() -> rustls::Error {
    rustls::Error::General("TLS 1.2 is never spoken".into())
}

#[derive(Debug)]
struct PinnedServer {
    ca: CaCertificate,
    roles: Vec<Role>,
    id: Option<String>,
}

/// The part that all verifiers share: TLS 1.3 signatures of the supported schemes, none of TLS 1.2.
/// A macro since rustls asks for it in two traits, and a trait's methods cannot be lent to another.
macro_rules! tls13_signatures {
    () => {
        fn verify_tls12_signature(
            &self,
            _message: &[u8],
            _cert: &CertificateDer<'_>,
            _dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Err(no_tls12())
        }

        fn verify_tls13_signature(
            &self,
            message: &[u8],
            cert: &CertificateDer<'_>,
            dss: &DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            rustls::crypto::verify_tls13_signature(message, cert, dss, &SUPPORTED)
        }

        fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
            SUPPORTED.supported_schemes()
        }
    };
}

impl ServerCertVerifier for PinnedServer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        self.ca.verify_tls(
            end_entity,
            Usage::Server,
            &self.roles,
            self.id.as_deref(),
            now,
        )?;
        Ok(ServerCertVerified::assertion())
    }

    tls13_signatures!();
}

#[derive(Debug)]
struct PinnedClient {
    ca: CaCertificate,
    roles: Vec<Role>,
}

impl ClientCertVerifier for PinnedClient {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        self.ca
            .verify_tls(end_entity, Usage::Client, &self.roles, None, now)?;
        Ok(ClientCertVerified::assertion())
    }

    tls13_signatures!();
}

/// TLS for enrolment, hub side: server authentication only, ALPN `photonbox-enroll/1`. The CA's
/// certificate goes along in the chain, so that a host that only knows its hash can check it.
///
/// The caller keeps `source` alive as long as the configuration.
///
/// # Errors
/// As [`ServerConfig::new`].
pub fn enroll_server_config(
    identity: &Identity,
    ca: &CaCertificate,
    source: &Arc<dyn ByteSource>,
    unix_seconds: u64,
) -> Result<Arc<rustls::ServerConfig>, Error> {
    let own = identity.certified();
    let chain = vec![own.cert[0].clone(), CertificateDer::from(ca.der().to_vec())];
    let key = rustls::sign::CertifiedKey::new(chain, own.key.clone());
    let wall = Arc::new(Wall(AtomicU64::new(unix_seconds)));
    let mut tls = rustls::ServerConfig::builder_with_details(
        provider(&[Group::Secp384r1Mlkem1024, Group::Secp384r1], source)?,
        wall,
    )
    .with_protocol_versions(&[&rustls::version::TLS13])?
    .with_no_client_auth()
    .with_cert_resolver(Arc::new(SingleCertAndKey::from(key)));
    harden_server(&mut tls, labels::ALPN_ENROLL);
    Ok(Arc::new(tls))
}

#[derive(Debug)]
struct PinnedByHash {
    ca_hash: [u8; 32],
}

impl ServerCertVerifier for PinnedByHash {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let ca = ca_of_chain(intermediates, &self.ca_hash)
            .map_err(|_| rustls::Error::from(rustls::CertificateError::UnknownIssuer))?;
        ca.verify_tls(end_entity, Usage::Server, &[Role::Hub], None, now)?;
        Ok(ServerCertVerified::assertion())
    }

    tls13_signatures!();
}

/// Finds the CA with this SHA-256 in a chain as the hub sent it.
///
/// # Errors
/// [`IdentityError::WrongCa`] when none has it.
pub fn ca_of_chain(
    chain: &[CertificateDer<'_>],
    ca_hash: &[u8; 32],
) -> Result<CaCertificate, IdentityError> {
    chain
        .iter()
        .find(|cert| crate::identity::fingerprint(cert) == *ca_hash)
        .ok_or(IdentityError::WrongCa)
        .and_then(|cert| CaCertificate::from_der(cert))
}

/// TLS for enrolment, host side: the hub is known only by the hash of its CA's certificate.
///
/// The caller keeps `source` alive as long as the configuration.
///
/// # Errors
/// As [`ClientConfig::new`].
pub fn enroll_client_config(
    ca_hash: [u8; 32],
    source: &Arc<dyn ByteSource>,
    unix_seconds: u64,
) -> Result<Arc<rustls::ClientConfig>, Error> {
    let wall = Arc::new(Wall(AtomicU64::new(unix_seconds)));
    let mut tls = rustls::ClientConfig::builder_with_details(
        provider(&[Group::Secp384r1Mlkem1024, Group::Secp384r1], source)?,
        wall,
    )
    .with_protocol_versions(&[&rustls::version::TLS13])?
    .dangerous()
    .with_custom_certificate_verifier(Arc::new(PinnedByHash { ca_hash }))
    .with_no_client_auth();
    harden_client(&mut tls, labels::ALPN_ENROLL);
    Ok(Arc::new(tls))
}
