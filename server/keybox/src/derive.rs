//! What is used instead of a raw session key (spec 2-keybox §2.2).

use crate::{IpKey, KEY_BYTES, Position};
use hkdf::Hkdf;
use photonbox_secret::SecretArray;
use sha2::Sha384;

/// Label of [`key`].
const KEY_LABEL: &[u8] = b"photonbox/keybox/v1/key";
/// Label of [`ip_key_salt`].
const SALT_LABEL: &[u8] = b"photonbox/keybox/v1/salt";

/// R_i of `ip-key` mode: HKDF-SHA-384 with an empty salt, the 64 digits as input, box `i` (from 1) in the info.
#[must_use]
pub fn ip_key_salt(ip_key: &IpKey, i: u32) -> SecretArray<32> {
    expand(None, ip_key.digits(), SALT_LABEL, &[i])
}

/// K(i, j): HKDF-SHA-384 of the session key with salt R_i; box and key number in the info.
#[must_use]
pub fn key(
    salt: &SecretArray<32>,
    session_key: &[u8; KEY_BYTES],
    at: Position,
) -> SecretArray<KEY_BYTES> {
    expand(Some(salt.as_slice()), session_key, KEY_LABEL, &[at.i, at.j])
}

/// Numbers in the info are 16 bits wide, big-endian; I and J are at most 65,535.
fn expand(salt: Option<&[u8]>, ikm: &[u8], label: &[u8], numbers: &[u32]) -> SecretArray<32> {
    let mut info = label.to_vec();
    for number in numbers {
        info.extend_from_slice(&(*number as u16).to_be_bytes());
    }
    let mut okm = SecretArray::<32>::new_zeroed();
    let fits = Hkdf::<Sha384>::new(salt, ikm)
        .expand(&info, okm.as_mut_slice())
        .is_ok();
    assert!(fits, "32 bytes are less than 255 blocks");
    okm
}
