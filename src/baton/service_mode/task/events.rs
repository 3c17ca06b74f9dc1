//! Event feeds. Where the reference says nothing on an error, we do: silence leaves the control plane waiting for its timers.

use super::{Outcome, retryable};
use crate::{
    baton::{connector::Call, runtime::Runtime},
    wire::{api::task, v2},
};

pub(super) fn feeds(runtime: &Runtime, task: task::ListEventFeedsTask) -> Outcome {
    retryable(runtime.list_event_feeds(&v2::ListEventFeedsRequest { annotations: task.annotations }))
}

pub(super) async fn events(runtime: &Runtime, call: Call, task: task::ListEventsTask) -> Outcome {
    let task::ListEventsTask { annotations, cursor, start_at, event_feed_id, page_size } = task;
    let request = v2::ListEventsRequest { cursor, start_at, page_size, annotations, event_feed_id };
    retryable(runtime.list_events(call, request).await)
}
