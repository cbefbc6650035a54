//! Why a request is refused, as an answer (RFC 9457). Each has a word that stays, a status, what failed and what to do.

use std::time::Duration;

use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use photonbox_vault::api::Problem;

use crate::body::Json;

/// Media type of a refusal.
const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// A refused request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The certificate is of the CA, but its enrolment was revoked, has expired, or is unknown here.
    #[error("this host is not enrolled here any more")]
    NotEnrolled,
    /// Not readable, or with a value that cannot be.
    #[error("{0}")]
    Bad(String),
    /// Larger than any right request.
    #[error("the body is longer than {0} bytes")]
    TooLong(usize),
    /// Not JSON.
    #[error("the body is not application/json")]
    NotJson,
    /// No such path.
    #[error("there is nothing at this path")]
    NoPath,
    /// The path has no such method.
    #[error("this path has no such method")]
    NoMethod,
    /// No such set, or the host is none of its appliances: who is no member doesn't learn which.
    #[error("no set `{0}` with this host among its appliances")]
    UnknownSet(String),
    /// No such item.
    #[error("no item `{0}` in this set and generation")]
    UnknownItem(String),
    /// Nothing was asked under this key, or it was forgotten.
    #[error("no item was made under this idempotency key")]
    UnknownAnswer,
    /// No such appliance.
    #[error("no appliance `{0}` in this set")]
    UnknownAppliance(String),
    /// The name is taken.
    #[error("a set `{0}` is there already")]
    SetExists(String),
    /// It has enough of them.
    #[error("this host is in {0} sets already, which is the most")]
    TooManySets(u32),
    /// The name is taken.
    #[error("an item `{0}` is there already")]
    ItemExists(String),
    /// It has another wrapped key already.
    #[error("item `{0}` carries an imported key already")]
    Imported(String),
    /// The appliance is revoked, or its concealment is not set up.
    #[error("this appliance is {0} in this set")]
    NotTrusted(&'static str),
    /// It would leave nobody who could open the items.
    #[error("`{0}` is the last trusted appliance of this set")]
    LastAppliance(String),
    /// One answer for all that can be wrong with a ticket.
    #[error("the ticket does not open this item for this appliance")]
    TicketRefused,
    /// The key of another request.
    #[error("this idempotency key was used for another request")]
    KeyReused,
    /// The master key was rotated while the request was under way.
    #[error("the set is at generation {0} by now")]
    Generation(u64),
    /// Somebody came or was revoked while a rotation was made.
    #[error("the set's appliances are others by now")]
    Membership,
    /// Its share is in clear, and of a generation before the appliance came.
    #[error("item `{0}` is of a generation in which this appliance was not in the set")]
    BeforeItCame(String),
    /// One answer for all that can be wrong with a voucher.
    #[error("the voucher lets nobody into this set: {0}")]
    VoucherRefused(String),
    /// It is in the set already.
    #[error("`{0}` is {1} in this set already")]
    Member(String, &'static str),
    /// The protocol has no such step.
    #[error("{0}")]
    WrongStep(&'static str),
    /// An agent is not there, or refused.
    #[error("agent `{agent}` did not do its part: {reason}")]
    Agent {
        /// Which.
        agent: String,
        /// Why, in one line.
        reason: String,
    },
    /// To an agent: it has nothing for this appliance.
    #[error("this agent has nothing for `{0}`")]
    NothingDrawn(String),
    /// To an agent: it has something else under the same name, and that is in use.
    #[error("this agent's part for `{0}` is in use")]
    InUse(String),
    /// Too many requests.
    #[error("too many requests of this host")]
    TooMany {
        /// When there is room again.
        after: Duration,
    },
    /// The request or its answer took too long.
    #[error("the request took too long")]
    TooSlow,
    /// Custody has locked the vault.
    #[error("the vault is locked")]
    Locked,
    /// The generator gives nothing.
    #[error("the hub has no entropy for this")]
    NoEntropy,
    /// The database is away, or full.
    #[error("the hub's database failed")]
    Database,
    /// Nobody knows whether it was done.
    #[error("the hub's database went away before it said whether this was done")]
    Unacknowledged,
    /// The hub ends.
    #[error("the hub is being stopped")]
    Stopping,
    /// What should not be.
    #[error("the hub failed")]
    Internal,
}

impl Refusal {
    fn word(&self) -> (&'static str, StatusCode) {
        use StatusCode as S;
        match self {
            Self::NotEnrolled => ("not-enrolled", S::FORBIDDEN),
            Self::Bad(_) => ("bad-request", S::BAD_REQUEST),
            Self::TooLong(_) => ("too-long", S::PAYLOAD_TOO_LARGE),
            Self::NotJson => ("not-json", S::UNSUPPORTED_MEDIA_TYPE),
            Self::NoPath => ("no-path", S::NOT_FOUND),
            Self::NoMethod => ("no-method", S::METHOD_NOT_ALLOWED),
            Self::UnknownSet(_) => ("unknown-set", S::NOT_FOUND),
            Self::UnknownItem(_) => ("unknown-item", S::NOT_FOUND),
            Self::UnknownAnswer => ("unknown-answer", S::NOT_FOUND),
            Self::UnknownAppliance(_) => ("unknown-appliance", S::NOT_FOUND),
            Self::SetExists(_) => ("set-exists", S::CONFLICT),
            Self::TooManySets(_) => ("too-many-sets", S::CONFLICT),
            Self::ItemExists(_) => ("item-exists", S::CONFLICT),
            Self::Imported(_) => ("imported", S::CONFLICT),
            Self::NotTrusted(_) => ("not-trusted", S::FORBIDDEN),
            Self::LastAppliance(_) => ("last-appliance", S::CONFLICT),
            Self::TicketRefused => ("ticket-refused", S::FORBIDDEN),
            Self::KeyReused => ("key-reused", S::UNPROCESSABLE_ENTITY),
            Self::Generation(_) => ("generation", S::CONFLICT),
            Self::Membership => ("membership", S::CONFLICT),
            Self::BeforeItCame(_) => ("before-it-came", S::CONFLICT),
            Self::VoucherRefused(_) => ("voucher-refused", S::FORBIDDEN),
            Self::Member(..) => ("member", S::CONFLICT),
            Self::WrongStep(_) => ("wrong-step", S::CONFLICT),
            Self::Agent { .. } => ("agent", S::BAD_GATEWAY),
            Self::NothingDrawn(_) => ("nothing-drawn", S::NOT_FOUND),
            Self::InUse(_) => ("in-use", S::CONFLICT),
            Self::TooMany { .. } => ("too-many", S::TOO_MANY_REQUESTS),
            Self::TooSlow => ("too-slow", S::REQUEST_TIMEOUT),
            Self::Locked => ("locked", S::LOCKED),
            Self::NoEntropy => ("no-entropy", S::SERVICE_UNAVAILABLE),
            Self::Database => ("database", S::SERVICE_UNAVAILABLE),
            Self::Unacknowledged => ("unacknowledged", S::SERVICE_UNAVAILABLE),
            Self::Stopping => ("stopping", S::SERVICE_UNAVAILABLE),
            Self::Internal => ("internal", S::INTERNAL_SERVER_ERROR),
        }
    }

    fn help(&self) -> &'static str {
        match self {
            Self::NotEnrolled => "enrol it again with a fresh token (photonbox enroll)",
            Self::Bad(_) | Self::NotJson | Self::NoPath | Self::NoMethod => {
                "see GET /v1/openapi.json for what there is"
            }
            Self::TooLong(_) => {
                "import keys of at most 65536 bytes, and split a set that has too many appliances"
            }
            Self::UnknownSet(_) => {
                "make the set first, or have a trusted appliance vouch for this one"
            }
            Self::UnknownItem(_) | Self::UnknownAnswer => "look at the set's list of items",
            Self::UnknownAppliance(_) => "look at the set's list of appliances",
            Self::SetExists(_) | Self::ItemExists(_) => "choose another name",
            Self::TooManySets(_) => "use the sets that are there; one tenant needs one",
            Self::Imported(_) => "make another item for another key",
            Self::NotTrusted("pending") => "set its concealment up first, or follow the rotation",
            Self::NotTrusted("vouched") => "accept the voucher first",
            Self::NotTrusted(_) => {
                "enrol it under another name, and have a trusted appliance of the set vouch for that"
            }
            Self::LastAppliance(_) => {
                "vouch for another appliance first; without one nobody could open the set's items"
            }
            Self::TicketRefused => "ask for the item anew (GET), which gives a fresh ticket",
            Self::KeyReused => "use a fresh idempotency key for each new request",
            Self::Generation(_) => "take part in the rotation, then ask again",
            Self::Membership => "look at the set's list of appliances, then rotate again",
            Self::BeforeItCame(_) => {
                "make the item anew, which gives it a key of the present generation"
            }
            Self::VoucherRefused(_) => "have a trusted appliance of the set vouch anew",
            Self::Member(..) => "who was revoked comes back under another name only",
            Self::WrongStep(_) => "follow the steps of the set's protocol (docs/vault.md)",
            Self::Agent { .. } => {
                "see that the agent runs and that the hub reaches it; then ask again"
            }
            Self::NothingDrawn(_) => "restore the agent's state from a backup",
            Self::InUse(_) => "give the set another name",
            Self::TooMany { .. } => "ask again after the time in Retry-After",
            Self::TooSlow => "ask again with the same idempotency key",
            Self::Locked => "have the key holders unlock the hub",
            Self::NoEntropy => "look at `photonbox status` on the hub, then ask again",
            Self::Database => "see that the hub's database runs and has room, then ask again",
            Self::Unacknowledged => "ask again with the same idempotency key",
            Self::Stopping => "ask again, or ask another hub",
            Self::Internal => "look at the hub's log",
        }
    }

    /// The body of the answer.
    #[must_use]
    pub fn problem(&self) -> Problem {
        let (word, status) = self.word();
        Problem {
            title: word.into(),
            status: status.as_u16(),
            detail: self.to_string(),
            help: self.help().into(),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (_, status) = self.word();
        let mut response = (status, Json(self.problem())).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, PROBLEM_JSON);
        let after = match &self {
            Self::TooMany { after } => after.as_secs().saturating_add(1),
            Self::NoEntropy | Self::Database | Self::Unacknowledged | Self::Stopping => 1,
            _ => return response,
        };
        headers.insert(RETRY_AFTER, HeaderValue::from(after));
        response
    }
}

impl From<photonbox_store::Error> for Refusal {
    fn from(error: photonbox_store::Error) -> Self {
        tracing::error!(%error, "the store failed");
        match error {
            photonbox_store::Error::Unsure { .. } => Self::Unacknowledged,
            photonbox_store::Error::Corrupt { .. } | photonbox_store::Error::RootKey(_) => {
                Self::Internal
            }
            photonbox_store::Error::SecretsLocked => Self::Locked,
            _ => Self::Database,
        }
    }
}

impl From<photonbox_vault::group::NoRandom> for Refusal {
    fn from(_: photonbox_vault::group::NoRandom) -> Self {
        Self::NoEntropy
    }
}

impl From<photonbox_vault::protocol::Received> for Refusal {
    fn from(error: photonbox_vault::protocol::Received) -> Self {
        Self::Bad(error.to_string())
    }
}

impl From<photonbox_vault::protocol::Nothing> for Refusal {
    fn from(error: photonbox_vault::protocol::Nothing) -> Self {
        Self::Bad(error.to_string())
    }
}

impl From<photonbox_vault::protocol::Stopped> for Refusal {
    fn from(error: photonbox_vault::protocol::Stopped) -> Self {
        match error {
            photonbox_vault::protocol::Stopped::Nothing(nothing) => nothing.into(),
            photonbox_vault::protocol::Stopped::NoRandom(nothing) => nothing.into(),
        }
    }
}
