//! Commands: reset, self-test, start, stop.

use super::keybox::Keys;
use super::{BusMaster, Card, FrontEnd, LaneSlot, MAX_N};
use crate::credit::leftover_ok;
use crate::extractor::Extractor;
use crate::lane::{Lane, LaneSettings};
use crate::pattern::{PIN_LATENCY, Pattern, PatternGenerator};
use crate::ring::Ring;
use crate::sampler::SamplerSettings;
use crate::selftest;
use photonbox_regmap::{BLOCKS, Flags, extractor, global, lane, ring};

impl Card {
    /// Everything but time and generation back to its reset value; the generation goes up; the self-test runs.
    /// Bits, blocks and slots in flight are swept.
    pub(super) fn reset(&mut self) {
        for block in &BLOCKS {
            for instance in 0..block.count {
                for register in block.registers {
                    let offset = block.base + instance * block.stride + register.offset;
                    self.words[(offset / 4) as usize] = register.reset;
                }
            }
        }
        self.generation = self.generation.wrapping_add(1);
        self.running = false;
        self.lanes = (0..self.build.lanes())
            .map(|index| Lane::new(self.lane_settings(index)))
            .collect();
        self.slots = vec![
            LaneSlot {
                due: u64::MAX,
                ..LaneSlot::default()
            };
            self.lanes.len()
        ];
        self.lanes_due = u64::MAX;
        self.edges_a = 0;
        self.edges_b = 0;
        let (n, m) = (
            self.extractor_word(extractor::N),
            self.extractor_word(extractor::M),
        );
        self.extractor = Extractor::new(n, m, self.extractor_word(extractor::BLOCKS_PER_SEED));
        self.block_flags = Flags::default();
        self.block_gap = false;
        self.rings = [ring::ENTROPY, ring::RAW].map(Ring::new);
        self.keys = Keys::new(self.build);
        self.pattern = None;
        self.pattern_lanes = 0;
        self.events = 0;
        self.errors_seen = 0;
        self.seed_due_seen = false;
        self.err_unknown = 0;
        self.err_refused = 0;
        self.dropped_bits = 0;
        self.start_error = 0;
        self.start_refused = false;
        self.snapshots = 0;
        self.run_selftest();
    }

    pub(super) fn run_selftest(&mut self) {
        // The key box's test passes through the register that X_0 is loaded into.
        self.keys.clear_x0();
        self.selftest_passed = selftest::run() & !self.selftest_fault;
    }

    pub(super) fn selftest_ok(&self) -> bool {
        self.selftest_passed == selftest::ran()
    }

    /// START: refused with the reasons in START_ERROR, or all enabled lanes begin their start-up test.
    pub(super) fn start(&mut self) {
        self.start_error = self.start_problems();
        self.start_refused = self.start_error != 0;
        if self.start_refused {
            return;
        }
        self.running = true;
        self.pattern = Pattern::from_kind(global::PATTERN_KIND.get(self.word(global::PATTERN)))
            .map(|pattern| PatternGenerator::new(pattern, self.word(global::PATTERN_PERIOD)));
        self.pattern_at = self.now + PIN_LATENCY;
        self.pattern_lanes = if self.pattern.is_some() {
            self.pattern_mask()
        } else {
            0
        };
        for index in 0..self.lanes.len() {
            if self.lane_enabled(index) {
                self.start_lane(index);
            }
        }
    }

    fn start_problems(&self) -> u32 {
        if self.running {
            return global::START_ERROR_NOT_IDLE.mask();
        }
        let mut problems = 0;
        let mut problem = |field: photonbox_regmap::Field, condition: bool| {
            problems |= field.put(u32::from(condition));
        };
        let enabled = || (0..self.lanes.len()).filter(|&index| self.lane_enabled(index));
        let tap = enabled().any(|index| self.lane_taps(index));
        let extract = enabled().any(|index| !self.lane_taps(index));
        problem(global::START_ERROR_NO_LANE, !tap && !extract);
        problem(global::START_ERROR_SELFTEST, !self.selftest_ok());
        problem(
            global::START_ERROR_WINDOW,
            enabled().any(|index| !self.window_allowed(index)),
        );
        let entropy = &self.rings[ring::ENTROPY as usize];
        let raw = &self.rings[ring::RAW as usize];
        problem(
            global::START_ERROR_NO_RING,
            extract && !entropy.usable() || tap && !raw.usable(),
        );
        if extract {
            let (n, m) = self.extractor.shape();
            let fits = (1..=MAX_N).contains(&n)
                && (extractor::M_STEP..=self.build.max_m()).contains(&m)
                && m.is_multiple_of(extractor::M_STEP);
            problem(global::START_ERROR_GEOMETRY, !fits);
            let claimed = self.extractor_word(extractor::CLAIMED_H).min(1 << 16);
            problem(global::START_ERROR_LEFTOVER, !leftover_ok(n, m, claimed));
            problem(global::START_ERROR_NO_SEED, !self.extractor.seeded());
            problem(
                global::START_ERROR_SLOT,
                entropy.committed() && entropy.geometry().slot_bytes < m / 8,
            );
        }
        problems
    }

    /// STOP: lanes stop, the block in progress is discarded, what is complete is written, then the card is idle.
    pub(super) fn stop(&mut self, bus: &mut dyn BusMaster) {
        if !self.running {
            return;
        }
        for index in 0..self.lanes.len() {
            self.stop_lane(index);
        }
        self.edges_a = 0;
        self.edges_b = 0;
        self.pattern = None;
        self.pattern_lanes = 0;
        self.discard_block();
        self.running = false;
        let (now, generation) = (self.now, self.generation);
        for index in 0..self.rings().len() {
            self.host_ring(index).flush(now, generation, bus);
        }
        self.serve_rings(bus);
        self.raise_event(global::INT_IDLE.mask(), bus);
    }

    /// Begins a lane's start-up test with the settings that its registers hold.
    pub(super) fn start_lane(&mut self, index: usize) {
        let settings = self.lane_settings(index as u32);
        let tap = self.lane_taps(index);
        self.lanes[index].configure(settings);
        self.lanes[index].start();
        self.slots[index].at = self.now;
        self.slots[index].tap = tap;
        self.schedule(index);
    }

    pub(super) fn stop_lane(&mut self, index: usize) {
        self.lanes[index].stop();
        self.schedule(index);
    }

    pub(super) fn lane_enabled(&self, index: usize) -> bool {
        lane::ENABLE_ON.is_set(self.word(lane::base(index as u32) + lane::ENABLE))
    }

    fn lane_taps(&self, index: usize) -> bool {
        lane::CONFIG_TAP.is_set(self.word(lane::base(index as u32) + lane::CONFIG))
    }

    /// Real pins resolve to one cycle either way, so that a coincidence may look one cycle apart.
    pub(super) fn window_allowed(&self, index: usize) -> bool {
        self.front_end != FrontEnd::Real || self.lane_settings(index as u32).sampler.window >= 1
    }

    fn lane_settings(&self, index: u32) -> LaneSettings {
        let word = |offset| self.word(lane::base(index) + offset);
        LaneSettings {
            sampler: SamplerSettings {
                window: word(lane::WINDOW),
                holdoff: word(lane::HOLDOFF),
                retrigger: lane::CONFIG_RETRIGGER.is_set(word(lane::CONFIG)),
            },
            rct_cutoff: word(lane::RCT_CUTOFF),
            apt_cutoff: word(lane::APT_CUTOFF),
            rate_min: word(lane::RATE_MIN),
            rate_max: word(lane::RATE_MAX),
            balance_max: word(lane::BALANCE_MAX),
        }
    }

    fn pattern_mask(&self) -> u64 {
        let mask = u64::from(self.word(global::PATTERN_LANES_LO))
            | u64::from(self.word(global::PATTERN_LANES_HI)) << 32;
        mask & (u64::MAX >> (64 - self.lanes.len() as u32))
    }

    fn extractor_word(&self, offset: u32) -> u32 {
        self.word(extractor::BASE + offset)
    }

    /// The word stored for the register at `offset` of BAR 0.
    pub(super) fn word(&self, offset: u32) -> u32 {
        self.words[(offset / 4) as usize]
    }
}
