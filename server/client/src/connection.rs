//! HTTP/1.1 over mutual TLS: one connection that is kept, several addresses that are tried in turn, an end to waiting.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Bytes as Body, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_TYPE, HOST, RETRY_AFTER};
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::TokioIo;
use photonbox_channel::{ByteSource, HttpTls, Role};
use photonbox_secret::SecretBytes;
use photonbox_vault::api::{IDEMPOTENCY_KEY, Problem, to_secret_json};
use rustls::pki_types::ServerName;
use rustls::time_provider::DefaultTimeProvider;
use serde::Serialize;
use tokio::net::TcpStream;
use tokio::sync::Mutex;
use tokio_rustls::TlsConnector;

use crate::{Credentials, Error};

/// Longest answer.
const MOST: usize = 8 * 1024 * 1024;
/// For a connection, its handshake included.
const CONNECT: Duration = Duration::from_secs(10);
/// For one answer.
const ANSWER: Duration = Duration::from_secs(40);
/// How often something is asked, at all addresses together.
const TRIES: u32 = 6;
/// The longest wait that another side may ask for.
const LONGEST_WAIT: Duration = Duration::from_secs(5);

/// What is asked. Everything that this interface has may be asked again when an answer was lost.
#[derive(Debug, Default)]
pub struct Ask {
    /// `GET`, `POST`, ….
    pub method: Method,
    /// With the query.
    pub path: String,
    /// Under which it is done once.
    pub key: Option<String>,
    /// JSON ([`Ask::json`]).
    pub body: Option<Arc<SecretBytes>>,
}

impl Ask {
    /// A body, in memory that is wiped.
    ///
    /// # Errors
    /// [`Error::Wrong`] if it can't be written as JSON.
    pub fn json(value: &impl Serialize) -> Result<Arc<SecretBytes>, Error> {
        let text = to_secret_json(value).map_err(|error| Error::Wrong(error.to_string()))?;
        Ok(Arc::new(text))
    }
}

/// Handed to hyper, which reads it from there.
struct Sent(Arc<SecretBytes>);

impl AsRef<[u8]> for Sent {
    fn as_ref(&self) -> &[u8] {
        self.0.as_slice()
    }
}

/// What was answered, with success.
#[derive(Debug)]
pub struct Answer {
    /// Who.
    pub address: String,
    /// JSON, or empty.
    pub body: SecretBytes,
}

/// A connection that is made when it is needed.
pub struct Connection {
    tls: TlsConnector,
    addresses: Vec<String>,
    open: Mutex<Open>,
    /// The TLS configuration holds it weakly.
    _source: Arc<dyn ByteSource>,
}

#[derive(Default)]
struct Open {
    /// Which address comes next.
    at: usize,
    sender: Option<SendRequest<Full<Body>>>,
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("addresses", &self.addresses)
            .finish_non_exhaustive()
    }
}

/// Why one try gave nothing.
enum Try {
    /// There may be an answer elsewhere, or later.
    Again(Error, Duration),
    /// This is the answer.
    Final(Error),
}

impl Connection {
    /// To whoever of these addresses (`HOST:PORT`) shows a certificate of the CA with one of the roles, and this id if one is given.
    ///
    /// # Errors
    /// [`Error::Credentials`]; no address.
    pub fn new(
        credentials: &Credentials,
        addresses: Vec<String>,
        roles: &[Role],
        id: Option<&str>,
        source: Arc<dyn ByteSource>,
    ) -> Result<Self, Error> {
        if addresses.is_empty() {
            return Err(Error::Wrong("no address is given".into()));
        }
        let tls = HttpTls {
            identity: Arc::clone(&credentials.identity),
            ca: credentials.ca.clone(),
            roles: roles.to_vec(),
            source: Arc::clone(&source),
            clock: Arc::new(DefaultTimeProvider),
        };
        let tls = tls.client(id);
        let tls = tls.map_err(|error| Error::Credentials(error.to_string()))?;
        Ok(Self {
            tls: TlsConnector::from(tls),
            addresses,
            open: Mutex::default(),
            _source: source,
        })
    }

    /// Whom it may ask.
    pub(crate) fn addresses(&self) -> &[String] {
        &self.addresses
    }

    /// Asks, at each address if need be, and some times again where the other side is busy or the way to it was lost.
    ///
    /// # Errors
    /// [`Error::Refused`], [`Error::Unreachable`], [`Error::Answer`].
    pub async fn ask(&self, ask: &Ask) -> Result<Answer, Error> {
        // One at a time on the one connection.
        let mut open = self.open.lock().await;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.once(&mut open, ask).await {
                Ok(answer) => return Ok(answer),
                Err(Try::Final(error)) => {
                    // One whose answer was not read to its end is of no more use.
                    if matches!(error, Error::Answer { .. }) {
                        open.sender = None;
                    }
                    return Err(error);
                }
                Err(Try::Again(error, _)) if tries == TRIES => return Err(error),
                Err(Try::Again(error, wait)) => {
                    tracing::debug!(%error, tries, "asked again");
                    open.sender = None;
                    open.at += 1;
                    // The others first; then they get a little time.
                    let round = self.addresses.len() as u32;
                    let rounds = tries / round.max(1);
                    let own = Duration::from_millis(100) * rounds * rounds;
                    tokio::time::sleep(own.max(wait)).await;
                }
            }
        }
    }

    async fn once(&self, open: &mut Open, ask: &Ask) -> Result<Answer, Try> {
        let address = &self.addresses[open.at % self.addresses.len()];
        let lost = |reason: String| {
            let address = address.clone();
            Try::Again(Error::Unreachable { address, reason }, Duration::ZERO)
        };
        let usable = match &mut open.sender {
            Some(sender) => sender.ready().await.is_ok(),
            None => false,
        };
        if !usable {
            let connected = tokio::time::timeout(CONNECT, self.connect(address)).await;
            let sender = connected.map_err(|_| lost("no answer".into()))?;
            open.sender = Some(sender.map_err(lost)?);
        }
        let Some(sender) = &mut open.sender else {
            return Err(lost("no connection".into()));
        };
        let request = request(address, ask).map_err(Try::Final)?;
        let answer = tokio::time::timeout(ANSWER, async {
            let answer = sender.send_request(request).await;
            let (parts, body) = answer
                .map_err(|error| lost(error.to_string()))?
                .into_parts();
            let body = received(body).await.map_err(|error| {
                if !error.is::<LengthLimitError>() {
                    return lost(error.to_string());
                }
                let (address, reason) = (address.clone(), format!("longer than {MOST} bytes"));
                Try::Final(Error::Answer { address, reason })
            })?;
            Ok((parts, body))
        });
        let (parts, body) = answer.await.map_err(|_| lost("no answer".into()))??;
        let address = address.clone();
        if parts.status.is_success() {
            return Ok(Answer { address, body });
        }
        let problem: Problem = serde_json::from_slice(body.as_slice()).map_err(|_| {
            let reason = format!("status {} without a reason", parts.status);
            Try::Final(Error::Answer {
                address: address.clone(),
                reason,
            })
        })?;
        let refused = Error::Refused(Box::new((address, problem)));
        let waits = matches!(
            parts.status,
            StatusCode::TOO_MANY_REQUESTS
                | StatusCode::SERVICE_UNAVAILABLE
                | StatusCode::REQUEST_TIMEOUT
        );
        if !waits {
            return Err(Try::Final(refused));
        }
        let wait = parts.headers.get(RETRY_AFTER);
        let wait = wait.and_then(|wait| wait.to_str().ok()?.parse().ok());
        let wait = Duration::from_secs(wait.unwrap_or(1)).min(LONGEST_WAIT);
        Err(Try::Again(refused, wait))
    }

    async fn connect(&self, address: &str) -> Result<SendRequest<Full<Body>>, String> {
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| error.to_string())?;
        let _ = stream.set_nodelay(true);
        // Whom we talk to stands in the certificate's URIs; the name here is nobody's.
        let name = ServerName::try_from("photonbox").map_err(|error| error.to_string())?;
        let stream = self.tls.connect(name, stream).await;
        let stream = stream.map_err(|error| error.to_string())?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream))
            .await
            .map_err(|error| error.to_string())?;
        tokio::spawn(async move {
            if let Err(error) = connection.await {
                tracing::debug!(%error, "connection ended");
            }
        });
        Ok(sender)
    }
}

/// The whole body, and no more than [`MOST`].
async fn received(body: Incoming) -> Result<SecretBytes, Box<dyn std::error::Error + Send + Sync>> {
    let mut parts = Vec::new();
    let mut body = Limited::new(body, MOST);
    while let Some(frame) = body.frame().await {
        if let Ok(data) = frame?.into_data() {
            parts.push(SecretBytes::from_slice(&data));
        }
    }
    let parts: Vec<_> = parts.iter().map(SecretBytes::as_slice).collect();
    Ok(SecretBytes::concat(&parts))
}

fn request(address: &str, ask: &Ask) -> Result<Request<Full<Body>>, Error> {
    let mut request = Request::builder()
        .method(&ask.method)
        .uri(&ask.path)
        .header(HOST, address);
    if let Some(key) = &ask.key {
        request = request.header(IDEMPOTENCY_KEY, key);
    }
    if ask.body.is_some() {
        request = request.header(CONTENT_TYPE, "application/json");
    }
    let body = ask.body.as_ref().map(|body| Sent(Arc::clone(body)));
    let body = Full::new(body.map_or_else(Body::new, Body::from_owner));
    request
        .body(body)
        .map_err(|error| Error::Wrong(format!("cannot ask for {}: {error}", ask.path)))
}
