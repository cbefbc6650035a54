//! What the bench drives.

use photonbox_cosim::Random;

/// Levels and pulses, with their widths.
pub(super) const LEVELS: [(&str, u32); 22] = [
    ("front_end", 2),
    ("any_extract", 1),
    ("any_tap", 1),
    ("window_ok", 1),
    ("any_alarm", 1),
    ("all_alarmed", 1),
    ("test_pattern", 1),
    ("entropy_usable", 1),
    ("entropy_committed", 1),
    ("entropy_slot_bytes", 21),
    ("raw_usable", 1),
    ("ring_error", 1),
    ("n", 16),
    ("m", 16),
    ("claimed_h", 17),
    ("seeded", 1),
    ("unknown", 1),
    ("refused", 1),
    ("bus_error", 3),
    ("ring_stall", 3),
    ("dropped", 16),
    ("lost_entropy", 32),
];
/// Levels of a card, most of them such that it may start.
pub(super) fn legal(random: &mut Random) -> Vec<u64> {
    let mut values = usual(random);
    if random.one_in(3) {
        // N, M and H at the limit of the leftover hash lemma, which every bit of them moves.
        let (n, h) = (64 + random.below(4096 - 64), random.below(0x1_0001));
        let limit = ((n * h) >> 16).saturating_sub(128) + random.below(3);
        for (name, value) in [("n", n), ("m", limit.saturating_sub(1)), ("claimed_h", h)] {
            if let Some(index) = LEVELS.iter().position(|(level, _)| *level == name) {
                values[index] = value;
            }
        }
    }
    values
}

fn usual(random: &mut Random) -> Vec<u64> {
    LEVELS
        .iter()
        .map(|(name, width)| match *name {
            "n" => *random.pick(&[0, 1, 1024, 1024, 1024, 4096, 4097]),
            "m" => *random.pick(&[0, 8, 64, 384, 384, 384, 512, 576]),
            "claimed_h" => *random.pick(&[0, 0x7fff, 0x8000, 0x8000, 0xffff, 0x1_0000, 0x1_8000]),
            "entropy_slot_bytes" => *random.pick(&[0, 64, 4096, 48, 1 << 20]),
            "any_tap" | "any_alarm" | "all_alarmed" | "ring_error" | "test_pattern" => {
                random.below(2)
            }
            "unknown" | "refused" | "bus_error" | "ring_stall" | "dropped" | "lost_entropy" => 0,
            _ if *width == 1 => u64::from(!random.one_in(8)),
            _ => random.below(3),
        })
        .collect()
}
