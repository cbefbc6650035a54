//! From the device to the network: packets are gathered, sealed together and sent together.

use std::net::SocketAddr;
use std::time::Duration;

use photonbox_keybox::peer::IPV4;
use rustix::event::{PollFd, PollFlags};
use tun_rs::{SyncDevice, VIRTIO_NET_HDR_LEN};

use super::device;
use super::gateway::{Drop, Gateway};
use super::gather::Gather;
use super::inner::{self, TooBig};
use super::peer::{Hold, Lost};
use super::socket::{LONGEST, Socket};
use super::timer::PATH_CHECK;

/// Segments of one packet that the kernel left whole: 64 KiB of the smallest that TCP makes in earnest.
const SLOTS: usize = 512;
/// After so many packets what was sealed goes out, even if there are more.
const BATCH: usize = 64;
/// Header room in a slot is not needed: packets are sealed where they are sent from. But a device whose MTU was raised by
/// hand must not overrun one.
const SPARE: usize = 64;

/// Runs until the gateway stops.
pub(super) fn run(gateway: &Gateway, queue: &SyncDevice, socket: &Socket) {
    let stride = usize::from(gateway.mtu) + SPARE;
    let mut raw = vec![0; VIRTIO_NET_HDR_LEN + LONGEST];
    let mut memory = vec![0; SLOTS * stride];
    let mut slots: Vec<&mut [u8]> = memory.chunks_mut(stride).collect();
    let mut sizes = [0; SLOTS];
    let mut sender = Sender::new(gateway, queue, socket);
    let mut waiting = 0;
    while !gateway.stopping() {
        match device::receive(queue, &mut raw, &mut slots, &mut sizes) {
            Ok(count) => {
                sender.now = gateway.now();
                for (slot, size) in slots.iter().zip(&sizes[..count]) {
                    sender.packet(&slot[..*size]);
                }
                sender.unlock();
                waiting += count;
                if waiting >= BATCH {
                    sender.flush();
                    waiting = 0;
                }
            }
            Err(error) => match error.raw_os_error() {
                Some(libc::EAGAIN) => {
                    sender.flush();
                    waiting = 0;
                    gateway.wait(PollFd::new(queue, PollFlags::IN));
                }
                Some(libc::EINTR) => {}
                Some(_) => gateway.fail(format!("the device {} is gone: {error}", gateway.name)),
                // What the kernel joined can't be cut.
                None => gateway.count(Drop::Oversized),
            },
        }
    }
}

struct Sender<'a> {
    gateway: &'a Gateway,
    queue: &'a SyncDevice,
    socket: &'a Socket,
    now: Duration,
    gather: Gather,
    /// Whose packets they are, and where they go.
    to: Option<(usize, SocketAddr)>,
    hold: Hold<'a>,
    answer: Box<[u8; inner::ANSWER]>,
}

impl<'a> Sender<'a> {
    fn new(gateway: &'a Gateway, queue: &'a SyncDevice, socket: &'a Socket) -> Self {
        Self {
            gateway,
            queue,
            socket,
            now: Duration::ZERO,
            gather: Gather::new(),
            to: None,
            hold: Hold::new(gateway),
            answer: Box::new([0; inner::ANSWER]),
        }
    }

    /// Takes a packet.
    fn packet(&mut self, packet: &[u8]) {
        let Some(what) = inner::look(packet) else {
            return self.gateway.count(Drop::Malformed);
        };
        let Some(number) = self.gateway.networks.of(what.destination) else {
            return self.gateway.count(Drop::Unrouted);
        };
        let packet = &packet[..what.length];
        let mtu = self.gateway.peers[number].mtu(what.next_header);
        if packet.len() <= usize::from(mtu) {
            return self.gather(number, what.next_header, packet);
        }
        match inner::too_big(packet, &what, mtu, &mut self.answer) {
            TooBig::Tell(length) => {
                self.hold.side(number).lose(Lost::TooBig);
                self.tell(length);
            }
            TooBig::Cut => {
                let whole = inner::fragments(packet, usize::from(mtu), |fragment| {
                    self.gather(number, IPV4, fragment);
                });
                if !whole {
                    self.hold.side(number).lose(Lost::TooBig);
                }
            }
            TooBig::Drop => self.hold.side(number).lose(Lost::TooBig),
        }
    }

    /// Gives the device an answer for the packet's sender.
    fn tell(&self, length: usize) {
        let mut framed = [0; VIRTIO_NET_HDR_LEN + inner::ANSWER];
        let end = VIRTIO_NET_HDR_LEN + length;
        framed[VIRTIO_NET_HDR_LEN..end].copy_from_slice(&self.answer[..length]);
        if self.queue.send(&framed[..end]).is_err() {
            self.gateway.count(Drop::Device);
        }
    }

    /// Takes a packet for a peer, after those that wait are sent if it can't follow them.
    fn gather(&mut self, number: usize, next_header: u8, packet: &[u8]) {
        let Some(endpoint) = self.hold.side(number).endpoint else {
            return self.hold.side(number).lose(Lost::NoEndpoint);
        };
        let to = Some((number, endpoint));
        if self.to != to || self.gather.is_full() {
            self.flush();
            self.to = to;
        }
        self.gather.push(next_header, packet);
    }

    fn unlock(&mut self) {
        if self.hold.release() {
            self.gateway.plan(self.now + PATH_CHECK);
        }
    }

    /// Seals and sends what waits. The lock is not held while it is sent.
    fn flush(&mut self) {
        let Some((number, to)) = self.to.take().filter(|_| !self.gather.is_empty()) else {
            return self.unlock();
        };
        let peer = &self.gateway.peers[number];
        self.gather
            .seal(self.now, self.hold.side(number), &peer.name);
        self.unlock();
        let (bytes, lengths) = self.gather.datagrams();
        let sent = self.socket.send(to, bytes, lengths);
        self.gather.clear();
        if let Some(error) = sent.error {
            peer.lock().lose_several(Lost::Network, sent.lost);
            tracing::debug!(peer = peer.name, %to, %error, lost = sent.lost, "cannot send");
            if error.raw_os_error() == Some(libc::EMSGSIZE) {
                self.gateway.path_changed();
            }
        }
    }
}
