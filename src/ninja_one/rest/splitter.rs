//! Finds the elements of a top-level JSON array while its bytes arrive, wherever the chunks are cut. It looks only for
//! the borders; whether an element is valid JSON is left to whoever parses it.

use memchr::memchr2;
use thiserror::Error;

/// Why bytes are not one whole JSON array.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SplitError {
    /// No byte but white space.
    #[error("nothing came")]
    Empty,
    /// Something other than `[` at the start.
    #[error("expected an array, found {found:?}")]
    NotAnArray {
        /// The first character.
        found: char,
    },
    /// Two commas, or a comma before the end.
    #[error("element {index} is empty")]
    EmptyElement {
        /// Counted from 0.
        index: u64,
    },
    /// Something after the closing bracket.
    #[error("unexpected data after the end of the array of {count} elements")]
    TrailingData {
        /// Elements found.
        count: u64,
    },
    /// The end came before the closing bracket.
    #[error("the array ends within or after element {index}")]
    Truncated {
        /// The element that was being read or waited for, from 0.
        index: u64,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Start,
    FirstElement,
    Element,
    NextElement,
    Done,
}

/// The incremental splitter. Memory: the one element that lies across chunks.
#[derive(Debug)]
pub struct ArraySplitter {
    state: State,
    depth: u32,
    in_string: bool,
    escaped: bool,
    count: u64,
    carry: Vec<u8>,
}

impl Default for ArraySplitter {
    fn default() -> Self {
        Self::new()
    }
}

impl ArraySplitter {
    /// A splitter that has seen nothing.
    #[must_use]
    pub fn new() -> Self {
        Self { state: State::Start, depth: 0, in_string: false, escaped: false, count: 0, carry: Vec::new() }
    }

    /// Forgets everything, for a new body.
    pub fn reset(&mut self) {
        let mut carry = std::mem::take(&mut self.carry);
        carry.clear();
        *self = Self { carry, ..Self::new() };
    }

    /// Elements completed so far.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes the next bytes and calls `each` with the index and the bytes of every element that they complete.
    ///
    /// # Errors
    /// When the bytes cannot belong to an array, or what `each` returns. Then only [`reset`](Self::reset) helps.
    pub fn feed<E: From<SplitError>>(
        &mut self,
        chunk: &[u8],
        each: &mut impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut at = 0;
        let mut start = 0;
        while let Some(&byte) = chunk.get(at) {
            match self.state {
                State::Element => {
                    let Some(end) = self.element_end(chunk, at) else {
                        break;
                    };
                    self.complete(&chunk[start..end], each)?;
                    self.state = if chunk[end] == b',' { State::NextElement } else { State::Done };
                    at = end + 1;
                }
                _ if byte.is_ascii_whitespace() => at += 1,
                State::Start if byte == b'[' => {
                    self.state = State::FirstElement;
                    at += 1;
                }
                State::Start => return Err(SplitError::NotAnArray { found: char::from(byte) }.into()),
                State::FirstElement if byte == b']' => {
                    self.state = State::Done;
                    at += 1;
                }
                State::FirstElement | State::NextElement if matches!(byte, b',' | b']') => {
                    return Err(SplitError::EmptyElement { index: self.count }.into());
                }
                State::FirstElement | State::NextElement => {
                    self.state = State::Element;
                    start = at;
                }
                State::Done => return Err(SplitError::TrailingData { count: self.count }.into()),
            }
        }
        if self.state == State::Element {
            self.carry.extend_from_slice(&chunk[start..]);
        }
        Ok(())
    }

    /// Says that no more bytes come.
    ///
    /// # Errors
    /// When the array is not closed.
    pub fn finish(&self) -> Result<u64, SplitError> {
        match self.state {
            State::Done => Ok(self.count),
            State::Start => Err(SplitError::Empty),
            _ => Err(SplitError::Truncated { index: self.count }),
        }
    }

    /// The position of the `,` or `]` that ends the element, from `at` on; `None` when it lies in a later chunk.
    fn element_end(&mut self, chunk: &[u8], mut at: usize) -> Option<usize> {
        while at < chunk.len() {
            if self.escaped {
                self.escaped = false;
                at += 1;
                continue;
            }
            if self.in_string {
                at += memchr2(b'"', b'\\', &chunk[at..])?;
                self.escaped = chunk[at] == b'\\';
                self.in_string = self.escaped;
                at += 1;
                continue;
            }
            match chunk[at] {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => self.depth -= 1,
                b',' | b']' if self.depth == 0 => return Some(at),
                _ => {}
            }
            at += 1;
        }
        None
    }

    fn complete<E>(
        &mut self,
        tail: &[u8],
        each: &mut impl FnMut(u64, &[u8]) -> Result<(), E>,
    ) -> Result<(), E> {
        let index = self.count;
        self.count += 1;
        if self.carry.is_empty() {
            return each(index, tail.trim_ascii_end());
        }
        self.carry.extend_from_slice(tail);
        let result = each(index, self.carry.trim_ascii_end());
        self.carry.clear();
        result
    }
}

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    fn split(chunks: &[&[u8]]) -> Result<Vec<String>, SplitError> {
        let mut splitter = ArraySplitter::new();
        let mut found = Vec::new();
        for chunk in chunks {
            splitter.feed(chunk, &mut |index, element| {
                assert_eq!(index, found.len() as u64);
                found.push(String::from_utf8(element.to_vec()).unwrap());
                Ok::<_, SplitError>(())
            })?;
        }
        assert_eq!(splitter.finish()?, found.len() as u64);
        Ok(found)
    }

    fn json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\\[\\]{},\"\\\\ a\u{e9}\n]{0,8}".prop_map(Value::from),
        ];
        leaf.prop_recursive(4, 40, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
                prop::collection::vec(("[a\"\\\\,\\]}]{0,4}", inner), 0..6)
                    .prop_map(|pairs| Value::Object(pairs.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn an_array_cut_anywhere_has_the_elements_that_serde_json_finds(
            values in prop::collection::vec(json(), 0..12),
            pretty in any::<bool>(),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
        ) {
            let whole = Value::from(values.clone());
            let text = if pretty { serde_json::to_string_pretty(&whole) } else { serde_json::to_string(&whole) }.unwrap();
            let bytes = text.as_bytes();
            let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
            cuts.extend([0, bytes.len()]);
            cuts.sort_unstable();
            let chunks: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
            let found = split(&chunks).unwrap();
            let parsed: Vec<Value> = found.iter().map(|text| serde_json::from_str(text).unwrap()).collect();
            prop_assert_eq!(parsed, values);
        }

        #[test]
        fn an_array_that_ends_early_is_never_whole(
            values in prop::collection::vec(json(), 1..6),
            cut in any::<prop::sample::Index>(),
        ) {
            let text = serde_json::to_string(&values).unwrap();
            let cut = cut.index(text.len());
            prop_assert!(split(&[&text.as_bytes()[..cut]]).is_err());
        }
    }

    #[test]
    fn what_is_not_one_array_is_named() {
        let error = |text: &str| split(&[text.as_bytes()]).unwrap_err();
        assert_eq!(error(" \n"), SplitError::Empty);
        assert_eq!(error("{\"a\":[]}"), SplitError::NotAnArray { found: '{' });
        assert_eq!(error("[1,,2]"), SplitError::EmptyElement { index: 1 });
        assert_eq!(error("[1,]"), SplitError::EmptyElement { index: 1 });
        assert_eq!(error("[,1]"), SplitError::EmptyElement { index: 0 });
        assert_eq!(error("[1] []"), SplitError::TrailingData { count: 1 });
        assert_eq!(error("[{\"a\":\"]\"}, {\"b\""), SplitError::Truncated { index: 1 });
        assert_eq!(error("[1,"), SplitError::Truncated { index: 1 });
    }

    #[test]
    fn an_element_ends_where_its_brackets_close_and_not_within_a_string() {
        let text = br#" [ {"a":"\\\"],}"} , [1,[2]] ,"x,]" , 7 ] "#;
        assert_eq!(split(&[text]).unwrap(), [r#"{"a":"\\\"],}"}"#, "[1,[2]]", r#""x,]""#, "7"]);
    }

    #[test]
    fn a_reset_splitter_has_forgotten_a_half_read_string() {
        let mut splitter = ArraySplitter::new();
        let mut ignore = |_: u64, _: &[u8]| Ok::<_, SplitError>(());
        splitter.feed(b"[1,{\"a\":\"\\", &mut ignore).unwrap();
        splitter.reset();
        splitter.feed(b"[2]", &mut ignore).unwrap();
        assert_eq!(splitter.finish(), Ok(1));
    }
}
