//! Why somebody was turned away, told three times: to the caller, to the audit trail, to whoever counts.

use std::time::{Duration, SystemTime};

use tonic::{Code, Status};

use crate::baton::{connector::ConnectorError, server::ServerObserver};

/// The domain of the reasons.
pub(super) const DOMAIN: &str = "baton";

/// What is known about a denial; the answers and docs/errors.md are made from it.
pub(super) struct Row {
    /// For metrics and the audit trail, in snake case, stable.
    pub(super) label: &'static str,
    /// `None`: the connection is closed without a word.
    pub(super) told: Option<Told>,
    pub(super) when: &'static str,
    /// What a person can do.
    pub(super) way_out: &'static str,
}

/// What the caller is told.
#[derive(Clone, Copy)]
pub(super) struct Told {
    pub(super) code: Code,
    /// Upper snake case, stable.
    pub(super) reason: &'static str,
    message: &'static str,
}

macro_rules! denials {
    ($($name:ident $label:literal ($($told:tt)*) $when:literal $way_out:literal;)*) => {
        /// Why a connection or a call was turned away.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Denial {
            $(#[doc = $when] $name,)*
        }

        impl Denial {
            /// Every denial, for metrics that want all their series from the start.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];
        }

        const TABLE: &[Row] = &[$(Row {
            label: $label,
            told: denials!(@told $($told)*),
            when: $when,
            way_out: $way_out,
        }),*];
    };
    (@told closed) => { None };
    (@told $code:ident $reason:literal $message:literal) => {
        Some(Told { code: Code::$code, reason: $reason, message: $message })
    };
}

denials! {
    NoCredentials "no_credentials"
        (Unauthenticated "NO_CREDENTIALS" "credentials are needed: send `authorization: Bearer TOKEN`")
        "The call carries no credentials"
        "configure the client with a token of --listen-token-file";
    UnknownToken "unknown_token"
        (Unauthenticated "UNKNOWN_TOKEN"
            "the bearer token is not known here; send `authorization: Bearer TOKEN` with a current one")
        "The bearer token is nobody's, or the header is malformed"
        "give the client a token that is in --listen-token-file now; a rotation may have left it behind";
    NameNotAllowed "name_not_allowed"
        (PermissionDenied "NAME_NOT_ALLOWED"
            "no name in this client certificate may come in; the operator can add it to the allowed names")
        "The client certificate is good, and its name may not come in"
        "add a name of the certificate to --listen-allowed-names or --listen-provisioners";
    ReadOnly "read_only"
        (PermissionDenied "READ_ONLY"
            "this identity may read but not provision; the operator can give it the right")
        "The identity may read only"
        "name the certificate in --listen-provisioners, or write `provision` into the token's line";
    // Unavailable and not ResourceExhausted: clients of this protocol wait and try again after the first, and give a whole sync
    // up after the second.
    Rate "rate"
        (Unavailable "TOO_MANY_CALLS" "too many calls from this client; wait and call again")
        "The client calls faster than it may; the details say when to try again"
        "look for a loop in the client, or raise --client-rate";
    // Here trying again is of no use, and ResourceExhausted says so; what is too large a message is for the transport to say.
    HeadersTooLarge "headers_too_large"
        (ResourceExhausted "HEADERS_TOO_LARGE" "the call's headers are too large")
        "The call's headers are larger than 16 KiB"
        "send less metadata with the call";
    MessageTooLarge "message_too_large"
        (OutOfRange "MESSAGE_TOO_LARGE" "the call's message is too large")
        "The call's message is larger than 4 MiB"
        "check the client: no call of the protocol needs as much";
    SlowSender "slow_sender"
        (Unavailable "MESSAGE_TOO_SLOW" "the call's message did not come in time")
        "The call's message did not come within 30 s"
        "call again; if it stays, look at the client and at what lies between";
    SlowReader "slow_reader" (closed)
        "The answer was not read within 60 s"
        "look at the client: it asks and does not read";
    Handshake "handshake" (closed)
        "The TLS handshake failed; a client certificate of another authority is one way to that"
        "check the client's certificate against --listen-client-ca, and the authority that it trusts";
    SlowOpening "slow_opening" (closed)
        "The connection did not get to its first words within 10 s"
        "nothing: this is usually a port scanner or a TCP probe; probe with `health-check` or gRPC instead";
    Stranger "stranger" (closed)
        "The connection made no call with valid credentials within 60 s"
        "see NO_CREDENTIALS if it is one of your clients";
    TooManyConnections "too_many_connections" (closed)
        "There are as many connections as --max-connections allows"
        "look for a client that opens one connection for each call, or raise --max-connections";
}

impl Denial {
    pub(super) fn row(self) -> &'static Row {
        &TABLE[self as usize]
    }

    /// A stable label in snake case.
    #[must_use]
    pub fn label(self) -> &'static str {
        self.row().label
    }

    /// The status for the caller; `wait` says when to try again.
    pub(in crate::baton::server) fn status(self, wait: Option<Duration>) -> Status {
        // Whoever loses the connection does not live to see a status.
        let Some(Told { code, reason, message }) = self.row().told else {
            return Status::unavailable("the connection is closed");
        };
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
