//! UDP: sockets of one port, one a queue; datagrams out in runs of equal length (GSO) or many in a call (sendmmsg), in by the
//! dozen (GRO, recvmmsg).

use std::io::{self, IoSlice, IoSliceMut};
use std::net::{IpAddr, Ipv6Addr, SocketAddr, UdpSocket};

use quinn_udp::{BATCH_SIZE, RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use rustix::event::{PollFd, PollFlags};
use rustix::net::addr::SocketAddrArg as _;
use rustix::net::{
    AddressFamily, MMsgHdr, SendAncillaryBuffer, SendFlags, SocketFlags, SocketType, sockopt,
};

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

    /// Sends datagrams that lie one after the other; waits while the kernel's buffer is full. Those of one length go
    /// together as one packet that the kernel cuts (GSO), others in one call (sendmmsg).
    pub(super) fn send(&self, to: SocketAddr, bytes: &[u8], lengths: &[usize]) -> Sent {
        let destination = match to {
            SocketAddr::V4(four) if self.six => {
                SocketAddr::new(four.ip().to_ipv6_mapped().into(), four.port())
            }
            other => other,
        };
        let mut sent = Sent::default();
        let (mut bytes, mut lengths) = (bytes, lengths);
        while !lengths.is_empty() {
            // Where GSO is not to be had, or is found not to work on the way, each goes alone.
            let most = self.state.max_gso_segments().clamp(1, SEGMENTS);
            let run = run(lengths, most);
            let (gone, outcome) = if run > 1 {
                let total = lengths[..run].iter().sum();
                (run, self.send_run(destination, &bytes[..total], lengths[0]))
            } else {
                let alone =
                    (0..lengths.len()).take_while(|at| self::run(&lengths[*at..], most) == 1);
                self.send_alone(destination, bytes, &lengths[..alone.count()])
            };
            match outcome {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    // A poll that fails shows in the next send.
                    let _ = rustix::event::poll(&mut [self.poll(PollFlags::OUT)], None);
                    continue;
                }
                Err(_) if self.state.max_gso_segments() < most => continue,
                Err(error) => {
                    sent.lost += gone;
                    sent.error = Some(error);
                }
            }
            bytes = &bytes[lengths[..gone].iter().sum()..];
            lengths = &lengths[gone..];
        }
        sent
    }

    /// One packet for the kernel to cut.
    fn send_run(&self, to: SocketAddr, contents: &[u8], segment: usize) -> io::Result<()> {
        let transmit = Transmit {
            destination: to,
            ecn: None,
            contents,
            segment_size: Some(segment),
            src_ip: None,
        };
        self.state
            .try_send(UdpSockRef::from(&self.socket), &transmit)
    }

    /// Several datagrams in one call; gives how many of them the outcome is of.
    fn send_alone(
        &self,
        to: SocketAddr,
        bytes: &[u8],
        lengths: &[usize],
    ) -> (usize, io::Result<()>) {
        let to = to.as_any();
        let mut rest = bytes;
        let parts: Vec<[IoSlice<'_>; 1]> = lengths
            .iter()
            .map(|length| {
                let (part, later) = rest.split_at(*length);
                rest = later;
                [IoSlice::new(part)]
            })
            .collect();
        let mut no_control: Vec<_> = lengths
            .iter()
            .map(|_| SendAncillaryBuffer::default())
            .collect();
        let mut messages: Vec<_> = parts
            .iter()
            .zip(&mut no_control)
            .map(|(part, control)| MMsgHdr::new_with_addr(&to, part, control))
            .collect();
        match rustix::net::sendmmsg(&self.socket, &mut messages, SendFlags::empty()) {
            Ok(count) => (count, Ok(())),
            // Of the first: when a later one fails, those before it are counted.
            Err(error) => (1, Err(error.into())),
        }
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

/// What a send came to.
#[derive(Debug, Default)]
pub(super) struct Sent {
    /// Datagrams that the kernel took not.
    pub(super) lost: usize,
    /// Why, of the last of them.
    pub(super) error: Option<io::Error>,
}

/// A run has no more datagrams than this (`UDP_MAX_SEGMENTS` of older kernels).
const SEGMENTS: usize = 64;

/// How many of the first datagrams can go as one packet: all of one length, but the last one, which may be shorter.
fn run(lengths: &[usize], most: usize) -> usize {
    let Some(segment) = lengths.first() else {
        return 0;
    };
    let whole = lengths.iter().take_while(|length| *length == segment);
    let whole = whole
        .count()
        .min(most)
        .min((LONGEST_RUN / segment.max(&1)).max(1));
    let shorter = lengths.get(whole).is_some_and(|length| {
        length < segment && whole < most && whole * segment + length <= LONGEST_RUN
    });
    whole + usize::from(shorter)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_ends_with_a_shorter_or_before_a_longer_datagram() {
        assert_eq!(run(&[], SEGMENTS), 0);
        assert_eq!(run(&[100, 101], SEGMENTS), 1);
        assert_eq!(run(&[100, 99, 99], SEGMENTS), 2);
        assert_eq!(run(&[100, 100, 40, 100], SEGMENTS), 3);
        assert_eq!(run(&[100, 100, 40], 2), 2);
        assert_eq!(run(&[100; 200], SEGMENTS), 64);
        assert_eq!(run(&[100; 200], 1), 1);
        assert_eq!(run(&[0; 3], SEGMENTS), 3);
        assert_eq!(run(&[9000; 20], SEGMENTS), LONGEST_RUN / 9000);
        assert_eq!(
            run(&[9000, 9000, 9000, 9000, 9000, 9000, 9000, 2000], SEGMENTS),
            8
        );
        assert_eq!(
            run(&[9000, 9000, 9000, 9000, 9000, 9000, 9000, 2500], SEGMENTS),
            7
        );
        assert_eq!(run(&[LONGEST_RUN + 1; 2], SEGMENTS), 1);
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
            // A run, three that go alone, and a run.
            let lengths = [40, 40, 30, 31, 32, 33, 33, 11];
            let bytes: Vec<u8> = (0..250_u8).collect();
            let sent = sockets[0].send(to, &bytes, &lengths);
            assert!(sent.lost == 0 && sent.error.is_none(), "{sent:?}");
            let mut memory = vec![0; MESSAGES * LONGEST];
            let mut buffers: Vec<_> = memory.chunks_mut(LONGEST).map(IoSliceMut::new).collect();
            let mut meta = [RecvMeta::default(); MESSAGES];
            let mut received = Vec::new();
            while received.len() < lengths.len() {
                rustix::event::poll(&mut [there.poll(PollFlags::IN)], None).expect("polled");
                let count = there.receive(&mut buffers, &mut meta).expect("received");
                for (buffer, meta) in buffers.iter().zip(&meta[..count]) {
                    assert_eq!(plain(meta.addr), SocketAddr::new(to.ip(), address.port()));
                    received.extend(buffer[..meta.len].chunks(meta.stride).map(<[u8]>::to_vec));
                }
            }
            assert_eq!(received.concat(), bytes);
            let came: Vec<_> = received.iter().map(Vec::len).collect();
            assert_eq!(came, lengths);
            // One that no way takes costs no other.
            let lengths = [100, 70_000, 50];
            let sent = sockets[0].send(to, &[7; 70_150], &lengths);
            assert_eq!(sent.lost, 1, "{sent:?}");
            let error = sent.error.and_then(|error| error.raw_os_error());
            assert_eq!(error, Some(libc::EMSGSIZE));
            let mut received = Vec::new();
            while received.len() < 2 {
                rustix::event::poll(&mut [there.poll(PollFlags::IN)], None).expect("polled");
                let count = there.receive(&mut buffers, &mut meta).expect("received");
                received.extend(meta[..count].iter().map(|meta| meta.len));
            }
            assert_eq!(received, [100, 50]);
        }
    }
}
