//! Paths by which a set gets another appliance, or another master key.

// utoipa's macro writes the names of parameters out.
#![allow(unused_qualifications)]

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::{get, post};
use photonbox_vault::api::{
    Accept, Appliance, ItemTicket, MAX_ROTATION, Notes, Problem, Renew, Rotate, Rotated, SetUp,
    Vouch,
};

use crate::body::{Given, Json};
use crate::caller::Caller;
use crate::problem::Refusal;
use crate::routes::{Answer, Key, Named, Shared};
use crate::vault::{Asking, Replay};

/// These paths.
pub(crate) fn routes() -> Router<Shared> {
    Router::new()
        .route("/v1/sets/{set}/vouchers", post(vouch))
        .route("/v1/sets/{set}/vouchers/accept", post(accept))
        .route("/v1/sets/{set}/rotations", post(rotate))
        .route("/v1/sets/{set}/notes", get(notes))
        .route("/v1/sets/{set}/items/{item}/ticket", post(renew))
}

/// Vouch for another host, which may then accept.
#[utoipa::path(post, path = "/v1/sets/{set}/vouchers", tag = "appliances", request_body = Vouch,
    params(("set" = String, Path), ("Idempotency-Key" = String, Header, description = "1 to 64 printable characters", min_length = 1, max_length = 64, pattern = "^[!-~]+$")),
    responses((status = 201, body = Appliance), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn vouch(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
    Key(key): Key,
    given: Given<Vouch>,
) -> Result<(StatusCode, Json<Appliance>), Refusal> {
    let asking = Asking::new(caller.id(), set, &key, given.digest)?;
    let vouched = Arc::clone(&shared.vault).vouch(&shared.workers, asking, given.body);
    Ok((StatusCode::CREATED, Json(vouched.await?)))
}

/// Accept a voucher: the asking host becomes an appliance of the set.
#[utoipa::path(post, path = "/v1/sets/{set}/vouchers/accept", tag = "appliances", request_body = Accept,
    params(("set" = String, Path), ("Idempotency-Key" = String, Header, description = "1 to 64 printable characters", min_length = 1, max_length = 64, pattern = "^[!-~]+$")),
    responses((status = 201, body = SetUp), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn accept(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
    Key(key): Key,
    given: Given<Accept>,
) -> Result<(StatusCode, Json<SetUp>), Refusal> {
    let replay = Replay::new(&key, given.digest)?;
    let accepted = shared.vault(move |vault| vault.accept(caller.id(), &set, &replay, &given.body));
    Ok((StatusCode::CREATED, Json(accepted.await?)))
}

/// Rotate the set's master key.
#[utoipa::path(post, path = "/v1/sets/{set}/rotations", tag = "sets", request_body = Rotate,
    params(("set" = String, Path), ("Idempotency-Key" = String, Header, description = "1 to 64 printable characters", min_length = 1, max_length = 64, pattern = "^[!-~]+$")),
    responses((status = 201, body = Rotated), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn rotate(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
    Key(key): Key,
    given: Given<Rotate, MAX_ROTATION>,
) -> Result<(StatusCode, Json<Rotated>), Refusal> {
    let asking = Asking::new(caller.id(), set, &key, given.digest)?;
    let rotated = Arc::clone(&shared.vault).rotate(&shared.workers, asking, given.body);
    Ok((StatusCode::CREATED, Json(rotated.await?)))
}

/// What other appliances left for the asking one.
#[utoipa::path(get, path = "/v1/sets/{set}/notes", tag = "appliances", params(("set" = String, Path)),
    responses((status = 200, body = Notes), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn notes(
    State(shared): State<Shared>,
    caller: Caller,
    Named(set): Named<String>,
) -> Answer<Notes> {
    let notes = shared.vault(move |vault| vault.notes(caller.id(), &set));
    notes.await.map(Json)
}

/// Bring a share that the appliance keeps up to the present generation, with a fresh ticket.
#[utoipa::path(post, path = "/v1/sets/{set}/items/{item}/ticket", tag = "items", request_body = Renew,
    params(("set" = String, Path), ("item" = String, Path)),
    responses((status = 200, body = ItemTicket), (status = "default", description = "Refused", body = Problem, content_type = "application/problem+json")))]
pub(crate) async fn renew(
    State(shared): State<Shared>,
    caller: Caller,
    Named((set, item)): Named<(String, String)>,
    given: Given<Renew>,
) -> Answer<ItemTicket> {
    let renewed = shared.vault(move |vault| vault.renew(caller.id(), &set, &item, &given.body));
    renewed.await.map(Json)
}
