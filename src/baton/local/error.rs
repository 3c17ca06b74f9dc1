//! Why a one-shot operation failed.

use tonic::{Code, Status};

use crate::baton::c1z::C1zError;

/// A failed one-shot operation.
#[derive(Debug, thiserror::Error)]
pub enum LocalError {
    /// The connector refused, or the application did.
    #[error("rpc error: code = {:?} desc = {}", .0.code(), .0.message())]
    Status(Box<Status>),
    /// The file cannot be read.
    #[error(transparent)]
    File(#[from] C1zError),
    /// The file does not hold what was named.
    #[error("error fetching {what} '{id}': it is not in {file}; sync first, or check the id")]
    NotInFile {
        /// What was looked for.
        what: &'static str,
        /// Its id.
        id: String,
        /// Where.
        file: String,
    },
    /// The id fits several records.
    #[error("{id} is the id of several resources ({types}); name its type with {flag}")]
    Ambiguous {
        /// The id.
        id: String,
        /// The types that have it.
        types: String,
        /// The flag to use.
        flag: &'static str,
    },
    /// The record came from another file; its own connector is the one to ask.
    #[error("{what} '{id}' came from an external file; this connector cannot change it")]
    External {
        /// What it is.
        what: &'static str,
        /// Its id.
        id: String,
    },
    /// A flag's value cannot be used.
    #[error("{flag}: {reason}")]
    Argument {
        /// Which flag.
        flag: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// The action ended, but badly.
    #[error("action {name} failed: {reason}")]
    ActionFailed {
        /// Which one.
        name: String,
        /// What it said.
        reason: String,
    },
    /// The answer cannot be shown.
    #[error("the answer cannot be shown: {0}")]
    Answer(String),
}

impl LocalError {
    /// The gRPC code that stands for it, where there is one.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Status(status) => Some(status.code()),
            Self::NotInFile { .. } => Some(Code::NotFound),
            _ => None,
        }
    }
}

impl From<Status> for LocalError {
    fn from(status: Status) -> Self {
        Self::Status(Box::new(status))
    }
}
