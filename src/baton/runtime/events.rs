//! Event feeds, and the services that this runtime answers for without having them: assets and tickets.

use tonic::Status;

use super::{Runtime, check, failed};
use crate::{
    baton::connector::{Call, ConnectorError},
    wire::{Validate, v2},
};

/// What an empty feed id means: the only feed that connectors had once.
const LEGACY_FEED: &str = "baton_feed_event";
/// Events on a page when the caller leaves it to us.
const EVENTS: u32 = 100;

impl Runtime {
    /// The feeds.
    ///
    /// # Errors
    /// `InvalidArgument` for a request that breaks a rule.
    pub fn list_event_feeds(
        &self,
        request: &v2::ListEventFeedsRequest,
    ) -> Result<v2::ListEventFeedsResponse, Status> {
        check(request)?;
        Ok(v2::ListEventFeedsResponse { list: self.connector.event_feeds().to_vec(), ..Default::default() })
    }

    /// A page of a feed.
    ///
    /// # Errors
    /// `NotFound` for an unknown feed, or what the connector said.
    pub async fn list_events(
        &self,
        call: Call,
        request: v2::ListEventsRequest,
    ) -> Result<v2::ListEventsResponse, Status> {
        check(&request)?;
        let feed =
            if request.event_feed_id.is_empty() { LEGACY_FEED } else { request.event_feed_id.as_str() };
        if !self.connector.event_feeds().iter().any(|f| f.id == feed) {
            return Err(failed("", ConnectorError::no_event_feed(feed)));
        }
        let size = if request.page_size == 0 { EVENTS } else { request.page_size };
        let page = self.connector.events(&call, feed, &request.cursor, request.start_at.as_ref(), size).await;
        let page = page.map_err(|e| failed("", e))?;
        Ok(v2::ListEventsResponse {
            events: page.events,
            cursor: page.cursor,
            has_more: page.has_more,
            ..Default::default()
        })
    }

    /// An asset: there are none, and nobody asks; the answer is an empty stream.
    ///
    /// # Errors
    /// `InvalidArgument` for a request that breaks a rule.
    pub fn asset(&self, request: &v2::AssetServiceGetAssetRequest) -> Result<(), Status> {
        check(request)
    }

    /// Anything about tickets.
    ///
    /// # Errors
    /// Always: tickets are switched off, or no connector of this runtime has them.
    pub fn tickets<M: Validate, T>(&self, request: &M) -> Result<T, Status> {
        check(request)?;
        if self.gates.ticketing {
            Err(Status::unimplemented("ticket manager not implemented"))
        } else {
            Err(Status::unknown("ticketing is not enabled"))
        }
    }
}
