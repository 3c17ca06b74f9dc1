//! What a sync lists: resources, entitlement templates, entitlements and grants.

use std::future::Future;

use super::fetch::Fetch;
use crate::{
    baton::connector::{ConnectorError, Page, PageRequest, ResourceQuery},
    wire::{pack, v2},
};

/// A listing of the connector.
pub(super) trait Listing: Send + Sync + 'static {
    /// What it lists.
    type Item: Send + 'static;

    /// One page.
    fn page(
        &self,
        from: &Fetch,
        page: &PageRequest,
    ) -> impl Future<Output = Result<Page<Self::Item>, ConnectorError>> + Send;

    /// What it lists, in words.
    fn name(&self) -> String;
}

/// The resources of a type, below a parent or not.
pub(super) struct Resources(pub(super) ResourceQuery);

/// The entitlement templates of a type.
pub(super) struct Templates(pub(super) String);

/// The entitlements of a resource.
pub(super) struct Entitlements(pub(super) v2::Resource);

/// The grants on a resource.
pub(super) struct Grants(pub(super) v2::Resource);

impl Listing for Resources {
    type Item = v2::Resource;

    async fn page(&self, from: &Fetch, page: &PageRequest) -> Result<Page<v2::Resource>, ConnectorError> {
        from.connector.resources(&from.call, &self.0, page).await
    }

    fn name(&self) -> String {
        match &self.0.parent {
            Some(parent) => format!("list {} resources of {}", self.0.resource_type, words(parent)),
            None => format!("list {} resources", self.0.resource_type),
        }
    }
}

impl Listing for Templates {
    type Item = v2::Entitlement;

    async fn page(&self, from: &Fetch, page: &PageRequest) -> Result<Page<v2::Entitlement>, ConnectorError> {
        from.connector.static_entitlements(&from.call, &self.0, page).await
    }

    fn name(&self) -> String {
        format!("list static entitlements of {} resources", self.0)
    }
}

impl Listing for Entitlements {
    type Item = v2::Entitlement;

    async fn page(&self, from: &Fetch, page: &PageRequest) -> Result<Page<v2::Entitlement>, ConnectorError> {
        from.connector.entitlements(&from.call, &self.0, page).await
    }

    fn name(&self) -> String {
        format!("list entitlements of {}", self.0.id.as_ref().map(words).unwrap_or_default())
    }
}

impl Listing for Grants {
    type Item = v2::Grant;

    async fn page(&self, from: &Fetch, page: &PageRequest) -> Result<Page<v2::Grant>, ConnectorError> {
        from.connector.grants(&from.call, &self.0, page).await
    }

    fn name(&self) -> String {
        format!("list grants on {}", self.0.id.as_ref().map(words).unwrap_or_default())
    }
}

/// A resource in a message for people.
pub(super) fn words(id: &v2::ResourceId) -> String {
    format!("{} {}", id.resource_type, id.resource)
}

/// The stub that stands for all resources of a type: its id is the type twice, and it carries the marker of the listing.
pub(super) fn scope<M: prost::Message + prost::Name>(resource_type: &str, marker: &M) -> v2::Resource {
    v2::Resource {
        id: Some(v2::ResourceId {
            resource_type: resource_type.to_owned(),
            resource: resource_type.to_owned(),
            ..Default::default()
        }),
        annotations: vec![pack(marker)],
        ..Default::default()
    }
}
