//! The channel: a state machine without sockets or clock. The caller brings bytes from the wire
//! and the time, and takes bytes for the wire and events. Steps are numbered as in
//! `docs/protocol.md`; steps 2 to 4 are in `handshake.rs`, step 6 in `rekey.rs`.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::ServerName;

use crate::batch::SESSION_LEN;
use crate::config::{Admission, ClientConfig, ServerConfig, Settings};
use crate::control::{Control, Handshake, Refusal};
use crate::error::{CloseReason, Error, SendError};
use crate::event::Event;
use crate::halves::Side;
use crate::handshake::Stage;
use crate::identity::{Identity, PeerIdentity};
use crate::incoming::{Buffer, Fill, Incoming, Pool, Received};
use crate::layer::Layer;
use crate::message::{MAX_TEXT, Message, cut};
use crate::receiving::ReceiveHalf;
use crate::record::{HEADER_LEN, Header, Kind, MAX_PLAINTEXT, TAG_LEN};
use crate::sending::SendHalf;
use crate::source::{ByteSource, MixingSource, SourceExhausted};
use crate::stock::KeyStock;
use crate::terms::Terms;

/// Steps of the chain between two looks at the wire.
const STEPS_AT_ONCE: u64 = 4;

/// Keys of both directions.
pub(crate) struct Keys {
    pub(crate) send: SendHalf,
    pub(crate) receive: ReceiveHalf,
}

pub(crate) enum State {
    /// Steps 2 to 4.
    Handshake(Stage),
    /// Step 4, the last part: our keys stand, the other side's `Ready` is awaited.
    AwaitReady(Box<Keys>),
    /// Steps 5 and 6.
    Open(Box<Keys>),
    /// Keys are erased.
    Closed,
}

/// What a channel is made of, besides the layer under it.
pub(crate) struct ChannelParts {
    pub(crate) source: Arc<dyn ByteSource>,
    pub(crate) mixing: Option<Arc<dyn MixingSource>>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) settings: Settings,
}

/// One end of a channel. All times are durations since any fixed origin of the caller's, never
/// going back.
pub struct Channel {
    pub(crate) layer: Layer,
    pub(crate) side: Side,
    pub(crate) state: State,
    pub(crate) source: Arc<dyn ByteSource>,
    pub(crate) mixing: Option<Arc<dyn MixingSource>>,
    pub(crate) admission: Option<Arc<dyn Admission>>,
    /// Signs our batches of keys.
    pub(crate) identity: Arc<Identity>,
    pub(crate) stock: Option<Arc<KeyStock>>,
    /// The session's name in batches, once the first channel stands.
    pub(crate) session: [u8; SESSION_LEN],
    // The groups of a client's TLS configuration hold its source weakly.
    _client: Option<ClientConfig>,
    pub(crate) settings: Settings,
    pub(crate) terms: Terms,
    pub(crate) peer: Option<PeerIdentity>,
    incoming: Incoming,
    pool: Pool,
    pub(crate) queue: VecDeque<Buffer>,
    queue_bytes: usize,
    pub(crate) events: VecDeque<Event>,
    event_bytes: usize,
    pub(crate) untaken: usize,
    pub(crate) now: Duration,
    pub(crate) started: Duration,
    pub(crate) first_at: Option<Duration>,
    pub(crate) second_at: Option<Duration>,
    pub(crate) last_sent: Duration,
    pub(crate) last_heard: Duration,
    /// When a whole record last came.
    pub(crate) last_record: Duration,
    pub(crate) pings: u64,
    pub(crate) last_ping: Duration,
    pub(crate) clear_sent: u32,
    pub(crate) clear_received: u32,
    pub(crate) rekeys: u64,
    pub(crate) pq_rekeys: u64,
    pub(crate) starvations: u64,
    pub(crate) step_downs: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) hops: u8,
    pub(crate) closed: Option<CloseReason>,
}

impl Channel {
    /// Side B: begins a channel to a hub or relay. `unix_seconds` is the wall clock by which
    /// certificates are judged.
    ///
    /// # Errors
    /// [`Error::Source`] when there are no bytes for the key exchange, [`Error::Tls`] otherwise.
    pub fn connect(config: &ClientConfig, unix_seconds: u64, now: Duration) -> Result<Self, Error> {
        config.set_clock(unix_seconds);
        // The name is never sent (no SNI) nor judged: the verifier pins CA, role and ID.
        let name =
            ServerName::try_from("photonbox.invalid").map_err(|_| Error::Setting("server name"))?;
        let tls = rustls::ClientConnection::new(config.tls.clone(), name)?;
        let source: Arc<dyn ByteSource> = config.source.clone();
        let parts = ChannelParts {
            source,
            mixing: Some(config.source.clone()),
            identity: config.identity.clone(),
            settings: config.settings.clone(),
        };
        let layer = Layer::tls(rustls::Connection::Client(tls));
        let mut channel = Self::new(layer, Side::B, parts, now);
        channel.stock = config.stock.clone();
        channel._client = Some(config.clone());
        Ok(channel)
    }

    /// Side A: accepts a connection of which nothing was read yet.
    ///
    /// # Errors
    /// [`Error::Tls`] when rustls refuses the configuration.
    pub fn accept(config: &ServerConfig, unix_seconds: u64, now: Duration) -> Result<Self, Error> {
        config.set_clock(unix_seconds);
        let tls = rustls::ServerConnection::new(config.tls.clone())?;
        Ok(Self::accepted(config, tls, now))
    }

    pub(crate) fn accepted(
        config: &ServerConfig,
        tls: rustls::ServerConnection,
        now: Duration,
    ) -> Self {
        let parts = ChannelParts {
            source: config.source.clone(),
            mixing: None,
            identity: config.identity.clone(),
            settings: config.settings.clone(),
        };
        let layer = Layer::tls(rustls::Connection::Server(tls));
        let mut channel = Self::new(layer, Side::A, parts, now);
        channel.stock = config.stock.clone();
        channel.admission = config.admission.clone();
        channel
    }

    pub(crate) fn new(layer: Layer, side: Side, parts: ChannelParts, now: Duration) -> Self {
        let ChannelParts {
            source,
            mixing,
            identity,
            settings,
        } = parts;
        let terms = Terms::of(&settings);
        Self {
            layer,
            side,
            state: State::Handshake(Stage::Tls),
            source,
            mixing,
            admission: None,
            identity,
            stock: None,
            session: [0; SESSION_LEN],
            _client: None,
            settings,
            terms,
            peer: None,
            incoming: Incoming::new(),
            pool: Pool::default(),
            queue: VecDeque::new(),
            queue_bytes: 0,
            events: VecDeque::new(),
            event_bytes: 0,
            untaken: 0,
            now,
            started: now,
            first_at: None,
            second_at: None,
            last_sent: now,
            last_heard: now,
            last_record: now,
            pings: 0,
            last_ping: now,
            clear_sent: 0,
            clear_received: 0,
            rekeys: 0,
            pq_rekeys: 0,
            starvations: 0,
            step_downs: 0,
            bytes_sent: 0,
            bytes_received: 0,
            hops: 0,
            closed: None,
        }
    }

    pub(crate) fn wants_wire(&self) -> bool {
        // Answers to control records are not bound by `queue_bytes`, so reading is: a peer that
        // asks without end and reads nothing gets no further.
        self.event_bytes < self.settings.receive_bytes
            && self.untaken < self.settings.queue_bytes.saturating_mul(4)
    }

    /// Lets TLS work on what it has read, then the records.
    pub(crate) fn process(&mut self) -> Result<(), Error> {
        let peer_has_closed = match self.layer.process() {
            Ok(closed) => closed,
            Err(error) => {
                let reason = match &error {
                    Error::Source(_) => CloseReason::SourceExhausted,
                    _ => CloseReason::Tls,
                };
                // rustls has queued the alert that says why; TLS carries nothing else now.
                self.end(reason, &error.to_string(), false, false);
                return Err(error);
            }
        };
        if matches!(self.state, State::Handshake(Stage::Tls)) && !self.layer.is_handshaking() {
            self.first_channel()?;
        }
        self.pump()?;
        if peer_has_closed && !self.is_closed() {
            return Err(self.fail(CloseReason::Truncated, "TLS ended without a close message"));
        }
        Ok(())
    }

    fn pump(&mut self) -> Result<(), Error> {
        while !self.is_closed() {
            match self.incoming.fill(&mut self.layer, &mut self.pool) {
                Fill::Record(header, body) => self.record(header, body)?,
                Fill::More | Fill::End => break,
                Fill::Fault(reason) => return Err(self.fail(reason, "record header")),
            }
        }
        Ok(())
    }

    fn record(&mut self, header: Header, mut body: Buffer) -> Result<(), Error> {
        if header.kind == Kind::Clear {
            return self.clear_record(&header, body.as_slice());
        }
        let keys = match &mut self.state {
            State::AwaitReady(keys) | State::Open(keys) => keys,
            State::Handshake(_) | State::Closed => {
                return Err(self.fail(CloseReason::Unexpected, "a sealed record before the keys"));
            }
        };
        let now = self.now;
        self.last_record = now;
        let (len, stepped) = match keys.receive.open(&header, body.as_mut_slice(), now) {
            Ok(opened) => opened,
            Err(Refusal(reason, what)) => return Err(self.fail(reason, what)),
        };
        if stepped {
            self.rekeys += 1;
        }
        self.opened(header.kind, body, len)?;
        if stepped {
            self.replenish()?;
        }
        Ok(())
    }

    /// A record's plaintext, `len` bytes of `body`.
    fn opened(&mut self, kind: Kind, body: Buffer, len: usize) -> Result<(), Error> {
        if kind == Kind::Control {
            let result = self.control(&body.as_slice()[..len]);
            self.pool.give(body);
            return result;
        }
        if !matches!(self.state, State::Open(_)) {
            return Err(self.fail(CloseReason::Unexpected, "data before ready"));
        }
        match Received::new(body, len) {
            Ok(received) => {
                self.bytes_received += len as u64;
                self.event_bytes += len;
                self.events.push_back(Event::Message(received));
                Ok(())
            }
            Err((_, what)) => Err(self.fail(CloseReason::BadMessage, what)),
        }
    }

    pub(crate) fn take_buffer(&mut self, len: usize) -> Buffer {
        self.pool.take(len)
    }

    pub(crate) fn source_failed(&mut self, exhausted: SourceExhausted) -> Error {
        self.end(
            CloseReason::SourceExhausted,
            "no bytes for a key",
            true,
            false,
        );
        Error::Source(exhausted)
    }

    pub(crate) fn keys(&mut self) -> Option<&mut Keys> {
        match &mut self.state {
            State::AwaitReady(keys) | State::Open(keys) => Some(keys),
            State::Handshake(_) | State::Closed => None,
        }
    }

    /// Sends a service message, or queues it while prekeys are awaited.
    ///
    /// # Errors
    /// [`SendError`]; nothing of the message was then sent or queued.
    pub fn send(&mut self, message: &Message<'_>) -> Result<(), SendError> {
        match self.state {
            State::Closed => return Err(SendError::Closed),
            State::Open(_) => {}
            _ => return Err(SendError::NotReady),
        }
        let len = message.encoded_len();
        if len > MAX_PLAINTEXT {
            return Err(SendError::TooLarge);
        }
        if !self.can_send() {
            return Err(SendError::WouldBlock);
        }
        let mut record = self.pool.take(HEADER_LEN + len + TAG_LEN);
        message.encode_into(&mut record.as_mut_slice()[HEADER_LEN..HEADER_LEN + len]);
        self.queue_bytes += record.as_slice().len();
        self.queue.push_back(record);
        self.flush_queue().map_err(|_| SendError::Closed)
    }

    /// Whether [`Self::send`] would take a message now.
    #[must_use]
    pub fn can_send(&self) -> bool {
        matches!(self.state, State::Open(_))
            && self.queue_bytes + self.untaken < self.settings.queue_bytes
    }

    /// Whether every message given to [`Self::send`] is sealed and every byte was taken.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.untaken == 0 && !self.wants_write() && self.queue.is_empty()
    }

    /// Seals what is queued, with a step of the chain wherever one is due (step 6c). After some steps the rest waits until
    /// the wire has taken what there is: at N = 1 a full queue is a quarter of a second's work.
    pub(crate) fn flush_queue(&mut self) -> Result<(), Error> {
        let most = self.rekeys + STEPS_AT_ONCE;
        while self.rekeys < most {
            if !self.rekey_if_due()? {
                return Ok(());
            }
            let State::Open(keys) = &mut self.state else {
                return Ok(());
            };
            let Some(mut record) = self.queue.pop_front() else {
                return Ok(());
            };
            self.queue_bytes -= record.as_slice().len();
            keys.send.packets += 1;
            self.bytes_sent += (record.as_slice().len() - HEADER_LEN - TAG_LEN) as u64;
            let sealed = keys.send.sealer.seal(Kind::Data, record.as_mut_slice());
            self.write_record(sealed, record)?;
        }
        Ok(())
    }

    pub(crate) fn send_control(&mut self, message: &Control<'_>) -> Result<(), Error> {
        let bytes = crate::wire::to_vec(|out| message.encode(out));
        let mut record = self.pool.take(HEADER_LEN + bytes.len() + TAG_LEN);
        record.as_mut_slice()[HEADER_LEN..HEADER_LEN + bytes.len()].copy_from_slice(&bytes);
        let Some(keys) = self.keys() else {
            return Ok(());
        };
        let sealed = keys.send.sealer.seal(Kind::Control, record.as_mut_slice());
        self.write_record(sealed, record)
    }

    pub(crate) fn write_record(
        &mut self,
        sealed: Result<(), CloseReason>,
        record: Buffer,
    ) -> Result<(), Error> {
        if let Err(reason) = sealed {
            return Err(self.fail(reason, "sealing"));
        }
        if self.layer.write_plain(record.as_slice()).is_err() {
            return Err(self.fail(CloseReason::Tls, "TLS takes no more plaintext"));
        }
        self.untaken += record.as_slice().len();
        self.last_sent = self.now;
        self.pool.give(record);
        Ok(())
    }

    /// The next event, if there is one.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front()?;
        if let Event::Message(received) = &event {
            self.event_bytes = self.event_bytes.saturating_sub(received.encoded_len());
        }
        Some(event)
    }

    /// Gives a message's buffer back for reuse: a fast stream then neither allocates nor wipes.
    pub fn recycle(&mut self, received: Received) {
        self.pool.give(received.buffer);
    }

    /// Gives unused buffers back: an idle channel then costs little more than its keys and its layer.
    pub fn shrink(&mut self) {
        self.pool = Pool::default();
        self.queue.shrink_to_fit();
        self.events.shrink_to_fit();
    }

    /// Tells that the connection under the channel has ended. Without a close message before it
    /// that is a fault: [`CloseReason::Truncated`].
    pub fn wire_closed(&mut self, now: Duration) {
        self.tick(now);
        self.end(
            CloseReason::Truncated,
            "the connection ended without a close message",
            false,
            false,
        );
    }

    /// Closes with a reason. What is queued behind a rekey is dropped: see [`Self::is_flushed`].
    pub fn close(&mut self, reason: CloseReason) {
        self.end(reason, reason.text(), true, false);
    }

    pub(crate) fn fail(&mut self, reason: CloseReason, detail: &'static str) -> Error {
        self.end(reason, detail, true, false);
        Error::Fault(reason, detail)
    }

    pub(crate) fn end(&mut self, reason: CloseReason, detail: &str, tell: bool, by_peer: bool) {
        if self.is_closed() {
            return;
        }
        // From here on nothing below can come back to this function.
        self.closed = Some(reason);
        if tell {
            self.tell(reason, detail);
        }
        self.layer.close();
        self.state = State::Closed;
        self.queue.clear();
        self.queue_bytes = 0;
        self.events.push_back(Event::Closed {
            reason,
            by_peer,
            detail: detail.to_owned(),
        });
    }

    fn tell(&mut self, reason: CloseReason, detail: &str) {
        let code = reason.code();
        let text = cut(detail, MAX_TEXT).to_owned();
        // If even the close message cannot be sealed, TLS's own close has to do.
        let told = if self.keys().is_some() {
            self.send_control(&Control::Close { code, text: &text })
        } else if self.first_at.is_some() {
            self.send_clear(&Handshake::Close { code, text: &text })
        } else {
            Ok(())
        };
        drop(told);
    }

    /// Whether the channel is over.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// Whether the second channel stands.
    #[must_use]
    pub fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Who is on the other side, once the first channel stands.
    #[must_use]
    pub fn peer(&self) -> Option<&PeerIdentity> {
        self.peer.as_ref()
    }

    /// Sets the number of relays that status shows.
    pub fn set_hops(&mut self, hops: u8) {
        self.hops = hops;
    }

    pub(crate) fn tick(&mut self, now: Duration) {
        self.now = self.now.max(now);
    }
}

/// The other side's text, fit for a log.
pub(crate) fn printable(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).collect()
}
