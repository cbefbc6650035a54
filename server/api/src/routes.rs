//! Paths and methods, and the OpenAPI document that is written from them.

// utoipa's macro writes the names of parameters out.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path, Query, State};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::Response;
use axum::routing::{get, post, put};
use photonbox_vault::api::{
    Agent, AgentCarry, AgentDraw, AgentMove, AgentTurn, AgentTurned, Appliance, ApplianceState,
    Bytes, Conceal, CreateItem, CreateSet, IDEMPOTENCY_KEY, Item, ItemTicket, MAX_PAGE, OpenItem,
    Opened, PAGE, Page, Problem, Protocol, PutWrapped, Set, SetUp,
};
use serde::Deserialize;
use utoipa::{IntoParams, OpenApi};

use crate::body::{Given, Json};
use crate::caller::{Admits, Caller};
use crate::document::Names;
use crate::members;
use crate::pace::Pace;
use crate::problem::Refusal;
use crate::server::Routes;
use crate::vault::{Asking, Replay, Vault, Workers};

/// What all requests share.
#[derive(Clone)]
pub(crate) struct Shared(pub(crate) Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) vault: Arc<Vault>,
    pub(crate) admits: Arc<dyn Admits>,
    pub(crate) pace: Pace,
    pub(crate) workers: Workers,
    /// What the hub's source is, where it is not a live one.
    pub(crate) label: Label,
}

/// Says what the hub's source is, where it is not a live one.
pub type Label = Arc<dyn Fn() -> Option<&'static str> + Send + Sync>;

/// Header of every answer: `live`, `simulated`, `replayed` or `test`.
const SOURCE: HeaderName = HeaderName::from_static("photonbox-source");

impl std::ops::Deref for Shared {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl Shared {
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        self.workers.run(work).await
    }

    /// A step of the vault that waits or computes.
    pub(crate) async fn vault<T: Send + 'static>(
        &self,
        step: impl FnOnce(&Vault) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<T, Refusal> {
        let vault = Arc::clone(&self.vault);
        self.work(move || step(&vault)).await
    }
}

/// The idempotency key of a request.
pub(crate) struct Key(pub(crate) String);

impl FromRequestParts<Shared> for Key {
    type Rejection = Refusal;

    async fn from_request_parts(
        parts: &mut axum::http::request::Parts,
        _: &Shared,
    ) -> Result<Self, Refusal> {
        let key = parts.headers.get(IDEMPOTENCY_KEY);
        let key =
            key.ok_or_else(|| Refusal::Bad("the header Idempotency-Key is missing".into()))?;
        let key = key.to_str().unwrap_or_default();
        Ok(Self(key.to_owned()))
    }
}

impl From<PathRejection> for Refusal {
    fn from(rejection: PathRejection) -> Self {
        Self::Bad(rejection.body_text())
    }
}

impl From<QueryRejection> for Refusal {
    fn from(rejection: QueryRejection) -> Self {
        Self::Bad(rejection.body_text())
    }
}

/// What stands in the path.
#[derive(FromRequestParts)]
#[from_request(via(Path), rejection(Refusal))]
pub(crate) struct Named<T>(pub(crate) T);

/// What stands behind the question mark.
#[derive(FromRequestParts)]
#[from_request(via(Query), rejection(Refusal))]
struct Asked<T>(T);

/// Which part of a list.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// Begin behind this: `next` of the page before.
    after: Option<String>,
    /// The most entries.
    #[param(minimum = 1, maximum = 1000)]
    limit: Option<u32>,
}

impl PageQuery {
    fn limit(&self) -> Result<u32, Refusal> {
        match self.limit.unwrap_or(PAGE) {
            limit @ 1..=MAX_PAGE => Ok(limit),
            _ => Err(Refusal::Bad(format!("limit is not 1 to {MAX_PAGE}"))),
        }
    }
}

/// Which item of that name.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct GenerationQuery {
    /// Generation of the master key when it was created; without it, the newest.
    generation: Option<u64>,
}

pub(crate) type Answer<T> = Result<Json<T>, Refusal>;

/// Make a set.
///
/// Whoever asks is its first appliance.
#[utoipa::path(post, path = "/v1/sets", tag = "sets", request_body = CreateSet,
    params(("Idempotency-Key" = String, Header, description = "1 to 64 printable characters", min_length = 1, max_length = 64, pattern = "^[!-~]+$")),
    responses((status = 201, body = SetUp), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn create_set(
    State(shared): State<Shared>,
    caller: Caller,
    Key(key): Key,
    given: Given<CreateSet>,
) -> Result<(StatusCode, Json<SetUp>), Refusal> {
    let replay = Replay::new(&key, given.digest)?;
    let vault = Arc::clone(&shared.vault);
    let made = vault.create_set(&shared.workers, caller.id().to_owned(), replay, given.body);
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// The sets that the asking host is an appliance of.
#[utoipa::path(get, path = "/v1/sets", tag = "sets", params(PageQuery),
    responses((status = 200, body = Page<Set>), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn sets(
    State(shared): State<Shared>,
    caller: Caller,
    Asked(page): Asked<PageQuery>,
) -> Answer<Page<Set>> {
    let limit = page.limit()?;
    let list = shared.vault(move |vault| vault.sets(caller.id(), page.after.as_deref(), limit));
    list.await.map(Json)
}

/// A set.
#[utoipa::path(get, path = "/v1/sets/{set}", tag = "sets", params(("set" = String, Path)),
    responses((status = 200, body = Set), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn set(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
) -> Answer<Set> {
    let found = shared.vault(move |vault| vault.set(caller.id(), &set));
    found.await.map(Json)
}

/// End an appliance's set-up where the protocol has a second step, or its part in a rotation.
#[utoipa::path(post, path = "/v1/sets/{set}/concealment", tag = "sets", request_body = Conceal, params(("set" = String, Path)),
    responses((status = 204), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn conceal(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
    given: Given<Conceal>,
) -> Result<StatusCode, Refusal> {
    let done = shared.vault(move |vault| vault.conceal(caller.id(), &set, &given.body));
    done.await.map(|()| StatusCode::NO_CONTENT)
}

/// The appliances of a set.
#[utoipa::path(get, path = "/v1/sets/{set}/appliances", tag = "appliances", params(("set" = String, Path), PageQuery),
    responses((status = 200, body = Page<Appliance>), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn appliances(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
    Asked(page): Asked<PageQuery>,
) -> Answer<Page<Appliance>> {
    let limit = page.limit()?;
    let list = shared
        .vault(move |vault| vault.appliances(caller.id(), &set, page.after.as_deref(), limit));
    list.await.map(Json)
}

/// Revoke an appliance: it is refused from its next request on.
#[utoipa::path(post, path = "/v1/sets/{set}/appliances/{appliance}/revoke", tag = "appliances",
    params(("set" = String, Path), ("appliance" = String, Path)),
    responses((status = 200, body = Appliance), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn revoke(
    State(shared): State<Shared>,
    caller: Caller,
    Named((set, appliance)): Named<(String, String)>,
) -> Answer<Appliance> {
    let done = shared.vault(move |vault| vault.revoke(caller.id(), &set, &appliance));
    done.await.map(Json)
}

/// Make an item's key.
#[utoipa::path(post, path = "/v1/sets/{set}/items", tag = "items", request_body = CreateItem,
    params(("set" = String, Path), ("Idempotency-Key" = String, Header, description = "1 to 64 printable characters", min_length = 1, max_length = 64, pattern = "^[!-~]+$")),
    responses((status = 201, body = ItemTicket), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn create_item(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
    Key(key): Key,
    given: Given<CreateItem>,
) -> Result<(StatusCode, Json<ItemTicket>), Refusal> {
    let asking = Asking::new(caller.id(), set, &key, given.digest)?;
    let made = Arc::clone(&shared.vault).create_item(&shared.workers, asking, given.body);
    Ok((StatusCode::CREATED, Json(made.await?)))
}

/// What the making of an item was answered.
///
/// For an appliance that lost the answer, and with it what it had asked for.
#[utoipa::path(get, path = "/v1/sets/{set}/answers/{key}", tag = "items",
    params(("set" = String, Path), ("key" = String, Path, description = "The idempotency key")),
    responses((status = 200, body = ItemTicket), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn item_answer(
    State(shared): State<Shared>,
    caller: Caller,
    Named((set, key)): Named<(String, String)>,
) -> Answer<ItemTicket> {
    let found = shared.vault(move |vault| vault.item_answer(caller.id(), &set, &key));
    found.await.map(Json)
}

/// The items of a set.
#[utoipa::path(get, path = "/v1/sets/{set}/items", tag = "items", params(("set" = String, Path), PageQuery),
    responses((status = 200, body = Page<Item>), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn items(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
    Asked(page): Asked<PageQuery>,
) -> Answer<Page<Item>> {
    let limit = page.limit()?;
    let list =
        shared.vault(move |vault| vault.items(caller.id(), &set, page.after.as_deref(), limit));
    list.await.map(Json)
}

/// An item, with a fresh ticket.
#[utoipa::path(get, path = "/v1/sets/{set}/items/{item}", tag = "items",
    params(("set" = String, Path), ("item" = String, Path), GenerationQuery),
    responses((status = 200, body = ItemTicket), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn item(
    State(shared): State<Shared>,
    caller: Caller,
    Named((set, item)): Named<(String, String)>,
    Asked(query): Asked<GenerationQuery>,
) -> Answer<ItemTicket> {
    let found = shared.vault(move |vault| vault.item(caller.id(), &set, &item, query.generation));
    found.await.map(Json)
}

/// Delete an item: its key is gone for ever.
#[utoipa::path(delete, path = "/v1/sets/{set}/items/{item}", tag = "items",
    params(("set" = String, Path), ("item" = String, Path), GenerationQuery),
    responses((status = 204), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn delete_item(
    State(shared): State<Shared>,
    caller: Caller,
    Named((set, item)): Named<(String, String)>,
    Asked(query): Asked<GenerationQuery>,
) -> Result<StatusCode, Refusal> {
    let done =
        shared.vault(move |vault| vault.delete_item(caller.id(), &set, &item, query.generation));
    done.await.map(|()| StatusCode::NO_CONTENT)
}

/// Get what an item's key is made of.
///
/// The ticket is checked before anything is computed.
#[utoipa::path(post, path = "/v1/sets/{set}/items/{item}/open", tag = "items", request_body = OpenItem,
    params(("set" = String, Path), ("item" = String, Path)),
    responses((status = 200, body = Opened), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn open_item(
    State(shared): State<Shared>,
    caller: Caller,
    Named((set, item)): Named<(String, String)>,
    given: Given<OpenItem>,
) -> Answer<Opened> {
    let vault = Arc::clone(&shared.vault);
    let caller = caller.id().to_owned();
    let opened = vault.open_item(&shared.workers, caller, set, item, given.body);
    opened.await.map(Json)
}

/// Add a user's own key to an item, wrapped, once.
#[utoipa::path(put, path = "/v1/sets/{set}/items/{item}/wrapped", tag = "items", request_body = PutWrapped,
    params(("set" = String, Path), ("item" = String, Path)),
    responses((status = 204), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
async fn put_wrapped(
    State(shared): State<Shared>,
    caller: Caller,
    Named((set, item)): Named<(String, String)>,
    given: Given<PutWrapped>,
) -> Result<StatusCode, Refusal> {
    let done = shared.vault(move |vault| vault.put_wrapped(caller.id(), &set, &item, &given.body));
    done.await.map(|()| StatusCode::NO_CONTENT)
}

/// This document.
#[utoipa::path(get, path = "/v1/openapi.json", tag = "about", responses((status = 200)))]
async fn document(_: Caller) -> Json<utoipa::openapi::OpenApi> {
    Json(openapi())
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Photonbox",
        description = "The hub's HTTP interface, over mutual TLS: certificates of enrolled hosts"
    ),
    paths(
        create_set,
        sets,
        set,
        conceal,
        appliances,
        revoke,
        create_item,
        item_answer,
        items,
        item,
        delete_item,
        open_item,
        put_wrapped,
        members::vouch,
        members::accept,
        members::rotate,
        members::notes,
        members::renew,
        document
    ),
    modifiers(&Names),
    components(schemas(
        Agent,
        AgentCarry,
        AgentDraw,
        AgentMove,
        AgentTurn,
        AgentTurned,
        ApplianceState,
        Bytes,
        Protocol,
        Problem
    ))
)]
struct Document;

/// The OpenAPI document. `docs/openapi.json` is this.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    Document::openapi()
}

/// What the vault's paths are made of.
pub struct VaultRoutes {
    /// What answers.
    pub vault: Arc<Vault>,
    /// Who may still come.
    pub admits: Arc<dyn Admits>,
    /// What the hub's source is, where it is not a live one.
    pub label: Label,
    /// Requests of one host a second; none: as many as it likes.
    pub requests_per_second: Option<u32>,
}

/// The vault's paths, for enrolled hosts.
#[must_use]
pub fn vault_routes(parts: VaultRoutes) -> Routes {
    Routes(router(Shared(Arc::new(Inner {
        vault: parts.vault,
        admits: parts.admits,
        pace: Pace::new(parts.requests_per_second),
        workers: Workers::new(),
        label: parts.label,
    }))))
}

/// All of it.
pub(crate) fn router(shared: Shared) -> Router {
    let label = Arc::clone(&shared.label);
    Router::new()
        .route("/v1/openapi.json", get(document))
        .route("/v1/sets", get(sets).post(create_set))
        .route("/v1/sets/{set}", get(set))
        .route("/v1/sets/{set}/concealment", post(conceal))
        .route("/v1/sets/{set}/appliances", get(appliances))
        .route("/v1/sets/{set}/appliances/{appliance}/revoke", post(revoke))
        .route("/v1/sets/{set}/answers/{key}", get(item_answer))
        .route("/v1/sets/{set}/items", get(items).post(create_item))
        .route("/v1/sets/{set}/items/{item}", get(item).delete(delete_item))
        .route("/v1/sets/{set}/items/{item}/open", post(open_item))
        .route("/v1/sets/{set}/items/{item}/wrapped", put(put_wrapped))
        .merge(members::routes())
        .fallback(|| async { Refusal::NoPath })
        .method_not_allowed_fallback(|| async { Refusal::NoMethod })
        .layer(axum::middleware::map_response(
            move |mut response: Response<Body>| {
                let source = HeaderValue::from_static(label().unwrap_or("live"));
                response.headers_mut().insert(SOURCE, source);
                async { response }
            },
        ))
        .with_state(shared)
}
