//! SP 800-90B §6.3.10, the LZ78Y prediction estimate.

use super::context::{Contexts, DEPTH};
use super::prediction::Tally;

/// Most contexts, of all lengths together, that the dictionary keeps.
const MAX_DICTIONARY: u32 = 65_536;

/// Min-entropy per bit against a dictionary of what followed each context of up to 16 bits.
/// `bits`: one sample a byte, 0 or 1, at least 20.
pub fn estimate(bits: &[u8]) -> f64 {
    tally(bits, MAX_DICTIONARY).min_entropy()
}

pub(crate) fn tally(bits: &[u8], max_dictionary: u32) -> Tally {
    // Steps 1–2: B = 16, N = L − B − 1 predictions, empty dictionary.
    let mut tally = Tally::default();
    let mut dictionary = Contexts::new();
    let mut entries = 0;
    let mut recent = bits[..DEPTH]
        .iter()
        .fold(0, |value, &bit| value << 1 | u32::from(bit));

    for index in DEPTH + 1..bits.len() {
        let previous = bits[index - 1];
        // Step 3a: longest first, enter the context before the previous bit while there is room,
        // and count the previous bit where it is entered.
        for length in (1..=DEPTH).rev() {
            let counts = dictionary.entry(length, recent);
            if *counts != [0, 0] {
                counts[usize::from(previous)] += 1;
            } else if entries < max_dictionary {
                counts[usize::from(previous)] = 1;
                entries += 1;
            }
        }
        recent = recent << 1 | u32::from(previous);

        // Step 3b: the prediction with the highest count; the longest context wins a tie.
        let mut best = (None, 0);
        for length in (1..=DEPTH).rev() {
            if let Some((prediction, count)) = dictionary.predict(length, recent)
                && count > best.1
            {
                best = (Some(prediction), count);
            }
        }
        // Step 3c.
        tally.note(best.0 == Some(bits[index]));
    }
    // Steps 4–8 are the tally's.
    tally
}
