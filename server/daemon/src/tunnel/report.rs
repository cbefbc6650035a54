//! What `photonbox tunnel status` shows.

use std::net::SocketAddr;
use std::time::Duration;

use photonbox_keybox::peer::{IPV4, OrbitStatus, PeerStatus, Role};
use serde_json::{Map, Value, json};

use super::gateway::Gateway;
use super::options::Keys;
use super::peer::{Lost, Peer};
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
        "peers": gateway.peers.iter().map(|peer| Seen::now(gateway, peer).json()).collect::<Vec<_>>(),
    })
}

/// A peer at one moment, as `status` and the metrics show it.
pub(super) struct Seen<'a> {
    pub(super) peer: &'a Peer,
    pub(super) engine: PeerStatus,
    role: Role,
    /// In mode `boxes` the hub says the role with the first orbit.
    role_known: bool,
    hub: Option<Value>,
    /// In mode `boxes`: whether there is a reason why no new box comes, and how many came.
    pub(super) waits: Option<bool>,
    pub(super) taken: Option<u64>,
    endpoint: Option<SocketAddr>,
    /// Time since it was heard.
    pub(super) silence: Option<Duration>,
    lost: Vec<(Lost, u64)>,
}

impl<'a> Seen<'a> {
    pub(super) fn now(gateway: &Gateway, peer: &'a Peer) -> Self {
        let side = peer.lock();
        let engine = side.engine.status();
        let now = gateway.now();
        Self {
            peer,
            role: side.engine.role(),
            role_known: peer.plan.keys != Keys::Hub || !engine.orbits.is_empty(),
            hub: side.supply.as_ref().map(Supply::json),
            waits: side.supply.as_ref().map(|supply| supply.waits.is_some()),
            taken: side.supply.as_ref().map(|supply| supply.boxes),
            endpoint: side.endpoint,
            silence: side.heard.map(|at| now.saturating_sub(at)),
            lost: side.lost().collect(),
            engine,
        }
    }

    /// The orbit that we send from.
    pub(super) fn sending(&self) -> Option<&OrbitStatus> {
        self.engine.orbits.iter().find(|orbit| orbit.sending)
    }

    fn boxes(&self) -> u32 {
        self.peer.plan.parameters.boxes()
    }

    /// The lowest box in use: I + 1 before the first, 0 after the last.
    fn place(&self) -> Option<u32> {
        let most = self.boxes() + 1;
        self.sending().map(|orbit| orbit.lowest.clamp(0, most))
    }

    /// The box that we send from.
    pub(super) fn number(&self) -> Option<u32> {
        self.place()
            .filter(|number| (1..=self.boxes()).contains(number))
    }

    /// Boxes of the orbit that were not used yet.
    pub(super) fn boxes_left(&self) -> Option<u32> {
        self.place().map(|place| place.saturating_sub(1))
    }

    pub(super) fn box_packets_left(&self) -> Option<u64> {
        let most = self.peer.plan.box_packets;
        self.sending()
            .map(|orbit| most.saturating_sub(orbit.packets))
    }

    pub(super) fn exhausted(&self) -> bool {
        self.sending().is_some_and(|orbit| orbit.exhausted)
    }

    pub(super) fn own_spi(&self) -> Option<u32> {
        self.engine
            .own_spi
            .map(|counter| spi(self.role, counter, false))
    }

    pub(super) fn peer_spi(&self) -> Option<u32> {
        self.sending()
            .and_then(|orbit| orbit.peer_spi)
            .map(|counter| spi(self.role, counter, true))
    }

    /// Packets dropped, for every reason that there is.
    pub(super) fn drops(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let engine = self.engine.drops.iter();
        let lost = Lost::ALL.iter().map(|why| {
            let counted = self.lost.iter().find(|(one, _)| one == why);
            (why.name(), counted.map_or(0, |(_, count)| *count))
        });
        engine
            .map(|(reason, count)| (reason.name(), count))
            .chain(lost)
    }

    fn json(&self) -> Value {
        let plan = &self.peer.plan;
        let status = &self.engine;
        let hex = |spi: u32| format!("{spi:08x}");
        json!({
            "name": self.peer.name,
            "mode": plan.keys.mode(),
            "role": self.role_known.then_some(match self.role { Role::Zero => "a", Role::One => "b" }),
            "hub": self.hub,
            "endpoint": self.endpoint.map(|address| address.to_string()),
            "allowed": plan.allowed,
            "mtu": self.peer.mtu(IPV4),
            "heard_seconds_ago": self.silence.map(|silence| silence.as_secs_f64()),
            "spi": self.own_spi().map(hex),
            "peer_spi": self.peer_spi().map(hex),
            "sequence": status.seq,
            "orbit": self.sending().map(|orbit| format!("{:016x}", orbit.id)),
            "box": self.number(),
            "box_packets": self.sending().map(|orbit| orbit.packets),
            "box_packets_left": self.box_packets_left(),
            "boxes_left": self.boxes_left(),
            "boxes": self.boxes(),
            "keys": plan.parameters.keys(),
            "exhausted": self.exhausted(),
            "calling": status.calling,
            "sent": { "packets": status.sent.packets, "bytes": status.sent.bytes },
            "received": { "packets": status.received.packets, "bytes": status.received.bytes },
            "drops": counts(self.drops()),
        })
    }
}

/// An SPI as it stands in packets.
fn spi(role: Role, counter: u32, theirs: bool) -> u32 {
    let whose = match (role, theirs) {
        (Role::Zero, false) | (Role::One, true) => Role::Zero,
        _ => Role::One,
    };
    whose.spi(counter)
}

/// Reasons that occurred.
fn counts(all: impl Iterator<Item = (&'static str, u64)>) -> Value {
    let mut map = Map::new();
    for (name, count) in all.filter(|(_, count)| *count > 0) {
        map.insert(name.to_owned(), count.into());
    }
    Value::Object(map)
}
