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

use crate::ptu::Detector;
use crate::source::{CycleMerger, Edge, PhotonSource};
use rand_chacha::ChaCha12Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use zeroize::Zeroizing;

/// Picoseconds since the stream's base cycle.
type Time = u64;
const NEVER: Time = Time::MAX;
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

/// Exponential with this mean, in whole picoseconds.
fn exponential(rng: &mut ChaCha12Rng, mean_ps: f64) -> Time {
    let gap = -(1.0 - uniform(rng)).ln() * mean_ps;
    // Rounds to the nearest; never negative.
    (gap.min(LONGEST_GAP) + 0.5) as Time
}

/// One detector: yields the cycles of its pulses, in order; two pulses of one cycle are two.
struct DetectorStream {
    rng: ChaCha12Rng,
    params: StochasticParams,
    mean_gap_ps: f64,
    period_ps: u64,
    /// Cycle in which the times begin.
    base: u64,
    next_primary: Time,
    afterpulses: BinaryHeap<Reverse<Time>>,
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
            mean_gap_ps: 1e12 / per_second,
            period_ps,
            base: 0,
            next_primary: NEVER,
            afterpulses: BinaryHeap::new(),
            dead_until: 0,
            reorder: params.dead_time_ps <= widest,
            out: BinaryHeap::new(),
        };
        if per_second > 0.0 {
            stream.next_primary = exponential(&mut stream.rng, stream.mean_gap_ps);
        }
        stream
    }

    /// The next avalanche that makes a pulse, before jitter.
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
                self.next_primary = time + exponential(&mut self.rng, self.mean_gap_ps);
                time
            };
            if time < self.dead_until {
                continue;
            }
            self.dead_until = time + self.params.dead_time_ps;
            if self.params.afterpulse > 0.0 && uniform(&mut self.rng) < self.params.afterpulse {
                let tau = self.params.afterpulse_time_ps as f64;
                let release = self.dead_until + exponential(&mut self.rng, tau);
                self.afterpulses.push(Reverse(release));
            }
            return Some(time);
        }
    }

    /// How much later than its photon's a pulse comes, picoseconds. Counted from the bell's foot, so that
    /// no detection precedes its photon: a constant delay changes nothing.
    fn jitter(&mut self) -> Time {
        let x = self.rng.next_u64();
        let sum: u64 = [0, 16, 32, 48]
            .map(|shift| x >> shift & 0xFFFF)
            .iter()
            .sum();
        let bell = sum as f64 * (1.0 / (4.0 * 65_536.0));
        (bell * JITTER_WIDTH * self.params.jitter_ps as f64) as Time
    }

    /// The next pulse.
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

    fn next_cycle(&mut self) -> Option<u64> {
        let cycle = self.base + self.pulse()? / self.period_ps;
        if self.next_primary != NEVER && self.next_primary > REBASE_AT {
            self.rebase();
        }
        Some(cycle)
    }

    /// Moves the base to the earliest time that still matters, in whole cycles.
    fn rebase(&mut self) {
        let heaps = self.afterpulses.iter().chain(&self.out).map(|r| r.0);
        let first = heaps.chain([self.next_primary]).min().unwrap_or(0);
        let cycles = first / self.period_ps;
        let by = cycles * self.period_ps;
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
    heads: [Option<u64>; 2],
    merger: CycleMerger,
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
        Self {
            detectors,
            heads,
            merger: CycleMerger::new(),
        }
    }

    fn next(&mut self) -> Option<(u64, bool, bool)> {
        let Self {
            detectors,
            heads,
            merger,
        } = self;
        merger.next(|| {
            let (index, detector) = match (heads[0], heads[1]) {
                (None, None) => return None,
                (Some(a), Some(b)) if b < a => (1, Detector::B),
                (Some(_), _) => (0, Detector::A),
                (None, Some(_)) => (1, Detector::B),
            };
            let cycle = heads[index]?;
            heads[index] = detectors[index].next_cycle();
            Some((cycle, detector))
        })
    }
}

/// Stochastic photons on every lane.
pub struct StochasticSource {
    lanes: Vec<LaneStream>,
    /// Each lane's next edges.
    heads: Vec<(u64, bool, bool)>,
}

/// The head of a lane that stays dark.
const DARK: (u64, bool, bool) = (u64::MAX, false, false);

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
        let heads = lanes
            .iter_mut()
            .map(|lane| lane.next().unwrap_or(DARK))
            .collect();
        Ok(Self { lanes, heads })
    }
}

impl PhotonSource for StochasticSource {
    fn next_edge(&mut self) -> Option<Edge> {
        // The first of equal cycles wins, so edges of one cycle come in order of lanes.
        let mut first = u64::MAX;
        let mut lane = 0;
        for (index, head) in self.heads.iter().enumerate() {
            if head.0 < first {
                first = head.0;
                lane = index;
            }
        }
        if first == u64::MAX {
            return None;
        }
        let next = self.lanes[lane].next().unwrap_or(DARK);
        let (cycle, a, b) = core::mem::replace(&mut self.heads[lane], next);
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
