//! SP 800-90B §6.3.9, the Multi Markov Model with Counting prediction estimate.

use super::context::{Contexts, DEPTH};
use super::prediction::Tally;

/// Most (context, follower) pairs that one model keeps.
const MAX_ENTRIES: u32 = 100_000;

/// Min-entropy per bit against Markov models of order 1 to 16, whichever did best so far.
/// `bits`: one sample a byte, 0 or 1, at least four.
pub fn estimate(bits: &[u8]) -> f64 {
    tally(bits, MAX_ENTRIES).min_entropy()
}

pub(crate) fn tally(bits: &[u8], max_entries: u32) -> Tally {
    // Steps 1–3: N = L − 2 predictions, empty models and scoreboard, order 1 leads.
    let mut tally = Tally::default();
    let mut models = Contexts::new();
    let mut entries = [0_u32; DEPTH];
    let mut scoreboard = [0_u32; DEPTH + 1];
    let mut winner = 1;
    let mut recent = u32::from(bits[0]);

    for index in 2..bits.len() {
        let (previous, bit) = (bits[index - 1], bits[index]);
        // Step 4a: every model learns what followed the context before the previous bit; a new
        // pair only while there is room.
        for (length, entries) in (1..=DEPTH.min(index - 1)).zip(&mut entries) {
            let count = &mut models.entry(length, recent)[usize::from(previous)];
            if *count > 0 {
                *count += 1;
            } else if *entries < max_entries {
                *count = 1;
                *entries += 1;
            }
        }
        recent = recent << 1 | u32::from(previous);

        // Steps 4b–4d, in one pass: each model that knows the context predicts; only the model that
        // led before this bit counts, then all are scored and the latest to reach the lead takes it.
        let leader = winner;
        let mut hit = false;
        for length in 1..=DEPTH.min(index) {
            let Some((prediction, _)) = models.predict(length, recent) else {
                continue;
            };
            if prediction == bit {
                hit |= length == leader;
                scoreboard[length] += 1;
                if scoreboard[length] >= scoreboard[winner] {
                    winner = length;
                }
            }
        }
        tally.note(hit);
    }
    // Steps 5–9 are the tally's.
    tally
}
