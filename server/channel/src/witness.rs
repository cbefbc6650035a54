//! What tests know of secrets: masked copies, so that looking for one in memory doesn't find the test's own.

use std::cell::RefCell;
use std::collections::HashMap;

/// Each byte of a copy is the secret's XOR this.
pub(crate) const MASK: u8 = 0x5c;

/// A secret that this thread had.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) what: &'static str,
    pub(crate) masked: Vec<u8>,
}

thread_local! {
    static SEEN: RefCell<Vec<Seen>> = const { RefCell::new(Vec::new()) };
    /// Private keys that are not used yet, by their points.
    static UNUSED: RefCell<HashMap<Vec<u8>, Vec<u8>>> = RefCell::default();
}

fn masked(secret: &[u8]) -> Vec<u8> {
    secret.iter().map(|byte| byte ^ MASK).collect()
}

/// Remembers a secret.
pub(crate) fn note(what: &'static str, secret: &[u8]) {
    let masked = masked(secret);
    SEEN.with_borrow_mut(|seen| seen.push(Seen { what, masked }));
}

/// A one-time key was made.
pub(crate) fn made(public: &[u8], scalar: &[u8]) {
    let masked = masked(scalar);
    UNUSED.with_borrow_mut(|unused| unused.insert(public.to_vec(), masked));
}

/// A one-time key is being used up: big-endian as it was drawn, and in the order of a library's words.
pub(crate) fn used(public: &[u8]) {
    let Some(masked) = UNUSED.with_borrow_mut(|unused| unused.remove(public)) else {
        return;
    };
    let words = masked.iter().rev().copied().collect();
    SEEN.with_borrow_mut(|seen| {
        for (what, masked) in [("one-time key", masked), ("one-time key, words", words)] {
            seen.push(Seen { what, masked });
        }
    });
}

/// All that were noted since the last call.
pub(crate) fn take() -> Vec<Seen> {
    SEEN.take()
}
