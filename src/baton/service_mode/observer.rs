//! What service mode tells those who count.

use std::time::Duration;

use crate::baton::sync::Report;

/// Is told what happens. Calls must not block.
pub trait ServiceObserver: Send + Sync + 'static {
    /// A task begins.
    fn task_started(&self, _kind: &'static str) {}
    /// A task ended: `success`, `error`, or `left`: answered in another way, or to be given out again.
    fn task_finished(&self, _kind: &'static str, _outcome: &'static str, _elapsed: Duration) {}
    /// A file with a sync was written; `None` when there is no sync. The kind is that of the file's sync.
    fn sync_finished(&self, _kind: &'static str, _written: Option<(&Report, u64)>, _elapsed: Duration) {}
}

/// Counts nothing.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoObserver;

impl ServiceObserver for NoObserver {}
