//! The whole connector behind the runtime's port: each call finds its snapshot and lets the resource type answer.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use prost_types::Any;
use tonic::Code;

use super::{
    accounts, capabilities,
    capabilities::{ROLE, USER},
    directory::{Directory, Snapshot},
    failure,
    rest::{Client, model::UserId},
    roles::{self, RoleKey},
    validate,
};
use crate::{
    baton::connector::{Call, Connector, ConnectorError, Page, PageRequest, ResourceQuery, TypeSpec},
    wire::v2,
};

/// How the connector behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How old the directory may be when a sync begins.
    pub directory_max_age: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self { directory_max_age: Duration::from_secs(60) }
    }
}

/// NinjaOne.
pub struct NinjaOne {
    client: Client,
    directory: Directory,
    types: Vec<TypeSpec>,
}

impl NinjaOne {
    /// The connector on top of a client.
    #[must_use]
    pub fn new(client: Client, options: &Options) -> Self {
        let directory = Directory::new(client.clone(), options.directory_max_age);
        Self { client, directory, types: capabilities::types() }
    }

    /// What is known about the tenant.
    #[must_use]
    pub fn directory(&self) -> &Directory {
        &self.directory
    }

    async fn snapshot(&self, call: &Call) -> Result<Arc<Snapshot>, ConnectorError> {
        self.directory.snapshot(call.sync_id.as_deref()).await.map_err(|e| failure::directory(&e))
    }
}

#[async_trait]
impl Connector for NinjaOne {
    fn metadata(&self) -> v2::ConnectorMetadata {
        capabilities::metadata()
    }

    fn types(&self) -> &[TypeSpec] {
        &self.types
    }

    async fn validate(&self, _call: &Call) -> Result<Vec<Any>, ConnectorError> {
        validate::prove(&self.client).await.map(|()| Vec::new())
    }

    async fn resources(
        &self,
        call: &Call,
        query: &ResourceQuery,
        page: &PageRequest,
    ) -> Result<Page<v2::Resource>, ConnectorError> {
        if query.parent.is_some() {
            return Ok(Page::default()); // nothing here has children
        }
        let snapshot = self.snapshot(call).await?;
        match query.resource_type.as_str() {
            USER => accounts::page(&snapshot, page),
            ROLE => roles::page(&snapshot, page),
            _ => Ok(Page::default()),
        }
    }

    async fn resource(
        &self,
        call: &Call,
        id: &v2::ResourceId,
    ) -> Result<Option<v2::Resource>, ConnectorError> {
        let snapshot = self.snapshot(call).await?;
        Ok(match id.resource_type.as_str() {
            USER => user_id(&id.resource).and_then(|id| snapshot.account(id)).map(|a| accounts::resource(&a)),
            ROLE => roles::find(&snapshot, &id.resource),
            _ => None,
        })
    }

    async fn entitlements(
        &self,
        call: &Call,
        resource: &v2::Resource,
        page: &PageRequest,
    ) -> Result<Page<v2::Entitlement>, ConnectorError> {
        if !page.token.is_empty() {
            return Err(ConnectorError::foreign_token("entitlements"));
        }
        let Some(id) = resource.id.as_ref().filter(|id| id.resource_type == ROLE) else {
            return Ok(Page::default());
        };
        let key = RoleKey::parse(&id.resource).ok_or_else(|| no_role(&id.resource))?;
        let snapshot = self.snapshot(call).await?;
        let role = roles::find(&snapshot, &id.resource).ok_or_else(|| no_role(&id.resource))?;
        Ok(Page::whole(vec![roles::entitlement(key, &role)]))
    }

    async fn grants(
        &self,
        call: &Call,
        resource: &v2::Resource,
        page: &PageRequest,
    ) -> Result<Page<v2::Grant>, ConnectorError> {
        let Some(id) = resource.id.as_ref().filter(|id| id.resource_type == ROLE) else {
            return Ok(Page::default());
        };
        let key = RoleKey::parse(&id.resource).ok_or_else(|| no_role(&id.resource))?;
        let snapshot = self.snapshot(call).await?;
        roles::grants(&snapshot, key, page)?.ok_or_else(|| no_role(&id.resource))
    }

    async fn cleanup(&self, call: &Call) {
        if let Some(sync_id) = &call.sync_id {
            self.directory.release(sync_id);
        }
    }
}

/// The number in a user's resource id; `None` for what no user of NinjaOne can be.
fn user_id(id: &str) -> Option<UserId> {
    let number: i32 = id.parse().ok()?;
    (number.to_string() == id).then_some(UserId(number))
}

fn no_role(id: &str) -> ConnectorError {
    ConnectorError::new(Code::NotFound, format!("NinjaOne has no role {id}"))
        .reason(failure::DOMAIN, "UNKNOWN_ROLE")
}
