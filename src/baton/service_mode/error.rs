//! Why service mode cannot start, or had to end.

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
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// The HTTP or TLS client cannot be made.
    #[error("cannot prepare the connection to the control plane")]
    Client(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The control plane said no to our Hello for good.
    #[error("the control plane refused this connector: {}: {}", .0.code(), .0.message())]
    Refused(#[source] Box<Status>),
    /// The connector's own description cannot be sent.
    #[error("the connector's metadata cannot be sent: {}", .0.message())]
    Metadata(#[source] Box<Status>),
}
