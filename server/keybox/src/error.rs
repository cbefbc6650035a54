//! What can fail: one line each, what failed and then what to do.

/// Why an orbit could not be computed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// Not 64 decimal digits. The text itself is a secret and is not repeated.
    #[error("an IP key of {length} characters{other}; give exactly 64 decimal digits")]
    NotDigits {
        /// Characters that were given.
        length: usize,
        /// What else is wrong: empty, or that some are no digits.
        other: &'static str,
    },
    /// The orbit of this key ends, or stands still.
    #[error("the IP key is weak: its orbit reaches 0 or stands still{at}; draw another")]
    Weak {
        /// Where, for an orbit that was under way.
        at: WeakAt,
    },
    /// s, I or J is out of range.
    #[error(
        "s = {s}, I = {boxes}, J = {keys}; use s from 1 to 8, I and J from 1 to 65535, and I * J of at most 1048576"
    )]
    Parameters {
        /// Dropped digits.
        s: u32,
        /// Boxes.
        boxes: u32,
        /// Keys of a box.
        keys: u32,
    },
    /// No such place in the boxes.
    #[error("there is no key {key} in box {number}; use boxes 1 to {boxes} and keys 1 to {keys}")]
    Position {
        /// Box asked for.
        number: u32,
        /// Key asked for.
        key: u32,
        /// Boxes that there are.
        boxes: u32,
        /// Keys of a box.
        keys: u32,
    },
    /// What an engine beyond this crate says; one line in the same form.
    #[error("{0}")]
    Engine(String),
}

/// Where an orbit was found to be weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WeakAt(
    /// The n of X_n; 0 when the key itself tells.
    pub u32,
);

impl std::fmt::Display for WeakAt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            0 => Ok(()),
            n => write!(f, " at n = {n}"),
        }
    }
}
