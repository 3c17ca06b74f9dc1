//! The shapes of answers and errors.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{super::*, Desk, small};

fn keys(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_two_kinds_have_the_fields_that_the_documents_give_them() {
    let desk = Desk::open().await;
    let technician = desk.get("/v2/user/technician/12").await.json();
    let wanted = "id uid enabled firstName lastName email phone mustChangePw mfaConfigured scimUser authType userType \
                  invitationStatus notifyAllClients administrator assignedDeviceIds";
    assert_eq!(keys(&technician), wanted.split_whitespace().collect());
    let end_user = desk.get("/v2/user/end-user/31").await.json();
    let wanted = "id uid enabled firstName lastName email phone organizationId fullPortalAccess mustChangePw \
                  mfaConfigured scimUser authType invitationStatus assignedDeviceIds accessibleDeviceIds";
    assert_eq!(keys(&end_user), wanted.split_whitespace().collect());
    let users = desk.get("/v2/users?includeRoles=true").await.json();
    let wanted = "id uid firstName lastName email phone enabled administrator permitAllClients notifyAllClients \
                  mustChangePw mfaConfigured userType invitationStatus organizationId assignedDeviceIds tags fields \
                  roles";
    assert_eq!(keys(&users[0]), wanted.split_whitespace().collect());
    assert_eq!(users[0]["organizationId"], Value::Null);
}

#[tokio::test]
async fn a_field_can_be_missing_null_or_new() {
    let tenant = small().with_user(12, |user| {
        user.enabled = Field::Absent;
        user.email = Field::Null;
        user.invitation_status = "SUSPENDED".into();
        user.extra.insert("theme".into(), "dark".into());
    });
    let desk = Desk::with(Options::with(tenant)).await;
    let user = desk.get("/v2/user/technician/12").await.json();
    assert!(user.get("enabled").is_none());
    assert_eq!((&user["email"], &user["theme"]), (&Value::Null, &"dark".into()));
    assert_eq!(user["invitationStatus"], "SUSPENDED");
}

#[tokio::test]
async fn moments_have_nine_digits() {
    let desk = Desk::open().await;
    let text = desk.get("/v2/device/4101").await.text;
    assert!(text.contains(r#""created":1741700000.123456000"#), "{text}");
    assert!(text.contains(r#""deviceType":"AgentDevice""#), "{text}");
    assert!(!desk.get("/v2/devices").await.text.contains("deviceType"));
}

#[tokio::test]
async fn every_answer_has_a_number_and_refusals_have_an_incident() {
    let desk = Desk::open().await;
    let good = desk.get("/v2/users").await;
    let bad = desk.get("/v2/user/technician/999").await;
    assert!(!good.header("x-nj-request-id").is_empty());
    assert_ne!(good.header("x-nj-request-id"), bad.header("x-nj-request-id"));
    let incident = bad.json()["incidentId"].as_str().unwrap().to_owned();
    let parts: Vec<_> = incident.split('-').collect();
    assert_eq!((parts[0], parts[3].len()), ("WEB_MGMT_SERVICE", 8));
    assert_eq!(desk.simulator.requests()[1].request_id, bad.header("x-nj-request-id"));
}

#[tokio::test]
async fn the_log_tells_what_was_sent_but_no_secret() {
    let desk = Desk::open().await;
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", "simulator-client"),
        ("client_secret", "s3cr3t"),
    ];
    desk.token(&form).await;
    desk.send("PATCH", "/v2/user/role/201/add-members", "[11]").await;
    let log = desk.simulator.requests();
    assert_eq!(
        log[0].body.as_deref(),
        Some("grant_type=client_credentials&client_id=simulator-client&client_secret=***")
    );
    assert_eq!((log[1].body.as_deref(), log[1].status), (Some("[11]"), Some(200)));
    assert!(log[1].authorization && log[1].applied && !log[0].authorization);
    assert_eq!(log[1].user_agent.as_deref(), Some("desk/1"));
    assert_eq!(desk.simulator.writes().len(), 1, "a token request is no write");
    assert_eq!(desk.simulator.count("POST", "/ws/oauth/token"), 1);
    desk.simulator.clear_requests();
    assert!(desk.simulator.requests().is_empty());
}
