//! The TUN device, its queues, and what comes out of them.

use std::io;

use ipnet::IpNet;
use tun_rs::{DeviceBuilder, SyncDevice, VIRTIO_NET_HDR_LEN};

use super::options::Plan;
use crate::{Error, Result};

/// Packets that wait in a queue of the device while its thread is busy or a record is being flushed to disk: at 64 KiB of
/// segments each, far more than any flush takes.
const QUEUE_LENGTH: u32 = 4096;

/// How many queues the device should have: as many as were asked for, or one a core.
pub(super) fn queues(plan: &Plan) -> usize {
    match plan.queues {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        queues => queues,
    }
}

/// Makes the device and opens its queues, fewer where the kernel gives no more.
pub(super) fn open(plan: &Plan, wanted: usize) -> Result<Vec<SyncDevice>> {
    let first = build(plan, wanted > 1).or_else(|error| {
        // A device without queues of its own, in an older kernel.
        if wanted > 1 && error.raw_os_error() == Some(libc::EINVAL) {
            build(plan, false)
        } else {
            Err(error)
        }
    });
    let first = first.map_err(|error| refused(&plan.name, &error))?;
    let mut queues = vec![first];
    while queues.len() < wanted {
        match queues[0].try_clone() {
            Ok(queue) => queues.push(queue),
            Err(error) => {
                tracing::warn!(%error, queues = queues.len(), "the device gives no more queues");
                break;
            }
        }
    }
    for queue in &queues {
        queue
            .set_nonblocking(true)
            .map_err(|error| refused(&plan.name, &error))?;
    }
    Ok(queues)
}

fn build(plan: &Plan, several: bool) -> io::Result<SyncDevice> {
    let mut builder = DeviceBuilder::new()
        .name(&plan.name)
        .mtu(plan.mtu)
        .offload(true)
        .multi_queue(several)
        .tx_queue_len(QUEUE_LENGTH);
    for address in &plan.addresses {
        builder = match address {
            IpNet::V4(net) => builder.ipv4(net.addr(), net.prefix_len(), None),
            IpNet::V6(net) => builder.ipv6(net.addr(), net.prefix_len()),
        };
    }
    builder.build_sync()
}

/// Takes a packet, or a train of them that the kernel left whole, cut into `slots` of `sizes`; gives how many.
pub(super) fn receive(
    queue: &SyncDevice,
    raw: &mut [u8],
    slots: &mut [&mut [u8]],
    sizes: &mut [usize],
) -> io::Result<usize> {
    let count = queue.recv_multiple(raw, slots, sizes, 0)?;
    if let (1, Some(header), Some(packet)) = (count, raw.first_chunk(), slots.first_mut()) {
        mend_checksum(header, &mut packet[..sizes[0]]);
    }
    Ok(count)
}

/// A UDP checksum that comes out as zero is sent as its other zero (RFC 768): over IPv6 a receiver drops a datagram with 0
/// (RFC 8200 §8.1), one in 65,536. tun-rs (2.8.16) sees to it in what it cuts, but not where the kernel leaves it a single
/// packet's checksum to compute.
fn mend_checksum(header: &[u8; VIRTIO_NET_HDR_LEN], packet: &mut [u8]) {
    /// Virtio 1.2 §5.1.6.
    const NEEDS_CHECKSUM: u8 = 1;
    const NO_SEGMENTS: u8 = 0;
    /// Of the checksum in a header of UDP.
    const UDP_OFFSET: u16 = 6;
    let [flags, segments, _, _, _, _, start @ .., a, b] = *header;
    let (start, offset) = (u16::from_ne_bytes(start), u16::from_ne_bytes([a, b]));
    if flags & NEEDS_CHECKSUM == 0 || segments != NO_SEGMENTS || offset != UDP_OFFSET {
        return;
    }
    let checksum = packet.get_mut(usize::from(start)..);
    let checksum = checksum.and_then(|udp| udp.get_mut(usize::from(offset)..)?.first_chunk_mut());
    if let Some(checksum @ [0, 0]) = checksum {
        *checksum = [0xff; 2];
    }
}

fn refused(name: &str, error: &io::Error) -> Error {
    let what = format!("cannot make the device {name}: {error}");
    match error.raw_os_error() {
        Some(libc::EPERM | libc::EACCES) => Error::failed(
            what,
            "run it as root or with CAP_NET_ADMIN (AmbientCapabilities=CAP_NET_ADMIN in a systemd unit)",
        ),
        Some(libc::ENOENT | libc::ENODEV | libc::ENXIO) => Error::failed(
            what,
            "load the kernel's tun module (modprobe tun), or let /dev/net/tun into this container",
        ),
        Some(libc::EBUSY | libc::EINVAL) => Error::failed(
            what,
            "another program has a device of this name: stop it, or choose another name (--device)",
        ),
        _ => Error::failed(
            what,
            "check the name, the addresses and the MTU of the device",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_computed_checksum_of_udp_that_is_zero_changes() {
        let header = |flags: u8, segments: u8, start: u16, offset: u16| {
            let mut header = [0; VIRTIO_NET_HDR_LEN];
            (header[0], header[1]) = (flags, segments);
            header[6..8].copy_from_slice(&start.to_ne_bytes());
            header[8..].copy_from_slice(&offset.to_ne_bytes());
            header
        };
        let mended = |header, packet: &[u8]| {
            let mut packet = packet.to_vec();
            mend_checksum(&header, &mut packet);
            packet
        };
        let zero = [[7; 46], [0; 46]].concat();
        let good = mended(header(1, 0, 40, 6), &zero);
        assert_eq!((&good[..46], &good[46..48]), (&zero[..46], &[0xff; 2][..]));
        assert_eq!(good[48..], zero[48..]);
        let mut other = zero.clone();
        other[47] = 1;
        for (header, packet) in [
            (header(0, 0, 40, 6), &zero),
            (header(1, 5, 40, 6), &zero),
            (header(1, 0, 30, 16), &zero),
            (header(1, 0, 40, 6), &other),
            (header(1, 0, 86, 6), &zero),
            (header(1, 0, u16::MAX, 6), &zero),
        ] {
            assert_eq!(&mended(header, packet), packet);
        }
    }
}
