//! TLS for HTTP interfaces, where both sides show a certificate of the CA: hub, host, agent. Standard clients can speak it.

use super::{
    Arc, ByteSource, CaCertificate, Error, Group, Identity, PinnedClient, PinnedServer, Role,
    SingleCertAndKey, harden_client, harden_server, provider,
};
use rustls::time_provider::TimeProvider;

/// ALPN of HTTP/1.1 (RFC 7301).
const ALPN: &[u8] = b"http/1.1";

/// What both sides are made of.
#[derive(Clone)]
pub struct HttpTls {
    /// Our certificate and key.
    pub identity: Arc<Identity>,
    /// The pinned CA.
    pub ca: CaCertificate,
    /// Roles accepted at the other side.
    pub roles: Vec<Role>,
    /// Our generator. Who uses the configuration keeps it alive.
    pub source: Arc<dyn ByteSource>,
    /// Tells the time by which certificates are judged.
    pub clock: Arc<dyn TimeProvider>,
}

impl HttpTls {
    /// For a server: whoever connects must show a certificate. Whether it is still in force the server asks at each request.
    ///
    /// # Errors
    /// [`Error::Tls`] if rustls refuses.
    pub fn server(&self) -> Result<Arc<rustls::ServerConfig>, Error> {
        let verifier = PinnedClient {
            ca: self.ca.clone(),
            roles: self.roles.clone(),
        };
        let mut tls = rustls::ServerConfig::builder_with_details(
            provider(&GROUPS, &self.source)?,
            Arc::clone(&self.clock),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .with_client_cert_verifier(Arc::new(verifier))
        .with_cert_resolver(self.resolver());
        harden_server(&mut tls, ALPN);
        Ok(Arc::new(tls))
    }

    /// For a client; `id`: whom it must be, where that is known.
    ///
    /// # Errors
    /// [`Error::Tls`] if rustls refuses.
    pub fn client(&self, id: Option<&str>) -> Result<Arc<rustls::ClientConfig>, Error> {
        let verifier = PinnedServer {
            ca: self.ca.clone(),
            roles: self.roles.clone(),
            id: id.map(str::to_owned),
        };
        let mut tls = rustls::ClientConfig::builder_with_details(
            provider(&GROUPS, &self.source)?,
            Arc::clone(&self.clock),
        )
        .with_protocol_versions(&[&rustls::version::TLS13])?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(verifier))
        .with_client_cert_resolver(self.resolver());
        harden_client(&mut tls, ALPN);
        Ok(Arc::new(tls))
    }

    fn resolver(&self) -> Arc<SingleCertAndKey> {
        Arc::new(SingleCertAndKey::from(self.identity.certified().clone()))
    }
}

const GROUPS: [Group; 2] = [Group::Secp384r1Mlkem1024, Group::Secp384r1];

impl std::fmt::Debug for HttpTls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpTls")
            .field("identity", &self.identity)
            .field("roles", &self.roles)
            .finish_non_exhaustive()
    }
}
