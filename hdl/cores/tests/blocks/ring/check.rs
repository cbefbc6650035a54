//! What the host does to a ring, on the model, and what must hold at each burst.

use super::host::{Access, Burst, HERE};
use super::{BLOCK, RingBench};
use photonbox_cosim::{PortId, Random};
use photonbox_model::ring::{Geometry, Piece};
use photonbox_regmap::{Completion, layout::COMPLETION_BYTES, ring};

impl RingBench {
    pub(super) fn port(&self, name: &str) -> PortId {
        self.ports[name]
    }

    pub(super) fn pick_geometry(random: &mut Random) -> Geometry {
        let slot_bytes = *random.pick(&[64, 128, 192, 320, 512, 1024, 4096]);
        let mut geometry = Geometry {
            data_base: (random.bits() & 0x0fff_ffff_ffff_ff00) | (0x40 * random.below(4)),
            completion_base: 0x7000_0000_0000_0000 | (random.bits() & 0x0fff_ffff_ffff_ffe0),
            slot_bytes,
            slot_count: *random.pick(&[2, 2, 4, 8]),
        };
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
            geometry.data_base = 0u64.wrapping_sub(
                u64::from(geometry.slot_bytes) * u64::from(geometry.slot_count)
                    + 64 * random.below(3),
            ) & !63;
        }
        if random.one_in(4) {
            Self::extreme(random, &mut geometry);
        }
        geometry
    }

    /// Any size of ring; data or completions end at the end of the address space, or a line before or after it, or at
    /// a place that has only its low bits.
    fn extreme(random: &mut Random, geometry: &mut Geometry) {
        geometry.slot_bytes = 64 * (1 + random.below(1 << 14) as u32);
        geometry.slot_count = 2 << random.below(15);
        let count = u64::from(geometry.slot_count);
        let mut end_at = |bytes: u64, line: u64, low_bits: u32| {
            let high = match random.below(4) {
                0 | 1 => 0,
                2 => u64::MAX << (low_bits + random.below(u64::from(64 - low_bits)) as u32),
                _ => random.bits() << low_bits,
            };
            let off = line.wrapping_mul(random.below(3).wrapping_sub(1));
            high.wrapping_sub(bytes).wrapping_add(off)
        };
        // Not both, which would overlap.
        let data = end_at(u64::from(geometry.slot_bytes) * count, 64, 36);
        let completions = end_at(32 * count, 32, 21);
        if random.one_in(2) {
            geometry.data_base = data;
        } else {
            geometry.completion_base = completions;
        }
    }

    /// The host's next access: mostly the doorbell, else whatever the map has.
    pub(super) fn next_access(&mut self, random: &mut Random) -> Access {
        let place = if random.one_in(40) {
            *random.pick(&[(BLOCK, 0), (BLOCK, 33), (BLOCK + 1, 1), (BLOCK ^ 1, 1)])
        } else {
            HERE
        };
        let write = |register, value| Access {
            register,
            value,
            write: true,
            age: 0,
            place,
        };
        if !self.model.committed() && random.one_in(2) {
            // Word by word, else no whole geometry would ever be there; or out of turn.
            if self.written == 0 {
                self.wanted = Self::pick_geometry(random);
            }
            let geometry = self.wanted;
            let word = if random.one_in(16) {
                random.below(7)
            } else {
                self.written = (self.written + 1) % 7;
                (self.written + 6) % 7
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
                let waiting = self.model.waiting();
                let mut head = self.model.head();
                if waiting > 0 {
                    head = head.wrapping_add(random.below(u64::from(waiting) + 1) as u32);
                }
                if random.one_in(12) {
                    head = head
                        .wrapping_sub(random.below(3) as u32)
                        .wrapping_add(random.below(12) as u32);
                }
                write(ring::HEAD, head)
            }
            6 => write(ring::CONTROL, u32::from(!random.one_in(6))),
            7 => write(
                ring::FLUSH_CYCLES,
                match random.below(8) {
                    0..4 => 0,
                    4..7 => random.below(400) as u32,
                    _ => random.bits() as u32,
                },
            ),
            8 if self.error_seen || self.is_big() || random.one_in(12) => {
                write(ring::COMMIT, 2 + random.below(2) as u32)
            }
            9 if random.one_in(20) => write(ring::COMMIT, 1),
            10 => write(4 * random.below(6) as u32, random.bits() as u32 & 0xffff),
            _ => Access {
                register: 4 * random.below(14) as u32,
                value: random.bits() as u32,
                write: false,
                age: 0,
                place,
            },
        }
    }

    /// A ring whose slots never fill here: it is given up soon.
    fn is_big(&self) -> bool {
        self.geometry.slot_bytes > 4096
    }

    /// Whether the geometry's completions and data overlap.
    pub(super) fn overlaps(&self) -> bool {
        let Geometry {
            data_base,
            completion_base,
            slot_bytes,
            slot_count,
        } = self.geometry;
        let data = u128::from(slot_bytes) * u128::from(slot_count);
        let completions = 32 * u128::from(slot_count);
        u128::from(data_base) < u128::from(completion_base) + completions
            && u128::from(completion_base) < u128::from(data_base) + data
    }

    /// Whether the RTL must be at rest: nothing offered, flying or pulled, and it says so itself.
    pub(super) fn at_rest(&self) -> bool {
        self.pulling.is_none() && self.flying.is_empty()
    }

    /// The host's write at the end of this cycle, on the model: as the card's model has it.
    pub(super) fn apply(
        &mut self,
        access: Access,
        idle: bool,
        hit: &mut dyn FnMut(&'static str),
    ) -> bool {
        self.stirred = self.now;
        let value = access.value;
        let field = |old: u64, high: bool| match high {
            false => (old & !0xffff_ffff) | u64::from(value),
            true => (old & 0xffff_ffff) | u64::from(value) << 32,
        };
        if access.register <= ring::SLOT_COUNT && self.model.committed() {
            hit("geometry in use");
            return true;
        }
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
                self.rest.quiet_for = 0;
                self.rest.timer = None;
                let refused = value & 2 != 0 && (self.running || !idle);
                if value & 2 != 0 && !refused {
                    self.model.release();
                    self.error_seen = false;
                    hit("release");
                }
                if value & 1 != 0 {
                    if self.model.commit(self.geometry) {
                        self.rest.stalled = false;
                        hit("commit");
                        self.host.0.clear();
                        self.expected.0.clear();
                    } else {
                        hit("geometry refused");
                    }
                }
                return refused;
            }
            ring::HEAD => {
                self.rest.doorbell_at = self.now;
                self.rest.timer = None;
                self.model.set_head(value, self.now);
                let bad = ring::STATUS_BAD_HEAD.is_set(self.model.status());
                hit(if bad { "head bad" } else { "head" });
            }
            ring::CONTROL => {
                self.enabled = value & 1 == 1;
                self.model.enable(self.enabled);
                if !self.enabled {
                    self.closes = self.now;
                }
            }
            ring::FLUSH_CYCLES => {
                self.flush_cycles = value;
                self.rest.quiet_for = 0;
                self.model.set_flush_cycles(value);
                self.closes = self.now;
            }
            _ => {}
        }
        false
    }

    /// A completion has landed: the model takes the pieces that it says it holds, and has to write the same.
    pub(super) fn compare(
        &mut self,
        burst: &Burst,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let bytes: Vec<u8> = burst
            .data
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect();
        let got: [u8; COMPLETION_BYTES] =
            bytes.clone().try_into().map_err(|_| "a short completion")?;
        let got = Completion::from_bytes(&got);
        let before = self.model.tail();
        let first = self.model.waiting() == 0;
        // The ring may have been switched off since the slot was closed.
        self.model.enable(true);
        for piece in 0..got.blocks {
            let Some(offer) = self.taken.pop_front() else {
                return Err(format!("{got:?} holds pieces that were not taken"));
            };
            if self.model.tail() != before {
                return Err(format!("the model completed with {piece} pieces: {got:?}"));
            }
            let data: Vec<u8> = offer
                .words
                .iter()
                .flat_map(|word| word.to_le_bytes())
                .collect();
            let pushed = self.model.push(
                Piece {
                    data: &data,
                    flags: offer.flags(),
                    lanes: offer.lanes,
                    raw_bits: offer.raw_bits as u32,
                    seed_epoch: offer.epoch as u32,
                },
                self.now,
                self.generation,
                &mut self.expected,
            );
            if !pushed {
                return Err(format!("the model refuses piece {piece} of {got:?}"));
            }
            self.bits[1] += offer.raw_bits;
            if piece + 1 == got.blocks && self.model.tail() == before {
                let room = self.taken.front().is_some_and(|next| {
                    got.bytes as usize + 8 * next.words.len()
                        <= self.model.geometry().slot_bytes as usize
                });
                let allowed =
                    offer.close || self.closes + 20_000 > self.now || self.flush_cycles != 0;
                if room && !allowed {
                    return Err(format!("closed too early: {got:?}"));
                }
                if !offer.close {
                    hit("flush");
                }
                self.model
                    .complete(self.now, self.generation, &mut self.expected);
            }
        }
        self.model.enable(self.enabled);
        if self.model.tail() != before.wrapping_add(1) {
            return Err(format!("the model has not completed {got:?}"));
        }
        self.completed(first);
        let geometry = *self.model.geometry();
        let slot = u64::from(got.slot);
        if got.slot == 0 && got.sequence != 0 {
            hit("wrap");
        }
        let base = geometry.data_base + slot * u64::from(geometry.slot_bytes);
        let data = self.host.read(base, got.bytes as usize);
        if data != self.expected.read(base, got.bytes as usize) {
            let want = self.expected.read(base, got.bytes as usize);
            let at = data.iter().zip(&want).position(|(got, want)| got != want);
            return Err(format!(
                "data of {got:?} at {base:x} from byte {at:?}: {data:x?}, not {want:x?}"
            ));
        }
        let place = geometry.completion_base + slot * COMPLETION_BYTES as u64;
        let want = self.expected.read(place, COMPLETION_BYTES);
        if place != burst.address || bytes != want {
            return Err(format!(
                "completion at {:x}: {bytes:x?}, not {want:x?} at {place:x}",
                burst.address
            ));
        }
        Ok(())
    }

    /// A burst is asked for: is it allowed?
    pub(super) fn check(
        &self,
        burst: &Burst,
        error_seen: bool,
        hit: &mut dyn FnMut(&'static str),
    ) -> Result<(), String> {
        let geometry = self.model.geometry();
        let bytes = 8 * burst.words as u64;
        if burst.words == 0 || !burst.address.is_multiple_of(8) || burst.address % 256 + bytes > 256
        {
            return Err(format!("burst {burst:x?}"));
        }
        if error_seen {
            return Err("a burst is asked for after an error".into());
        }
        if !self.model.committed() {
            return Err("a burst of a ring that is not committed".into());
        }
        if (burst.address + bytes).is_multiple_of(4096) {
            hit("ends at 4 KiB");
        }
        let total = u64::from(geometry.slot_bytes) * u64::from(geometry.slot_count);
        if burst.tag & 4 == 0 {
            let offset = burst.address.wrapping_sub(geometry.data_base);
            if offset >= total || offset + bytes > total {
                return Err(format!("burst {burst:x?} outside {geometry:x?}"));
            }
            return Ok(());
        }
        let slot = u64::from(self.model.tail() % geometry.slot_count);
        if burst.words != 4 || burst.address != geometry.completion_base + 32 * slot {
            return Err(format!("completion {burst:x?} in {geometry:x?}"));
        }
        let from = geometry.data_base + slot * u64::from(geometry.slot_bytes);
        let of_slot = |other: &Burst| {
            other.tag & 4 == 0
                && other.address >= from
                && other.address < from + u64::from(geometry.slot_bytes)
        };
        if self.flying.iter().any(of_slot) {
            return Err("a completion before its slot's data".into());
        }
        if !self.flying.is_empty() {
            hit("next slot's data does not wait");
        }
        Ok(())
    }
}

/// RELEASE goes by the ring's own view of quiet, which is not a port: where it is taken, nothing must fly.
pub(super) fn refused_is_quiet(refused: bool) -> bool {
    !refused
}

impl RingBench {
    pub(super) fn failed(&mut self) {
        if !self.error_seen && self.model.committed() {
            self.error_seen = true;
            self.errors += 1;
        }
    }

    pub(super) fn model_wants(&self, slots: u32, cycles: u32) -> bool {
        let waiting = self.model.waiting();
        let armed = ring::STATUS_ARMED.is_set(self.model.status());
        armed
            && waiting > 0
            && (waiting >= slots
                || self
                    .model
                    .interrupt_due(slots, cycles)
                    .is_some_and(|due| due <= self.now))
    }

    /// Whether an interrupt may just have been raised.
    pub(super) fn irq_disputed(&self) -> bool {
        self.irq_due_for != 0 || self.now < self.irq_last_due + 8
    }
}
