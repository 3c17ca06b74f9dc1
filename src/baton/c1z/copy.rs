//! Earlier syncs of a file, carried over into the database that replaces its own: row by row into our schema, so that missing
//! columns and indexes are there afterwards, and nothing else that the file may hold comes along.

use rusqlite::{
    Connection,
    types::{ToSqlOutput, Value, ValueRef},
};

use super::{
    C1z, C1zError, SyncRun,
    schema::{self, Table},
    times,
};

/// What is carried over; sessions end with their sync.
const COPIED: [&Table; 6] = [
    &schema::RESOURCE_TYPES,
    &schema::RESOURCES,
    &schema::ENTITLEMENTS,
    &schema::SYNC_RUNS,
    &schema::GRANTS,
    &schema::ASSETS,
];

/// Copies these syncs of `old` into `new`.
///
/// # Errors
/// `Damaged` when the old file cannot be read to its end or breaks the rules of its own tables.
pub(super) fn copy(old: &C1z, runs: &[&SyncRun], new: &Connection) -> Result<(), C1zError> {
    for table in COPIED {
        let Some(select) = old.select(table) else { continue }; // an optional table that the file lacks
        let sql = format!("select {select} from {} where sync_id = ?1 order by id", table.name);
        for run in runs {
            rows(old, &sql, table, &run.id, new)?;
        }
    }
    Ok(())
}

fn rows(old: &C1z, sql: &str, table: &Table, sync: &str, new: &Connection) -> Result<(), C1zError> {
    let read = |e: rusqlite::Error| C1zError::damaged(old.path(), format!("{}: {e}", table.name));
    let write = C1zError::db("carry over earlier syncs");
    let mut insert = match new.prepare(&insert(table)) {
        Ok(insert) => insert,
        Err(e) => return Err(write(e)),
    };
    let mut select = old.connection().prepare(sql).map_err(read)?;
    let mut rows = select.query([sync]).map_err(read)?;
    while let Some(row) = rows.next().map_err(read)? {
        for (i, (column, _)) in table.columns.iter().enumerate() {
            let value = row.get_ref(i).map_err(read)?;
            let value = match column {
                // One form for all of them, so that they sort as text too.
                &"started_at" | &"ended_at" => normal(value),
                _ => ToSqlOutput::Borrowed(value),
            };
            insert.raw_bind_parameter(i + 1, value).map_err(read)?;
        }
        // What the old tables hold but ours refuse is damage in the old file, unless the disk is full.
        insert.raw_execute().map_err(|e| match e.sqlite_error_code() {
            Some(rusqlite::ErrorCode::ConstraintViolation) | None => read(e),
            Some(_) => C1zError::db("carry over earlier syncs")(e),
        })?;
    }
    Ok(())
}

fn normal(value: ValueRef<'_>) -> ToSqlOutput<'_> {
    match value.as_str().ok().and_then(times::parse) {
        Some(moment) => ToSqlOutput::Owned(Value::Text(times::text(moment))),
        None => ToSqlOutput::Borrowed(value),
    }
}

/// The statement that inserts a row, its parameters in the order of the columns.
pub(super) fn insert(table: &Table) -> String {
    let columns: Vec<_> = table.columns.iter().map(|(name, _)| *name).collect();
    let values: Vec<_> = (1..=columns.len()).map(|i| format!("?{i}")).collect();
    format!("insert into {} ({}) values ({})", table.name, columns.join(", "), values.join(", "))
}
