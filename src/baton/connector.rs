//! The port: what an application has to offer so that the runtime can serve it.
//!
//! A [`Connector`] answers listings page by page and carries out writes. It speaks the messages of the contract and knows
//! nothing of gRPC, files or control planes; the runtime enforces the validation rules, the provisioning gate and the
//! documented refusals before a call arrives here.

mod arguments;
mod error;
mod page;

use async_trait::async_trait;
use prost_types::{Any, Struct, Timestamp};

use crate::wire::v2;

pub use arguments::{argument, resource_id};
pub use error::ConnectorError;
pub use page::{Page, PageFill, PageRequest};

/// A resource type and what can be done with it.
#[derive(Debug, Clone, Default)]
pub struct TypeSpec {
    /// The type as it is listed.
    pub resource_type: v2::ResourceType,
    /// A single resource can be read ([`Connector::resource`]).
    pub get: bool,
    /// Entitlements of this type can be granted and revoked.
    pub provision: bool,
    /// Accounts of this type can be created, with these credential options; the first is the preferred one.
    pub create_account: Vec<v2::CapabilityDetailCredentialOption>,
    /// Resources of this type can be created.
    pub create: bool,
    /// Resources of this type can be deleted.
    pub delete: bool,
}

/// On whose behalf a call comes, and within which sync.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The sync this call belongs to; all pages of one sync show the same state.
    pub sync_id: Option<String>,
    /// Who asked, for the audit trail: a peer identity, a task id, `command line`.
    pub caller: String,
}

/// Which resources to list.
#[derive(Debug, Clone, Default)]
pub struct ResourceQuery {
    /// The type, one of [`Connector::types`].
    pub resource_type: String,
    /// Only children of this resource.
    pub parent: Option<v2::ResourceId>,
}

/// What came of a grant.
#[derive(Debug, Clone, Default)]
pub struct Granted {
    /// The grants that exist now because of the call.
    pub grants: Vec<v2::Grant>,
    /// Markers such as `GrantAlreadyExists`.
    pub annotations: Vec<Any>,
}

/// An account to create.
#[derive(Debug, Clone, Default)]
pub struct NewAccount {
    /// The resource type, one whose [`TypeSpec::create_account`] is not empty.
    pub resource_type: String,
    /// Login, e-mails and the profile that the account schema describes.
    pub info: v2::AccountInfo,
    /// The kind of credential wished for, one that the type has; absent means the connector's own way.
    pub credential: Option<v2::CapabilityDetailCredentialOption>,
}

/// What came of creating an account: one result of the contract, and markers.
#[derive(Debug, Clone)]
pub struct AccountOutcome {
    /// Success, action required, already exists or in progress.
    pub result: v2::create_account_response::Result,
    /// Markers about the call.
    pub annotations: Vec<Any>,
}

/// A page of events.
#[derive(Debug, Clone, Default)]
pub struct Events {
    /// In the order in which they happened.
    pub events: Vec<v2::Event>,
    /// Where to go on next time.
    pub cursor: String,
    /// More is there already.
    pub has_more: bool,
}

/// An application as the runtime sees it. All calls may come at the same time; each may be dropped at any await point, and a
/// write that has begun must then still be brought to its end or left undone, never half-way.
#[async_trait]
pub trait Connector: Send + Sync + 'static {
    /// Name, description, links and account schema. The runtime adds the capabilities.
    fn metadata(&self) -> v2::ConnectorMetadata;

    /// The resource types, in the order in which they are synced.
    fn types(&self) -> &[TypeSpec];

    /// Proves that the application can be reached and that the credentials suffice for a sync.
    ///
    /// # Errors
    /// What is missing, in words that an administrator can act on.
    async fn validate(&self, call: &Call) -> Result<Vec<Any>, ConnectorError>;

    /// One page of resources.
    ///
    /// # Errors
    /// `InvalidArgument` for a page token that is not ours; otherwise what the application said.
    async fn resources(
        &self,
        call: &Call,
        query: &ResourceQuery,
        page: &PageRequest,
    ) -> Result<Page<v2::Resource>, ConnectorError>;

    /// One resource by id; `None` when the application does not have it.
    ///
    /// # Errors
    /// What the application said.
    async fn resource(
        &self,
        call: &Call,
        id: &v2::ResourceId,
    ) -> Result<Option<v2::Resource>, ConnectorError>;

    /// Entitlement templates that every resource of a type has.
    ///
    /// # Errors
    /// As [`Connector::resources`].
    async fn static_entitlements(
        &self,
        _call: &Call,
        _resource_type: &str,
        _page: &PageRequest,
    ) -> Result<Page<v2::Entitlement>, ConnectorError> {
        Ok(Page::default())
    }

    /// The entitlements of one resource.
    ///
    /// # Errors
    /// As [`Connector::resources`]; `NotFound` for a resource that is gone.
    async fn entitlements(
        &self,
        call: &Call,
        resource: &v2::Resource,
        page: &PageRequest,
    ) -> Result<Page<v2::Entitlement>, ConnectorError>;

    /// Who holds the entitlements of one resource.
    ///
    /// # Errors
    /// As [`Connector::entitlements`].
    async fn grants(
        &self,
        call: &Call,
        resource: &v2::Resource,
        page: &PageRequest,
    ) -> Result<Page<v2::Grant>, ConnectorError>;

    /// The sync is over; what was kept for it can go.
    async fn cleanup(&self, _call: &Call) {}

    /// Gives an entitlement to a principal.
    ///
    /// # Errors
    /// The reason for a refusal, or what the application said; nothing has changed then, unless the text says otherwise.
    async fn grant(
        &self,
        _call: &Call,
        entitlement: &v2::Entitlement,
        _principal: &v2::Resource,
    ) -> Result<Granted, ConnectorError> {
        let resource_type =
            entitlement.resource.as_ref().and_then(|r| r.id.as_ref()).map(|id| id.resource_type.as_str());
        Err(ConnectorError::no_provisioner(resource_type.unwrap_or_default()))
    }

    /// Takes a grant back.
    ///
    /// # Errors
    /// As [`Connector::grant`].
    async fn revoke(&self, _call: &Call, _grant: &v2::Grant) -> Result<Vec<Any>, ConnectorError> {
        Err(ConnectorError::no_provisioner(""))
    }

    /// Creates an account.
    ///
    /// # Errors
    /// As [`Connector::grant`]; once the account exists, the outcome names it.
    async fn create_account(
        &self,
        _call: &Call,
        account: &NewAccount,
    ) -> Result<AccountOutcome, ConnectorError> {
        Err(ConnectorError::no_account_manager(&account.resource_type))
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// As [`Connector::grant`].
    async fn delete_resource(
        &self,
        _call: &Call,
        id: &v2::ResourceId,
        _parent: Option<&v2::ResourceId>,
    ) -> Result<Vec<Any>, ConnectorError> {
        Err(ConnectorError::no_delete(&id.resource_type))
    }

    /// The actions that can be invoked.
    fn actions(&self) -> &[v2::BatonActionSchema] {
        &[]
    }

    /// Carries out an action; its arguments have passed the schema's constraints.
    ///
    /// # Errors
    /// Why the action failed.
    async fn invoke_action(
        &self,
        _call: &Call,
        name: &str,
        _args: &Struct,
    ) -> Result<Struct, ConnectorError> {
        Err(ConnectorError::no_action(name))
    }

    /// The event feeds.
    fn event_feeds(&self) -> &[v2::EventFeedMetadata] {
        &[]
    }

    /// Events of a feed after a cursor; `start_at` counts only with an empty cursor.
    ///
    /// # Errors
    /// `InvalidArgument` for a cursor that is not ours; otherwise what the application said.
    async fn events(
        &self,
        _call: &Call,
        feed: &str,
        _cursor: &str,
        _start_at: Option<&Timestamp>,
        _page_size: u32,
    ) -> Result<Events, ConnectorError> {
        Err(ConnectorError::no_event_feed(feed))
    }
}
