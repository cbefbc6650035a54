//! The two directions of an open channel: each has its own chain, its own record key and its own
//! rekeying (protocol step 6). Requests are answered at once and awaited only by the data of their
//! own direction, so the two can never wait for each other.

use std::time::Duration;

use crate::control::{Control, Refusal, Terms};
use crate::error::CloseReason;
use crate::kx::{EphemeralKey, KxError, POINT_LEN};
use crate::record::{Header, RecordOpener, RecordSealer};
use crate::schedule::{Chain, Direction, Epoch, PublicKeys};
use crate::source::{ByteSource, SourceExhausted};

/// Which end of the channel this is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    A,
    B,
}

impl Side {
    pub(crate) fn sends(self) -> Direction {
        match self {
            Self::A => Direction::AToB,
            Self::B => Direction::BToA,
        }
    }

    pub(crate) fn receives(self) -> Direction {
        match self {
            Self::A => Direction::BToA,
            Self::B => Direction::AToB,
        }
    }

    /// Puts the two points in the schedule's order.
    pub(crate) fn order<'a>(
        self,
        own: &'a [u8; POINT_LEN],
        peer: &'a [u8; POINT_LEN],
    ) -> PublicKeys<'a> {
        match self {
            Self::A => PublicKeys { a: own, b: peer },
            Self::B => PublicKeys { a: peer, b: own },
        }
    }
}

/// A step of the rekeying could not be made.
#[derive(Debug)]
pub(crate) enum StepError {
    Source(SourceExhausted),
    Refused(Refusal),
}

impl From<SourceExhausted> for StepError {
    fn from(error: SourceExhausted) -> Self {
        Self::Source(error)
    }
}

impl From<Refusal> for StepError {
    fn from(error: Refusal) -> Self {
        Self::Refused(error)
    }
}

fn bad(what: &'static str) -> StepError {
    StepError::Refused(Refusal(CloseReason::BadRekey, what))
}

/// One step of the chain with a fresh ECDH; the old chain is erased.
fn step(
    side: Side,
    chain: &mut Option<Chain>,
    own: EphemeralKey,
    peer: &[u8; POINT_LEN],
) -> Result<Epoch, StepError> {
    let public = *own.public();
    let ecdh = own.agree(peer).map_err(|error| match error {
        KxError::Source(exhausted) => StepError::Source(exhausted),
        KxError::BadPeerKey => {
            StepError::Refused(Refusal(CloseReason::BadKey, "a rekey share is no point"))
        }
    })?;
    let chain = chain.take().ok_or(bad("no chain to step"))?;
    chain
        .step(&ecdh, None, side.order(&public, peer))
        .ok_or(bad("the epochs are used up"))
}

struct Awaiting {
    key: EphemeralKey,
    since: Duration,
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
    awaiting: Option<Awaiting>,
    limit: u32,
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
            awaiting: None,
            limit,
        }
    }

    pub(crate) fn is_awaiting(&self) -> bool {
        self.awaiting.is_some()
    }

    pub(crate) fn awaiting_since(&self) -> Option<Duration> {
        self.awaiting.as_ref().map(|awaiting| awaiting.since)
    }

    /// When T runs out, unless a rekey is under way.
    pub(crate) fn expires(&self, terms: Terms) -> Option<Duration> {
        (terms.seconds != 0 && self.awaiting.is_none())
            .then(|| self.since + Duration::from_secs(u64::from(terms.seconds)))
    }

    /// Whether N, T or the records' limit asks for a rekey now. The limit leaves room for the
    /// control records that a rekey and a close need.
    pub(crate) fn is_due(&self, terms: Terms, now: Duration) -> bool {
        let reserve = (self.limit / 2).min(1024);
        self.awaiting.is_none()
            && ((terms.packets != 0 && self.packets >= terms.packets)
                || self.expires(terms).is_some_and(|at| now >= at)
                || self.sealer.left() <= reserve)
    }

    /// Step 6a: our fresh key goes out.
    pub(crate) fn request(
        &mut self,
        source: &dyn ByteSource,
        now: Duration,
    ) -> Result<Control<'static>, SourceExhausted> {
        let key = EphemeralKey::generate(source)?;
        let message = Control::RekeyRequest {
            direction: self.side.sends(),
            epoch: self.sealer.epoch().wrapping_add(1),
            share: *key.public(),
        };
        self.awaiting = Some(Awaiting { key, since: now });
        Ok(message)
    }

    /// Step 6c: the answer is here; the next record is of the next epoch.
    pub(crate) fn replied(
        &mut self,
        direction: Direction,
        epoch: u32,
        share: &[u8; POINT_LEN],
        now: Duration,
    ) -> Result<(), StepError> {
        if direction != self.side.sends() || Some(epoch) != self.sealer.epoch().checked_add(1) {
            return Err(bad("a rekey reply for another direction or epoch"));
        }
        let awaiting = self
            .awaiting
            .take()
            .ok_or(bad("a rekey reply that nobody asked for"))?;
        let next = step(self.side, &mut self.chain, awaiting.key, share)?;
        *self = Self::new(self.side, next, self.limit, now);
        Ok(())
    }
}

/// The receiving direction.
pub(crate) struct ReceiveHalf {
    side: Side,
    chain: Option<Chain>,
    opener: RecordOpener,
    /// After a reply, until the first record of the new epoch: what was sent before the reply
    /// arrived there is still of the old one.
    next: Option<RecordOpener>,
}

impl ReceiveHalf {
    pub(crate) fn new(side: Side, epoch: Epoch) -> Self {
        let Epoch { chain, key } = epoch;
        Self {
            side,
            opener: RecordOpener::new(key, chain.epoch()),
            chain: Some(chain),
            next: None,
        }
    }

    pub(crate) fn epoch(&self) -> u32 {
        self.opener.epoch()
    }

    /// Step 6b: answers a request with our own fresh key and steps the chain at once.
    pub(crate) fn answer(
        &mut self,
        source: &dyn ByteSource,
        direction: Direction,
        epoch: u32,
        share: &[u8; POINT_LEN],
    ) -> Result<Control<'static>, StepError> {
        if direction != self.side.receives() || Some(epoch) != self.opener.epoch().checked_add(1) {
            return Err(bad("a rekey request for another direction or epoch"));
        }
        if self.next.is_some() {
            return Err(bad("a second rekey request for one epoch"));
        }
        let key = EphemeralKey::generate(source)?;
        let message = Control::RekeyReply {
            direction,
            epoch,
            share: *key.public(),
        };
        let Epoch { chain, key } = step(self.side, &mut self.chain, key, share)?;
        self.next = Some(RecordOpener::new(key, chain.epoch()));
        self.chain = Some(chain);
        Ok(message)
    }

    /// Opens a record. The first of a new epoch erases the old epoch's key.
    pub(crate) fn open(&mut self, header: &Header, body: &mut [u8]) -> Result<usize, CloseReason> {
        match self.next.take() {
            Some(mut next) if header.epoch == next.epoch() => {
                let len = next.open(header, body)?;
                self.opener = next;
                Ok(len)
            }
            next => {
                self.next = next;
                self.opener.open(header, body)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)] // a failed step must fail the test

    use super::*;
    use crate::record::{HEADER_LEN, Kind, TAG_LEN, parse_record_header};
    use crate::schedule::RootChain;
    use std::sync::atomic::{AtomicU64, Ordering};

    struct Counting(AtomicU64);

    impl ByteSource for Counting {
        fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
            let n = self.0.fetch_add(1, Ordering::Relaxed);
            out.fill(0);
            let at = out.len() - 8;
            out[at..].copy_from_slice(&(n + 1).to_be_bytes());
            Ok(())
        }
    }

    fn pair() -> (SendHalf, ReceiveHalf) {
        let (a, b) = ([1; POINT_LEN], [2; POINT_LEN]);
        let keys = PublicKeys { a: &a, b: &b };
        let make = || RootChain::new(&[3; 48], &[4; 48]).split(keys).0;
        (
            SendHalf::new(Side::A, make(), 1 << 24, Duration::ZERO),
            ReceiveHalf::new(Side::B, make()),
        )
    }

    fn seal(send: &mut SendHalf) -> Vec<u8> {
        let mut record = vec![0; HEADER_LEN + 5 + TAG_LEN];
        send.sealer.seal(Kind::Data, &mut record).unwrap();
        record
    }

    fn open(receive: &mut ReceiveHalf, record: &[u8]) -> Result<usize, CloseReason> {
        let header = parse_record_header(record).unwrap();
        receive.open(&header, &mut record[HEADER_LEN..].to_vec())
    }

    #[test]
    fn a_rekey_keeps_late_records_of_the_old_epoch_and_then_erases_it() {
        let source = Counting(AtomicU64::new(0));
        let (mut send, mut receive) = pair();
        let Control::RekeyRequest {
            direction,
            epoch,
            share,
        } = send.request(&source, Duration::ZERO).unwrap()
        else {
            panic!("not a request")
        };
        let late = seal(&mut send);
        let later = seal(&mut send);
        let Control::RekeyReply {
            direction: d,
            epoch: e,
            share: reply,
        } = receive.answer(&source, direction, epoch, &share).unwrap()
        else {
            panic!("not a reply")
        };
        assert!(receive.answer(&source, direction, epoch, &share).is_err());
        assert_eq!(open(&mut receive, &late), Ok(5));
        send.replied(d, e, &reply, Duration::ZERO).unwrap();
        assert!(send.replied(d, e, &reply, Duration::ZERO).is_err());
        let fresh = seal(&mut send);
        assert_eq!(open(&mut receive, &fresh), Ok(5));
        assert_eq!(receive.epoch(), 1);
        assert_eq!(open(&mut receive, &later), Err(CloseReason::WrongEpoch));
        assert_eq!(open(&mut receive, &fresh), Err(CloseReason::Replayed));
    }

    #[test]
    fn rekeys_come_due_by_packets_time_and_records() {
        let (mut send, _) = pair();
        let none = Terms {
            packets: 0,
            seconds: 0,
        };
        let by = |packets, seconds| Terms { packets, seconds };
        let second = Duration::from_secs(1);
        assert!(!send.is_due(none, second * 1_000_000));
        assert!(!send.is_due(by(1, 10), second * 9));
        assert!(send.is_due(by(1, 10), second * 10));
        send.packets = 1;
        assert!(send.is_due(by(1, 10), second));
        assert!(!send.is_due(by(2, 10), second));
        let (a, b) = ([1; POINT_LEN], [2; POINT_LEN]);
        let epoch = RootChain::new(&[3; 48], &[4; 48])
            .split(PublicKeys { a: &a, b: &b })
            .0;
        let mut short = SendHalf::new(Side::A, epoch, 64, Duration::ZERO);
        for _ in 0..31 {
            seal(&mut short);
        }
        assert!(!short.is_due(none, Duration::ZERO));
        seal(&mut short);
        assert!(short.is_due(none, Duration::ZERO));
    }
}
