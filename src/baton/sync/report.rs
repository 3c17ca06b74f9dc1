//! What came of a sync.

use std::time::Duration;

use crate::baton::c1z::{Stats, SyncType};

/// Records put so far, those that replaced others included.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Resource types.
    pub resource_types: u64,
    /// Resources.
    pub resources: u64,
    /// Entitlements.
    pub entitlements: u64,
    /// Grants.
    pub grants: u64,
    /// Grants made or changed by expansion.
    pub expanded: u64,
}

/// What came of a finished sync.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Its id.
    pub sync_id: String,
    /// What it covers.
    pub kind: SyncType,
    /// What it holds.
    pub stats: Stats,
    /// Grants made or changed by expansion.
    pub expanded: u64,
    /// Records without ids, or of types that are not listed, which were left out.
    pub dropped: u64,
    /// Listings that were skipped because what they list is gone.
    pub skipped: u64,
    /// The first of what should be looked at, in words.
    pub warnings: Vec<String>,
    /// How long it took.
    pub duration: Duration,
}

/// How many warnings a report quotes; the log has them all.
const QUOTED: usize = 20;

impl Report {
    pub(super) fn warn(&mut self, text: String) {
        tracing::warn!("{text}");
        if self.warnings.len() < QUOTED {
            self.warnings.push(text);
        }
    }
}
