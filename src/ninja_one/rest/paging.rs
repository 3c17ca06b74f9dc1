//! Lists that page by last id, walked so that nothing is lost and nothing comes twice (section 4): the order and the
//! server's own page size are undocumented, so only an empty page, or one that does not lead further, is the end.

use std::collections::HashSet;

use super::client::Client;
use super::error::{Error, ErrorKind};
use super::list;
use super::splitter::ArraySplitter;
use super::transport::{Request, Sink};

/// The ids met so far.
#[derive(Default)]
pub(super) struct Seen {
    ids: HashSet<i32>,
    largest_of_page: Option<i32>,
}

impl Seen {
    /// Whether the id comes for the first time.
    pub(super) fn is_new(&mut self, id: Option<i32>) -> Result<bool, Error> {
        list::require_id(id)?;
        self.largest_of_page = self.largest_of_page.max(id);
        Ok(id.is_some_and(|id| self.ids.insert(id)))
    }
}

/// One page, kept until it is whole: then the caller's state sees each page once, whatever was retried.
#[derive(Default)]
struct Page {
    splitter: ArraySplitter,
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Page {
    fn elements(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.bytes[start..*end])
    }
}

impl Sink for Page {
    fn restart(&mut self) {
        self.splitter.reset();
        self.bytes.clear();
        self.ends.clear();
    }

    fn chunk(&mut self, chunk: &[u8]) -> Result<(), Error> {
        let Self { splitter, bytes, ends } = self;
        splitter.feed(chunk, &mut |_, element| {
            bytes.extend_from_slice(element);
            ends.push(bytes.len());
            Ok(())
        })
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.splitter.finish()?;
        Ok(())
    }
}

impl Client {
    /// Calls `each` with every element of every page; it asks [`Seen`] whether to use it.
    pub(super) async fn pages<F>(&self, request: Request, mut each: F) -> Result<(), Error>
    where
        F: FnMut(&[u8], &mut Seen) -> Result<(), Error> + Send,
    {
        let mut seen = Seen::default();
        let mut page = Page::default();
        let mut after = None;
        let mut index = 0;
        for _ in 0..self.max_pages() {
            let mut request = request.clone();
            request.query.push(("pageSize", self.page_size().to_string()));
            request.query.extend(after.map(|after: i32| ("after", after.to_string())));
            self.transport().send(&request, &mut page).await?;
            seen.largest_of_page = None;
            for element in page.elements() {
                each(element, &mut seen)
                    .map_err(|error| error.in_element(index).endpoint_if_none(request.endpoint))?;
                index += 1;
            }
            match seen.largest_of_page {
                Some(largest) if after.is_none_or(|after| largest > after) => after = Some(largest),
                _ => return Ok(()),
            }
        }
        let limit = self.max_pages();
        Err(Error::new(ErrorKind::TooManyPages { limit }).endpoint_if_none(request.endpoint))
    }
}
