//! The syncer: walks a connector in protocol order, straight in the process, and puts what it finds into a sink.
//!
//! - [`Syncer`] validates, lists types, resources, entitlements and grants, expands grants, ends the sync and lets the
//!   connector clean up. [`Selection`] says what of it to do.
//! - [`Target`] and [`Sink`] are where records go: a `.c1z` file ([`crate::baton::c1z::Store`]), or [`Memory`].
//!   A sink blocks, so it runs on a thread of its own, fed through a short queue; fetching and storing overlap.
//! - [`Progress`] is told what is going on.
//!
//! A sync is all or nothing: cancelled or failed, it leaves its target as it was. An unfinished sync is therefore never
//! resumed; the next run starts over. Records of another file (external resources) are refused for now.

mod checks;
mod error;
mod expand;
mod feed;
mod fetch;
mod listing;
mod memory;
mod progress;
mod report;
mod selection;
mod sink;
mod syncer;
#[cfg(test)]
mod tests;
mod walk;

pub use error::SyncError;
pub use expand::{Expansion, Lookup};
pub use memory::{Memory, Records};
pub use progress::{LogProgress, Progress, Silent, Stage, TerminalProgress};
pub use report::{Counts, Report};
pub use selection::Selection;
pub use sink::{Sink, SinkError, Target};
pub use syncer::Syncer;
