//! Signing in: the token endpoint and the browser's half of a sign-in (API.md 2.2 to 2.4).

use std::{collections::HashMap, time::Duration};

use axum::{
    extract::State as Extract,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use secrecy::ExposeSecret;
use serde_json::json;
use sha2::{Digest, Sha256};
use url::form_urlencoded;

use super::{
    errors::{Refusal, answer},
    forbidden::Rule,
    params::Params,
    state::{Shared, State},
    tokens::{Code, Grant, Refresh, later},
    users::JSON,
};

const CODE_LIFETIME: Duration = Duration::from_secs(60);
const OFFLINE: &str = "offline_access";

type Form = HashMap<String, String>;

pub(super) async fn token(
    Extract(state): Extract<Shared>,
    uri: axum::http::Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .is_some_and(|value| value.as_bytes().starts_with(b"application/x-www-form-urlencoded"));
    if !is_form {
        return Err(Refusal::MediaType);
    }
    let form: Form = form_urlencoded::parse(&body).into_owned().collect();
    match form.get("client_id") {
        None => return Err(Refusal::token("invalid_request", "Missing client_id")),
        Some(id) if *id != state.client_id => return Err(Refusal::UnknownClient),
        Some(_) => {}
    }
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => machine(&state, uri.path(), &form),
        Some("authorization_code") => code(&state, &form),
        Some("refresh_token") => refresh(&state, uri.path(), &form),
        None => Err(Refusal::token("invalid_request", "Missing grant_type")),
        Some(_) => Err(Refusal::token("unsupported_grant_type", "Unsupported grant type")),
    }
}

fn check_secret(state: &State, form: &Form, public: bool) -> Result<(), Refusal> {
    match form.get("client_secret") {
        None if public => Ok(()),
        Some(secret) if secret == state.client_secret.expose_secret() => Ok(()),
        _ => Err(Refusal::WrongSecret),
    }
}

/// The scopes asked for, all of them granted to the application, or a refusal of the whole request.
fn scopes(state: &State, asked: &str, offline: bool) -> Result<Vec<String>, Refusal> {
    let asked: Vec<String> = asked.split_whitespace().map(str::to_owned).collect();
    let refused = asked.iter().find(|scope| {
        let granted = if *scope == OFFLINE { offline } else { state.granted_scopes.contains(scope) };
        !granted
    });
    match refused {
        Some(scope) => Err(Refusal::token("invalid_scope", format!("Invalid scope {scope} for client"))),
        None => Ok(asked),
    }
}

fn machine(state: &State, path: &str, form: &Form) -> Result<Response, Refusal> {
    check_secret(state, form, false)?;
    let asked = form.get("scope").map_or("", String::as_str);
    if asked.split_whitespace().any(|scope| scope == OFFLINE) {
        state.forbid(Rule::OfflineAccess, &axum::http::Method::POST, path, "no refresh token comes of it");
    }
    let mut scopes = scopes(state, asked, false)?;
    if scopes.is_empty() {
        scopes.clone_from(&state.granted_scopes);
    }
    Ok(issue(state, Grant { scopes, user: None, public: false }, None, true))
}

fn code(state: &State, form: &Form) -> Result<Response, Refusal> {
    let dead = || Refusal::token("invalid_grant", "The code is unknown, used or expired");
    let text = form.get("code").ok_or_else(dead)?;
    let code = state.tokens(|tokens| tokens.take_code(text)).ok_or_else(dead)?;
    if code.expires <= state.now() || form.get("redirect_uri") != Some(&code.redirect_uri) {
        return Err(dead());
    }
    if let Some(challenge) = &code.challenge {
        let verifier = form.get("code_verifier").ok_or_else(dead)?;
        if URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) != *challenge {
            return Err(dead());
        }
    }
    check_secret(state, form, code.grant.public)?;
    let refresh = code.grant.has(OFFLINE).then(|| {
        let grant = code.grant.clone();
        state.tokens(|tokens| tokens.issue_refresh(grant))
    });
    Ok(issue(state, code.grant, refresh, true))
}

fn refresh(state: &State, path: &str, form: &Form) -> Result<Response, Refusal> {
    let dead = || Refusal::token("invalid_grant", "The refresh token is unknown, spent or revoked");
    let text = form.get("refresh_token").ok_or_else(dead)?;
    let grant = match state.tokens(|tokens| tokens.refresh(text)) {
        Refresh::Good(grant) => grant,
        Refresh::Unknown => return Err(dead()),
        Refresh::Spent => {
            state.forbid(Rule::SpentRefreshToken, &axum::http::Method::POST, path, "it was spent before");
            return Err(dead());
        }
    };
    check_secret(state, form, grant.public)?;
    let alive = grant.user.is_some_and(|id| {
        state.read(|tenant| tenant.users.get(id).is_some_and(|user| user.enabled.is_true()))
    });
    if !alive {
        return Err(dead());
    }
    if !state.behaviour.rotate_refresh_tokens {
        // An instance that keeps the token is the one that also leaves the scope out.
        return Ok(issue(state, grant, None, false));
    }
    let next = state.tokens(|tokens| {
        tokens.spend(text);
        tokens.issue_refresh(grant.clone())
    });
    Ok(issue(state, grant, Some(next), true))
}

fn issue(state: &State, grant: Grant, refresh: Option<String>, with_scope: bool) -> Response {
    let now = state.now();
    let scope = grant.scopes.join(" ");
    let access = state.tokens(|tokens| tokens.issue_access(grant, now, state.token_lifetime));
    let mut body = json!({
        "access_token": access,
        "expires_in": state.token_lifetime.as_secs(),
        "token_type": "Bearer",
    });
    if with_scope {
        body["scope"] = scope.into();
    }
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    answer(200, JSON, body.to_string())
}

/// Sends the browser straight back with a code: the person in front of it has signed in and agreed.
pub(super) async fn authorize(Extract(state): Extract<Shared>, params: Params) -> Result<Response, Refusal> {
    if params.text("client_id") != Some(&state.client_id) {
        return Err(Refusal::UnknownClient);
    }
    let Some(redirect_uri) = params.text("redirect_uri").filter(|uri| url::Url::parse(uri).is_ok()) else {
        return Ok(error_page("unauthorized_client", "Invalid redirect_uri"));
    };
    if params.text("response_type") != Some("code") {
        return Ok(error_page("unsupported_response_type", "Invalid response_type"));
    }
    let asked = params.text("scope").unwrap_or_default();
    let Ok(scopes) = scopes(&state, asked, true) else {
        return Ok(error_page("invalid_scope", "Invalid scope"));
    };
    let challenge = match (params.text("code_challenge"), params.text("code_challenge_method")) {
        (None, _) => None,
        (Some(challenge), Some("S256")) => Some(challenge.to_owned()),
        _ => return Ok(error_page("invalid_request", "Invalid code_challenge_method")),
    };
    let user = state.behaviour.signed_in_user.or_else(|| {
        state.read(|tenant| {
            let mut people = tenant.users.iter();
            people.find(|user| user.administrator.is_true() && user.enabled.is_true()).map(|user| user.id)
        })
    });
    if scopes.is_empty() || user.is_none() {
        return Ok(error_page("invalid_scope", "Invalid scope"));
    }
    let code = Code {
        grant: Grant { scopes, user, public: challenge.is_some() },
        redirect_uri: redirect_uri.to_owned(),
        challenge,
        expires: later(state.now(), CODE_LIFETIME),
    };
    let code = state.tokens(|tokens| tokens.issue_code(code));
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("code", &code);
    if let Some(given) = params.text("state") {
        query.append_pair("state", given);
    }
    let mark = if redirect_uri.contains('?') { '&' } else { '?' };
    Ok(redirect(&format!("{redirect_uri}{mark}{}", query.finish())))
}

fn error_page(error: &str, description: &str) -> Response {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("error", error)
        .append_pair("error_description", description)
        .finish();
    redirect(&format!("/ws/oauth/error?{query}"))
}

fn redirect(location: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(value) = HeaderValue::from_str(location) {
        response.headers_mut().insert(header::LOCATION, value);
    }
    response
}
