//! The types that the map is made of, and the lookup of an offset.

use crate::BLOCKS;

/// See [`crate::MODEL_BUILD_HASH`].
pub(crate) const MODEL_BUILD_HASH: [u8; 32] = [
    0x55, 0x6c, 0xfe, 0xf4, 0xe7, 0xa3, 0xda, 0xb7, 0x19, 0xef, 0xad, 0x56, 0x48, 0xf3, 0x32, 0x7e,
    0x0c, 0x1d, 0x77, 0x52, 0x59, 0x91, 0x08, 0xac, 0xd1, 0x7f, 0xe1, 0x3a, 0x12, 0x2b, 0x17, 0x55,
];

/// What software may do with a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Read only: writes are ignored.
    Ro,
    /// Read and write.
    Rw,
    /// Read; a bit written as one clears that bit.
    W1c,
    /// Write only: reads as 0.
    Wo,
}

impl Access {
    /// The short name that tables print.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ro => "RO",
            Self::Rw => "RW",
            Self::W1c => "W1C",
            Self::Wo => "WO",
        }
    }

    /// Whether a read can give anything but 0.
    pub const fn readable(self) -> bool {
        !matches!(self, Self::Wo)
    }

    /// Whether a write can do anything.
    pub const fn writable(self) -> bool {
        !matches!(self, Self::Ro)
    }
}

/// A run of bits within a 32-bit word (or, in the raw record, a 64-bit one).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Name, unique within its register.
    pub name: &'static str,
    /// Lowest bit.
    pub lsb: u32,
    /// Bits.
    pub width: u32,
    /// Meaning, with its unit.
    pub doc: &'static str,
}

impl Field {
    /// The bits of this field, in place. The field must lie within 32 bits.
    pub const fn mask(&self) -> u32 {
        (self.mask64()) as u32
    }

    /// The bits of this field, in place, in a 64-bit word.
    pub const fn mask64(&self) -> u64 {
        if self.width >= 64 {
            u64::MAX
        } else {
            ((1 << self.width) - 1) << self.lsb
        }
    }

    /// This field's value within `word`.
    pub const fn get(&self, word: u32) -> u32 {
        (word & self.mask()) >> self.lsb
    }

    /// Whether any bit of this field is set in `word`.
    pub const fn is_set(&self, word: u32) -> bool {
        word & self.mask() != 0
    }

    /// `value` moved to this field's place; bits that do not fit are cut off.
    pub const fn put(&self, value: u32) -> u32 {
        (value << self.lsb) & self.mask()
    }

    /// `word` with this field replaced by `value`.
    pub const fn set(&self, word: u32, value: u32) -> u32 {
        (word & !self.mask()) | self.put(value)
    }
}

/// One 32-bit register.
#[derive(Clone, Copy, Debug)]
pub struct Register {
    /// Name, unique within its block.
    pub name: &'static str,
    /// Offset in bytes within its block.
    pub offset: u32,
    /// What software may do with it.
    pub access: Access,
    /// Value after reset; for identity registers the build decides and this is 0.
    pub reset: u32,
    /// Parts of the word, lowest first; empty when the whole word is one number.
    pub fields: &'static [Field],
    /// Meaning, with its unit.
    pub doc: &'static str,
}

impl Register {
    /// All bits that any field (or, without fields, the register) has.
    pub fn bits(&self) -> u32 {
        if self.fields.is_empty() {
            return u32::MAX;
        }
        self.fields
            .iter()
            .fold(0, |mask, field| mask | field.mask())
    }
}

/// A group of registers that occurs `count` times, `stride` bytes apart.
#[derive(Clone, Copy, Debug)]
pub struct Block {
    /// Name, unique within the map.
    pub name: &'static str,
    /// What the block is.
    pub doc: &'static str,
    /// Offset of the first instance in BAR 0.
    pub base: u32,
    /// Bytes from one instance to the next.
    pub stride: u32,
    /// Instances.
    pub count: u32,
    /// Registers in order of their offsets.
    pub registers: &'static [Register],
}

/// What lies at an offset of BAR 0.
#[derive(Clone, Copy, Debug)]
pub struct Found {
    /// The block.
    pub block: &'static Block,
    /// Which instance of the block (lane or ring number).
    pub instance: u32,
    /// The register.
    pub register: &'static Register,
}

/// Finds the register at `offset` of BAR 0 in the full map (the largest build).
///
/// A build with fewer lanes must also check [`Found::instance`].
pub fn find(offset: u32) -> Option<Found> {
    let block = BLOCKS.iter().rev().find(|block| offset >= block.base)?;
    let instance = (offset - block.base) / block.stride;
    if instance >= block.count {
        return None;
    }
    let within = (offset - block.base) % block.stride;
    let index = block
        .registers
        .binary_search_by_key(&within, |register| register.offset)
        .ok()?;
    Some(Found {
        block,
        instance,
        register: &block.registers[index],
    })
}

/// Defines offsets, fields and the table of one block together, so that they cannot differ.
macro_rules! registers {
    ($(
        $(#[doc = $doc:literal])+
        $name:ident @ $offset:literal $access:ident = $reset:expr;
        $( $field:ident $short:literal $lsb:literal $width:literal $fdoc:literal; )*
    )*) => {
        $(
            $(#[doc = $doc])+
            #[doc = ""]
            #[doc = concat!("Offset within the block; access ", stringify!($access), ".")]
            pub const $name: u32 = $offset;
            $(
                #[doc = $fdoc]
                pub const $field: $crate::Field =
                    $crate::Field { name: $short, lsb: $lsb, width: $width, doc: $fdoc };
            )*
        )*
        /// The registers of this block in order of their offsets.
        pub static REGISTERS: &[$crate::Register] = &[
            $( $crate::Register {
                name: stringify!($name),
                offset: $offset,
                access: $crate::Access::$access,
                reset: $reset,
                fields: &[ $($field),* ],
                doc: concat!($($doc),+).trim_ascii(),
            } ),*
        ];
    };
}
pub(crate) use registers;
