//! A sync over a real port: the whole order, the same graph whatever the page size, one state of the tenant.

use baton_ninja_one::{
    simulator::{Fault, Size, Tenant},
    wire::{find, unpack, v2},
};
use prost_types::value::Kind;

use crate::support::{World, walk::Walk};

#[tokio::test(flavor = "multi_thread")]
async fn every_page_size_gives_the_same_graph() {
    let world = World::with(Tenant::generate(&Size::users(200).roles(9), 7)).await;
    let daemon = world.daemon().await;
    let whole = Walk::new(&daemon.channel, 0).run().await.unwrap();
    assert_eq!(whole.resources.len(), 200 + 9 + 1, "users, roles, System Administrator");
    assert!(whole.grants.len() > 200);
    for size in [1, 7, 250] {
        assert_eq!(Walk::new(&daemon.channel, size).run().await.unwrap(), whole, "page size {size}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_clients_at_once_see_the_same_and_share_the_requests() {
    let world = World::with(Tenant::generate(&Size::users(300).roles(5), 3)).await;
    let daemon = world.daemon().await;
    world.ninja_one.clear_requests();
    let (a, b) = (Walk::new(&daemon.channel, 50), Walk::new(&daemon.channel, 7));
    let (a, b) = tokio::join!(a.run(), b.run());
    assert_eq!(a.unwrap(), b.unwrap());
    for path in ["/v2/users", "/v2/user/technicians", "/v2/user/end-users"] {
        assert_eq!(world.ninja_one.count("GET", path), 1, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sync_takes_at_most_five_requests_however_large_the_tenant() {
    for users in [30, 3_000] {
        let world = World::with(Tenant::generate(&Size::users(users).roles(20), 1)).await;
        let daemon = world.daemon().await;
        daemon.ready().await;
        world.ninja_one.clear_requests();
        Walk::new(&daemon.channel, 0).run().await.unwrap();
        let requests = world.ninja_one.requests();
        assert!(requests.len() <= 5, "{users} users: {requests:#?}");
        assert!(world.ninja_one.forbidden().is_empty(), "{:?}", world.ninja_one.forbidden());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn replies_stay_under_four_mebibytes_for_a_large_tenant() {
    let world = World::with(Tenant::generate(&Size::users(20_000).roles(3), 1)).await;
    let daemon = world.daemon().await;
    let walk = Walk::new(&daemon.channel, 0); // checks each reply
    let graph = walk.run().await.unwrap();
    assert_eq!(graph.resources.len(), 20_000 + 3 + 1);
    assert!(walk.calls() < 60, "{} calls", walk.calls());
}

#[tokio::test(flavor = "multi_thread")]
async fn all_pages_of_a_sync_show_the_state_in_which_it_began() {
    let world = World::small().await.always_fresh();
    let daemon = world.daemon().await;
    let walk = Walk::new(&daemon.channel, 0);
    let before = walk.resources("user").await.unwrap();
    world.ninja_one.with_tenant(|t| t.remove_user(12).unwrap());
    assert_eq!(walk.resources("user").await.unwrap(), before, "within the sync");
    assert_eq!(walk.run().await.unwrap().grants.len(), 4, "within the sync");
    assert_eq!(
        Walk::new(&daemon.channel, 0).resources("user").await.unwrap().len(),
        before.len() - 1,
        "a new sync"
    );
    assert_eq!(daemon.users().await.unwrap().len(), before.len() - 1, "outside any sync");

    let cleanup =
        v2::ConnectorServiceCleanupRequest { active_sync_id: walk.sync_id.clone(), ..Default::default() };
    daemon.connector().cleanup(cleanup).await.unwrap();
    assert_eq!(
        walk.resources("user").await.unwrap().len(),
        before.len() - 1,
        "after the clean-up it is a new sync"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_that_never_pause_do_not_keep_a_sync_out() {
    let world = World::small().await.always_fresh().provisioning(|_| {});
    let daemon = world.daemon().await;
    daemon.ready().await;
    let faults = world.ninja_one.faults();
    faults.on("GET", "/v2/users", Fault::Hold);
    let writes = async {
        for grant in [true, false].into_iter().cycle().take(40) {
            while faults.held() == 0 {
                tokio::task::yield_now().await;
            }
            let written = if grant { daemon.grant(5, 22).await } else { daemon.revoke(5, 22).await };
            written.unwrap();
            faults.release();
        }
    };
    let walk = Walk::new(&daemon.channel, 0);
    tokio::select! {
        graph = walk.run() => assert_eq!(graph.unwrap().resources.len(), 8),
        () = writes => panic!("the lists were read {} times for one sync", world.ninja_one.count("GET", "/v2/users")),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_token_is_good_at_another_replica_and_after_a_restart() {
    let world = World::small().await;
    let (first, second) = (world.daemon().await, world.daemon().await);
    let page = |token: &str| v2::ResourcesServiceListResourcesRequest {
        resource_type_id: "user".into(),
        page_size: 2,
        page_token: token.into(),
        active_sync_id: "a-sync".into(),
        ..Default::default()
    };
    let ids = |list: &[v2::Resource]| list.iter().map(|r| r.id.clone().unwrap().resource).collect::<Vec<_>>();
    let one = first.resources().list_resources(page("")).await.unwrap().into_inner();
    first.shutdown.cancel();
    let two = second.resources().list_resources(page(&one.next_page_token)).await.unwrap().into_inner();
    let three = second.resources().list_resources(page(&two.next_page_token)).await.unwrap().into_inner();
    let seen = [ids(&one.list), ids(&two.list), ids(&three.list)].concat();
    assert_eq!(seen, ["3", "11", "12", "21", "22"]);
    assert!(three.next_page_token.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_ninja_one_did_not_say_stays_unknown() {
    use baton_ninja_one::simulator::Field;
    let tenant = Tenant::empty()
        .technician(1, "Known", "One", "known@example.org")
        .with_user(1, |u| {
            u.mfa_configured = Field::from(false);
            u.enabled = Field::from(false);
        })
        .technician(2, "Unknown", "Two", "unknown@example.org")
        .with_user(2, |u| {
            u.mfa_configured = Field::Absent;
            u.enabled = Field::Null;
            u.auth_type = Field::Absent;
        });
    let world = World::with(tenant).await;
    let daemon = world.daemon().await;
    let users = daemon.users().await.unwrap();
    let facts: Vec<v2::UserTrait> = users.iter().map(|u| find(&u.annotations).unwrap()).collect();
    assert_eq!(facts[0].mfa_status.map(|m| m.mfa_enabled), Some(false));
    assert_eq!(facts[1].mfa_status, None);
    assert_eq!(facts[1].sso_status, None);
    let status = |u: &v2::Resource| u.status.as_ref().unwrap().status();
    assert_eq!(status(&users[0]), v2::status::ResourceStatus::Disabled);
    assert_eq!(status(&users[1]), v2::status::ResourceStatus::Unspecified);
}

#[tokio::test(flavor = "multi_thread")]
async fn ids_slugs_and_profile_keys_are_what_the_data_model_says() {
    let world = World::small().await;
    let daemon = world.daemon().await;
    let graph = Walk::new(&daemon.channel, 0).run().await.unwrap();

    assert_eq!(graph.types.keys().collect::<Vec<_>>(), ["role", "user"]);
    let resources = [
        "role:5",
        "role:7",
        "role:system-administrator",
        "user:11",
        "user:12",
        "user:21",
        "user:22",
        "user:3",
    ];
    assert_eq!(graph.resources.keys().collect::<Vec<_>>(), resources);
    let entitlements = ["role:5:assigned", "role:7:assigned", "role:system-administrator:assigned"];
    assert_eq!(graph.entitlements.keys().collect::<Vec<_>>(), entitlements);
    let grants = [
        "role:5:assigned:user:21",
        "role:7:assigned:user:11",
        "role:7:assigned:user:12",
        "role:system-administrator:assigned:user:3",
    ];
    assert_eq!(graph.grants.keys().collect::<Vec<_>>(), grants);

    let keys = |id: &str| graph.resources[id].profile.clone().unwrap().fields.into_keys().collect::<Vec<_>>();
    let technician = [
        "administrator",
        "all_organizations",
        "auth_type",
        "email",
        "first_name",
        "invitation_status",
        "last_name",
        "must_change_password",
        "notify_all_organizations",
        "scim_managed",
        "uid",
        "user_type",
    ];
    let documented = |keys: Vec<String>| {
        let unknown: Vec<_> = keys.iter().filter(|k| !DOCUMENTED.contains(&k.as_str())).cloned().collect();
        assert!(unknown.is_empty(), "not in docs/data-model.md: {unknown:?}");
        keys
    };
    for key in technician {
        assert!(documented(keys("user:12")).iter().any(|k| k == key), "{key} of a technician");
    }
    for key in ["organization_id", "full_portal_access"] {
        assert!(documented(keys("user:21")).iter().any(|k| k == key), "{key} of an end user");
    }
    assert_eq!(keys("role:system-administrator"), ["name", "role_type", "synthetic"]);
    let text =
        |id: &str, key: &str| match graph.resources[id].profile.as_ref().unwrap().fields[key].kind.clone() {
            Some(Kind::StringValue(text)) => text,
            other => panic!("{id} {key}: {other:?}"),
        };
    assert_eq!(text("user:12", "user_type"), "technician");
    assert_eq!(text("user:21", "user_type"), "end_user");
    assert_eq!(text("user:21", "organization_id"), "1");
    assert_eq!(text("role:7", "role_type"), "technician");
    assert_eq!(text("role:5", "role_type"), "end_user");

    let tess: v2::UserTrait = find(&graph.resources["user:12"].annotations).unwrap();
    assert_eq!(tess.login, "tess@example.org");
    assert_eq!(tess.emails[0].address, "tess@example.org");
    assert_eq!(tess.structured_name.unwrap().given_name, "Tess");
    assert_eq!(graph.resources["user:12"].display_name, "Tess North");

    let source = &graph.grants["role:7:assigned:user:11"].annotations[0];
    let source = unpack::<v2::GrantMetadata>(source).unwrap().metadata.unwrap();
    assert_eq!(source.fields["source"].kind, Some(Kind::StringValue("SCIM".into())));
    let administrator = &graph.entitlements["role:system-administrator:assigned"];
    assert!(find::<v2::EntitlementImmutable>(&administrator.annotations).is_some());
    let flagged = &graph.grants["role:system-administrator:assigned:user:3"];
    assert!(find::<v2::GrantImmutable>(&flagged.annotations).is_some());
    assert!(find::<v2::EntitlementImmutable>(&graph.entitlements["role:7:assigned"].annotations).is_none());
}

/// The profile keys of a user in docs/data-model.md.
const DOCUMENTED: &[&str] = &[
    "user_type",
    "email",
    "first_name",
    "last_name",
    "phone",
    "uid",
    "invitation_status",
    "organization_id",
    "auth_type",
    "administrator",
    "scim_managed",
    "full_portal_access",
    "all_organizations",
    "notify_all_organizations",
    "must_change_password",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_member_nobody_knows_is_not_invented() {
    let world = World::small().await;
    world.ninja_one.with_tenant(|t| {
        let stray = t.find_role(7).unwrap().members[0].clone();
        let role = t.find_role_mut(7).unwrap();
        role.members.push(stray);
        role.members.last_mut().unwrap().user = 999;
    });
    let daemon = world.daemon().await;
    let graph = Walk::new(&daemon.channel, 0).run().await.unwrap();
    assert!(!graph.resources.contains_key("user:999"));
    assert_eq!(graph.grants.len(), 4, "{:?}", graph.grants.keys());
}
