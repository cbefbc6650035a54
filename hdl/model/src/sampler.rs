//! The coincidence sampler of one lane (spec 1-entropy §1.1, 6-card §6.1). Cycle-exact.

/// Settings of a sampler, in cycles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SamplerSettings {
    /// W: the other detector's edge in cycles k to k+W is a coincidence.
    pub window: u32,
    /// Blind cycles after a bit (from k+W on) or after a coincidence.
    pub holdoff: u32,
    /// An edge while blind restarts the hold-off.
    pub retrigger: bool,
}

impl Default for SamplerSettings {
    fn default() -> Self {
        Self {
            window: 0,
            holdoff: 30,
            retrigger: false,
        }
    }
}

/// What a sampler has counted since its counters were cleared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bits made.
    pub bits: u64,
    /// Bits that are 1.
    pub ones: u64,
    /// Coincidences.
    pub coincidences: u64,
    /// Edges that came while blind, and further edges of the same detector inside a window.
    pub ignored: u64,
    /// Edges of A.
    pub edges_a: u64,
    /// Edges of B.
    pub edges_b: u64,
}

/// A bit that came out while idle cycles were skipped.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decided {
    /// In which of the skipped cycles, the first being 0.
    pub cycle: u64,
    /// The bit.
    pub bit: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Ready,
    /// The window that `first` (true: A) opened lasts `left` more cycles, at least 1.
    Open {
        first: bool,
        left: u32,
    },
    /// `left` more blind cycles, at least 1.
    Blind {
        left: u32,
    },
}

/// Makes bits of detections: an edge at A alone is 1, at B alone 0, both within the window nothing.
#[derive(Clone, Debug)]
pub struct Sampler {
    settings: SamplerSettings,
    state: State,
    counters: Counters,
}

impl Sampler {
    /// A sampler that is ready, with counters at 0.
    pub fn new(settings: SamplerSettings) -> Self {
        Self {
            settings,
            state: State::Ready,
            counters: Counters::default(),
        }
    }

    /// One clock cycle with a rising edge at A, at B, at both or at neither; a bit if one is decided in it.
    #[inline]
    pub fn step(&mut self, a: bool, b: bool) -> Option<bool> {
        self.counters.edges_a += u64::from(a);
        self.counters.edges_b += u64::from(b);
        match self.state {
            State::Ready => match (a, b) {
                (false, false) => None,
                (true, true) => self.coincidence(),
                (first, _) if self.settings.window == 0 => self.decide(first),
                (first, _) => {
                    self.state = State::Open {
                        first,
                        left: self.settings.window,
                    };
                    None
                }
            },
            State::Open { first, left } => {
                let (same, other) = if first { (a, b) } else { (b, a) };
                self.counters.ignored += u64::from(same);
                if other {
                    self.coincidence()
                } else if left == 1 {
                    self.decide(first)
                } else {
                    self.state = State::Open {
                        first,
                        left: left - 1,
                    };
                    None
                }
            }
            State::Blind { left } => {
                self.counters.ignored += u64::from(a) + u64::from(b);
                if self.settings.retrigger && (a || b) {
                    self.blind();
                } else {
                    self.state = if left == 1 {
                        State::Ready
                    } else {
                        State::Blind { left: left - 1 }
                    };
                }
                None
            }
        }
    }

    /// The same as `cycles` times `step(false, false)`, in constant time. At most one bit can come of it.
    #[inline]
    pub fn skip_idle(&mut self, cycles: u64) -> Option<Decided> {
        let mut rest = cycles;
        let mut decided = None;
        if let State::Open { first, left } = self.state {
            if rest < u64::from(left) {
                self.state = State::Open {
                    first,
                    left: left - rest as u32,
                };
                return None;
            }
            rest -= u64::from(left);
            decided = self.decide(first).map(|bit| Decided {
                cycle: u64::from(left) - 1,
                bit,
            });
        }
        if let State::Blind { left } = self.state {
            self.state = if rest < u64::from(left) {
                State::Blind {
                    left: left - rest as u32,
                }
            } else {
                State::Ready
            };
        }
        decided
    }

    /// Ends the stimulus as if W idle cycles followed: an open window yields its bit.
    pub fn finish(&mut self) -> Option<bool> {
        self.skip_idle(u64::from(self.settings.window))
            .map(|decided| decided.bit)
    }

    /// Stops at once: the edge that opened a window counts as ignored, no bit comes of it.
    pub fn stop(&mut self) {
        self.counters.ignored += u64::from(self.window_open());
        self.state = State::Ready;
    }

    /// Changes the settings of a stopped sampler; the counters stay.
    pub fn configure(&mut self, settings: SamplerSettings) {
        self.stop();
        self.settings = settings;
    }

    /// Idle cycles to come before the one in which an open window yields its bit.
    #[inline]
    pub fn next_decision(&self) -> Option<u64> {
        match self.state {
            State::Open { left, .. } => Some(u64::from(left) - 1),
            _ => None,
        }
    }

    /// Whether an edge waits for its window to end.
    #[inline]
    pub fn window_open(&self) -> bool {
        matches!(self.state, State::Open { .. })
    }

    /// What was counted. Always: edges_a + edges_b = bits + 2 coincidences + ignored + (1 if a window is open).
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// The settings in force.
    pub fn settings(&self) -> SamplerSettings {
        self.settings
    }

    #[inline]
    fn decide(&mut self, bit: bool) -> Option<bool> {
        self.counters.bits += 1;
        self.counters.ones += u64::from(bit);
        self.blind();
        Some(bit)
    }

    fn coincidence(&mut self) -> Option<bool> {
        self.counters.coincidences += 1;
        self.blind();
        None
    }

    /// Blind from the next cycle on.
    fn blind(&mut self) {
        self.state = match self.settings.holdoff {
            0 => State::Ready,
            left => State::Blind { left },
        };
    }
}
