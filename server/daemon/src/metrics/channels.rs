//! Channels and connections, summed up: their number must not make series.

use std::fmt;

use photonbox_channel::CloseReason;
use serde::Serialize;

use super::{Page, bytes};
use crate::channels::{Channels, Count, Totals};
use crate::gate::GateStatus;

/// The word that `status` has for a value.
pub(super) fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

/// All channels to one side: `child` for hosts that are served, `parent` for the way to the hub.
pub(crate) type Side<'a> = (&'static str, &'a Channels);

/// Channels of each side.
pub(crate) fn write(page: &mut Page<'_>, sides: &[Side<'_>]) -> fmt::Result {
    let counts: Vec<(&str, Count, Totals)> = sides
        .iter()
        .map(|(side, channels)| (*side, channels.count(), channels.totals()))
        .collect();
    let of_class = counts.iter().flat_map(|(side, count, _)| {
        let series = |class, count| ([("side", *side), ("class", class)], count);
        [
            series("asymmetric", count.asymmetric),
            series("symmetric", count.symmetric),
        ]
    });
    page.gauges(
        "photonbox_channels",
        "Channels that stand, by whose randomness protects them.",
        None,
        of_class,
    )?;
    let peers = counts.iter().map(|(side, count, _)| {
        let series = [("side", *side)];
        (series, count.peers)
    });
    page.gauges(
        "photonbox_channel_peers",
        "Hosts, hubs or relays that these channels go to.",
        None,
        peers,
    )?;
    let moved = counts.iter().flat_map(|(side, _, totals)| {
        let series = |direction, bytes| ([("side", *side), ("direction", direction)], bytes);
        [
            series("sent", totals.sent),
            series("received", totals.received),
        ]
    });
    page.counters(
        "photonbox_channel",
        "Service messages on all channels so far.",
        Some(&bytes()),
        moved,
    )?;
    let mut sums = |name, help, of: fn(&Totals) -> u64| {
        let series = counts
            .iter()
            .map(|(side, _, totals)| ([("side", *side)], of(totals)));
        page.counters(name, help, None, series)
    };
    sums(
        "photonbox_channel_rekeys",
        "Rekeys of all channels so far.",
        |totals| totals.rekeys,
    )?;
    sums(
        "photonbox_channel_starved",
        "Times that a rekey was due and the other side's prekeys were used up.",
        |totals| totals.starved,
    )?;
    sums(
        "photonbox_channel_stepped_down",
        "Times that data then went on under the old key.",
        |totals| totals.stepped_down,
    )?;
    let closed: Vec<_> = sides
        .iter()
        .map(|(side, channels)| (*side, channels.closed()))
        .collect();
    let ends = closed.iter().flat_map(|(side, counts)| {
        CloseReason::ALL.iter().map(|reason| {
            let labels = [("side", (*side).to_owned()), ("reason", word(reason))];
            (labels, counts.of(*reason))
        })
    });
    page.counters(
        "photonbox_channels_closed",
        "Channels that ended, by reason.",
        None,
        ends,
    )
}

/// Connections to a hub or relay.
pub(super) fn gate(page: &mut Page<'_>, gate: &GateStatus) -> fmt::Result {
    page.gauge(
        "photonbox_connections",
        "Connections now, handshakes included.",
        None,
        gate.open,
    )?;
    page.gauge(
        "photonbox_handshakes",
        "Of these, those that do not have both channels yet.",
        None,
        gate.handshaking,
    )?;
    let refused = &gate.refused;
    page.counters(
        "photonbox_connections_refused",
        "Connections turned away, by the bound of [limits] that they met.",
        None,
        [
            ("max_connections", refused.connections),
            ("handshakes_per_address", refused.handshakes_per_address),
            ("connections_per_second", refused.connections_per_second),
        ]
        .map(|(bound, count)| ([("bound", bound)], count)),
    )
}
