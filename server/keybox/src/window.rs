//! The replay window of one SPI (RFC 4303 §3.4.3), as a ring of words that is never shifted (RFC 6479).
//!
//! Countermeasure T18 (`docs/threat-model.md`).

/// Words of the ring; one of them is always partly ahead of the newest packet.
const WORDS: usize = 128;
const WORD: u32 = u64::BITS;

/// Packets behind the newest one that are still told apart: at least 1,024 by the specification, and enough for a
/// line that reorders at several Gbit/s.
pub const WINDOW: u32 = (WORDS as u32 - 1) * WORD;

/// What the window says of a sequence number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Not seen.
    New,
    /// Seen before.
    Replayed,
    /// Too old to be told apart; so is 0, which no sender uses.
    Behind,
}

/// Which sequence numbers of one SPI have been seen. The 32 bits never wrap: a sender takes a new SPI first.
#[derive(Clone)]
pub struct Window {
    newest: u32,
    seen: [u64; WORDS],
}

impl Default for Window {
    fn default() -> Self {
        Self {
            newest: 0,
            seen: [0; WORDS],
        }
    }
}

impl std::fmt::Debug for Window {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Window")
            .field("newest", &self.newest)
            .finish_non_exhaustive()
    }
}

impl Window {
    /// The highest sequence number seen; 0 before the first.
    #[must_use]
    pub fn newest(&self) -> u32 {
        self.newest
    }

    /// Looks, and changes nothing: an unauthenticated packet must not move the window.
    #[must_use]
    pub fn look(&self, seq: u32) -> Verdict {
        if seq > self.newest {
            return Verdict::New;
        }
        if seq == 0 || self.newest - seq >= WINDOW {
            return Verdict::Behind;
        }
        let (word, bit) = place(seq);
        if self.seen[word] & bit == 0 {
            Verdict::New
        } else {
            Verdict::Replayed
        }
    }

    /// Marks the number of a packet that is authenticated and that [`Self::look`] calls new.
    pub fn mark(&mut self, seq: u32) {
        if seq > self.newest {
            let ahead = (seq / WORD - self.newest / WORD) as usize;
            let first = (self.newest / WORD) as usize + 1;
            for word in first..first + ahead.min(WORDS) {
                self.seen[word % WORDS] = 0;
            }
            self.newest = seq;
        }
        let (word, bit) = place(seq);
        self.seen[word] |= bit;
    }
}

fn place(seq: u32) -> (usize, u64) {
    ((seq / WORD) as usize % WORDS, 1 << (seq % WORD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn take(window: &mut Window, seq: u32) -> Verdict {
        let verdict = window.look(seq);
        if verdict == Verdict::New {
            window.mark(seq);
        }
        verdict
    }

    #[test]
    fn both_edges() {
        const { assert!(WINDOW >= 1024) };
        for newest in [WINDOW, WINDOW + 1, 100_000, 100_031, 100_063, u32::MAX] {
            let mut window = Window::default();
            assert_eq!(take(&mut window, newest), Verdict::New);
            let oldest = newest - WINDOW + 1;
            assert_eq!(window.look(oldest), Verdict::New, "{newest}");
            assert_eq!(window.look(oldest - 1), Verdict::Behind, "{newest}");
            assert_eq!(take(&mut window, oldest), Verdict::New);
            assert_eq!(take(&mut window, oldest), Verdict::Replayed);
            assert_eq!(take(&mut window, newest), Verdict::Replayed);
            assert_eq!(window.newest(), newest);
            if newest < u32::MAX {
                assert_eq!(take(&mut window, newest + 1), Verdict::New);
                assert_eq!(window.look(oldest), Verdict::Behind);
            }
        }
    }

    #[test]
    fn a_leap_over_the_whole_ring_forgets_all_of_it() {
        let mut window = Window::default();
        for seq in 1..=WINDOW {
            assert_eq!(take(&mut window, seq), Verdict::New);
        }
        let ring = WORDS as u32 * WORD;
        for leap in [WORD, ring - 1, ring, ring + 1, 7 * ring] {
            let before = window.newest();
            let after = before + leap;
            assert_eq!(take(&mut window, after), Verdict::New);
            for seq in (before + 1).max(after - WINDOW + 1)..after {
                assert_eq!(window.look(seq), Verdict::New, "{leap} {seq}");
            }
        }
    }

    #[test]
    fn zero_is_never_taken() {
        let mut window = Window::default();
        assert_eq!(window.look(0), Verdict::Behind);
        assert_eq!(take(&mut window, 1), Verdict::New);
        assert_eq!(window.look(0), Verdict::Behind);
    }

    proptest! {
        /// Against a set that remembers everything.
        #[test]
        fn as_a_set_would_have_it(steps in prop::collection::vec((-9000_i64..9000, 0_u8..8), 1..400)) {
            let mut window = Window::default();
            let mut seen = HashSet::new();
            for (step, far) in steps {
                let step = if far == 0 { step.abs() * 50 } else { step };
                let seq = (i64::from(window.newest()) + step).clamp(0, i64::from(u32::MAX)) as u32;
                let newest = window.newest();
                let expected = if seq == 0 || seq + WINDOW <= newest {
                    Verdict::Behind
                } else if seen.contains(&seq) {
                    Verdict::Replayed
                } else {
                    Verdict::New
                };
                prop_assert_eq!(take(&mut window, seq), expected);
                if expected == Verdict::New {
                    seen.insert(seq);
                }
            }
        }
    }
}
