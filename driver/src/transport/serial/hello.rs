//! The first frames: who is there, and with which session.

use super::seal::{Role, Session};

/// Version of the protocol on the line.
const VERSION: u8 = 1;

/// What an end says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hello {
    pub(super) role: Role,
    pub(super) sealed: bool,
    /// The sender's session.
    pub(super) mine: Session,
    /// The peer's, if the sender has heard it.
    pub(super) yours: Option<Session>,
}

/// A hello that can't be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OtherVersion(pub(super) u8);

impl Hello {
    pub(super) fn encode(&self) -> Vec<u8> {
        let role = match self.role {
            Role::Host => 0,
            Role::Card => 1,
        };
        let flags = role | u8::from(self.sealed) << 1 | u8::from(self.yours.is_some()) << 2;
        let mut bytes = vec![VERSION, flags];
        bytes.extend(self.mine);
        bytes.extend(self.yours.unwrap_or_default());
        bytes
    }

    /// None if it is no hello at all.
    pub(super) fn decode(bytes: &[u8]) -> Option<Result<Self, OtherVersion>> {
        let (&version, rest) = bytes.split_first()?;
        if version != VERSION {
            return Some(Err(OtherVersion(version)));
        }
        let (&flags, rest) = rest.split_first()?;
        let (mine, rest) = rest.split_first_chunk::<16>()?;
        let yours: Session = rest.try_into().ok()?;
        (flags < 8).then_some(Ok(Self {
            role: if flags & 1 == 0 {
                Role::Host
            } else {
                Role::Card
            },
            sealed: flags & 2 != 0,
            mine: *mine,
            yours: (flags & 4 != 0).then_some(yours),
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hellos_come_back() {
        for (role, sealed, yours) in [
            (Role::Host, false, None),
            (Role::Card, true, Some([9; 16])),
            (Role::Host, true, Some([0; 16])),
        ] {
            let hello = Hello {
                role,
                sealed,
                mine: [5; 16],
                yours,
            };
            let bytes = hello.encode();
            assert_eq!(Hello::decode(&bytes), Some(Ok(hello)));
            assert_eq!(Hello::decode(&bytes[..bytes.len() - 1]), None);
        }
        assert_eq!(Hello::decode(&[2]), Some(Err(OtherVersion(2))));
        assert_eq!(Hello::decode(&[]), None);
    }
}
