//! What a channel says about itself (JSON keys of 8-cli `status.channels`), and counts of faults.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::CloseReason;

/// Whose randomness protects the channel now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum EntropyClass {
    /// First channel: only A has quantum entropy.
    Asymmetric,
    /// Second channel: B has mixed in what A sent.
    Symmetric,
}

/// A channel's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChannelStatus {
    /// ID of the other side; empty before the first channel stands.
    pub peer: String,
    /// Serial number of the certificate that the other side showed, hex; empty before the first channel stands.
    pub peer_serial: String,
    /// Epoch of the sending direction.
    pub epoch: u32,
    /// Epoch of the receiving direction.
    pub epoch_receive: u32,
    /// Whose randomness protects it.
    pub class: EntropyClass,
    /// Rekeys of both directions so far.
    pub rekeys: u64,
    /// Of those of the sending direction, the ones that took in an ML-KEM secret.
    pub pq_rekeys: u64,
    /// Rekeys of the sending direction that the other side's prekeys still allow.
    pub prekeys: usize,
    /// Prekeys that we let the other side hold; it adapts to bandwidth and delay.
    pub prekeys_window: usize,
    /// How often a rekey was due and there was no prekey.
    pub starved: u64,
    /// How often data then went on under the old key, because both sides allow it.
    pub stepped_down: u64,
    /// Data packets left in the sending epoch; `None` for N = ∞.
    pub packets_left: Option<u64>,
    /// Seconds left in the sending epoch; `None` for T = ∞.
    pub seconds_left: Option<u64>,
    /// Bytes of service messages, both ways.
    pub bytes: u64,
    /// Of these, sent.
    pub bytes_sent: u64,
    /// Of these, received.
    pub bytes_received: u64,
    /// Relays between the entropy's origin and the receiver, as the owner set it.
    pub hops: u8,
    /// The seed's trust figure, ln(1 + seconds connected)/N; 0 for N = ∞. It has no security
    /// meaning.
    pub trust: f64,
    /// Milliseconds to the first channel.
    pub first_channel_ms: Option<f64>,
    /// Milliseconds to the second channel.
    pub second_channel_ms: Option<f64>,
    /// Why it closed, if it did.
    pub closed: Option<CloseReason>,
}

/// The seed's trust figure. No security meaning.
#[must_use]
pub fn trust(seconds_connected: f64, packets: Option<u64>) -> f64 {
    match packets {
        Some(packets) if packets > 0 => seconds_connected.max(0.0).ln_1p() / packets as f64,
        _ => 0.0,
    }
}

/// How often channels ended for each reason; a hub keeps one for all its channels.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CloseCounts(BTreeMap<CloseReason, u64>);

impl CloseCounts {
    /// Counts one end.
    pub fn count(&mut self, reason: CloseReason) {
        *self.0.entry(reason).or_default() += 1;
    }

    /// How often this reason came.
    #[must_use]
    pub fn of(&self, reason: CloseReason) -> u64 {
        self.0.get(&reason).copied().unwrap_or(0)
    }

    /// How many of the ends were faults.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.0
            .iter()
            .filter(|(reason, _)| reason.is_fault())
            .map(|(_, count)| count)
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trust_is_the_seeds_formula() {
        assert!((trust(std::f64::consts::E - 1.0, Some(1)) - 1.0).abs() < 1e-12);
        assert!((trust(std::f64::consts::E - 1.0, Some(20)) - 0.05).abs() < 1e-12);
        assert_eq!(trust(100.0, None), 0.0);
        assert_eq!(trust(-5.0, Some(1)), 0.0);
    }

    #[test]
    fn only_faults_count_as_faults() {
        let mut counts = CloseCounts::default();
        counts.count(CloseReason::Normal);
        counts.count(CloseReason::BadTag);
        counts.count(CloseReason::BadTag);
        assert_eq!(counts.of(CloseReason::BadTag), 2);
        assert_eq!(counts.faults(), 2);
        assert_eq!(
            serde_json::to_string(&counts).ok().as_deref(),
            Some(r#"{"normal":1,"bad-tag":2}"#)
        );
    }
}
