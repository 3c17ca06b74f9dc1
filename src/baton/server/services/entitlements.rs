//! Entitlements of resources, and templates for whole types.

use tonic::{Request, Response};

use super::{Answer, Services, split};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::entitlements_service_server::EntitlementsService for Services {
    async fn list_entitlements(
        &self,
        request: Request<v2::EntitlementsServiceListEntitlementsRequest>,
    ) -> Answer<v2::EntitlementsServiceListEntitlementsResponse> {
        let (call, request) = split(request);
        self.runtime.list_entitlements(call, request).await.map(Response::new)
    }

    async fn list_static_entitlements(
        &self,
        request: Request<v2::EntitlementsServiceListStaticEntitlementsRequest>,
    ) -> Answer<v2::EntitlementsServiceListStaticEntitlementsResponse> {
        let (call, request) = split(request);
        self.runtime.list_static_entitlements(call, request).await.map(Response::new)
    }
}
