//! Creating and deleting: accounts, resources, credentials.

use tonic::{Request, Response};

use super::{Answer, Services, split};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::account_manager_service_server::AccountManagerService for Services {
    async fn create_account(
        &self,
        request: Request<v2::CreateAccountRequest>,
    ) -> Answer<v2::CreateAccountResponse> {
        let (call, request) = split(request);
        self.runtime.create_account(call, request).await.map(Response::new)
    }
}

#[tonic::async_trait]
impl v2::resource_manager_service_server::ResourceManagerService for Services {
    async fn create_resource(
        &self,
        request: Request<v2::CreateResourceRequest>,
    ) -> Answer<v2::CreateResourceResponse> {
        self.runtime.create_resource(request.get_ref()).map(Response::new)
    }

    async fn delete_resource(
        &self,
        request: Request<v2::DeleteResourceRequest>,
    ) -> Answer<v2::DeleteResourceResponse> {
        let (call, request) = split(request);
        self.runtime.delete_resource(call, request).await.map(Response::new)
    }
}

#[tonic::async_trait]
impl v2::resource_deleter_service_server::ResourceDeleterService for Services {
    async fn delete_resource_v2(
        &self,
        request: Request<v2::DeleteResourceV2Request>,
    ) -> Answer<v2::DeleteResourceV2Response> {
        let (call, request) = split(request);
        self.runtime.delete_resource_v2(call, request).await.map(Response::new)
    }
}

#[tonic::async_trait]
impl v2::credential_manager_service_server::CredentialManagerService for Services {
    async fn rotate_credential(
        &self,
        request: Request<v2::RotateCredentialRequest>,
    ) -> Answer<v2::RotateCredentialResponse> {
        self.runtime.rotate_credential(request.get_ref()).map(Response::new)
    }

    async fn issue_credential(
        &self,
        request: Request<v2::IssueCredentialRequest>,
    ) -> Answer<v2::IssueCredentialResponse> {
        self.runtime.issue_credential(request.get_ref()).map(Response::new)
    }
}
