//! The client's one error: what NinjaOne answered, what it means, and what the administrator can do about it.
//! Reading error bodies is left to `error_body`; mapping to gRPC codes is left to the rooms above.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::endpoint::Endpoint;

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

/// Which patience ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeoutKind {
    /// Connecting.
    Connect,
    /// Waiting for the next bytes.
    Read,
    /// The whole exchange, body included.
    Total,
}

impl fmt::Display for TimeoutKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Connect => "no connection within the connect timeout",
            Self::Read => "no data within the read timeout",
            Self::Total => "the exchange did not end within the request timeout",
        })
    }
}

/// What an error means. The text of each says what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The token endpoint does not know the client id: another region's, or mistyped.
    #[error(
        "{host} does not know this client id. The client app lives on exactly one region's host: set \
         --ninja-one-base-url to the host you sign in to, and compare --ninja-one-client-id with Administration > Apps > \
         API > Client App IDs"
    )]
    WrongRegionOrClient {
        /// The host asked.
        host: String,
    },
    /// The host has no token endpoint at this path.
    #[error(
        "{host} has no token endpoint at {path}. Check --ninja-one-base-url: it must be a NinjaOne host, such as \
         https://eu.ninjarmm.com"
    )]
    TokenPathNotFound {
        /// The host asked.
        host: String,
        /// The path asked.
        path: String,
    },
    /// Wrong secret, or an app that may not use this grant.
    #[error(
        "NinjaOne refused the client's credentials. Check --ninja-one-client-secret (a new one can be generated under \
         Administration > Apps > API > Client App IDs) and that the app's platform is \"API Services \
         (machine-to-machine)\" with the Client Credentials grant"
    )]
    InvalidClient,
    /// The refresh token is dead.
    #[error(
        "NinjaOne no longer accepts the refresh token. Sign in again to get a new one; tokens can be reviewed under \
         Administration > Apps > API > OAuth Tokens"
    )]
    InvalidGrant,
    /// A scope was asked for that the app was not given.
    #[error(
        "the client app was not given every scope asked for ({scopes}). Tick them under Administration > Apps > API > \
         Client App IDs, or ask for fewer with --ninja-one-scope; one missing scope fails the whole token request"
    )]
    ScopeNotGranted {
        /// The scopes asked for, space-separated.
        scopes: String,
    },
    /// The token endpoint refused for another reason.
    #[error(
        "NinjaOne refused to issue a token; the credentials or scopes need to be changed before a retry can help"
    )]
    TokenRefused,
    /// The token is bad, also after renewal.
    #[error(
        "NinjaOne does not accept the access token, not even a new one. Check that the client app is still active under \
         Administration > Apps > API > Client App IDs"
    )]
    NotAuthenticated,
    /// The token lacks a scope or privilege.
    #[error("the access token lacks a scope or privilege for this call. {}", SCOPE_ADVICE)]
    InsufficientPrivileges,
    /// The call needs a token that acts as a user.
    #[error(
        "this call needs a token with user context, which a machine-to-machine app does not have. Use a client app of \
         the platform \"Web\" and its refresh token"
    )]
    UserContextRequired,
    /// A technician write by a caller who is not a System Administrator.
    #[error(
        "creating, changing or deleting a technician needs a caller who counts as a System Administrator. Give the client \
         app the scope `management`; if that does not help, use a refresh token of a System Administrator (a client app of \
         the platform \"Web\")"
    )]
    NotASystemAdministrator,
    /// Forbidden, without more being known.
    #[error("NinjaOne forbids this call to the client app. {}", SCOPE_ADVICE)]
    Forbidden,
    /// The object, or the path, is not there.
    #[error("not found in NinjaOne")]
    NotFound,
    /// This NinjaOne release lacks the call.
    #[error(
        "this NinjaOne instance does not offer the call (older releases have no user roles and no technician or end-user \
         calls)"
    )]
    NotOffered,
    /// NinjaOne refused the request's content.
    #[error("NinjaOne refused the request")]
    Rejected,
    /// Too many requests, or an HTML page in the place of an answer.
    #[error("NinjaOne is throttling requests; fewer at a time or a pause will help")]
    Throttled,
    /// An HTML page with a 5xx status: something in front of NinjaOne answered.
    #[error("a gateway in front of NinjaOne answered instead of it")]
    Gateway,
    /// NinjaOne failed.
    #[error("NinjaOne failed to answer")]
    ServerError,
    /// A status that the API does not use.
    #[error("NinjaOne answered with a status that this call does not use")]
    UnexpectedStatus,
    /// Patience ran out.
    #[error("timed out: {which}")]
    Timeout {
        /// Which patience.
        which: TimeoutKind,
    },
    /// No connection; nothing was sent.
    #[error("cannot connect to {host}; check --ninja-one-base-url, DNS, firewall and the proxy variables")]
    Connect {
        /// The host asked.
        host: String,
    },
    /// No trusted connection; nothing was sent.
    #[error(
        "no trusted TLS connection to {host}. If a proxy inspects the traffic, add its certificate authority to the \
         system's or as an extra one"
    )]
    Tls {
        /// The host asked.
        host: String,
    },
    /// A redirect, which is never followed: it would carry credentials elsewhere.
    #[error(
        "the answer is a redirect to {to}, which is not followed. Set --ninja-one-base-url to the host itself"
    )]
    Redirect {
        /// The host it points to, or a description.
        to: String,
    },
    /// The connection or the JSON ended in the middle.
    #[error("the answer was cut off: {reason}")]
    Truncated {
        /// Where.
        reason: String,
    },
    /// Nothing, where something was expected.
    #[error("the answer is empty where data was expected")]
    EmptyAnswer,
    /// More bytes than allowed.
    #[error("the answer is larger than the limit of {limit} bytes")]
    BodyTooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// JSON of another shape than expected.
    #[error("{}: {reason}", place(*.element, .path))]
    Decode {
        /// Which element of a list, from 0.
        element: Option<u64>,
        /// Where in it (`members[3].id`); empty for the whole.
        path: String,
        /// What is wrong.
        reason: String,
    },
    /// A paged list that does not end.
    #[error("the list did not end within {limit} pages")]
    TooManyPages {
        /// The limit.
        limit: u32,
    },
    /// A request that would be wrong was not sent.
    #[error("the request was not sent: {reason}")]
    InvalidRequest {
        /// Why.
        reason: String,
    },
    /// The process is shutting down.
    #[error("the request was abandoned because the process is shutting down")]
    Shutdown,
}

const SCOPE_ADVICE: &str = "Give it the scopes monitoring and management under Administration > Apps > API > Client App \
                            IDs and list them in --ninja-one-scope";

fn place(element: Option<u64>, path: &str) -> String {
    match (element, path) {
        (None, "") => "unexpected answer".to_owned(),
        (None, path) => format!("unexpected answer at {path}"),
        (Some(element), "") => format!("element {element}"),
        (Some(element), path) => format!("element {element} at {path}"),
    }
}

impl ErrorKind {
    /// A stable label in snake case: the variant's name.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            Self::WrongRegionOrClient { .. } => "wrong_region_or_client",
            Self::TokenPathNotFound { .. } => "token_path_not_found",
            Self::InvalidClient => "invalid_client",
            Self::InvalidGrant => "invalid_grant",
            Self::ScopeNotGranted { .. } => "scope_not_granted",
            Self::TokenRefused => "token_refused",
            Self::NotAuthenticated => "not_authenticated",
            Self::InsufficientPrivileges => "insufficient_privileges",
            Self::UserContextRequired => "user_context_required",
            Self::NotASystemAdministrator => "not_a_system_administrator",
            Self::Forbidden => "forbidden",
            Self::NotFound => "not_found",
            Self::NotOffered => "not_offered",
            Self::Rejected => "rejected",
            Self::Throttled => "throttled",
            Self::Gateway => "gateway",
            Self::ServerError => "server_error",
            Self::UnexpectedStatus => "unexpected_status",
            Self::Timeout { .. } => "timeout",
            Self::Connect { .. } => "connect",
            Self::Tls { .. } => "tls",
            Self::Redirect { .. } => "redirect",
            Self::Truncated { .. } => "truncated",
            Self::EmptyAnswer => "empty_answer",
            Self::BodyTooLarge { .. } => "body_too_large",
            Self::Decode { .. } => "decode",
            Self::TooManyPages { .. } => "too_many_pages",
            Self::InvalidRequest { .. } => "invalid_request",
            Self::Shutdown => "shutdown",
        }
    }

    /// Whether nothing was sent when this happened.
    fn before_sending(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::Tls { .. }
                | Self::InvalidRequest { .. }
                | Self::Timeout { which: TimeoutKind::Connect }
        )
    }
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
