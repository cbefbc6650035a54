//! Block_Cipher_df and BCC (SP 800-90A Rev. 1, §10.3.2 and §10.3.3) for AES-256.

use aes::Aes256;
use aes::cipher::array::Array;
use aes::cipher::{BlockCipherEncrypt, KeyInit};
use photonbox_secret::{SecretArray, SecretBytes};

use super::{DrbgError, MAX_INPUT_BYTES, SEED_BYTES};

const BLOCK: usize = 16;

/// Derives `SEED_BYTES` bytes from the concatenation of `parts`.
pub(super) fn derive(parts: &[&[u8]]) -> Result<SecretArray<SEED_BYTES>, DrbgError> {
    let input: usize = parts.iter().map(|part| part.len()).sum();
    if input > MAX_INPUT_BYTES {
        return Err(DrbgError::LongInput(input));
    }
    // Steps 2 to 5: S = L || N || input || 0x80 || zeros; L and N in bytes, 32 bits each. One block
    // in front of it is the IV of step 9.1.
    let mut iv_and_s = SecretBytes::new_zeroed(BLOCK + (4 + 4 + input + 1).next_multiple_of(BLOCK));
    let s = &mut iv_and_s.as_mut_slice()[BLOCK..];
    s[..4].copy_from_slice(&(input as u32).to_be_bytes());
    s[4..8].copy_from_slice(&(SEED_BYTES as u32).to_be_bytes());
    let mut at = 8;
    for part in parts {
        s[at..at + part.len()].copy_from_slice(part);
        at += part.len();
    }
    s[at] = 0x80;
    // Steps 8 and 9: key 00 01 … 1F; 48 bytes by BCC under IVs 0, 1 and 2.
    let fixed: [u8; 32] = std::array::from_fn(|i| i as u8);
    let cipher = Aes256::new(&Array(fixed));
    let mut temp = SecretArray::<SEED_BYTES>::new_zeroed();
    for (i, chunk) in temp.as_mut_array().chunks_exact_mut(BLOCK).enumerate() {
        iv_and_s.as_mut_slice()[3] = i as u8;
        chain(&cipher, iv_and_s.as_slice(), chunk);
    }
    // Steps 10 to 13: K and X from temp, then X = E(K, X) three times.
    let key: &[u8; 32] = match temp.as_array().first_chunk() {
        Some(key) => key,
        None => unreachable!("48 bytes have a first 32"),
    };
    let cipher = Aes256::new(key.into());
    let mut x = Array([0u8; BLOCK]);
    x.copy_from_slice(&temp.as_array()[32..]);
    let mut seed = SecretArray::<SEED_BYTES>::new_zeroed();
    for chunk in seed.as_mut_array().chunks_exact_mut(BLOCK) {
        cipher.encrypt_block(&mut x);
        chunk.copy_from_slice(&x);
    }
    photonbox_secret::wipe(&mut x);
    Ok(seed)
}

/// BCC: CBC-MAC of `data`, a whole number of blocks, into `out`.
fn chain(cipher: &Aes256, data: &[u8], out: &mut [u8]) {
    let mut value = Array([0u8; BLOCK]);
    for block in data.chunks_exact(BLOCK) {
        for (byte, with) in value.iter_mut().zip(block) {
            *byte ^= with;
        }
        cipher.encrypt_block(&mut value);
    }
    out.copy_from_slice(&value);
    photonbox_secret::wipe(&mut value);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_one_string_and_length_counts() {
        let whole = derive(&[b"photon", b"box"]).expect("short");
        assert_eq!(whole, derive(&[b"photonbox"]).expect("short"));
        assert_ne!(whole, derive(&[b"photonbox\0"]).expect("short"));
        assert_ne!(whole, derive(&[b"photonbox\x80"]).expect("short"));
        assert_eq!(
            derive(&[&[0; MAX_INPUT_BYTES + 1]]),
            Err(DrbgError::LongInput(65_537))
        );
        assert!(derive(&[&[0; MAX_INPUT_BYTES]]).is_ok());
    }
}
