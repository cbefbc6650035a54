//! Adaptive proportion test, SP 800-90B §4.4.2. Cycle-exact: one call is one sample.

use photonbox_regmap::lane::APT_WINDOW;

/// Watches for one value that is too frequent in a window of 1,024 samples (W of the standard for binary sources).
#[derive(Clone, Debug)]
pub struct AdaptiveProportion {
    cutoff: u32,
    /// A of the standard.
    sample: bool,
    /// B of the standard.
    occurrences: u32,
    /// Samples of this window so far; 0: the next one is A.
    position: u32,
}

impl AdaptiveProportion {
    /// A test with cut-off C, at the start of a window.
    pub fn new(cutoff: u32) -> Self {
        Self {
            cutoff,
            sample: false,
            occurrences: 0,
            position: 0,
        }
    }

    /// Takes a sample; true is a failure.
    #[inline]
    pub fn step(&mut self, next: bool) -> bool {
        if self.position == 0 {
            // Step 1: A = next(). Step 2: B = 1.
            self.sample = next;
            self.occurrences = 1;
        } else {
            // Step 3: for i = 1 to W - 1, if A = next(), B = B + 1. (No processor can predict that branch.)
            self.occurrences += u32::from(next == self.sample);
        }
        // Step 4: go to step 1 after W samples.
        self.position = (self.position + 1) % APT_WINDOW;
        // Step 3, end: if B >= C, signal a failure; here as soon as it is known, not at the window's end.
        self.occurrences >= self.cutoff
    }
}
