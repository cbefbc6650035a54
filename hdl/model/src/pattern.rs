//! The pattern generator at the pins, before the synchroniser (spec 6-card §6.1, *Self-test*). Cycle-exact.

use photonbox_regmap::global;

/// Cycles that the synchroniser puts between a pin and the lane. The pattern generator drives pins, so its first
/// pulse reaches the lanes this much after their first cycle.
pub const PIN_LATENCY: u64 = 2;

/// A named test pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pattern {
    /// A, B, A, B, …
    Alternate,
    /// The values 0, 1, … 255, 0, … of a counter, eight bits each, most significant first.
    Counter,
    /// Every pulse on A.
    StuckA,
    /// Every pulse on B.
    StuckB,
    /// Pseudo-random with seven of eight pulses on A.
    Biased,
}

impl Pattern {
    /// All patterns.
    pub const ALL: [Self; 5] = [
        Self::Alternate,
        Self::Counter,
        Self::StuckA,
        Self::StuckB,
        Self::Biased,
    ];

    /// The pattern of a value of `PATTERN.KIND`.
    pub fn from_kind(kind: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|pattern| pattern.kind() == kind)
    }

    /// The value of `PATTERN.KIND`.
    pub const fn kind(self) -> u32 {
        match self {
            Self::Alternate => global::PATTERN_ALTERNATE,
            Self::Counter => global::PATTERN_COUNTER,
            Self::StuckA => global::PATTERN_STUCK_A,
            Self::StuckB => global::PATTERN_STUCK_B,
            Self::Biased => global::PATTERN_BIASED,
        }
    }

    /// The name that the command line takes.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Alternate => "alternate",
            Self::Counter => "counter",
            Self::StuckA => "stuck-a",
            Self::StuckB => "stuck-b",
            Self::Biased => "biased",
        }
    }

    /// The pattern with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|pattern| pattern.name() == name)
    }
}

/// Makes one pulse in every `period` cycles, the first in the first cycle.
#[derive(Clone, Debug)]
pub struct PatternGenerator {
    pattern: Pattern,
    period: u32,
    /// Cycles before the next pulse.
    wait: u32,
    pulses: u32,
    shift_register: u32,
}

/// Taps of a maximal 32-bit Galois shift register: x^32 + x^22 + x^2 + x + 1.
const TAPS: u32 = 0x8020_0003;

impl PatternGenerator {
    /// A generator at its start. A period below 2 counts as 2: an edge needs a low cycle before it.
    pub fn new(pattern: Pattern, period: u32) -> Self {
        Self {
            pattern,
            period: period.max(2),
            wait: 0,
            pulses: 0,
            shift_register: 1,
        }
    }

    /// One clock cycle: edges at A and B.
    pub fn step(&mut self) -> (bool, bool) {
        if self.wait > 0 {
            self.wait -= 1;
            return (false, false);
        }
        self.wait = self.period - 1;
        let a = self.next_bit();
        (a, !a)
    }

    /// Cycles to come before the one with the next pulse.
    pub fn idle_left(&self) -> u64 {
        u64::from(self.wait)
    }

    /// The same as `cycles` times `step`, for at most [`Self::idle_left`] cycles; more are not taken.
    pub fn skip_idle(&mut self, cycles: u64) {
        self.wait -= cycles.min(u64::from(self.wait)) as u32;
    }

    fn next_bit(&mut self) -> bool {
        let pulse = self.pulses;
        self.pulses = self.pulses.wrapping_add(1);
        match self.pattern {
            Pattern::Alternate => pulse.is_multiple_of(2),
            Pattern::Counter => (pulse / 8) >> (7 - pulse % 8) & 1 == 1,
            Pattern::StuckA => true,
            Pattern::StuckB => false,
            Pattern::Biased => {
                for _ in 0..3 {
                    let out = self.shift_register & 1;
                    self.shift_register = (self.shift_register >> 1) ^ (TAPS * out);
                }
                self.shift_register & 7 != 0
            }
        }
    }
}
