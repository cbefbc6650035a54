//! The TUN device, and its queues.

use std::io;

use ipnet::IpNet;
use tun_rs::{DeviceBuilder, SyncDevice};

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
