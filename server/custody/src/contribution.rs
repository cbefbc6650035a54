//! A holder's share on its way back (specification 3-custody §3.2, rule 5): sealed to a key that the hub has for one ceremony alone, signed by
//! the holder, and bound to that ceremony and to what the share is of. Somebody who records it can use it for nothing else, and with the
//! ceremony's end the key that would open it is gone.

use photonbox_hpke::Failed;
use photonbox_signed::{Body, Parts, Signed, put};
use rand_core::TryCryptoRng;

use crate::approval::Ceremony;
use crate::configuration::{Configuration, HASH, Holder, name};
use crate::envelope::{Dealt, GatherError, Gathered, SEALED_SHARE};
use crate::keys::{KeyError, KeyId, SigningKey, signer};
use crate::shamir::Share;
use photonbox_secret::SecretBytes;

/// The longest contribution, bytes.
const MAX_FILE: usize = 4096;
/// Before what a share is sealed with.
const SEALED: &[u8] = b"photonbox/custody/v1/contribution-of-a-share";

/// A share that a holder gives to a ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// Hash of the whole ceremony.
    pub ceremony: [u8; HASH],
    /// Who gives it.
    pub holder: String,
    /// What it is a share of.
    pub dealt: Dealt,
    /// Its place.
    pub x: u8,
    /// The values, for the ceremony's key.
    pub sealed: Vec<u8>,
}

/// What a share is sealed for: purpose, ceremony, both parties, and what it is of.
fn info(ceremony: &[u8; HASH], dealt: &Dealt, x: u8, holder: KeyId) -> Vec<u8> {
    let mut info = Vec::new();
    put(&mut info, SEALED);
    info.extend_from_slice(ceremony);
    dealt.write_all(&mut info);
    info.push(x);
    info.extend_from_slice(&holder.0);
    info
}

/// Why a share is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ContributeError {
    /// The ceremony's key, or the generator.
    #[error("the share cannot be sealed for the ceremony: {0}")]
    Seal(#[from] Failed),
    /// The holder's own key.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// Why a share that was given does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotContributed {
    /// An earlier one perhaps.
    #[error("a share for another ceremony; each ceremony is given shares anew")]
    Ceremony,
    /// Its time is over.
    #[error("a share for a ceremony that has expired; open a new one")]
    Expired,
    /// The ceremony, or what was dealt, is not of the configuration.
    #[error(
        "shares of {given} are asked for, and the configuration is of {present}; ask for those of the present generation"
    )]
    Stale {
        /// What was to be gathered.
        given: String,
        /// The configuration.
        present: String,
    },
    /// Nobody of that name holds one.
    #[error("`{0}` is no holder of this set")]
    Unknown(String),
    /// Signed by another key, or over something else.
    #[error("the share of `{0}` is not signed by its key; have it give the share again")]
    Forged(String),
    /// Another holder's place.
    #[error(
        "`{holder}` gives a share of x = {given}, and its own is x = {own}; have it give its own"
    )]
    Place {
        /// Who.
        holder: String,
        /// The share's.
        given: u8,
        /// The holder's.
        own: u8,
    },
    /// Sealed to another key, or for something else.
    #[error(
        "the share of `{0}` does not open with the ceremony's key; have it give the share again"
    )]
    Sealed(String),
    /// Stale, foreign, doubled.
    #[error(transparent)]
    Gather(#[from] GatherError),
}

impl Contribution {
    /// As a holder that has approved the ceremony.
    ///
    /// # Errors
    /// [`ContributeError`].
    pub fn sign(
        ceremony: &Ceremony,
        (holder, key): (&str, &SigningKey),
        (dealt, share): (&Dealt, &Share),
        random: &mut impl TryCryptoRng,
    ) -> Result<Signed<Self>, ContributeError> {
        let hash = ceremony.hash();
        let info = info(&hash, dealt, share.x, key.public().id());
        let contribution = Self {
            ceremony: hash,
            holder: holder.to_owned(),
            dealt: dealt.clone(),
            x: share.x,
            sealed: photonbox_hpke::seal(&ceremony.hub_key, &info, share.y.as_slice(), random)?,
        };
        Ok(key.sign_object(contribution)?)
    }
}

impl Body for Contribution {
    const WHAT: &'static str = "a share given to a ceremony";
    const MAGIC: [u8; 4] = *b"PBCS";
    const LABEL: &'static [u8] = b"photonbox/custody/v1/contribution";
    const MOST: usize = MAX_FILE;

    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.ceremony);
        put(out, self.holder.as_bytes());
        self.dealt.write_all(out);
        out.push(self.x);
        put(out, &self.sealed);
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            ceremony: parts.array()?,
            holder: name(parts)?,
            dealt: Dealt::read(parts)?,
            x: parts.byte()?,
            sealed: parts.part(SEALED_SHARE)?.to_vec(),
        })
    }
}

/// The shares of one key that were given to one ceremony.
#[derive(Debug)]
pub struct Contributions<'a> {
    configuration: &'a Configuration,
    ceremony: [u8; HASH],
    expires: u64,
    gathered: Gathered,
}

impl<'a> Contributions<'a> {
    /// None yet, of what was dealt.
    ///
    /// # Errors
    /// [`NotContributed::Stale`].
    pub fn new(
        configuration: &'a Configuration,
        ceremony: &Ceremony,
        dealt: Dealt,
    ) -> Result<Self, NotContributed> {
        let present = (configuration.set.as_str(), configuration.generation);
        let asked = [
            (ceremony.set.as_str(), ceremony.generation),
            (dealt.set.as_str(), dealt.generation),
        ];
        if let Some(given) = asked.into_iter().find(|asked| *asked != present) {
            let words = |(set, generation)| format!("set `{set}`, generation {generation}");
            let (given, present) = (words(given), words(present));
            return Err(NotContributed::Stale { given, present });
        }
        Ok(Self {
            configuration,
            ceremony: ceremony.hash(),
            expires: ceremony.expires,
            gathered: Gathered::new(dealt),
        })
    }

    /// Takes one, if it is good at this time (seconds since 1970). `private` is the ceremony's key.
    ///
    /// # Errors
    /// [`NotContributed`], each with its own reason; what was taken before stays.
    pub fn take(
        &mut self,
        signed: &Signed<Contribution>,
        private: &[u8],
        now: u64,
    ) -> Result<&'a Holder, NotContributed> {
        let (given, by) = signer(signed);
        if given.ceremony != self.ceremony {
            return Err(NotContributed::Ceremony);
        }
        if self.expires <= now {
            return Err(NotContributed::Expired);
        }
        let name = || given.holder.clone();
        let holder = self.configuration.holder(&given.holder);
        let holder = holder.ok_or_else(|| NotContributed::Unknown(name()))?;
        if by.as_ref() != Some(&holder.signs) {
            return Err(NotContributed::Forged(name()));
        }
        if given.x != holder.x {
            let (given, own) = (given.x, holder.x);
            let holder = name();
            return Err(NotContributed::Place { holder, given, own });
        }
        let info = info(&given.ceremony, &given.dealt, given.x, holder.signs.id());
        let y = photonbox_hpke::open(private, &info, &given.sealed);
        let y = y.map_err(|_| NotContributed::Sealed(name()))?;
        self.gathered.take(&given.dealt, Share { x: given.x, y })?;
        Ok(holder)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.gathered.count()
    }

    /// The key, if there are enough shares and it is the one that was split.
    ///
    /// # Errors
    /// [`GatherError`].
    pub fn key(&self) -> Result<SecretBytes, GatherError> {
        self.gathered.key()
    }
}

#[cfg(test)]
#[path = "contribution_tests.rs"]
mod tests;
