//! The tagged header of PicoQuant's unified TTTR format.
//!
//! After the eight-byte magic and an eight-byte version come tags of 48 bytes: a name (32 bytes,
//! zero-padded), an index (i32), a type code (u32) and eight bytes of value. Some types are
//! followed by a payload whose length is that value. All integers are little-endian. The last tag
//! is `Header_End`. No declared size is trusted: each is checked against fixed bounds and against
//! the bytes that are there before anything is done with it, and nothing is allocated from it.

use super::error::PtuError;

/// First eight bytes of a PTU file.
pub const MAGIC: &[u8; 8] = b"PQTTTR\0\0";
/// Magic and version.
const PREAMBLE: usize = 16;
/// One tag without payload.
const TAG: usize = 48;
/// Upper bound of the header's size, bytes. Real ones have 4 to 20 kB.
pub const MAX_HEADER_BYTES: usize = 1 << 20;
/// Upper bound of the number of tags. Real ones have 80 to 400.
pub const MAX_TAGS: usize = 10_000;

pub(super) const TY_EMPTY8: u32 = 0xFFFF_0008;
const TY_BOOL8: u32 = 0x0000_0008;
pub(super) const TY_INT8: u32 = 0x1000_0008;
const TY_BITSET64: u32 = 0x1100_0008;
const TY_COLOR8: u32 = 0x1200_0008;
pub(super) const TY_FLOAT8: u32 = 0x2000_0008;
const TY_TDATETIME: u32 = 0x2100_0008;
const TY_FLOAT8_ARRAY: u32 = 0x2001_FFFF;
pub(super) const TY_ANSI_STRING: u32 = 0x4001_FFFF;
const TY_WIDE_STRING: u32 = 0x4002_FFFF;
const TY_BINARY_BLOB: u32 = 0xFFFF_FFFF;

/// The declared values that reading T2 records needs, and where the records begin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Header {
    /// `Measurement_Mode`: 2 for T2, 3 for T3.
    pub(super) mode: i64,
    /// `TTResultFormat_TTTRRecType`.
    pub(super) record_type: i64,
    /// `TTResultFormat_BitsPerRecord`, 32 where the tag is missing.
    pub(super) bits_per_record: i64,
    /// `MeasDesc_GlobalResolution`, seconds.
    pub(super) resolution_s: f64,
    /// `TTResult_NumberOfRecords`.
    pub(super) records: i64,
    /// Offset of the first record.
    pub(super) end: usize,
}

/// Takes `N` bytes at `at`, or says where the file ended.
fn bytes<const N: usize>(data: &[u8], at: usize) -> Result<[u8; N], PtuError> {
    at.checked_add(N)
        .and_then(|end| data.get(at..end))
        .and_then(|s| s.try_into().ok())
        .ok_or(PtuError::TruncatedHeader { at: data.len() })
}

impl Header {
    /// Reads the header at the start of `data`.
    pub(super) fn parse(data: &[u8]) -> Result<Self, PtuError> {
        let seen = data.len().min(MAGIC.len());
        if data[..seen] != MAGIC[..seen] || data.is_empty() {
            return Err(PtuError::NotPtu);
        }
        if data.len() < PREAMBLE {
            return Err(PtuError::TruncatedHeader { at: data.len() });
        }
        let (mut mode, mut record_type, mut bits, mut resolution, mut records) =
            (None, None, None, None, None);
        let mut at = PREAMBLE;
        for _ in 0..MAX_TAGS {
            let name: [u8; 32] = bytes(data, at)?;
            let code = u32::from_le_bytes(bytes(data, at + 36)?);
            let value: [u8; 8] = bytes(data, at + 40)?;
            let name = &name[..name.iter().position(|&b| b == 0).unwrap_or(name.len())];
            let int = (code == TY_INT8).then(|| i64::from_le_bytes(value));
            match code {
                TY_EMPTY8 | TY_BOOL8 | TY_INT8 | TY_BITSET64 | TY_COLOR8 | TY_FLOAT8
                | TY_TDATETIME => at += TAG,
                TY_FLOAT8_ARRAY | TY_ANSI_STRING | TY_WIDE_STRING | TY_BINARY_BLOB => {
                    let declared = i64::from_le_bytes(value);
                    let absurd = || PtuError::AbsurdHeader {
                        tag: String::from_utf8_lossy(name).into_owned(),
                        at,
                        declared,
                    };
                    let payload = usize::try_from(declared).map_err(|_| absurd())?;
                    if payload > MAX_HEADER_BYTES {
                        return Err(absurd());
                    }
                    if data.len() - at - TAG < payload {
                        return Err(PtuError::TruncatedHeader { at: data.len() });
                    }
                    at += TAG + payload;
                }
                code => {
                    return Err(PtuError::UnknownTagType {
                        tag: String::from_utf8_lossy(name).into_owned(),
                        at,
                        code,
                    });
                }
            }
            match name {
                b"Measurement_Mode" => mode = int,
                b"TTResultFormat_TTTRRecType" => record_type = int,
                b"TTResultFormat_BitsPerRecord" => bits = int,
                b"TTResult_NumberOfRecords" => records = int,
                b"MeasDesc_GlobalResolution" => {
                    resolution = (code == TY_FLOAT8).then(|| f64::from_le_bytes(value));
                }
                b"Header_End" => {
                    let need = |tag| move || PtuError::MissingTag { tag };
                    return Ok(Self {
                        mode: mode.ok_or_else(need("Measurement_Mode"))?,
                        record_type: record_type.ok_or_else(need("TTResultFormat_TTTRRecType"))?,
                        bits_per_record: bits.unwrap_or(32),
                        resolution_s: resolution.ok_or_else(need("MeasDesc_GlobalResolution"))?,
                        records: records.ok_or_else(need("TTResult_NumberOfRecords"))?,
                        end: at,
                    });
                }
                _ => {}
            }
            if at > MAX_HEADER_BYTES {
                break;
            }
        }
        Err(PtuError::AbsurdHeader {
            tag: "Header_End".into(),
            at,
            declared: at as i64,
        })
    }
}
