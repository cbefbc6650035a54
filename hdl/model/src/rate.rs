//! Rate watch: edges of each detector in windows of 2^20 cycles (spec 1-entropy §1.2). Cycle-exact.

use photonbox_regmap::lane::RATE_WINDOW_CYCLES;

/// Edges of A and of B.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Edges {
    /// Edges of A.
    pub a: u32,
    /// Edges of B.
    pub b: u32,
}

/// What a window that ended says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RateVerdict {
    /// A detector had fewer edges than the lower limit: dark, or dead.
    pub low: bool,
    /// A detector had more edges than the upper limit: flooded, or its electronics oscillate.
    pub high: bool,
}

/// Counts edges and judges each window against both limits, each detector for itself.
#[derive(Clone, Debug)]
pub struct RateWatch {
    min: u32,
    max: u32,
    window: u64,
    position: u64,
    current: Edges,
    last: Edges,
}

impl RateWatch {
    /// A watch with limits in edges per window; both are allowed values.
    pub fn new(min: u32, max: u32) -> Self {
        Self::with_window(min, max, RATE_WINDOW_CYCLES)
    }

    /// As [`Self::new`] with a window of another length in cycles, as the card's self-test uses.
    pub fn with_window(min: u32, max: u32, cycles: u64) -> Self {
        Self {
            min,
            max,
            window: cycles,
            position: 0,
            current: Edges::default(),
            last: Edges::default(),
        }
    }

    /// One clock cycle; the verdict of the window that ends with it.
    #[inline]
    pub fn step(&mut self, a: bool, b: bool) -> Option<RateVerdict> {
        self.current.a += u32::from(a);
        self.current.b += u32::from(b);
        self.position += 1;
        if self.position < self.window {
            return None;
        }
        let Edges { a, b } = self.current;
        self.last = self.current;
        self.current = Edges::default();
        self.position = 0;
        Some(RateVerdict {
            low: a.min(b) < self.min,
            high: a.max(b) > self.max,
        })
    }

    /// The same as `cycles` times `step(false, false)`, for at most [`Self::idle_left`] cycles; more are not taken.
    #[inline]
    pub fn skip_idle(&mut self, cycles: u64) {
        self.position += cycles.min(self.idle_left());
    }

    /// Cycles to come before the one that ends the window.
    #[inline]
    pub fn idle_left(&self) -> u64 {
        self.window - 1 - self.position
    }

    /// Edges of the last whole window; zeros before there was one.
    pub fn last(&self) -> Edges {
        self.last
    }
}
