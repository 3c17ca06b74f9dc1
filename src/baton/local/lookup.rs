//! Finding in the file what the command line names.

use super::{Local, LocalError};
use crate::{
    baton::c1z::{C1z, Choice, Filter},
    wire::{find, v2},
};

/// An open file and the sync to look into.
pub(super) struct Looked {
    file: C1z,
    sync_id: String,
}

impl Local {
    /// Opens the file at its newest finished sync.
    pub(super) fn open(&self) -> Result<Looked, LocalError> {
        let source = &self.source;
        let file = C1z::open(&source.path, &source.limits, source.tmp_dir.as_deref())?;
        let sync_id = file.choose(&Choice::NewestFinished)?.id.clone();
        Ok(Looked { file, sync_id })
    }
}

impl Looked {
    /// An entitlement by id.
    pub(super) fn entitlement(&self, id: &str) -> Result<v2::Entitlement, LocalError> {
        let found =
            self.file.entitlement(&self.sync_id, id)?.ok_or_else(|| self.missing("entitlement", id))?;
        own(found, "entitlement", id, |e| &e.annotations)
    }

    /// A grant by id, with its entitlement as it was synced: a stored grant holds only a reference to it.
    pub(super) fn grant(&self, id: &str) -> Result<v2::Grant, LocalError> {
        let found = self.file.grant(&self.sync_id, id)?.ok_or_else(|| self.missing("grant", id))?;
        let mut grant = own(found, "grant", id, |g| &g.annotations)?;
        if let Some(reference) = &grant.entitlement
            && let Some(whole) = self.file.entitlement(&self.sync_id, &reference.id)?
        {
            grant.entitlement = Some(whole);
        }
        if let Some(principal) = grant.principal.as_ref().and_then(|p| p.id.clone())
            && let Some(whole) = self.file.resource(&self.sync_id, &principal)?
        {
            grant.principal = Some(whole);
        }
        Ok(grant)
    }

    /// A resource by id; without a type, the only one that has this id. `flag` is the one that names the type.
    pub(super) fn resource(
        &self,
        id: &str,
        resource_type: Option<&str>,
        flag: &'static str,
    ) -> Result<v2::Resource, LocalError> {
        let types = match resource_type {
            Some(only) => vec![only.to_owned()],
            None => self.types()?,
        };
        let mut found = Vec::new();
        for resource_type in types {
            let key = v2::ResourceId { resource_type, resource: id.to_owned(), ..Default::default() };
            found.extend(self.file.resource(&self.sync_id, &key)?);
        }
        let names = |found: &[v2::Resource]| {
            found
                .iter()
                .filter_map(|r| Some(r.id.as_ref()?.resource_type.clone()))
                .collect::<Vec<_>>()
                .join(", ")
        };
        match found.len() {
            0 => Err(self.missing("resource", id)),
            1 => own(found.remove(0), "resource", id, |r| &r.annotations),
            _ => Err(LocalError::Ambiguous { id: id.to_owned(), types: names(&found), flag }),
        }
    }

    fn types(&self) -> Result<Vec<String>, LocalError> {
        let types = self.file.records::<v2::ResourceType>(&self.sync_id, Filter::All);
        Ok(types.map(|t| t.map(|t| t.id)).collect::<Result<_, _>>()?)
    }

    fn missing(&self, what: &'static str, id: &str) -> LocalError {
        LocalError::NotInFile { what, id: id.to_owned(), file: self.file.path().display().to_string() }
    }
}

/// The record, unless it came from another file.
fn own<T>(
    record: T,
    what: &'static str,
    id: &str,
    annotations: impl Fn(&T) -> &Vec<prost_types::Any>,
) -> Result<T, LocalError> {
    match find::<v2::BatonId>(annotations(&record)) {
        None => Ok(record),
        Some(_) => Err(LocalError::External { what, id: id.to_owned() }),
    }
}
