//! The first channel's key exchange (protocol step 2): SecP384R1MLKEM1024 and plain secp384r1 as
//! rustls groups whose ephemeral secrets come from a caller's [`ByteSource`].
//!
//! Layouts (draft-ietf-tls-ecdhe-mlkem, SecP384R1MLKEM1024, 0x11ED): client share = uncompressed
//! P-384 point (97) || ML-KEM-1024 encapsulation key (1568); server share = point (97) ||
//! ciphertext (1568); secret = ECDH x-coordinate (48) || ML-KEM secret (32).
//!
//! Countermeasure T7 (`docs/threat-model.md`).

use std::fmt;
use std::sync::{Arc, Weak};

use photonbox_ecdh::{EcdhError, KeyPair};
use photonbox_secret::SecretArray;
use rustls::crypto::{ActiveKeyExchange, CompletedKeyExchange, SharedSecret, SupportedKxGroup};
use rustls::ffdhe_groups::FfdheGroup;
use rustls::{NamedGroup, OtherError, PeerMisbehaved, ProtocolVersion};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::mlkem::{self, MLKEM_LEN, MLKEM_SECRET_LEN, MlkemKey, MlkemSecret};
use crate::source::{ByteSource, SourceExhausted};

pub use photonbox_ecdh::POINT_LEN;
/// Length of an ECDH secret: the x-coordinate.
pub const ECDH_LEN: usize = photonbox_ecdh::FIELD_LEN;
/// TLS number of SecP384R1MLKEM1024.
pub const HYBRID: u16 = 0x11ED;

/// The order of P-384's group (SEC 2, secp384r1, n), big-endian.
const ORDER: [u8; 48] = [
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xc7, 0x63, 0x4d, 0x81, 0xf4, 0x37, 0x2d, 0xdf,
    0x58, 0x1a, 0x0d, 0xb2, 0x48, 0xb0, 0xa7, 0x7a, 0xec, 0xec, 0x19, 0x6a, 0xcc, 0xc5, 0x29, 0x73,
];

/// Which key exchange the first channel may use.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Group {
    /// SecP384R1MLKEM1024, the default.
    Secp384r1Mlkem1024,
    /// Plain P-384.
    Secp384r1,
}

impl Group {
    /// The TLS name.
    #[must_use]
    pub fn named(self) -> NamedGroup {
        match self {
            Self::Secp384r1Mlkem1024 => NamedGroup::Unknown(HYBRID),
            Self::Secp384r1 => NamedGroup::secp384r1,
        }
    }
}

/// A key exchange could not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KxError {
    /// No bytes for the ephemeral secret.
    #[error(transparent)]
    Source(#[from] SourceExhausted),
    /// The other side's public key is not a valid one.
    #[error("the other side's public key is not valid")]
    BadPeerKey,
}

/// An ECDH secret, in locked memory.
pub type EcdhSecret = SecretArray<ECDH_LEN>;

/// An ephemeral P-384 key pair, used once. Its scalar lies in locked memory.
pub struct EphemeralKey(KeyPair);

impl fmt::Debug for EphemeralKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EphemeralKey")
    }
}

impl EphemeralKey {
    /// Draws a scalar by rejection sampling (FIPS 186-5 A.2.2: uniform in 1 … n−1) from `source`.
    ///
    /// # Errors
    /// [`SourceExhausted`]: of the source itself, or after 64 rejections in a row, which a source
    /// of random bytes does not give (each has a chance below 2^-190), or where there is no memory.
    pub fn generate(source: &dyn ByteSource) -> Result<Self, SourceExhausted> {
        for _ in 0..64 {
            let mut scalar = SecretArray::<ECDH_LEN>::new_zeroed();
            source.fill(scalar.as_mut_slice())?;
            if scalar.as_slice() >= &ORDER[..] {
                continue;
            }
            #[cfg(test)]
            let seen = scalar.duplicate();
            match KeyPair::of_scalar(scalar) {
                Ok(pair) => {
                    #[cfg(test)]
                    crate::witness::made(pair.public(), seen.as_slice());
                    return Ok(Self(pair));
                }
                // Zero: draw another.
                Err(EcdhError::BadScalar | EcdhError::BadPoint) => {}
                Err(EcdhError::NoMemory) => break,
            }
        }
        Err(SourceExhausted)
    }

    /// The uncompressed point.
    #[must_use]
    pub fn public(&self) -> &[u8; POINT_LEN] {
        self.0.public()
    }

    /// The x-coordinate of the shared point. The key is used up.
    ///
    /// # Errors
    /// [`KxError::BadPeerKey`] when `peer` is not an uncompressed point of the curve.
    pub fn agree(self, peer: &[u8]) -> Result<EcdhSecret, KxError> {
        #[cfg(test)]
        crate::witness::used(self.public());
        let agreed = self.0.agree(peer).map_err(|error| match error {
            EcdhError::BadPoint => KxError::BadPeerKey,
            EcdhError::BadScalar | EcdhError::NoMemory => KxError::Source(SourceExhausted),
        });
        #[cfg(test)]
        if let Ok(secret) = &agreed {
            crate::witness::note("ECDH", secret.as_slice());
        }
        agreed
    }
}

fn tls_error(error: KxError) -> rustls::Error {
    match error {
        KxError::Source(exhausted) => rustls::Error::Other(OtherError(Arc::new(exhausted))),
        KxError::BadPeerKey => PeerMisbehaved::InvalidKeyShare.into(),
    }
}

fn exhausted() -> rustls::Error {
    tls_error(KxError::Source(SourceExhausted))
}

/// A rustls group that draws from a caller's source. rustls wants groups that live for ever; this
/// one is leaked once per configuration (a few words) and holds the source only weakly, so that
/// the secret state of the source still goes away with the configuration.
struct SourcedGroup {
    group: Group,
    source: Weak<dyn ByteSource>,
}

impl fmt::Debug for SourcedGroup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SourcedGroup").field(&self.group).finish()
    }
}

/// Makes the rustls groups of one configuration, in order of preference.
pub(crate) fn groups(
    wanted: &[Group],
    source: &Arc<dyn ByteSource>,
) -> Vec<&'static dyn SupportedKxGroup> {
    wanted
        .iter()
        .map(|group| {
            let leaked: &'static SourcedGroup = Box::leak(Box::new(SourcedGroup {
                group: *group,
                source: Arc::downgrade(source),
            }));
            leaked as &'static dyn SupportedKxGroup
        })
        .collect()
}

impl SourcedGroup {
    fn source(&self) -> Result<Arc<dyn ByteSource>, rustls::Error> {
        self.source.upgrade().ok_or_else(exhausted)
    }
}

impl SupportedKxGroup for SourcedGroup {
    fn start(&self) -> Result<Box<dyn ActiveKeyExchange>, rustls::Error> {
        let source = self.source()?;
        let ecdh = EphemeralKey::generate(&*source).map_err(|_| exhausted())?;
        Ok(match self.group {
            Group::Secp384r1 => Box::new(ActiveP384 { ecdh }),
            Group::Secp384r1Mlkem1024 => {
                let mlkem = MlkemKey::generate(&*source).map_err(|_| exhausted())?;
                let mut share = ecdh.public().to_vec();
                share.extend_from_slice(&*mlkem.public());
                Box::new(ActiveHybrid { ecdh, mlkem, share })
            }
        })
    }

    fn start_and_complete(&self, client: &[u8]) -> Result<CompletedKeyExchange, rustls::Error> {
        let source = self.source()?;
        let (point, ek) = match self.group {
            Group::Secp384r1 => (client, &[][..]),
            Group::Secp384r1Mlkem1024 => split_share(client)?,
        };
        let ecdh = EphemeralKey::generate(&*source).map_err(|_| exhausted())?;
        let mut share = ecdh.public().to_vec();
        let x = ecdh.agree(point).map_err(tls_error)?;
        let secret = match self.group {
            Group::Secp384r1 => SharedSecret::from(x.as_slice()),
            Group::Secp384r1Mlkem1024 => {
                let (ciphertext, shared) = mlkem::encapsulate(&*source, ek).map_err(tls_error)?;
                share.extend_from_slice(&*ciphertext);
                hybrid_secret(&x, &shared)
            }
        };
        Ok(CompletedKeyExchange {
            group: self.name(),
            pub_key: share,
            secret,
        })
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn name(&self) -> NamedGroup {
        self.group.named()
    }

    fn usable_for_version(&self, version: ProtocolVersion) -> bool {
        version == ProtocolVersion::TLSv1_3
    }
}

fn split_share(share: &[u8]) -> Result<(&[u8], &[u8]), rustls::Error> {
    if share.len() != POINT_LEN + MLKEM_LEN {
        return Err(tls_error(KxError::BadPeerKey));
    }
    Ok(share.split_at(POINT_LEN))
}

/// The ECDH secret first.
fn hybrid_secret(x: &EcdhSecret, mlkem: &MlkemSecret) -> SharedSecret {
    let mut joined = Zeroizing::new([0_u8; ECDH_LEN + MLKEM_SECRET_LEN]);
    joined[..ECDH_LEN].copy_from_slice(x.as_slice());
    joined[ECDH_LEN..].copy_from_slice(mlkem.as_slice());
    SharedSecret::from(&joined[..])
}

struct ActiveP384 {
    ecdh: EphemeralKey,
}

impl ActiveKeyExchange for ActiveP384 {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let x = self.ecdh.agree(peer).map_err(tls_error)?;
        Ok(SharedSecret::from(x.as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        self.ecdh.public()
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        Group::Secp384r1.named()
    }
}

struct ActiveHybrid {
    ecdh: EphemeralKey,
    mlkem: MlkemKey,
    share: Vec<u8>,
}

impl ActiveKeyExchange for ActiveHybrid {
    fn complete(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, rustls::Error> {
        let (point, ciphertext) = split_share(peer)?;
        let x = self.ecdh.agree(point).map_err(tls_error)?;
        let ciphertext = ciphertext
            .try_into()
            .map_err(|_| tls_error(KxError::BadPeerKey))?;
        Ok(hybrid_secret(&x, &self.mlkem.decapsulate(ciphertext)))
    }

    fn hybrid_component(&self) -> Option<(NamedGroup, &[u8])> {
        Some((NamedGroup::secp384r1, self.ecdh.public()))
    }

    fn complete_hybrid_component(
        self: Box<Self>,
        peer: &[u8],
    ) -> Result<SharedSecret, rustls::Error> {
        let x = self.ecdh.agree(peer).map_err(tls_error)?;
        Ok(SharedSecret::from(x.as_slice()))
    }

    fn pub_key(&self) -> &[u8] {
        &self.share
    }

    fn ffdhe_group(&self) -> Option<FfdheGroup<'static>> {
        None
    }

    fn group(&self) -> NamedGroup {
        Group::Secp384r1Mlkem1024.named()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed exchange must fail the test

    use super::*;
    use aws_lc_rs::agreement::{ECDH_P384, PrivateKey, UnparsedPublicKey, agree};
    use aws_lc_rs::kem;
    use std::sync::Mutex;

    /// Gives the listed chunks, then counts up.
    struct Listed(Mutex<Vec<Vec<u8>>>);

    impl ByteSource for Listed {
        fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
            let next = self.0.lock().unwrap().pop().ok_or(SourceExhausted)?;
            out.copy_from_slice(&next[..out.len()]);
            Ok(())
        }
    }

    fn listed(chunks: &[&[u8]]) -> Listed {
        Listed(Mutex::new(
            chunks.iter().rev().map(|c| c.to_vec()).collect(),
        ))
    }

    /// SEC 2's generator of secp384r1.
    const GENERATOR: &str = "04\
        aa87ca22be8b05378eb1c71ef320ad746e1d3b628ba79b9859f741e082542a385502f25dbf55296c3a545e3872760ab7\
        3617de4a96262c6f5d9e98bf9292dc29f8f41dbd289a147ce9da3113b5f0b8c00a60b1ce1d7e819d7a431d7c90ea0e5f";

    #[test]
    fn scalars_are_drawn_by_rejection() {
        let mut one = [0; 48];
        one[47] = 1;
        let mut above = ORDER;
        above[47] += 1;
        let source = listed(&[&[0; 48], &ORDER, &above, &[0xff; 48], &one]);
        let key = EphemeralKey::generate(&source).unwrap();
        let hex: String = key.public().iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, GENERATOR);
        let mut below = ORDER;
        below[47] -= 1;
        // n − 1 is a scalar: the point −G has G's x.
        let key = EphemeralKey::generate(&listed(&[&below])).unwrap();
        let hex: String = key.public()[..49]
            .iter()
            .map(|b| format!("{b:02x}"))
            .collect();
        assert_eq!(hex, GENERATOR[..98]);
        let stuck: Vec<&[u8]> = vec![&[0xff; 48]; 70];
        assert!(EphemeralKey::generate(&listed(&stuck)).is_err());
        assert!(EphemeralKey::generate(&listed(&[])).is_err());
    }

    #[test]
    fn points_off_the_curve_are_refused() {
        let key = || EphemeralKey::generate(&listed(&[&[7; 48]])).unwrap();
        let good = *EphemeralKey::generate(&listed(&[&[9; 48]]))
            .unwrap()
            .public();
        assert!(key().agree(&good).is_ok());
        let mut off = good;
        off[96] ^= 1;
        assert!(matches!(key().agree(&off), Err(KxError::BadPeerKey)));
        assert!(key().agree(&good[..96]).is_err());
        assert!(key().agree(&[0]).is_err());
        let mut compressed = [0; POINT_LEN];
        compressed[0] = 2;
        assert!(key().agree(&compressed).is_err());
    }

    fn make(
        group: Group,
        chunks: &[&[u8]],
    ) -> (&'static dyn SupportedKxGroup, Arc<dyn ByteSource>) {
        let source: Arc<dyn ByteSource> = Arc::new(listed(chunks));
        (groups(&[group], &source)[0], source)
    }

    #[test]
    fn plain_p384_agrees_with_rustls_own_group() {
        let theirs = rustls::crypto::aws_lc_rs::kx_group::SECP384R1;
        let (ours, _source) = make(Group::Secp384r1, &[&[7; 48], &[8; 48]]);
        let active = ours.start().unwrap();
        let done = theirs.start_and_complete(active.pub_key()).unwrap();
        let secret = active.complete(&done.pub_key).unwrap();
        assert_eq!(secret.secret_bytes(), done.secret.secret_bytes());
        let active = theirs.start().unwrap();
        let done = ours.start_and_complete(active.pub_key()).unwrap();
        let secret = active.complete(&done.pub_key).unwrap();
        assert_eq!(secret.secret_bytes(), done.secret.secret_bytes());
    }

    /// The other end is written out with aws-lc's own ML-KEM, in the draft's byte order.
    #[test]
    fn the_hybrid_agrees_with_another_implementation_in_the_drafts_layout() {
        let d_z = [3; 64];
        let (ours, _source) = make(
            Group::Secp384r1Mlkem1024,
            &[&[7; 48], &d_z, &[8; 48], &[4; 32]],
        );
        assert_eq!(u16::from(ours.name()), 0x11ed);
        let peer = PrivateKey::generate(&ECDH_P384).unwrap();
        let peer_point = peer.compute_public_key().unwrap();
        let x_with = |point: &[u8]| {
            agree(&peer, UnparsedPublicKey::new(&ECDH_P384, point), (), |x| {
                Ok(x.to_vec())
            })
            .unwrap()
        };

        // We are the client.
        let active = ours.start().unwrap();
        let share = active.pub_key().to_vec();
        assert_eq!(share.len(), 97 + 1568);
        let ek = kem::EncapsulationKey::new(&kem::ML_KEM_1024, &share[97..]).unwrap();
        let (ciphertext, shared) = ek.encapsulate().unwrap();
        let answer = [peer_point.as_ref(), ciphertext.as_ref()].concat();
        let secret = active.complete(&answer).unwrap();
        assert_eq!(
            secret.secret_bytes(),
            [&x_with(&share[..97])[..], shared.as_ref()].concat()
        );

        // We are the server.
        let dk = kem::DecapsulationKey::generate(&kem::ML_KEM_1024).unwrap();
        let ek = dk.encapsulation_key().unwrap().key_bytes().unwrap();
        let share = [peer_point.as_ref(), ek.as_ref()].concat();
        let done = ours.start_and_complete(&share).unwrap();
        assert_eq!(done.pub_key.len(), 97 + 1568);
        let shared = dk.decapsulate(done.pub_key[97..].into()).unwrap();
        assert_eq!(
            done.secret.secret_bytes(),
            [&x_with(&done.pub_key[..97])[..], shared.as_ref()].concat()
        );

        // Wrong lengths and keys are refused, and the source is at its end by now.
        assert!(ours.start_and_complete(&share[1..]).is_err());
        let error = ours.start_and_complete(&share).err().unwrap();
        assert!(matches!(error, rustls::Error::Other(_)), "{error:?}");
    }

    #[test]
    fn a_group_whose_source_is_gone_fails() {
        let (ours, source) = make(Group::Secp384r1, &[&[7; 48]]);
        drop(source);
        assert!(ours.start().is_err());
    }
}
