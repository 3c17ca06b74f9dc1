//! One-shot work from the command line: grants, accounts, deletions, events and actions, each through the same runtime as
//! the gRPC daemon.
//!
//! What is granted, revoked or deleted is looked up in a `.c1z` file first and sent as it was synced: so a mistyped id is
//! found out before anything is asked of the application. Records that came from another file are refused.

mod accounts;
mod actions;
mod error;
mod events;
mod lookup;

use std::{path::PathBuf, sync::Arc};

pub use error::LocalError;

use crate::baton::{c1z::Limits, connector::Call, runtime::Runtime};

/// The file that things are looked up in.
#[derive(Debug, Clone)]
pub struct Source {
    /// Which file.
    pub path: PathBuf,
    /// What it may cost to read.
    pub limits: Limits,
    /// Where it is unpacked; `None` is the system's directory for such.
    pub tmp_dir: Option<PathBuf>,
}

/// One-shot operations on one connector.
pub struct Local {
    runtime: Arc<Runtime>,
    source: Source,
}

impl Local {
    /// Operations through a runtime, with names looked up in a file.
    #[must_use]
    pub fn new(runtime: Arc<Runtime>, source: Source) -> Self {
        Self { runtime, source }
    }

    fn call() -> Call {
        Call { sync_id: None, caller: "command line".to_owned() }
    }
}
