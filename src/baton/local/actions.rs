//! Actions: listed, or invoked and waited for.

use std::time::Duration;

use prost_types::{Struct, value::Kind};

use super::{Local, LocalError, accounts::object};
use crate::wire::{
    to_json,
    v2::{self, BatonActionStatus as State},
};

/// Between two looks at an action that runs.
const LOOK: Duration = Duration::from_secs(1);

impl Local {
    /// Logs the schemas of the actions.
    ///
    /// # Errors
    /// When the runtime refuses.
    pub fn list_action_schemas(&self, resource_type: Option<&str>) -> Result<(), LocalError> {
        let resource_type_id = resource_type.unwrap_or_default().to_owned();
        let request = v2::ListActionSchemasRequest { resource_type_id, ..Default::default() };
        let reply = self.runtime.list_action_schemas(&request)?;
        let schemas: Vec<_> =
            reply.schemas.iter().filter_map(|s| Some(to_json(s).ok()?.to_string())).collect();
        tracing::info!(count = schemas.len(), schemas = ?schemas, "Action Schemas");
        Ok(())
    }

    /// Invokes an action and waits for its end. `arguments` is a JSON object.
    ///
    /// # Errors
    /// When the arguments are none, the runtime refuses, or the action fails.
    pub async fn invoke_action(
        &self,
        name: &str,
        arguments: &str,
        resource_type: Option<&str>,
    ) -> Result<(), LocalError> {
        let request = v2::InvokeActionRequest {
            name: name.to_owned(),
            args: Some(object("invoke-action-args", arguments)?),
            resource_type_id: resource_type.unwrap_or_default().to_owned(),
            ..Default::default()
        };
        let begun = self.runtime.invoke_action(Self::call(), request).await?;
        let (mut state, mut response) = (begun.status(), begun.response);
        while matches!(state, State::Pending | State::Running) {
            tokio::time::sleep(LOOK).await;
            let request = v2::GetActionStatusRequest { id: begun.id.clone(), ..Default::default() };
            let now = self.runtime.get_action_status(request)?;
            (state, response) = (now.status(), now.response);
        }
        if state == State::Complete {
            tracing::info!(action = name, id = %begun.id, response = ?response, "action complete");
            return Ok(());
        }
        Err(LocalError::ActionFailed { name: name.to_owned(), reason: reason(response.as_ref()) })
    }
}

fn reason(response: Option<&Struct>) -> String {
    match response.and_then(|r| r.fields.get("error")?.kind.as_ref()) {
        Some(Kind::StringValue(text)) => text.clone(),
        _ => "it did not say why".to_owned(),
    }
}
