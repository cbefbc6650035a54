//! What hangs on time: time limits, keepalive, rekeying by T (step 6), and the status at a moment.

use std::time::Duration;

use crate::channel::{Channel, State};
use crate::error::{CloseReason, Error};
use crate::status::{ChannelStatus, EntropyClass, trust};

impl Channel {
    /// When to call [`Self::handle_timeout`] at the latest; `None` once closed.
    #[must_use]
    pub fn next_timeout(&self) -> Option<Duration> {
        match &self.state {
            State::Closed => None,
            State::Handshake(_) | State::AwaitReady(_) => {
                Some(self.started + self.settings.handshake_timeout)
            }
            State::Open(keys) => {
                let heard = self.last_heard + self.settings.keepalive * 3;
                let ping = self.ping_at();
                let rekey = match keys.send.starved {
                    Some(_) if keys.send.stepped_down => None,
                    Some(since) => Some(since + self.settings.rekey_timeout),
                    None => keys.send.expires(self.terms),
                };
                let whole = self.whole_record_by();
                [Some(heard), Some(whole), Some(ping), rekey]
                    .into_iter()
                    .flatten()
                    .min()
            }
        }
    }

    /// When to ask for a sign of life: after silence of either side, since whoever only listens has nothing to send.
    fn ping_at(&self) -> Duration {
        self.last_sent.min(self.last_heard).max(self.last_ping) + self.settings.keepalive
    }

    /// When a whole record must have come: a ping is answered by one, so this ends who sends a byte of it now and then.
    fn whole_record_by(&self) -> Duration {
        let patience = self
            .settings
            .record_timeout
            .max(self.settings.keepalive * 4);
        self.last_record + patience
    }

    /// Does what time asks for: time limits, keepalive, rekeying by T.
    ///
    /// # Errors
    /// As [`Self::read_from_wire`].
    pub fn handle_timeout(&mut self, now: Duration) -> Result<(), Error> {
        self.tick(now);
        let now = self.now;
        match &self.state {
            State::Closed => Ok(()),
            State::Handshake(_) | State::AwaitReady(_) => {
                if now >= self.started + self.settings.handshake_timeout {
                    return Err(self.fail(CloseReason::HandshakeTimeout, "handshake"));
                }
                Ok(())
            }
            State::Open(keys) => {
                let rekey_late = !keys.send.stepped_down
                    && keys
                        .send
                        .starved
                        .is_some_and(|since| now >= since + self.settings.rekey_timeout);
                if now >= self.last_heard + self.settings.keepalive * 3 {
                    return Err(self.fail(CloseReason::KeepaliveTimeout, "keepalive"));
                }
                if now >= self.whole_record_by() {
                    return Err(self.fail(CloseReason::KeepaliveTimeout, "no whole record"));
                }
                if rekey_late {
                    return Err(self.fail(CloseReason::RekeyTimeout, "rekey"));
                }
                self.flush_queue()?;
                if now >= self.ping_at() {
                    self.ping()?;
                }
                Ok(())
            }
        }
    }

    /// The channel's state at `now`.
    #[must_use]
    pub fn status(&self, now: Duration) -> ChannelStatus {
        let now = self.now.max(now);
        let ms =
            |at: Option<Duration>| at.map(|at| at.saturating_sub(self.started).as_secs_f64() * 1e3);
        let packets = (self.terms.packets != 0).then_some(self.terms.packets);
        let (mut epoch, mut epoch_receive) = (0, 0);
        let (mut packets_left, mut seconds_left) = (None, None);
        let (mut prekeys, mut prekeys_window) = (0, 0);
        if let State::Open(keys) | State::AwaitReady(keys) = &self.state {
            epoch = keys.send.sealer.epoch();
            epoch_receive = keys.receive.epoch();
            prekeys = keys.send.credits();
            prekeys_window = keys.receive.window.size();
            packets_left = packets.map(|n| n.saturating_sub(keys.send.packets));
            seconds_left = (self.terms.seconds != 0).then(|| {
                let end = keys.send.since + Duration::from_secs(u64::from(self.terms.seconds));
                end.saturating_sub(now).as_secs()
            });
        }
        let connected = self
            .first_at
            .map_or(0.0, |at| now.saturating_sub(at).as_secs_f64());
        ChannelStatus {
            peer: self.peer.as_ref().map(|p| p.id.clone()).unwrap_or_default(),
            peer_serial: self
                .peer
                .as_ref()
                .map(|p| p.serial.clone())
                .unwrap_or_default(),
            epoch,
            epoch_receive,
            class: if self.second_at.is_some() {
                EntropyClass::Symmetric
            } else {
                EntropyClass::Asymmetric
            },
            rekeys: self.rekeys,
            pq_rekeys: self.pq_rekeys,
            prekeys,
            prekeys_window,
            starved: self.starvations,
            stepped_down: self.step_downs,
            packets_left,
            seconds_left,
            bytes: self.bytes_sent + self.bytes_received,
            bytes_sent: self.bytes_sent,
            bytes_received: self.bytes_received,
            hops: self.hops,
            trust: trust(connected, packets),
            first_channel_ms: ms(self.first_at),
            second_channel_ms: ms(self.second_at),
            closed: self.closed,
        }
    }
}
