//! `/v2/users` and an organization's end users (API.md 7.1, 7.2): both kinds of account in one shape.

use axum::{
    extract::{Path, State as Extract},
    http::{Method, Uri},
    response::Response,
};

use super::{
    caller::Caller,
    errors::{Refusal, answer},
    forbidden::Rule,
    params::{Params, path_id},
    people::{User, UserKind},
    state::{Shared, State},
    tenant::Tenant,
    views,
};

pub(super) const JSON: &str = "application/json";

pub(super) async fn list(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    params: Params,
) -> Result<Response, Refusal> {
    let kind = params.kind("userType")?;
    let with_roles = params.flag("includeRoles")?;
    let key = format!("users {kind:?} {with_roles}");
    let body = state
        .listing(&key, |tenant| write(tenant, with_roles, |user| kind.is_none_or(|kind| user.kind == kind)));
    Ok(answer(200, JSON, body))
}

pub(super) async fn of_organization(
    Extract(state): Extract<Shared>,
    _caller: Caller,
    Path(id): Path<String>,
    params: Params,
) -> Result<Response, Refusal> {
    let id = path_id(&id)?;
    let with_roles = params.flag("includeRoles")?;
    if !state.read(|tenant| tenant.organizations.iter().any(|organization| organization.id == id)) {
        return Err(Refusal::NotFound);
    }
    let body = state.listing(&format!("organization {id} {with_roles}"), |tenant| {
        write(tenant, with_roles, |user| {
            user.kind == UserKind::EndUser && user.organization_id.value() == Some(&id)
        })
    });
    Ok(answer(200, JSON, body))
}

fn write(tenant: &Tenant, with_roles: bool, wanted: impl Fn(&User) -> bool) -> Vec<u8> {
    let owned = views::Owned::of(&tenant.devices);
    let names = with_roles.then(|| views::role_names(&tenant.roles));
    views::list(
        tenant.users.iter().filter(|user| wanted(user)).map(|user| views::user(user, &owned, names.as_ref())),
    )
}

/// The account of that kind: 404 when there is none, 400 when it is of the other kind.
pub(super) fn find(tenant: &Tenant, id: i32, kind: UserKind) -> Result<&User, Refusal> {
    let user = tenant.users.get(id).ok_or(Refusal::NotFound)?;
    if user.kind == kind {
        Ok(user)
    } else {
        Err(Refusal::invalid(format!("User {id} is not a {}", kind.name())))
    }
}

/// Refuses a write on an account that the identity provider owns.
pub(super) fn refuse_scim(state: &State, user: &User) -> Result<(), Refusal> {
    if state.behaviour.refuse_scim_writes && user.scim_user.is_true() {
        return Err(Refusal::invalid("SCIM managed users cannot be changed"));
    }
    Ok(())
}

/// Refuses a login that exists already. Creating once more what was created here is a broken promise besides.
pub(super) fn refuse_taken(
    state: &State,
    tenant: &Tenant,
    email: &str,
    method: &Method,
    uri: &Uri,
) -> Result<(), Refusal> {
    if tenant.users.by_email(email).is_some_and(|user| state.was_made_here(user.id)) {
        state.forbid(Rule::RepeatedCreation, method, uri.path(), "this login was created before");
    }
    if state.behaviour.unique_emails && tenant.users.by_email(email).is_some() {
        return Err(Refusal::invalid("A user with this email already exists"));
    }
    Ok(())
}
