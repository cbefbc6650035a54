//! What the known-answer test takes and gives.

use super::seeds::test_row;
use photonbox_model::toeplitz::Toeplitz as Model;

/// Chunks of the known-answer test; the last lacks three bits.
pub(super) const KAT_CHUNKS: usize = 8;
/// Their bits, before their number.
pub(super) const KAT_BITS: u64 = 0xb5c3_96a9_71e4_2d5b;

/// The known-answer test's answer, by the model: its beats, each rotated into a signature.
pub(super) fn kat_answer(w: usize, m: usize) -> u64 {
    let n = KAT_CHUNKS * w - 3;
    let words: Vec<u32> = (0..(n + m).div_ceil(32) as u64)
        .map(|word| (test_row(word / 2) >> (32 * (word % 2))) as u32)
        .collect();
    let Ok(mut model) = Model::new(n as u32, m as u32, &words) else {
        return 0;
    };
    for index in 0..n {
        let (chunk, bit) = (index / w, index % w);
        model.absorb((KAT_BITS ^ chunk as u64) >> bit & 1 == 1);
    }
    let output: Vec<u8> = model.output().collect();
    output.chunks(8).fold(0_u64, |signature, beat| {
        let value = beat
            .iter()
            .rev()
            .fold(0, |word, byte| word << 8 | u64::from(*byte));
        signature.rotate_left(1) ^ value
    })
}
