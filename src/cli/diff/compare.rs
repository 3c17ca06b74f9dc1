//! Finds what differs between two syncs: resources by type and id, entitlements by id, grants by who holds which entitlement,
//! since the ids of grants are up to whoever wrote them.
//!
//! Neither sync is ever in memory as a whole: a resource is a number and a digest of its facts, a grant two numbers, and only
//! resources whose digests differ are read a second time.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash as _, Hasher as _},
};

use super::pool::Pool;
use crate::{
    baton::c1z::{C1zError, Filter},
    cli::view::{Facts, How, Ids, Number, Right, View},
    wire::v2,
};

/// An entitlement: what it is on, and its id.
pub(super) type RightKey = (Number, Box<str>);

/// One difference. Numbers of rights and of hows are those of the comparison's pools.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Change {
    Created(Number),
    Removed(Number),
    Field {
        of: Number,
        key: Box<str>,
        before: Option<String>,
        after: Option<String>,
    },
    RightCreated(u32),
    RightRemoved(u32),
    RightField {
        right: u32,
        key: &'static str,
        before: Option<String>,
        after: Option<String>,
    },
    Gained {
        who: Number,
        right: u32,
        how: u32,
    },
    Lost {
        who: Number,
        right: u32,
        how: u32,
    },
    /// Still held, but not in the same way.
    Regranted {
        who: Number,
        right: u32,
        before: u32,
        after: u32,
    },
}

/// What to compare.
#[derive(Debug, Default)]
pub(super) struct Filters {
    pub(super) resource_type: Option<String>,
    pub(super) role: Option<Number>,
    pub(super) user: Option<Number>,
}

/// Two syncs and what differs.
pub(super) struct Comparison<'f> {
    pub(super) old: View<'f>,
    pub(super) new: View<'f>,
    pub(super) ids: Ids,
    pub(super) rights: Pool<RightKey>,
    pub(super) hows: Pool<How>,
    /// By user, and what is about no user at the end.
    pub(super) changes: Vec<Change>,
}

/// One number for all facts of a resource.
pub(super) fn digest(facts: &Facts<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    facts.list().hash(&mut hasher);
    hasher.finish()
}

impl<'f> Comparison<'f> {
    /// Compares. Both views have been loaded with these ids and with [`digest`].
    pub(super) fn of(old: View<'f>, new: View<'f>, ids: Ids, filters: &Filters) -> Result<Self, C1zError> {
        let (rights, hows) = (Pool::default(), Pool::default());
        let mut comparison = Self { old, new, ids, rights, hows, changes: Vec::new() };
        comparison.resources(filters)?;
        comparison.entitlements(filters);
        comparison.grants(filters)?;
        comparison.sort();
        Ok(comparison)
    }

    fn resources(&mut self, filters: &Filters) -> Result<(), C1zError> {
        let (old, new) = (&self.old, &self.new);
        let named = [filters.user, filters.role];
        let wanted = |number: Number| {
            let by_name = named == [None, None] || named.contains(&Some(number));
            by_name && filters.fits_type(number, &self.ids)
        };
        for (number, thing) in old.things().filter(|(number, _)| wanted(*number)) {
            match new.thing(number) {
                None => self.changes.push(Change::Removed(number)),
                Some(other) if other.digest == thing.digest => {}
                Some(_) => {
                    let before = facts(old, number, &self.ids)?;
                    let after = facts(new, number, &self.ids)?;
                    let change =
                        |key: &String, before: Option<&String>, after: Option<&String>| Change::Field {
                            of: number,
                            key: key.as_str().into(),
                            before: before.cloned(),
                            after: after.cloned(),
                        };
                    let value = |list: &'_ [(String, String)], key: &str| {
                        list.iter().find(|(k, _)| k == key).map(|(_, value)| value.clone())
                    };
                    for (key, was) in &before {
                        let is = value(&after, key);
                        if is.as_ref() != Some(was) {
                            self.changes.push(change(key, Some(was), is.as_ref()));
                        }
                    }
                    let fresh = after.iter().filter(|(key, _)| value(&before, key).is_none());
                    self.changes.extend(fresh.map(|(key, is)| change(key, None, Some(is))));
                }
            }
        }
        let created = new.things().filter(|(number, _)| wanted(*number) && old.thing(*number).is_none());
        self.changes.extend(created.map(|(number, _)| Change::Created(number)));
        Ok(())
    }

    fn entitlements(&mut self, filters: &Filters) {
        if filters.user.is_some() {
            return; // what a role offers is about no user
        }
        let (old, new) = (&self.old, &self.new);
        let wanted = |right: &&Right| {
            filters.role.is_none_or(|role| role == right.on) && filters.fits_type(right.on, &self.ids)
        };
        let key = |right: &Right| (right.on, right.id.clone());
        for was in old.rights.iter().filter(wanted) {
            let right = self.rights.number(key(was));
            match new.right(&was.id).filter(|is| is.on == was.on) {
                None => self.changes.push(Change::RightRemoved(right)),
                Some(is) => {
                    let fields = right_fields(was).into_iter().zip(right_fields(is));
                    let changed = fields.filter(|((_, before), (_, after))| before != after);
                    self.changes.extend(changed.map(|((key, before), (_, after))| Change::RightField {
                        right,
                        key,
                        before,
                        after,
                    }));
                }
            }
        }
        for is in new.rights.iter().filter(wanted) {
            if old.right(&is.id).is_none_or(|was| was.on != is.on) {
                self.changes.push(Change::RightCreated(self.rights.number(key(is))));
            }
        }
    }

    fn grants(&mut self, filters: &Filters) -> Result<(), C1zError> {
        let Self { old, new, ids, rights, hows, changes } = self;
        let id = |number: Number, ids: &Ids| {
            let (resource_type, resource) = ids.of(number);
            v2::ResourceId {
                resource_type: resource_type.to_owned(),
                resource: resource.to_owned(),
                ..Default::default()
            }
        };
        let filter = match (filters.user, filters.role, &filters.resource_type) {
            (Some(user), _, _) => Filter::Principal(id(user, ids)),
            (None, Some(role), _) => Filter::On(id(role, ids)),
            (None, None, Some(kind)) => Filter::Type(kind.clone()),
            (None, None, None) => Filter::All,
        };
        let mut held: HashMap<(Number, u32), u32> = HashMap::new();
        let mut pass = |view: &View<'_>, ids: &mut Ids, each: &mut dyn FnMut((Number, u32), u32)| {
            let mut grants = view.grants(filter.clone());
            while let Some(grant) = grants.next(ids) {
                let grant = grant?;
                let on_role = filters.role.is_none_or(|role| role == grant.on);
                if on_role && filters.fits_type(grant.on, ids) {
                    each((grant.who, rights.number((grant.on, grant.right))), hows.number(grant.how));
                }
            }
            Ok::<_, C1zError>(())
        };
        pass(old, ids, &mut |key, how| _ = held.insert(key, how))?;
        // Several grants may say the same: what was seen once in the new sync is neither gained nor lost again.
        let mut seen = std::collections::HashSet::new();
        pass(new, ids, &mut |key, how| {
            if !seen.insert(key) {
                return;
            }
            let (who, right) = key;
            match held.remove(&key) {
                None => changes.push(Change::Gained { who, right, how }),
                Some(before) if before == how => {}
                Some(before) => changes.push(Change::Regranted { who, right, before, after: how }),
            }
        })?;
        changes.extend(held.into_iter().map(|((who, right), how)| Change::Lost { who, right, how }));
        Ok(())
    }

    fn sort(&mut self) {
        let mut changes = std::mem::take(&mut self.changes);
        changes.sort_by_cached_key(|change| {
            let subject = self.subject(change);
            let object = change.right().map(|right| self.object(right)).unwrap_or_default();
            (!self.is_user(subject), self.name(subject).to_lowercase(), subject, change.rank(), object)
        });
        self.changes = changes;
    }

    /// Whom or what a change is about.
    pub(super) fn subject(&self, change: &Change) -> Number {
        match *change {
            Change::Created(number) | Change::Removed(number) => number,
            Change::Field { of, .. } => of,
            Change::RightCreated(right) | Change::RightRemoved(right) => self.rights.get(right).0,
            Change::RightField { right, .. } => self.rights.get(right).0,
            Change::Gained { who, .. } | Change::Lost { who, .. } | Change::Regranted { who, .. } => who,
        }
    }

    /// Whether it is a user; what is in neither sync holds something, and so counts as one.
    pub(super) fn is_user(&self, number: Number) -> bool {
        let thing = self.new.thing(number).or_else(|| self.old.thing(number));
        thing.is_none_or(|thing| thing.is_user)
    }

    /// What it is called now, or was before it went.
    pub(super) fn name(&self, number: Number) -> &str {
        match self.new.thing(number).or_else(|| self.old.thing(number)) {
            Some(thing) => &thing.name,
            None => self.ids.of(number).1,
        }
    }

    /// What holding an entitlement is called.
    pub(super) fn object(&self, right: u32) -> String {
        let (on, id) = self.rights.get(right);
        let in_view = |view: &View<'_>| view.right(id).map(|right| view.holding(right, &self.ids));
        in_view(&self.new).or_else(|| in_view(&self.old)).unwrap_or_else(|| self.name(*on).to_owned())
    }
}

impl Change {
    /// The entitlement that it is about, if any.
    pub(super) fn right(&self) -> Option<u32> {
        match *self {
            Self::Created(_) | Self::Removed(_) | Self::Field { .. } => None,
            Self::RightCreated(right) | Self::RightRemoved(right) => Some(right),
            Self::RightField { right, .. }
            | Self::Gained { right, .. }
            | Self::Lost { right, .. }
            | Self::Regranted { right, .. } => Some(right),
        }
    }

    /// The order of changes to one subject.
    fn rank(&self) -> u8 {
        match self {
            Self::Created(_) => 0,
            Self::Removed(_) => 1,
            Self::Field { .. } => 2,
            Self::RightCreated(_) => 3,
            Self::RightRemoved(_) => 4,
            Self::RightField { .. } => 5,
            Self::Gained { .. } => 6,
            Self::Lost { .. } => 7,
            Self::Regranted { .. } => 8,
        }
    }
}

impl Filters {
    fn fits_type(&self, number: Number, ids: &Ids) -> bool {
        self.resource_type.as_deref().is_none_or(|wanted| ids.of(number).0 == wanted)
    }
}

fn facts(view: &View<'_>, number: Number, ids: &Ids) -> Result<Vec<(String, String)>, C1zError> {
    let (resource_type, resource) = ids.of(number);
    let id = v2::ResourceId {
        resource_type: resource_type.to_owned(),
        resource: resource.to_owned(),
        ..Default::default()
    };
    let found = view.file.resource(&view.sync.id, &id)?;
    Ok(found.map(|resource| Facts::of(&resource).list()).unwrap_or_default())
}

fn right_fields(right: &Right) -> [(&'static str, Option<String>); 6] {
    let text = |text: &str| Some(text.to_owned()).filter(|t| !t.is_empty());
    [
        ("name", text(&right.name)),
        ("description", text(&right.description)),
        ("slug", text(&right.slug)),
        ("purpose", right.purpose.map(str::to_owned)),
        ("grantable_to", text(&right.grantable_to.join(" "))),
        ("immutable", Some(right.immutable.to_string())),
    ]
}
