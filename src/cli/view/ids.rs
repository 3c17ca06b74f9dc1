//! Resources by number: two syncs agree on the numbers, and a number is all that a grant needs to keep.

use std::{collections::HashMap, rc::Rc};

/// The number of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(in crate::cli) struct Number(u32);

impl Number {
    pub(super) fn at(self) -> usize {
        self.0 as usize
    }

    pub(super) fn from_index(at: usize) -> Self {
        Self(u32::try_from(at).unwrap_or(u32::MAX))
    }
}

/// Gives out the numbers.
#[derive(Default)]
pub(in crate::cli) struct Ids {
    types: HashMap<Rc<str>, HashMap<Rc<str>, Number>>,
    all: Vec<(Rc<str>, Rc<str>)>,
}

impl Ids {
    /// The number of a resource, new or known.
    pub(in crate::cli) fn number(&mut self, resource_type: &str, id: &str) -> Number {
        if let Some(known) = self.get(resource_type, id) {
            return known;
        }
        let (kind, id): (Rc<str>, Rc<str>) = match self.types.get_key_value(resource_type) {
            Some((kind, _)) => (Rc::clone(kind), id.into()),
            None => (resource_type.into(), id.into()),
        };
        let number = Number::from_index(self.all.len());
        self.types.entry(Rc::clone(&kind)).or_default().insert(Rc::clone(&id), number);
        self.all.push((kind, id));
        number
    }

    /// The number of a resource, when it has one.
    pub(in crate::cli) fn get(&self, resource_type: &str, id: &str) -> Option<Number> {
        self.types.get(resource_type)?.get(id).copied()
    }

    /// Type and id of a number.
    pub(in crate::cli) fn of(&self, number: Number) -> (&str, &str) {
        self.all.get(number.at()).map_or(("", ""), |(kind, id)| (kind, id))
    }

    /// Type and id as people write them.
    pub(in crate::cli) fn text(&self, number: Number) -> String {
        let (kind, id) = self.of(number);
        format!("{kind}:{id}")
    }
}
