//! User roles and their members (API.md 8).

use axum::{
    extract::{Path, State as Extract},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use bytes::Bytes;

use super::{
    body,
    caller::Caller,
    errors::{Refusal, answer},
    inventory::ActivityClass,
    options::{MemberAnswer, Repeats},
    params::{Params, path_id},
    people::{Member, Role},
    state::{Shared, State},
    tenant::Tenant,
    users::JSON,
    views,
};

const SOURCE: &str = "MANUAL";

pub(super) async fn list(
    Extract(state): Extract<Shared>,
    caller: Caller,
    params: Params,
) -> Result<Response, Refusal> {
    if state.behaviour.role_reads_need_management {
        caller.require("management")?;
    }
    let kind = params.kind("roleType")?;
    let body = state.listing(&format!("roles {kind:?}"), |tenant| {
        let wanted = |role: &&Role| kind.is_none_or(|kind| role.role_type.text() == kind.name());
        views::list(tenant.roles.iter().filter(wanted).map(|role| views::role(role, &tenant.users, &[])))
    });
    Ok(answer(200, JSON, body))
}

pub(super) async fn add_members(
    Extract(state): Extract<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    change(&state, &caller, &id, &body, Direction::Add)
}

pub(super) async fn remove_members(
    Extract(state): Extract<Shared>,
    caller: Caller,
    Path(id): Path<String>,
    body: Bytes,
) -> Result<Response, Refusal> {
    change(&state, &caller, &id, &body, Direction::Remove)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Add,
    Remove,
}

fn change(
    state: &State,
    caller: &Caller,
    id: &str,
    body: &Bytes,
    direction: Direction,
) -> Result<Response, Refusal> {
    if state.behaviour.member_changes_need_control {
        caller.require("control")?;
    }
    let id = path_id(id)?;
    let users = body::ids(body)?;
    let now = state.now();
    state.change(|tenant| {
        check(state, tenant, id, &users, direction)?;
        let role = tenant.find_role_mut(id).ok_or(Refusal::NotFound)?;
        match direction {
            Direction::Add => {
                for &user in &users {
                    if !role.has(user) {
                        role.members.push(Member { user, source: SOURCE.into() });
                    }
                }
            }
            Direction::Remove => role.members.retain(|member| {
                let returns =
                    state.behaviour.returning_sources.iter().any(|source| source == member.source.text());
                returns || !users.contains(&member.user)
            }),
        }
        let code = match role.role_type.text() {
            "END_USER" => "END_USER_ROLE_ASSIGNMENT_CHANGED",
            _ => "TECHNICIAN_ROLE_ASSIGNMENT_CHANGED",
        };
        let name = role.name.text().to_owned();
        for &user in &users {
            let subject = tenant.users.get(user).map(|user| user.full_name()).unwrap_or_default();
            let entry =
                tenant.note(now, ActivityClass::User, code, &format!("Role membership of {name} changed"));
            entry.user_id = caller.actor();
            entry.subject = subject.into();
        }
        Ok(match state.behaviour.member_answer {
            MemberAnswer::Empty => StatusCode::OK.into_response(),
            MemberAnswer::NoContent => StatusCode::NO_CONTENT.into_response(),
            MemberAnswer::Role => {
                let role = tenant.find_role(id).ok_or(Refusal::NotFound)?;
                let gone: &[i32] = if direction == Direction::Remove { &users } else { &[] };
                answer(200, JSON, views::one(&views::role(role, &tenant.users, gone)))
            }
        })
    })
}

/// One bad id fails the whole request, before anything is changed.
fn check(
    state: &State,
    tenant: &Tenant,
    id: i32,
    users: &[i32],
    direction: Direction,
) -> Result<(), Refusal> {
    let role = tenant.find_role(id).ok_or(Refusal::NotFound)?;
    for &id in users {
        let user = tenant.users.get(id).ok_or(Refusal::NotFound)?;
        if direction == Direction::Add && role.role_type.text() != user.kind.name() {
            return Err(Refusal::invalid(format!("User {id} cannot hold a role of this type")));
        }
        let changes = role.has(id) != (direction == Direction::Add);
        if !changes && state.behaviour.repeated_membership == Repeats::Refused {
            return Err(Refusal::invalid(match direction {
                Direction::Add => format!("User {id} is a member already"),
                Direction::Remove => format!("User {id} is not a member"),
            }));
        }
    }
    Ok(())
}
