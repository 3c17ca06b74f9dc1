//! Accounts: created, changed, deleted, refused.

use secrecy::ExposeSecret;
use serde_json::json;

use super::{super::*, Desk, Reply, WRITE, small};

const NEW_TECHNICIAN: &str = r#"{"firstName":"Hana","lastName":"Sato","email":"hana@example.com"}"#;

async fn with(change: impl FnOnce(&mut Behaviour)) -> Desk {
    let mut options = Options::with(small());
    change(&mut options.behaviour);
    Desk::with(options).await
}

#[tokio::test]
async fn a_new_technician_is_answered_and_listed_as_pending() {
    let desk = Desk::open().await;
    let reply = desk.send("POST", "/v2/user/technicians", NEW_TECHNICIAN).await;
    assert_eq!(reply.status, 200);
    let user = reply.json();
    assert_eq!(user["invitationStatus"], "PENDING");
    assert_eq!(user["phone"], serde_json::Value::Null);
    assert!(user.get("roles").is_none() && user.get("organizationId").is_none());
    let id = user["id"].as_i64().unwrap();
    assert_eq!(desk.get(&format!("/v2/user/technician/{id}")).await.json(), user);
}

#[tokio::test]
async fn a_new_end_user_keeps_organization_and_invitation() {
    let desk = Desk::open().await;
    let body = r#"{"firstName":"Ivo","lastName":"Marek","email":"ivo@example.org","organizationId":2}"#;
    let reply = desk.send("POST", "/v2/user/end-users?sendInvitation=true", body).await;
    let user = reply.json();
    assert_eq!((&user["organizationId"], &user["fullPortalAccess"]), (&2.into(), &false.into()));
    assert!(user.get("userType").is_none() && user.get("administrator").is_none());
    let id = i32::try_from(user["id"].as_i64().unwrap()).unwrap();
    assert!(desk.simulator.tenant().users.get(id).unwrap().invitation_sent);
}

#[tokio::test]
async fn an_unknown_property_is_refused_by_name() {
    let desk = Desk::open().await;
    let body = r#"{"firstName":"A","lastName":"B","email":"a@example.com","enabled":true}"#;
    let reply = desk.send("POST", "/v2/user/technicians", body).await;
    assert_eq!((reply.status, &reply.json()["errorMessage"]), (400, &"Unrecognized field 'enabled'".into()));
    assert_eq!(reply.json()["resultCode"], "FAILURE");
}

#[tokio::test]
async fn bodies_that_do_not_fit_are_refused() {
    let desk = Desk::open().await;
    let long = format!(r#"{{"firstName":"{}","lastName":"B","email":"a@example.com"}}"#, "x".repeat(151));
    for body in [
        r#"{"firstName":"","lastName":"B","email":"a@example.com"}"#,
        long.as_str(),
        r#"{"firstName":"A","lastName":"B"}"#,
        r#"{"firstName":"A","lastName":"B","email":"nobody"}"#,
        r#"{"firstName":1,"lastName":"B","email":"a@example.com"}"#,
        r#"[1]"#,
        r#"{"firstName":"#,
    ] {
        assert_eq!(desk.send("POST", "/v2/user/technicians", body).await.status, 400, "{body}");
    }
    assert_eq!(desk.simulator.tenant().users.len(), 6);
}

#[tokio::test]
async fn a_null_is_refused_unless_told_otherwise_and_always_noticed() {
    let body = r#"{"firstName":"A","lastName":"B","email":"a@example.com","phone":null}"#;
    for (refuse, status) in [(true, 400), (false, 200)] {
        let desk = with(|behaviour| behaviour.refuse_nulls = refuse).await;
        assert_eq!(desk.send("POST", "/v2/user/technicians", body).await.status, status);
        assert_eq!(desk.simulator.broken_rules(), [Rule::NullForAbsent]);
    }
}

#[tokio::test]
async fn a_login_exists_once_whatever_its_case() {
    let desk = Desk::open().await;
    let body = NEW_TECHNICIAN.replace("hana@example.com", "ESI@Example.ORG");
    assert_eq!(desk.send("POST", "/v2/user/technicians", &body).await.status, 400);
    let desk = with(|behaviour| behaviour.unique_emails = false).await;
    assert_eq!(desk.send("POST", "/v2/user/technicians", &body).await.status, 200);
}

#[tokio::test]
async fn an_update_changes_only_what_it_names() {
    let desk = Desk::open().await;
    let reply = desk.send("PATCH", "/v2/user/technician/12", r#"{"lastName":"Berg"}"#).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, ""));
    let user = desk.get("/v2/user/technician/12").await.json();
    assert_eq!((&user["firstName"], &user["lastName"]), (&"Bram".into(), &"Berg".into()));
    let moved =
        desk.send("PATCH", "/v2/user/end-user/31", r#"{"organizationId":3,"fullPortalAccess":true}"#).await;
    assert_eq!(moved.json()["organizationId"], 3);
    assert_eq!(desk.send("PATCH", "/v2/user/end-user/31", r#"{"organizationId":99}"#).await.status, 400);
}

#[tokio::test]
async fn deleting_takes_the_memberships_along() {
    let desk = Desk::open().await;
    let reply = desk.delete("/v2/user/technician/12").await;
    assert_eq!((reply.status, reply.text.as_str()), (204, ""));
    assert_eq!(desk.delete("/v2/user/technician/12").await.status, 404);
    assert!(!desk.simulator.tenant().is_member(201, 12));
    assert_eq!(desk.simulator.broken_rules(), []);
}

#[tokio::test]
async fn an_id_of_the_other_kind_is_400_and_an_unknown_one_404() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v2/user/technician/31").await.status, 400);
    assert_eq!(desk.delete("/v2/user/end-user/12").await.status, 400);
    let missing = desk.get("/v2/user/technician/999").await;
    assert_eq!((missing.status, &missing.json()["errorMessage"]), (404, &"HTTP 404 Not Found".into()));
}

#[tokio::test]
async fn an_account_of_the_identity_provider_is_neither_edited_nor_deleted() {
    let desk = Desk::open().await;
    assert_eq!(desk.send("PATCH", "/v2/user/end-user/35", r#"{"firstName":"H"}"#).await.status, 400);
    assert_eq!(desk.delete("/v2/user/end-user/35").await.status, 400);
    let desk = with(|behaviour| behaviour.refuse_scim_writes = false).await;
    assert_eq!(desk.delete("/v2/user/end-user/35").await.status, 204);
}

#[tokio::test]
async fn the_last_administrator_stays() {
    let desk = Desk::open().await;
    assert_eq!(desk.delete("/v2/user/technician/11").await.status, 400);
    desk.simulator.with_tenant(|tenant| tenant.users.get_mut(12).unwrap().administrator = true.into());
    assert_eq!(desk.delete("/v2/user/technician/11").await.status, 204);
    assert_eq!(desk.simulator.broken_rules(), [Rule::AdministratorDeletion; 2]);
}

#[tokio::test]
async fn technician_writes_can_ask_for_an_administrator() {
    let desk = with(|behaviour| behaviour.technician_writes_need_administrator = true).await;
    let machine = desk.send("POST", "/v2/user/technicians", NEW_TECHNICIAN).await;
    assert_eq!((machine.status, &machine.json()["errorMessage"]), (403, &"HTTP 403 Forbidden".into()));
    let as_user = |user| {
        let token = desk.simulator.user_token(user, WRITE);
        let request = desk.request("POST", "/v2/user/technicians").bearer_auth(token.expose_secret());
        request.header("content-type", "application/json").body(NEW_TECHNICIAN).send()
    };
    assert_eq!(as_user(12).await.unwrap().status(), 403);
    assert_eq!(as_user(11).await.unwrap().status(), 200);
}

#[tokio::test]
async fn a_script_needs_a_person() {
    let desk = Desk::open().await;
    let path = "/v2/device/4101/script/run";
    let body = r#"{"type":"SCRIPT","id":146,"runAs":"system"}"#;
    let machine = desk.send("POST", path, body).await;
    assert_eq!((machine.status, &machine.json()["error"]), (403, &"user_context_required".into()));
    assert_eq!(machine.json()["error_code"], 5);
    let run = |body: &'static str| {
        let token = desk.simulator.user_token(11, WRITE);
        let request = desk.request("POST", path).bearer_auth(token.expose_secret());
        request.header("content-type", "application/json").body(body).send()
    };
    let done = Reply::of(run(body).await.unwrap()).await.unwrap();
    assert!(done.json()["activityId"].is_i64(), "{}", done.text);
    let wrong = Reply::of(run(r#"{"type":"SCRIPT","scriptId":146}"#).await.unwrap()).await.unwrap();
    assert_eq!(wrong.json()["errorMessage"], "Unrecognized field 'scriptId'");
    assert_eq!(run(r#"{"type":"SCRIPT","id":146,"runAs":"SYSTEM"}"#).await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_device_owner_is_set_and_cleared() {
    let desk = Desk::open().await;
    let uid = desk.simulator.tenant().users.get(31).unwrap().uid.clone();
    let set = desk.try_call("POST", &format!("/v2/device/4101/owner/{uid}"), WRITE, None).await.unwrap();
    assert_eq!(set.status, 204);
    assert_eq!(desk.get("/v2/user/end-user/31").await.json()["assignedDeviceIds"], json!([4101]));
    assert_eq!(desk.delete("/v2/device/4101/owner").await.status, 204);
    assert!(desk.get("/v2/device/4101").await.json().get("assignedOwnerUid").is_none());
}

#[tokio::test]
async fn unknown_paths_and_wrong_methods_have_their_own_answers() {
    let desk = Desk::open().await;
    let unknown = desk.get("/v2/user/groups").await;
    assert_eq!((unknown.status, &unknown.json()["resultCode"]), (404, &"FAILURE".into()));
    let wrong = desk.delete("/v2/users").await;
    assert_eq!((wrong.status, &wrong.json()["errorMessage"]), (405, &"HTTP 405 Method Not Allowed".into()));
}
