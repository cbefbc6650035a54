//! Steps 2 to 4: the first channel, the second portion, the second ECDH inside TLS.

use std::time::Duration;

use photonbox_secret::{SecretArray, SecretBytes};

use crate::channel::{Channel, Keys, State, printable};
use crate::control::{Control, Handshake, Refusal};
use crate::error::{CloseReason, Error};
use crate::event::Event;
use crate::halves::Side;
use crate::kx::{EphemeralKey, KxError, POINT_LEN};
use crate::labels;
use crate::receiving::{ReceiveHalf, Window};
use crate::record::{HEADER_LEN, Header, Kind};
use crate::schedule::{CHAIN_LEN, RootChain};
use crate::sending::SendHalf;
use crate::terms::Terms;

type Exporter = SecretArray<CHAIN_LEN>;

/// Where the handshake stands. Keys exist only in the stage that uses them.
pub(crate) enum Stage {
    /// Step 2: TLS is not done yet.
    Tls,
    /// Step 3, side B: A's portion and share are awaited.
    AwaitPortion { exporter: Exporter },
    /// Step 4, side A: B's share is awaited.
    AwaitShare {
        exporter: Exporter,
        key: EphemeralKey,
    },
}

impl Channel {
    /// Step 2 is done: checks what TLS agreed on, then A goes on with step 3.
    pub(crate) fn first_channel(&mut self) -> Result<(), Error> {
        let elapsed = self.now.saturating_sub(self.started);
        self.first_at = Some(self.now);
        let agreed = self.layer.agreed();
        if !agreed.speaks_photonbox {
            return Err(self.fail(CloseReason::WrongAlpn, "no photonbox/1 in ALPN"));
        }
        let Some(group) = agreed.group else {
            return Err(self.fail(CloseReason::Tls, "an unknown key-exchange group"));
        };
        let Some(Ok(peer)) = agreed.peer else {
            return Err(self.fail(CloseReason::NotAdmitted, "no certificate"));
        };
        self.peer = Some(peer.clone());
        if let Some(admission) = &self.admission
            && !admission.admit(&peer)
        {
            return Err(self.fail(
                CloseReason::NotAdmitted,
                "this identity is revoked or unknown here",
            ));
        }
        let mut exporter = Exporter::new_zeroed();
        let exported = self
            .layer
            .export(exporter.as_mut_array(), labels::EXPORTER)
            .and_then(|()| self.layer.export(&mut self.session, labels::SESSION));
        if exported.is_err() {
            return Err(self.fail(CloseReason::Tls, "the TLS exporter failed"));
        }
        self.events.push_back(Event::FirstChannel {
            peer,
            group,
            elapsed,
        });
        match self.side {
            Side::A => self.send_portion(exporter),
            Side::B => {
                self.state = State::Handshake(Stage::AwaitPortion { exporter });
                Ok(())
            }
        }
    }

    /// Step 3, side A: the second portion, and the share drawn from the third.
    fn send_portion(&mut self, exporter: Exporter) -> Result<(), Error> {
        let mut portion = SecretBytes::new_zeroed(self.settings.second_portion);
        if let Err(exhausted) = self.source.fill(portion.as_mut_slice()) {
            return Err(self.source_failed(exhausted));
        }
        let key = match EphemeralKey::generate(&*self.source) {
            Ok(key) => key,
            Err(exhausted) => return Err(self.source_failed(exhausted)),
        };
        self.send_clear(&Handshake::Portion {
            terms: self.terms,
            share: *key.public(),
            portion: portion.as_slice(),
        })?;
        self.state = State::Handshake(Stage::AwaitShare { exporter, key });
        Ok(())
    }

    /// A clear record: only the handshake has them.
    pub(crate) fn clear_record(&mut self, header: &Header, body: &[u8]) -> Result<(), Error> {
        if header.epoch != 0 {
            return Err(self.fail(CloseReason::WrongEpoch, "a clear record has no epoch"));
        }
        if header.counter < self.clear_received {
            return Err(self.fail(CloseReason::Replayed, "clear record"));
        }
        if header.counter > self.clear_received {
            return Err(self.fail(CloseReason::Reordered, "clear record"));
        }
        self.clear_received += 1;
        let message = match Handshake::decode(body) {
            Ok(message) => message,
            Err(Refusal(reason, what)) => return Err(self.fail(reason, what)),
        };
        if let Handshake::Close { code, text } = message {
            // A sealed close is the only one that counts once there are keys on both sides.
            if matches!(self.state, State::Open(_)) {
                return Err(self.fail(CloseReason::Unexpected, "a clear close after the handshake"));
            }
            let reason = CloseReason::from_code(code).unwrap_or(CloseReason::Normal);
            self.end(reason, &printable(text), false, true);
            return Ok(());
        }
        let stage = match std::mem::replace(&mut self.state, State::Closed) {
            State::Handshake(stage) => stage,
            other => {
                self.state = other;
                return Err(self.fail(
                    CloseReason::Unexpected,
                    "a clear record after the handshake",
                ));
            }
        };
        match (stage, message) {
            // Step 3, side B: mix first, draw afterwards.
            (
                Stage::AwaitPortion { exporter },
                Handshake::Portion {
                    terms,
                    share,
                    portion,
                },
            ) => {
                if let Some(mixing) = self.mixing.clone()
                    && let Err(exhausted) = mixing.mix(portion)
                {
                    return Err(self.source_failed(exhausted));
                }
                if let Some(stock) = &self.stock {
                    stock.clear();
                }
                let key = match EphemeralKey::generate(&*self.source) {
                    Ok(key) => key,
                    Err(exhausted) => return Err(self.source_failed(exhausted)),
                };
                // Step 4, side B: our share goes out before our keys stand.
                self.send_clear(&Handshake::Share {
                    terms: self.terms,
                    share: *key.public(),
                })?;
                self.second_keys(terms, &exporter, key, &share)
            }
            // Step 4, side A.
            (Stage::AwaitShare { exporter, key }, Handshake::Share { terms, share }) => {
                self.second_keys(terms, &exporter, key, &share)
            }
            (stage, _) => {
                self.state = State::Handshake(stage);
                Err(self.fail(CloseReason::Unexpected, "a handshake message out of turn"))
            }
        }
    }

    /// Step 4: chain_0, both chains, both record keys; then `Ready` as the first sealed record.
    fn second_keys(
        &mut self,
        theirs: Terms,
        exporter: &Exporter,
        key: EphemeralKey,
        peer: &[u8; POINT_LEN],
    ) -> Result<(), Error> {
        self.terms = self.terms.stricter(theirs);
        let own = *key.public();
        let ecdh = match key.agree(peer) {
            Ok(ecdh) => ecdh,
            Err(KxError::Source(exhausted)) => return Err(self.source_failed(exhausted)),
            Err(KxError::BadPeerKey) => {
                return Err(self.fail(CloseReason::BadKey, "the share is no point"));
            }
        };
        let root = RootChain::new(exporter.as_array(), ecdh.as_array());
        let (a_to_b, b_to_a) = root.split(self.side.order(&own, peer));
        let (send, receive) = match self.side {
            Side::A => (a_to_b, b_to_a),
            Side::B => (b_to_a, a_to_b),
        };
        self.state = State::AwaitReady(Box::new(Keys {
            send: SendHalf::new(self.side, send, self.settings.record_limit, self.now),
            receive: ReceiveHalf::new(
                self.side,
                receive,
                Window::new(
                    self.settings.prekeys_least,
                    self.settings.prekeys_most,
                    self.now,
                ),
            ),
        }));
        self.send_control(&Control::Ready)?;
        // Step 6a, for the first time: by the time that the other side may send, it has prekeys.
        self.replenish()
    }

    /// Step 4 is done: the other side's `Ready` opened under the new keys. TLS's keys, which have carried the second portion,
    /// are replaced: whoever steals TLS's state later can't open what was recorded until now.
    pub(crate) fn second_channel(&mut self) -> Result<(), Error> {
        if let State::AwaitReady(keys) = std::mem::replace(&mut self.state, State::Closed) {
            self.state = State::Open(keys);
            self.second_at = Some(self.now);
            let elapsed: Duration = self.now.saturating_sub(self.started);
            self.events.push_back(Event::SecondChannel { elapsed });
        }
        // A asks B to do the same.
        if self.side == Side::A && self.layer.refresh().is_err() {
            return Err(self.fail(CloseReason::Tls, "TLS's keys could not be replaced"));
        }
        Ok(())
    }

    /// Sends a handshake message, protected by TLS alone.
    pub(crate) fn send_clear(&mut self, message: &Handshake<'_>) -> Result<(), Error> {
        let mut count = crate::wire::Out::counting();
        message.encode(&mut count);
        let mut record = self.take_buffer(HEADER_LEN + count.len());
        let header = Header {
            kind: Kind::Clear,
            epoch: 0,
            counter: self.clear_sent,
            length: count.len() as u32,
        };
        self.clear_sent += 1;
        let (head, body) = record.as_mut_slice().split_at_mut(HEADER_LEN);
        head.copy_from_slice(&header.to_bytes());
        message.encode(&mut crate::wire::Out::new(body));
        self.write_record(Ok(()), record)
    }
}
