//! The HTTP side: a few short connections at a time, each with an end. Nothing of it keeps a shutdown waiting.
//!
//! Countermeasure T23 (`docs/threat-model.md`).

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{ALLOW, CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, text};
use prometheus_client::registry::Registry;
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use super::{METRICS_PORT, Measured, Page, process};
use crate::error::with_default_port;
use crate::{Error, Result};

/// Connections at once; further ones wait in the listen queue. Prometheus has one, for a moment.
const MOST: usize = 8;
/// A client must have asked by then.
const SILENCE: Duration = Duration::from_secs(5);
/// And have read the answer by then.
const PATIENCE: Duration = Duration::from_secs(15);
/// Longest head of a request: the least that the library takes.
const HEAD: usize = 8192;
/// Pause after a connection could not be accepted: out of files, for one.
const PAUSE: Duration = Duration::from_millis(200);

/// Media type of OpenMetrics text.
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// A loopback address that is listened on, before anything is served there.
pub(crate) struct Endpoint {
    listener: TcpListener,
    address: SocketAddr,
}

/// The address of `--metrics`: numbers, or `localhost`, since a name could come to mean another machine.
fn parse(given: &str) -> Result<SocketAddr> {
    let wrong = |what: String| {
        Error::usage(
            what,
            "metrics are served on loopback alone, such as 127.0.0.1:4503 or [::1]:4503; for others put a proxy that authenticates in front",
        )
    };
    let full = with_default_port(given, METRICS_PORT);
    let address = match full.strip_prefix("localhost:") {
        Some(port) => port
            .parse()
            .ok()
            .map(|port| SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port)),
        None => full.parse().ok(),
    };
    let address =
        address.ok_or_else(|| wrong(format!("--metrics: `{given}` is not ADDRESS[:PORT]")))?;
    let loopback = |ip: IpAddr| ip.to_canonical().is_loopback();
    if !loopback(address.ip()) {
        return Err(wrong(format!(
            "--metrics: {address} is not a loopback address"
        )));
    }
    Ok(address)
}

impl Endpoint {
    /// Checks an address, without listening.
    pub(crate) fn check(address: Option<&str>) -> Result<()> {
        address.map_or(Ok(()), |address| parse(address).map(drop))
    }

    /// Listens, if metrics are wanted.
    pub(crate) async fn open(address: Option<&str>) -> Result<Option<Self>> {
        let Some(address) = address else {
            return Ok(None);
        };
        let address = parse(address)?;
        let fail = |error: std::io::Error| {
            Error::failed(
                format!("cannot listen on {address} for metrics: {error}"),
                "give each hub, host and gateway of this machine a port of its own with --metrics ADDR",
            )
        };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let address = listener.local_addr().map_err(fail)?;
        Ok(Some(Self { listener, address }))
    }

    /// Serves until the result is dropped.
    pub(crate) fn serve(self, measured: Arc<impl Measured>) -> Served {
        let Self { listener, address } = self;
        tracing::info!("metrics on http://{address}/metrics");
        Served {
            address,
            task: tokio::spawn(accept(listener, Arc::new(registry(measured)))),
        }
    }
}

/// What the library writes pages of.
fn registry(measured: Arc<impl Measured>) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Scraped(measured)));
    registry
}

/// A page, for tests of what stands on it.
#[cfg(test)]
pub(crate) fn page(measured: Arc<impl Measured>) -> String {
    let mut text = String::new();
    text::encode(&mut text, &registry(measured)).expect("a string takes all");
    text
}

/// Metrics that are served; dropped, their connections are closed.
pub(crate) struct Served {
    address: SocketAddr,
    task: JoinHandle<()>,
}

impl Served {
    /// Where.
    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the library's registry asks at each scrape.
struct Scraped<M>(Arc<M>);

impl<M: Measured> fmt::Debug for Scraped<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Scraped").field(&self.0.role()).finish()
    }
}

impl<M: Measured> Collector for Scraped<M> {
    fn encode(&self, encoder: DescriptorEncoder<'_>) -> fmt::Result {
        let mut page = Page(encoder);
        page.info(
            "photonbox_build",
            "The program, and what it runs as.",
            &[
                ("version", env!("CARGO_PKG_VERSION")),
                ("role", self.0.role()),
            ],
        )?;
        self.0.write(&mut page)?;
        process::write(&mut page)
    }
}

async fn accept(listener: TcpListener, registry: Arc<Registry>) {
    let mut open = JoinSet::new();
    loop {
        while open.len() >= MOST {
            open.join_next().await;
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = open.join_next() => continue,
        };
        match accepted {
            Ok((stream, _)) => {
                open.spawn(converse(stream, Arc::clone(&registry)));
            }
            Err(error) => {
                tracing::warn!(%error, "cannot accept a connection for metrics");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// One request and its answer.
async fn converse(stream: TcpStream, registry: Arc<Registry>) {
    let service = service_fn(move |request| answer(request, Arc::clone(&registry)));
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(SILENCE)
        .keep_alive(false)
        .max_buf_size(HEAD)
        .serve_connection(TokioIo::new(stream), service);
    match tokio::time::timeout(PATIENCE, served).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "connection for metrics broken off"),
        Err(_) => tracing::debug!("connection for metrics took too long"),
    }
}

async fn answer<B>(request: Request<B>, registry: Arc<Registry>) -> Answer {
    let about = match (request.uri().path(), request.method()) {
        ("/metrics", &Method::GET | &Method::HEAD) => return Ok(scrape(registry).await),
        ("/metrics", _) => {
            let mut refused = said(StatusCode::METHOD_NOT_ALLOWED, "use GET\n");
            let allowed = HeaderValue::from_static("GET, HEAD");
            refused.headers_mut().insert(ALLOW, allowed);
            refused
        }
        _ => said(
            StatusCode::NOT_FOUND,
            "there is /metrics, and nothing else\n",
        ),
    };
    Ok(about)
}

type Answer = std::result::Result<Response<Full<Bytes>>, std::convert::Infallible>;

async fn scrape(registry: Arc<Registry>) -> Response<Full<Bytes>> {
    // Off the runtime's threads: a hub looks into its database.
    let written = tokio::task::spawn_blocking(move || {
        let mut text = String::new();
        text::encode(&mut text, &registry).map(|()| text)
    });
    match written.await {
        Ok(Ok(text)) => {
            let mut page = Response::new(Full::from(text));
            page.headers_mut().insert(CONTENT_TYPE, OPEN_METRICS);
            page
        }
        failed => {
            tracing::error!(?failed, "the metrics were not written");
            said(
                StatusCode::INTERNAL_SERVER_ERROR,
                "the metrics were not written; look at the log\n",
            )
        }
    }
}

fn said(status: StatusCode, text: &'static str) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::from(text));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, PLAIN);
    response
}

#[cfg(test)]
#[path = "server_tests.rs"]
mod tests;
