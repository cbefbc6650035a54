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

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use std::sync::Arc;

    use photonbox_channel::ChannelStatus;
    use serde_json::json;

    use super::super::{Measured, server};
    use super::*;

    struct Hosts(Channels);

    impl Measured for Hosts {
        fn role(&self) -> &'static str {
            "test"
        }

        fn write(&self, page: &mut Page<'_>) -> fmt::Result {
            write(page, &[("child", &self.0)])
        }
    }

    fn channel(peer: &str, class: &str) -> ChannelStatus {
        let status = json!({
            "peer": peer, "peer_serial": "5e51a1", "epoch": 3, "epoch_receive": 4, "class": class, "rekeys": 7,
            "pq_rekeys": 0, "prekeys": 1, "prekeys_window": 1, "starved": 2, "stepped_down": 1,
            "packets_left": null, "seconds_left": null, "bytes": 30, "bytes_sent": 20, "bytes_received": 10,
            "hops": 0, "trust": 0.0, "first_channel_ms": 1.0, "second_channel_ms": 2.0, "closed": null,
        });
        serde_json::from_value(status).unwrap()
    }

    fn page(channels: &Channels) -> String {
        server::page(Arc::new(Hosts(channels.clone())))
    }

    #[test]
    fn many_hosts_are_as_many_series_as_none_and_nobody_is_named() {
        let channels = Channels::default();
        let empty = page(&channels).lines().count();
        for number in 0..10_000 {
            channels.enter(channel(&format!("host-{number}"), "symmetric"));
            channels.enter(channel(&format!("host-{number}"), "asymmetric"));
        }
        let page = page(&channels);
        assert_eq!(page.lines().count(), empty);
        assert!(!page.contains("host-1") && !page.contains("5e51a1"));
        for line in [
            r#"photonbox_channels{side="child",class="symmetric"} 10000"#,
            r#"photonbox_channels{side="child",class="asymmetric"} 10000"#,
            r#"photonbox_channel_peers{side="child"} 10000"#,
            r#"photonbox_channel_bytes_total{side="child",direction="sent"} 400000"#,
        ] {
            assert!(
                page.lines().any(|one| one == line),
                "{line} is not in\n{page}"
            );
        }
    }

    #[test]
    fn counters_do_not_fall_when_a_channel_ends() {
        let channels = Channels::default();
        let number = channels.enter(channel("a", "symmetric"));
        let before = channels.totals();
        channels.leave(number, CloseReason::Truncated);
        assert_eq!(channels.totals(), before);
        let page = page(&channels);
        for line in [
            r#"photonbox_channels{side="child",class="symmetric"} 0"#,
            r#"photonbox_channel_bytes_total{side="child",direction="received"} 10"#,
            r#"photonbox_channel_rekeys_total{side="child"} 7"#,
            r#"photonbox_channel_starved_total{side="child"} 2"#,
            r#"photonbox_channel_stepped_down_total{side="child"} 1"#,
            r#"photonbox_channels_closed_total{side="child",reason="truncated"} 1"#,
            r#"photonbox_channels_closed_total{side="child",reason="normal"} 0"#,
        ] {
            assert!(
                page.lines().any(|one| one == line),
                "{line} is not in\n{page}"
            );
        }
    }
}
