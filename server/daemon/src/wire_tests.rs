//! Time limits against a busy peer, and the end of a channel's certificates.
//!
//! Shows T14 (`docs/threat-model.md`).
#![allow(clippy::unwrap_used, reason = "tests")]

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll};

use photonbox_channel::message::{Class, Message, Mode, Provenance, RefusalCode, Request};
use photonbox_channel::{
    CaCertificate, ClientConfig, ClientOptions, Identity, PeerIdentity, ServerConfig,
    ServerOptions, Settings,
};
use photonbox_secret::SecretBytes;
use tokio::io::ReadBuf;

use super::*;
use crate::boxes::{BoxWish, Word};
use crate::generator::HostGenerator;
use crate::pki;
use crate::serving::{self, Ask, OUTBOX, Out, Outbox, Pulls, Service, Serving, Stopping};

/// Both ends' configurations, under one CA.
struct World {
    server: ServerConfig,
    client: ClientConfig,
    /// End of the host's certificate, seconds since 1970.
    host_end: u64,
}

/// A hub whose channels have so long to stand, and a host whose certificate lives so many seconds.
fn world(handshake_timeout: Duration, host_life: u64) -> World {
    let ca = pki::new_authority("hub", os::unix_now()).unwrap();
    let signer = pki::Signer::new(&ca.certificate, &ca.private_key).unwrap();
    let identity = |id: &str, role, life| {
        let leaf = signer.new_identity(id, role, os::unix_now(), life);
        let leaf = leaf.unwrap();
        let key = leaf.private_key.as_slice();
        Arc::new(Identity::from_der(&leaf.certificate, key).unwrap())
    };
    let ca = CaCertificate::from_der(&ca.certificate).unwrap();
    let generator = || Arc::new(HostGenerator::new().unwrap());
    let hub = identity("hub", pki::LeafRole::Hub, 3600);
    let mut options = ServerOptions::new(hub, ca.clone(), generator());
    options.settings = Settings {
        handshake_timeout,
        ..Settings::default()
    };
    let host = identity("host", pki::LeafRole::Host, host_life);
    let host_end = pki::validity(&host.public().certificate).unwrap().not_after;
    World {
        server: ServerConfig::new(options).unwrap(),
        client: ClientConfig::new(ClientOptions::new(host, ca, generator())).unwrap(),
        host_end,
    }
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
    let world = world(Duration::from_nanos(1), 3600);
    let channel = Channel::accept(&world.server, os::unix_now(), Duration::ZERO).unwrap();
    let (channels, shutdown) = (Channels::default(), Shutdown::new());
    let around = Surroundings {
        channels: &channels,
        shutdown: &shutdown,
        drain: Duration::ZERO,
        serves: None,
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

/// Gives as fast as it is taken, and without end.
struct Flood {
    given: Arc<AtomicU64>,
}

impl Service for Flood {
    async fn answer(
        self: Arc<Self>,
        _: Arc<PeerIdentity>,
        ask: Ask,
        _: Pulls,
        mut stop: Stopping,
        out: Outbox,
    ) -> serving::Ended {
        let flood = async {
            while let Ok(place) = out.reserve().await {
                place.send(Out::Delivery {
                    id: ask.request.id,
                    seq: self.given.fetch_add(1, Ordering::Relaxed),
                    class: Class::Drbg,
                    provenance: Provenance::default(),
                    hops: 0,
                    origin: "hub".into(),
                    last: false,
                    payload: SecretBytes::from_slice(&[7; 16]),
                });
            }
        };
        tokio::select! {
            biased;
            stop = stop.asked() => serving::Ended::Stopped(stop),
            () = flood => serving::Ended::Said,
        }
    }

    async fn boxes(
        self: Arc<Self>,
        _: Arc<PeerIdentity>,
        _: BoxWish,
        _: mpsc::Receiver<Word>,
        mut stop: Stopping,
        _: Outbox,
    ) -> serving::Ended {
        serving::Ended::Stopped(stop.asked().await)
    }

    fn joined(&self, _: &PeerIdentity) -> bool {
        true
    }

    fn max_requests(&self) -> usize {
        1
    }
}

/// Asks for what has no end, or for more than there is time for, and writes down what comes.
struct Taking {
    mode: Mode,
    taken: u64,
    last_word: Option<RefusalCode>,
    /// The reason, whether the other side gave it, and when, since 1970.
    closed: Option<(CloseReason, bool, Duration)>,
}

impl Handler for Taking {
    type Out = ();

    fn event(&mut self, channel: &mut Channel, event: Event) {
        match event {
            Event::SecondChannel { .. } => {
                let request = Request {
                    id: 1,
                    class: Class::Drbg,
                    mode: self.mode,
                    attested: false,
                    signed: None,
                };
                channel.send(&Message::Request(request)).unwrap();
            }
            Event::Message(received) => {
                assert_eq!(self.last_word, None, "the last word is the last");
                match received.message() {
                    Message::Delivery(delivery) => {
                        assert_eq!(delivery.seq, self.taken);
                        self.taken += 1;
                    }
                    Message::Refused { code, .. } => self.last_word = Some(code),
                    _ => panic!("deliveries and a refusal"),
                }
                channel.recycle(received);
            }
            _ => {}
        }
    }

    fn send(&mut self, _: &mut Channel, (): ()) {}
    fn drained(&mut self, _: &mut Channel, _: bool) -> bool {
        true
    }
    fn closed(&mut self, reason: CloseReason, by_peer: bool, _: &str) {
        self.closed = Some((reason, by_peer, os::unix_time()));
    }
}

/// A host's channel up to its end; what was given, and what it saw of that.
async fn served(world: &World, mode: Mode, drain: Duration) -> (u64, Taking) {
    let given = Arc::new(AtomicU64::new(0));
    let flood = Flood {
        given: Arc::clone(&given),
    };
    let mut taking = Taking {
        mode,
        taken: 0,
        last_word: None,
        closed: None,
    };
    let (near, far) = tokio::io::duplex(16 * 1024);
    let (unix, now) = (os::unix_now(), os::now());
    let serving = Channel::accept(&world.server, unix, now).unwrap();
    let asking = Channel::connect(&world.client, unix, now).unwrap();
    let (channels, shutdown) = (Channels::default(), Shutdown::new());
    let around = |serves| Surroundings {
        channels: &channels,
        shutdown: &shutdown,
        drain,
        serves,
    };
    let (outbox, mut from_tasks) = mpsc::channel(OUTBOX);
    let (_nothing, mut nothing) = mpsc::channel(1);
    let mut handler = Serving::new(Arc::new(flood), outbox);
    let serves = Some(Serves::under(world.server.identity(), drain));
    let (serving, asking) = (
        async {
            let around = around(serves);
            let mut wire = Wire::new(near, serving, around.channels);
            assert!(wire.open(&mut handler, &around).await.is_none());
            wire.run(&mut handler, &mut from_tasks, &around).await
        },
        async {
            let around = around(None);
            let mut wire = Wire::new(far, asking, around.channels);
            assert!(wire.open(&mut taking, &around).await.is_none());
            wire.run(&mut taking, &mut nothing, &around).await
        },
    );
    let (ended, _) = tokio::join!(serving, asking);
    assert_eq!(ended.reason, CloseReason::CertificateExpired);
    (given.load(Ordering::Relaxed), taking)
}

/// What was given when a certificate's end comes near has reached the host, and each request its last word.
#[tokio::test]
async fn a_channel_is_drained_before_its_certificate_ends() {
    let (total, rate) = (Some(u64::MAX), None);
    // The one is stopped at once; the other when its time is over, which so short a life leaves none.
    for mode in [Mode::OnDemand, Mode::Stream { total, rate }] {
        let world = world(Settings::default().handshake_timeout, 4);
        let (given, taking) = served(&world, mode, Duration::from_secs(5)).await;
        assert!(given > 0);
        assert_eq!(taking.taken, given);
        assert_eq!(taking.last_word, Some(RefusalCode::Draining));
        let (reason, by_peer, at) = taking.closed.unwrap();
        assert_eq!((reason, by_peer), (CloseReason::CertificateExpired, true));
        assert!(at < Duration::from_secs(world.host_end), "in time");
    }
}

/// Not worth draining: it is used up to its end, and not opened anew again and again.
#[tokio::test]
async fn a_channel_with_hardly_any_time_is_cut_at_its_end() {
    let world = world(Settings::default().handshake_timeout, 2);
    let (given, taking) = served(&world, Mode::OnDemand, Duration::from_secs(5)).await;
    assert!(given >= taking.taken);
    assert_eq!(taking.last_word, None);
    let (reason, by_peer, at) = taking.closed.unwrap();
    assert_eq!((reason, by_peer), (CloseReason::CertificateExpired, true));
    assert!(at >= Duration::from_secs(world.host_end), "not before");
}
