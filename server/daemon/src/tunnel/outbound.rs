//! From the device to the network: packets are sealed and sent in runs.

use std::net::SocketAddr;
use std::time::Duration;

use photonbox_keybox::esp;
use photonbox_keybox::peer::IPV4;
use rustix::event::{PollFd, PollFlags};
use tun_rs::{SyncDevice, VIRTIO_NET_HDR_LEN};

use super::device;
use super::gateway::{Drop, Gateway};
use super::inner::{self, TooBig};
use super::peer::{Hold, Lost};
use super::socket::{LONGEST, Run, Socket};
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
    run: Run,
    /// Whose run it is, and where it goes.
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
            run: Run::new(),
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
            return self.seal(number, what.next_header, packet);
        }
        match inner::too_big(packet, &what, mtu, &mut self.answer) {
            TooBig::Tell(length) => {
                self.hold.side(number).lose(Lost::TooBig);
                self.tell(length);
            }
            TooBig::Cut => {
                let whole = inner::fragments(packet, usize::from(mtu), |fragment| {
                    self.seal(number, IPV4, fragment);
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

    /// Seals a packet behind those that wait, after these are sent if it can't follow them.
    fn seal(&mut self, number: usize, next_header: u8, packet: &[u8]) {
        let Some(endpoint) = self.hold.side(number).endpoint else {
            return self.hold.side(number).lose(Lost::NoEndpoint);
        };
        let length = esp::sealed_len(packet.len());
        let to = Some((number, endpoint));
        if self.to != to || !self.run.takes(length) {
            self.flush();
            self.to = to;
        }
        let now = self.now;
        let gateway = self.gateway;
        let side = self.hold.side(number);
        let space = self.run.space(length);
        space[esp::HEADER..][..packet.len()].copy_from_slice(packet);
        match side.engine.seal(now, next_header, space, packet.len()) {
            Ok(sealed) => {
                side.sent = Some(now);
                side.can_send(&gateway.peers[number].name);
                self.run.push(sealed.len);
            }
            Err(error) => {
                space.fill(0);
                side.cannot_send(&gateway.peers[number].name, &error);
            }
        }
    }

    fn unlock(&mut self) {
        if self.hold.release() {
            self.gateway.plan(self.now + PATH_CHECK);
        }
    }

    /// Sends what waits. The lock is not held meanwhile.
    fn flush(&mut self) {
        self.unlock();
        let Some((number, to)) = self.to.take().filter(|_| !self.run.is_empty()) else {
            return self.run.clear();
        };
        let (datagrams, segment) = self.run.datagrams();
        let sent = self.socket.send(to, datagrams, segment);
        self.run.clear();
        if let Err(error) = sent {
            let peer = &self.gateway.peers[number];
            peer.lock().lose(Lost::Network);
            tracing::debug!(peer = peer.name, %to, %error, "cannot send");
            if error.raw_os_error() == Some(libc::EMSGSIZE) {
                self.gateway.path_changed();
            }
        }
    }
}
