//! The sending direction of an open channel: when its next epoch is due, and the keys for it (protocol
//! steps 6b to 6e).

use std::collections::VecDeque;
use std::time::Duration;

use crate::batch::{Batch, Made, Point};
use crate::control::Refusal;
use crate::error::CloseReason;
use crate::halves::{Side, StepError, bad, step};
use crate::kx::{EphemeralKey, KxError};
use crate::mlkem::{self, MLKEM_LEN, MlkemSecret};
use crate::record::RecordSealer;
use crate::schedule::{Chain, Epoch};
use crate::source::ByteSource;
use crate::stock::{self, KeyStock};
use crate::terms::Terms;

/// Prekeys that the other side may give ahead, at most: a bound on what it can make us hold.
pub(crate) const MAX_CREDITS: usize = 4096;
/// Keys of an announcement at most: two signatures' work, one to make and one to check, then is a hundredth of the
/// keys' own.
const MOST: usize = 64;
/// An announcement that is used up within this time is followed by one twice as long.
const BRISK: Duration = Duration::from_secs(1);

/// What a due rekey needs next.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Need {
    /// Prekeys, or an encapsulation key: only the other side has them.
    Credit,
    /// An announcement of ours.
    Announcement,
    /// Nothing.
    Step,
}

/// The sending direction.
pub(crate) struct SendHalf {
    side: Side,
    chain: Option<Chain>,
    pub(crate) sealer: RecordSealer,
    /// Data packets of this epoch.
    pub(crate) packets: u64,
    /// When this epoch began.
    pub(crate) since: Duration,
    limit: u32,
    /// The other side's keys for the epochs after this one.
    prekeys: VecDeque<Point>,
    /// Our own keys for the epochs after this one, announced.
    announced: VecDeque<EphemeralKey>,
    /// How many keys the next announcement has, if there are prekeys for them.
    batch: usize,
    announced_at: Duration,
    /// The other side's encapsulation keys, each used once, in their order.
    pub(crate) mlkem_keys: VecDeque<Box<[u8; MLKEM_LEN]>>,
    /// The secret that the next step takes in.
    mlkem: Option<MlkemSecret>,
    /// Epoch and time of the last step that took in a secret of ML-KEM's: at first the handshake, which had one
    /// by way of the TLS exporter unless the first channel was plain P-384.
    mlkem_last: (u32, Duration),
    /// Since when data waits for prekeys.
    pub(crate) starved: Option<Duration>,
    /// The other side was told, for this epoch.
    pub(crate) told: bool,
    /// Data goes on without prekeys, for this epoch.
    pub(crate) stepped_down: bool,
}

impl SendHalf {
    pub(crate) fn new(side: Side, epoch: Epoch, limit: u32, now: Duration) -> Self {
        let Epoch { chain, key } = epoch;
        Self {
            side,
            sealer: RecordSealer::new(key, chain.epoch(), limit),
            chain: Some(chain),
            packets: 0,
            since: now,
            limit,
            prekeys: VecDeque::new(),
            announced: VecDeque::new(),
            batch: 1,
            announced_at: now,
            mlkem_keys: VecDeque::new(),
            mlkem: None,
            mlkem_last: (0, now),
            starved: None,
            told: false,
            stepped_down: false,
        }
    }

    /// Rekeys that the other side's prekeys still allow.
    pub(crate) fn credits(&self) -> usize {
        self.prekeys.len()
    }

    /// When T runs out.
    pub(crate) fn expires(&self, terms: Terms) -> Option<Duration> {
        (terms.seconds != 0).then(|| self.since + Duration::from_secs(u64::from(terms.seconds)))
    }

    /// Whether N asks for a new epoch before the next data packet.
    pub(crate) fn is_full(&self, terms: Terms) -> bool {
        terms.packets != 0 && self.packets >= terms.packets
    }

    /// Whether T or the records' limit asks for a new epoch now. The limit leaves room for the
    /// control records that a rekey and a close need.
    pub(crate) fn is_over(&self, terms: Terms, now: Duration) -> bool {
        self.expires(terms).is_some_and(|at| now >= at) || self.is_worn()
    }

    /// Whether the epoch's records are nearly used up.
    pub(crate) fn is_worn(&self) -> bool {
        self.sealer.left() <= (self.limit / 2).min(1024)
    }

    /// Whether the next step has to take in a fresh ML-KEM secret.
    fn is_mlkem_due(&self, terms: Terms, now: Duration) -> bool {
        let (epoch, since) = self.mlkem_last;
        let age = self.sealer.epoch().wrapping_add(1).wrapping_sub(epoch);
        (terms.pq_epochs != 0 && age >= terms.pq_epochs)
            || (terms.pq_seconds != 0
                && now.saturating_sub(since) >= Duration::from_secs(u64::from(terms.pq_seconds)))
    }

    /// Takes in a batch of prekeys, whose signature is good.
    pub(crate) fn take_prekeys(&mut self, batch: &Batch<'_>) -> Result<(), Refusal> {
        let next = u64::from(self.sealer.epoch()) + 1 + self.prekeys.len() as u64;
        if batch.direction != self.side.sends() || u64::from(batch.first) != next {
            return Err(bad("prekeys for another direction or epoch"));
        }
        if self.prekeys.len() + batch.keys.len() > MAX_CREDITS {
            return Err(bad("too many prekeys"));
        }
        if let Some(key) = batch.mlkem {
            if self.mlkem_keys.len() >= mlkem::MOST_AHEAD {
                return Err(bad("too many encapsulation keys"));
            }
            self.mlkem_keys.push_back(Box::new(*key));
        }
        self.prekeys.extend(batch.keys);
        Ok(())
    }

    /// What stands between now and the next epoch.
    pub(crate) fn need(&self, terms: Terms, now: Duration) -> Need {
        let mlkem = self.mlkem.is_none() && self.is_mlkem_due(terms, now);
        if self.prekeys.is_empty() || (mlkem && self.mlkem_keys.is_empty()) {
            Need::Credit
        } else if self.announced.is_empty() || mlkem {
            Need::Announcement
        } else {
            Need::Step
        }
    }

    /// Step 6b (and 6e): makes the keys of the next announcement, or encapsulates, or both.
    pub(crate) fn prepare(
        &mut self,
        stock: Option<&KeyStock>,
        source: &dyn ByteSource,
        terms: Terms,
        now: Duration,
    ) -> Result<Made, StepError> {
        let mut fresh = Made::default();
        if self.announced.is_empty() {
            let brisk = now.saturating_sub(self.announced_at) < BRISK;
            self.batch = if brisk {
                (self.batch * 2).min(MOST)
            } else {
                (self.batch / 2).max(1)
            };
            self.announced_at = now;
            let count = self.batch.min(self.prekeys.len());
            for _ in 0..count {
                let key = stock::key(stock, source)?;
                fresh.points.push(*key.public());
                self.announced.push_back(key);
            }
        }
        if self.mlkem.is_none()
            && self.is_mlkem_due(terms, now)
            && let Some(key) = self.mlkem_keys.pop_front()
        {
            let (made, secret) =
                mlkem::encapsulate(source, &*key).map_err(|error| match error {
                    KxError::Source(exhausted) => StepError::Source(exhausted),
                    KxError::BadPeerKey => StepError::Refused(Refusal(
                        CloseReason::BadKey,
                        "the encapsulation key is not valid",
                    )),
                })?;
            (fresh.mlkem, self.mlkem) = (Some(made), Some(secret));
        }
        Ok(fresh)
    }

    /// The announcement of what [`Self::prepare`] has just made.
    pub(crate) fn announce<'a>(&self, made: &'a Made) -> Batch<'a> {
        let next = self.sealer.epoch().wrapping_add(1);
        let before = (self.announced.len() - made.points.len()) as u32;
        Batch {
            direction: self.side.sends(),
            first: next.wrapping_add(before),
            keys: &made.points,
            mlkem_epoch: if made.mlkem.is_some() { next } else { 0 },
            mlkem: made.mlkem.as_deref(),
        }
    }

    /// Step 6c: the next epoch. Whether it took in an ML-KEM secret.
    pub(crate) fn step(&mut self, now: Duration) -> Result<bool, Refusal> {
        let (Some(chain), Some(own), Some(peer)) = (
            self.chain.take(),
            self.announced.pop_front(),
            self.prekeys.pop_front(),
        ) else {
            return Err(bad("no keys for a step"));
        };
        let mlkem = self.mlkem.take();
        let Epoch { chain, key } = step(self.side, chain, own, &peer, mlkem.as_ref())?;
        self.sealer = RecordSealer::new(key, chain.epoch(), self.limit);
        if mlkem.is_some() {
            self.mlkem_last = (chain.epoch(), now);
        }
        self.chain = Some(chain);
        self.packets = 0;
        self.since = now;
        (self.starved, self.told, self.stepped_down) = (None, false, false);
        Ok(mlkem.is_some())
    }
}
