//! A board on a serial line: for cards without PCIe, behind an isolated RS-232 link (seed 000).
//!
//! ```text
//! Serial ── Connection ── Link ── Frame ~~~ line ~~~ Frame ── Link ── Connection ── Device
//!   Message: registers, bus master, reset  ──►
//!                         ◄── values, posted writes, interrupts
//! ```
//! The link numbers frames, checks them by CRC-32, sends again what was lost, finds the next frame after noise, and
//! lets neither end flood the other. With a provisioned key it encrypts (AES-256-GCM). Messages stay in order, so that
//! what the card wrote before it answered has arrived before the answer, as on PCIe. Memory that the card writes is
//! this process's; a table plays the IOMMU.

mod connection;
mod frame;
mod hello;
mod key;
mod link;
#[cfg(test)]
mod link_tests;
mod message;
mod seal;

pub use connection::{Connection, Ended, Handler};
pub use key::{KEY_BYTES, SerialKey};
pub use link::{Link, LinkStats, Lost};
pub use message::{MAX_DATA, Message};
pub use seal::{Role, Session};

use super::{About, Interrupt, Transport, table::DmaTable, vectors::Vectors};
use crate::{dma::DmaBuffer, error::Error};
use serial2::{CharSize, FlowControl, Parity, SerialPort, Settings, StopBits};
use std::{
    collections::VecDeque,
    io,
    sync::{Arc, Condvar, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Bits a second, unless the address says others.
pub const DEFAULT_BAUD: u32 = 115_200;
/// An answer that takes longer will not come.
const ANSWER: Duration = Duration::from_secs(5);

/// Splits `DEV[@BAUD]`.
///
/// # Errors
/// [`Error::UnknownCard`] for a speed that is none.
pub fn parse_address(address: &str) -> Result<(&str, u32), Error> {
    match address.rsplit_once('@') {
        None => Ok((address, DEFAULT_BAUD)),
        Some((device, baud)) => match baud.parse() {
            Ok(baud) if baud > 0 && !device.is_empty() => Ok((device, baud)),
            _ => Err(Error::UnknownCard {
                asked: format!("serial:{address}"),
            }),
        },
    }
}

/// Opens a port for a line: raw, 8 data bits, no parity, one stop bit, no flow control but the protocol's, and nobody
/// else's as long as it is open.
///
/// # Errors
/// [`Error::NoPermission`], [`Error::Link`].
pub fn open_port(device: &str, baud: u32) -> Result<SerialPort, Error> {
    let fault = |source: io::Error| match source.kind() {
        io::ErrorKind::PermissionDenied => Error::NoPermission {
            what: device.to_owned(),
            source,
        },
        _ => Error::Link {
            what: format!("opening {device}"),
            source,
        },
    };
    let port = SerialPort::open(device, |mut settings: Settings| {
        settings.set_raw();
        settings.set_baud_rate(baud)?;
        settings.set_char_size(CharSize::Bits8);
        settings.set_parity(Parity::None);
        settings.set_stop_bits(StopBits::One);
        settings.set_flow_control(FlowControl::None);
        Ok(settings)
    })
    .map_err(fault)?;
    rustix::termios::ioctl_tiocexcl(&port).map_err(|error| fault(error.into()))?;
    port.discard_buffers().map_err(fault)?;
    Ok(port)
}

/// The transport over a serial line.
pub struct Serial {
    connection: Connection,
    host: Arc<Host>,
    /// One question at a time.
    turn: Mutex<()>,
    description: String,
}

impl Serial {
    /// Opens the line of `DEV[@BAUD]` and waits for the board, 5 s at most.
    ///
    /// # Errors
    /// [`Error::UnknownCard`], [`Error::NoPermission`], [`Error::Link`].
    pub fn open(address: &str, key: Option<SerialKey>) -> Result<Self, Error> {
        let (device, baud) = parse_address(address)?;
        let sealed = if key.is_some() { ", encrypted" } else { "" };
        let description = format!("serial line {device} at {baud} baud{sealed}");
        Self::on_port(open_port(device, baud)?, baud, key, description)
    }

    /// As [`Self::open`], on a port that is open.
    ///
    /// # Errors
    /// [`Error::Link`].
    pub fn on_port(
        port: SerialPort,
        baud: u32,
        key: Option<SerialKey>,
        description: String,
    ) -> Result<Self, Error> {
        let host = Arc::new(Host::default());
        let handler: Arc<dyn Handler> = Arc::clone(&host) as _;
        let connection =
            Connection::new(port, baud, Role::Host, key, handler).map_err(|source| {
                Error::Link {
                    what: "starting the line".into(),
                    source,
                }
            })?;
        connection
            .wait_up(link::SILENCE + Duration::from_secs(1))
            .map_err(|ended| failed("the first words", ended))?;
        Ok(Self {
            connection,
            host,
            turn: Mutex::new(()),
            description,
        })
    }

    /// What went over the line.
    #[must_use]
    pub fn stats(&self) -> LinkStats {
        self.connection.stats()
    }

    fn tell(&self, what: &str, message: &Message) -> Result<(), Error> {
        self.connection
            .send(message, ANSWER)
            .map_err(|ended| failed(what, ended))
    }

    fn ask(&self, what: &str, message: &Message) -> Result<Message, Error> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.tell(what, message)?;
        match self.host.answer(ANSWER) {
            Some(answer) => Ok(answer),
            None => {
                // An answer that came now would be taken for the next question's.
                self.connection.end(Lost::Silent.into());
                let ended = self.connection.ended().unwrap_or(Ended::Closed);
                Err(failed(what, ended))
            }
        }
    }

    fn ask_done(&self, what: &str, message: &Message) -> Result<(), Error> {
        match self.ask(what, message)? {
            Message::Done => Ok(()),
            _ => Err(self.nonsense(what)),
        }
    }

    fn nonsense(&self, what: &str) -> Error {
        self.connection.end(Lost::BadMessage.into());
        failed(what, Lost::BadMessage.into())
    }
}

fn failed(what: &str, ended: Ended) -> Error {
    Error::Link {
        what: what.to_owned(),
        source: io::Error::other(ended),
    }
}

impl Transport for Serial {
    fn read32(&self, offset: u32) -> Result<u32, Error> {
        let what = "reading a register";
        match self.ask(what, &Message::Read(offset))? {
            Message::Value(value) => Ok(value),
            _ => Err(self.nonsense(what)),
        }
    }

    fn write32(&self, offset: u32, value: u32) -> Result<(), Error> {
        self.tell("writing a register", &Message::Write(offset, value))
    }

    fn alloc_dma(&self, bytes: usize) -> Result<DmaBuffer, Error> {
        self.host.table.alloc(bytes)
    }

    fn interrupt(&self, vector: u16) -> Result<Arc<Interrupt>, Error> {
        self.host.vectors.get(vector)
    }

    fn bus_master(&self, on: bool) -> Result<(), Error> {
        self.ask_done("setting the bus master", &Message::BusMaster(on))
    }

    fn reset(&self) -> Result<(), Error> {
        self.ask_done("resetting the card", &Message::Reset)
    }

    fn describe(&self) -> String {
        self.description.clone()
    }

    fn about(&self) -> Result<About, Error> {
        let what = "asking about its photons";
        match self.ask(what, &Message::Ask)? {
            Message::About(about) => Ok(about),
            _ => Err(self.nonsense(what)),
        }
    }
}

/// Where what comes over the line goes.
#[derive(Default)]
struct Host {
    table: Arc<DmaTable>,
    vectors: Vectors,
    answers: Mutex<Answers>,
    answered: Condvar,
}

#[derive(Default)]
struct Answers {
    waiting: VecDeque<Message>,
    ended: bool,
}

impl Host {
    fn answer(&self, timeout: Duration) -> Option<Message> {
        let start = Instant::now();
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(answer) = answers.waiting.pop_front() {
                return Some(answer);
            }
            let left = timeout.saturating_sub(start.elapsed());
            if answers.ended || left.is_zero() {
                return None;
            }
            answers = self
                .answered
                .wait_timeout(answers, left)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
        }
    }
}

impl Handler for Host {
    fn wants(&self) -> bool {
        true
    }

    fn take(&self, message: Message) -> bool {
        match message {
            Message::Value(_) | Message::Done | Message::About(_) => {
                let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
                // One question at a time has one answer.
                if !answers.waiting.is_empty() {
                    return false;
                }
                answers.waiting.push_back(message);
                self.answered.notify_all();
            }
            Message::Posted(iova, data) => {
                // As on PCIe, the card does not hear of it.
                if let Err(fault) = self.table.write(iova, &data) {
                    tracing::warn!("the card's write was refused: {fault}");
                }
            }
            Message::Irq(vector) => return self.vectors.raise(vector),
            Message::Read(_)
            | Message::Write(..)
            | Message::BusMaster(_)
            | Message::Reset
            | Message::Ask => return false,
        }
        true
    }

    fn ended(&self) {
        self.answers
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .ended = true;
        self.answered.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_have_a_speed_or_not() {
        assert_eq!(
            parse_address("/dev/ttyUSB0").expect("good"),
            ("/dev/ttyUSB0", 115_200)
        );
        assert_eq!(
            parse_address("/dev/a@b@9600").expect("good"),
            ("/dev/a@b", 9_600)
        );
        for bad in ["/dev/x@", "/dev/x@0", "/dev/x@fast", "@9600"] {
            assert!(parse_address(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_port_that_is_not_there_is_named() {
        let error = Serial::open("/dev/no-such-line@9600", None)
            .err()
            .expect("refused");
        let said = error.to_string();
        assert!(said.contains("/dev/no-such-line"), "{said}");
    }
}
