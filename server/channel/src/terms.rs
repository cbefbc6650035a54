//! What the two sides agree on about rekeying (protocol steps 3 and 4): of each limit the stricter holds.

use serde::{Deserialize, Serialize};

use crate::config::Settings;
use crate::wire::{Malformed, Out, Reader};

/// What the sender of a direction does when a rekey is due and the other side's prekeys are used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenExhausted {
    /// Data waits for prekeys: no packet beyond N, none later than T.
    #[default]
    Wait,
    /// Data goes on under the epoch's key until prekeys come, which events and status show. Only
    /// if both sides want it so; the limit of records holds in any case.
    StepDown,
}

/// Limits of an epoch as one side wants them, or as agreed; 0 stands for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Terms {
    /// N: data packets an epoch.
    pub(crate) packets: u64,
    /// T: seconds an epoch.
    pub(crate) seconds: u32,
    /// N_pq: epochs between two that take in an ML-KEM secret.
    pub(crate) pq_epochs: u32,
    /// T_pq: seconds between two that take in an ML-KEM secret.
    pub(crate) pq_seconds: u32,
    /// Data may go on without prekeys.
    pub(crate) step_down: bool,
}

impl Terms {
    /// What these settings ask for.
    pub(crate) fn of(settings: &Settings) -> Self {
        Self {
            packets: settings.rekey_packets.map_or(0, |n| n.get()),
            seconds: settings.rekey_seconds.map_or(0, |t| t.get()),
            pq_epochs: settings.pq_epochs.map_or(0, |n| n.get()),
            pq_seconds: settings.pq_seconds.map_or(0, |t| t.get()),
            step_down: settings.when_exhausted == WhenExhausted::StepDown,
        }
    }

    /// The stricter of both sides' wishes.
    pub(crate) fn stricter(self, other: Self) -> Self {
        fn min<T: Ord + Default + Copy>(a: T, b: T) -> T {
            let none = T::default();
            if a == none {
                b
            } else if b == none {
                a
            } else {
                a.min(b)
            }
        }
        Self {
            packets: min(self.packets, other.packets),
            seconds: min(self.seconds, other.seconds),
            pq_epochs: min(self.pq_epochs, other.pq_epochs),
            pq_seconds: min(self.pq_seconds, other.pq_seconds),
            step_down: self.step_down && other.step_down,
        }
    }

    pub(crate) fn encode(self, out: &mut Out<'_>) {
        out.u64(self.packets);
        out.u32(self.seconds);
        out.u32(self.pq_epochs);
        out.u32(self.pq_seconds);
        out.u8(u8::from(self.step_down));
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(Self {
            packets: reader.u64("N")?,
            seconds: reader.u32("T")?,
            pq_epochs: reader.u32("N_pq")?,
            pq_seconds: reader.u32("T_pq")?,
            step_down: reader.flag("when exhausted")?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stricter_terms_hold_and_zero_is_no_limit() {
        let terms = |packets, seconds, pq_epochs, pq_seconds, step_down| Terms {
            packets,
            seconds,
            pq_epochs,
            pq_seconds,
            step_down,
        };
        assert_eq!(
            terms(20, 0, 7, 0, true).stricter(terms(0, 9, 8, 3, false)),
            terms(20, 9, 7, 3, false)
        );
        assert_eq!(
            terms(20, 7, 0, 0, true).stricter(terms(5, 9, 0, 0, true)),
            terms(5, 7, 0, 0, true)
        );
        assert_eq!(
            Terms::default().stricter(Terms::default()),
            Terms::default()
        );
    }
}
