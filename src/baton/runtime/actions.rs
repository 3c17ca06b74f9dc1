//! Actions: invoked, waited for a while, then left to run; what became of them is kept in memory.

use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use futures::FutureExt as _;
use prost_types::{Struct, Value, value::Kind};
use tonic::Status;
use tracing::Instrument as _;

use super::{Runtime, arguments, check};
use crate::{
    baton::{
        connector::{Call, ConnectorError},
        ksuid::ksuid,
    },
    wire::v2::{self, BatonActionStatus as State},
};

/// How many actions are remembered.
const KEPT: usize = 1_000;
/// How long a call waits for the action when it does not say.
const INLINE_WAIT: Duration = Duration::from_secs(1);
/// How long a call may wait, and how long an action may run.
const LONGEST: Duration = Duration::from_secs(3_600);

/// What became of the actions of this process.
#[derive(Debug, Default)]
pub(super) struct ActionRuns(Arc<Mutex<Runs>>);

#[derive(Debug, Default)]
struct Runs {
    by_id: HashMap<String, Run>,
    order: VecDeque<String>,
}

#[derive(Debug, Clone)]
struct Run {
    name: String,
    state: State,
    response: Option<Struct>,
}

impl ActionRuns {
    fn with<T>(&self, f: impl FnOnce(&mut Runs) -> T) -> T {
        f(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Remembers a new action, unless too many have not ended yet. The oldest that have ended make room.
    fn begin(&self, id: &str, name: &str) -> bool {
        self.with(|runs| {
            let ended = |runs: &Runs, id: &String| {
                runs.by_id.get(id).is_none_or(|r| !matches!(r.state, State::Pending | State::Running))
            };
            if runs.order.len() >= KEPT {
                let Some(at) = runs.order.iter().position(|id| ended(runs, id)) else { return false };
                if let Some(oldest) = runs.order.remove(at) {
                    runs.by_id.remove(&oldest);
                }
            }
            let run = Run { name: name.to_owned(), state: State::Pending, response: None };
            runs.by_id.insert(id.to_owned(), run);
            runs.order.push_back(id.to_owned());
            true
        })
    }

    fn set(&self, id: &str, state: State, response: Option<Struct>) {
        self.with(|runs| {
            if let Some(run) = runs.by_id.get_mut(id) {
                (run.state, run.response) = (state, response);
            }
        });
    }

    fn get(&self, id: &str) -> Option<Run> {
        self.with(|runs| runs.by_id.get(id).cloned())
    }
}

impl Runtime {
    /// The schemas of one resource type, or all.
    ///
    /// # Errors
    /// `InvalidArgument` for a request that breaks a rule.
    pub fn list_action_schemas(
        &self,
        request: &v2::ListActionSchemasRequest,
    ) -> Result<v2::ListActionSchemasResponse, Status> {
        check(request)?;
        let wanted = |s: &&v2::BatonActionSchema| {
            request.resource_type_id.is_empty() || s.resource_type_id == request.resource_type_id
        };
        let schemas = self.connector.actions().iter().filter(wanted).cloned().collect();
        Ok(v2::ListActionSchemasResponse { schemas, ..Default::default() })
    }

    /// The schema of a global action.
    ///
    /// # Errors
    /// `NotFound` when there is none of this name.
    pub fn get_action_schema(
        &self,
        request: &v2::GetActionSchemaRequest,
    ) -> Result<v2::GetActionSchemaResponse, Status> {
        check(request)?;
        let global = |s: &&v2::BatonActionSchema| s.name == request.name && s.resource_type_id.is_empty();
        let schema = self.connector.actions().iter().find(global).cloned();
        let missing = || Status::not_found(format!("error: action schema {} not found", request.name));
        schema
            .map(|schema| v2::GetActionSchemaResponse { schema: Some(schema), ..Default::default() })
            .ok_or_else(missing)
    }

    /// Starts an action and waits for it a while; after that it goes on by itself.
    ///
    /// # Errors
    /// `NotFound` for an unknown action, `InvalidArgument` for arguments against its schema. An action that fails is an
    /// answer, not an error.
    pub async fn invoke_action(
        &self,
        call: Call,
        request: v2::InvokeActionRequest,
    ) -> Result<v2::InvokeActionResponse, Status> {
        check(&request)?;
        let asked = |s: &&v2::BatonActionSchema| {
            s.name == request.name && s.resource_type_id == request.resource_type_id
        };
        let Some(schema) = self.connector.actions().iter().find(asked) else {
            // The reference shows the inner status as text; clients look for these words.
            let inner = ConnectorError::no_action(&request.name);
            let text = format!("error: invoking action failed: rpc error: code = NotFound desc = {inner}");
            return Err(Status::not_found(text));
        };
        let args = request.args.unwrap_or_default();
        arguments::check(schema, &args)?;
        if !self.gates.provisioning {
            // Actions are listed either way, but they write.
            tracing::info!(action = %schema.name, "action refused: provisioning is not enabled");
            return Err(Status::failed_precondition("provisioning is not enabled"));
        }

        let (id, name) = (ksuid(SystemTime::now()), request.name);
        if !self.actions.begin(&id, &name) {
            return Err(Status::unavailable(
                "too many actions are under way; nothing was begun, ask again later",
            ));
        }
        let task = self.writes.spawn(self.run_action(call, id.clone(), name.clone(), args).in_current_span());
        let asked_wait = request.inline_wait.and_then(|wait| Duration::try_from(wait).ok());
        let wait = asked_wait.unwrap_or(INLINE_WAIT).min(LONGEST);
        // A timeout is no failure: the state below says that it still runs.
        let _ = tokio::time::timeout(wait, task).await;
        let run = self.actions.get(&id).unwrap_or(Run { name, state: State::Unknown, response: None });
        Ok(v2::InvokeActionResponse {
            id,
            status: run.state.into(),
            response: run.response,
            name: run.name,
            ..Default::default()
        })
    }

    /// The action itself, from its turn to its end, whatever that is.
    fn run_action(
        &self,
        call: Call,
        id: String,
        name: String,
        args: Struct,
    ) -> impl Future<Output = ()> + Send + 'static {
        let (connector, turns) = (Arc::clone(&self.connector), Arc::clone(&self.turns));
        let runs = ActionRuns(Arc::clone(&self.actions.0));
        async move {
            let Ok(_turn) = turns.acquire_owned().await else {
                let text = "the connector is shutting down; nothing was changed";
                return runs.set(&id, State::Failed, Some(failure(text)));
            };
            runs.set(&id, State::Running, None);
            let action = connector.invoke_action(&call, &name, &args);
            let action = AssertUnwindSafe(tokio::time::timeout(LONGEST, action)).catch_unwind();
            let (state, response) = match action.await {
                Ok(Ok(Ok(response))) => (State::Complete, response),
                Ok(Ok(Err(error))) => {
                    tracing::warn!(action = %name, %error, cause = error.chain().as_deref(), "action failed");
                    (State::Failed, failure(error.message()))
                }
                Ok(Err(_)) => (State::Failed, failure("the action did not end within an hour")),
                Err(_) => {
                    tracing::error!(action = %name, "action panicked");
                    (State::Failed, failure("Internal Server Error"))
                }
            };
            runs.set(&id, state, Some(response));
        }
    }

    /// What became of an action.
    ///
    /// # Errors
    /// `NotFound` for an id that this process did not hand out, or has forgotten.
    pub fn get_action_status(
        &self,
        request: v2::GetActionStatusRequest,
    ) -> Result<v2::GetActionStatusResponse, Status> {
        check(&request)?;
        let run = self.actions.get(&request.id);
        let run =
            run.ok_or_else(|| Status::not_found(format!("error: action id {} not found", request.id)))?;
        Ok(v2::GetActionStatusResponse {
            name: run.name,
            id: request.id,
            status: run.state.into(),
            response: run.response,
            ..Default::default()
        })
    }
}

fn failure(message: &str) -> Struct {
    let text = |s: &str| Value { kind: Some(Kind::StringValue(s.to_owned())) };
    let no = Value { kind: Some(Kind::BoolValue(false)) };
    Struct { fields: [("success".to_owned(), no), ("error".to_owned(), text(message))].into() }
}
