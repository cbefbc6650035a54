//! The engines' time: announcements, erasures, and how much fits on each way.

use std::net::{SocketAddr, UdpSocket};
use std::time::Duration;

use photonbox_keybox::esp;
use photonbox_keybox::peer::NOTHING;

use super::gateway::Gateway;
use crate::os;

/// How often the kernel is asked what a way takes, while packets are sent on it. It learns that from ICMP about our own
/// datagrams, which it checks.
pub(super) const PATH_CHECK: Duration = Duration::from_secs(2);
/// It looks so often if there is nothing to do.
const IDLE: Duration = Duration::from_secs(3600);

/// Runs until the gateway stops.
pub(super) fn run(gateway: &Gateway) {
    let mut looked = Duration::ZERO;
    loop {
        let mut next = gateway.now() + IDLE;
        for peer in &gateway.peers {
            if let Some(at) = turn(gateway, peer) {
                next = next.min(at);
            }
        }
        let now = gateway.now();
        if now >= looked + PATH_CHECK || gateway.take_path_changed() {
            for peer in &gateway.peers {
                let side = peer.lock();
                let sent = side.sent.is_some_and(|at| at >= looked);
                let to = side.endpoint.filter(|_| sent);
                drop(side);
                if let Some(to) = to
                    && let Some(path) = path_mtu(to)
                {
                    peer.path_takes(path, to, gateway.mtu);
                }
            }
            looked = now;
        }
        if !gateway.sleep(next) {
            return;
        }
    }
}

/// Does what is due for a peer; gives when something is next.
fn turn(gateway: &Gateway, peer: &super::peer::Peer) -> Option<Duration> {
    let mut buffer = [0; 2 * esp::HEADER + esp::ICV];
    let mut side = peer.lock();
    let now = gateway.now();
    if side.engine.poll_at().is_some_and(|at| at <= now)
        && side.engine.poll(now)
        && let Some(to) = side.endpoint
    {
        let length = esp::sealed_len(0);
        match side.engine.seal(now, NOTHING, &mut buffer[..length], 0) {
            Ok(sealed) => {
                let next = side.engine.poll_at();
                side.settle(gateway);
                drop(side);
                // What the network doesn't take is said again, as what it loses.
                let sent = gateway.sockets[0].send(to, &buffer[..sealed.len], &[sealed.len]);
                if let Some(error) = sent.error {
                    tracing::debug!(peer = peer.name, %to, %error, "cannot send");
                }
                return next;
            }
            Err(error) => side.cannot_send(&peer.name, &error),
        }
    }
    side.settle(gateway);
    side.engine.poll_at()
}

/// What the kernel knows of the way to an address.
fn path_mtu(to: SocketAddr) -> Option<u32> {
    let any: SocketAddr = match to {
        SocketAddr::V4(_) => ([0, 0, 0, 0], 0).into(),
        SocketAddr::V6(_) => ([0_u16; 8], 0).into(),
    };
    // Connected, and nothing is sent.
    let socket = UdpSocket::bind(any).ok()?;
    socket.connect(to).ok()?;
    os::path_mtu(&socket).ok()
}
