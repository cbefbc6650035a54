//! How a private key lies in the database: magic, version, length, key.

use photonbox_secret::SecretBytes;

/// Header of a stored private key: magic, version, length (u32, big endian).
const KEY_MAGIC: &[u8; 4] = b"PBXK";
const KEY_VERSION: u8 = 1;

/// Puts the header in front of a key.
pub(crate) fn frame_key(key: &SecretBytes) -> SecretBytes {
    let length = (key.len() as u32).to_be_bytes();
    SecretBytes::concat(&[KEY_MAGIC, &[KEY_VERSION], &length, key.as_slice()])
}

/// Whether there is one.
pub(crate) fn is_framed(value: &[u8]) -> bool {
    value.starts_with(KEY_MAGIC)
}

/// Takes it off again.
pub(crate) fn unframe_key(framed: &[u8]) -> Result<SecretBytes, &'static str> {
    let (header, key) = framed
        .split_at_checked(9)
        .ok_or("a private key is cut short")?;
    if &header[..4] != KEY_MAGIC {
        return Err("a private key has a foreign magic");
    }
    if header[4] != KEY_VERSION {
        return Err("a private key has an unknown version");
    }
    let length = u32::from_be_bytes([header[5], header[6], header[7], header[8]]);
    if length as usize != key.len() {
        return Err("a private key has a wrong length");
    }
    Ok(SecretBytes::from_slice(key))
}
