//! Resource types, resources, and single resources.

use tonic::{Request, Response};

use super::{Answer, Services, split};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::resource_types_service_server::ResourceTypesService for Services {
    async fn list_resource_types(
        &self,
        request: Request<v2::ResourceTypesServiceListResourceTypesRequest>,
    ) -> Answer<v2::ResourceTypesServiceListResourceTypesResponse> {
        self.runtime.list_resource_types(request.get_ref()).map(Response::new)
    }
}

#[tonic::async_trait]
impl v2::resources_service_server::ResourcesService for Services {
    async fn list_resources(
        &self,
        request: Request<v2::ResourcesServiceListResourcesRequest>,
    ) -> Answer<v2::ResourcesServiceListResourcesResponse> {
        let (call, request) = split(request);
        self.runtime.list_resources(call, request).await.map(Response::new)
    }
}

#[tonic::async_trait]
impl v2::resource_getter_service_server::ResourceGetterService for Services {
    async fn get_resource(
        &self,
        request: Request<v2::ResourceGetterServiceGetResourceRequest>,
    ) -> Answer<v2::ResourceGetterServiceGetResourceResponse> {
        let (call, request) = split(request);
        self.runtime.get_resource(call, request).await.map(Response::new)
    }
}
