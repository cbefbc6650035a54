//! Whole messages over a Unix socket, descriptors included.
//!
//! Bytes and descriptors are read message by message, so that a descriptor is never taken for another message's.

use super::wire::{HEADER_BYTES, Header, MAX_DESCRIPTORS};
use rustix::net::{
    RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, recvmsg, sendmsg,
};
use std::{
    io::{self, IoSlice, IoSliceMut, Read},
    mem::MaybeUninit,
    os::{
        fd::{BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
};
use zerocopy::{FromBytes, IntoBytes};

/// One message as it came.
#[derive(Debug)]
pub struct Message {
    /// Its header.
    pub header: Header,
    /// What follows it.
    pub body: Vec<u8>,
    /// The descriptors that came with it.
    pub descriptors: Vec<OwnedFd>,
    /// More came than [`MAX_DESCRIPTORS`]; the rest is closed.
    pub too_many: bool,
}

/// Why there is no message.
#[derive(Debug)]
pub enum Broken {
    /// The other end closed the connection between two messages.
    Closed,
    /// A header that claims a length that can't be: what follows can't be told apart.
    Length(Header),
    /// The socket failed, the other end left in mid-message, or the caller's patience ended.
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Sends one message, which `bytes` hold, with descriptors.
///
/// # Errors
/// What the socket says; after its time-out `WouldBlock`.
pub fn send(stream: &UnixStream, bytes: &[u8], descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
    let mut ancillary = SendAncillaryBuffer::new(&mut space);
    // The space is padded: one more may fit.
    if descriptors.len() > MAX_DESCRIPTORS
        || (!descriptors.is_empty()
            && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)))
    {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "more descriptors than a message takes",
        ));
    }
    let mut sent = 0;
    while sent < bytes.len() {
        match sendmsg(
            stream,
            &[IoSlice::new(&bytes[sent..])],
            &mut ancillary,
            SendFlags::NOSIGNAL,
        ) {
            Ok(count) => sent += count,
            Err(rustix::io::Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        // Descriptors go with the first byte.
        ancillary.clear();
    }
    Ok(())
}

/// Receives one message. `patience` is asked whenever the socket's own time-out has passed or a message came in part
/// (then with true); its error ends the wait.
///
/// # Errors
/// [`Broken`].
pub fn receive(
    stream: &UnixStream,
    patience: &mut dyn FnMut(bool) -> io::Result<()>,
) -> Result<Message, Broken> {
    let mut head = [0; HEADER_BYTES];
    let mut descriptors = Vec::new();
    let mut too_many = false;
    let mut have = 0;
    while have < HEADER_BYTES {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let got = recvmsg(
            stream,
            &mut [IoSliceMut::new(&mut head[have..])],
            &mut ancillary,
            RecvFlags::CMSG_CLOEXEC,
        );
        for message in ancillary.drain() {
            if let RecvAncillaryMessage::ScmRights(came) = message {
                descriptors.extend(came);
            }
        }
        match got {
            Ok(got) if got.bytes == 0 && have == 0 => return Err(Broken::Closed),
            Ok(got) if got.bytes == 0 => {
                return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into());
            }
            Ok(got) => {
                too_many |=
                    got.flags.contains(ReturnFlags::CTRUNC) || descriptors.len() > MAX_DESCRIPTORS;
                have += got.bytes;
                if have < HEADER_BYTES {
                    patience(true)?;
                }
            }
            Err(rustix::io::Errno::INTR) => {}
            Err(rustix::io::Errno::AGAIN) => patience(have > 0)?,
            Err(error) => return Err(io::Error::from(error).into()),
        }
    }
    // Sixteen bytes are a header, whatever they say.
    let header = Header::read_from_bytes(&head).unwrap_or_default();
    let length = header.body_bytes().ok_or(Broken::Length(header))?;
    let mut body = vec![0; length];
    let mut have = 0;
    let mut stream = stream;
    while have < length {
        match stream.read(&mut body[have..]) {
            Ok(0) => return Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()),
            Ok(count) => {
                have += count;
                if have < length {
                    patience(true)?;
                }
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => patience(true)?,
            Err(error) => return Err(error.into()),
        }
    }
    too_many |= descriptors.len() > MAX_DESCRIPTORS;
    Ok(Message {
        header,
        body,
        descriptors,
        too_many,
    })
}

/// A message's bytes: header, then the parts of the body.
#[must_use]
pub fn bytes(header: &Header, parts: &[&[u8]]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(header.size.get() as usize);
    bytes.extend_from_slice(header.as_bytes());
    for part in parts {
        bytes.extend_from_slice(part);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::super::wire::Command;
    use super::*;
    use std::{fs::File, io::Write, os::fd::AsFd, time::Duration};

    fn impatient(_begun: bool) -> io::Result<()> {
        Err(io::ErrorKind::TimedOut.into())
    }

    fn pair() -> (UnixStream, UnixStream) {
        let (a, b) = UnixStream::pair().expect("sockets");
        let soon = Some(Duration::from_millis(50));
        b.set_read_timeout(soon).expect("time-out");
        (a, b)
    }

    #[test]
    fn messages_and_their_descriptors_stay_together() {
        let (a, b) = pair();
        let file = File::open("/dev/null").expect("there");
        for (id, count) in [(1, 0), (2, 3), (3, 0), (4, MAX_DESCRIPTORS)] {
            let header = Header::request(id, Command::DmaMap, 3);
            let fds = vec![file.as_fd(); count];
            send(&a, &bytes(&header, &[&[id as u8], &[5, 6]]), &fds).expect("sent");
        }
        for (id, count) in [(1, 0), (2, 3), (3, 0), (4, MAX_DESCRIPTORS)] {
            let message = receive(&b, &mut impatient).expect("a message");
            assert_eq!(message.header.id.get(), id);
            assert_eq!(message.body, [id as u8, 5, 6]);
            assert_eq!(
                (message.descriptors.len(), message.too_many),
                (count, false)
            );
        }
        assert!(send(&a, &[0; 16], &[file.as_fd(); MAX_DESCRIPTORS + 1]).is_err());
    }

    #[test]
    fn whatever_is_no_message_says_why() {
        let (mut a, b) = pair();
        assert!(
            matches!(receive(&b, &mut impatient), Err(Broken::Io(e)) if e.kind() == io::ErrorKind::TimedOut)
        );
        a.write_all(&[0xff; 16]).expect("sent");
        assert!(matches!(
            receive(&b, &mut impatient),
            Err(Broken::Length(_))
        ));
        let header = Header::request(1, Command::Reset, 4);
        a.write_all(header.as_bytes()).expect("sent");
        let mut asked = Vec::new();
        let got = receive(&b, &mut |begun| {
            asked.push(begun);
            impatient(begun)
        });
        assert!(matches!(got, Err(Broken::Io(_))));
        assert_eq!(asked, [true], "begun");
        a.write_all(&header.as_bytes()[..7]).expect("sent");
        drop(a);
        let got = receive(&b, &mut |_| Ok(()));
        assert!(matches!(got, Err(Broken::Io(e)) if e.kind() == io::ErrorKind::UnexpectedEof));
        assert!(matches!(receive(&b, &mut impatient), Err(Broken::Closed)));
    }
}
