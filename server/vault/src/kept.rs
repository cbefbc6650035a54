//! Shares in clear, as they lie in a store or with an appliance: under a key that only the vault has (specification 4-vault: whoever
//! knows a K_s and its share has K_m).

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use photonbox_secret::{SecretArray, SecretBytes};
use rand_core::TryCryptoRng;

use crate::group::NoRandom;
use crate::item::ItemName;

/// Label of what a share is bound to.
const LABEL: &str = "photonbox/vault/v1/share";
/// Version of the form.
const VERSION: u8 = 1;
/// Version, key number and nonce.
const HEAD: usize = 1 + 4 + NONCE_LEN;
const TAG: usize = 16;
/// Bytes of a key of shares.
pub const KEY: usize = 32;

/// Why bytes are no share of this item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoShare {
    /// Too short, or of another version.
    #[error("no share of this version; restore it from a backup")]
    Form,
    /// Under a key that is not here.
    #[error("a share under key {0}, which is not in use; restore the vault's keys from a backup")]
    UnknownKey(u32),
    /// Of another item, or changed.
    #[error("a share that belongs to another item or was changed; restore it from a backup")]
    Forged,
}

/// A key of shares.
pub struct ShareKey {
    id: u32,
    key: LessSafeKey,
}

impl std::fmt::Debug for ShareKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "ShareKey({}, ..)", self.id)
    }
}

impl ShareKey {
    /// Key number `id`. Its schedule is the library's, in memory that it wipes but does not lock.
    #[must_use]
    pub fn new(id: u32, key: &SecretArray<KEY>) -> Self {
        let Ok(key) = UnboundKey::new(&AES_256_GCM, key.as_slice()) else {
            unreachable!("32 bytes are a key of AES-256")
        };
        let key = LessSafeKey::new(key);
        Self { id, key }
    }

    /// Encrypts the share of an item.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn seal(
        &self,
        name: &ItemName,
        share: &SecretBytes,
        random: &mut impl TryCryptoRng,
    ) -> Result<Vec<u8>, NoRandom> {
        let mut nonce = [0; NONCE_LEN];
        random.try_fill_bytes(&mut nonce).map_err(|_| NoRandom)?;
        let mut out = Vec::with_capacity(HEAD + share.len() + TAG);
        out.push(VERSION);
        out.extend_from_slice(&self.id.to_be_bytes());
        out.extend_from_slice(&nonce);
        out.extend_from_slice(share.as_slice());
        let nonce = Nonce::assume_unique_for_key(nonce);
        let aad = Aad::from(name.context(LABEL));
        let sealed = self
            .key
            .seal_in_place_separate_tag(nonce, aad, &mut out[HEAD..]);
        let Ok(tag) = sealed else {
            unreachable!("a share is not too long for GCM")
        };
        out.extend_from_slice(tag.as_ref());
        Ok(out)
    }

    /// Decrypts it.
    ///
    /// # Errors
    /// [`NoShare`].
    pub fn open(&self, name: &ItemName, sealed: &[u8]) -> Result<SecretBytes, NoShare> {
        let (head, text) = sealed.split_at_checked(HEAD).ok_or(NoShare::Form)?;
        let Some((&VERSION, rest)) = head.split_first() else {
            return Err(NoShare::Form);
        };
        let (id, nonce) = rest.split_at(4);
        let id = id.try_into().map_or(0, u32::from_be_bytes);
        if id != self.id {
            return Err(NoShare::UnknownKey(id));
        }
        let length = text.len().checked_sub(TAG).ok_or(NoShare::Form)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| NoShare::Form)?;
        let aad = Aad::from(name.context(LABEL));
        let mut text = SecretBytes::from_slice(text);
        let opened = self.key.open_in_place(nonce, aad, text.as_mut_slice());
        opened.map_err(|_| NoShare::Forged)?;
        text.truncate(length);
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use crate::group::Scheme;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    fn name(item: &str) -> ItemName {
        ItemName {
            scheme: Scheme::P384,
            set: "tenant".into(),
            generation: 1,
            item: item.into(),
        }
    }

    #[test]
    fn a_share_opens_for_its_item_under_its_key_alone() {
        let mut random = ChaCha20Rng::seed_from_u64(3);
        let key = ShareKey::new(1, &SecretArray::from_array([7; KEY]));
        let share = SecretBytes::from_slice(b"K_s times K_m");
        let sealed = key.seal(&name("disk"), &share, &mut random).unwrap();
        let opened = key.open(&name("disk"), &sealed).unwrap();
        assert_eq!(opened.as_slice(), share.as_slice());
        assert!(!sealed.windows(4).any(|part| part == b"K_s "));
        let moved = key.open(&name("other"), &sealed).err();
        assert_eq!(moved, Some(NoShare::Forged));
        let same_number = ShareKey::new(1, &SecretArray::from_array([8; KEY]));
        let foreign = same_number.open(&name("disk"), &sealed).err();
        assert_eq!(foreign, Some(NoShare::Forged));
        let other = ShareKey::new(2, &SecretArray::from_array([7; KEY]));
        let unknown = other.open(&name("disk"), &sealed).err();
        assert_eq!(unknown, Some(NoShare::UnknownKey(1)));
        for at in 0..sealed.len() {
            let mut changed = sealed.clone();
            changed[at] ^= 1;
            assert!(key.open(&name("disk"), &changed).is_err(), "byte {at}");
            assert!(
                key.open(&name("disk"), &sealed[..at]).is_err(),
                "cut at {at}"
            );
        }
        let again = key.seal(&name("disk"), &share, &mut random).unwrap();
        assert_ne!(again, sealed, "another nonce");
    }
}
