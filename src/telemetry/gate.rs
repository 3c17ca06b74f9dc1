//! What is looked at at all: an event that nobody wants costs nothing.

use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Metadata, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

use super::level::{Level, Wanted};

/// Our spans always pass: every line carries their fields, and traces are made of them, whatever is logged. Events pass when
/// one of those who listen wants them.
pub(super) struct Gate {
    listeners: Vec<Wanted>,
}

impl Gate {
    /// A gate for what passes at one of these levels at least.
    pub(super) fn new(levels: impl IntoIterator<Item = Level>) -> Self {
        Self { listeners: levels.into_iter().map(Wanted::at).collect() }
    }

    fn passes(&self, metadata: &Metadata<'_>) -> bool {
        if metadata.is_span() {
            metadata.target().starts_with(env!("CARGO_CRATE_NAME")) && *metadata.level() <= LevelFilter::INFO
        } else {
            self.listeners.iter().any(|wanted| wanted.event(metadata))
        }
    }
}

impl<S: Subscriber> Layer<S> for Gate {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if self.passes(metadata) { Interest::always() } else { Interest::never() }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        self.passes(metadata)
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        self.listeners.iter().map(Wanted::loudest).chain([LevelFilter::INFO]).max()
    }
}
