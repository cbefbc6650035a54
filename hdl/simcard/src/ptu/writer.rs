//! Writes small recordings, right ones and wrong ones: what tests and vectors are made with.
//!
//! Nothing is checked here on purpose: each declared value can be set to something that is not so.

use super::header::{MAGIC, TY_ANSI_STRING, TY_EMPTY8, TY_FLOAT8, TY_INT8};
use super::{Detector, RecordType};

/// A recording in the making.
#[derive(Debug, Clone)]
pub struct Writer {
    /// `Measurement_Mode`; 2 is T2.
    pub mode: i64,
    /// `TTResultFormat_TTTRRecType`.
    pub record_type: i64,
    /// `TTResultFormat_BitsPerRecord`.
    pub bits_per_record: i64,
    /// `MeasDesc_GlobalResolution`, seconds.
    pub resolution_s: f64,
    /// `TTResult_NumberOfRecords`; `None` declares the truth.
    pub declared_records: Option<i64>,
    /// The records.
    pub words: Vec<u32>,
    layout: RecordType,
    base: u64,
}

impl Writer {
    /// An empty T2 recording of this type, with a resolution in seconds per time step.
    pub fn new(layout: RecordType, resolution_s: f64) -> Self {
        Self {
            mode: 2,
            record_type: i64::from(layout.code()),
            bits_per_record: 32,
            resolution_s,
            declared_records: None,
            words: Vec::new(),
            layout,
            base: 0,
        }
    }

    /// Adds a photon `steps` time steps after the start, and the overflow records before it. Photons
    /// must come in order of time.
    pub fn photon(&mut self, detector: Detector, steps: u64) -> &mut Self {
        let channel = match detector {
            Detector::A => 0,
            Detector::B => 1,
        };
        self.channel(channel, steps)
    }

    /// Adds a detection on any channel: 0 … 14 of a PicoHarp, else 0 … 63.
    pub fn channel(&mut self, channel: u32, steps: u64) -> &mut Self {
        let wrap = match self.layout {
            RecordType::PicoHarp => 210_698_240,
            RecordType::HydraHarpV1 => 33_552_000,
            _ => 1 << 25,
        };
        let wraps = steps.saturating_sub(self.base) / wrap;
        self.base += wraps * wrap;
        match self.layout {
            RecordType::PicoHarp => self.repeat(0xF000_0000, wraps),
            RecordType::HydraHarpV1 => self.repeat(0xFE00_0000, wraps),
            // As many in one record as its time field counts.
            _ => {
                let most = (1 << 25) - 1;
                self.repeat(0xFE00_0000 | most, wraps / u64::from(most));
                let rest = (wraps % u64::from(most)) as u32;
                if rest > 0 {
                    self.words.push(0xFE00_0000 | rest);
                }
            }
        }
        let time = steps.saturating_sub(self.base) as u32;
        self.words.push(match self.layout {
            RecordType::PicoHarp => channel << 28 | time,
            _ => channel << 25 | time,
        });
        self
    }

    fn repeat(&mut self, word: u32, times: u64) {
        self.words.extend((0..times).map(|_| word));
    }

    /// The file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024 + 4 * self.words.len());
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(b"1.0.00\0\0");
        let text = b"synthetic test recording";
        tag(
            &mut out,
            "File_Comment",
            TY_ANSI_STRING,
            (text.len() as u64).to_le_bytes(),
        );
        out.extend_from_slice(text);
        let declared = self.declared_records.unwrap_or(self.words.len() as i64);
        for (name, value) in [
            ("Measurement_Mode", self.mode),
            ("TTResultFormat_TTTRRecType", self.record_type),
            ("TTResultFormat_BitsPerRecord", self.bits_per_record),
        ] {
            tag(&mut out, name, TY_INT8, value.to_le_bytes());
        }
        let resolution = self.resolution_s.to_le_bytes();
        tag(&mut out, "MeasDesc_GlobalResolution", TY_FLOAT8, resolution);
        tag(
            &mut out,
            "TTResult_NumberOfRecords",
            TY_INT8,
            declared.to_le_bytes(),
        );
        tag(&mut out, "Header_End", TY_EMPTY8, [0; 8]);
        out.extend(self.words.iter().flat_map(|w| w.to_le_bytes()));
        out
    }
}

/// Appends one tag without index.
fn tag(out: &mut Vec<u8>, name: &str, code: u32, value: [u8; 8]) {
    let mut field = [0; 32];
    field[..name.len()].copy_from_slice(name.as_bytes());
    out.extend_from_slice(&field);
    out.extend_from_slice(&(-1i32).to_le_bytes());
    out.extend_from_slice(&code.to_le_bytes());
    out.extend_from_slice(&value);
}
