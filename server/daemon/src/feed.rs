//! Feeding one sink: asks upstream, checks what comes, writes it, asks again after every loss.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use photonbox_channel::message::{Class as WireClass, Mode, Provenance, RefusalCode, Request};
use photonbox_channel::sealed::{self, Opener, PendingStream};
use photonbox_channel::{ByteSource, CaCertificate, Identity};
use sha2::{Digest, Sha256};
use tokio::sync::watch;

use crate::link::{Answer, Asked, Parent, Upstream};
use crate::options::{Class, SinkReport};
use crate::sinks::{Sink, SinkEnd};
use crate::{Error, Result, os, pki};

/// How long after a refusal without a time of its own.
const RETRY: Duration = Duration::from_secs(1);

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
    pub(crate) identity: Arc<Identity>,
    pub(crate) ca: CaCertificate,
    /// The hub that enrolled us: the only one that may seal to us.
    pub(crate) hub: String,
    pub(crate) generator: Arc<dyn ByteSource>,
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
    sink: Sink,
    class: Class,
    pace: Pace,
    /// Bytes to go; none for no end.
    left: Option<u64>,
    figures: SharedFigures,
    /// Set: ask for nothing more, take what is on its way, end.
    finish: watch::Receiver<bool>,
}

/// What the stream on hand allows to come.
struct Stream {
    asked: Asked,
    pending: Option<PendingStream>,
    opener: Option<Opener>,
    relayed: bool,
    /// Bytes pulled and not yet here.
    outstanding: u64,
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
        sink: Sink,
        class: Class,
        pace: Pace,
        total: Option<u64>,
        finish: watch::Receiver<bool>,
    ) -> (Self, SharedFigures) {
        let figures = SharedFigures::default();
        {
            let mut figures = figures.lock().unwrap_or_else(PoisonError::into_inner);
            figures.report.sink = name;
            figures.report.class = class;
            figures.report.state = "waiting".into();
        }
        let shared = Arc::clone(&figures);
        (
            Self {
                around,
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
        match &result {
            Ok(()) => self.note(|report| report.state = "done".into()),
            Err(error) => self.note(|report| report.state = format!("failed: {error}")),
        }
        result
    }

    async fn run_streams(&mut self) -> Result<()> {
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
            let end = match self.open(&parent).await {
                Ok(stream) => self.receive(stream).await,
                Err(error) => StreamEnd::Fatal(error),
            };
            match end {
                StreamEnd::Complete => break,
                StreamEnd::Again(pause, reason) => {
                    self.note(|report| report.state = format!("blocked: {reason}"));
                    tokio::time::sleep(pause).await;
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
        let mut pending = None;
        let mut signed = None;
        if parent.is_relay {
            // Through a relay the hub must know that it is us, and seal what is `full`.
            let (bytes, stream) = sealed::request(
                &self.around.identity,
                &self.around.hub,
                id,
                0,
                sealed::Ask {
                    class,
                    mode,
                    attested: false,
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
            attested: false,
            signed,
        };
        let asked = self.around.upstream.ask(request, None).await;
        Ok(Stream {
            asked,
            pending,
            opener: None,
            relayed: parent.is_relay,
            outstanding: 0,
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

    async fn receive(&mut self, mut stream: Stream) -> StreamEnd {
        let mut finish = self.finish.clone();
        self.pull(&mut stream).await;
        loop {
            if self.left == Some(0) {
                return StreamEnd::Complete;
            }
            let finishing = *self.finish.borrow();
            if finishing && (self.pace != Pace::AsTaken || stream.outstanding == 0) {
                return StreamEnd::Complete;
            }
            let answer = tokio::select! {
                answer = stream.asked.next() => answer,
                _ = finish.wait_for(|finish| *finish), if !finishing => continue,
            };
            let (bytes, provenance, hops, creditable, last) = match answer {
                Answer::Delivery(delivery) => {
                    // `full` counts only straight from the hub; through a relay it comes sealed.
                    if delivery.class != wire_class(self.class)
                        || (stream.relayed && self.class == Class::Full)
                    {
                        let text = "the parent delivered another class than was asked for";
                        return StreamEnd::Again(RETRY, text.into());
                    }
                    let creditable = self.class == Class::Full;
                    let last = delivery.last;
                    (
                        delivery.payload,
                        delivery.provenance,
                        delivery.hops,
                        creditable,
                        last,
                    )
                }
                Answer::Attested { delivery, .. } => {
                    // Not asked for; the block is as good as any other of class `drbg`.
                    (
                        delivery.payload,
                        delivery.provenance,
                        delivery.hops,
                        false,
                        delivery.last,
                    )
                }
                Answer::Opening(opening) => {
                    let Some(pending) = stream.pending.take() else {
                        return StreamEnd::Again(RETRY, "an opening that nobody asked for".into());
                    };
                    match pending.open(&opening, &self.around.ca, os::unix_now()) {
                        Ok((opening, opener)) => {
                            self.note(|report| report.hops = opening.hops().saturating_add(1));
                            stream.opener = opener;
                            continue;
                        }
                        Err(error) => return StreamEnd::Again(RETRY, error.to_string()),
                    }
                }
                Answer::Sealed { hops, block } => {
                    let Some(opener) = &mut stream.opener else {
                        return StreamEnd::Again(RETRY, "a sealed block without an opening".into());
                    };
                    match opener.open(&block) {
                        Ok(opened) => {
                            let bytes = photonbox_secret::SecretBytes::from_slice(opened.payload());
                            (bytes, opened.provenance, hops, true, opened.last)
                        }
                        Err(error) => return StreamEnd::Again(RETRY, error.to_string()),
                    }
                }
                Answer::Refused {
                    code,
                    retry_after_ms,
                    text,
                } => {
                    return refused(code, retry_after_ms, text);
                }
                Answer::Lost => {
                    return StreamEnd::Again(Duration::from_millis(50), "no parent".into());
                }
            };
            let mut bytes = bytes.as_slice();
            // A total is kept even where a periodic portion goes beyond it.
            if let Some(left) = self.left {
                bytes = &bytes[..bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
            }
            let creditable = creditable && provenance == Provenance::default();
            if let Err(end) = self.sink.write(bytes, creditable).await {
                return end.into();
            }
            self.count(bytes, provenance, hops);
            let length = bytes.len() as u64;
            self.left = self.left.map(|left| left - length);
            stream.outstanding = stream.outstanding.saturating_sub(length);
            if last && self.left != Some(0) {
                return StreamEnd::Again(Duration::ZERO, "the stream ended".into());
            }
            self.pull(&mut stream).await;
        }
    }

    fn count(&self, bytes: &[u8], provenance: Provenance, relays: u8) {
        let mut figures = self.figures.lock().unwrap_or_else(PoisonError::into_inner);
        figures.hash.update(bytes);
        let report = &mut figures.report;
        report.bytes += bytes.len() as u64;
        report.hops = relays.saturating_add(1);
        report.simulated |= provenance.simulated;
        report.replayed |= provenance.replayed;
        report.test |= provenance.test;
        report.waiting_bytes = self.sink.waiting_bytes();
        if report.state != "receiving" {
            report.state = "receiving".into();
        }
    }
}

fn wire_class(class: Class) -> WireClass {
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
        | RefusalCode::Unreachable => true,
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
        tracing::warn!(?code, text, ?pause, "refused; asking again");
        StreamEnd::Again(pause, text)
    } else {
        StreamEnd::Fatal(Error::failed(
            format!("the hub refused the request: {text}"),
            "ask the hub's operator; its log says more",
        ))
    }
}
