//! The tables and indexes of version 1, as readers expect them. Two index names are on each other's columns in every file out
//! there; they stay so, because writers look for them by name.

/// A table: its name, its definition, and its columns but the row id.
pub(super) struct Table {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
    /// Each with what a file without it means; `None` when no file may lack it.
    pub(super) columns: &'static [(&'static str, Option<&'static str>)],
}

/// An index by its name and what follows the name in its definition.
pub(super) struct Index {
    pub(super) name: &'static str,
    pub(super) table: &'static str,
    pub(super) unique: bool,
    pub(super) on: &'static str,
}

pub(super) const RESOURCE_TYPES: Table = Table {
    name: "v1_resource_types",
    sql: "create table v1_resource_types (id integer primary key, external_id text not null, data blob not null, \
          sync_id text not null, discovered_at datetime not null)",
    columns: &[("external_id", None), ("data", None), ("sync_id", None), ("discovered_at", None)],
};

pub(super) const RESOURCES: Table = Table {
    name: "v1_resources",
    sql: "create table v1_resources (id integer primary key, resource_type_id text not null, external_id text not null, \
          parent_resource_type_id text, parent_resource_id text, data blob not null, sync_id text not null, \
          discovered_at datetime not null)",
    columns: &[
        ("resource_type_id", None),
        ("external_id", None),
        ("parent_resource_type_id", Some("null")),
        ("parent_resource_id", Some("null")),
        ("data", None),
        ("sync_id", None),
        ("discovered_at", None),
    ],
};

pub(super) const ENTITLEMENTS: Table = Table {
    name: "v1_entitlements",
    sql: "create table v1_entitlements (id integer primary key, resource_type_id text not null, resource_id text not null, \
          external_id text not null, data blob not null, sync_id text not null, discovered_at datetime not null)",
    columns: &[
        ("resource_type_id", None),
        ("resource_id", None),
        ("external_id", None),
        ("data", None),
        ("sync_id", None),
        ("discovered_at", None),
    ],
};

pub(super) const SYNC_RUNS: Table = Table {
    name: "v1_sync_runs",
    sql: "create table v1_sync_runs (id integer primary key, sync_id text not null, started_at datetime not null, \
          ended_at datetime, sync_token text not null, sync_type text not null default 'full', \
          parent_sync_id text not null default '', linked_sync_id text not null default '', \
          supports_diff integer not null default 0, grants_backfilled integer not null default 0, stats text, \
          ingest_invariant_generation text not null default '', ingest_invariant_coverage text not null default '', \
          ingest_invariant_mode text not null default '')",
    columns: &[
        ("sync_id", None),
        ("started_at", None),
        ("ended_at", None),
        ("sync_token", None),
        ("sync_type", Some("'full'")),
        ("parent_sync_id", Some("''")),
        ("linked_sync_id", Some("''")),
        ("supports_diff", Some("0")),
        ("grants_backfilled", Some("0")),
        ("stats", Some("null")),
        ("ingest_invariant_generation", Some("''")),
        ("ingest_invariant_coverage", Some("''")),
        ("ingest_invariant_mode", Some("''")),
    ],
};

pub(super) const GRANTS: Table = Table {
    name: "v1_grants",
    sql: "create table v1_grants (id integer primary key, resource_type_id text not null, resource_id text not null, \
          entitlement_id text not null, principal_resource_type_id text not null, principal_resource_id text not null, \
          external_id text not null, expansion blob, needs_expansion integer not null default 0, data blob not null, \
          sync_id text not null, discovered_at datetime not null)",
    columns: &[
        ("resource_type_id", None),
        ("resource_id", None),
        ("entitlement_id", None),
        ("principal_resource_type_id", None),
        ("principal_resource_id", None),
        ("external_id", None),
        ("expansion", Some("null")),
        ("needs_expansion", Some("0")),
        ("data", None),
        ("sync_id", None),
        ("discovered_at", None),
    ],
};

pub(super) const ASSETS: Table = Table {
    name: "v1_assets",
    sql: "create table v1_assets (id integer primary key, external_id text not null, content_type text not null, \
          data blob not null, sync_id text not null, discovered_at datetime not null)",
    columns: &[
        ("external_id", None),
        ("content_type", None),
        ("data", None),
        ("sync_id", None),
        ("discovered_at", None),
    ],
};

pub(super) const SESSIONS: Table = Table {
    name: "v1_connector_sessions",
    sql: "create table v1_connector_sessions (id integer primary key, sync_id text not null, key text not null, \
          value blob not null)",
    columns: &[("sync_id", None), ("key", None), ("value", None)],
};

/// All tables, in the order in which they are created.
pub(super) const TABLES: [&Table; 7] =
    [&RESOURCE_TYPES, &RESOURCES, &ENTITLEMENTS, &SYNC_RUNS, &GRANTS, &ASSETS, &SESSIONS];

const fn index(name: &'static str, table: &'static str, unique: bool, on: &'static str) -> Index {
    Index { name, table, unique, on }
}

/// All indexes. The unique one of a table comes first: it is the one that finds duplicates.
pub(super) const INDEXES: [Index; 16] = [
    index("idx_resource_types_external_sync_v1", "v1_resource_types", true, "(external_id, sync_id)"),
    index("idx_resources_parent_resource_id_v1", "v1_resources", true, "(external_id, sync_id)"),
    index("idx_resources_resource_type_id_v1", "v1_resources", false, "(resource_type_id)"),
    index(
        "idx_resources_external_sync_v1",
        "v1_resources",
        false,
        "(parent_resource_type_id, parent_resource_id)",
    ),
    index("idx_entitlements_external_sync_v1", "v1_entitlements", true, "(external_id, sync_id)"),
    index("idx_entitlements_resource_id_v1", "v1_entitlements", false, "(resource_type_id, resource_id)"),
    index("idx_sync_runs_sync_id_v1", "v1_sync_runs", true, "(sync_id)"),
    index("idx_grants_external_sync_v1", "v1_grants", true, "(external_id, sync_id)"),
    index(
        "idx_grants_resource_type_id_resource_id_v1",
        "v1_grants",
        false,
        "(resource_type_id, resource_id)",
    ),
    index(
        "idx_grants_principal_id_v1",
        "v1_grants",
        false,
        "(principal_resource_type_id, principal_resource_id)",
    ),
    index(
        "idx_grants_entitlement_id_principal_id_v1",
        "v1_grants",
        false,
        "(entitlement_id, principal_resource_type_id, principal_resource_id)",
    ),
    index("idx_grants_entitlement_sync_grant_v1", "v1_grants", false, "(entitlement_id, sync_id, id)"),
    index("idx_grants_sync_expansion_v1", "v1_grants", false, "(sync_id) where expansion is not null"),
    index("idx_grants_sync_needs_expansion_v1", "v1_grants", false, "(sync_id) where needs_expansion = 1"),
    index("idx_assets_external_sync_v1", "v1_assets", true, "(external_id, sync_id)"),
    index("idx_session_store_sync_key_v1", "v1_connector_sessions", true, "(sync_id, key)"),
];

impl Index {
    /// Whether few rows are in it, so that it costs less to keep it up to date than to build it.
    pub(super) fn is_sparse(&self) -> bool {
        self.on.contains(" where ")
    }

    /// The statement that creates it.
    pub(super) fn sql(&self) -> String {
        let unique = if self.unique { "unique " } else { "" };
        format!("create {unique}index {} on {} {}", self.name, self.table, self.on)
    }
}
