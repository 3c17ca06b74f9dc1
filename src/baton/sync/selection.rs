//! What of a sync to do.

use std::path::PathBuf;

use super::SyncError;
use crate::baton::{c1z::SyncType, connector::TypeSpec, model::Bid};

/// What to sync; by default everything.
#[derive(Debug, Clone, Default, PartialEq)]
#[allow(clippy::struct_excessive_bools)] // each is a switch of its own on the command line
pub struct Selection {
    /// Only these types; the sync counts as a full one all the same.
    pub resource_types: Option<Vec<String>>,
    /// Types and resources only.
    pub skip_entitlements_and_grants: bool,
    /// No grants; only with `targeted`.
    pub skip_grants: bool,
    /// Only these resources, their children, entitlements and grants, on top of the latest full sync.
    pub targeted: Vec<Bid>,
    /// List nothing: an empty, finished sync.
    pub skip_full_sync: bool,
    /// Leave grants as they were listed.
    pub skip_expansion: bool,
    /// A file with resources of other applications to match grants with. Not supported yet.
    pub external_resources: Option<PathBuf>,
}

impl Selection {
    /// The kind of sync that comes of it.
    #[must_use]
    pub fn kind(&self) -> SyncType {
        if !self.targeted.is_empty() {
            SyncType::Partial
        } else if self.skip_entitlements_and_grants {
            SyncType::ResourcesOnly
        } else {
            SyncType::Full
        }
    }

    /// Whether entitlements are listed.
    pub(super) fn entitlements(&self) -> bool {
        !self.skip_entitlements_and_grants
    }

    /// Whether grants are listed.
    pub(super) fn grants(&self) -> bool {
        self.entitlements() && !self.skip_grants
    }

    /// Whether grants are expanded.
    pub(super) fn expansion(&self) -> bool {
        self.grants() && self.targeted.is_empty() && !self.skip_expansion
    }

    /// Whether the type is to be synced.
    pub(super) fn takes(&self, resource_type: &str) -> bool {
        self.resource_types.as_ref().is_none_or(|types| types.iter().any(|t| t == resource_type))
    }

    /// Refuses what cannot be done.
    pub(super) fn check(&self, types: &[TypeSpec]) -> Result<(), SyncError> {
        let error = |text: &str| Err(SyncError::Selection(text.to_owned()));
        if self.external_resources.is_some() {
            return error("resources of another .c1z file cannot be matched yet; leave that file out");
        }
        if self.skip_grants && self.targeted.is_empty() {
            return error(
                "grants can only be skipped in a sync of given resources; name some, or skip entitlements and grants",
            );
        }
        let known = |id: &String| types.iter().any(|spec| spec.resource_type.id == *id);
        let unknown: Vec<_> =
            self.resource_types.iter().flatten().filter(|id| !known(id)).map(String::as_str).collect();
        if !unknown.is_empty() {
            let known: Vec<_> = types.iter().map(|spec| spec.resource_type.id.as_str()).collect();
            return Err(SyncError::Selection(format!(
                "no such resource type: {}; there are: {}",
                unknown.join(", "),
                known.join(", ")
            )));
        }
        Ok(())
    }
}
