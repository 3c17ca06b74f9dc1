//! Role members: added, removed, refused.

use super::{super::*, Desk, WRITE, small};

const ADD: &str = "/v2/user/role/201/add-members";
const REMOVE: &str = "/v2/user/role/201/remove-members";

async fn with(change: impl FnOnce(&mut Behaviour)) -> Desk {
    let mut options = Options::with(small());
    change(&mut options.behaviour);
    Desk::with(options).await
}

fn members(role: &serde_json::Value) -> Vec<i64> {
    role["members"].as_array().unwrap().iter().map(|member| member["id"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn a_change_answers_the_role_after_it() {
    let desk = Desk::open().await;
    let role = desk.send("PATCH", ADD, "[11]").await.json();
    assert_eq!((&role["id"], members(&role)), (&201.into(), vec![12, 14, 11]));
    let last = &role["members"][2];
    assert_eq!((&last["email"], &last["name"]), (&"ada@example.com".into(), &"Ada Okafor".into()));
    assert_eq!(last["source"], "MANUAL");
    let role = desk.send("PATCH", REMOVE, "[12,14]").await.json();
    assert_eq!(members(&role), [11]);
}

#[tokio::test]
async fn only_a_bare_array_of_distinct_numbers_will_do() {
    let desk = Desk::open().await;
    for body in [r#"{"userIds":[11]}"#, r#"["11"]"#, "11", "[]", "[11,11]", "", "[1.5]"] {
        assert_eq!(desk.send("PATCH", ADD, body).await.status, 400, "{body}");
    }
    assert!(!desk.simulator.tenant().is_member(201, 11));
}

#[tokio::test]
async fn one_bad_id_fails_all_of_them() {
    let desk = Desk::open().await;
    assert_eq!(desk.send("PATCH", ADD, "[11,999]").await.status, 404, "unknown member");
    assert_eq!(desk.send("PATCH", ADD, "[11,31]").await.status, 400, "an end user in a technicians' role");
    assert_eq!(desk.send("PATCH", "/v2/user/role/9/add-members", "[11]").await.status, 404, "unknown role");
    assert!(!desk.simulator.tenant().is_member(201, 11));
}

#[tokio::test]
async fn repeats_are_accepted_or_refused_as_told() {
    for (repeats, status) in [(Repeats::Accepted, 200), (Repeats::Refused, 400)] {
        let desk = with(|behaviour| behaviour.repeated_membership = repeats).await;
        assert_eq!(desk.send("PATCH", ADD, "[12]").await.status, status);
        assert_eq!(desk.send("PATCH", REMOVE, "[11]").await.status, status);
        let held = desk.simulator.tenant().find_role(201).unwrap().members.len();
        assert_eq!(held, 2, "a repeat adds nothing");
    }
}

#[tokio::test]
async fn the_answer_may_be_empty() {
    for (answer, status) in [(MemberAnswer::Empty, 200), (MemberAnswer::NoContent, 204)] {
        let desk = with(|behaviour| behaviour.member_answer = answer).await;
        let reply = desk.send("PATCH", ADD, "[11]").await;
        assert_eq!((reply.status, reply.text.as_str()), (status, ""));
        assert!(desk.simulator.tenant().is_member(201, 11));
    }
}

#[tokio::test]
async fn a_mapped_membership_comes_back() {
    let desk = with(|behaviour| behaviour.returning_sources = vec!["GROUP_MAPPING".into()]).await;
    let role = desk.send("PATCH", REMOVE, "[14]").await.json();
    assert_eq!(members(&role), [12], "the answer says it is gone");
    assert!(desk.simulator.tenant().is_member(201, 14));
}

#[tokio::test]
async fn control_can_be_asked_for() {
    let desk = with(|behaviour| {
        behaviour.member_changes_need_control = true;
        behaviour.missing_scope_status = 403;
    })
    .await;
    assert_eq!(desk.send("PATCH", ADD, "[11]").await.status, 403);
    let scopes = [WRITE, &["control"]].concat();
    assert_eq!(desk.try_call("PATCH", ADD, &scopes, Some("[11]")).await.unwrap().status, 200);
}

#[tokio::test]
async fn reading_roles_can_ask_for_management() {
    let desk = with(|behaviour| behaviour.role_reads_need_management = true).await;
    assert_eq!(desk.get("/v2/user/roles").await.status, 401);
    assert_eq!(desk.try_call("GET", "/v2/user/roles", WRITE, None).await.unwrap().status, 200);
}
