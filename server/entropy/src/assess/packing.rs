//! Bit files: eight bits a byte, or one.

use std::fmt;
use std::str::FromStr;

/// How bits lie in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// Eight bits a byte, the first in the most significant place.
    Msb,
    /// One bit a byte, of value 0 or 1: what NIST's tool reads as 1-bit symbols.
    Byte,
}

/// A bit file that is not one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PackingError {
    /// A value other than 0 and 1 in a file of one bit a byte.
    #[error("byte {offset} is {value}, not 0 or 1; use --packing msb for eight bits a byte")]
    NotABit {
        /// Place of the first such byte, from 0.
        offset: usize,
        /// Its value.
        value: u8,
    },
    /// Not the name of a packing.
    #[error(
        "`{0}` is no packing; use msb (eight bits a byte, first bit highest) or byte (one bit a byte)"
    )]
    UnknownName(String),
}

impl Packing {
    /// The bits of a file, one a byte. Every byte of an `msb` file counts as eight bits.
    pub fn unpack(self, file: &[u8]) -> Result<Vec<u8>, PackingError> {
        match self {
            Self::Msb => Ok(file
                .iter()
                .flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1))
                .collect()),
            Self::Byte => match file.iter().position(|&value| value > 1) {
                Some(offset) => Err(PackingError::NotABit {
                    offset,
                    value: file[offset],
                }),
                None => Ok(file.to_vec()),
            },
        }
    }

    /// The file of `bits` (0 or 1 each). `msb` keeps whole bytes only: up to seven trailing bits
    /// are dropped, so that no reader takes filling for data.
    pub fn pack(self, bits: &[u8]) -> Vec<u8> {
        match self {
            Self::Msb => {
                let (bytes, _) = bits.as_chunks::<8>();
                bytes
                    .iter()
                    .map(|byte| byte.iter().fold(0, |value, &bit| value << 1 | (bit & 1)))
                    .collect()
            }
            Self::Byte => bits.iter().map(|&bit| bit & 1).collect(),
        }
    }
}

impl FromStr for Packing {
    type Err = PackingError;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        match name {
            "msb" => Ok(Self::Msb),
            "byte" => Ok(Self::Byte),
            other => Err(PackingError::UnknownName(other.to_owned())),
        }
    }
}

impl fmt::Display for Packing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Msb => "msb",
            Self::Byte => "byte",
        })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn first_bit_is_the_highest() {
        assert_eq!(
            Packing::Msb.pack(&[1, 1, 0, 1, 0, 0, 1, 0, 1, 0]),
            [0b1101_0010],
            "two bits dropped"
        );
        assert_eq!(
            Packing::Msb.unpack(&[0xd2]).unwrap(),
            [1, 1, 0, 1, 0, 0, 1, 0]
        );
        assert_eq!(Packing::Byte.unpack(&[1, 0, 1]).unwrap(), [1, 0, 1]);
    }

    #[test]
    fn a_packed_file_read_as_bytes_is_refused() {
        let error = Packing::Byte.unpack(&[0, 1, 0xd2]).unwrap_err();
        assert_eq!(
            error,
            PackingError::NotABit {
                offset: 2,
                value: 0xd2
            }
        );
        assert!(error.to_string().contains("--packing msb"));
        assert!(
            "lsb"
                .parse::<Packing>()
                .unwrap_err()
                .to_string()
                .contains("lsb")
        );
    }

    proptest! {
        #[test]
        fn round_trip(bits in prop::collection::vec(0_u8..2, 0..100)) {
            prop_assert_eq!(&Packing::Byte.unpack(&Packing::Byte.pack(&bits)).unwrap(), &bits);
            let read = Packing::Msb.unpack(&Packing::Msb.pack(&bits)).unwrap();
            prop_assert_eq!(&read[..], &bits[..bits.len() / 8 * 8]);
        }
    }
}
