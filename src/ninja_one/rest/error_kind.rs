//! What an error means, and what the administrator can do about it: the outside messages of this room.

use std::fmt;

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
    pub(super) fn before_sending(&self) -> bool {
        matches!(
            self,
            Self::Connect { .. }
                | Self::Tls { .. }
                | Self::InvalidRequest { .. }
                | Self::Timeout { which: TimeoutKind::Connect }
        )
    }
}
