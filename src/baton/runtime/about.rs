//! What the connector is and can do, and whether it works.

use std::{collections::BTreeSet, sync::atomic::Ordering};

use tonic::Status;

use super::{Runtime, check, failed};
use crate::{
    baton::{
        connector::{Call, TypeSpec},
        patience,
    },
    wire::{find, v2},
};

/// The protocol version this runtime speaks. Clients switch features on by it: from 0.4.3 on they tell us which sync a call
/// belongs to.
pub const SDK_VERSION: &str = "v0.25.0";

impl Runtime {
    /// The connector's metadata with its capabilities.
    ///
    /// # Errors
    /// `InvalidArgument` when the connector's own description breaks a rule of the contract.
    pub fn metadata(&self) -> Result<v2::ConnectorMetadata, Status> {
        let mut metadata = self.connector.metadata();
        metadata.capabilities = Some(self.capabilities());
        check(&metadata)?;
        Ok(metadata)
    }

    /// What can be done, by resource type and as a whole.
    #[must_use]
    pub fn capabilities(&self) -> v2::ConnectorCapabilities {
        let types = self.connector.types();
        let mut per_type: Vec<_> = types.iter().map(type_capability).collect();
        per_type.sort_by(|a, b| id_of(a).cmp(id_of(b)));

        // Numbers, because the whole list is sorted by them.
        let mut whole: BTreeSet<i32> = per_type.iter().flat_map(|t| t.capabilities.iter().copied()).collect();
        if types.iter().any(|t| t.get) {
            whole.insert(v2::Capability::ServiceModeTargetedSync.into());
        }
        if !self.connector.event_feeds().is_empty() {
            whole.insert(v2::Capability::EventFeedV2.into());
        }
        if !self.connector.actions().is_empty() {
            whole.insert(v2::Capability::Actions.into());
        }
        let accounts = types.iter().find(|t| !t.create_account.is_empty());
        v2::ConnectorCapabilities {
            resource_type_capabilities: per_type,
            connector_capabilities: whole.into_iter().collect(),
            credential_details: accounts.map(|spec| v2::CredentialDetails {
                capability_account_provisioning: Some(v2::CredentialDetailsAccountProvisioning {
                    supported_credential_options: spec.create_account.iter().map(|&o| o.into()).collect(),
                    preferred_credential_option: spec.create_account.first().map_or(0, |&o| o.into()),
                }),
                ..Default::default()
            }),
        }
    }

    /// Proves that the connector works; a passing fault is tried again a few times.
    ///
    /// # Errors
    /// `validate failed: ` and what the connector said.
    pub async fn validate(&self, call: &Call) -> Result<v2::ConnectorServiceValidateResponse, Status> {
        let outcome = patience::validate(&*self.connector, call).await;
        let annotations = outcome.map_err(|error| failed("validate failed: ", error))?;
        self.validated.store(true, Ordering::Release);
        Ok(v2::ConnectorServiceValidateResponse { annotations, sdk_version: SDK_VERSION.to_owned() })
    }

    /// Lets go of what a sync kept.
    ///
    /// # Errors
    /// `InvalidArgument` for a request that breaks a rule.
    pub async fn cleanup(
        &self,
        mut call: Call,
        request: v2::ConnectorServiceCleanupRequest,
    ) -> Result<v2::ConnectorServiceCleanupResponse, Status> {
        check(&request)?;
        call.sync_id = Some(request.active_sync_id).filter(|id| !id.is_empty());
        self.connector.cleanup(&call).await;
        Ok(v2::ConnectorServiceCleanupResponse::default())
    }
}

fn id_of(capability: &v2::ResourceTypeCapability) -> &str {
    capability.resource_type.as_ref().map_or("", |t| t.id.as_str())
}

fn type_capability(spec: &TypeSpec) -> v2::ResourceTypeCapability {
    use v2::Capability as C;
    let abilities = [
        (true, C::Sync),
        (spec.get, C::TargetedSync),
        (spec.provision, C::Provision),
        (!spec.create_account.is_empty(), C::AccountProvisioning),
        (spec.delete, C::ResourceDelete),
        (spec.create && spec.delete, C::ResourceCreate),
    ];
    let marks = &spec.resource_type.annotations;
    v2::ResourceTypeCapability {
        resource_type: Some(spec.resource_type.clone()),
        capabilities: abilities.into_iter().filter(|(has, _)| *has).map(|(_, c)| c.into()).collect(),
        permissions: Some(find::<v2::CapabilityPermissions>(marks).unwrap_or_default()),
        opt_in_required: find::<v2::OptInRequired>(marks).is_some(),
        skip_sync_anomaly_detection: find::<v2::SkipSyncAnomalyDetection>(marks).is_some(),
        deprecated: find::<v2::Deprecated>(marks).is_some(),
        ..Default::default()
    }
}
