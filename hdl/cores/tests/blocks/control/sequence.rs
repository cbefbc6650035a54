//! The reset sequence as the README has it, cycle by cycle.

/// Cycles for which blocks are in reset, at least; and for which they settle afterwards.
const ASSERTED: u64 = 16;
const SETTLES: u64 = 16;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
enum State {
    /// Blocks are in reset.
    #[default]
    Asserted,
    Settles,
    Sweeps,
    Open,
}

/// What the sequence shows in a cycle; as it begins by itself at first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Sequence {
    state: State,
    /// Cycles in the state, before this one.
    since: u64,
    by_software: bool,
    /// The write master is out of reset.
    dma_released: bool,
}

impl Sequence {
    /// `core_reset`, `dma_abort`, `dma_reset`, `hold`.
    pub(super) fn shows(&self) -> [(&'static str, bool); 4] {
        let reset = self.state == State::Asserted;
        [
            ("core_reset", reset),
            ("dma_abort", reset && self.by_software),
            ("dma_reset", !self.dma_released),
            ("hold", self.state != State::Open),
        ]
    }

    /// The end of a cycle, with its inputs: power-on reset, a soft reset's first cycle, and the card's answers.
    pub(super) fn step(&mut self, power_on: bool, soft: bool, quiet: bool, swept: bool) {
        if power_on {
            *self = Self::default();
            return;
        }
        let next = match self.state {
            State::Asserted => self.since + 1 >= ASSERTED && (quiet || !self.by_software),
            State::Settles => self.since + 1 == SETTLES,
            State::Sweeps => swept,
            State::Open => false,
        };
        if self.state == State::Settles {
            self.dma_released = true;
        }
        self.since += 1;
        if next {
            self.since = 0;
            self.state = match self.state {
                State::Asserted => {
                    // After a soft reset it is reset for one cycle, when nothing is outstanding.
                    self.dma_released = !self.by_software;
                    State::Settles
                }
                State::Settles => State::Sweeps,
                State::Sweeps | State::Open => State::Open,
            };
        }
        if soft {
            self.state = State::Asserted;
            self.since = 0;
            self.by_software = true;
        }
    }
}
