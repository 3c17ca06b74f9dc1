//! Counts of a sync, as `v1_sync_runs.stats` holds them.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::schema::Table;

/// How many records a sync has, by kind and resource type. Grants count with the type of their entitlement's resource.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Stats {
    /// Resource types.
    pub resource_types: u64,
    /// Resources.
    pub resources: u64,
    /// Entitlements.
    pub entitlements: u64,
    /// Grants, those from expansion included.
    pub grants: u64,
    /// Resources by type.
    pub resources_by_resource_type: BTreeMap<String, u64>,
    /// Grants by type.
    pub grants_by_resource_type: BTreeMap<String, u64>,
    /// Entitlements by type.
    pub entitlements_by_resource_type: BTreeMap<String, u64>,
}

impl Stats {
    /// Counts one more record of a table.
    pub(super) fn add(&mut self, table: &Table, resource_type: &str) {
        let (total, by_type) = match table.name {
            "v1_resources" => (&mut self.resources, &mut self.resources_by_resource_type),
            "v1_entitlements" => (&mut self.entitlements, &mut self.entitlements_by_resource_type),
            "v1_grants" => (&mut self.grants, &mut self.grants_by_resource_type),
            _ => {
                self.resource_types += 1;
                return;
            }
        };
        *total += 1;
        match by_type.get_mut(resource_type) {
            Some(n) => *n += 1,
            None => _ = by_type.insert(resource_type.to_owned(), 1),
        }
    }
}
