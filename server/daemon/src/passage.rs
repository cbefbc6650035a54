//! Enrolment through a relay: bytes pass between the further host and the relay's own parent, unread. The host knows its
//! hub by the CA's hash and signs over what TLS gave both ends, so all that a relay could do is not to pass them on.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;

use crate::enroll::TIMEOUT;

/// At once; further ones are closed. It also ends what runs in a circle of relays.
const AT_ONCE: usize = 8;
/// How long one address may take before the next is tried.
const CONNECT: Duration = Duration::from_secs(2);

/// The way to the hub's enrolment.
#[derive(Clone)]
pub(crate) struct Passage {
    hubs: Vec<String>,
    places: Arc<Semaphore>,
}

impl Passage {
    pub(crate) fn new(hubs: Vec<String>) -> Self {
        Self {
            hubs,
            places: Arc::new(Semaphore::new(AT_ONCE)),
        }
    }

    /// Passes one connection on, for as long as an enrolment may take.
    pub(crate) async fn pass<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        mut stream: S,
        peer: SocketAddr,
    ) {
        let Ok(_place) = self.places.try_acquire() else {
            return tracing::warn!(%peer, "too many enrolments pass this relay: one more is closed");
        };
        let passing = async {
            let mut up = self.connect().await?;
            copy_bidirectional(&mut stream, &mut up).await
        };
        match tokio::time::timeout(TIMEOUT, passing).await {
            Ok(Ok(_)) => tracing::info!(%peer, "enrolment passed on"),
            Ok(Err(error)) => tracing::info!(%peer, %error, "enrolment not passed on"),
            Err(_) => tracing::info!(%peer, "enrolment took too long"),
        }
    }

    async fn connect(&self) -> std::io::Result<TcpStream> {
        let mut last = std::io::Error::other("no parent is known");
        for hub in &self.hubs {
            match tokio::time::timeout(CONNECT, TcpStream::connect(hub)).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) => last = error,
                Err(late) => last = late.into(),
            }
        }
        Err(last)
    }
}
