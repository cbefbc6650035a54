//! ML-KEM-1024 with a caller's randomness (FIPS 203), for the first channel's hybrid and for the chain
//! (protocol steps 2 and 6e).

use ml_kem::kem::{Decapsulate, KeyExport};
use ml_kem::{DecapsulationKey1024, EncapsulationKey1024};
use photonbox_secret::SecretArray;
use zeroize::Zeroize;

use crate::kx::KxError;
use crate::source::{ByteSource, SourceExhausted};

/// Length of an encapsulation key, and of a ciphertext.
pub const MLKEM_LEN: usize = 1568;
/// Length of a shared secret.
pub const MLKEM_SECRET_LEN: usize = 32;
/// Encapsulation keys that one side lets lie with the other at most: 98 KiB.
pub(crate) const MOST_AHEAD: usize = 64;
/// Length of the seed d || z that a key pair is made of (FIPS 203 §7.1).
const SEED_LEN: usize = 64;

/// A shared secret, in locked memory.
pub type MlkemSecret = SecretArray<MLKEM_SECRET_LEN>;

/// A decapsulation key, kept as its seed: 64 bytes in locked memory in place of 3 KiB. Used once.
pub struct MlkemKey(SecretArray<SEED_LEN>);

impl std::fmt::Debug for MlkemKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MlkemKey")
    }
}

impl MlkemKey {
    /// Draws the seed (FIPS 203 §7.1).
    ///
    /// # Errors
    /// [`SourceExhausted`] of the source.
    pub fn generate(source: &dyn ByteSource) -> Result<Self, SourceExhausted> {
        let mut seed = SecretArray::new_zeroed();
        source.fill(seed.as_mut_slice())?;
        Ok(Self(seed))
    }

    fn expand(&self) -> DecapsulationKey1024 {
        let mut seed = ml_kem::Seed::default();
        seed.copy_from_slice(self.0.as_slice());
        let key = DecapsulationKey1024::from_seed(seed);
        seed.zeroize();
        key
    }

    /// The encapsulation key.
    #[must_use]
    pub fn public(&self) -> Box<[u8; MLKEM_LEN]> {
        let mut public = Box::new([0; MLKEM_LEN]);
        let key = self.expand();
        public.copy_from_slice(&key.encapsulation_key().to_bytes());
        public
    }

    /// The secret of a ciphertext. The key is used up. A ciphertext that was not made for this key gives a
    /// secret that nobody else has (implicit rejection, FIPS 203 §7.3).
    #[must_use]
    pub fn decapsulate(self, ciphertext: &[u8; MLKEM_LEN]) -> MlkemSecret {
        let mut shared = self.expand().decapsulate(ciphertext.into());
        let mut secret = MlkemSecret::new_zeroed();
        secret.as_mut_slice().copy_from_slice(&shared);
        shared.zeroize();
        secret
    }
}

/// Encapsulates to an encapsulation key (FIPS 203 §7.2, with its check of the key).
///
/// # Errors
/// [`KxError::BadPeerKey`] when the check refuses it, [`KxError::Source`] without bytes.
pub fn encapsulate(
    source: &dyn ByteSource,
    public: &[u8],
) -> Result<(Box<[u8; MLKEM_LEN]>, MlkemSecret), KxError> {
    let encoded = public.try_into().map_err(|_| KxError::BadPeerKey)?;
    let key = EncapsulationKey1024::new(&encoded).map_err(|_| KxError::BadPeerKey)?;
    let mut message = ml_kem::B32::default();
    source.fill(&mut message)?;
    let (encapsulated, mut shared) = key.encapsulate_deterministic(&message);
    message.zeroize();
    let mut secret = MlkemSecret::new_zeroed();
    secret.as_mut_slice().copy_from_slice(&shared);
    shared.zeroize();
    let mut ciphertext = Box::new([0; MLKEM_LEN]);
    ciphertext.copy_from_slice(&encapsulated);
    Ok((ciphertext, secret))
}
