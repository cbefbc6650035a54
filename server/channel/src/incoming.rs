//! Assembles records from the decrypted TLS stream, and the buffers they live in. A record is
//! read straight into the buffer in which it is opened and handed to the caller.

use std::io::{ErrorKind, Read};

use photonbox_secret::SecretBytes;

use crate::error::CloseReason;
use crate::message::Message;
use crate::record::{HEADER_LEN, Header, MAX_PLAINTEXT, TAG_LEN, parse_record_header};

/// Sizes of buffers; a record takes the smallest that holds it.
const SIZES: [usize; 3] = [1024, 8 * 1024, HEADER_LEN + MAX_PLAINTEXT + TAG_LEN];
/// Buffers kept for reuse, per size.
const KEPT: usize = 4;

/// A buffer in secret memory of which the first `len` bytes are in use.
pub(crate) struct Buffer {
    bytes: SecretBytes,
    len: usize,
}

impl Buffer {
    pub(crate) fn as_slice(&self) -> &[u8] {
        &self.bytes.as_slice()[..self.len]
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [u8] {
        &mut self.bytes.as_mut_slice()[..self.len]
    }
}

/// Buffers for reuse, so that a stream neither allocates nor wipes for each record.
#[derive(Default)]
pub(crate) struct Pool {
    free: [Vec<SecretBytes>; SIZES.len()],
}

impl Pool {
    /// A buffer of `len` bytes with unspecified content of this channel.
    pub(crate) fn take(&mut self, len: usize) -> Buffer {
        let class = SIZES.iter().position(|size| *size >= len);
        let bytes = match class {
            Some(class) => self.free[class]
                .pop()
                .unwrap_or_else(|| SecretBytes::new_zeroed(SIZES[class])),
            None => SecretBytes::new_zeroed(len),
        };
        Buffer { bytes, len }
    }

    pub(crate) fn give(&mut self, buffer: Buffer) {
        if let Some(class) = SIZES.iter().position(|size| *size == buffer.bytes.len())
            && self.free[class].len() < KEPT
        {
            self.free[class].push(buffer.bytes);
        }
    }
}

/// A received service message with the buffer that holds it. It is wiped when dropped;
/// [`crate::Channel::recycle`] reuses it instead.
pub struct Received {
    pub(crate) buffer: Buffer,
}

impl std::fmt::Debug for Received {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Received({} bytes)", self.buffer.len)
    }
}

impl Received {
    /// Takes a decrypted body of which `len` bytes are plaintext, if it parses.
    pub(crate) fn new(mut buffer: Buffer, len: usize) -> Result<Self, (Buffer, &'static str)> {
        buffer.len = len;
        match Message::decode(buffer.as_slice()) {
            Ok(_) => Ok(Self { buffer }),
            Err(malformed) => Err((buffer, malformed.0)),
        }
    }

    /// The message: a view into the decrypted record.
    #[must_use]
    pub fn message(&self) -> Message<'_> {
        match Message::decode(self.buffer.as_slice()) {
            Ok(message) => message,
            // `new` decoded the same bytes and nothing can write to them since.
            Err(_) => unreachable!("a received message was decoded before"),
        }
    }

    /// Length of the encoded message in bytes.
    #[must_use]
    pub fn encoded_len(&self) -> usize {
        self.buffer.len
    }
}

/// What a look at the stream gave.
pub(crate) enum Fill {
    /// A whole record; the body is still sealed.
    Record(Header, Buffer),
    /// More bytes are needed.
    More,
    /// The header is refused.
    Fault(CloseReason),
    /// TLS was closed by the other side.
    End,
}

/// The record that is being received.
pub(crate) struct Incoming {
    head: [u8; HEADER_LEN],
    head_len: usize,
    body: Option<(Header, Buffer, usize)>,
}

impl Incoming {
    pub(crate) fn new() -> Self {
        Self {
            head: [0; HEADER_LEN],
            head_len: 0,
            body: None,
        }
    }

    /// Reads on until a record is whole or nothing is left.
    pub(crate) fn fill(&mut self, reader: &mut dyn Read, pool: &mut Pool) -> Fill {
        loop {
            if let Some((_, body, have)) = self.body.as_mut() {
                let wanted = &mut body.as_mut_slice()[*have..];
                if wanted.is_empty() {
                    if let Some((header, body, _)) = self.body.take() {
                        self.head_len = 0;
                        return Fill::Record(header, body);
                    }
                    return Fill::More;
                }
                match read(reader, wanted) {
                    Ok(0) => return Fill::End,
                    Ok(n) => *have += n,
                    Err(fill) => return fill,
                }
            } else {
                match read(reader, &mut self.head[self.head_len..]) {
                    Ok(0) => return Fill::End,
                    Ok(n) => self.head_len += n,
                    Err(fill) => return fill,
                }
                if self.head_len == HEADER_LEN {
                    match parse_record_header(&self.head) {
                        Ok(header) => {
                            let body = pool.take(header.length as usize);
                            self.body = Some((header, body, 0));
                        }
                        Err(reason) => return Fill::Fault(reason),
                    }
                }
            }
        }
    }
}

fn read(reader: &mut dyn Read, into: &mut [u8]) -> Result<usize, Fill> {
    match reader.read(into) {
        Ok(n) => Ok(n),
        Err(error) if error.kind() == ErrorKind::WouldBlock => Err(Fill::More),
        Err(_) => Err(Fill::End),
    }
}
