//! The order of a sync: types, resources and their children, static entitlements, entitlements, grants, expansion.

use std::{
    collections::{HashSet, VecDeque},
    future::Future,
    mem,
    sync::Arc,
};

use tokio_util::sync::CancellationToken;
use tonic::Code;

use super::{
    Counts, Expansion, Progress, Report, Selection, Sink, SinkError, Stage, SyncError,
    checks::{ExclusionGroups, TypeFacts, Types},
    expand::{self, Edges},
    feed::{Feed, Gone},
    fetch::{Entitlements, Fetch, Grants, Listing, Pages, Resources, Templates, scope, words},
};
use crate::{
    baton::{
        c1z::{has, id_of, is},
        connector::{ConnectorError, Page, ResourceQuery},
        model::{Bid, entitlement_id},
    },
    wire::{pack, unpack, v2},
};

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

    /// Lists all resources, or fetches the targets, which it gives back; their children follow in both cases.
    async fn resources(&mut self) -> Result<Option<Vec<v2::Resource>>, Stop> {
        let mut children = Children::default();
        if self.selection.targeted.is_empty() {
            for at in 0..self.types.facts.len() {
                let resource_type = self.types.facts[at].id.clone();
                let query = ResourceQuery { resource_type, parent: None };
                let mut pages = self.fetch.start(Resources(query));
                while let Some(page) = pages.next().await {
                    let page = page.map_err(|e| pages.failed(e))?;
                    self.put_resources(page.items, &mut children).await?;
                }
                self.actions += 1;
                self.children(&mut children).await?;
            }
            return Ok(None);
        }
        let mut targets = Vec::new();
        for bid in &self.selection.targeted {
            if let Some(resource) = self.target(bid).await? {
                self.put_resources(vec![resource.clone()], &mut children).await?;
                targets.push(resource);
            }
        }
        self.children(&mut children).await?;
        Ok(Some(targets))
    }

    async fn target(&mut self, bid: &Bid) -> Result<Option<v2::Resource>, Stop> {
        self.actions += 1;
        match self.fetch.resource(&bid.resource).await {
            Ok(Some(resource)) if self.types.takes_resource(&resource)? => return Ok(Some(resource)),
            Ok(Some(_)) => self.drop_records("resource", 1, &bid.to_string()),
            Ok(None) => self.report.warn(format!("{bid}: there is no such resource; it is left out")),
            Err(e) if matches!(e.code(), Code::NotFound | Code::Unimplemented) => {
                self.report.warn(format!("{bid}: {e}; it is left out"));
            }
            Err(source) => {
                let doing = format!("get {}", words(&bid.resource));
                return Err(SyncError::connector(doing, source).into());
            }
        }
        Ok(None)
    }

    async fn children(&mut self, children: &mut Children) -> Result<(), Stop> {
        while let Some(query) = children.queue.pop_front() {
            let mut pages = self.fetch.start(Resources(query));
            while let Some(page) = pages.next().await {
                match page {
                    Ok(page) => self.put_resources(page.items, children).await?,
                    Err(error) => self.skip(&pages, error)?,
                }
            }
            self.actions += 1;
        }
        Ok(())
    }

    async fn put_resources(&mut self, items: Vec<v2::Resource>, children: &mut Children) -> Result<(), Stop> {
        let came = items.len();
        let mut kept = Vec::with_capacity(came);
        for resource in items {
            if self.types.takes_resource(&resource)? {
                children.note(&resource, &self.types);
                kept.push(resource);
            }
        }
        let items = kept;
        self.drop_records("resource", came - items.len(), "");
        self.counts.resources += items.len() as u64;
        self.counted(Stage::Resources);
        Ok(self.feed.send(move |sink| sink.put_resources(&items)).await?)
    }

    /// Multiplies the templates of each type over its resources.
    async fn static_entitlements(&mut self) -> Result<(), Stop> {
        for at in 0..self.types.facts.len() {
            let resource_type = self.types.facts[at].id.clone();
            let mut templates = Vec::new();
            let mut pages = self.fetch.start(Templates(resource_type.clone()));
            while let Some(page) = pages.next().await {
                templates.extend(page.map_err(|e| pages.failed(e))?.items);
            }
            self.actions += 1;
            let came = templates.len();
            templates.retain(|template| !template.slug.is_empty());
            self.drop_records("static entitlement", came - templates.len(), &resource_type);
            if templates.is_empty() {
                continue;
            }
            let mut mark = 0;
            loop {
                let (resource_type, from) = (resource_type.clone(), mark);
                let read = move |sink: &mut S| sink.resources_after(&resource_type, from, BATCH);
                let (resources, next) = self.feed.ask(read).await?;
                if resources.is_empty() {
                    break;
                }
                mark = next;
                let all = resources.iter().flat_map(|r| templates.iter().filter_map(|t| instance(t, r)));
                self.put_entitlements(all.collect(), Stage::StaticEntitlements).await?;
            }
        }
        Ok(())
    }

    async fn put_entitlements(&mut self, mut items: Vec<v2::Entitlement>, stage: Stage) -> Result<(), Stop> {
        let came = items.len();
        items.retain(|entitlement| self.types.takes_entitlement(entitlement));
        self.drop_records("entitlement", came - items.len(), "");
        for entitlement in &items {
            self.groups.admit(entitlement)?;
        }
        self.counts.entitlements += items.len() as u64;
        self.counted(stage);
        Ok(self.feed.send(move |sink| sink.put_entitlements(&items)).await?)
    }

    async fn put_grants(&mut self, page: Page<v2::Grant>) -> Result<(), Stop> {
        let all = has::<v2::InsertResourceGrants>(&page.annotations);
        let came = page.items.len();
        let (mut grants, mut resources) = (Vec::with_capacity(came), Vec::new());
        for grant in page.items {
            if !self.types.takes_grant(&grant)? {
                continue;
            }
            self.edges.note(&grant);
            if all || has::<v2::InsertResourceGrants>(&grant.annotations) {
                resources.extend(grant.entitlement.as_ref().and_then(|e| e.resource.clone()));
            }
            grants.push(grant);
        }
        self.drop_records("grant", came - grants.len(), "");
        self.counts.grants += grants.len() as u64;
        self.counted(Stage::Grants);
        let put = move |sink: &mut S| {
            if !resources.is_empty() {
                sink.put_missing_resources(&resources)?;
            }
            sink.put_grants(&grants)
        };
        Ok(self.feed.send(put).await?)
    }

    /// Lists what is on the resources: on types as a whole first, then on one resource after the other.
    async fn visit<L: OnResource>(&mut self, targets: Option<&[v2::Resource]>) -> Result<(), Stop> {
        let mut window = VecDeque::new();
        if let Some(targets) = targets {
            for resource in targets {
                let facts = id_of(Some(resource)).and_then(|id| self.types.get(&id.resource_type));
                if facts.is_some_and(|facts| !L::scoped(facts) && !L::skips(facts, resource)) {
                    self.visit_one(&mut window, L::on(resource.clone())).await?;
                }
            }
            return self.drain::<L>(&mut window, 0).await;
        }
        for at in 0..self.types.facts.len() {
            let facts = &self.types.facts[at];
            if L::scoped(facts) && !L::skips_type(facts) {
                let listing = L::on_type(&facts.id);
                self.visit_one(&mut window, listing).await?;
            }
        }
        for at in 0..self.types.facts.len() {
            let facts = &self.types.facts[at];
            if L::scoped(facts) || L::skips_type(facts) {
                continue;
            }
            let resource_type = facts.id.clone();
            let mut mark = 0;
            loop {
                let (of, from) = (resource_type.clone(), mark);
                let read = move |sink: &mut S| sink.resources_after(&of, from, BATCH);
                let (resources, next) = self.feed.ask(read).await?;
                if resources.is_empty() {
                    break;
                }
                mark = next;
                for resource in resources {
                    if !L::skips(&self.types.facts[at], &resource) {
                        self.visit_one(&mut window, L::on(resource)).await?;
                    }
                }
            }
        }
        self.drain::<L>(&mut window, 0).await
    }

    async fn visit_one<L: OnResource>(
        &mut self,
        window: &mut VecDeque<Pages<L::Item>>,
        listing: L,
    ) -> Result<(), Stop> {
        window.push_back(self.fetch.start(listing));
        self.drain::<L>(window, self.workers - 1).await
    }

    /// Stores what the oldest listings give, until only `leave` are under way.
    async fn drain<L: OnResource>(
        &mut self,
        window: &mut VecDeque<Pages<L::Item>>,
        leave: usize,
    ) -> Result<(), Stop> {
        while window.len() > leave {
            let Some(mut pages) = window.pop_front() else { break };
            while let Some(page) = pages.next().await {
                match page {
                    Ok(page) => L::store(self, page).await?,
                    Err(error) => self.skip(&pages, error)?,
                }
            }
            self.actions += 1;
        }
        Ok(())
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

/// Child listings to come. Each type below each parent is listed once.
#[derive(Default)]
struct Children {
    queue: VecDeque<ResourceQuery>,
    seen: HashSet<(String, String, String)>,
}

impl Children {
    fn note(&mut self, parent: &v2::Resource, types: &Types) {
        let Some(id) = id_of(Some(parent)) else { return };
        for child in parent.annotations.iter().filter_map(unpack::<v2::ChildResourceType>) {
            let child = child.resource_type_id;
            if types.get(&child).is_some()
                && self.seen.insert((child.clone(), id.resource_type.clone(), id.resource.clone()))
            {
                self.queue.push_back(ResourceQuery { resource_type: child, parent: Some(id.clone()) });
            }
        }
    }
}

/// A template made the entitlement of a resource.
fn instance(template: &v2::Entitlement, resource: &v2::Resource) -> Option<v2::Entitlement> {
    let id = id_of(Some(resource))?;
    let mut entitlement = template.clone();
    entitlement.id = entitlement_id(id, &template.slug);
    entitlement.resource = Some(resource.clone());
    if entitlement.display_name.is_empty() {
        entitlement.display_name.clone_from(&resource.display_name);
    }
    if entitlement.description.is_empty() {
        entitlement.description.clone_from(&resource.description);
    }
    for any in entitlement.annotations.iter_mut().filter(|a| is::<v2::EntitlementExclusionGroup>(a)) {
        if let Some(mut group) = unpack::<v2::EntitlementExclusionGroup>(any)
            && group.scope_to_resource
        {
            group.exclusion_group_id = format!("{}-{}", group.exclusion_group_id, id.resource);
            *any = pack(&group);
        }
    }
    Some(entitlement)
}

/// A listing of what is on a resource.
trait OnResource: Listing + Sized {
    fn on(resource: v2::Resource) -> Self;
    fn on_type(resource_type: &str) -> Self;
    /// Whether the type is listed as a whole.
    fn scoped(facts: &TypeFacts) -> bool;
    fn skips_type(facts: &TypeFacts) -> bool;
    fn skips(facts: &TypeFacts, resource: &v2::Resource) -> bool;
    fn store<S: Sink>(
        walk: &mut Walk<'_, S>,
        page: Page<Self::Item>,
    ) -> impl Future<Output = Result<(), Stop>> + Send;
}

impl OnResource for Entitlements {
    fn on(resource: v2::Resource) -> Self {
        Self(resource)
    }

    fn on_type(resource_type: &str) -> Self {
        Self(scope(resource_type, &v2::TypeScopedEntitlements {}))
    }

    fn scoped(facts: &TypeFacts) -> bool {
        facts.scoped_entitlements
    }

    fn skips_type(facts: &TypeFacts) -> bool {
        facts.skip_entitlements
    }

    fn skips(facts: &TypeFacts, resource: &v2::Resource) -> bool {
        Self::skips_type(facts)
            || has::<v2::SkipEntitlementsAndGrants>(&resource.annotations)
            || has::<v2::SkipEntitlements>(&resource.annotations)
    }

    async fn store<S: Sink>(walk: &mut Walk<'_, S>, page: Page<v2::Entitlement>) -> Result<(), Stop> {
        walk.put_entitlements(page.items, Stage::Entitlements).await
    }
}

impl OnResource for Grants {
    fn on(resource: v2::Resource) -> Self {
        Self(resource)
    }

    fn on_type(resource_type: &str) -> Self {
        Self(scope(resource_type, &v2::TypeScopedGrants {}))
    }

    fn scoped(facts: &TypeFacts) -> bool {
        facts.scoped_grants
    }

    fn skips_type(facts: &TypeFacts) -> bool {
        facts.skip_grants
    }

    fn skips(facts: &TypeFacts, resource: &v2::Resource) -> bool {
        Self::skips_type(facts)
            || has::<v2::SkipEntitlementsAndGrants>(&resource.annotations)
            || has::<v2::SkipGrants>(&resource.annotations)
    }

    async fn store<S: Sink>(walk: &mut Walk<'_, S>, page: Page<v2::Grant>) -> Result<(), Stop> {
        walk.put_grants(page).await
    }
}
