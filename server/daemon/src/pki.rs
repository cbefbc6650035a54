//! Certificates: the hub's CA, its identity, and those it issues to hosts. P-384 throughout.
//!
//! Identities are SAN URIs (`1-entropy` §1.5): `photonbox:hub/ID`, `photonbox:host/ID`, and for a
//! host that may relay also `photonbox:relay/ID`.

use std::time::Duration;

use photonbox_secret::SecretBytes;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DistinguishedName,
    DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P384_SHA384, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm, SigningKey,
};
use rustls::pki_types::{CertificateDer, CertificateSigningRequestDer, PrivatePkcs8KeyDer};
use sha2::{Digest, Sha256};
use x509_parser::prelude::{ASN1Time, FromDer, X509Certificate};
use zeroize::Zeroizing;

use crate::{Error, Result, os};

/// Life of the CA: ten years.
pub const CA_SECONDS: u64 = 3650 * 86_400;
/// Life of a hub's or host's certificate: one year.
pub const LEAF_SECONDS: u64 = 365 * 86_400;
/// Certificates are valid from this long before they are made: clocks differ.
const BACKDATE_SECONDS: u64 = 300;

/// A certificate with its key.
#[derive(Debug)]
pub struct KeyedCertificate {
    /// X.509, DER.
    pub certificate: Vec<u8>,
    /// PKCS#8, DER.
    pub private_key: SecretBytes,
    /// Lower-case hex.
    pub serial: String,
    /// Seconds since 1970.
    pub expires: u64,
}

/// A certificate that the CA issued.
#[derive(Clone, Debug)]
pub struct IssuedCertificate {
    /// X.509, DER.
    pub certificate: Vec<u8>,
    /// Lower-case hex.
    pub serial: String,
    /// Seconds since 1970.
    pub expires: u64,
}

/// When a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Seconds since 1970.
    pub not_before: u64,
    /// Seconds since 1970.
    pub not_after: u64,
}

impl Validity {
    /// Seconds from when it was issued to its end.
    #[must_use]
    pub fn life(self) -> u64 {
        let issued = self.not_before.saturating_add(BACKDATE_SECONDS);
        self.not_after.saturating_sub(issued)
    }
}

/// Reads from a certificate (DER) when it is good; whose it is, is not judged.
///
/// # Errors
/// It does not parse, or is older than 1970.
pub fn validity(certificate: &[u8]) -> Result<Validity> {
    let unreadable = || {
        Error::failed(
            "a certificate does not parse",
            "enrol with the same version of photonbox as the hub",
        )
    };
    let (_, parsed) = X509Certificate::from_der(certificate).map_err(|_| unreadable())?;
    let seconds = |time: ASN1Time| u64::try_from(time.timestamp()).map_err(|_| unreadable());
    Ok(Validity {
        not_before: seconds(parsed.validity.not_before)?,
        not_after: seconds(parsed.validity.not_after)?,
    })
}

/// What a leaf certificate says about its owner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LeafRole {
    /// `photonbox:hub/ID`.
    Hub,
    /// `photonbox:host/ID`.
    Host,
    /// `photonbox:host/ID` and `photonbox:relay/ID`.
    HostAndRelay,
}

impl LeafRole {
    fn uris(self, id: &str) -> Vec<String> {
        match self {
            Self::Hub => vec![format!("photonbox:hub/{id}")],
            Self::Host => vec![format!("photonbox:host/{id}")],
            Self::HostAndRelay => {
                vec![
                    format!("photonbox:host/{id}"),
                    format!("photonbox:relay/{id}"),
                ]
            }
        }
    }
}

/// SHA-256 of a certificate's DER.
#[must_use]
pub fn fingerprint(certificate: &[u8]) -> [u8; 32] {
    Sha256::digest(certificate).into()
}

/// Lower-case hex.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// Reads the 32 bytes of a pinned CA hash.
///
/// # Errors
/// A usage error for anything but 64 hex digits.
pub fn parse_ca_hash(text: &str) -> Result<[u8; 32]> {
    let wrong = || {
        Error::usage(
            "the CA hash is not 64 hex digits".to_owned(),
            "copy ca_hash from `photonbox init` or `photonbox enroll token` on the hub",
        )
    };
    let digits = text.trim().as_bytes();
    if digits.len() != 64 {
        return Err(wrong());
    }
    let mut hash = [0; 32];
    for (byte, pair) in hash.iter_mut().zip(digits.chunks_exact(2)) {
        let pair = std::str::from_utf8(pair).map_err(|_| wrong())?;
        if pair.starts_with('+') {
            return Err(wrong());
        }
        *byte = u8::from_str_radix(pair, 16).map_err(|_| wrong())?;
    }
    Ok(hash)
}

/// An id is 1 to 63 of `a-z A-Z 0-9 . _ -`, and begins with a letter or digit: it becomes part of a
/// URI, of logs and of JSON.
///
/// # Errors
/// A usage error that says so.
pub fn check_id(id: &str) -> Result<()> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let begins = id
        .bytes()
        .next()
        .is_some_and(|byte| byte.is_ascii_alphanumeric());
    if begins && id.len() <= 63 && id.bytes().all(plain) {
        Ok(())
    } else {
        Err(Error::usage(
            format!("`{}` is not an id", id.escape_default()),
            "use 1 to 63 letters, digits, dots, dashes or underscores, a letter or digit first",
        ))
    }
}

/// This machine's name as an id.
#[must_use]
pub fn machine_name() -> String {
    let raw = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let id: String = raw
        .trim()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-') {
                c
            } else {
                '-'
            }
        })
        .skip_while(|c| !c.is_ascii_alphanumeric())
        .take(63)
        .collect();
    if id.is_empty() {
        "photonbox".into()
    } else {
        id
    }
}

fn broken(what: &str, error: &rcgen::Error) -> Error {
    Error::failed(
        format!("cannot {what}: {error}"),
        "report this with the version of photonbox",
    )
}

/// A new key; its copy for rcgen is wiped on drop.
fn new_key() -> Result<Zeroizing<KeyPair>> {
    KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384)
        .map(Zeroizing::new)
        .map_err(|e| broken("make a P-384 key", &e))
}

fn read_key(pkcs8: &SecretBytes) -> Result<KeyPair> {
    KeyPair::from_pkcs8_der_and_sign_algo(
        &PrivatePkcs8KeyDer::from(pkcs8.as_slice()),
        &PKCS_ECDSA_P384_SHA384,
    )
    .map_err(|e| broken("read the private key in the state directory", &e))
}

fn secret_der(key: &KeyPair) -> SecretBytes {
    SecretBytes::from_slice(key.serialized_der())
}

/// Common fields; `now` in seconds since 1970. Gives the serial's hex and the end of life, too.
fn params(name: &str, now: u64, life: u64) -> Result<(CertificateParams, String, u64)> {
    let mut serial = [0_u8; 16];
    os::random(&mut serial).map_err(|error| {
        Error::failed(
            format!("the system's generator failed: {error}"),
            "check the kernel's log",
        )
    })?;
    // Positive and of fixed length in DER (RFC 5280 §4.1.2.2).
    serial[0] = serial[0] & 0x7f | 0x40;
    let mut params = CertificateParams::default();
    let epoch = rcgen::date_time_ymd(1970, 1, 1);
    let expires = now.saturating_add(life);
    params.not_before = epoch + Duration::from_secs(now.saturating_sub(BACKDATE_SECONDS));
    params.not_after = epoch + Duration::from_secs(expires);
    params.serial_number = Some(SerialNumber::from_slice(&serial));
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.use_authority_key_identifier_extension = true;
    Ok((params, hex(&serial), expires))
}

fn leaf_params(
    id: &str,
    role: LeafRole,
    now: u64,
    life: u64,
) -> Result<(CertificateParams, String, u64)> {
    check_id(id)?;
    let (mut params, serial, expires) = params(id, now, life)?;
    for uri in role.uris(id) {
        let uri = uri
            .try_into()
            .map_err(|e| broken("write the identity's URI", &e))?;
        params.subject_alt_names.push(SanType::URI(uri));
    }
    params.is_ca = IsCa::ExplicitNoCa;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![
        ExtendedKeyUsagePurpose::ServerAuth,
        ExtendedKeyUsagePurpose::ClientAuth,
    ];
    Ok((params, serial, expires))
}

/// Makes a CA for the hub `id`.
///
/// # Errors
/// A bad id, or a failure of the OS generator.
pub fn new_authority(id: &str, now: u64) -> Result<KeyedCertificate> {
    check_id(id)?;
    let key = new_key()?;
    let (mut params, serial, expires) = params(&format!("photonbox CA of {id}"), now, CA_SECONDS)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let certificate = params
        .self_signed(&*key)
        .map_err(|e| broken("sign the CA", &e))?;
    Ok(KeyedCertificate {
        certificate: certificate.der().to_vec(),
        private_key: secret_der(&key),
        serial,
        expires,
    })
}

/// A key whose bytes are wiped on drop.
struct WipedKey(Zeroizing<KeyPair>);

impl PublicKeyData for WipedKey {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        self.0.algorithm()
    }
}

impl SigningKey for WipedKey {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, rcgen::Error> {
        self.0.sign(message)
    }
}

/// The CA as something that signs.
pub struct Signer {
    issuer: Issuer<'static, WipedKey>,
    /// The CA's own end, seconds since 1970: what it signs ends with it.
    ends: u64,
}

impl Signer {
    /// From the stored CA.
    ///
    /// # Errors
    /// A certificate or key that cannot be read.
    pub fn new(ca_certificate: &[u8], ca_private_key: &SecretBytes) -> Result<Self> {
        let key = read_key(ca_private_key)?;
        let certificate = CertificateDer::from(ca_certificate);
        let issuer = Issuer::from_ca_cert_der(&certificate, WipedKey(Zeroizing::new(key)))
            .map_err(|e| broken("read the CA certificate", &e))?;
        let ends = validity(ca_certificate)?.not_after;
        Ok(Self { issuer, ends })
    }

    /// `life` seconds from `now`, but no longer than the CA lives.
    fn life(&self, now: u64, life: u64) -> Result<u64> {
        match self.ends.saturating_sub(now).min(life) {
            0 => Err(Error::failed(
                "no certificate can be issued: its life would be over",
                "check the clock, the life of certificates, and the CA's own end (docs/operations.md)",
            )),
            life => Ok(life),
        }
    }

    /// Makes key and certificate at once: the hub's own identity.
    ///
    /// # Errors
    /// A bad id, or a failure of the OS generator.
    pub fn new_identity(
        &self,
        id: &str,
        role: LeafRole,
        now: u64,
        life_seconds: u64,
    ) -> Result<KeyedCertificate> {
        let key = new_key()?;
        let life = self.life(now, life_seconds)?;
        let (params, serial, expires) = leaf_params(id, role, now, life)?;
        let certificate = params
            .signed_by(&*key, &self.issuer)
            .map_err(|e| broken("sign a certificate", &e))?;
        Ok(KeyedCertificate {
            certificate: certificate.der().to_vec(),
            private_key: secret_der(&key),
            serial,
            expires,
        })
    }

    /// Signs a host's request. Only the key is taken from it: name, roles and dates are ours.
    ///
    /// # Errors
    /// A request that does not parse, is not self-signed by its key, or is not P-384; a bad id; a CA that has expired.
    pub fn sign_request(
        &self,
        request: &[u8],
        id: &str,
        role: LeafRole,
        now: u64,
        life_seconds: u64,
    ) -> Result<IssuedCertificate> {
        let refuse = |reason: &str| {
            Error::failed(
                format!("the certificate request {reason}"),
                "enrol with the same version of photonbox as the hub",
            )
        };
        let der = CertificateSigningRequestDer::from(request);
        let mut request = CertificateSigningRequestParams::from_der(&der)
            .map_err(|_| refuse("does not parse or verify"))?;
        if request.public_key.algorithm() != &PKCS_ECDSA_P384_SHA384 {
            return Err(refuse("has a key that is not P-384"));
        }
        let (params, serial, expires) = leaf_params(id, role, now, self.life(now, life_seconds)?)?;
        request.params = params;
        let certificate = request
            .signed_by(&self.issuer)
            .map_err(|e| broken("sign a certificate", &e))?;
        Ok(IssuedCertificate {
            certificate: certificate.der().to_vec(),
            serial,
            expires,
        })
    }
}

/// A host's fresh key and the request for a certificate on it.
#[derive(Debug)]
pub struct Request {
    /// PKCS#10, DER.
    pub request: Vec<u8>,
    /// PKCS#8, DER.
    pub private_key: SecretBytes,
}

/// Makes a key and a request for the host `id`.
///
/// # Errors
/// A bad id, or a failure of the OS generator.
pub fn new_request(id: &str) -> Result<Request> {
    check_id(id)?;
    let key = new_key()?;
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, id);
    let request = params
        .serialize_request(&*key)
        .map_err(|e| broken("make a request", &e))?;
    Ok(Request {
        request: request.der().to_vec(),
        private_key: secret_der(&key),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_plain() {
        for good in ["a", "web-1.example_2", "9", &"x".repeat(63)] {
            check_id(good).expect(good);
        }
        for bad in ["", "-a", ".", "a b", "a/b", "ä", "a\n", &"x".repeat(64)] {
            assert_eq!(check_id(bad).expect_err(bad).exit_code(), 2);
        }
        check_id(&machine_name()).expect("this machine's name");
    }

    #[test]
    fn ca_hash_is_64_hex_digits() {
        let hash = fingerprint(b"certificate");
        assert_eq!(parse_ca_hash(&hex(&hash)).expect("own output"), hash);
        assert_eq!(
            parse_ca_hash(&format!(" {}\n", hex(&hash))).expect("trimmed"),
            hash
        );
        for bad in ["", "zz", &"g".repeat(64), &"+1".repeat(32), &"ä".repeat(32)] {
            assert!(parse_ca_hash(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn requests_are_signed_and_foreign_fields_ignored() {
        let ca = new_authority("hub", 1_000_000_000).expect("CA");
        let signer = Signer::new(&ca.certificate, &ca.private_key).expect("signer");
        let request = new_request("mallory").expect("request");
        let issued = signer
            .sign_request(
                &request.request,
                "h1",
                LeafRole::HostAndRelay,
                1_000_000_000,
                3600,
            )
            .expect("issued");
        let text = String::from_utf8_lossy(&issued.certificate).into_owned();
        assert!(text.contains("photonbox:host/h1") && text.contains("photonbox:relay/h1"));
        assert!(!text.contains("mallory"));
        assert_eq!(issued.serial.len(), 32);
        assert_eq!(issued.expires, 1_000_003_600);
        let validity = validity(&issued.certificate).expect("a certificate");
        assert_eq!((validity.not_after, validity.life()), (1_000_003_600, 3600));
        let plain = signer
            .sign_request(&request.request, "h1", LeafRole::Host, 1_000_000_000, 3600)
            .expect("issued");
        assert!(!String::from_utf8_lossy(&plain.certificate).contains("relay"));
        assert_ne!(plain.serial, issued.serial);
    }

    #[test]
    fn nothing_outlives_the_ca() {
        let now = 1_000_000_000;
        let ca = new_authority("hub", now).expect("CA");
        assert_eq!(
            validity(&ca.certificate).expect("a CA").not_after,
            ca.expires
        );
        let signer = Signer::new(&ca.certificate, &ca.private_key).expect("signer");
        let late = |at| signer.new_identity("h", LeafRole::Host, at, LEAF_SECONDS);
        assert_eq!(late(ca.expires - 7).expect("issued").expires, ca.expires);
        for (at, life) in [(ca.expires, 1), (ca.expires + 9, 1), (now, 0)] {
            assert!(signer.new_identity("h", LeafRole::Host, at, life).is_err());
        }
        assert!(validity(b"nonsense").is_err());
    }

    #[test]
    fn damaged_requests_are_refused() {
        let ca = new_authority("hub", 1_000_000_000).expect("CA");
        let signer = Signer::new(&ca.certificate, &ca.private_key).expect("signer");
        let good = new_request("h").expect("request").request;
        for cut in [0, 1, good.len() / 2, good.len() - 1] {
            assert!(
                signer
                    .sign_request(&good[..cut], "h", LeafRole::Host, 1, 60)
                    .is_err()
            );
        }
        let mut flipped = good.clone();
        let last = flipped.len() - 1;
        flipped[last] ^= 1;
        assert!(
            signer
                .sign_request(&flipped, "h", LeafRole::Host, 1, 60)
                .is_err()
        );
        assert!(
            signer
                .sign_request(&good, "../h", LeafRole::Host, 1, 60)
                .is_err()
        );
        let small = KeyPair::generate_for(&rcgen::PKCS_ECDSA_P256_SHA256).expect("P-256");
        let weak = CertificateParams::default()
            .serialize_request(&small)
            .expect("request");
        assert!(
            signer
                .sign_request(weak.der(), "h", LeafRole::Host, 1, 60)
                .is_err()
        );
    }
}
