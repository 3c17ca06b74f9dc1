//! Logs as the settings want them.

use std::io::IsTerminal as _;

use super::error::CliError;
use crate::{
    config,
    telemetry::{Level, Logs, Options},
};

/// Starts logging, and says what was odd about the settings. `for_people` leaves out what is only progress: info, which is
/// also the level when none was chosen.
pub(super) fn start(
    settings: &config::Logs,
    warnings: &[String],
    for_people: bool,
) -> Result<Logs, CliError> {
    let terminal = std::io::stdout().is_terminal();
    let (mut options, odd) =
        Options::from_settings(&settings.level, settings.format.as_deref(), settings.paths.clone(), terminal);
    if for_people && options.level == Level::Info {
        options.level = Level::Warn;
    }
    let logs = Logs::init(&options).map_err(|e| CliError::new(e.to_string()))?;
    for warning in odd.iter().chain(warnings) {
        tracing::warn!("{warning}");
    }
    Ok(logs)
}
