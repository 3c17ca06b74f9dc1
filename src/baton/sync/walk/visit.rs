//! What is on resources: entitlements, then grants, several listings at once and stored in the order of the resources.

use std::{collections::VecDeque, future::Future};

use prost::{Message, Name};

use super::{BATCH, Stop, Walk};
use crate::{
    baton::{
        c1z::{has, id_of},
        connector::Page,
        sync::{
            Sink, Stage,
            checks::{Listed, TypeFacts},
            fetch::Pages,
            listing::{Entitlements, Grants, Listing, scope},
        },
    },
    wire::v2,
};

/// A listing of what is on a resource.
pub(super) trait OnResource: Listing + Sized {
    /// Marks the listing of a whole type.
    type Scope: Message + Name + Default;
    /// Marks a resource that has nothing to list.
    type Skip: Name;

    fn on(resource: v2::Resource) -> Self;

    fn on_type(resource_type: &str) -> Self {
        Self::on(scope(resource_type, &Self::Scope::default()))
    }

    /// How the resources of a type are listed.
    fn listed(facts: &TypeFacts) -> Listed;

    fn skips(facts: &TypeFacts, resource: &v2::Resource) -> bool {
        Self::listed(facts).skipped
            || has::<v2::SkipEntitlementsAndGrants>(&resource.annotations)
            || has::<Self::Skip>(&resource.annotations)
    }

    fn store<S: Sink>(
        walk: &mut Walk<'_, S>,
        page: Page<Self::Item>,
    ) -> impl Future<Output = Result<(), Stop>> + Send;
}

impl OnResource for Entitlements {
    type Scope = v2::TypeScopedEntitlements;
    type Skip = v2::SkipEntitlements;

    fn on(resource: v2::Resource) -> Self {
        Self(resource)
    }

    fn listed(facts: &TypeFacts) -> Listed {
        facts.entitlements
    }

    async fn store<S: Sink>(walk: &mut Walk<'_, S>, page: Page<v2::Entitlement>) -> Result<(), Stop> {
        walk.put_entitlements(page.items, Stage::Entitlements).await
    }
}

impl OnResource for Grants {
    type Scope = v2::TypeScopedGrants;
    type Skip = v2::SkipGrants;

    fn on(resource: v2::Resource) -> Self {
        Self(resource)
    }

    fn listed(facts: &TypeFacts) -> Listed {
        facts.grants
    }

    async fn store<S: Sink>(walk: &mut Walk<'_, S>, page: Page<v2::Grant>) -> Result<(), Stop> {
        walk.put_grants(page).await
    }
}

impl<S: Sink> Walk<'_, S> {
    /// Lists what is on the resources: on types as a whole first, then on one resource after the other.
    pub(super) async fn visit<L: OnResource>(
        &mut self,
        targets: Option<&[v2::Resource]>,
    ) -> Result<(), Stop> {
        let mut window = VecDeque::new();
        if let Some(targets) = targets {
            for resource in targets {
                let facts = id_of(Some(resource)).and_then(|id| self.types.get(&id.resource_type));
                if facts.is_some_and(|facts| !L::listed(facts).whole && !L::skips(facts, resource)) {
                    self.visit_one(&mut window, L::on(resource.clone())).await?;
                }
            }
            return self.drain::<L>(&mut window, 0).await;
        }
        for at in 0..self.types.facts.len() {
            let facts = &self.types.facts[at];
            let Listed { whole, skipped } = L::listed(facts);
            if whole && !skipped {
                let listing = L::on_type(&facts.id);
                self.visit_one(&mut window, listing).await?;
            }
        }
        for at in 0..self.types.facts.len() {
            let facts = &self.types.facts[at];
            let Listed { whole, skipped } = L::listed(facts);
            if whole || skipped {
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

    pub(super) async fn put_entitlements(
        &mut self,
        mut items: Vec<v2::Entitlement>,
        stage: Stage,
    ) -> Result<(), Stop> {
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
}
