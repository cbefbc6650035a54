//! Two real channels that are driven by any bytes: sends, partial deliveries, time, bytes that change on the way, and records
//! that a peer with the keys but no manners would send. Shared by a property and a fuzz target.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use photonbox_channel::record::Kind;
use photonbox_channel::{
    ByteSource, Channel, Class, CloseReason, Delivery, Event, Identity, Message, MixingSource,
    PipeEnd, Provenance, SendError, Settings, SourceExhausted, WhenExhausted,
};

/// A generator that is good enough to make keys that differ.
struct Counting(AtomicU64, u8);

impl ByteSource for Counting {
    fn fill(&self, out: &mut [u8]) -> Result<(), SourceExhausted> {
        let number = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        for (at, byte) in out.iter_mut().enumerate() {
            *byte = number[at % 8].wrapping_mul(31).wrapping_add(at as u8) ^ self.1;
        }
        if let Some(first) = out.first_mut() {
            // Below the order of P-384.
            *first &= 0x7f;
        }
        Ok(())
    }
}

impl MixingSource for Counting {
    fn mix(&self, _received: &[u8]) -> Result<(), SourceExhausted> {
        Ok(())
    }
}

/// One end and what is on the way to it.
struct End {
    channel: Channel,
    wire: Vec<u8>,
    sent: u64,
    got: Vec<u64>,
    closed: Option<CloseReason>,
}

impl End {
    fn send(&mut self, len: usize) {
        let payload = vec![0x5a; len.max(1)];
        let sent = self.channel.send(&Message::Delivery(Delivery {
            id: 1,
            seq: self.sent,
            class: Class::Drbg,
            provenance: Provenance::default(),
            hops: 0,
            origin: "a",
            last: false,
            payload: &payload,
        }));
        match sent {
            Ok(()) => self.sent += 1,
            Err(SendError::WouldBlock | SendError::NotReady | SendError::Closed) => {}
            Err(SendError::TooLarge) => panic!("a payload of {len} bytes fits"),
        }
    }

    fn events(&mut self) {
        while let Some(event) = self.channel.poll_event() {
            assert!(
                self.closed.is_none(),
                "nothing comes after the end: {event:?}"
            );
            match event {
                Event::Message(received) => {
                    if let Message::Delivery(delivery) = received.message() {
                        self.got.push(delivery.seq);
                    }
                    self.channel.recycle(received);
                }
                Event::Closed { reason, .. } => self.closed = Some(reason),
                _ => {}
            }
        }
    }
}

/// Brings up to `most` bytes from one end to the other; whether any moved.
fn carry(from: &mut End, to: &mut End, most: usize, now: Duration) -> bool {
    from.channel.take_outgoing(&mut to.wire);
    from.events();
    let most = most.min(to.wire.len());
    let bytes: Vec<u8> = to.wire.drain(..most).collect();
    let moved = !bytes.is_empty();
    if to.closed.is_none() {
        // What goes wrong is the reason of the Closed event.
        match to.channel.read_from_wire(&bytes, now) {
            Ok(taken) => assert!(taken == bytes.len(), "events were taken, so there is room"),
            Err(_) => assert!(to.channel.is_closed()),
        }
        to.events();
    }
    moved
}

/// What a run came to, for the caller to judge.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// Nothing but sending, carrying and little time was done.
    pub(crate) orderly: bool,
    /// Messages that each end's peer got, and sent.
    pub(crate) got: [usize; 2],
    /// Messages sent.
    pub(crate) sent: [u64; 2],
}

/// Drives two channels by these bytes. Panics when something happens that must not, whatever the bytes.
pub(crate) fn drive(data: &[u8], identities: &[Arc<Identity>; 2]) -> Outcome {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock();
    let mut bytes = data.iter().copied();
    let style = bytes.next().unwrap_or(0);
    let settings = Settings {
        rekey_packets: std::num::NonZeroU64::new(u64::from(style & 3)),
        rekey_seconds: std::num::NonZeroU32::new(u32::from(style >> 2 & 3)),
        pq_epochs: std::num::NonZeroU32::new(u32::from(style >> 4 & 3)),
        pq_seconds: None,
        when_exhausted: if style & 0x40 == 0 {
            WhenExhausted::Wait
        } else {
            WhenExhausted::StepDown
        },
        prekeys_least: 1 + usize::from(style >> 7),
        prekeys_most: 4,
        record_limit: 256,
        ..Settings::default()
    };
    let [ours, theirs] = identities;
    let end = |peer: &Arc<Identity>| PipeEnd {
        peer: Arc::new(peer.public().clone()),
        session: [7; 32],
    };
    let mut now = Duration::from_secs(1000);
    let source = |salt| Arc::new(Counting(AtomicU64::new(1), salt));
    let a = Channel::accept_pipe(ours.clone(), source(1), settings.clone(), end(theirs), now);
    let b = Channel::connect_pipe(theirs.clone(), source(2), settings, end(ours), now);
    let wrap = |channel: Result<Channel, _>| End {
        channel: channel.expect("settings within bounds"),
        wire: Vec::new(),
        sent: 0,
        got: Vec::new(),
        closed: None,
    };
    let (mut a, mut b) = (wrap(a), wrap(b));
    let mut orderly = true;
    let mut passed = 0;
    while let Some(op) = bytes.next() {
        let argument = usize::from(bytes.next().unwrap_or(0));
        match op % 12 {
            0 | 10 => a.send(argument),
            1 | 11 => b.send(argument),
            2 => drop(carry(&mut a, &mut b, usize::MAX, now)),
            3 => drop(carry(&mut b, &mut a, usize::MAX, now)),
            4 => drop(carry(&mut a, &mut b, argument, now)),
            5 => drop(carry(&mut b, &mut a, argument, now)),
            6 => {
                now += Duration::from_millis(100 * argument as u64);
                passed += argument;
                // Longer than a handshake, a rekey or silence may last.
                orderly &= passed < 90;
                for end in [&mut a, &mut b] {
                    if end.closed.is_none() {
                        let _ = end.channel.handle_timeout(now);
                        end.events();
                    }
                }
            }
            raw => {
                let plain: Vec<u8> = bytes.by_ref().take(argument).collect();
                let (from, kind) = match raw {
                    7 => (&mut a, Kind::Control),
                    8 => (&mut b, Kind::Control),
                    _ if op >= 128 => (&mut a, Kind::Data),
                    _ => {
                        // A byte on the way changes.
                        if let Some(byte) = b.wire.get_mut(argument) {
                            *byte ^= op | 1;
                            orderly = false;
                        }
                        continue;
                    }
                };
                if !plain.is_empty() {
                    from.channel.send_raw(kind, &plain);
                    orderly = false;
                }
            }
        }
    }
    // To rest: it always comes, since nothing asks without end.
    let mut rounds = 0;
    while carry(&mut a, &mut b, usize::MAX, now) | carry(&mut b, &mut a, usize::MAX, now) {
        rounds += 1;
        assert!(rounds < 10_000, "the ends never come to rest");
    }
    if orderly {
        assert_eq!((a.closed, b.closed), (None, None));
        for (end, sent) in [(&a, b.sent), (&b, a.sent)] {
            assert!(
                end.got.iter().copied().eq(0..sent),
                "{:?} of {sent}",
                end.got
            );
        }
    }
    Outcome {
        orderly,
        got: [a.got.len(), b.got.len()],
        sent: [a.sent, b.sent],
    }
}
