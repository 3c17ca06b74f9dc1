//! Service mode, kind by kind: what each task does, and in which words it ends.

use baton_ninja_one::{
    baton::runtime::Gates,
    wire::{
        api::{Task, task, task::TaskType},
        google::rpc,
        unpack, v2,
    },
};
use prost::{Message, Name};

use super::support::{
    control_plane::{ControlPlane, Finished},
    scripted::{Bench, Setup, resource},
};

const FINAL: &str = "\ntask failed and is non-retryable";

fn entitlement() -> Option<v2::Entitlement> {
    Some(v2::Entitlement {
        id: "role:7:assigned".into(),
        slug: "assigned".into(),
        display_name: "assigned".into(),
        resource: Some(resource("role", "7")),
        ..Default::default()
    })
}

fn grant(principal: &str) -> TaskType {
    let principal = Some(resource("user", principal));
    TaskType::Grant(task::GrantTask { entitlement: entitlement(), principal, ..Default::default() })
}

fn revoke(id: &str) -> TaskType {
    let (entitlement, principal) = (entitlement(), Some(resource("user", "9")));
    let grant = v2::Grant { id: id.into(), entitlement, principal, ..Default::default() };
    TaskType::Revoke(task::RevokeTask { grant: Some(grant), ..Default::default() })
}

fn id(resource_type: &str, id: &str) -> Option<v2::ResourceId> {
    resource(resource_type, id).id
}

fn delete(resource_type: &str, name: &str) -> TaskType {
    let resource_id = id(resource_type, name);
    TaskType::DeleteResource(task::DeleteResourceTask { resource_id, ..Default::default() })
}

fn create_account(login: &str) -> TaskType {
    let account_info = Some(v2::AccountInfo { login: login.into(), ..Default::default() });
    TaskType::CreateAccount(task::CreateAccountTask { account_info, ..Default::default() })
}

fn invoke(name: &str) -> TaskType {
    TaskType::ActionInvoke(task::ActionInvokeTask { name: name.into(), ..Default::default() })
}

/// How each of the tasks is finished, in order.
async fn finished(setup: Setup, tasks: Vec<TaskType>) -> Vec<Finished> {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, setup);
    let mut all = Vec::new();
    for kind in tasks {
        let id = plane.offer(kind);
        all.push(plane.finished(&id).await);
    }
    bench.stop().await;
    all
}

async fn one(kind: TaskType) -> Finished {
    finished(Setup::default(), vec![kind]).await.remove(0)
}

/// The response within a success.
fn response<M: Message + Name + Default>(finished: &Finished) -> M {
    unpack(finished.success().response.as_ref().expect("a response")).expect("a response of that type")
}

#[tokio::test(start_paused = true)]
async fn grants_and_revokes_answer_with_the_call_and_its_markers() {
    let all = finished(Setup::default(), vec![grant("9"), revoke("role:7:assigned:user:9")]).await;
    let granted: v2::GrantManagerServiceGrantResponse = response(&all[0]);
    assert_eq!(granted.grants[0].id, "granted");
    for annotations in [&granted.annotations, &all[0].success().annotations] {
        assert!(unpack::<v2::GrantAlreadyExists>(&annotations[0]).is_some(), "{annotations:?}");
    }
    let revoked: v2::GrantManagerServiceRevokeResponse = response(&all[1]);
    for annotations in [&revoked.annotations, &all[1].success().annotations] {
        assert!(unpack::<v2::GrantAlreadyRevoked>(&annotations[0]).is_some(), "{annotations:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn accounts_are_created_and_resources_deleted() {
    let all = finished(Setup::default(), vec![create_account("someone"), delete("user", "9")]).await;
    let created: v2::CreateAccountResponse = response(&all[0]);
    assert!(matches!(created.result, Some(v2::create_account_response::Result::Success(_))), "{created:?}");
    let _: v2::DeleteResourceResponse = response(&all[1]);
    assert!(unpack::<v2::ResourceDoesNotExist>(&all[1].success().annotations[0]).is_some());
}

#[tokio::test(start_paused = true)]
async fn no_failure_of_a_write_is_retryable_and_its_details_are_kept() {
    let tasks = vec![grant("refuse"), revoke("refuse"), create_account("refuse"), delete("user", "refuse")];
    let prefixes = ["grant failed: ", "revoke failed: ", "", ""];
    for (finished, prefix) in finished(Setup::default(), tasks).await.iter().zip(prefixes) {
        let text = format!("rpc error: code = FailedPrecondition desc = {prefix}told to refuse{FINAL}");
        assert_eq!(finished.error(), (9, text, true));
        let info: rpc::ErrorInfo = unpack(&finished.status().details[0]).unwrap();
        assert_eq!((info.reason.as_str(), info.metadata["who"].as_str()), ("TOLD", "a test"));
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_connector_cannot_do_is_refused_for_good() {
    let create = task::CreateResourceTask { resource: Some(resource("role", "7")) };
    let rotate = task::RotateCredentialsTask { resource_id: id("user", "9"), ..Default::default() };
    let issue = task::IssueCredentialTask { identity_id: id("user", "9"), ..Default::default() };
    let tasks = vec![
        delete("role", "7"),
        TaskType::CreateResource(create),
        TaskType::RotateCredentials(rotate),
        TaskType::IssueCredential(issue),
    ];
    let texts = [
        "resource type role does not have resource Delete() configured",
        "resource type role does not have resource Create() configured",
        "resource type does not have credential manager configured",
        "resource type does not have credential manager configured",
    ];
    for (finished, text) in finished(Setup::default(), tasks).await.iter().zip(texts) {
        let text = format!("rpc error: code = Unimplemented desc = {text}{FINAL}");
        assert_eq!(finished.error(), (12, text, true));
    }
}

#[tokio::test(start_paused = true)]
async fn without_provisioning_no_write_is_carried_out() {
    let setup = Setup { gates: Gates::default(), ..Setup::default() };
    let create = TaskType::CreateResource(task::CreateResourceTask { resource: Some(resource("role", "7")) });
    let tasks = vec![grant("9"), revoke("1"), create_account("someone"), delete("user", "9"), create];
    for finished in finished(setup, tasks).await {
        let text = format!("rpc error: code = FailedPrecondition desc = provisioning is not enabled{FINAL}");
        assert_eq!(finished.error(), (9, text, true));
    }
}

#[tokio::test(start_paused = true)]
async fn malformed_tasks_are_refused_in_the_documented_words() {
    let final_ones: Vec<(TaskType, &str)> = vec![
        (TaskType::Grant(Default::default()), "malformed grant task"),
        (TaskType::Revoke(Default::default()), "invalid task type"),
        (TaskType::CreateAccount(Default::default()), "malformed create account task"),
        (TaskType::CreateResource(Default::default()), "malformed create resource task"),
        (TaskType::DeleteResource(Default::default()), "malformed delete resource task"),
        (TaskType::RotateCredentials(Default::default()), "malformed rotate credentials task"),
        (TaskType::IssueCredential(Default::default()), "malformed issue credential task"),
        (TaskType::CreateTicketTask(Default::default()), "malformed create ticket task"),
        (TaskType::GetTicket(Default::default()), "malformed get ticket task"),
        (TaskType::BulkCreateTickets(Default::default()), "malformed bulk create ticket task"),
        (TaskType::BulkGetTickets(Default::default()), "malformed bulk get tickets task"),
    ];
    let (tasks, texts): (Vec<_>, Vec<_>) = final_ones.into_iter().unzip();
    for (finished, text) in finished(Setup::default(), tasks).await.iter().zip(texts) {
        assert_eq!(finished.error(), (2, format!("{text}{FINAL}"), true));
    }
    let named = task::ActionStatusTask { name: "succeed".into(), ..Default::default() };
    let retryable: Vec<(TaskType, &str)> = vec![
        (invoke(""), "action name required"),
        (TaskType::ActionGetSchema(Default::default()), "action name required"),
        (TaskType::ActionStatus(Default::default()), "action name required"),
        (TaskType::ActionStatus(named), "action id required"),
    ];
    let (tasks, texts): (Vec<_>, Vec<_>) = retryable.into_iter().unzip();
    for (finished, text) in finished(Setup::default(), tasks).await.iter().zip(texts) {
        assert_eq!(finished.error(), (2, text.to_owned(), false));
    }
}

#[tokio::test(start_paused = true)]
async fn kinds_that_are_not_supported_or_not_known_are_reported() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    let mut ids = vec![plane.offer_task(Task::default(), 0)];
    ids.push(plane.offer(TaskType::EventFeed(Default::default())));
    ids.push(plane.offer(TaskType::CreateSyncDiff(Default::default())));
    ids.push(plane.offer(TaskType::CompactSyncs(Default::default())));
    for id in ids {
        assert_eq!(plane.finished(&id).await.error(), (2, "unsupported task type".into(), false));
    }
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn actions_are_listed_invoked_and_asked_after() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(TaskType::ActionListSchemas(Default::default()));
    let listed: v2::ListActionSchemasResponse = response(&plane.finished(&id).await);
    assert_eq!(listed.schemas.len(), 3);

    let schema = task::ActionGetSchemaTask { name: "succeed".into(), ..Default::default() };
    let id = plane.offer(TaskType::ActionGetSchema(schema));
    let _: v2::GetActionSchemaResponse = response(&plane.finished(&id).await);

    let id = plane.offer(invoke("wait-7"));
    let invoked: v2::InvokeActionResponse = response(&plane.finished(&id).await);
    assert_eq!(invoked.status(), v2::BatonActionStatus::Running);
    let mut states = Vec::new();
    for pause in [0, 30] {
        tokio::time::sleep(std::time::Duration::from_secs(pause)).await;
        let asked =
            task::ActionStatusTask { name: "wait-7".into(), id: invoked.id.clone(), ..Default::default() };
        let id = plane.offer(TaskType::ActionStatus(asked));
        let status: v2::GetActionStatusResponse = response(&plane.finished(&id).await);
        states.push(status.status());
    }
    assert_eq!(states, [v2::BatonActionStatus::Running, v2::BatonActionStatus::Complete]);
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn an_action_that_fails_is_an_error_in_its_own_words_and_an_unknown_one_is_not_found() {
    assert_eq!(one(invoke("refuse")).await.error(), (2, "told to refuse".into(), false));
    let text =
        "error: invoking action failed: rpc error: code = NotFound desc = handler for action nope not found";
    assert_eq!(one(invoke("nope")).await.error(), (5, text.into(), false));
}

#[tokio::test(start_paused = true)]
async fn events_are_listed_and_an_unknown_feed_is_an_error_rather_than_silence() {
    let events = |feed: &str| {
        let (event_feed_id, cursor) = (feed.into(), "c".into());
        TaskType::ListEvents(task::ListEventsTask {
            event_feed_id,
            cursor,
            page_size: 7,
            ..Default::default()
        })
    };
    let tasks = vec![TaskType::ListEventFeeds(Default::default()), events("feed"), events("nope")];
    let all = finished(Setup::default(), tasks).await;
    let feeds: v2::ListEventFeedsResponse = response(&all[0]);
    assert_eq!(feeds.list[0].id, "feed");
    let page: v2::ListEventsResponse = response(&all[1]);
    assert_eq!(page.cursor, "c+7");
    assert_eq!(all[2].error(), (5, "error: event feed id nope not found".into(), false));
}

#[tokio::test(start_paused = true)]
async fn tickets_are_refused_with_and_without_ticketing() {
    let get = || task::GetTicketTask { ticket_id: "1".into(), ..Default::default() };
    let create = || task::CreateTicketTask {
        ticket_request: Some(Default::default()),
        ticket_schema: Some(Default::default()),
        ..Default::default()
    };
    let tasks = || {
        vec![
            TaskType::GetTicket(get()),
            TaskType::CreateTicketTask(create()),
            TaskType::ListTicketSchemas(Default::default()),
            TaskType::BulkGetTickets(task::BulkGetTicketsTask { ticket_requests: vec![get()] }),
            TaskType::BulkCreateTickets(task::BulkCreateTicketsTask { ticket_requests: vec![create()] }),
        ]
    };
    for finished in finished(Setup::default(), tasks()).await {
        assert_eq!(finished.error(), (2, "ticketing is not enabled".into(), false));
    }
    let setup = Setup { gates: Gates { ticketing: true, ..Gates::default() }, ..Setup::default() };
    for finished in finished(setup, tasks()).await {
        assert_eq!(finished.error(), (12, "ticket manager not implemented".into(), false));
    }
}

#[tokio::test(start_paused = true)]
async fn a_hello_task_is_answered_by_a_hello_and_nothing_else() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(TaskType::Hello(Default::default()));
    plane.answered("Hello", 2).await;
    assert_eq!(plane.hello().task_id, id);
    plane.answered("GetTask", plane.calls_of("GetTask").len() + 3).await;
    assert!(plane.calls_of("FinishTask").is_empty());
    bench.stop().await;
}

#[tokio::test(start_paused = true)]
async fn a_task_whose_code_panics_is_reported_and_the_worker_lives() {
    let plane = ControlPlane::new();
    let bench = Bench::start(&plane, Setup::default());
    let id = plane.offer(grant("panic"));
    let text = format!("rpc error: code = Internal desc = Internal Server Error{FINAL}");
    assert_eq!(plane.finished(&id).await.error(), (13, text, true));
    let id = plane.offer(grant("9"));
    plane.finished(&id).await.success();
    bench.stop().await;
}
