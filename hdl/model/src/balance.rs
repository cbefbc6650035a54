//! Balance watch: neither value's share of 65,536 bits above 2^-H + 6 sigma (spec 1-entropy §1.2). Cycle-exact.

use photonbox_regmap::lane::BALANCE_WINDOW;

/// Counts both values in windows of 65,536 bits.
#[derive(Clone, Debug)]
pub struct BalanceWatch {
    max: u32,
    window: u32,
    taken: u32,
    ones: u32,
}

impl BalanceWatch {
    /// A watch that allows `max` bits of one value in a window.
    pub fn new(max: u32) -> Self {
        Self::with_window(max, BALANCE_WINDOW)
    }

    /// As [`Self::new`] with a window of another length in bits, as the card's self-test uses.
    pub fn with_window(max: u32, bits: u32) -> Self {
        Self {
            max,
            window: bits,
            taken: 0,
            ones: 0,
        }
    }

    /// Takes a bit; true is a failure, told as soon as the window cannot pass any more.
    #[inline]
    pub fn step(&mut self, bit: bool) -> bool {
        self.taken += 1;
        self.ones += u32::from(bit);
        let most = self.ones.max(self.taken - self.ones);
        if self.taken == self.window {
            self.taken = 0;
            self.ones = 0;
        }
        most > self.max
    }
}
