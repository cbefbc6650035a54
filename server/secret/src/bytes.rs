//! [`SecretBytes`]: an owned secret of any length.

use std::fmt;

use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop};

use crate::arena::{self, Slot};
use crate::wipe::wipe;

/// An owned byte string in locked memory, wiped when it is dropped.
///
/// It has no `Clone`: a copy of a secret is made on purpose, with [`SecretBytes::duplicate`].
/// `Debug` prints the length alone; `==` takes the same time wherever the first difference is.
pub struct SecretBytes {
    /// `None` for the empty string.
    slot: Option<Slot>,
    len: usize,
}

// SAFETY: the slot is memory that only this value refers to; nothing in it belongs to a thread.
unsafe impl Send for SecretBytes {}
// SAFETY: shared references only read the bytes; writing needs `&mut self`.
unsafe impl Sync for SecretBytes {}

impl SecretBytes {
    /// `len` zero bytes.
    #[must_use]
    pub fn new_zeroed(len: usize) -> Self {
        // Slots are wiped before they are freed and fresh mappings are zero: nothing to clear.
        let slot = (len > 0).then(|| arena::allocate(len));
        Self { slot, len }
    }

    /// A copy of `bytes`. The original is the caller's to wipe; see [`SecretBytes::from_vec`].
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Self {
        let mut secret = Self::new_zeroed(bytes.len());
        secret.as_mut_slice().copy_from_slice(bytes);
        secret
    }

    /// Moves `bytes` into secret memory and wipes the vector, its spare capacity included.
    #[must_use]
    pub fn from_vec(mut bytes: Vec<u8>) -> Self {
        let secret = Self::from_slice(&bytes);
        bytes.zeroize();
        secret
    }

    /// All `parts`, one after the other.
    #[must_use]
    pub fn concat(parts: &[&[u8]]) -> Self {
        let mut secret = Self::new_zeroed(parts.iter().map(|part| part.len()).sum());
        let mut rest = secret.as_mut_slice();
        for part in parts {
            let (head, tail) = rest.split_at_mut(part.len());
            head.copy_from_slice(part);
            rest = tail;
        }
        secret
    }

    /// A second copy in secret memory.
    #[must_use]
    pub fn duplicate(&self) -> Self {
        Self::from_slice(self.as_slice())
    }

    /// Length in bytes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True if there are no bytes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The bytes.
    #[must_use]
    pub fn as_slice(&self) -> &[u8] {
        match &self.slot {
            // SAFETY: the slot has capacity >= len initialised bytes, is mapped as long as `self`
            // owns it, and nobody can write to it while `&self` is borrowed.
            Some(slot) => unsafe { std::slice::from_raw_parts(slot.ptr.as_ptr(), self.len) },
            None => &[],
        }
    }

    /// The bytes, to be written.
    #[must_use]
    pub fn as_mut_slice(&mut self) -> &mut [u8] {
        match &mut self.slot {
            // SAFETY: as in `as_slice`, and `&mut self` makes this the only reference.
            Some(slot) => unsafe { std::slice::from_raw_parts_mut(slot.ptr.as_ptr(), self.len) },
            None => &mut [],
        }
    }

    /// Shortens to `len` bytes and wipes what is cut off; no effect if `len` is not less.
    pub fn truncate(&mut self, len: usize) {
        if len < self.len {
            wipe(&mut self.as_mut_slice()[len..]);
            self.len = len;
        }
    }

    /// The first `at` bytes and the rest, as two secrets; `at` beyond the end gives all and none.
    #[must_use]
    pub fn split(mut self, at: usize) -> (Self, Self) {
        let tail = Self::from_slice(&self.as_slice()[at.min(self.len)..]);
        self.truncate(at);
        (self, tail)
    }

    /// XORs `other` in, byte by byte, over the shorter of the two lengths.
    pub fn xor_in(&mut self, other: &[u8]) {
        for (byte, with) in self.as_mut_slice().iter_mut().zip(other) {
            *byte ^= with;
        }
    }
}

impl Drop for SecretBytes {
    fn drop(&mut self) {
        if let Some(slot) = &mut self.slot {
            arena::release(slot);
        }
    }
}

impl Zeroize for SecretBytes {
    /// Sets all bytes to zero; the length stays.
    fn zeroize(&mut self) {
        wipe(self.as_mut_slice());
    }
}

impl ZeroizeOnDrop for SecretBytes {}

impl Default for SecretBytes {
    fn default() -> Self {
        Self::new_zeroed(0)
    }
}

impl AsRef<[u8]> for SecretBytes {
    fn as_ref(&self) -> &[u8] {
        self.as_slice()
    }
}

impl AsMut<[u8]> for SecretBytes {
    fn as_mut(&mut self) -> &mut [u8] {
        self.as_mut_slice()
    }
}

impl From<&[u8]> for SecretBytes {
    fn from(bytes: &[u8]) -> Self {
        Self::from_slice(bytes)
    }
}

impl ConstantTimeEq for SecretBytes {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.as_slice().ct_eq(other.as_slice())
    }
}

impl PartialEq for SecretBytes {
    /// In constant time for equal lengths; lengths are not secret.
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for SecretBytes {}

impl fmt::Debug for SecretBytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretBytes({} bytes)", self.len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holds_what_it_was_given() {
        for len in [0usize, 1, 31, 32, 33, 4096, 65_536, 65_537] {
            let bytes: Vec<u8> = (0..len).map(|i| (i * 7 + 3) as u8).collect();
            let secret = SecretBytes::from_slice(&bytes);
            assert_eq!(secret.as_slice(), &bytes[..]);
            assert_eq!(secret.len(), len);
            assert_eq!(secret.is_empty(), len == 0);
            assert_eq!(secret, SecretBytes::from_vec(bytes.clone()));
            assert_eq!(secret.duplicate(), secret);
        }
    }

    #[test]
    fn new_secrets_are_zero_even_in_used_slots() {
        for _ in 0..100 {
            let mut secret = SecretBytes::new_zeroed(200);
            assert!(secret.as_slice().iter().all(|&byte| byte == 0));
            secret.as_mut_slice().fill(0xff);
        }
        // A slot whose owner was shorter than the slot is clean to its end too.
        let mut long = SecretBytes::new_zeroed(256);
        long.as_mut_slice().fill(0xee);
        long.truncate(129);
        drop(long);
        assert!(
            SecretBytes::new_zeroed(256)
                .as_slice()
                .iter()
                .all(|&byte| byte == 0)
        );
    }

    #[test]
    fn split_truncate_concat_xor() {
        let secret = SecretBytes::from_slice(b"alphabet");
        let (head, tail) = secret.split(5);
        assert_eq!(head.as_slice(), b"alpha");
        assert_eq!(tail.as_slice(), b"bet");
        assert_eq!(
            SecretBytes::concat(&[head.as_ref(), b"", tail.as_ref()]).as_slice(),
            b"alphabet"
        );
        let (all, none) = tail.split(9);
        assert_eq!(all.as_slice(), b"bet");
        assert!(none.is_empty());
        let mut mixed = all.duplicate();
        mixed.xor_in(b"bet");
        assert_eq!(mixed.as_slice(), &[0, 0, 0]);
        let mut kept = all;
        kept.truncate(7);
        assert_eq!(kept.len(), 3);
        kept.zeroize();
        assert_eq!(kept.as_slice(), &[0, 0, 0]);
    }

    #[test]
    fn equality_sees_each_bit_and_the_length() {
        let secret = SecretBytes::from_slice(&[0x5a; 48]);
        for bit in 0..48 * 8 {
            let mut other = secret.duplicate();
            other.as_mut_slice()[bit / 8] ^= 1 << (bit % 8);
            assert_ne!(secret, other);
        }
        assert_ne!(secret, SecretBytes::from_slice(&[0x5a; 47]));
    }

    #[test]
    fn debug_shows_the_length_alone() {
        let secret = SecretBytes::from_slice(&[0x41; 7]);
        assert_eq!(format!("{secret:?}"), "SecretBytes(7 bytes)");
    }
}
