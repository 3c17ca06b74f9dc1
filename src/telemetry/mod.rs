//! What the program tells about itself: logs and metrics, and traces beside them.
//!
//! - [`Logs`]: log lines in the reference's two shapes, on stderr or into files, with a level that can change at run time;
//!   a span can keep a log of its own.
//! - [`collector`]: traces and log records for an OpenTelemetry collector.
//! - [`metrics`]: what is counted and measured, and the text that a scrape gets.
//! - [`redact`]: the last line of defence that keeps a secret out of a rendered line. The first is the type of the secret.
//!
//! It knows no room: spans and fields come from whoever speaks through `tracing`.

mod caller;
pub mod collector;
mod fields;
mod gate;
mod level;
mod line;
mod lines;
mod listeners;
mod logs;
pub mod metrics;
mod output;
pub mod redact;

#[cfg(test)]
mod tests;

pub use level::Level;
pub use line::Format;
pub use logs::{Kept, Logs, LogsError, Options, subscriber};
pub use output::Output;
