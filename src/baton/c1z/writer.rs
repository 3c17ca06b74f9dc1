//! Writing one sync.
//!
//! Records are first inserted without indexes, which is several times as fast. A table gets its indexes when something wants
//! to read from it, or at the end; duplicates are found then. From that moment a record that is put again replaces the
//! earlier one at once.

use std::{
    fs::File,
    io::Seek,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rusqlite::{Connection, params};
use time::{Duration, OffsetDateTime};

use super::{
    C1zError, NewSync, Record, Stats, copy, envelope,
    reader::page,
    record::Binder,
    replace, run,
    schema::{self, INDEXES, Table},
    scratch::Scratch,
    times,
};
use crate::wire::v2;

/// What was written.
#[derive(Debug, Clone, PartialEq)]
pub struct Saved {
    /// The file.
    pub path: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// The length of the database inside.
    pub unpacked_bytes: u64,
    /// What the sync holds.
    pub stats: Stats,
    /// When the sync ended, as the file says it.
    pub ended_at: OffsetDateTime,
}

/// Takes the records of one sync. Dropped before [`SyncWriter::finish`], it leaves no trace.
#[derive(Debug)]
pub struct SyncWriter {
    database: Connection,
    scratch: Scratch,
    target: PathBuf,
    sync: NewSync,
    clock: fn() -> SystemTime,
    /// The newest end among the syncs that stay.
    newest: Option<OffsetDateTime>,
    /// The tables that have their indexes.
    indexed: Vec<&'static str>,
    stats: Stats,
    blob: Vec<u8>,
    text: String,
}

impl SyncWriter {
    pub(super) fn new(
        target: PathBuf,
        scratch: Scratch,
        database: Connection,
        sync: NewSync,
        newest: Option<OffsetDateTime>,
        clock: fn() -> SystemTime,
    ) -> Result<Self, C1zError> {
        let sql = "insert into v1_sync_runs (sync_id, started_at, sync_token, sync_type, parent_sync_id, grants_backfilled) \
                   values (?1, ?2, '', ?3, ?4, 1)";
        database
            .execute(sql, params![sync.id, times::now(clock), sync.kind.as_str(), sync.parent])
            .map_err(C1zError::db("begin the sync"))?;
        Ok(Self {
            database,
            scratch,
            target,
            sync,
            clock,
            newest,
            indexed: Vec::new(),
            stats: Stats::default(),
            blob: Vec::new(),
            text: String::new(),
        })
    }

    /// Stores records; one whose id is there already takes its place.
    ///
    /// # Errors
    /// `Incomplete` for a record without the ids that its table needs; otherwise when the disk is full.
    pub fn put<R: Record>(&mut self, records: &[R]) -> Result<(), C1zError> {
        self.store(records, true)
    }

    /// Stores those records whose id is not there yet.
    ///
    /// # Errors
    /// As [`SyncWriter::put`].
    pub fn put_missing<R: Record>(&mut self, records: &[R]) -> Result<(), C1zError> {
        self.index(R::TABLE.0)?;
        self.store(records, false)
    }

    fn store<R: Record>(&mut self, records: &[R], replace: bool) -> Result<(), C1zError> {
        let table = R::TABLE.0;
        let failed = |e| C1zError::db("store records")(e);
        let indexed = self.indexed.contains(&table.name);
        let mut sql = copy::insert(table);
        if indexed {
            sql.push_str(" on conflict (external_id, sync_id) do nothing");
        }
        let now = times::now(self.clock);
        let mut insert = self.database.prepare_cached(&sql).map_err(failed)?;
        for record in records {
            let mut to = Binder::new(&mut insert, &mut self.text);
            let Some((blob, resource_type)) = record.bind(&mut to).map_err(failed)? else {
                return Err(C1zError::Incomplete { table: table.name });
            };
            self.blob.clear();
            blob.encode_raw(&mut self.blob);
            let rest = to
                .value(self.blob.as_slice())
                .and_then(|()| to.value(self.sync.id.as_str()))
                .and_then(|()| to.value(now.as_str()));
            rest.map_err(failed)?;
            if insert.raw_execute().map_err(failed)? == 1 {
                self.stats.add(table, resource_type);
            } else if replace {
                let mut update = self.database.prepare_cached(&update(table)).map_err(failed)?;
                let mut to = Binder::new(&mut update, &mut self.text);
                record.bind(&mut to).map_err(failed)?;
                let rest = to
                    .value(self.blob.as_slice())
                    .and_then(|()| to.value(self.sync.id.as_str()))
                    .and_then(|()| to.value(now.as_str()));
                rest.and_then(|()| update.raw_execute()).map_err(failed)?;
            }
        }
        Ok(())
    }

    /// Up to `limit` resources of a type after a row, in the order in which they were put, and the row to go on after.
    ///
    /// # Errors
    /// When the temporary database fails.
    pub fn resources_after(
        &mut self,
        resource_type: &str,
        row: i64,
        limit: usize,
    ) -> Result<(Vec<v2::Resource>, i64), C1zError> {
        let table = &schema::RESOURCES;
        self.index(table)?;
        let sql = "select id, data, null from v1_resources where sync_id = ?1 and resource_type_id = ?2 and id > ?3 \
                   order by id limit ?4";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut last = row;
        let values: [&dyn rusqlite::ToSql; 4] = [&self.sync.id, &resource_type, &row, &limit];
        let resources = page(&self.database, sql, &self.target, table, values, &mut last)?;
        Ok((resources, last))
    }

    /// An entitlement by id.
    ///
    /// # Errors
    /// When the temporary database fails.
    pub fn entitlement(&mut self, id: &str) -> Result<Option<v2::Entitlement>, C1zError> {
        let table = &schema::ENTITLEMENTS;
        self.index(table)?;
        let sql = "select id, data, null from v1_entitlements where external_id = ?1 and sync_id = ?2";
        Ok(page(&self.database, sql, &self.target, table, [id, &self.sync.id], &mut 0)?.pop())
    }

    /// Up to `limit` grants of an entitlement after a row, in the order in which they were put, and the row to go on after.
    ///
    /// # Errors
    /// When the temporary database fails.
    pub fn grants_after(
        &mut self,
        entitlement_id: &str,
        row: i64,
        limit: usize,
    ) -> Result<(Vec<v2::Grant>, i64), C1zError> {
        let table = &schema::GRANTS;
        self.index(table)?;
        let sql = "select id, data, expansion from v1_grants where entitlement_id = ?1 and sync_id = ?2 and id > ?3 \
                   order by id limit ?4";
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let mut last = row;
        let values: [&dyn rusqlite::ToSql; 4] = [&entitlement_id, &self.sync.id, &row, &limit];
        let grants = page(&self.database, sql, &self.target, table, values, &mut last)?;
        Ok((grants, last))
    }

    /// Gives a table its indexes, if it does not have them yet.
    fn index(&mut self, table: &Table) -> Result<(), C1zError> {
        if self.indexed.contains(&table.name) {
            return Ok(());
        }
        let failed = |e| C1zError::db("build indexes")(e);
        for index in INDEXES.iter().filter(|index| index.table == table.name && !index.is_sparse()) {
            match self.database.execute_batch(&index.sql()) {
                Err(e)
                    if index.unique
                        && e.sqlite_error_code() == Some(rusqlite::ErrorCode::ConstraintViolation) =>
                {
                    // What was put last counts.
                    let key = index.on.trim_matches(['(', ')']);
                    let sql = format!(
                        "delete from {0} where id not in (select max(id) from {0} group by {key})",
                        table.name
                    );
                    self.database.execute_batch(&sql).map_err(failed)?;
                    self.database.execute_batch(&index.sql()).map_err(failed)?;
                    self.stats = run::count(&self.database, &self.sync.id).map_err(failed)?;
                }
                result => result.map_err(failed)?,
            }
        }
        self.indexed.push(table.name);
        Ok(())
    }

    /// Ends the sync and puts the file in its place. `expanded` says that grant expansion was done.
    ///
    /// `stop` is asked now and then; once it says so, nothing is replaced.
    ///
    /// # Errors
    /// `Interrupted` after a stop; otherwise when a disk is full or fails. The old file is untouched then.
    pub fn finish(mut self, expanded: bool, stop: &dyn Fn() -> bool) -> Result<Saved, C1zError> {
        for table in schema::TABLES {
            if stop() {
                return Err(C1zError::Interrupted);
            }
            self.index(table)?;
        }
        let ended_at = self.end(expanded)?;
        let Self { database, mut scratch, target, stats, .. } = self;
        database
            .execute_batch("commit")
            .and_then(|()| database.close().map_err(|(_, e)| e))
            .map_err(C1zError::db("complete the sync"))?;
        let file = scratch.file();
        let unpacked_bytes = length(file).map_err(C1zError::io("read the temporary database of", &target))?;
        let bytes = replace::replace(&target, |new| pack(file, unpacked_bytes, new, &target, stop))?;
        Ok(Saved { path: target, bytes, unpacked_bytes, stats, ended_at })
    }

    /// Records the end. Readers show the sync that ended last, so this one ends after all others of the file, even if one of
    /// them was written on a clock that is ahead, or by a writer that records local time.
    fn end(&mut self, expanded: bool) -> Result<OffsetDateTime, C1zError> {
        let now = OffsetDateTime::from((self.clock)());
        let after = self.newest.map(|newest| newest.saturating_add(Duration::NANOSECOND));
        let ended_at = after.map_or(now, |after| after.max(now));
        let stats = serde_json::to_string(&self.stats).unwrap_or_default();
        let sql = "update v1_sync_runs set ended_at = ?2, stats = ?3, supports_diff = ?4 where sync_id = ?1";
        self.database
            .execute(sql, params![self.sync.id, times::text(ended_at), stats, expanded])
            .map_err(C1zError::db("complete the sync"))?;
        Ok(ended_at)
    }
}

fn length(file: &mut File) -> std::io::Result<u64> {
    file.rewind()?;
    Ok(file.metadata()?.len())
}

fn pack(
    from: &mut File,
    length: u64,
    to: &mut File,
    target: &Path,
    stop: &dyn Fn() -> bool,
) -> Result<(), C1zError> {
    match envelope::write(from, length, to, stop).map_err(C1zError::io("write", target))? {
        Some(_) if !stop() => Ok(()),
        _ => Err(C1zError::Interrupted),
    }
}

/// The statement that replaces a row, its parameters in the order of the columns.
fn update(table: &Table) -> String {
    let at = |wanted| table.columns.iter().position(|(name, _)| *name == wanted).unwrap_or_default() + 1;
    let columns: Vec<_> =
        table.columns.iter().enumerate().map(|(i, (name, _))| format!("{name} = ?{}", i + 1)).collect();
    format!(
        "update {} set {} where external_id = ?{} and sync_id = ?{}",
        table.name,
        columns.join(", "),
        at("external_id"),
        at("sync_id")
    )
}
