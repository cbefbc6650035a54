//! A host's page, and a relay's.

use std::fmt;

use super::{Measured, Page, bytes};
use super::{certificate, channels, copies, memory, parent};
use crate::feed;
use crate::host::Host;
use crate::options::SinkReport;
use crate::shutdown::Phase;

impl Measured for Host {
    fn role(&self) -> &'static str {
        "host"
    }

    fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        parent(page, &self.upstream)?;
        channels::write(page, &[("parent", &self.up), ("child", &self.down)])?;
        // One way up at a time; the newest where an older one is on its way out.
        if let Some(up) = self.up.list().last() {
            page.gauges(
                "photonbox_channel_epoch",
                "Epoch of the channel to the parent; each rekey is one more.",
                None,
                [("sent", up.epoch), ("received", up.epoch_receive)]
                    .map(|(direction, epoch)| ([("direction", direction)], epoch)),
            )?;
        }
        let reports: Vec<SinkReport> = self.figures.iter().map(feed::report).collect();
        page.flag(
            "photonbox_simulated",
            "Whether anything in the sinks is simulated, replayed or a test.",
            reports.iter().any(SinkReport::is_labelled),
        )?;
        sinks(page, &reports)?;
        if let Some(gate) = &self.gate {
            channels::gate(page, &gate.status())?;
        }
        memory(page)?;
        copies(page, &self.vm_events)?;
        certificate(page, &self.renewal)?;
        page.flag(
            "photonbox_draining",
            "Whether it ends as soon as its sinks have what is on its way.",
            self.shutdown.phase() != Phase::Run,
        )
    }
}

fn sinks(page: &mut Page<'_>, reports: &[SinkReport]) -> fmt::Result {
    page.counters(
        "photonbox_sink",
        "Bytes that each sink took.",
        Some(&bytes()),
        reports.iter().map(|sink| {
            let labels = [("sink", &*sink.sink), ("class", sink.class.as_str())];
            (labels, sink.bytes)
        }),
    )?;
    let states = reports.iter().flat_map(|sink| {
        // `blocked` and `failed` are followed by the reason.
        let now = sink.state.split(':').next().unwrap_or_default();
        ["waiting", "receiving", "blocked", "done", "failed"].map(|state| {
            let labels = [("sink", &*sink.sink), ("state", state)];
            (labels, u64::from(state == now))
        })
    });
    page.gauges("photonbox_sink_state", "State of each sink.", None, states)?;
    let attested = reports
        .iter()
        .map(|sink| ([("sink", &*sink.sink)], sink.attested));
    page.counters(
        "photonbox_sink_attested",
        "Signed statements of the hub that came with a sink's blocks and verified.",
        None,
        attested,
    )?;
    let waiting = reports.iter().filter_map(|sink| {
        let waiting = sink.waiting_bytes?;
        Some(([("sink", &*sink.sink)], waiting))
    });
    page.gauges(
        "photonbox_sink_waiting",
        "Bytes in a sink that nobody fetched yet (EGD).",
        Some(&bytes()),
        waiting,
    )
}
