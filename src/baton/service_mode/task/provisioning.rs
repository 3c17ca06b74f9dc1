//! Writes: grants, accounts, resources, credentials. None of their failures is retryable.

use super::{Outcome, for_good};
use crate::{
    baton::{connector::Call, runtime::Runtime},
    wire::{api::task, v2},
};

pub(super) async fn grant(runtime: &Runtime, call: Call, task: task::GrantTask) -> Outcome {
    let task::GrantTask { entitlement, principal, annotations, duration: _ } = task;
    if entitlement.is_none() || principal.is_none() {
        return Outcome::malformed("malformed grant task");
    }
    let request = v2::GrantManagerServiceGrantRequest { entitlement, principal, annotations };
    for_good(runtime.grant(call, request).await)
}

pub(super) async fn revoke(runtime: &Runtime, call: Call, task: task::RevokeTask) -> Outcome {
    let task::RevokeTask { grant, annotations } = task;
    if grant.is_none() {
        return Outcome::malformed("invalid task type");
    }
    for_good(runtime.revoke(call, v2::GrantManagerServiceRevokeRequest { grant, annotations }).await)
}

pub(super) async fn create_account(runtime: &Runtime, call: Call, task: task::CreateAccountTask) -> Outcome {
    let task::CreateAccountTask { account_info, credential_options, encryption_configs, resource_type_id } =
        task;
    if account_info.is_none() {
        return Outcome::malformed("malformed create account task");
    }
    let request =
        v2::CreateAccountRequest { account_info, credential_options, encryption_configs, resource_type_id };
    for_good(runtime.create_account(call, request).await)
}

pub(super) fn create_resource(runtime: &Runtime, task: task::CreateResourceTask) -> Outcome {
    if task.resource.is_none() {
        return Outcome::malformed("malformed create resource task");
    }
    for_good(runtime.create_resource(&v2::CreateResourceRequest { resource: task.resource }))
}

pub(super) async fn delete_resource(
    runtime: &Runtime,
    call: Call,
    task: task::DeleteResourceTask,
) -> Outcome {
    let task::DeleteResourceTask { resource_id, parent_resource_id } = task;
    if resource_id.is_none() {
        return Outcome::malformed("malformed delete resource task");
    }
    let request = v2::DeleteResourceRequest { resource_id, parent_resource_id };
    for_good(runtime.delete_resource(call, request).await)
}

pub(super) fn rotate_credentials(runtime: &Runtime, task: task::RotateCredentialsTask) -> Outcome {
    let task::RotateCredentialsTask { resource_id, credential_options, encryption_configs } = task;
    if resource_id.is_none() {
        return Outcome::malformed("malformed rotate credentials task");
    }
    let request = v2::RotateCredentialRequest { resource_id, credential_options, encryption_configs };
    for_good(runtime.rotate_credential(&request))
}

pub(super) fn issue_credential(runtime: &Runtime, id: &str, task: task::IssueCredentialTask) -> Outcome {
    let task::IssueCredentialTask { identity_id, credential_options, encryption_configs, expires_at } = task;
    if identity_id.is_none() {
        return Outcome::malformed("malformed issue credential task");
    }
    let request_id = id.to_owned();
    let request = v2::IssueCredentialRequest {
        identity_id,
        credential_options,
        encryption_configs,
        request_id,
        expires_at,
    };
    for_good(runtime.issue_credential(&request))
}
