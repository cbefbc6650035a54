//! SP 800-90B §6.3.7, the Multi Most Common in Window prediction estimate.

use super::prediction::Tally;

/// Window lengths w1…w4. All are odd, so that two values never tie.
pub(crate) const WINDOWS: [usize; 4] = [63, 255, 1023, 4095];

/// Min-entropy per bit against predicting the majority of the last 63, 255, 1023 or 4095 bits,
/// whichever did best so far. `bits`: one sample a byte, 0 or 1, at least 4096.
pub fn estimate(bits: &[u8]) -> f64 {
    tally(bits).min_entropy()
}

pub(crate) fn tally(bits: &[u8]) -> Tally {
    // Steps 1–2: N = L − w1 predictions, empty scoreboard, the first window leads.
    let mut tally = Tally::default();
    let mut scoreboard = [0_u32; WINDOWS.len()];
    let mut winner = 0;
    let mut ones = [0_usize; WINDOWS.len()];

    for (index, &bit) in bits.iter().enumerate() {
        // Step 3a: each window that is full predicts its most common value.
        let predictions: [Option<u8>; WINDOWS.len()] = std::array::from_fn(|j| {
            (index >= WINDOWS[j]).then_some(u8::from(2 * ones[j] > WINDOWS[j]))
        });
        // Steps 3b–3c: the leader's prediction counts.
        if let Some(prediction) = predictions[winner] {
            tally.note(prediction == bit);
        }
        // Step 3d: score all; the latest to reach the lead takes it.
        for (j, prediction) in predictions.iter().enumerate() {
            if *prediction == Some(bit) {
                scoreboard[j] += 1;
                if scoreboard[j] >= scoreboard[winner] {
                    winner = j;
                }
            }
        }
        // Slide the windows.
        for (count, width) in ones.iter_mut().zip(WINDOWS) {
            *count += usize::from(bit);
            if index >= width {
                *count -= usize::from(bits[index - width]);
            }
        }
    }
    // Steps 4–8 are the tally's.
    tally
}
