//! Logs as the settings want them, and a debug level that ends by itself.

use std::{
    io::{self, IsTerminal as _},
    path::Path,
    time::Duration,
};

use time::OffsetDateTime;

use super::error::CliError;
use crate::{
    baton::service_mode::{Keeping, TaskLogs},
    config,
    telemetry::{
        Level, Logs, Options,
        collector::{Collector, Reach, Signals},
    },
};

/// The longest sleep before the clock is looked at again: it may be set, and machines sleep.
const LOOK: Duration = Duration::from_secs(30);

/// How a command wants to log.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub(super) settings: &'a config::Logs,
    /// The collector's settings, for a command that sends to one; that needs a runtime.
    pub(super) otel: Option<&'a config::Otel>,
    /// What was odd about the settings, to be said first.
    pub(super) warnings: &'a [String],
    /// What is logged when info is asked for, which is also what nobody asked for.
    pub(super) usual: Level,
}

impl Wanted<'_> {
    /// Starts logging, and says what was odd about the settings.
    pub(super) fn start(self) -> Result<Logs, CliError> {
        let Self { settings, otel, warnings, .. } = self;
        let terminal = std::io::stdout().is_terminal();
        let (mut options, odd) = Options::from_settings(
            &settings.level,
            settings.format.as_deref(),
            settings.paths.clone(),
            terminal,
        );
        if let Some(end) = settings.debug_expires_at {
            let (before, after) = around(options.level);
            options.level = if OffsetDateTime::now_utc() < end { before } else { after };
        }
        options.level = self.or_usual(options.level);
        let collector = otel.map(collector).transpose()?.flatten();
        let logs = Logs::init(&options, collector).map_err(|e| CliError::new(e.to_string()))?;
        for warning in odd.iter().chain(warnings) {
            tracing::warn!("{warning}");
        }
        Ok(logs)
    }

    /// Lowers the level when the time for debug is over. Needs a runtime.
    pub(super) fn expire(self, logs: Logs) {
        let end = self.settings.debug_expires_at.filter(|end| OffsetDateTime::now_utc() < *end);
        let Some(end) = end else { return };
        let (_, after) = around(Level::parse(&self.settings.level).unwrap_or_default());
        let after = self.or_usual(after);
        tokio::spawn(async move {
            until(end, OffsetDateTime::now_utc).await;
            match logs.set_level(after) {
                Ok(()) => tracing::info!("the time for debug is over"),
                Err(error) => tracing::warn!(%error, "the time for debug is over"),
            }
        });
    }

    fn or_usual(self, level: Level) -> Level {
        if level == Level::Info { self.usual } else { level }
    }
}

/// The collector that the settings name.
fn collector(settings: &config::Otel) -> Result<Option<Collector>, CliError> {
    let signals = Signals { traces: !settings.tracing_disabled, logs: !settings.logging_disabled };
    let Some(endpoint) = settings.endpoint.clone().filter(|_| signals.traces || signals.logs) else {
        return Ok(None);
    };
    let certificate = match (&settings.tls_cert_path, &settings.tls_cert) {
        (Some(_), Some(_)) => {
            return Err(CliError::new(
                "otel-collector-endpoint-tls-cert and otel-collector-endpoint-tls-cert-path are both given; \
                 leave one of them out",
            ));
        }
        (Some(path), None) => Some(std::fs::read(path).map_err(|e| {
            CliError::new(format!("otel-collector-endpoint-tls-cert-path: {}: {e}", path.display()))
        })?),
        (None, text) => text.as_ref().map(|pem| pem.as_bytes().to_vec()),
    };
    let reach = Reach { endpoint, insecure: settings.tls_insecure, certificate };
    Collector::new(&reach, signals).map(Some).map_err(|e| CliError::new(e.to_string()))
}

impl TaskLogs for Logs {
    fn keep(&self, span: &tracing::Span, file: &Path) -> io::Result<Keeping> {
        let kept = Self::keep(self, span, file).map_err(io::Error::other)?;
        Ok(Box::new(kept))
    }
}

/// The levels before and after the end of debug: debug until then, and never debug afterwards.
fn around(wanted: Level) -> (Level, Level) {
    match wanted {
        Level::Trace => (Level::Trace, Level::Info),
        Level::Debug => (Level::Debug, Level::Info),
        quieter => (Level::Debug, quieter),
    }
}

/// Resolves when the clock has reached `end`.
async fn until(end: OffsetDateTime, now: impl Fn() -> OffsetDateTime) {
    while let Ok(left) = Duration::try_from(end - now())
        && !left.is_zero()
    {
        tokio::time::sleep(left.min(LOOK)).await;
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn debug_ends_when_its_time_is_over_and_not_before() {
        let (begun, start) = (Instant::now(), OffsetDateTime::UNIX_EPOCH);
        let clock = || start + begun.elapsed();
        until(start + Duration::from_secs(3601), clock).await;
        assert!(begun.elapsed() >= Duration::from_secs(3601) && begun.elapsed() < Duration::from_secs(3602));
        until(start, clock).await;
        assert!(begun.elapsed() < Duration::from_secs(3602), "a time that is over is not waited for");
    }

    #[test]
    fn after_its_end_nothing_is_debug() {
        for wanted in [Level::Trace, Level::Debug, Level::Info, Level::Warn, Level::Error] {
            let (before, after) = around(wanted);
            assert!(matches!(before, Level::Trace | Level::Debug), "{wanted:?}");
            assert!(!matches!(after, Level::Trace | Level::Debug), "{wanted:?}");
        }
        assert_eq!(around(Level::Warn).1, Level::Warn);
    }
}
