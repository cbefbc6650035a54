//! Whole windows of the rate watch with counted edges: limits just met, then missed by one.

use super::{Access, Inputs, LaneBench, READABLE};
use crate::rate::{WINDOW, Whole, draw, whole_windows};
use photonbox_cosim::{Random, Simulation};
use photonbox_model::rate::Edges;
use photonbox_regmap::{BLOCKS, lane};
use std::collections::VecDeque;

/// Cycles that all of it takes.
pub(super) const CYCLES: u64 = 5 * WINDOW as u64 + 1000;

#[derive(Clone, Copy)]
enum Step {
    Reset,
    Write(u32, u32),
    Read(u32),
    Start,
    /// A window with so many edges.
    Window(Edges),
    Stop,
}

/// What is still to be done.
pub(super) struct Script {
    steps: VecDeque<Step>,
    /// Cycles of the present window to come, and edges.
    left: u32,
    wanted: Edges,
}

impl Script {
    pub(super) fn new() -> Self {
        let windows: Vec<Whole> = whole_windows().collect();
        let mut steps = VecDeque::from([
            Step::Reset,
            Step::Write(lane::CONFIG, 0),
            Step::Write(lane::WINDOW, 1),
            Step::Write(lane::RCT_CUTOFF, 0xFFFF),
            Step::Write(lane::APT_CUTOFF, 1025),
            Step::Write(lane::BALANCE_MAX, 0x1_FFFF),
            Step::Write(lane::ENABLE, 1),
        ]);
        // Each detector meets each limit, and misses it; the rates, and HOLDOFF, have each digit both ways.
        let whole = |places: &[usize]| places.iter().map(|at| windows[*at]).collect::<Vec<_>>();
        for (windows, holdoff) in [(whole(&[0, 2, 1]), 0x5_5555), (whole(&[6, 7]), 0x2_AAAA)] {
            steps.extend([
                Step::Write(lane::HOLDOFF, holdoff),
                Step::Write(lane::RATE_MIN, windows[0].fewest),
                Step::Write(lane::RATE_MAX, windows[0].most),
                Step::Start,
            ]);
            steps.extend(windows.iter().map(|whole| Step::Window(whole.edges)));
            steps.extend([
                Step::Read(lane::RATE_A),
                Step::Read(lane::RATE_B),
                Step::Read(lane::ALARMS),
                Step::Stop,
                Step::Write(lane::RESTART, 1),
                Step::Write(lane::ALARMS, 0x3F),
                Step::Read(lane::STATE),
            ]);
        }
        Self {
            steps,
            left: 0,
            wanted: Edges::default(),
        }
    }
}

/// An access to the lane under test; a write's strobe is in the third cycle.
fn access(offset: u32, value: Option<u32>) -> Access {
    let block = BLOCKS.iter().position(|block| block.base == lane::BASE);
    Access {
        block: block.unwrap_or(0) as u32,
        instance: super::INDEX,
        offset,
        write: value.map(|value| (value, 2)),
        age: 0,
        length: 5,
    }
}

impl LaneBench {
    /// A cycle of the script.
    pub(super) fn by_script(
        &mut self,
        rtl: &mut Simulation,
        random: &mut Random,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let mut inputs = Inputs::default();
        let free = self.access.age >= self.access.length;
        let steps = &mut self.script.steps;
        // Windows follow each other without a gap.
        let urgent = matches!(steps.front(), Some(Step::Window(_) | Step::Reset));
        if self.script.left == 0 && (free || urgent) {
            match steps.pop_front() {
                Some(Step::Reset) => {
                    inputs.reset = true;
                    self.test = None;
                    self.access.write = None;
                }
                Some(Step::Write(offset, value)) => self.access = access(offset, Some(value)),
                Some(Step::Read(offset)) => self.access = access(offset, None),
                Some(Step::Start) => inputs.start = true,
                Some(Step::Window(edges)) => {
                    (self.script.left, self.script.wanted) = (WINDOW, edges)
                }
                Some(Step::Stop) => inputs.stop = true,
                None => {}
            }
        }
        let Script { left, wanted, .. } = &mut self.script;
        let within = *left > 0;
        if within {
            inputs.a = draw(random, &mut wanted.a, *left);
            inputs.b = draw(random, &mut wanted.b, *left);
            *left -= 1;
            if self.access.age >= self.access.length {
                self.access = access(*random.pick(&READABLE), None);
            }
        }
        let ends = within && self.script.left == 0;
        self.step(rtl, inputs, hit)?;
        if ends {
            hit(if self.oracle.lane.active() {
                "rates just within their limits"
            } else {
                "rates just beyond their limits"
            });
        }
        Ok(())
    }
}
