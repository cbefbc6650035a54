//! UDP: sockets of one port, one a queue; datagrams out in runs of equal length (GSO), in by the dozen (GRO, recvmmsg).

use std::io::{self, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use rustix::event::{PollFd, PollFlags};
use rustix::net::{AddressFamily, SocketFlags, SocketType, sockopt};

use crate::{Error, Result};

/// What the kernel keeps of traffic while a record is being flushed to disk: some milliseconds at 10 Gbit/s.
const KERNEL_BUFFER: usize = 8 << 20;
/// The longest datagram, or run of datagrams that the kernel joins or cuts.
pub(super) const LONGEST: usize = 65_535;
/// The longest run in one system call: what a UDP datagram could hold.
const LONGEST_RUN: usize = 65_507 - 40;

/// A socket.
#[derive(Debug)]
pub(super) struct Socket {
    socket: UdpSocket,
    state: UdpSocketState,
    /// An IPv6 socket: IPv4 addresses are mapped.
    six: bool,
}

impl Socket {
    /// Opens `count` sockets of one address; with port 0, of one free port.
    pub(super) fn open(mut address: SocketAddr, count: usize) -> Result<Vec<Self>> {
        // Sockets that share a port would let another program of ours in, too: the first one is opened alone.
        let fail = |address: SocketAddr, error: io::Error| Error::bind(address, &error);
        let alone = bind(address, false).or_else(|error| {
            // A kernel without IPv6.
            let any = address.ip() == IpAddr::from(Ipv6Addr::UNSPECIFIED);
            if any && error.raw_os_error() == Some(libc::EAFNOSUPPORT) {
                address = SocketAddr::new([0, 0, 0, 0].into(), address.port());
                return bind(address, false);
            }
            Err(error)
        });
        let alone = alone.map_err(|error| fail(address, error))?;
        address = alone.local_addr().map_err(|error| fail(address, error))?;
        drop(alone);
        (0..count)
            .map(|_| {
                let socket = bind(address, true)?;
                let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
                let six = address.is_ipv6();
                Ok(Self { socket, state, six })
            })
            .collect::<io::Result<_>>()
            .map_err(|error| fail(address, error))
    }

    /// Its address.
    pub(super) fn address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    /// To be waited for.
    pub(super) fn poll(&self, flags: PollFlags) -> PollFd<'_> {
        PollFd::new(&self.socket, flags)
    }

    /// Sends datagrams of `segment` bytes each, the last one may be shorter; waits while the kernel's buffer is full.
    pub(super) fn send(&self, to: SocketAddr, datagrams: &[u8], segment: usize) -> io::Result<()> {
        let destination = match to {
            SocketAddr::V4(four) if self.six => {
                SocketAddr::new(four.ip().to_ipv6_mapped().into(), four.port())
            }
            other => other,
        };
        let mut rest = datagrams;
        while !rest.is_empty() {
            // Where GSO is not to be had, or is found not to work on the way, each goes alone.
            let segments = self.state.max_gso_segments().max(1);
            let (contents, later) = rest.split_at(rest.len().min(segments * segment));
            let transmit = Transmit {
                destination,
                ecn: None,
                contents,
                segment_size: Some(segment),
                src_ip: None,
            };
            match self
                .state
                .try_send(UdpSockRef::from(&self.socket), &transmit)
            {
                Ok(()) => rest = later,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // A poll that fails shows in the next send.
                    let _ = rustix::event::poll(&mut [self.poll(PollFlags::OUT)], None);
                }
                Err(_) if self.state.max_gso_segments() < segments => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Receives; the buffers must be as long as [`LONGEST`].
    pub(super) fn receive(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        meta: &mut [RecvMeta],
    ) -> io::Result<usize> {
        self.state
            .recv(UdpSockRef::from(&self.socket), buffers, meta)
    }
}

/// How many messages [`Socket::receive`] takes at once.
pub(super) const MESSAGES: usize = BATCH_SIZE;

fn bind(address: SocketAddr, shared: bool) -> io::Result<UdpSocket> {
    let family = match address {
        SocketAddr::V4(_) => AddressFamily::INET,
        SocketAddr::V6(_) => AddressFamily::INET6,
    };
    let socket = rustix::net::socket_with(family, SocketType::DGRAM, SocketFlags::CLOEXEC, None)?;
    if address.is_ipv6() {
        // Both families on the unspecified address.
        sockopt::set_ipv6_v6only(&socket, false)?;
    }
    if shared {
        sockopt::set_socket_reuseport(&socket, true)?;
        // Beyond the system's limit with CAP_NET_ADMIN, up to it without: then bursts may be lost while a record is stored.
        if sockopt::set_socket_recv_buffer_size_force(&socket, KERNEL_BUFFER).is_err() {
            sockopt::set_socket_recv_buffer_size(&socket, KERNEL_BUFFER)?;
        }
        if sockopt::set_socket_send_buffer_size_force(&socket, KERNEL_BUFFER).is_err() {
            sockopt::set_socket_send_buffer_size(&socket, KERNEL_BUFFER)?;
        }
    }
    rustix::net::bind(&socket, &address)?;
    Ok(socket.into())
}

/// The address that a datagram came from, as it is written: IPv4 plainly.
pub(super) fn plain(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip().to_canonical(), address.port())
}

/// A run of datagrams that is being made: sealed packets of one length to one peer.
#[derive(Debug)]
pub(super) struct Run {
    bytes: Vec<u8>,
    length: usize,
    segment: usize,
    /// The last one was shorter: nothing fits behind it.
    closed: bool,
    most: usize,
}

/// A run has no more datagrams than this (`UDP_MAX_SEGMENTS` of older kernels).
const SEGMENTS: usize = 64;

impl Run {
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; LONGEST_RUN + super::MAX_SEALED],
            length: 0,
            segment: 0,
            closed: false,
            most: SEGMENTS,
        }
    }

    /// Whether a datagram of this length can follow.
    pub(super) fn takes(&self, datagram: usize) -> bool {
        self.length == 0
            || !self.closed
                && datagram <= self.segment
                && self.length + datagram <= LONGEST_RUN
                && self.length < self.segment * self.most
    }

    /// Where the next datagram is to be made; `room` bytes of it, at most [`super::MAX_SEALED`].
    pub(super) fn space(&mut self, room: usize) -> &mut [u8] {
        &mut self.bytes[self.length..self.length + room]
    }

    /// The datagram is made.
    pub(super) fn push(&mut self, datagram: usize) {
        if self.length == 0 {
            self.segment = datagram;
        }
        self.closed = datagram < self.segment;
        self.length += datagram;
    }

    /// All that is in it, and the length of each but the last.
    pub(super) fn datagrams(&self) -> (&[u8], usize) {
        (&self.bytes[..self.length], self.segment)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.length == 0
    }

    pub(super) fn clear(&mut self) {
        (self.length, self.closed) = (0, false);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_with_a_shorter_or_before_a_longer_datagram() {
        let mut run = Run::new();
        assert!(run.is_empty() && run.takes(1500));
        run.push(100);
        assert!(run.takes(100) && run.takes(40) && !run.takes(101));
        for _ in 1..SEGMENTS {
            assert!(run.takes(100));
            run.push(100);
        }
        assert!(!run.takes(100), "64 of them");
        run.clear();
        run.push(100);
        run.push(99);
        assert!(!run.takes(99));
        assert_eq!((run.datagrams().0.len(), run.datagrams().1), (199, 100));
        run.clear();
        run.push(super::super::MAX_SEALED);
        assert_eq!(run.space(10).len(), 10);
    }

    #[test]
    fn datagrams_go_in_runs_and_over_both_families() {
        let sockets = Socket::open("[::]:0".parse().expect("an address"), 2).expect("sockets");
        let address = sockets[0].address().expect("bound");
        assert_eq!(sockets[1].address().expect("bound"), address);
        assert!(
            UdpSocket::bind(("127.0.0.1", address.port())).is_err(),
            "taken"
        );
        let taken = Socket::open(address, 1).expect_err("taken");
        assert!(taken.to_string().contains("in use"), "{taken}");
        for loopback in ["127.0.0.1:0", "[::1]:0"] {
            let there = match Socket::open(loopback.parse().expect("an address"), 1) {
                Ok(mut there) => there.remove(0),
                Err(error) => {
                    println!("skipped: {loopback}: {error}");
                    continue;
                }
            };
            let to = there.address().expect("bound");
            let sent: Vec<u8> = (0..250_u8).collect();
            sockets[0].send(to, &sent, 100).expect("sent");
            let mut memory = vec![0; MESSAGES * LONGEST];
            let mut buffers: Vec<_> = memory.chunks_mut(LONGEST).map(IoSliceMut::new).collect();
            let mut meta = [RecvMeta::default(); MESSAGES];
            let mut received = Vec::new();
            while received.len() < 3 {
                rustix::event::poll(&mut [there.poll(PollFlags::IN)], None).expect("polled");
                let count = there.receive(&mut buffers, &mut meta).expect("received");
                for (buffer, meta) in buffers.iter().zip(&meta[..count]) {
                    assert_eq!(plain(meta.addr), SocketAddr::new(to.ip(), address.port()));
                    received.extend(buffer[..meta.len].chunks(meta.stride).map(<[u8]>::to_vec));
                }
            }
            assert_eq!(received.concat(), sent);
            assert_eq!(received[0].len(), 100);
        }
    }
}
