//! Which box, key and flicker the next packet takes, and for how long (spec 2-keybox §2.2, §2.4).
//!
//! Boxes are used from I down to 1, keys within a box from 1 up to J and around again.

use std::time::Duration;

/// Flicker values: 0 … 99,999,999.
pub const FLICKERS: u32 = 100_000_000;

/// Random bytes, as an argument. The caller gives a generator that is fit for keys.
pub trait Random {
    /// Fills all of `out`.
    ///
    /// # Errors
    /// [`NoRandom`] when there are none; nothing is taken from elsewhere.
    fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandom>;
}

/// The generator gave nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the random generator gave no bytes; check `photonbox status`, then start again")]
pub struct NoRandom;

/// The flicker of one site: evenly spread, and no value again for 10^8 packets, since the step has no factor in
/// common with 10^8.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flicker {
    next: u32,
    step: u32,
}

impl Flicker {
    /// A random start, and a random odd step that is no multiple of 5.
    ///
    /// # Errors
    /// [`NoRandom`].
    pub fn draw(random: &mut dyn Random) -> Result<Self, NoRandom> {
        let next = below(random, |_| true)?;
        let step = below(random, |value| value % 2 == 1 && value % 5 != 0)?;
        Ok(Self { next, step })
    }

    /// The value of the next packet.
    pub fn take(&mut self) -> u32 {
        let value = self.next;
        // Both are below 10^8, so the sum fits.
        self.next = (value + self.step) % FLICKERS;
        value
    }
}

/// Draws below 10^8 until one fits; 27 bits each, so that nothing is favoured.
fn below(random: &mut dyn Random, fits: impl Fn(u32) -> bool) -> Result<u32, NoRandom> {
    loop {
        let mut bytes = [0; 4];
        random.fill(&mut bytes)?;
        let value = u32::from_le_bytes(bytes) & ((1 << 27) - 1);
        if value < FLICKERS && fits(value) {
            return Ok(value);
        }
    }
}

/// How long a box and an SPI serve. Of two limits the one that is reached first counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Budgets {
    /// Packets that one side sends from a box.
    pub box_packets: u64,
    /// Time from the first use of a box.
    pub box_time: Duration,
    /// Packets from a box when the next one is not ready (mode `boxes`); then sending stops.
    pub hard_packets: u64,
    /// Time in a box when the next one is not ready (mode `boxes`); then sending stops.
    pub hard_time: Duration,
    /// Time that one SPI serves; a new one is taken before Seq wraps in any case.
    pub spi_time: Duration,
}

/// How much longer than its budget a box serves while the hub is late with the next one.
const HARD: u32 = 4;

impl Budgets {
    /// These, and hard limits of four times as much for a box.
    #[must_use]
    pub fn new(box_packets: u64, box_time: Duration, spi_time: Duration) -> Self {
        Self {
            box_packets,
            box_time,
            hard_packets: box_packets.saturating_mul(HARD.into()),
            hard_time: box_time.saturating_mul(HARD),
            spi_time,
        }
    }
}

impl Default for Budgets {
    /// A box for 2^30 packets or an hour, an SPI for a day.
    fn default() -> Self {
        Self::new(
            1 << 30,
            Duration::from_secs(3600),
            Duration::from_secs(86_400),
        )
    }
}

/// A sender's place in its box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Keys of the box, J.
    keys: u16,
    j: u16,
    packets: u64,
    since: Duration,
}

impl Place {
    /// The start of a box of `keys` keys, reserved at `now`.
    #[must_use]
    pub fn new(keys: u16, now: Duration) -> Self {
        Self {
            keys,
            j: 0,
            packets: 0,
            since: now,
        }
    }

    /// The key of the next packet, from 1: forward, and around.
    pub fn take(&mut self) -> u16 {
        self.j = if self.j >= self.keys { 1 } else { self.j + 1 };
        self.packets += 1;
        self.j
    }

    /// Packets sent from this box.
    #[must_use]
    pub fn packets(&self) -> u64 {
        self.packets
    }

    /// True when the next packet should come from a lower box.
    #[must_use]
    pub fn due(&self, budgets: &Budgets, now: Duration) -> bool {
        self.packets >= budgets.box_packets
            || now.saturating_sub(self.since) >= budgets.box_time
            || self.spent(budgets, now)
    }

    /// True when nothing more may be sent from this box.
    #[must_use]
    pub fn spent(&self, budgets: &Budgets, now: Duration) -> bool {
        self.packets >= budgets.hard_packets || now.saturating_sub(self.since) >= budgets.hard_time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same bytes over and over, then none.
    struct Fixed(Vec<u8>, usize);

    impl Random for Fixed {
        fn fill(&mut self, out: &mut [u8]) -> Result<(), NoRandom> {
            for byte in out {
                *byte = *self.0.get(self.1).ok_or(NoRandom)?;
                self.1 += 1;
            }
            Ok(())
        }
    }

    fn words(values: &[u32]) -> Fixed {
        Fixed(values.iter().flat_map(|v| v.to_le_bytes()).collect(), 0)
    }

    #[test]
    fn flicker_start_and_step_are_drawn_until_they_fit() {
        let mut random = words(&[FLICKERS, 99_999_999, FLICKERS + 1, 4, 15, 0, 7]);
        let mut flicker = Flicker::draw(&mut random).expect("bytes");
        assert_eq!(
            [(); 4].map(|()| flicker.take()),
            [99_999_999, 6, 13, 20],
            "7 on, modulo 10^8"
        );
        assert_eq!(Flicker::draw(&mut words(&[1, 4])), Err(NoRandom));
    }

    #[test]
    fn every_step_that_is_drawn_runs_through_all_values() {
        // The order of a step in the integers modulo 10^8 = 2^8 · 5^8 is 10^8 / gcd: full for odd non-multiples of 5.
        fn gcd(a: u32, b: u32) -> u32 {
            if b == 0 { a } else { gcd(b, a % b) }
        }
        let mut seed = 12345_u32;
        for _ in 0..10_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            if let Ok(flicker) = Flicker::draw(&mut words(&[1, seed >> 3])) {
                assert_eq!(gcd(flicker.step, FLICKERS), 1);
            }
        }
    }

    #[test]
    fn keys_go_forward_and_around() {
        let mut place = Place::new(3, Duration::ZERO);
        assert_eq!([(); 7].map(|()| place.take()), [1, 2, 3, 1, 2, 3, 1]);
        assert_eq!(place.packets(), 7);
    }

    #[test]
    fn a_box_ends_by_packets_or_by_time() {
        let budgets = Budgets {
            box_packets: 2,
            hard_packets: 3,
            box_time: Duration::from_secs(10),
            hard_time: Duration::from_secs(20),
            ..Budgets::default()
        };
        let at = Duration::from_secs;
        let mut place = Place::new(9, at(100));
        assert!(!place.due(&budgets, at(109)));
        assert!(place.due(&budgets, at(110)) && !place.spent(&budgets, at(119)));
        assert!(place.spent(&budgets, at(120)));
        assert!(!place.due(&budgets, at(0)), "a clock that ran back");
        place.take();
        assert!(!place.due(&budgets, at(100)));
        place.take();
        assert!(place.due(&budgets, at(100)) && !place.spent(&budgets, at(100)));
        place.take();
        assert!(place.spent(&budgets, at(100)));
    }
}
