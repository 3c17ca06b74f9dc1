//! The graph of a sync's expansions: entitlements are nodes, grants that expand are arcs.

use std::collections::{HashMap, HashSet};

use super::{Edge, Edges, Expansion, Failed, Principal};
use crate::{
    baton::{
        c1z::id_of,
        sync::{Sink, SinkError},
    },
    wire::v2,
};

/// Whoever holds `from` also holds `to`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Arc {
    pub(super) from: usize,
    pub(super) to: usize,
    /// Only those who hold `from` directly.
    shallow: bool,
    /// Only principals of these types; all when empty.
    types: Vec<String>,
}

impl Arc {
    pub(super) fn carries(&self, principal: &Principal, direct: bool) -> bool {
        (direct || !self.shallow) && (self.types.is_empty() || self.types.contains(&principal.0))
    }
}

#[derive(Debug, Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<v2::Entitlement>,
    pub(super) arcs: Vec<Arc>,
    /// Per node, the arcs that lead there.
    pub(super) into: Vec<Vec<usize>>,
}

impl Graph {
    pub(super) fn load<S: Sink>(
        sink: &mut S,
        edges: &Edges,
        warnings: &mut Vec<String>,
    ) -> Result<Self, Failed> {
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
    pub(super) fn components(&self) -> Vec<Vec<usize>> {
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
    pub(super) fn check(&self, components: &[Vec<usize>], bounds: Expansion) -> Result<(), Failed> {
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
    pub(super) fn draws(&self, component: &[usize]) -> bool {
        component.iter().any(|&node| !self.into[node].is_empty())
    }
}
