//! How much is logged.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;

/// The noise of libraries: their warnings are ours, their progress is not.
const LIBRARIES: [&str; 12] = [
    "axum",
    "h2",
    "hyper",
    "hyper_util",
    "mio",
    "oauth2",
    "reqwest",
    "rustls",
    "tokio",
    "tokio_util",
    "tonic",
    "tower",
];

/// The audit trail is written at every level: who asks for less noise does not ask for less proof.
const AUDIT: &str = "audit";

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

    /// What passes at this level: libraries speak one level later, and only from debug on. The audit trail always passes.
    pub(super) fn filter(self) -> Targets {
        let (ours, theirs) = match self {
            Self::Trace => (LevelFilter::TRACE, LevelFilter::DEBUG),
            Self::Debug => (LevelFilter::DEBUG, LevelFilter::INFO),
            Self::Info => (LevelFilter::INFO, LevelFilter::WARN),
            Self::Warn => (LevelFilter::WARN, LevelFilter::WARN),
            Self::Error => (LevelFilter::ERROR, LevelFilter::ERROR),
        };
        Targets::new()
            .with_default(ours)
            .with_targets(LIBRARIES.map(|library| (library, theirs)))
            .with_target(AUDIT, LevelFilter::INFO)
    }
}
