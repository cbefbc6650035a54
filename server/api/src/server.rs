//! The listener: mutual TLS, then HTTP/1.1. Connections, handshakes, heads and requests each have an end.
//!
//! Countermeasure T24 (`docs/threat-model.md`).

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use photonbox_channel::{CaCertificate, PeerIdentity, Role, Usage};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::problem::Refusal;

/// Pause after a connection could not be accepted: out of files, for one.
const PAUSE: Duration = Duration::from_millis(200);
/// Longest head of a request.
const HEAD: usize = 16 * 1024;

/// Bounds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerLimits {
    /// Connections at once; further ones wait in the listen queue.
    pub connections: usize,
    /// From a connection's first byte to the end of its TLS handshake.
    pub handshake: Duration,
    /// How long a connection may be silent between requests, and take for a head.
    pub silence: Duration,
    /// From a request's head to its answer.
    pub request: Duration,
}

impl Default for ServerLimits {
    fn default() -> Self {
        Self {
            connections: 1024,
            handshake: Duration::from_secs(10),
            silence: Duration::from_secs(60),
            request: Duration::from_secs(30),
        }
    }
}

/// What an interface is made of.
pub struct Server {
    /// The TLS of this moment: certificates are renewed while it runs.
    pub tls: Arc<dyn Fn() -> Arc<rustls::ServerConfig> + Send + Sync>,
    /// The CA of those who may come.
    pub ca: CaCertificate,
    /// What they may be.
    pub roles: Vec<Role>,
    /// What answers: [`crate::vault_routes`], [`crate::agent_routes`].
    pub routes: Routes,
    /// Seconds since 1970.
    pub clock: fn() -> u64,
    /// Bounds.
    pub limits: ServerLimits,
}

/// Paths, and what answers there.
#[derive(Debug, Clone)]
pub struct Routes(pub(crate) Router);

/// A port that is listened on, before anything is answered there.
#[derive(Debug)]
pub struct Listening {
    listener: TcpListener,
    address: SocketAddr,
}

impl Listening {
    /// Binds `ADDRESS:PORT`; port 0 takes a free one.
    ///
    /// # Errors
    /// The system's.
    pub async fn open(address: &str) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        Ok(Self { listener, address })
    }

    /// Where.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers until `stop` is true; then requests that are under way are answered still.
    pub async fn serve(self, server: Server, mut stop: watch::Receiver<bool>) {
        let one = Arc::new(One {
            router: server.routes.0,
            ca: server.ca,
            roles: server.roles,
            clock: server.clock,
            limits: server.limits,
            stop: stop.clone(),
        });
        let mut open = JoinSet::new();
        let stopped = stopped(&mut stop);
        tokio::pin!(stopped);
        'accepting: loop {
            while open.len() >= one.limits.connections {
                tokio::select! {
                    _ = open.join_next() => {}
                    () = &mut stopped => break 'accepting,
                }
            }
            let accepted = tokio::select! {
                biased;
                () = &mut stopped => break,
                accepted = self.listener.accept() => accepted,
                Some(_) = open.join_next() => continue,
            };
            match accepted {
                Ok((stream, peer)) => {
                    let tls = TlsAcceptor::from((server.tls)());
                    open.spawn(Arc::clone(&one).connection(stream, peer, tls));
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection of the HTTP interface");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
        drop(self.listener);
        while open.join_next().await.is_some() {}
    }
}

/// Resolves when it is to stop, or whoever would say so is gone.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

/// What each connection needs.
struct One {
    router: Router,
    ca: CaCertificate,
    roles: Vec<Role>,
    clock: fn() -> u64,
    limits: ServerLimits,
    stop: watch::Receiver<bool>,
}

impl One {
    async fn connection(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, tls: TlsAcceptor) {
        let _ = stream.set_nodelay(true);
        let stream = match tokio::time::timeout(self.limits.handshake, tls.accept(stream)).await {
            Ok(Ok(stream)) => stream,
            Ok(Err(error)) => return tracing::info!(%peer, %error, "HTTP connection refused"),
            Err(_) => return tracing::info!(%peer, "HTTP connection said nothing"),
        };
        let certificate = stream.get_ref().1.peer_certificates();
        let certificate = certificate.and_then(|chain| chain.first());
        let host = certificate.map(|certificate| {
            let now = (self.clock)();
            self.ca.verify(certificate, Usage::Client, &self.roles, now)
        });
        let host = match host {
            Some(Ok(host)) => Arc::new(host),
            Some(Err(error)) => return tracing::info!(%peer, %error, "HTTP connection refused"),
            None => return tracing::info!(%peer, "HTTP connection without a certificate refused"),
        };
        let mut stop = self.stop.clone();
        let this = Arc::clone(&self);
        let service = service_fn(move |request| Arc::clone(&this).answer(request, &host));
        let served = http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(self.limits.silence)
            .max_buf_size(HEAD)
            .serve_connection(TokioIo::new(stream), service);
        tokio::pin!(served);
        let ended = tokio::select! {
            ended = &mut served => Some(ended),
            () = stopped(&mut stop) => None,
        };
        let ended = match ended {
            Some(ended) => ended,
            None => {
                served.as_mut().graceful_shutdown();
                served.await
            }
        };
        if let Err(error) = ended {
            tracing::debug!(%peer, %error, "HTTP connection broken off");
        }
    }

    fn answer(
        self: Arc<Self>,
        request: hyper::Request<Incoming>,
        host: &Arc<PeerIdentity>,
    ) -> impl Future<Output = Result<axum::response::Response, std::convert::Infallible>> + Send + use<>
    {
        let mut request = request.map(Body::new);
        request.extensions_mut().insert(Arc::clone(host));
        let mut router = self.router.clone();
        async move {
            match tokio::time::timeout(self.limits.request, router.call(request)).await {
                Ok(answer) => answer,
                Err(_) => Ok(Refusal::TooSlow.into_response()),
            }
        }
    }
}
