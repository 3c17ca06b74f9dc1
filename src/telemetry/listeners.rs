//! Who wants which events: the log at its level, and the logs of their own that single spans keep.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use tracing::Metadata;
use tracing::span::Id;

use super::level::{Level, Wanted};
use super::output::Output;

/// The level of what a span keeps.
pub(super) const KEPT: Level = Level::Debug;

/// Who listens at the moment.
pub(super) struct Listeners {
    log: RwLock<(Level, Wanted)>,
    spans: RwLock<HashMap<u64, Arc<dyn Output>>>,
    /// How many spans keep something, to be asked without a lock.
    keeping: AtomicUsize,
    kept: Wanted,
}

impl Listeners {
    /// The log alone.
    pub(super) fn new(level: Level) -> Self {
        Self {
            log: RwLock::new((level, Wanted::at(level))),
            spans: RwLock::default(),
            keeping: AtomicUsize::new(0),
            kept: Wanted::at(KEPT),
        }
    }

    /// The levels that are listened at.
    pub(super) fn levels(&self) -> impl Iterator<Item = Level> + use<> {
        let log = self.log.read().unwrap_or_else(PoisonError::into_inner).0;
        let kept = (self.keeping.load(Ordering::Acquire) > 0).then_some(KEPT);
        [log].into_iter().chain(kept)
    }

    pub(super) fn set_level(&self, level: Level) {
        *self.log.write().unwrap_or_else(PoisonError::into_inner) = (level, Wanted::at(level));
    }

    /// Whether the log wants this event.
    pub(super) fn logged(&self, metadata: &Metadata<'_>) -> bool {
        self.log.read().unwrap_or_else(PoisonError::into_inner).1.event(metadata)
    }

    /// Where an event within these spans is kept; the innermost that keeps any.
    pub(super) fn kept<I: Iterator<Item = Id>>(
        &self,
        metadata: &Metadata<'_>,
        around: impl FnOnce() -> I,
    ) -> Option<Arc<dyn Output>> {
        if self.keeping.load(Ordering::Acquire) == 0 || !self.kept.event(metadata) {
            return None;
        }
        let spans = self.spans.read().unwrap_or_else(PoisonError::into_inner);
        around().find_map(|id| spans.get(&id.into_u64()).map(Arc::clone))
    }

    /// Keeps what happens within the span.
    pub(super) fn keep(&self, span: &Id, output: Arc<dyn Output>) {
        let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
        spans.insert(span.into_u64(), output);
        self.keeping.store(spans.len(), Ordering::Release);
    }

    /// Keeps nothing of the span any more.
    pub(super) fn forget(&self, span: &Id) {
        let mut spans = self.spans.write().unwrap_or_else(PoisonError::into_inner);
        spans.remove(&span.into_u64());
        self.keeping.store(spans.len(), Ordering::Release);
    }
}
