//! Syncs for the control plane: the syncer, into a new version 1 file.

use std::{
    path::Path,
    sync::Arc,
    time::{Instant, SystemTime},
};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use tonic::Status;

use super::{NoObserver, ServiceObserver, SyncFailure, SyncJob, SyncOrder};
use crate::{
    baton::{
        c1z::{self, SyncType},
        connector::Connector,
        model::Bid,
        sync::{Expansion, LogProgress, Selection, SinkError, SyncError, Syncer},
    },
    wire::{api::task::SyncFullTask, v2},
};

/// Syncs a connector as the control plane wishes, within what the operator has selected.
pub struct Syncs {
    connector: Arc<dyn Connector>,
    local: Selection,
    workers: usize,
    files: c1z::Options,
    expansion: Expansion,
    observer: Arc<dyn ServiceObserver>,
}

impl Syncs {
    /// Syncs the connector. `local` is what the operator has selected; `files` says how files are written.
    pub fn new(connector: Arc<dyn Connector>, local: Selection, workers: usize, files: c1z::Options) -> Self {
        let (expansion, observer) = (Expansion::default(), Arc::new(NoObserver));
        Self { connector, local, workers, files, expansion, observer }
    }

    /// Expands grants within these bounds.
    #[must_use]
    pub fn expansion(mut self, expansion: Expansion) -> Self {
        self.expansion = expansion;
        self
    }

    /// Tells this about each sync.
    #[must_use]
    pub fn observer(mut self, observer: Arc<dyn ServiceObserver>) -> Self {
        self.observer = observer;
        self
    }
}

#[async_trait]
impl SyncJob for Syncs {
    async fn run(
        &self,
        order: &SyncOrder,
        file: &Path,
        cancel: &CancellationToken,
    ) -> Result<(), SyncFailure> {
        let selection = selection(&self.local, &order.task)?;
        let kind = kind_name(&selection.kind());
        let store = c1z::Store::open(file, self.files.clone()).map_err(|e| {
            let status = Status::internal(format!("cannot write the sync: {e}"));
            SyncFailure { status, permanent: false }
        })?;
        let syncer = Syncer::new(Arc::clone(&self.connector))
            .selection(selection)
            .expansion(self.expansion)
            .workers(self.workers)
            .progress(Arc::new(LogProgress))
            .caller(order.caller.as_str());
        let (kind, began) = (kind, Instant::now());
        let outcome = syncer.run(store, cancel).await;
        let written = outcome.as_ref().ok().map(|(report, saved)| (report, saved.bytes));
        self.observer.sync_finished(kind, written, began.elapsed());
        outcome.map(drop).map_err(|error| failure(error, SystemTime::now()))
    }
}

/// The operator's selection with the control plane's on top.
fn selection(local: &Selection, task: &SyncFullTask) -> Result<Selection, SyncFailure> {
    let mut selection = local.clone();
    // An empty sync says that everybody has lost everything; only a person may want that.
    selection.skip_full_sync = false;
    selection.skip_expansion |= task.skip_expand_grants;
    selection.skip_entitlements_and_grants |= task.skip_entitlements_and_grants;
    if !task.sync_resource_type_ids.is_empty() {
        selection.resource_types = Some(task.sync_resource_type_ids.clone());
    }
    if !task.targeted_sync_resources.is_empty() {
        selection.targeted = task.targeted_sync_resources.iter().map(bid).collect::<Result<_, _>>()?;
    }
    // Grants are only left out of a targeted sync: a full one without them would take them away.
    selection.skip_grants = (local.skip_grants || task.skip_grants) && !selection.targeted.is_empty();
    Ok(selection)
}

/// A sync's kind as a word that is one of few.
fn kind_name(kind: &SyncType) -> &'static str {
    match kind {
        SyncType::Full => "full",
        SyncType::Partial => "partial",
        SyncType::ResourcesOnly => "resources_only",
        _ => "other",
    }
}

fn bid(resource: &v2::Resource) -> Result<Bid, SyncFailure> {
    let id = resource.id.clone().filter(|id| !id.resource_type.is_empty() && !id.resource.is_empty());
    let missing = || SyncFailure {
        status: Status::invalid_argument("a resource of the targeted sync has no id"),
        permanent: false,
    };
    Ok(Bid { resource: id.ok_or_else(missing)?, parent: resource.parent_resource_id.clone() })
}

fn failure(error: SyncError, now: SystemTime) -> SyncFailure {
    // Only what the data itself is guilty of fails again for certain.
    let permanent = matches!(error, SyncError::Invariant(_));
    let text = error.to_string();
    let status = match error {
        SyncError::Connector { doing, source } => source.prefixed(&format!("{doing}: ")).to_status(now),
        SyncError::Selection(_) => Status::invalid_argument(text),
        SyncError::Cancelled | SyncError::Sink(SinkError::Interrupted) => Status::cancelled(text),
        SyncError::Sink(_) => Status::internal(text),
        SyncError::Invariant(_) | SyncError::TooManyWarnings { .. } => Status::unknown(text),
    };
    SyncFailure { status, permanent }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a failing unwrap is a failing test

    use tonic::Code;

    use super::*;
    use crate::baton::connector::ConnectorError;

    fn target(resource_type: &str, resource: &str) -> v2::Resource {
        let id = v2::ResourceId {
            resource_type: resource_type.into(),
            resource: resource.into(),
            ..Default::default()
        };
        v2::Resource { id: Some(id), ..Default::default() }
    }

    #[test]
    fn the_types_that_the_control_plane_names_go_before_the_operators() {
        let local = Selection { resource_types: Some(vec!["role".into()]), ..Selection::default() };
        let plain = selection(&local, &SyncFullTask::default()).unwrap();
        assert_eq!(plain.resource_types, Some(vec!["role".to_owned()]));
        let task = SyncFullTask { sync_resource_type_ids: vec!["user".into()], ..Default::default() };
        assert_eq!(selection(&local, &task).unwrap().resource_types, Some(vec!["user".to_owned()]));
    }

    #[test]
    fn grants_are_left_out_of_targeted_syncs_only_and_no_sync_is_empty() {
        let local = Selection { skip_full_sync: true, ..Selection::default() };
        let mut task = SyncFullTask { skip_grants: true, skip_expand_grants: true, ..Default::default() };
        let full = selection(&local, &task).unwrap();
        assert!(!full.skip_grants && !full.skip_full_sync && full.skip_expansion);
        task.targeted_sync_resources = vec![target("user", "7")];
        let targeted = selection(&local, &task).unwrap();
        assert!(targeted.skip_grants);
        assert_eq!(targeted.targeted[0].to_string(), "bid:r:user/7");
        task.targeted_sync_resources = vec![v2::Resource::default()];
        assert_eq!(selection(&local, &task).unwrap_err().status.code(), Code::InvalidArgument);
    }

    #[test]
    fn a_failure_keeps_the_connectors_code_and_only_bad_data_is_final() {
        let source = Box::new(ConnectorError::new(Code::PermissionDenied, "scope missing"));
        let refused = SyncError::Connector { doing: "listing users".into(), source };
        let told = failure(refused, SystemTime::UNIX_EPOCH);
        assert_eq!((told.status.code(), told.permanent), (Code::PermissionDenied, false));
        assert_eq!(told.status.message(), "listing users: scope missing");
        assert!(failure(SyncError::Invariant("two".into()), SystemTime::UNIX_EPOCH).permanent);
        assert_eq!(failure(SyncError::Cancelled, SystemTime::UNIX_EPOCH).status.code(), Code::Cancelled);
    }
}
