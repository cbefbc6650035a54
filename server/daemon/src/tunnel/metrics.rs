//! A gateway's page. Peers are those of the configuration, and their addresses stay out of it.

use std::fmt;
use std::sync::Arc;

use photonbox_keybox::peer::IPV4;

use super::gateway::Gateway;
use super::report::Seen;
use super::supply::HubView;
use crate::channels::Channels;
use crate::metrics::{self, Measured, Page, bytes, seconds};
use crate::vm_event::VmEvents;

/// What the metrics see of a gateway.
pub(super) struct Tunnel {
    pub(super) hub: Option<Arc<HubView>>,
    pub(super) gateway: Arc<Gateway>,
    /// To the hub.
    pub(super) channels: Channels,
    pub(super) vm_events: Arc<VmEvents>,
}

impl Measured for Tunnel {
    fn role(&self) -> &'static str {
        "tunnel"
    }

    fn write(&self, page: &mut Page<'_>) -> fmt::Result {
        if let Some(hub) = &self.hub {
            metrics::parent(page, &hub.upstream)?;
            metrics::certificate(page, &hub.renewal)?;
            metrics::write_channels(page, &[("parent", &self.channels)])?;
        }
        metrics::memory(page)?;
        metrics::copies(page, &self.vm_events)?;
        let gateway = &self.gateway;
        page.gauge(
            "photonbox_tunnel_queues",
            "Queues of the TUN device.",
            None,
            gateway.sockets.len(),
        )?;
        page.gauge(
            "photonbox_tunnel_mtu",
            "MTU of the TUN device.",
            Some(&bytes()),
            u32::from(gateway.mtu),
        )?;
        page.counters(
            "photonbox_tunnel_drops",
            "Packets dropped that belong to no peer, by reason.",
            None,
            gateway
                .drops()
                .map(|(reason, count)| ([("reason", reason)], count)),
        )?;
        let peers = gateway.peers.iter().map(|peer| Seen::now(gateway, peer));
        let peers: Vec<Seen<'_>> = peers.collect();
        traffic(page, &peers)?;
        keys(page, &peers)?;
        way(page, &peers)
    }
}

fn name<'a>(seen: &'a Seen<'_>) -> [(&'static str, &'a str); 1] {
    [("peer", &seen.peer.name)]
}

/// What was carried, and what was not.
fn traffic(page: &mut Page<'_>, peers: &[Seen<'_>]) -> fmt::Result {
    let both = |seen: &Seen<'_>| {
        [
            ("sent", seen.engine.sent),
            ("received", seen.engine.received),
        ]
    };
    let packets = peers.iter().flat_map(|seen| {
        both(seen).map(|(direction, traffic)| {
            let labels = [("peer", &*seen.peer.name), ("direction", direction)];
            (labels, traffic.packets)
        })
    });
    page.counters(
        "photonbox_tunnel_peer_packets",
        "Packets sealed for a peer, and opened from it.",
        None,
        packets,
    )?;
    let carried = peers.iter().flat_map(|seen| {
        both(seen).map(|(direction, traffic)| {
            let labels = [("peer", &*seen.peer.name), ("direction", direction)];
            (labels, traffic.bytes)
        })
    });
    page.counters(
        "photonbox_tunnel_peer",
        "Bytes inside these packets.",
        Some(&bytes()),
        carried,
    )?;
    let drops = peers.iter().flat_map(|seen| {
        seen.drops().map(|(reason, count)| {
            let labels = [("peer", &*seen.peer.name), ("reason", reason)];
            (labels, count)
        })
    });
    page.counters(
        "photonbox_tunnel_peer_drops",
        "Packets of a peer that were dropped, by reason.",
        None,
        drops,
    )
}

/// Where a peer stands in its key boxes.
fn keys(page: &mut Page<'_>, peers: &[Seen<'_>]) -> fmt::Result {
    let mut numbers = |name_of, help, of: fn(&Seen<'_>) -> Option<u64>| {
        let series = peers
            .iter()
            .filter_map(|seen| Some((name(seen), of(seen)?)));
        page.gauges(name_of, help, None, series)
    };
    numbers(
        "photonbox_tunnel_peer_box",
        "The key box that packets are sent from; they are used from the highest down.",
        |seen| seen.number().map(u64::from),
    )?;
    numbers(
        "photonbox_tunnel_peer_boxes_left",
        "Key boxes of the orbit that were not used yet.",
        |seen| seen.boxes_left().map(u64::from),
    )?;
    numbers(
        "photonbox_tunnel_peer_box_packets_left",
        "Packets that the box still serves.",
        |seen| seen.box_packets_left(),
    )?;
    numbers(
        "photonbox_tunnel_peer_exhausted",
        "Whether all key boxes are used up: nothing is sent.",
        |seen| Some(seen.exhausted().into()),
    )?;
    numbers(
        "photonbox_tunnel_peer_waits_for_hub",
        "Whether there is a reason why no new key box comes (mode boxes).",
        |seen| seen.waits.map(u64::from),
    )?;
    let spis = peers.iter().flat_map(|seen| {
        let both = [("sent", seen.own_spi()), ("received", seen.peer_spi())];
        both.into_iter().filter_map(|(direction, spi)| {
            let labels = [("peer", &*seen.peer.name), ("direction", direction)];
            Some((labels, spi?))
        })
    });
    page.gauges(
        "photonbox_tunnel_peer_spi",
        "SPI of each direction, as a number.",
        None,
        spis,
    )?;
    page.gauges(
        "photonbox_tunnel_peer_sequence",
        "Sequence number of the last packet sent under the SPI.",
        None,
        peers.iter().map(|seen| (name(seen), seen.engine.seq)),
    )?;
    let taken = peers
        .iter()
        .filter_map(|seen| Some((name(seen), seen.taken?)));
    page.counters(
        "photonbox_tunnel_peer_boxes",
        "Key boxes that came from the hub (mode boxes).",
        None,
        taken,
    )
}

/// The way to a peer.
fn way(page: &mut Page<'_>, peers: &[Seen<'_>]) -> fmt::Result {
    let silences = peers
        .iter()
        .filter_map(|seen| Some((name(seen), seen.silence?.as_secs_f64())));
    page.gauges(
        "photonbox_tunnel_peer_silence",
        "Time since a peer was heard; missing before the first packet.",
        Some(&seconds()),
        silences,
    )?;
    page.gauges(
        "photonbox_tunnel_peer_calling",
        "Whether nothing was heard of a peer since the start.",
        None,
        peers
            .iter()
            .map(|seen| (name(seen), u64::from(seen.engine.calling))),
    )?;
    page.gauges(
        "photonbox_tunnel_peer_mtu",
        "Longest IPv4 packet that the way to a peer takes.",
        Some(&bytes()),
        peers
            .iter()
            .map(|seen| (name(seen), u32::from(seen.peer.mtu(IPV4)))),
    )
}
