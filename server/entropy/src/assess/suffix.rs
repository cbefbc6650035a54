//! How often the substrings of a text repeat, for §6.3.5 (t-tuple), §6.3.6 (LRS) and §5.2.5, in
//! time linear in the text: suffix array by induced sorting (SA-IS: Nong, Zhang, Chan 2009),
//! longest common prefixes through the Φ array (Kärkkäinen, Manzini, Puglisi 2009), and one walk
//! over the intervals of equal prefixes.

/// What is not (yet) the number of a suffix.
const EMPTY: u32 = u32::MAX;

/// Counts of repeated substrings, by length.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Repeats {
    /// Samples in the text, L.
    pub(crate) samples: usize,
    /// `most[i]`: how often the most common substring of length i occurs, Q\[i\] of §6.3.5; index
    /// 0 is unused (0), and lengths beyond the longest repeated substring are left out.
    pub(crate) most: Vec<u32>,
    /// `pairs[i]`: Σ C(c, 2) over the counts c of the distinct substrings of length i, the
    /// numerator of P_i in §6.3.6; same indices.
    pub(crate) pairs: Vec<u64>,
}

impl Repeats {
    /// Counts the repeats in `text`, whose symbols are 0, …, `alphabet` − 1; at most 2^31
    /// symbols.
    pub(crate) fn of(text: &[u8], alphabet: usize) -> Self {
        let order = suffix_array(text, alphabet);
        let common = common_prefixes(text, &order);
        let longest = common.iter().copied().max().unwrap_or(0) as usize;

        // Suffixes that share a prefix are neighbours. A maximal run of c of them with d symbols in
        // common, inside a run with fewer (e) in common, means that for each length in e+1 ..= d one
        // substring occurs exactly c times.
        let mut most = vec![0_u32; longest + 1];
        // Differences of neighbouring entries, so that a whole range of lengths is two additions;
        // they wrap below zero, the running sum never does.
        let mut steps = vec![0_u64; longest + 2];
        let mut open: Vec<(u32, usize)> = Vec::new(); // (symbols in common, first of the run)
        for position in 1..=text.len() {
            let here = common.get(position).copied().unwrap_or(0);
            let mut first = position - 1;
            while let Some(&(depth, start)) = open.last()
                && depth > here
            {
                open.pop();
                first = start;
                let count = position - start;
                let outside = open.last().map_or(0, |&(outer, _)| outer).max(here);
                most[depth as usize] = most[depth as usize].max(count as u32);
                let pairs = (count as u64 * (count as u64 - 1)) / 2;
                steps[outside as usize + 1] = steps[outside as usize + 1].wrapping_add(pairs);
                steps[depth as usize + 1] = steps[depth as usize + 1].wrapping_sub(pairs);
            }
            if here > 0 && open.last().is_none_or(|&(depth, _)| depth < here) {
                open.push((here, first));
            }
        }
        // A substring occurs no more often than its prefixes.
        for length in (1..longest).rev() {
            most[length] = most[length].max(most[length + 1]);
        }
        let mut pairs = steps;
        pairs.truncate(longest + 1);
        for length in 1..=longest {
            pairs[length] = pairs[length].wrapping_add(pairs[length - 1]);
        }
        Self {
            samples: text.len(),
            most,
            pairs,
        }
    }

    /// Length of the longest repeated substring, v or W; 0 when no symbol repeats.
    pub(crate) fn longest(&self) -> usize {
        self.most.len() - 1
    }
}

/// For each place in `order` the number of symbols that this suffix shares with the one before it;
/// 0 for the first.
fn common_prefixes(text: &[u8], order: &[u32]) -> Vec<u32> {
    // Φ: which suffix precedes this one in the order. Going through the text from left to right,
    // the common length falls by at most one a step, so all comparisons together are linear.
    let mut before = vec![EMPTY; text.len()];
    for pair in order.windows(2) {
        before[pair[1] as usize] = pair[0];
    }
    let mut length = 0;
    for start in 0..text.len() {
        let other = before[start];
        if other == EMPTY {
            length = 0;
        } else {
            length += text[start + length..]
                .iter()
                .zip(&text[other as usize + length..])
                .take_while(|(a, b)| a == b)
                .count();
        }
        before[start] = length as u32;
        length = length.saturating_sub(1);
    }
    order.iter().map(|&start| before[start as usize]).collect()
}

/// The suffixes of `text` in ascending order; a suffix is smaller than its extensions. Symbols are
/// 0, …, `alphabet` − 1.
fn suffix_array<T: Copy + Ord + Into<u32>>(text: &[T], alphabet: usize) -> Vec<u32> {
    let n = text.len();
    if n < 2 {
        return (0..n as u32).collect();
    }
    let sorter = Sorter::new(text, alphabet);

    // The leftmost S-type suffixes (LMS): each begins where the text turns upwards.
    let turns: Vec<u32> = (1..n as u32)
        .filter(|&i| sorter.is_turn(i as usize))
        .collect();
    // Sorting them by their piece up to the next turn is what inducing from any order does.
    let roughly = sorter.induce(&turns);
    let sorted: Vec<u32> = roughly
        .into_iter()
        .filter(|&i| sorter.is_turn(i as usize))
        .collect();

    // Name the pieces by rank, equal pieces alike.
    let mut name_at = vec![EMPTY; n];
    let mut names = 0;
    for (position, &start) in sorted.iter().enumerate() {
        if position > 0 && !sorter.same_piece(sorted[position - 1] as usize, start as usize) {
            names += 1;
        }
        name_at[start as usize] = names;
    }
    if sorted.len() <= 1 || names as usize + 1 == sorted.len() {
        return sorter.induce(&sorted);
    }
    // Names repeat: the order of the turns is that of the suffixes of the text of names.
    let reduced: Vec<u32> = turns.iter().map(|&start| name_at[start as usize]).collect();
    let order = suffix_array(&reduced, names as usize + 1);
    let exact: Vec<u32> = order.into_iter().map(|i| turns[i as usize]).collect();
    sorter.induce(&exact)
}

/// A text with what induced sorting needs to know about it.
struct Sorter<'a, T> {
    text: &'a [T],
    /// S-type: smaller than the suffix one to the right.
    rising: Vec<bool>,
    /// Where the suffixes of each symbol begin in the order, and the end of the last.
    buckets: Vec<u32>,
    /// Where the S-type suffixes of each symbol begin; they follow the others of that symbol.
    rising_from: Vec<u32>,
}

impl<'a, T: Copy + Ord + Into<u32>> Sorter<'a, T> {
    fn new(text: &'a [T], alphabet: usize) -> Self {
        let mut rising = vec![false; text.len()];
        for i in (0..text.len() - 1).rev() {
            rising[i] = text[i] < text[i + 1] || (text[i] == text[i + 1] && rising[i + 1]);
        }
        let mut buckets = vec![0_u32; alphabet + 1];
        let mut falling = vec![0_u32; alphabet];
        for (symbol, &rises) in text.iter().zip(&rising) {
            let symbol: u32 = (*symbol).into();
            buckets[symbol as usize + 1] += 1;
            falling[symbol as usize] += u32::from(!rises);
        }
        for symbol in 0..alphabet {
            buckets[symbol + 1] += buckets[symbol];
        }
        let rising_from = falling
            .iter()
            .zip(&buckets)
            .map(|(count, start)| start + count)
            .collect();
        Self {
            text,
            rising,
            buckets,
            rising_from,
        }
    }

    fn symbol(&self, i: usize) -> usize {
        let symbol: u32 = self.text[i].into();
        symbol as usize
    }

    fn is_turn(&self, i: usize) -> bool {
        i > 0 && self.rising[i] && !self.rising[i - 1]
    }

    /// Whether the pieces from two turns to the next turn (inclusive) are equal.
    fn same_piece(&self, a: usize, b: usize) -> bool {
        let n = self.text.len();
        for offset in 0.. {
            // Only the last piece ends with the text, and no other equals it.
            if a + offset == n || b + offset == n {
                return false;
            }
            if self.text[a + offset] != self.text[b + offset] {
                return false;
            }
            let ends = (self.is_turn(a + offset), self.is_turn(b + offset));
            if offset > 0 && (ends.0 || ends.1) {
                return ends.0 && ends.1;
            }
        }
        false
    }

    /// The order of all suffixes that follows from the order of the turns.
    fn induce(&self, turns: &[u32]) -> Vec<u32> {
        let n = self.text.len();
        let mut order = vec![EMPTY; n];
        let mut next = self.rising_from.clone();
        for &start in turns {
            let slot = &mut next[self.symbol(start as usize)];
            order[*slot as usize] = start;
            *slot += 1;
        }
        // Left to right: what precedes a placed suffix and is greater comes next in its bucket. The
        // empty suffix, which is smallest, places the last symbol.
        next.copy_from_slice(&self.buckets[..self.rising_from.len()]);
        let mut place = |order: &mut [u32], start: usize| {
            let slot = &mut next[self.symbol(start)];
            order[*slot as usize] = start as u32;
            *slot += 1;
        };
        place(&mut order, n - 1);
        for position in 0..n {
            let start = order[position];
            if start != EMPTY && start > 0 && !self.rising[start as usize - 1] {
                place(&mut order, start as usize - 1);
            }
        }
        // Right to left: what precedes a placed suffix and is smaller, from the bucket's end.
        let mut end = self.buckets[1..].to_vec();
        for position in (0..n).rev() {
            let start = order[position];
            if start != EMPTY && start > 0 && self.rising[start as usize - 1] {
                let slot = &mut end[self.symbol(start as usize - 1)];
                *slot -= 1;
                order[*slot as usize] = start - 1;
            }
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assess::examples::pseudo_random;
    use proptest::prelude::*;
    use std::collections::HashMap;

    fn naive(text: &[u8]) -> Repeats {
        let (mut most, mut pairs) = (vec![0], vec![0]);
        for length in 1..=text.len() {
            let mut counts: HashMap<&[u8], u64> = HashMap::new();
            text.windows(length)
                .for_each(|w| *counts.entry(w).or_default() += 1);
            let top = counts.values().copied().max().unwrap_or(0);
            if top < 2 {
                break;
            }
            most.push(top as u32);
            pairs.push(counts.values().map(|c| c * (c - 1) / 2).sum());
        }
        Repeats {
            samples: text.len(),
            most,
            pairs,
        }
    }

    #[test]
    fn the_standards_example() {
        // §6.3.5: Q[1] = 9, Q[2] = 4, Q[3] = 3, Q[4] = 2 …; §6.3.6: the longest repeat is 5 long.
        let text = [
            2, 2, 0, 1, 0, 2, 0, 1, 2, 1, 2, 0, 1, 2, 1, 0, 0, 1, 0, 0, 0,
        ];
        let repeats = Repeats::of(&text, 3);
        assert_eq!(repeats.most[1..=3], [9, 4, 3]);
        assert_eq!(repeats.longest(), 5);
        assert_eq!(repeats, naive(&text));
    }

    #[test]
    fn constant_and_periodic_texts() {
        let constant = Repeats::of(&[1; 300], 2);
        assert_eq!(constant.longest(), 299);
        assert_eq!(constant.most[299], 2);
        assert_eq!(constant, naive(&[1; 300]));
        let periodic: Vec<u8> = (0..300).map(|i| u8::from(i % 7 == 0)).collect();
        assert_eq!(Repeats::of(&periodic, 2), naive(&periodic));
    }

    #[test]
    fn a_long_text_is_sorted() {
        let text = pseudo_random(50_000, 3);
        let order = suffix_array(&text, 2);
        assert_eq!(order.len(), text.len());
        for pair in order.windows(2) {
            assert!(text[pair[0] as usize..] < text[pair[1] as usize..]);
        }
    }

    proptest! {
        #[test]
        fn equals_counting(text in prop::collection::vec(0_u8..2, 1..200)) {
            prop_assert_eq!(Repeats::of(&text, 2), naive(&text));
        }

        #[test]
        fn equals_counting_with_more_symbols(text in prop::collection::vec(0_u8..5, 1..120)) {
            prop_assert_eq!(Repeats::of(&text, 5), naive(&text));
        }

        #[test]
        fn order_is_that_of_sorting(text in prop::collection::vec(0_u8..3, 0..300)) {
            let mut sorted: Vec<u32> = (0..text.len() as u32).collect();
            sorted.sort_by_key(|&i| &text[i as usize..]);
            prop_assert_eq!(suffix_array(&text, 3), sorted);
        }
    }
}
