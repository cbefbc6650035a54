//! The daemon's one file of system calls: the OS generator, the kernel's entropy pool, FIFOs.
#![allow(
    unsafe_code,
    reason = "five libc calls that std has no safe form of, and tokio's promise about descriptors"
)]

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};
use std::path::Path;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Fills `out` from the operating system's generator (`getrandom(2)`, blocking until it is seeded).
pub(crate) fn random(out: &mut [u8]) -> io::Result<()> {
    let mut filled = 0;
    while filled < out.len() {
        let rest = &mut out[filled..];
        // SAFETY: pointer and length describe `rest`, which is writable for the whole call.
        let got = unsafe { libc::getrandom(rest.as_mut_ptr().cast(), rest.len(), 0) };
        match usize::try_from(got) {
            Ok(bytes) => filled += bytes,
            Err(_) => {
                let error = io::Error::last_os_error();
                if error.kind() != io::ErrorKind::Interrupted {
                    return Err(error);
                }
            }
        }
    }
    Ok(())
}

/// `struct rand_pool_info` of `linux/random.h` with room for one delivery.
#[repr(C)]
struct PoolInfo {
    entropy_count: libc::c_int,
    buf_size: libc::c_int,
    buf: [u8; KERNEL_CHUNK],
}

/// Bytes that [`add_to_kernel`] takes at once.
pub(crate) const KERNEL_CHUNK: usize = 512;

/// `_IOW('R', 0x03, int[2])`.
const RNDADDENTROPY: libc::c_ulong = 0x4008_5203;

/// Gives `bytes` (at most [`KERNEL_CHUNK`]) to the kernel and credits `bits` of them.
pub(crate) fn add_to_kernel(device: &File, bytes: &[u8], bits: u32) -> io::Result<()> {
    let mut info = PoolInfo {
        entropy_count: bits.min(8 * bytes.len() as u32) as libc::c_int,
        buf_size: bytes.len().min(KERNEL_CHUNK) as libc::c_int,
        buf: [0; KERNEL_CHUNK],
    };
    for (to, from) in info.buf.iter_mut().zip(bytes) {
        *to = *from;
    }
    // SAFETY: RNDADDENTROPY reads the two counts and `buf_size` bytes of `buf`, all of which `info`
    // holds; it writes nothing.
    let result = unsafe { libc::ioctl(device.as_raw_fd(), RNDADDENTROPY, &raw const info) };
    photonbox_secret::wipe(&mut info.buf);
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// `_IO('R', 0x07)`.
const RNDRESEEDCRNG: libc::c_ulong = 0x5207;

/// Lets the kernel's generator take new state from its pool at once, not only when that is due.
pub(crate) fn reseed_kernel(device: &File) -> io::Result<()> {
    // SAFETY: RNDRESEEDCRNG takes no argument and touches no memory of ours.
    if unsafe { libc::ioctl(device.as_raw_fd(), RNDRESEEDCRNG) } == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Makes a FIFO of mode 0600.
pub(crate) fn make_fifo(path: &Path) -> io::Result<()> {
    use std::os::unix::ffi::OsStrExt;
    let path = std::ffi::CString::new(path.as_os_str().as_bytes())
        .map_err(|_| io::Error::from(io::ErrorKind::InvalidInput))?;
    // SAFETY: `path` is a NUL-terminated string that outlives the call.
    let result = unsafe { libc::mkfifo(path.as_ptr(), 0o600) };
    if result == 0 {
        Ok(())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// A descriptor, to be waited for until it can be read.
pub(crate) fn wait_on(descriptor: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` is the same open descriptor for all of its life, and nobody gets a mutable reference to it.
    Ok(unsafe { AsyncFd::register_with_interest(descriptor, Interest::READABLE)? })
}

/// What the kernel knows of the way to the address that a socket is connected to: the longest IP packet, bytes.
pub(crate) fn path_mtu(socket: &std::net::UdpSocket) -> io::Result<u32> {
    let (level, name) = if socket.peer_addr()?.is_ipv4() {
        (libc::IPPROTO_IP, libc::IP_MTU)
    } else {
        (libc::IPPROTO_IPV6, libc::IPV6_MTU)
    };
    let mut mtu: libc::c_int = 0;
    let mut length = size_of::<libc::c_int>() as libc::socklen_t;
    // SAFETY: `mtu` and `length` are writable for the whole call, and `length` says how long `mtu` is.
    let result = unsafe {
        let value = (&raw mut mtu).cast();
        libc::getsockopt(socket.as_raw_fd(), level, name, value, &raw mut length)
    };
    if result == 0 {
        Ok(mtu.unsigned_abs())
    } else {
        Err(io::Error::last_os_error())
    }
}

/// Seconds since 1970.
pub(crate) fn unix_now() -> u64 {
    unix_time().as_secs()
}

/// Time since 1970.
pub(crate) fn unix_time() -> std::time::Duration {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .unwrap_or_default()
}

/// The monotonic clock of the sans-IO crates: time since this process asked first.
pub(crate) fn now() -> std::time::Duration {
    static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    ORIGIN.get_or_init(Instant::now).elapsed()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_way_to_oneself_is_known() {
        let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("bound");
        socket.connect("127.0.0.1:9").expect("connected");
        assert!(path_mtu(&socket).expect("known") >= 576);
    }

    #[test]
    fn random_fills_all_of_it_and_differs() {
        let (mut a, mut b) = ([0_u8; 600], [0_u8; 600]);
        random(&mut a).expect("getrandom");
        random(&mut b).expect("getrandom");
        assert_ne!(a, b);
        assert!(a[590..].iter().any(|byte| *byte != 0), "the tail too");
    }
}
