//! Who holds what; giving and taking it.

use tonic::{Request, Response};

use super::{Answer, Services, split};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::grants_service_server::GrantsService for Services {
    async fn list_grants(
        &self,
        request: Request<v2::GrantsServiceListGrantsRequest>,
    ) -> Answer<v2::GrantsServiceListGrantsResponse> {
        let (call, request) = split(request);
        self.runtime.list_grants(call, request).await.map(Response::new)
    }
}

#[tonic::async_trait]
impl v2::grant_manager_service_server::GrantManagerService for Services {
    async fn grant(
        &self,
        request: Request<v2::GrantManagerServiceGrantRequest>,
    ) -> Answer<v2::GrantManagerServiceGrantResponse> {
        let (call, request) = split(request);
        self.runtime.grant(call, request).await.map(Response::new)
    }

    async fn revoke(
        &self,
        request: Request<v2::GrantManagerServiceRevokeRequest>,
    ) -> Answer<v2::GrantManagerServiceRevokeResponse> {
        let (call, request) = split(request);
        self.runtime.revoke(call, request).await.map(Response::new)
    }
}
