//! CTR_DRBG with AES-256 and derivation function (SP 800-90A Rev. 1, §10.2.1).
//!
//! No clock, no process number and no entropy of its own: time and a process token are arguments,
//! seeds are given. What the generator does by itself is refuse: it gives nothing once a reseed is
//! due, nothing in a forked child, and does not exist if its known-answer test fails.
//!
//! Countermeasure T16 (`docs/threat-model.md`).

mod derivation;
mod known_answer;

use std::fmt;
use std::time::Duration;

use aes::Aes256;
use aes::cipher::array::Array;
use aes::cipher::{Block, BlockCipherEncrypt, KeyInit};
use photonbox_secret::SecretArray;
use serde::{Deserialize, Serialize};

use derivation::derive;

/// Bytes of a seed: key and counter block (seedlen of SP 800-90A table 3).
pub const SEED_BYTES: usize = 48;
/// Most bytes of one request (max_number_of_bits_per_request = 2^19).
pub const MAX_REQUEST_BYTES: usize = 64 * 1024;
/// Least bytes of an entropy input: the security strength, 256 bits.
pub const MIN_ENTROPY_BYTES: usize = 32;
/// Most bytes of any input string. The standard allows 2^32; nothing here needs more than this.
pub const MAX_INPUT_BYTES: usize = 64 * 1024;
/// Counter blocks enciphered at a time: 1 KiB stays in the first-level cache.
const BATCH_BLOCKS: usize = 64;

/// When a generator must have new entropy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReseedPolicy {
    /// After this many bytes of output. The request that crosses the mark is still answered.
    pub bytes: u64,
    /// After this long.
    pub time: Duration,
}

impl Default for ReseedPolicy {
    /// 16 MiB or one minute.
    fn default() -> Self {
        Self {
            bytes: 16 << 20,
            time: Duration::from_secs(60),
        }
    }
}

/// The caller's present: what a crate without clock and operating system must be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// Time since any fixed origin, monotonic.
    pub now: Duration,
    /// A value that is the same throughout a process and different in its children
    /// (`photonbox_secret::fork_token().value()`), and after the machine was copied.
    pub process: u64,
}

/// Why a reseed is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReseedReason {
    /// The byte limit is reached.
    Bytes,
    /// The time limit is reached, or time ran backwards.
    Time,
    /// This is a child of the process that was seeded, or its machine was copied.
    Fork,
}

impl fmt::Display for ReseedReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "its byte limit is reached",
            Self::Time => "its time limit is reached",
            Self::Fork => "the process forked or its machine was copied",
        })
    }
}

/// Why the generator gave nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DrbgError {
    /// The known-answer test failed: the code or the machine is broken.
    #[error(
        "the DRBG's known-answer test failed, nothing is generated: check this machine's hardware and build"
    )]
    SelfTest,
    /// Too little entropy input.
    #[error("an entropy input of {found} bytes is too short: give at least {required}")]
    ShortEntropy {
        /// Bytes required.
        required: usize,
        /// Bytes given.
        found: usize,
    },
    /// An input string is over [`MAX_INPUT_BYTES`].
    #[error("an input of {0} bytes is too long for the DRBG: give at most {MAX_INPUT_BYTES}")]
    LongInput(usize),
    /// A request is over [`MAX_REQUEST_BYTES`].
    #[error(
        "{0} bytes are too many for one DRBG request: ask for at most {MAX_REQUEST_BYTES} at a time"
    )]
    LongRequest(usize),
    /// New entropy comes first.
    #[error("the DRBG must be reseeded before it gives more, because {0}: give it fresh entropy")]
    ReseedRequired(ReseedReason),
}

/// A CTR_DRBG instance. Key and counter live in locked memory and are wiped on drop; AES round
/// keys exist only within a call, wiped at its end.
pub struct CtrDrbg {
    key: SecretArray<32>,
    v: SecretArray<16>,
    scratch: SecretArray<SEED_BYTES>,
    policy: ReseedPolicy,
    seeded_at: Moment,
    bytes_since_seed: u64,
    reseeds: u64,
}

impl fmt::Debug for CtrDrbg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CtrDrbg")
            .field("policy", &self.policy)
            .field("bytes_since_seed", &self.bytes_since_seed)
            .field("reseeds", &self.reseeds)
            .finish_non_exhaustive()
    }
}

impl CtrDrbg {
    /// Runs the known-answer test, then instantiates (§10.2.1.3.2).
    ///
    /// `entropy` and `nonce` together must have at least 48 bytes, the entropy alone at least 32;
    /// an entropy input of 48 bytes serves as both and the nonce may be empty (§8.6.7).
    ///
    /// # Errors
    /// [`DrbgError::SelfTest`], [`DrbgError::ShortEntropy`], [`DrbgError::LongInput`].
    pub fn instantiate(
        entropy: &[u8],
        nonce: &[u8],
        personalization: &[u8],
        policy: ReseedPolicy,
        at: Moment,
    ) -> Result<Self, DrbgError> {
        known_answer::run()?;
        Self::instantiate_untested(entropy, nonce, personalization, policy, at)
    }

    fn instantiate_untested(
        entropy: &[u8],
        nonce: &[u8],
        personalization: &[u8],
        policy: ReseedPolicy,
        at: Moment,
    ) -> Result<Self, DrbgError> {
        check_entropy(entropy)?;
        let seed_bytes = entropy.len() + nonce.len();
        if seed_bytes < SEED_BYTES {
            return Err(DrbgError::ShortEntropy {
                required: SEED_BYTES,
                found: seed_bytes,
            });
        }
        let seed = derive(&[entropy, nonce, personalization])?;
        let mut drbg = Self {
            key: SecretArray::new_zeroed(),
            v: SecretArray::new_zeroed(),
            scratch: SecretArray::new_zeroed(),
            policy,
            seeded_at: at,
            bytes_since_seed: 0,
            reseeds: 0,
        };
        drbg.update(Some(&seed));
        Ok(drbg)
    }

    /// Reseeds (§10.2.1.4.2): the new state depends on the old one, `entropy` and `additional`.
    ///
    /// # Errors
    /// [`DrbgError::ShortEntropy`] below 32 bytes, [`DrbgError::LongInput`].
    pub fn reseed(
        &mut self,
        entropy: &[u8],
        additional: &[u8],
        at: Moment,
    ) -> Result<(), DrbgError> {
        check_entropy(entropy)?;
        let seed = derive(&[entropy, additional])?;
        self.update(Some(&seed));
        self.seeded_at = at;
        self.bytes_since_seed = 0;
        self.reseeds += 1;
        Ok(())
    }

    /// Mixes `input` into the state without counting it as entropy: a reseed that resets no limit.
    ///
    /// # Errors
    /// [`DrbgError::LongInput`].
    pub fn mix(&mut self, input: &[u8]) -> Result<(), DrbgError> {
        let seed = derive(&[input])?;
        self.update(Some(&seed));
        Ok(())
    }

    /// Whether, and why, the next request would be refused.
    #[must_use]
    pub fn reseed_due(&self, at: Moment) -> Option<ReseedReason> {
        if at.process != self.seeded_at.process {
            return Some(ReseedReason::Fork);
        }
        if self.bytes_since_seed >= self.policy.bytes {
            return Some(ReseedReason::Bytes);
        }
        // Time that runs backwards would put the limit off for ever; a new seed is always safe.
        match at.now.checked_sub(self.seeded_at.now) {
            Some(age) if age < self.policy.time => None,
            _ => Some(ReseedReason::Time),
        }
    }

    /// Fills `out` (§10.2.1.5.2). On an error `out` is untouched.
    ///
    /// # Errors
    /// [`DrbgError::LongRequest`] above 64 KiB, [`DrbgError::ReseedRequired`],
    /// [`DrbgError::LongInput`].
    pub fn generate(
        &mut self,
        out: &mut [u8],
        additional: &[u8],
        at: Moment,
    ) -> Result<(), DrbgError> {
        if out.len() > MAX_REQUEST_BYTES {
            return Err(DrbgError::LongRequest(out.len()));
        }
        if let Some(reason) = self.reseed_due(at) {
            return Err(DrbgError::ReseedRequired(reason));
        }
        // Step 2: additional input is derived and goes in before and after.
        let seed = if additional.is_empty() {
            None
        } else {
            Some(derive(&[additional])?)
        };
        if seed.is_some() {
            self.update(seed.as_ref());
        }
        // Steps 3 to 5.
        let cipher = Aes256::new(self.key.as_array().into());
        fill_with_counters(&cipher, self.v.as_mut_array(), out);
        // Step 6: back-tracking resistance.
        self.update(seed.as_ref());
        self.bytes_since_seed = self.bytes_since_seed.saturating_add(out.len() as u64);
        Ok(())
    }

    /// With prediction resistance (§9.3.1): reseeds with `entropy` and `additional` first.
    ///
    /// # Errors
    /// As [`CtrDrbg::reseed`] and [`CtrDrbg::generate`].
    pub fn generate_with_prediction_resistance(
        &mut self,
        out: &mut [u8],
        additional: &[u8],
        entropy: &[u8],
        at: Moment,
    ) -> Result<(), DrbgError> {
        if out.len() > MAX_REQUEST_BYTES {
            return Err(DrbgError::LongRequest(out.len()));
        }
        self.reseed(entropy, additional, at)?;
        // §9.3.1 step 7.4: the additional input was used in the reseed.
        self.generate(out, &[], at)
    }

    /// Reseeds since instantiation.
    #[must_use]
    pub fn reseeds(&self) -> u64 {
        self.reseeds
    }

    /// Bytes given since the last (re)seed.
    #[must_use]
    pub fn bytes_since_seed(&self) -> u64 {
        self.bytes_since_seed
    }

    /// CTR_DRBG_Update (§10.2.1.2); `None` is a provided_data of zeros.
    fn update(&mut self, provided: Option<&SecretArray<SEED_BYTES>>) {
        let cipher = Aes256::new(self.key.as_array().into());
        let temp = self.scratch.as_mut_array();
        fill_with_counters(&cipher, self.v.as_mut_array(), temp);
        if let Some(provided) = provided {
            for (byte, with) in temp.iter_mut().zip(provided.as_array()) {
                *byte ^= with;
            }
        }
        self.key.as_mut_array().copy_from_slice(&temp[..32]);
        self.v.as_mut_array().copy_from_slice(&temp[32..]);
        photonbox_secret::wipe(temp);
    }
}

fn check_entropy(entropy: &[u8]) -> Result<(), DrbgError> {
    if entropy.len() < MIN_ENTROPY_BYTES {
        return Err(DrbgError::ShortEntropy {
            required: MIN_ENTROPY_BYTES,
            found: entropy.len(),
        });
    }
    Ok(())
}

/// Fills `out` with E(V+1), E(V+2), … and leaves V at the last counter used. Whole blocks are
/// written in place and enciphered in batches, so that the cipher can work on several at once.
fn fill_with_counters(cipher: &Aes256, v: &mut [u8; 16], out: &mut [u8]) {
    let mut counter = u128::from_be_bytes(*v);
    let (blocks, tail) = Block::<Aes256>::slice_as_chunks_mut(out);
    for batch in blocks.chunks_mut(BATCH_BLOCKS) {
        for block in batch.iter_mut() {
            counter = counter.wrapping_add(1);
            *block = Array(counter.to_be_bytes());
        }
        cipher.encrypt_blocks(batch);
    }
    if !tail.is_empty() {
        counter = counter.wrapping_add(1);
        let mut last = Array(counter.to_be_bytes());
        cipher.encrypt_block(&mut last);
        tail.copy_from_slice(&last[..tail.len()]);
        photonbox_secret::wipe(&mut last);
    }
    *v = counter.to_be_bytes();
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Moment = Moment {
        now: Duration::from_secs(100),
        process: 7,
    };

    fn seeded(policy: ReseedPolicy) -> CtrDrbg {
        CtrDrbg::instantiate(&[1; 48], &[], b"test", policy, HERE).expect("a good seed")
    }

    #[test]
    fn short_and_long_inputs_are_refused() {
        let make = |entropy: usize, nonce: usize, personal: usize| {
            let (entropy, nonce, personal) = (vec![1; entropy], vec![2; nonce], vec![3; personal]);
            CtrDrbg::instantiate(&entropy, &nonce, &personal, ReseedPolicy::default(), HERE).err()
        };
        assert_eq!(
            make(31, 32, 0),
            Some(DrbgError::ShortEntropy {
                required: 32,
                found: 31
            })
        );
        assert_eq!(
            make(32, 15, 0),
            Some(DrbgError::ShortEntropy {
                required: 48,
                found: 47
            })
        );
        assert_eq!(make(32, 16, 0), None);
        assert_eq!(make(48, 0, 0), None);
        assert!(matches!(
            make(48, 0, MAX_INPUT_BYTES),
            Some(DrbgError::LongInput(_))
        ));
        let mut drbg = seeded(ReseedPolicy::default());
        assert!(matches!(
            drbg.reseed(&[1; 31], &[], HERE),
            Err(DrbgError::ShortEntropy { .. })
        ));
    }

    #[test]
    fn a_request_of_more_than_64_kib_is_refused_untouched() {
        let mut drbg = seeded(ReseedPolicy::default());
        let mut out = vec![0u8; MAX_REQUEST_BYTES + 1];
        assert_eq!(
            drbg.generate(&mut out, &[], HERE),
            Err(DrbgError::LongRequest(65_537))
        );
        let refused = drbg.generate_with_prediction_resistance(&mut out, &[], &[1; 48], HERE);
        assert_eq!(refused, Err(DrbgError::LongRequest(65_537)));
        assert!(out.iter().all(|&byte| byte == 0));
        assert_eq!(drbg.reseeds(), 0);
        drbg.generate(&mut out[..MAX_REQUEST_BYTES], &[], HERE)
            .expect("exactly 64 KiB are fine");
        assert_eq!(drbg.bytes_since_seed(), 65_536);
    }

    #[test]
    fn limits_in_bytes_time_and_process() {
        let policy = ReseedPolicy {
            bytes: 100,
            time: Duration::from_secs(10),
        };
        let mut drbg = seeded(policy);
        let mut out = [0u8; 99];
        drbg.generate(&mut out, &[], HERE).expect("fresh");
        drbg.generate(&mut out[..1], &[], HERE)
            .expect("99 of 100 bytes are used");
        let due = |reason| Err(DrbgError::ReseedRequired(reason));
        assert_eq!(
            drbg.generate(&mut out[..1], &[], HERE),
            due(ReseedReason::Bytes)
        );
        drbg.reseed(&[2; 48], &[], HERE).expect("a good seed");
        let mut later = HERE;
        later.now += Duration::from_millis(9_999);
        drbg.generate(&mut out[..1], &[], later)
            .expect("not due yet");
        later.now += Duration::from_millis(1);
        assert_eq!(
            drbg.generate(&mut out[..1], &[], later),
            due(ReseedReason::Time)
        );
        let earlier = Moment {
            now: Duration::from_secs(99),
            ..HERE
        };
        assert_eq!(drbg.reseed_due(earlier), Some(ReseedReason::Time));
        let child = Moment { process: 8, ..HERE };
        assert_eq!(
            drbg.generate(&mut out[..1], &[], child),
            due(ReseedReason::Fork)
        );
        drbg.reseed(&[3; 48], &[], child).expect("a good seed");
        drbg.generate(&mut out[..1], &[], child)
            .expect("the child has its own seed now");
        assert_eq!(drbg.reseeds(), 2);
    }

    #[test]
    fn batches_and_tails_are_one_counter_stream() {
        // CTR output must not depend on how the request is cut into batches and blocks.
        let cipher = Aes256::new(&Array([9; 32]));
        let start = u128::MAX - 70; // the counter wraps within the stream
        let mut expected = Vec::new();
        for i in 1..=200u128 {
            let mut block = Array(start.wrapping_add(i).to_be_bytes());
            cipher.encrypt_block(&mut block);
            expected.extend_from_slice(&block);
        }
        for len in [0, 1, 15, 16, 17, 1023, 1024, 1025, 3199, 3200] {
            let mut v = start.to_be_bytes();
            let mut out = vec![0; len];
            fill_with_counters(&cipher, &mut v, &mut out);
            assert_eq!(out, expected[..len]);
            assert_eq!(
                u128::from_be_bytes(v),
                start.wrapping_add(len.div_ceil(16) as u128)
            );
        }
    }

    #[test]
    fn mixing_changes_the_stream_and_no_limit() {
        let policy = ReseedPolicy {
            bytes: 10,
            time: Duration::from_secs(1),
        };
        let (mut plain, mut mixed) = (seeded(policy), seeded(policy));
        mixed.mix(b"what the hub sent").expect("short enough");
        let (mut a, mut b) = ([0u8; 32], [0u8; 32]);
        plain.generate(&mut a, &[], HERE).expect("fresh");
        mixed.generate(&mut b, &[], HERE).expect("fresh");
        assert_ne!(a, b);
        assert_eq!(mixed.reseed_due(HERE), Some(ReseedReason::Bytes));
        mixed.mix(&[1; 64]).expect("short enough");
        assert_eq!(mixed.reseed_due(HERE), Some(ReseedReason::Bytes));
    }

    #[test]
    fn nothing_secret_is_printed() {
        let text = format!("{:?}", seeded(ReseedPolicy::default()));
        assert!(
            !text.contains("key") && text.contains("bytes_since_seed"),
            "{text}"
        );
    }
}
