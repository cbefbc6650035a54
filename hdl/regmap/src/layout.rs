//! What the card writes into host memory: completions and raw records.

use crate::{Field, ring};

/// Bytes of a completion: one naturally aligned burst, the phase bit in its last word (spec 6-card §6.1).
pub const COMPLETION_BYTES: usize = 32;
/// Bytes of a raw record.
pub const RAW_RECORD_BYTES: usize = 8;

/// One 32-bit word of a completion.
#[derive(Clone, Copy, Debug)]
pub struct CompletionWord {
    /// Name of the word.
    pub name: &'static str,
    /// Its parts; empty when the word is one number.
    pub fields: &'static [Field],
    /// Meaning, with its unit.
    pub doc: &'static str,
}

macro_rules! fields {
    ($( $name:ident $short:literal $lsb:literal $width:literal $doc:literal; )*) => {
        $(
            #[doc = $doc]
            pub const $name: Field = Field { name: $short, lsb: $lsb, width: $width, doc: $doc };
        )*
    };
}

fields! {
    SLOT_INDEX "SLOT" 0 16 "Slot's place in the ring, 0 to SLOT_COUNT - 1.";
    BLOCK_COUNT "BLOCKS" 16 16 "Extractor blocks (entropy ring), records (raw ring) or keys (key-box ring) in the slot; 65,535 means that or more. Of a box that is cut short (ERROR) the last key is zeros in build small; build wide has those that were made.";
    FLAG_RING "RING" 0 2 "Ring: 0 entropy, 1 raw, 2 key box.";
    FLAG_NOT_CREDITABLE "NOT_CREDITABLE" 2 1 "TAP: never to be credited.";
    FLAG_TEST "TEST" 3 1 "Holds bits of the pattern generator.";
    FLAG_SIMULATED "SIMULATED" 4 1 "Holds bits of simulated or recorded photons.";
    FLAG_REPLAYED "REPLAYED" 5 1 "Holds bits of a recording's second or later pass.";
    FLAG_ERROR "ERROR" 6 1 "The slot's data is not to be used.";
    FLAG_GAP "GAP" 7 1 "Bits were dropped since the slot before.";
    FLAG_SEED_EPOCH "SEED_EPOCH" 16 16 "Entropy ring: low bits of SEED_EPOCH at the slot's last block.";
    GENERATION "GENERATION" 0 31 "Low bits of GENERATION.";
    PHASE "PHASE" 31 1 "1 in the first pass over the ring, then 0, and so on.";
    RAW_TIMESTAMP "TIMESTAMP" 0 56 "Cycle in which the bit was decided, modulo 2^56.";
    RAW_LANE "LANE" 56 6 "Lane.";
    RAW_GAP "GAP" 62 1 "Bits were dropped just before this one.";
    RAW_BIT "BIT" 63 1 "The bit: 1 a detection at A, 0 at B.";
}

/// The words of a completion, in memory order, each little-endian.
pub static COMPLETION_WORDS: [CompletionWord; 8] = [
    CompletionWord {
        name: "SLOT",
        fields: &[SLOT_INDEX, BLOCK_COUNT],
        doc: "Which slot.",
    },
    CompletionWord {
        name: "BYTES",
        fields: &[],
        doc: "Bytes of data in the slot.",
    },
    CompletionWord {
        name: "FLAGS",
        fields: &[
            FLAG_RING,
            FLAG_NOT_CREDITABLE,
            FLAG_TEST,
            FLAG_SIMULATED,
            FLAG_REPLAYED,
            FLAG_ERROR,
            FLAG_GAP,
            FLAG_SEED_EPOCH,
        ],
        doc: "What the data is.",
    },
    CompletionWord {
        name: "LANES_LO",
        fields: &[],
        doc: "Lanes 0 to 31 that the slot's bits came from; key-box ring: TAG of the job.",
    },
    CompletionWord {
        name: "LANES_HI",
        fields: &[],
        doc: "Lanes 32 to 63 that the slot's bits came from; key-box ring: number of the box, from 1.",
    },
    CompletionWord {
        name: "RAW_BITS",
        fields: &[],
        doc: "Raw bits that the slot's data was made of; key-box ring: 0.",
    },
    CompletionWord {
        name: "SEQUENCE",
        fields: &[],
        doc: "Number of the slot since COMMIT, from 0, modulo 2^32.",
    },
    CompletionWord {
        name: "PHASE",
        fields: &[GENERATION, PHASE],
        doc: "Written last: the slot is valid when PHASE is the pass's.",
    },
];

/// The parts of a raw record, one little-endian 64-bit word.
pub static RAW_RECORD_FIELDS: &[Field] = &[RAW_TIMESTAMP, RAW_LANE, RAW_GAP, RAW_BIT];

/// Flags of a completion.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// From TAP: never to be credited.
    pub not_creditable: bool,
    /// Holds bits of the pattern generator.
    pub test: bool,
    /// Holds bits of simulated or recorded photons.
    pub simulated: bool,
    /// Holds bits of a recording's second or later pass.
    pub replayed: bool,
    /// The data is not to be used.
    pub error: bool,
    /// Bits were dropped since the slot before.
    pub gap: bool,
}

/// Phase of a pass over a ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase(pub bool);

impl Phase {
    /// Phase of the slot with running number `count` in a ring of `slots` (a power of two): the first pass has 1.
    pub const fn of(count: u32, slots: u32) -> Self {
        Self((count / slots) & 1 == 0)
    }
}

/// A slot's completion: 32 bytes, eight little-endian words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Completion {
    /// Slot's place in the ring.
    pub slot: u16,
    /// Blocks or records in the slot.
    pub blocks: u16,
    /// Bytes of data.
    pub bytes: u32,
    /// Ring: [`ring::ENTROPY`], [`ring::RAW`] or [`ring::KEYBOX`].
    pub ring: u32,
    /// What the data is.
    pub flags: Flags,
    /// Low 16 bits of the seed epoch at the slot's last block.
    pub seed_epoch: u16,
    /// One bit for each lane whose bits are in the slot.
    pub lanes: u64,
    /// Raw bits that the data was made of.
    pub raw_bits: u32,
    /// Number of the slot since COMMIT, modulo 2^32.
    pub sequence: u32,
    /// Low 31 bits of the card's generation.
    pub generation: u32,
    /// Phase of the pass.
    pub phase: Phase,
}

impl Completion {
    /// The words as the card writes them.
    pub const fn to_words(&self) -> [u32; 8] {
        let flags = &self.flags;
        [
            SLOT_INDEX.put(self.slot as u32) | BLOCK_COUNT.put(self.blocks as u32),
            self.bytes,
            FLAG_RING.put(self.ring)
                | FLAG_NOT_CREDITABLE.put(flags.not_creditable as u32)
                | FLAG_TEST.put(flags.test as u32)
                | FLAG_SIMULATED.put(flags.simulated as u32)
                | FLAG_REPLAYED.put(flags.replayed as u32)
                | FLAG_ERROR.put(flags.error as u32)
                | FLAG_GAP.put(flags.gap as u32)
                | FLAG_SEED_EPOCH.put(self.seed_epoch as u32),
            self.lanes as u32,
            (self.lanes >> 32) as u32,
            self.raw_bits,
            self.sequence,
            GENERATION.put(self.generation) | PHASE.put(self.phase.0 as u32),
        ]
    }

    /// The bytes as they lie in host memory.
    pub fn to_bytes(&self) -> [u8; COMPLETION_BYTES] {
        let mut bytes = [0; COMPLETION_BYTES];
        for (chunk, word) in bytes.chunks_exact_mut(4).zip(self.to_words()) {
            chunk.copy_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    /// Reads what [`Self::to_words`] wrote. Any words are a completion: what they say is for the caller to check.
    pub const fn from_words(words: &[u32; 8]) -> Self {
        let flags = words[2];
        Self {
            slot: SLOT_INDEX.get(words[0]) as u16,
            blocks: BLOCK_COUNT.get(words[0]) as u16,
            bytes: words[1],
            ring: FLAG_RING.get(flags),
            flags: Flags {
                not_creditable: FLAG_NOT_CREDITABLE.is_set(flags),
                test: FLAG_TEST.is_set(flags),
                simulated: FLAG_SIMULATED.is_set(flags),
                replayed: FLAG_REPLAYED.is_set(flags),
                error: FLAG_ERROR.is_set(flags),
                gap: FLAG_GAP.is_set(flags),
            },
            seed_epoch: FLAG_SEED_EPOCH.get(flags) as u16,
            lanes: words[3] as u64 | (words[4] as u64) << 32,
            raw_bits: words[5],
            sequence: words[6],
            generation: GENERATION.get(words[7]),
            phase: Phase(PHASE.is_set(words[7])),
        }
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8; COMPLETION_BYTES]) -> Self {
        let mut words = [0; 8];
        for (word, chunk) in words.iter_mut().zip(bytes.chunks_exact(4)) {
            *word = u32::from_le_bytes([chunk[0], chunk[1], chunk[2], chunk[3]]);
        }
        Self::from_words(&words)
    }
}

/// One raw bit with its time, as it lies in a slot of the raw ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawRecord {
    /// Cycle in which the bit was decided, modulo 2^56.
    pub timestamp: u64,
    /// Lane.
    pub lane: u8,
    /// Bits were dropped just before this one.
    pub gap: bool,
    /// The bit.
    pub bit: bool,
}

impl RawRecord {
    /// The bytes as they lie in host memory.
    pub const fn to_bytes(&self) -> [u8; RAW_RECORD_BYTES] {
        let word = (self.timestamp & RAW_TIMESTAMP.mask64())
            | (((self.lane as u64) << RAW_LANE.lsb) & RAW_LANE.mask64())
            | (self.gap as u64) << RAW_GAP.lsb
            | (self.bit as u64) << RAW_BIT.lsb;
        word.to_le_bytes()
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub const fn from_bytes(bytes: [u8; RAW_RECORD_BYTES]) -> Self {
        let word = u64::from_le_bytes(bytes);
        Self {
            timestamp: word & RAW_TIMESTAMP.mask64(),
            lane: ((word & RAW_LANE.mask64()) >> RAW_LANE.lsb) as u8,
            gap: word & RAW_GAP.mask64() != 0,
            bit: word & RAW_BIT.mask64() != 0,
        }
    }
}

/// Name of a ring, as errors and documents print it.
pub const fn ring_name(number: u32) -> &'static str {
    match number {
        ring::ENTROPY => "entropy",
        ring::RAW => "raw",
        ring::KEYBOX => "key box",
        _ => "unknown",
    }
}
