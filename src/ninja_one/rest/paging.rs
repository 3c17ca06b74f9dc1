//! Lists that page by last id, walked so that nothing is lost and nothing comes twice (section 4): the order and the
//! server's own page size are undocumented, so only an empty page, or one that does not lead further, is the end.

use std::collections::HashSet;

use super::client::Client;
use super::error::Error;
use super::error_kind::ErrorKind;
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

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use super::super::model::DeviceId;
    use super::super::testing::{FakeNinja, Reply};
    use super::super::{Client, Error, ErrorKind};

    async fn walk(client: &Client) -> Result<Vec<i32>, Error> {
        client
            .list_devices(None, Vec::new, |ids, device| {
                ids.extend(device.id.map(|DeviceId(id)| id));
                Ok(())
            })
            .await
    }

    fn page(ids: &[i32]) -> Reply {
        let elements: Vec<String> = ids.iter().map(|id| format!(r#"{{"id":{id}}}"#)).collect();
        Reply::ok(format!("[{}]", elements.join(",")))
    }

    #[tokio::test]
    async fn unsorted_short_and_overlapping_pages_lose_nothing_and_repeat_nothing() {
        let ninja = FakeNinja::start()
            .await
            .on("GET /v2/devices", [page(&[3, 9, 1]), page(&[9, 12, 10]), page(&[13]), page(&[])]);
        assert_eq!(walk(&ninja.client()).await.unwrap(), [3, 9, 1, 12, 10, 13]);
        let query = |after: &str| format!("GET /v2/devices?pageSize=500{after}");
        let expected = [query(""), query("&after=9"), query("&after=12"), query("&after=13")];
        assert_eq!(ninja.lines(), expected);
    }

    #[tokio::test]
    async fn a_page_that_does_not_lead_further_is_the_end_and_what_is_new_on_it_counts() {
        let ninja = FakeNinja::start().await.on("GET /v2/devices", [page(&[1, 5]), page(&[5, 4])]);
        assert_eq!(walk(&ninja.client()).await.unwrap(), [1, 5, 4]);
        assert_eq!(ninja.lines().len(), 2);
    }

    #[tokio::test]
    async fn a_page_that_fails_midway_is_repeated_alone_and_counts_once() {
        let ninja = FakeNinja::start().await.on(
            "GET /v2/devices",
            [page(&[1, 2]), Reply::ok(r#"[{"id":3},{"id":"#).then_cut(), page(&[3, 4]), page(&[])],
        );
        assert_eq!(walk(&ninja.client()).await.unwrap(), [1, 2, 3, 4]);
        assert_eq!(ninja.lines().len(), 4);
    }

    #[tokio::test]
    async fn a_list_without_end_is_an_error() {
        let pages = (1..9).map(|id| page(&[id]));
        let ninja = FakeNinja::start().await.on("GET /v2/devices", pages);
        let mut config = ninja.config();
        config.max_pages = 3;
        let error = walk(&Client::new(config).unwrap()).await.unwrap_err();
        assert_eq!(error.kind(), &ErrorKind::TooManyPages { limit: 3 });
        assert_eq!(ninja.lines().len(), 3);
    }

    #[tokio::test]
    async fn an_element_without_id_is_named_by_its_place_in_the_whole_list() {
        let ninja =
            FakeNinja::start().await.on("GET /v2/devices", [page(&[1, 2]), Reply::ok(r#"[{"id":null}]"#)]);
        let error = walk(&ninja.client()).await.unwrap_err();
        assert!(error.to_string().starts_with("GET /v2/devices: element 2 at id: "), "{error}");
    }
}
