//! Creating accounts: never two, and the answer says what is there.

use std::time::{Duration, SystemTime};

use baton_ninja_one::{
    ninja_one::Clock,
    simulator::{Fault, Options},
    wire::v2,
};
use tonic::Code;

use crate::support::{
    World, reason, small_tenant,
    writes::{NewUser, number, result, sent},
};

async fn world() -> World {
    World::small().await.provisioning(|_| {})
}

fn ids_of(world: &World, email: &str) -> Vec<i32> {
    world
        .ninja_one
        .read_tenant(|t| t.users.iter().filter(|u| u.email.text() == email).map(|u| u.id).collect())
}

#[tokio::test]
async fn a_technician_is_created_put_into_roles_and_shown_at_once() {
    let world = world().await;
    let daemon = world.daemon().await;
    let before = daemon.shown_users().await;
    let new = NewUser::technician("nia@example.org").text("phone", "+1 555 0100").roles(&[7]);
    let made = daemon.create(new).await.unwrap();
    let (kind, resource) = result(&made);
    assert_eq!(kind, "success");
    let id = number(resource);
    assert_eq!(ids_of(&world, "nia@example.org"), [id]);
    assert!(world.ninja_one.read_tenant(|t| t.is_member(7, id)));
    let mut after = before;
    after.push(id);
    after.sort_unstable();
    assert_eq!(daemon.shown_users().await, after);
    let shown = daemon.users().await.unwrap().into_iter().find(|u| u.id == resource.id).unwrap();
    assert_eq!(*resource, shown, "the answer is what a sync shows");
    assert_eq!(daemon.shown_members(7).await, [11, 12, id]);
    assert_eq!(world.ninja_one.forbidden(), []);
}

#[tokio::test]
async fn an_open_invitation_is_told_with_the_time_when_it_lapses() {
    let noon = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let world = world().await.provisioning(|guard| {
        guard.clock = Clock { wall: std::sync::Arc::new(move || noon), ..Clock::default() };
    });
    let daemon = world.daemon().await;
    let expiry = |result: v2::create_account_response::Result| match result {
        v2::create_account_response::Result::Success(success) => success.invitation_expires_at,
        other => panic!("{other:?}"),
    };
    let invited =
        NewUser::end_user("a@example.com").flag("send_invitation", true).flag("full_portal_access", true);
    let tomorrow = prost_types::Timestamp::from(noon + Duration::from_secs(86_400));
    assert_eq!(expiry(daemon.create(invited).await.unwrap()), Some(tomorrow));
    let quiet = NewUser::end_user("b@example.com");
    assert_eq!(expiry(daemon.create(quiet).await.unwrap()), None, "nobody was mailed");
    let queries: Vec<_> = world.ninja_one.writes().into_iter().map(|w| w.query).collect();
    assert_eq!(queries, ["sendInvitation=true", "sendInvitation=false"]);
    let portal = |email| {
        world.ninja_one.read_tenant(|t| t.users.by_email(email).unwrap().full_portal_access.is_true())
    };
    assert!(portal("a@example.com") && !portal("b@example.com"));
}

#[tokio::test]
async fn every_mistake_is_told_in_one_message_before_any_call() {
    let world = world().await;
    let daemon = world.daemon().await;
    world.ninja_one.clear_requests();
    let wrong = NewUser::default().text("email", "nobody").text("user_type", "robot").text("rolls", "7");
    let status = daemon.create(wrong).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::InvalidArgument, "INVALID_ACCOUNT"));
    for key in ["email: ", "first_name: ", "last_name: ", "user_type: ", "rolls: "] {
        assert!(status.message().contains(key), "{key} in {status:?}");
    }
    let reads = world.ninja_one.requests().into_iter().filter(|r| r.path.starts_with("/v2/user")).count();
    assert_eq!((reads, sent(&world).len()), (0, 0));
}

#[tokio::test]
async fn what_the_form_refers_to_must_be_there_and_fit() {
    let world = world().await;
    let daemon = world.daemon().await;
    let wrong = NewUser::end_user("nia@example.com").text("organization_id", "77").roles(&[7, 99]);
    let status = daemon.create(wrong).await.unwrap_err();
    assert_eq!(reason(&status), "INVALID_ACCOUNT");
    for part in ["no organization 77", "role 7 (Helpdesk) is not for", "no role 99"] {
        assert!(status.message().contains(part), "{part} in {status:?}");
    }
    assert_eq!(sent(&world), [""; 0]);
}

#[tokio::test]
async fn only_no_password_is_offered_and_others_are_refused_before_anything_is_created() {
    use v2::credential_options::{NoPassword, Options as Option_, RandomPassword, Sso};
    let world = world().await;
    let daemon = world.daemon().await;
    let connector = daemon.connector().get_metadata(v2::ConnectorServiceGetMetadataRequest {}).await.unwrap();
    let metadata = connector.into_inner().metadata.unwrap();
    let details = metadata.capabilities.unwrap().credential_details.unwrap();
    let options = details.capability_account_provisioning.unwrap();
    let no_password = i32::from(v2::CapabilityDetailCredentialOption::NoPassword);
    assert_eq!(options.supported_credential_options, [no_password]);
    assert_eq!(metadata.account_creation_schema.unwrap().field_map.len(), 9);
    let ask = |options: Option_| v2::CreateAccountRequest {
        account_info: Some(v2::AccountInfo { login: "x@example.org".into(), ..Default::default() }),
        credential_options: Some(v2::CredentialOptions { options: Some(options), ..Default::default() }),
        ..Default::default()
    };
    let random = RandomPassword { length: 12, ..Default::default() };
    for option in [Option_::RandomPassword(random), Option_::Sso(Sso::default())] {
        let status = daemon.try_create(ask(option)).await.unwrap_err();
        assert_eq!(status.code(), Code::InvalidArgument);
        assert!(status.message().contains("NO_PASSWORD"), "{status:?}");
    }
    let status = daemon.try_create(ask(Option_::NoPassword(NoPassword {}))).await.unwrap_err();
    assert_eq!(reason(&status), "INVALID_ACCOUNT", "the option is fine, the form is not");
    assert_eq!(sent(&world), [""; 0]);
}

#[tokio::test]
async fn a_login_that_is_there_is_already_there_whatever_its_case() {
    let world = world().await;
    let daemon = world.daemon().await;
    let made = daemon.create(NewUser::technician("TESS@example.org")).await.unwrap();
    let (kind, resource) = result(&made);
    assert_eq!((kind, number(resource)), ("already_exists", 12));
    assert_eq!(resource.display_name, "Tess North");
    assert_eq!(sent(&world), [""; 0]);
}

#[tokio::test]
async fn a_refusal_because_of_the_login_is_told_as_already_there() {
    let world = world().await;
    let daemon = world.daemon().await;
    let faults = world.ninja_one.faults();
    faults.on("POST", "/v2/user/technicians", Fault::Hold);
    let meddle = async {
        while faults.held() == 0 {
            tokio::task::yield_now().await;
        }
        world.ninja_one.with_tenant(|t| {
            *t = std::mem::take(t).technician(50, "Nia", "Other", "nia@example.org");
        });
        faults.release();
    };
    let (made, ()) = tokio::join!(daemon.create(NewUser::technician("nia@example.org")), meddle);
    let made = made.unwrap();
    let (kind, resource) = result(&made);
    assert_eq!((kind, number(resource)), ("already_exists", 50));
    assert_eq!(ids_of(&world, "nia@example.org"), [50]);
}

#[tokio::test]
async fn there_is_one_account_after_a_lost_answer_whatever_is_asked_again() {
    for fault in [
        Fault::LostAnswer,
        Fault::LostBehindStatus(503),
        Fault::LostBehindHtml { status: 500 },
        Fault::CutBody,
        Fault::EmptyBody,
        Fault::NoContent,
        Fault::MalformedJson,
    ] {
        for new in [NewUser::technician("nia@example.org"), NewUser::end_user("nia@example.org")] {
            let world = world().await;
            let daemon = world.daemon().await;
            world.ninja_one.faults().on("POST", "/v2/user/*", fault.clone());
            let made = daemon.create(new.clone()).await.unwrap();
            let (kind, resource) = result(&made);
            assert_eq!(kind, "success", "{fault:?}");
            assert_eq!(ids_of(&world, "nia@example.org"), [number(resource)]);
            let again = daemon.create(new).await.unwrap();
            assert_eq!(result(&again).0, "already_exists");
            assert_eq!(sent(&world).len(), 1, "{fault:?}");
            assert_eq!(world.ninja_one.forbidden(), []);
        }
    }
}

#[tokio::test]
async fn a_creation_that_got_lost_is_told_as_unknown_and_the_next_one_looks_first() {
    let world = world().await;
    let daemon = world.daemon().await;
    let faults = world.ninja_one.faults();
    faults.on("POST", "/v2/user/*", Fault::LostAnswer);
    faults.on("GET", "/v2/users", Fault::Status(500)).after(1);
    let status = daemon.create(NewUser::technician("nia@example.org")).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::Unavailable, "OUTCOME_UNKNOWN"));
    faults.clear();
    let again = daemon.create(NewUser::technician("nia@example.org")).await.unwrap();
    assert_eq!(result(&again).0, "already_exists");
    assert_eq!(sent(&world).len(), 1);
}

#[tokio::test]
async fn an_account_that_misses_a_role_is_reported_and_nothing_is_deleted() {
    let world = world().await;
    let daemon = world.daemon().await;
    world.ninja_one.faults().on("PATCH", "/v2/user/role/**", Fault::Status(403));
    let made = daemon.create(NewUser::technician("nia@example.org").roles(&[7])).await.unwrap();
    let (kind, resource) = result(&made);
    assert_eq!(kind, "action_required");
    let v2::create_account_response::Result::ActionRequired(required) = &made else { panic!("{made:?}") };
    assert!(
        required.message.contains("role 7") && required.message.contains("control"),
        "{}",
        required.message
    );
    let id = number(resource);
    assert_eq!(ids_of(&world, "nia@example.org"), [id]);
    assert!(!sent(&world).iter().any(|w| w.starts_with("DELETE")));
    world.ninja_one.faults().clear();
    assert!(!daemon.grant(7, id).await.unwrap(), "what is missing can be granted");
}

#[tokio::test]
async fn one_login_asked_for_by_many_at_once_is_one_account() {
    let world = world().await;
    let daemon = world.daemon().await;
    let asked: Vec<_> = (0..6)
        .map(|n| {
            let new = NewUser::technician(if n % 2 == 0 { "nia@example.org" } else { "NIA@example.org" });
            // Two are identical, the others differ in something.
            if n < 2 { new } else { new.text("phone", &format!("{n}")) }
        })
        .collect();
    let made = futures::future::join_all(asked.into_iter().map(|new| daemon.create(new))).await;
    let ids: std::collections::BTreeSet<_> =
        made.iter().map(|m| number(result(m.as_ref().unwrap()).1)).collect();
    assert_eq!(ids.len(), 1);
    assert_eq!(sent(&world).len(), 1);
    assert_eq!(world.ninja_one.forbidden(), []);
}

#[tokio::test]
async fn a_technicians_creation_that_needs_an_administrator_says_so() {
    let mut options = Options::with(small_tenant());
    options.behaviour.technician_writes_need_administrator = true;
    let world = World::of(options).await.provisioning(|_| {});
    let daemon = world.daemon().await;
    let status = daemon.create(NewUser::technician("nia@example.org")).await.unwrap_err();
    assert_eq!(
        (status.code(), reason(&status).as_str()),
        (Code::PermissionDenied, "NOT_A_SYSTEM_ADMINISTRATOR")
    );
    let status = daemon.delete(12).await.unwrap_err();
    assert_eq!(reason(&status), "NOT_A_SYSTEM_ADMINISTRATOR");
    assert!(status.message().contains("refresh token"), "{status:?}");
}
