//! What one appliance sends another past the vault's eyes: HPKE (RFC 9180), DHKEM(P-384, HKDF-SHA384), HKDF-SHA384, AES-256-GCM,
//! base mode. Who sent it is the voucher's signature to say, or the vault, whose notes they are.

use photonbox_hpke::Failed;
use photonbox_secret::SecretBytes;
use photonbox_signed::put;
use rand_core::TryCryptoRng;

pub use photonbox_hpke::{PRIVATE_KEY, PUBLIC_KEY, SEALING, is_public_key, key_pair};

use crate::group::NoRandom;

/// The longest secret of a note: an element of the widest group, and room.
const MAX_SECRET: usize = 256;

/// What a note is for; it opens as nothing else.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Purpose {
    /// t of a voucher.
    Transfer,
    /// δ of a rotation.
    Rotation,
}

impl Purpose {
    fn label(self) -> &'static [u8] {
        match self {
            Self::Transfer => b"photonbox/vault/v1/transfer",
            Self::Rotation => b"photonbox/vault/v1/rotation",
        }
    }
}

/// What a note belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct About<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// The set.
    pub set: &'a str,
    /// Generation of the master key that it gives.
    pub generation: u64,
    /// Who wrote it.
    pub from: &'a str,
    /// Who may read it.
    pub to: &'a str,
    /// Names the voucher or the rotation.
    pub nonce: &'a [u8],
}

impl About<'_> {
    /// Each part with its length before it.
    fn info(&self) -> Vec<u8> {
        let mut info = Vec::new();
        put(&mut info, self.purpose.label());
        put(&mut info, self.set.as_bytes());
        info.extend_from_slice(&self.generation.to_be_bytes());
        for part in [self.from.as_bytes(), self.to.as_bytes(), self.nonce] {
            put(&mut info, part);
        }
        info
    }
}

/// Why a note was not sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoteError {
    /// The key to seal to is no point of the curve.
    #[error("the other appliance's HPKE key is no point of P-384; have it ask anew")]
    Key,
    /// Too short or too long.
    #[error("a sealed note of {0} bytes; ask its sender for a new one")]
    Length(usize),
    /// For another appliance, set, generation or purpose, or changed.
    #[error(
        "a sealed note that is for something else, or was changed; ask its sender for a new one"
    )]
    Forged,
    /// No bytes for a key.
    #[error(transparent)]
    NoRandom(#[from] NoRandom),
}

impl From<Failed> for NoteError {
    fn from(failed: Failed) -> Self {
        match failed {
            Failed::Key => Self::Key,
            Failed::Forged => Self::Forged,
            Failed::NoRandom(_) => Self::NoRandom(NoRandom),
        }
    }
}

/// Seals a secret to an appliance's public key.
///
/// # Errors
/// [`NoteError::Key`], [`NoteError::Length`], [`NoteError::NoRandom`].
pub fn seal(
    to: &[u8],
    about: &About<'_>,
    secret: &SecretBytes,
    random: &mut impl TryCryptoRng,
) -> Result<Vec<u8>, NoteError> {
    if !(1..=MAX_SECRET).contains(&secret.len()) {
        return Err(NoteError::Length(secret.len()));
    }
    Ok(photonbox_hpke::seal(
        to,
        &about.info(),
        secret.as_slice(),
        random,
    )?)
}

/// Opens what [`seal`] made, with the private key.
///
/// # Errors
/// [`NoteError::Length`], [`NoteError::Forged`], and [`NoteError::Key`] of a private key that is none.
pub fn open(private: &[u8], about: &About<'_>, note: &[u8]) -> Result<SecretBytes, NoteError> {
    if !(SEALING + 1..=SEALING + MAX_SECRET).contains(&note.len()) {
        return Err(NoteError::Length(note.len()));
    }
    Ok(photonbox_hpke::open(private, &about.info(), note)?)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    const ABOUT: About<'_> = About {
        purpose: Purpose::Transfer,
        set: "tenant",
        generation: 2,
        from: "alpha",
        to: "beta",
        nonce: b"number",
    };

    #[test]
    fn a_note_opens_for_what_it_is_about_and_for_whom_it_is_alone() {
        let mut random = ChaCha20Rng::seed_from_u64(1);
        let (private, public) = key_pair(&mut random).unwrap();
        assert!(is_public_key(&public) && !is_public_key(&[4; PUBLIC_KEY]));
        let secret = SecretBytes::from_slice(b"t");
        let note = seal(&public, &ABOUT, &secret, &mut random).unwrap();
        let opened = |about: &About<'_>, note: &[u8]| open(private.as_slice(), about, note);
        assert_eq!(opened(&ABOUT, &note).unwrap().as_slice(), b"t");
        let (purpose, generation) = (Purpose::Rotation, 3);
        for other in [
            About { purpose, ..ABOUT },
            About {
                generation,
                ..ABOUT
            },
            About {
                set: "tenan",
                ..ABOUT
            },
            About {
                from: "beta",
                ..ABOUT
            },
            About {
                to: "alpha",
                ..ABOUT
            },
            About {
                nonce: b"",
                ..ABOUT
            },
            About {
                from: "alphab",
                to: "eta",
                ..ABOUT
            },
        ] {
            assert_eq!(opened(&other, &note).err(), Some(NoteError::Forged));
        }
        for at in 0..note.len() {
            let mut changed = note.clone();
            changed[at] ^= 1;
            assert!(opened(&ABOUT, &changed).is_err(), "byte {at}");
            assert!(opened(&ABOUT, &note[..at]).is_err(), "cut at {at}");
        }
        let (other, _) = key_pair(&mut random).unwrap();
        let foreign = open(other.as_slice(), &ABOUT, &note);
        assert_eq!(foreign.err(), Some(NoteError::Forged));
        let nobody = seal(&[4; PUBLIC_KEY], &ABOUT, &secret, &mut random);
        assert_eq!(nobody.err(), Some(NoteError::Key));
    }
}
