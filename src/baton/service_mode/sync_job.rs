//! The seam to the syncer: service mode decides when a sync runs and what is told about it, not how it is done.

use std::path::Path;

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use crate::wire::api::task::SyncFullTask;

/// A sync that the control plane wants.
#[derive(Debug, Clone, Default)]
pub struct SyncOrder {
    /// What it should cover.
    pub task: SyncFullTask,
    /// In whose name the connector is called.
    pub caller: String,
}

/// Why there is no sync.
#[derive(Debug, Clone)]
pub struct SyncFailure {
    /// What went wrong, with its details.
    pub status: Status,
    /// The data itself is at fault, so that the same sync fails again however often it is tried.
    pub permanent: bool,
}

/// Writes syncs.
#[async_trait]
pub trait SyncJob: Send + Sync + 'static {
    /// Syncs into a new file, which is whole when this returns. Returns soon once `cancel` is cancelled.
    ///
    /// # Errors
    /// Why there is no sync; then there is no file either, or one that is of no use.
    async fn run(
        &self,
        order: &SyncOrder,
        file: &Path,
        cancel: &CancellationToken,
    ) -> Result<(), SyncFailure>;
}
