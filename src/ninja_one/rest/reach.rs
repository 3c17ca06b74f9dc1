//! Whether the host answers at all, and what time it is there: a look without credentials, for diagnosis.

use std::time::Duration;

use time::OffsetDateTime;

use super::config::ClientConfig;
use super::error::Error;
use super::transport::Http;

/// What an answer without credentials showed.
#[derive(Debug, Clone, PartialEq)]
pub struct Reached {
    /// The HTTP status; which one does not matter.
    pub status: u16,
    /// The version of HTTP, such as `HTTP/2.0`.
    pub version: String,
    /// The host's clock, to the second.
    pub date: Option<OffsetDateTime>,
    /// From connecting to the first line of the answer.
    pub elapsed: Duration,
}

/// Connects as the client does, and asks the token path without credentials.
///
/// # Errors
/// When no answer begins; also when the client cannot be set up like this.
pub async fn reach(config: &ClientConfig) -> Result<Reached, Error> {
    let http = Http::new(config).map_err(|error| Error::invalid_request(error.to_string()))?;
    http.reach(&config.token_path).await
}
