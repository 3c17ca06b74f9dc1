//! What the user sees when NinjaOne fails, each fault in turn: a code, a stable reason, and what to do.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use baton_ninja_one::{
    ninja_one::{
        directory::{Directory, DirectoryError},
        rest::{Client, ClientConfig, Endpoint, Host, RequestObserver, RequestReport},
    },
    simulator::{self, Fault, Field, RetryAfter, Tenant},
};
use tonic::{Code, Status};

use crate::support::{Daemon, World, reason, small_tenant, walk::Walk};

/// The users list fails like this for ever; this is what a sync is told.
async fn sync_during(fault: Fault) -> (World, Status) {
    let world = World::small().await.always_fresh();
    let daemon = world.daemon().await;
    daemon.ready().await;
    world.ninja_one.faults().on("GET", "/v2/users", fault);
    let status = Walk::new(&daemon.channel, 0).run().await.unwrap_err();
    (world, status)
}

/// The users list fails like this as often; a sync works all the same.
async fn sync_despite(fault: Fault, times: u64) {
    let world = World::small().await.always_fresh();
    let daemon = world.daemon().await;
    daemon.ready().await;
    let name = format!("{fault:?}");
    let rule = world.ninja_one.faults().on("GET", "/v2/users", fault).times(times);
    let graph = Walk::new(&daemon.channel, 0).run().await.unwrap_or_else(|e| panic!("{name}: {e}"));
    assert_eq!(rule.hits(), times, "{name}");
    assert_eq!((graph.resources.len(), graph.grants.len()), (8, 4), "{name}");
}

fn told(status: &Status, code: Code, why: &str, words: &str) {
    assert_eq!((status.code(), reason(status).as_str()), (code, why), "{status:?}");
    assert!(status.message().contains(words), "{:?} should contain {words:?}", status.message());
}

#[tokio::test(flavor = "multi_thread")]
async fn passing_faults_are_outlived_and_nothing_is_missing() {
    let seconds = |n| Some(RetryAfter::Seconds(n));
    for fault in [
        Fault::TooManyRequests { retry_after: None },
        Fault::TooManyRequests { retry_after: seconds(0) },
        Fault::Html { status: 200 },
        Fault::Html { status: 403 },
        Fault::Status(500),
        Fault::Status(503),
        Fault::Closed,
        Fault::Reset,
        Fault::CutBody,
        Fault::AbortedChunks,
        Fault::RevokedToken,
    ] {
        sync_despite(fault, 1).await;
    }
    sync_despite(Fault::Status(502), 3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn throttling_that_does_not_end_is_told_with_the_time_to_wait() {
    use baton_ninja_one::wire::{google::rpc, unpack, v2};
    use prost::Message as _;
    for fault in
        [Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(1)) }, Fault::Html { status: 200 }]
    {
        let (_world, status) = sync_during(fault).await;
        told(&status, Code::Unavailable, "THROTTLED", "throttling");
    }
    let (_world, status) =
        sync_during(Fault::TooManyRequests { retry_after: Some(RetryAfter::Seconds(9)) }).await;
    let details = rpc::Status::decode(status.details()).unwrap().details;
    let limit =
        details.iter().find_map(unpack::<v2::RateLimitDescription>).expect("a rate limit description");
    assert_eq!(limit.status(), v2::rate_limit_description::Status::Overlimit);
    assert!(limit.reset_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_ninja_one_is_unavailable_not_empty() {
    for (fault, why) in [
        (Fault::Status(500), "SERVER_ERROR"),
        (Fault::Html { status: 502 }, "GATEWAY"),
        (Fault::CutBody, "TRUNCATED"),
        (Fault::AbortedChunks, "TRUNCATED"),
    ] {
        let (_world, status) = sync_during(fault).await;
        told(&status, Code::Unavailable, why, "");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_is_no_list_is_an_error_and_says_where() {
    let (_world, status) = sync_during(Fault::MalformedJson).await;
    assert!(matches!(status.code(), Code::DataLoss | Code::Unavailable), "{status:?}");
    assert!(status.message().contains("/v2/users"), "{status:?}");
    for fault in [Fault::EmptyBody, Fault::NoContent] {
        let (_world, status) = sync_during(fault).await;
        told(&status, Code::DataLoss, "EMPTY_ANSWER", "/v2/users");
    }
    let odd = |body: &str| Fault::Answer {
        status: 200,
        content_type: "application/json".into(),
        body: body.into(),
    };
    let (_world, status) = sync_during(odd(r#"{"users":[]}"#)).await;
    told(&status, Code::DataLoss, "DECODE", "/v2/users");
    let (_world, status) = sync_during(odd(r#"[{"id":1},{"firstName":"Nobody"}]"#)).await;
    told(&status, Code::DataLoss, "DECODE", "element 1");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_empty_or_truncated_user_list_is_never_a_smaller_world() {
    let (_world, status) = sync_during(Fault::EmptyList).await;
    told(&status, Code::DataLoss, "USER_LIST_EMPTY", "empty");
    let (world, status) = sync_during(Fault::Truncated(2)).await;
    told(&status, Code::DataLoss, "USER_LIST_TRUNCATED", "lacks 3 accounts");
    assert_eq!(world.ninja_one.count("GET", "/v2/users"), 3, "it is read again before it is given up");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failed_refresh_serves_no_mixture_and_the_next_one_works() {
    let world = World::small().await.always_fresh();
    let daemon = world.daemon().await;
    let before = daemon.users().await.unwrap();
    let rule = world.ninja_one.faults().on("GET", "/v2/user/roles", Fault::Status(500));
    world.ninja_one.with_tenant(|t| t.remove_user(22).unwrap());
    assert_eq!(daemon.users().await.unwrap_err().code(), Code::Unavailable);
    rule.remove();
    assert_eq!(daemon.users().await.unwrap().len(), before.len() - 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_credentials_say_what_to_change() {
    let validate = |daemon: Daemon| async move { daemon.validate().await.unwrap_err() };

    let world = World::small().await;
    let mut config = world.client_config();
    config.client_id = "of-another-region".into();
    let status = validate(world.daemon_with(config).await).await;
    told(&status, Code::Unauthenticated, "WRONG_REGION_OR_CLIENT", "--ninja-one-base-url");
    assert!(status.message().starts_with("validate failed: "), "{status:?}");

    let mut config = world.client_config();
    config.client_secret = secrecy::SecretString::from("a-wrong-secret").into();
    let status = validate(world.daemon_with(config).await).await;
    told(&status, Code::Unauthenticated, "INVALID_CLIENT", "--ninja-one-client-secret");
    assert!(!status.message().contains("a-wrong-secret"));

    let mut config = world.client_config();
    config.scopes = vec!["monitoring".into(), "control".into()];
    let granted = vec!["monitoring".to_owned()];
    let options =
        simulator::Options { granted_scopes: granted.clone(), ..simulator::Options::with(small_tenant()) };
    let narrow = World::of(options).await;
    let mut asked = narrow.client_config();
    asked.scopes = config.scopes;
    let status = validate(narrow.daemon_with(asked).await).await;
    told(&status, Code::PermissionDenied, "SCOPE_NOT_GRANTED", "--ninja-one-scope");

    let mut fitting = narrow.client_config();
    fitting.scopes = granted;
    narrow.daemon_with(fitting).await.validate().await.expect("monitoring is enough for a sync");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scope_that_lacks_is_named_and_the_token_is_not_renewed_for_it() {
    for status in [401, 403] {
        let world = World::small().await;
        let daemon = world.daemon().await;
        daemon.ready().await;
        world.ninja_one.clear_requests();
        world.ninja_one.faults().on("GET", "/v2/user/roles", Fault::MissingScope { status });
        let refused = daemon.validate().await.unwrap_err();
        told(&refused, Code::PermissionDenied, "INSUFFICIENT_PRIVILEGES", "scope");
        assert_eq!(world.ninja_one.count("POST", "/ws/oauth/token"), 0, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_token_is_renewed_once_for_all_who_need_it() {
    let world = World::small().await.always_fresh();
    let daemon = world.daemon().await;
    daemon.ready().await;
    world.ninja_one.clear_requests();
    world.ninja_one.revoke_tokens();
    let (a, b, c) = tokio::join!(daemon.users(), daemon.users(), daemon.users());
    assert!(a.is_ok() && b.is_ok() && c.is_ok());
    assert_eq!(world.ninja_one.count("POST", "/ws/oauth/token"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redirect_is_not_followed() {
    let elsewhere = World::small().await;
    let (_world, status) =
        sync_during(Fault::Redirect(format!("{}/v2/users", elsewhere.ninja_one.url()))).await;
    told(&status, Code::FailedPrecondition, "REDIRECT", "--ninja-one-base-url");
    assert!(elsewhere.ninja_one.requests().is_empty(), "the token went elsewhere");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unreachable_host_is_named() {
    let world = World::small().await;
    let daemon = world.daemon().await;
    daemon.ready().await;
    let url = world.ninja_one.url();
    world.ninja_one.shutdown().await;
    let status = daemon.users().await.unwrap_err();
    told(&status, Code::Unavailable, "CONNECT", url.trim_start_matches("http://").split(':').next().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_release_without_user_roles_is_synced_without_them() {
    let world = World::with(small_tenant()).await;
    world.ninja_one.faults().on("GET", "/v2/user/**", Fault::NotFound);
    let daemon = world.daemon().await;
    daemon.validate().await.unwrap();
    let graph = Walk::new(&daemon.channel, 0).run().await.unwrap();
    assert_eq!(graph.resources.keys().filter(|k| k.starts_with("user:")).count(), 5);
    let roles: Vec<_> = graph.resources.keys().filter(|k| k.starts_with("role:")).collect();
    assert_eq!(roles, ["role:system-administrator"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_were_there_do_not_vanish_because_of_a_404() {
    let world = World::small().await.always_fresh();
    let daemon = world.daemon().await;
    Walk::new(&daemon.channel, 0).run().await.unwrap();
    world.ninja_one.faults().on("GET", "/v2/user/roles", Fault::NotFound);
    let status = Walk::new(&daemon.channel, 0).run().await.unwrap_err();
    told(&status, Code::DataLoss, "ROLES_VANISHED", "roles");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_that_were_there_are_remembered_after_a_write_in_doubt() {
    let world = World::small().await.provisioning(|guard| guard.read_back_pauses.clear());
    let daemon = world.daemon().await;
    Walk::new(&daemon.channel, 0).run().await.unwrap();
    let faults = world.ninja_one.faults();
    faults.on("PATCH", "/v2/user/role/**", Fault::LostAnswer);
    faults.on("GET", "/v2/user/roles", Fault::Status(403)).after(1);
    let status = daemon.grant(5, 22).await.unwrap_err();
    assert_eq!(reason(&status), "OUTCOME_UNKNOWN", "and what is known of the tenant is forgotten");
    faults.clear();
    faults.on("GET", "/v2/user/roles", Fault::NotFound);
    let status = Walk::new(&daemon.channel, 0).run().await.unwrap_err();
    told(&status, Code::DataLoss, "ROLES_VANISHED", "roles");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lists_that_only_add_detail_may_be_missing() {
    let world = World::with(small_tenant()).await;
    world.ninja_one.faults().on("GET", "/v2/user/technicians", Fault::MissingScope { status: 403 });
    world.ninja_one.faults().on("GET", "/v2/user/end-users", Fault::NotFound);
    let daemon = world.daemon().await;
    let graph = Walk::new(&daemon.channel, 0).run().await.unwrap();
    assert_eq!((graph.resources.len(), graph.grants.len()), (8, 4));
    let profile = graph.resources["user:12"].profile.clone().unwrap();
    assert!(!profile.fields.contains_key("scim_managed"), "unknown, so not there");
}

#[tokio::test(flavor = "multi_thread")]
async fn roles_without_any_member_list_are_not_believed_when_users_hold_roles() {
    let mut tenant: Tenant = small_tenant();
    for role in &mut tenant.roles {
        role.hide_members = true;
    }
    let world = World::with(tenant).await;
    let daemon = world.daemon().await;
    let status = Walk::new(&daemon.channel, 0).run().await.unwrap_err();
    told(&status, Code::DataLoss, "ROLES_WITHOUT_MEMBERS", "no role came with its members");
}

#[tokio::test(flavor = "multi_thread")]
async fn one_role_without_its_member_list_is_not_taken_for_an_empty_one() {
    let world = World::small().await.always_fresh();
    let daemon = world.daemon().await;
    daemon.ready().await;
    world.ninja_one.with_tenant(|t| t.find_role_mut(5).unwrap().hide_members = true);
    let status = Walk::new(&daemon.channel, 0).run().await.unwrap_err();
    told(&status, Code::DataLoss, "ROLES_WITHOUT_MEMBERS", "role 5 came without its members");

    world.ninja_one.with_tenant(|t| t.find_role_mut(5).unwrap().members.clear());
    let graph = Walk::new(&daemon.channel, 0).run().await.unwrap();
    assert_eq!(graph.grants.len(), 3, "nobody says to be in the role, so nobody is");
}

#[tokio::test(flavor = "multi_thread")]
async fn when_nobody_is_said_to_be_an_administrator_or_not_nobody_has_lost_it() {
    let world = World::small().await.always_fresh();
    let daemon = world.daemon().await;
    daemon.ready().await;
    world.ninja_one.with_tenant(|t| t.users.iter_mut().for_each(|user| user.administrator = Field::Absent));
    let status = Walk::new(&daemon.channel, 0).run().await.unwrap_err();
    told(&status, Code::DataLoss, "ADMINISTRATORS_UNKNOWN", "whether it is a System Administrator");

    world
        .ninja_one
        .with_tenant(|t| t.users.iter_mut().take(1).for_each(|user| user.administrator = true.into()));
    Walk::new(&daemon.channel, 0).run().await.expect("one who is known is enough");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_without_a_readable_id_is_an_error_not_one_member_less() {
    for member in [r#"{"id":"12","source":"DIRECT"}"#, r#"{"email":"tess@example.org"}"#] {
        let world = World::small().await;
        let body =
            format!(r#"[{{"id":7,"name":"Helpdesk","type":"TECHNICIAN","members":[{{"id":11}},{member}]}}]"#);
        let answer = Fault::Answer { status: 200, content_type: "application/json".into(), body };
        world.ninja_one.faults().on("GET", "/v2/user/roles", answer);
        let daemon = world.daemon().await;
        let status = Walk::new(&daemon.channel, 0).run().await.unwrap_err();
        told(&status, Code::DataLoss, "DECODE", "element 0 at members[1].id");
    }
}

/// Panics at the first answer to the users list.
struct PanicsOnce(AtomicBool);

impl RequestObserver for PanicsOnce {
    fn request_finished(&self, report: &RequestReport<'_>) {
        let first = report.endpoint == Endpoint::Users && !self.0.swap(true, Ordering::SeqCst);
        assert!(!first, "on purpose");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reading_that_dies_does_not_stand_in_the_way_of_the_next() {
    let world = World::small().await;
    let host = Host::parse(&world.ninja_one.url()).unwrap();
    let (id, secret) = (world.ninja_one.client_id(), world.ninja_one.client_secret().clone());
    let mut config = ClientConfig::new(host, id, secret);
    config.observer = Arc::new(PanicsOnce(AtomicBool::new(false)));
    let directory = Directory::new(Client::new(config).unwrap(), Duration::from_secs(60));
    let died = directory.snapshot(None).await.unwrap_err();
    assert!(matches!(*died, DirectoryError::CutOff), "{died:?}");
    assert_eq!(directory.snapshot(None).await.unwrap().account_count(), 5);
}
