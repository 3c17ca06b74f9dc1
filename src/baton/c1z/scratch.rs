//! The private database file that a `.c1z` file is unpacked into or built in.

use std::{
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags};
use tempfile::TempDir;

use super::{error::C1zError, litter};

const PREFIX: &str = "baton-c1z-";

/// A file in a directory that nobody else can enter. It loses its name as soon as SQLite has opened it, so that it vanishes
/// with the process, however that ends.
#[derive(Debug)]
pub(super) struct Scratch {
    file: File,
    path: PathBuf,
    home: Option<TempDir>,
}

impl Scratch {
    /// A new empty file below `dir`; what dead processes left there is removed first.
    pub(super) fn new(dir: &Path) -> Result<Self, C1zError> {
        litter::sweep(dir, |name| name.starts_with(PREFIX));
        let create = || -> io::Result<Option<Self>> {
            let home = tempfile::Builder::new().prefix(PREFIX).tempdir_in(dir)?;
            let path = home.path().join("db");
            let file = match File::options().read(true).write(true).create_new(true).open(&path) {
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None), // swept
                file => file?,
            };
            Ok(litter::claim(&file)?.then_some(Self { file, path, home: Some(home) }))
        };
        for _ in 0..16 {
            if let Some(scratch) = create().map_err(C1zError::io("make a temporary database in", dir))? {
                return Ok(scratch);
            }
        }
        let source = io::Error::other("other processes keep removing it");
        Err(C1zError::io("make a temporary database in", dir)(source))
    }

    /// The file itself, for reading and writing around SQLite while no connection is open.
    pub(super) fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// The one connection to the file; the name goes.
    pub(super) fn connect(&mut self, flags: OpenFlags) -> rusqlite::Result<Connection> {
        let connection = Connection::open_with_flags(&self.path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        // SQLite opens the file with the first statement.
        connection.pragma_query_value(None, "schema_version", |_| Ok(()))?;
        // Where an open file cannot be removed, it goes with its directory when this value is dropped.
        if fs::remove_file(&self.path).is_ok() {
            self.home = None;
        }
        Ok(connection)
    }
}
