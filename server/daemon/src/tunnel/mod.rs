//! `photonbox tunnel`: a gateway that carries the packets of a TUN device to its peers in ESP under keys from key boxes
//! (spec 2-keybox §2.3 to §2.5).
//!
//! The protocol is `photonbox_keybox::peer`'s and the packets are `photonbox_keybox::esp`'s; here are the device, the
//! sockets, the disk and the clock around them. Packets are moved by plain threads, two a queue of the device: one seals
//! what comes out of it, one opens what comes from the network ([`outbound`], [`inbound`]); a third kind keeps the engines'
//! time ([`timer`]). Nothing is allocated for a packet, and a peer's lock is taken once for a run of its packets.

mod device;
mod gateway;
mod gather;
mod inbound;
mod inner;
mod keys;
mod metrics;
mod networks;
pub mod options;
mod outbound;
mod peer;
mod records;
mod report;
mod socket;
mod supply;
mod timer;
mod up;

pub use ipnet::IpNet as Network;
pub use options::{Mode, PeerOptions, Role, TunnelOptions};
pub use up::{TunnelReady, up};

use photonbox_keybox::esp;

/// Default port.
pub const TUNNEL_PORT: u16 = 4510;
/// What fits into 1500 bytes over IPv6 and UDP: 1452, less header and ICV, down to a multiple of 4, less the trailer's two.
pub const DEFAULT_MTU: u16 = 1418;
/// The smallest MTU: what each IPv4 host takes (RFC 791).
const MIN_MTU: u16 = 576;
/// The largest: jumbo frames.
const MAX_MTU: u16 = 9000;
/// The longest packet that [`MAX_MTU`] makes.
const MAX_SEALED: usize = esp::HEADER + (MAX_MTU as usize + 2).next_multiple_of(4) + esp::ICV;

/// Reads a network such as 10.2.0.0/16; a plain address is a network of one.
///
/// # Errors
/// What is wrong, in a line.
pub fn network(text: &str) -> Result<Network, String> {
    let plain = || text.parse::<std::net::IpAddr>().map(Network::from);
    text.parse()
        .or_else(|_| plain())
        .map_err(|_| format!("`{text}` is no network such as 10.2.0.0/16 or fd02::/32"))
}
