//! Devices, their owners, and device roles (API.md 9.2).

use axum::{
    extract::{Path, State as Extract},
    http::StatusCode,
    response::Response,
};
use serde::Serialize;
use serde_json::Value;

use super::{
    caller::Caller,
    errors::{Refusal, answer},
    field::Field,
    filter::Filter,
    inventory::Device,
    paging::page,
    params::{Params, path_id},
    state::{Shared, State},
    users::JSON,
    views,
};

#[derive(Serialize)]
struct Detailed<'a> {
    #[serde(flatten)]
    device: &'a Device,
    #[serde(flatten)]
    detail: &'a std::collections::BTreeMap<String, Value>,
}

fn detailed(device: &Device) -> Detailed<'_> {
    Detailed { device, detail: &device.detail }
}

pub(super) async fn list(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    params: Params,
) -> Result<Response, Refusal> {
    pages(&state, &params, None, |page| views::list(page))
}

pub(super) async fn list_detailed(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    params: Params,
) -> Result<Response, Refusal> {
    pages(&state, &params, None, |page| views::list(page.into_iter().map(detailed)))
}

pub(super) async fn of_organization(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    if !state.read(|tenant| tenant.organizations.iter().any(|organization| organization.id == id)) {
        return Err(Refusal::NotFound);
    }
    pages(&state, &params, Some(id), |page| views::list(page))
}

fn pages(
    state: &State,
    params: &Params,
    organization: Option<i32>,
    write: impl FnOnce(Vec<&Device>) -> Vec<u8>,
) -> Result<Response, Refusal> {
    let filter = Filter::parse(params.text("df").unwrap_or_default())?;
    state.read(|tenant| {
        let wanted = tenant.devices.iter().filter(|device| {
            organization.is_none_or(|id| device.organization_id.value() == Some(&id)) && filter.lets(device)
        });
        let page = page(state.behaviour.paging, params, wanted, |device| device.id)?;
        Ok(answer(200, JSON, write(page)))
    })
}

pub(super) async fn read(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    state.read(|tenant| {
        let device = tenant.devices.iter().find(|device| device.id == id).ok_or(Refusal::NotFound)?;
        Ok(answer(200, JSON, views::one(&detailed(device))))
    })
}

pub(super) async fn assign_owner(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path((id, uid)): Path<(String, String)>,
) -> Result<StatusCode, Refusal> {
    let id = path_id(&id)?;
    state.change(|tenant| {
        if !tenant.users.iter().any(|user| user.uid == uid) {
            return Err(Refusal::NotFound);
        }
        let device = tenant.devices.iter_mut().find(|device| device.id == id).ok_or(Refusal::NotFound)?;
        device.assigned_owner_uid = uid.into();
        Ok(StatusCode::NO_CONTENT)
    })
}

pub(super) async fn clear_owner(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let id = path_id(&id)?;
    state.change(|tenant| {
        let device = tenant.devices.iter_mut().find(|device| device.id == id).ok_or(Refusal::NotFound)?;
        device.assigned_owner_uid = Field::Absent;
        Ok(StatusCode::NO_CONTENT)
    })
}

/// `GET /v2/roles` lists roles of devices; a client that takes them for user roles is wrong.
pub(super) async fn roles(Extract(state): Extract<Shared>, _caller: Caller) -> Response {
    answer(200, JSON, state.read(|tenant| views::list(&tenant.device_roles)))
}
