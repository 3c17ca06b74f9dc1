//! Sets logging up, and changes what is logged while the process runs.
//!
//! Source of truth: section 7 of the reference's command line. No sampling, no stack traces.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use tracing::span::Id;
use tracing::{Span, Subscriber};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Registry, reload};

use super::collector::Collector;
use super::gate::Gate;
use super::level::Level;
use super::line::Format;
use super::lines::Lines;
use super::listeners::Listeners;
use super::output::{Capped, Output, Sinks};

/// The most bytes of a log that a span keeps.
const KEPT_BYTES: u64 = 64 * 1024 * 1024;

/// How to log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// What is logged.
    pub level: Level,
    /// The shape of a line.
    pub format: Format,
    /// Files to append to; none means stderr.
    pub paths: Vec<PathBuf>,
}

impl Options {
    /// Reads the log settings, and says which of them mean nothing. The reference says nothing.
    pub fn from_settings(
        level: &str,
        format: Option<&str>,
        paths: Vec<PathBuf>,
        stdout_is_terminal: bool,
    ) -> (Self, Vec<String>) {
        let mut warnings = Vec::new();
        let level = Level::parse(level).unwrap_or_else(|| {
            warnings.push(format!("log-level: {level:?} is not one of debug, info, warn, error; using info"));
            Level::Info
        });
        let format = Format::parse(format, stdout_is_terminal).unwrap_or_else(|| {
            let given = format.unwrap_or_default();
            warnings.push(format!("log-format: {given:?} is not one of json, console; using json"));
            Format::Json
        });
        (Self { level, format, paths }, warnings)
    }
}

/// Logging could not be set up or changed.
#[derive(Debug, thiserror::Error)]
pub enum LogsError {
    /// A log file cannot be opened.
    #[error("cannot open the log file {}: {source}; choose another --log-path", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The log of a span cannot be made.
    #[error("cannot make the log {}: {source}; see to the space and the rights of the temporary directory", path.display())]
    Keep {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The span is not one of ours, or another subscriber listens to it.
    #[error("the span cannot be listened to")]
    Unheard,
    /// Someone has set up logging already.
    #[error("logging is set up already")]
    Twice,
    /// The subscriber is gone.
    #[error("what is logged cannot be changed: logging has ended")]
    Gone,
}

/// A handle on the running logs.
#[derive(Clone)]
pub struct Logs(Arc<Inner>);

struct Inner {
    gate: reload::Handle<Gate, Registry>,
    listeners: Arc<Listeners>,
    /// Held while who listens and what passes the gate are made to agree.
    change: Mutex<()>,
    collector: Option<Collector>,
}

impl std::fmt::Debug for Logs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logs").finish_non_exhaustive()
    }
}

impl Logs {
    /// Starts logging for the whole process, panics included; traces and log records go to `collector` as well.
    ///
    /// # Errors
    /// A log file cannot be opened, or logging runs already.
    pub fn init(options: &Options, collector: Option<Collector>) -> Result<Self, LogsError> {
        let sinks = Sinks::open(&options.paths)?;
        let (subscriber, logs) = assembled(options.level, options.format, sinks, collector);
        subscriber.try_init().map_err(|_| LogsError::Twice)?;
        std::panic::set_hook(Box::new(log_panic));
        Ok(logs)
    }

    /// Changes what is logged from now on.
    ///
    /// # Errors
    /// The subscriber that this handle belongs to is gone.
    pub fn set_level(&self, level: Level) -> Result<(), LogsError> {
        self.change(|listeners| listeners.set_level(level))
    }

    /// Writes what happens within `span` from now on, at level debug, as JSON lines into a new file at `path` as well, until
    /// what is returned is dropped. A file that grows too large is cut off, and says so.
    ///
    /// # Errors
    /// The file cannot be made, or the subscriber that this handle belongs to is gone.
    pub fn keep(&self, span: &Span, path: &Path) -> Result<Kept, LogsError> {
        let made = |source| LogsError::Keep { path: path.to_owned(), source };
        let file = Capped::create(path, KEPT_BYTES).map_err(made)?;
        let id = span.id().ok_or(LogsError::Unheard)?;
        self.change(|listeners| listeners.keep(&id, Arc::new(file)))?;
        Ok(Kept { logs: self.clone(), id, _span: span.clone() })
    }

    /// Sends the collector what it has not got yet. Blocks for as long as that takes, but not for longer than `patience`.
    pub fn flush(&self, patience: Duration) {
        if let Some(collector) = &self.0.collector {
            collector.finish(patience);
        }
    }

    fn change(&self, change: impl FnOnce(&Listeners)) -> Result<(), LogsError> {
        let _one_at_a_time = self.0.change.lock().unwrap_or_else(PoisonError::into_inner);
        change(&self.0.listeners);
        self.0.gate.reload(Gate::new(self.0.listeners.levels())).map_err(|_| LogsError::Gone)
    }
}

/// A log that a span keeps; it ends when this is dropped.
#[derive(Debug)]
pub struct Kept {
    logs: Logs,
    id: Id,
    /// While it lives no other span gets its id.
    _span: Span,
}

impl Drop for Kept {
    fn drop(&mut self) {
        // Nobody listens to a subscriber that is gone.
        let _ = self.logs.change(|listeners| listeners.forget(&self.id));
    }
}

/// A subscriber that writes to `output`, for [`tracing::subscriber::with_default`] in a test. More layers can be put on top
/// of it.
pub fn subscriber(
    level: Level,
    format: Format,
    output: impl Output,
) -> (impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync, Logs) {
    assembled(level, format, output, None)
}

fn assembled(
    level: Level,
    format: Format,
    output: impl Output,
    collector: Option<Collector>,
) -> (impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync, Logs) {
    let listeners = Arc::new(Listeners::new(level));
    let (gate, handle) = reload::Layer::new(Gate::new([level]));
    let traces = collector.as_ref().and_then(Collector::traces);
    let records = collector.as_ref().and_then(Collector::records);
    let lines = Lines { format, output, now: SystemTime::now, listeners: Arc::clone(&listeners), records };
    let inner = Inner { gate: handle, listeners, change: Mutex::default(), collector };
    // Traces come before lines, so that a line knows the trace that it belongs to.
    (tracing_subscriber::registry().with(gate).with(traces).with(lines), Logs(Arc::new(inner)))
}

/// A panic message may quote anything, so it takes the way of every other line.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    let location = panic.location().map(ToString::to_string).unwrap_or_default();
    let payload = panic.payload();
    let message = (payload.downcast_ref::<&str>().copied())
        .or_else(|| payload.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("a panic without a message");
    tracing::error!(location, error = message, "panicked");
}
