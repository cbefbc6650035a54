//! Counts of what followed each binary context of 1 to 16 bits: the tables M_d of §6.3.9 and the
//! dictionary D of §6.3.10. Contexts are array indices, so no hashing.

/// Longest context: the depth D of MultiMMC and B of LZ78Y.
pub(crate) const DEPTH: usize = 16;

/// For each length 1…16 and each context of that length, how often 0 and 1 followed.
pub(crate) struct Contexts {
    /// Length d starts at 2^d: the contexts of all lengths in one table.
    followed_by: Vec<[u32; 2]>,
}

impl Contexts {
    pub(crate) fn new() -> Self {
        Self {
            followed_by: vec![[0; 2]; 1 << (DEPTH + 1)],
        }
    }

    /// The counts for the last `length` bits of `recent` (the latest in bit 0).
    #[inline]
    pub(crate) fn entry(&mut self, length: usize, recent: u32) -> &mut [u32; 2] {
        let start = 1_usize << length;
        &mut self.followed_by[start | (recent as usize & (start - 1))]
    }

    /// The likelier follower and its count, or nothing for a context that was never entered.
    /// The greater value wins a tie.
    #[inline]
    pub(crate) fn predict(&self, length: usize, recent: u32) -> Option<(u8, u32)> {
        let start = 1_usize << length;
        let [zeros, ones] = self.followed_by[start | (recent as usize & (start - 1))];
        match zeros.max(ones) {
            0 => None,
            count => Some((u8::from(ones >= zeros), count)),
        }
    }
}
