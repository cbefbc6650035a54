//! Requests and their replies.
//!
//! One request at a time. Each reply is checked: number, command, length, error. Where it can't be told any more
//! which reply belongs to which request, the link is dead, and stays so.

use super::frame::{self, Broken, Message};
use super::wire::{self, Command, Header, flag};
use crate::error::Error;
use std::{
    io,
    os::{fd::BorrowedFd, unix::net::UnixStream},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};
use zerocopy::{FromBytes, Immutable, KnownLayout, Unaligned};

/// The link to a server.
pub(super) struct Link {
    path: String,
    patience: Duration,
    state: Mutex<State>,
}

struct State {
    stream: UnixStream,
    next: u16,
    dead: bool,
}

impl Link {
    /// Connects. A reply that takes longer than `patience` ends the link.
    pub(super) fn connect(path: &str, patience: Duration) -> Result<Self, Error> {
        let fault = |source: io::Error| match source.kind() {
            io::ErrorKind::PermissionDenied => Error::NoPermission {
                what: path.to_owned(),
                source,
            },
            _ => Error::NoServer {
                path: path.to_owned(),
                source,
            },
        };
        let stream = UnixStream::connect(path).map_err(fault)?;
        stream.set_read_timeout(Some(patience)).map_err(fault)?;
        stream.set_write_timeout(Some(patience)).map_err(fault)?;
        Ok(Self {
            path: path.to_owned(),
            patience,
            state: Mutex::new(State {
                stream,
                next: 0,
                dead: false,
            }),
        })
    }

    /// Where the server is.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Asks, and gives the reply, which isn't an error.
    pub(super) fn request(
        &self,
        command: Command,
        parts: &[&[u8]],
        descriptors: &[BorrowedFd<'_>],
    ) -> Result<Message, Error> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let broken = |source: io::Error| Error::Link {
            what: command.name().to_owned(),
            source,
        };
        if state.dead {
            return Err(broken(io::Error::new(
                io::ErrorKind::NotConnected,
                "it failed before",
            )));
        }
        let id = state.next;
        state.next = id.wrapping_add(1);
        let length = parts.iter().map(|part| part.len()).sum();
        let header = Header::request(id, command, length);
        let reply = exchange(
            &state.stream,
            &frame::bytes(&header, parts),
            descriptors,
            self.patience,
        )
        .and_then(|reply| belongs(&header, reply));
        match reply {
            Ok(reply) if !reply.header.has(flag::ERROR) => Ok(reply),
            Ok(reply) => {
                let errno = i32::try_from(reply.header.error.get()).unwrap_or(i32::MAX);
                if errno == libc::EBUSY && command == Command::Version {
                    state.dead = true;
                    return Err(Error::InUse {
                        at: self.path.clone(),
                    });
                }
                Err(Error::BusRefused {
                    what: command.name().to_owned(),
                    source: io::Error::from_raw_os_error(errno),
                })
            }
            Err(source) => {
                // A late reply would be taken for the next one's.
                state.dead = true;
                // The server sees the end, too, and lets go of our memory.
                if let Err(error) = state.stream.shutdown(std::net::Shutdown::Both) {
                    tracing::debug!(%error, "the link couldn't be shut down");
                }
                Err(broken(source))
            }
        }
    }

    /// The same for a reply that begins with a `T`, and what follows it.
    pub(super) fn ask<T: FromBytes + Immutable + KnownLayout + Unaligned>(
        &self,
        command: Command,
        parts: &[&[u8]],
    ) -> Result<(T, Message), Error> {
        let reply = self.request(command, parts, &[])?;
        let (body, _) = wire::split::<T>(&reply.body)
            .ok_or_else(|| self.nonsense(command, "the reply is too short"))?;
        Ok((body, reply))
    }

    /// The error for a reply that can't be.
    pub(super) fn nonsense(&self, command: Command, what: &str) -> Error {
        Error::Link {
            what: command.name().to_owned(),
            source: io::Error::new(io::ErrorKind::InvalidData, what.to_owned()),
        }
    }
}

fn exchange(
    stream: &UnixStream,
    bytes: &[u8],
    descriptors: &[BorrowedFd<'_>],
    patience: Duration,
) -> io::Result<Message> {
    let late = || {
        io::Error::new(
            io::ErrorKind::TimedOut,
            format!("no reply within {patience:?}"),
        )
    };
    let start = Instant::now();
    frame::send(stream, bytes, descriptors).map_err(|error| match error.kind() {
        io::ErrorKind::WouldBlock => late(),
        _ => error,
    })?;
    frame::receive(stream, &mut |_| {
        if start.elapsed() < patience {
            Ok(())
        } else {
            Err(late())
        }
    })
    .map_err(|broken| match broken {
        Broken::Closed => io::Error::new(io::ErrorKind::ConnectionReset, "the server is gone"),
        Broken::Length(header) => invalid(format!("a reply of {} bytes", header.size.get())),
        Broken::Io(error) => error,
    })
}

fn belongs(request: &Header, reply: Message) -> io::Result<Message> {
    let header = &reply.header;
    let wanted = (request.id.get(), request.command.get());
    let found = (header.id.get(), header.command.get());
    if wanted != found || header.flags.get() & flag::TYPE_MASK != flag::REPLY {
        return Err(invalid(format!(
            "a reply to request {} (command {}) instead of {} ({})",
            found.0, found.1, wanted.0, wanted.1
        )));
    }
    Ok(reply)
}

fn invalid(what: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}
