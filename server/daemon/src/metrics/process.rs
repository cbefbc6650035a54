//! The process itself, under the names that all clients of Prometheus use.

use std::fmt;

use procfs::WithCurrentSystemInfo as _;
use procfs::process::Process;

use super::{Page, bytes, seconds};

/// What the kernel tells of this process; without `/proc` these families are missing.
pub(super) fn write(page: &mut Page<'_>) -> fmt::Result {
    let Ok(process) = Process::myself() else {
        return Ok(());
    };
    if let Ok(stat) = process.stat() {
        let ticks = procfs::ticks_per_second() as f64;
        page.counter(
            "process_cpu",
            "Processor time of user and system.",
            Some(&seconds()),
            (stat.utime + stat.stime) as f64 / ticks,
        )?;
        if let Ok(boot) = procfs::boot_time_secs() {
            page.gauge(
                "process_start_time",
                "When the process began, since 1970.",
                Some(&seconds()),
                boot as f64 + stat.starttime as f64 / ticks,
            )?;
        }
        page.gauge(
            "process_resident_memory",
            "Memory that is resident.",
            Some(&bytes()),
            stat.rss_bytes().get(),
        )?;
        page.gauge(
            "process_virtual_memory",
            "Address space in use.",
            Some(&bytes()),
            stat.vsize,
        )?;
        page.gauge("process_threads", "Threads.", None, stat.num_threads)?;
    }
    if let Ok(count) = process.fd_count() {
        page.gauge("process_open_fds", "Open file descriptors.", None, count)?;
    }
    if let Ok(limits) = process.limits()
        && let procfs::process::LimitValue::Value(most) = limits.max_open_files.soft_limit
    {
        page.gauge(
            "process_max_fds",
            "File descriptors that may be open.",
            None,
            most,
        )?;
    }
    Ok(())
}
