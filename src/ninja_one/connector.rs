//! The whole connector behind the runtime's port: each call finds its snapshot and lets the resource type answer.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use prost_types::{Any, Struct};

use super::{
    accounts, actions, capabilities,
    capabilities::{ROLE, USER},
    directory::{Directory, Snapshot},
    failure::{self, Reason},
    provisioning::{Policy, Provisioner},
    rest::Client,
    roles::{self, RoleKey},
    validate,
};
use crate::{
    baton::connector::{
        AccountOutcome, Call, Connector, ConnectorError, Granted, NewAccount, Page, PageRequest,
        ResourceQuery, TypeSpec,
    },
    wire::v2,
};

/// How the connector behaves.
#[derive(Debug, Clone)]
pub struct Options {
    /// How old the directory may be when a sync begins.
    pub directory_max_age: Duration,
    /// What writes are allowed, and how they are guarded.
    pub writes: Policy,
}

impl Default for Options {
    fn default() -> Self {
        Self { directory_max_age: Duration::from_secs(60), writes: Policy::default() }
    }
}

/// NinjaOne.
pub struct NinjaOne {
    client: Client,
    directory: Arc<Directory>,
    provisioner: Arc<Provisioner>,
    types: Vec<TypeSpec>,
    actions: Vec<v2::BatonActionSchema>,
}

impl NinjaOne {
    /// The connector on top of a client.
    #[must_use]
    pub fn new(client: Client, options: &Options) -> Self {
        let directory = Arc::new(Directory::new(client.clone(), options.directory_max_age));
        let writes = options.writes.clone();
        let provisioner = Arc::new(Provisioner::new(client.clone(), Arc::clone(&directory), writes));
        let (types, actions) = (capabilities::types(), actions::schemas());
        Self { client, directory, provisioner, types, actions }
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
            USER => accounts::parse_id(&id.resource)
                .and_then(|id| snapshot.account(id))
                .map(|a| accounts::resource(&a)),
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

    async fn grant(
        &self,
        call: &Call,
        entitlement: &v2::Entitlement,
        principal: &v2::Resource,
    ) -> Result<Granted, ConnectorError> {
        self.provisioner.grant(call, entitlement, principal).await
    }

    async fn revoke(&self, call: &Call, grant: &v2::Grant) -> Result<Vec<Any>, ConnectorError> {
        self.provisioner.revoke(call, grant).await
    }

    async fn create_account(
        &self,
        call: &Call,
        account: &NewAccount,
    ) -> Result<AccountOutcome, ConnectorError> {
        self.provisioner.create_account(call, account).await
    }

    async fn delete_resource(
        &self,
        call: &Call,
        id: &v2::ResourceId,
        _parent: Option<&v2::ResourceId>,
    ) -> Result<Vec<Any>, ConnectorError> {
        self.provisioner.delete(call, id).await
    }

    fn actions(&self) -> &[v2::BatonActionSchema] {
        &self.actions
    }

    async fn invoke_action(&self, call: &Call, name: &str, args: &Struct) -> Result<Struct, ConnectorError> {
        actions::invoke(&self.provisioner, call, name, args).await
    }
}

fn no_role(id: &str) -> ConnectorError {
    failure::because(Reason::UnknownRole, &format!("NinjaOne has no role {id}"))
}
