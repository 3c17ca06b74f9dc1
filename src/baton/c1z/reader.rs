//! Reading a file: unpacked once into a private database, then read record by record.

use std::{
    fs::File,
    io::BufWriter,
    marker::PhantomData,
    path::{Path, PathBuf},
    vec,
};

use rusqlite::{Connection, OpenFlags, params_from_iter, types::Value};

use super::{
    C1zError, Choice, Limits, Record, Stats, SyncRun, envelope,
    record::Row,
    run,
    schema::{self, Table},
    scratch::Scratch,
};
use crate::wire::v2;

/// How many records a query fetches at once.
const PAGE: usize = 500;

/// An open `.c1z` file. It is read from a private copy: what happens to the file afterwards does not matter.
#[derive(Debug)]
pub struct C1z {
    database: Connection,
    path: PathBuf,
    runs: Vec<SyncRun>,
    /// Per table of [`schema::TABLES`], the columns that the file has.
    columns: Vec<Vec<String>>,
    _scratch: Scratch,
}

impl C1z {
    /// Opens a file; `tmp_dir` takes the unpacked database (default: the system's).
    ///
    /// # Errors
    /// What the file is instead of a readable version 1 file, or which limit it breaks. Never a panic, whatever the bytes.
    pub fn open(path: &Path, limits: &Limits, tmp_dir: Option<&Path>) -> Result<Self, C1zError> {
        let file = File::open(path).map_err(C1zError::io("open", path))?;
        let mut scratch = Scratch::new(&tmp_dir.map_or_else(std::env::temp_dir, Path::to_owned))?;
        let mut out = BufWriter::new(scratch.file());
        envelope::read(path, file, limits, &mut out)?;
        out.into_inner()
            .map_err(|e| C1zError::io("unpack into the temporary database of", path)(e.into_error()))?;

        let damaged = |e: rusqlite::Error| C1zError::damaged(path, e);
        let database = scratch.connect(OpenFlags::SQLITE_OPEN_READ_ONLY).map_err(damaged)?;
        // The schema comes from a stranger: it may not call functions, and cells are checked before they are used.
        database
            .execute_batch(
                "pragma trusted_schema = off; pragma cell_size_check = on; pragma mmap_size = 0; pragma query_only = on; \
                 pragma locking_mode = exclusive; pragma cache_size = -4096",
            )
            .map_err(damaged)?;
        let columns: Vec<_> = schema::TABLES
            .iter()
            .map(|table| columns(&database, table.name))
            .collect::<Result<_, _>>()
            .map_err(damaged)?;
        for (table, present) in schema::TABLES.iter().zip(&columns) {
            let optional = [schema::ASSETS.name, schema::SESSIONS.name].contains(&table.name);
            if present.is_empty() && optional {
                continue;
            }
            let required = table.columns.iter().filter(|(_, absent)| absent.is_none());
            if let Some((missing, _)) =
                required.chain(&[("id", None)]).find(|(name, _)| !present.iter().any(|p| p == name))
            {
                return Err(C1zError::damaged(path, format!("{} has no column {missing}", table.name)));
            }
        }
        let runs = run::read(&database, &columns[3], path)?;
        Ok(Self { database, path: path.to_owned(), runs, columns, _scratch: scratch })
    }

    /// The file that was opened.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// All syncs, oldest first.
    #[must_use]
    pub fn syncs(&self) -> &[SyncRun] {
        &self.runs
    }

    /// The sync that a choice means.
    ///
    /// # Errors
    /// `NoSync` when the file has none like it.
    pub fn choose(&self, choice: &Choice) -> Result<&SyncRun, C1zError> {
        choice
            .of(&self.runs)
            .ok_or_else(|| C1zError::NoSync { path: self.path.clone(), wanted: choice.to_string() })
    }

    /// The records of a sync in the order in which they were written.
    pub fn records<R: Record>(&self, sync_id: &str, filter: Filter) -> Records<'_, R> {
        let (condition, mut values) = filter.sql();
        values.insert(0, Value::Text(sync_id.to_owned()));
        Records {
            file: self,
            condition,
            values,
            after: 0,
            page: Vec::new().into_iter(),
            done: false,
            kind: PhantomData,
        }
    }

    /// A resource by type and id.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn resource(&self, sync_id: &str, id: &v2::ResourceId) -> Result<Option<v2::Resource>, C1zError> {
        self.one(sync_id, Filter::Key(format!("{}:{}", id.resource_type, id.resource)))
    }

    /// An entitlement by id.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn entitlement(&self, sync_id: &str, id: &str) -> Result<Option<v2::Entitlement>, C1zError> {
        self.one(sync_id, Filter::Key(id.to_owned()))
    }

    /// A grant by id.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn grant(&self, sync_id: &str, id: &str) -> Result<Option<v2::Grant>, C1zError> {
        self.one(sync_id, Filter::Key(id.to_owned()))
    }

    /// How many records a sync has, counted.
    ///
    /// # Errors
    /// When the file is damaged.
    pub fn stats(&self, sync_id: &str) -> Result<Stats, C1zError> {
        run::count(&self.database, sync_id).map_err(|e| C1zError::damaged(&self.path, e))
    }

    fn one<R: Record>(&self, sync_id: &str, filter: Filter) -> Result<Option<R>, C1zError> {
        self.records(sync_id, filter).next().transpose()
    }

    pub(super) fn connection(&self) -> &Connection {
        &self.database
    }

    /// The columns of a table to select; `None` when the file does not have the table.
    pub(super) fn select(&self, table: &Table) -> Option<String> {
        let at = schema::TABLES.iter().position(|t| t.name == table.name)?;
        let present = &self.columns[at];
        (!present.is_empty()).then(|| run::select(table, present))
    }
}

/// The columns of a table; none when it does not exist or is a view or virtual, which could run anything.
fn columns(database: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let real = "select count(*) from sqlite_master where type = 'table' and rootpage > 0 and name = ?1";
    if database.query_row(real, [table], |row| row.get::<_, i64>(0))? != 1 {
        return Ok(Vec::new());
    }
    // `table_info` leaves out generated columns, which could compute anything.
    let mut statement = database.prepare("select name from pragma_table_info(?1)")?;
    statement.query_map([table], |row| row.get(0))?.collect()
}

/// Which records of a sync to read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Filter {
    /// All of them.
    #[default]
    All,
    /// Resources of a type; entitlements and grants on resources of a type.
    Type(String),
    /// By id; a resource's is `<type>:<id>`.
    Key(String),
    /// Entitlements and grants on a resource.
    On(v2::ResourceId),
    /// Grants of an entitlement.
    Entitlement(String),
    /// Grants that a resource holds.
    Principal(v2::ResourceId),
}

impl Filter {
    fn sql(self) -> (&'static str, Vec<Value>) {
        let pair = |id: v2::ResourceId| vec![Value::Text(id.resource_type), Value::Text(id.resource)];
        match self {
            Self::All => ("", vec![]),
            Self::Type(id) => ("and resource_type_id = ?2", vec![Value::Text(id)]),
            Self::Key(id) => ("and external_id = ?2", vec![Value::Text(id)]),
            Self::On(id) => ("and resource_type_id = ?2 and resource_id = ?3", pair(id)),
            Self::Entitlement(id) => ("and entitlement_id = ?2", vec![Value::Text(id)]),
            Self::Principal(id) => {
                ("and principal_resource_type_id = ?2 and principal_resource_id = ?3", pair(id))
            }
        }
    }
}

/// Records, fetched page by page; after an error there are no more.
#[derive(Debug)]
pub struct Records<'a, R> {
    file: &'a C1z,
    condition: &'static str,
    values: Vec<Value>,
    after: i64,
    page: vec::IntoIter<R>,
    done: bool,
    kind: PhantomData<R>,
}

impl<R: Record> Iterator for Records<'_, R> {
    type Item = Result<R, C1zError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(record) = self.page.next() {
            return Some(Ok(record));
        }
        if self.done {
            return None;
        }
        match self.fetch() {
            Ok(page) => {
                self.done = page.len() < PAGE;
                self.page = page.into_iter();
                self.page.next().map(Ok)
            }
            Err(error) => {
                self.done = true;
                Some(Err(error))
            }
        }
    }
}

impl<R: Record> Records<'_, R> {
    fn fetch(&mut self) -> Result<Vec<R>, C1zError> {
        let Self { file, condition, values, .. } = self;
        let table = <R as Row>::TABLE.0;
        let present = schema::TABLES.iter().position(|t| t.name == table.name).map(|at| &file.columns[at]);
        let expansion = match present {
            Some(columns) if columns.iter().any(|c| c == "expansion") => "expansion",
            _ => "null",
        };
        let sql = format!(
            "select id, data, {expansion} from {} where sync_id = ?1 {condition} and id > ?{} order by id limit {PAGE}",
            table.name,
            values.len() + 1
        );
        let after = Value::Integer(self.after);
        page(&file.database, &sql, &file.path, table, values.iter().chain([&after]), &mut self.after)
    }
}

/// The records that a query gives as id, blob and expansion; `last` becomes the last id.
pub(super) fn page<R: Record>(
    database: &Connection,
    sql: &str,
    path: &Path,
    table: &Table,
    values: impl IntoIterator<Item = impl rusqlite::ToSql>,
    last: &mut i64,
) -> Result<Vec<R>, C1zError> {
    let damaged = |e: rusqlite::Error| C1zError::damaged(path, format!("{}: {e}", table.name));
    let mut statement = database.prepare_cached(sql).map_err(damaged)?;
    let mut rows = statement.query(params_from_iter(values)).map_err(damaged)?;
    let mut records = Vec::new();
    while let Some(row) = rows.next().map_err(damaged)? {
        let id = row.get(0).map_err(damaged)?;
        let blob = row.get_ref(1).map_err(damaged)?;
        let blob = blob.as_bytes().map_err(|e| damaged(e.into()))?;
        let bad = |source| C1zError::BadRecord { path: path.to_owned(), table: table.name, row: id, source };
        let mut record = R::decode(blob).map_err(bad)?;
        record.complete(row.get(2).map_err(damaged)?);
        records.push(record);
        *last = id;
    }
    Ok(records)
}
