//! What a sync reads, and the file it goes into.

use std::path::PathBuf;

use crate::config::resolve::Resolved;

/// What a sync reads.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Selection {
    /// BIDs of single resources: a targeted sync.
    pub resources: Vec<String>,
    /// Resource type ids.
    pub resource_types: Vec<String>,
    /// Resources only.
    pub skip_entitlements_and_grants: bool,
    /// No grants; only with a targeted sync.
    pub skip_grants: bool,
    /// An empty finished sync.
    pub skip_full: bool,
    /// Parallel workers: −1 chooses, 0 is one after the other.
    pub workers: i64,
    /// A file with external principals.
    pub external_file: Option<PathBuf>,
    /// The entitlement that external principals must hold.
    pub external_entitlement: Option<String>,
    /// The traits of external principals.
    pub external_traits: Vec<String>,
}

impl Selection {
    pub(super) fn build(found: &Resolved) -> Self {
        Self {
            resources: found.list("sync-resources"),
            resource_types: found.list("sync-resource-types"),
            skip_entitlements_and_grants: found.bool("skip-entitlements-and-grants"),
            skip_grants: found.bool("skip-grants"),
            skip_full: found.bool("skip-full-sync"),
            workers: found.int("workers"),
            external_file: found.path("external-resource-c1z"),
            external_entitlement: found.optional("external-resource-entitlement-id-filter"),
            external_traits: found.list("external-resource-traits"),
        }
    }
}

/// What is done to a `.c1z` file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Storage {
    /// `sqlite` or `pebble` for a new file, if chosen.
    pub engine: Option<String>,
    /// Where temporary files go, if not where the system puts them.
    pub temp_dir: Option<PathBuf>,
    /// Full syncs to keep in a file, at least 1.
    pub keep_syncs: usize,
    /// Keep all syncs.
    pub skip_cleanup: bool,
    /// The most bytes that the session store may hold.
    pub session_bytes: u64,
    /// What a file may cost to read.
    pub decoder: DecoderLimits,
}

impl Storage {
    pub(super) fn build(found: &Resolved) -> Self {
        const MIB: u64 = 1024 * 1024;
        Self {
            engine: found.optional("storage-engine"),
            temp_dir: found.path("c1z-temp-dir").or_else(|| found.path("tmpdir")),
            keep_syncs: found.number("keep-sync-count"),
            skip_cleanup: found.bool("skip-cleanup"),
            session_bytes: found.number("session-store-maximum-size"),
            decoder: DecoderLimits {
                decoded_bytes: found.number::<u64>("decoder-max-decoded-size-mb").saturating_mul(MIB),
                memory_bytes: found.number::<u64>("decoder-max-memory-mb").saturating_mul(MIB),
                ignore_declared_size: found.bool("disable-fcs-fail-fast"),
            },
        }
    }
}

/// Bounds for reading a `.c1z` file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecoderLimits {
    /// The most bytes that it may unpack to.
    pub decoded_bytes: u64,
    /// The most bytes of memory for unpacking.
    pub memory_bytes: u64,
    /// A declared size above the bound does not fail at once.
    pub ignore_declared_size: bool,
}
