//! Recordings in PicoQuant's unified TTTR format (`.ptu`), T2 mode only.
//!
//! Channel 0 is detector A, channel 1 detector B; detections on other channels and markers are
//! counted and otherwise left out. A recording is checked whole when it is opened (T2, known
//! record type, declared count met, times not going back, at least one photon), so that its
//! events can be read any number of times without a further error.
//!
//! Countermeasure T12 (`docs/threat-model.md`).

mod error;
mod header;
mod record;
mod writer;

pub use error::PtuError;
pub use header::{MAGIC, MAX_HEADER_BYTES, MAX_TAGS};
pub use record::RecordType;
pub use writer::Writer;

use header::Header;
use record::Record;
use serde::{Serialize, Serializer};
use std::fs::File;
use std::io::Read;
use std::path::Path;

/// Largest recording that is taken, bytes. It is held in memory.
pub const MAX_FILE_BYTES: u64 = 1 << 31;
/// Times are picoseconds below 2^63: 106 days.
const MAX_TIME_PS: u128 = 1 << 63;
const FS_PER_PS: u128 = 1000;

/// One of the two detectors behind a beam splitter. A detection at A is the bit 1, at B the bit 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Detector {
    /// The bit 1.
    A,
    /// The bit 0.
    B,
}

/// One photon.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Event {
    /// Time since the recording's start, picoseconds.
    pub time_ps: u64,
    /// Who saw it.
    pub detector: Detector,
}

/// Detections per detector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Detections {
    /// On channel 0.
    pub a: u64,
    /// On channel 1.
    pub b: u64,
}

/// What `capture info` reports.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaptureInfo {
    /// File format and device.
    pub format: String,
    /// Always `T2`: nothing else is accepted.
    pub mode: &'static str,
    /// Unit of the time fields, picoseconds.
    #[serde(serialize_with = "whole_if_whole")]
    pub resolution_ps: f64,
    /// Records in the file.
    pub records: u64,
    /// Overflow records among them.
    pub overflows: u64,
    /// Photons.
    pub detections: Detections,
    /// Detections on other channels, the sync input among them.
    pub other_channels: u64,
    /// Marker records.
    pub markers: u64,
    /// Time of the last record, picoseconds since the start.
    pub duration_ps: u64,
}

/// A resolution of one picosecond is the JSON number 1, not 1.0.
fn whole_if_whole<S: Serializer>(value: &f64, s: S) -> Result<S::Ok, S::Error> {
    if value.fract() == 0.0 {
        s.serialize_u64(*value as u64)
    } else {
        s.serialize_f64(*value)
    }
}

/// A checked recording, held in memory.
#[derive(Debug, Clone)]
pub struct Capture {
    record_type: RecordType,
    /// Femtoseconds per time step: whole for every device, so that times are exact.
    resolution_fs: u64,
    words: Vec<u32>,
    info: CaptureInfo,
}

impl Capture {
    /// Reads and checks a file.
    ///
    /// # Errors
    /// [`PtuError`], each fault its own variant.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, PtuError> {
        let path = path.as_ref();
        let io = |source| PtuError::Io {
            path: path.to_owned(),
            source,
        };
        let mut file = File::open(path).map_err(io)?;
        let mut data = Vec::new();
        // The magic first: a device or log file given by mistake is refused before it is read in.
        file.by_ref()
            .take(MAGIC.len() as u64)
            .read_to_end(&mut data)
            .map_err(io)?;
        if data == MAGIC {
            file.take(MAX_FILE_BYTES)
                .read_to_end(&mut data)
                .map_err(io)?;
            if data.len() as u64 > MAX_FILE_BYTES {
                return Err(PtuError::TooLarge {
                    limit: MAX_FILE_BYTES,
                });
            }
        }
        Self::parse(&data)
    }

    /// Checks a recording given as bytes. Never panics, and allocates in proportion to `data` only.
    ///
    /// # Errors
    /// [`PtuError`], each fault its own variant.
    pub fn parse(data: &[u8]) -> Result<Self, PtuError> {
        let header = Header::parse(data)?;
        if header.mode != 2 {
            return Err(PtuError::NotT2 {
                mode: match header.mode {
                    3 => "T3".into(),
                    other => format!("measurement mode {other}"),
                },
            });
        }
        let record_type = RecordType::from_code(header.record_type)?;
        if header.bits_per_record != 32 {
            return Err(PtuError::RecordWidth {
                bits: header.bits_per_record,
            });
        }
        let seconds = header.resolution_s;
        // Written so that NaN fails too.
        if !(1e-15..=1e-3).contains(&seconds) {
            return Err(PtuError::Resolution { seconds });
        }
        let resolution_fs = (seconds * 1e15).round() as u64;

        let body = data.get(header.end..).unwrap_or_default();
        let found = (body.len() / 4) as u64;
        let declared = header.records;
        match u64::try_from(declared) {
            Ok(n) if n > found => return Err(PtuError::TruncatedRecords { declared, found }),
            Ok(n) if n == found && body.len().is_multiple_of(4) => {}
            _ => return Err(PtuError::RecordCount { declared, found }),
        }
        let words: Vec<u32> = body
            .chunks_exact(4)
            .map(|c| u32::from_le_bytes([c[0], c[1], c[2], c[3]]))
            .collect();

        let mut info = CaptureInfo {
            format: format!("PTU, {} ({:#010x})", record_type.name(), record_type.code()),
            mode: "T2",
            resolution_ps: resolution_fs as f64 / FS_PER_PS as f64,
            records: found,
            overflows: 0,
            detections: Detections::default(),
            other_channels: 0,
            markers: 0,
            duration_ps: 0,
        };
        let mut base = 0u64;
        let mut last_photon = 0u64;
        for (index, &word) in words.iter().enumerate() {
            let record = index as u64;
            let time = match record_type.decode(word) {
                Record::Overflow(steps) => {
                    info.overflows += 1;
                    base = base
                        .checked_add(steps)
                        .ok_or(PtuError::TimeOverflow { record })?;
                    0
                }
                Record::Detection(detector, time) => {
                    match detector {
                        Detector::A => info.detections.a += 1,
                        Detector::B => info.detections.b += 1,
                    }
                    let steps = base
                        .checked_add(time)
                        .ok_or(PtuError::TimeOverflow { record })?;
                    if steps < last_photon {
                        return Err(PtuError::OutOfOrder { record });
                    }
                    last_photon = steps;
                    time
                }
                // Markers are coarser than photons and may lie slightly before their neighbours.
                Record::Marker(time) => {
                    info.markers += 1;
                    time
                }
                Record::Other(time) => {
                    info.other_channels += 1;
                    time
                }
            };
            let ps = (u128::from(base) + u128::from(time)) * u128::from(resolution_fs) / FS_PER_PS;
            if ps >= MAX_TIME_PS {
                return Err(PtuError::TimeOverflow { record });
            }
            info.duration_ps = info.duration_ps.max(ps as u64);
        }
        if info.detections == Detections::default() {
            return Err(PtuError::ZeroPhotons { records: found });
        }
        Ok(Self {
            record_type,
            resolution_fs,
            words,
            info,
        })
    }

    /// What is in the recording.
    pub fn info(&self) -> &CaptureInfo {
        &self.info
    }

    /// The photons on channels 0 and 1, in order of time.
    pub fn events(&self) -> Events<'_> {
        Events {
            capture: self,
            cursor: Cursor::default(),
        }
    }

    /// The next photon after `cursor`, which a looping source keeps between calls.
    pub(crate) fn next_event(&self, cursor: &mut Cursor) -> Option<Event> {
        while let Some(&word) = self.words.get(cursor.index) {
            cursor.index += 1;
            match self.record_type.decode(word) {
                Record::Overflow(steps) => cursor.base += steps,
                Record::Detection(detector, time) => {
                    let fs = u128::from(cursor.base + time) * u128::from(self.resolution_fs);
                    return Some(Event {
                        // Below 2^63, which `parse` has checked for each record.
                        time_ps: (fs / FS_PER_PS) as u64,
                        detector,
                    });
                }
                Record::Marker(_) | Record::Other(_) => {}
            }
        }
        None
    }
}

/// A place in a recording.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cursor {
    index: usize,
    base: u64,
}

/// Iterator over a recording's photons. See [`Capture::events`].
#[derive(Debug, Clone)]
pub struct Events<'a> {
    capture: &'a Capture,
    cursor: Cursor,
}

impl Iterator for Events<'_> {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        self.capture.next_event(&mut self.cursor)
    }
}
