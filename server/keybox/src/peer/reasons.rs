//! Why packets are dropped or not sent: one word each, for metrics and `status`.

use super::record::StoreError;
use crate::esp;

/// Why a packet that came in was dropped. Nothing answers such a packet, and it moves no pointer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DropReason {
    /// Shorter than any packet, or of a length that no packet has.
    Short,
    /// Longer than any packet.
    Giant,
    /// Our own direction bit: a reflection.
    OwnDirection,
    /// A flicker that no sender uses.
    BadFlicker,
    /// No orbit here could have this SPI.
    UnknownSpi,
    /// An SPI below the one in use, or whose time is over.
    OldSpi,
    /// A box that is used up and erased.
    BoxErased,
    /// After a start: a box, on the stored SPI, at or above the stored one.
    BoxUsed,
    /// A box that is not here yet, or that the orbit does not have.
    BoxNotHeld,
    /// The orbit is used up.
    Exhausted,
    /// A key that the box does not have.
    BadKey,
    /// A sequence number that was seen before.
    Replayed,
    /// A sequence number behind the replay window.
    BehindWindow,
    /// The ICV is wrong: forged, altered, or sealed with other keys.
    Forged,
    /// Authentic, but the padding is not 1, 2, 3 …
    BadPadding,
    /// Authentic, but of no next header that a tunnel carries, or an empty inner packet.
    BadNextHeader,
    /// The record could not be stored, so nothing was delivered.
    NotStored,
}

impl DropReason {
    /// All of them, in the order of [`Drops::of`].
    pub const ALL: [Self; 17] = [
        Self::Short,
        Self::Giant,
        Self::OwnDirection,
        Self::BadFlicker,
        Self::UnknownSpi,
        Self::OldSpi,
        Self::BoxErased,
        Self::BoxUsed,
        Self::BoxNotHeld,
        Self::Exhausted,
        Self::BadKey,
        Self::Replayed,
        Self::BehindWindow,
        Self::Forged,
        Self::BadPadding,
        Self::BadNextHeader,
        Self::NotStored,
    ];

    /// The word that metrics and `status` use.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Short => "short",
            Self::Giant => "giant",
            Self::OwnDirection => "own-direction",
            Self::BadFlicker => "bad-flicker",
            Self::UnknownSpi => "unknown-spi",
            Self::OldSpi => "old-spi",
            Self::BoxErased => "box-erased",
            Self::BoxUsed => "box-used",
            Self::BoxNotHeld => "box-not-held",
            Self::Exhausted => "exhausted",
            Self::BadKey => "bad-key",
            Self::Replayed => "replayed",
            Self::BehindWindow => "behind-window",
            Self::Forged => "forged",
            Self::BadPadding => "bad-padding",
            Self::BadNextHeader => "bad-next-header",
            Self::NotStored => "not-stored",
        }
    }
}

impl std::fmt::Display for DropReason {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl From<esp::Refusal> for DropReason {
    fn from(refusal: esp::Refusal) -> Self {
        match refusal {
            esp::Refusal::Truncated => Self::Short,
            esp::Refusal::Oversized => Self::Giant,
            esp::Refusal::WrongIndex => Self::BadKey,
            esp::Refusal::BadPadding => Self::BadPadding,
            esp::Refusal::Forged => Self::Forged,
        }
    }
}

/// How many packets were dropped for each reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Drops([u64; DropReason::ALL.len()]);

impl Drops {
    /// Counts one.
    pub fn count(&mut self, reason: DropReason) {
        self.0[reason as usize] += 1;
    }

    /// How many for this reason.
    #[must_use]
    pub fn of(&self, reason: DropReason) -> u64 {
        self.0[reason as usize]
    }

    /// How many in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.0.iter().sum()
    }

    /// Each reason with its count.
    pub fn iter(&self) -> impl Iterator<Item = (DropReason, u64)> + '_ {
        DropReason::ALL
            .iter()
            .map(|reason| (*reason, self.of(*reason)))
    }
}

/// Why a packet can't be sent. Nothing was sealed, and no number of it was used twice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CannotSend {
    /// There is no orbit, or none of its boxes is ready.
    #[error("no key box is ready; wait for the hub, or give an IP key")]
    NoBox,
    /// The present box has reached its hard limit and the next one is not ready.
    #[error(
        "the key box has reached its hard limit and the next one is not ready; see why the hub sends none"
    )]
    HardLimit,
    /// All boxes are used up.
    #[error("all key boxes of this orbit are used up; give both sides a new IP key")]
    Exhausted,
    /// All 2^31 SPIs of this peer are used up.
    #[error("all SPIs of this peer are used up; give both sides a new peer entry and a new IP key")]
    NoSpi,
    /// The record could not be stored.
    #[error(transparent)]
    NotStored(#[from] StoreError),
    /// Too long for a packet or for the buffer, or the wrong next header for it.
    #[error(
        "an inner packet of {inner} bytes (next header {next_header}) does not fit; lower the MTU"
    )]
    Unfit {
        /// Bytes of the inner packet.
        inner: usize,
        /// Its next header.
        next_header: u8,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_has_its_own_counter_and_name() {
        let mut drops = Drops::default();
        for (index, reason) in DropReason::ALL.into_iter().enumerate() {
            assert_eq!(reason as usize, index);
            for _ in 0..=index {
                drops.count(reason);
            }
        }
        let names: std::collections::HashSet<_> = DropReason::ALL.map(DropReason::name).into();
        assert_eq!(names.len(), DropReason::ALL.len());
        for (index, (reason, count)) in drops.iter().enumerate() {
            assert_eq!((reason as usize, count), (index, index as u64 + 1));
        }
        assert_eq!(drops.total(), (1..=17).sum::<u64>());
    }
}
