//! How many digits, boxes and keys.

use crate::{Error, Position};

/// Most digits that a session key drops.
pub const MAX_S: u32 = 8;
/// Most boxes.
pub const MAX_BOXES: u32 = 65_535;
/// Most keys of a box.
pub const MAX_KEYS: u32 = 65_535;
/// Most keys of all boxes together.
pub const MAX_JOB_KEYS: u32 = 1 << 20;

/// s, I and J, checked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parameters {
    s: u32,
    boxes: u32,
    keys: u32,
}

impl Default for Parameters {
    /// s = 4, 200 boxes of 512 keys.
    fn default() -> Self {
        Self {
            s: 4,
            boxes: 200,
            keys: 512,
        }
    }
}

impl Parameters {
    /// `s` dropped digits, `boxes` boxes (I) of `keys` keys (J).
    ///
    /// # Errors
    /// [`Error::Parameters`].
    pub fn new(s: u32, boxes: u32, keys: u32) -> Result<Self, Error> {
        let fits = (1..=MAX_S).contains(&s)
            && (1..=MAX_BOXES).contains(&boxes)
            && (1..=MAX_KEYS).contains(&keys)
            && u64::from(boxes) * u64::from(keys) <= u64::from(MAX_JOB_KEYS);
        if fits {
            Ok(Self { s, boxes, keys })
        } else {
            Err(Error::Parameters { s, boxes, keys })
        }
    }

    /// Dropped digits, s.
    #[must_use]
    pub fn s(&self) -> u32 {
        self.s
    }

    /// Boxes, I.
    #[must_use]
    pub fn boxes(&self) -> u32 {
        self.boxes
    }

    /// Keys of a box, J.
    #[must_use]
    pub fn keys(&self) -> u32 {
        self.keys
    }

    /// Keys of all boxes.
    #[must_use]
    pub fn total(&self) -> u32 {
        self.boxes * self.keys
    }

    /// Where key `j` of box `i` lies: n = (i − 1) · J + j.
    ///
    /// # Errors
    /// [`Error::Position`].
    pub fn position(&self, i: u32, j: u32) -> Result<Position, Error> {
        if !(1..=self.boxes).contains(&i) || !(1..=self.keys).contains(&j) {
            return Err(Error::Position {
                number: i,
                key: j,
                boxes: self.boxes,
                keys: self.keys,
            });
        }
        Ok(Position {
            n: (i - 1) * self.keys + j,
            i,
            j,
        })
    }

    /// Where key number `n`, from 1, lies.
    #[must_use]
    pub fn place(&self, n: u32) -> Position {
        let before = n.saturating_sub(1);
        Position {
            n,
            i: before / self.keys + 1,
            j: before % self.keys + 1,
        }
    }
}
