//! Mode `ip-key`: all boxes from the digits, at set-up (spec 2-keybox §2.2, §2.3; `docs/keybox.md`, step 1).
//!
//! Countermeasure T21 (`docs/threat-model.md`).

use hkdf::Hkdf;
use sha2::Sha384;
use zeroize::{Zeroize, Zeroizing};

use crate::esp::BoxKeys;
use crate::{Engine, Error, IpKey, KEY_BYTES, Parameters, derive};

/// Label of [`fingerprint`].
const FINGERPRINT_LABEL: &[u8] = b"photonbox/keybox/v1/fingerprint";

/// What tells IP keys apart in records, and refuses a second use: 8 bytes that say nothing else about the key. Not of
/// s, I and J: a key that was used with others is used.
#[must_use]
pub fn fingerprint(ip_key: &IpKey) -> u64 {
    let mut okm = [0; 8];
    let fits = Hkdf::<Sha384>::new(None, ip_key.digits())
        .expand(FINGERPRINT_LABEL, &mut okm)
        .is_ok();
    assert!(fits, "8 bytes are less than 255 blocks");
    u64::from_be_bytes(okm)
}

/// Computes R_i and K(i, j) of the boxes below `below` (I + 1: all of them) and gives each box when it is whole. The IP
/// key is erased at the end, and each R_i with its box.
///
/// # Errors
/// As [`Engine::orbit`]; boxes that were given before a weak key was found are not to be used.
pub fn ip_key_boxes(
    engine: &mut dyn Engine,
    ip_key: IpKey,
    parameters: Parameters,
    below: u32,
    give: &mut dyn FnMut(BoxKeys),
) -> Result<(), Error> {
    let per_box = parameters.keys() as usize;
    // Room for a box from the start: it must not move and leave copies behind.
    let mut keys = Zeroizing::new(Vec::<[u8; KEY_BYTES]>::with_capacity(per_box));
    let mut salt = derive::ip_key_salt(&ip_key, 1);
    engine.orbit(&ip_key, parameters, &mut |at, session_key| {
        if at.i >= below {
            return;
        }
        if at.j == 1 {
            salt = derive::ip_key_salt(&ip_key, at.i);
        }
        keys.push(*derive::key(&salt, session_key, at).as_array());
        if keys.len() == per_box {
            give(BoxKeys::new(at.i as u16, &keys));
            keys.zeroize();
        }
    })
}
