//! The seam to the logs: a task can keep a log of its own, which the control plane may ask for.

use std::{io, path::Path};

use tracing::Span;

/// A log that a task keeps; it ends when this is dropped.
pub type Keeping = Box<dyn Send + Sync>;

/// Lets tasks keep logs of their own.
pub trait TaskLogs: Send + Sync + 'static {
    /// Writes what happens within `span`, at level debug, into a new file as well.
    ///
    /// # Errors
    /// The file cannot be made.
    fn keep(&self, span: &Span, file: &Path) -> io::Result<Keeping>;
}
