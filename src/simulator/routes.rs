//! The table of everything the service answers.

use std::sync::Arc;

use axum::{
    Router,
    extract::State as Extract,
    http::{Method, Uri},
    middleware,
    routing::{delete, get, patch, post},
};

use super::{
    activities, control, devices, end_users, errors::Refusal, forbidden::Rule, gate, oauth, organizations,
    roles, scripts, state::Shared, technicians, users,
};

pub(super) fn router(state: &Shared, with_control: bool) -> Router {
    let mut api = Router::new()
        .route("/ws/oauth/token", post(oauth::token))
        .route("/ws/oauth/authorize", get(oauth::authorize))
        .route("/v2/users", get(users::list))
        .route("/v2/user/technicians", get(technicians::list).post(technicians::create))
        .route(
            "/v2/user/technician/{id}",
            get(technicians::read).patch(technicians::update).delete(technicians::remove),
        )
        .route("/v2/user/end-users", get(end_users::list).post(end_users::create))
        .route(
            "/v2/user/end-user/{id}",
            get(end_users::read).patch(end_users::update).delete(end_users::remove),
        )
        .route("/v2/organization/{id}/end-users", get(users::of_organization))
        .route("/v2/user/roles", get(roles::list))
        .route("/v2/user/role/{id}/add-members", patch(roles::add_members))
        .route("/v2/user/role/{id}/remove-members", patch(roles::remove_members))
        .route("/v2/roles", get(devices::roles))
        .route("/v2/organizations", get(organizations::list))
        .route("/v2/organizations-detailed", get(organizations::list_detailed))
        .route("/v2/organization/{id}", get(organizations::read))
        .route("/v2/organization/{id}/locations", get(organizations::locations_of))
        .route("/v2/organization/{id}/devices", get(devices::of_organization))
        .route("/v2/locations", get(organizations::locations))
        .route("/v2/devices", get(devices::list))
        .route("/v2/devices-detailed", get(devices::list_detailed))
        .route("/v2/device/{id}", get(devices::read))
        .route("/v2/device/{id}/owner/{uid}", post(devices::assign_owner))
        .route("/v2/device/{id}/owner", delete(devices::clear_owner))
        .route("/v2/device/{id}/script/run", post(scripts::run))
        .route("/v2/device/{id}/scripting/options", get(scripts::choices))
        .route("/v2/automation/scripts", get(scripts::list))
        .route("/v2/activities", get(activities::list));
    if state.behaviour.bare_token_path {
        api = api.route("/oauth/token", post(oauth::token));
    }
    let api = api
        .fallback(unknown)
        .method_not_allowed_fallback(|| async { Refusal::MethodNotAllowed })
        .layer(middleware::from_fn_with_state(Arc::clone(state), gate::pass))
        .with_state(Arc::clone(state));
    if !with_control {
        return api;
    }
    // A router of its own, so that looking at the log does not fill it.
    let control = Router::new()
        .route(
            "/_simulator/faults",
            get(control::faults).post(control::add_fault).delete(control::clear_faults),
        )
        .route("/_simulator/faults/release", post(control::release))
        .route("/_simulator/requests", get(control::requests).delete(control::clear_requests))
        .route("/_simulator/forbidden", get(control::forbidden).delete(control::clear_forbidden))
        .route("/_simulator/tokens/revoke", post(control::revoke_tokens))
        .with_state(Arc::clone(state));
    control.fallback_service(api)
}

async fn unknown(Extract(state): Extract<Shared>, method: Method, uri: Uri) -> Refusal {
    // Asking for the other token path once is what a careful client does.
    if uri.path() != "/oauth/token" && uri.path() != "/ws/oauth/error" {
        state.forbid(Rule::UnknownPath, &method, uri.path(), "no such path");
    }
    Refusal::NotFound
}
