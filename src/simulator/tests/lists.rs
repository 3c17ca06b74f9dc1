//! Lists and paging.

use super::{super::*, Desk, small};

async fn paged(paging: Paging) -> Desk {
    let mut options = Options::with(small());
    options.behaviour.paging = paging;
    Desk::with(options).await
}

#[tokio::test]
async fn users_are_filtered_by_kind_and_carry_role_names_only_when_asked() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v2/users").await.ids(), [11, 14, 12, 33, 31, 35]);
    assert_eq!(desk.get("/v2/users?userType=END_USER").await.ids(), [33, 31, 35]);
    assert_eq!(desk.get("/v2/users?userType=CONTACT").await.status, 400);
    assert!(desk.get("/v2/users").await.json()[1].get("roles").is_none());
    let named = desk.get("/v2/users?includeRoles=true").await.json();
    assert_eq!(named[1]["roles"], serde_json::json!(["Service Desk"]));
    assert_eq!(named[0]["roles"], serde_json::json!([]));
}

#[tokio::test]
async fn a_listing_follows_every_change() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v2/user/end-users").await.ids(), [33, 31, 35]);
    desk.delete("/v2/user/end-user/33").await;
    assert_eq!(desk.get("/v2/user/end-users").await.ids(), [35, 31]);
    desk.simulator.with_tenant(|tenant| tenant.remove_user(35));
    assert_eq!(desk.get("/v2/user/end-users").await.ids(), [31]);
}

#[tokio::test]
async fn an_organization_lists_its_own_people() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v2/organization/2/end-users").await.ids(), [31, 35]);
    assert_eq!(desk.get("/v2/organization/9/end-users").await.status, 404);
}

#[tokio::test]
async fn user_roles_and_device_roles_are_not_the_same() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v2/user/roles").await.ids(), [201, 301]);
    assert_eq!(desk.get("/v2/user/roles?roleType=END_USER").await.ids(), [301]);
    assert_eq!(desk.get("/v2/roles").await.ids(), [1001]);
    assert!(desk.get("/v2/roles").await.json()[0].get("members").is_none());
}

#[tokio::test]
async fn a_member_nobody_knows_is_sent_without_a_name() {
    let tenant = small().member(201, 999, "SCIM");
    let desk = Desk::with(Options::with(tenant)).await;
    let roles = desk.get("/v2/user/roles").await.json();
    assert_eq!(roles[0]["members"][2], serde_json::json!({"id": 999, "source": "SCIM"}));
}

#[tokio::test]
async fn pages_go_up_by_id_and_end_empty() {
    let desk = Desk::open().await;
    assert_eq!(desk.get("/v2/devices?pageSize=2").await.ids(), [4101, 4102]);
    assert_eq!(desk.get("/v2/devices?pageSize=2&after=4102").await.ids(), [4103]);
    assert_eq!(desk.get("/v2/devices?pageSize=2&after=4103").await.text, "[]");
    assert_eq!(desk.get("/v2/organization/2/devices").await.ids(), [4101, 4102]);
    assert_eq!(desk.get("/v2/organizations?pageSize=1&after=2").await.ids(), [3]);
    assert_eq!(desk.get("/v2/locations?after=2").await.json()[0]["organizationId"], 3);
    for bad in ["pageSize=0", "pageSize=-1", "pageSize=x", "after=x"] {
        assert_eq!(desk.get(&format!("/v2/devices?{bad}")).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn a_page_is_never_larger_than_the_cap() {
    let desk = paged(Paging { cap: 2, ..Paging::default() }).await;
    assert_eq!(desk.get("/v2/devices?pageSize=1000").await.ids(), [4101, 4102]);
    assert_eq!(desk.get("/v2/devices").await.ids(), [4101, 4102]);
}

#[tokio::test]
async fn the_last_element_of_a_scattered_page_is_not_the_largest() {
    let desk = paged(Paging { order: PageOrder::Scattered, ..Paging::default() }).await;
    assert_eq!(desk.get("/v2/devices?pageSize=2").await.ids(), [4102, 4101]);
    let desk = paged(Paging { after_inclusive: true, ..Paging::default() }).await;
    assert_eq!(desk.get("/v2/devices?pageSize=2&after=4102").await.ids(), [4102, 4103]);
}

#[tokio::test]
async fn a_device_filter_is_obeyed_and_pending_devices_need_to_be_asked_for() {
    let desk = Desk::open().await;
    desk.simulator.with_tenant(|tenant| {
        tenant.devices[0].approval_status = "PENDING".into();
        tenant.devices[1].offline = true.into();
    });
    for (filter, ids) in [
        ("", vec![4101, 4103]),
        ("org%20%3D%202", vec![4101]),
        ("status%20%3D%20PENDING", vec![4102]),
        ("online", vec![4103]),
        ("id%20in%20(4101,4102)%20and%20offline", vec![4101]),
        ("class%20!%3D%20MAC%20%26%26%20org%20notin%20(2)", vec![4103]),
    ] {
        assert_eq!(desk.get(&format!("/v2/devices?df={filter}")).await.ids(), ids, "{filter}");
    }
    assert_eq!(desk.get("/v2/devices?df=org%20or%202").await.status, 400);
}
