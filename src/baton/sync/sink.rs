//! Where a sync goes.

use std::error::Error as StdError;

use crate::{
    baton::c1z::{C1zError, NewSync, Saved, Stats, Store, SyncWriter},
    wire::v2,
};

/// A sink failed.
#[derive(Debug, thiserror::Error)]
pub enum SinkError {
    /// It was told to stop.
    #[error("stopped before the records were stored")]
    Interrupted,
    /// Anything else.
    #[error(transparent)]
    Failed(Box<dyn StdError + Send + Sync>),
}

impl From<C1zError> for SinkError {
    fn from(error: C1zError) -> Self {
        match error {
            C1zError::Interrupted => Self::Interrupted,
            error => Self::Failed(Box::new(error)),
        }
    }
}

/// What a sync can be put into.
pub trait Target: Send + 'static {
    /// What takes the records.
    type Sink: Sink;

    /// The id of the newest full sync that is there already.
    fn latest_full(&self) -> Option<String>;

    /// Begins a sync. May block.
    ///
    /// # Errors
    /// When nothing can be stored.
    fn begin(self, sync: NewSync) -> Result<Self::Sink, SinkError>;
}

/// Takes the records of one sync and gives them back while it lasts. All calls may block; dropped before
/// [`Sink::finish`], it leaves no trace.
///
/// Records have ids; one whose id is there already takes its place. Each listing by `…_after` goes by a mark: 0 at first,
/// then what the call before gave; it has ended when it gives nothing.
///
/// # Errors
/// All calls fail when the records cannot be stored or read back.
#[allow(clippy::missing_errors_doc)] // said once, above
pub trait Sink: Send + 'static {
    /// What is left when it is finished.
    type Done: Send + 'static;

    /// Stores resource types.
    fn put_resource_types(&mut self, items: &[v2::ResourceType]) -> Result<(), SinkError>;
    /// Stores resources.
    fn put_resources(&mut self, items: &[v2::Resource]) -> Result<(), SinkError>;
    /// Stores those resources that are not there yet.
    fn put_missing_resources(&mut self, items: &[v2::Resource]) -> Result<(), SinkError>;
    /// Stores entitlements.
    fn put_entitlements(&mut self, items: &[v2::Entitlement]) -> Result<(), SinkError>;
    /// Stores grants.
    fn put_grants(&mut self, items: &[v2::Grant]) -> Result<(), SinkError>;
    /// Resources of a type, in the order in which they came.
    fn resources_after(
        &mut self,
        resource_type: &str,
        mark: i64,
        limit: usize,
    ) -> Result<(Vec<v2::Resource>, i64), SinkError>;
    /// An entitlement by id.
    fn entitlement(&mut self, id: &str) -> Result<Option<v2::Entitlement>, SinkError>;
    /// Grants of an entitlement, in the order in which they came.
    fn grants_after(
        &mut self,
        entitlement_id: &str,
        mark: i64,
        limit: usize,
    ) -> Result<(Vec<v2::Grant>, i64), SinkError>;
    /// Ends the sync and makes it last. `expanded` says that grant expansion was done; once `stop` says so, nothing is kept.
    fn finish(self, expanded: bool, stop: &dyn Fn() -> bool) -> Result<(Stats, Self::Done), SinkError>;
}

impl Target for Store {
    type Sink = SyncWriter;

    fn latest_full(&self) -> Option<String> {
        Self::latest_full(self).map(|run| run.id.clone())
    }

    fn begin(self, sync: NewSync) -> Result<SyncWriter, SinkError> {
        Ok(Self::begin(self, sync)?)
    }
}

impl Sink for SyncWriter {
    type Done = Saved;

    fn put_resource_types(&mut self, items: &[v2::ResourceType]) -> Result<(), SinkError> {
        Ok(self.put(items)?)
    }

    fn put_resources(&mut self, items: &[v2::Resource]) -> Result<(), SinkError> {
        Ok(self.put(items)?)
    }

    fn put_missing_resources(&mut self, items: &[v2::Resource]) -> Result<(), SinkError> {
        Ok(self.put_missing(items)?)
    }

    fn put_entitlements(&mut self, items: &[v2::Entitlement]) -> Result<(), SinkError> {
        Ok(self.put(items)?)
    }

    fn put_grants(&mut self, items: &[v2::Grant]) -> Result<(), SinkError> {
        Ok(self.put(items)?)
    }

    fn resources_after(
        &mut self,
        resource_type: &str,
        mark: i64,
        limit: usize,
    ) -> Result<(Vec<v2::Resource>, i64), SinkError> {
        Ok(self.resources_after(resource_type, mark, limit)?)
    }

    fn entitlement(&mut self, id: &str) -> Result<Option<v2::Entitlement>, SinkError> {
        Ok(self.entitlement(id)?)
    }

    fn grants_after(
        &mut self,
        entitlement_id: &str,
        mark: i64,
        limit: usize,
    ) -> Result<(Vec<v2::Grant>, i64), SinkError> {
        Ok(self.grants_after(entitlement_id, mark, limit)?)
    }

    fn finish(self, expanded: bool, stop: &dyn Fn() -> bool) -> Result<(Stats, Saved), SinkError> {
        let saved = self.finish(expanded, stop)?;
        Ok((saved.stats.clone(), saved))
    }
}
