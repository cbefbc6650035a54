//! Inputs that several tests share.

/// The binary example sequence of SP 800-90B §6.3.2 and §6.3.3.
pub(crate) const BINARY_40: &str = "1000111001010101110011000111001010101110";

/// The example sequence of §6.3.4.
pub(crate) const BINARY_48: &str = "100011100101010111001100011100101010111011100011";

/// The bits of a string of 0 and 1.
pub(crate) fn bits(text: &str) -> Vec<u8> {
    text.bytes().map(|digit| digit - b'0').collect()
}

/// Fair bits, the same for the same seed (xorshift64*, the top bit of each output).
pub(crate) fn pseudo_random(count: usize, seed: u64) -> Vec<u8> {
    biased(count, seed, 0.5)
}

/// Independent bits that are 1 with probability `share`.
pub(crate) fn biased(count: usize, seed: u64, share: f64) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    (0..count)
        .map(|_| {
            state ^= state >> 12;
            state ^= state << 25;
            state ^= state >> 27;
            let fraction =
                (state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) as f64 / (1_u64 << 53) as f64;
            u8::from(fraction < share)
        })
        .collect()
}
