//! Reads error answers (section 3): text first, then JSON with every family of keys, and never fails itself. Says what
//! an answer means for the call it came to, and whether a write is certainly refused by it.

use std::time::Duration;

use http::HeaderMap;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;

use super::endpoint::Endpoint;
use super::error::{Error, Outcome};
use super::error_kind::ErrorKind;
use super::host::Host;

/// Bytes of foreign text that an error may repeat.
const QUOTE: usize = 300;

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

/// What an error body says.
#[derive(Debug, Default, PartialEq, Eq)]
struct Facts {
    /// The first is the one to show.
    codes: Vec<String>,
    text: Option<String>,
    incident_id: Option<String>,
    json: bool,
    /// A JSON value without any key of an error.
    unlike_an_error: bool,
}

impl Facts {
    fn read(body: &str) -> Self {
        let Ok(value) = serde_json::from_str::<Value>(body) else {
            let text = body.trim();
            let text = if text.starts_with('<') { title(text) } else { text };
            return Self { text: non_blank(text), ..Self::default() };
        };
        let Value::Object(object) = &value else {
            let text = value.as_str().and_then(non_blank);
            return Self { json: true, unlike_an_error: text.is_none(), text, ..Self::default() };
        };
        let string = |value: Option<&Value>| match value {
            Some(Value::String(text)) => non_blank(text),
            Some(Value::Number(number)) => Some(number.to_string()),
            _ => None,
        };
        let message_code = object.get("errorMessage").and_then(|message| message.get("code"));
        let codes: Vec<String> =
            [object.get("resultCode"), object.get("error"), object.get("errorCode"), message_code]
                .into_iter()
                .filter_map(string)
                .collect();
        let text = ["errorMessage", "error_description", "message"].into_iter();
        let text = text.filter_map(|key| object.get(key)?.as_str().and_then(non_blank)).next();
        // With `errorMessage` an object, its code is the only thing that tells one refusal from another.
        let text = text.or_else(|| string(message_code)).or_else(|| string(object.get("errorDetails")));
        let incident_id = string(object.get("incidentId"));
        let unlike_an_error = codes.is_empty() && text.is_none() && incident_id.is_none();
        Self { codes, text, incident_id, json: true, unlike_an_error }
    }

    fn has_code(&self, code: &str) -> bool {
        self.codes.iter().any(|known| known.eq_ignore_ascii_case(code))
    }

    fn has_any(&self, codes: &[&str]) -> bool {
        codes.iter().any(|code| self.has_code(code))
    }

    fn mentions(&self, words: &str) -> bool {
        self.codes.iter().chain(&self.text).any(|text| text.to_ascii_lowercase().contains(words))
    }
}

fn non_blank(text: &str) -> Option<String> {
    let text = text.trim();
    (!text.is_empty()).then(|| cut(text))
}

fn title(html: &str) -> &str {
    let lower = html.to_ascii_lowercase();
    let inner = lower.find("<title>").map(|at| at + "<title>".len());
    inner.and_then(|from| Some(&html[from..from + lower[from..].find("</title>")?])).unwrap_or("an HTML page")
}

/// At most [`QUOTE`] bytes, cut between characters.
fn cut(text: &str) -> String {
    match text.char_indices().map(|(at, _)| at).take_while(|at| *at <= QUOTE).last() {
        Some(at) if text.len() > QUOTE => format!("{}...", &text[..at]),
        _ => text.to_owned(),
    }
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

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use http::HeaderValue;
    use proptest::prelude::*;
    use time::macros::datetime;

    use super::*;

    fn answer(endpoint: Endpoint, status: u16, body: &str) -> Error {
        let host = Host::parse("eu").unwrap();
        let secret = SecretString::from("hunter2&more");
        let asked = Asked {
            host: &host,
            endpoint,
            path: "/ws/oauth/token",
            scopes: "monitoring control",
            refreshing: false,
            secrets: vec![&secret],
        };
        decode(&asked, status, &HeaderMap::new(), body.as_bytes())
    }

    #[test]
    fn each_known_answer_means_what_it_should_and_says_whether_a_write_was_refused() {
        use Endpoint::*;
        use Outcome::*;
        let failure = |message: &str| {
            format!(
                r#"{{"resultCode":"FAILURE","errorMessage":"{message}","incidentId":"WEB-1-2-ABCDEFGH"}}"#
            )
        };
        let auth =
            |code: &str| format!(r#"{{"error":"{code}","error_description":"Because","error_code":10}}"#);
        let page = "\n<html><head><title>Slow down</title></head></html>".to_owned();
        let cases = [
            (Users, 400, auth("missing_header"), "rejected", Refused),
            (CreateEndUser, 400, failure("Unrecognized field 'x'"), "rejected", Refused),
            (Users, 401, auth("not_authenticated"), "not_authenticated", Refused),
            (Users, 401, String::new(), "not_authenticated", Refused),
            (
                Users,
                401,
                r#"{"resultCode":"insufficient_privileges"}"#.into(),
                "insufficient_privileges",
                Refused,
            ),
            (SetDeviceOwner, 403, auth("user_context_required"), "user_context_required", Refused),
            (CreateTechnician, 403, failure("HTTP 403 Forbidden"), "not_a_system_administrator", Refused),
            (CreateEndUser, 403, failure("HTTP 403 Forbidden"), "forbidden", Refused),
            (UserRoles, 404, failure("HTTP 404 Not Found"), "not_offered", Refused),
            (Technicians, 404, failure("HTTP 404 Not Found"), "not_offered", Refused),
            (AddRoleMembers, 404, failure("HTTP 404 Not Found"), "not_found", Refused),
            (DeleteEndUser, 405, failure("HTTP 405 Method Not Allowed"), "unexpected_status", Refused),
            (CreateEndUser, 408, String::new(), "server_error", Unknown),
            (CreateEndUser, 429, page.clone(), "throttled", Refused),
            (CreateEndUser, 429, failure("HTTP 429 Too Many Requests"), "throttled", Refused),
            (CreateEndUser, 429, r#"{"id":7,"email":"a@example.com"}"#.into(), "throttled", Unknown),
            (CreateEndUser, 403, page.clone(), "throttled", Unknown),
            (CreateEndUser, 502, page.clone(), "gateway", Unknown),
            (CreateEndUser, 500, failure("NullPointerException"), "server_error", Unknown),
            (CreateEndUser, 500, auth("permission_denied"), "forbidden", Unknown),
            (
                Token,
                404,
                r#"{"resultCode":"Client app not exist"}"#.into(),
                "wrong_region_or_client",
                Refused,
            ),
            (Token, 404, page.clone(), "token_path_not_found", Refused),
            (Token, 400, auth("invalid_scope"), "scope_not_granted", Refused),
            (Token, 401, auth("invalid_client"), "invalid_client", Refused),
            (Token, 403, auth("unauthorized_client"), "invalid_client", Refused),
            (Token, 400, failure("who knows"), "token_refused", Refused),
            (Token, 503, page, "gateway", Refused),
            (Token, 429, String::new(), "throttled", Refused),
        ];
        for (endpoint, status, body, label, outcome) in cases {
            let error = answer(endpoint, status, &body);
            assert_eq!(
                (error.kind().label(), error.outcome()),
                (label, outcome),
                "{endpoint} {status} {body}"
            );
            assert_eq!((error.status(), error.endpoint()), (Some(status), Some(endpoint)));
            let final_at_token = endpoint == Token && (400..500).contains(&status) && status != 429;
            assert!(!(final_at_token && error.is_retryable()), "{error}");
        }
    }

    #[test]
    fn every_family_of_keys_is_read_and_the_incident_is_kept() {
        let error = answer(
            Endpoint::Users,
            400,
            r#"{"resultCode":"FAILURE","errorMessage":{"code":"bad_email","params":{}},"incidentId":"WEB-7"}"#,
        );
        assert_eq!(
            (error.code(), error.text(), error.incident_id()),
            (Some("FAILURE"), Some("bad_email"), Some("WEB-7"))
        );
        let error = answer(Endpoint::Users, 500, r#"{"errorCode":17,"message":"Billing is closed"}"#);
        assert_eq!((error.code(), error.text()), (Some("17"), Some("Billing is closed")));
        assert_eq!(answer(Endpoint::Users, 500, r#""only a text""#).text(), Some("only a text"));
        assert_eq!(answer(Endpoint::Users, 500, "<html><TITLE>Down</title>").text(), Some("Down"));
        assert_eq!(answer(Endpoint::Users, 500, "").text(), None);
        let shown =
            answer(Endpoint::Users, 400, r#"{"error":"e","error_description":"d","incidentId":"WEB-7"}"#);
        assert!(shown.to_string().ends_with(r#": "d" (HTTP 400, code e, incident WEB-7)"#), "{shown}");
    }

    #[test]
    fn a_refused_change_of_members_names_the_scope_control() {
        for body in ["", r#"{"resultCode":"insufficient_privileges"}"#] {
            let text = answer(Endpoint::AddRoleMembers, 403, body).to_string();
            assert!(text.contains("scope control") && text.contains("--ninja-one-scope"), "{text}");
        }
        assert!(!answer(Endpoint::Users, 403, "").to_string().contains("control"));
    }

    #[test]
    fn foreign_text_is_short_and_never_repeats_a_secret() {
        let long = "é".repeat(1000);
        let error = answer(Endpoint::Users, 400, &format!(r#"{{"message":"{long}"}}"#));
        assert!(error.text().unwrap().len() <= QUOTE + 3);
        for body in [
            r#"{"error":"hunter2&more","error_description":"bad secret hunter2&more","incidentId":"hunter2&more"}"#,
            r#"{"error_description":"\u0068unter2&more"}"#,
            "client_secret=hunter2%26more is wrong, hunter2&more too",
        ] {
            let error = answer(Endpoint::Token, 400, body);
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn a_pause_comes_in_seconds_or_as_a_date() {
        let now = datetime!(2026-01-01 12:00:00 UTC);
        let pause = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            retry_after(&headers, now).map(|pause| pause.as_secs())
        };
        assert_eq!(pause("17"), Some(17));
        assert_eq!(pause("Thu, 01 Jan 2026 12:00:30 GMT"), Some(30));
        assert_eq!(pause("Thu, 01 Jan 2026 11:00:00 GMT"), Some(0));
        assert_eq!(pause("soon"), None);
    }

    #[test]
    fn a_page_is_known_by_its_first_byte_before_its_type() {
        let typed = |kind: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
            headers
        };
        assert!(is_html(&typed("application/json"), Some(b'<')));
        assert!(is_html(&typed("text/html; charset=utf-8"), Some(b'T')));
        assert!(!is_html(&typed("text/html"), Some(b'[')));
        assert!(!is_html(&typed("text/html"), None));
    }

    proptest! {
        #[test]
        fn no_error_body_makes_decoding_fail(body in any::<Vec<u8>>(), text in ".*", status in 300_u16..600) {
            let host = Host::parse("eu").unwrap();
            for endpoint in [Endpoint::Token, Endpoint::Users] {
                let asked = Asked { host: &host, endpoint, path: "/", scopes: "", refreshing: true, secrets: vec![] };
                let _ = decode(&asked, status, &HeaderMap::new(), &body).to_string();
                let _ = decode(&asked, status, &HeaderMap::new(), format!("<title>{text}").as_bytes()).to_string();
            }
        }
    }
}
