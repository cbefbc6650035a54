//! A pipe in memory in TLS's place, for simulations alone: one round trip of greeting, then bytes in frames. It protects
//! nothing and checks no certificate; what runs inside it is the real channel.

use std::collections::VecDeque;
use std::io::{ErrorKind, Read, Write};
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::digest::{Context, SHA384};

use crate::channel::{Channel, ChannelParts, State};
use crate::config::Settings;
use crate::error::Error;
use crate::halves::Side;
use crate::identity::{Identity, PeerIdentity};
use crate::layer::Layer;
use crate::record::{HEADER_LEN, Header, Kind, TAG_LEN};
use crate::source::{ByteSource, MixingSource};

const GREETING: u8 = 1;
const BYTES: u8 = 2;
const CLOSE: u8 = 3;

/// What both ends of a pipe are made of.
#[derive(Debug, Clone)]
pub struct PipeEnd {
    /// Who is on the other side.
    pub peer: Arc<PeerIdentity>,
    /// Stands for the TLS session's secret: the same on both sides, and no other pipe's.
    pub session: [u8; 32],
}

pub(crate) struct Pipe {
    end: PipeEnd,
    /// Frames as they came, not taken apart yet.
    arrived: Vec<u8>,
    plain: VecDeque<u8>,
    outgoing: Vec<u8>,
    greeted: bool,
    greets: bool,
    closed: bool,
}

impl Pipe {
    fn new(end: PipeEnd, side: Side) -> Self {
        let mut pipe = Self {
            end,
            arrived: Vec::new(),
            plain: VecDeque::new(),
            outgoing: Vec::new(),
            greeted: false,
            greets: false,
            closed: false,
        };
        if side == Side::B {
            pipe.greet();
        }
        pipe
    }

    fn greet(&mut self) {
        self.greets = true;
        self.frame(GREETING, &[]);
    }

    fn frame(&mut self, kind: u8, bytes: &[u8]) {
        self.outgoing.push(kind);
        self.outgoing
            .extend_from_slice(&(bytes.len() as u32).to_be_bytes());
        self.outgoing.extend_from_slice(bytes);
    }

    pub(crate) fn peer(&self) -> &PeerIdentity {
        &self.end.peer
    }

    pub(crate) fn export(&self, out: &mut [u8], label: &[u8]) {
        let mut hash = Context::new(&SHA384);
        hash.update(&self.end.session);
        hash.update(label);
        let digest = hash.finish();
        let len = out.len().min(digest.as_ref().len());
        out[..len].copy_from_slice(&digest.as_ref()[..len]);
    }

    pub(crate) fn is_handshaking(&self) -> bool {
        !(self.greets && self.greeted)
    }

    pub(crate) fn process(&mut self) -> bool {
        let mut rest = &self.arrived[..];
        let mut greet = false;
        while let Some((head, tail)) = rest.split_first_chunk::<5>() {
            let len = u32::from_be_bytes([head[1], head[2], head[3], head[4]]) as usize;
            let Some((bytes, after)) = tail.split_at_checked(len) else {
                break;
            };
            match head[0] {
                GREETING => {
                    self.greeted = true;
                    greet = !self.greets;
                }
                BYTES => self.plain.extend(bytes),
                _ => self.closed = true,
            }
            rest = after;
        }
        self.arrived = rest.to_vec();
        if greet {
            self.greet();
        }
        self.closed
    }

    pub(crate) fn read_wire(&mut self, wire: &mut dyn Read) -> std::io::Result<usize> {
        wire.read_to_end(&mut self.arrived)
    }

    pub(crate) fn write_wire(&mut self, wire: &mut dyn Write) -> std::io::Result<usize> {
        let bytes = std::mem::take(&mut self.outgoing);
        wire.write_all(&bytes)?;
        Ok(bytes.len())
    }

    pub(crate) fn wants_write(&self) -> bool {
        !self.outgoing.is_empty()
    }

    pub(crate) fn write_plain(&mut self, bytes: &[u8]) {
        self.frame(BYTES, bytes);
    }

    pub(crate) fn read_plain(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
        if self.plain.is_empty() {
            self.plain = VecDeque::new();
            return if self.closed {
                Ok(0)
            } else {
                Err(ErrorKind::WouldBlock.into())
            };
        }
        self.plain.read(into)
    }

    pub(crate) fn close(&mut self) {
        self.frame(CLOSE, &[]);
    }
}

impl Channel {
    /// Side A of a channel over a pipe.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of bounds.
    pub fn accept_pipe(
        identity: Arc<Identity>,
        source: Arc<dyn ByteSource>,
        settings: Settings,
        end: PipeEnd,
        now: Duration,
    ) -> Result<Self, Error> {
        let parts = ChannelParts {
            source,
            mixing: None,
            identity,
            settings,
        };
        Self::over_pipe(Side::A, parts, end, now)
    }

    /// Side B of a channel over a pipe.
    ///
    /// # Errors
    /// [`Error::Setting`] for a setting out of bounds.
    pub fn connect_pipe(
        identity: Arc<Identity>,
        source: Arc<dyn MixingSource>,
        settings: Settings,
        end: PipeEnd,
        now: Duration,
    ) -> Result<Self, Error> {
        let parts = ChannelParts {
            source: source.clone(),
            mixing: Some(source),
            identity,
            settings,
        };
        Self::over_pipe(Side::B, parts, end, now)
    }

    fn over_pipe(
        side: Side,
        parts: ChannelParts,
        end: PipeEnd,
        now: Duration,
    ) -> Result<Self, Error> {
        parts.settings.check()?;
        let pipe = Layer::Pipe(Box::new(Pipe::new(end, side)));
        Ok(Self::new(pipe, side, parts, now))
    }

    /// Sends any plaintext as a record of this kind, sealed with the channel's own key where the kind has one: what a peer
    /// that has the keys and breaks the rules could send. Nothing is sent without keys.
    pub fn send_raw(&mut self, kind: Kind, plain: &[u8]) {
        let mut record = vec![0; HEADER_LEN];
        record.extend_from_slice(plain);
        if kind == Kind::Clear {
            let header = Header {
                kind,
                epoch: 0,
                counter: self.clear_sent,
                length: plain.len() as u32,
            };
            record[..HEADER_LEN].copy_from_slice(&header.to_bytes());
        } else {
            record.extend_from_slice(&[0; TAG_LEN]);
            let sealed = match self.keys() {
                Some(keys) => keys.send.sealer.seal(kind, &mut record),
                None => return,
            };
            if sealed.is_err() {
                return;
            }
        }
        // A pipe takes everything.
        let _ = self.layer.write_plain(&record);
    }

    /// A name for the record key of the sending direction that tells keys apart and says nothing about them: so that a
    /// simulation can see that none is used twice. `None` without keys.
    #[must_use]
    pub fn key_name(&self) -> Option<[u8; 16]> {
        match &self.state {
            State::Open(keys) | State::AwaitReady(keys) => Some(keys.send.sealer.name()),
            State::Handshake(_) | State::Closed => None,
        }
    }
}
