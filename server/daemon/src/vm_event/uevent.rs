//! What device events of the kernel tell of a new generation id: some kernels' driver `vmgenid` sends a change event with
//! `NEW_VMGENID=1` (Linux 6.8, and patched ones since; 6.12 as it is sends none).

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::net::netlink::{KOBJECT_UEVENT, SocketAddrNetlink};
use rustix::net::{
    AddressFamily, RecvFlags, SocketAddrAny, SocketFlags, SocketType, bind, recvfrom, socket_with,
    sockopt,
};
use tokio::io::unix::AsyncFd;

use super::{Kind, VmEvents, Way};
use crate::os;

/// The multicast group of the kernel's own messages; those of udev come in another one.
const KERNEL: u32 = 1;
/// The kernel's messages are at most this long (`UEVENT_BUFFER_SIZE`, and a header line).
const LONGEST: usize = 4096;
/// Room for messages that come at once, as when a bus is looked through.
const QUEUE: usize = 1 << 20;

/// Whether a message says that there is a new generation id: `ACTION@PATH`, then `KEY=VALUE`, each ended by a NUL. What
/// users write into `/sys/…/uevent` comes with `SYNTH_ARG_` before its keys, so it can't say this.
fn is_new_generation(message: &[u8]) -> bool {
    let mut parts = message.split(|byte| *byte == 0);
    let is_change = parts
        .next()
        .is_some_and(|head| head.starts_with(b"change@/"));
    is_change && parts.any(|part| part == b"NEW_VMGENID=1")
}

/// Only the kernel has port 0: it gives every socket of a process another one.
fn is_from_kernel(sender: Option<SocketAddrAny>) -> bool {
    sender
        .and_then(|sender| SocketAddrNetlink::try_from(sender).ok())
        .is_some_and(|sender| sender.pid() == 0 && sender.groups() == KERNEL)
}

/// A socket on which the kernel's messages come.
pub(super) struct Uevents {
    socket: AsyncFd<OwnedFd>,
}

impl Uevents {
    /// Needs no right; what may be missing is the address family, in a sandbox.
    pub(super) fn open() -> io::Result<Self> {
        Self::in_groups(KERNEL)
    }

    fn in_groups(groups: u32) -> io::Result<Self> {
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let family = AddressFamily::NETLINK;
        let socket = socket_with(family, SocketType::RAW, flags, Some(KOBJECT_UEVENT))?;
        // As much as the system allows; too little is noticed when it overflows.
        let _ = sockopt::set_socket_recv_buffer_size(&socket, QUEUE);
        bind(&socket, &SocketAddrNetlink::new(0, groups))?;
        Ok(Self {
            socket: os::wait_on(socket)?,
        })
    }

    /// The next message that matters.
    async fn next(&self) -> io::Result<Kind> {
        let mut message = [0; LONGEST];
        loop {
            let mut ready = self.socket.readable().await?;
            let received = ready.try_io(|socket| {
                let got = recvfrom(socket.get_ref(), &mut message[..], RecvFlags::empty());
                got.map_err(io::Error::from)
            });
            match received {
                Ok(Ok((_, length, sender))) => {
                    let message = &message[..length.min(LONGEST)];
                    if is_from_kernel(sender) && is_new_generation(message) {
                        return Ok(Kind::GenerationId);
                    }
                }
                Ok(Err(error)) => match error.raw_os_error().map(Errno::from_raw_os_error) {
                    Some(Errno::NOBUFS) => return Ok(Kind::MessagesLost),
                    Some(Errno::INTR) => {}
                    _ => return Err(error),
                },
                // Not readable after all.
                Err(_) => {}
            }
        }
    }

    pub(super) async fn tell(self, events: Arc<VmEvents>) {
        loop {
            match self.next().await {
                Ok(kind) => events.told(Way::Uevent, kind),
                Err(error) => {
                    return tracing::warn!(%error, "device events of the kernel cannot be read any more");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;
    use rustix::net::{SendFlags, getsockname, sendto};

    const TOLD: &[u8] = b"change@/devices/LNXSYSTM:00/QEMUVGID:00\0ACTION=change\0DEVPATH=/devices/LNXSYSTM:00/QEMUVGID:00\0SUBSYSTEM=acpi\0NEW_VMGENID=1\0SEQNUM=2041\0";

    #[test]
    fn one_message_says_it_and_nothing_like_it_does() {
        assert!(is_new_generation(TOLD));
        let text = String::from_utf8(TOLD.to_vec()).unwrap();
        for (from, to) in [
            ("change@", "add@"),
            ("change@/", "change@"),
            ("NEW_VMGENID=1", "NEW_VMGENID=10"),
            ("NEW_VMGENID=1", "NEW_VMGENID=0"),
            ("NEW_VMGENID=1", "SYNTH_ARG_NEW_VMGENID=1"),
            (
                "SUBSYSTEM=acpi\0NEW_VMGENID=1",
                "SUBSYSTEM=acpi NEW_VMGENID=1",
            ),
        ] {
            let other = text.replacen(from, to, 1);
            assert_ne!(other, text);
            assert!(!is_new_generation(other.as_bytes()), "{to}");
        }
        for nonsense in [
            &b""[..],
            b"\0",
            b"\0\0NEW_VMGENID=1\0",
            b"NEW_VMGENID=1",
            &[0xFF; 4096],
        ] {
            assert!(!is_new_generation(nonsense));
        }
        // Cut off anywhere it is said or not, and never a panic.
        for length in 0..TOLD.len() {
            let _ = is_new_generation(&TOLD[..length]);
        }
    }

    #[test]
    fn only_port_0_is_the_kernel() {
        let from = |port, groups| is_from_kernel(Some(SocketAddrNetlink::new(port, groups).into()));
        assert!(from(0, KERNEL));
        assert!(!from(1, KERNEL) && !from(u32::MAX, KERNEL));
        assert!(!from(0, 2) && !from(0, 0));
        assert!(!is_from_kernel(None));
    }

    /// The same words from another process' socket: root may send them, and they are not believed.
    #[tokio::test]
    async fn a_forged_message_is_not_believed() {
        let (uevents, forger) = match (Uevents::open(), Uevents::in_groups(0)) {
            (Ok(uevents), Ok(forger)) => (uevents, forger),
            (Err(error), _) | (_, Err(error)) => return eprintln!("skipped: no netlink: {error}"),
        };
        let own = SocketAddrNetlink::try_from(getsockname(uevents.socket.get_ref()).unwrap());
        let to = SocketAddrNetlink::new(own.unwrap().pid(), 0);
        let forger = forger.socket.get_ref();
        if let Err(error) = sendto(forger, TOLD, SendFlags::empty(), &to) {
            return eprintln!("skipped: only root may send to this socket: {error}");
        }
        // It lies in the socket before anybody waits: one look passes it by.
        let looked = std::time::Duration::from_millis(100);
        let next = tokio::time::timeout(looked, uevents.next()).await;
        assert!(next.is_err(), "{next:?}");
        let mut left = [0; LONGEST];
        let nothing = recvfrom(uevents.socket.get_ref(), &mut left[..], RecvFlags::empty());
        assert_eq!(nothing.unwrap_err(), Errno::AGAIN, "it was read");
    }
}
