//! What clocks tell of a machine that slept, or that was restored where no generation id is.
//!
//! A sleep is the difference between `CLOCK_BOOTTIME` and `CLOCK_MONOTONIC`, which stands still in it. A restored machine
//! goes on with the time of day of its snapshot until something (a time service, a guest agent) sets it: the difference
//! between `CLOCK_REALTIME` and `CLOCK_BOOTTIME` jumps. Neither changes in any other way: a time service that makes the
//! clock run faster or slower does it to all three. So nothing is polled: a timer that the kernel cancels when the time
//! of day is set, as it does after each sleep, too, says when to look.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use rustix::io::Errno;
use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime,
    timerfd_create, timerfd_settime,
};
use tokio::io::unix::AsyncFd;

use super::{Kind, VmEvents};
use crate::os;

/// The shortest sleep that counts; the clocks are read one after the other.
const SLEPT: i128 = 500_000_000;
/// The smallest step of the time of day that counts, in either direction. A leap second, and what a time service corrects
/// in a machine that ran all the time, stay below; whatever is above costs a new channel.
const SET: i128 = 2_000_000_000;
/// When the timer would go off, seconds since 1970: the year 2242.
const NEVER: i64 = 1 << 33;

/// The three clocks, in nanoseconds.
#[derive(Clone, Copy, Debug)]
struct Reading {
    real: i128,
    boot: i128,
    monotonic: i128,
}

fn nanoseconds(clock: ClockId) -> i128 {
    let Timespec { tv_sec, tv_nsec } = clock_gettime(clock);
    i128::from(tv_sec) * 1_000_000_000 + i128::from(tv_nsec)
}

impl Reading {
    fn now() -> Self {
        Self {
            real: nanoseconds(ClockId::Realtime),
            boot: nanoseconds(ClockId::Boottime),
            monotonic: nanoseconds(ClockId::Monotonic),
        }
    }

    /// What happened since `before`.
    fn judge(&self, before: &Self) -> Option<Kind> {
        let slept = |of: &Self| of.boot - of.monotonic;
        let set = |of: &Self| of.real - of.boot;
        if slept(self) - slept(before) >= SLEPT {
            Some(Kind::Resumed)
        } else if (set(self) - set(before)).abs() >= SET {
            Some(Kind::ClockSet)
        } else {
            None
        }
    }
}

/// The clocks as bytes: no secret, but two copies of a machine hardly ever read the same.
pub(crate) fn reading() -> [u8; 48] {
    let Reading {
        real,
        boot,
        monotonic,
    } = Reading::now();
    let mut bytes = [0; 48];
    for (to, clock) in bytes.chunks_exact_mut(16).zip([real, boot, monotonic]) {
        to.copy_from_slice(&clock.to_be_bytes());
    }
    bytes
}

/// A timer that is cancelled when the time of day is set.
pub(super) struct Clocks {
    timer: AsyncFd<OwnedFd>,
}

impl Clocks {
    pub(super) fn open() -> io::Result<Self> {
        let flags = TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK;
        let timer = timerfd_create(TimerfdClockId::Realtime, flags)?;
        arm(&timer)?;
        Ok(Self {
            timer: os::wait_on(timer)?,
        })
    }

    /// Resolves when the time of day was set; the timer runs again then.
    async fn set(&self) -> io::Result<()> {
        loop {
            let mut ready = self.timer.readable().await?;
            let read = ready.try_io(|timer| {
                rustix::io::read(timer.get_ref(), &mut [0; 8]).map_err(io::Error::from)
            });
            match read {
                Ok(Err(error)) => match error.raw_os_error().map(Errno::from_raw_os_error) {
                    Some(Errno::CANCELED) => return arm(self.timer.get_ref()),
                    Some(Errno::INTR) => {}
                    _ => return Err(error),
                },
                // It went off: armed anew it would at once go off again.
                Ok(Ok(_)) => return Err(io::Error::other("the clock says that it is after 2242")),
                // Not readable after all.
                Err(_) => {}
            }
        }
    }

    pub(super) async fn tell(self, events: Arc<VmEvents>) {
        let mut before = Reading::now();
        loop {
            if let Err(error) = self.set().await {
                return tracing::warn!(%error, "clocks that are set cannot be watched any more: `photonbox cloned` says it when this machine was copied or slept");
            }
            // Read after the timer runs again: a step between the two is in this reading or comes as the next.
            let now = Reading::now();
            if let Some(kind) = now.judge(&before) {
                events.happened(kind);
            }
            before = now;
        }
    }
}

fn arm(timer: &OwnedFd) -> io::Result<()> {
    let flags = TimerfdTimerFlags::ABSTIME | TimerfdTimerFlags::CANCEL_ON_SET;
    let at = |tv_sec| Timespec { tv_sec, tv_nsec: 0 };
    let never = Itimerspec {
        it_interval: at(0),
        it_value: at(NEVER),
    };
    timerfd_settime(timer, flags, &never)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]
    use super::*;

    const SECOND: i128 = 1_000_000_000;

    /// Two readings: an hour awake, and besides it so much sleep and a step of the time of day.
    fn told(slept: i128, step: i128) -> Option<Kind> {
        let before = Reading {
            real: 1_795_381_440 * SECOND,
            boot: 1000 * SECOND,
            monotonic: 900 * SECOND,
        };
        let hour = 3600 * SECOND;
        let after = Reading {
            real: before.real + hour + slept + step,
            boot: before.boot + hour + slept,
            monotonic: before.monotonic + hour,
        };
        after.judge(&before)
    }

    #[test]
    fn sleeps_and_steps_are_told_and_nothing_else() {
        assert_eq!(told(0, 0), None);
        // A leap second, a small correction, and the time between two readings.
        assert_eq!(told(0, -SECOND), None);
        assert_eq!(told(SLEPT - 1, SET - 1), None);
        assert_eq!(told(SLEPT, 0), Some(Kind::Resumed));
        assert_eq!(told(3600 * SECOND, 0), Some(Kind::Resumed));
        assert_eq!(told(0, SET), Some(Kind::ClockSet));
        assert_eq!(told(0, -SET), Some(Kind::ClockSet));
        assert_eq!(told(0, 86_400 * SECOND), Some(Kind::ClockSet));
        // Both: it slept, and the battery's clock was wrong.
        assert_eq!(told(SECOND, -5 * SECOND), Some(Kind::Resumed));
    }

    #[test]
    fn the_clocks_run_as_assumed() {
        let before = Reading::now();
        let busy = std::time::Instant::now();
        while busy.elapsed() < std::time::Duration::from_millis(2) {
            std::hint::spin_loop();
        }
        let now = Reading::now();
        assert!(now.boot > before.boot && now.monotonic > before.monotonic);
        assert_eq!(now.judge(&before), None);
        assert_ne!(reading(), reading());
    }

    #[tokio::test]
    async fn the_kernel_takes_such_a_timer_and_it_waits() {
        let clocks = Clocks::open().unwrap();
        let moment = std::time::Duration::from_millis(20);
        assert!(tokio::time::timeout(moment, clocks.set()).await.is_err());
    }
}
