//! What each known answer means, and that no answer makes decoding fail.

// A test may panic: that is how it fails.
#![allow(clippy::unwrap_used)]

use http::HeaderValue;
use proptest::prelude::*;
use time::macros::datetime;

use super::facts::QUOTE;
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
        format!(r#"{{"resultCode":"FAILURE","errorMessage":"{message}","incidentId":"WEB-1-2-ABCDEFGH"}}"#)
    };
    let auth = |code: &str| format!(r#"{{"error":"{code}","error_description":"Because","error_code":10}}"#);
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
        (Token, 404, r#"{"resultCode":"Client app not exist"}"#.into(), "wrong_region_or_client", Refused),
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
        assert_eq!((error.kind().label(), error.outcome()), (label, outcome), "{endpoint} {status} {body}");
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
    let shown = answer(Endpoint::Users, 400, r#"{"error":"e","error_description":"d","incidentId":"WEB-7"}"#);
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
