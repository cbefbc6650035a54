//! What names a key, and the data key that comes of it.

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use hkdf::Hkdf;
use photonbox_secret::{SecretArray, SecretBytes};
use rand_core::TryCryptoRng;
use sha2::Sha384;

use crate::group::{Group, NoRandom, Scheme};
use photonbox_signed::put;

/// Label of [`data_key`].
const DATA_LABEL: &str = "photonbox/vault/v1/data";
/// Label of the key that wraps imported bytes.
const WRAP_LABEL: &[u8] = b"photonbox/vault/v1/wrap";
/// The longest name of a set, an item or an appliance, bytes.
pub const MAX_NAME: usize = 255;
/// The longest imported key.
pub const MAX_IMPORT: usize = 64 * 1024;
/// What wrapping adds: nonce and tag.
pub const WRAPPING: usize = NONCE_LEN + 16;

/// Names an item's key for as long as it lives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemName {
    /// Group of its key.
    pub scheme: Scheme,
    /// Its set: one tenant's appliances with one master key.
    pub set: String,
    /// Generation of the master key when the item was created. It is never updated: rotations leave the data key as it is.
    pub generation: u64,
    /// The item in its set.
    pub item: String,
}

impl ItemName {
    /// Label and name, each part with its length before it: no two names give the same bytes.
    pub(crate) fn context(&self, label: &str) -> Vec<u8> {
        let mut context = Vec::new();
        for part in [label, self.scheme.name(), &self.set] {
            put(&mut context, part.as_bytes());
        }
        context.extend_from_slice(&self.generation.to_be_bytes());
        put(&mut context, self.item.as_bytes());
        context
    }
}

/// The data key: HKDF-SHA-384 of K_s in its encoding, with the item's name in the info (specification 4-vault).
#[must_use]
pub fn data_key<G: Group>(key: &G::Element, name: &ItemName) -> SecretArray<32> {
    let mut out = SecretArray::new_zeroed();
    let encoded = G::encode(key);
    let expanded = Hkdf::<Sha384>::new(None, encoded.as_slice())
        .expand(&name.context(DATA_LABEL), out.as_mut_slice());
    assert!(expanded.is_ok(), "32 bytes are less than 255 blocks");
    out
}

/// Why imported bytes were not wrapped or unwrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WrapError {
    /// Too many, or none.
    #[error("a key of {0} bytes; import 1 to 65536")]
    Length(usize),
    /// It was wrapped for another item, under another key, or changed since.
    #[error(
        "the wrapped key does not belong to this item or was changed; restore it from a backup"
    )]
    Forged,
    /// No nonce.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

/// Wraps a user's own key under the data key, for this item alone: nonce, ciphertext, tag.
///
/// # Errors
/// [`WrapError::Length`], [`WrapError::NoRandom`].
pub fn wrap(
    data_key: &SecretArray<32>,
    name: &ItemName,
    imported: &[u8],
    random: &mut impl TryCryptoRng,
) -> Result<Vec<u8>, WrapError> {
    if !(1..=MAX_IMPORT).contains(&imported.len()) {
        return Err(WrapError::Length(imported.len()));
    }
    let mut nonce = [0; NONCE_LEN];
    random.try_fill_bytes(&mut nonce).map_err(|_| NoRandom)?;
    let mut out = Vec::with_capacity(imported.len() + WRAPPING);
    out.extend_from_slice(&nonce);
    out.extend_from_slice(imported);
    let (_, text) = out.split_at_mut(NONCE_LEN);
    let aad = Aad::from(name.context(DATA_LABEL));
    let nonce = Nonce::assume_unique_for_key(nonce);
    let Ok(tag) = wrapping_key(data_key).seal_in_place_separate_tag(nonce, aad, text) else {
        unreachable!("64 KiB are not too long for GCM")
    };
    out.extend_from_slice(tag.as_ref());
    Ok(out)
}

/// Gives back what [`wrap`] was given.
///
/// # Errors
/// [`WrapError::Length`], [`WrapError::Forged`].
pub fn unwrap(
    data_key: &SecretArray<32>,
    name: &ItemName,
    wrapped: &[u8],
) -> Result<SecretBytes, WrapError> {
    let length = wrapped.len().saturating_sub(WRAPPING);
    if !(1..=MAX_IMPORT).contains(&length) {
        return Err(WrapError::Length(length));
    }
    let (nonce, text) = wrapped.split_at(NONCE_LEN);
    let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| WrapError::Forged)?;
    let aad = Aad::from(name.context(DATA_LABEL));
    let mut text = SecretBytes::from_slice(text);
    let opened = wrapping_key(data_key).open_in_place(nonce, aad, text.as_mut_slice());
    opened.map_err(|_| WrapError::Forged)?;
    text.truncate(length);
    Ok(text)
}

/// Its key schedule is the library's, in memory that it wipes but does not lock.
fn wrapping_key(data_key: &SecretArray<32>) -> LessSafeKey {
    let mut key = SecretArray::<32>::new_zeroed();
    let expanded =
        Hkdf::<Sha384>::new(None, data_key.as_slice()).expand(WRAP_LABEL, key.as_mut_slice());
    assert!(expanded.is_ok(), "32 bytes are less than 255 blocks");
    match UnboundKey::new(&AES_256_GCM, key.as_slice()) {
        Ok(key) => LessSafeKey::new(key),
        Err(_) => unreachable!("32 bytes are a key of AES-256"),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use crate::group::{P384, Purpose, Ristretto255};
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    fn name() -> ItemName {
        ItemName {
            scheme: Scheme::P384,
            set: "tenant".into(),
            generation: 1,
            item: "disk".into(),
        }
    }

    /// Everything that names a key changes it, and moving a byte from one part to its neighbour does, too.
    #[test]
    fn a_data_key_hangs_on_every_part_of_its_name() {
        let mut random = ChaCha20Rng::seed_from_u64(5);
        let key = P384::random(Purpose::Key, &mut random).unwrap();
        let other = P384::random(Purpose::Key, &mut random).unwrap();
        let changes: [fn(&mut ItemName); 6] = [
            |_| {},
            |name| name.scheme = Scheme::Ristretto255,
            |name| name.set = "tenan".into(),
            |name| name.generation = 2,
            |name| name.item = "tdisk".into(),
            |name| (name.set, name.item) = ("tenantd".into(), "isk".into()),
        ];
        let mut keys: Vec<_> = changes
            .iter()
            .map(|change| {
                let mut name = name();
                change(&mut name);
                data_key::<P384>(&key, &name).as_slice().to_vec()
            })
            .collect();
        assert_eq!(data_key::<P384>(&key, &name()).as_slice(), keys[0]);
        keys.push(data_key::<P384>(&other, &name()).as_slice().to_vec());
        keys.sort();
        keys.dedup();
        assert_eq!(keys.len(), changes.len() + 1);
    }

    /// HKDF by an independent program (Python, hmac and hashlib) of the generator of ristretto255 under this name.
    #[test]
    fn a_data_key_of_an_independent_program() {
        let generator = "e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76";
        let bytes: Vec<u8> = (0..32)
            .map(|at| u8::from_str_radix(&generator[2 * at..2 * at + 2], 16).unwrap())
            .collect();
        let key = Ristretto255::decode(&bytes).unwrap();
        let mut name = name();
        name.scheme = Scheme::Ristretto255;
        let made = data_key::<Ristretto255>(&key, &name);
        let hex: String = made
            .as_slice()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        assert_eq!(
            hex,
            "7eca0d480f22113b8e53751fa030efe4e68c7fa38ecb8bfd033e52ff97fdfd80"
        );
    }

    #[test]
    fn imported_bytes_come_back_for_their_item_alone() {
        let mut random = ChaCha20Rng::seed_from_u64(6);
        let mut key = SecretArray::new_zeroed();
        key.as_mut_slice().fill(3);
        for length in [1, 32, MAX_IMPORT] {
            let imported = vec![7; length];
            let wrapped = wrap(&key, &name(), &imported, &mut random).unwrap();
            assert_eq!(wrapped.len(), length + WRAPPING);
            let back = unwrap(&key, &name(), &wrapped).unwrap();
            assert_eq!(back.as_slice(), imported);
            // Another nonce each time.
            assert_ne!(
                wrap(&key, &name(), &imported, &mut random).unwrap(),
                wrapped
            );
            let mut other = name();
            other.item.push('2');
            assert_eq!(
                unwrap(&key, &other, &wrapped).err(),
                Some(WrapError::Forged)
            );
            for at in [0, NONCE_LEN, wrapped.len() - 1] {
                let mut wrapped = wrapped.clone();
                wrapped[at] ^= 1;
                assert_eq!(
                    unwrap(&key, &name(), &wrapped).err(),
                    Some(WrapError::Forged)
                );
            }
        }
        for length in [0, MAX_IMPORT + 1] {
            let imported = vec![7; length];
            let refused = wrap(&key, &name(), &imported, &mut random);
            assert_eq!(refused, Err(WrapError::Length(length)));
            let wrapped = vec![0; length + WRAPPING];
            assert_eq!(
                unwrap(&key, &name(), &wrapped).err(),
                Some(WrapError::Length(length))
            );
        }
    }
}
