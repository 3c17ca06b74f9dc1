//! Grants as people think of them: who holds what, and how that came about.

use prost_types::value::Kind;

use super::{Ids, Number, View};
use crate::{
    baton::c1z::{C1zError, Filter, Records},
    wire::{find, v2},
};

/// A grant.
pub(in crate::cli) struct Held {
    pub(in crate::cli) grant: Box<str>,
    pub(in crate::cli) who: Number,
    /// The resource that the entitlement is on.
    pub(in crate::cli) on: Number,
    /// The entitlement's id.
    pub(in crate::cli) right: Box<str>,
    pub(in crate::cli) how: How,
}

/// How a grant came about.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub(in crate::cli) struct How {
    /// The source in the words of the system, such as `DIRECT` or `SCIM`.
    pub(in crate::cli) source: Option<String>,
    /// The other entitlements through which it is held.
    pub(in crate::cli) through: Vec<String>,
    /// It cannot be revoked.
    pub(in crate::cli) immutable: bool,
}

impl View<'_> {
    /// The grants that a filter lets through, in the order of the file.
    pub(in crate::cli) fn grants(&self, filter: Filter) -> Grants<'_> {
        Grants(self.file.records(&self.sync.id, filter))
    }

    /// How a grant came about, for people.
    pub(in crate::cli) fn how(&self, how: &How, ids: &Ids) -> String {
        let mut parts: Vec<String> = how.source.iter().cloned().collect();
        for id in &how.through {
            let name = self.right(id).map_or_else(|| id.clone(), |right| self.holding(right, ids));
            parts.push(format!("through {name}"));
        }
        if how.immutable {
            parts.push("fixed".to_owned());
        }
        parts.join(", ")
    }
}

/// Grants, read one after the other.
pub(in crate::cli) struct Grants<'f>(Records<'f, v2::Grant>);

impl Grants<'_> {
    /// The next one; who is in it is given a number.
    pub(in crate::cli) fn next(&mut self, ids: &mut Ids) -> Option<Result<Held, C1zError>> {
        loop {
            match self.0.next()? {
                // Skipped: a grant that does not say who holds what, which no reader could use.
                Ok(grant) => match held(grant, ids) {
                    None => {}
                    some => return some.map(Ok),
                },
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

fn held(grant: v2::Grant, ids: &mut Ids) -> Option<Held> {
    let who = grant.principal.as_ref()?.id.as_ref()?;
    let who = ids.number(&who.resource_type, &who.resource);
    let right = grant.entitlement.as_ref()?;
    let on = right.resource.as_ref()?.id.as_ref()?;
    let on = ids.number(&on.resource_type, &on.resource);
    let metadata = find::<v2::GrantMetadata>(&grant.annotations).and_then(|m| m.metadata);
    let source = metadata.and_then(|m| match m.fields.get("source")?.kind.as_ref()? {
        Kind::StringValue(source) => Some(source.clone()),
        _ => None,
    });
    let mut through: Vec<_> =
        grant.sources.iter().flat_map(|s| s.sources.keys()).filter(|id| **id != right.id).cloned().collect();
    through.sort_unstable();
    let immutable = find::<v2::GrantImmutable>(&grant.annotations).is_some();
    Some(Held {
        who,
        on,
        right: right.id.as_str().into(),
        how: How { source, through, immutable },
        grant: grant.id.into(),
    })
}
