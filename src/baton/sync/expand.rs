//! Grant expansion: whoever holds a source entitlement also holds the destination.
//!
//! A grant that says so names the sources; their resource is the grant's own principal. Entitlements are nodes, such grants
//! are arcs, and each node is brought up to date once, after all that it draws from. Entitlements that draw from each other
//! (a cycle) are merged: they are brought up to date together. A holder is carried along every arc once, so that nobody's
//! access is justified by itself.
//!
//! What comes of it, byte for byte, is the contract's: a new grant has the stored entitlement, the principal's id, an empty
//! `GrantImmutable` and the map of entitlements that it comes from; a grant that was there before gets the map alone.

mod bounds;
mod graph;
mod merge;

use self::{graph::Graph, merge::Merge};
use super::{Sink, SinkError};
use crate::{
    baton::c1z::{expandable, id_of},
    wire::v2,
};

pub use bounds::{Expansion, Lookup};

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

/// Type and id.
type Principal = (String, String);

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
