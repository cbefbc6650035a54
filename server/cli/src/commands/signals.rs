//! Graceful stop: the first SIGINT or SIGTERM drains, the second stops at once.

use crate::exit::Failure;
use photonbox_daemon::Shutdown;
use tokio::signal::unix::{SignalKind, signal};

/// Watches from now on; the future ends with the first SIGINT or SIGTERM. Must be called inside a runtime.
pub(crate) fn stopped() -> anyhow::Result<impl Future<Output = ()>> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    Ok(async move {
        tokio::select! {
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {}
        }
    })
}

fn failed(error: std::io::Error) -> anyhow::Error {
    Failure::failed(
        format!("cannot watch for signals: {error}"),
        "raise the limit of open files (ulimit -n)",
    )
}

/// Watches for signals as long as the runtime lives. Must be called inside it.
pub(crate) fn watch(shutdown: &Shutdown) -> anyhow::Result<()> {
    let mut interrupt = signal(SignalKind::interrupt()).map_err(failed)?;
    let mut terminate = signal(SignalKind::terminate()).map_err(failed)?;
    let shutdown = shutdown.clone();
    tokio::spawn(async move {
        let mut first = true;
        loop {
            tokio::select! {
                came = interrupt.recv() => if came.is_none() { return },
                came = terminate.recv() => if came.is_none() { return },
            }
            if first {
                tracing::info!("finishing what is open; a second signal stops at once");
                shutdown.drain();
            } else {
                tracing::warn!("stopping at once");
                shutdown.stop();
            }
            first = false;
        }
    });
    Ok(())
}
