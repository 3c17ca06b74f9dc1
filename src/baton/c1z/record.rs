//! The four kinds of records: which table holds them, what its columns say, and how a blob differs from the message.
//!
//! A grant's `GrantExpandable` annotation lives in a column of its own; it is moved out when writing and put back when
//! reading, so that callers only ever see the grant as the connector gave it.

use std::borrow::Cow;

use prost::{Message, Name};
use prost_types::Any;
use rusqlite::Statement;

use super::schema::{self, Table};
use crate::wire::{ANY_PREFIX, pack, v2};

/// A message that a `.c1z` file holds: resource type, resource, entitlement or grant.
pub trait Record: Message + Default + Clone + Row {}

impl<R: Row> Record for R {}

/// What the file needs to know of a record; sealed by being out of reach.
pub trait Row: Message + Default + Clone {
    /// The table.
    #[doc(hidden)]
    const TABLE: &'static Layout;
    /// Binds all columns but the last three (`data`, `sync_id`, `discovered_at`); gives the message that the blob holds, and
    /// the type to count it under. `None` when the record lacks what the columns need.
    #[doc(hidden)]
    fn bind<'a>(&'a self, to: &mut Binder<'_, '_>) -> rusqlite::Result<Option<(Cow<'a, Self>, &'a str)>>;
    /// Puts back what is not in the blob.
    #[doc(hidden)]
    fn complete(&mut self, _expansion: Option<Vec<u8>>) {}
}

/// A table, behind a name that may be public.
pub struct Layout(pub(super) &'static Table);

/// Gives values to the parameters of a statement, in order.
pub struct Binder<'s, 'c> {
    statement: &'s mut Statement<'c>,
    next: usize,
    text: &'s mut String,
}

impl<'s, 'c> Binder<'s, 'c> {
    pub(super) fn new(statement: &'s mut Statement<'c>, text: &'s mut String) -> Self {
        Self { statement, next: 1, text }
    }

    pub(super) fn value(&mut self, value: impl rusqlite::ToSql) -> rusqlite::Result<()> {
        self.statement.raw_bind_parameter(self.next, value)?;
        self.next += 1;
        Ok(())
    }

    /// `<type>:<id>`
    fn key(&mut self, id: &v2::ResourceId) -> rusqlite::Result<()> {
        self.text.clear();
        self.text.extend([id.resource_type.as_str(), ":", id.resource.as_str()]);
        self.statement.raw_bind_parameter(self.next, self.text.as_str())?;
        self.next += 1;
        Ok(())
    }
}

/// The type and id of a resource; `None` when one is missing or empty.
pub(crate) fn id_of(resource: Option<&v2::Resource>) -> Option<&v2::ResourceId> {
    resource?.id.as_ref().filter(|id| !id.resource_type.is_empty() && !id.resource.is_empty())
}

/// Whether the annotation is an `M`.
pub(crate) fn is<M: Name>(any: &Any) -> bool {
    let name = any.type_url.strip_prefix(ANY_PREFIX).and_then(|name| name.strip_prefix(M::PACKAGE));
    name.and_then(|name| name.strip_prefix('.')) == Some(M::NAME)
}

/// Whether an `M` is among the annotations.
pub(crate) fn has<M: Name>(annotations: &[Any]) -> bool {
    annotations.iter().any(is::<M>)
}

impl Row for v2::ResourceType {
    const TABLE: &'static Layout = &Layout(&schema::RESOURCE_TYPES);

    fn bind<'a>(&'a self, to: &mut Binder<'_, '_>) -> rusqlite::Result<Option<(Cow<'a, Self>, &'a str)>> {
        to.value(self.id.as_str())?;
        Ok((!self.id.is_empty()).then_some((Cow::Borrowed(self), "")))
    }
}

impl Row for v2::Resource {
    const TABLE: &'static Layout = &Layout(&schema::RESOURCES);

    fn bind<'a>(&'a self, to: &mut Binder<'_, '_>) -> rusqlite::Result<Option<(Cow<'a, Self>, &'a str)>> {
        let Some(id) = id_of(Some(self)) else { return Ok(None) };
        let parent = self.parent_resource_id.as_ref();
        to.value(id.resource_type.as_str())?;
        to.key(id)?;
        to.value(parent.map(|p| p.resource_type.as_str()))?;
        to.value(parent.map(|p| p.resource.as_str()))?;
        Ok(Some((Cow::Borrowed(self), &id.resource_type)))
    }
}

impl Row for v2::Entitlement {
    const TABLE: &'static Layout = &Layout(&schema::ENTITLEMENTS);

    fn bind<'a>(&'a self, to: &mut Binder<'_, '_>) -> rusqlite::Result<Option<(Cow<'a, Self>, &'a str)>> {
        let Some(on) = id_of(self.resource.as_ref()).filter(|_| !self.id.is_empty()) else { return Ok(None) };
        to.value(on.resource_type.as_str())?;
        to.value(on.resource.as_str())?;
        to.value(self.id.as_str())?;
        Ok(Some((Cow::Borrowed(self), &on.resource_type)))
    }
}

impl Row for v2::Grant {
    const TABLE: &'static Layout = &Layout(&schema::GRANTS);

    fn bind<'a>(&'a self, to: &mut Binder<'_, '_>) -> rusqlite::Result<Option<(Cow<'a, Self>, &'a str)>> {
        let entitlement = self.entitlement.as_ref().filter(|e| !e.id.is_empty() && !self.id.is_empty());
        let on = entitlement.and_then(|e| id_of(e.resource.as_ref()));
        let (Some(entitlement), Some(on), Some(who)) = (entitlement, on, id_of(self.principal.as_ref()))
        else {
            return Ok(None);
        };
        let (blob, expansion) = if has::<v2::GrantExpandable>(&self.annotations) {
            let mut blob = self.clone();
            blob.annotations.retain(|a| !is::<v2::GrantExpandable>(a));
            (Cow::Owned(blob), expandable(self).map(|e| e.encode_to_vec()))
        } else {
            (Cow::Borrowed(self), None)
        };
        to.value(on.resource_type.as_str())?;
        to.value(on.resource.as_str())?;
        to.value(entitlement.id.as_str())?;
        to.value(who.resource_type.as_str())?;
        to.value(who.resource.as_str())?;
        to.value(self.id.as_str())?;
        to.value(expansion.as_deref())?;
        to.value(expansion.is_some())?;
        Ok(Some((blob, &on.resource_type)))
    }

    fn complete(&mut self, expansion: Option<Vec<u8>>) {
        if let Some(value) = expansion {
            self.annotations.push(Any { value, ..pack(&v2::GrantExpandable::default()) });
        }
    }
}

/// What a grant expands, when it names an entitlement.
pub(crate) fn expandable(grant: &v2::Grant) -> Option<v2::GrantExpandable> {
    let any = grant.annotations.iter().find(|a| is::<v2::GrantExpandable>(a))?;
    let expandable = v2::GrantExpandable::decode(any.value.as_slice()).ok()?;
    expandable.entitlement_ids.iter().any(|id| !id.trim().is_empty()).then_some(expandable)
}
