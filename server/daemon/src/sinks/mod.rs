//! Where a host puts what it receives. Each sink asks for its own bytes: no byte goes to two sinks.

mod egd;
pub mod egd_protocol;
mod kernel;
mod writer;

use std::io;
use std::sync::Arc;

use tokio::sync::watch;

use crate::options::SinkSpec;
use crate::vm_event::Since;
use crate::{Error, Result};

/// Takes what an EGD client writes (command 03) and mixes it in, without credit.
pub(crate) type Contribute = Arc<dyn Fn(&[u8]) + Send + Sync>;

/// What [`Sink::discarder`] gives.
pub(crate) type Discard = Box<dyn Fn() + Send + Sync>;

/// Why a sink takes no more.
#[derive(Debug)]
pub(crate) enum SinkEnd {
    /// The reader of standard output went away: nothing is wrong.
    ReaderGone,
    /// It failed.
    Failed(io::Error),
}

/// Whether the host is about to end. A sink that has nobody to take its bytes then waits no longer.
#[derive(Clone, Default)]
pub(crate) struct Ending(Option<watch::Receiver<bool>>);

impl Ending {
    /// Ends when `flag` is set.
    pub(crate) fn at(flag: watch::Receiver<bool>) -> Self {
        Self(Some(flag))
    }

    pub(crate) fn is_near(&self) -> bool {
        self.0.as_ref().is_some_and(|flag| *flag.borrow())
    }

    /// Resolves when it is near.
    pub(crate) async fn near(&self) {
        let near = match self.0.clone() {
            Some(mut flag) => flag.wait_for(|near| *near).await.is_ok(),
            None => false,
        };
        if !near {
            std::future::pending().await
        }
    }
}

impl From<io::Error> for SinkEnd {
    fn from(error: io::Error) -> Self {
        Self::Failed(error)
    }
}

/// An open sink.
pub(crate) enum Sink {
    Writer(writer::Writer),
    Egd(egd::EgdServer),
    Kernel(kernel::Kernel),
    /// Takes bytes at a bounded rate and keeps none: for the demo, where they are only counted.
    Measured {
        bytes_per_second: u64,
    },
}

impl Sink {
    /// Opens a sink; one that cannot be written is an error here, not later.
    pub(crate) async fn open(spec: &SinkSpec, contribute: Contribute) -> Result<Self> {
        let opened = match spec {
            SinkSpec::Stdout => Ok(Self::Writer(writer::Writer::stdout())),
            SinkSpec::File(path) => writer::Writer::file(path).await.map(Self::Writer),
            SinkSpec::Fifo(path) => writer::Writer::fifo(path).map(Self::Writer),
            SinkSpec::EgdUnix(path) => egd::EgdServer::unix(path, contribute).map(Self::Egd),
            SinkSpec::EgdTcp(address) => egd::EgdServer::tcp(address, contribute)
                .await
                .map(Self::Egd),
            SinkSpec::Kernel => kernel::Kernel::open().map(Self::Kernel),
        };
        opened.map_err(|error| refused(spec, &error))
    }

    /// From now on nobody is waited for when `ending` is near.
    pub(crate) fn until(&mut self, ending: Ending) {
        match self {
            Self::Writer(writer) => writer.until(ending),
            Self::Egd(server) => server.until(ending),
            Self::Kernel(_) | Self::Measured { .. } => {}
        }
    }

    /// Writes `bytes`; returns when the sink has taken them, and how many: fewer than all only when this machine was
    /// copied `since` they came. `creditable`: class `full`, and no label on the source.
    pub(crate) async fn write(
        &mut self,
        bytes: &[u8],
        creditable: bool,
        since: &mut Since,
    ) -> Result<usize, SinkEnd> {
        if since.is_over() {
            return Ok(0);
        }
        match self {
            Self::Writer(writer) => return writer.write(bytes, since).await,
            Self::Egd(server) => return server.fill(bytes, since).await,
            Self::Kernel(kernel) => kernel.write(bytes, creditable)?,
            Self::Measured { bytes_per_second } => {
                let seconds = bytes.len() as f64 / (*bytes_per_second).max(1) as f64;
                tokio::time::sleep(std::time::Duration::from_secs_f64(seconds)).await;
            }
        }
        Ok(bytes.len())
    }

    /// Throws away what waits here for somebody to fetch it; to be called when this machine was copied, on any thread.
    pub(crate) fn discarder(&self) -> Option<Discard> {
        match self {
            Self::Egd(server) => Some(server.discarder()),
            Self::Writer(_) | Self::Kernel(_) | Self::Measured { .. } => None,
        }
    }

    /// A fresh block is in: where that is the kernel's, it takes effect at once. True where it is.
    pub(crate) fn reseed(&self) -> io::Result<bool> {
        match self {
            Self::Kernel(kernel) => kernel.reseed().map(|()| true),
            Self::Writer(_) | Self::Egd(_) | Self::Measured { .. } => Ok(false),
        }
    }

    /// Makes what was written lasting.
    pub(crate) async fn finish(&mut self) -> Result<(), SinkEnd> {
        match self {
            Self::Writer(writer) => writer.finish().await,
            Self::Egd(server) => {
                server.drained().await;
                Ok(())
            }
            Self::Kernel(_) | Self::Measured { .. } => Ok(()),
        }
    }

    /// Bytes to ask for at once.
    pub(crate) fn portion(&self) -> u64 {
        match self {
            Self::Writer(_) => 256 * 1024,
            Self::Egd(_) => egd::RESERVOIR as u64 / 4,
            Self::Kernel(_) => 64,
            Self::Measured { .. } => 1024,
        }
    }

    /// The sink is full of bytes that nobody took yet (for `status`).
    pub(crate) fn waiting_bytes(&self) -> Option<usize> {
        match self {
            Self::Egd(server) => Some(server.level()),
            Self::Writer(_) | Self::Kernel(_) | Self::Measured { .. } => None,
        }
    }
}

/// An opening error as one line that says what to do.
fn refused(spec: &SinkSpec, error: &io::Error) -> Error {
    let help = match (spec, error.kind()) {
        (SinkSpec::Kernel, io::ErrorKind::PermissionDenied) => {
            "run as root (CAP_SYS_ADMIN), or choose another sink"
        }
        (SinkSpec::EgdUnix(_) | SinkSpec::EgdTcp(_), io::ErrorKind::AddrInUse) => {
            "stop the program that listens there, or choose another address"
        }
        (SinkSpec::Fifo(_), io::ErrorKind::AlreadyExists) => {
            "remove that file or choose another path"
        }
        _ => "choose a place that exists and that you may write",
    };
    Error::Sink {
        sink: spec.to_string(),
        reason: error.to_string(),
        help: help.into(),
    }
}

#[cfg(test)]
mod tests;
