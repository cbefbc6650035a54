//! What the kernel's log says of a new generation id: the driver `vmgenid` reseeds the kernel's generator, which writes one
//! line about it (Linux 5.18 and later).

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::fs::{Mode, OFlags, SeekFrom};
use rustix::io::Errno;
use tokio::io::unix::AsyncFd;

use super::{Kind, VmEvents, Way};
use crate::os;

/// The longest record (`PRINTK_MESSAGE_MAX` with what stands around a message).
const LONGEST: usize = 8192;
/// From `drivers/char/random.c`.
const FORK: &[u8] = b"random: crng reseeded due to virtual machine fork";

/// Whether a record, `PRIORITY,NUMBER,TIME,FLAGS;TEXT`, is the kernel's own about a new generation id. Facility 0 is the
/// kernel's: what programs write into the log gets another one.
fn is_fork(record: &[u8]) -> bool {
    let Some(end) = record.iter().position(|byte| *byte == b';') else {
        return false;
    };
    let (head, text) = (&record[..end], &record[end + 1..]);
    let is_kernels = matches!(head, [b'0'..=b'7', b',', ..]);
    let line = text.split(|byte| *byte == b'\n').next();
    is_kernels && line == Some(FORK)
}

/// The kernel's log from now on.
pub(super) struct KernelLog {
    log: AsyncFd<OwnedFd>,
}

impl KernelLog {
    /// Needs CAP_SYSLOG where `kernel.dmesg_restrict` is set.
    pub(super) fn open() -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::CLOEXEC;
        let log = rustix::fs::open("/dev/kmsg", flags, Mode::empty())?;
        rustix::fs::seek(&log, SeekFrom::End(0))?;
        Ok(Self {
            log: os::wait_on(log)?,
        })
    }

    /// The next record that matters.
    async fn next(&self) -> io::Result<Kind> {
        let mut record = [0; LONGEST];
        loop {
            let mut ready = self.log.readable().await?;
            let read = ready.try_io(|log| {
                rustix::io::read(log.get_ref(), &mut record[..]).map_err(io::Error::from)
            });
            match read {
                Ok(Ok(length)) => {
                    if is_fork(&record[..length]) {
                        return Ok(Kind::GenerationId);
                    }
                }
                Ok(Err(error)) => match error.raw_os_error().map(Errno::from_raw_os_error) {
                    // Overwritten before it was read.
                    Some(Errno::PIPE) => return Ok(Kind::MessagesLost),
                    // Longer than the line that matters.
                    Some(Errno::INVAL | Errno::INTR) => {}
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
                Ok(kind) => events.told(Way::Log, kind),
                Err(error) => {
                    return tracing::warn!(%error, "the kernel's log cannot be read any more: a clone may show only by its clocks, or by `photonbox cloned`");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const TOLD: &str = "5,312,10006166,-;random: crng reseeded due to virtual machine fork\n";

    #[test]
    fn one_record_says_it_and_nothing_like_it_does() {
        assert!(is_fork(TOLD.as_bytes()));
        let with_more = format!("{TOLD} SUBSYSTEM=acpi\n DEVICE=+acpi:QEMUVGID:00\n");
        assert!(is_fork(with_more.as_bytes()));
        for (from, to) in [
            // A program's, by facility; a program that writes several lines; another line.
            ("5,", "13,"),
            ("5,", "29,"),
            ("5,", "8,"),
            ("-;", "-;x\n"),
            (";random", "; random"),
            ("fork", "fork?"),
            ("5,312,10006166,-;", ""),
            ("5,", ","),
        ] {
            let other = TOLD.replacen(from, to, 1);
            assert_ne!(other, TOLD);
            assert!(!is_fork(other.as_bytes()), "{other}");
        }
        for nonsense in [&b""[..], b";", b"\n", b"5", b"5;", b"5,;", &[0xFF; LONGEST]] {
            assert!(!is_fork(nonsense));
        }
    }

    #[tokio::test]
    async fn the_log_can_be_waited_on() {
        let log = match KernelLog::open() {
            Ok(log) => log,
            Err(error) => return eprintln!("skipped: the kernel's log is not for us: {error}"),
        };
        // Whatever else it says meanwhile.
        let moment = std::time::Duration::from_millis(20);
        let next = tokio::time::timeout(moment, log.next()).await;
        assert!(next.is_err(), "{next:?}");
    }
}
