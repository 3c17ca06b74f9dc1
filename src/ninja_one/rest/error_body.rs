//! Reads error answers (section 3): text first, then JSON with every family of keys, and never fails itself. Says what
//! an answer means for the call it came to, and whether a write is certainly refused by it.

mod facts;
#[cfg(test)]
mod tests;

use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use self::facts::{Facts, non_blank};
use super::endpoint::Endpoint;
use super::error::{Error, Outcome};
use super::error_kind::ErrorKind;
use super::host::Host;

/// What decoding needs to know beside the answer.
pub(super) struct Asked<'a> {
    pub(super) host: &'a Host,
    pub(super) endpoint: Endpoint,
    pub(super) path: &'a str,
    /// The scopes asked for, space-separated.
    pub(super) scopes: &'a str,
    /// Whether the token call uses a refresh token.
    pub(super) refreshing: bool,
    /// Texts that must not be repeated.
    pub(super) secrets: Vec<&'a SecretString>,
}

fn redact(text: String, secrets: &[&SecretString]) -> String {
    secrets.iter().map(|secret| secret.expose_secret()).filter(|secret| !secret.is_empty()).fold(
        text,
        |text, secret| {
            let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
            text.replace(secret, "[redacted]").replace(&form, "[redacted]")
        },
    )
}

/// Whether a body is a page for people: by its first byte, and by its type when that byte is not JSON's.
pub(super) fn is_html(headers: &HeaderMap, first: Option<u8>) -> bool {
    let typed = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let typed = typed.is_some_and(|value| value.to_ascii_lowercase().contains("text/html"));
    first == Some(b'<') || (typed && !matches!(first, None | Some(b'[' | b'{')))
}

/// NinjaOne's id of the request, for its support.
pub(super) fn request_id(headers: &HeaderMap) -> Option<String> {
    headers.get("x-nj-request-id").and_then(|value| value.to_str().ok()).and_then(non_blank)
}

/// `Retry-After` in seconds or as an HTTP date.
pub(super) fn retry_after(headers: &HeaderMap, now: OffsetDateTime) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if let Ok(seconds) = value.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = OffsetDateTime::parse(value, &Rfc2822).ok()?;
    Some(Duration::try_from(date - now).unwrap_or(Duration::ZERO))
}

/// Turns an answer that is not a success, or is a page for people, into an error.
pub(super) fn decode(asked: &Asked<'_>, status: u16, headers: &HeaderMap, body: &[u8]) -> Error {
    let body = redact(String::from_utf8_lossy(body).into_owned(), &asked.secrets);
    let facts = Facts::read(&body);
    let html = is_html(headers, body.trim_start().bytes().next());
    let kind = match asked.endpoint {
        Endpoint::Token => token_kind(asked, status, &facts, html),
        endpoint => kind(endpoint, status, &facts, html),
    };
    let outcome = if asked.endpoint == Endpoint::Token || is_refusal(status, &facts, html) {
        Outcome::Refused
    } else {
        Outcome::Unknown
    };
    let redacted = |text: String| redact(text, &asked.secrets);
    Error::new(kind)
        .endpoint_if_none(asked.endpoint)
        .with_status(status)
        .with_request_id(request_id(headers).map(redacted))
        .with_answer(
            facts.codes.into_iter().next().map(redacted),
            facts.text.map(redacted),
            facts.incident_id.map(redacted),
        )
        .with_retry_after(retry_after(headers, OffsetDateTime::now_utc()))
        .with_outcome(outcome)
}

/// Whether an answer proves that nothing was done.
fn is_refusal(status: u16, facts: &Facts, html: bool) -> bool {
    match status {
        429 => html || !facts.unlike_an_error,
        408 => false,
        // A page may come from anything between here and NinjaOne, before or after the request reached it.
        400..=431 => !html,
        _ => false,
    }
}

fn kind(endpoint: Endpoint, status: u16, facts: &Facts, html: bool) -> ErrorKind {
    if html {
        return if status >= 500 { ErrorKind::Gateway } else { ErrorKind::Throttled };
    }
    if facts.has_code("user_context_required") {
        return ErrorKind::UserContextRequired;
    }
    match status {
        429 => ErrorKind::Throttled,
        408 => ErrorKind::ServerError,
        401 | 403 if facts.has_code("insufficient_privileges") => ErrorKind::InsufficientPrivileges,
        401 => ErrorKind::NotAuthenticated,
        403 if endpoint.writes_technicians() => ErrorKind::NotASystemAdministrator,
        403 => ErrorKind::Forbidden,
        404 if endpoint.missing_on_old_releases() => ErrorKind::NotOffered,
        404 => ErrorKind::NotFound,
        400 | 409 | 410 | 412 | 413 | 415 | 422 => ErrorKind::Rejected,
        500.. if facts.has_any(&["permission_denied", "organization_access_violation"]) => {
            ErrorKind::Forbidden
        }
        500.. => ErrorKind::ServerError,
        _ => ErrorKind::UnexpectedStatus,
    }
}

/// The token call: any 4xx is final but 408 and 429.
fn token_kind(asked: &Asked<'_>, status: u16, facts: &Facts, html: bool) -> ErrorKind {
    let host = asked.host.to_string();
    match status {
        429 => ErrorKind::Throttled,
        408 => ErrorKind::ServerError,
        500.. if html => ErrorKind::Gateway,
        500.. => ErrorKind::ServerError,
        404 if facts.json => ErrorKind::WrongRegionOrClient { host },
        404 => ErrorKind::TokenPathNotFound { host, path: asked.path.to_owned() },
        _ if html => ErrorKind::Throttled,
        _ if facts.has_code("invalid_scope") || facts.mentions("invalid scope") => {
            ErrorKind::ScopeNotGranted { scopes: asked.scopes.to_owned() }
        }
        _ if asked.refreshing && facts.has_any(&["invalid_grant", "invalid_token", "expired_token"]) => {
            ErrorKind::InvalidGrant
        }
        401 if asked.refreshing && facts.mentions("refresh token") => ErrorKind::InvalidGrant,
        _ if facts.has_any(&["invalid_client", "unauthorized_client", "invalid_grant"]) => {
            ErrorKind::InvalidClient
        }
        401 => ErrorKind::InvalidClient,
        _ => ErrorKind::TokenRefused,
    }
}
