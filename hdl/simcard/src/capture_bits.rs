//! What the sampler makes of a recording: the plain function behind `capture bits`.

use crate::core::CoreKind;
use crate::ptu::Capture;
use crate::source::CycleMerger;
use photonbox_model::sampler::{Counters, Sampler, SamplerSettings};
use photonbox_regmap::lane;
use serde::Serialize;
use sha2::{Digest, Sha256};

/// Counts and hash of the sampled bits; the keys are those that scripts rely on (specification 8).
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct BitsReport {
    /// Number of raw bits.
    pub bits: u64,
    /// Ones among them.
    pub ones: u64,
    /// Windows with a detection at both detectors.
    pub coincidences: u64,
    /// Edges while blind, or again inside a window.
    pub ignored: u64,
    /// Autocorrelation of neighbouring bits, Σ(x_i−m)(x_{i+1}−m)/Σ(x_i−m)²; `None` where all bits are equal.
    pub lag1: Option<f64>,
    /// SHA-256, in hex, of the bits packed most significant first; a last byte that is not full is left out.
    pub sha256_packed_msb_first: String,
}

/// Bits of a recording.
#[derive(Debug, Clone, PartialEq)]
pub struct CaptureBits {
    /// One byte a bit, 0 or 1, in order of time.
    pub values: Vec<u8>,
    /// Counts and hash.
    pub report: BitsReport,
}

/// Why a recording cannot be sampled with these settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BitsError {
    /// A cycle without length.
    #[error(
        "a sample period of 0 ps has no cycles; give --period-ps a number from 1 on (the card's is 4000)"
    )]
    ZeroPeriod,
    /// The hardware's registers do not hold the settings.
    #[error(
        "a window of {window} and a hold-off of {holdoff} cycles do not fit the hardware's registers; \
         use --window below {}, --holdoff below {}, or --card model",
        1_u64 << lane::WINDOW_CYCLES.width, 1_u64 << lane::HOLDOFF_CYCLES.width
    )]
    TooLong {
        /// W in cycles.
        window: u32,
        /// Hold-off in cycles.
        holdoff: u32,
    },
    /// The core is not in this program.
    #[error(
        "--card rtl is not in this build, which has no verilated hardware; build with --features verilated, or use \
         --card model, which makes the same bits"
    )]
    NoCore,
}

/// Samples `capture` with cycles of `period_ps` picoseconds: the cycle of a photon is floor(t / period).
/// `settings` are in cycles. The capture ends as if W idle cycles followed.
///
/// # Errors
/// [`BitsError::ZeroPeriod`].
pub fn capture_bits(
    capture: &Capture,
    period_ps: u64,
    settings: SamplerSettings,
) -> Result<CaptureBits, BitsError> {
    capture_bits_by(CoreKind::Model, capture, period_ps, settings)
}

/// As [`capture_bits`], by the sampler of this core: the model's, or the verilated hardware's.
///
/// # Errors
/// [`BitsError`].
pub fn capture_bits_by(
    core: CoreKind,
    capture: &Capture,
    period_ps: u64,
    settings: SamplerSettings,
) -> Result<CaptureBits, BitsError> {
    if period_ps == 0 {
        return Err(BitsError::ZeroPeriod);
    }
    let mut photons = capture.events();
    let mut merger = CycleMerger::new();
    let pulses = core::iter::from_fn(|| {
        merger.next(|| photons.next().map(|e| (e.time_ps / period_ps, e.detector)))
    });
    let (values, counters) = match core {
        CoreKind::Model => by_model(pulses, settings),
        #[cfg(feature = "verilated")]
        CoreKind::Rtl => by_rtl(pulses, settings)?,
        #[cfg(not(feature = "verilated"))]
        CoreKind::Rtl => return Err(BitsError::NoCore),
    };
    let report = BitsReport {
        bits: counters.bits,
        ones: counters.ones,
        coincidences: counters.coincidences,
        ignored: counters.ignored,
        lag1: lag1(&values),
        sha256_packed_msb_first: hex(&Sha256::digest(pack_msb_first(&values))),
    };
    Ok(CaptureBits { values, report })
}

/// Cycles with an edge, and which detectors rise in them.
fn by_model(
    pulses: impl Iterator<Item = (u64, bool, bool)>,
    settings: SamplerSettings,
) -> (Vec<u8>, Counters) {
    let mut sampler = Sampler::new(settings);
    let mut values = Vec::new();
    let mut now = 0;
    for (cycle, a, b) in pulses {
        let waited = sampler.skip_idle(cycle - now).map(|decided| decided.bit);
        values.extend(waited.map(u8::from));
        values.extend(sampler.step(a, b).map(u8::from));
        now = cycle + 1;
    }
    values.extend(sampler.finish().map(u8::from));
    (values, *sampler.counters())
}

/// Idle cycles more than window and hold-off last that are executed before the rest is skipped.
#[cfg(feature = "verilated")]
const IDLE_MARGIN: u64 = 4;

/// The verilated sampler. Of a stretch without an edge only as many cycles are executed as a window and a hold-off
/// last, and [`IDLE_MARGIN`] more: after those the sampler is ready, and no idle cycle changes that.
#[cfg(feature = "verilated")]
fn by_rtl(
    pulses: impl Iterator<Item = (u64, bool, bool)>,
    settings: SamplerSettings,
) -> Result<(Vec<u8>, Counters), BitsError> {
    use crate::core::ffi::{Pulse, VerilatedSampler};
    let (window, holdoff) = (settings.window, settings.holdoff);
    let fits = |value: u32, field: photonbox_regmap::Field| u64::from(value) >> field.width == 0;
    if !fits(window, lane::WINDOW_CYCLES) || !fits(holdoff, lane::HOLDOFF_CYCLES) {
        return Err(BitsError::TooLong { window, holdoff });
    }
    let longest = longest_idle(settings);
    let mut sampler = VerilatedSampler::new(window, holdoff, settings.retrigger);
    let mut values = Vec::new();
    let mut batch = Vec::with_capacity(BATCH);
    let mut now = 0;
    for (cycle, a, b) in pulses {
        batch.push(Pulse {
            idle: (cycle - now).min(longest),
            a: u8::from(a),
            b: u8::from(b),
            unused: [0; 6],
        });
        now = cycle + 1;
        if batch.len() == BATCH {
            sampler.play(&batch, 0, &mut values);
            batch.clear();
        }
    }
    sampler.play(&batch, u64::from(window), &mut values);
    let (counts, _) = sampler.counts();
    let counters = Counters {
        bits: counts.bits,
        ones: counts.ones,
        coincidences: counts.coincidences,
        ignored: counts.ignored,
        ..Counters::default()
    };
    Ok((values, counters))
}

/// Pulses that cross to the verilated sampler at once.
#[cfg(feature = "verilated")]
const BATCH: usize = 4096;

#[cfg(feature = "verilated")]
fn longest_idle(settings: SamplerSettings) -> u64 {
    u64::from(settings.window) + u64::from(settings.holdoff) + IDLE_MARGIN
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}

/// Packs bits (one byte each, 0 or 1) most significant first. Trailing bits that fill no byte are dropped.
pub fn pack_msb_first(values: &[u8]) -> Vec<u8> {
    values
        .chunks_exact(8)
        .map(|byte| byte.iter().fold(0, |acc, bit| acc << 1 | (bit & 1)))
        .collect()
}

/// Autocorrelation of neighbouring bits, from whole-number sums, so that no rounding adds up.
fn lag1(values: &[u8]) -> Option<f64> {
    let (first, last) = (*values.first()?, *values.last()?);
    let n = values.len() as f64;
    let ones = values.iter().map(|&x| u64::from(x)).sum::<u64>() as f64;
    let both = values.windows(2).filter(|w| w[0] & w[1] == 1).count() as f64;
    let m = ones / n;
    let below = ones - n * m * m;
    let above = both - m * (2.0 * ones - f64::from(first) - f64::from(last)) + (n - 1.0) * m * m;
    (ones > 0.0 && ones < n).then(|| above / below)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;
    use crate::ptu::{Detector::*, RecordType, Writer};

    fn settings(window: u32, holdoff: u32) -> SamplerSettings {
        SamplerSettings {
            window,
            holdoff,
            retrigger: false,
        }
    }

    #[test]
    fn the_seeds_example() {
        let mut w = Writer::new(RecordType::HydraHarpV2, 1e-12);
        for (i, d) in [A, A, B, A, B, B, A, B, A, B].into_iter().enumerate() {
            w.photon(d, i as u64 * 1_000_000);
        }
        let capture = Capture::parse(&w.to_bytes()).unwrap();
        let bits = capture_bits(&capture, 4_000, settings(0, 30)).unwrap();
        assert_eq!(bits.values, [1, 1, 0, 1, 0, 0, 1, 0, 1, 0]);
        assert_eq!((bits.report.bits, bits.report.ones), (10, 5));
        // One whole byte, 0b1101_0010; the last two bits are left out.
        assert_eq!(pack_msb_first(&bits.values), [0xD2]);
        assert_eq!(
            bits.report.sha256_packed_msb_first,
            hex(&Sha256::digest([0xD2]))
        );
        assert_eq!(
            capture_bits(&capture, 0, settings(0, 30)),
            Err(BitsError::ZeroPeriod)
        );
    }

    #[test]
    fn both_photons_of_a_cycle_count_and_an_open_window_ends_with_its_bit() {
        let mut w = Writer::new(RecordType::HydraHarpV2, 1e-12);
        // Cycle 0: A and B, a coincidence. Cycle 10: A twice, one edge, whose window is open at the end.
        w.photon(A, 0).photon(B, 3_999);
        w.photon(A, 40_000).photon(A, 43_999);
        let capture = Capture::parse(&w.to_bytes()).unwrap();
        let bits = capture_bits(&capture, 4_000, settings(2, 0)).unwrap();
        assert_eq!(bits.values, [1]);
        assert_eq!((bits.report.coincidences, bits.report.ignored), (1, 0));
        assert_eq!(bits.report.lag1, None);
        // A period of 1 ps keeps all four apart.
        let apart = capture_bits(&capture, 1, settings(0, 0)).unwrap();
        assert_eq!(apart.values, [1, 0, 1, 1]);
    }

    #[test]
    fn lag1_is_the_plain_sum() {
        let x: Vec<u8> = (0..997u32).map(|i| u8::from(i * i % 7 < 3)).collect();
        let n = x.len() as f64;
        let m = x.iter().map(|&v| f64::from(v)).sum::<f64>() / n;
        let d: Vec<f64> = x.iter().map(|&v| f64::from(v) - m).collect();
        let plain =
            d.windows(2).map(|w| w[0] * w[1]).sum::<f64>() / d.iter().map(|v| v * v).sum::<f64>();
        assert!((lag1(&x).unwrap() - plain).abs() < 1e-12);
        assert_eq!(lag1(&[]), None);
        assert_eq!(lag1(&[1, 1, 1]), None);
        assert_eq!(lag1(&[0, 0]), None);
    }
}
