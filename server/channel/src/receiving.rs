//! The receiving direction of an open channel: prekeys ahead of need, and the step when the first record of the
//! next epoch comes (protocol steps 6a and 6c to 6e).

use std::collections::VecDeque;
use std::time::Duration;

use crate::batch::{Batch, Made, Point};
use crate::control::Refusal;
use crate::halves::{Side, bad, step};
use crate::kx::EphemeralKey;
use crate::mlkem::{self, MlkemKey, MlkemSecret};
use crate::record::{Header, RecordOpener};
use crate::schedule::{Chain, Direction, Epoch};
use crate::source::{ByteSource, SourceExhausted};
use crate::stock::{self, KeyStock};
use crate::terms::Terms;

/// Prekeys of a batch at most: some milliseconds' work.
const MOST: usize = 64;
/// How often the window is looked at for being too wide.
const LOOK: Duration = Duration::from_secs(10);

/// How many prekeys the other side should hold: doubled whenever it says that it had too few, halved while it uses
/// far fewer. Prekeys that lie there unused are what a compromise would cost.
#[derive(Debug)]
pub(crate) struct Window {
    least: usize,
    most: usize,
    size: usize,
    used: usize,
    looked: Duration,
}

impl Window {
    pub(crate) fn new(least: usize, most: usize, now: Duration) -> Self {
        Self {
            least,
            most,
            size: least,
            used: 0,
            looked: now,
        }
    }

    pub(crate) fn size(&self) -> usize {
        self.size
    }

    fn grow(&mut self, now: Duration) {
        self.size = (self.size * 2).min(self.most);
        (self.used, self.looked) = (0, now);
    }

    fn used(&mut self, now: Duration) {
        self.used += 1;
        let time = now.saturating_sub(self.looked);
        if time >= LOOK {
            // Half the window would do for twice the use of a second.
            let in_a_second = self.used as f64 / time.as_secs_f64();
            if in_a_second * 4.0 < self.size as f64 {
                self.size = (self.size / 2).max(self.least);
            }
            (self.used, self.looked) = (0, now);
        }
    }

    /// How many encapsulation keys the other side should hold (step 6e): as many as the epochs of the whole window use, and
    /// one.
    fn mlkem(&self, terms: Terms) -> usize {
        let used = match terms.pq_epochs {
            0 if terms.pq_seconds == 0 => return 0,
            0 => 0,
            epochs => self.size / epochs as usize,
        };
        (used + 1).min(mlkem::MOST_AHEAD)
    }

    /// Prekeys to send while `out` are out: some at a time, since each batch costs a signature.
    fn wanted(&self, out: usize) -> usize {
        let missing = self.size.saturating_sub(out);
        let worthwhile = (self.size / 2).clamp(1, MOST);
        if missing >= worthwhile {
            missing.min(MOST)
        } else {
            0
        }
    }
}

/// The receiving direction.
pub(crate) struct ReceiveHalf {
    side: Side,
    chain: Option<Chain>,
    opener: RecordOpener,
    /// Our keys for the epochs after this one.
    prekeys: VecDeque<EphemeralKey>,
    /// The other side's keys for the epochs after this one.
    announced: VecDeque<Point>,
    pub(crate) window: Window,
    /// Ours, of which the other side has or will have the public part, in the order in which it uses them.
    mlkem_keys: VecDeque<MlkemKey>,
    /// A secret and the epoch whose step takes it in.
    mlkem: Option<(u32, MlkemSecret)>,
    /// The last epoch for which the other side said that it had no prekeys.
    starved: u32,
}

impl ReceiveHalf {
    pub(crate) fn new(side: Side, epoch: Epoch, window: Window) -> Self {
        let Epoch { chain, key } = epoch;
        Self {
            side,
            opener: RecordOpener::new(key, chain.epoch()),
            chain: Some(chain),
            prekeys: VecDeque::new(),
            announced: VecDeque::new(),
            window,
            mlkem_keys: VecDeque::new(),
            mlkem: None,
            starved: 0,
        }
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.opener.epoch()
    }

    /// Step 6a: makes prekeys if it is worth a batch, and an encapsulation key if too few are out.
    pub(crate) fn replenish(
        &mut self,
        stock: Option<&KeyStock>,
        source: &dyn ByteSource,
        terms: Terms,
    ) -> Result<Made, SourceExhausted> {
        let count = self.window.wanted(self.prekeys.len());
        let mut made = Made::default();
        for _ in 0..count {
            let key = stock::key(stock, source)?;
            made.points.push(*key.public());
            self.prekeys.push_back(key);
        }
        if self.mlkem_keys.len() < self.window.mlkem(terms) {
            let key = MlkemKey::generate(source)?;
            made.mlkem = Some(key.public());
            self.mlkem_keys.push_back(key);
        }
        Ok(made)
    }

    /// The batch of what [`Self::replenish`] has just made.
    pub(crate) fn batch<'a>(&self, made: &'a Made) -> Batch<'a> {
        let before = (self.prekeys.len() - made.points.len()) as u32;
        Batch {
            direction: self.side.receives(),
            first: self.epoch().wrapping_add(1).wrapping_add(before),
            keys: &made.points,
            mlkem_epoch: 0,
            mlkem: made.mlkem.as_deref(),
        }
    }

    /// Takes in an announcement, whose signature is good.
    pub(crate) fn take_announcement(&mut self, batch: &Batch<'_>) -> Result<(), Refusal> {
        let next = u64::from(self.epoch()) + 1;
        if batch.direction != self.side.receives()
            || u64::from(batch.first) != next + self.announced.len() as u64
        {
            return Err(bad("an announcement for another direction or epoch"));
        }
        if self.announced.len() + batch.keys.len() > self.prekeys.len() {
            return Err(bad("an announcement without prekeys for it"));
        }
        self.announced.extend(batch.keys);
        if let Some(ciphertext) = batch.mlkem {
            let ahead = u64::from(batch.mlkem_epoch).wrapping_sub(next);
            if ahead >= self.announced.len() as u64 || self.mlkem.is_some() {
                return Err(bad("an ML-KEM secret for another epoch"));
            }
            let key = self
                .mlkem_keys
                .pop_front()
                .ok_or(bad("a ciphertext without an encapsulation key for it"))?;
            self.mlkem = Some((batch.mlkem_epoch, key.decapsulate(ciphertext)));
        }
        Ok(())
    }

    /// Step 6d: the other side has no prekeys left. It says so once an epoch, in order, so that both sides' epochs
    /// agree.
    pub(crate) fn peer_starved(
        &mut self,
        direction: Direction,
        epoch: u32,
        now: Duration,
    ) -> Result<(), Refusal> {
        let next = self.epoch().wrapping_add(1);
        if direction != self.side.receives() || epoch != next || epoch == self.starved {
            return Err(bad("starved of another direction or epoch, or twice"));
        }
        self.starved = epoch;
        self.window.grow(now);
        Ok(())
    }

    /// Opens a record. The first one of the next epoch makes the step, which erases the old epoch. Returns the length
    /// and whether there was a step.
    pub(crate) fn open(
        &mut self,
        header: &Header,
        body: &mut [u8],
        now: Duration,
    ) -> Result<(usize, bool), Refusal> {
        let next = self.epoch().checked_add(1);
        let stepped = next == Some(header.epoch) && !self.announced.is_empty();
        if stepped {
            self.step()?;
            self.window.used(now);
        }
        let opened = self.opener.open(header, body);
        opened
            .map(|len| (len, stepped))
            .map_err(|reason| Refusal(reason, "record"))
    }

    /// Step 6c.
    fn step(&mut self) -> Result<(), Refusal> {
        let (Some(chain), Some(own), Some(peer)) = (
            self.chain.take(),
            self.prekeys.pop_front(),
            self.announced.pop_front(),
        ) else {
            return Err(bad("no keys for a step"));
        };
        let next = chain.epoch().wrapping_add(1);
        let mlkem = self.mlkem.take_if(|(epoch, _)| *epoch == next);
        let mlkem = mlkem.as_ref().map(|(_, secret)| secret);
        let Epoch { chain, key } = step(self.side, chain, own, &peer, mlkem)?;
        self.opener = RecordOpener::new(key, chain.epoch());
        self.chain = Some(chain);
        Ok(())
    }
}
