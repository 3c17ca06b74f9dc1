//! Switches: with provisioning off nothing is written whatever is called; a dry run writes nothing and says what it would; and
//! whatever is asked for is in the audit trail.

use std::sync::{Arc, Mutex};

use baton_ninja_one::{
    simulator::Fault,
    telemetry::{self, Level},
    wire::v2::{self, BatonActionStatus as ActionStatus},
};
use serde_json::Value;
use tonic::Code;

use crate::support::{
    Daemon, World, overhear, reason,
    writes::{NewUser, about, by_id, resource_id},
};

/// Everything that could write, once; what came of each.
async fn call_everything(daemon: &Daemon) -> Vec<(&'static str, Option<tonic::Status>)> {
    let mut outcomes = vec![
        ("grant", daemon.grant(5, 22).await.err()),
        ("revoke", daemon.revoke(7, 12).await.err()),
        ("create technician", daemon.create(NewUser::technician("nia@example.org").roles(&[7])).await.err()),
        ("create end user", daemon.create(NewUser::end_user("nia@example.com")).await.err()),
        ("delete", daemon.delete(22).await.err()),
        ("update", daemon.invoke("update_profile", about(21).text("first_name", "Unity")).await.err()),
        ("strip", daemon.invoke("remove_all_roles", about(21)).await.err()),
    ];
    let channel = || daemon.channel.clone();
    let mut deleter = v2::resource_deleter_service_client::ResourceDeleterServiceClient::new(channel());
    let request =
        v2::DeleteResourceV2Request { resource_id: Some(resource_id("user", 22)), parent_resource_id: None };
    outcomes.push(("delete v2", deleter.delete_resource_v2(request).await.err()));
    let mut manager = v2::resource_manager_service_client::ResourceManagerServiceClient::new(channel());
    let request = v2::CreateResourceRequest { resource: Some(by_id("role", 9)) };
    outcomes.push(("create resource", manager.create_resource(request).await.err()));
    let mut credentials =
        v2::credential_manager_service_client::CredentialManagerServiceClient::new(channel());
    let request =
        v2::RotateCredentialRequest { resource_id: Some(resource_id("user", 22)), ..Default::default() };
    outcomes.push(("rotate", credentials.rotate_credential(request).await.err()));
    outcomes
}

#[tokio::test]
async fn with_provisioning_off_not_one_write_reaches_ninjaone_whatever_is_called() {
    let world = World::small().await;
    let daemon = world.daemon().await;
    for (call, status) in call_everything(&daemon).await {
        let status = status.unwrap_or_else(|| panic!("{call} was answered"));
        assert_eq!(
            (status.code(), status.message()),
            (Code::FailedPrecondition, "provisioning is not enabled"),
            "{call}"
        );
    }
    assert_eq!(world.ninja_one.writes().len(), 0);
}

#[tokio::test]
async fn a_dry_run_says_exactly_which_request_it_would_send_and_sends_none() {
    let asked = |daemon: Daemon| async move {
        let failed = |response: v2::InvokeActionResponse| {
            assert_eq!(response.status(), ActionStatus::Failed);
            format!("{response:?}").replace("\\\"", "\"")
        };
        vec![
            daemon.grant(5, 22).await.map_err(|s| s.message().to_owned()).err(),
            daemon.revoke(7, 12).await.map_err(|s| s.message().to_owned()).err(),
            daemon
                .create(NewUser::technician("nia@example.org"))
                .await
                .map_err(|s| s.message().to_owned())
                .err(),
            daemon
                .create(NewUser::end_user("nia@example.com"))
                .await
                .map_err(|s| s.message().to_owned())
                .err(),
            daemon.delete(22).await.map_err(|s| s.message().to_owned()).err(),
            daemon.delete(11).await.map_err(|s| s.message().to_owned()).err(),
            Some(daemon.invoke("update_profile", about(21).text("first_name", "Unity")).await.unwrap())
                .filter(|r| r.status() == ActionStatus::Failed)
                .map(failed),
            Some(daemon.invoke("update_profile", about(12).text("first_name", "Tessa")).await.unwrap())
                .filter(|r| r.status() == ActionStatus::Failed)
                .map(failed),
            Some(daemon.invoke("remove_all_roles", about(21)).await.unwrap())
                .filter(|r| r.status() == ActionStatus::Failed)
                .map(failed),
        ]
    };
    let dry = World::small().await.provisioning(|guard| guard.dry_run = true);
    let said: Vec<_> =
        asked(dry.daemon().await).await.into_iter().map(|said| said.expect("a plan")).collect();
    assert_eq!(dry.ninja_one.writes().len(), 0);

    let real = World::small().await.provisioning(|_| {});
    let failures: Vec<_> = asked(real.daemon().await).await.into_iter().flatten().collect();
    assert_eq!(failures, [""; 0]);
    let sent = real.ninja_one.writes();
    assert_eq!(sent.len(), said.len());
    for (said, sent) in said.iter().zip(sent) {
        let query = if sent.query.is_empty() { String::new() } else { format!("?{}", sent.query) };
        let mut request = format!("{} {}{query}", sent.method, sent.path);
        if let Some(body) = sent.body.filter(|body| !body.is_empty()) {
            request = format!("{request} with the body {body}");
        }
        let replaced = said.replace("\\\"", "\"");
        assert!(replaced.contains(&format!("It would be: {request}")), "{request}\nin {said}");
    }
}

#[tokio::test]
async fn a_dry_run_has_its_reason_and_what_is_so_already_needs_no_plan() {
    let world = World::small().await.provisioning(|guard| guard.dry_run = true);
    let daemon = world.daemon().await;
    let status = daemon.grant(5, 22).await.unwrap_err();
    assert_eq!((status.code(), reason(&status).as_str()), (Code::FailedPrecondition, "DRY_RUN"));
    assert!(daemon.grant(7, 12).await.unwrap());
    assert!(daemon.revoke(7, 3).await.unwrap());
    assert!(daemon.delete(999).await.unwrap());
    let roles = daemon.create(NewUser::technician("nia@example.org").roles(&[7])).await.unwrap_err();
    assert!(roles.message().contains("then PATCH /v2/user/role/7/add-members"), "{roles:?}");
    assert_eq!(reason(&daemon.delete(3).await.unwrap_err()), "SYSTEM_ADMINISTRATOR", "guards speak first");
}

/// Lines in memory.
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl telemetry::Output for Lines {
    fn write_line(&self, line: &str) {
        self.0.lock().unwrap().extend_from_slice(line.as_bytes());
    }
}

impl Lines {
    fn audit(&self) -> Vec<Value> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines.filter(|line| line.get("operation").is_some()).collect()
    }
}

#[tokio::test]
async fn every_write_leaves_one_line_that_says_who_what_before_after_and_outcome() {
    let lines = Lines::default();
    // The quietest level there is: proof is not noise.
    let _guard = overhear(Level::Error, lines.clone());
    let world = World::small().await.provisioning(|_| {});
    let daemon = world.daemon().await;

    daemon.grant(5, 22).await.unwrap();
    daemon.grant(5, 22).await.unwrap();
    daemon.grant(7, 22).await.unwrap_err();
    daemon.revoke(7, 12).await.unwrap();
    daemon.create(NewUser::technician("nia@example.org").roles(&[7])).await.unwrap();
    daemon.delete(21).await.unwrap();
    world.ninja_one.faults().on("DELETE", "/v2/user/**", Fault::Closed);
    daemon.delete(22).await.unwrap_err();

    let told: Vec<_> = lines
        .audit()
        .iter()
        .map(|line| {
            let text = |key: &str| line[key].as_str().unwrap_or_default().to_owned();
            assert!(text("asked_by").starts_with("127.0.0.1:"), "{line}");
            assert_eq!(line["dry_run"], false);
            let sent = matches!(text("outcome").as_str(), "done" | "unknown");
            assert_eq!(text("outcome") == "done", text("ninja_one_request_id").starts_with("sim-"), "{line}");
            assert!(!sent || !text("before").is_empty(), "{line}");
            format!(
                "{} {} {}|{} {}",
                text("operation"),
                text("account"),
                text("role"),
                text("outcome"),
                text("reason")
            )
            .trim()
            .to_owned()
        })
        .collect();
    assert_eq!(
        told,
        [
            "grant 22 5|done",
            "grant 22 5|already",
            "grant 22 7|refused ROLE_TYPE_MISMATCH",
            "revoke 12 7|done",
            "create_account 23 nia@example.org |done",
            "grant 23 7|done",
            "delete_account 21 |done",
            "delete_account 22 |unknown OUTCOME_UNKNOWN",
        ]
    );
    let revoke = &lines.audit()[3];
    assert_eq!((&revoke["before"], &revoke["after"]), (&"member (DIRECT)".into(), &"not a member".into()));
    assert_eq!(revoke["verified"], true);
}
