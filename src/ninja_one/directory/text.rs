//! Compact strings: one buffer for all text of a snapshot, and a table for the words that repeat.

use std::collections::HashMap;

/// Where a text stands in its [`Texts`]. The default is the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Text {
    start: u32,
    length: u32,
}

/// Many texts in one buffer: 8 bytes and the text itself for each, no allocation per text.
#[derive(Debug, Clone, Default)]
pub(super) struct Texts(String);

impl Texts {
    /// Keeps a text. One that does not fit into 4 GiB any more is kept as empty; a tenant that large is refused earlier, by
    /// the bound on a list's body.
    pub(super) fn keep(&mut self, text: &str) -> Text {
        let (start, length) = (u32::try_from(self.0.len()), u32::try_from(text.len()));
        match (start, length) {
            (Ok(start), Ok(length)) if start.checked_add(length).is_some() => {
                self.0.push_str(text);
                Text { start, length }
            }
            _ => Text::default(),
        }
    }

    /// The text; `None` when it is empty, that is: not known.
    pub(super) fn get(&self, text: Text) -> Option<&str> {
        let start = text.start as usize;
        self.0.get(start..start + text.length as usize).filter(|t| !t.is_empty())
    }

    pub(super) fn shrink(&mut self) {
        self.0.shrink_to_fit();
    }
}

/// A word of a [`Words`] table; 0 is no word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Word(u16);

/// The few distinct words that a great many records share: sources of memberships, ways to sign in, values of open enums.
#[derive(Debug, Clone, Default)]
pub(super) struct Words {
    list: Vec<Box<str>>,
    index: HashMap<Box<str>, u16>,
}

impl Words {
    /// The word's number. Past 65,535 distinct words a new one is kept as unknown.
    pub(super) fn keep(&mut self, word: &str) -> Word {
        if word.is_empty() {
            return Word(0);
        }
        if let Some(&number) = self.index.get(word) {
            return Word(number);
        }
        let Ok(number) = u16::try_from(self.list.len() + 1) else { return Word(0) };
        self.list.push(word.into());
        self.index.insert(word.into(), number);
        Word(number)
    }

    /// The word; `None` when it is not known.
    pub(super) fn get(&self, word: Word) -> Option<&str> {
        let at = usize::from(word.0).checked_sub(1)?;
        self.list.get(at).map(AsRef::as_ref)
    }
}
