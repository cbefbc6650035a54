//! Numbered datagrams from one machine to another, and which of them came.

use super::pair::Pair;
use rustix::net::sockopt;
use std::net::{SocketAddr, UdpSocket};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// A flow, by its ends.
pub(super) struct Flow<'a> {
    pub(super) from: &'a str,
    pub(super) to: &'a str,
    /// Of the machine that it goes to.
    pub(super) address: &'a str,
    /// Bytes of a datagram, 8 at least.
    pub(super) bytes: usize,
}

/// What became of one.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) sent: usize,
    /// Of these the sender's own kernel took not.
    pub(super) refused: usize,
    pub(super) came: usize,
    pub(super) twice: usize,
}

impl Outcome {
    /// How many were sent and did not come.
    pub(super) fn missing(&self) -> u64 {
        (self.sent - self.refused - self.came) as u64
    }
}

/// The last ones are waited for so long.
const LATE: Duration = Duration::from_secs(2);
/// So that the receiver loses nothing when it has no processor for a while.
const BUFFER: usize = 32 << 20;

/// Runs all flows while `work` does, each with `rate` datagrams a second; then says what came of each.
pub(super) fn run(pair: &Pair, flows: &[Flow<'_>], rate: u32, work: impl FnOnce()) -> Vec<Outcome> {
    let over = AtomicBool::new(false);
    let sockets: Vec<_> = flows
        .iter()
        .map(|flow| {
            let there = pair.network.inside(flow.to, || bound(flow.address));
            let any = if flow.address.contains(':') {
                "::"
            } else {
                "0.0.0.0"
            };
            let here = pair.network.inside(flow.from, || bound(any));
            let address = there.local_addr().expect("bound");
            here.connect(address).expect("connected");
            (here, there)
        })
        .collect();
    std::thread::scope(|scope| {
        let over = &over;
        let all: Vec<_> = flows
            .iter()
            .zip(&sockets)
            .map(|(flow, (here, there))| {
                let sending = scope.spawn(move || send(here, flow.bytes, rate, over));
                let receiving = scope.spawn(move || receive(there, over));
                (sending, receiving)
            })
            .collect();
        // However the work ends, the flows do.
        let ended = Ended(over);
        work();
        drop(ended);
        all.into_iter()
            .map(|(sending, receiving)| {
                let (sent, refused) = sending.join().expect("sender");
                let seen = receiving.join().expect("receiver");
                Outcome {
                    sent,
                    refused,
                    came: seen.iter().filter(|times| **times > 0).count(),
                    twice: seen.iter().filter(|times| **times > 1).count(),
                }
            })
            .collect()
    })
}

struct Ended<'a>(&'a AtomicBool);

impl Drop for Ended<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

fn bound(address: &str) -> UdpSocket {
    let address: std::net::IpAddr = address.parse().expect("an address");
    let socket = UdpSocket::bind(SocketAddr::new(address, 0)).expect("bound");
    sockopt::set_socket_recv_buffer_size_force(&socket, BUFFER).expect("root may");
    socket.set_read_timeout(Some(LATE)).expect("a time");
    socket
}

/// Evenly spaced, in small bursts where the clock is behind.
fn send(socket: &UdpSocket, bytes: usize, rate: u32, over: &AtomicBool) -> (usize, usize) {
    let begun = Instant::now();
    let (mut sent, mut refused) = (0_u64, 0);
    let mut datagram = vec![0xa5; bytes];
    while !over.load(Ordering::Acquire) {
        let due = (begun.elapsed().as_secs_f64() * f64::from(rate)) as u64;
        while sent < due {
            datagram[..8].copy_from_slice(&sent.to_be_bytes());
            // Where a gateway is down there is no way.
            refused += usize::from(socket.send(&datagram).is_err());
            sent += 1;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    (sent as usize, refused)
}

/// How often each number came.
fn receive(socket: &UdpSocket, over: &AtomicBool) -> Vec<u32> {
    let mut seen = Vec::new();
    let mut buffer = [0; 2048];
    loop {
        match socket.recv(&mut buffer) {
            Ok(length) => {
                let number = buffer[..length].first_chunk().copied().expect("a number");
                let number = u64::from_be_bytes(number) as usize;
                if seen.len() <= number {
                    seen.resize(number + 1, 0);
                }
                seen[number] += 1;
            }
            Err(_) if over.load(Ordering::Acquire) => return seen,
            Err(_) => {}
        }
    }
}
