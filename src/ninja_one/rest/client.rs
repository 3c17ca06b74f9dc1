//! The client: the layers composed, and the raw verbs that the nouns are written with.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;
use serde::Serialize;

use super::config::{ClientConfig, ConfigError};
use super::endpoint::Endpoint;
use super::error::Error;
use super::host::Host;
use super::list::ListSink;
use super::oauth::OAuth;
use super::token::{TokenInfo, TokenSource};
use super::transport::{Authorize, Body, Buffer, Http, Request, Retry, Throttle, Trace, Transport};

/// A client for one NinjaOne tenant. Cheap to clone; clones share connections, token and limits.
#[derive(Clone)]
pub struct Client(Arc<Inner>);

struct Inner {
    host: Host,
    transport: Box<dyn Transport>,
    tokens: TokenSource,
    max_list_body: u64,
    max_body: u64,
    page_size: u32,
    max_pages: u32,
}

/// A write that NinjaOne accepted.
#[derive(Debug, Clone, PartialEq)]
pub struct Written<T> {
    /// The object after the write; `None` when the answer had none that could be read. Then read it back.
    pub answer: Option<T>,
    /// The HTTP status, some 2xx.
    pub status: u16,
    /// The header `x-nj-request-id`, for NinjaOne's support and for the audit.
    pub request_id: Option<String>,
}

impl Client {
    /// Makes a client. Nothing is sent yet.
    ///
    /// # Errors
    /// For settings that cannot work; see [`ConfigError`].
    pub fn new(config: ClientConfig) -> Result<Self, ConfigError> {
        config.check()?;
        let wire: Arc<dyn Transport> =
            Arc::new(Trace::new(Http::new(&config)?, Arc::clone(&config.observer)));
        let oauth = OAuth::new(&config, Arc::clone(&wire));
        let tokens = TokenSource::new(Arc::new(oauth), Arc::clone(&config.observer));
        let authorized = Authorize::new(wire, tokens.clone());
        let throttled =
            Throttle::new(authorized, config.max_in_flight, &config.retry, Arc::clone(&config.observer));
        let transport = Retry::new(throttled, config.retry, config.observer);
        Ok(Self(Arc::new(Inner {
            host: config.host,
            transport: Box::new(transport),
            tokens,
            max_list_body: config.max_list_body,
            max_body: config.max_body,
            page_size: config.page_size,
            max_pages: config.max_pages,
        })))
    }

    /// The tenant's host.
    #[must_use]
    pub fn host(&self) -> &Host {
        &self.0.host
    }

    /// Gets a token, unless one is at hand, and tells what NinjaOne said about it.
    ///
    /// # Errors
    /// As the token call says; not retried.
    pub async fn token(&self) -> Result<TokenInfo, Error> {
        self.0.tokens.token().await.map(|token| token.info())
    }

    pub(super) fn transport(&self) -> &dyn Transport {
        &*self.0.transport
    }

    pub(super) fn page_size(&self) -> u32 {
        self.0.page_size
    }

    pub(super) fn max_pages(&self) -> u32 {
        self.0.max_pages
    }

    pub(super) fn request(&self, endpoint: Endpoint, path: impl Into<String>) -> Request {
        Request::new(endpoint, path, self.0.max_body)
    }

    pub(super) fn list_request(&self, endpoint: Endpoint, path: impl Into<String>) -> Request {
        Request::new(endpoint, path, self.0.max_list_body)
    }

    /// Reads a bare array, element by element.
    pub(super) async fn stream<S, M, F>(&self, request: Request, make: M, each: F) -> Result<S, Error>
    where
        S: Send,
        M: Fn() -> S + Send,
        F: FnMut(&mut S, &[u8]) -> Result<(), Error> + Send,
    {
        let mut sink = ListSink::new(make, each);
        self.transport().send(&request, &mut sink).await?;
        Ok(sink.into_state())
    }

    /// Reads one body that must be there.
    pub(super) async fn read<T>(
        &self,
        request: Request,
        decode: impl FnOnce(&[u8]) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut sink = Buffer::required();
        let answer = self.transport().send(&request, &mut sink).await?;
        decode(&sink.bytes).map_err(|error| {
            error
                .endpoint_if_none(request.endpoint)
                .with_status(answer.status)
                .with_request_id(answer.request_id)
        })
    }

    /// Writes. Any 2xx is success, whether or not `decode` can make something of the body.
    pub(super) async fn write<B, T>(
        &self,
        mut request: Request,
        body: Option<&B>,
        decode: impl FnOnce(&[u8]) -> Option<T>,
    ) -> Result<Written<T>, Error>
    where
        B: Serialize + ?Sized,
    {
        if let Some(body) = body {
            let bytes = serde_json::to_vec(body).map_err(|error| {
                Error::invalid_request(error.to_string()).endpoint_if_none(request.endpoint)
            })?;
            request.body = Some(Body { content_type: "application/json", bytes: Bytes::from(bytes) });
        }
        let mut sink = Buffer::default();
        let answer = self.transport().send(&request, &mut sink).await?;
        Ok(Written { answer: decode(&sink.bytes), status: answer.status, request_id: answer.request_id })
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").field("host", &self.0.host).finish_non_exhaustive()
    }
}
