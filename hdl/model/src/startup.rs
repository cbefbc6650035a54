//! Start-up test: the first 1,024 bits are tested like all others and thrown away (spec 1-entropy §1.2,
//! SP 800-90B §4.3 item 4). Cycle-exact.

use photonbox_regmap::lane::STARTUP_BITS;

/// Counts the bits that the start-up test still wants.
#[derive(Clone, Debug)]
pub struct Startup {
    left: u32,
}

impl Startup {
    /// A test that has seen nothing.
    pub fn new() -> Self {
        Self { left: STARTUP_BITS }
    }

    /// Takes a bit that passed the continuous tests; true if it is the last one.
    pub fn step(&mut self) -> bool {
        self.left = self.left.saturating_sub(1);
        self.left == 0
    }

    /// Bits still wanted.
    pub fn left(&self) -> u32 {
        self.left
    }
}

impl Default for Startup {
    fn default() -> Self {
        Self::new()
    }
}
