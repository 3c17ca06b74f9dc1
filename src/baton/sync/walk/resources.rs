//! Resources: those of a type, or the targets, and the children of both.

use std::collections::{HashSet, VecDeque};

use tonic::Code;

use super::{Stop, Walk};
use crate::{
    baton::{
        c1z::id_of,
        connector::ResourceQuery,
        model::Bid,
        sync::{
            Sink, Stage, SyncError,
            checks::Types,
            listing::{Resources, words},
        },
    },
    wire::{unpack, v2},
};

impl<S: Sink> Walk<'_, S> {
    /// Lists all resources, or fetches the targets, which it gives back; their children follow in both cases.
    pub(super) async fn resources(&mut self) -> Result<Option<Vec<v2::Resource>>, Stop> {
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
