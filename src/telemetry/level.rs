//! How much is logged.

use tracing::Metadata;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// The noise of libraries: their warnings are ours, their progress is not.
const LIBRARIES: [&str; 16] = [
    "axum",
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "opentelemetry",
    "opentelemetry_otlp",
    "opentelemetry_sdk",
    "oauth2",
    "reqwest",
    "rustls",
    "tokio",
    "tokio_util",
    "tonic",
    "tower",
    "tracing_opentelemetry",
];

/// The audit trail is written at every level: who asks for less noise does not ask for less proof.
pub(super) const AUDIT: &str = "audit";

/// A log level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Level {
    /// Everything, for finding a bug in the program itself.
    Trace,
    /// What was decided and why.
    Debug,
    /// What was done.
    #[default]
    Info,
    /// What an operator should look at.
    Warn,
    /// What failed.
    Error,
}

impl Level {
    /// Reads a `log-level` setting. An unknown one means info, as in the reference; then `None`.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "trace" => Some(Self::Trace),
            "debug" => Some(Self::Debug),
            "info" | "" => Some(Self::Info),
            "warn" | "warning" => Some(Self::Warn),
            "error" | "dpanic" | "panic" | "fatal" => Some(Self::Error),
            _ => None,
        }
    }
}

/// Which events are wanted at a level: libraries speak one level later, and only from debug on. The audit trail always passes.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    targets: Targets,
    loudest: LevelFilter,
}

impl Wanted {
    pub(super) fn at(level: Level) -> Self {
        let (ours, theirs) = match level {
            Level::Trace => (LevelFilter::TRACE, LevelFilter::DEBUG),
            Level::Debug => (LevelFilter::DEBUG, LevelFilter::INFO),
            Level::Info => (LevelFilter::INFO, LevelFilter::WARN),
            Level::Warn => (LevelFilter::WARN, LevelFilter::WARN),
            Level::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        };
        let targets = Targets::new()
            .with_default(ours)
            .with_targets(LIBRARIES.map(|library| (library, theirs)))
            .with_target(AUDIT, LevelFilter::INFO);
        Self { targets, loudest: ours.max(LevelFilter::INFO) }
    }

    /// Whether this event is.
    pub(super) fn event(&self, metadata: &Metadata<'_>) -> bool {
        self.targets.would_enable(metadata.target(), metadata.level())
    }

    /// Beyond this nothing is.
    pub(super) fn loudest(&self) -> LevelFilter {
        self.loudest
    }
}
