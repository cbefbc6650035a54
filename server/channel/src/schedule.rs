//! The key schedule of the second channel (spec 1-entropy §1.5; protocol steps 4 and 6).
//!
//! Each state can only be used up: making the next one erases it. There is no way to get a record
//! key but out of the step that makes its epoch, and no way back.
//!
//! Countermeasure T8 (`docs/threat-model.md`).

use hkdf::Hkdf;
use photonbox_secret::SecretArray;
use serde::{Deserialize, Serialize};
use sha2::Sha384;
use zeroize::Zeroizing;

use crate::kx::{ECDH_LEN, POINT_LEN};
use crate::labels;
use crate::mlkem::MLKEM_SECRET_LEN;
use crate::wire::{Malformed, Reader};

/// Length of a chain secret in bytes.
pub const CHAIN_LEN: usize = 48;
/// Length of a record key (AES-256) in bytes.
pub const KEY_LEN: usize = 32;

/// The way that records of one chain go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Direction {
    /// From the side with entropy to the host.
    AToB,
    /// From the host.
    BToA,
}

impl Direction {
    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        match reader.u8("direction")? {
            0 => Ok(Self::AToB),
            1 => Ok(Self::BToA),
            _ => Err(Malformed("direction")),
        }
    }

    /// The byte in labels and messages.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::AToB => 0,
            Self::BToA => 1,
        }
    }
}

/// Both ephemeral public keys of one step, A's first whoever asked for it.
#[derive(Debug, Clone, Copy)]
pub struct PublicKeys<'a> {
    /// A's point.
    pub a: &'a [u8; POINT_LEN],
    /// B's point.
    pub b: &'a [u8; POINT_LEN],
}

/// label || d (1 byte) || e (4 bytes, big-endian) || A's point || B's point.
fn info(direction: Direction, epoch: u32, keys: PublicKeys<'_>) -> Vec<u8> {
    let mut info = Vec::with_capacity(labels::CHAIN.len() + 5 + 2 * POINT_LEN);
    info.extend_from_slice(labels::CHAIN);
    info.push(direction.code());
    info.extend_from_slice(&epoch.to_be_bytes());
    info.extend_from_slice(keys.a);
    info.extend_from_slice(keys.b);
    info
}

/// Expands to chain || key and puts both into secret memory.
fn expand(hkdf: &Hkdf<Sha384>, info: &[u8]) -> (SecretArray<CHAIN_LEN>, SecretArray<KEY_LEN>) {
    let mut okm = Zeroizing::new([0_u8; CHAIN_LEN + KEY_LEN]);
    // 80 bytes are within HKDF-SHA-384's limit of 255 blocks, so this cannot fail.
    let fits = hkdf.expand(info, &mut okm[..]).is_ok();
    debug_assert!(fits);
    let mut chain = SecretArray::new_zeroed();
    let mut key = SecretArray::new_zeroed();
    chain.as_mut_array().copy_from_slice(&okm[..CHAIN_LEN]);
    key.as_mut_array().copy_from_slice(&okm[CHAIN_LEN..]);
    #[cfg(test)]
    {
        crate::witness::note("chain", chain.as_slice());
        crate::witness::note("record key", key.as_slice());
    }
    (chain, key)
}

/// The root of both chains; exists only between the second ECDH and the split.
pub struct RootChain(SecretArray<CHAIN_LEN>);

impl RootChain {
    /// chain_0 = HKDF-Extract(salt = TLS exporter, ikm = ECDH of step 4).
    #[must_use]
    pub fn new(exporter: &[u8; CHAIN_LEN], ecdh: &[u8; ECDH_LEN]) -> Self {
        let (mut prk, _) = Hkdf::<Sha384>::extract(Some(exporter), ecdh);
        let mut chain = SecretArray::new_zeroed();
        chain.as_mut_array().copy_from_slice(&prk);
        zeroize::Zeroize::zeroize(prk.as_mut_slice());
        Self(chain)
    }

    /// chain_d,0 || key_d,0 for both directions; chain_0 is erased. Returns A→B, then B→A.
    #[must_use]
    pub fn split(self, keys: PublicKeys<'_>) -> (Epoch, Epoch) {
        (
            self.direction(Direction::AToB, keys),
            self.direction(Direction::BToA, keys),
        )
    }

    fn direction(&self, direction: Direction, keys: PublicKeys<'_>) -> Epoch {
        // A PRK of the hash's length is always accepted.
        let hkdf = match Hkdf::<Sha384>::from_prk(self.0.as_slice()) {
            Ok(hkdf) => hkdf,
            Err(_) => unreachable!("chain_0 has the length of a SHA-384 output"),
        };
        let (chain, key) = expand(&hkdf, &info(direction, 0, keys));
        Epoch {
            chain: Chain {
                secret: chain,
                direction,
                epoch: 0,
            },
            key: RecordKey(key),
        }
    }
}

/// What a step makes: the chain to go on from and the key of this epoch.
pub struct Epoch {
    /// For the next rekey.
    pub chain: Chain,
    /// For this epoch's records.
    pub key: RecordKey,
}

/// chain_d,e: all that is needed for, and all that remains until, the next rekey.
pub struct Chain {
    secret: SecretArray<CHAIN_LEN>,
    direction: Direction,
    epoch: u32,
}

impl std::fmt::Debug for Chain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Chain({:?}, epoch {})", self.direction, self.epoch)
    }
}

impl Chain {
    /// Which way its records go.
    #[must_use]
    pub fn direction(&self) -> Direction {
        self.direction
    }

    /// e.
    #[must_use]
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// chain_d,e+1 || key_d,e+1 = HKDF-SHA-384(salt = chain_d,e, ikm = ECDH [|| ML-KEM secret],
    /// info = label || d || e+1 || both public keys); chain_d,e is erased. `None` after 2^32−1
    /// epochs.
    #[must_use]
    pub fn step(
        self,
        ecdh: &[u8; ECDH_LEN],
        mlkem: Option<&[u8; MLKEM_SECRET_LEN]>,
        keys: PublicKeys<'_>,
    ) -> Option<Epoch> {
        let epoch = self.epoch.checked_add(1)?;
        let mut ikm = Zeroizing::new([0_u8; ECDH_LEN + MLKEM_SECRET_LEN]);
        ikm[..ECDH_LEN].copy_from_slice(ecdh);
        let mut len = ECDH_LEN;
        if let Some(secret) = mlkem {
            ikm[ECDH_LEN..].copy_from_slice(secret);
            len += MLKEM_SECRET_LEN;
        }
        let hkdf = Hkdf::<Sha384>::new(Some(self.secret.as_slice()), &ikm[..len]);
        let (chain, key) = expand(&hkdf, &info(self.direction, epoch, keys));
        Some(Epoch {
            chain: Chain {
                secret: chain,
                direction: self.direction,
                epoch,
            },
            key: RecordKey(key),
        })
    }

    /// The chain secret, for transcript vectors only.
    #[cfg(test)]
    pub(crate) fn secret(&self) -> &[u8; CHAIN_LEN] {
        self.secret.as_array()
    }
}

/// key_d,e: used up by making a sealer or an opener of it.
pub struct RecordKey(SecretArray<KEY_LEN>);

impl RecordKey {
    pub(crate) fn bytes(&self) -> &[u8; KEY_LEN] {
        self.0.as_array()
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a vector file that does not fit must fail the test

    use super::*;

    fn hex(text: &str) -> Vec<u8> {
        (0..text.len() / 2)
            .map(|i| u8::from_str_radix(&text[2 * i..2 * i + 2], 16).unwrap())
            .collect()
    }

    #[test]
    fn transcript_vectors_of_an_independent_computation() {
        let path = concat!(
            env!("CARGO_MANIFEST_DIR"),
            "/../../tests/vectors/channel/schedule.json"
        );
        let file: serde_json::Value =
            serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let mut steps = 0;
        for case in file["cases"].as_array().unwrap() {
            let get = |value: &serde_json::Value, key: &str| hex(value[key].as_str().unwrap());
            let exporter: [u8; 48] = get(case, "exporter").try_into().unwrap();
            let ecdh: [u8; 48] = get(case, "ecdh").try_into().unwrap();
            let a: [u8; 97] = get(case, "public_a").try_into().unwrap();
            let b: [u8; 97] = get(case, "public_b").try_into().unwrap();
            let keys = PublicKeys { a: &a, b: &b };
            let root = RootChain::new(&exporter, &ecdh);
            assert_eq!(root.0.as_slice(), get(case, "chain_0"));
            let (ab, ba) = root.split(keys);
            for (mut epoch, name) in [(ab, "a_to_b"), (ba, "b_to_a")] {
                let direction = &case[name];
                assert_eq!(&epoch.chain.secret()[..], get(direction, "chain"));
                assert_eq!(&epoch.key.bytes()[..], get(direction, "key"));
                for rekey in direction["rekeys"].as_array().unwrap() {
                    let a: [u8; 97] = get(rekey, "public_a").try_into().unwrap();
                    let b: [u8; 97] = get(rekey, "public_b").try_into().unwrap();
                    let ecdh: [u8; 48] = get(rekey, "ecdh").try_into().unwrap();
                    let mlkem: Option<[u8; 32]> = rekey["mlkem"]
                        .as_str()
                        .map(|text| hex(text).try_into().unwrap());
                    epoch = epoch
                        .chain
                        .step(&ecdh, mlkem.as_ref(), PublicKeys { a: &a, b: &b })
                        .unwrap();
                    assert_eq!(
                        u64::from(epoch.chain.epoch()),
                        rekey["epoch"].as_u64().unwrap()
                    );
                    assert_eq!(&epoch.chain.secret()[..], get(rekey, "chain"));
                    assert_eq!(&epoch.key.bytes()[..], get(rekey, "key"));
                    steps += 1;
                }
            }
        }
        assert!(steps >= 12, "the file has {steps} steps");
    }

    #[test]
    fn directions_and_epochs_have_different_keys() {
        let (a, b) = ([1; 97], [2; 97]);
        let keys = PublicKeys { a: &a, b: &b };
        let (ab, ba) = RootChain::new(&[3; 48], &[4; 48]).split(keys);
        assert_ne!(ab.key.bytes(), ba.key.bytes());
        assert_ne!(ab.chain.secret(), ba.chain.secret());
        let first = *ab.key.bytes();
        let next = ab.chain.step(&[5; 48], None, keys).unwrap();
        assert_ne!(next.key.bytes(), &first);
        assert_eq!(next.chain.epoch(), 1);
        assert_eq!(next.chain.direction(), Direction::AToB);
    }
}
