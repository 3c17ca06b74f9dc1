//! Sync runs: what kinds there are, which one a reader shows, which ones a writer keeps.

use std::{collections::BTreeMap, fmt, path::Path};

use rusqlite::Connection;
use time::OffsetDateTime;

use super::{Stats, error::C1zError, schema, times};

/// What a sync covers.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum SyncType {
    /// Everything.
    #[default]
    Full,
    /// Some resources, on top of a full sync.
    Partial,
    /// Everything but entitlements and grants.
    ResourcesOnly,
    /// What a diff adds or changes.
    PartialUpserts,
    /// What a diff removes.
    PartialDeletions,
    /// A kind that this version does not know.
    Other(String),
}

impl SyncType {
    /// As the file says it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Full => "full",
            Self::Partial => "partial",
            Self::ResourcesOnly => "resources_only",
            Self::PartialUpserts => "partial_upserts",
            Self::PartialDeletions => "partial_deletions",
            Self::Other(text) => text,
        }
    }
}

impl From<&str> for SyncType {
    fn from(text: &str) -> Self {
        match text {
            "full" => Self::Full,
            "partial" => Self::Partial,
            "resources_only" => Self::ResourcesOnly,
            "partial_upserts" => Self::PartialUpserts,
            "partial_deletions" => Self::PartialDeletions,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for SyncType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One sync of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct SyncRun {
    /// Its id.
    pub id: String,
    /// What it covers.
    pub kind: SyncType,
    /// When it began. `None` when the text in the file is no time.
    pub started_at: Option<OffsetDateTime>,
    /// When it ended; `None` while it is unfinished.
    pub ended_at: Option<OffsetDateTime>,
    /// The writer's state when it ended; opaque.
    pub token: String,
    /// The sync that a partial one builds on, or empty.
    pub parent: String,
}

/// Which sync to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Choice {
    /// The newest finished full one, else the newest unfinished one: what readers show by default.
    #[default]
    Default,
    /// The newest finished one of any kind.
    NewestFinished,
    /// This one.
    Id(String),
}

impl Choice {
    /// The sync that the choice means.
    pub(super) fn of<'a>(&self, runs: &'a [SyncRun]) -> Option<&'a SyncRun> {
        let finished = || runs.iter().filter(|run| run.ended_at.is_some());
        match self {
            Self::Default => newest(finished().filter(|run| run.kind == SyncType::Full))
                .or_else(|| runs.iter().rev().find(|run| run.ended_at.is_none())),
            Self::NewestFinished => newest(finished()),
            Self::Id(id) => runs.iter().find(|run| run.id == *id),
        }
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("full sync"),
            Self::NewestFinished => f.write_str("finished sync"),
            Self::Id(id) => write!(f, "sync {id}"),
        }
    }
}

fn newest<'a>(runs: impl Iterator<Item = &'a SyncRun>) -> Option<&'a SyncRun> {
    runs.max_by(|a, b| (a.ended_at, &a.id).cmp(&(b.ended_at, &b.id)))
}

/// The runs of a file in the order of their rows; `columns` are those that its table has.
pub(super) fn read(db: &Connection, columns: &[String], path: &Path) -> Result<Vec<SyncRun>, C1zError> {
    let damaged = |e: rusqlite::Error| C1zError::damaged(path, e);
    let sql = format!("select {} from v1_sync_runs order by id", select(&schema::SYNC_RUNS, columns));
    let mut statement = db.prepare(&sql).map_err(damaged)?;
    let runs = statement.query_map([], |row| {
        let time = |text: Option<String>| text.as_deref().and_then(times::parse);
        let ended: Option<String> = row.get("ended_at")?;
        let started_at = time(row.get("started_at")?);
        Ok(SyncRun {
            id: row.get("sync_id")?,
            kind: SyncType::from(row.get::<_, String>("sync_type")?.as_str()),
            started_at,
            // An end that we cannot read is an end all the same.
            ended_at: ended
                .map(|text| times::parse(&text).or(started_at).unwrap_or(OffsetDateTime::UNIX_EPOCH)),
            token: row.get("sync_token")?,
            parent: row.get("parent_sync_id")?,
        })
    });
    runs.map_err(damaged)?.collect::<Result<_, _>>().map_err(damaged)
}

/// The columns of a table to select: what a file lacks is given the value that its absence means.
pub(super) fn select(table: &schema::Table, present: &[String]) -> String {
    let column = |(name, absent): &(&str, Option<&str>)| match absent {
        Some(value) if !present.iter().any(|p| p == name) => format!("{value} as {name}"),
        _ => (*name).to_owned(),
    };
    table.columns.iter().map(column).collect::<Vec<_>>().join(", ")
}

/// The runs that stay when one of `kind` is added: the newest `keep` full ones, the new one included, and of the partial ones
/// those that are younger than the oldest full one that stays. Unfinished ones give way to the new one.
pub(super) fn kept<'a>(runs: &'a [SyncRun], kind: &SyncType, keep: usize) -> Vec<&'a SyncRun> {
    let mut full: Vec<_> =
        runs.iter().filter(|run| run.kind == SyncType::Full && run.ended_at.is_some()).collect();
    full.sort_by(|a, b| (a.ended_at, &a.id).cmp(&(b.ended_at, &b.id)));
    let stay = keep.saturating_sub(usize::from(*kind == SyncType::Full));
    let dropped = full.len().saturating_sub(stay);
    let oldest = full.get(dropped).map(|run| run.started_at);
    let stays = |run: &&SyncRun| match run.kind {
        _ if run.ended_at.is_none() => false,
        SyncType::Full => full[dropped..].iter().any(|kept| kept.id == run.id),
        _ if dropped == 0 => true,
        _ => oldest.is_some_and(|oldest| run.ended_at >= oldest),
    };
    runs.iter().filter(stays).collect()
}

/// Counts the records of a sync.
pub(super) fn count(db: &Connection, sync_id: &str) -> rusqlite::Result<Stats> {
    let by_type = |table: &schema::Table| -> rusqlite::Result<BTreeMap<String, u64>> {
        let sql =
            format!("select resource_type_id, count(*) from {} where sync_id = ?1 group by 1", table.name);
        let mut statement = db.prepare(&sql)?;
        let number = |n: i64| u64::try_from(n).unwrap_or_default();
        statement.query_map([sync_id], |row| Ok((row.get(0)?, number(row.get(1)?))))?.collect()
    };
    let types = "select count(*) from v1_resource_types where sync_id = ?1";
    let resource_types: i64 = db.query_row(types, [sync_id], |row| row.get(0))?;
    let mut stats = Stats {
        resource_types: u64::try_from(resource_types).unwrap_or_default(),
        resources_by_resource_type: by_type(&schema::RESOURCES)?,
        entitlements_by_resource_type: by_type(&schema::ENTITLEMENTS)?,
        grants_by_resource_type: by_type(&schema::GRANTS)?,
        ..Stats::default()
    };
    stats.resources = stats.resources_by_resource_type.values().sum();
    stats.entitlements = stats.entitlements_by_resource_type.values().sum();
    stats.grants = stats.grants_by_resource_type.values().sum();
    Ok(stats)
}
