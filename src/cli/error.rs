//! Why a command failed, and the exit code that tells a script.

use std::fmt;

use tonic::{Code, Status};

use crate::{
    baton::{c1z::C1zError, connector::ConnectorError, local::LocalError, sync::SyncError},
    config::FLAG_ERROR,
};

/// A failure of a command: the text for stderr and the exit code.
#[derive(Debug)]
pub(super) struct CliError {
    text: String,
    exit_code: u8,
}

impl CliError {
    /// A failure that is about the command or its surroundings.
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self { text: text.into(), exit_code: FLAG_ERROR }
    }

    /// A failure that came with a gRPC code.
    pub(super) fn with_code(text: impl Into<String>, code: Code) -> Self {
        Self { text: text.into(), exit_code: exit_code(code) }
    }

    /// The operating system refused what a process needs.
    pub(super) fn runtime(error: std::io::Error) -> Self {
        Self::new(format!("cannot start: {error}"))
    }

    pub(super) fn exit_code(&self) -> u8 {
        self.exit_code
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The exit code of a gRPC code: its number, but 1 for a cancelled call.
fn exit_code(code: Code) -> u8 {
    match code {
        Code::Unknown => FLAG_ERROR,
        code => u8::try_from(i32::from(code)).unwrap_or(FLAG_ERROR),
    }
}

impl From<ConnectorError> for CliError {
    fn from(error: ConnectorError) -> Self {
        Self { text: error.to_string(), exit_code: exit_code(error.code()) }
    }
}

impl From<Status> for CliError {
    fn from(status: Status) -> Self {
        Self { text: status.message().to_owned(), exit_code: exit_code(status.code()) }
    }
}

impl From<C1zError> for CliError {
    fn from(error: C1zError) -> Self {
        Self::new(error.to_string())
    }
}

impl From<SyncError> for CliError {
    fn from(error: SyncError) -> Self {
        let exit_code = match &error {
            SyncError::Connector { source, .. } => exit_code(source.code()),
            SyncError::Cancelled => 1,
            _ => FLAG_ERROR,
        };
        Self { text: error.to_string(), exit_code }
    }
}

impl From<LocalError> for CliError {
    fn from(error: LocalError) -> Self {
        // The words before it are the reference's; scripts look for them in the last line.
        let text = format!("runner: error processing task: {error}");
        Self { text, exit_code: error.code().map_or(FLAG_ERROR, exit_code) }
    }
}
