//! What `photonbox tunnel status` shows.

use photonbox_keybox::peer::{IPV4, OrbitStatus, PeerStatus, Role};
use serde_json::{Map, Value, json};

use super::gateway::Gateway;
use super::options::Keys;
use super::peer::Peer;
use super::supply::Supply;

/// The whole gateway.
pub(super) fn status(gateway: &Gateway) -> Value {
    let listen = gateway
        .sockets
        .first()
        .and_then(|socket| socket.address().ok());
    json!({
        "role": "tunnel",
        "health": "up",
        "locked": photonbox_secret::lock_state().all_locked(),
        "device": gateway.name,
        "mtu": gateway.mtu,
        "listen": listen.map(|address| address.to_string()),
        "queues": gateway.sockets.len(),
        "drops": counts(gateway.drops()),
        "peers": gateway.peers.iter().map(|peer| one(gateway, peer)).collect::<Vec<_>>(),
    })
}

fn one(gateway: &Gateway, peer: &Peer) -> Value {
    let (status, role, hub, endpoint, heard, lost): (PeerStatus, _, _, _, _, Vec<_>) = {
        let side = peer.lock();
        (
            side.engine.status(),
            side.engine.role(),
            side.supply.as_ref().map(Supply::json),
            side.endpoint,
            side.heard,
            side.lost().collect(),
        )
    };
    let now = gateway.now();
    let plan = &peer.plan;
    // In mode `boxes` the hub says it with the first orbit.
    let known = plan.keys != Keys::Hub || !status.orbits.is_empty();
    let sending = status.orbits.iter().find(|orbit| orbit.sending);
    let boxes = plan.parameters.boxes();
    let place = |orbit: &OrbitStatus| orbit.lowest.clamp(0, boxes + 1);
    let drops = status
        .drops
        .iter()
        .map(|(reason, count)| (reason.name(), count));
    let drops = drops.chain(lost.iter().map(|(why, count)| (why.name(), *count)));
    json!({
        "name": peer.name,
        "mode": plan.keys.mode(),
        "role": known.then_some(match role { Role::Zero => "a", Role::One => "b" }),
        "hub": hub,
        "endpoint": endpoint.map(|address| address.to_string()),
        "allowed": plan.allowed,
        "mtu": peer.mtu(IPV4),
        "heard_seconds_ago": heard.map(|at| now.saturating_sub(at).as_secs_f64()),
        "spi": status.own_spi.map(|counter| spi(role, counter, false)),
        "peer_spi": sending.and_then(|orbit| orbit.peer_spi).map(|counter| spi(role, counter, true)),
        "sequence": status.seq,
        "orbit": sending.map(|orbit| format!("{:016x}", orbit.id)),
        "box": sending.map(place).filter(|number| (1..=boxes).contains(number)),
        "box_packets": sending.map(|orbit| orbit.packets),
        "box_packets_left": sending.map(|orbit| plan.box_packets.saturating_sub(orbit.packets)),
        "boxes_left": sending.map(|orbit| place(orbit).saturating_sub(1)),
        "boxes": boxes,
        "keys": plan.parameters.keys(),
        "exhausted": sending.is_some_and(|orbit| orbit.exhausted),
        "calling": status.calling,
        "sent": { "packets": status.sent.packets, "bytes": status.sent.bytes },
        "received": { "packets": status.received.packets, "bytes": status.received.bytes },
        "drops": counts(drops),
    })
}

/// An SPI as a capture shows it.
fn spi(role: Role, counter: u32, theirs: bool) -> String {
    let whose = match (role, theirs) {
        (Role::Zero, false) | (Role::One, true) => Role::Zero,
        _ => Role::One,
    };
    format!("{:08x}", whose.spi(counter))
}

/// Reasons that occurred.
fn counts(all: impl Iterator<Item = (&'static str, u64)>) -> Value {
    let mut map = Map::new();
    for (name, count) in all.filter(|(_, count)| *count > 0) {
        map.insert(name.to_owned(), count.into());
    }
    Value::Object(map)
}
