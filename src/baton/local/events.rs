//! Events of a feed, one ProtoJSON line each.

use std::io::Write;

use prost_types::Timestamp;

use super::{Local, LocalError};
use crate::wire::{to_json, v2};

/// Events on a page.
const PAGE: u32 = 100;

impl Local {
    /// Writes the events of a feed until there are no more. `start_at` counts only without a cursor.
    ///
    /// # Errors
    /// When the runtime refuses, or the output cannot be written.
    pub async fn events(
        &self,
        feed: Option<&str>,
        cursor: Option<&str>,
        start_at: Timestamp,
        out: &mut (dyn Write + Send),
    ) -> Result<(), LocalError> {
        let mut cursor = cursor.unwrap_or_default().to_owned();
        loop {
            let request = v2::ListEventsRequest {
                cursor: cursor.clone(),
                start_at: Some(start_at),
                page_size: PAGE,
                event_feed_id: feed.unwrap_or_default().to_owned(),
                ..Default::default()
            };
            let page = self.runtime.list_events(Self::call(), request).await?;
            for event in &page.events {
                let json = to_json(event).map_err(|e| LocalError::Answer(e.to_string()))?;
                writeln!(out, "{json}").map_err(|e| LocalError::Answer(e.to_string()))?;
            }
            if !page.has_more || page.cursor == cursor {
                tracing::info!(cursor = %page.cursor, "end of the feed");
                return Ok(());
            }
            cursor = page.cursor;
        }
    }
}
