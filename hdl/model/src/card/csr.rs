//! The register file: every access is looked up in the map, so that the map alone says what exists.

use super::{BusMaster, Card, MAX_N};
use crate::ring::Geometry;
use crate::selftest;
use photonbox_regmap::{Access, Found, extractor, find, global, keybox, lane, ring};

/// Which block a register belongs to, with its instance.
enum Place {
    Global,
    Extractor,
    Lane(usize),
    Ring(usize),
    Keybox,
}

impl Card {
    /// Reads the register at `offset` of BAR 0. No side effects, but that a register which does not exist is
    /// counted; it reads as 0, as does a write-only one.
    pub fn read32(&mut self, offset: u32) -> u32 {
        let Some((place, found)) = self.locate(offset) else {
            self.err_unknown = self.err_unknown.wrapping_add(1);
            return 0;
        };
        if !found.register.access.readable() {
            return 0;
        }
        let register = found.register.offset;
        let live = match place {
            Place::Global => self.read_global(register),
            Place::Extractor => self.read_extractor(register),
            Place::Lane(index) => self.read_lane(index, register),
            Place::Ring(index) => self.read_ring(index, register),
            Place::Keybox => self.read_keybox(register),
        };
        live.unwrap_or_else(|| self.word(offset))
    }

    /// Writes the register at `offset` of BAR 0.
    pub fn write32(&mut self, offset: u32, value: u32, bus: &mut dyn BusMaster) {
        let Some((place, found)) = self.locate(offset) else {
            self.err_unknown = self.err_unknown.wrapping_add(1);
            return;
        };
        let register = found.register;
        if !register.access.writable() {
            return;
        }
        let value = value & register.bits();
        if !self.may_write(&place, register.offset, value) {
            self.err_refused = self.err_refused.wrapping_add(1);
            return;
        }
        if register.access == Access::Rw {
            self.words[(offset / 4) as usize] = value;
        }
        // What was due before this cycle comes before the write.
        self.catch_up_keys(bus);
        match place {
            Place::Global => self.write_global(register.offset, value, bus),
            Place::Extractor => self.write_extractor(register.offset, value, bus),
            Place::Lane(index) => self.write_lane(index, register.offset, value),
            Place::Ring(index) => self.write_ring(index, register.offset, value, bus),
            Place::Keybox => self.write_keybox(register.offset, value, bus),
        }
        self.rings_changed();
    }

    fn locate(&self, offset: u32) -> Option<(Place, Found)> {
        let found = find(offset)?;
        let instance = found.instance as usize;
        let place = match found.block.base {
            0 => Place::Global,
            extractor::BASE => Place::Extractor,
            lane::BASE if instance < self.lanes.len() => Place::Lane(instance),
            ring::BASE => Place::Ring(instance),
            keybox::BASE => Place::Keybox,
            _ => return None,
        };
        Some((place, found))
    }

    /// Whether what the register sets is free to change now.
    fn may_write(&self, place: &Place, register: u32, value: u32) -> bool {
        match *place {
            Place::Global => match register {
                global::PATTERN | global::PATTERN_PERIOD => !self.running,
                global::PATTERN_LANES_LO | global::PATTERN_LANES_HI => !self.running,
                _ => true,
            },
            Place::Extractor => match register {
                extractor::N | extractor::M | extractor::CLAIMED_H => !self.running,
                _ => true,
            },
            Place::Lane(index) => match register {
                lane::ENABLE => !self.running || self.window_allowed(index),
                lane::CONFIG..=lane::BALANCE_MAX => !self.running || self.lanes[index].stopped(),
                _ => true,
            },
            Place::Ring(index) => match register {
                ring::DATA_BASE_LO..=ring::SLOT_COUNT => !self.rings()[index].committed(),
                _ => true,
            },
            Place::Keybox => self.may_write_keybox(register, value),
        }
    }

    fn read_global(&self, register: u32) -> Option<u32> {
        Some(match register {
            global::CAPS => {
                global::CAPS_BUILD.put(self.build.code())
                    | global::CAPS_FRONT_END.put(self.front_end.code())
                    | global::CAPS_LANES.put(self.build.lanes())
                    | global::CAPS_TOEPLITZ_W.put(self.build.toeplitz_w())
                    | global::CAPS_AXI_BYTES.put(self.build.axi_bytes())
                    | global::CAPS_KEYBOX.put(1)
            }
            global::CAPS_EXTRACTOR => {
                global::CAPS_MAX_N.put(MAX_N) | global::CAPS_MAX_M.put(self.build.max_m())
            }
            global::GENERATION => self.generation,
            global::STATUS => self.status(),
            global::BUILD_HASH0..=global::BUILD_HASH7 => {
                let from = (register - global::BUILD_HASH0) as usize;
                let bytes = &self.build_hash[from..from + 4];
                u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]])
            }
            global::SNAPSHOT_COUNT => self.snapshots,
            global::START_ERROR => self.start_error,
            global::INT_STATUS => self.rings().iter().fold(self.events, |bits, ring| {
                bits | u32::from(ring.waiting() > 0) << ring.number()
            }),
            global::ERR_UNKNOWN_REGISTER => self.err_unknown,
            global::ERR_REFUSED_WRITE => self.err_refused,
            global::ERR_BUS => self
                .rings()
                .iter()
                .fold(0, |sum: u32, ring| sum.wrapping_add(ring.errors())),
            global::ERR_RING_STALLS => self
                .rings()
                .iter()
                .fold(0, |sum: u32, ring| sum.wrapping_add(ring.stalls())),
            global::ERR_DROPPED_BITS => self
                .rings()
                .iter()
                .map(|ring| ring.lost_bits())
                .sum::<u64>()
                .wrapping_add(self.dropped_bits) as u32,
            global::SELFTEST_RAN => selftest::ran(),
            global::SELFTEST_PASSED => self.selftest_passed,
            _ => return None,
        })
    }

    fn status(&self) -> u32 {
        let enabled = || (0..self.lanes.len()).filter(|&index| self.lane_enabled(index));
        let alarmed = |index: usize| self.lanes[index].alarms().any();
        let error = self.rings().iter().any(|ring| ring.in_error());
        [
            (global::STATUS_IDLE, !self.running),
            (global::STATUS_RUNNING, self.running),
            (global::STATUS_ALARM, enabled().any(alarmed)),
            (
                global::STATUS_ALL_ALARMED,
                enabled().next().is_some() && enabled().all(alarmed),
            ),
            (global::STATUS_START_REFUSED, self.start_refused),
            (global::STATUS_SELFTEST_OK, self.selftest_ok()),
            (global::STATUS_RING_ERROR, error),
            (global::STATUS_TEST_PATTERN, self.pattern_lanes != 0),
        ]
        .iter()
        .fold(0, |word, (field, on)| word | field.put(u32::from(*on)))
    }

    fn read_extractor(&self, register: u32) -> Option<u32> {
        let extractor = &self.extractor;
        Some(match register {
            extractor::SEED_STATUS => {
                extractor::SEED_STATUS_WORDS.put(extractor.words_loaded())
                    | extractor::SEED_STATUS_ACTIVE.put(u32::from(extractor.seeded()))
                    | extractor::SEED_STATUS_WAITING.put(u32::from(extractor.seed_waits()))
                    | extractor::SEED_STATUS_DUE.put(u32::from(extractor.seed_due()))
                    | extractor::SEED_STATUS_EXHAUSTED.put(u32::from(extractor.exhausted()))
                    | extractor::SEED_STATUS_ERROR.put(u32::from(extractor.commit_error()))
                    | extractor::SEED_STATUS_BANK.put(u32::from(extractor.bank()))
            }
            extractor::SEED_EPOCH => extractor.epoch(),
            extractor::SEED_BLOCKS => extractor.seed_blocks(),
            _ => return None,
        })
    }

    fn read_lane(&self, index: usize, register: u32) -> Option<u32> {
        let lane = &self.lanes[index];
        Some(match register {
            lane::STATE => {
                lane::STATE_STATE.put(lane.state().code())
                    | lane::STATE_RESTART.put(u32::from(lane.restart_requested()))
                    | lane::STATE_STARTUP_BITS.put(lane.startup_left())
            }
            lane::ALARMS => lane.alarms().0,
            lane::RATE_A => lane.rates().a,
            lane::RATE_B => lane.rates().b,
            _ => return None,
        })
    }

    fn read_ring(&self, index: usize, register: u32) -> Option<u32> {
        let ring = self.rings()[index];
        Some(match register {
            ring::HEAD => ring.head(),
            ring::TAIL => ring.tail(),
            ring::STATUS => ring.status(),
            ring::ERRORS => ring.errors(),
            ring::STALLS => ring.stalls(),
            _ => return None,
        })
    }

    fn write_global(&mut self, register: u32, value: u32, bus: &mut dyn BusMaster) {
        match register {
            global::CONTROL => {
                if global::CONTROL_SOFT_RESET.is_set(value) {
                    self.reset();
                }
                if global::CONTROL_STOP.is_set(value) {
                    self.stop(bus);
                }
                if global::CONTROL_SELFTEST.is_set(value) {
                    if self.running {
                        self.err_refused = self.err_refused.wrapping_add(1);
                    } else {
                        self.run_selftest();
                    }
                }
                if global::CONTROL_START.is_set(value) {
                    self.start();
                }
            }
            global::SNAPSHOT => self.snapshot(),
            global::INT_STATUS => self.events &= !value,
            global::INT_ENABLE => {
                if self.events & value != 0 {
                    bus.interrupt(global::EVENT_VECTOR);
                }
                self.serve_rings(bus);
            }
            _ => {}
        }
    }

    /// Copies all 64-bit counters into their registers.
    fn snapshot(&mut self) {
        self.snapshots = self.snapshots.wrapping_add(1);
        self.put64(global::CYCLES_LO, self.now);
        self.put64(
            extractor::BASE + extractor::BLOCKS_LO,
            self.extractor.blocks(),
        );
        self.put64(
            extractor::BASE + extractor::INPUT_BITS_LO,
            self.extractor.input_bits(),
        );
        self.put64(keybox::BASE + keybox::KEYS_MADE_LO, self.keys.keys_made());
        for index in 0..self.lanes.len() {
            let counters = *self.lanes[index].counters();
            let discarded = self.lanes[index].discarded();
            let base = lane::base(index as u32);
            for (offset, value) in [
                (lane::BITS_LO, counters.bits),
                (lane::ONES_LO, counters.ones),
                (lane::COINCIDENCES_LO, counters.coincidences),
                (lane::IGNORED_LO, counters.ignored),
                (lane::EDGES_A_LO, counters.edges_a),
                (lane::EDGES_B_LO, counters.edges_b),
                (lane::DISCARDED_LO, discarded),
            ] {
                self.put64(base + offset, value);
            }
        }
    }

    fn put64(&mut self, low: u32, value: u64) {
        self.words[(low / 4) as usize] = value as u32;
        self.words[(low / 4) as usize + 1] = (value >> 32) as u32;
    }

    fn write_extractor(&mut self, register: u32, value: u32, bus: &mut dyn BusMaster) {
        match register {
            extractor::N => self.extractor.set_shape(value, self.extractor.shape().1),
            extractor::M => self.extractor.set_shape(self.extractor.shape().0, value),
            extractor::BLOCKS_PER_SEED => self.extractor.set_blocks_per_seed(value),
            extractor::SEED_DATA => {
                self.err_refused = self
                    .err_refused
                    .wrapping_add(u32::from(!self.extractor.load_word(value)));
            }
            extractor::SEED_COMMIT => {
                if extractor::SEED_COMMIT_ABANDON.is_set(value) {
                    self.extractor.abandon_load();
                }
                if extractor::SEED_COMMIT_COMMIT.is_set(value) {
                    self.extractor.commit();
                    self.push_block(bus);
                }
            }
            _ => {}
        }
    }

    fn write_lane(&mut self, index: usize, register: u32, value: u32) {
        match register {
            lane::ENABLE if self.running => {
                match (lane::ENABLE_ON.is_set(value), self.lanes[index].active()) {
                    (true, false) => self.start_lane(index),
                    (false, true) => self.stop_lane(index),
                    _ => {}
                }
            }
            lane::RESTART if lane::RESTART_REQUEST.is_set(value) => {
                self.lanes[index].request_restart()
            }
            lane::ALARMS => {
                let cleared = self.lanes[index].clear_alarms(value);
                if cleared && self.running && self.lane_enabled(index) {
                    self.start_lane(index);
                }
            }
            _ => {}
        }
    }

    fn write_ring(&mut self, index: usize, register: u32, value: u32, bus: &mut dyn BusMaster) {
        let base = ring::base(index as u32);
        match register {
            ring::COMMIT => {
                if ring::COMMIT_RELEASE.is_set(value) {
                    if self.running {
                        self.err_refused = self.err_refused.wrapping_add(1);
                    } else {
                        self.host_ring(index).release();
                    }
                }
                if ring::COMMIT_COMMIT.is_set(value) {
                    let word = |offset| self.word(base + offset);
                    let geometry = Geometry {
                        data_base: u64::from(word(ring::DATA_BASE_LO))
                            | u64::from(word(ring::DATA_BASE_HI)) << 32,
                        completion_base: u64::from(word(ring::CPL_BASE_LO))
                            | u64::from(word(ring::CPL_BASE_HI)) << 32,
                        slot_bytes: word(ring::SLOT_BYTES),
                        slot_count: word(ring::SLOT_COUNT),
                    };
                    self.host_ring(index).commit(geometry);
                }
            }
            ring::HEAD => {
                let now = self.now;
                self.host_ring(index).set_head(value, now);
                self.push_block(bus);
                self.serve_rings(bus);
            }
            ring::CONTROL => {
                self.host_ring(index)
                    .enable(ring::CONTROL_ENABLE.is_set(value));
                self.push_block(bus);
                self.serve_rings(bus);
            }
            ring::FLUSH_CYCLES => self.host_ring(index).set_flush_cycles(value),
            _ => {}
        }
    }
}
