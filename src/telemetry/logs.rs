//! Sets logging up, and changes its level while the process runs.
//!
//! Source of truth: section 7 of the reference's command line. No sampling, no stack traces.

use std::path::PathBuf;
use std::time::SystemTime;

use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::reload;
use tracing_subscriber::util::SubscriberInitExt;

use super::caller::caller;
use super::fields::Fields;
use super::level::Level;
use super::line::{Format, Line};
use super::output::{Output, Sinks};
use super::redact;

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
    /// Someone has set up logging already.
    #[error("logging is set up already")]
    Twice,
    /// The subscriber is gone.
    #[error("the log level cannot be changed: logging has ended")]
    Gone,
}

/// A handle on the running logs.
#[derive(Clone)]
pub struct Logs {
    filter: reload::Handle<Targets, tracing_subscriber::Registry>,
}

impl std::fmt::Debug for Logs {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Logs").finish_non_exhaustive()
    }
}

impl Logs {
    /// Starts logging for the whole process, panics included.
    ///
    /// # Errors
    /// A log file cannot be opened, or logging runs already.
    pub fn init(options: &Options) -> Result<Self, LogsError> {
        let sinks = Sinks::open(&options.paths)?;
        let (subscriber, logs) = subscriber(options.level, options.format, sinks);
        subscriber.try_init().map_err(|_| LogsError::Twice)?;
        std::panic::set_hook(Box::new(log_panic));
        Ok(logs)
    }

    /// Changes what is logged from now on.
    ///
    /// # Errors
    /// The subscriber that this handle belongs to is gone.
    pub fn set_level(&self, level: Level) -> Result<(), LogsError> {
        self.filter.reload(level.filter()).map_err(|_| LogsError::Gone)
    }
}

/// A subscriber that writes to `output`, for [`tracing::subscriber::with_default`] in a test and for [`Logs::init`]. More
/// layers can be put on top of it.
pub fn subscriber(
    level: Level,
    format: Format,
    output: impl Output,
) -> (impl Subscriber + for<'a> LookupSpan<'a> + Send + Sync, Logs) {
    let (filter, handle) = reload::Layer::new(level.filter());
    let lines = Lines { format, output, now: SystemTime::now };
    (tracing_subscriber::registry().with(filter).with(lines), Logs { filter: handle })
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

/// Turns events into lines.
pub(super) struct Lines<O> {
    pub(super) format: Format,
    pub(super) output: O,
    pub(super) now: fn() -> SystemTime,
}

impl<S, O> Layer<S> for Lines<O>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
    O: Output,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            let mut fields = Fields::default();
            attributes.record(&mut fields);
            span.extensions_mut().insert(fields);
        }
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        if let Some(span) = context.span(id)
            && let Some(fields) = span.extensions_mut().get_mut::<Fields>()
        {
            values.record(fields);
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        // The event's own fields come first; then those of the spans around it, the inner ones before the outer ones.
        let mut fields = Fields::default();
        event.record(&mut fields);
        for span in context.event_scope(event).into_iter().flatten() {
            if let Some(around) = span.extensions().get::<Fields>() {
                fields.extend_missing(around);
            }
        }
        let metadata = event.metadata();
        let caller = caller(metadata);
        let line = Line { at: (self.now)(), level: *metadata.level(), caller: &caller, fields: &fields };
        self.output.write_line(&redact::scrub(&line.render(self.format)));
    }
}
