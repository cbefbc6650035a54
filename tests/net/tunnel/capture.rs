//! What goes over the wire between the gateways, as anyone there could see it.

use super::pair::Pair;
use rustix::net::{AddressFamily, Protocol, RecvFlags, SocketFlags, SocketType, sockopt};
use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

/// The tunnel's port.
const PORT: u16 = 4510;

/// A packet of the tunnel.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Packet {
    /// Source and destination port, and the ESP packet.
    pub(super) ports: [u16; 2],
    /// Where from: an outer address.
    pub(super) from: Vec<u8>,
    pub(super) bytes: Vec<u8>,
}

impl Packet {
    fn word(&self, at: usize) -> u32 {
        u32::from_be_bytes(*self.bytes[at..].first_chunk().expect("a header"))
    }

    /// SPI and sequence number: the nonce, and with them and what follows the key.
    pub(super) fn nonce(&self) -> (u32, u32) {
        (self.word(0), self.word(4))
    }

    /// Box and key.
    pub(super) fn pointers(&self) -> (u32, u32) {
        (self.word(8) >> 16, self.word(8) & 0xffff)
    }

    pub(super) fn flicker(&self) -> u32 {
        self.word(12)
    }
}

/// Every protocol (`ETH_P_ALL`), in the network's byte order.
const ALL: u32 = 0x0003_u16.to_be() as u32;
const BUFFER: usize = 64 << 20;

/// A capture on a gateway, until it ends. Both gateways' offloads have to be off, so that each packet goes by itself.
pub(super) struct Capture {
    over: Arc<AtomicBool>,
    seen: JoinHandle<Vec<Packet>>,
}

impl Capture {
    pub(super) fn begin(pair: &Pair, machine: &str) -> Self {
        let socket = pair.network.inside(machine, || {
            let protocol = Protocol::from_raw(NonZeroU32::new(ALL).expect("not zero"));
            // Without a link layer, on all of the machine's interfaces.
            let kind = SocketType::DGRAM;
            let flags = SocketFlags::CLOEXEC;
            rustix::net::socket_with(AddressFamily::PACKET, kind, flags, Some(protocol))
                .expect("root may")
        });
        sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER).expect("root may");
        let look = Some(Duration::from_millis(100));
        sockopt::set_socket_timeout(&socket, sockopt::Timeout::Recv, look).expect("a time");
        let over = Arc::new(AtomicBool::new(false));
        let ended = Arc::clone(&over);
        let seen = std::thread::spawn(move || {
            let mut seen = Vec::new();
            let mut buffer = vec![0; 65_536];
            loop {
                match rustix::net::recv(&socket, &mut buffer[..], RecvFlags::empty()) {
                    Ok((length, _)) => seen.extend(udp(&buffer[..length])),
                    Err(_) if ended.load(Ordering::Acquire) => return seen,
                    Err(_) => {}
                }
            }
        });
        Self { over, seen }
    }

    /// What went by, once nothing more has for a moment.
    pub(super) fn end(self) -> Vec<Packet> {
        self.over.store(true, Ordering::Release);
        self.seen.join().expect("the capture")
    }
}

/// The tunnel's packet in an IP packet, if there is one.
fn udp(packet: &[u8]) -> Option<Packet> {
    let (from, header) = match packet.first()? >> 4 {
        4 if packet.get(9) == Some(&17) => (&packet[12..16], usize::from(packet[0] & 15) * 4),
        6 if packet.get(6) == Some(&17) => (&packet[8..24], 40),
        _ => return None,
    };
    let udp = packet.get(header..)?;
    let word = |at: usize| Some(u16::from_be_bytes(*udp.get(at..)?.first_chunk()?));
    let ports = [word(0)?, word(2)?];
    let bytes = udp.get(8..usize::from(word(4)?))?;
    (ports.contains(&PORT) && bytes.len() >= 16).then(|| Packet {
        ports,
        from: from.to_vec(),
        bytes: bytes.to_vec(),
    })
}
