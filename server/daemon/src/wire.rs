//! One channel over one stream: reads, writes and timers around the sans-IO state machine, until it
//! closes. What the messages mean is the [`Handler`]'s affair.

use std::time::Duration;

use photonbox_channel::{Channel, CloseReason, Event};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::mpsc;

use crate::channels::Channels;
use crate::gate::Entry;
use crate::life::{Life, Serves};
use crate::os;
use crate::shutdown::{Phase, Shutdown};

/// Bytes read at once.
const READ: usize = 32 * 1024;
/// How long the last bytes (the close message) may take to leave.
pub(crate) const FAREWELL: Duration = Duration::from_secs(2);
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
    /// Asked to end gracefully; true when nothing is left to finish. `overdue`: the time for it is over;
    /// only what is on its way may still leave.
    fn drained(&mut self, channel: &mut Channel, overdue: bool) -> bool;
    /// The channel is over.
    fn closed(&mut self, reason: CloseReason, by_peer: bool, detail: &str);
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

/// How far a timer that is due has got.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Due {
    New,
    /// It has let one read go first.
    ReadFirst,
    /// The next turn is everybody else's.
    Handled,
}

/// What a future gives without waiting, if anything.
async fn at_once<F: Future>(future: F) -> Option<F::Output> {
    tokio::select! {
        biased;
        // Not even for its turn: that is nobody else's data.
        output = tokio::task::unconstrained(future) => Some(output),
        () = std::future::ready(()) => None,
    }
}

/// Everything around one channel.
pub(crate) struct Surroundings<'a> {
    pub(crate) channels: &'a Channels,
    pub(crate) shutdown: &'a Shutdown,
    /// How long open work gets when the phase becomes [`Phase::Drain`]; then what was made has
    /// [`FAREWELL`] to leave.
    pub(crate) drain: Duration,
    /// On the side that serves: it drains the channel before a certificate's end, too.
    pub(crate) serves: Option<Serves>,
}

/// Runs a channel that was accepted until it closes. `entry` is a handshake's until the second channel stands.
pub(crate) async fn run<S, H>(
    stream: S,
    channel: Channel,
    handler: &mut H,
    outbox: &mut mpsc::Receiver<H::Out>,
    around: Surroundings<'_>,
    mut entry: Entry,
) -> Ended
where
    S: AsyncRead + AsyncWrite + Unpin,
    H: Handler,
{
    let mut wire = Wire::new(stream, channel, around.channels);
    if let Some(ended) = wire.open(handler, &around).await {
        return ended;
    }
    entry.stands();
    wire.run(handler, outbox, &around).await
}

/// A channel on its stream, with what is on its way between the two.
pub(crate) struct Wire<S> {
    reader: ReadHalf<S>,
    writer: WriteHalf<S>,
    channel: Channel,
    /// Of [`Channels`].
    number: u64,
    input: Vec<u8>,
    /// What of `input` the channel has not taken yet.
    from: usize,
    to: usize,
    output: Vec<u8>,
    written: usize,
    readable: bool,
    writable: bool,
    was_open: bool,
    drain_until: Option<Duration>,
    /// None before the other side showed its certificate.
    life: Option<Life>,
    error: Option<photonbox_channel::Error>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Wire<S> {
    pub(crate) fn new(stream: S, channel: Channel, channels: &Channels) -> Self {
        let (reader, writer) = tokio::io::split(stream);
        Self {
            reader,
            writer,
            number: channels.enter(channel.status(os::now())),
            channel,
            input: vec![0; READ],
            from: 0,
            to: 0,
            output: Vec::new(),
            written: 0,
            readable: true,
            writable: true,
            was_open: false,
            drain_until: None,
            life: None,
            error: None,
        }
    }

    /// Runs until the second channel stands; [`Ended`] if it never does.
    pub(crate) async fn open<H: Handler>(
        &mut self,
        handler: &mut H,
        around: &Surroundings<'_>,
    ) -> Option<Ended> {
        // Nothing is sent before: what waits for the channel stays where it is.
        let (_, mut nothing) = mpsc::channel(1);
        let ended = self.drive(handler, &mut nothing, around, true).await?;
        Some(self.end(ended, handler, around).await)
    }

    /// Runs until the channel closes.
    pub(crate) async fn run<H: Handler>(
        mut self,
        handler: &mut H,
        outbox: &mut mpsc::Receiver<H::Out>,
        around: &Surroundings<'_>,
    ) -> Ended {
        loop {
            if let Some(ended) = self.drive(handler, outbox, around, false).await {
                return self.end(ended, handler, around).await;
            }
        }
    }

    /// `None` only `until_open`, when it is.
    async fn drive<H: Handler>(
        &mut self,
        handler: &mut H,
        outbox: &mut mpsc::Receiver<H::Out>,
        around: &Surroundings<'_>,
        until_open: bool,
    ) -> Option<Ended> {
        // The wait was over before anything happened.
        let mut timed_out = false;
        let mut due = Due::New;
        loop {
            // Events first: they make room for what waits on the wire.
            if let Some(ended) = self.events(handler) {
                return Some(ended);
            }
            if until_open && self.channel.is_open() {
                return None;
            }
            if self.from < self.to {
                let waiting = &self.input[self.from..self.to];
                match self.channel.read_from_wire(waiting, os::now()) {
                    Ok(taken) => {
                        self.from += taken;
                        if taken > 0 {
                            continue;
                        }
                    }
                    // The reason comes as the Closed event.
                    Err(found) => {
                        self.error = Some(found);
                        continue;
                    }
                }
            }
            if self.written == self.output.len() || !self.writable {
                self.output.clear();
                self.written = 0;
                self.channel.take_outgoing(&mut self.output);
            }
            let now = os::now();
            // Made before the look, so that no eviction is missed.
            let evictions = around.channels.evictions.notified();
            // Before each wait, so that what others see is never older than the last thing that happened.
            match around
                .channels
                .update(self.number, self.channel.status(now))
            {
                None => {}
                Some(CloseReason::Copied) => return Some(self.cut()),
                Some(reason) => {
                    self.channel.close(reason);
                    continue;
                }
            }
            let unix = os::unix_time();
            let life = self.life(around, unix);
            if life.is_some_and(|life| life.is_over(unix)) {
                self.channel.close(CloseReason::CertificateExpired);
                continue;
            }
            let phase = around.shutdown.phase();
            let (time, reason) = match phase {
                Phase::Run => (
                    life.and_then(|life| life.drain(unix)),
                    CloseReason::CertificateExpired,
                ),
                _ => (Some(around.drain), CloseReason::Shutdown),
            };
            if let Some(time) = time {
                let until = *self.drain_until.get_or_insert(now + time);
                let done = handler.drained(&mut self.channel, now >= until)
                    && self.channel.is_flushed()
                    && self.written == self.output.len();
                let late = now >= until + FAREWELL;
                if phase == Phase::Stop || late || !self.channel.is_open() || done {
                    self.channel.close(reason);
                    continue;
                }
            }
            let idle = match time {
                None => life.map_or(IDLE, |life| life.next(unix).min(IDLE)),
                Some(_) => Duration::from_millis(20),
            };
            let deadline = self
                .channel
                .next_timeout()
                .map_or(idle, |at| at.saturating_sub(now).min(idle));
            // Not left to the wait below: a sleep is never over at its first look, and a read may be, each time.
            if (timed_out || deadline.is_zero()) && due != Due::Handled {
                due = self.time_is_up(due).await;
                continue;
            }
            due = Due::New;
            let channel = &mut self.channel;
            timed_out = tokio::select! {
                // Bytes that wait here were refused for back-pressure: read no more until they are in.
                read = self.reader.read(&mut self.input), if self.readable && self.from == self.to => {
                    self.taken(read);
                    false
                }
                wrote = self.writer.write(&self.output[self.written..]), if self.writable && self.written < self.output.len() => {
                    match wrote {
                        Ok(bytes) if bytes > 0 => self.written += bytes,
                        // The other side is gone; what it said before is still to be read, up to the end.
                        _ if self.readable => self.writable = false,
                        _ => channel.wire_closed(os::now()),
                    }
                    false
                }
                Some(out) = outbox.recv(), if channel.can_send() => {
                    handler.send(channel, out);
                    // A burst goes out as one write.
                    while channel.can_send() && let Ok(out) = outbox.try_recv() {
                        handler.send(channel, out);
                    }
                    false
                }
                () = around.shutdown.reached(Phase::Drain), if phase == Phase::Run => false,
                () = evictions => false,
                () = tokio::time::sleep(deadline) => true,
            };
        }
    }

    /// A timer is due. What came while this process or its machine stood still counts before the time that has passed;
    /// once, so that who sends without a pause stops no clock.
    async fn time_is_up(&mut self, due: Due) -> Due {
        if due == Due::New
            && self.readable
            && self.from == self.to
            && let Some(read) = at_once(self.reader.read(&mut self.input)).await
        {
            self.taken(read);
            return Due::ReadFirst;
        }
        // What it finds wrong comes as the Closed event.
        let _ = self.channel.handle_timeout(os::now());
        Due::Handled
    }

    /// What a read of the connection gave.
    fn taken(&mut self, read: std::io::Result<usize>) {
        match read {
            Ok(bytes) if bytes > 0 => (self.from, self.to) = (0, bytes),
            ended => {
                if let Err(error) = ended {
                    tracing::debug!(%error, "the connection broke");
                }
                self.readable = false;
                self.channel.wire_closed(os::now());
            }
        }
    }

    /// What is on its way stays here: the copy may say something else under the same key and counter.
    fn cut(&mut self) -> Ended {
        self.output.clear();
        self.written = 0;
        Ended {
            reason: CloseReason::Copied,
            by_peer: false,
            detail: String::new(),
            was_open: self.was_open,
            error: None,
        }
    }

    /// None before the channel stands. Looked at in each turn, so at least once a second: the clock may be set.
    fn life(&mut self, around: &Surroundings<'_>, unix: Duration) -> Option<Life> {
        if self.life.is_none()
            && self.channel.is_open()
            && let Some(peer) = self.channel.peer()
        {
            self.life = Some(Life::new(&peer.certificate, around.serves, unix));
        }
        self.life.filter(|_| self.channel.is_open())
    }

    /// Hands the channel's events on; the last one of a channel is its end.
    fn events<H: Handler>(&mut self, handler: &mut H) -> Option<Ended> {
        while let Some(event) = self.channel.poll_event() {
            self.was_open |= self.channel.is_open();
            if let Event::Closed {
                reason,
                by_peer,
                detail,
            } = event
            {
                return Some(Ended {
                    reason,
                    by_peer,
                    detail,
                    was_open: self.was_open,
                    error: self.error.take(),
                });
            }
            if let Event::SteppedDown { epoch } = event {
                let peer = self.channel.peer().map_or("", |peer| peer.id.as_str());
                tracing::warn!(
                    peer,
                    epoch,
                    "a rekey is due and the other side's prekeys are used up: data goes on under the old key"
                );
            }
            handler.event(&mut self.channel, event);
        }
        None
    }

    async fn end<H: Handler>(
        &mut self,
        mut ended: Ended,
        handler: &mut H,
        around: &Surroundings<'_>,
    ) -> Ended {
        ended.was_open |= self.was_open;
        let status = self.channel.status(os::now());
        if around.channels.update(self.number, status) == Some(CloseReason::Copied) {
            // What else ended it, as a generator that has no new state yet, is not told under these keys.
            ended = self.cut();
        }
        // By us, and for no fault.
        let drained = matches!(ended.reason, CloseReason::Shutdown)
            || ended.reason == CloseReason::CertificateExpired && self.drain_until.is_some();
        let graceful = drained && !ended.by_peer && around.shutdown.phase() != Phase::Stop;
        let is_cut = ended.reason == CloseReason::Copied && !ended.by_peer;
        let farewell = async {
            if is_cut {
                return Ok(());
            }
            self.writer.write_all(&self.output[self.written..]).await?;
            self.output.clear();
            self.channel.take_outgoing(&mut self.output);
            self.writer.write_all(&self.output).await?;
            self.writer.shutdown().await?;
            // A socket that is dropped with bytes unread, or that gets some later, is reset, and what it has not sent yet
            // is gone: the other side reads to the end, then closes.
            while graceful && self.readable && self.reader.read(&mut self.input).await? > 0 {}
            std::io::Result::Ok(())
        };
        // Who is silent gets what the socket takes at once: whoever waits for another parent waits for us.
        let patience = match ended.reason {
            CloseReason::KeepaliveTimeout => Duration::ZERO,
            _ => FAREWELL.max(
                self.drain_until
                    .unwrap_or_default()
                    .saturating_sub(os::now()),
            ),
        };
        // The other side may be gone; it was told as well as it could be.
        let _ = tokio::time::timeout(patience, farewell).await;
        let status = self.channel.status(os::now());
        around.channels.update(self.number, status);
        around.channels.leave(self.number, ended.reason);
        handler.closed(ended.reason, ended.by_peer, &ended.detail);
        ended
    }
}

#[cfg(test)]
#[path = "wire_tests.rs"]
mod tests;
