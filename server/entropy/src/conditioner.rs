//! The vetted conditioner: SHA-384 to full entropy (SP 800-90B §3.1.5.1.1, SP 800-90C).

use photonbox_secret::SecretArray;
use sha2::{Digest, Sha384};

/// Bits of one full-entropy block.
pub const BLOCK_BITS: u64 = 384;
/// Bytes of one full-entropy block.
pub const BLOCK_BYTES: usize = 48;
/// Credited min-entropy that a block's input must have, in millibits: 384 + 64 bits, so that the
/// output is within 2^-32 of full entropy.
pub const REQUIRED_MILLIBITS: u64 = (BLOCK_BITS + 64) * 1000;
/// Fresh bytes of a block's input at the default credit of 0.999 per bit: 455.5 credited bits.
pub const INPUT_BYTES: usize = 57;

/// The input carries too little entropy for a full-entropy block.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "{credited_millibits} millibits of credit in {bytes} bytes are too little for a full-entropy block: \
     give at least {REQUIRED_MILLIBITS} millibits in at least {INPUT_BYTES} bytes"
)]
pub struct TooLittle {
    /// Credit of the input.
    pub credited_millibits: u64,
    /// Length of the input.
    pub bytes: usize,
}

/// Conditions `input`, whose bytes are fresh and carry `credited_millibits`, into one block.
///
/// # Errors
/// [`TooLittle`] below 448 credited bits or 57 bytes.
pub fn condition(
    input: &[u8],
    credited_millibits: u64,
) -> Result<SecretArray<BLOCK_BYTES>, TooLittle> {
    // 57 bytes are required even if somebody should claim a whole bit per bit: 56 could then pass,
    // on a credit that a non-vetted extractor never earns.
    if credited_millibits < REQUIRED_MILLIBITS || input.len() < INPUT_BYTES {
        return Err(TooLittle {
            credited_millibits,
            bytes: input.len(),
        });
    }
    let mut hash = Sha384::new();
    hash.update(input);
    let mut block = SecretArray::new_zeroed();
    hash.finalize_into(block.as_mut_array().into());
    Ok(block)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex::hex;

    #[test]
    fn is_sha_384_of_the_input() {
        let input: Vec<u8> = (0..57).collect();
        let block = condition(&input, REQUIRED_MILLIBITS).expect("enough");
        // Computed with OpenSSL: printf of the bytes 00 … 38 through `openssl dgst -sha384`.
        assert_eq!(hex(block.as_slice()), EXPECTED);
    }

    const EXPECTED: &str = "0901b1e5b13fce000486bda64fbe45c79fce15f38a4ddd9335a521d98829d267abccd84284bef1ea3c2d4e4687c6d3b8";

    #[test]
    fn each_threshold_is_exact() {
        let input = [0u8; 57];
        assert_eq!(
            condition(&input, 447_999),
            Err(TooLittle {
                credited_millibits: 447_999,
                bytes: 57
            })
        );
        assert!(condition(&input, 448_000).is_ok());
        assert_eq!(
            condition(&input[..56], 448_000),
            Err(TooLittle {
                credited_millibits: 448_000,
                bytes: 56
            })
        );
    }

    #[test]
    fn the_default_credit_of_57_bytes_is_enough_and_of_56_is_not() {
        let per_bit = 999;
        assert_eq!(INPUT_BYTES as u64 * 8 * per_bit, 455_544);
        assert!(INPUT_BYTES as u64 * 8 * per_bit >= REQUIRED_MILLIBITS);
        assert!((INPUT_BYTES as u64 - 1) * 8 * per_bit < REQUIRED_MILLIBITS);
    }
}
