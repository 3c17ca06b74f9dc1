//! Why a sync failed.

use crate::baton::{connector::ConnectorError, sync::SinkError};

/// A failed sync. Its target is as it was before.
#[derive(Debug, thiserror::Error)]
pub enum SyncError {
    /// The connector failed, and trying again would not help.
    #[error("{doing}: {source}")]
    Connector {
        /// What was asked of it.
        doing: String,
        /// What it answered.
        #[source]
        source: Box<ConnectorError>,
    },
    /// The connector answered, but with something that no sync may hold. Trying again does not help.
    #[error("{0}")]
    Invariant(String),
    /// What was selected cannot be synced.
    #[error("{0}")]
    Selection(String),
    /// So much was missing that the result would mislead.
    #[error(
        "{warnings} of {actions} listings were refused as not found, the last one: {last}; \
         the sync would leave out too much"
    )]
    TooManyWarnings {
        /// Listings that were skipped.
        warnings: u64,
        /// Listings that were tried.
        actions: u64,
        /// The last warning.
        last: String,
    },
    /// The records could not be stored.
    #[error(transparent)]
    Sink(#[from] SinkError),
    /// Cancelled from outside.
    #[error("the sync was cancelled; nothing was changed")]
    Cancelled,
}

impl SyncError {
    pub(super) fn connector(doing: impl Into<String>, source: ConnectorError) -> Self {
        Self::Connector { doing: doing.into(), source: Box::new(source) }
    }

    /// Whether the data itself is at fault, so that the same sync fails again however often it is tried.
    #[must_use]
    pub fn is_permanent(&self) -> bool {
        matches!(self, Self::Invariant(_) | Self::Selection(_))
    }
}
