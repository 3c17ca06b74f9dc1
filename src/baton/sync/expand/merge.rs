//! Bringing the holders of a component up to date: who holds its entitlements by a grant, who through what it draws from, and
//! the grants that come of it.

use std::collections::{BTreeMap, HashMap};

use super::{
    Failed, Principal,
    graph::{Arc, Graph},
};
use crate::{
    baton::{
        c1z::id_of,
        model::grant_id,
        sync::{Sink, SinkError},
    },
    wire::{pack, v2},
};

/// Grants read or written at once.
const BATCH: usize = 1000;

fn principal(grant: &v2::Grant) -> Option<Principal> {
    id_of(grant.principal.as_ref()).map(|id| (id.resource_type.clone(), id.resource.clone()))
}

/// Whether somebody holds the entitlement by more than expansion.
fn is_direct(grant: &v2::Grant, entitlement: &str) -> bool {
    grant.sources.as_ref().is_none_or(|s| s.sources.is_empty() || s.sources.contains_key(entitlement))
}

/// That somebody holds an entitlement.
#[derive(Debug)]
struct Hold {
    principal: Principal,
    /// A grant says so; otherwise one has to be made.
    granted: bool,
    direct: bool,
    /// Steps within the component since the holder entered it.
    distance: usize,
    /// The nodes that it comes from, and whether the holder holds those directly.
    sources: BTreeMap<usize, bool>,
}

/// The holders of one entitlement, in the order in which they were met.
#[derive(Debug, Default)]
struct Holders {
    all: Vec<Hold>,
    at: HashMap<Principal, usize>,
}

impl Holders {
    /// The hold of a principal, and whether it is new.
    fn enter(&mut self, principal: &Principal, distance: usize) -> (&mut Hold, bool) {
        let (at, new) = match self.at.get(principal) {
            Some(&at) => (at, false),
            None => {
                self.at.insert(principal.clone(), self.all.len());
                let (principal, sources) = (principal.clone(), BTreeMap::new());
                self.all.push(Hold { principal, granted: false, direct: false, distance, sources });
                (self.all.len() - 1, true)
            }
        };
        (&mut self.all[at], new)
    }
}

/// One component being brought up to date.
pub(super) struct Merge<'a> {
    graph: &'a Graph,
    members: &'a [usize],
    /// Per member.
    holders: Vec<Holders>,
}

impl<'a> Merge<'a> {
    pub(super) fn new(graph: &'a Graph, members: &'a [usize]) -> Self {
        Self { graph, members, holders: members.iter().map(|_| Holders::default()).collect() }
    }

    pub(super) fn run<S: Sink>(mut self, sink: &mut S, stop: &dyn Fn() -> bool) -> Result<u64, Failed> {
        for (at, &node) in self.members.iter().enumerate() {
            self.granted(sink, at, node, stop)?;
            self.outside(sink, at, node, stop)?;
        }
        self.within();
        let mut written = 0;
        for (at, &node) in self.members.iter().enumerate() {
            written += self.update(sink, at, node, stop)?;
            written += self.create(sink, at, node)?;
        }
        Ok(written)
    }

    /// Those who hold a member by a grant.
    fn granted<S: Sink>(
        &mut self,
        sink: &mut S,
        at: usize,
        node: usize,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), SinkError> {
        let id = &self.graph.nodes[node].id;
        each_grant(sink, id, stop, |grant| {
            if let Some(principal) = principal(grant) {
                let (hold, _) = self.holders[at].enter(&principal, 0);
                hold.granted = true;
                hold.direct |= is_direct(grant, id);
            }
        })
    }

    /// Those who hold what a member draws from, outside the component.
    fn outside<S: Sink>(
        &mut self,
        sink: &mut S,
        at: usize,
        node: usize,
        stop: &dyn Fn() -> bool,
    ) -> Result<(), SinkError> {
        for arc in self.graph.into[node].iter().map(|&arc| &self.graph.arcs[arc]) {
            if self.members.binary_search(&arc.from).is_ok() {
                continue;
            }
            let id = &self.graph.nodes[arc.from].id;
            each_grant(sink, id, stop, |grant| {
                let direct = is_direct(grant, id);
                if let Some(principal) = principal(grant).filter(|p| arc.carries(p, direct)) {
                    let (hold, _) = self.holders[at].enter(&principal, 0);
                    *hold.sources.entry(arc.from).or_default() |= direct;
                }
            })?;
        }
        Ok(())
    }

    /// Carries holders along the arcs inside the component, all one step at a time. An arc counts as a source only when it
    /// does not lead back towards where the holder came from.
    fn within(&mut self) {
        let place = |node: usize| self.members.binary_search(&node).ok();
        let inner: Vec<(usize, usize, &Arc)> =
            self.graph.arcs.iter().filter_map(|arc| Some((place(arc.from)?, place(arc.to)?, arc))).collect();
        if inner.is_empty() {
            return;
        }
        let mut begin = vec![0; self.holders.len()];
        for distance in 0.. {
            // Holds are appended in the order of their distance, so this step's are those appended by the step before.
            let end: Vec<_> = self.holders.iter().map(|holders| holders.all.len()).collect();
            if begin == end {
                break;
            }
            for &(from, to, arc) in &inner {
                for i in begin[from]..end[from] {
                    let hold = &self.holders[from].all[i];
                    let direct = hold.direct;
                    if !arc.carries(&hold.principal, direct) {
                        continue;
                    }
                    let principal = hold.principal.clone();
                    let (hold, new) = self.holders[to].enter(&principal, distance + 1);
                    if new || hold.distance >= distance {
                        *hold.sources.entry(arc.from).or_default() |= direct;
                    }
                }
            }
            begin = end;
        }
    }

    /// Gives the grants that are there already their sources.
    fn update<S: Sink>(
        &self,
        sink: &mut S,
        at: usize,
        node: usize,
        stop: &dyn Fn() -> bool,
    ) -> Result<u64, SinkError> {
        let holders = &self.holders[at];
        if !holders.all.iter().any(|hold| hold.granted && !hold.sources.is_empty()) {
            return Ok(0);
        }
        let id = &self.graph.nodes[node].id;
        let (mut mark, mut written) = (0, 0);
        loop {
            let (grants, next) = sink.grants_after(id, mark, BATCH)?;
            if grants.is_empty() {
                return Ok(written);
            }
            mark = next;
            let mut changed = Vec::new();
            for mut grant in grants {
                let Some(hold) = principal(&grant).and_then(|p| holders.at.get(&p)).map(|&i| &holders.all[i])
                else {
                    continue;
                };
                if !hold.sources.is_empty() {
                    let sources = &mut grant.sources.get_or_insert_default().sources;
                    if sources.is_empty() {
                        sources.insert(id.clone(), v2::grant_sources::GrantSource { is_direct: true });
                    }
                    self.add_sources(sources, hold);
                    changed.push(grant);
                }
            }
            written += changed.len() as u64;
            if stop() {
                return Err(SinkError::Interrupted);
            }
            sink.put_grants(&changed)?;
        }
    }

    /// Makes the grants that are not there yet.
    fn create<S: Sink>(&self, sink: &mut S, at: usize, node: usize) -> Result<u64, SinkError> {
        let entitlement = &self.graph.nodes[node];
        let mut written = 0;
        let new = self.holders[at].all.iter().filter(|hold| !hold.granted);
        let mut new = new.map(|hold| {
            let (resource_type, resource) = hold.principal.clone();
            let principal = v2::ResourceId { resource_type, resource, ..Default::default() };
            let mut sources = v2::GrantSources::default();
            self.add_sources(&mut sources.sources, hold);
            v2::Grant {
                id: grant_id(&entitlement.id, &principal),
                entitlement: Some(entitlement.clone()),
                principal: Some(v2::Resource { id: Some(principal), ..Default::default() }),
                sources: Some(sources),
                annotations: vec![pack(&v2::GrantImmutable::default())],
            }
        });
        loop {
            let grants: Vec<_> = new.by_ref().take(BATCH).collect();
            if grants.is_empty() {
                return Ok(written);
            }
            written += grants.len() as u64;
            sink.put_grants(&grants)?;
        }
    }

    fn add_sources(&self, to: &mut BTreeMap<String, v2::grant_sources::GrantSource>, hold: &Hold) {
        for (&node, &is_direct) in &hold.sources {
            let source = v2::grant_sources::GrantSource { is_direct };
            to.insert(self.graph.nodes[node].id.clone(), source);
        }
    }
}

fn each_grant<S: Sink>(
    sink: &mut S,
    entitlement: &str,
    stop: &dyn Fn() -> bool,
    mut work: impl FnMut(&v2::Grant),
) -> Result<(), SinkError> {
    let mut mark = 0;
    loop {
        if stop() {
            return Err(SinkError::Interrupted);
        }
        let (grants, next) = sink.grants_after(entitlement, mark, BATCH)?;
        if grants.is_empty() {
            return Ok(());
        }
        grants.iter().for_each(&mut work);
        mark = next;
    }
}
