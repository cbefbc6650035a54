//! The T2 record layouts, 32 bits each, little-endian.
//!
//! PicoHarp: channel in bits 31…28, time in 27…0; channel 15 is special: an overflow where the low
//! four time bits are 0, else a marker; an overflow adds 210,698,240. All later devices: a special
//! flag in bit 31, channel in 30…25, time in 24…0; special with channel 63 is an overflow, with 1…15
//! markers, with 0 the sync input. HydraHarp V1 overflows add 33,552,000 each; the others add 2^25
//! for each of the number of overflows in the time field (0, from early firmware, stands for one).

use super::Detector;
use super::error::PtuError;

/// A T2 record type that this reader knows, with its `TTResultFormat_TTTRRecType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RecordType {
    /// PicoHarp 300.
    PicoHarp,
    /// HydraHarp 400, first record format.
    HydraHarpV1,
    /// HydraHarp 400, second record format.
    HydraHarpV2,
    /// TimeHarp 260 N.
    TimeHarp260N,
    /// TimeHarp 260 P.
    TimeHarp260P,
    /// MultiHarp and the later devices that share its "generic" format.
    MultiHarp,
}

/// What one record says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Record {
    /// This many resolution steps have passed; the time field started again from 0.
    Overflow(u64),
    /// A photon on channel 0 or 1 at this time field.
    Detection(Detector, u64),
    /// A detection elsewhere (channels from 2 on, the sync input) at this time field.
    Other(u64),
    /// A marker at this time field.
    Marker(u64),
}

impl RecordType {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::PicoHarp,
        Self::HydraHarpV1,
        Self::HydraHarpV2,
        Self::TimeHarp260N,
        Self::TimeHarp260P,
        Self::MultiHarp,
    ];

    /// The type's code in the header.
    pub const fn code(self) -> u32 {
        match self {
            Self::PicoHarp => 0x0001_0203,
            Self::HydraHarpV1 => 0x0001_0204,
            Self::HydraHarpV2 => 0x0101_0204,
            Self::TimeHarp260N => 0x0001_0205,
            Self::TimeHarp260P => 0x0001_0206,
            Self::MultiHarp => 0x0001_0207,
        }
    }

    /// The device's name, as `capture info` prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::PicoHarp => "PicoHarp",
            Self::HydraHarpV1 => "HydraHarp V1",
            Self::HydraHarpV2 => "HydraHarp V2",
            Self::TimeHarp260N => "TimeHarp 260 N",
            Self::TimeHarp260P => "TimeHarp 260 P",
            Self::MultiHarp => "MultiHarp",
        }
    }

    /// The type that a header declares.
    ///
    /// # Errors
    /// [`PtuError::NotT2`] for a T3 type (byte 1 of the code is 3), else
    /// [`PtuError::UnknownRecordType`].
    pub(super) fn from_code(code: i64) -> Result<Self, PtuError> {
        if let Some(known) = Self::ALL.into_iter().find(|t| i64::from(t.code()) == code) {
            return Ok(known);
        }
        let hardware = code & 0xFF;
        if u32::try_from(code).is_ok() && code >> 8 & 0xFF == 3 && (3..=7).contains(&hardware) {
            return Err(PtuError::NotT2 { mode: "T3".into() });
        }
        Err(PtuError::UnknownRecordType { code })
    }

    /// Takes one record apart.
    pub(super) const fn decode(self, word: u32) -> Record {
        match self {
            Self::PicoHarp => {
                let time = (word & 0x0FFF_FFFF) as u64;
                match (word >> 28, word & 0xF) {
                    (15, 0) => Record::Overflow(210_698_240),
                    (15, _) => Record::Marker(time & !0xF),
                    (0, _) => Record::Detection(Detector::A, time),
                    (1, _) => Record::Detection(Detector::B, time),
                    _ => Record::Other(time),
                }
            }
            _ => {
                let time = (word & 0x01FF_FFFF) as u64;
                match (word >> 31, word >> 25 & 63) {
                    (1, 63) if matches!(self, Self::HydraHarpV1) => Record::Overflow(33_552_000),
                    (1, 63) if time == 0 => Record::Overflow(1 << 25),
                    (1, 63) => Record::Overflow(time << 25),
                    (1, 1..=15) => Record::Marker(time),
                    (0, 0) => Record::Detection(Detector::A, time),
                    (0, 1) => Record::Detection(Detector::B, time),
                    _ => Record::Other(time),
                }
            }
        }
    }
}
