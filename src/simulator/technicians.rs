//! Technicians on their own paths (API.md 7.3).

use axum::{
    extract::{Path, State as Extract},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::{
    body::{Fields, required},
    caller::Caller,
    errors::{Refusal, answer},
    field::Field,
    forbidden::Rule,
    inventory::ActivityClass,
    params::path_id,
    people::{User, UserKind},
    state::Shared,
    tenant::Tenant,
    users::{JSON, find, refuse_scim, refuse_taken},
    views,
};

const KIND: UserKind = UserKind::Technician;

pub(super) async fn list(Extract(state): Extract<Shared>, _caller: Caller) -> Response {
    let body = state.listing("technicians", |tenant| {
        let owned = views::Owned::of(&tenant.devices);
        views::list(
            tenant.users.iter().filter(|user| user.kind == KIND).map(|user| views::technician(user, &owned)),
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
    answer(200, JSON, views::one(&views::technician(user, &owned)))
}

pub(super) async fn create(
    Extract(state): Extract<Shared>,
    caller: Caller,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    caller.require_administrator(&state)?;
    let fields = Fields::read(&state, &headers, &body, &["firstName", "lastName", "email", "phone"])?;
    let first = required(fields.name("firstName")?, "firstName")?;
    let last = required(fields.name("lastName")?, "lastName")?;
    let email = fields.email()?;
    let phone = fields.text("phone")?;
    let now = state.now();
    state.change(|tenant| {
        refuse_taken(&state, tenant, &email, &method, &uri)?;
        let id = tenant.users.fresh_id();
        let mut user = User::new(KIND, id, &first, &last, &email);
        user.phone = Field::from(phone);
        user.invitation_status = "PENDING".into();
        let response = show(tenant, &user);
        let message = format!("User {} created", user.full_name());
        tenant.users.insert(user);
        state.made(id);
        tenant.note(now, ActivityClass::User, "APP_USER_CREATED", &message).user_id = caller.actor();
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
    caller.require_administrator(&state)?;
    let id = path_id(&id)?;
    let fields = Fields::read(&state, &headers, &body, &["firstName", "lastName"])?;
    let (first, last) = (fields.name("firstName")?, fields.name("lastName")?);
    let now = state.now();
    state.change(|tenant| {
        refuse_scim(&state, find(tenant, id, KIND)?)?;
        let user = tenant.users.get_mut(id).ok_or(Refusal::NotFound)?;
        user.rename(first, last);
        let message = format!("User {} updated", user.full_name());
        tenant.note(now, ActivityClass::User, "APP_USER_UPDATED", &message).user_id = caller.actor();
        // The answer to this call has no documented body.
        Ok(StatusCode::OK.into_response())
    })
}

pub(super) async fn remove(
    Extract(state): Extract<Shared>,
    caller: Caller,
    method: Method,
    uri: Uri,
    Path(id): Path<String>,
) -> Result<StatusCode, Refusal> {
    let id = path_id(&id)?;
    if state.read(|tenant| tenant.users.get(id).is_some_and(|user| user.administrator.is_true())) {
        state.forbid(Rule::AdministratorDeletion, &method, uri.path(), "the user is a System Administrator");
    }
    caller.require_administrator(&state)?;
    let now = state.now();
    state.change(|tenant| {
        let user = find(tenant, id, KIND)?;
        refuse_scim(&state, user)?;
        if caller.user() == Some(id) {
            return Err(Refusal::invalid("Users cannot delete themselves"));
        }
        let others = tenant.users.iter().any(|other| other.id != id && other.administrator.is_true());
        if user.administrator.is_true() && !others {
            return Err(Refusal::invalid("The last System Administrator cannot be deleted"));
        }
        let message = format!("User {} deleted", user.full_name());
        tenant.remove_user(id);
        tenant.note(now, ActivityClass::User, "APP_USER_DELETED", &message).user_id = caller.actor();
        Ok(StatusCode::NO_CONTENT)
    })
}
