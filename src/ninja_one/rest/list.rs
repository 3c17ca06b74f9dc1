//! A whole list, streamed: bytes to elements to the caller's state, one element in memory at a time.

use serde::Deserialize;

use super::error::Error;
use super::error_kind::ErrorKind;
use super::splitter::{ArraySplitter, SplitError};
use super::transport::Sink;

/// Parses one JSON object, borrowing from `bytes`; an error names the path within it.
pub(super) fn element<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Result<T, Error> {
    // Without this check an array would be read as an object whose fields come in order.
    let first = bytes.trim_ascii_start().first().copied();
    if first != Some(b'{') {
        let found = first.map_or_else(|| "nothing".to_owned(), |byte| format!("{:?}", char::from(byte)));
        return Err(decode("", format!("expected an object, found {found}")));
    }
    serde_json::from_slice(bytes).map_err(|error| {
        // The path costs time, so it is looked for only when it is needed.
        let de = &mut serde_json::Deserializer::from_slice(bytes);
        match serde_path_to_error::deserialize::<_, T>(de) {
            Err(error) => {
                let path = error.path().to_string();
                decode(if path == "." { "" } else { &path }, error.inner().to_string())
            }
            Ok(_) => decode("", error.to_string()),
        }
    })
}

/// Insists on an id, without which an element cannot be told from another.
pub(super) fn require_id<T>(id: Option<T>) -> Result<(), Error> {
    require_id_at(id, || "id".to_owned())
}

/// The same for an id at another path within the element.
pub(super) fn require_id_at<T>(id: Option<T>, path: impl FnOnce() -> String) -> Result<(), Error> {
    match id {
        Some(_) => Ok(()),
        None => Err(decode(&path(), "missing, or not a 32-bit integer".to_owned())),
    }
}

fn decode(path: &str, reason: String) -> Error {
    Error::new(ErrorKind::Decode { element: None, path: path.to_owned(), reason })
}

impl From<SplitError> for Error {
    fn from(error: SplitError) -> Self {
        match error {
            SplitError::Empty => Self::new(ErrorKind::EmptyAnswer),
            SplitError::Truncated { .. } => Self::new(ErrorKind::Truncated { reason: error.to_string() }),
            SplitError::EmptyElement { index } => decode("", "is empty".to_owned()).in_element(index),
            SplitError::NotAnArray { .. } | SplitError::TrailingData { .. } => decode("", error.to_string()),
        }
    }
}

/// Feeds each element to `each`, into a state that every attempt makes anew.
pub(super) struct ListSink<S, M, F> {
    make: M,
    each: F,
    state: S,
    splitter: ArraySplitter,
}

impl<S, M, F> ListSink<S, M, F>
where
    M: Fn() -> S,
{
    pub(super) fn new(make: M, each: F) -> Self {
        let state = make();
        Self { make, each, state, splitter: ArraySplitter::new() }
    }

    pub(super) fn into_state(self) -> S {
        self.state
    }
}

impl<S, M, F> Sink for ListSink<S, M, F>
where
    S: Send,
    M: Fn() -> S + Send,
    F: FnMut(&mut S, &[u8]) -> Result<(), Error> + Send,
{
    fn restart(&mut self) {
        self.state = (self.make)();
        self.splitter.reset();
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let Self { each, state, splitter, .. } = self;
        splitter.feed(bytes, &mut |index, bytes| each(state, bytes).map_err(|error| error.in_element(index)))
    }

    fn finish(&mut self) -> Result<(), Error> {
        self.splitter.finish()?;
        Ok(())
    }
}
