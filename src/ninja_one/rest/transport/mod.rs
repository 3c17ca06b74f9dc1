//! One exchange with NinjaOne, and the layers around it. Each layer is a decorator with one concern:
//!
//! `Retry` → `Throttle` → `Authorize` → `Trace` → `Http`
//!
//! A request is repeated whole, queued whole and measured whole, so bodies are consumed inside: a 2xx body flows chunk
//! by chunk into the caller's [`Sink`], which every attempt starts anew. Dropping the future of an exchange at any point
//! leaves every layer usable.

mod authorize;
mod http;
mod retry;
mod throttle;
mod trace;

use std::fmt;

use async_trait::async_trait;
use bytes::Bytes;
use secrecy::SecretString;

use super::endpoint::Endpoint;
use super::error::Error;
use super::error_kind::ErrorKind;

pub(super) use self::authorize::Authorize;
pub(super) use self::http::Http;
pub(super) use self::retry::Retry;
pub(super) use self::throttle::Throttle;
pub(super) use self::trace::Trace;

/// What a layer does.
#[async_trait]
pub(super) trait Transport: Send + Sync + 'static {
    /// Performs the exchange and feeds the body of a 2xx answer to `sink`.
    async fn send(&self, request: &Request, sink: &mut dyn Sink) -> Result<Answer, Error>;
}

/// Where a 2xx body goes.
pub(super) trait Sink: Send {
    /// A new body begins; forget the one before.
    fn restart(&mut self);
    /// The next bytes.
    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error>;
    /// The body is complete.
    fn finish(&mut self) -> Result<(), Error>;
}

/// One call. Cheap to clone.
#[derive(Clone)]
pub(super) struct Request {
    pub(super) endpoint: Endpoint,
    /// The real path, with ids.
    pub(super) path: String,
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Body>,
    /// Bytes of a 2xx body.
    pub(super) limit: u64,
    /// Set by `Retry`; 1 for the first.
    pub(super) attempt: u32,
    /// Set by `Authorize`.
    pub(super) bearer: Option<SecretString>,
    /// Texts that no error may repeat, the bearer apart.
    pub(super) secrets: Vec<SecretString>,
}

/// A request body.
#[derive(Clone)]
pub(super) struct Body {
    pub(super) content_type: &'static str,
    pub(super) bytes: Bytes,
}

/// What came beside the body of a 2xx answer.
#[derive(Debug, Clone)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) request_id: Option<String>,
}

impl Request {
    pub(super) fn new(endpoint: Endpoint, path: impl Into<String>, limit: u64) -> Self {
        Self {
            endpoint,
            path: path.into(),
            query: Vec::new(),
            body: None,
            limit,
            attempt: 1,
            bearer: None,
            secrets: Vec::new(),
        }
    }
}

impl fmt::Debug for Request {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("endpoint", &self.endpoint)
            .field("path", &self.path)
            .field("attempt", &self.attempt)
            .finish_non_exhaustive()
    }
}

/// A sink that keeps the body.
#[derive(Default)]
pub(super) struct Buffer {
    pub(super) bytes: Vec<u8>,
    /// Whether a body of nothing but white space is an error.
    required: bool,
}

impl Buffer {
    /// A buffer that insists on a body.
    pub(super) fn required() -> Self {
        Self { bytes: Vec::new(), required: true }
    }
}

impl Sink for Buffer {
    fn restart(&mut self) {
        self.bytes.clear();
    }

    fn chunk(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), Error> {
        if self.required && self.bytes.trim_ascii().is_empty() {
            return Err(Error::new(ErrorKind::EmptyAnswer));
        }
        Ok(())
    }
}
