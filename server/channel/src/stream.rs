//! The channel's side towards the wire: bytes in, bytes out.

use std::io::{ErrorKind, Read, Write};
use std::time::Duration;

use crate::channel::Channel;
use crate::error::{CloseReason, Error};

impl Channel {
    /// Takes bytes from the wire and returns how many were taken: fewer than given when events
    /// wait to be polled or outgoing bytes to be taken (back-pressure); bring the rest again.
    ///
    /// # Errors
    /// The channel is then closed: send what [`Self::take_outgoing`] still gives (the reason is
    /// in it), and poll the events that came before.
    pub fn read_from_wire(&mut self, bytes: &[u8], now: Duration) -> Result<usize, Error> {
        self.tick(now);
        if self.is_closed() {
            return Err(Error::Closed);
        }
        let mut rest = bytes;
        while !rest.is_empty() && self.wants_wire() {
            match self.layer.read_wire(&mut rest) {
                Ok(0) => break,
                Ok(_) => self.last_heard = self.now,
                Err(_) => return Err(self.fail(CloseReason::Tls, "TLS takes no more bytes")),
            }
            self.process()?;
            if self.is_closed() {
                break;
            }
        }
        Ok(bytes.len() - rest.len())
    }

    /// As [`Self::read_from_wire`], but lets TLS read from `wire` (a socket, say) into its own buffer,
    /// which saves a copy. Returns the bytes taken; 0 with room to take more is the wire's end, for
    /// which [`Self::wire_closed`] stands.
    ///
    /// # Errors
    /// `wire`'s own, [`ErrorKind::WouldBlock`] among them; the channel goes on. A channel that closes
    /// over what it has read says so by an event.
    pub fn read_wire(&mut self, wire: &mut dyn Read, now: Duration) -> std::io::Result<usize> {
        self.tick(now);
        if self.is_closed() || !self.wants_wire() {
            return Err(ErrorKind::WouldBlock.into());
        }
        let read = self.layer.read_wire(wire)?;
        if read > 0 {
            self.last_heard = self.now;
            // What went wrong is the reason of the `Closed` event.
            let _ = self.process();
        }
        Ok(read)
    }

    /// Appends the bytes for the wire to `out` and returns how many.
    pub fn take_outgoing(&mut self, out: &mut Vec<u8>) -> usize {
        let before = out.len();
        // What goes wrong is the reason of the `Closed` event.
        let _ = self.flush_queue();
        while self.layer.wants_write() {
            // Writing to a vector does not fail.
            if !matches!(self.layer.write_wire(out), Ok(n) if n > 0) {
                break;
            }
        }
        self.untaken = 0;
        out.len() - before
    }

    /// As [`Self::take_outgoing`], but writes to `wire` (a socket, say) without a copy between.
    ///
    /// # Errors
    /// `wire`'s own, [`ErrorKind::WouldBlock`] among them; what was not written stays.
    pub fn write_wire(&mut self, wire: &mut dyn Write) -> std::io::Result<usize> {
        let mut written = 0;
        loop {
            while self.layer.wants_write() {
                match self.layer.write_wire(wire)? {
                    0 => return Err(ErrorKind::WriteZero.into()),
                    n => written += n,
                }
            }
            self.untaken = 0;
            // What goes wrong is the reason of the `Closed` event, and still goes out.
            let _ = self.flush_queue();
            if !self.layer.wants_write() {
                return Ok(written);
            }
        }
    }

    /// Whether there are bytes for the wire.
    #[must_use]
    pub fn wants_write(&self) -> bool {
        self.layer.wants_write() || self.has_more()
    }
}
