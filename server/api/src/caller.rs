//! Who asks: from the certificate of the connection, and whether it is still in force, at each request.

use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use photonbox_channel::PeerIdentity;

use crate::problem::Refusal;
use crate::routes::Shared;

/// Whether a certificate of the CA is still in force. It is asked at each request: whoever was revoked is refused from the next one
/// on, on connections that stand as well.
pub trait Admits: Send + Sync + 'static {
    /// Whether it is; may wait for a database.
    ///
    /// # Errors
    /// The database is not there.
    fn admits(&self, peer: &PeerIdentity) -> Result<bool, Refusal>;
}

/// An enrolled host, as whom the request came.
#[derive(Debug, Clone)]
pub struct Caller(pub(crate) Arc<PeerIdentity>);

impl Caller {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.0.id
    }
}

/// Only [`Admits`] makes a caller of a connection's peer.
impl FromRequestParts<Shared> for Caller {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, shared: &Shared) -> Result<Self, Refusal> {
        let Some(peer) = parts.extensions.get::<Arc<PeerIdentity>>().cloned() else {
            tracing::error!("a request without the certificate that it came with");
            return Err(Refusal::NotEnrolled);
        };
        shared.pace.allow(&peer.id)?;
        let admits = Arc::clone(&shared.admits);
        let asked = Arc::clone(&peer);
        let admitted = shared.work(move || admits.admits(&asked)).await?;
        if !admitted {
            tracing::info!(peer = peer.id, "request refused: its enrolment is over");
            return Err(Refusal::NotEnrolled);
        }
        Ok(Self(peer))
    }
}
