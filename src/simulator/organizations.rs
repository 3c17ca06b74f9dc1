//! Organizations and their locations (API.md 9.1).

use axum::{
    extract::{Path, State as Extract},
    response::Response,
};
use serde::Serialize;
use serde_json::{Value, json};

use super::{
    caller::Caller,
    errors::{Refusal, answer},
    inventory::{Location, Organization},
    paging::page,
    params::{Params, path_id},
    state::Shared,
    tenant::Tenant,
    users::JSON,
    views,
};

#[derive(Serialize)]
struct Detailed<'a> {
    #[serde(flatten)]
    organization: &'a Organization,
    locations: Vec<&'a Location>,
    policies: Vec<Value>,
    settings: Value,
}

fn detailed<'a>(tenant: &'a Tenant, organization: &'a Organization) -> Detailed<'a> {
    Detailed {
        organization,
        locations: tenant
            .locations
            .iter()
            .filter(|location| location.organization_id == organization.id)
            .collect(),
        policies: vec![json!({"nodeRoleId": 1001, "policyId": 57})],
        settings: json!({"trayicon": {"enabled": true}, "splashtop": {"enabled": false}}),
    }
}

pub(super) async fn list(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    params: Params,
) -> Result<Response, Refusal> {
    state.read(|tenant| {
        let page = page(state.behaviour.paging, &params, tenant.organizations.iter(), |item| item.id)?;
        Ok(answer(200, JSON, views::list(page)))
    })
}

pub(super) async fn list_detailed(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    params: Params,
) -> Result<Response, Refusal> {
    state.read(|tenant| {
        let page = page(state.behaviour.paging, &params, tenant.organizations.iter(), |item| item.id)?;
        Ok(answer(200, JSON, views::list(page.into_iter().map(|item| detailed(tenant, item)))))
    })
}

pub(super) async fn read(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    state.read(|tenant| {
        let organization = tenant.organizations.iter().find(|item| item.id == id).ok_or(Refusal::NotFound)?;
        Ok(answer(200, JSON, views::one(&detailed(tenant, organization))))
    })
}

pub(super) async fn locations_of(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    state.read(|tenant| {
        if !tenant.organizations.iter().any(|item| item.id == id) {
            return Err(Refusal::NotFound);
        }
        let own = tenant.locations.iter().filter(|location| location.organization_id == id);
        Ok(answer(200, JSON, views::list(own)))
    })
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Flat<'a> {
    #[serde(flatten)]
    location: &'a Location,
    organization_id: i32,
}

pub(super) async fn locations(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    params: Params,
) -> Result<Response, Refusal> {
    state.read(|tenant| {
        let page = page(state.behaviour.paging, &params, tenant.locations.iter(), |item| item.id)?;
        let flat =
            page.into_iter().map(|location| Flat { location, organization_id: location.organization_id });
        Ok(answer(200, JSON, views::list(flat)))
    })
}
