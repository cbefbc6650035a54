//! Identities: X.509 certificates with P-384 keys under one CA, the role and ID in SAN URIs
//! `photonbox:hub/ID`, `photonbox:host/ID`, … (spec 1-entropy §1.5). Path checking is
//! rustls-webpki's; this file pins the CA, the algorithm and the role.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P384_SHA384_ASN1_SIGNING, EcdsaKeyPair};
use rustls::pki_types::{
    CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer, SignatureVerificationAlgorithm, TrustAnchor,
    UnixTime,
};
use rustls::sign::CertifiedKey;
use serde::{Deserialize, Serialize};
use webpki::{EndEntityCert, KeyUsage};

use crate::message::MAX_ID;

/// The only signature algorithm: ECDSA on P-384 with SHA-384.
pub(crate) static SIGNATURES: &[&dyn SignatureVerificationAlgorithm] =
    &[webpki::aws_lc_rs::ECDSA_P384_SHA384];

/// What a certificate's owner may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The server with the source.
    Hub,
    /// A machine that receives.
    Host,
    /// A host that serves further hosts.
    Relay,
    /// A device that keeps a share (3-custody).
    Holder,
}

impl Role {
    const ALL: [Self; 4] = [Self::Hub, Self::Host, Self::Relay, Self::Holder];

    /// The word in the URI.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hub => "hub",
            Self::Host => "host",
            Self::Relay => "relay",
            Self::Holder => "holder",
        }
    }

    /// `photonbox:ROLE/ID`, for the certificate's subject alternative name.
    #[must_use]
    pub fn uri(self, id: &str) -> String {
        format!("photonbox:{}/{id}", self.as_str())
    }
}

impl std::fmt::Display for Role {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Whether `id` may stand in a URI: 1 to 64 of `a-z A-Z 0-9 . _ -`.
#[must_use]
pub fn is_valid_id(id: &str) -> bool {
    (1..=MAX_ID).contains(&id.len())
        && id
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

/// What is wrong with a certificate, a key or a signature.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdentityError {
    /// Signed by another CA than the pinned one.
    #[error("it is from another CA; check that both sides were enrolled with the same hub")]
    WrongCa,
    /// Past its end.
    #[error("it has expired; enrol again, or set the clock")]
    Expired,
    /// Before its beginning.
    #[error("it is not valid yet; set the clock")]
    NotYetValid,
    /// The role is not one that this place accepts.
    #[error(
        "its role is {found}, wanted {wanted}; connect to the right machine or enrol with that role"
    )]
    WrongRole {
        /// Roles in the certificate, or `none`.
        found: String,
        /// Roles that would do.
        wanted: String,
    },
    /// Another ID than the one expected.
    #[error("it belongs to {found}, wanted {wanted}; check the address")]
    WrongId {
        /// ID in the certificate.
        found: String,
        /// ID that was expected.
        wanted: String,
    },
    /// Does not parse, or has no usable name.
    #[error("it is not a photonbox certificate ({0}); enrol again")]
    BadCertificate(String),
    /// A private key does not parse or does not belong to the certificate.
    #[error("the private key does not parse or does not fit the certificate; enrol again")]
    BadKey,
    /// A signature does not verify.
    #[error("the signature does not verify; the message was altered or made by someone else")]
    BadSignature,
    /// Signing failed inside the library.
    #[error("signing failed; check the private key")]
    SigningFailed,
}

impl IdentityError {
    /// As rustls carries it, with the alert that fits.
    fn into_tls(self) -> rustls::Error {
        use rustls::CertificateError as Cert;
        rustls::Error::InvalidCertificate(match self {
            Self::WrongCa => Cert::UnknownIssuer,
            Self::Expired => Cert::Expired,
            Self::NotYetValid => Cert::NotValidYet,
            other => Cert::Other(rustls::OtherError(Arc::new(other))),
        })
    }

    /// The inverse of [`Self::into_tls`].
    pub(crate) fn from_tls(error: &rustls::Error) -> Option<Self> {
        use rustls::CertificateError as Cert;
        let rustls::Error::InvalidCertificate(error) = error else {
            return None;
        };
        Some(match error {
            Cert::UnknownIssuer => Self::WrongCa,
            Cert::Expired | Cert::ExpiredContext { .. } => Self::Expired,
            Cert::NotValidYet | Cert::NotValidYetContext { .. } => Self::NotYetValid,
            Cert::Other(other) => other.0.downcast_ref::<Self>()?.clone(),
            other => Self::BadCertificate(format!("{other:?}")),
        })
    }
}

impl From<webpki::Error> for IdentityError {
    fn from(error: webpki::Error) -> Self {
        match error {
            // A CA of the same name but another key gives a bad signature, not an unknown issuer.
            webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
                Self::WrongCa
            }
            webpki::Error::CertExpired { .. } => Self::Expired,
            webpki::Error::CertNotValidYet { .. } => Self::NotYetValid,
            other => Self::BadCertificate(other.to_string()),
        }
    }
}

/// Who is on the other side, from a verified certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PeerIdentity {
    /// The ID of its URIs (one ID for all of them).
    pub id: String,
    /// Its roles, each once.
    pub roles: Vec<Role>,
    /// Serial number of the certificate in hex.
    pub serial: String,
    /// SHA-256 of the certificate.
    pub fingerprint: [u8; 32],
    /// The certificate in DER.
    pub certificate: Vec<u8>,
}

impl PeerIdentity {
    /// Reads ID and roles from a certificate that TLS has verified.
    pub(crate) fn of_verified(certificate: &CertificateDer<'_>) -> Result<Self, IdentityError> {
        describe(certificate)
    }
}

/// SHA-256 of a certificate's DER: the `ca_hash` of enrolment and the fingerprint of a peer.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    let mut out = [0; 32];
    out.copy_from_slice(digest(&SHA256, certificate).as_ref());
    out
}

/// Reads ID and roles out of a certificate's URIs, without judging who signed it.
fn names(cert: &EndEntityCert<'_>) -> Result<(String, Vec<Role>), IdentityError> {
    let mut id: Option<&str> = None;
    let mut roles = Vec::new();
    for uri in cert.valid_uri_names() {
        let Some(name) = uri.strip_prefix("photonbox:") else {
            continue;
        };
        let parsed = name.split_once('/').and_then(|(word, id)| {
            let role = Role::ALL.into_iter().find(|r| r.as_str() == word)?;
            is_valid_id(id).then_some((role, id))
        });
        // A role of a later version is skipped: it cannot be one that this version asks for.
        let Some((role, this)) = parsed else { continue };
        if id.is_some_and(|id| id != this) {
            return Err(IdentityError::BadCertificate("two IDs in it".into()));
        }
        id = Some(this);
        if !roles.contains(&role) {
            roles.push(role);
        }
    }
    let id = id.ok_or_else(|| IdentityError::BadCertificate("no photonbox: URI in it".into()))?;
    Ok((id.to_owned(), roles))
}

fn describe(cert: &CertificateDer<'_>) -> Result<PeerIdentity, IdentityError> {
    let parsed =
        EndEntityCert::try_from(cert).map_err(|e| IdentityError::BadCertificate(e.to_string()))?;
    let (id, roles) = names(&parsed)?;
    Ok(PeerIdentity {
        id,
        roles,
        serial: parsed.serial().iter().map(|b| format!("{b:02x}")).collect(),
        fingerprint: fingerprint(cert),
        certificate: cert.to_vec(),
    })
}

/// The pinned CA.
#[derive(Clone, Debug)]
pub struct CaCertificate {
    der: CertificateDer<'static>,
    anchor: TrustAnchor<'static>,
}

/// Which end of a connection a certificate is shown at; chooses the extended key usage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Usage {
    /// Hubs and relays, towards further hosts.
    Server,
    /// Hosts.
    Client,
}

impl CaCertificate {
    /// Pins the CA certificate given in DER.
    ///
    /// # Errors
    /// [`IdentityError::BadCertificate`] when it does not parse.
    pub fn from_der(der: &[u8]) -> Result<Self, IdentityError> {
        let der = CertificateDer::from(der.to_vec());
        let anchor = webpki::anchor_from_trusted_cert(&der)
            .map_err(|e| IdentityError::BadCertificate(e.to_string()))?
            .to_owned();
        Ok(Self { der, anchor })
    }

    /// The certificate in DER.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// SHA-256 of the DER: `ca_hash`.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        fingerprint(&self.der)
    }

    /// Verifies a certificate: this CA, valid at `unix_seconds`, the usage, and one of the wanted
    /// roles.
    ///
    /// # Errors
    /// [`IdentityError`], which says what does not fit.
    pub fn verify(
        &self,
        certificate: &[u8],
        usage: Usage,
        wanted: &[Role],
        unix_seconds: u64,
    ) -> Result<PeerIdentity, IdentityError> {
        let der = CertificateDer::from(certificate);
        let cert = EndEntityCert::try_from(&der)
            .map_err(|e| IdentityError::BadCertificate(e.to_string()))?;
        let usage = match usage {
            Usage::Server => KeyUsage::server_auth(),
            Usage::Client => KeyUsage::client_auth(),
        };
        let now = UnixTime::since_unix_epoch(Duration::from_secs(unix_seconds));
        cert.verify_for_usage(
            SIGNATURES,
            std::slice::from_ref(&self.anchor),
            &[],
            now,
            usage,
            None,
            None,
        )?;
        let peer = describe(&der)?;
        if peer.roles.iter().any(|role| wanted.contains(role)) {
            Ok(peer)
        } else {
            Err(IdentityError::WrongRole {
                found: list(&peer.roles),
                wanted: list(wanted),
            })
        }
    }

    pub(crate) fn verify_tls(
        &self,
        certificate: &CertificateDer<'_>,
        usage: Usage,
        wanted: &[Role],
        id: Option<&str>,
        now: UnixTime,
    ) -> Result<PeerIdentity, rustls::Error> {
        let peer = self
            .verify(certificate, usage, wanted, now.as_secs())
            .map_err(IdentityError::into_tls)?;
        match id {
            Some(id) if id != peer.id => Err(IdentityError::WrongId {
                found: peer.id,
                wanted: id.to_owned(),
            }
            .into_tls()),
            _ => Ok(peer),
        }
    }
}

fn list(roles: &[Role]) -> String {
    if roles.is_empty() {
        return "none".into();
    }
    let words: Vec<_> = roles.iter().map(|role| role.as_str()).collect();
    words.join(" or ")
}

/// Verifies an ECDSA P-384 signature (ASN.1) by the owner of a certificate. It does not judge the
/// certificate: use [`CaCertificate::verify`] for that, first.
///
/// # Errors
/// [`IdentityError::BadSignature`], or [`IdentityError::BadCertificate`].
pub fn verify_signature(
    certificate: &[u8],
    message: &[u8],
    signature: &[u8],
) -> Result<(), IdentityError> {
    let der = CertificateDer::from(certificate);
    let cert =
        EndEntityCert::try_from(&der).map_err(|e| IdentityError::BadCertificate(e.to_string()))?;
    cert.verify_signature(webpki::aws_lc_rs::ECDSA_P384_SHA384, message, signature)
        .map_err(|_| IdentityError::BadSignature)
}

/// Our own certificate and private key.
pub struct Identity {
    own: PeerIdentity,
    key: EcdsaKeyPair,
    certified: Arc<CertifiedKey>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Identity")
            .field("id", &self.own.id)
            .field("roles", &self.own.roles)
            .finish_non_exhaustive()
    }
}

impl Identity {
    /// Takes a certificate (DER) and its P-384 private key (PKCS#8 DER). The caller zeroises its
    /// copy of the key; the cryptographic library keeps its own.
    ///
    /// # Errors
    /// [`IdentityError::BadCertificate`] or [`IdentityError::BadKey`].
    pub fn from_der(certificate: &[u8], pkcs8: &[u8]) -> Result<Self, IdentityError> {
        let cert = CertificateDer::from(certificate.to_vec());
        let own = describe(&cert)?;
        let key = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_ASN1_SIGNING, pkcs8)
            .map_err(|_| IdentityError::BadKey)?;
        let private = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(pkcs8.to_vec()));
        let signer = rustls::crypto::aws_lc_rs::sign::any_ecdsa_type(&private)
            .map_err(|_| IdentityError::BadKey)?;
        if let PrivateKeyDer::Pkcs8(mut private) = private {
            zeroize::Zeroize::zeroize(&mut private);
        }
        let certified = CertifiedKey::new(vec![cert], signer);
        certified.keys_match().map_err(|_| IdentityError::BadKey)?;
        Ok(Self {
            own,
            key,
            certified: Arc::new(certified),
        })
    }

    /// The ID of the certificate's URIs.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.own.id
    }

    /// The certificate's roles.
    #[must_use]
    pub fn roles(&self) -> &[Role] {
        &self.own.roles
    }

    /// ID, roles, serial and certificate, as others see them.
    #[must_use]
    pub fn public(&self) -> &PeerIdentity {
        &self.own
    }

    /// Signs with ECDSA P-384 and SHA-384; the signature is ASN.1 (at most 104 bytes).
    ///
    /// # Errors
    /// [`IdentityError::SigningFailed`].
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IdentityError> {
        // The per-signature nonce is the library's own: a repeated one would give the key away.
        let signature = self
            .key
            .sign(&SystemRandom::new(), message)
            .map_err(|_| IdentityError::SigningFailed)?;
        Ok(signature.as_ref().to_vec())
    }

    pub(crate) fn certified(&self) -> &Arc<CertifiedKey> {
        &self.certified
    }
}
