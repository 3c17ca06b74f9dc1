//! Grant expansion: whoever holds a source entitlement also holds the destination.
//!
//! A grant that says so names the sources; their resource is the grant's own principal. Entitlements are nodes, such grants
//! are arcs, and each node is brought up to date once, after all that it draws from. Entitlements that draw from each other
//! (a cycle) are merged: they are brought up to date together. A holder is carried along every arc once, so that nobody's
//! access is justified by itself.
//!
//! What comes of it, byte for byte, is the contract's: a new grant has the stored entitlement, the principal's id, an empty
//! `GrantImmutable` and the map of entitlements that it comes from; a grant that was there before gets the map alone.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::{Sink, SinkError};
use crate::{
    baton::{
        c1z::{expandable, id_of},
        model::grant_id,
    },
    wire::{pack, v2},
};

/// Looks up an environment variable.
pub type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Bounds of grant expansion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expansion {
    /// The longest chain of entitlements that draw from each other; a longer one is an error.
    pub max_depth: usize,
    /// Merge entitlements that draw from each other in a circle; otherwise a circle is an error.
    pub merge_cycles: bool,
}

impl Default for Expansion {
    fn default() -> Self {
        Self { max_depth: 20, merge_cycles: true }
    }
}

impl Expansion {
    /// The defaults, with what `BATON_GRAPH_EXPAND_MAX_DEPTH` and `BATON_DONT_FIX_CYCLES` say.
    #[must_use]
    pub fn from_env(lookup: Lookup<'_>) -> Self {
        let depth = positive(lookup, "BATON_GRAPH_EXPAND_MAX_DEPTH").and_then(|n| usize::try_from(n).ok());
        Self { max_depth: depth.unwrap_or(20), merge_cycles: !flag(lookup, "BATON_DONT_FIX_CYCLES") }
    }
}

/// A whole number above zero.
fn positive(lookup: Lookup<'_>, name: &str) -> Option<u64> {
    let text = lookup(name).filter(|t| !t.trim().is_empty())?;
    let number = text.trim().parse().ok().filter(|&n| n > 0);
    if number.is_none() {
        tracing::warn!("{name} is {text:?}, which is no number above zero; it is ignored");
    }
    number
}

/// A switch, in the spellings that Go programs accept.
fn flag(lookup: Lookup<'_>, name: &str) -> bool {
    match lookup(name).as_deref().map(str::trim) {
        None | Some("" | "0" | "f" | "F" | "false" | "False" | "FALSE") => false,
        Some("1" | "t" | "T" | "true" | "True" | "TRUE") => true,
        Some(text) => {
            tracing::warn!("{name} is {text:?}, which is neither true nor false; it is ignored");
            false
        }
    }
}

/// Grants read or written at once.
const BATCH: usize = 1000;

/// The grants that expand others, as they are met.
#[derive(Debug, Default)]
pub(super) struct Edges(Vec<Edge>);

#[derive(Debug)]
struct Edge {
    destination: String,
    principal: v2::ResourceId,
    expandable: v2::GrantExpandable,
}

impl Edges {
    /// Takes note of a grant, if it expands.
    pub(super) fn note(&mut self, grant: &v2::Grant) {
        if let Some(expandable) = expandable(grant)
            && let (Some(entitlement), Some(principal)) =
                (&grant.entitlement, id_of(grant.principal.as_ref()))
        {
            let (destination, principal) = (entitlement.id.clone(), principal.clone());
            self.0.push(Edge { destination, principal, expandable });
        }
    }
}

/// What came of it.
#[derive(Debug, Default)]
pub(super) struct Expanded {
    /// Grants made or changed.
    pub(super) grants: u64,
    pub(super) warnings: Vec<String>,
}

#[derive(Debug)]
pub(super) enum Failed {
    Sink(SinkError),
    /// The grants contradict themselves.
    Data(String),
}

impl From<SinkError> for Failed {
    fn from(error: SinkError) -> Self {
        Self::Sink(error)
    }
}

/// Expands the grants in the sink.
pub(super) fn expand<S: Sink>(
    sink: &mut S,
    edges: &Edges,
    bounds: Expansion,
    stop: &dyn Fn() -> bool,
) -> Result<Expanded, Failed> {
    let mut result = Expanded::default();
    let graph = Graph::load(sink, edges, &mut result.warnings)?;
    let components = graph.components();
    graph.check(&components, bounds)?;
    for component in &components {
        if graph.draws(component) {
            result.grants += Merge::new(&graph, component).run(sink, stop)?;
        }
    }
    Ok(result)
}

/// Whoever holds `from` also holds `to`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Arc {
    from: usize,
    to: usize,
    /// Only those who hold `from` directly.
    shallow: bool,
    /// Only principals of these types; all when empty.
    types: Vec<String>,
}

impl Arc {
    fn carries(&self, principal: &Principal, direct: bool) -> bool {
        (direct || !self.shallow) && (self.types.is_empty() || self.types.contains(&principal.0))
    }
}

#[derive(Debug, Default)]
struct Graph {
    nodes: Vec<v2::Entitlement>,
    arcs: Vec<Arc>,
    /// Per node, the arcs that lead there.
    into: Vec<Vec<usize>>,
}

impl Graph {
    fn load<S: Sink>(sink: &mut S, edges: &Edges, warnings: &mut Vec<String>) -> Result<Self, Failed> {
        let mut graph = Self::default();
        let mut known = HashMap::new();
        let mut seen = HashSet::new();
        for Edge { destination, principal, expandable } in &edges.0 {
            let Some(to) = graph.node(sink, &mut known, destination)? else {
                warnings.push(format!(
                    "a grant of {destination} is to be expanded, but there is no such entitlement; it is not expanded"
                ));
                continue;
            };
            for source in expandable.entitlement_ids.iter().filter(|id| !id.trim().is_empty()) {
                let Some(from) = graph.node(sink, &mut known, source)? else {
                    warnings.push(format!(
                        "{destination} is to be given to the holders of {source}, but there is no such entitlement; \
                         it is not expanded"
                    ));
                    continue;
                };
                let on = id_of(graph.nodes[from].resource.as_ref());
                let same = |on: &v2::ResourceId| {
                    on.resource_type == principal.resource_type && on.resource == principal.resource
                };
                if !on.is_some_and(same) {
                    return Err(Failed::Data(format!(
                        "the grant of {destination} to {} {} names {source} as its source, which is an entitlement of \
                         another resource; this is a bug of the connector",
                        principal.resource_type, principal.resource
                    )));
                }
                let mut types = expandable.resource_type_ids.clone();
                types.sort();
                types.dedup();
                let arc = Arc { from, to, shallow: expandable.shallow, types };
                if from != to && seen.insert(arc.clone()) {
                    graph.into[to].push(graph.arcs.len());
                    graph.arcs.push(arc);
                }
            }
        }
        Ok(graph)
    }

    fn node<S: Sink>(
        &mut self,
        sink: &mut S,
        known: &mut HashMap<String, Option<usize>>,
        id: &str,
    ) -> Result<Option<usize>, SinkError> {
        if let Some(node) = known.get(id) {
            return Ok(*node);
        }
        let node = sink.entitlement(id)?.map(|entitlement| {
            self.nodes.push(entitlement);
            self.into.push(Vec::new());
            self.nodes.len() - 1
        });
        known.insert(id.to_owned(), node);
        Ok(node)
    }

    /// Nodes that draw from each other, together; each component after all that it draws from. Tarjan's algorithm along the
    /// arcs backwards, without recursion.
    fn components(&self) -> Vec<Vec<usize>> {
        const NEW: usize = usize::MAX;
        let count = self.nodes.len();
        let (mut index, mut low, mut on_stack) = (vec![NEW; count], vec![0; count], vec![false; count]);
        let (mut stack, mut components, mut next) = (Vec::new(), Vec::new(), 0);
        for root in 0..count {
            if index[root] != NEW {
                continue;
            }
            let mut path = vec![(root, 0)];
            while let Some(&mut (node, ref mut at)) = path.last_mut() {
                if *at == 0 {
                    (index[node], low[node], on_stack[node]) = (next, next, true);
                    next += 1;
                    stack.push(node);
                }
                if let Some(&arc) = self.into[node].get(*at) {
                    *at += 1;
                    let from = self.arcs[arc].from;
                    if index[from] == NEW {
                        path.push((from, 0));
                    } else if on_stack[from] {
                        low[node] = low[node].min(index[from]);
                    }
                    continue;
                }
                path.pop();
                if let Some(&(parent, _)) = path.last() {
                    low[parent] = low[parent].min(low[node]);
                }
                if low[node] == index[node] {
                    let start = stack.iter().rposition(|&n| n == node).unwrap_or_default();
                    let mut component = stack.split_off(start);
                    for &member in &component {
                        on_stack[member] = false;
                    }
                    component.sort_unstable();
                    components.push(component);
                }
            }
        }
        components
    }

    /// Refuses cycles that are not to be merged, and chains that are too long.
    fn check(&self, components: &[Vec<usize>], bounds: Expansion) -> Result<(), Failed> {
        let mut depth = vec![0; self.nodes.len()];
        for component in components {
            if let [first, second, ..] = component[..]
                && !bounds.merge_cycles
            {
                return Err(Failed::Data(format!(
                    "entitlements {} and {} are given to each other's holders, and cycles are not to be merged",
                    self.nodes[first].id, self.nodes[second].id
                )));
            }
            let arcs = component.iter().flat_map(|&node| &self.into[node]).map(|&arc| self.arcs[arc].from);
            let outside = arcs.filter(|from| component.binary_search(from).is_err());
            let own = outside.map(|from| depth[from] + 1).max().unwrap_or_default();
            if own > bounds.max_depth {
                return Err(Failed::Data(format!(
                    "entitlement {} is given through a chain of {own} others, {} are allowed \
                     (BATON_GRAPH_EXPAND_MAX_DEPTH)",
                    self.nodes[component[0]].id, bounds.max_depth
                )));
            }
            for &node in component {
                depth[node] = own;
            }
        }
        Ok(())
    }

    /// Whether any arc leads to the component.
    fn draws(&self, component: &[usize]) -> bool {
        component.iter().any(|&node| !self.into[node].is_empty())
    }
}

/// Type and id.
type Principal = (String, String);

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
struct Merge<'a> {
    graph: &'a Graph,
    members: &'a [usize],
    /// Per member.
    holders: Vec<Holders>,
}

impl<'a> Merge<'a> {
    fn new(graph: &'a Graph, members: &'a [usize]) -> Self {
        Self { graph, members, holders: members.iter().map(|_| Holders::default()).collect() }
    }

    fn run<S: Sink>(mut self, sink: &mut S, stop: &dyn Fn() -> bool) -> Result<u64, Failed> {
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
