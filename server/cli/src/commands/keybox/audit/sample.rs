//! One orbit, looked at key by key.

use super::Progress;
use photonbox_keybox::audit::digits::fraction;
use photonbox_keybox::audit::{Bits, Digits, Group, arcsine};
use photonbox_keybox::{DIGITS, IpKey, KEY_BYTES, Orbit, Parameters, derive};
use serde::Serialize;

/// Points of a picture.
const POINTS: usize = 4_000;
/// 10^64 lies between 2^212 and 2^213.
const TOP_BIT: usize = 212;
/// Rise of a chi-square statistic with 9 degrees of freedom that nobody takes for chance.
const BEYOND_DOUBT: f64 = 30.0;

/// What was counted of an orbit.
pub(super) struct Sample {
    session_keys: Vec<[u8; KEY_BYTES]>,
    digits: Digits,
    raw: Bits,
    derived: Bits,
    s: u32,
    /// X_n and X_{n+1} as fractions.
    pub(super) map: Vec<(f64, f64)>,
    /// The same of session keys.
    pub(super) lorenz: Vec<(f64, f64)>,
}

/// Digits, dropped and kept.
#[derive(Debug, Serialize)]
pub(super) struct DigitsFound {
    /// How often 0 to 9 lead X.
    pub(super) leading: [u64; 10],
    /// What the arcsine law expects.
    pub(super) leading_expected: [f64; 10],
    /// Of the dropped digits, for equal shares, with 9 degrees of freedom each.
    pub(super) dropped_chi_square_flat: Vec<f64>,
    /// The first kept digit, and the share of 0 that the arcsine law gives it.
    pub(super) first_kept: [u64; 10],
    pub(super) first_kept_share_of_0: f64,
    /// By how much that law is expected to raise the first kept digit's statistic with as many keys.
    pub(super) first_kept_excess: f64,
    /// Keys from which on it is expected to be raised by 30.
    pub(super) first_kept_seen_from: f64,
    /// Share of X whose dropped digits are all 0 or all 9, by the arcsine law.
    pub(super) ends: f64,
    /// Serial correlation of X at lag 1.
    pub(super) correlation_of_x: f64,
    /// Correlation of X_{n+1} with (X_n − 1/2)².
    pub(super) parabola_of_x: f64,
}

/// Bits of raw and derived keys.
#[derive(Debug, Serialize)]
pub(super) struct BitsFound {
    pub(super) raw_never_set: usize,
    pub(super) raw_top_bit: usize,
    pub(super) raw_top_bit_share: f64,
    pub(super) raw_top_bit_expected: f64,
    pub(super) derived_never_set: usize,
}

impl Sample {
    /// The whole orbit, as the definition has it.
    pub(super) fn of(
        ip_key: &IpKey,
        parameters: Parameters,
        progress: &Progress,
    ) -> anyhow::Result<Self> {
        let s = parameters.s();
        let mut orbit = Orbit::new(ip_key, s)?;
        let mut sample = Self {
            session_keys: Vec::with_capacity(parameters.total() as usize),
            digits: Digits::new(s)?,
            raw: Bits::default(),
            derived: Bits::default(),
            s,
            map: Vec::new(),
            lorenz: Vec::new(),
        };
        let mut salt = derive::ip_key_salt(ip_key, 1);
        let mut last = None;
        for n in 1..=parameters.total() {
            orbit.step()?;
            let at = parameters.place(n);
            if at.j == 1 {
                salt = derive::ip_key_salt(ip_key, at.i);
                progress.say(format!("the orbit: box {} of {}", at.i, parameters.boxes()));
            }
            let (x, key) = (orbit.x(), orbit.session_key());
            sample.digits.push(&x);
            sample.raw.push(&key);
            sample.derived.push(derive::key(&salt, &key, at).as_array());
            sample.session_keys.push(key);
            if sample.map.len() < POINTS {
                let here = (fraction(&x), fraction(&x[s as usize..]));
                if let Some((x, kept)) = last.replace(here) {
                    sample.map.push((x, here.0));
                    sample.lorenz.push((kept, here.1));
                }
            }
        }
        Ok(sample)
    }

    /// Dropped digits.
    pub(super) fn s(&self) -> u32 {
        self.s
    }

    /// All of them, in order.
    pub(super) fn session_keys(&self) -> &[[u8; KEY_BYTES]] {
        &self.session_keys
    }

    /// Everything that is tested.
    pub(super) fn groups(&self) -> Vec<Group> {
        let mut groups = vec![self.digits.dropped()];
        groups.extend(self.digits.kept());
        groups.extend(self.raw.raw());
        groups.extend(self.derived.derived());
        groups
    }

    pub(super) fn digits_found(&self) -> DigitsFound {
        let first_kept = self.s + 1;
        let excess = arcsine::excess(first_kept);
        let (correlation_of_x, parabola_of_x) = self.digits.correlations_of_x();
        let flat = self.digits.dropped_as_flat();
        DigitsFound {
            leading: *self.digits.at(1),
            leading_expected: arcsine::digit(1),
            dropped_chi_square_flat: flat.iter().map(|s| s.value).collect(),
            first_kept: *self.digits.at(first_kept),
            first_kept_share_of_0: arcsine::digit(first_kept)[0],
            first_kept_excess: excess * self.digits.count() as f64,
            first_kept_seen_from: BEYOND_DOUBT / excess,
            ends: 2.0 * arcsine::below(10_f64.powi(-(self.s as i32))),
            correlation_of_x,
            parabola_of_x,
        }
    }

    pub(super) fn bits_found(&self) -> BitsFound {
        BitsFound {
            raw_never_set: self.raw.never_set(),
            raw_top_bit: TOP_BIT,
            raw_top_bit_share: self.raw.share(TOP_BIT),
            // Numbers from 2^212 to 10^64.
            raw_top_bit_expected: 1.0 - 2_f64.powi(TOP_BIT as i32) / 10_f64.powi(DIGITS as i32),
            derived_never_set: self.derived.never_set(),
        }
    }
}
