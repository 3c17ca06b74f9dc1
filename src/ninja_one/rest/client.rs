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

#[cfg(test)]
mod tests {
    // A test may panic: that is how it fails.
    #![allow(clippy::unwrap_used)]

    use std::io;
    use std::sync::Mutex;

    use tracing_subscriber::fmt::MakeWriter;

    use super::super::testing::{FakeNinja, Reply, SECRET};
    use super::super::{ErrorKind, Grant};
    use super::*;

    #[tokio::test]
    async fn settings_that_cannot_work_are_refused_before_anything_is_sent() {
        let ninja = FakeNinja::start().await;
        let refused = |change: fn(&mut ClientConfig)| {
            let mut config = ninja.config();
            change(&mut config);
            Client::new(config).unwrap_err()
        };
        assert!(matches!(refused(|config| config.client_id.clear()), ConfigError::NoClientId));
        assert!(matches!(
            refused(|config| config.client_secret = secrecy::SecretString::from(" ").into()),
            ConfigError::NoClientSecret
        ));
        assert!(matches!(
            refused(|config| config.scopes = vec!["monitoring management".into()]),
            ConfigError::Scope { .. }
        ));
        assert!(matches!(
            refused(|config| config.scopes.push("offline_access".into())),
            ConfigError::OfflineAccess
        ));
        assert!(matches!(
            refused(|config| config.token_path = "https://example.com/".into()),
            ConfigError::TokenPath { .. }
        ));
        assert!(matches!(
            refused(|config| config.max_in_flight = 0),
            ConfigError::Zero { name: "max_in_flight" }
        ));
        assert!(matches!(refused(|config| config.user_agent = "\n".into()), ConfigError::UserAgent));
        assert!(ninja.seen().is_empty());
    }

    /// Keeps all log lines.
    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Lines {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[tokio::test]
    async fn no_secret_token_or_body_reaches_a_log_an_error_or_a_debug_form() {
        let lines = Lines::default();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(lines.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let echo = format!(r#"{{"error":"e","message":"canary-token-1 and {SECRET}","incidentId":"WEB-4"}}"#);
        let ninja = FakeNinja::start()
            .await
            .on("GET /v2/users", [Reply::ok(r#"[{"id":1,"email":"canary-body"}]"#)])
            .on("GET /v2/user/roles", [Reply::new(500, echo.clone()), Reply::new(400, echo)]);
        let client = ninja.client();
        client.list_users(false, || (), |(), _| Ok(())).await.unwrap();
        let error = client.list_user_roles(None, || (), |(), _| Ok(())).await.unwrap_err();
        let config = ninja.config();
        let request = client.request(Endpoint::Users, "/");
        let logged = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        assert!(logged.contains("/v2/user/roles") && logged.contains("WEB-4"), "{logged}");
        // The client secret was never part of that request, so only the token is known to be withheld from its answer.
        assert_eq!(error.text().unwrap(), format!("[redacted] and {SECRET}"));
        let shown = format!("{client:?} {config:?} {request:?} {:?}", config.client_secret);
        assert!(!shown.contains("canary"), "{shown}");
        assert!(!logged.contains("canary-token") && !logged.contains("canary-body"), "{logged}");
    }

    #[tokio::test]
    async fn a_wrong_secret_is_asked_about_once_and_named() {
        let reply = Reply::new(401, r#"{"error":"invalid_client","error_description":"Bad client secret"}"#);
        let ninja = FakeNinja::start().await.on("POST /ws/oauth/token", [reply]);
        let error = ninja.client().probe().await.unwrap_err();
        assert_eq!((error.kind(), error.endpoint()), (&ErrorKind::InvalidClient, Some(Endpoint::Token)));
        assert!(error.to_string().contains("--ninja-one-client-secret"), "{error}");
        assert_eq!(ninja.seen().len(), 1);
    }

    #[tokio::test]
    async fn an_app_without_secret_can_refresh() {
        let ninja = FakeNinja::start().await;
        let mut config = ninja.config();
        config.client_secret = secrecy::SecretString::from("").into();
        config.grant = Grant::RefreshToken { token: secrecy::SecretString::from("r1").into(), keeper: None };
        Client::new(config).unwrap().token().await.unwrap();
        let body = &ninja.seen()[0].body;
        assert!(body.contains("refresh_token=r1") && !body.contains("client_secret"), "{body}");
    }
}
