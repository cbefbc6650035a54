//! The IP key.

use crate::Error;
use crate::error::WeakAt;
use photonbox_secret::SecretArray;

/// Digits of an IP key.
pub const DIGITS: usize = 64;

/// 64 decimal digits, leading zeros kept, in locked memory that is wiped when dropped. Not weak: none of those that
/// stand for 0, 1/4, 1/2 or 3/4, whose orbits end within two steps whatever s is.
#[derive(PartialEq, Eq)]
pub struct IpKey(SecretArray<DIGITS>);

impl IpKey {
    /// Takes digits. The caller's copy is the caller's to wipe.
    ///
    /// # Errors
    /// [`Error::NotDigits`], [`Error::Weak`].
    pub fn parse(text: &[u8]) -> Result<Self, Error> {
        let digits = text.iter().all(u8::is_ascii_digit);
        if text.len() != DIGITS || !digits {
            return Err(Error::NotDigits {
                length: text.len(),
                other: if digits {
                    ""
                } else {
                    ", not all of them digits"
                },
            });
        }
        let key = SecretArray::from_slice(text).map_err(|_| Error::NotDigits {
            length: text.len(),
            other: "",
        })?;
        let ip_key = Self(key);
        if ip_key.is_weak() {
            return Err(Error::Weak { at: WeakAt(0) });
        }
        Ok(ip_key)
    }

    /// The digits in ASCII.
    #[must_use]
    pub fn digits(&self) -> &[u8; DIGITS] {
        self.0.as_array()
    }

    /// X_0 = IP key · 10^s as the card takes it: a 256-bit little-endian number below 2^240.
    ///
    /// # Panics
    /// Never for s of at most 8: 10^72 < 2^240.
    #[must_use]
    pub fn x0(&self, s: u32) -> SecretArray<32> {
        let mut x = SecretArray::<32>::new_zeroed();
        let zeros = std::iter::repeat_n(b'0', s as usize);
        for digit in self.digits().iter().copied().chain(zeros) {
            let mut carry = u16::from(digit - b'0');
            for byte in x.as_mut_array() {
                carry += u16::from(*byte) * 10;
                *byte = carry as u8;
                carry >>= 8;
            }
            assert_eq!(carry, 0, "10^72 fits");
        }
        x
    }

    fn is_weak(&self) -> bool {
        let leading = |head: &[u8]| {
            let (front, rest) = self.digits().split_at(head.len());
            front == head && rest.iter().all(|digit| *digit == b'0')
        };
        [&b"0"[..], b"25", b"5", b"75"].into_iter().any(leading)
    }
}

impl std::fmt::Debug for IpKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IpKey(..)")
    }
}
