//! Deleting accounts: never the wrong one, never too many, and the answer says what is gone.

use std::time::Duration;

use baton_ninja_one::{
    simulator::{Fault, Options},
    wire::v2,
};
use tonic::Code;

use crate::support::{
    World, reason, small_tenant,
    writes::{resource_id, sent},
};

async fn world() -> World {
    World::small().await.provisioning(|_| {})
}

#[tokio::test]
async fn each_type_is_deleted_by_its_own_path_and_is_gone_at_once() {
    let world = world().await;
    let daemon = world.daemon().await;
    assert_eq!(daemon.shown_users().await, [3, 11, 12, 21, 22]);
    assert!(!daemon.delete(12).await.unwrap());
    assert!(!daemon.delete(21).await.unwrap());
    assert_eq!(sent(&world), ["DELETE /v2/user/technician/12", "DELETE /v2/user/end-user/21"]);
    assert_eq!(daemon.shown_users().await, [3, 11, 22]);
    assert_eq!(daemon.shown_members(5).await, [0; 0]);
    assert!(daemon.delete(12).await.unwrap(), "gone is done");
    let mut deleter =
        v2::resource_deleter_service_client::ResourceDeleterServiceClient::new(daemon.channel.clone());
    let request =
        v2::DeleteResourceV2Request { resource_id: Some(resource_id("user", 22)), parent_resource_id: None };
    deleter.delete_resource_v2(request).await.unwrap();
    assert_eq!(sent(&world).len(), 3);
}

#[tokio::test]
async fn who_must_not_be_deleted_is_not() {
    let tenant = small_tenant()
        .end_user(23, "Sam", "Sync", "sam@example.com", 1)
        .with_user(23, |user| user.scim_user = true.into())
        .technician(13, "May", "Be", "may@example.org")
        .with_user(13, |user| user.administrator = baton_ninja_one::simulator::Field::Absent);
    let world = World::with(tenant)
        .await
        .provisioning(|guard| guard.protected_accounts = vec!["TESS@example.org ".into(), "22".into()]);
    let daemon = world.daemon().await;
    for (user, wanted) in [
        ("3", "SYSTEM_ADMINISTRATOR"),
        ("13", "SYSTEM_ADMINISTRATOR"),
        ("23", "SCIM_MANAGED"),
        ("12", "PROTECTED_ACCOUNT"),
        ("22", "PROTECTED_ACCOUNT"),
        ("Tess", "UNKNOWN_USER"),
    ] {
        let status = daemon.delete(user).await.unwrap_err();
        assert_eq!(reason(&status), wanted, "{status:?}");
    }
    assert_eq!(sent(&world), [""; 0]);
    assert_eq!(world.ninja_one.forbidden(), []);
}

#[tokio::test]
async fn an_account_whose_e_mail_is_not_told_may_be_the_protected_one() {
    let world =
        world().await.provisioning(|guard| guard.protected_accounts = vec!["root@example.org".into()]);
    let daemon = world.daemon().await;
    let json = |body: &str| Fault::Answer {
        status: 200,
        content_type: "application/json".into(),
        body: body.into(),
    };
    let faults = world.ninja_one.faults();
    faults.on("GET", "/v2/user/technician/12", json(r#"{"id":12,"administrator":false}"#));
    let listed = faults.on("GET", "/v2/users", json(r#"[{"id":12,"administrator":false}]"#));
    let status = daemon.delete(12).await.unwrap_err();
    assert_eq!(reason(&status), "PROTECTED_ACCOUNT", "{status:?}");
    assert!(status.message().contains("may be protected"), "{status:?}");
    assert_eq!((listed.hits(), sent(&world)), (1, vec![]));

    faults.clear();
    faults.on("GET", "/v2/user/technician/12", json(r#"{"id":12,"administrator":false}"#)).times(1);
    assert!(!daemon.delete(12).await.unwrap(), "the users list says that it is another one");
}

#[tokio::test]
async fn an_account_that_somebody_else_deleted_meanwhile_does_not_count_against_the_limit() {
    let world = world().await.provisioning(|guard| guard.deletion_limit = 1);
    let daemon = world.daemon().await;
    let faults = world.ninja_one.faults();
    faults.on("GET", "/v2/user/technician/12", Fault::NotFound).after(1);
    faults.on("DELETE", "/v2/user/technician/12", Fault::NotFound);
    assert!(daemon.delete(12).await.unwrap(), "somebody was quicker");
    assert!(!daemon.delete(22).await.unwrap());
    assert_eq!(reason(&daemon.delete(21).await.unwrap_err()), "DELETION_LIMIT");
}

#[tokio::test]
async fn the_last_administrator_who_can_sign_in_stays_even_when_two_go_at_once() {
    let tenant = small_tenant()
        .administrator(4, "Second", "Admin", "second@example.org")
        .administrator(6, "Locked", "Admin", "locked@example.org")
        .with_user(6, |user| user.enabled = false.into())
        .administrator(8, "Invited", "Admin", "invited@example.org")
        .with_user(8, |user| user.invitation_status = "PENDING".into());
    let world = World::with(tenant).await.provisioning(|guard| guard.allow_administrator_deletion = true);
    let daemon = world.daemon().await;
    let (first, second) = tokio::join!(daemon.delete(3), daemon.delete(4));
    let refused: Vec<_> = [first, second].into_iter().filter_map(Result::err).collect();
    assert_eq!(refused.iter().map(reason).collect::<Vec<_>>(), ["LAST_ADMINISTRATOR"]);
    assert!(!daemon.delete(6).await.unwrap(), "somebody who can sign in remains");
    let left = world.ninja_one.read_tenant(|t| t.users.get(3).is_some() || t.users.get(4).is_some());
    assert!(left);
}

#[tokio::test]
async fn a_release_without_the_calls_is_not_taken_for_an_empty_one() {
    let world = world().await;
    let daemon = world.daemon().await;
    for path in ["/v2/user/technician/*", "/v2/user/end-user/*"] {
        world.ninja_one.faults().on("GET", path, Fault::NotFound);
    }
    let status = daemon.delete(12).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unimplemented, "NOT_OFFERED"));
    assert_eq!(sent(&world), [""; 0]);
}

#[tokio::test]
async fn a_deleted_user_is_gone_after_a_lost_answer_and_nothing_is_sent_twice() {
    for fault in [Fault::LostAnswer, Fault::LostBehindStatus(500), Fault::LostBehindHtml { status: 502 }] {
        let world = world().await;
        let daemon = world.daemon().await;
        world.ninja_one.faults().on("DELETE", "/v2/user/**", fault.clone());
        assert!(!daemon.delete(12).await.unwrap(), "{fault:?}");
        assert!(daemon.delete(12).await.unwrap());
        assert_eq!(sent(&world).len(), 1);
    }
    let world = world().await;
    let daemon = world.daemon().await;
    world.ninja_one.faults().on("DELETE", "/v2/user/**", Fault::Closed);
    let status = daemon.delete(12).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OUTCOME_UNKNOWN"));
    assert_eq!(sent(&world).len(), 1);
    assert_eq!(daemon.shown_users().await, [3, 11, 12, 21, 22]);
}

#[tokio::test]
async fn ninjaones_own_refusal_is_passed_on_in_its_words() {
    let mut options = Options::with(small_tenant().with_user(12, |user| user.scim_user = true.into()));
    options.behaviour.refuse_scim_writes = true;
    let world = World::of(options).await.provisioning(|_| {});
    // The record does not say that it is SCIM's; NinjaOne itself knows.
    let daemon = world.daemon().await;
    world.ninja_one.faults().on(
        "GET",
        "/v2/user/technician/12",
        Fault::Answer {
            status: 200,
            content_type: "application/json".into(),
            body: r#"{"id":12,"administrator":false}"#.into(),
        },
    );
    let status = daemon.delete(12).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "REJECTED"));
    assert!(status.message().contains("SCIM managed users cannot be changed"), "{status:?}");
}

#[tokio::test]
async fn more_deletions_than_the_guard_allows_are_refused_until_the_window_has_passed() {
    let start = std::time::Instant::now();
    let hands = std::sync::Arc::new(std::sync::Mutex::new(start));
    let same = std::sync::Arc::clone(&hands);
    let world = world().await.provisioning(|guard| {
        guard.deletion_limit = 2;
        guard.clock.steady = std::sync::Arc::new(move || *same.lock().unwrap());
    });
    let daemon = world.daemon().await;
    world.ninja_one.faults().on("DELETE", "/v2/user/**", Fault::Status(403)).times(1);
    assert!(daemon.delete(12).await.is_err(), "what did not happen does not count");
    assert!(!daemon.delete(12).await.unwrap());
    assert!(daemon.delete(999).await.unwrap(), "what was not there does not count");
    assert!(!daemon.delete(21).await.unwrap());
    let status = daemon.delete(22).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::ResourceExhausted, "DELETION_LIMIT"));
    *hands.lock().unwrap() = start + Duration::from_secs(3_600);
    assert!(!daemon.delete(22).await.unwrap());
}
