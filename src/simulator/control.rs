//! The simulator's own paths, for people who run it alone: faults, the log, tokens. Served on request only.

use axum::{
    Json,
    extract::State as Extract,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Deserialize;
use serde_json::json;

use super::{errors::answer, faults::Fault, state::Shared, users::JSON, views};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct NewFault {
    method: Option<String>,
    path: String,
    fault: Fault,
    times: Option<u64>,
    after: Option<u64>,
}

pub(super) async fn faults(Extract(state): Extract<Shared>) -> Response {
    answer(200, JSON, views::list(state.faults.entries()))
}

pub(super) async fn add_fault(Extract(state): Extract<Shared>, Json(new): Json<NewFault>) -> Response {
    let rule = state.faults.on(new.method.as_deref().unwrap_or("*"), &new.path, new.fault);
    let rule = rule.after(new.after.unwrap_or_default());
    if let Some(times) = new.times {
        rule.times(times);
    }
    let id = state.faults.entries().last().map(|entry| entry.id);
    (StatusCode::CREATED, Json(json!({"id": id}))).into_response()
}

pub(super) async fn clear_faults(Extract(state): Extract<Shared>) -> StatusCode {
    state.faults.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn release(Extract(state): Extract<Shared>) -> StatusCode {
    state.faults.release();
    StatusCode::NO_CONTENT
}

pub(super) async fn requests(Extract(state): Extract<Shared>) -> Response {
    answer(200, JSON, views::list(state.log.all()))
}

pub(super) async fn clear_requests(Extract(state): Extract<Shared>) -> StatusCode {
    state.log.clear();
    StatusCode::NO_CONTENT
}

pub(super) async fn forbidden(Extract(state): Extract<Shared>) -> Response {
    answer(200, JSON, views::list(state.forbidden()))
}

pub(super) async fn clear_forbidden(Extract(state): Extract<Shared>) -> StatusCode {
    state.clear_forbidden();
    StatusCode::NO_CONTENT
}

pub(super) async fn revoke_tokens(Extract(state): Extract<Shared>) -> StatusCode {
    state.tokens(|tokens| tokens.revoke_all_access());
    StatusCode::NO_CONTENT
}
