//! What a record must be to enter a sync.

use std::collections::HashMap;

use prost_types::Any;

use super::{Selection, SyncError, listing::words};
use crate::{
    baton::{
        c1z::{has, id_of, is},
        connector::TypeSpec,
    },
    wire::{
        unpack,
        v2::{self, resource_type::Trait},
    },
};

/// A trait by name, and what finds its annotation.
type Required = (&'static str, fn(&[Any]) -> bool);

/// What the walk needs to know of a resource type.
#[derive(Debug)]
pub(super) struct TypeFacts {
    pub(super) id: String,
    /// The traits whose annotation each resource must carry.
    traits: Vec<Required>,
    pub(super) entitlements: Listed,
    pub(super) grants: Listed,
}

/// How something is listed that is on the resources of a type.
#[derive(Debug, Clone, Copy)]
pub(super) struct Listed {
    /// Not at all.
    pub(super) skipped: bool,
    /// For the type as a whole, not one resource after the other.
    pub(super) whole: bool,
}

impl TypeFacts {
    fn new(resource_type: &v2::ResourceType) -> Self {
        let annotations = &resource_type.annotations;
        let skip = has::<v2::SkipEntitlementsAndGrants>(annotations);
        let required = |t: Trait| -> Option<Required> {
            match t {
                Trait::User => Some(("user", has::<v2::UserTrait>)),
                Trait::Group => Some(("group", has::<v2::GroupTrait>)),
                Trait::Role => Some(("role", has::<v2::RoleTrait>)),
                Trait::App => Some(("app", has::<v2::AppTrait>)),
                Trait::Secret => Some(("secret", has::<v2::SecretTrait>)),
                _ => None,
            }
        };
        Self {
            id: resource_type.id.clone(),
            traits: resource_type.traits().filter_map(required).collect(),
            entitlements: Listed {
                skipped: skip || has::<v2::SkipEntitlements>(annotations),
                whole: has::<v2::TypeScopedEntitlements>(annotations),
            },
            // A type cannot skip grants alone: that annotation counts on resources only.
            grants: Listed { skipped: skip, whole: has::<v2::TypeScopedGrants>(annotations) },
        }
    }
}

/// The types of a sync, in the order in which they are synced.
#[derive(Debug)]
pub(super) struct Types {
    pub(super) facts: Vec<TypeFacts>,
    at: HashMap<String, usize>,
}

impl Types {
    pub(super) fn new(specs: &[TypeSpec], selection: &Selection) -> Self {
        let mut types = Self { facts: Vec::new(), at: HashMap::new() };
        for spec in specs.iter().filter(|spec| selection.takes(&spec.resource_type.id)) {
            types.at.insert(spec.resource_type.id.clone(), types.facts.len());
            types.facts.push(TypeFacts::new(&spec.resource_type));
        }
        types
    }

    pub(super) fn get(&self, id: &str) -> Option<&TypeFacts> {
        self.at.get(id).and_then(|&at| self.facts.get(at))
    }

    /// Whether the resource can be stored; `Err` when the sync cannot go on.
    pub(super) fn takes_resource(&self, resource: &v2::Resource) -> Result<bool, SyncError> {
        let Some(id) = id_of(Some(resource)) else { return Ok(false) };
        if has::<v2::BatonId>(&resource.annotations) {
            return Err(foreign("resource", &words(id)));
        }
        let Some(facts) = self.get(&id.resource_type) else { return Ok(false) };
        match facts.traits.iter().find(|(_, present)| !present(&resource.annotations)) {
            None => Ok(true),
            Some((name, _)) => Err(SyncError::Invariant(format!(
                "resource {} lacks the expected {name} trait, which its type declares; this is a bug of the connector",
                words(id)
            ))),
        }
    }

    /// Whether the entitlement can be stored.
    pub(super) fn takes_entitlement(&self, entitlement: &v2::Entitlement) -> bool {
        !entitlement.id.is_empty()
            && id_of(entitlement.resource.as_ref()).is_some_and(|id| self.get(&id.resource_type).is_some())
    }

    /// Whether the grant can be stored; `Err` when the sync cannot go on.
    pub(super) fn takes_grant(&self, grant: &v2::Grant) -> Result<bool, SyncError> {
        if has::<v2::BatonId>(&grant.annotations) {
            return Err(foreign("grant", &grant.id));
        }
        let whole = !grant.id.is_empty() && id_of(grant.principal.as_ref()).is_some();
        Ok(whole && grant.entitlement.as_ref().is_some_and(|e| self.takes_entitlement(e)))
    }
}

fn foreign(kind: &str, id: &str) -> SyncError {
    SyncError::Invariant(format!(
        "{kind} {id} is marked as a record of another sync, which a connector must never do"
    ))
}

/// Exclusion groups as they are met: whoever holds one entitlement of a group cannot hold another.
#[derive(Debug, Default)]
pub(super) struct ExclusionGroups(HashMap<String, Group>);

#[derive(Debug)]
struct Group {
    resource_type: String,
    default: Option<String>,
}

impl ExclusionGroups {
    /// Takes note of an entitlement; `Err` when it breaks the rules of its group.
    pub(super) fn admit(&mut self, entitlement: &v2::Entitlement) -> Result<(), SyncError> {
        let v2::Entitlement { id, .. } = entitlement;
        let mut groups = entitlement.annotations.iter().filter(|a| is::<v2::EntitlementExclusionGroup>(a));
        let Some(any) = groups.next() else { return Ok(()) };
        if groups.next().is_some() {
            return Err(SyncError::Invariant(format!(
                "entitlement {id} has multiple ExclusionGroup annotations; \
                 an entitlement may belong to at most one exclusion group"
            )));
        }
        let Some(v2::EntitlementExclusionGroup { exclusion_group_id, is_default, .. }) = unpack(any) else {
            return Err(SyncError::Invariant(format!(
                "entitlement {id}: its exclusion group does not parse"
            )));
        };
        let resource_type =
            id_of(entitlement.resource.as_ref()).map(|on| on.resource_type.as_str()).unwrap_or_default();
        let group = self
            .0
            .entry(exclusion_group_id.clone())
            .or_insert_with(|| Group { resource_type: resource_type.to_owned(), default: None });
        if group.resource_type != resource_type {
            return Err(SyncError::Invariant(format!(
                "exclusion group {exclusion_group_id} has entitlements of two resource types, {} and {resource_type}",
                group.resource_type
            )));
        }
        if is_default {
            match &group.default {
                Some(other) if other != id => {
                    return Err(SyncError::Invariant(format!(
                        "exclusion group {exclusion_group_id} has two defaults, {other} and {id}"
                    )));
                }
                _ => group.default = Some(id.clone()),
            }
        }
        Ok(())
    }
}
