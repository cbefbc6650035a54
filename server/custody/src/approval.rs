//! Ceremonies and approvals (specification 3-custody §3.2): a hub opens a ceremony for one operation, and holders approve exactly that.
//!
//! An approval names set, generation, ceremony, operation and end, and is signed by the holder's key: for another set, another generation,
//! another ceremony, another operation or a later time it is worth nothing.

use std::collections::BTreeMap;
use std::fmt;

use photonbox_hpke::PUBLIC_KEY;
use photonbox_signed::{Body, Parts, Signed, put};
use sha2::{Digest as _, Sha384};

use crate::configuration::{Configuration, HASH, Holder, name};
use crate::keys::{KeyError, SigningKey, VerifyingKey, signer};
use crate::policy::{Policy, PolicyError};

/// The longest reason that a requester gives, bytes.
pub const MAX_PURPOSE: usize = 255;
/// The longest ceremony or approval, bytes.
const MAX_FILE: usize = 4096;
/// Bytes of a ceremony's number.
pub const NONCE: usize = 32;

/// What a ceremony is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Operation {
    /// A hub gets its root key back.
    Unlock {
        /// The hub's name.
        hub: String,
    },
    /// Somebody becomes a holder.
    Add {
        /// Who, with which keys.
        holder: Holder,
    },
    /// Somebody is no holder any more, and the root key is replaced.
    Remove {
        /// Who.
        holder: String,
    },
    /// New shares for the same holders.
    Refresh,
    /// A key goes to who asks for it.
    Request {
        /// Its name.
        key: String,
        /// Who asks.
        requester: String,
        /// Why, in its words.
        purpose: String,
        /// What the key is sealed to.
        hpke_key: [u8; PUBLIC_KEY],
    },
}

impl Operation {
    fn code(&self) -> u8 {
        match self {
            Self::Unlock { .. } => 1,
            Self::Add { .. } => 2,
            Self::Remove { .. } => 3,
            Self::Refresh => 4,
            Self::Request { .. } => 5,
        }
    }

    fn write(&self, out: &mut Vec<u8>) {
        out.push(self.code());
        match self {
            Self::Unlock { hub: name } | Self::Remove { holder: name } => put(out, name.as_bytes()),
            Self::Add { holder } => {
                put(out, holder.name.as_bytes());
                out.push(holder.x);
                put(out, holder.signs.as_bytes());
                out.extend_from_slice(&holder.hpke_key);
            }
            Self::Refresh => {}
            Self::Request {
                key,
                requester,
                purpose,
                hpke_key,
            } => {
                put(out, key.as_bytes());
                put(out, requester.as_bytes());
                put(out, purpose.as_bytes());
                out.extend_from_slice(hpke_key);
            }
        }
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(match parts.byte()? {
            1 => Self::Unlock { hub: name(parts)? },
            2 => Self::Add {
                holder: Holder {
                    name: name(parts)?,
                    x: parts.byte()?,
                    signs: VerifyingKey::read(parts.part(128)?).ok()?,
                    hpke_key: parts.array()?,
                },
            },
            3 => Self::Remove {
                holder: name(parts)?,
            },
            4 => Self::Refresh,
            5 => Self::Request {
                key: name(parts)?,
                requester: name(parts)?,
                purpose: parts.text(MAX_PURPOSE)?,
                hpke_key: parts.array()?,
            },
            _ => return None,
        })
    }
}

/// As a holder reads it before it signs.
impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unlock { hub } => write!(f, "unlock hub `{hub}`"),
            Self::Add { holder } => {
                let key = holder.signs.id();
                write!(f, "make `{}` (key {key}) a holder", holder.name)
            }
            Self::Remove { holder } => write!(f, "take `{holder}` out of the holders"),
            Self::Refresh => f.write_str("give all holders new shares"),
            Self::Request {
                key,
                requester,
                purpose,
                ..
            } => {
                // What somebody else wrote must not pass for what stands around it.
                let purpose = purpose.escape_debug();
                write!(
                    f,
                    "give key `{key}` to `{requester}`, who says: \"{purpose}\""
                )
            }
        }
    }
}

/// What the hub asks holders to approve.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ceremony {
    /// The set.
    pub set: String,
    /// Its generation.
    pub generation: u64,
    /// The ceremony's number.
    pub nonce: [u8; NONCE],
    /// What for.
    pub operation: Operation,
    /// What shares for it are sealed to. The hub is to keep the private key until the ceremony ends, and nowhere but in memory.
    pub hub_key: [u8; PUBLIC_KEY],
    /// Until when it may be approved, seconds since 1970.
    pub expires: u64,
}

impl Body for Ceremony {
    const WHAT: &'static str = "a custody ceremony";
    const MAGIC: [u8; 4] = *b"PBCO";
    const LABEL: &'static [u8] = b"photonbox/custody/v1/ceremony";
    const MOST: usize = MAX_FILE;

    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.set.as_bytes());
        out.extend_from_slice(&self.generation.to_be_bytes());
        out.extend_from_slice(&self.nonce);
        self.operation.write(out);
        out.extend_from_slice(&self.hub_key);
        out.extend_from_slice(&self.expires.to_be_bytes());
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            set: name(parts)?,
            generation: parts.number()?,
            nonce: parts.array()?,
            operation: Operation::read(parts)?,
            hub_key: parts.array()?,
            expires: parts.number()?,
        })
    }
}

impl Ceremony {
    /// Names all of it.
    #[must_use]
    pub fn hash(&self) -> [u8; HASH] {
        let mut parts = Vec::new();
        put(&mut parts, Self::LABEL);
        self.write(&mut parts);
        Sha384::digest(&parts).into()
    }
}

/// That a holder approves a ceremony.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Approval {
    /// The set.
    pub set: String,
    /// Its generation.
    pub generation: u64,
    /// The ceremony's number.
    pub nonce: [u8; NONCE],
    /// Hash of the whole ceremony, its operation and its end among it.
    pub ceremony: [u8; HASH],
    /// Who approves.
    pub holder: String,
    /// Until when, seconds since 1970: the ceremony's end or sooner.
    pub expires: u64,
}

impl Body for Approval {
    const WHAT: &'static str = "an approval";
    const MAGIC: [u8; 4] = *b"PBCA";
    const LABEL: &'static [u8] = b"photonbox/custody/v1/approval";
    const MOST: usize = MAX_FILE;

    fn write(&self, out: &mut Vec<u8>) {
        put(out, self.set.as_bytes());
        out.extend_from_slice(&self.generation.to_be_bytes());
        out.extend_from_slice(&self.nonce);
        out.extend_from_slice(&self.ceremony);
        put(out, self.holder.as_bytes());
        out.extend_from_slice(&self.expires.to_be_bytes());
    }

    fn read(parts: &mut Parts<'_>) -> Option<Self> {
        Some(Self {
            set: name(parts)?,
            generation: parts.number()?,
            nonce: parts.array()?,
            ceremony: parts.array()?,
            holder: name(parts)?,
            expires: parts.number()?,
        })
    }
}

/// Why an approval does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotApproved {
    /// Of another set.
    #[error("an approval for set `{0}`; approve the ceremony of this one")]
    Set(String),
    /// Of another generation.
    #[error(
        "an approval of generation {given}, and the set is in {present}; approve a ceremony of that"
    )]
    Generation {
        /// The approval's.
        given: u64,
        /// The set's.
        present: u64,
    },
    /// Of another ceremony, an earlier one perhaps.
    #[error("an approval of another ceremony; each ceremony is approved anew")]
    Ceremony,
    /// Same number, and not what it was opened for.
    #[error(
        "an approval of another operation than this ceremony's; look at what it is for, and approve that"
    )]
    Operation,
    /// Its time, or the ceremony's, is over.
    #[error("an approval that has expired; open a new ceremony")]
    Expired,
    /// Nobody of that name holds a share.
    #[error("`{0}` is no holder of this set")]
    Unknown(String),
    /// Signed by another key, or over something else.
    #[error("the approval of `{0}` is not signed by its key; have it approve again")]
    Forged(String),
    /// It counts once.
    #[error("`{0}` has approved this ceremony before")]
    Twice(String),
}

impl Approval {
    /// As a holder that has read the ceremony.
    ///
    /// # Errors
    /// [`KeyError`].
    pub fn sign(
        ceremony: &Ceremony,
        holder: &str,
        key: &SigningKey,
    ) -> Result<Signed<Self>, KeyError> {
        let approval = Self {
            set: ceremony.set.clone(),
            generation: ceremony.generation,
            nonce: ceremony.nonce,
            ceremony: ceremony.hash(),
            holder: holder.to_owned(),
            expires: ceremony.expires,
        };
        key.sign_object(approval)
    }
}

/// The approvals of one ceremony.
#[derive(Debug)]
pub struct Approvals<'a> {
    configuration: &'a Configuration,
    ceremony: &'a Ceremony,
    given: BTreeMap<String, Signed<Approval>>,
}

impl<'a> Approvals<'a> {
    /// None yet.
    ///
    /// # Errors
    /// [`NotApproved::Set`], [`NotApproved::Generation`]: the ceremony is of another configuration.
    pub fn new(
        configuration: &'a Configuration,
        ceremony: &'a Ceremony,
    ) -> Result<Self, NotApproved> {
        same_set(configuration, &ceremony.set, ceremony.generation)?;
        Ok(Self {
            configuration,
            ceremony,
            given: BTreeMap::new(),
        })
    }

    /// Takes one, if it is good at this time (seconds since 1970).
    ///
    /// # Errors
    /// [`NotApproved`], each with its own reason.
    pub fn take(&mut self, signed: Signed<Approval>, now: u64) -> Result<&Holder, NotApproved> {
        let (approval, by) = signer(&signed);
        same_set(self.configuration, &approval.set, approval.generation)?;
        if approval.nonce != self.ceremony.nonce {
            return Err(NotApproved::Ceremony);
        }
        if approval.ceremony != self.ceremony.hash() {
            return Err(NotApproved::Operation);
        }
        if approval.expires.min(self.ceremony.expires) <= now {
            return Err(NotApproved::Expired);
        }
        let name = approval.holder.clone();
        let holder = self.configuration.holder(&name);
        let holder = holder.ok_or_else(|| NotApproved::Unknown(name.clone()))?;
        if by.as_ref() != Some(&holder.signs) {
            return Err(NotApproved::Forged(name));
        }
        if self.given.contains_key(&name) {
            return Err(NotApproved::Twice(name));
        }
        self.given.insert(name, signed);
        Ok(holder)
    }

    /// Who has approved.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.given.keys().map(String::as_str)
    }

    /// Whether they are enough. A holder that is to go has no say in it.
    ///
    /// # Errors
    /// [`PolicyError`]: the configuration was not checked.
    pub fn are_enough(&self) -> Result<bool, PolicyError> {
        let leaving = match &self.ceremony.operation {
            Operation::Remove { holder } => Some(holder.as_str()),
            _ => None,
        };
        let approved = self.names().filter(|name| Some(*name) != leaving).collect();
        Ok(Policy::parse(&self.configuration.policy)?.is_met(&approved))
    }
}

fn same_set(configuration: &Configuration, set: &str, generation: u64) -> Result<(), NotApproved> {
    if set != configuration.set {
        return Err(NotApproved::Set(set.to_owned()));
    }
    if generation != configuration.generation {
        return Err(NotApproved::Generation {
            given: generation,
            present: configuration.generation,
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // an unexpected error must fail the test

    use super::*;
    use crate::configuration::tests::{NAMES, three_of_five};

    const NOW: u64 = 1_800_000_000;

    fn ceremony(operation: Operation) -> Ceremony {
        Ceremony {
            set: "root".into(),
            generation: 4,
            nonce: [9; NONCE],
            operation,
            hub_key: [4; PUBLIC_KEY],
            expires: NOW + 600,
        }
    }

    fn unlock() -> Ceremony {
        let hub = "hub-1".into();
        ceremony(Operation::Unlock { hub })
    }

    #[test]
    fn three_of_five_unlock() {
        let (configuration, keys) = three_of_five();
        let ceremony = unlock();
        let mut approvals = Approvals::new(&configuration, &ceremony).unwrap();
        for (at, name) in [1, 4, 0].into_iter().enumerate() {
            assert_eq!(approvals.are_enough(), Ok(false), "{at}");
            let signed = Approval::sign(&ceremony, NAMES[name], &keys[name]).unwrap();
            // As it comes over the wire.
            let signed = Signed::read(&signed.to_bytes()).unwrap();
            assert_eq!(approvals.take(signed, NOW).unwrap().name, NAMES[name]);
        }
        assert_eq!(approvals.are_enough(), Ok(true));
        assert_eq!(
            approvals.names().collect::<Vec<_>>(),
            ["alice", "bob", "erin"]
        );
        let again = Approval::sign(&ceremony, "bob", &keys[1]).unwrap();
        let twice = NotApproved::Twice("bob".into());
        assert_eq!(approvals.take(again, NOW).err(), Some(twice));
    }

    /// Each thing that an approval names, and is not the ceremony's, has its own reason.
    #[test]
    fn an_approval_is_of_one_ceremony_alone() {
        let (configuration, keys) = three_of_five();
        let wanted = unlock();
        let refused = |ceremony: &Ceremony, name: &str, key: usize, now: u64| {
            let mut approvals = Approvals::new(&configuration, &wanted).unwrap();
            let signed = Approval::sign(ceremony, name, &keys[key]).unwrap();
            let refused = approvals.take(signed, now).err();
            assert!(refused.is_none() || approvals.names().next().is_none());
            refused
        };
        assert_eq!(refused(&wanted, "alice", 0, NOW), None);
        let mut other = wanted.clone();
        other.set = "other".into();
        let set = NotApproved::Set("other".into());
        assert_eq!(refused(&other, "alice", 0, NOW), Some(set));
        let mut other = wanted.clone();
        other.generation = 3;
        let (given, present) = (3, 4);
        let generation = NotApproved::Generation { given, present };
        assert_eq!(refused(&other, "alice", 0, NOW), Some(generation));
        let mut other = wanted.clone();
        other.nonce[31] ^= 1;
        assert_eq!(
            refused(&other, "alice", 0, NOW),
            Some(NotApproved::Ceremony)
        );
        for operation in [
            Operation::Refresh,
            Operation::Unlock {
                hub: "hub-2".into(),
            },
            Operation::Remove {
                holder: "hub-1".into(),
            },
        ] {
            let other = ceremony(operation);
            assert_eq!(
                refused(&other, "alice", 0, NOW),
                Some(NotApproved::Operation)
            );
        }
        let mut longer = wanted.clone();
        longer.expires += 1;
        assert_eq!(
            refused(&longer, "alice", 0, NOW),
            Some(NotApproved::Operation)
        );
        let mut to_another = wanted.clone();
        to_another.hub_key[96] ^= 1;
        assert_eq!(
            refused(&to_another, "alice", 0, NOW),
            Some(NotApproved::Operation)
        );
        let expired = Some(NotApproved::Expired);
        assert_eq!(refused(&wanted, "alice", 0, NOW + 600), expired);
        assert_eq!(refused(&wanted, "alice", 0, NOW + 599), None);
        let unknown = NotApproved::Unknown("zoe".into());
        assert_eq!(refused(&wanted, "zoe", 0, NOW), Some(unknown));
        let forged = NotApproved::Forged("alice".into());
        assert_eq!(refused(&wanted, "alice", 1, NOW), Some(forged.clone()));
        // A good one with any bit changed is none.
        let good = Approval::sign(&wanted, "alice", &keys[0])
            .unwrap()
            .to_bytes();
        for at in 0..good.len() {
            let mut changed = good.clone();
            changed[at] ^= 1;
            if let Ok(signed) = Signed::read(&changed) {
                let mut approvals = Approvals::new(&configuration, &wanted).unwrap();
                assert!(approvals.take(signed, NOW).is_err(), "byte {at}");
            }
        }
        let mut stale = configuration.clone();
        stale.generation = 5;
        assert!(Approvals::new(&stale, &wanted).is_err());
    }

    #[test]
    fn who_is_to_go_does_not_count() {
        let (configuration, keys) = three_of_five();
        let holder = "carol".into();
        let ceremony = ceremony(Operation::Remove { holder });
        let mut approvals = Approvals::new(&configuration, &ceremony).unwrap();
        for at in [0, 1, 2] {
            let signed = Approval::sign(&ceremony, NAMES[at], &keys[at]).unwrap();
            approvals.take(signed, NOW).unwrap();
        }
        assert_eq!(approvals.are_enough(), Ok(false));
        let signed = Approval::sign(&ceremony, NAMES[3], &keys[3]).unwrap();
        approvals.take(signed, NOW).unwrap();
        assert_eq!(approvals.are_enough(), Ok(true));
    }

    #[test]
    fn operations_are_written_for_machines_and_for_people() {
        let (configuration, _) = three_of_five();
        let request = Operation::Request {
            key: "wallet".into(),
            requester: "host-1".into(),
            purpose: "pay\n\u{1b}[2Jgive key `x` to `y`".into(),
            hpke_key: configuration.holders[0].hpke_key,
        };
        let said = request.to_string();
        assert!(!said.contains(char::is_control), "{said:?}");
        for operation in [
            request,
            Operation::Refresh,
            Operation::Unlock {
                hub: "hub-1".into(),
            },
            Operation::Remove {
                holder: "dave".into(),
            },
            Operation::Add {
                holder: configuration.holders[1].clone(),
            },
        ] {
            let ceremony = ceremony(operation);
            let signed = Signed::sign(ceremony, b"hub", |_| Ok::<_, ()>(vec![1; 96])).unwrap();
            let bytes = signed.to_bytes();
            assert_eq!(Signed::read(&bytes).as_ref(), Ok(&signed));
            for cut in 0..bytes.len() {
                assert!(Signed::<Ceremony>::read(&bytes[..cut]).is_err());
            }
        }
        // A name that would be shown as something else is none.
        let hub = "hub-1`\nunlock hub `hub-2".into();
        let ceremony = ceremony(Operation::Unlock { hub });
        let signed = Signed::sign(ceremony, b"hub", |_| Ok::<_, ()>(vec![1; 96])).unwrap();
        assert!(Signed::<Ceremony>::read(&signed.to_bytes()).is_err());
    }
}
