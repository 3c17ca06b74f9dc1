//! Why somebody was turned away, told three times: to the caller, to the audit trail, to whoever counts.

use std::time::{Duration, SystemTime};

use tonic::{Code, Status};

use crate::baton::{connector::ConnectorError, server::ServerObserver};

/// The domain of the reasons.
const DOMAIN: &str = "baton";

/// Why a connection or a call was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Denial {
    /// The call carries no credentials.
    NoCredentials,
    /// The bearer token is nobody's, or the header is malformed.
    UnknownToken,
    /// The client certificate is good, and its name may not come in.
    NameNotAllowed,
    /// The identity may read only.
    ReadOnly,
    /// The client calls faster than it may.
    Rate,
    /// The call's headers are too large.
    HeadersTooLarge,
    /// The call's message is too large.
    MessageTooLarge,
    /// The call's message did not come in time.
    SlowSender,
    /// The answer was not read in time.
    SlowReader,
    /// The TLS handshake failed; a client certificate of another authority is one way to that.
    Handshake,
    /// The connection did not get to its first words in time.
    SlowOpening,
    /// The connection made no call with valid credentials in time.
    Stranger,
    /// There are as many connections as there may be.
    TooManyConnections,
}

impl Denial {
    /// Every denial, for metrics that want all their series from the start.
    pub const ALL: &'static [Self] = &[
        Self::NoCredentials,
        Self::UnknownToken,
        Self::NameNotAllowed,
        Self::ReadOnly,
        Self::Rate,
        Self::HeadersTooLarge,
        Self::MessageTooLarge,
        Self::SlowSender,
        Self::SlowReader,
        Self::Handshake,
        Self::SlowOpening,
        Self::Stranger,
        Self::TooManyConnections,
    ];

    /// A stable label in snake case.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::NoCredentials => "no_credentials",
            Self::UnknownToken => "unknown_token",
            Self::NameNotAllowed => "name_not_allowed",
            Self::ReadOnly => "read_only",
            Self::Rate => "rate",
            Self::HeadersTooLarge => "headers_too_large",
            Self::MessageTooLarge => "message_too_large",
            Self::SlowSender => "slow_sender",
            Self::SlowReader => "slow_reader",
            Self::Handshake => "handshake",
            Self::SlowOpening => "slow_opening",
            Self::Stranger => "stranger",
            Self::TooManyConnections => "too_many_connections",
        }
    }

    /// What the caller is told: code, reason, message. Only calls are told anything; a connection is closed.
    fn answer(self) -> (Code, &'static str, &'static str) {
        match self {
            Self::UnknownToken => (
                Code::Unauthenticated,
                "UNKNOWN_TOKEN",
                "the bearer token is not known here; send `authorization: Bearer TOKEN` with a current one",
            ),
            Self::NameNotAllowed => (
                Code::PermissionDenied,
                "NAME_NOT_ALLOWED",
                "no name in this client certificate may come in; the operator can add it to the allowed names",
            ),
            Self::ReadOnly => (
                Code::PermissionDenied,
                "READ_ONLY",
                "this identity may read but not provision; the operator can give it the right",
            ),
            // Unavailable and not ResourceExhausted: clients of this protocol wait and try again after the first, and
            // give a whole sync up after the second.
            Self::Rate => {
                (Code::Unavailable, "TOO_MANY_CALLS", "too many calls from this client; wait and call again")
            }
            // Here trying again is of no use, and ResourceExhausted says so.
            Self::HeadersTooLarge => {
                (Code::ResourceExhausted, "HEADERS_TOO_LARGE", "the call's headers are too large")
            }
            Self::MessageTooLarge => {
                (Code::OutOfRange, "MESSAGE_TOO_LARGE", "the call's message is too large")
            }
            Self::SlowSender => {
                (Code::Unavailable, "MESSAGE_TOO_SLOW", "the call's message did not come in time")
            }
            Self::NoCredentials
            | Self::SlowReader
            | Self::Handshake
            | Self::SlowOpening
            | Self::Stranger
            | Self::TooManyConnections => (
                Code::Unauthenticated,
                "NO_CREDENTIALS",
                "credentials are needed: send `authorization: Bearer TOKEN`",
            ),
        }
    }

    /// The status for the caller; `wait` says when to try again.
    pub(in crate::baton::server) fn status(self, wait: Option<Duration>) -> Status {
        let (code, reason, message) = self.answer();
        let mut error = ConnectorError::new(code, message).reason(DOMAIN, reason);
        if let Some(wait) = wait {
            error = error.retry_after(wait);
        }
        error.to_status(SystemTime::now())
    }
}

/// Writes the denial to the audit trail and has it counted. `who` is the identity, if there is one; `what` the method or what
/// went wrong.
pub(in crate::baton::server) fn refuse(
    observer: &dyn ServerObserver,
    denial: Denial,
    peer: &str,
    who: Option<&str>,
    what: &str,
) {
    tracing::warn!(
        target: "audit",
        operation = "come in",
        outcome = "denied",
        reason = denial.label(),
        peer,
        asked_by = who.unwrap_or_default(),
        what,
        "denied"
    );
    observer.denied(denial);
}
