//! Why service mode cannot start, or had to end.

use std::error::Error as StdError;

use tonic::Status;

/// Something is wrong with the credentials. Never holds any part of the secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CredentialError {
    /// The client id does not parse.
    #[error("invalid client id: {0}; it reads NAME@HOST/PATH")]
    ClientId(&'static str),
    /// The client secret does not parse.
    #[error("invalid client secret: {0}; copy it again from where it was issued")]
    ClientSecret(&'static str),
    /// Signing with the key failed.
    #[error("cannot sign with the client secret: {0}")]
    Sign(String),
}

/// Service mode cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum ServiceError {
    /// The credentials are malformed.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// The control plane's address makes no URL.
    #[error("the control plane's address {address} is not HOST or HOST:PORT")]
    Address {
        /// As configured.
        address: String,
        /// What is wrong with it.
        #[source]
        source: Box<dyn StdError + Send + Sync>,
    },
    /// The HTTP or TLS client cannot be made.
    #[error("cannot prepare the connection to the control plane: {}", with_causes(&**.0))]
    Client(#[source] Box<dyn StdError + Send + Sync>),
    /// The control plane said no to our Hello for good.
    #[error("the control plane refused this connector: {}: {}", .0.code(), .0.message())]
    Refused(#[source] Box<Status>),
    /// The connector's own description cannot be sent.
    #[error("the connector's metadata cannot be sent: {}", .0.message())]
    Metadata(#[source] Box<Status>),
}

/// An error with what lies behind it: the transports' own texts only say that something failed.
pub(super) fn with_causes(error: &dyn StdError) -> String {
    let (mut text, mut next) = (error.to_string(), error.source());
    while let Some(cause) = next {
        let told = cause.to_string();
        if !text.contains(&told) {
            text = format!("{text}: {told}");
        }
        next = cause.source();
    }
    text
}

/// What a status says; of a broken connection, what broke it.
pub(super) fn told(status: &Status) -> String {
    match StdError::source(status) {
        // The outermost cause repeats the message.
        Some(cause) => with_causes(cause),
        None => status.message().to_owned(),
    }
}
