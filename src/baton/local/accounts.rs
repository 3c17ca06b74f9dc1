//! Grants, accounts, deletions and credentials.

use prost_types::{Struct, Value, value::Kind};

use super::{Local, LocalError};
use crate::wire::{from_json, v2};

impl Local {
    /// Gives an entitlement of the file to a principal of the file.
    ///
    /// # Errors
    /// When either is not in the file, or the runtime refuses.
    pub async fn grant(
        &self,
        entitlement: &str,
        principal: &str,
        principal_type: Option<&str>,
    ) -> Result<(), LocalError> {
        let looked = self.open()?;
        let (what, whom) = (
            looked.entitlement(entitlement)?,
            looked.resource(principal, principal_type, "grant-principal-type")?,
        );
        drop(looked);
        let request = v2::GrantManagerServiceGrantRequest {
            entitlement: Some(what),
            principal: Some(whom),
            ..Default::default()
        };
        let reply = self.runtime.grant(Self::call(), request).await?;
        let ids: Vec<_> = reply.grants.iter().map(|g| g.id.as_str()).collect();
        tracing::info!(entitlement, principal, grants = ?ids, annotations = ?markers(&reply.annotations), "granted");
        Ok(())
    }

    /// Takes a grant of the file back.
    ///
    /// # Errors
    /// When it is not in the file, or the runtime refuses.
    pub async fn revoke(&self, grant: &str) -> Result<(), LocalError> {
        let found = self.open()?.grant(grant)?;
        let request = v2::GrantManagerServiceRevokeRequest { grant: Some(found), ..Default::default() };
        let reply = self.runtime.revoke(Self::call(), request).await?;
        tracing::info!(grant, annotations = ?markers(&reply.annotations), "revoked");
        Ok(())
    }

    /// Creates an account. `profile` is a JSON object.
    ///
    /// # Errors
    /// When the profile is none, or the runtime refuses.
    pub async fn create_account(
        &self,
        login: Option<&str>,
        email: Option<&str>,
        profile: Option<&str>,
        resource_type: Option<&str>,
    ) -> Result<(), LocalError> {
        let mut fields = object("create-account-profile", profile.unwrap_or("{}"))?;
        let text = |s: &str| Value { kind: Some(Kind::StringValue(s.to_owned())) };
        fields.fields.insert("login".to_owned(), text(login.unwrap_or_default()));
        fields.fields.insert("email".to_owned(), text(email.unwrap_or_default()));
        let emails =
            email.map(|address| v2::account_info::Email { address: address.to_owned(), is_primary: true });
        let info = v2::AccountInfo {
            emails: emails.into_iter().collect(),
            login: login.unwrap_or_default().to_owned(),
            profile: Some(fields),
            ..Default::default()
        };
        let request = v2::CreateAccountRequest {
            account_info: Some(info),
            resource_type_id: resource_type.unwrap_or_default().to_owned(),
            ..Default::default()
        };
        let reply = self.runtime.create_account(Self::call(), request).await?;
        let (outcome, resource) = outcome(&reply);
        if let Some(v2::create_account_response::Result::ActionRequired(left)) = &reply.result {
            tracing::warn!(resource, "{}", left.message);
        }
        tracing::info!(outcome, resource, annotations = ?markers(&reply.annotations), "account");
        Ok(())
    }

    /// Deletes a resource of the file.
    ///
    /// # Errors
    /// When it is not in the file, or the runtime refuses.
    pub async fn delete(&self, resource: &str, resource_type: Option<&str>) -> Result<(), LocalError> {
        let found = self.open()?.resource(resource, resource_type, "delete-resource-type")?;
        let request =
            v2::DeleteResourceRequest { resource_id: found.id, parent_resource_id: found.parent_resource_id };
        let reply = self.runtime.delete_resource(Self::call(), request).await?;
        tracing::info!(resource, annotations = ?markers(&reply.annotations), "deleted");
        Ok(())
    }

    /// Rotates the credentials of a resource of the file.
    ///
    /// # Errors
    /// When it is not in the file, or the runtime refuses.
    pub fn rotate_credentials(&self, resource: &str, resource_type: Option<&str>) -> Result<(), LocalError> {
        let found = self.open()?.resource(resource, resource_type, "rotate-credentials-type")?;
        let request = v2::RotateCredentialRequest { resource_id: found.id, ..Default::default() };
        self.runtime.rotate_credential(&request)?;
        Ok(())
    }
}

/// A JSON object as a `Struct`.
pub(super) fn object(flag: &'static str, text: &str) -> Result<Struct, LocalError> {
    let argument = |reason: String| LocalError::Argument { flag, reason };
    let value: serde_json::Value =
        serde_json::from_str(text).map_err(|e| argument(format!("it takes a JSON object: {e}")))?;
    if !value.is_object() {
        return Err(argument("it takes a JSON object".to_owned()));
    }
    // By way of a message that holds one: `Struct` itself has no name in the contract.
    let wrapped = serde_json::json!({ "profile": value });
    let info: v2::AccountInfo = from_json(&wrapped).map_err(|e| argument(e.to_string()))?;
    Ok(info.profile.unwrap_or_default())
}

/// The short names of the annotations, for the log.
fn markers(annotations: &[prost_types::Any]) -> Vec<&str> {
    annotations.iter().map(|a| a.type_url.rsplit('.').next().unwrap_or_default()).collect()
}

/// What came of creating an account, in a word, and the id of the account.
fn outcome(reply: &v2::CreateAccountResponse) -> (&'static str, String) {
    use v2::create_account_response::Result as R;
    let (word, resource) = match &reply.result {
        Some(R::Success(r)) => ("created", r.resource.as_ref()),
        Some(R::ActionRequired(r)) => ("created, action required", r.resource.as_ref()),
        Some(R::AlreadyExists(r)) => ("already exists", r.resource.as_ref()),
        Some(R::InProgress(r)) => ("in progress", r.resource.as_ref()),
        None => ("unknown", None),
    };
    let id = resource.and_then(|r| r.id.as_ref());
    (word, id.map(|id| format!("{}:{}", id.resource_type, id.resource)).unwrap_or_default())
}
