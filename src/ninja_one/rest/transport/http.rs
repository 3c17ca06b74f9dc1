//! The innermost layer: one exchange over HTTPS, through reqwest. Follows no redirect, trusts the system's certificate
//! authorities and an extra one, honours the proxy variables (not for loopback), bounds time and size, and turns every
//! answer that is not a whole 2xx body into an [`Error`].

#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, LOCATION};
use http::{HeaderMap, HeaderValue};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Response, Url};
use secrecy::ExposeSecret;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use tokio::time::timeout;

use super::super::config::{ClientConfig, ConfigError, Grant};
use super::super::error::{Error, Outcome};
use super::super::error_body::{self, Asked};
use super::super::error_kind::{ErrorKind, TimeoutKind};
use super::super::host::Host;
use super::super::reach::Reached;
use super::{Answer, Request, Sink, Transport};

/// Bytes of an error body that are read.
const ERROR_BODY: usize = 64 * 1024;

/// The layer.
pub(in super::super) struct Http {
    client: reqwest::Client,
    host: Host,
    scopes: String,
    refreshing: bool,
    request_timeout: Duration,
}

impl Http {
    pub(in super::super) fn new(config: &ClientConfig) -> Result<Self, ConfigError> {
        // The first one to install a provider wins, and any will do: every user of rustls here wants ring.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let https = config.host.is_https();
        let mut builder = reqwest::Client::builder()
            .user_agent(&config.user_agent)
            .redirect(Policy::none())
            // Repeating is the business of `Retry` alone.
            .retry(reqwest::retry::never())
            .https_only(https)
            .connect_timeout(config.connect_timeout)
            .read_timeout(config.read_timeout)
            .pool_max_idle_per_host(config.max_in_flight);
        if config.host.is_loopback() {
            builder = builder.no_proxy();
        }
        if https {
            builder = builder.tls_certs_merge(extra_ca(config)?);
        } else {
            // No certificate will be asked for, so a machine without certificate authorities will do.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            client: builder.build().map_err(|error| ConfigError::Http(Box::new(error)))?,
            host: config.host.clone(),
            scopes: config.scopes.join(" "),
            refreshing: matches!(config.grant, Grant::RefreshToken { .. }),
            request_timeout: config.request_timeout,
        })
    }

    fn asked<'a>(&'a self, request: &'a Request) -> Asked<'a> {
        Asked {
            host: &self.host,
            endpoint: request.endpoint,
            path: &request.path,
            scopes: &self.scopes,
            refreshing: self.refreshing,
            secrets: request.secrets.iter().chain(&request.bearer).collect(),
        }
    }

    async fn exchange(&self, request: &Request, sink: &mut dyn Sink) -> Result<Answer, Error> {
        let url = self.host.url(&request.path, &request.query);
        let mut builder = self.client.request(request.endpoint.method(), url.clone());
        builder = builder.header(ACCEPT, HeaderValue::from_static("application/json"));
        if let Some(bearer) = &request.bearer {
            let value = HeaderValue::from_str(&format!("Bearer {}", bearer.expose_secret()));
            let mut value =
                value.map_err(|_| Error::invalid_request("the access token cannot be a header"))?;
            value.set_sensitive(true);
            builder = builder.header(AUTHORIZATION, value);
        }
        if let Some(body) = &request.body {
            builder = builder.header(CONTENT_TYPE, HeaderValue::from_static(body.content_type));
            builder = builder.body(body.bytes.clone());
        }
        let response = builder.send().await.map_err(|error| self.no_answer(error))?;
        let status = response.status();
        if status.is_redirection() {
            let to = redirect_target(&url, response.headers());
            return Err(Error::new(ErrorKind::Redirect { to }).with_status(status.as_u16()));
        }
        if status.is_success() {
            self.success(request, response, sink).await
        } else {
            Err(self.failure(request, response, Vec::new()).await)
        }
    }

    /// Asks this path for nothing in particular, without credentials: any answer shows that the host is there.
    pub(in super::super) async fn reach(&self, path: &str) -> Result<Reached, Error> {
        let begun = Instant::now();
        let send = self.client.get(self.host.url(path, &[])).send();
        let response = match timeout(self.request_timeout, send).await {
            Ok(result) => result.map_err(|error| self.no_answer(error))?,
            Err(_) => return Err(Error::new(ErrorKind::Timeout { which: TimeoutKind::Total })),
        };
        let date = response.headers().get(DATE).and_then(|value| value.to_str().ok());
        Ok(Reached {
            status: response.status().as_u16(),
            version: format!("{:?}", response.version()),
            date: date.and_then(|date| OffsetDateTime::parse(date, &Rfc2822).ok()),
            elapsed: begun.elapsed(),
        })
    }

    async fn success(
        &self,
        request: &Request,
        mut response: Response,
        sink: &mut dyn Sink,
    ) -> Result<Answer, Error> {
        let answer = Answer {
            status: response.status().as_u16(),
            request_id: error_body::request_id(response.headers()),
        };
        let describe =
            |error: Error| error.with_status(answer.status).with_request_id(answer.request_id.clone());
        let too_large = || describe(Error::new(ErrorKind::BodyTooLarge { limit: request.limit }));
        if response.content_length().is_some_and(|length| length > request.limit) {
            return Err(too_large());
        }
        let mut first = None;
        let mut left = request.limit;
        while let Some(chunk) = response.chunk().await.map_err(|error| describe(cut_off(error)))? {
            left = left.checked_sub(chunk.len() as u64).ok_or_else(too_large)?;
            if first.is_none() {
                first = chunk.trim_ascii_start().first().copied();
                if error_body::is_html(response.headers(), first) {
                    return Err(self.failure(request, response, chunk.to_vec()).await);
                }
            }
            sink.chunk(&chunk).map_err(describe)?;
        }
        sink.finish().map_err(describe)?;
        Ok(answer)
    }

    /// Reads what is left of an error body, as far as it helps, and decodes it.
    async fn failure(&self, request: &Request, mut response: Response, mut body: Vec<u8>) -> Error {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        // The status has said the main thing; a body that breaks off adds what came of it.
        while body.len() < ERROR_BODY {
            match response.chunk().await {
                Ok(Some(chunk)) => body.extend_from_slice(&chunk),
                Ok(None) | Err(_) => break,
            }
        }
        error_body::decode(&self.asked(request), status, &headers, &body)
    }

    /// What it means that no answer began.
    fn no_answer(&self, error: reqwest::Error) -> Error {
        let host = self.host.to_string();
        let kind = if error.is_timeout() {
            let which = if error.is_connect() { TimeoutKind::Connect } else { TimeoutKind::Read };
            ErrorKind::Timeout { which }
        } else if error.is_builder() {
            ErrorKind::InvalidRequest { reason: "it cannot be put on the wire".to_owned() }
        } else if error.is_connect() && is_tls(&error) {
            ErrorKind::Tls { host }
        } else if error.is_connect() {
            ErrorKind::Connect { host }
        } else {
            ErrorKind::Truncated { reason: "the connection closed before an answer".to_owned() }
        };
        with_cause(Error::new(kind), error)
    }
}

#[async_trait]
impl Transport for Http {
    async fn send(&self, request: &Request, sink: &mut dyn Sink) -> Result<Answer, Error> {
        sink.restart();
        let result = match timeout(self.request_timeout, self.exchange(request, sink)).await {
            Ok(result) => result,
            Err(_) => Err(Error::new(ErrorKind::Timeout { which: TimeoutKind::Total })),
        };
        result.map_err(|error| error.endpoint_if_none(request.endpoint))
    }
}

fn extra_ca(config: &ClientConfig) -> Result<Vec<Certificate>, ConfigError> {
    let Some(pem) = &config.extra_ca else {
        return Ok(Vec::new());
    };
    match Certificate::from_pem_bundle(pem) {
        Ok(certificates) if certificates.is_empty() => Err(ConfigError::ExtraCa(None)),
        Ok(certificates) => Ok(certificates),
        Err(error) => Err(ConfigError::ExtraCa(Some(Box::new(error)))),
    }
}

/// The host that a redirect names: never its path or query, which may carry a token.
fn redirect_target(from: &Url, headers: &HeaderMap) -> String {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let target = location.and_then(|location| from.join(location).ok());
    match target.as_ref().and_then(|url| url.host_str().map(|host| (url.scheme(), host, url.port()))) {
        Some((scheme, host, Some(port))) => format!("{scheme}://{host}:{port}"),
        Some((scheme, host, None)) => format!("{scheme}://{host}"),
        None => "an unnamed place".to_owned(),
    }
}

/// What it means that a 2xx body broke off. A write may well have happened.
fn cut_off(error: reqwest::Error) -> Error {
    let kind = if error.is_timeout() {
        ErrorKind::Timeout { which: TimeoutKind::Read }
    } else {
        ErrorKind::Truncated { reason: "the connection closed within the body".to_owned() }
    };
    with_cause(Error::new(kind), error).with_outcome(Outcome::Unknown)
}

/// Adds the innermost cause in words and the whole chain as source, without the URL and its ids.
fn with_cause(error: Error, cause: reqwest::Error) -> Error {
    let cause = cause.without_url();
    let mut innermost: &dyn StdError = &cause;
    while let Some(source) = innermost.source() {
        innermost = source;
    }
    let text = innermost.to_string();
    error.with_text(text).with_source(cause)
}

/// Whether an error is one of TLS, or caused by one. An I/O error hides what it wraps from `source`.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let wrapped = error.downcast_ref::<std::io::Error>().and_then(std::io::Error::get_ref);
    error.is::<rustls::Error>()
        || wrapped.is_some_and(|wrapped| is_tls(wrapped))
        || error.source().is_some_and(is_tls)
}
