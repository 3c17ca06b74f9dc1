//! Values by number: equal ones are kept once.

use std::{collections::HashMap, hash::Hash, rc::Rc};

/// Gives out the numbers.
pub(super) struct Pool<T> {
    numbers: HashMap<Rc<T>, u32>,
    all: Vec<Rc<T>>,
}

impl<T> Default for Pool<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new(), all: Vec::new() }
    }
}

impl<T: Hash + Eq> Pool<T> {
    /// The number of a value, new or known.
    pub(super) fn number(&mut self, value: T) -> u32 {
        if let Some(&known) = self.numbers.get(&value) {
            return known;
        }
        let value = Rc::new(value);
        let number = u32::try_from(self.all.len()).unwrap_or(u32::MAX);
        self.numbers.insert(Rc::clone(&value), number);
        self.all.push(value);
        number
    }

    /// The value with this number.
    pub(super) fn get(&self, number: u32) -> &T {
        &self.all[number as usize]
    }
}
