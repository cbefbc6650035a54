//! What an operator alarms on, as Prometheus reads it: `GET /metrics` on a loopback address, in OpenMetrics text.
//!
//! Everything is read where `status` reads it, at the moment of a scrape: there are no counters here. Labels are few and
//! bounded: lanes, reasons, sinks and peers of the configuration. Hosts are counted, never named, so that 100,000 of them
//! make as many series as one.

mod channels;
mod host;
mod hub;
mod page;
mod process;
mod server;

pub(crate) use channels::write as write_channels;
pub(crate) use page::{Page, bits, bytes, per_second, seconds};
pub(crate) use server::{Endpoint, Served};

use std::fmt;

use crate::renewal::{Renewal, Source};
use crate::vm_event::VmEvents;

/// Default port, on 127.0.0.1 (`8-cli`).
pub const METRICS_PORT: u16 = 4503;

/// Hub, host or gateway, as its metrics see it.
pub(crate) trait Measured: Send + Sync + 'static {
    /// `hub`, `host` or `tunnel`.
    fn role(&self) -> &'static str;

    /// Writes all of it. May look into the database, and take locks for as long as `status` does.
    fn write(&self, page: &mut Page<'_>) -> fmt::Result;
}

/// One series for each state, 1 for that which holds: an alarm on one of them needs no table of numbers.
fn health(page: &mut Page<'_>, now: &str, all: &[&'static str]) -> fmt::Result {
    page.states(
        "photonbox_health",
        "State of the source, or of the way to it.",
        all,
        now,
    )
}

/// Whether secrets lie in memory that cannot be swapped out.
pub(crate) fn memory(page: &mut Page<'_>) -> fmt::Result {
    page.flag(
        "photonbox_memory_locked",
        "Whether all secrets lie in locked memory.",
        photonbox_secret::lock_state().all_locked(),
    )
}

/// When the own certificate ends.
pub(crate) fn certificate<S: Source>(page: &mut Page<'_>, renewal: &Renewal<S>) -> fmt::Result {
    page.gauge(
        "photonbox_certificate_end_timestamp",
        "End of the own certificate, since 1970.",
        Some(&seconds()),
        renewal.ends(),
    )
}

/// How often this machine was copied, as far as it noticed.
pub(crate) fn copies(page: &mut Page<'_>, events: &VmEvents) -> fmt::Result {
    page.counter(
        "photonbox_vm_events",
        "Times that this machine was cloned, put back, or may have been.",
        None,
        events.since().count(),
    )
}

/// How a host or gateway stands with the hub.
pub(crate) fn parent(page: &mut Page<'_>, upstream: &crate::link::Upstream) -> fmt::Result {
    page.flag(
        "photonbox_parent_reached",
        "Whether there is a channel to a hub or relay.",
        upstream.parent().is_some(),
    )?;
    health(
        page,
        upstream.health(),
        &["healthy", "degraded", "unhealthy"],
    )
}
