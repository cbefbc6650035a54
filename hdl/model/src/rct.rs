//! Repetition count test, SP 800-90B §4.4.1. Cycle-exact: one call is one sample.

/// Watches for one value repeated too often.
#[derive(Clone, Debug)]
pub struct RepetitionCount {
    cutoff: u32,
    /// A of the standard; none before the first sample.
    sample: Option<bool>,
    /// B of the standard.
    repetitions: u32,
}

impl RepetitionCount {
    /// A test with cut-off C. Below 2 counts as 2: no single sample can be a repetition.
    pub fn new(cutoff: u32) -> Self {
        Self {
            cutoff: cutoff.max(2),
            sample: None,
            repetitions: 0,
        }
    }

    /// Takes a sample; true is a failure. After one the counter holds, so that every repetition fails again.
    #[inline]
    pub fn step(&mut self, next: bool) -> bool {
        // Without a branch on the sample, which no processor can predict.
        let same = self.sample == Some(next);
        // Step 3: if X = A, then B = B + 1, and if B >= C, signal a failure (C is at least 2).
        // Step 1 (first sample) and step 4: A = X, B = 1; go to step 2.
        self.repetitions = (self.repetitions * u32::from(same)).saturating_add(1);
        self.sample = Some(next);
        self.repetitions >= self.cutoff
    }
}
