//! The configuration file: who the holders of a set are, how many of them are needed, and where the audit log stood. The hub signs it, and
//! holders countersign it; without one that is whole, theirs and the newest, no operation with a key is done (specification 3-custody §3.1).

use std::collections::BTreeSet;

use photonbox_hpke::PUBLIC_KEY;
use photonbox_signed::{Body, Parts, put};
use sha2::{Digest as _, Sha384};

use crate::keys::VerifyingKey;
use crate::policy::{MAX_POLICY, Policy, PolicyError};

/// The longest name of a set or a holder, bytes.
pub const MAX_NAME: usize = 63;
/// The longest file, bytes: 255 holders with their keys, the policy, and a signature.
const MAX_FILE: usize = 128 * 1024;
/// Bytes of hashes: SHA-384.
pub const HASH: usize = 48;

/// A holder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// Its id, in its certificate.
    pub name: String,
    /// Where its shares lie on the polynomials.
    pub x: u8,
    /// What its approvals are judged by.
    pub signs: VerifyingKey,
    /// What shares are sealed to.
    pub hpke_key: [u8; PUBLIC_KEY],
}

/// What a set is in one generation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Configuration {
    /// The set.
    pub set: String,
    /// From 1 on; each change of holders or shares makes the next.
    pub generation: u64,
    /// How many shares give a key.
    pub threshold: u8,
    /// Who has to approve ([`Policy`]). It can ask for more than the threshold, not for less.
    pub policy: String,
    /// In the order of their x.
    pub holders: Vec<Holder>,
    /// Number and hash of the audit log's last entry when it was made.
    pub audit: (u64, [u8; HASH]),
    /// Hash of the configuration before this one; zeros in the first.
    pub previous: [u8; HASH],
}

/// Why a configuration can't be, or is not taken for the newest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ConfigurationError {
    /// 2 <= m <= n <= 255.
    #[error(
        "a threshold of {threshold} for {holders} holders; make it 2 or more, and no more than the holders, who are at most 255"
    )]
    Threshold {
        /// m.
        threshold: u8,
        /// n.
        holders: usize,
    },
    /// Letters, digits, dots, dashes and underscores.
    #[error(
        "`{0}` is no name of a set or a holder; use 1 to 63 letters, digits, dots, dashes or underscores, but not `all`"
    )]
    Name(String),
    /// The same name, place or key twice, or places that don't rise from 1 to 255.
    #[error("holder `{0}` has the name, the place or a key of another one; each has its own")]
    Twice(String),
    /// The policy is none for these holders.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// Fewer approvals than shares would do.
    #[error(
        "the policy `{0}` can be met by fewer holders than the threshold; ask for as many at least"
    )]
    Weak(String),
    /// It is older than one that was signed here before.
    #[error(
        "a configuration of generation {given}, and generation {known} was signed here before; somebody has put an old file back: restore the newest"
    )]
    RolledBack {
        /// The file's.
        given: u64,
        /// What is known.
        known: u64,
    },
    /// The same generation, and something else.
    #[error(
        "another configuration of generation {0} than the one that was signed here before; restore the one that the holders signed"
    )]
    Replaced(u64),
    /// The audit log is shorter than it was.
    #[error(
        "its audit log ends at entry {given}, and entry {known} was signed here before; restore the log"
    )]
    LogCut {
        /// The file's.
        given: u64,
        /// What is known.
        known: u64,
    },
}

/// What a holder, or a hub, remembers of the newest configuration that it signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Its generation.
    pub generation: u64,
    /// Its hash.
    pub hash: [u8; HASH],
    /// The number of the audit log's last entry in it.
    pub audit: u64,
}

/// Reads a name: what is no name is shown to nobody.
pub(crate) fn name(parts: &mut Parts<'_>) -> Option<String> {
    parts.text(MAX_NAME).filter(|name| is_name(name))
}

fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
    (1..=MAX_NAME).contains(&name.len()) && name.bytes().all(plain) && name != "all"
}

impl Configuration {
    /// Whether it can be: names, places, keys, threshold and policy.
    ///
    /// # Errors
    /// [`ConfigurationError`].
    pub fn check(&self) -> Result<(), ConfigurationError> {
        let holders = self.holders.len();
        let threshold = self.threshold;
        if threshold < 2 || usize::from(threshold) > holders || holders > 255 {
            return Err(ConfigurationError::Threshold { threshold, holders });
        }
        let names = self.holders.iter().map(|holder| &holder.name);
        if let Some(name) = names.chain([&self.set]).find(|name| !is_name(name)) {
            return Err(ConfigurationError::Name(name.clone()));
        }
        let (mut seen, mut before) = (BTreeSet::new(), 0);
        for holder in &self.holders {
            let fresh = holder.x > before
                && seen.insert(holder.name.as_bytes())
                && seen.insert(holder.signs.as_bytes())
                && seen.insert(&holder.hpke_key);
            if !fresh {
                return Err(ConfigurationError::Twice(holder.name.clone()));
            }
            before = holder.x;
        }
        let policy = Policy::parse(&self.policy)?;
        policy.check(&self.names())?;
        if policy.fewest(holders) < usize::from(threshold) {
            return Err(ConfigurationError::Weak(self.policy.clone()));
        }
        Ok(())
    }

    /// The holders' names.
    #[must_use]
    pub fn names(&self) -> BTreeSet<&str> {
        let names = self.holders.iter().map(|holder| holder.name.as_str());
        names.collect()
    }

    /// A holder.
    #[must_use]
    pub fn holder(&self, name: &str) -> Option<&Holder> {
        self.holders.iter().find(|holder| holder.name == name)
    }

    /// What is remembered of it.
    #[must_use]
    pub fn known(&self) -> Known {
        let mut parts = Vec::new();
        put(&mut parts, Self::LABEL);
        self.write(&mut parts);
        Known {
            generation: self.generation,
            hash: Sha384::digest(&parts).into(),
            audit: self.audit.0,
        }
    }

    /// Whether it is the one that is known, or a later one.
    ///
    /// # Errors
    /// [`ConfigurationError::RolledBack`], [`ConfigurationError::Replaced`], [`ConfigurationError::LogCut`].
    pub fn is_not_before(&self, known: &Known) -> Result<(), ConfigurationError> {
        let own = self.known();
        if own.generation < known.generation {
            let (given, known) = (own.generation, known.generation);
            return Err(ConfigurationError::RolledBack { given, known });
        }
        if own.generation == known.generation && own.hash != known.hash {
            return Err(ConfigurationError::Replaced(own.generation));
        }
        if own.audit < known.audit {
            let (given, known) = (own.audit, known.audit);
            return Err(ConfigurationError::LogCut { given, known });
        }
        Ok(())
    }
}

impl Body for Configuration {
    const WHAT: &'static str = "a custody configuration";
    const MAGIC: [u8; 4] = *b"PBCC";
    const LABEL: &'static [u8] = b"photonbox/custody/v1/configuration";
    const MOST: usize = MAX_FILE;

    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.set.as_bytes());
        out.extend_from_slice(&self.generation.to_be_bytes());
        out.push(self.threshold);
        put(out, self.policy.as_bytes());
        out.extend_from_slice(&(self.holders.len() as u32).to_be_bytes());
        for holder in &self.holders {
            put(out, holder.name.as_bytes());
            out.push(holder.x);
            put(out, holder.signs.as_bytes());
            out.extend_from_slice(&holder.hpke_key);
        }
        out.extend_from_slice(&self.audit.0.to_be_bytes());
        out.extend_from_slice(&self.audit.1);
        out.extend_from_slice(&self.previous);
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        let (set, generation) = (parts.text(MAX_NAME)?, parts.number()?);
        let (threshold, policy) = (parts.byte()?, parts.text(MAX_POLICY)?);
        let count = parts.count(255)?;
        let mut holders = Vec::new();
        for _ in 0..count {
            holders.push(Holder {
                name: parts.text(MAX_NAME)?,
                x: parts.byte()?,
                signs: VerifyingKey::read(parts.part(128)?).ok()?,
                hpke_key: parts.array()?,
            });
        }
        Some(Self {
            set,
            generation,
            threshold,
            policy,
            holders,
            audit: (parts.number()?, parts.array()?),
            previous: parts.array()?,
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use crate::keys::{Algorithm, SigningKey};
    use photonbox_signed::Signed;
    use rand_chacha::ChaCha20Rng;
    use rand_core::SeedableRng as _;

    pub(crate) const NAMES: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

    /// Three of five, and their keys.
    pub(crate) fn three_of_five() -> (Configuration, Vec<SigningKey>) {
        let random = &mut ChaCha20Rng::seed_from_u64(1);
        let (mut holders, mut keys) = (Vec::new(), Vec::new());
        for (name, x) in NAMES.into_iter().zip([3, 8, 77, 200, 255]) {
            let algorithm = Algorithm::ALL[usize::from(x) % 2];
            let key = SigningKey::draw(algorithm, random).unwrap();
            holders.push(Holder {
                name: name.into(),
                x,
                signs: key.public().clone(),
                hpke_key: photonbox_hpke::key_pair(random).unwrap().1,
            });
            keys.push(key);
        }
        let configuration = Configuration {
            set: "root".into(),
            generation: 4,
            threshold: 3,
            policy: "3 of all".into(),
            holders,
            audit: (17, [5; HASH]),
            previous: [6; HASH],
        };
        (configuration, keys)
    }

    #[test]
    fn it_is_read_as_it_was_written_and_nothing_else_is() {
        let (configuration, _) = three_of_five();
        assert_eq!(configuration.check(), Ok(()));
        let signed = Signed::sign(configuration, b"hub", |_| Ok::<_, ()>(vec![1; 96])).unwrap();
        let bytes = signed.to_bytes();
        assert_eq!(Signed::read(&bytes).as_ref(), Ok(&signed));
        for at in 0..bytes.len() {
            assert!(
                Signed::<Configuration>::read(&bytes[..at]).is_err(),
                "cut at {at}"
            );
        }
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let (good, _) = three_of_five();
        let refused = |change: &dyn Fn(&mut Configuration)| {
            let mut changed = good.clone();
            change(&mut changed);
            changed.check().unwrap_err()
        };
        let (threshold, holders) = (6, 5);
        let wrong = ConfigurationError::Threshold { threshold, holders };
        assert_eq!(refused(&|one| one.threshold = 6), wrong);
        let wrong = |name: &str| ConfigurationError::Name(name.into());
        for name in ["", "all", "a b", "a,b", "ä", "../x", &"x".repeat(64)] {
            let renamed = refused(&|one| one.holders[2].name = name.into());
            assert_eq!(renamed, wrong(name));
        }
        assert_eq!(refused(&|one| one.set = "a/b".into()), wrong("a/b"));
        let twice = ConfigurationError::Twice("bob".into());
        assert_eq!(refused(&|one| one.holders[1].x = 3), twice);
        assert_eq!(refused(&|one| one.holders[1].x = 2), twice, "out of order");
        let same = good.holders[0].signs.clone();
        assert_eq!(refused(&|one| one.holders[1].signs = same.clone()), twice);
        let same = good.holders[0].hpke_key;
        assert_eq!(refused(&|one| one.holders[1].hpke_key = same), twice);
        let alice = ConfigurationError::Twice("alice".into());
        assert_eq!(refused(&|one| one.holders[1].name = "alice".into()), alice);
        assert_eq!(
            refused(&|one| one.holders[0].x = 0),
            alice,
            "the secret's own place"
        );
        let policy = refused(&|one| one.policy = "3 of (alice, zoe, bob)".into());
        assert_eq!(policy, PolicyError::Unknown("zoe".into()).into());
        for weak in ["2 of all", "3 of all or 2 of (alice, bob)"] {
            let wrong = ConfigurationError::Weak(weak.into());
            assert_eq!(refused(&|one| one.policy = weak.into()), wrong);
        }
        // Groups that have nobody in common add up.
        let mut strong = good.clone();
        strong.policy = "1 of (alice, bob) and 2 of (carol, dave, erin)".into();
        assert_eq!(strong.check(), Ok(()));
    }

    #[test]
    fn an_older_or_another_one_is_noticed() {
        let (configuration, _) = three_of_five();
        let known = configuration.known();
        assert_eq!(configuration.is_not_before(&known), Ok(()));
        let changed = |change: &dyn Fn(&mut Configuration)| {
            let mut changed = configuration.clone();
            change(&mut changed);
            changed.is_not_before(&known)
        };
        let (given, later) = (3, 4);
        let known = later;
        let old = Err(ConfigurationError::RolledBack { given, known });
        assert_eq!(changed(&|one| one.generation = 3), old);
        let other = Err(ConfigurationError::Replaced(4));
        assert_eq!(changed(&|one| one.threshold = 2), other);
        assert_eq!(changed(&|one| one.holders[4].x = 254), other);
        let (given, known) = (16, 17);
        let cut = Err(ConfigurationError::LogCut { given, known });
        assert_eq!(changed(&|one| (one.generation, one.audit.0) = (5, 16)), cut);
        assert_eq!(changed(&|one| one.generation = 5), Ok(()));
    }
}
