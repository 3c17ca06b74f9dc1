//! A sink that keeps everything in memory, for tests, small demonstrations and other forms of output.

use std::collections::HashMap;

use super::{Sink, SinkError, Target};
use crate::{
    baton::c1z::{NewSync, Stats, id_of},
    wire::v2,
};

/// A target in memory; it is empty at first.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    /// What [`Target::latest_full`] says.
    pub latest_full: Option<String>,
}

/// The records of a sync, each kind in the order in which its ids first came.
#[derive(Debug, Clone, Default)]
pub struct Records {
    /// The sync.
    pub sync: NewSync,
    /// Whether grants were expanded.
    pub expanded: bool,
    /// Resource types.
    pub resource_types: Vec<v2::ResourceType>,
    /// Resources.
    pub resources: Vec<v2::Resource>,
    /// Entitlements.
    pub entitlements: Vec<v2::Entitlement>,
    /// Grants.
    pub grants: Vec<v2::Grant>,
    at: HashMap<(Kind, String), usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Type,
    Resource,
    Entitlement,
    Grant,
}

impl Target for Memory {
    type Sink = Records;

    fn latest_full(&self) -> Option<String> {
        self.latest_full.clone()
    }

    fn begin(self, sync: NewSync) -> Result<Records, SinkError> {
        Ok(Records { sync, ..Records::default() })
    }
}

fn key(resource: &v2::Resource) -> String {
    resource.id.as_ref().map(|id| format!("{}:{}", id.resource_type, id.resource)).unwrap_or_default()
}

fn put<T: Clone>(
    at: &mut HashMap<(Kind, String), usize>,
    kind: Kind,
    all: &mut Vec<T>,
    items: &[T],
    key: impl Fn(&T) -> String,
) {
    for item in items {
        let place = *at.entry((kind, key(item))).or_insert(all.len());
        match all.get_mut(place) {
            Some(old) => old.clone_from(item),
            None => all.push(item.clone()),
        }
    }
}

/// The items after a mark that fit, and the mark of the last one.
fn after<T: Clone>(all: &[T], mark: i64, limit: usize, fits: impl Fn(&T) -> bool) -> (Vec<T>, i64) {
    let skip = usize::try_from(mark).unwrap_or(usize::MAX);
    let found: Vec<_> =
        all.iter().enumerate().skip(skip).filter(|(_, item)| fits(item)).take(limit).collect();
    let last = found.last().map_or(mark, |(i, _)| i64::try_from(i + 1).unwrap_or(i64::MAX));
    (found.into_iter().map(|(_, item)| item.clone()).collect(), last)
}

impl Sink for Records {
    type Done = Self;

    fn put_resource_types(&mut self, items: &[v2::ResourceType]) -> Result<(), SinkError> {
        put(&mut self.at, Kind::Type, &mut self.resource_types, items, |t| t.id.clone());
        Ok(())
    }

    fn put_resources(&mut self, items: &[v2::Resource]) -> Result<(), SinkError> {
        put(&mut self.at, Kind::Resource, &mut self.resources, items, key);
        Ok(())
    }

    fn put_missing_resources(&mut self, items: &[v2::Resource]) -> Result<(), SinkError> {
        for item in items {
            if !self.at.contains_key(&(Kind::Resource, key(item))) {
                self.put_resources(std::slice::from_ref(item))?;
            }
        }
        Ok(())
    }

    fn put_entitlements(&mut self, items: &[v2::Entitlement]) -> Result<(), SinkError> {
        put(&mut self.at, Kind::Entitlement, &mut self.entitlements, items, |e| e.id.clone());
        Ok(())
    }

    fn put_grants(&mut self, items: &[v2::Grant]) -> Result<(), SinkError> {
        put(&mut self.at, Kind::Grant, &mut self.grants, items, |g| g.id.clone());
        Ok(())
    }

    fn resources_after(
        &mut self,
        resource_type: &str,
        mark: i64,
        limit: usize,
    ) -> Result<(Vec<v2::Resource>, i64), SinkError> {
        let fits = |r: &v2::Resource| r.id.as_ref().is_some_and(|id| id.resource_type == resource_type);
        Ok(after(&self.resources, mark, limit, fits))
    }

    fn entitlement(&mut self, id: &str) -> Result<Option<v2::Entitlement>, SinkError> {
        let place = self.at.get(&(Kind::Entitlement, id.to_owned()));
        Ok(place.and_then(|&i| self.entitlements.get(i)).cloned())
    }

    fn grants_after(
        &mut self,
        entitlement_id: &str,
        mark: i64,
        limit: usize,
    ) -> Result<(Vec<v2::Grant>, i64), SinkError> {
        let fits = |g: &v2::Grant| g.entitlement.as_ref().is_some_and(|e| e.id == entitlement_id);
        Ok(after(&self.grants, mark, limit, fits))
    }

    fn finish(mut self, expanded: bool, stop: &dyn Fn() -> bool) -> Result<(Stats, Self), SinkError> {
        if stop() {
            return Err(SinkError::Interrupted);
        }
        self.expanded = expanded;
        let mut stats = Stats {
            resource_types: self.resource_types.len() as u64,
            resources: self.resources.len() as u64,
            entitlements: self.entitlements.len() as u64,
            grants: self.grants.len() as u64,
            ..Stats::default()
        };
        let resource_type =
            |r: Option<&v2::Resource>| id_of(r).map(|id| id.resource_type.clone()).unwrap_or_default();
        for r in &self.resources {
            *stats.resources_by_resource_type.entry(resource_type(Some(r))).or_default() += 1;
        }
        for e in &self.entitlements {
            *stats.entitlements_by_resource_type.entry(resource_type(e.resource.as_ref())).or_default() += 1;
        }
        for g in &self.grants {
            let on = g.entitlement.as_ref().and_then(|e| e.resource.as_ref());
            *stats.grants_by_resource_type.entry(resource_type(on)).or_default() += 1;
        }
        Ok((stats, self))
    }
}
