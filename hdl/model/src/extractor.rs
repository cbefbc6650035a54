//! The extractor as a block of the card: two seed banks that switch at block boundaries, blocks counted per
//! seed, a block in progress that can be discarded (spec 6-card §6.1, *Toeplitz*). Functionally exact.

use crate::toeplitz::Toeplitz;
use photonbox_regmap::extractor::seed_words;
use zeroize::Zeroize;

/// What became of a bit given to [`Extractor::absorb`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absorbed {
    /// Taken into the block in progress.
    Taken,
    /// Taken, and the block is complete: take it with [`Extractor::take_block`].
    Complete,
    /// Refused: a complete block waits, or no seed may be used.
    Refused,
}

/// Extractor with its seed banks.
#[derive(Debug)]
pub struct Extractor {
    n: u32,
    m: u32,
    active: Option<Toeplitz>,
    waiting: Option<Toeplitz>,
    loading: Vec<u32>,
    /// Blocks that one seed may serve; 0: no limit.
    blocks_per_seed: u32,
    bank: bool,
    epoch: u32,
    seed_blocks: u32,
    blocks: u64,
    input_bits: u64,
    commit_error: bool,
}

impl Extractor {
    /// An extractor without a seed.
    pub fn new(n: u32, m: u32, blocks_per_seed: u32) -> Self {
        Self {
            n,
            m,
            active: None,
            waiting: None,
            loading: Vec::new(),
            blocks_per_seed,
            bank: false,
            epoch: 0,
            seed_blocks: 0,
            blocks: 0,
            input_bits: 0,
            commit_error: false,
        }
    }

    /// Sets the shape; if that is a change, all seeds and the block in progress are swept.
    pub fn set_shape(&mut self, n: u32, m: u32) {
        if (n, m) == (self.n, self.m) {
            return;
        }
        self.n = n;
        self.m = m;
        self.active = None;
        self.waiting = None;
        self.abandon_load();
    }

    /// Changes the number of blocks that one seed may serve; 0: no limit.
    pub fn set_blocks_per_seed(&mut self, blocks: u32) {
        self.blocks_per_seed = blocks;
    }

    /// Takes the next 32 bits of a seed; false if it is full or the spare bank still holds a committed seed.
    pub fn load_word(&mut self, word: u32) -> bool {
        let room = self.n + self.m > 0 && (self.loading.len() as u32) < seed_words(self.n, self.m);
        if self.waiting.is_some() || !room {
            return false;
        }
        // Room for the whole seed at once: a growing vector would leave copies of secret words behind.
        if self.loading.capacity() == 0 {
            self.loading
                .reserve_exact(seed_words(self.n, self.m) as usize);
        }
        self.loading.push(word);
        true
    }

    /// Sweeps the words loaded so far.
    pub fn abandon_load(&mut self) {
        self.loading.zeroize();
        self.commit_error = false;
    }

    /// Commits the words loaded: at once at a block boundary, else at the next. False if their number is wrong.
    pub fn commit(&mut self) -> bool {
        let whole = self.n + self.m > 0 && self.loading.len() as u32 == seed_words(self.n, self.m);
        let seed = if whole {
            Toeplitz::new(self.n, self.m, &self.loading).ok()
        } else {
            None
        };
        self.loading.zeroize();
        self.commit_error = seed.is_none();
        if seed.is_none() {
            return false;
        }
        self.waiting = seed;
        if self
            .active
            .as_ref()
            .is_none_or(|active| active.taken() == 0)
        {
            self.switch();
        }
        true
    }

    /// Takes a bit.
    #[inline]
    pub fn absorb(&mut self, bit: bool) -> Absorbed {
        if self.exhausted() {
            return Absorbed::Refused;
        }
        match &mut self.active {
            Some(active) if active.taken() < self.n => {
                if active.absorb(bit) {
                    Absorbed::Complete
                } else {
                    Absorbed::Taken
                }
            }
            _ => Absorbed::Refused,
        }
    }

    /// The complete block's bytes (bit i of the output in bit i mod 8 of byte i / 8) and the epoch of the seed
    /// that made it; none if no block is complete. A waiting seed takes over.
    pub fn take_block(&mut self) -> Option<(Vec<u8>, u32)> {
        let n = self.n;
        let active = self.active.as_mut().filter(|active| active.taken() == n)?;
        let block = active.output().collect();
        active.clear();
        let epoch = self.epoch;
        self.blocks += 1;
        self.input_bits += u64::from(n);
        self.seed_blocks = self.seed_blocks.saturating_add(1);
        self.switch();
        Some((block, epoch))
    }

    /// Discards the block in progress; says how many bits it had. That is a block boundary too.
    pub fn discard(&mut self) -> u32 {
        let taken = self.taken();
        if let Some(active) = &mut self.active {
            active.clear();
        }
        self.switch();
        taken
    }

    fn switch(&mut self) {
        if let Some(next) = self.waiting.take() {
            self.active = Some(next);
            self.bank = !self.bank;
            self.epoch = self.epoch.wrapping_add(1);
            self.seed_blocks = 0;
        }
    }

    /// Bits of the block in progress.
    pub fn taken(&self) -> u32 {
        self.active.as_ref().map_or(0, Toeplitz::taken)
    }

    /// Whether a complete block waits to be taken.
    pub fn block_waits(&self) -> bool {
        self.n > 0 && self.taken() == self.n
    }

    /// Whether the seed in force has served all the blocks it may. (A seed that waited would have taken over.)
    pub fn exhausted(&self) -> bool {
        self.blocks_per_seed != 0
            && self.active.is_some()
            && self.seed_blocks >= self.blocks_per_seed
    }

    /// Whether three quarters of the seed's blocks are used and no seed waits.
    pub fn seed_due(&self) -> bool {
        self.blocks_per_seed != 0
            && self.active.is_some()
            && self.waiting.is_none()
            && self.seed_blocks >= self.blocks_per_seed - self.blocks_per_seed / 4
    }

    /// Whether a seed is in force.
    pub fn seeded(&self) -> bool {
        self.active.is_some()
    }

    /// Whether a committed seed waits for the block boundary.
    pub fn seed_waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// Words loaded so far.
    pub fn words_loaded(&self) -> u32 {
        self.loading.len() as u32
    }

    /// Whether the last commit was refused.
    pub fn commit_error(&self) -> bool {
        self.commit_error
    }

    /// Which bank is in force.
    pub fn bank(&self) -> bool {
        self.bank
    }

    /// Seeds that came into force.
    pub fn epoch(&self) -> u32 {
        self.epoch
    }

    /// Blocks made with the seed in force.
    pub fn seed_blocks(&self) -> u32 {
        self.seed_blocks
    }

    /// Blocks made.
    pub fn blocks(&self) -> u64 {
        self.blocks
    }

    /// Bits that went into blocks made.
    pub fn input_bits(&self) -> u64 {
        self.input_bits
    }

    /// Input and output bits of a block.
    pub fn shape(&self) -> (u32, u32) {
        (self.n, self.m)
    }
}

impl Drop for Extractor {
    fn drop(&mut self) {
        self.loading.zeroize();
    }
}
