//! Shamir's sharing of a secret (Comm. ACM 22, 1979), byte by byte over GF(256): each byte is the value at 0 of a polynomial of degree
//! m − 1 whose other coefficients are random, and a share is its value at another x. Fewer than m shares say nothing of the secret: for
//! each secret there are as many polynomials that give them.
//!
//! Nothing here notices a share that was changed, unless there are more than m: what binds a share to its set is its envelope.

use photonbox_secret::SecretBytes;
use rand_core::TryCryptoRng;

use crate::field::{invert, multiply};

/// The longest secret, bytes. Only keys of 32 bytes are shared; what is imported may be of another length.
pub const MAX_SECRET: usize = 64 * 1024;

/// Why a secret is not split.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SplitError {
    /// 2 <= m <= n <= 255.
    #[error(
        "{threshold} of {holders} holders; a threshold is 2 or more, and no more than the holders, who are at most 255"
    )]
    Threshold {
        /// m.
        threshold: u8,
        /// n.
        holders: usize,
    },
    /// 0 is the secret's own place, and each holder has one.
    #[error("x = {0} for a share; each holder has an x of its own from 1 to 255")]
    X(u8),
    /// Nothing, or too much.
    #[error("a secret of {0} bytes; share 1 to {MAX_SECRET}")]
    Length(usize),
    /// No coefficients.
    #[error("the generator gives nothing; look at the source's health")]
    NoRandom,
}

/// Why shares give no secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CombineError {
    /// Fewer than m.
    #[error("{given} shares of {threshold} that are needed")]
    TooFew {
        /// How many there are.
        given: usize,
        /// m.
        threshold: u8,
    },
    /// The same place twice, or 0.
    #[error("two shares of x = {0}, or one of x = 0; give shares of different holders")]
    X(u8),
    /// Shares of one secret are as long as it.
    #[error(
        "the share of x = {0} has another length than the first one; give shares of one secret"
    )]
    Length(u8),
    /// More than m, and not all on one polynomial.
    #[error("the shares are not of one secret: one of them was changed, or is of another")]
    Inconsistent,
}

/// A share: the polynomials' values at x.
#[derive(Debug)]
pub struct Share {
    /// From 1 to 255.
    pub x: u8,
    /// As long as the secret.
    pub y: SecretBytes,
}

/// Which x stands twice, or is 0.
fn wrong_x(all: impl IntoIterator<Item = u8>) -> Option<u8> {
    let mut seen = [false; 256];
    seen[0] = true;
    all.into_iter()
        .find(|x| std::mem::replace(&mut seen[usize::from(*x)], true))
}

/// Splits a secret for holders at these places, of whom `threshold` get it back.
///
/// # Errors
/// [`SplitError`].
pub fn split(
    secret: &[u8],
    threshold: u8,
    places: &[u8],
    random: &mut impl TryCryptoRng,
) -> Result<Vec<Share>, SplitError> {
    let holders = places.len();
    if threshold < 2 || usize::from(threshold) > holders || holders > 255 {
        return Err(SplitError::Threshold { threshold, holders });
    }
    if let Some(x) = wrong_x(places.iter().copied()) {
        return Err(SplitError::X(x));
    }
    if !(1..=MAX_SECRET).contains(&secret.len()) {
        return Err(SplitError::Length(secret.len()));
    }
    // The highest may be 0 as any other: were it not, m − 1 shares would rule a secret out.
    let degree = usize::from(threshold) - 1;
    let mut coefficients = SecretBytes::new_zeroed(degree * secret.len());
    let filled = random.try_fill_bytes(coefficients.as_mut_slice());
    filled.map_err(|_| SplitError::NoRandom)?;
    let share = |&x: &u8| {
        // Horner's rule, from the highest coefficient down to the secret.
        let mut y = SecretBytes::new_zeroed(secret.len());
        let rest = coefficients.as_slice().chunks_exact(secret.len());
        for coefficient in rest.chain([secret]) {
            for (y, coefficient) in y.as_mut_slice().iter_mut().zip(coefficient) {
                *y = multiply(*y, x) ^ coefficient;
            }
        }
        Share { x, y }
    };
    Ok(places.iter().map(share).collect())
}

/// The value at `at` of the polynomials through these shares (Lagrange).
fn value(shares: &[&Share], at: u8) -> SecretBytes {
    let length = shares.first().map_or(0, |share| share.y.len());
    let mut sum = SecretBytes::new_zeroed(length);
    for share in shares {
        // Places are no secret; values are.
        let others = shares.iter().filter(|other| other.x != share.x);
        let (above, below) = others.fold((1, 1), |(above, below), other| {
            let below = multiply(below, other.x ^ share.x);
            (multiply(above, other.x ^ at), below)
        });
        // One inversion a share; it takes as long as fourteen products.
        let weight = multiply(above, invert(below));
        for (sum, y) in sum.as_mut_slice().iter_mut().zip(share.y.as_slice()) {
            *sum ^= multiply(*y, weight);
        }
    }
    sum
}

/// The secret of `threshold` shares or more. Those above that many have to fit.
///
/// # Errors
/// [`CombineError`].
pub fn combine(shares: &[&Share], threshold: u8) -> Result<SecretBytes, CombineError> {
    let given = shares.len();
    if given < usize::from(threshold) || given < 2 {
        return Err(CombineError::TooFew { given, threshold });
    }
    if let Some(x) = wrong_x(shares.iter().map(|share| share.x)) {
        return Err(CombineError::X(x));
    }
    let length = shares[0].y.len();
    if let Some(other) = shares.iter().find(|share| share.y.len() != length) {
        return Err(CombineError::Length(other.x));
    }
    let (enough, more) = shares.split_at(usize::from(threshold));
    if more.iter().any(|share| value(enough, share.x) != share.y) {
        return Err(CombineError::Inconsistent);
    }
    Ok(value(enough, 0))
}
