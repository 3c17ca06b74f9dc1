//! Pages: how much a caller takes, what a connector gives, and how it knows when a page is full.

use prost::Message;
use prost_types::Any;

/// How many items a page holds when the caller leaves it to us.
const DEFAULT_ITEMS: usize = 2_000;

/// How many items a page holds within the process.
const IN_PROCESS_ITEMS: usize = 250;

/// How many bytes of items a page holds at the most: room is left below the 4 MiB that clients accept for a reply's own
/// fields, and for one item that is larger than what is left of the page.
const DEFAULT_BYTES: usize = 3 << 20;

/// Where a page begins and how long it may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageRequest {
    /// Empty for the first page, otherwise what the page before gave as `next`.
    pub token: String,
    /// Items at the most.
    pub max_items: usize,
    /// Encoded bytes of items at the most, `usize::MAX` for as many as there are; a page holds at least one item all the
    /// same.
    pub max_bytes: usize,
}

impl Default for PageRequest {
    fn default() -> Self {
        Self { token: String::new(), max_items: DEFAULT_ITEMS, max_bytes: DEFAULT_BYTES }
    }
}

impl PageRequest {
    /// As a request says it: a page size of 0 leaves the choice to us.
    #[must_use]
    pub fn new(token: &str, page_size: u32) -> Self {
        let max_items = usize::try_from(page_size).ok().filter(|&n| n > 0).unwrap_or(DEFAULT_ITEMS);
        Self { token: token.to_owned(), max_items, ..Self::default() }
    }

    /// For a caller in the same process: no bound on bytes, and so few items that the pages on their way take little memory.
    #[must_use]
    pub fn in_process() -> Self {
        Self { max_items: IN_PROCESS_ITEMS, max_bytes: usize::MAX, ..Self::default() }
    }

    /// The request for the page after this one.
    #[must_use]
    pub fn next(&self, token: String) -> Self {
        Self { token, ..self.clone() }
    }
}

/// One page of a listing.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The items.
    pub items: Vec<T>,
    /// The token of the next page; `None` after the last one.
    pub next: Option<String>,
    /// Markers about the page as a whole.
    pub annotations: Vec<Any>,
}

impl<T> Default for Page<T> {
    fn default() -> Self {
        Self { items: Vec::new(), next: None, annotations: Vec::new() }
    }
}

impl<T> Page<T> {
    /// A listing that fits into one page.
    #[must_use]
    pub fn whole(items: Vec<T>) -> Self {
        Self { items, ..Self::default() }
    }
}

/// A page being filled up to the bounds of its request.
#[derive(Debug)]
pub struct PageFill<T> {
    items: Vec<T>,
    bytes: usize,
    max_items: usize,
    max_bytes: usize,
}

impl<T: Message> PageFill<T> {
    /// An empty page for the request; `expected` is how many items remain in the listing.
    #[must_use]
    pub fn new(request: &PageRequest, expected: usize) -> Self {
        let items = Vec::with_capacity(expected.min(request.max_items));
        Self { items, bytes: 0, max_items: request.max_items.max(1), max_bytes: request.max_bytes }
    }

    /// Adds the item, or gives it back when the page is full: the next page begins with it.
    ///
    /// # Errors
    /// The item itself.
    pub fn push(&mut self, item: T) -> Result<(), T> {
        if self.items.len() >= self.max_items {
            return Err(item);
        }
        if self.max_bytes < usize::MAX {
            let length = item.encoded_len() + 8; // with its tag and length
            if !self.items.is_empty() && self.bytes.saturating_add(length) > self.max_bytes {
                return Err(item);
            }
            self.bytes += length;
        }
        self.items.push(item);
        Ok(())
    }

    /// How many items the page holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether the page holds nothing yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// The page, with the token of the one after it.
    #[must_use]
    pub fn finish(self, next: Option<String>) -> Page<T> {
        Page { items: self.items, next, annotations: Vec::new() }
    }
}
