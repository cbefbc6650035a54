//! Shares as HashiCorp Vault writes them (`shamir/shamir.go`: the values, then x in one byte), for people who move.
//!
//! Such a share says nothing of its set, its threshold or who gave it: shares of different keys combine to a wrong one, and nothing
//! shows it. Whoever brings some in makes new ones of them at once.

use photonbox_secret::SecretBytes;

use crate::shamir::{MAX_SECRET, Share};

/// Why bytes are no share of that format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoShare {
    /// A value and its x at least.
    #[error("a share of {0} bytes; give one as `vault operator init` printed it, decoded")]
    Length(usize),
    /// 0 is the secret's own place.
    #[error("a share of x = 0; look whether it was copied whole")]
    X,
}

impl Share {
    /// The values, then x.
    #[must_use]
    pub fn to_vault(&self) -> SecretBytes {
        SecretBytes::concat(&[self.y.as_slice(), &[self.x]])
    }

    /// Reads one.
    ///
    /// # Errors
    /// [`NoShare`].
    pub fn of_vault(bytes: &[u8]) -> Result<Self, NoShare> {
        let Some((&x, y)) = bytes.split_last().filter(|(_, y)| !y.is_empty()) else {
            return Err(NoShare::Length(bytes.len()));
        };
        if y.len() > MAX_SECRET {
            return Err(NoShare::Length(bytes.len()));
        }
        if x == 0 {
            return Err(NoShare::X);
        }
        let y = SecretBytes::from_slice(y);
        Ok(Self { x, y })
    }
}
