//! Requests that a correct client never sends, noticed whether or not they were refused.

use axum::http::{Method, header, request::Parts};
use serde::Serialize;
use serde_json::Value;
use url::form_urlencoded;

use super::state::State;

/// A rule that a client broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Rule {
    /// Member ids in an object instead of a bare array.
    MembersNotAnArray,
    /// An empty list of member ids.
    NoMembers,
    /// `null` for something that should have been left out.
    NullForAbsent,
    /// An attempt to delete a System Administrator.
    AdministratorDeletion,
    /// A credential in the query.
    CredentialInQuery,
    /// The client's secret or a token in a body where it does not belong.
    CredentialInBody,
    /// HTTP Basic at the token path.
    BasicAtToken,
    /// No `User-Agent`.
    NoUserAgent,
    /// `pageSize` or `after` on a list that has no paging.
    PagingOnWholeList,
    /// A creation repeated although the first one had worked.
    RepeatedCreation,
    /// `offline_access` with client credentials.
    OfflineAccess,
    /// A refresh token that was spent already.
    SpentRefreshToken,
    /// An access token that was never given out here.
    ForeignToken,
    /// A path the service does not have, or one whose shape nobody knows.
    UnknownPath,
    /// A body that is not labelled `application/json`.
    BodyNotJson,
    /// A space written as `+` in a query.
    PlusInQuery,
}

/// One broken rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Forbidden {
    /// Which rule.
    pub rule: Rule,
    /// Method of the request.
    pub method: String,
    /// Path of the request.
    pub path: String,
    /// What exactly, without any secret.
    pub detail: String,
}

const WHOLE_LISTS: [&str; 6] = [
    "/v2/users",
    "/v2/user/technicians",
    "/v2/user/end-users",
    "/v2/user/roles",
    "/v2/roles",
    "/v2/automation/scripts",
];
const CREDENTIALS: [&str; 7] =
    ["client_id", "client_secret", "access_token", "refresh_token", "code", "code_verifier", "token"];

pub(super) fn is_credential(name: &str) -> bool {
    CREDENTIALS.contains(&name)
}

/// Looks at a request before anything else does.
pub(super) fn watch(state: &State, parts: &Parts, body: &[u8]) {
    let (method, path) = (&parts.method, parts.uri.path());
    let note = |rule, detail: &str| state.forbid(rule, method, path, detail);
    let oauth = path.contains("/oauth/");
    if !parts.headers.contains_key(header::USER_AGENT) {
        note(Rule::NoUserAgent, "no User-Agent header");
    }
    let query = parts.uri.query().unwrap_or_default();
    if query.contains('+') {
        note(Rule::PlusInQuery, "a space must be written %20");
    }
    let whole = WHOLE_LISTS.contains(&path) || path.ends_with("/end-users") || path.ends_with("/locations");
    for (name, _) in form_urlencoded::parse(query.as_bytes()) {
        // The browser's half of a sign-in carries the client id by design.
        if is_credential(&name) && !path.ends_with("/oauth/authorize") {
            note(Rule::CredentialInQuery, &name);
        }
        if whole && path != "/v2/locations" && (name == "pageSize" || name == "after") {
            note(Rule::PagingOnWholeList, &name);
        }
    }
    if oauth {
        let basic = parts
            .headers
            .get(header::AUTHORIZATION)
            .is_some_and(|value| value.as_bytes().starts_with(b"Basic"));
        if basic {
            note(Rule::BasicAtToken, "HTTP Basic is not documented");
        }
        return;
    }
    if *method == Method::GET || body.is_empty() {
        return;
    }
    let json = parts
        .headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/json"));
    if !json {
        note(Rule::BodyNotJson, "Content-Type must be application/json");
    }
    if state.holds_secret(&String::from_utf8_lossy(body)) {
        note(Rule::CredentialInBody, "the body carries a secret");
    }
    let value: Value = serde_json::from_slice(body).unwrap_or_default();
    let members = path.ends_with("/add-members") || path.ends_with("/remove-members");
    match &value {
        Value::Array(ids) if members && ids.is_empty() => note(Rule::NoMembers, "an empty list of members"),
        Value::Array(_) => {}
        _ if members => note(Rule::MembersNotAnArray, "member ids must be a bare array"),
        Value::Object(fields) => {
            for (name, _) in fields.iter().filter(|(_, value)| value.is_null()) {
                note(Rule::NullForAbsent, name);
            }
        }
        _ => {}
    }
}
