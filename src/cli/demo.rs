//! `demo`: the main job against the embedded simulator.

use std::process::ExitCode;

use tokio_util::sync::CancellationToken;

use super::error::CliError;
use crate::config::Settings;

pub(super) async fn run(_settings: &Settings, _shutdown: CancellationToken) -> Result<ExitCode, CliError> {
    Err(CliError::new("not yet"))
}
