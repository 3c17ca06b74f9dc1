//! Why a connector could not do what was asked: a gRPC code for programs, a stable reason for tables, a message for people.

use std::{collections::BTreeMap, error::Error as StdError, fmt, time::Duration};

use prost_types::Timestamp;
use tonic::{Code, Status};

use crate::wire::{google::rpc, pack, v2};

/// A failure at the port.
///
/// The message is for the caller: it says what is wrong and what to do. What only the operator needs is in the source.
#[derive(Debug)]
pub struct ConnectorError {
    code: Code,
    reason: &'static str,
    domain: &'static str,
    message: String,
    metadata: BTreeMap<String, String>,
    retry_after: Option<Duration>,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl ConnectorError {
    /// A failure with a code and a message.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Self {
            code,
            reason: "",
            domain: "",
            message: message.into(),
            metadata: BTreeMap::new(),
            retry_after: None,
            source: None,
        }
    }

    /// With a stable reason (upper snake case) within a domain: sent to callers as `google.rpc.ErrorInfo`.
    #[must_use]
    pub fn reason(mut self, domain: &'static str, reason: &'static str) -> Self {
        (self.domain, self.reason) = (domain, reason);
        self
    }

    /// With a fact that goes with the reason.
    #[must_use]
    pub fn with(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.metadata.insert(key.into(), value.into());
        self
    }

    /// The application asked to be left alone for this long.
    #[must_use]
    pub fn retry_after(mut self, wait: Duration) -> Self {
        self.retry_after = Some(wait);
        self
    }

    /// With what lies behind it, for the log.
    #[must_use]
    pub fn caused_by(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// The page token was not made by this listing.
    #[must_use]
    pub fn foreign_token(listing: &str) -> Self {
        Self::new(
            Code::InvalidArgument,
            format!("page token is not one of this connector's for {listing}; start again without one"),
        )
    }

    /// Nothing grants or revokes on this type.
    #[must_use]
    pub fn no_provisioner(resource_type: &str) -> Self {
        Self::new(
            Code::Unimplemented,
            format!("resource type {resource_type} does not have provisioner configured"),
        )
    }

    /// Nothing creates accounts of this type.
    #[must_use]
    pub fn no_account_manager(resource_type: &str) -> Self {
        let message =
            format!("connector does not have account manager configured for resource type: {resource_type}");
        Self::new(Code::Unimplemented, message)
    }

    /// Nothing creates resources of this type.
    #[must_use]
    pub fn no_create(resource_type: &str) -> Self {
        let message = format!("resource type {resource_type} does not have resource Create() configured");
        Self::new(Code::Unimplemented, message)
    }

    /// Nothing deletes resources of this type.
    #[must_use]
    pub fn no_delete(resource_type: &str) -> Self {
        let message = format!("resource type {resource_type} does not have resource Delete() configured");
        Self::new(Code::Unimplemented, message)
    }

    /// There is no such action.
    #[must_use]
    pub fn no_action(name: &str) -> Self {
        Self::new(Code::NotFound, format!("handler for action {name} not found"))
    }

    /// There is no such event feed.
    #[must_use]
    pub fn no_event_feed(feed: &str) -> Self {
        Self::new(Code::NotFound, format!("error: event feed id {feed} not found"))
    }

    /// The gRPC code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.code
    }

    /// The stable reason, empty when there is none.
    #[must_use]
    pub fn reason_code(&self) -> &'static str {
        self.reason
    }

    /// What the caller is told.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }

    /// How long the application asked to be left alone.
    #[must_use]
    pub fn wait(&self) -> Option<Duration> {
        self.retry_after
    }

    /// With words before the message that say what failed, such as `grant failed: `.
    #[must_use]
    pub fn prefixed(mut self, doing: &str) -> Self {
        self.message.insert_str(0, doing);
        self
    }

    /// What lies behind the failure, outermost first, for the log.
    #[must_use]
    pub fn chain(&self) -> Option<String> {
        let (mut texts, mut next) = (Vec::new(), StdError::source(self));
        while let Some(cause) = next {
            texts.push(cause.to_string());
            next = cause.source();
        }
        (!texts.is_empty()).then(|| texts.join(": "))
    }

    /// As the status that goes over the wire, with its details. `now` turns a wait into a moment.
    #[must_use]
    pub fn to_status(&self, now: std::time::SystemTime) -> Status {
        let mut details = Vec::new();
        if !self.reason.is_empty() {
            details.push(pack(&rpc::ErrorInfo {
                reason: self.reason.to_owned(),
                domain: self.domain.to_owned(),
                metadata: self.metadata.clone(),
            }));
        }
        if let Some(wait) = self.retry_after {
            details.push(pack(&v2::RateLimitDescription {
                status: v2::rate_limit_description::Status::Overlimit.into(),
                limit: 1,
                remaining: 0,
                reset_at: Some(Timestamp::from(now + wait)),
            }));
        }
        if details.is_empty() {
            return Status::new(self.code, &self.message);
        }
        let whole = rpc::Status { code: self.code.into(), message: self.message.clone(), details };
        Status::with_details(self.code, &self.message, prost::Message::encode_to_vec(&whole).into())
    }
}

impl fmt::Display for ConnectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl StdError for ConnectorError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|s| s as _)
    }
}
