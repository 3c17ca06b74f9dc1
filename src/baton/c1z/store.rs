//! A file that a sync is going to be added to: what it holds already, and what of that will stay.

use std::{
    fs::File,
    io,
    path::{Path, PathBuf},
    time::SystemTime,
};

use rusqlite::OpenFlags;

use super::{
    C1z, C1zError, Choice, Limits, SyncRun, SyncType, SyncWriter, copy, replace, run, schema,
    scratch::Scratch,
};

/// How files are written.
#[derive(Debug, Clone)]
pub struct Options {
    /// Where temporary databases live; `None` is the system's directory for such. It needs room for the unpacked database.
    pub tmp_dir: Option<PathBuf>,
    /// How many full syncs a file keeps, the new one included; at least one.
    pub keep_syncs: usize,
    /// Keep all earlier syncs.
    pub skip_cleanup: bool,
    /// Bounds on reading the file that is there already.
    pub limits: Limits,
    /// Tells the time.
    pub clock: fn() -> SystemTime,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            tmp_dir: None,
            keep_syncs: 2,
            skip_cleanup: false,
            limits: Limits::default(),
            clock: SystemTime::now,
        }
    }
}

/// The sync to add.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct NewSync {
    /// Its id, a [`crate::baton::ksuid`].
    pub id: String,
    /// What it covers.
    pub kind: SyncType,
    /// The sync that a partial one builds on, or empty.
    pub parent: String,
}

/// A file to add a sync to. Nothing is written before [`SyncWriter::finish`].
#[derive(Debug)]
pub struct Store {
    target: PathBuf,
    options: Options,
    old: Option<C1z>,
}

impl Store {
    /// Opens a file for a new sync; one that is missing or empty is a new file.
    ///
    /// What killed runs have left beside it is removed.
    ///
    /// # Errors
    /// When the file is of another version, damaged or out of bounds: it is never overwritten then. When its directory is
    /// missing or cannot be written to.
    pub fn open(path: &Path, options: Options) -> Result<Self, C1zError> {
        let target = replace::resolve(path);
        replace::sweep(&target);
        let old = match File::open(&target).and_then(|file| file.metadata()) {
            Ok(meta) if meta.is_file() && meta.len() == 0 => None,
            Ok(meta) if meta.is_file() => {
                Some(C1z::open(&target, &options.limits, options.tmp_dir.as_deref())?)
            }
            Ok(_) => {
                let source = io::Error::other("it is not a regular file");
                return Err(C1zError::io("replace", target)(source));
            }
            Err(e) if e.kind() == io::ErrorKind::NotFound => None,
            Err(e) => return Err(C1zError::io("open", target)(e)),
        };
        replace::probe(&target)?;
        Ok(Self { target, options, old })
    }

    /// The syncs that the file holds, oldest first.
    #[must_use]
    pub fn syncs(&self) -> &[SyncRun] {
        self.old.as_ref().map(C1z::syncs).unwrap_or_default()
    }

    /// The newest finished full sync, on which a partial one builds.
    #[must_use]
    pub fn latest_full(&self) -> Option<&SyncRun> {
        Choice::Default.of(self.syncs()).filter(|run| run.ended_at.is_some())
    }

    /// Begins the sync: earlier ones that stay are carried over, then records can be put.
    ///
    /// # Errors
    /// When the temporary database cannot be made or filled, or the file proves to be damaged.
    pub fn begin(self, sync: NewSync) -> Result<SyncWriter, C1zError> {
        let Self { target, options, old } = self;
        let dir = options.tmp_dir.clone().unwrap_or_else(std::env::temp_dir);
        let mut scratch = Scratch::new(&dir)?;
        let setup = C1zError::db("set up tables");
        // The database is private and thrown away when anything fails, so nothing is journalled for the sake of a crash. The
        // journal in memory is for statements that fail; a new database puts next to nothing there.
        let database = scratch
            .connect(OpenFlags::SQLITE_OPEN_READ_WRITE)
            .and_then(|db| {
                db.execute_batch(
                    "pragma page_size = 4096; pragma encoding = 'UTF-8'; pragma journal_mode = memory; \
                     pragma synchronous = off; pragma locking_mode = exclusive; pragma cache_size = -8192; \
                     pragma mmap_size = 0; pragma foreign_keys = off; begin exclusive",
                )?;
                for table in schema::TABLES {
                    db.execute_batch(table.sql)?;
                }
                for index in schema::INDEXES.iter().filter(|index| index.is_sparse()) {
                    db.execute_batch(&index.sql())?;
                }
                Ok(db)
            })
            .map_err(setup)?;
        let mut newest = None;
        if let Some(old) = &old {
            let stay = match options.skip_cleanup {
                true => old.syncs().iter().collect(),
                false => run::kept(old.syncs(), &sync.kind, options.keep_syncs),
            };
            newest = stay.iter().filter_map(|run| run.ended_at).max();
            copy::copy(old, &stay, &database)?;
        }
        SyncWriter::new(target, scratch, database, sync, newest, options.clock)
    }
}
