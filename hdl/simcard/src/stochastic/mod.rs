//! The stochastic photon source: Poisson light on a beam splitter, seen by imperfect detectors.
//!
//! Photons and dark counts of one detector are one Poisson process (splitting and thinning a Poisson
//! process by the splitter and the efficiency leaves independent ones). On top of it come dead time,
//! afterpulses and jitter. Each detector has its own stream of one ChaCha12 key, so lanes and
//! detectors are independent and a run is determined by its seed, whatever the number of lanes asked
//! for or the speed at which it is played.

mod params;

pub(crate) use params::duration;
pub use params::{ParamError, StochasticParams};

use crate::source::{Edge, PhotonSource};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use zeroize::Zeroizing;

/// Picoseconds since the stream's base cycle.
type Time = u64;
const NEVER: Time = Time::MAX;
/// The cycle of a pulse that never comes.
const NO_CYCLE: u64 = u64::MAX;
/// A gap that outlasts any run (2^60 ps, 13 days): a stream dimmer than that is as good as dark.
const LONGEST_GAP: f64 = (1u64 << 60) as f64;
/// Streams whose times have come this far move their base.
const REBASE_AT: Time = 1 << 62;
/// Width of the jitter's bell in standard deviations: the sum of four uniform numbers of width 1 is 4
/// wide and has the variance 4/12.
const JITTER_WIDTH: f64 = 6.928_203_230_275_509;

/// Where the generator's key comes from.
pub enum Seed {
    /// A run that can be repeated.
    Fixed(u64),
    /// 32 bytes of the operating system's generator.
    Bytes(Zeroizing<[u8; 32]>),
}

impl Seed {
    /// Asks the operating system.
    ///
    /// # Errors
    /// What the operating system said; there is no other generator to fall back to.
    pub fn from_os() -> Result<Self, getrandom::Error> {
        let mut bytes = Zeroizing::new([0; 32]);
        getrandom::fill(&mut bytes[..])?;
        Ok(Self::Bytes(bytes))
    }

    /// The generator of one stream.
    pub(crate) fn generator(&self, stream: u64) -> ChaCha12Rng {
        let mut rng = match self {
            Self::Fixed(n) => ChaCha12Rng::seed_from_u64(*n),
            Self::Bytes(bytes) => ChaCha12Rng::from_seed(**bytes),
        };
        rng.set_stream(stream);
        rng
    }
}

/// Uniform in [0, 1), 53 bits.
pub(crate) fn uniform(rng: &mut ChaCha12Rng) -> f64 {
    (rng.next_u64() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// -ln(x / 2^64), to 12 decimals; x = 0 counts as 1.
///
/// Of our own because it is asked for each photon, and because a run with a given seed is then the
/// same on each machine, whatever its libm. With x = 2^(63-z) t √2: (z + 1/2) ln 2 - ln t, and
/// ln t = 2 artanh((t - 1) / (t + 1)), whose argument is at most 0.172 for t from √½ to √2.
#[inline]
fn minus_ln(x: u64) -> f64 {
    let x = x.max(1);
    let zeros = x.leading_zeros();
    // The 52 bits below the leading one, as the fraction of a number in [1, 2).
    let fraction = (x << zeros << 1) >> 12;
    let t = f64::from_bits(1023 << 52 | fraction) * core::f64::consts::FRAC_1_SQRT_2;
    let s = (t - 1.0) / (t + 1.0);
    let q = s * s;
    let series = [1.0 / 11.0, 1.0 / 9.0, 1.0 / 7.0, 1.0 / 5.0, 1.0 / 3.0, 1.0]
        .iter()
        .fold(1.0 / 13.0, |sum, term| sum * q + term);
    let value = (f64::from(zeros) + 0.5) * core::f64::consts::LN_2 - 2.0 * s * series;
    value.max(0.0)
}

/// Gaps drawn at once.
const GAPS: usize = 32;

/// Exponential gaps with one mean, drawn many at a time: a logarithm takes long but many of them
/// overlap, which those of one photon after another do not.
struct Gaps {
    mean_ps: f64,
    drawn: [Time; GAPS],
    taken: usize,
}

impl Gaps {
    fn new(mean_ps: f64) -> Self {
        Self {
            mean_ps,
            drawn: [0; GAPS],
            taken: GAPS,
        }
    }

    #[inline]
    fn next(&mut self, rng: &mut ChaCha12Rng) -> Time {
        if self.taken == GAPS {
            let mut numbers = [0; GAPS];
            numbers.fill_with(|| rng.next_u64());
            self.drawn = numbers.map(|x| exponential(x, self.mean_ps));
            self.taken = 0;
        }
        let gap = self.drawn[self.taken];
        self.taken += 1;
        gap
    }
}

/// An exponential time of 64 random bits, with this mean, in whole picoseconds.
#[inline]
fn exponential(x: u64, mean_ps: f64) -> Time {
    let gap = minus_ln(x) * mean_ps;
    // Rounds to the nearest; never negative, and far below 2^63.
    (gap.min(LONGEST_GAP) + 0.5) as i64 as Time
}

/// Whole periods in a time, without the division that each photon would cost.
struct Divider {
    period: u64,
    /// floor(2^64 / period); 2^64 - 1 for a period of 1.
    inverse: u64,
}

impl Divider {
    fn new(period: u64) -> Self {
        let period = period.max(1);
        Self {
            period,
            inverse: u64::try_from((1_u128 << 64) / u128::from(period)).unwrap_or(u64::MAX),
        }
    }

    /// floor(time / period).
    #[inline]
    fn periods(&self, time: Time) -> u64 {
        // The inverse is too small by less than 1 (by 1 for a period of 1), so the product is by less
        // than time / 2^64 + 1: at most one period is missing.
        let whole = ((u128::from(time) * u128::from(self.inverse)) >> 64) as u64;
        whole + u64::from(time - whole * self.period >= self.period)
    }
}

/// One detector: yields the cycles of its pulses, in order; two pulses of one cycle are two.
struct DetectorStream {
    rng: ChaCha12Rng,
    params: StochasticParams,
    gaps: Gaps,
    period: Divider,
    /// Cycle in which the times begin.
    base: u64,
    next_primary: Time,
    afterpulses: BinaryHeap<Reverse<Time>>,
    /// Detections without an afterpulse before the next that has one.
    until_afterpulse: u64,
    dead_until: Time,
    /// Whether jitter can put two pulses in another order: not if the dead time is longer than it.
    reorder: bool,
    /// Pulses that jitter may still put in another order.
    out: BinaryHeap<Reverse<Time>>,
}

impl DetectorStream {
    fn new(rng: ChaCha12Rng, params: StochasticParams, share: f64, period_ps: u64) -> Self {
        let per_second = params.rate * params.efficiency * share + params.dark;
        let widest = (JITTER_WIDTH * params.jitter_ps as f64) as u64;
        let mut stream = Self {
            rng,
            params,
            gaps: Gaps::new(1e12 / per_second),
            period: Divider::new(period_ps),
            base: 0,
            next_primary: NEVER,
            afterpulses: BinaryHeap::new(),
            until_afterpulse: 0,
            dead_until: 0,
            reorder: params.dead_time_ps <= widest,
            out: BinaryHeap::new(),
        };
        if per_second > 0.0 {
            stream.next_primary = stream.gaps.next(&mut stream.rng);
        }
        stream.draw_afterpulse();
        stream
    }

    /// Draws which detection has the next afterpulse. Trials with one probability fail a geometrically
    /// distributed number of times: one draw for all of them instead of one for each.
    fn draw_afterpulse(&mut self) {
        self.until_afterpulse = if self.params.afterpulse > 0.0 {
            let failures = minus_ln(self.rng.next_u64()) / -(-self.params.afterpulse).ln_1p();
            failures as u64
        } else {
            u64::MAX
        };
    }

    /// The next avalanche that makes a pulse, before jitter.
    #[inline]
    fn avalanche(&mut self) -> Option<Time> {
        loop {
            let after = self.afterpulses.peek().map_or(NEVER, |r| r.0);
            let time = if after < self.next_primary {
                self.afterpulses.pop();
                after
            } else {
                if self.next_primary == NEVER {
                    return None;
                }
                let time = self.next_primary;
                self.next_primary = time + self.gaps.next(&mut self.rng);
                time
            };
            if time < self.dead_until {
                continue;
            }
            self.dead_until = time + self.params.dead_time_ps;
            if self.until_afterpulse > 0 {
                self.until_afterpulse -= 1;
            } else {
                self.draw_afterpulse();
                let tau = self.params.afterpulse_time_ps as f64;
                let release = self.dead_until + exponential(self.rng.next_u64(), tau);
                self.afterpulses.push(Reverse(release));
            }
            return Some(time);
        }
    }

    /// How much later than its photon's a pulse comes, picoseconds. Counted from the bell's foot, so that
    /// no detection precedes its photon: a constant delay changes nothing.
    #[inline]
    fn jitter(&mut self) -> Time {
        let x = self.rng.next_u64();
        let sum = (x & 0xFFFF) + (x >> 16 & 0xFFFF) + (x >> 32 & 0xFFFF) + (x >> 48);
        let bell = sum as f64 * (1.0 / (4.0 * 65_536.0));
        (bell * JITTER_WIDTH * self.params.jitter_ps as f64) as Time
    }

    /// The next pulse.
    #[inline]
    fn pulse(&mut self) -> Option<Time> {
        if self.params.jitter_ps == 0 {
            return self.avalanche();
        }
        loop {
            let Some(time) = self.avalanche() else {
                return self.out.pop().map(|r| r.0);
            };
            let late = time + self.jitter();
            if !self.reorder {
                return Some(late);
            }
            self.out.push(Reverse(late));
            // Every later pulse lies at or after its own avalanche, so this one can go.
            if let Some(&Reverse(head)) = self.out.peek()
                && head <= time
            {
                self.out.pop();
                return Some(head);
            }
        }
    }

    /// The cycle of the next pulse, or [`NO_CYCLE`].
    #[inline]
    fn next_cycle(&mut self) -> u64 {
        let Some(pulse) = self.pulse() else {
            return NO_CYCLE;
        };
        let cycle = self.base + self.period.periods(pulse);
        if self.next_primary != NEVER && self.next_primary > REBASE_AT {
            self.rebase();
        }
        cycle
    }

    /// Moves the base to the earliest time that still matters, in whole cycles.
    fn rebase(&mut self) {
        let heaps = self.afterpulses.iter().chain(&self.out).map(|r| r.0);
        let first = heaps.chain([self.next_primary]).min().unwrap_or(0);
        let cycles = self.period.periods(first);
        let by = cycles * self.period.period;
        self.base += cycles;
        self.next_primary -= by;
        self.dead_until = self.dead_until.saturating_sub(by);
        for heap in [&mut self.afterpulses, &mut self.out] {
            *heap = heap.drain().map(|r| Reverse(r.0 - by)).collect();
        }
    }
}

/// Two detectors behind one splitter.
struct LaneStream {
    detectors: [DetectorStream; 2],
    /// Cycles of the detectors' next pulses.
    heads: [u64; 2],
}

impl LaneStream {
    fn new(seed: &Seed, lane: u32, params: StochasticParams, period_ps: u64) -> Self {
        let detector = |stream: u64, share| {
            let rng = seed.generator(u64::from(lane) * 2 + stream);
            DetectorStream::new(rng, params, share, period_ps)
        };
        let mut detectors = [
            detector(0, params.splitter),
            detector(1, 1.0 - params.splitter),
        ];
        let heads = detectors.each_mut().map(DetectorStream::next_cycle);
        Self { detectors, heads }
    }

    /// The next cycle with a pulse, or [`NO_CYCLE`], and which detectors rise in it: two pulses of one
    /// detector in one cycle are one edge.
    #[inline]
    fn next(&mut self) -> (u64, Rises) {
        // An index rather than a branch: which detector is first is as random as the bits.
        let first = usize::from(self.heads[1] < self.heads[0]);
        let cycle = self.heads[first];
        if cycle == NO_CYCLE {
            return (NO_CYCLE, Rises::default());
        }
        let both = self.heads[1 - first] == cycle;
        self.pass(first, cycle);
        if both {
            self.pass(1 - first, cycle);
        }
        let rises = Rises {
            a: both | (first == 0),
            b: both | (first == 1),
        };
        (cycle, rises)
    }

    /// Moves a detector's head past `cycle`.
    #[inline]
    fn pass(&mut self, detector: usize, cycle: u64) {
        loop {
            let head = self.detectors[detector].next_cycle();
            self.heads[detector] = head;
            if head != cycle {
                return;
            }
        }
    }
}

/// Which detectors of a lane show an edge.
#[derive(Clone, Copy, Default)]
struct Rises {
    a: bool,
    b: bool,
}

/// Stochastic photons on every lane.
pub struct StochasticSource {
    lanes: Vec<LaneStream>,
    /// Cycles of the lanes' next edges: apart from the rest, because each photon seeks the earliest.
    heads: Vec<u64>,
    rises: Vec<Rises>,
}

impl StochasticSource {
    /// Light on `lanes` lanes, cycles of `period_ps` picoseconds (0 counts as 1).
    ///
    /// # Errors
    /// [`ParamError::Range`] for parameters outside their ranges.
    pub fn new(
        params: StochasticParams,
        seed: &Seed,
        lanes: u32,
        period_ps: u64,
    ) -> Result<Self, ParamError> {
        params.check()?;
        let mut lanes: Vec<_> = (0..lanes)
            .map(|lane| LaneStream::new(seed, lane, params, period_ps.max(1)))
            .collect();
        let (heads, rises) = lanes.iter_mut().map(LaneStream::next).unzip();
        Ok(Self {
            lanes,
            heads,
            rises,
        })
    }
}

impl PhotonSource for StochasticSource {
    fn next_edge(&mut self) -> Option<Edge> {
        // The first of equal cycles wins, so edges of one cycle come in order of lanes.
        let mut cycle = NO_CYCLE;
        let mut lane = 0;
        for (index, &head) in self.heads.iter().enumerate() {
            let earlier = head < cycle;
            cycle = if earlier { head } else { cycle };
            lane = if earlier { index } else { lane };
        }
        if cycle == NO_CYCLE {
            return None;
        }
        let Rises { a, b } = self.rises[lane];
        (self.heads[lane], self.rises[lane]) = self.lanes[lane].next();
        Some(Edge {
            cycle,
            lane: lane as u32,
            a,
            b,
            replayed: false,
        })
    }
}

#[cfg(test)]
mod tests;
