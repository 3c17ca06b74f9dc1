//! The client's one error: what NinjaOne answered, what it means, and what the administrator can do about it.
//! Reading error bodies is left to `error_body`; mapping to gRPC codes is left to the rooms above.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::Endpoint;
use super::error_kind::{ErrorKind, TimeoutKind};

/// What went wrong in one call. Cheap to clone; shares its content.
#[derive(Clone)]
pub struct Error(Arc<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    endpoint: Option<Endpoint>,
    status: Option<u16>,
    code: Option<String>,
    text: Option<String>,
    incident_id: Option<String>,
    request_id: Option<String>,
    retry_after: Option<Duration>,
    outcome: Outcome,
    source: Option<Arc<dyn StdError + Send + Sync>>,
}

/// For a write: what is known about its effect after an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It certainly did not happen: never sent, or refused by an answer that says so.
    Refused,
    /// It may have happened: read back before doing anything else.
    Unknown,
}

impl Error {
    /// An error that knows no more than its kind.
    pub(super) fn new(kind: ErrorKind) -> Self {
        let outcome = if kind.before_sending() { Outcome::Refused } else { Outcome::Unknown };
        Self(Arc::new(Inner {
            kind,
            endpoint: None,
            status: None,
            code: None,
            text: None,
            incident_id: None,
            request_id: None,
            retry_after: None,
            outcome,
            source: None,
        }))
    }

    /// For the closure of a list call that cannot accept an element: names the reason, the client adds which element.
    #[must_use]
    pub fn rejected_element(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::Decode { element: None, path: String::new(), reason: reason.into() })
    }

    pub(super) fn invalid_request(reason: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidRequest { reason: reason.into() })
    }

    fn edit(mut self, change: impl FnOnce(&mut Inner)) -> Self {
        change(Arc::make_mut(&mut self.0));
        self
    }

    pub(super) fn endpoint_if_none(self, endpoint: Endpoint) -> Self {
        self.edit(|inner| inner.endpoint = inner.endpoint.or(Some(endpoint)))
    }

    pub(super) fn with_status(self, status: u16) -> Self {
        self.edit(|inner| inner.status = inner.status.or(Some(status)))
    }

    pub(super) fn with_request_id(self, id: Option<String>) -> Self {
        self.edit(|inner| inner.request_id = inner.request_id.take().or(id))
    }

    pub(super) fn with_answer(
        self,
        code: Option<String>,
        text: Option<String>,
        incident: Option<String>,
    ) -> Self {
        self.edit(|inner| {
            inner.code = code;
            inner.text = text;
            inner.incident_id = incident;
        })
    }

    pub(super) fn with_text(self, text: String) -> Self {
        self.edit(|inner| inner.text = Some(text))
    }

    pub(super) fn with_retry_after(self, pause: Option<Duration>) -> Self {
        self.edit(|inner| inner.retry_after = pause)
    }

    pub(super) fn with_source(self, source: impl StdError + Send + Sync + 'static) -> Self {
        self.edit(|inner| inner.source = Some(Arc::new(source)))
    }

    pub(super) fn with_outcome(self, outcome: Outcome) -> Self {
        self.edit(|inner| inner.outcome = outcome)
    }

    pub(super) fn in_element(self, index: u64) -> Self {
        self.edit(|inner| {
            if let ErrorKind::Decode { element, .. } = &mut inner.kind {
                *element = element.or(Some(index));
            }
        })
    }

    /// What it means.
    #[must_use]
    pub fn kind(&self) -> &ErrorKind {
        &self.0.kind
    }

    /// Which call failed. The token call is its own endpoint, whichever call needed the token.
    #[must_use]
    pub fn endpoint(&self) -> Option<Endpoint> {
        self.0.endpoint
    }

    /// The HTTP status, if one came.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.0.status
    }

    /// NinjaOne's own code (`resultCode`, `error`, ...), as it came.
    #[must_use]
    pub fn code(&self) -> Option<&str> {
        self.0.code.as_deref()
    }

    /// NinjaOne's own text, or the transport's, at most about 300 bytes.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.text.as_deref()
    }

    /// NinjaOne's incident id, for its support.
    #[must_use]
    pub fn incident_id(&self) -> Option<&str> {
        self.0.incident_id.as_deref()
    }

    /// The header `x-nj-request-id`, for its support.
    #[must_use]
    pub fn request_id(&self) -> Option<&str> {
        self.0.request_id.as_deref()
    }

    /// The pause that NinjaOne asked for, not capped.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Whether trying again later may help, for a call that may be repeated at all.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        match &self.0.kind {
            ErrorKind::Throttled
            | ErrorKind::Gateway
            | ErrorKind::ServerError
            | ErrorKind::Connect { .. }
            | ErrorKind::Truncated { .. }
            | ErrorKind::EmptyAnswer => true,
            ErrorKind::Timeout { which } => *which != TimeoutKind::Total,
            _ => false,
        }
    }

    /// What is known about the effect of a write that ended with this error.
    #[must_use]
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Whether a write that ended with this error certainly did not happen.
    #[must_use]
    pub fn is_certainly_refused(&self) -> bool {
        self.0.outcome == Outcome::Refused
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inner = &*self.0;
        if let Some(endpoint) = inner.endpoint {
            write!(f, "{endpoint}: ")?;
        }
        write!(f, "{}", inner.kind)?;
        let refused = matches!(inner.kind, ErrorKind::InsufficientPrivileges | ErrorKind::Forbidden);
        if refused && inner.endpoint.is_some_and(Endpoint::changes_members) {
            f.write_str("; changing role members may also need the scope control")?;
        }
        if let Some(text) = &inner.text {
            write!(f, ": {text:?}")?;
        }
        let facts: Vec<String> = [
            inner.status.map(|status| format!("HTTP {status}")),
            inner.code.as_ref().map(|code| format!("code {code}")),
            inner.incident_id.as_ref().map(|id| format!("incident {id}")),
            inner.request_id.as_ref().map(|id| format!("request {id}")),
        ]
        .into_iter()
        .flatten()
        .collect();
        if !facts.is_empty() {
            write!(f, " ({})", facts.join(", "))?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Error")
            .field("kind", &self.0.kind)
            .field("outcome", &self.0.outcome)
            .field("message", &self.to_string())
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
