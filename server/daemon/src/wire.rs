//! One channel over one stream: reads, writes and timers around the sans-IO state machine, until it
//! closes. What the messages mean is the [`Handler`]'s affair.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use photonbox_channel::{Channel, ChannelStatus, CloseCounts, CloseReason, Event};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::sync::{Notify, mpsc};

use crate::os;
use crate::shutdown::{Phase, Shutdown};

/// Bytes read at once.
const READ: usize = 32 * 1024;
/// How long the last bytes (the close message) may take to leave.
const FAREWELL: Duration = Duration::from_secs(2);
/// Time without anything to do after which we look around anyway.
const IDLE: Duration = Duration::from_secs(1);

/// What the two sides do differently. Nothing here waits: a slow consumer is the handler's to bound.
pub(crate) trait Handler: Send {
    /// What other tasks give it to send.
    type Out: Send;

    /// Something happened.
    fn event(&mut self, channel: &mut Channel, event: Event);
    /// Sends; only called while the channel can send.
    fn send(&mut self, channel: &mut Channel, out: Self::Out);
    /// Asked to end gracefully; true when nothing is left to finish.
    fn drained(&mut self, channel: &mut Channel) -> bool;
    /// The channel is over.
    fn closed(&mut self, reason: CloseReason, by_peer: bool, detail: &str);
}

/// Live channels, for `status`; and how the dead ones ended.
#[derive(Clone, Debug, Default)]
pub(crate) struct Channels {
    inner: Arc<Mutex<ChannelsInner>>,
    evictions: Arc<Notify>,
}

#[derive(Debug, Default)]
struct ChannelsInner {
    next: u64,
    live: BTreeMap<u64, ChannelStatus>,
    closed: CloseCounts,
    /// Epochs of channels that are gone.
    past_epochs: u64,
    /// Rekeys of channels that are gone.
    past_rekeys: u64,
    /// Live channels that must end: their host was revoked.
    evicted: BTreeSet<u64>,
}

impl Channels {
    fn with<R>(&self, use_it: impl FnOnce(&mut ChannelsInner) -> R) -> R {
        use_it(&mut self.inner.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn enter(&self, status: ChannelStatus) -> u64 {
        self.with(|inner| {
            inner.next += 1;
            inner.live.insert(inner.next, status);
            inner.next
        })
    }

    /// False: the channel was evicted and must close.
    fn update(&self, number: u64, status: ChannelStatus) -> bool {
        self.with(|inner| {
            inner.live.insert(number, status);
            !inner.evicted.contains(&number)
        })
    }

    /// Closes every live channel to `peer`; gives their number.
    pub(crate) fn evict(&self, peer: &str) -> usize {
        let evicted = self.with(|inner| {
            let of_peer = inner.live.iter().filter(|(_, status)| status.peer == peer);
            let numbers: Vec<u64> = of_peer.map(|(number, _)| *number).collect();
            inner.evicted.extend(&numbers);
            numbers.len()
        });
        self.evictions.notify_waiters();
        evicted
    }

    fn leave(&self, number: u64, reason: CloseReason) {
        self.with(|inner| {
            if let Some(last) = inner.live.remove(&number) {
                inner.past_epochs += epochs(&last);
                inner.past_rekeys += last.rekeys;
            }
            inner.evicted.remove(&number);
            inner.closed.count(reason);
        });
    }

    /// All live channels whose peer is known.
    pub(crate) fn list(&self) -> Vec<ChannelStatus> {
        self.with(|inner| {
            inner
                .live
                .values()
                .filter(|s| !s.peer.is_empty())
                .cloned()
                .collect()
        })
    }

    /// How channels ended.
    pub(crate) fn closed(&self) -> CloseCounts {
        self.with(|inner| inner.closed.clone())
    }

    /// Rekeys of all channels that ever stood.
    pub(crate) fn rekeys(&self) -> u64 {
        self.with(|inner| {
            let live: u64 = inner.live.values().map(|status| status.rekeys).sum();
            inner.past_rekeys + live
        })
    }

    /// Epochs of all channels that ever stood.
    pub(crate) fn epochs(&self) -> u64 {
        self.with(|inner| inner.past_epochs + inner.live.values().map(epochs).sum::<u64>())
    }
}

/// Both directions begin with epoch 0 when the second channel stands; each rekey is one more.
fn epochs(status: &ChannelStatus) -> u64 {
    if status.second_channel_ms.is_some() {
        2 + status.rekeys
    } else {
        0
    }
}

/// Why a wire ended.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) reason: CloseReason,
    pub(crate) by_peer: bool,
    pub(crate) detail: String,
    /// The second channel stood.
    pub(crate) was_open: bool,
    /// The fault as the channel found it, where it found one.
    pub(crate) error: Option<photonbox_channel::Error>,
}

/// Everything around one channel.
pub(crate) struct Surroundings<'a> {
    pub(crate) channels: &'a Channels,
    pub(crate) shutdown: &'a Shutdown,
    /// How long open work gets when the phase becomes [`Phase::Drain`].
    pub(crate) drain: Duration,
}

/// Runs a channel until it closes.
pub(crate) async fn run<S, H>(
    stream: S,
    mut channel: Channel,
    handler: &mut H,
    outbox: &mut mpsc::Receiver<H::Out>,
    around: Surroundings<'_>,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let (mut reader, mut writer) = tokio::io::split(stream);
    let mut input = vec![0; READ];
    let (mut from, mut to) = (0, 0);
    let mut output: Vec<u8> = Vec::new();
    let mut written = 0;
    let mut readable = true;
    let number = around.channels.enter(channel.status(os::now()));
    let mut was_open = false;
    let mut drain_until: Option<Duration> = None;
    let mut error = None;

    let mut ended = loop {
        // Events first: they make room for what waits on the wire.
        let mut end = None;
        while let Some(event) = channel.poll_event() {
            was_open |= channel.is_open();
            if let Event::Closed {
                reason,
                by_peer,
                detail,
            } = event
            {
                end = Some(Ended {
                    reason,
                    by_peer,
                    detail,
                    was_open,
                    error: error.take(),
                });
                break;
            }
            if let Event::SteppedDown { epoch } = event {
                let peer = channel.peer().map_or("", |peer| peer.id.as_str());
                tracing::warn!(
                    peer,
                    epoch,
                    "a rekey is due and the other side's prekeys are used up: data goes on under the old key"
                );
            }
            handler.event(&mut channel, event);
        }
        if let Some(end) = end {
            break end;
        }
        if from < to {
            match channel.read_from_wire(&input[from..to], os::now()) {
                Ok(taken) => {
                    from += taken;
                    if taken > 0 {
                        continue;
                    }
                }
                // The reason comes as the Closed event.
                Err(found) => {
                    error = Some(found);
                    continue;
                }
            }
        }
        if written == output.len() {
            output.clear();
            written = 0;
            channel.take_outgoing(&mut output);
        }
        let now = os::now();
        // Made before the look, so that no eviction is missed.
        let evictions = around.channels.evictions.notified();
        // Before each wait, so that what others see is never older than the last thing that happened.
        if !around.channels.update(number, channel.status(now)) {
            channel.close(CloseReason::NotAdmitted);
            continue;
        }
        let phase = around.shutdown.phase();
        if phase != Phase::Run {
            let until = *drain_until.get_or_insert(now + around.drain);
            let done = handler.drained(&mut channel) && channel.is_flushed();
            if phase == Phase::Stop || now >= until || !channel.is_open() || done {
                channel.close(CloseReason::Shutdown);
                continue;
            }
        }
        let idle = if phase == Phase::Run {
            IDLE
        } else {
            Duration::from_millis(20)
        };
        let deadline = channel
            .next_timeout()
            .map_or(idle, |at| at.saturating_sub(now).min(idle));
        tokio::select! {
            // Bytes that wait here were refused for back-pressure: read no more until they are in.
            read = reader.read(&mut input), if readable && from == to => match read {
                Ok(0) => {
                    readable = false;
                    channel.wire_closed(os::now());
                }
                Ok(bytes) => (from, to) = (0, bytes),
                Err(error) => {
                    tracing::debug!(%error, "the connection broke");
                    readable = false;
                    channel.wire_closed(os::now());
                }
            },
            wrote = writer.write(&output[written..]), if written < output.len() => match wrote {
                Ok(bytes) if bytes > 0 => written += bytes,
                _ => channel.wire_closed(os::now()),
            },
            Some(out) = outbox.recv(), if channel.can_send() => {
                handler.send(&mut channel, out);
                // A burst goes out as one write.
                while channel.can_send() && let Ok(out) = outbox.try_recv() {
                    handler.send(&mut channel, out);
                }
            }
            () = around.shutdown.reached(Phase::Drain), if phase == Phase::Run => {}
            () = evictions => {}
            () = tokio::time::sleep(deadline) => {
                // What it finds wrong comes as the Closed event.
                let _ = channel.handle_timeout(os::now());
            }
        }
    };
    ended.was_open |= was_open;
    let farewell = async {
        writer.write_all(&output[written..]).await?;
        output.clear();
        channel.take_outgoing(&mut output);
        writer.write_all(&output).await?;
        writer.shutdown().await
    };
    // The other side may be gone; it was told as well as it could be.
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
    around.channels.update(number, channel.status(os::now()));
    around.channels.leave(number, ended.reason);
    handler.closed(ended.reason, ended.by_peer, &ended.detail);
    ended
}
