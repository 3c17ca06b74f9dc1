//! Actions: listed, started, asked after.

use prost_types::value::Kind;

use super::{Outcome, retryable};
use crate::{
    baton::{connector::Call, runtime::Runtime},
    wire::{api::task, v2},
};

pub(super) fn list_schemas(runtime: &Runtime, task: task::ActionListSchemasTask) -> Outcome {
    let task::ActionListSchemasTask { annotations, resource_type_id } = task;
    retryable(runtime.list_action_schemas(&v2::ListActionSchemasRequest { annotations, resource_type_id }))
}

pub(super) fn get_schema(runtime: &Runtime, task: task::ActionGetSchemaTask) -> Outcome {
    let task::ActionGetSchemaTask { name, annotations } = task;
    if name.is_empty() {
        return nameless();
    }
    retryable(runtime.get_action_schema(&v2::GetActionSchemaRequest { name, annotations }))
}

pub(super) async fn invoke(runtime: &Runtime, call: Call, task: task::ActionInvokeTask) -> Outcome {
    let task::ActionInvokeTask { name, args, annotations, resource_type_id } = task;
    if name.is_empty() {
        return nameless();
    }
    let request = v2::InvokeActionRequest { name, args, annotations, resource_type_id, ..Default::default() };
    match runtime.invoke_action(call, request).await {
        Ok(response) if response.status() == v2::BatonActionStatus::Failed => {
            Outcome::refused(reason(&response).unwrap_or_else(|| "action failed".to_owned()))
        }
        answer => retryable(answer),
    }
}

/// Why an action failed, when it says so.
fn reason(response: &v2::InvokeActionResponse) -> Option<String> {
    match response.response.as_ref()?.fields.get("error")?.kind.as_ref()? {
        Kind::StringValue(text) if !text.is_empty() => Some(text.clone()),
        _ => None,
    }
}

#[allow(deprecated)] // the name travels with the id for older connectors
pub(super) fn status(runtime: &Runtime, task: task::ActionStatusTask) -> Outcome {
    let task::ActionStatusTask { name, id, annotations } = task;
    if name.is_empty() {
        return nameless();
    }
    if id.is_empty() {
        return Outcome::refused("action id required");
    }
    retryable(runtime.get_action_status(v2::GetActionStatusRequest { name, id, annotations }))
}

fn nameless() -> Outcome {
    Outcome::refused("action name required")
}
