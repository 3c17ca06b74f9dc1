//! Writes: grants, accounts, resources and credentials.
//!
//! A write runs in a task of its own: a caller that hangs up does not tear it in two, and a shutdown waits for it.

use std::{future::Future, sync::Arc};

use tonic::Status;

use super::{Runtime, check, failed};
use crate::{
    baton::connector::{Call, Connector, ConnectorError, NewAccount},
    wire::v2::{self, CapabilityDetailCredentialOption as Credential},
};

impl Runtime {
    /// Gives an entitlement to a principal.
    ///
    /// # Errors
    /// `grant failed: ` and what the connector said, or a documented refusal.
    pub async fn grant(
        &self,
        call: Call,
        request: v2::GrantManagerServiceGrantRequest,
    ) -> Result<v2::GrantManagerServiceGrantResponse, Status> {
        check(&request)?;
        self.provisioning()?;
        let (entitlement, principal) =
            (request.entitlement.unwrap_or_default(), request.principal.unwrap_or_default());
        self.provisioner(entitlement.resource.as_ref())?;
        let granted = self
            .write("grant failed: ", |c| async move { c.grant(&call, &entitlement, &principal).await })
            .await?;
        Ok(v2::GrantManagerServiceGrantResponse { annotations: granted.annotations, grants: granted.grants })
    }

    /// Takes a grant back.
    ///
    /// # Errors
    /// `revoke failed: ` and what the connector said, or a documented refusal.
    pub async fn revoke(
        &self,
        call: Call,
        request: v2::GrantManagerServiceRevokeRequest,
    ) -> Result<v2::GrantManagerServiceRevokeResponse, Status> {
        check(&request)?;
        self.provisioning()?;
        let grant = request.grant.unwrap_or_default();
        self.provisioner(grant.entitlement.as_ref().and_then(|e| e.resource.as_ref()))?;
        let annotations =
            self.write("revoke failed: ", |c| async move { c.revoke(&call, &grant).await }).await?;
        Ok(v2::GrantManagerServiceRevokeResponse { annotations })
    }

    /// Creates an account.
    ///
    /// # Errors
    /// `InvalidArgument` for a credential option that the connector does not have; what the connector said.
    pub async fn create_account(
        &self,
        call: Call,
        request: v2::CreateAccountRequest,
    ) -> Result<v2::CreateAccountResponse, Status> {
        check(&request)?;
        self.provisioning()?;
        let resource_type = self.account_type(request.resource_type_id)?;
        let supported = self.spec(&resource_type).map(|t| t.create_account.as_slice()).unwrap_or_default();
        let credential = credential(request.credential_options, supported)?;
        let info = request.account_info.unwrap_or_default();
        let account = NewAccount { resource_type, info, credential };
        let outcome = self.write("", |c| async move { c.create_account(&call, &account).await }).await?;
        Ok(v2::CreateAccountResponse {
            result: Some(outcome.result),
            annotations: outcome.annotations,
            ..Default::default()
        })
    }

    /// Creates a resource.
    ///
    /// # Errors
    /// `Unimplemented`: no connector of this runtime creates resources yet.
    pub fn create_resource(
        &self,
        request: &v2::CreateResourceRequest,
    ) -> Result<v2::CreateResourceResponse, Status> {
        check(request)?;
        self.provisioning()?;
        let id = request.resource.as_ref().and_then(|r| r.id.as_ref());
        Err(failed("", ConnectorError::no_create(id.map_or("", |id| id.resource_type.as_str()))))
    }

    /// Deletes a resource.
    ///
    /// # Errors
    /// What the connector said, or a documented refusal.
    pub async fn delete_resource(
        &self,
        call: Call,
        request: v2::DeleteResourceRequest,
    ) -> Result<v2::DeleteResourceResponse, Status> {
        check(&request)?;
        self.provisioning()?;
        let Some(id) = request.resource_id else {
            return Err(Status::invalid_argument("error: delete resource requires a resource id"));
        };
        if !self.spec(&id.resource_type).is_some_and(|t| t.delete) {
            return Err(failed("", ConnectorError::no_delete(&id.resource_type)));
        }
        let parent = request.parent_resource_id;
        let annotations =
            self.write("", |c| async move { c.delete_resource(&call, &id, parent.as_ref()).await }).await?;
        Ok(v2::DeleteResourceResponse { annotations })
    }

    /// Deletes a resource: the same, asked for under its newer name.
    ///
    /// # Errors
    /// As [`Runtime::delete_resource`].
    pub async fn delete_resource_v2(
        &self,
        call: Call,
        request: v2::DeleteResourceV2Request,
    ) -> Result<v2::DeleteResourceV2Response, Status> {
        check(&request)?;
        let v2::DeleteResourceV2Request { resource_id, parent_resource_id } = request;
        let request = v2::DeleteResourceRequest { resource_id, parent_resource_id };
        let v2::DeleteResourceResponse { annotations } = self.delete_resource(call, request).await?;
        Ok(v2::DeleteResourceV2Response { annotations })
    }

    /// Rotates a credential.
    ///
    /// # Errors
    /// `Unimplemented`: no connector of this runtime holds credentials.
    pub fn rotate_credential(
        &self,
        request: &v2::RotateCredentialRequest,
    ) -> Result<v2::RotateCredentialResponse, Status> {
        check(request)?;
        self.provisioning()?;
        Err(Status::unimplemented("resource type does not have credential manager configured"))
    }

    /// Issues a credential.
    ///
    /// # Errors
    /// `Unimplemented`, as above.
    pub fn issue_credential(
        &self,
        request: &v2::IssueCredentialRequest,
    ) -> Result<v2::IssueCredentialResponse, Status> {
        check(request)?;
        self.provisioning()?;
        Err(Status::unimplemented("resource type does not have credential manager configured"))
    }

    fn provisioning(&self) -> Result<(), Status> {
        if self.gates.provisioning {
            Ok(())
        } else {
            Err(Status::failed_precondition("provisioning is not enabled"))
        }
    }

    fn provisioner(&self, resource: Option<&v2::Resource>) -> Result<(), Status> {
        let resource_type = resource.and_then(|r| r.id.as_ref()).map_or("", |id| id.resource_type.as_str());
        if self.spec(resource_type).is_some_and(|t| t.provision) {
            return Ok(());
        }
        Err(failed("", ConnectorError::no_provisioner(resource_type)))
    }

    /// The type of account to create: as asked for, else the only one there is, else `user`.
    fn account_type(&self, asked: String) -> Result<String, Status> {
        let managers = self.connector.types().iter().filter(|t| !t.create_account.is_empty());
        let managers: Vec<_> = managers.map(|t| t.resource_type.id.as_str()).collect();
        let found = match (asked.as_str(), managers.as_slice()) {
            ("", &[only]) => Some(only),
            ("", _) => managers.iter().copied().find(|&id| id == "user"),
            (asked, _) => managers.iter().copied().find(|&id| id == asked),
        };
        found.map(str::to_owned).ok_or_else(|| failed("", ConnectorError::no_account_manager(&asked)))
    }

    /// Runs a write in its own task, when its turn has come.
    ///
    /// Cancel safe: before its turn nothing has happened; once begun, the write goes on without its caller.
    async fn write<T, F, W>(&self, doing: &'static str, write: W) -> Result<T, Status>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, ConnectorError>> + Send + 'static,
        W: FnOnce(Arc<dyn Connector>) -> F,
    {
        let stopping = |_| Status::unavailable("the connector is shutting down; nothing was changed");
        // Held from here on, so that a shutdown cannot slip in between the turn and the task.
        let under_way = self.writes.token();
        let turn = Arc::clone(&self.turns).acquire_owned().await.map_err(stopping)?;
        let work = write(Arc::clone(&self.connector));
        let span = tracing::Span::current();
        let task = self.writes.spawn(tracing::Instrument::instrument(
            async move {
                let _held = (turn, under_way);
                work.await
            },
            span,
        ));
        match task.await {
            Ok(outcome) => outcome.map_err(|e| failed(doing, e)),
            Err(_) => Err(Status::internal("Internal Server Error")),
        }
    }
}

/// The kind of credential asked for, when the connector has it; refused before anything is created otherwise.
fn credential(
    options: Option<v2::CredentialOptions>,
    supported: &[Credential],
) -> Result<Option<Credential>, Status> {
    use v2::credential_options::Options;
    let name = |option: &Credential| {
        option.as_str_name().trim_start_matches("CAPABILITY_DETAIL_CREDENTIAL_OPTION_").to_owned()
    };
    let (asked, kind) = match options.and_then(|o| o.options) {
        None => return Ok(None),
        Some(Options::NoPassword(_)) => ("NO_PASSWORD", Some(Credential::NoPassword)),
        Some(Options::Sso(_)) => ("SSO", Some(Credential::Sso)),
        Some(Options::RandomPassword(_)) => ("RANDOM_PASSWORD", Some(Credential::RandomPassword)),
        Some(Options::EncryptedPassword(_)) => ("ENCRYPTED_PASSWORD", None), // nothing here can decrypt one
    };
    if kind.is_some_and(|kind| supported.contains(&kind)) {
        return Ok(kind);
    }
    let names: Vec<_> = supported.iter().map(name).collect();
    Err(Status::invalid_argument(format!(
        "credential option {asked} is not supported, nothing was created; the connector supports {}",
        names.join(", ")
    )))
}
