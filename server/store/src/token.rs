//! Join tokens: `pbx1-ID-SECRET`. The id (public) finds the row, so that a wrong secret costs that
//! token one of its tries; only the SHA-256 of the whole text is stored.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Random bytes of a token: the first four are its public id.
pub const TOKEN_SECRET_BYTES: usize = 36;
/// Wrong secrets that a token survives less one: at the fifth it is dead.
pub const TOKEN_TRIES: u32 = 5;

const PREFIX: &str = "pbx1-";
const ID_BYTES: usize = 4;

/// What a token allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TokenTerms {
    /// Seconds that it lives.
    pub ttl_seconds: u64,
    /// The host may relay.
    pub relay: bool,
}

/// A fresh token: the only time its text exists on the hub.
#[derive(Clone)]
pub struct IssuedToken {
    /// The text to hand over.
    pub text: String,
    /// Seconds since 1970.
    pub expires: u64,
}

impl std::fmt::Debug for IssuedToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("IssuedToken")
            .field("expires", &self.expires)
            .finish_non_exhaustive()
    }
}

/// What a spent token gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grant {
    /// The host may relay.
    pub relay: bool,
}

/// Why a token is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenRefusal {
    /// Not of the form `pbx1-ID-SECRET`.
    #[error("the join token is malformed")]
    Malformed,
    /// No such token, or a wrong secret.
    #[error("the join token is wrong")]
    Wrong,
    /// Its time is over.
    #[error("the join token has expired")]
    Expired,
    /// It was spent.
    #[error("the join token was used already")]
    Used,
    /// Too many wrong secrets.
    #[error("the join token is dead after too many wrong tries")]
    Exhausted,
}

/// Why an enrolment is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnrolRefusal {
    /// The token. Whoever has none learns nothing about names.
    #[error(transparent)]
    Token(#[from] TokenRefusal),
    /// Another living enrolment has the name. The token is not spent.
    #[error("a host `{0}` is enrolled already")]
    HostTaken(String),
    /// No certificate was issued. The token is not spent.
    #[error("{0}")]
    NotIssued(String),
}

/// Text, id and hash of a new token.
pub(crate) fn compose(secret: &[u8; TOKEN_SECRET_BYTES]) -> (String, String, [u8; 32]) {
    let id = hex(&secret[..ID_BYTES]);
    let text = format!("{PREFIX}{id}-{}", hex(&secret[ID_BYTES..]));
    let hash = hash(&text);
    (text, id, hash)
}

/// The public id of a token's text.
pub(crate) fn id_of(text: &str) -> Result<&str, TokenRefusal> {
    let (id, secret) = text
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('-'))
        .ok_or(TokenRefusal::Malformed)?;
    let is_hex = |part: &str, bytes: usize| {
        part.len() == 2 * bytes && part.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if is_hex(id, ID_BYTES) && is_hex(secret, TOKEN_SECRET_BYTES - ID_BYTES) {
        Ok(id)
    } else {
        Err(TokenRefusal::Malformed)
    }
}

pub(crate) fn hash(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}

/// The state of a stored token.
pub(crate) struct Stored {
    pub(crate) hash: [u8; 32],
    pub(crate) expires: u64,
    pub(crate) tries_left: u32,
    pub(crate) used: bool,
}

/// Judges `text` against the stored token. `Wrong` is the only answer that costs a try.
pub(crate) fn judge(stored: &Stored, text: &str, now: u64) -> Result<(), TokenRefusal> {
    let right: bool = stored.hash.ct_eq(&hash(text)).into();
    // Without the secret nobody learns more than "wrong" or "dead".
    if stored.tries_left == 0 {
        return Err(TokenRefusal::Exhausted);
    }
    if !right {
        return Err(TokenRefusal::Wrong);
    }
    if stored.used {
        return Err(TokenRefusal::Used);
    }
    if now >= stored.expires {
        return Err(TokenRefusal::Expired);
    }
    Ok(())
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write;
    bytes
        .iter()
        .fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
            // Writing to a String cannot fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
