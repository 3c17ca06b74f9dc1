//! Event feeds.

use tonic::{Request, Response};

use super::{Answer, Services, split};
use crate::wire::v2;

#[tonic::async_trait]
impl v2::event_service_server::EventService for Services {
    async fn list_events(&self, request: Request<v2::ListEventsRequest>) -> Answer<v2::ListEventsResponse> {
        let (call, request) = split(request);
        self.runtime.list_events(call, request).await.map(Response::new)
    }

    async fn list_event_feeds(
        &self,
        request: Request<v2::ListEventFeedsRequest>,
    ) -> Answer<v2::ListEventFeedsResponse> {
        self.runtime.list_event_feeds(request.get_ref()).map(Response::new)
    }
}
