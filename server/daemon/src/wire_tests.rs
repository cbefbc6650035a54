#![allow(clippy::unwrap_used, reason = "tests")]

use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};

use photonbox_channel::{
    ByteSource, CaCertificate, Identity, ServerConfig, ServerOptions, Settings,
};
use tokio::io::ReadBuf;

use super::*;
use crate::generator::HostGenerator;

/// The hub's side of channels that have a handshake's time to stand.
fn server(handshake_timeout: Duration) -> ServerConfig {
    let now = os::unix_now();
    let ca = pki::new_authority("hub", now).unwrap();
    let signer = pki::Signer::new(&ca.certificate, &ca.private_key).unwrap();
    let leaf = signer
        .new_identity("hub", pki::LeafRole::Hub, now, 3600)
        .unwrap();
    let identity = Identity::from_der(&leaf.certificate, leaf.private_key.as_slice()).unwrap();
    let ca = CaCertificate::from_der(&ca.certificate).unwrap();
    let source: Arc<dyn ByteSource> = Arc::new(HostGenerator::new().unwrap());
    let mut options = ServerOptions::new(Arc::new(identity), ca, source);
    options.settings = Settings {
        handshake_timeout,
        ..Settings::default()
    };
    ServerConfig::new(options).unwrap()
}

/// Has nothing to do for its channel.
struct Idle;

impl Handler for Idle {
    type Out = ();

    fn event(&mut self, _: &mut Channel, _: Event) {}
    fn send(&mut self, _: &mut Channel, (): ()) {}
    fn drained(&mut self, _: &mut Channel, _: bool) -> bool {
        true
    }
    fn closed(&mut self, _: CloseReason, _: bool, _: &str) {}
}

/// A peer that has a byte more whenever it is looked, of a record that never becomes whole; after very many it ends.
struct Busy {
    reads: Arc<AtomicUsize>,
}

/// Of the record and its handshake message: lengths that it never comes to.
const HEAD: [u8; 9] = [22, 3, 1, 0x40, 0, 1, 0, 0x3f, 0xfc];
/// Reads until a busy peer ends: fewer than its record has bytes.
const READS: usize = 10_000;

impl AsyncRead for Busy {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<std::io::Result<()>> {
        let read = self.reads.fetch_add(1, Ordering::Relaxed);
        if read < READS {
            out.put_slice(&[HEAD.get(read).copied().unwrap_or_default()]);
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Busy {
    fn poll_write(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<std::io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<std::io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Its time is over from the first turn on: what had come by then counts before that, and what comes later does not.
#[tokio::test]
async fn a_peer_that_sends_without_a_pause_stops_no_clock() {
    let reads = Arc::new(AtomicUsize::new(0));
    let peer = Busy {
        reads: Arc::clone(&reads),
    };
    let config = server(Duration::from_nanos(1));
    let channel = Channel::accept(&config, os::unix_now(), Duration::ZERO).unwrap();
    let (channels, shutdown) = (Channels::default(), Shutdown::new());
    let around = Surroundings {
        channels: &channels,
        shutdown: &shutdown,
        drain: Duration::ZERO,
    };
    let mut wire = Wire::new(peer, channel, &channels);
    let ended = wire.open(&mut Idle, &around).await.unwrap();
    let reads = reads.load(Ordering::Relaxed);
    assert_eq!(
        (ended.reason, reads),
        (CloseReason::HandshakeTimeout, 1),
        "the reason, and reads until then"
    );
}
