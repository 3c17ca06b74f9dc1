//! Why a `.c1z` file could not be read or written.

use std::{io, path::PathBuf};

/// A failure to read or write a `.c1z` file. When writing, the file that was there before is still there, whole.
#[derive(Debug, thiserror::Error)]
pub enum C1zError {
    /// The file system refused.
    #[error("cannot {doing} {path}: {source}", path = .path.display())]
    Io {
        /// What was being done.
        doing: &'static str,
        /// To which file or directory.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The file holds nothing, so there is no sync to read.
    #[error("{path} is empty: no sync has been written into it yet", path = .0.display())]
    Empty(PathBuf),
    /// The file is something else.
    #[error("{path} is not a .c1z file: it does not begin with the magic of one", path = .0.display())]
    NotC1z(PathBuf),
    /// The file is of another version.
    #[error(
        "{path} is a .c1z file of version {version}, and only version 1 is supported; \
         name another file, or write this one again with --storage-engine sqlite",
        path = .path.display()
    )]
    OtherVersion {
        /// Which file.
        path: PathBuf,
        /// The version that its magic gives.
        version: char,
    },
    /// The database inside is larger than allowed.
    #[error(
        "{path} unpacks to more than {megabytes} MiB; raise BATON_DECODER_MAX_DECODED_SIZE_MB if you trust it",
        path = .path.display()
    )]
    TooLarge {
        /// Which file.
        path: PathBuf,
        /// The limit, in MiB.
        megabytes: u64,
    },
    /// Unpacking would take more memory than allowed.
    #[error(
        "{path} needs more than {megabytes} MiB of memory to unpack; raise BATON_DECODER_MAX_MEMORY_MB if you trust it",
        path = .path.display()
    )]
    TooMuchMemory {
        /// Which file.
        path: PathBuf,
        /// The limit, in MiB.
        megabytes: u64,
    },
    /// The file is cut off or changed, or never was a database of syncs.
    #[error("{path} is damaged: {what}", path = .path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A record does not parse.
    #[error("{path} is damaged: {table}, row {row}: {source}", path = .path.display())]
    BadRecord {
        /// Which file.
        path: PathBuf,
        /// The table.
        table: &'static str,
        /// The row id.
        row: i64,
        /// What the decoder said.
        #[source]
        source: prost::DecodeError,
    },
    /// The file has no sync of the kind asked for.
    #[error("{path} holds no {wanted}", path = .path.display())]
    NoSync {
        /// Which file.
        path: PathBuf,
        /// What was looked for.
        wanted: String,
    },
    /// SQLite refused on our own database.
    #[error("cannot {doing} in the temporary database: {source}")]
    Database {
        /// What was being done.
        doing: &'static str,
        /// What SQLite said.
        #[source]
        source: rusqlite::Error,
    },
    /// A record to store lacks an id.
    #[error("a record for {table} lacks the ids that it is stored under")]
    Incomplete {
        /// The table.
        table: &'static str,
    },
    /// Told to stop; nothing was replaced.
    #[error("stopped before the file was written; the old one is untouched")]
    Interrupted,
}

impl C1zError {
    pub(super) fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }

    pub(super) fn db(doing: &'static str) -> impl FnOnce(rusqlite::Error) -> Self {
        move |source| Self::Database { doing, source }
    }

    pub(super) fn damaged(path: impl Into<PathBuf>, what: impl ToString) -> Self {
        Self::Damaged { path: path.into(), what: what.to_string() }
    }
}
