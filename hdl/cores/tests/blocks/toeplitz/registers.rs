//! The bench's register bus: what is written, and what the model makes of it.

use super::ToeplitzBench;
use photonbox_cosim::Random;
use photonbox_regmap::extractor;

impl ToeplitzBench {
    /// Something for the register bus to do.
    pub(super) fn plan(&mut self, random: &mut Random, hit: &mut dyn FnMut(&'static str)) {
        let (n, m) = self.model.shape();
        let wanted = (n + m + 30) / 32;
        match random.below(60) {
            0..=9 if wanted < 400 => {
                let loaded = self.model.words_loaded();
                for _ in loaded..wanted {
                    self.script
                        .push((extractor::SEED_DATA, random.bits() as u32));
                }
                self.script.push((extractor::SEED_COMMIT, 1));
            }
            10 => {
                hit("wrong number of words");
                for _ in 0..random.below(3) {
                    self.script
                        .push((extractor::SEED_DATA, random.bits() as u32));
                }
                self.script
                    .push((extractor::SEED_COMMIT, 1 + random.below(3) as u32));
            }
            11 => {
                hit("abandon");
                self.script
                    .push((extractor::SEED_DATA, random.bits() as u32));
                self.script.push((extractor::SEED_COMMIT, 2));
            }
            12 => {
                let limit = if random.one_in(3) {
                    0
                } else {
                    random.below(9) as u32
                };
                self.script.push((extractor::BLOCKS_PER_SEED, limit));
            }
            13..=15 => {
                let n = match random.below(8) {
                    0 => random.bits() as u32 & 0xffff,
                    1 => 512 + random.below(512) as u32,
                    2 => random.below(10) as u32,
                    _ => 1 + random.below(200) as u32,
                };
                let m = match random.below(8) {
                    0 => random.bits() as u32 & 0xffff,
                    1 => 512,
                    2 => random.below(3) as u32,
                    3 | 4 => 64 * (1 + random.below(4) as u32),
                    _ => 1 + random.below(200) as u32,
                };
                self.script.push((extractor::N, n));
                self.script.push((extractor::M, m));
            }
            16 => self
                .script
                .push((extractor::CLAIMED_H, random.bits() as u32 & 0x1_ffff)),
            17..=40 => self.script.push((0x1000, 0)),
            _ => {}
        }
        self.script.reverse();
    }

    pub(super) fn read(&self, register: u32) -> u32 {
        let model = &self.model;
        let bit = |field: photonbox_regmap::Field, on: bool| field.put(u32::from(on));
        match register {
            extractor::N => model.shape().0,
            extractor::M => model.shape().1,
            extractor::CLAIMED_H => self.claimed,
            extractor::BLOCKS_PER_SEED => self.limit,
            extractor::SEED_STATUS => {
                extractor::SEED_STATUS_WORDS.put(model.words_loaded())
                    | bit(extractor::SEED_STATUS_ACTIVE, model.seeded())
                    | bit(extractor::SEED_STATUS_WAITING, model.seed_waits())
                    | bit(extractor::SEED_STATUS_DUE, model.seed_due())
                    | bit(extractor::SEED_STATUS_EXHAUSTED, model.exhausted())
                    | bit(extractor::SEED_STATUS_ERROR, model.commit_error())
                    | bit(extractor::SEED_STATUS_BANK, model.bank())
            }
            extractor::SEED_EPOCH => model.epoch(),
            extractor::SEED_BLOCKS => model.seed_blocks(),
            extractor::BLOCKS_LO => self.snapshot.0 as u32,
            extractor::BLOCKS_HI => (self.snapshot.0 >> 32) as u32,
            extractor::INPUT_BITS_LO => self.snapshot.1 as u32,
            extractor::INPUT_BITS_HI => (self.snapshot.1 >> 32) as u32,
            _ => 0,
        }
    }

    /// A write's effect on the model; whether it is refused.
    pub(super) fn write(
        &mut self,
        register: u32,
        value: u32,
        hit: &mut dyn FnMut(&'static str),
    ) -> bool {
        match register {
            extractor::N | extractor::M | extractor::CLAIMED_H if self.running => {
                hit("shape refused");
                return true;
            }
            extractor::N => self.model.set_shape(value, self.model.shape().1),
            extractor::M => self.model.set_shape(self.model.shape().0, value),
            extractor::CLAIMED_H => self.claimed = value,
            extractor::BLOCKS_PER_SEED => {
                self.limit = value;
                self.model.set_blocks_per_seed(value);
            }
            extractor::SEED_DATA => {
                let taken = self.model.load_word(value);
                if !taken {
                    hit("word refused");
                }
                return !taken;
            }
            extractor::SEED_COMMIT => {
                if value & 2 != 0 {
                    self.model.abandon_load();
                }
                // Bits of this cycle arrive in the next: the model commits after them.
                self.commit_now = value & 1 != 0;
            }
            _ => {}
        }
        false
    }
}
