//! End users on their own paths (API.md 7.4).

use axum::{
    extract::{Path, State as Extract},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::Response,
};
use bytes::Bytes;

use super::{
    body::{Fields, required},
    caller::Caller,
    errors::{Refusal, answer},
    field::Field,
    inventory::ActivityClass,
    params::{Params, path_id},
    people::{User, UserKind},
    state::Shared,
    tenant::Tenant,
    users::{JSON, find, refuse_scim, refuse_taken},
    views,
};

const KIND: UserKind = UserKind::EndUser;
const CREATE: [&str; 6] = ["firstName", "lastName", "email", "phone", "organizationId", "fullPortalAccess"];
const UPDATE: [&str; 4] = ["firstName", "lastName", "organizationId", "fullPortalAccess"];

pub(super) async fn list(Extract(state): Extract<Shared>, _caller: Caller) -> Response {
    let body = state.listing("end-users", |tenant| {
        let owned = views::Owned::of(&tenant.devices);
        views::list(
            tenant.users.iter().filter(|user| user.kind == KIND).map(|user| views::end_user(user, &owned)),
        )
    });
    answer(200, JSON, body)
}

pub(super) async fn read(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    state.read(|tenant| Ok(show(tenant, find(tenant, id, KIND)?)))
}

fn show(tenant: &Tenant, user: &User) -> Response {
    let owned = views::Owned::of(&tenant.devices);
    answer(200, JSON, views::one(&views::end_user(user, &owned)))
}

fn check_organization(tenant: &Tenant, id: i32) -> Result<(), Refusal> {
    if tenant.organizations.iter().any(|organization| organization.id == id) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("Organization {id} does not exist")))
}

pub(super) async fn create(
    Extract(state): Extract<Shared>,
    caller: Caller,
    method: Method,
    uri: Uri,
    params: Params,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let invite = params.flag("sendInvitation")?;
    let fields = Fields::read(&state, &headers, &body, &CREATE)?;
    let first = required(fields.name("firstName")?, "firstName")?;
    let last = required(fields.name("lastName")?, "lastName")?;
    let email = fields.email()?;
    let organization = required(fields.number("organizationId")?, "organizationId")?;
    let phone = fields.text("phone")?;
    let portal = fields.flag("fullPortalAccess")?;
    let now = state.now();
    state.change(|tenant| {
        refuse_taken(&state, tenant, &email, &method, &uri)?;
        check_organization(tenant, organization)?;
        let id = tenant.users.fresh_id();
        let mut user = User::new(KIND, id, &first, &last, &email);
        user.phone = Field::from(phone);
        user.organization_id = organization.into();
        user.full_portal_access = portal.unwrap_or_default().into();
        user.invitation_status = "PENDING".into();
        user.invitation_sent = invite;
        let response = show(tenant, &user);
        let message = format!("End user {} created", user.full_name());
        tenant.users.insert(user);
        state.made(id);
        tenant.note(now, ActivityClass::User, "END_USER_CREATED_API", &message).user_id = caller.actor();
        Ok(response)
    })
}

pub(super) async fn update(
    Extract(state): Extract<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    let fields = Fields::read(&state, &headers, &body, &UPDATE)?;
    let (first, last) = (fields.name("firstName")?, fields.name("lastName")?);
    let organization = fields.number("organizationId")?;
    let portal = fields.flag("fullPortalAccess")?;
    let now = state.now();
    state.change(|tenant| {
        refuse_scim(&state, find(tenant, id, KIND)?)?;
        organization.map_or(Ok(()), |organization| check_organization(tenant, organization))?;
        let user = tenant.users.get_mut(id).ok_or(Refusal::NotFound)?;
        user.rename(first, last);
        user.organization_id = organization.map_or(user.organization_id, Field::Value);
        user.full_portal_access = portal.map_or(user.full_portal_access, Field::Value);
        let message = format!("End user {} updated", user.full_name());
        tenant.note(now, ActivityClass::User, "END_USER_UPDATED_API", &message).user_id = caller.actor();
        Ok(show(tenant, find(tenant, id, KIND)?))
    })
}

pub(super) async fn remove(
    Extract(state): Extract<Shared>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let id = path_id(&id)?;
    let now = state.now();
    state.change(|tenant| {
        let user = find(tenant, id, KIND)?;
        refuse_scim(&state, user)?;
        let message = format!("End user {} deleted", user.full_name());
        tenant.remove_user(id);
        tenant.note(now, ActivityClass::User, "END_USER_DELETED_API", &message).user_id = caller.actor();
        Ok(StatusCode::NO_CONTENT)
    })
}
