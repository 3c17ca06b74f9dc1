//! Carrying out tasks: which kind goes where.
//!
//! A task without what it needs is refused in the words of the reference; everything else is the business of the runtime, so
//! that every door gives the same answer.

mod actions;
mod events;
mod provisioning;
mod sync;
mod tickets;

use prost_types::Any;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{
    inbox::Work,
    outcome::Outcome,
    slots::{Held, Lane},
    worker::Shared,
};
use crate::{
    baton::connector::Call,
    wire::{api::task::TaskType, v2},
};

/// Carries a task out. `None` leaves it as it is: answered in another way, or to be given out again.
pub(super) async fn carry_out(
    shared: &Shared,
    work: Work,
    held: &Held,
    stop: &CancellationToken,
) -> Option<Outcome> {
    let id = work.id.as_str();
    let kind = match work.kind {
        Some(TaskType::SyncFull(task)) => {
            let wish = sync::Wish { id, task, debug: work.debug };
            return sync::run(shared, wish, held, stop).await;
        }
        kind => kind,
    };
    if work.debug {
        // The contract has no way to hand it over.
        tracing::info!("a debug log was asked for; only a sync keeps one");
    }
    let _turn = stop.run_until_cancelled(held.turn(Lane::Short)).await?;
    match kind {
        None => Some(unsupported()),
        Some(TaskType::Hello(_)) => hello(shared, id).await,
        Some(kind) => Some(short(shared, id, kind).await),
    }
}

/// What ends with the answer of one call.
async fn short(shared: &Shared, id: &str, kind: TaskType) -> Outcome {
    let (runtime, call) = (&*shared.runtime, Call { sync_id: None, caller: caller(id) });
    match kind {
        TaskType::Grant(task) => provisioning::grant(runtime, call, task).await,
        TaskType::Revoke(task) => provisioning::revoke(runtime, call, task).await,
        TaskType::CreateAccount(task) => provisioning::create_account(runtime, call, task).await,
        TaskType::CreateResource(task) => provisioning::create_resource(runtime, task),
        TaskType::DeleteResource(task) => provisioning::delete_resource(runtime, call, task).await,
        TaskType::RotateCredentials(task) => provisioning::rotate_credentials(runtime, task),
        TaskType::IssueCredential(task) => provisioning::issue_credential(runtime, id, task),
        TaskType::ActionListSchemas(task) => actions::list_schemas(runtime, task),
        TaskType::ActionGetSchema(task) => actions::get_schema(runtime, task),
        TaskType::ActionInvoke(task) => actions::invoke(runtime, call, task).await,
        TaskType::ActionStatus(task) => actions::status(runtime, task),
        TaskType::ListEventFeeds(task) => events::feeds(runtime, task),
        TaskType::ListEvents(task) => events::events(runtime, call, task).await,
        TaskType::CreateTicketTask(task) => tickets::create(runtime, task),
        TaskType::ListTicketSchemas(task) => tickets::schemas(runtime, task),
        TaskType::GetTicket(task) => tickets::get(runtime, task),
        TaskType::BulkCreateTickets(task) => tickets::bulk_create(runtime, task),
        TaskType::BulkGetTickets(task) => tickets::bulk_get(runtime, task),
        TaskType::EventFeed(_) | TaskType::CreateSyncDiff(_) | TaskType::CompactSyncs(_) => unsupported(),
        // Handled before they come here.
        TaskType::None(_) | TaskType::Hello(_) | TaskType::SyncFull(_) => unsupported(),
    }
}

/// The Hello is the answer; nothing else is sent.
async fn hello(shared: &Shared, id: &str) -> Option<Outcome> {
    let failed = |status: Status| Some(Outcome::failed(status));
    match shared.hello(id).await {
        Ok(Ok(())) => None,
        Ok(Err(status)) => {
            tracing::warn!(code = ?status.code(), error = status.message(), "the Hello was not accepted");
            None
        }
        Err(error) => failed(Status::internal(error.to_string())),
    }
}

fn unsupported() -> Outcome {
    Outcome::refused("unsupported task type")
}

/// Who asks, for the audit trail.
fn caller(task_id: &str) -> String {
    format!("task {task_id}")
}

/// A response with annotations of its own, which go into the report as well.
trait Annotated {
    fn annotations(&self) -> &[Any];
}

macro_rules! annotated {
    ($($response:ident),* $(,)?) => {
        $(impl Annotated for v2::$response {
            fn annotations(&self) -> &[Any] {
                &self.annotations
            }
        })*
    };
}

annotated!(
    GrantManagerServiceGrantResponse,
    GrantManagerServiceRevokeResponse,
    CreateAccountResponse,
    CreateResourceResponse,
    DeleteResourceResponse,
    RotateCredentialResponse,
    IssueCredentialResponse,
    ListActionSchemasResponse,
    GetActionSchemaResponse,
    InvokeActionResponse,
    GetActionStatusResponse,
    ListEventFeedsResponse,
    ListEventsResponse,
    TicketsServiceListTicketSchemasResponse,
    TicketsServiceCreateTicketResponse,
    TicketsServiceGetTicketResponse,
);

/// The answer of a call whose failure may pass.
fn retryable<M: prost::Message + prost::Name + Annotated>(answer: Result<M, Status>) -> Outcome {
    answer.map_or_else(Outcome::failed, |response| Outcome::done(&response, response.annotations()))
}

/// The answer of a write, which is not to be tried again without anybody looking at it.
fn for_good<M: prost::Message + prost::Name + Annotated>(answer: Result<M, Status>) -> Outcome {
    answer.map_or_else(Outcome::failed_for_good, |response| Outcome::done(&response, response.annotations()))
}
