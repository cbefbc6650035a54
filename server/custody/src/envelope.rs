//! A share on its way to its holder and with it (specification 3-custody §3.2, rule 1): sealed to the holder, signed by the hub, and bound to
//! set, key, generation and ceremony. Shares of different ones are never combined.

use hmac::{Hmac, KeyInit as _, Mac as _};
use photonbox_hpke::{Failed, PUBLIC_KEY, SEALING};
use photonbox_secret::SecretBytes;
use photonbox_signed::{Body, Parts, put};
use rand_core::TryCryptoRng;
use sha2::Sha384;

use crate::approval::NONCE;
use crate::configuration::{Configuration, HASH, name};
use crate::keys::{KEY_ID, KeyId};
use crate::shamir::{self, CombineError, Share, SplitError};

/// The longest envelope, bytes.
const MAX_FILE: usize = 4096;
/// Before what a share is sealed with.
const SEALED: &[u8] = b"photonbox/custody/v1/share";
/// Before what a secret's check is made of.
const CHECK: &[u8] = b"photonbox/custody/v1/check-of-a-key";
/// Bytes of keys that are shared. Others are encrypted under one: a share must not help to guess a short secret.
pub const KEY: usize = 32;
/// Bytes of a share of one, sealed.
pub(crate) const SEALED_SHARE: usize = KEY + SEALING;

/// Which shares belong together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dealt {
    /// The set.
    pub set: String,
    /// Which of its keys.
    pub key: String,
    /// The set's generation.
    pub generation: u64,
    /// The ceremony that they were made in.
    pub nonce: [u8; NONCE],
    /// m.
    pub threshold: u8,
    /// n.
    pub holders: u8,
    /// By which the whole key is known again (HMAC-SHA-384 under it): fewer shares, or wrong ones, give another key without a sign.
    pub check: [u8; HASH],
}

impl Dealt {
    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.set.as_bytes());
        put(out, self.key.as_bytes());
        out.extend_from_slice(&self.generation.to_be_bytes());
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&[self.threshold, self.holders]);
    }

    /// The same with the check behind it.
    pub(crate) fn write_all(&self, out: &mut Vec<u8>) {
        self.write(out);
        out.extend_from_slice(&self.check);
    }

    /// What [`Dealt::write_all`] wrote.
    pub(crate) fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            set: name(parts)?,
            key: name(parts)?,
            generation: parts.number()?,
            nonce: parts.array()?,
            threshold: parts.byte()?,
            holders: parts.byte()?,
            check: parts.array()?,
        })
    }

    fn check_of(&self, secret: &SecretBytes) -> Hmac<Sha384> {
        let Ok(mut mac) = Hmac::<Sha384>::new_from_slice(secret.as_slice()) else {
            unreachable!("HMAC takes keys of any length")
        };
        let mut parts = Vec::new();
        put(&mut parts, CHECK);
        self.write(&mut parts);
        mac.update(&parts);
        mac
    }
}

impl std::fmt::Display for Dealt {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let ceremony = &self.nonce[..4];
        write!(
            f,
            "key `{}` of set `{}`, generation {}, ceremony ",
            self.key, self.set, self.generation
        )?;
        ceremony.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// A holder's share of a key, sealed to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope {
    /// What it is a share of.
    pub dealt: Dealt,
    /// Its place.
    pub x: u8,
    /// The holder's signing key.
    pub holder: KeyId,
    /// The values.
    pub sealed: Vec<u8>,
}

/// What a share is sealed for: all that its envelope says.
fn info(dealt: &Dealt, x: u8, holder: KeyId) -> Vec<u8> {
    let mut info = Vec::new();
    put(&mut info, SEALED);
    dealt.write_all(&mut info);
    info.push(x);
    info.extend_from_slice(&holder.0);
    info
}

/// Why shares are not made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DealError {
    /// Only random keys of 32 bytes are shared.
    #[error("a key of {0} bytes; share one of 32, and encrypt anything else under it")]
    Length(usize),
    /// The sharing.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The sealing.
    #[error("a share cannot be sealed: {0}")]
    Seal(#[from] Failed),
}

/// Splits a key among the holders of a configuration, an envelope for each in their order. The caller signs them.
///
/// # Errors
/// [`DealError`].
pub fn deal(
    secret: &SecretBytes,
    key: &str,
    configuration: &Configuration,
    nonce: [u8; NONCE],
    random: &mut impl TryCryptoRng,
) -> Result<Vec<Envelope>, DealError> {
    if secret.len() != KEY {
        return Err(DealError::Length(secret.len()));
    }
    let holders = &configuration.holders;
    let places: Vec<u8> = holders.iter().map(|holder| holder.x).collect();
    let shares = shamir::split(secret.as_slice(), configuration.threshold, &places, random)?;
    let mut dealt = Dealt {
        set: configuration.set.clone(),
        key: key.to_owned(),
        generation: configuration.generation,
        nonce,
        threshold: configuration.threshold,
        holders: u8::try_from(holders.len()).unwrap_or(u8::MAX),
        check: [0; HASH],
    };
    dealt.check = dealt.check_of(secret).finalize().into_bytes().into();
    let each = holders.iter().zip(shares).map(|(holder, share)| {
        let id = holder.signs.id();
        let to: &[u8; PUBLIC_KEY] = &holder.hpke_key;
        let info = info(&dealt, share.x, id);
        Ok(Envelope {
            dealt: dealt.clone(),
            x: share.x,
            holder: id,
            sealed: photonbox_hpke::seal(to, &info, share.y.as_slice(), random)?,
        })
    });
    each.collect()
}

impl Envelope {
    /// The share in it, for its holder.
    ///
    /// # Errors
    /// [`Failed`]: another holder's, or changed.
    pub fn open(&self, private: &[u8]) -> Result<Share, Failed> {
        let info = info(&self.dealt, self.x, self.holder);
        let y = photonbox_hpke::open(private, &info, &self.sealed)?;
        Ok(Share { x: self.x, y })
    }
}

impl Body for Envelope {
    const WHAT: &'static str = "a share's envelope";
    const MAGIC: [u8; 4] = *b"PBCE";
    const LABEL: &'static [u8] = b"photonbox/custody/v1/envelope";
    const MOST: usize = MAX_FILE;

    fn write(&self, out: &mut Vec<u8>) {
        self.dealt.write_all(out);
        out.push(self.x);
        out.extend_from_slice(&self.holder.0);
        put(out, &self.sealed);
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            dealt: Dealt::read(parts)?,
            x: parts.byte()?,
            holder: KeyId(parts.array::<KEY_ID>()?),
            sealed: parts.part(SEALED_SHARE)?.to_vec(),
        })
    }
}

/// Why shares don't come together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum GatherError {
    /// Of another set, key, generation or ceremony.
    #[error("a share of {given} among those of {wanted}; shares of one ceremony go together")]
    Foreign {
        /// The share's.
        given: String,
        /// The others'.
        wanted: String,
    },
    /// Places and lengths.
    #[error(transparent)]
    Combine(#[from] CombineError),
    /// What they give is not the key: one of them at least was changed.
    #[error(
        "the shares do not give the key that was split: one of x = {0} was changed; leave them out one by one"
    )]
    Wrong(String),
}

/// Shares that were given for one key.
#[derive(Debug)]
pub struct Gathered {
    dealt: Dealt,
    shares: Vec<Share>,
}

impl Gathered {
    /// None yet, of what was dealt.
    #[must_use]
    pub fn new(dealt: Dealt) -> Self {
        let shares = Vec::new();
        Self { dealt, shares }
    }

    /// Takes a share with what its envelope says that it is of.
    ///
    /// # Errors
    /// [`GatherError::Foreign`], [`GatherError::Combine`]: there is one of this place.
    pub fn take(&mut self, dealt: &Dealt, share: Share) -> Result<(), GatherError> {
        if *dealt != self.dealt {
            let (given, wanted) = (dealt.to_string(), self.dealt.to_string());
            return Err(GatherError::Foreign { given, wanted });
        }
        if self.shares.iter().any(|other| other.x == share.x) {
            return Err(CombineError::X(share.x).into());
        }
        self.shares.push(share);
        Ok(())
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.shares.len()
    }

    /// The key, if there are enough shares and it is the one that was split.
    ///
    /// # Errors
    /// [`GatherError`].
    pub fn key(&self) -> Result<SecretBytes, GatherError> {
        let shares: Vec<&Share> = self.shares.iter().collect();
        let places = || {
            let places = self.shares.iter().map(|share| share.x.to_string());
            places.collect::<Vec<_>>().join(", ")
        };
        let key = match shamir::combine(&shares, self.dealt.threshold) {
            Err(CombineError::Inconsistent) => return Err(GatherError::Wrong(places())),
            key => key?,
        };
        let check = self.dealt.check_of(&key).verify_slice(&self.dealt.check);
        check.map_err(|_| GatherError::Wrong(places()))?;
        Ok(key)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use crate::configuration::tests::three_of_five;
    use photonbox_secret::SecretArray;
    use photonbox_signed::Signed;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    pub(crate) type Private = SecretArray<{ photonbox_hpke::PRIVATE_KEY }>;

    /// A configuration whose holders' private keys are here.
    pub(crate) fn holders() -> (Configuration, Vec<Private>) {
        let random = &mut ChaCha20Rng::seed_from_u64(7);
        let (mut configuration, _) = three_of_five();
        let mut private = Vec::new();
        for holder in &mut configuration.holders {
            let pair = photonbox_hpke::key_pair(random).unwrap();
            holder.hpke_key = pair.1;
            private.push(pair.0);
        }
        (configuration, private)
    }

    pub(crate) fn key(byte: u8) -> SecretBytes {
        SecretBytes::from_slice(&[byte; KEY])
    }

    pub(crate) fn dealt(
        configuration: &Configuration,
        secret: &SecretBytes,
        nonce: u8,
    ) -> Vec<Envelope> {
        let random = &mut ChaCha20Rng::seed_from_u64(8);
        deal(secret, "root-key", configuration, [nonce; NONCE], random).unwrap()
    }

    #[test]
    fn any_three_of_five_give_the_key_again() {
        let (configuration, private) = holders();
        let secret = key(0x42);
        let envelopes = dealt(&configuration, &secret, 1);
        for subset in 0_u8..32 {
            let mut gathered = Gathered::new(envelopes[0].dealt.clone());
            for at in (0..5).filter(|at| subset & (1 << at) != 0) {
                // As it lies with its holder.
                let signed = Signed::sign(envelopes[at].clone(), b"hub", |_| Ok::<_, ()>(vec![1]));
                let read = Signed::<Envelope>::read(&signed.unwrap().to_bytes()).unwrap();
                let (envelope, ()) = read.check(|_, _, _| Ok::<_, ()>(())).unwrap();
                let share = envelope.open(private[at].as_slice()).unwrap();
                gathered.take(&envelope.dealt, share).unwrap();
            }
            let given = gathered.count();
            if given >= 3 {
                assert_eq!(gathered.key().unwrap(), secret);
            } else {
                let threshold = 3;
                let few = CombineError::TooFew { given, threshold };
                assert_eq!(gathered.key().err(), Some(few.into()));
            }
        }
    }

    #[test]
    fn an_envelope_opens_for_its_holder_as_it_is() {
        let (configuration, private) = holders();
        let envelopes = dealt(&configuration, &key(1), 1);
        let (own, other) = (private[0].as_slice(), private[1].as_slice());
        assert!(envelopes[0].open(own).is_ok());
        assert_eq!(envelopes[0].open(other).err(), Some(Failed::Forged));
        let change: [fn(&mut Envelope); 9] = [
            |one| one.dealt.set = "other".into(),
            |one| one.dealt.key = "other".into(),
            |one| one.dealt.generation += 1,
            |one| one.dealt.nonce[0] ^= 1,
            |one| one.dealt.threshold = 2,
            |one| one.dealt.holders = 4,
            |one| one.dealt.check[0] ^= 1,
            |one| one.x = 8,
            |one| one.holder.0[0] ^= 1,
        ];
        for (at, change) in change.iter().enumerate() {
            let mut changed = envelopes[0].clone();
            change(&mut changed);
            assert_eq!(changed.open(own).err(), Some(Failed::Forged), "{at}");
        }
    }

    /// Stale, foreign, duplicate and corrupted shares: each by its name.
    #[test]
    fn shares_that_do_not_belong_together_are_named() {
        let (configuration, private) = holders();
        let envelopes = dealt(&configuration, &key(1), 1);
        let share = |envelope: &Envelope, at: usize| envelope.open(private[at].as_slice()).unwrap();
        let mut gathered = Gathered::new(envelopes[0].dealt.clone());
        for at in [0, 1] {
            gathered
                .take(&envelopes[at].dealt, share(&envelopes[at], at))
                .unwrap();
        }
        let duplicate = gathered.take(&envelopes[1].dealt, share(&envelopes[1], 1));
        assert_eq!(duplicate, Err(CombineError::X(8).into()));
        let mut next = configuration.clone();
        next.generation = 5;
        let (stale, foreign) = (dealt(&next, &key(1), 1), dealt(&configuration, &key(1), 2));
        for (others, word) in [(&stale, "generation 5"), (&foreign, "ceremony 02020202")] {
            let refused = gathered
                .take(&others[2].dealt, share(&others[2], 2))
                .unwrap_err();
            let said = refused.to_string();
            assert!(
                said.contains(word) && said.contains("ceremony 01010101"),
                "{said}"
            );
        }
        // A changed one is only noticed with the check: three of three.
        let mut changed = share(&envelopes[2], 2);
        changed.y.as_mut_slice()[0] ^= 1;
        gathered.take(&envelopes[2].dealt, changed).unwrap();
        let wrong = GatherError::Wrong("3, 8, 77".into());
        assert_eq!(gathered.key().err(), Some(wrong));
        let fourth = share(&envelopes[3], 3);
        gathered.take(&envelopes[3].dealt, fourth).unwrap();
        let wrong = GatherError::Wrong("3, 8, 77, 200".into());
        assert_eq!(gathered.key().err(), Some(wrong));
        // Only keys are shared.
        let random = &mut ChaCha20Rng::seed_from_u64(9);
        let short = SecretBytes::from_slice(b"1234");
        let refused = deal(&short, "pin", &configuration, [1; NONCE], random);
        assert_eq!(refused.err(), Some(DealError::Length(4)));
    }
}
