//! A machine that may have been copied: its virtual machine was cloned or restored, or it was put to sleep and woken
//! (`1-entropy` §1.4). A copy has the generator's state, the channels' keys and every byte that waits in common with its
//! original, so all of these are replaced at once.
//!
//! Countermeasure T16 (`docs/threat-model.md`).

mod clocks;
mod kmsg;
mod uevent;

use std::sync::{Arc, Mutex, PoisonError};

use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::os;

pub(crate) use clocks::reading;

/// How it was noticed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Kind {
    /// The hypervisor gave the machine another generation id (VMGenID).
    GenerationId,
    /// Messages of the kernel were lost, and one of them may have said [`Kind::GenerationId`].
    MessagesLost,
    /// It slept: what was written to disk meanwhile may have been woken twice.
    Resumed,
    /// The time of day was set, as after a restore.
    ClockSet,
    /// An operator, a guest agent or a hypervisor's hook said so.
    Told,
}

impl Kind {
    /// For a person.
    fn text(self) -> &'static str {
        match self {
            Self::GenerationId => "the hypervisor gave it another generation id",
            Self::MessagesLost => {
                "messages of the kernel were lost, which may have told a new generation id"
            }
            Self::Resumed => "it was suspended and resumed",
            Self::ClockSet => "its clock was set",
            Self::Told => "`photonbox cloned` said so",
        }
    }
}

/// What happened so far.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    count: u64,
    /// The last time, seconds since 1970.
    last: Option<(Kind, u64)>,
}

/// When something was begun, in copies of the machine: is it of before by now?
#[derive(Clone, Debug)]
pub(crate) struct Since {
    seen: watch::Receiver<Seen>,
    count: u64,
}

impl Since {
    /// Copies before it.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// The machine was copied since.
    pub(crate) fn is_over(&self) -> bool {
        self.seen.borrow().count != self.count
    }

    /// Resolves when it is.
    pub(crate) async fn over(&mut self) {
        let count = self.count;
        if self
            .seen
            .wait_for(|seen| seen.count != count)
            .await
            .is_err()
        {
            // Whoever would tell is gone: the host is ending.
            std::future::pending().await
        }
    }
}

/// In what the kernel tells of a new generation id. Which kernel tells it how depends on its version and on who built it.
#[derive(Clone, Copy, Debug)]
enum Way {
    Log,
    Uevent,
}

/// What came by each way, and how much of it was acted upon: what comes by both is one event.
#[derive(Debug, Default)]
struct Told {
    by: [u64; 2],
    acted: u64,
}

type Act = Box<dyn Fn() + Send + Sync>;

/// The copies of this machine, as one hub or host sees them.
pub(crate) struct VmEvents {
    seen: watch::Sender<Seen>,
    told: Mutex<Told>,
    renew: Act,
    discard: Act,
}

impl VmEvents {
    /// `renew` gives generators new state and throws away what was made of the old; `discard` throws away what a copy
    /// would hand out or speak under as well.
    pub(crate) fn new(
        renew: impl Fn() + Send + Sync + 'static,
        discard: impl Fn() + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            seen: watch::channel(Seen::default()).0,
            told: Mutex::default(),
            renew: Box::new(renew),
            discard: Box::new(discard),
        })
    }

    /// It was copied. When this returns, nothing more comes of what both copies have.
    pub(crate) fn happened(&self, kind: Kind) {
        // Counted first: what is under way from now on knows that it is of before.
        self.seen.send_modify(|seen| {
            seen.count += 1;
            seen.last = Some((kind, os::unix_now()));
        });
        (self.renew)();
        (self.discard)();
        tracing::warn!(
            kind = kind.text(),
            "this machine may have been copied: new generator state, new channels"
        );
    }

    /// The kernel says so. Counted rather than timed: a snapshot may be of the moment after the last event.
    fn told(&self, way: Way, kind: Kind) {
        let is_new = {
            let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
            told.by[way as usize] += 1;
            let is_new = told.by[way as usize] > told.acted;
            told.acted += u64::from(is_new);
            is_new
        };
        if is_new {
            self.happened(kind);
        }
    }

    /// The kernel's generator has new state: so gets ours.
    pub(crate) fn renew(&self) {
        (self.renew)();
    }

    /// Begins something now.
    pub(crate) fn since(&self) -> Since {
        let seen = self.seen.subscribe();
        let count = seen.borrow().count;
        Since { seen, count }
    }

    /// How the last one was noticed.
    pub(crate) fn last(&self) -> Option<Kind> {
        self.seen.borrow().last.map(|(kind, _)| kind)
    }

    /// For `status`.
    pub(crate) fn json(&self) -> Value {
        let Seen { count, last } = *self.seen.borrow();
        json!({
            "count": count,
            "last": last.map(|(kind, at)| json!({ "kind": kind, "at": at })),
        })
    }

    /// Listens to the kernel until the result is dropped.
    pub(crate) fn watch(self: &Arc<Self>) -> JoinSet<()> {
        let mut watching = JoinSet::new();
        match kmsg::KernelLog::open() {
            Ok(log) => drop(watching.spawn(log.tell(Arc::clone(self)))),
            Err(error) => {
                tracing::info!(%error, "the kernel's log is not for us (CAP_SYSLOG): a clone may show only by its clocks, or by `photonbox cloned`");
            }
        }
        match uevent::Uevents::open() {
            Ok(uevents) => drop(watching.spawn(uevents.tell(Arc::clone(self)))),
            Err(error) => tracing::debug!(%error, "no device events of the kernel"),
        }
        match clocks::Clocks::open() {
            Ok(clocks) => drop(watching.spawn(clocks.tell(Arc::clone(self)))),
            Err(error) => {
                tracing::info!(%error, "clocks that are set cannot be watched: `photonbox cloned` says it when this machine was copied or slept");
            }
        }
        watching
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use std::sync::Mutex;

    #[tokio::test]
    async fn renewed_before_discarded_and_everybody_is_told() {
        let done = Arc::new(Mutex::new(Vec::new()));
        let does = |what: &'static str| {
            let done = Arc::clone(&done);
            move || done.lock().unwrap().push(what)
        };
        let events = VmEvents::new(does("renew"), does("discard"));
        assert_eq!(events.json()["last"], Value::Null);
        let mut before = events.since();
        assert!(!before.is_over());
        events.happened(Kind::GenerationId);
        before.over().await;
        assert!(before.is_over() && !events.since().is_over());
        assert_eq!((before.count(), events.since().count()), (0, 1));
        assert_eq!(*done.lock().unwrap(), ["renew", "discard"]);
        events.happened(Kind::Told);
        events.renew();
        assert_eq!(done.lock().unwrap().len(), 5);
        let json = events.json();
        assert_eq!(
            (&json["count"], &json["last"]["kind"]),
            (&json!(2), &json!("told"))
        );
    }

    #[test]
    fn what_comes_by_two_ways_is_one_event() {
        let events = VmEvents::new(|| {}, || {});
        let count = || events.since().count();
        let tell = |way| events.told(way, Kind::GenerationId);
        tell(Way::Uevent);
        tell(Way::Log);
        assert_eq!(count(), 1);
        tell(Way::Log);
        tell(Way::Log);
        assert_eq!(count(), 3);
        tell(Way::Uevent);
        tell(Way::Uevent);
        assert_eq!(count(), 3);
        tell(Way::Uevent);
        assert_eq!(count(), 4);
    }
}
