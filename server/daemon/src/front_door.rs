//! One port, two protocols: the ALPN of the client's hello tells channel from enrolment. The bytes
//! that were read to find out are read again by whoever takes the connection.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use rustls::server::Acceptor;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::TcpStream;

use crate::failure::NO_KEYS;

/// A client's hello is a few KiB (hybrid share, many extensions); nobody needs more.
const MAX_HELLO: usize = 32 * 1024;

/// What the client wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wants {
    Channel,
    Enrolment,
}

/// A stream with its first bytes given back.
pub(crate) struct Replayed<S> {
    head: Vec<u8>,
    given: usize,
    inner: S,
}

impl<S> Replayed<S> {
    fn new(head: Vec<u8>, inner: S) -> Self {
        Self {
            head,
            given: 0,
            inner,
        }
    }
}

impl Replayed<TcpStream> {
    /// Whether the client has closed: after its hello it has nothing to say before it is answered.
    pub(crate) fn is_gone(&self) -> bool {
        let look = RecvFlags::PEEK | RecvFlags::DONTWAIT;
        match recv(&self.inner, &mut [0_u8; 1][..], look) {
            Ok((_, bytes)) => bytes == 0,
            Err(error) => error != Errno::AGAIN,
        }
    }
}

/// Reads a client's hello and says what it wants.
pub(crate) async fn greet<S>(mut stream: S) -> io::Result<(Wants, Replayed<S>)>
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut acceptor = Acceptor::default();
    let mut head = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).await?;
        if read == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        if head.len() + read > MAX_HELLO {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "the hello is too long",
            ));
        }
        head.extend_from_slice(&buffer[..read]);
        let mut fresh = &buffer[..read];
        while !fresh.is_empty() {
            acceptor.read_tls(&mut fresh)?;
        }
        let accepted = acceptor
            .accept()
            .map_err(|(error, _)| io::Error::new(io::ErrorKind::InvalidData, error))?;
        if let Some(accepted) = accepted {
            let hello = accepted.client_hello();
            let enrolment = hello
                .alpn()
                .is_some_and(|mut all| all.any(|one| one == photonbox_channel::ALPN_ENROLL));
            // Anything else is the channel's to accept or to refuse with a reason.
            let wants = if enrolment {
                Wants::Enrolment
            } else {
                Wants::Channel
            };
            return Ok((wants, Replayed::new(head, stream)));
        }
    }
}

/// Turns a client away that cannot be served for want of keys: one alert, [`NO_KEYS`], no handshake.
pub(crate) async fn refuse<S: AsyncWrite + Unpin>(mut stream: S) {
    // Record header (alert, TLS 1.2 as always, two bytes), then level fatal and description.
    let alert = [21, 3, 3, 0, 2, 2, u8::from(NO_KEYS)];
    // Whoever has left need not be told.
    if stream.write_all(&alert).await.is_ok() {
        let _ = stream.shutdown().await;
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Replayed<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.given < this.head.len() {
            let count = out.remaining().min(this.head.len() - this.given);
            out.put_slice(&this.head[this.given..this.given + count]);
            this.given += count;
            if this.given == this.head.len() {
                this.head = Vec::new();
                this.given = 0;
            }
            return Poll::Ready(Ok(()));
        }
        ready!(Pin::new(&mut this.inner).poll_read(context, out))?;
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Replayed<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_shutdown(context)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn nonsense_and_silence_are_errors() {
        for sent in [
            &b"GET / HTTP/1.0\r\n\r\n"[..],
            b"",
            &[0x16, 3, 1, 0xff, 0xff],
            &[0; 40_000],
        ] {
            let (mut client, server) = tokio::io::duplex(64 * 1024);
            client.write_all(sent).await.expect("buffered");
            drop(client);
            assert!(greet(server).await.is_err());
        }
    }

    #[tokio::test]
    async fn who_has_given_up_is_gone_and_who_waits_is_not() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a port");
        let address = listener.local_addr().expect("an address");
        let client = TcpStream::connect(address).await.expect("connected");
        let (server, _) = listener.accept().await.expect("accepted");
        let stream = Replayed::new(Vec::new(), server);
        assert!(!stream.is_gone());
        drop(client);
        // The end comes over loopback: at once, but not in no time.
        stream.inner.readable().await.expect("an end");
        assert!(stream.is_gone());
    }

    #[tokio::test]
    async fn replayed_bytes_come_first_and_once() {
        let (mut client, server) = tokio::io::duplex(64);
        client.write_all(b"tail").await.expect("buffered");
        drop(client);
        let mut all = Vec::new();
        let mut stream = Replayed::new(b"head ".to_vec(), server);
        stream.read_to_end(&mut all).await.expect("read");
        assert_eq!(all, b"head tail");
    }
}
