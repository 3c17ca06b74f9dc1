//! Granting and revoking roles: what is asked for is what is there afterwards, and the answer says so.

use baton_ninja_one::{
    simulator::{Behaviour, Fault, MemberAnswer, Options, Repeats},
    wire::v2,
};
use tonic::Code;

use crate::support::{
    World, reason, small_tenant,
    writes::{assigned, by_id},
};

/// Everybody who can write may; nothing but the defaults guards.
async fn world() -> World {
    World::small().await.provisioning(|_| {})
}

async fn behaving(change: impl FnOnce(&mut Behaviour)) -> World {
    let mut options = Options::with(small_tenant());
    change(&mut options.behaviour);
    World::of(options).await.provisioning(|_| {})
}

/// Lets everything go on that can, on the one thread of these tests.
async fn settle() {
    for _ in 0..5_000 {
        tokio::task::yield_now().await;
    }
}

fn bodies(world: &World) -> Vec<(String, String)> {
    let writes = world.ninja_one.writes();
    writes.into_iter().map(|w| (format!("{} {}", w.method, w.path), w.body.unwrap_or_default())).collect()
}

#[tokio::test]
async fn a_grant_puts_one_user_into_one_role_and_the_directory_shows_it_at_once() {
    let world = world().await;
    let daemon = world.daemon().await;
    assert_eq!(daemon.shown_members(5).await, [21]);
    let already = daemon.grant(5, 22).await.unwrap();
    assert!(!already);
    assert_eq!(bodies(&world), [("PATCH /v2/user/role/5/add-members".into(), "[22]".into())]);
    assert!(world.ninja_one.read_tenant(|t| t.is_member(5, 22)));
    assert_eq!(daemon.shown_members(5).await, [21, 22], "without reading the tenant again");
    assert_eq!(world.ninja_one.count("GET", "/v2/users"), 1);
}

#[tokio::test]
async fn a_grant_that_is_there_and_a_revoke_of_one_that_is_not_send_nothing() {
    let world = world().await;
    let daemon = world.daemon().await;
    assert!(daemon.grant(7, 12).await.unwrap());
    assert!(daemon.revoke(7, 3).await.unwrap());
    assert!(daemon.revoke(7, 999).await.unwrap(), "whoever is gone holds nothing");
    assert_eq!(bodies(&world), []);
}

#[tokio::test]
async fn a_revoke_takes_one_user_out_and_is_proved_by_reading_back() {
    let world = world().await;
    let daemon = world.daemon().await;
    assert_eq!(daemon.shown_members(7).await, [11, 12]);
    assert!(!daemon.revoke(7, 12).await.unwrap());
    assert_eq!(bodies(&world), [("PATCH /v2/user/role/7/remove-members".into(), "[12]".into())]);
    assert!(!world.ninja_one.read_tenant(|t| t.is_member(7, 12)));
    assert_eq!(daemon.shown_members(7).await, [11]);
}

#[tokio::test]
async fn the_state_is_read_fresh_and_not_taken_from_the_directory() {
    let world = world().await;
    let daemon = world.daemon().await;
    assert_eq!(daemon.shown_members(5).await, [21]);
    world.ninja_one.with_tenant(|tenant| {
        let role = tenant.find_role_mut(5).unwrap();
        role.members.clear();
    });
    assert!(!daemon.grant(5, 21).await.unwrap(), "the directory still shows it, NinjaOne does not");
    assert!(world.ninja_one.read_tenant(|t| t.is_member(5, 21)));
}

#[tokio::test]
async fn what_cannot_be_granted_is_refused_up_front_with_the_reason() {
    let world = world().await;
    let daemon = world.daemon().await;
    let user = |id: &str| by_id("user", id);
    let foreign = v2::Entitlement { slug: "owner".into(), ..assigned(7) };
    let other_role = v2::Entitlement { id: assigned(5).id, ..assigned(7) };
    for (entitlement, principal, code, wanted) in [
        (assigned(99), user("12"), Code::NotFound, "UNKNOWN_ROLE"),
        (assigned("x"), user("12"), Code::NotFound, "UNKNOWN_ROLE"),
        (assigned(7), user("999"), Code::NotFound, "UNKNOWN_USER"),
        (assigned(7), user("Tess"), Code::NotFound, "UNKNOWN_USER"),
        (assigned(7), by_id("role", 5), Code::InvalidArgument, "PRINCIPAL_NOT_A_USER"),
        (foreign, user("3"), Code::InvalidArgument, "UNKNOWN_ENTITLEMENT"),
        (other_role, user("3"), Code::InvalidArgument, "UNKNOWN_ENTITLEMENT"),
        (
            assigned("system-administrator"),
            user("12"),
            Code::FailedPrecondition,
            "SYSTEM_ADMINISTRATOR_IS_NOT_A_ROLE",
        ),
        (assigned(7), user("21"), Code::FailedPrecondition, "ROLE_TYPE_MISMATCH"),
        (assigned(5), user("12"), Code::FailedPrecondition, "ROLE_TYPE_MISMATCH"),
    ] {
        let status = daemon.try_grant(entitlement, principal).await.unwrap_err();
        assert_eq!((status.code(), reason(&status).as_str()), (code, wanted), "{status:?}");
        assert!(status.message().starts_with("grant failed: "), "{status:?}");
        assert!(status.message().contains("Way out: "), "{status:?}");
    }
    assert_eq!(bodies(&world), []);
}

#[tokio::test]
async fn what_cannot_be_revoked_is_refused_up_front_with_the_reason() {
    let world = world().await;
    let daemon = world.daemon().await;
    for (entitlement, user, wanted) in [
        (assigned(99), 12, "UNKNOWN_ROLE"),
        (assigned("system-administrator"), 3, "SYSTEM_ADMINISTRATOR_IS_NOT_A_ROLE"),
        (assigned(7), 11, "MEMBERSHIP_MANAGED_ELSEWHERE"),
    ] {
        let status = daemon.try_revoke(entitlement, by_id("user", user)).await.unwrap_err();
        assert_eq!(reason(&status), wanted, "{status:?}");
        assert!(status.message().starts_with("revoke failed: "), "{status:?}");
    }
    assert_eq!(bodies(&world), []);
    assert!(world.ninja_one.read_tenant(|t| t.is_member(7, 11)));
}

#[tokio::test]
async fn a_managed_membership_is_revoked_when_the_operator_allows_it() {
    let world = world().await.provisioning(|guard| guard.allow_managed_revocation = true);
    let daemon = world.daemon().await;
    assert!(!daemon.revoke(7, 11).await.unwrap());
    assert!(!world.ninja_one.read_tenant(|t| t.is_member(7, 11)));
}

#[tokio::test]
async fn a_membership_that_comes_back_is_not_reported_as_revoked() {
    let world = behaving(|b| b.returning_sources = vec!["DIRECT".into()]).await;
    let daemon = world.daemon().await;
    let status = daemon.revoke(7, 12).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Aborted, "NOT_EFFECTIVE"));
    assert_eq!(daemon.shown_members(7).await, [11, 12]);
}

#[tokio::test]
async fn a_role_that_is_read_back_without_its_members_proves_nothing() {
    for (answer, proved) in [(MemberAnswer::Role, true), (MemberAnswer::Empty, false)] {
        let world = behaving(|b| b.member_answer = answer).await;
        let daemon = world.daemon().await;
        daemon.ready().await;
        let silent = Fault::Answer {
            status: 200,
            content_type: "application/json".into(),
            body: r#"[{"id":7,"name":"Helpdesk","type":"TECHNICIAN"}]"#.into(),
        };
        world.ninja_one.faults().on("GET", "/v2/user/roles", silent).after(1);
        match daemon.revoke(7, 12).await {
            Ok(already) => assert!(proved && !already, "{answer:?}"),
            Err(status) => {
                assert!(!proved, "{status:?}");
                assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OUTCOME_UNKNOWN"));
                assert!(status.message().contains("does not show the role's members"), "{status:?}");
            }
        }
    }
}

#[tokio::test]
async fn roles_without_a_known_type_or_without_members_are_not_guessed_at() {
    let world = World::with(
        small_tenant().role(8, "Later", "CONTRACTOR").role(9, "Hidden", "TECHNICIAN").member(9, 12, "DIRECT"),
    )
    .await
    .provisioning(|_| {});
    world.ninja_one.with_tenant(|t| t.find_role_mut(9).unwrap().hide_members = true);
    let daemon = world.daemon().await;
    let status = daemon.grant(8, 12).await.unwrap_err();
    assert_eq!(reason(&status), "ROLE_TYPE_UNKNOWN");
    for status in [daemon.grant(9, 11).await.unwrap_err(), daemon.revoke(9, 12).await.unwrap_err()] {
        assert_eq!(reason(&status), "ROLE_WITHOUT_MEMBERS");
    }
    assert_eq!(bodies(&world), []);
}

#[tokio::test]
async fn any_answer_to_an_accepted_change_will_do() {
    for answer in [MemberAnswer::Role, MemberAnswer::Empty, MemberAnswer::NoContent] {
        let world = behaving(|b| b.member_answer = answer).await;
        let daemon = world.daemon().await;
        assert!(!daemon.grant(5, 22).await.unwrap(), "{answer:?}");
        assert!(!daemon.revoke(5, 21).await.unwrap(), "{answer:?}");
        assert_eq!(daemon.shown_members(5).await, [22], "{answer:?}");
    }
}

#[tokio::test]
async fn a_grant_is_there_once_after_a_lost_answer_and_nothing_is_sent_twice() {
    for fault in [
        Fault::LostAnswer,
        Fault::LostBehindStatus(500),
        Fault::LostBehindHtml { status: 502 },
        Fault::CutBody,
        Fault::AbortedChunks,
        Fault::MalformedJson,
        Fault::EmptyBody,
    ] {
        let world = behaving(|b| b.repeated_membership = Repeats::Refused).await;
        let daemon = world.daemon().await;
        world.ninja_one.faults().on("PATCH", "/v2/user/role/**", fault.clone());
        assert!(!daemon.grant(5, 22).await.unwrap(), "{fault:?}");
        assert!(!daemon.revoke(7, 12).await.unwrap(), "{fault:?}");
        assert_eq!(bodies(&world).len(), 2, "{fault:?}");
        assert_eq!((daemon.shown_members(5).await, daemon.shown_members(7).await), (vec![21, 22], vec![11]));
    }
}

#[tokio::test]
async fn a_revoked_member_is_told_as_unknown_when_nobody_can_say_and_asking_again_settles_it() {
    let world = world().await;
    let daemon = world.daemon().await;
    let faults = world.ninja_one.faults();
    faults.on("PATCH", "/v2/user/role/**", Fault::LostAnswer);
    faults.on("GET", "/v2/user/roles", Fault::Status(500)).after(1);
    let status = daemon.revoke(7, 12).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OUTCOME_UNKNOWN"));
    assert!(status.message().contains("nothing was repeated"), "{status:?}");
    faults.clear();
    assert!(daemon.revoke(7, 12).await.unwrap(), "it had happened");
    assert_eq!(bodies(&world).len(), 1);
}

#[tokio::test]
async fn a_write_that_got_lost_on_its_way_is_told_and_not_repeated() {
    let world = world().await;
    let daemon = world.daemon().await;
    world.ninja_one.faults().on("PATCH", "/v2/user/role/**", Fault::Closed);
    let status = daemon.grant(5, 22).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OUTCOME_UNKNOWN"));
    assert_eq!(bodies(&world).len(), 1);
    world.ninja_one.faults().clear();
    assert!(!daemon.grant(5, 22).await.unwrap());
}

#[tokio::test]
async fn a_write_that_was_certainly_refused_is_repeated_until_it_is_not() {
    let world = world().await;
    let daemon = world.daemon().await;
    world
        .ninja_one
        .faults()
        .on("PATCH", "/v2/user/role/**", Fault::TooManyRequests { retry_after: None })
        .times(2);
    assert!(!daemon.grant(5, 22).await.unwrap());
    assert_eq!(bodies(&world).len(), 3);
}

#[tokio::test]
async fn a_missing_scope_names_control_as_the_thing_to_try() {
    for status in [401, 403] {
        let world = behaving(|b| {
            b.member_changes_need_control = true;
            b.missing_scope_status = status;
        })
        .await;
        let daemon = world.daemon().await;
        let failure = daemon.grant(5, 22).await.unwrap_err();
        assert_eq!(failure.code(), Code::PermissionDenied, "{failure:?}");
        assert!(failure.message().contains("scope control"), "{failure:?}");
        assert!(failure.message().contains("Nothing was changed"), "{failure:?}");
    }
    let world = world().await;
    let daemon = world.daemon().await;
    world.ninja_one.faults().on("PATCH", "/v2/user/role/**", Fault::Status(403));
    let failure = daemon.grant(5, 22).await.unwrap_err();
    assert_eq!((failure.code(), reason(&failure).as_str()), (Code::PermissionDenied, "FORBIDDEN"));
    assert!(failure.message().contains("scope control"), "{failure:?}");
    world.ninja_one.faults().clear();
    world.ninja_one.faults().on("PATCH", "/v2/user/role/**", Fault::RevokedToken);
    let failure = daemon.grant(5, 22).await.unwrap_err();
    assert_eq!((failure.code(), reason(&failure).as_str()), (Code::Unauthenticated, "NOT_AUTHENTICATED"));
    assert!(failure.message().contains("scope control"), "{failure:?}");
}

#[tokio::test]
async fn somebody_who_was_quicker_is_believed() {
    // The simulator refuses a repeated change; the change itself is made by others after the state was read.
    let world = behaving(|b| b.repeated_membership = Repeats::Refused).await;
    let daemon = world.daemon().await;
    let faults = world.ninja_one.faults();
    faults.on("PATCH", "/v2/user/role/**", Fault::Hold);
    let meddle = async {
        while faults.held() == 0 {
            tokio::task::yield_now().await;
        }
        world.ninja_one.with_tenant(|t| t.find_role_mut(7).unwrap().members.retain(|m| m.user != 12));
        faults.release();
    };
    let (already, ()) = tokio::join!(daemon.revoke(7, 12), meddle);
    assert!(already.unwrap(), "NinjaOne said 400, and the facts said revoked");
}

#[tokio::test]
async fn identical_requests_at_the_same_time_are_one_write() {
    let world = world().await;
    let daemon = world.daemon().await;
    daemon.ready().await;
    world.ninja_one.faults().on("PATCH", "/v2/user/role/**", Fault::Hold);
    let grants = futures::future::join_all((0..8).map(|_| daemon.grant(5, 22)));
    let release = async {
        while world.ninja_one.faults().held() == 0 {
            tokio::task::yield_now().await;
        }
        settle().await;
        world.ninja_one.faults().clear();
    };
    let (answers, ()) = tokio::join!(grants, release);
    assert!(answers.into_iter().all(|answer| answer.is_ok_and(|already| !already)));
    assert_eq!(bodies(&world).len(), 1);
    assert_eq!(world.ninja_one.count("GET", "/v2/user/roles"), 2, "one to validate, one to decide");
}

#[tokio::test]
async fn a_caller_who_hangs_up_does_not_tear_a_write_in_two() {
    let world = world().await;
    let daemon = world.daemon().await;
    let faults = world.ninja_one.faults();
    assert_eq!(daemon.shown_members(5).await, [21]);
    faults.on("PATCH", "/v2/user/role/**", Fault::Hold);
    {
        let grant = daemon.grant(5, 22);
        tokio::pin!(grant);
        while faults.held() == 0 {
            assert!(futures::poll!(&mut grant).is_pending());
            tokio::task::yield_now().await;
        }
    }
    faults.clear();
    assert!(daemon.grant(5, 22).await.is_ok(), "waits for its turn, then finds it done");
    assert_eq!(bodies(&world).len(), 1);
    assert_eq!(daemon.shown_members(5).await, [21, 22]);
}

#[tokio::test]
async fn a_shutdown_waits_for_a_write_whose_caller_is_gone() {
    let world = world().await;
    let mut daemon = world.daemon().await;
    let faults = world.ninja_one.faults();
    faults.on("PATCH", "/v2/user/role/**", Fault::Hold);
    {
        let revoke = daemon.revoke(7, 12);
        tokio::pin!(revoke);
        while faults.held() == 0 {
            assert!(futures::poll!(&mut revoke).is_pending());
            tokio::task::yield_now().await;
        }
    }
    daemon.shutdown.cancel();
    settle().await;
    assert!(!daemon.task.is_finished());
    faults.clear();
    (&mut daemon.task).await.unwrap().unwrap();
    assert!(!world.ninja_one.read_tenant(|t| t.is_member(7, 12)));
}
