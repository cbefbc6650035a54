//! Rekeying (protocol step 6): what the channel does between its two halves and the wire. No step waits for a round
//! trip: the other side's prekeys and the own announced keys are there before they are needed.

use crate::batch::{BatchKind, SignedBatch};
use crate::channel::{Channel, State, printable};
use crate::control::{Control, Refusal};
use crate::error::{CloseReason, Error};
use crate::event::Event;
use crate::halves::StepError;
use crate::schedule::Direction;
use crate::sending::Need;

impl Channel {
    /// Steps into the next epoch if it is due: before a data packet, or when time or records are over. False: data has to
    /// wait for the other side's prekeys.
    pub(crate) fn rekey_if_due(&mut self) -> Result<bool, Error> {
        let (terms, now, data) = (self.terms, self.now, !self.queue.is_empty());
        let State::Open(keys) = &mut self.state else {
            return Ok(false);
        };
        if !(keys.send.is_over(terms, now) || (data && keys.send.is_full(terms))) {
            return Ok(true);
        }
        match keys.send.need(terms, now) {
            Need::Credit => return self.exhausted(),
            Need::Announcement => self.announce()?,
            Need::Step => {}
        }
        let Some(keys) = self.keys() else {
            return Ok(false);
        };
        match keys.send.step(now) {
            Ok(mlkem) => {
                self.rekeys += 1;
                self.pq_rekeys += u64::from(mlkem);
            }
            Err(refusal) => return Err(self.step_failed(refusal.into())),
        }
        if self.queue.is_empty() {
            // Nothing else would tell the other side soon, and it must erase the old epoch too.
            self.ping()?;
        }
        Ok(true)
    }

    /// Whether queued data could be sealed now.
    pub(crate) fn has_more(&self) -> bool {
        let State::Open(keys) = &self.state else {
            return false;
        };
        let waits = keys.send.starved.is_some() && !keys.send.stepped_down;
        !self.queue.is_empty() && !waits
    }

    /// Step 6d. Whether data may go on.
    fn exhausted(&mut self) -> Result<bool, Error> {
        let (now, may_step_down) = (self.now, self.terms.step_down);
        let State::Open(keys) = &mut self.state else {
            return Ok(false);
        };
        let send = &mut keys.send;
        let epoch = send.sealer.epoch();
        let first = send.starved.is_none();
        send.starved.get_or_insert(now);
        let tell = !std::mem::replace(&mut send.told, true);
        let goes_on = may_step_down && !send.is_worn();
        let steps_down = goes_on && !std::mem::replace(&mut send.stepped_down, true);
        self.starvations += u64::from(first);
        if steps_down {
            self.step_downs += 1;
            self.events.push_back(Event::SteppedDown { epoch });
        }
        if tell {
            self.send_control(&Control::Starved {
                direction: self.side.sends(),
                epoch: epoch.wrapping_add(1),
            })?;
        }
        Ok(goes_on)
    }

    /// Step 6b: announces keys of ours, with a ciphertext if one is due (6e).
    fn announce(&mut self) -> Result<(), Error> {
        let (source, stock) = (self.source.clone(), self.stock.clone());
        let (terms, now) = (self.terms, self.now);
        let (identity, session) = (self.identity.clone(), self.session);
        let Some(keys) = self.keys() else {
            return Ok(());
        };
        let prepared = keys.send.prepare(stock.as_deref(), &*source, terms, now);
        let made = match prepared {
            Ok(made) => made,
            Err(error) => return Err(self.step_failed(error)),
        };
        let batch = keys.send.announce(&made);
        match batch.sign(BatchKind::Announcement, &session, &identity) {
            Ok(signed) => self.send_control(&Control::Announcement(signed)),
            Err(_) => Err(self.signing_failed()),
        }
    }

    /// Step 6a: sends prekeys if it is worth a batch, and an encapsulation key if too few are out. One batch, so that nothing
    /// else waits for long.
    pub(crate) fn replenish(&mut self) -> Result<(), Error> {
        let (source, stock, terms) = (self.source.clone(), self.stock.clone(), self.terms);
        let (identity, session) = (self.identity.clone(), self.session);
        let Some(keys) = self.keys() else {
            return Ok(());
        };
        let made = keys.receive.replenish(stock.as_deref(), &*source, terms);
        let made = match made {
            Ok(made) => made,
            Err(exhausted) => return Err(self.source_failed(exhausted)),
        };
        if made.is_empty() {
            return Ok(());
        }
        let batch = keys.receive.batch(&made);
        match batch.sign(BatchKind::Prekeys, &session, &identity) {
            Ok(signed) => self.send_control(&Control::Prekeys(signed)),
            Err(_) => Err(self.signing_failed()),
        }
    }

    fn signing_failed(&mut self) -> Error {
        self.fail(
            CloseReason::SourceExhausted,
            "a batch of keys could not be signed",
        )
    }

    pub(crate) fn ping(&mut self) -> Result<(), Error> {
        self.pings += 1;
        self.last_ping = self.now;
        let token = self.pings;
        self.send_control(&Control::Ping { token })
    }

    pub(crate) fn step_failed(&mut self, error: StepError) -> Error {
        match error {
            StepError::Source(exhausted) => self.source_failed(exhausted),
            StepError::Refused(Refusal(reason, what)) => self.fail(reason, what),
        }
    }

    fn verified(&mut self, kind: BatchKind, signed: &SignedBatch<'_>) -> Result<(), Error> {
        let good = match &self.peer {
            Some(peer) => signed.verify(kind, &self.session, peer),
            None => Err(CloseReason::Unexpected),
        };
        good.map_err(|reason| self.fail(reason, "a batch of keys"))
    }

    fn prekeys(&mut self, signed: &SignedBatch<'_>) -> Result<(), Error> {
        self.verified(BatchKind::Prekeys, signed)?;
        let taken = self
            .keys()
            .map_or(Ok(()), |keys| keys.send.take_prekeys(&signed.batch));
        match taken {
            Ok(()) => self.flush_queue(),
            Err(refusal) => Err(self.step_failed(refusal.into())),
        }
    }

    fn announcement(&mut self, signed: &SignedBatch<'_>) -> Result<(), Error> {
        self.verified(BatchKind::Announcement, signed)?;
        let taken = self
            .keys()
            .map_or(Ok(()), |keys| keys.receive.take_announcement(&signed.batch));
        match taken {
            // A used encapsulation key is followed by another.
            Ok(()) if signed.batch.mlkem.is_some() => self.replenish(),
            Ok(()) => Ok(()),
            Err(refusal) => Err(self.step_failed(refusal.into())),
        }
    }

    fn peer_starved(&mut self, direction: Direction, epoch: u32) -> Result<(), Error> {
        let now = self.now;
        let heard = self.keys().map_or(Ok(()), |keys| {
            keys.receive.peer_starved(direction, epoch, now)
        });
        match heard {
            Ok(()) => self.replenish(),
            Err(refusal) => Err(self.step_failed(refusal.into())),
        }
    }

    /// A sealed control message.
    pub(crate) fn control(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let message = match Control::decode(bytes) {
            Ok(message) => message,
            Err(Refusal(reason, what)) => return Err(self.fail(reason, what)),
        };
        let open = matches!(self.state, State::Open(_));
        match message {
            Control::Close { code, text } => {
                let reason = CloseReason::from_code(code).unwrap_or(CloseReason::Normal);
                let text = printable(text);
                self.end(reason, &text, false, true);
                Ok(())
            }
            Control::Ready if !open => self.second_channel(),
            // After our own `Ready` the other side may begin at once, on keys that we have.
            Control::Ready => Err(self.fail(CloseReason::Unexpected, "ready twice")),
            _ if !open => Err(self.fail(CloseReason::Unexpected, "control before ready")),
            Control::Ping { token } => self.send_control(&Control::Pong { token }),
            Control::Pong { .. } => Ok(()), // hearing it was its purpose
            Control::Prekeys(signed) => self.prekeys(&signed),
            Control::Announcement(signed) => self.announcement(&signed),
            Control::Starved { direction, epoch } => self.peer_starved(direction, epoch),
        }
    }
}
