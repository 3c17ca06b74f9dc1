//! Actions on accounts: a profile that is changed and proved, and an account without any role.

use baton_ninja_one::{
    simulator::Fault,
    wire::v2::{self, BatonActionStatus as Status},
};
use prost_types::{Struct, value::Kind};
use tonic::Code;

use crate::support::{
    World, small_tenant,
    writes::{about, by_id},
};

async fn world() -> World {
    World::small().await.provisioning(|_| {})
}

fn writes(world: &World) -> Vec<(String, String)> {
    let writes = world.ninja_one.writes();
    writes.into_iter().map(|w| (format!("{} {}", w.method, w.path), w.body.unwrap_or_default())).collect()
}

fn said<'a>(response: &'a Option<Struct>, key: &str) -> Option<&'a Kind> {
    response.as_ref()?.fields.get(key)?.kind.as_ref()
}

fn error(response: &Option<Struct>) -> String {
    match said(response, "error") {
        Some(Kind::StringValue(text)) => text.clone(),
        other => panic!("{other:?} in {response:?}"),
    }
}

#[tokio::test]
async fn the_schemas_say_what_there_is() {
    let world = world().await;
    let daemon = world.daemon().await;
    let mut client = v2::action_service_client::ActionServiceClient::new(daemon.channel.clone());
    let schemas = client
        .list_action_schemas(v2::ListActionSchemasRequest::default())
        .await
        .unwrap()
        .into_inner()
        .schemas;
    let names: Vec<_> = schemas.iter().map(|s| s.name.as_str()).collect();
    assert_eq!(names, ["update_profile", "remove_all_roles"]);
    let update = i32::from(v2::ActionType::AccountUpdateProfile);
    assert!(schemas[0].action_type.contains(&update));
}

#[tokio::test]
async fn a_profile_is_changed_proved_and_shown() {
    let world = world().await;
    let daemon = world.daemon().await;
    daemon.users().await.unwrap();
    let asked = about(21).text("first_name", "Unity").flag("full_portal_access", true);
    let done = daemon.invoke("update_profile", asked.clone()).await.unwrap();
    assert_eq!(done.status(), Status::Complete, "{done:?}");
    assert_eq!(said(&done.response, "changed"), Some(&Kind::BoolValue(true)));
    assert_eq!(said(&done.response, "success"), Some(&Kind::BoolValue(true)));
    let again = daemon.invoke("update_profile", asked).await.unwrap();
    assert_eq!(said(&again.response, "changed"), Some(&Kind::BoolValue(false)));
    let technician = daemon.invoke("update_profile", about(12).text("last_name", "Nord")).await.unwrap();
    assert_eq!(technician.status(), Status::Complete, "{technician:?}");
    assert_eq!(
        writes(&world),
        [
            ("PATCH /v2/user/end-user/21".into(), r#"{"firstName":"Unity","fullPortalAccess":true}"#.into()),
            ("PATCH /v2/user/technician/12".into(), r#"{"lastName":"Nord"}"#.into()),
        ]
    );
    let names: Vec<_> = daemon.users().await.unwrap().into_iter().map(|u| u.display_name).collect();
    assert!(names.contains(&"Unity East".to_owned()) && names.contains(&"Tess Nord".to_owned()), "{names:?}");
    assert_eq!(world.ninja_one.count("GET", "/v2/users"), 1, "shown without reading the tenant again");
    let mut client = v2::action_service_client::ActionServiceClient::new(daemon.channel.clone());
    let status = v2::GetActionStatusRequest { id: technician.id, ..Default::default() };
    assert_eq!(client.get_action_status(status).await.unwrap().into_inner().status(), Status::Complete);
}

#[tokio::test]
async fn a_changed_profile_is_proved_after_a_lost_answer() {
    for user in [12, 21] {
        let world = world().await;
        let daemon = world.daemon().await;
        world.ninja_one.faults().on("PATCH", "/v2/user/**", Fault::LostAnswer);
        let done = daemon.invoke("update_profile", about(user).text("first_name", "Una")).await.unwrap();
        assert_eq!(done.status(), Status::Complete, "{done:?}");
        world.ninja_one.faults().clear();
        world.ninja_one.faults().on("PATCH", "/v2/user/**", Fault::Closed);
        let lost = daemon.invoke("update_profile", about(user).text("first_name", "Other")).await.unwrap();
        assert_eq!(lost.status(), Status::Failed);
        assert!(error(&lost.response).contains("nothing was repeated"), "{lost:?}");
    }
}

#[tokio::test]
async fn arguments_are_checked_before_anything_is_begun() {
    let world = world().await;
    let daemon = world.daemon().await;
    let role = {
        let mut client = v2::action_service_client::ActionServiceClient::new(daemon.channel.clone());
        let request = v2::InvokeActionRequest { name: "remove_all_roles".into(), ..Default::default() };
        client.invoke_action(request).await.unwrap_err()
    };
    assert_eq!(role.code(), Code::InvalidArgument);
    for (args, part) in [
        (about(12), "one of first_name, last_name, organization_id, full_portal_access is required"),
        (about(12).text("first_name", ""), "first_name must have at least 1"),
        (about(12).text("first_name", &"x".repeat(151)), "first_name must have at most 150"),
        (about(12).text("full_portal_access", "yes"), "full_portal_access must be true or false"),
        (about(12).text("first_name", "A").text("email", "a@b"), "email is not an argument"),
    ] {
        let status = daemon.invoke("update_profile", args).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument, "{status:?}");
        assert!(status.message().contains(part), "{part} in {status:?}");
    }
    for (args, part) in [
        (about(999).text("first_name", "A"), "no user 999"),
        (about(12).text("organization_id", "1"), "end user"),
        (about(12).flag("full_portal_access", true), "end user"),
        (about(21).text("organization_id", "77"), "no organization 77"),
        (about(21).text("organization_id", "one"), "numeric id"),
        (about(21).text("first_name", "  "), "blank"),
    ] {
        let failed = daemon.invoke("update_profile", args).await.unwrap();
        assert_eq!(failed.status(), Status::Failed, "{failed:?}");
        assert!(error(&failed.response).contains(part), "{part} in {failed:?}");
    }
    assert_eq!(writes(&world), []);
}

#[tokio::test]
async fn removing_all_roles_leaves_none_and_says_which_there_were() {
    let tenant = small_tenant().role(8, "Patching", "TECHNICIAN").member(8, 12, "MANUAL");
    let world = World::with(tenant).await.provisioning(|_| {});
    let daemon = world.daemon().await;
    let done = daemon.invoke("remove_all_roles", about(12)).await.unwrap();
    assert_eq!(done.status(), Status::Complete, "{done:?}");
    let Some(Kind::ListValue(removed)) = said(&done.response, "removed_roles") else { panic!("{done:?}") };
    assert_eq!(removed.values.len(), 2);
    assert!(world.ninja_one.read_tenant(|t| !t.is_member(7, 12) && !t.is_member(8, 12)));
    assert_eq!(daemon.shown_members(8).await, [0; 0]);
    let again = daemon.invoke("remove_all_roles", about(12)).await.unwrap();
    assert_eq!(again.status(), Status::Complete);
    assert_eq!(writes(&world).len(), 2);
}

#[tokio::test]
async fn what_is_no_quarantine_is_not_called_one() {
    let tenant = small_tenant().role(8, "Patching", "TECHNICIAN").member(8, 11, "MANUAL");
    let world = World::with(tenant).await.provisioning(|guard| guard.protected_accounts = vec!["12".into()]);
    let daemon = world.daemon().await;
    for (user, part) in [
        (3, "is a System Administrator"),
        (12, "is protected"),
        (999, "no user 999"),
        // One of two roles is managed by SCIM: the other one goes, and the answer says what stays.
        (11, "taken out of these roles: 8; and is still in: role 7 (Helpdesk)"),
        (11, "SCIM"),
    ] {
        let failed = daemon.invoke("remove_all_roles", about(user)).await.unwrap();
        assert_eq!(failed.status(), Status::Failed, "{failed:?}");
        assert!(error(&failed.response).contains(part), "{part} in {failed:?}");
    }
    assert_eq!(writes(&world).len(), 1);
    assert!(world.ninja_one.read_tenant(|t| t.is_member(7, 11) && !t.is_member(8, 11)));
}

#[tokio::test]
async fn an_argument_may_name_the_user_in_either_form() {
    let world = world().await;
    let daemon = world.daemon().await;
    let mut client = v2::action_service_client::ActionServiceClient::new(daemon.channel.clone());
    let id = by_id("user", 12).id.unwrap();
    let text = |text: String| prost_types::Value { kind: Some(Kind::StringValue(text)) };
    let object = Struct {
        fields: [
            ("resource_type".to_owned(), text(id.resource_type)),
            ("resource".to_owned(), text(id.resource)),
        ]
        .into(),
    };
    let user = prost_types::Value { kind: Some(Kind::StructValue(object)) };
    let request = v2::InvokeActionRequest {
        name: "remove_all_roles".into(),
        args: Some(Struct { fields: [("user_id".to_owned(), user)].into() }),
        inline_wait: Some(prost_types::Duration { seconds: 60, nanos: 0 }),
        ..Default::default()
    };
    let done = client.invoke_action(request).await.unwrap().into_inner();
    assert_eq!(done.status(), Status::Complete, "{done:?}");
}
