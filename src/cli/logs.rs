//! Logs as the settings want them.

use std::io::IsTerminal as _;

use super::error::CliError;
use crate::{
    config,
    telemetry::{Level, Logs, Options},
};

/// Starts logging, and says what was odd about the settings. `usual` is logged when info is asked for, which is also what
/// nobody asked for.
pub(super) fn start(settings: &config::Logs, warnings: &[String], usual: Level) -> Result<Logs, CliError> {
    let terminal = std::io::stdout().is_terminal();
    let (mut options, odd) =
        Options::from_settings(&settings.level, settings.format.as_deref(), settings.paths.clone(), terminal);
    if options.level == Level::Info {
        options.level = usual;
    }
    let logs = Logs::init(&options).map_err(|e| CliError::new(e.to_string()))?;
    for warning in odd.iter().chain(warnings) {
        tracing::warn!("{warning}");
    }
    Ok(logs)
}
