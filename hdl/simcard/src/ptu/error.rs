//! What can be wrong with a `.ptu` file, one variant a fault.

use super::header::{MAX_HEADER_BYTES, MAX_TAGS};
use std::path::PathBuf;

/// Why a file was refused as a photon source. Every message says what failed, then what to do.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PtuError {
    /// The file cannot be opened or read.
    #[error("cannot read {path}: {source}; check the path and its permissions", path = path.display())]
    Io {
        /// The file asked for.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The first eight bytes are not those of a PTU file.
    #[error(
        "not a PTU file (it does not begin with PQTTTR); give a PicoQuant unified TTTR recording"
    )]
    NotPtu,
    /// The file ends inside the header.
    #[error("the PTU header is cut off at byte {at}; copy the recording again")]
    TruncatedHeader {
        /// Offset at which more bytes were needed.
        at: usize,
    },
    /// A header tag declares a size that no recording has, or the header never ends.
    #[error(
        "the PTU header is absurd: tag {tag:?} at byte {at} declares {declared} bytes, and a header has at most \
         {MAX_HEADER_BYTES} bytes in {MAX_TAGS} tags; the file is damaged, copy it again"
    )]
    AbsurdHeader {
        /// Name of the tag, as far as it is text.
        tag: String,
        /// Offset of the tag.
        at: usize,
        /// The declared payload size in bytes (the header's size so far, where it never ends).
        declared: i64,
    },
    /// A header tag has a type code that the format does not define.
    #[error(
        "PTU header tag {tag:?} at byte {at} has the unknown type {code:#010x}; the file is damaged, copy it again"
    )]
    UnknownTagType {
        /// Name of the tag, as far as it is text.
        tag: String,
        /// Offset of the tag.
        at: usize,
        /// The type code found.
        code: u32,
    },
    /// A tag that is needed to read the records is missing, or has another type.
    #[error(
        "the PTU header has no usable {tag} tag; export the recording again as unified TTTR, T2 mode"
    )]
    MissingTag {
        /// The tag's name in the format.
        tag: &'static str,
    },
    /// The recording was made in T3 (or another) mode.
    #[error(
        "the recording is in {mode} mode; only T2 has absolute arrival times, so record in T2 mode"
    )]
    NotT2 {
        /// The mode found, `T3` or `mode N`.
        mode: String,
    },
    /// The record type is none that this reader knows.
    #[error(
        "unknown TTTR record type {code:#010x}; known are the T2 types of PicoHarp, HydraHarp, TimeHarp 260 and MultiHarp"
    )]
    UnknownRecordType {
        /// The declared `TTResultFormat_TTTRRecType`.
        code: i64,
    },
    /// Records are not 32 bits wide.
    #[error("records of {bits} bits; T2 records have 32, so the file is damaged or of a new kind")]
    RecordWidth {
        /// The declared `TTResultFormat_BitsPerRecord`.
        bits: i64,
    },
    /// The time resolution is zero, negative, not a number, or outside 1 fs … 1 ms.
    #[error(
        "the time resolution is {seconds} s; it must lie between 1e-15 and 1e-3 s, so the header is damaged"
    )]
    Resolution {
        /// The declared `MeasDesc_GlobalResolution`, seconds.
        seconds: f64,
    },
    /// The file ends before the declared number of records.
    #[error(
        "the recording is truncated: {declared} records declared, {found} whole ones there; copy it again"
    )]
    TruncatedRecords {
        /// The declared `TTResult_NumberOfRecords`.
        declared: i64,
        /// Whole records found.
        found: u64,
    },
    /// The file goes on after the declared number of records, or declares a negative one.
    #[error(
        "wrong record count: {declared} declared, {found} there; the file is damaged or has something appended"
    )]
    RecordCount {
        /// The declared `TTResult_NumberOfRecords`.
        declared: i64,
        /// Whole records found.
        found: u64,
    },
    /// There is no detection on channel 0 or 1.
    #[error(
        "no photons: none of the {records} records is a detection on channel 0 or 1; check the detectors' cabling"
    )]
    ZeroPhotons {
        /// Records in the file.
        records: u64,
    },
    /// A detection lies before the one that precedes it.
    #[error("record {record} goes back in time; the file is damaged, copy it again")]
    OutOfOrder {
        /// Index of the record.
        record: u64,
    },
    /// The overflows add up to more time than fits.
    #[error("record {record} lies more than 2^63 ps after the start; the file is damaged")]
    TimeOverflow {
        /// Index of the record.
        record: u64,
    },
    /// The file is larger than the reader takes.
    #[error("the recording is larger than {limit} bytes; cut it into shorter ones")]
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
}
