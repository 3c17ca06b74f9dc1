//! Actions: schemas, invocation, status.

use tonic::{Request, Response};

use super::{Answer, Services, split};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::action_service_server::ActionService for Services {
    async fn invoke_action(
        &self,
        request: Request<v2::InvokeActionRequest>,
    ) -> Answer<v2::InvokeActionResponse> {
        let (call, request) = split(request);
        self.runtime.invoke_action(call, request).await.map(Response::new)
    }

    async fn get_action_status(
        &self,
        request: Request<v2::GetActionStatusRequest>,
    ) -> Answer<v2::GetActionStatusResponse> {
        self.runtime.get_action_status(request.into_inner()).map(Response::new)
    }

    async fn get_action_schema(
        &self,
        request: Request<v2::GetActionSchemaRequest>,
    ) -> Answer<v2::GetActionSchemaResponse> {
        self.runtime.get_action_schema(request.get_ref()).map(Response::new)
    }

    async fn list_action_schemas(
        &self,
        request: Request<v2::ListActionSchemasRequest>,
    ) -> Answer<v2::ListActionSchemasResponse> {
        self.runtime.list_action_schemas(request.get_ref()).map(Response::new)
    }
}
