//! Entitlements and grants, and their ids.

use crate::wire::v2::{self, entitlement::PurposeValue};

/// `<resource type>:<resource id>:<slug>`.
#[must_use]
pub fn entitlement_id(resource: &v2::ResourceId, slug: &str) -> String {
    format!("{}:{}:{slug}", resource.resource_type, resource.resource)
}

/// `<entitlement id>:<principal type>:<principal id>`.
#[must_use]
pub fn grant_id(entitlement_id: &str, principal: &v2::ResourceId) -> String {
    format!("{entitlement_id}:{}:{}", principal.resource_type, principal.resource)
}

/// An entitlement that says that somebody belongs to the resource.
#[must_use]
pub fn assignment(resource: &v2::Resource, slug: &str, grantable_to: &[v2::ResourceType]) -> v2::Entitlement {
    let id = resource.id.as_ref().map(|id| entitlement_id(id, slug)).unwrap_or_default();
    v2::Entitlement {
        resource: Some(resource.clone()),
        id,
        display_name: slug.to_owned(),
        slug: slug.to_owned(),
        purpose: PurposeValue::Assignment.into(),
        grantable_to: grantable_to.to_vec(),
        ..Default::default()
    }
}

/// A grant of an entitlement on a resource; the entitlement is given by reference, as readers expect.
#[must_use]
pub fn grant(resource: &v2::ResourceId, slug: &str, principal: &v2::ResourceId) -> v2::Grant {
    let entitlement_id = entitlement_id(resource, slug);
    let by_id = |id: &v2::ResourceId| v2::Resource { id: Some(id.clone()), ..Default::default() };
    v2::Grant {
        id: grant_id(&entitlement_id, principal),
        entitlement: Some(v2::Entitlement {
            id: entitlement_id,
            resource: Some(by_id(resource)),
            ..Default::default()
        }),
        principal: Some(by_id(principal)),
        ..Default::default()
    }
}
