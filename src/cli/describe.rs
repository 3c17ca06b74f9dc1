//! The commands that say what the program is: `config`, `completion`, `capabilities`.

use std::{process::ExitCode, sync::Arc};

use serde_json::{Map, Value};

use super::{compose, error::CliError, print::to_stdout};
use crate::{
    baton::runtime::{Gates, Runtime},
    config::{self, Settings, Shell},
    wire::to_json,
};

/// The settings as ProtoJSON.
pub(super) fn config() -> Result<ExitCode, CliError> {
    print(&config::schema_json())
}

/// A completion script.
pub(super) fn completion(shell: Shell) -> Result<ExitCode, CliError> {
    print(&config::completion(shell))
}

/// What the connector can do, as the ProtoJSON of an `Any`, without a final line break, as the reference prints it.
pub(super) fn capabilities(_settings: &Settings) -> Result<ExitCode, CliError> {
    let runtime = Runtime::new(Arc::new(compose::unconnected()?), Gates::default());
    let capabilities = to_json(&runtime.capabilities()).map_err(|e| CliError::new(e.to_string()))?;
    let mut any = Map::new();
    any.insert("@type".to_owned(), Value::from("type.googleapis.com/c1.connector.v2.ConnectorCapabilities"));
    if let Value::Object(fields) = capabilities {
        any.extend(fields);
    }
    let text = serde_json::to_string_pretty(&any).map_err(|e| CliError::new(e.to_string()))?;
    print(&text)
}

fn print(text: &str) -> Result<ExitCode, CliError> {
    to_stdout(ExitCode::SUCCESS, |out| Ok(out.write_all(text.as_bytes())?))
}
