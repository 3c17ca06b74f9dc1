//! The order of a sync: types, resources and their children, static entitlements, entitlements, grants, expansion.

mod resources;
mod templates;
mod visit;

use std::{mem, sync::Arc};

use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::{
    Counts, Expansion, Progress, Report, Selection, Sink, SinkError, Stage, SyncError,
    checks::{ExclusionGroups, Types},
    expand::{self, Edges},
    feed::{Feed, Gone},
    fetch::{Fetch, Pages},
    listing::{Entitlements, Grants},
};
use crate::{baton::connector::ConnectorError, wire::v2};

/// Resources that are read back at once to list what is on them.
const BATCH: usize = 200;
/// Skipped listings that are never too many.
const TOLERATED: u64 = 10;

/// Why the walk stopped early.
#[derive(Debug)]
pub(super) enum Stop {
    Failed(SyncError),
    /// The sink has failed; it knows why.
    Sink,
}

impl From<SyncError> for Stop {
    fn from(error: SyncError) -> Self {
        Self::Failed(error)
    }
}

impl From<Gone> for Stop {
    fn from(_: Gone) -> Self {
        Self::Sink
    }
}

pub(super) struct Walk<'a, S> {
    fetch: Fetch,
    feed: Feed<S>,
    selection: &'a Selection,
    expansion: Expansion,
    progress: Arc<dyn Progress>,
    workers: usize,
    cancel: CancellationToken,
    types: Types,
    groups: ExclusionGroups,
    edges: Edges,
    counts: Counts,
    /// Listings that were tried.
    actions: u64,
    expanded: bool,
    report: Report,
}

impl<'a, S: Sink> Walk<'a, S> {
    #[allow(clippy::too_many_arguments)] // the one place that composes it
    pub(super) fn new(
        fetch: Fetch,
        feed: Feed<S>,
        selection: &'a Selection,
        expansion: Expansion,
        progress: Arc<dyn Progress>,
        workers: usize,
        cancel: CancellationToken,
        report: Report,
    ) -> Self {
        let types = Types::new(fetch.connector.types(), selection);
        let (groups, edges, counts) = <_>::default();
        Self {
            fetch,
            feed,
            selection,
            expansion,
            progress,
            workers,
            cancel,
            types,
            groups,
            edges,
            counts,
            actions: 0,
            expanded: false,
            report,
        }
    }

    pub(super) async fn run(&mut self) -> Result<(), Stop> {
        if self.selection.skip_full_sync {
            return Ok(());
        }
        self.begun(Stage::ResourceTypes);
        self.resource_types().await?;
        self.ended(Stage::ResourceTypes);

        self.begun(Stage::Resources);
        let targets = self.resources().await?;
        self.ended(Stage::Resources);

        if self.selection.entitlements() {
            if targets.is_none() {
                self.begun(Stage::StaticEntitlements);
                self.static_entitlements().await?;
                self.ended(Stage::StaticEntitlements);
            }
            self.begun(Stage::Entitlements);
            self.visit::<Entitlements>(targets.as_deref()).await?;
            self.ended(Stage::Entitlements);
        }
        if self.selection.grants() {
            self.begun(Stage::Grants);
            self.visit::<Grants>(targets.as_deref()).await?;
            self.ended(Stage::Grants);
        }
        if self.selection.expansion() {
            self.begun(Stage::Expansion);
            self.expand().await?;
            self.ended(Stage::Expansion);
        }
        Ok(())
    }

    /// Ends the sync: well, when the walk went well, or with the reason why not.
    pub(super) async fn end(self, walked: Result<(), Stop>) -> Result<(Report, S::Done), SyncError> {
        let Self { feed, progress, mut report, cancel, counts, expanded, .. } = self;
        let closed = feed.close().await;
        let sink = match (walked, closed) {
            (Err(Stop::Failed(error)), _) => return Err(error),
            (_, Err(SinkError::Interrupted)) => return Err(SyncError::Cancelled),
            (_, Err(error)) => return Err(error.into()),
            (Err(Stop::Sink), Ok(_)) => {
                return Err(SinkError::Failed("work for the sink was lost".into()).into());
            }
            (Ok(()), Ok(sink)) => sink,
        };
        progress.begun(Stage::Saving);
        let finish = tokio::task::spawn_blocking(move || sink.finish(expanded, &|| cancel.is_cancelled()));
        let (stats, done) = match finish.await {
            Ok(Ok(result)) => result,
            Ok(Err(SinkError::Interrupted)) => return Err(SyncError::Cancelled),
            Ok(Err(error)) => return Err(error.into()),
            Err(error) => return Err(SinkError::Failed(Box::new(error)).into()),
        };
        progress.ended(Stage::Saving, &counts);
        (report.stats, report.expanded) = (stats, counts.expanded);
        Ok((report, done))
    }

    async fn resource_types(&mut self) -> Result<(), Stop> {
        let takes = |t: &&v2::ResourceType| self.types.get(&t.id).is_some();
        let specs = self.fetch.connector.types().iter().map(|spec| &spec.resource_type);
        let types: Vec<_> = specs.filter(takes).cloned().collect();
        if types.is_empty() {
            let source = ConnectorError::new(Code::FailedPrecondition, "the connector has no resource types");
            return Err(SyncError::connector("list resource types", source).into());
        }
        self.counts.resource_types = types.len() as u64;
        self.actions += 1;
        Ok(self.feed.send(move |sink| sink.put_resource_types(&types)).await?)
    }

    /// Goes on without a listing of something that is gone; anything else ends the sync.
    fn skip<T>(&mut self, pages: &Pages<T>, error: ConnectorError) -> Result<(), Stop> {
        if error.code() != Code::NotFound {
            return Err(pages.failed(error).into());
        }
        self.report.skipped += 1;
        let (warnings, actions) = (self.report.skipped, self.actions + 1);
        let last = format!("{}: {error}", pages.name);
        self.report.warn(format!("{last}; skipped"));
        if warnings > TOLERATED && warnings * 10 > actions {
            return Err(SyncError::TooManyWarnings { warnings, actions, last }.into());
        }
        Ok(())
    }

    async fn expand(&mut self) -> Result<(), Stop> {
        let edges = mem::take(&mut self.edges);
        let (bounds, cancel) = (self.expansion, self.cancel.clone());
        let work = move |sink: &mut S| match expand::expand(sink, &edges, bounds, &|| cancel.is_cancelled()) {
            Ok(result) => Ok(Ok(result)),
            Err(expand::Failed::Sink(error)) => Err(error),
            Err(expand::Failed::Data(text)) => Ok(Err(SyncError::Invariant(text))),
        };
        let result = self.feed.ask(work).await??;
        for warning in result.warnings {
            self.report.warn(warning);
        }
        self.counts.expanded = result.grants;
        self.expanded = true;
        Ok(())
    }

    fn drop_records(&mut self, kind: &str, count: usize, what: &str) {
        if count > 0 {
            self.report.dropped += count as u64;
            let text = match what {
                "" => format!("left out {count} {kind} records without ids or of types that are not synced"),
                what => format!("left out {count} {kind} of {what}: no id, or of a type that is not synced"),
            };
            self.report.warn(text);
        }
    }

    fn begun(&self, stage: Stage) {
        self.progress.begun(stage);
    }

    fn counted(&self, stage: Stage) {
        self.progress.counted(stage, &self.counts);
    }

    fn ended(&self, stage: Stage) {
        self.progress.ended(stage, &self.counts);
    }
}
