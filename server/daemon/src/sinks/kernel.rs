//! The kernel's pool, by `RNDADDENTROPY`, and after the machine was copied `RNDRESEEDCRNG`.

use std::fs::File;
use std::io;

use crate::os;

/// `/dev/random`, open for adding.
pub(crate) struct Kernel {
    device: File,
}

impl Kernel {
    /// Opens the device and checks at once that we may add: the call needs `CAP_SYS_ADMIN`.
    pub(crate) fn open() -> io::Result<Self> {
        let device = File::options().write(true).open("/dev/random")?;
        os::add_to_kernel(&device, &[], 0).map_err(|error| match error.raw_os_error() {
            Some(libc::EPERM) => io::Error::new(
                io::ErrorKind::PermissionDenied,
                "RNDADDENTROPY is not permitted",
            ),
            _ => error,
        })?;
        Ok(Self { device })
    }

    /// Adds `bytes`. Only creditable ones raise the kernel's estimate; the others are mixed in.
    pub(crate) fn write(&self, bytes: &[u8], creditable: bool) -> io::Result<()> {
        for chunk in bytes.chunks(os::KERNEL_CHUNK) {
            let bits = if creditable {
                8 * chunk.len() as u32
            } else {
                0
            };
            os::add_to_kernel(&self.device, chunk, bits)?;
        }
        Ok(())
    }

    /// What was added takes effect now: a copy of the machine has the old state, too.
    pub(crate) fn reseed(&self) -> io::Result<()> {
        os::reseed_kernel(&self.device)
    }
}
