//! Photon sources: what makes rising edges at the detector pins.

use crate::ptu::{Capture, Cursor, Detector, PtuError};
use photonbox_model::{Pattern, PatternGenerator};

/// One cycle of one lane in which at least one detector shows a rising edge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Edge {
    /// Cycle since the source was switched on.
    pub cycle: u64,
    /// Lane number.
    pub lane: u32,
    /// Detector A rises.
    pub a: bool,
    /// Detector B rises.
    pub b: bool,
    /// The photon was played before: a capture's second pass or a later one.
    pub replayed: bool,
}

/// Something that yields edges in order of (cycle, lane), at most one [`Edge`] for each such pair.
pub trait PhotonSource: Send {
    /// The next edge, or `None` where no photon will ever come again.
    fn next_edge(&mut self) -> Option<Edge>;
}

/// Turns photons into cycles: `floor(t / period)`, both detectors of one cycle in one [`Edge`], and
/// two photons of one detector in one cycle as one edge (specification 1.1 and 6.1).
pub(crate) struct CycleMerger {
    ahead: Option<(u64, Detector)>,
}

impl CycleMerger {
    pub(crate) const fn new() -> Self {
        Self { ahead: None }
    }

    /// The next cycle with an edge, and which detectors rise in it. `next` yields photons in order.
    pub(crate) fn next(
        &mut self,
        mut next: impl FnMut() -> Option<(u64, Detector)>,
    ) -> Option<(u64, bool, bool)> {
        let (cycle, first) = self.ahead.take().or_else(&mut next)?;
        let (mut a, mut b) = (first == Detector::A, first == Detector::B);
        while let Some((c, detector)) = next() {
            if c != cycle {
                self.ahead = Some((c, detector));
                break;
            }
            match detector {
                Detector::A => a = true,
                Detector::B => b = true,
            }
        }
        Some((cycle, a, b))
    }
}

/// A recording on lane 0, played again and again; the other lanes stay dark.
pub struct CaptureSource {
    capture: Capture,
    period_ps: u64,
    cursor: Cursor,
    merger: CycleMerger,
    passes: u64,
    played_before: bool,
    /// Cycle at which the pass in progress began.
    base: u64,
    /// Whole cycles that one pass takes.
    loop_cycles: u64,
}

impl CaptureSource {
    /// Plays `capture` with cycles of `period_ps` picoseconds.
    ///
    /// # Errors
    /// [`PtuError::Resolution`] for a period of 0, in which no time passes.
    pub fn new(capture: Capture, period_ps: u64) -> Result<Self, PtuError> {
        if period_ps == 0 {
            return Err(PtuError::Resolution { seconds: 0.0 });
        }
        let loop_cycles = capture.info().duration_ps / period_ps + 1;
        Ok(Self {
            capture,
            period_ps,
            cursor: Cursor::default(),
            merger: CycleMerger::new(),
            passes: 0,
            played_before: false,
            base: 0,
            loop_cycles,
        })
    }

    /// Whether somebody played the recording before: then no pass is its first.
    #[must_use]
    pub fn played_before(self, played_before: bool) -> Self {
        Self {
            played_before,
            ..self
        }
    }
}

impl PhotonSource for CaptureSource {
    fn next_edge(&mut self) -> Option<Edge> {
        // A checked capture has at least one photon, so the second round always finds one.
        for _ in 0..2 {
            let (capture, cursor, period) = (&self.capture, &mut self.cursor, self.period_ps);
            let next = self.merger.next(|| {
                capture
                    .next_event(cursor)
                    .map(|e| (e.time_ps / period, e.detector))
            });
            if let Some((cycle, a, b)) = next {
                return Some(Edge {
                    cycle: self.base + cycle,
                    lane: 0,
                    a,
                    b,
                    replayed: self.played_before || self.passes > 0,
                });
            }
            self.cursor = Cursor::default();
            self.passes += 1;
            self.base = self.base.checked_add(self.loop_cycles)?;
        }
        None
    }
}

/// Cycles from one pulse of a pattern to the next: 1.02 µs, wider than any sensible hold-off.
pub const PATTERN_PERIOD_CYCLES: u32 = 256;

/// A test pattern at the pins of every lane, made by the model's own generator. All lanes show the same.
pub struct PatternSource {
    generator: PatternGenerator,
    lanes: u32,
    /// Lane whose edge comes next.
    lane: u32,
    cycle: u64,
    edges: (bool, bool),
}

impl PatternSource {
    /// `pattern` on `lanes` lanes, a pulse every [`PATTERN_PERIOD_CYCLES`].
    pub fn new(pattern: Pattern, lanes: u32) -> Self {
        Self {
            generator: PatternGenerator::new(pattern, PATTERN_PERIOD_CYCLES),
            lanes,
            lane: lanes,
            cycle: 0,
            edges: (false, false),
        }
    }
}

impl PhotonSource for PatternSource {
    fn next_edge(&mut self) -> Option<Edge> {
        if self.lanes == 0 {
            return None;
        }
        if self.lane == self.lanes {
            let idle = self.generator.idle_left();
            self.generator.skip_idle(idle);
            self.cycle += idle;
            self.edges = self.generator.step();
            self.lane = 0;
        }
        let (a, b) = self.edges;
        let edge = Edge {
            cycle: self.cycle,
            lane: self.lane,
            a,
            b,
            replayed: false,
        };
        self.lane += 1;
        if self.lane == self.lanes {
            self.cycle += 1;
        }
        Some(edge)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::ptu::{RecordType, Writer};

    fn recording() -> Capture {
        let mut w = Writer::new(RecordType::HydraHarpV2, 1e-12);
        // Cycles 1 (both), 3 (A twice), 10 (B), of 4 ns.
        w.photon(Detector::A, 4_000).photon(Detector::B, 7_999);
        w.photon(Detector::A, 12_000).photon(Detector::A, 12_001);
        w.photon(Detector::B, 40_000);
        Capture::parse(&w.to_bytes()).unwrap()
    }

    #[test]
    fn a_capture_loops_and_says_so() {
        let mut source = CaptureSource::new(recording(), 4_000).unwrap();
        let edge = |cycle, a, b, replayed| Edge {
            cycle,
            lane: 0,
            a,
            b,
            replayed,
        };
        let want = [
            edge(1, true, true, false),
            edge(3, true, false, false),
            edge(10, false, true, false),
            // 11 cycles a pass: the last record lies in cycle 10.
            edge(12, true, true, true),
            edge(14, true, false, true),
            edge(21, false, true, true),
            edge(23, true, true, true),
        ];
        for e in want {
            assert_eq!(source.next_edge(), Some(e));
        }
        let again = CaptureSource::new(recording(), 4_000).unwrap();
        let mut again = again.played_before(true);
        assert_eq!(again.next_edge(), Some(edge(1, true, true, true)));
        assert!(CaptureSource::new(recording(), 0).is_err());
    }

    #[test]
    fn patterns_show_on_every_lane_at_once() {
        let mut source = PatternSource::new(Pattern::Alternate, 3);
        for pulse in 0..10u64 {
            for lane in 0..3 {
                let a = pulse % 2 == 0;
                let want = Edge {
                    cycle: pulse * u64::from(PATTERN_PERIOD_CYCLES),
                    lane,
                    a,
                    b: !a,
                    replayed: false,
                };
                assert_eq!(source.next_edge(), Some(want));
            }
        }
        assert_eq!(PatternSource::new(Pattern::Counter, 0).next_edge(), None);
    }
}
