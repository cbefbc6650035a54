//! [`SecretArray`]: a secret whose length is part of its type.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::SecretBytes;

/// A slice had the wrong length for a [`SecretArray`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a secret of {expected} bytes was expected, {found} were given: pass exactly {expected}")]
pub struct LengthError {
    /// Bytes that the type holds.
    pub expected: usize,
    /// Bytes that were given.
    pub found: usize,
}

/// `N` bytes in locked memory, wiped when dropped: keys, chain values, seeds.
#[derive(PartialEq, Eq)]
pub struct SecretArray<const N: usize>(SecretBytes);

impl<const N: usize> SecretArray<N> {
    /// `N` zero bytes.
    #[must_use]
    pub fn new_zeroed() -> Self {
        Self(SecretBytes::new_zeroed(N))
    }

    /// Copies `bytes` in and wipes the copy that was passed; the caller's own is the caller's to
    /// wipe.
    #[must_use]
    pub fn from_array(mut bytes: [u8; N]) -> Self {
        let secret = Self(SecretBytes::from_slice(&bytes));
        crate::wipe(&mut bytes);
        secret
    }

    /// A copy of `bytes`.
    ///
    /// # Errors
    /// [`LengthError`] unless there are exactly `N`.
    pub fn from_slice(bytes: &[u8]) -> Result<Self, LengthError> {
        if bytes.len() == N {
            Ok(Self(SecretBytes::from_slice(bytes)))
        } else {
            Err(LengthError {
                expected: N,
                found: bytes.len(),
            })
        }
    }

    /// The bytes.
    #[must_use]
    pub fn as_array(&self) -> &[u8; N] {
        match self.0.as_slice().first_chunk() {
            Some(array) => array,
            None => unreachable!("each constructor makes exactly N bytes, and none are ever cut"),
        }
    }

    /// The bytes, to be written.
    #[must_use]
    pub fn as_mut_array(&mut self) -> &mut [u8; N] {
        match self.0.as_mut_slice().first_chunk_mut() {
            Some(array) => array,
            None => unreachable!("each constructor makes exactly N bytes, and none are ever cut"),
        }
    }

    /// The bytes as a slice.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// The bytes as a slice, to be written.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        self.0.as_mut_slice()
    }

    /// A second copy in secret memory.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self(self.0.duplicate())
    }

    /// The same bytes without the length in the type; nothing is copied.
    #[must_use]
    pub fn into_bytes(self) -> SecretBytes {
        self.0
    }
}

impl<const N: usize> TryFrom<SecretBytes> for SecretArray<N> {
    type Error = LengthError;

    /// Takes the bytes over without a copy.
    fn try_from(bytes: SecretBytes) -> Result<Self, LengthError> {
        if bytes.len() == N {
            Ok(Self(bytes))
        } else {
            Err(LengthError {
                expected: N,
                found: bytes.len(),
            })
        }
    }
}

impl<const N: usize> Default for SecretArray<N> {
    fn default() -> Self {
        Self::new_zeroed()
    }
}

impl<const N: usize> AsRef<[u8]> for SecretArray<N> {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl<const N: usize> Zeroize for SecretArray<N> {
    fn zeroize(&mut self) {
        self.0.zeroize();
    }
}

impl<const N: usize> ZeroizeOnDrop for SecretArray<N> {}

impl<const N: usize> ConstantTimeEq for SecretArray<N> {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl<const N: usize> fmt::Debug for SecretArray<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretArray({N} bytes)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_is_checked() {
        let wrong = SecretArray::<32>::from_slice(&[1; 31]).expect_err("31 is not 32");
        assert_eq!(
            wrong,
            LengthError {
                expected: 32,
                found: 31
            }
        );
        let wrong =
            SecretArray::<32>::try_from(SecretBytes::new_zeroed(33)).expect_err("33 is not 32");
        assert_eq!(wrong.found, 33);
        let array = SecretArray::<3>::from_slice(&[1, 2, 3]).expect("3 is 3");
        assert_eq!(array.as_array(), &[1, 2, 3]);
        assert_eq!(array, SecretArray::from_array([1, 2, 3]));
        assert_ne!(array, SecretArray::from_array([1, 2, 4]));
        assert_eq!(array.duplicate().into_bytes().as_slice(), &[1, 2, 3]);
    }

    #[test]
    fn empty_arrays_work() {
        assert_eq!(SecretArray::<0>::new_zeroed().as_array(), &[0u8; 0]);
    }

    #[test]
    fn writes_are_kept_and_zeroised() {
        let mut array = SecretArray::<48>::new_zeroed();
        array.as_mut_array()[47] = 9;
        assert_eq!(array.as_slice()[47], 9);
        array.zeroize();
        assert_eq!(array.as_array(), &[0; 48]);
        assert_eq!(format!("{array:?}"), "SecretArray(48 bytes)");
    }
}
