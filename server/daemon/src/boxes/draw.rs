//! IP keys of random bytes.

use photonbox_keybox::{DIGITS, IpKey};
use photonbox_secret::SecretArray;
use zeroize::Zeroize;

use crate::{Error, Result, os};

/// Random bytes that an IP key is drawn from.
pub(super) const IP_KEY_BYTES: usize = 32;
/// Decimal digits of eight bytes.
const WORD_DIGITS: usize = 16;
const WORD: u64 = 10_u64.pow(WORD_DIGITS as u32);
/// Below this every remainder by `WORD` is there equally often; one word in 2,700 lies above.
const FAIR: u64 = u64::MAX / WORD * WORD;

/// The IP key that these bytes stand for, all equally likely; none for bytes that give no fair digits and for weak keys:
/// others are to be drawn.
pub(super) fn ip_key(bytes: &[u8; IP_KEY_BYTES]) -> Option<IpKey> {
    let mut digits = SecretArray::<DIGITS>::new_zeroed();
    let (chunks, _) = digits.as_mut_array().as_chunks_mut::<WORD_DIGITS>();
    for (digits, word) in chunks.iter_mut().zip(bytes.as_chunks::<8>().0) {
        let mut word = u64::from_be_bytes(*word);
        let is_fair = word < FAIR;
        for digit in digits.iter_mut().rev() {
            *digit = b'0' + (word % 10) as u8;
            word /= 10;
        }
        word.zeroize();
        if !is_fair {
            return None;
        }
    }
    IpKey::parse(digits.as_slice()).ok()
}

/// An IP key drawn from the operating system's generator, for a person to carry to both gateways of a tunnel.
///
/// # Errors
/// [`Error`] when that generator fails.
pub fn new_ip_key() -> Result<IpKey> {
    let mut bytes = SecretArray::<IP_KEY_BYTES>::new_zeroed();
    loop {
        os::random(bytes.as_mut_slice()).map_err(|error| {
            Error::failed(
                format!("the system's generator failed: {error}"),
                "check the kernel's log",
            )
        })?;
        if let Some(key) = ip_key(bytes.as_array()) {
            return Ok(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(words: [u64; 4]) -> Option<IpKey> {
        let mut bytes = [0; IP_KEY_BYTES];
        for (bytes, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *bytes = word.to_be_bytes();
        }
        ip_key(&bytes)
    }

    #[test]
    fn digits_are_the_words_in_their_order() {
        let key = of([WORD + 1, 22, 5 * WORD - 1, FAIR - 1]).expect("fair");
        let text = b"0000000000000001000000000000002299999999999999999999999999999999";
        assert_eq!(key.digits(), text);
    }

    #[test]
    fn what_is_not_fair_or_weak_is_no_key() {
        assert!(of([1, 2, 3, FAIR]).is_none());
        assert!(of([FAIR, 2, 3, 4]).is_none());
        assert!(of([u64::MAX; 4]).is_none());
        // 0, and 1/4 of all.
        assert!(of([0; 4]).is_none());
        assert!(of([25 * WORD / 100, 0, 0, 0]).is_none());
        assert!(of([WORD, 7 * WORD, 0, 0]).is_none());
    }

    #[test]
    fn the_bound_is_fair_and_near() {
        assert_eq!(FAIR % WORD, 0);
        assert!((u64::MAX - FAIR) as f64 / (u64::MAX as f64) < 1.0 / 2_700.0);
    }
}
