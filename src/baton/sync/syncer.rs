//! One sync from validation to clean-up.

use std::{sync::Arc, time::SystemTime};

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::{
    Expansion, Progress, Report, Selection, Silent, Sink, SyncError, Target, feed::Feed, fetch::Fetch,
    walk::Walk,
};
use crate::baton::{
    c1z::{NewSync, SyncType},
    connector::{Call, Connector},
    ksuid::ksuid,
    patience,
};

/// Syncs a connector; one value can sync many times.
#[derive(Clone)]
pub struct Syncer {
    connector: Arc<dyn Connector>,
    selection: Selection,
    expansion: Expansion,
    progress: Arc<dyn Progress>,
    workers: usize,
    caller: String,
    new_id: fn() -> String,
}

impl Syncer {
    /// A full sync of the connector, one listing at a time, that tells nobody.
    pub fn new(connector: Arc<dyn Connector>) -> Self {
        Self {
            connector,
            selection: Selection::default(),
            expansion: Expansion::default(),
            progress: Arc::new(Silent),
            workers: 1,
            caller: "sync".to_owned(),
            new_id: || ksuid(SystemTime::now()),
        }
    }

    /// Syncs only this.
    #[must_use]
    pub fn selection(mut self, selection: Selection) -> Self {
        self.selection = selection;
        self
    }

    /// Expands grants within these bounds.
    #[must_use]
    pub fn expansion(mut self, expansion: Expansion) -> Self {
        self.expansion = expansion;
        self
    }

    /// Tells this how it is going.
    #[must_use]
    pub fn progress(mut self, progress: Arc<dyn Progress>) -> Self {
        self.progress = progress;
        self
    }

    /// Lists the entitlements, or the grants, of this many resources at once. Records are stored in the same order whatever
    /// the number.
    #[must_use]
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = workers.max(1);
        self
    }

    /// Calls the connector in this name.
    #[must_use]
    pub fn caller(mut self, caller: impl Into<String>) -> Self {
        self.caller = caller.into();
        self
    }

    /// Takes the ids of syncs from here.
    #[must_use]
    pub fn ids(mut self, new_id: fn() -> String) -> Self {
        self.new_id = new_id;
        self
    }

    /// Syncs into the target.
    ///
    /// Cancelled, it returns once the target's thread has stopped and the connector has cleaned up. A cancellation that comes
    /// after the target was replaced is too late, and the sync succeeds. Dropped, it changes nothing either, but the
    /// connector does not get to clean up.
    ///
    /// # Errors
    /// Why there is no sync; the target is as it was before.
    pub async fn run<T: Target>(
        &self,
        target: T,
        cancel: &CancellationToken,
    ) -> Result<(Report, <T::Sink as Sink>::Done), SyncError> {
        let began = Instant::now();
        // What runs on threads cannot be dropped; it hears of it and stops.
        let cancel = &cancel.child_token();
        let _dropped = cancel.clone().drop_guard();
        let call = Call { sync_id: None, caller: self.caller.clone() };
        let mut fetch = Fetch { connector: Arc::clone(&self.connector), call };
        self.selection.check(self.connector.types())?;
        tokio::select! {
            biased;
            () = cancel.cancelled() => return Err(SyncError::Cancelled),
            result = patience::validate(&*fetch.connector, &fetch.call) => drop(result
                .map_err(|source| SyncError::connector("validate failed", source))?),
        }

        let id = (self.new_id)();
        fetch.call.sync_id = Some(id.clone());
        let result = self.sync(target, id, fetch.clone(), cancel).await;
        self.connector.cleanup(&fetch.call).await;
        let (mut report, done) = result?;
        report.duration = began.elapsed();
        self.progress.finished(&report);
        Ok((report, done))
    }

    async fn sync<T: Target>(
        &self,
        target: T,
        id: String,
        fetch: Fetch,
        cancel: &CancellationToken,
    ) -> Result<(Report, <T::Sink as Sink>::Done), SyncError> {
        let kind = self.selection.kind();
        let parent = match kind {
            SyncType::Partial => target.latest_full().unwrap_or_default(),
            _ => String::new(),
        };
        let sync = NewSync { id: id.clone(), kind: kind.clone(), parent };
        let feed = Feed::start(move || target.begin(sync))?;
        let report = Report { sync_id: id, kind, ..Report::default() };
        let (selection, expansion) = (&self.selection, self.expansion);
        let mut walk = Walk::new(
            fetch,
            feed,
            selection,
            expansion,
            Arc::clone(&self.progress),
            self.workers,
            cancel.clone(),
            report,
        );
        let walked = tokio::select! {
            biased;
            () = cancel.cancelled() => Err(SyncError::Cancelled.into()),
            result = walk.run() => result,
        };
        walk.end(walked).await
    }
}
