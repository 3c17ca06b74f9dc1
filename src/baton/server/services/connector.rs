//! Who the connector is, what it can do, and whether it works.

use tonic::{Request, Response};

use super::{Answer, Services, split};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::connector_service_server::ConnectorService for Services {
    async fn get_metadata(
        &self,
        request: Request<v2::ConnectorServiceGetMetadataRequest>,
    ) -> Answer<v2::ConnectorServiceGetMetadataResponse> {
        let _ = request;
        let metadata = Some(self.runtime.metadata()?);
        Ok(Response::new(v2::ConnectorServiceGetMetadataResponse { metadata }))
    }

    async fn validate(
        &self,
        request: Request<v2::ConnectorServiceValidateRequest>,
    ) -> Answer<v2::ConnectorServiceValidateResponse> {
        let (call, _) = split(request);
        self.runtime.validate(&call).await.map(Response::new)
    }

    async fn cleanup(
        &self,
        request: Request<v2::ConnectorServiceCleanupRequest>,
    ) -> Answer<v2::ConnectorServiceCleanupResponse> {
        let (call, request) = split(request);
        self.runtime.cleanup(call, request).await.map(Response::new)
    }
}
