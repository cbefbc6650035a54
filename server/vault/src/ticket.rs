//! Tickets: what the vault gives with each share, and asks for before it computes anything (specification 4-vault).
//!
//! A ticket is HMAC-SHA-384 over all that it stands for. It costs microseconds to refuse one, where a decryption costs many times
//! that: the guard against who would keep the vault busy. With the share in the appliance's hands it lets the vault be stateless
//! but for revocations and the generation.

use hmac::{Hmac, KeyInit as _, Mac as _};
use photonbox_secret::SecretArray;
use sha2::Sha384;

use crate::group::Scheme;
use photonbox_signed::put;

/// Label of the message.
const LABEL: &str = "photonbox/vault/v1/ticket";
/// Version of the wire form.
const VERSION: u8 = 1;
/// Bytes of a ticket: version, key id, expiry, HMAC.
pub const TICKET: usize = 1 + 4 + 8 + MAC;
const MAC: usize = 48;
/// Bytes of a ticket key.
pub const KEY: usize = 48;

/// What a ticket stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim<'a> {
    /// The set.
    pub set: &'a str,
    /// Generation of the set's master key.
    pub generation: u64,
    /// The appliance that it is given to.
    pub appliance: &'a str,
    /// The item.
    pub item: &'a str,
    /// The item's group.
    pub scheme: Scheme,
    /// The share, as it is handed over: encrypted.
    pub share: &'a [u8],
}

/// Why a ticket is refused. The words are for the vault's log; who asks hears one answer for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It has not a ticket's length or version.
    #[error("no ticket of this version; ask the vault for a new one")]
    Form,
    /// Of no key that is in use.
    #[error("a ticket under key {0}, which is not in use; ask the vault for a new one")]
    UnknownKey(u32),
    /// Not what was given for this set, generation, appliance, item and share.
    #[error("a ticket that is forged, or for something else; ask the vault for a new one")]
    Forged,
    /// Its time is over.
    #[error("a ticket that has expired; ask the vault for a new one")]
    Expired,
}

/// A key of tickets.
pub struct TicketKey {
    id: u32,
    key: SecretArray<KEY>,
}

impl TicketKey {
    /// Key number `id`; its bytes are random, and the vault's alone.
    #[must_use]
    pub fn new(id: u32, key: SecretArray<KEY>) -> Self {
        Self { id, key }
    }

    /// Its number.
    #[must_use]
    pub fn id(&self) -> u32 {
        self.id
    }

    /// A ticket for this until `expires` (seconds since 1970).
    #[must_use]
    pub fn issue(&self, claim: &Claim<'_>, expires: u64) -> [u8; TICKET] {
        let mut ticket = [0; TICKET];
        ticket[0] = VERSION;
        ticket[1..5].copy_from_slice(&self.id.to_be_bytes());
        ticket[5..13].copy_from_slice(&expires.to_be_bytes());
        let mac = self.message(claim, expires).finalize().into_bytes();
        ticket[13..].copy_from_slice(&mac);
        ticket
    }

    /// Every part with its length before it, so that no two claims give the same bytes.
    fn message(&self, claim: &Claim<'_>, expires: u64) -> Hmac<Sha384> {
        let Ok(mut mac) = Hmac::<Sha384>::new_from_slice(self.key.as_slice()) else {
            unreachable!("HMAC takes keys of any length")
        };
        let mut message = Vec::with_capacity(128 + claim.share.len());
        put(&mut message, LABEL.as_bytes());
        message.push(VERSION);
        message.extend_from_slice(&self.id.to_be_bytes());
        message.extend_from_slice(&expires.to_be_bytes());
        message.extend_from_slice(&claim.generation.to_be_bytes());
        for part in [claim.set, claim.appliance, claim.item, claim.scheme.name()] {
            put(&mut message, part.as_bytes());
        }
        put(&mut message, claim.share);
        mac.update(&message);
        mac
    }
}

/// The keys that tickets may be under: the present one, and those before it for as long as their tickets live.
pub struct TicketKeys {
    present: TicketKey,
    before: Vec<TicketKey>,
}

impl TicketKeys {
    /// A first key.
    #[must_use]
    pub fn new(present: TicketKey) -> Self {
        Self {
            present,
            before: Vec::new(),
        }
    }

    /// Issues under another key from now on; tickets under the present one stay good.
    pub fn renew(&mut self, next: TicketKey) {
        self.before.push(std::mem::replace(&mut self.present, next));
    }

    /// Tickets under this key are refused from now on. The present key stays.
    pub fn retire(&mut self, id: u32) {
        self.before.retain(|key| key.id != id);
    }

    /// [`TicketKey::issue`] under the present key.
    #[must_use]
    pub fn issue(&self, claim: &Claim<'_>, expires: u64) -> [u8; TICKET] {
        self.present.issue(claim, expires)
    }

    /// Checks a ticket at `now` (seconds since 1970).
    ///
    /// # Errors
    /// [`Refused`]. That a ticket has expired is only said of one that was ours.
    pub fn check(&self, ticket: &[u8], claim: &Claim<'_>, now: u64) -> Result<(), Refused> {
        let ticket: &[u8; TICKET] = ticket.try_into().map_err(|_| Refused::Form)?;
        let [VERSION, a, b, c, d, rest @ ..] = ticket else {
            return Err(Refused::Form);
        };
        let id = u32::from_be_bytes([*a, *b, *c, *d]);
        let (expires, mac) = rest.split_first_chunk().ok_or(Refused::Form)?;
        let expires = u64::from_be_bytes(*expires);
        let mut keys = std::iter::once(&self.present).chain(&self.before);
        let key = keys.find(|key| key.id == id);
        let key = key.ok_or(Refused::UnknownKey(id))?;
        let good = key.message(claim, expires).verify_slice(mac);
        good.map_err(|_| Refused::Forged)?;
        if now >= expires {
            return Err(Refused::Expired);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: Claim<'_> = Claim {
        set: "tenant",
        generation: 4,
        appliance: "alpha",
        item: "disk",
        scheme: Scheme::P384,
        share: &[1, 2, 3],
    };

    fn key(id: u32, byte: u8) -> TicketKey {
        let mut key = SecretArray::new_zeroed();
        key.as_mut_slice().fill(byte);
        TicketKey::new(id, key)
    }

    #[test]
    fn a_ticket_is_good_for_what_it_was_given_for() {
        let keys = TicketKeys::new(key(7, 1));
        let ticket = keys.issue(&CLAIM, 1000);
        assert_eq!(keys.check(&ticket, &CLAIM, 999), Ok(()));
        assert_eq!(keys.check(&ticket, &CLAIM, 1000), Err(Refused::Expired));
        let moved = [
            Claim {
                set: "tenan",
                ..CLAIM
            },
            Claim {
                generation: 5,
                ..CLAIM
            },
            Claim {
                appliance: "beta",
                ..CLAIM
            },
            Claim {
                item: "disk2",
                ..CLAIM
            },
            Claim {
                scheme: Scheme::Ristretto255,
                ..CLAIM
            },
            Claim {
                share: &[1, 2],
                ..CLAIM
            },
            Claim {
                share: &[1, 2, 4],
                ..CLAIM
            },
            // The same letters, otherwise divided.
            Claim {
                set: "tenanta",
                appliance: "lpha",
                ..CLAIM
            },
            Claim {
                appliance: "alphad",
                item: "isk",
                ..CLAIM
            },
        ];
        for claim in moved {
            assert_eq!(
                keys.check(&ticket, &claim, 0),
                Err(Refused::Forged),
                "{claim:?}"
            );
        }
    }

    #[test]
    fn each_flipped_bit_and_any_other_length_is_refused() {
        let keys = TicketKeys::new(key(7, 1));
        let ticket = keys.issue(&CLAIM, 1000);
        for bit in 0..8 * TICKET {
            let mut ticket = ticket;
            ticket[bit / 8] ^= 1 << (bit % 8);
            let refused = keys.check(&ticket, &CLAIM, 0);
            let known = match bit / 8 {
                0 => refused == Err(Refused::Form),
                1..5 => matches!(refused, Err(Refused::UnknownKey(_))),
                // An expiry that was put off is a forgery.
                _ => refused == Err(Refused::Forged),
            };
            assert!(known, "bit {bit}: {refused:?}");
        }
        for length in (0..TICKET).chain([TICKET + 1]) {
            let other = vec![1; length];
            assert_eq!(keys.check(&other, &CLAIM, 0), Err(Refused::Form));
        }
    }

    #[test]
    fn keys_are_renewed_and_retired() {
        let mut keys = TicketKeys::new(key(1, 1));
        let old = keys.issue(&CLAIM, 1000);
        keys.renew(key(2, 2));
        let new = keys.issue(&CLAIM, 1000);
        assert!(keys.check(&old, &CLAIM, 0).is_ok() && keys.check(&new, &CLAIM, 0).is_ok());
        keys.retire(2);
        keys.retire(1);
        assert_eq!(keys.check(&old, &CLAIM, 0), Err(Refused::UnknownKey(1)));
        assert_eq!(keys.check(&new, &CLAIM, 0), Ok(()));
        // Under the same number, but another vault's.
        assert_eq!(key(2, 9).issue(&CLAIM, 1000)[..13], new[..13]);
        let foreign = key(2, 9).issue(&CLAIM, 1000);
        assert_eq!(keys.check(&foreign, &CLAIM, 0), Err(Refused::Forged));
    }
}
