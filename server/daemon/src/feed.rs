//! Feeding one sink: asks upstream, checks what comes, writes it, asks again after every loss.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use photonbox_channel::message::{Class as WireClass, Mode, Provenance, RefusalCode, Request};
use photonbox_channel::sealed::{self, Opener, PendingStream};
use photonbox_channel::{ByteSource, CaCertificate, Identity};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::asked::{Answer, Asked, Delivered};
use crate::attest::{Expected, Shown, Statements};
use crate::current::Current;
use crate::link::{Parent, Upstream};
use crate::options::{Class, SinkReport};
use crate::sinks::{Ending, Sink, SinkEnd};
use crate::vm_event::{Since, VmEvents};
use crate::{Error, Result, os, pki};

/// How long after a refusal without a time of its own.
const RETRY: Duration = Duration::from_secs(1);

/// State of a sink that has everything that was wanted.
pub(crate) const DONE: &str = "done";

/// State of a sink whose host was asked to end before.
const STOPPED: &str = "stopped";

/// How a sink is fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pace {
    /// As it takes it: on demand, in portions.
    AsTaken,
    /// Bytes a second.
    Rate(u64),
    /// So many bytes each so many milliseconds.
    Every { bytes: u64, every_ms: u64 },
}

/// What all sinks of a host share.
#[derive(Clone)]
pub(crate) struct Around {
    pub(crate) upstream: Upstream,
    /// Signs what goes through relays.
    pub(crate) identity: Current<Identity>,
    pub(crate) ca: CaCertificate,
    /// The hub that enrolled us: the only one that may seal to us.
    pub(crate) hub: String,
    pub(crate) generator: Arc<dyn ByteSource>,
    /// Where signed statements go, where they are wanted.
    pub(crate) statements: Option<Statements>,
    pub(crate) vm_events: Arc<VmEvents>,
}

/// Figures of one sink, for `status` and the report.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    report: SinkReport,
    hash: Sha256,
}

/// Shared figures.
pub(crate) type SharedFigures = Arc<Mutex<Figures>>;

/// A copy of the figures.
pub(crate) fn report(figures: &SharedFigures) -> SinkReport {
    let figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
    SinkReport {
        sha256: pki::hex(&figures.hash.clone().finalize()),
        ..figures.report.clone()
    }
}

/// One sink being fed.
pub(crate) struct Feed {
    around: Around,
    name: String,
    sink: Sink,
    class: Class,
    pace: Pace,
    /// Bytes to go; none for no end.
    left: Option<u64>,
    figures: SharedFigures,
    /// Set: cancel what is asked for, take what is on its way, end.
    finish: watch::Receiver<bool>,
    /// Copies of this machine after which a fresh block came.
    fresh_after: u64,
}

/// What the stream on hand allows to come.
struct Stream {
    asked: Asked,
    pending: Option<PendingStream>,
    opener: Option<Opener>,
    relayed: bool,
    /// Relays on the way: none without a relay, otherwise by the hub's signed opening.
    relays: Option<u8>,
    /// The hub's certificate: the parent's, or through a relay the one that signed the opening.
    hub: Option<Arc<[u8]>>,
    /// Bytes pulled and not yet here.
    outstanding: u64,
    cancelled: bool,
}

/// Why a stream ended.
enum StreamEnd {
    /// Everything that was wanted is in the sink.
    Complete,
    /// Ask again after this.
    Again(Duration, String),
    /// Asking again does not help.
    Fatal(Error),
}

impl From<SinkEnd> for StreamEnd {
    fn from(end: SinkEnd) -> Self {
        match end {
            SinkEnd::ReaderGone => Self::Complete,
            SinkEnd::Failed(error) => Self::Fatal(Error::failed(
                format!("a sink cannot be written any more: {error}"),
                "check free space and who reads it",
            )),
        }
    }
}

impl Feed {
    pub(crate) fn new(
        around: Around,
        name: String,
        mut sink: Sink,
        class: Class,
        pace: Pace,
        total: Option<u64>,
        finish: watch::Receiver<bool>,
    ) -> (Self, SharedFigures) {
        sink.until(Ending::at(finish.clone()));
        let figures = SharedFigures::default();
        {
            let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
            figures.report.sink.clone_from(&name);
            figures.report.class = class;
            figures.report.state = "waiting".into();
        }
        let shared = Arc::clone(&figures);
        (
            Self {
                fresh_after: around.vm_events.since().count(),
                around,
                name,
                sink,
                class,
                pace,
                left: total,
                figures,
                finish,
            },
            shared,
        )
    }

    fn note(&self, change: impl FnOnce(&mut SinkReport)) {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut figures.report);
        figures.report.waiting_bytes = self.sink.waiting_bytes();
    }

    /// Feeds the sink until it has everything, or for good.
    pub(crate) async fn run(mut self) -> Result<()> {
        let result = self.run_streams().await;
        let short = *self.finish.borrow() && self.left.is_some_and(|left| left > 0);
        match &result {
            Ok(()) if short => self.note(|report| report.state = STOPPED.into()),
            Ok(()) => self.note(|report| report.state = DONE.into()),
            Err(error) => self.note(|report| report.state = format!("failed: {error}")),
        }
        result
    }

    async fn run_streams(&mut self) -> Result<()> {
        let mut said = String::new();
        loop {
            if self.is_finished() {
                break;
            }
            let mut finish = self.finish.clone();
            let parent = tokio::select! {
                parent = self.around.upstream.connected() => parent,
                _ = finish.wait_for(|finish| *finish) => break,
            };
            // The link's task is gone: we are stopping.
            let Some(parent) = parent else { break };
            let since = self.around.vm_events.since();
            let end = match self.open(&parent).await {
                Ok(stream) => self.receive(stream, since).await,
                Err(error) => StreamEnd::Fatal(error),
            };
            match end {
                StreamEnd::Complete => break,
                StreamEnd::Again(pause, reason) => {
                    // The same reason again and again is said once.
                    if !pause.is_zero() && reason != said {
                        tracing::info!(reason, ?pause, "no bytes now; asking again");
                        said.clone_from(&reason);
                    }
                    self.note(|report| report.state = format!("blocked: {reason}"));
                    // Even a sleep of nothing waits for the next tick of the timer.
                    if !pause.is_zero() {
                        tokio::select! {
                            () = tokio::time::sleep(pause) => {}
                            _ = finish.wait_for(|finish| *finish) => {}
                            // The pause was the last parent's to ask for: one that drains has gone by then.
                            () = self.around.upstream.connected_after(parent.connection) => {}
                        }
                    }
                }
                StreamEnd::Fatal(error) => {
                    // What came before is kept; the first failure is the one to tell. (An EGD sink would wait
                    // for clients.)
                    if !matches!(self.sink, Sink::Egd(_)) {
                        let _ = self.sink.finish().await;
                    }
                    return Err(error);
                }
            }
        }
        match self.sink.finish().await {
            Ok(()) | Err(SinkEnd::ReaderGone) => Ok(()),
            Err(SinkEnd::Failed(error)) => Err(Error::failed(
                format!("a sink cannot be finished: {error}"),
                "check free space and who reads it",
            )),
        }
    }

    fn is_finished(&self) -> bool {
        self.left == Some(0) || *self.finish.borrow()
    }

    fn mode(&self) -> Mode {
        match self.pace {
            Pace::AsTaken => Mode::OnDemand,
            Pace::Rate(rate) => Mode::Stream {
                total: self.left,
                rate: Some(rate),
            },
            Pace::Every { bytes, every_ms } => Mode::Periodic { bytes, every_ms },
        }
    }

    async fn open(&self, parent: &Parent) -> Result<Stream> {
        let id = self.around.upstream.next_id();
        let (class, mode) = (wire_class(self.class), self.mode());
        let attested = self.around.statements.is_some();
        let mut pending = None;
        let mut signed = None;
        if parent.is_relay {
            // Through a relay the hub must know that it is us, and seal what is `full`.
            let (bytes, stream) = sealed::request(
                &self.around.identity.get(),
                &self.around.hub,
                id,
                0,
                sealed::Ask {
                    class,
                    mode,
                    attested,
                },
                &*self.around.generator,
                os::unix_now(),
            )
            .map_err(|error| {
                Error::failed(
                    format!("a request cannot be signed: {error}"),
                    "check this host's identity",
                )
            })?;
            (pending, signed) = (Some(stream), Some(bytes));
        }
        let request = Request {
            id,
            class,
            mode,
            attested,
            signed,
        };
        let asked = self.around.upstream.ask(request, None).await;
        Ok(Stream {
            asked,
            pending,
            opener: None,
            relayed: parent.is_relay,
            relays: (!parent.is_relay).then_some(0),
            hub: (!parent.is_relay).then(|| Arc::clone(&parent.certificate)),
            outstanding: 0,
            cancelled: false,
        })
    }

    /// Pulls while the sink has room: at most two portions are on their way.
    async fn pull(&self, stream: &mut Stream) {
        if self.pace != Pace::AsTaken || *self.finish.borrow() {
            return;
        }
        let portion = self.sink.portion();
        while stream.outstanding <= portion {
            let wanted = self.left.map_or(portion, |left| {
                left.saturating_sub(stream.outstanding).min(portion)
            });
            if wanted == 0 {
                return;
            }
            stream.asked.pull(wanted).await;
            stream.outstanding += wanted;
        }
    }

    /// What came `since` a copy of this machine is dropped, and asked for again: the copy has it, too.
    async fn receive(&mut self, mut stream: Stream, mut since: Since) -> StreamEnd {
        let mut finish = self.finish.clone();
        self.pull(&mut stream).await;
        loop {
            if self.left == Some(0) {
                return StreamEnd::Complete;
            }
            if *self.finish.borrow() && !stream.cancelled {
                stream.asked.cancel().await;
                stream.cancelled = true;
            }
            let answer = tokio::select! {
                biased;
                () = since.over() => return copied(),
                answer = stream.asked.next() => answer,
                _ = finish.wait_for(|finish| *finish), if !stream.cancelled => continue,
            };
            let (bytes, provenance, creditable, last) = match answer {
                Answer::Delivery(delivery) => {
                    if let Err(text) = self.in_the_clear(&stream, &delivery, false) {
                        return StreamEnd::Again(RETRY, text.into());
                    }
                    let (block, labels) = (delivery.payload.as_slice(), delivery.provenance);
                    if let Err(error) = self.attested(&stream, block, labels, None) {
                        return StreamEnd::Fatal(error);
                    }
                    let creditable = self.class == Class::Full;
                    let last = delivery.last;
                    (delivery.payload, delivery.provenance, creditable, last)
                }
                Answer::Attested {
                    delivery,
                    statement,
                    key,
                    signature,
                } => {
                    if let Err(text) = self.in_the_clear(&stream, &delivery, true) {
                        return StreamEnd::Again(RETRY, text.into());
                    }
                    let creditable = self.class == Class::Full;
                    let shown = Shown {
                        statement: &statement,
                        key: key.as_slice(),
                        signature: &signature,
                    };
                    let (block, labels) = (delivery.payload.as_slice(), delivery.provenance);
                    if let Err(error) = self.attested(&stream, block, labels, Some(&shown)) {
                        return StreamEnd::Fatal(error);
                    }
                    let last = delivery.last;
                    (delivery.payload, delivery.provenance, creditable, last)
                }
                Answer::Opening(opening) => {
                    let Some(pending) = stream.pending.take() else {
                        return StreamEnd::Again(RETRY, "an opening that nobody asked for".into());
                    };
                    match pending.open(&opening, &self.around.ca, os::unix_now()) {
                        Ok((opening, opener)) => {
                            self.note(|report| report.hops = opening.hops().saturating_add(1));
                            stream.relays = Some(opening.hops());
                            stream.opener = opener;
                            stream.hub = Some(opening.signer.certificate.into());
                            continue;
                        }
                        Err(error) => return StreamEnd::Again(RETRY, error.to_string()),
                    }
                }
                // Its own `hops` is what relays say; the hub's opening says it with a signature.
                Answer::Sealed { hops: _, block } => {
                    let Some(opener) = &mut stream.opener else {
                        return StreamEnd::Again(RETRY, "a sealed block without an opening".into());
                    };
                    match opener.open(&block) {
                        Ok(opened) => {
                            let parts = opened.attestation();
                            let shown = parts.as_ref().map(|parts| Shown {
                                statement: parts.statement,
                                key: parts.key,
                                signature: parts.signature,
                            });
                            let (block, labels) = (opened.payload(), opened.provenance);
                            if let Err(error) =
                                self.attested(&stream, block, labels, shown.as_ref())
                            {
                                return StreamEnd::Fatal(error);
                            }
                            let bytes = photonbox_secret::SecretBytes::from_slice(opened.payload());
                            (bytes, opened.provenance, true, opened.last)
                        }
                        Err(error) => return StreamEnd::Again(RETRY, error.to_string()),
                    }
                }
                // Up to here is what was on its way.
                Answer::Refused { .. } | Answer::Lost if stream.cancelled => {
                    return StreamEnd::Complete;
                }
                Answer::Refused {
                    code,
                    retry_after_ms,
                    text,
                } => {
                    return refused(code, retry_after_ms, text);
                }
                Answer::Lost | Answer::Boxes(_) => {
                    return StreamEnd::Again(Duration::from_millis(50), "no parent".into());
                }
            };
            let mut bytes = bytes.as_slice();
            // A total is kept even where a periodic portion goes beyond it.
            if let Some(left) = self.left {
                bytes = &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            }
            let creditable = creditable && provenance == Provenance::default();
            let taken = match self.sink.write(bytes, creditable, &mut since).await {
                Ok(taken) => taken,
                Err(end) => return end.into(),
            };
            let is_cut = taken < bytes.len();
            let bytes = &bytes[..taken];
            self.count(bytes, provenance, stream.relays.unwrap_or(0));
            let length = bytes.len() as u64;
            self.left = self.left.map(|left| left - length);
            if is_cut {
                return copied();
            }
            if length > 0 {
                self.take_effect(since.count());
            }
            stream.outstanding = stream.outstanding.saturating_sub(length);
            if last && self.left != Some(0) {
                return StreamEnd::Again(Duration::ZERO, "the stream ended".into());
            }
            self.pull(&mut stream).await;
        }
    }

    /// The first block after a copy of this machine takes effect at once, where the sink is the kernel; and since our own
    /// generator is seeded by the kernel's, so does that.
    fn take_effect(&mut self, copies: u64) {
        if std::mem::replace(&mut self.fresh_after, copies) == copies {
            return;
        }
        match self.sink.reseed() {
            Ok(false) => {}
            Ok(true) => {
                self.around.vm_events.renew();
                tracing::info!(sink = self.name, "the kernel's generator has new state");
            }
            Err(error) => {
                tracing::error!(sink = self.name, %error, "RNDRESEEDCRNG failed: the kernel takes the fresh block in when its next reseed is due, within a minute");
            }
        }
    }

    /// What may come unsealed: what was asked for, in the form that was asked for. Otherwise a relay
    /// could pass its own bytes off as the hub's.
    fn in_the_clear(
        &self,
        stream: &Stream,
        delivery: &Delivered,
        with_statement: bool,
    ) -> Result<(), &'static str> {
        // `full` counts only straight from the hub; through a relay it comes sealed.
        if delivery.class != wire_class(self.class) || (stream.relayed && self.class == Class::Full)
        {
            return Err("the parent delivered another class than was asked for");
        }
        if with_statement && self.around.statements.is_none() {
            return Err("the parent delivered a statement that nobody asked for");
        }
        if stream.relays.is_none() {
            return Err("the relay delivered before the hub's signed opening");
        }
        Ok(())
    }

    /// Checks and keeps the statement about a block, where statements are wanted: then a block
    /// without one is refused as well.
    fn attested(
        &self,
        stream: &Stream,
        block: &[u8],
        provenance: Provenance,
        shown: Option<&Shown<'_>>,
    ) -> Result<()> {
        let Some(statements) = &self.around.statements else {
            return Ok(());
        };
        let (Some(shown), Some(certificate)) = (shown, &stream.hub) else {
            return Err(Error::failed(
                "a block came without the signed statement that was asked for",
                "do not use the block (it was not delivered); check that all relays have the hub's version",
            ));
        };
        let expected = Expected {
            sink: &self.name,
            hub: &self.around.hub,
            class: self.class,
            provenance,
            certificate,
        };
        statements.take(block, shown, &expected)?;
        self.note(|report| report.attested += 1);
        Ok(())
    }

    fn count(&self, bytes: &[u8], provenance: Provenance, relays: u8) {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        figures.hash.update(bytes);
        let report = &mut figures.report;
        report.bytes += bytes.len() as u64;
        report.hops = relays.saturating_add(1);
        let before = (report.simulated, report.replayed, report.test);
        report.simulated |= provenance.simulated;
        report.replayed |= provenance.replayed;
        report.test |= provenance.test;
        let (simulated, replayed, test) = (report.simulated, report.replayed, report.test);
        if before != (simulated, replayed, test) {
            tracing::info!(
                sink = self.name,
                simulated,
                replayed,
                test,
                "what comes is labelled"
            );
        }
        report.waiting_bytes = self.sink.waiting_bytes();
        if report.state != "receiving" {
            report.state = "receiving".into();
        }
    }
}

fn copied() -> StreamEnd {
    StreamEnd::Again(Duration::ZERO, "this machine was copied".into())
}

pub(crate) fn wire_class(class: Class) -> WireClass {
    match class {
        Class::Full => WireClass::Full,
        Class::Drbg => WireClass::Drbg,
    }
}

/// Which refusals pass with time.
fn refused(code: RefusalCode, retry_after_ms: Option<u64>, text: String) -> StreamEnd {
    let passes = match code {
        RefusalCode::Depleted
        | RefusalCode::Unhealthy
        | RefusalCode::Draining
        | RefusalCode::Unreachable
        | RefusalCode::Cancelled => true,
        RefusalCode::Quota => retry_after_ms.is_some(),
        RefusalCode::Unsupported
        | RefusalCode::Forbidden
        | RefusalCode::Loop
        | RefusalCode::BadSignature => false,
    };
    if passes {
        let pause = retry_after_ms
            .map_or(RETRY, Duration::from_millis)
            .min(Duration::from_secs(60));
        StreamEnd::Again(pause, format!("{text} ({code:?})"))
    } else {
        StreamEnd::Fatal(Error::failed(
            format!("the hub refused the request: {text}"),
            "ask the hub's operator; its log says more",
        ))
    }
}

#[cfg(test)]
#[path = "feed_tests.rs"]
mod tests;
