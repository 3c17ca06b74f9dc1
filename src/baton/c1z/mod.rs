//! The `.c1z` file, version 1: five bytes of magic, then a SQLite database compressed with zstd.
//!
//! - [`Store`] and [`SyncWriter`] write: a private database is filled in bulk, compressed while it is read, and put in the place
//!   of the target in one step. Until then the target is untouched, whatever happens.
//! - [`C1z`] reads files of ours and of others, within [`Limits`], and never writes.
//!
//! All of it blocks; the syncer runs it on a thread of its own. Two writers of one file do not see each other: the last to
//! finish wins. Version 3 files (another engine) are named and refused.

mod copy;
mod envelope;
mod error;
mod limits;
mod litter;
mod reader;
mod record;
mod replace;
mod run;
mod schema;
mod scratch;
mod stats;
mod store;
#[cfg(test)]
mod tests;
mod times;
mod writer;

pub use error::C1zError;
pub use limits::Limits;
pub use reader::{C1z, Filter, Records};
pub use record::Record;
pub(super) use record::{expandable, has, id_of, is};
pub use run::{Choice, SyncRun, SyncType};
pub use stats::Stats;
pub use store::{NewSync, Options, Store};
pub use writer::{Saved, SyncWriter};
