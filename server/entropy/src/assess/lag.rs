//! SP 800-90B §6.3.8, the lag prediction estimate.

use super::prediction::Tally;

/// Number of lag predictors, D: each says that the sample d back occurs again.
const LAGS: usize = 128;

/// Min-entropy per bit against predicting that the bit 1, 2, … or 128 samples back repeats,
/// whichever did best so far. `bits`: one sample a byte, 0 or 1, at least three.
pub fn estimate(bits: &[u8]) -> f64 {
    tally(bits).min_entropy()
}

pub(crate) fn tally(bits: &[u8]) -> Tally {
    // Steps 1–2: N = L − 1 predictions, empty scoreboard, lag 1 leads.
    let mut tally = Tally::default();
    let mut scoreboard = [0_u32; LAGS];
    let mut winner = 0;
    let mut best = 0;
    // The last 128 bits, the most recent in bit 0, and which of them exist.
    let (mut history, mut known) = (u128::from(bits[0]), 1_u128);

    for &bit in &bits[1..] {
        // Step 3a: lag d predicts the sample d back; those that are right, as a set.
        let mut hits = if bit == 1 { history } else { !history } & known;
        // Steps 3b–3c.
        tally.note(hits >> winner & 1 == 1);
        // Step 3d: in the order of d; the latest to reach the lead takes it. The leader's score is
        // the maximum throughout, so `best` is it.
        while hits != 0 {
            let lag = hits.trailing_zeros() as usize;
            hits &= hits - 1;
            scoreboard[lag] += 1;
            if scoreboard[lag] >= best {
                best = scoreboard[lag];
                winner = lag;
            }
        }
        history = history << 1 | u128::from(bit);
        known = known << 1 | 1;
    }
    // Steps 4–8 are the tally's.
    tally
}
