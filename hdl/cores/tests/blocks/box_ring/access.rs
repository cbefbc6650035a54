//! What the host does to the box ring's registers, on the model.

use super::board::{Board, Hit};
use super::host::{Access, areas};
use photonbox_cosim::Random;
use photonbox_model::ring::Geometry;
use photonbox_regmap::ring;

/// Bits of a place of completions that are free: none lies where data does.
const COMPLETIONS: u64 = 0x0fff_ffff_ffff_ffe0;

fn pick_geometry(random: &mut Random) -> Geometry {
    let mut geometry = Geometry {
        data_base: (random.bits() & 0x0fff_ffff_ffff_ff00) | (0x40 * random.below(4)),
        completion_base: 0x7000_0000_0000_0000 | (random.bits() & COMPLETIONS),
        slot_bytes: *random.pick(&[64, 128, 192, 320, 512, 1024, 4096]),
        slot_count: *random.pick(&[2, 4, 8, 64, 128, 256, 1024, 1024, 4096, 32_768]),
    };
    let bytes = u64::from(geometry.slot_bytes) * u64::from(geometry.slot_count);
    if random.one_in(5) {
        match random.below(6) {
            0 => geometry.slot_count = random.below(20) as u32,
            1 => geometry.slot_bytes = random.below(1 << 21) as u32,
            2 => geometry.data_base |= 8,
            3 => geometry.completion_base |= 16,
            4 => geometry.data_base = u64::MAX - 63 - 64 * random.below(40),
            _ => geometry.completion_base = u64::MAX - 31 - 32 * random.below(12),
        }
    }
    if random.one_in(8) {
        geometry.data_base = 0u64.wrapping_sub(bytes + 64 * random.below(3)) & !63;
    }
    geometry
}

impl Board {
    /// From a reset on: many slots, in a hurry, or slots of thousands of keys.
    pub(super) fn begin_spared(&mut self, long: bool, random: &mut Random) {
        self.spared = true;
        self.long = long;
        let bytes = if long { [1 << 18, 1 << 20] } else { [64, 128] };
        self.wanted = Geometry {
            data_base: random.bits() & 0x0fff_ffff_ffff_ffc0,
            completion_base: 0x7000_0000_0000_0000 | (random.bits() & COMPLETIONS),
            slot_bytes: *random.pick(&bytes),
            slot_count: *random.pick(&[1024, 2048]),
        };
    }

    /// The host's next access: mostly the doorbell, else whatever the map has.
    pub(super) fn next_access(&mut self, random: &mut Random) -> Access {
        let write = |register, value| Access {
            register,
            value,
            write: true,
            age: 0,
        };
        if !self.model.committed() && random.one_in(2) {
            if random.one_in(12) && !self.spared {
                self.wanted = pick_geometry(random);
            }
            let geometry = self.wanted;
            let word = match random.below(7) {
                6 if self.spared && self.geometry != geometry => 5,
                word => word,
            };
            return match word {
                0 => write(ring::DATA_BASE_LO, geometry.data_base as u32),
                1 => write(ring::DATA_BASE_HI, (geometry.data_base >> 32) as u32),
                2 => write(ring::CPL_BASE_LO, geometry.completion_base as u32),
                3 => write(ring::CPL_BASE_HI, (geometry.completion_base >> 32) as u32),
                4 => write(ring::SLOT_BYTES, geometry.slot_bytes & 0x1f_ffff),
                5 => write(ring::SLOT_COUNT, geometry.slot_count & 0xffff),
                _ => write(ring::COMMIT, 1),
            };
        }
        match random.below(24) {
            0..=5 => {
                let head = self.model.head();
                let known = self.host_tail.wrapping_sub(head);
                let slots = self.model.geometry().slot_count;
                let step = random.below(u64::from(known) + 1) as u32;
                let value = match random.below(24) {
                    0 => head.wrapping_sub(1 + random.below(3) as u32),
                    1 => head.wrapping_add(slots + 1 + random.below(12) as u32),
                    2..12 => head.wrapping_add(step),
                    _ => head.wrapping_add(known),
                };
                write(ring::HEAD, value)
            }
            6 if !self.enabled || random.one_in(60) => {
                write(ring::CONTROL, u32::from(!random.one_in(4)))
            }
            7 => write(
                ring::FLUSH_CYCLES,
                random.below(400) as u32 * random.below(2) as u32,
            ),
            8 if self.error_seen || random.one_in(if self.phase == 3 { 6 } else { 40 }) => {
                write(ring::COMMIT, 2 + random.below(2) as u32)
            }
            9 if random.one_in(20) => write(ring::COMMIT, 1),
            10 => write(4 * random.below(6) as u32, random.bits() as u32 & 0xffff),
            _ => Access {
                register: 4 * random.below(14) as u32,
                value: 0,
                write: false,
                age: 0,
            },
        }
    }

    /// Whether the geometry's completions and data overlap.
    pub(super) fn overlaps(&self) -> bool {
        let (data, completions) = areas(&self.geometry);
        let from = u128::from(self.geometry.data_base);
        let completions_from = u128::from(self.geometry.completion_base);
        from < completions_from + u128::from(completions)
            && completions_from < from + u128::from(data)
    }

    /// The host's write at the end of this cycle, on the model; whether it is refused. `quiet`: the ring is at rest.
    pub(super) fn apply(&mut self, access: Access, quiet: bool, hit: Hit<'_>) -> bool {
        let value = access.value;
        let field = |old: u64, high: bool| match high {
            false => (old & !0xffff_ffff) | u64::from(value),
            true => (old & 0xffff_ffff) | u64::from(value) << 32,
        };
        if access.register <= ring::SLOT_COUNT && self.model.committed() {
            hit("geometry in use");
            return true;
        }
        self.stirred = self.now;
        match access.register {
            ring::DATA_BASE_LO => self.geometry.data_base = field(self.geometry.data_base, false),
            ring::DATA_BASE_HI => self.geometry.data_base = field(self.geometry.data_base, true),
            ring::CPL_BASE_LO => {
                self.geometry.completion_base = field(self.geometry.completion_base, false);
            }
            ring::CPL_BASE_HI => {
                self.geometry.completion_base = field(self.geometry.completion_base, true);
            }
            ring::SLOT_BYTES => self.geometry.slot_bytes = value & 0x1f_ffff,
            ring::SLOT_COUNT => self.geometry.slot_count = value & 0xffff,
            ring::COMMIT => {
                self.sweep_at = self.now;
                let refused = value & 2 != 0 && (self.running || !quiet);
                if value & 2 != 0 && !refused {
                    hit(if self.model.open_slots() == 0 {
                        "release"
                    } else {
                        "release of open boxes"
                    });
                    self.model.release();
                    self.error_seen = false;
                }
                if value & 1 != 0 {
                    if self.model.commit(self.geometry) {
                        hit("commit");
                        self.begin();
                    } else {
                        hit("geometry refused");
                    }
                }
                return refused;
            }
            ring::HEAD => {
                self.model.set_head(value, self.now);
                let bad = ring::STATUS_BAD_HEAD.is_set(self.model.status());
                hit(if bad { "head bad" } else { "head" });
            }
            ring::CONTROL => {
                self.enabled = value & 1 == 1;
                if !self.enabled && self.model.open_slots() != 0 {
                    hit("cut by ENABLE");
                }
                self.model.enable(self.enabled);
            }
            ring::FLUSH_CYCLES => {
                self.flush_cycles = value;
                self.model.set_flush_cycles(value);
            }
            _ => {}
        }
        false
    }
}
