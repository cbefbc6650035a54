//! From the network to the device: datagrams are opened, and given to the device joined where the kernel takes that (GRO).

use std::collections::HashMap;
use std::io::IoSliceMut;
use std::net::SocketAddr;
use std::time::Duration;

use photonbox_keybox::esp;
use photonbox_keybox::peer::{Among, Incoming, NOTHING, Opened, Peer, Scratch, open_batch_among};
use quinn_udp::RecvMeta;
use rustix::event::PollFlags;
use tun_rs::{GROTable, SyncDevice, VIRTIO_NET_HDR_LEN};

use super::gateway::{Drop, Gateway};
use super::inner;
use super::peer::{Hold, Lost};
use super::socket::{LONGEST, MESSAGES, Socket, plain};

/// Packets that are given to the device together.
const BATCH: usize = 64;
/// Packets that the engine is given together.
const TOGETHER: usize = 16;
/// Hints of whose packets come from where; forgotten when there are more.
const HINTS: usize = 4096;

/// Runs until the gateway stops.
pub(super) fn run(gateway: &Gateway, queue: &SyncDevice, socket: &Socket) {
    let mut memory = vec![0; MESSAGES * LONGEST];
    let mut buffers: Vec<_> = memory.chunks_mut(LONGEST).map(IoSliceMut::new).collect();
    let mut meta = [RecvMeta::default(); MESSAGES];
    let mut receiver = Receiver::new(gateway, queue);
    while !gateway.stopping() {
        match socket.receive(&mut buffers, &mut meta) {
            Ok(count) => {
                receiver.now = gateway.now();
                let mut batch = Batch::new();
                for (buffer, meta) in buffers.iter_mut().zip(&meta[..count]) {
                    let from = plain(meta.addr);
                    if meta.len == 0 {
                        // Counted as what it is: too short.
                        receiver.datagram(&mut batch, from, &mut []);
                    }
                    for datagram in buffer[..meta.len].chunks_mut(meta.stride.max(1)) {
                        receiver.datagram(&mut batch, from, datagram);
                    }
                }
                receiver.open(&mut batch);
                receiver.deliver();
            }
            Err(error) => {
                if error.kind() != std::io::ErrorKind::WouldBlock {
                    // Out of memory for a moment, or an ICMP error that is none of ours.
                    tracing::debug!(%error, "cannot receive");
                }
                gateway.wait(socket.poll(PollFlags::IN));
            }
        }
    }
}

/// Datagrams that came from one place under one SPI, one after the other.
struct Batch<'b> {
    key: Option<(SocketAddr, u32)>,
    packets: [Incoming<'b>; TOGETHER],
    count: usize,
}

impl Batch<'_> {
    fn new() -> Self {
        Self {
            key: None,
            packets: std::array::from_fn(|_| Incoming::new(&mut [])),
            count: 0,
        }
    }
}

struct Receiver<'a> {
    gateway: &'a Gateway,
    queue: &'a SyncDevice,
    now: Duration,
    hold: Hold<'a>,
    /// Whose packet it was, by where it came from and its SPI.
    hints: HashMap<(SocketAddr, u32), usize>,
    scratch: Scratch,
    slots: Vec<Vec<u8>>,
    filled: usize,
    gro: GROTable,
}

impl Among for Receiver<'_> {
    fn count(&self) -> usize {
        self.gateway.peers.len()
    }

    fn peer(&mut self, number: usize) -> &mut Peer {
        &mut self.hold.side(number).engine
    }
}

impl<'a> Receiver<'a> {
    fn new(gateway: &'a Gateway, queue: &'a SyncDevice) -> Self {
        // Each may become the head of what is joined, up to the longest packet; memory that is never used is never there.
        let slots = (0..BATCH)
            .map(|_| Vec::with_capacity(VIRTIO_NET_HDR_LEN + LONGEST))
            .collect();
        Self {
            gateway,
            queue,
            now: Duration::ZERO,
            hold: Hold::new(gateway),
            hints: HashMap::new(),
            scratch: Scratch::default(),
            slots,
            filled: 0,
            gro: GROTable::default(),
        }
    }

    /// Takes a datagram behind those that wait, after these are opened if it can't follow them. Whatever is wrong with it,
    /// nothing is ever sent for it.
    fn datagram<'b>(&mut self, batch: &mut Batch<'b>, from: SocketAddr, datagram: &'b mut [u8]) {
        let spi = datagram.first_chunk().map(|spi| u32::from_be_bytes(*spi));
        let key = (from, spi.unwrap_or_default());
        if batch.key != Some(key) || batch.count == TOGETHER {
            self.open(batch);
            batch.key = Some(key);
        }
        batch.packets[batch.count] = Incoming::new(datagram);
        batch.count += 1;
    }

    /// Opens what waits.
    fn open(&mut self, batch: &mut Batch<'_>) {
        let Some(key) = batch.key.take() else { return };
        let packets = &mut batch.packets[..std::mem::take(&mut batch.count)];
        // The one that they were of when they came from there before.
        let likely = self.hints.get(&key).copied().unwrap_or(0);
        let now = self.now;
        let mut scratch = std::mem::take(&mut self.scratch);
        open_batch_among(self, likely, now, packets, &mut scratch);
        self.scratch = scratch;
        for one in packets {
            match (one.opened, one.by) {
                (Ok(opened), Some(number)) => {
                    if number != likely {
                        if self.hints.len() >= HINTS {
                            self.hints.clear();
                        }
                        self.hints.insert(key, number);
                    }
                    self.opened(number, key.0, one.packet, opened);
                }
                (_, None) => self.gateway.count(Drop::Unknown),
                // Its peer has counted it.
                (Err(_), Some(_)) => {}
            }
        }
    }

    /// Takes the inner packet of one that was authentic.
    fn opened(&mut self, number: usize, from: SocketAddr, datagram: &[u8], opened: Opened) {
        let now = self.now;
        let gateway = self.gateway;
        let side = self.hold.side(number);
        side.heard = Some(now);
        if opened.newest && side.endpoint != Some(from) {
            // Roaming: only an authentic packet, and none that was overtaken, says where a peer is.
            tracing::info!(peer = gateway.peers[number].name, endpoint = %from, "the peer is there");
            side.endpoint = Some(from);
        }
        if opened.next_header == NOTHING {
            return;
        }
        let packet = &datagram[esp::HEADER..][..opened.len];
        let Some(what) = inner::look(packet).filter(|what| what.next_header == opened.next_header)
        else {
            return side.lose(Lost::Inside);
        };
        if gateway.networks.of(what.source) != Some(number) {
            return side.lose(Lost::Source);
        }
        let slot = &mut self.slots[self.filled];
        slot.clear();
        slot.extend_from_slice(&[0; VIRTIO_NET_HDR_LEN]);
        slot.extend_from_slice(&packet[..what.length]);
        self.filled += 1;
        if self.filled == BATCH {
            self.deliver();
        }
    }

    /// Gives the device what was opened. No peer's lock is held meanwhile.
    fn deliver(&mut self) {
        self.hold.release();
        let packets = &mut self.slots[..self.filled];
        self.filled = 0;
        if packets.is_empty() {
            return;
        }
        if let Err(error) = self
            .queue
            .send_multiple(&mut self.gro, packets, VIRTIO_NET_HDR_LEN)
        {
            tracing::debug!(%error, "the device takes a packet not");
            self.gateway.count(Drop::Device);
        }
    }
}
