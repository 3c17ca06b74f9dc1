//! What a sync promises, shown on a scripted connector.

// A test that cannot go on says so by panicking.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod errors;
mod expansion;
mod file;
mod order;
mod scripted;
mod sinks;

use std::sync::Arc;

use tokio_util::sync::CancellationToken;

use self::scripted::{Scripted, rid};
use super::*;
use crate::{
    baton::{
        c1z::SyncType,
        model::{self, Bid},
    },
    wire::{pack, v2},
};

/// A full sync into memory.
async fn sync(connector: &Arc<Scripted>) -> Result<(Report, Records), SyncError> {
    sync_with(connector, Selection::default()).await
}

async fn sync_with(connector: &Arc<Scripted>, selection: Selection) -> Result<(Report, Records), SyncError> {
    syncer(connector).selection(selection).run(Memory::default(), &CancellationToken::new()).await
}

fn syncer(connector: &Arc<Scripted>) -> Syncer {
    let connector: Arc<Scripted> = Arc::clone(connector);
    Syncer::new(connector)
}

/// `group:a` held by `user:1` through its members.
fn member_of(group: &str, principal: &v2::ResourceId) -> v2::Grant {
    model::grant(&rid("group", group), "member", principal)
}

fn keys(resources: &[v2::Resource]) -> Vec<String> {
    let key = |id: &v2::ResourceId| format!("{}:{}", id.resource_type, id.resource);
    resources.iter().map(|r| r.id.as_ref().map(key).unwrap_or_default()).collect()
}

fn entitlement_ids(records: &Records) -> Vec<&str> {
    records.entitlements.iter().map(|e| e.id.as_str()).collect()
}

fn grant_ids(records: &Records) -> Vec<&str> {
    records.grants.iter().map(|g| g.id.as_str()).collect()
}
